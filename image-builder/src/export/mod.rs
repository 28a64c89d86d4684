// SPDX-License-Identifier: Apache-2.0
//! `sluice export`: a chain for a toolstack that is not ours.

mod xl;

use crate::build;
use crate::chain;
use crate::cli::{ExportArgs, Toolstack};
use crate::signals::Stop;

/// The command.
pub fn command(args: &ExportArgs) -> anyhow::Result<()> {
    let Toolstack::Xl = args.toolstack;
    let chain = chain::load(&args.file)?;
    let domains = xl::Domains::of(&chain)?;
    let built = build::build_with(chain, Some(&args.output), &Stop::listen()?, |manifest| domains.files(manifest))?;
    for vm in &built.manifest.vms {
        println!("{}", args.output.join(xl::file_name(&vm.name)).display());
    }
    println!("{}: what to do with them, in order", args.output.join(xl::ORDER).display());
    Ok(())
}
