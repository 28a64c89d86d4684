// SPDX-License-Identifier: Apache-2.0
//! Processes, known by their id and the time of their start: an id alone may be another process by now.

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, SysconfVar, sysconf};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A process that was there once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// When it started, in clock ticks since the machine's boot.
    start_ticks: u64,
}

/// What a process has used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Processor time.
    pub cpu: Duration,
    /// Its proportional share of the memory: what it shares with others is divided among them.
    pub memory_bytes: u64,
}

impl Process {
    /// The process that has this id now; one that has ended and was not waited for is none.
    pub fn of(pid: u32) -> Option<Process> {
        let fields = Fields::read(pid)?;
        (!fields.ended).then_some(Process { pid, start_ticks: fields.start_ticks })
    }

    /// This one.
    pub fn this() -> Process {
        Process::of(std::process::id()).expect("/proc shows the process that reads it")
    }

    /// Whether it still runs.
    pub fn lives(self) -> bool {
        Process::of(self.pid) == Some(self)
    }

    /// Asks it to end, if it still runs.
    pub fn terminate(self) {
        self.signal(Signal::SIGTERM);
    }

    /// Ends it at once, if it still runs.
    pub fn kill(self) {
        self.signal(Signal::SIGKILL);
    }

    fn signal(self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.pid)
            && self.lives()
        {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// What it has used, if it still runs.
    pub fn usage(self) -> Option<Usage> {
        let fields = Fields::read(self.pid).filter(|fields| fields.start_ticks == self.start_ticks)?;
        let ticks_per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100) as f64;
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid)).unwrap_or_default();
        let share = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB"));
        let kilobytes: u64 = share.and_then(|share| share.parse().ok()).unwrap_or(0);
        let cpu = Duration::from_secs_f64(fields.cpu_ticks as f64 / ticks_per_second);
        Some(Usage { cpu, memory_bytes: 1024 * kilobytes })
    }
}

/// What `/proc/PID/stat` says (proc(5)).
struct Fields {
    ended: bool,
    cpu_ticks: u64,
    start_ticks: u64,
}

impl Fields {
    fn read(pid: u32) -> Option<Fields> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name stands in parentheses and may hold anything; field 3 follows it.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        let ended = matches!(*fields.first()?, "Z" | "X");
        Some(Fields { ended, cpu_ticks: number(14)? + number(15)?, start_ticks: number(22)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_its_id_and_its_start() {
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        let other = Process { start_ticks: process.start_ticks + 1, ..process };
        other.kill();
        assert!(process.lives() && !other.lives());
        assert!(process.usage().is_some_and(|usage| usage.memory_bytes > 0) && other.usage().is_none());
        process.kill();
        child.wait().unwrap();
        assert!(!process.lives());
    }
}
