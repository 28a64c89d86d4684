// SPDX-License-Identifier: Apache-2.0
//! `sluice run`: boots a chain, passes traffic, reports.

use crate::cli::RunArgs;

/// The command.
pub fn command(_args: &RunArgs) -> anyhow::Result<()> {
    anyhow::bail!("not there yet")
}
