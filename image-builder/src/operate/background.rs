// SPDX-License-Identifier: Apache-2.0
//! Into the background: `sluice run --detach` starts itself again, waits until that one says that its VMs are ready, and ends.

use super::folder::RunFolder;
use crate::failure::Ending;
use anyhow::Context;
use nix::unistd::{Pid, dup2_stderr, dup2_stdout, setpgid};
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The option that the second one is told by.
const OPTION: &str = "--in-background";

/// Starts this command again as the manager and waits until it is ready; its name goes to standard output.
pub fn detach() -> anyhow::Result<()> {
    let program = std::env::current_exe().context("cannot find this program")?;
    // The same terminal until it is ready: what it says is seen, and Ctrl-C reaches it.
    let manager = Command::new(program)
        .args(std::env::args_os().skip(1))
        .arg(OPTION)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut manager = manager.context("cannot start the manager")?;
    let mut name = String::new();
    manager.stdout.take().context("stdout is piped")?.read_to_string(&mut name)?;
    if name.ends_with('\n') {
        print!("{name}");
        return Ok(());
    }
    let status = manager.wait().context("cannot wait for the manager")?;
    Err(Ending::Told(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)).into())
}

/// The manager that was told to go into the background.
pub struct Background {
    log: PathBuf,
}

impl Background {
    /// Leaves the terminal: says the run's name on standard output, and from then on everything goes to the log.
    ///
    /// It leaves the terminal's process group, whose signals it must not get, but not its session. Of a session of its own the
    /// kernel makes a group of its own too (sched(7), "The autogroup feature"), and one that mostly sleeps had to wait there for up
    /// to 13 s for a processor while VMs flooded each other (Linux 6.18, two processors); beside its VMs it is scheduled as they are.
    pub fn enter(folder: &RunFolder) -> anyhow::Result<Background> {
        let log = folder.log();
        let file = File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
        setpgid(Pid::from_raw(0), Pid::from_raw(0)).context("cannot leave the terminal")?;
        println!("{}", folder.name());
        std::io::stdout().flush()?;
        dup2_stderr(&file).context("cannot write to the log")?;
        dup2_stdout(&file).context("cannot write to the log")?;
        Ok(Background { log })
    }

    /// It ended well: nobody needs the log.
    pub fn leave(self) {
        let _ = std::fs::remove_file(&self.log);
    }
}
