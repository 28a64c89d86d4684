// SPDX-License-Identifier: Apache-2.0
//! A VM under measurement: a QEMU process, which ends with this value, and its CPU time.

use std::fs;
use std::io::Read;
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{SysconfVar, sysconf};

use crate::stop;

/// QEMU's exit status when the guest powers off (0x10 written to isa-debug-exit).
const CLEAN_EXIT: i32 = 33;

/// A running VM.
pub struct Vm {
    child: Child,
    /// Just before the VMM was executed.
    pub started: Instant,
}

impl Vm {
    /// Starts a VM. `guarded` has the kernel kill it when this process dies, at the price of one more exec, which
    /// would count in a boot.
    pub fn start(qemu: &[String], guarded: bool) -> Result<Self> {
        Self::start_with(qemu, guarded, Stdio::null())
    }

    fn start_with(qemu: &[String], guarded: bool, stdout: Stdio) -> Result<Self> {
        let guard: &[&str] = if guarded { &["setpriv", "--pdeathsig", "KILL"] } else { &[] };
        let words: Vec<&str> = guard.iter().copied().chain(qemu.iter().map(String::as_str)).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot run {}", words[0]))?;
        Ok(Self { child, started })
    }

    /// Starts a VM and waits for the first byte of its log: the time since its exec.
    pub fn until_first_word(qemu: &[String], patience: Duration) -> Result<Duration> {
        let mut vm = Self::start_with(qemu, false, Stdio::piped())?;
        let mut log = vm.child.stdout.take().context("the log is piped")?;
        let timeout = PollTimeout::try_from(patience)?;
        let heard = poll(&mut [PollFd::new(log.as_fd(), PollFlags::POLLIN)], timeout)?;
        let took = vm.started.elapsed();
        let mut byte = [0];
        if heard == 0 || log.read(&mut byte)? == 0 {
            vm.check()?;
            bail!("the VM said nothing within {} s", patience.as_secs());
        }
        Ok(took)
    }

    /// The VMM's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails, with what the VMM said, when its process has ended.
    pub fn check(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else { return Ok(()) };
        let mut said = String::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            let _ = pipe.read_to_string(&mut said);
        }
        bail!("QEMU ended by itself ({status}): {}", said.trim());
    }

    /// Waits for the VMM's end: the time since its start.
    pub fn wait(mut self, patience: Duration) -> Result<Duration> {
        while self.started.elapsed() < patience {
            if let Some(status) = self.child.try_wait()? {
                let took = self.started.elapsed();
                ensure!(status.code() == Some(CLEAN_EXIT), "QEMU ended in an unexpected way: {status}");
                return Ok(took);
            }
            stop::check()?;
            std::thread::sleep(Duration::from_micros(100));
        }
        bail!("the VM did not end within {} s", patience.as_secs())
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system time that these processes have used, all their threads together.
pub fn cpu_seconds(pids: &[u32]) -> Result<f64> {
    let per_second = sysconf(SysconfVar::CLK_TCK)?.context("the kernel does not tell its clock tick")?;
    let mut ticks = 0;
    for pid in pids {
        let path = format!("/proc/{pid}/stat");
        let text = fs::read_to_string(&path).context("the VM's process has ended")?;
        ticks += cpu_ticks(&text).with_context(|| format!("{path} has an unknown form"))?;
    }
    Ok(ticks as f64 / per_second as f64)
}

/// utime and stime of proc(5): the 14th and 15th field, counted behind the name, which may hold blanks.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_read_behind_a_name_with_blanks() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 7 5 0 0 20 0 3 0 100 1 1";
        assert_eq!(cpu_ticks(stat), Some(12));
        assert_eq!(cpu_ticks("nonsense"), None);
    }
}
