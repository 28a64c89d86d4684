// SPDX-License-Identifier: Apache-2.0
//! QEMU's command line for the Linux VM, tuned as well as we know.

use crate::lab::{self, IN, OUT, OUT_STATION};
use crate::machine::Machine;
use crate::peer::Peer;
use crate::rules::RuleKind;

/// The hardware addresses of the VM's NICs.
pub const NIC_MACS: [[u8; 6]; 2] = [[0x52, 0x54, 0, 0, 1, 1], [0x52, 0x54, 0, 0, 1, 2]];

/// What shortens the kernel's boot: nothing on a console, no calibration, no check that the VM cannot use.
const TUNING: &str = "quiet loglevel=0 tsc=reliable no_timer_check mitigations=off nokaslr ipv6.disable=1 audit=0 \
    apparmor=0 selinux=0 cryptomgr.notests 8250.nr_uarts=0 random.trust_cpu=on rcupdate.rcu_expedited=1 \
    ima_policy= evm=off reboot=t panic=-1 pci=noaer raid=noautodetect rdinit=/init";

/// The job of a Linux VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Bridge the two NICs.
    Bridge,
    /// Bridge, with a firewall in the bridge.
    BridgeFirewall(RuleKind, usize),
    /// Route between the two NICs, with a firewall.
    RouteFirewall(RuleKind, usize),
}

impl Job {
    /// Does it route, so that frames go to the VM's own address?
    pub fn routes(self) -> bool {
        matches!(self, Job::RouteFirewall(..))
    }

    fn words(self) -> String {
        match self {
            Job::Bridge => "sluice.mode=bridge".to_owned(),
            Job::BridgeFirewall(kind, count) => format!("sluice.mode=bridge sluice.rules=bridge-{}-{count}.nft", kind.word()),
            Job::RouteFirewall(kind, count) => {
                format!("sluice.mode=route sluice.next={} sluice.rules=ip-{}-{count}.nft", lab::mac(OUT_STATION), kind.word())
            }
        }
    }
}

/// The command line, program first.
pub fn command(peer: &Peer, machine: Machine, job: Job, memory_mib: u32) -> Vec<String> {
    let initrd = if job == Job::Bridge { &peer.bridge } else { &peer.nft };
    let mut words = machine.base(memory_mib);
    words.extend(["-kernel", &peer.vmlinux.to_string_lossy(), "-initrd", &initrd.to_string_lossy()].map(str::to_owned));
    words.extend(["-append".to_owned(), format!("{TUNING} {}", job.words())]);
    for (index, (tap, address)) in [IN, OUT].iter().zip(NIC_MACS).enumerate() {
        words.extend(machine.nic(index, tap, address));
    }
    words
}
