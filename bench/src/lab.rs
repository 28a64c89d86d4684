// SPDX-License-Identifier: Apache-2.0
//! Where measuring happens: a network namespace of this process's own with two TAPs. The kernel removes both when the
//! process and its VMs are gone, however they end.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, CpuSet, sched_setaffinity, unshare};
use nix::unistd::{Pid, geteuid};

/// The TAP into which the load goes.
pub const IN: &str = "in0";
/// The TAP from which it comes out.
pub const OUT: &str = "out0";
/// Hardware address of the station behind [`IN`], and of the one behind [`OUT`].
pub const IN_STATION: [u8; 6] = [0x02, 0, 0, 0, 0, 1];
/// See [`IN_STATION`].
pub const OUT_STATION: [u8; 6] = [0x02, 0, 0, 0, 0, 2];
/// Slots of a TAP's queue towards the VM, the same for all contestants: so many that what the generator sends at once after it was
/// preempted for some milliseconds fits in at any rate here, or loss would measure the host's scheduler.
const TAP_QUEUE: &str = "4000";

/// Can this machine and this user measure at all?
pub fn check() -> Result<()> {
    ensure!(geteuid().is_root(), "measuring needs root, for TAPs in a network namespace of its own: run it with sudo");
    ensure!(fs::exists("/dev/net/tun")?, "there is no /dev/net/tun: load the module tun");
    for (program, package) in [("qemu-system-x86_64", "qemu-system-x86"), ("ip", "iproute2"), ("tc", "iproute2")] {
        ensure!(on_path(program), "there is no {program} on the PATH: apt-get install {package}");
    }
    Ok(())
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Enters a namespace of our own and makes the TAPs. Call it before the first thread starts.
pub fn enter() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).context("cannot make a network namespace")?;
    // A sysfs shows the devices of the namespace that it was mounted in, and `sluice run` looks there.
    let private = MsFlags::MS_REC | MsFlags::MS_SLAVE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>).context("cannot part from the host's mounts")?;
    mount(Some("sysfs"), "/sys", Some("sysfs"), MsFlags::empty(), None::<&str>).context("cannot mount /sys")?;
    // The stations' kernel would send router solicitations and multicast reports of its own.
    let _ = fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
    let _ = fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    [IN, OUT].into_iter().try_for_each(tap)
}

/// Makes a TAP.
pub fn tap(name: &str) -> Result<()> {
    ip(&["tuntap", "add", "dev", name, "mode", "tap"])?;
    ip(&["link", "set", "dev", name, "multicast", "off", "txqueuelen", TAP_QUEUE])?;
    // Frames go straight into the TAP's queue: a queueing discipline above it would only cost time.
    tool("tc", &["qdisc", "replace", "dev", name, "root", "noqueue"])?;
    ip(&["link", "set", "dev", name, "up"])
}

/// Lets the kernel answer as 10.0.0.2 behind [`OUT`] to 10.0.0.1 behind [`IN`], for round trips through a bridge.
pub fn answer_pings() -> Result<()> {
    // First, because a change of the address forgets the neighbours.
    ip(&["link", "set", "dev", OUT, "address", &mac(OUT_STATION)])?;
    ip(&["addr", "replace", "10.0.0.2/24", "dev", OUT])?;
    ip(&["neigh", "replace", "10.0.0.1", "lladdr", &mac(IN_STATION), "dev", OUT, "nud", "permanent"])
}

/// Undoes [`answer_pings`]: the load must not be taken for the kernel's own.
pub fn stop_answering() -> Result<()> {
    ip(&["addr", "flush", "dev", OUT])?;
    ip(&["link", "set", "dev", OUT, "address", "02:00:00:00:00:03"])
}

/// What the kernel counted on a TAP.
#[derive(Debug, Clone, Copy)]
pub struct Counters {
    /// Frames that came out of the VM.
    pub from_vm: u64,
    /// Frames put into the queue towards the VM.
    pub to_vm: u64,
}

/// The counters of one TAP; reading them costs no more than one small file, whatever the rate.
pub fn counters(tap: &str) -> Result<Counters> {
    let text = fs::read_to_string("/proc/thread-self/net/dev").context("cannot read the interfaces' counters")?;
    parse_counters(&text, tap).with_context(|| format!("the kernel shows no counters of {tap}"))
}

/// Columns: receive bytes, packets and six more, then transmit bytes and packets.
fn parse_counters(text: &str, tap: &str) -> Option<Counters> {
    let (_, values) = text.lines().filter_map(|line| line.trim().split_once(':')).find(|(name, _)| *name == tap)?;
    let column = |index| values.split_whitespace().nth(index)?.parse().ok();
    Some(Counters { from_vm: column(1)?, to_vm: column(9)? })
}

/// Lets the calling thread, and what it starts from now on, run on these CPUs only.
pub fn pin(cpus: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    for &cpu in cpus {
        set.set(cpu)?;
    }
    sched_setaffinity(Pid::from_raw(0), &set).context("cannot choose CPUs")
}

/// An address in the notation of `ip`.
pub fn mac(bytes: [u8; 6]) -> String {
    bytes.map(|byte| format!("{byte:02x}")).join(":")
}

/// Runs `ip`.
pub fn ip(arguments: &[&str]) -> Result<()> {
    tool("ip", arguments)
}

fn tool(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| format!("cannot run {program}: install the package iproute2"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {}: {}", arguments.join(" "), complaint.trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_the_packet_columns() {
        let text = "Inter-| Receive\n  in0: 100 2 0 0 0 0 0 0 300 5 0 0 0 0 0 0\n";
        let counters = parse_counters(text, "in0").unwrap();
        assert_eq!((counters.from_vm, counters.to_vm), (2, 5));
        assert!(parse_counters(text, "out0").is_none());
    }
}
