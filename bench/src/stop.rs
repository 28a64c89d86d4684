// SPDX-License-Identifier: Apache-2.0
//! Ctrl-C and SIGTERM: the run ends at the next step, and every VM is stopped on the way out.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};

// Relaxed: the flag orders nothing else, it only has to become visible.
static STOP: AtomicBool = AtomicBool::new(false);

/// Watches for the signals from now on.
pub fn watch() -> Result<()> {
    ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed)).context("cannot watch for Ctrl-C")
}

/// An error once the user has asked to stop.
pub fn check() -> Result<()> {
    if STOP.load(Ordering::Relaxed) {
        bail!("stopped by a signal");
    }
    Ok(())
}
