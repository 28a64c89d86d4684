// SPDX-License-Identifier: Apache-2.0
//! QEMU's command line for the Linux VM, tuned as well as we know.

use qemu::Kind;

use crate::images::host_tsc_khz;
use crate::lab::{self, IN, OUT, OUT_STATION};
use crate::peer::Peer;
use crate::rules::RuleKind;

/// The hardware addresses of every contestant's NICs.
pub const NIC_MACS: [[u8; 6]; 2] = [[0x52, 0x54, 0, 0, 1, 1], [0x52, 0x54, 0, 0, 1, 2]];
/// RAM for the measurements of speed: enough never to matter.
pub const MEMORY_MIB: u32 = 128;

/// What shortens the kernel's boot: nothing on a console, no calibration, no check that the VM cannot use.
const TUNING: &str = "quiet loglevel=0 tsc=reliable no_timer_check mitigations=off nokaslr ipv6.disable=1 audit=0 \
    apparmor=0 selinux=0 cryptomgr.notests 8250.nr_uarts=0 random.trust_cpu=on rcupdate.rcu_expedited=1 \
    evm=off reboot=t panic=-1 pci=noaer raid=noautodetect rdinit=/init";

/// The job of a Linux VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Bridge the two NICs.
    Bridge,
    /// Bridge, with a firewall in the bridge.
    BridgeFirewall(RuleKind, usize),
    /// Route between the two NICs, with a firewall.
    RouteFirewall(RuleKind, usize),
    /// Route between the two NICs, with a firewall of as many five-field rules that knows connections.
    StatefulFirewall(usize),
    /// Bridge the first NIC and a VXLAN device over the second.
    Vtep,
}

impl Job {
    fn words(self) -> String {
        match self {
            Job::Bridge => "sluice.mode=bridge".to_owned(),
            Job::BridgeFirewall(kind, count) => {
                format!("sluice.mode=bridge sluice.rules=bridge-{}-{count}.nft", kind.word())
            }
            Job::RouteFirewall(kind, count) => {
                let next = lab::mac(OUT_STATION);
                format!("sluice.mode=route sluice.next={next} sluice.rules=ip-{}-{count}.nft", kind.word())
            }
            Job::StatefulFirewall(count) => {
                let (next, kind) = (lab::mac(OUT_STATION), RuleKind::FiveField.word());
                format!("sluice.mode=route sluice.next={next} sluice.rules=stateful-{kind}-{count}.nft")
            }
            Job::Vtep => format!("sluice.mode=vtep sluice.next={}", lab::mac(OUT_STATION)),
        }
    }
}

/// The command line, program first.
pub fn command(peer: &Peer, machine: Kind, job: Job, memory_mib: u32) -> Vec<String> {
    let initrd = match job {
        Job::Bridge => &peer.bridge,
        Job::Vtep => &peer.vtep,
        Job::StatefulFirewall(_) => &peer.conntrack,
        Job::BridgeFirewall(..) | Job::RouteFirewall(..) => &peer.nft,
    };
    let (kernel, initrd) = (peer.vmlinux.to_string_lossy(), initrd.to_string_lossy());
    let (memory, append) = (memory_mib.to_string(), format!("{TUNING} {}{}", clock_word(), job.words()));
    let mut words = vec![qemu_program(), "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"];
    words.extend(machine_words(machine));
    words.extend(["-accel", "tcg", "-cpu", "qemu64", "-smp", "1,maxcpus=2", "-m", &memory]);
    words.extend(["-kernel", &kernel, "-initrd", &initrd, "-append", &append]);
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    for (index, (tap, address)) in [IN, OUT].iter().zip(NIC_MACS).enumerate() {
        words.extend([
            "-netdev".to_owned(),
            format!("tap,id=n{index},ifname={tap},script=no,downscript=no,vnet_hdr=off"),
        ]);
        // Without the link's status the kernel takes the link for up at once: otherwise a port of a bridge waits for the
        // next turn of the link watch, up to a second.
        let device = nic_device(machine);
        words.extend(["-device".to_owned(), format!("{device},netdev=n{index},mac={},status=off", lab::mac(address))]);
    }
    words
}

/// The host's clock rate, so that the kernel need not measure it: on a busy host that fails, and the boot with it.
fn clock_word() -> String {
    host_tsc_khz().map(|khz| format!("tsc_early_khz={khz} ")).unwrap_or_default()
}

fn qemu_program() -> &'static str {
    "qemu-system-x86_64"
}

fn nic_device(machine: Kind) -> &'static str {
    match machine {
        Kind::Microvm => "virtio-net-device",
        Kind::Pc | Kind::Q35 => "virtio-net-pci,disable-legacy=on,romfile=",
    }
}

/// Debian's kernel finds virtio over MMIO only through ACPI, its clocks only with the PIT, and waits seconds for a missing RTC.
fn machine_words(machine: Kind) -> Vec<&'static str> {
    match machine {
        Kind::Microvm => {
            vec!["-machine", "microvm,isa-serial=off", "-global", "virtio-mmio.force-legacy=false"]
        }
        Kind::Pc => vec!["-machine", "pc,usb=off,hpet=off"],
        Kind::Q35 => vec!["-machine", "q35,usb=off,sata=off,smbus=off,hpet=off"],
    }
}
