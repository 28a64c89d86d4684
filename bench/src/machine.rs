// SPDX-License-Identifier: Apache-2.0
//! The machine types on which everything is measured, and the part of the command line that all contestants share.

use clap::ValueEnum;
use serde::Serialize;

use crate::lab;

/// A machine type of QEMU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Machine {
    /// The i440FX machine.
    Pc,
    /// The Q35 machine, with PCI Express.
    Q35,
    /// The small machine, with virtio over MMIO.
    Microvm,
}

impl Machine {
    /// QEMU's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Machine::Pc => "pc",
            Machine::Q35 => "q35",
            Machine::Microvm => "microvm",
        }
    }

    /// The words up to the kernel: software emulation, the CPU model that Linux is fastest with, no device by default.
    pub fn base(self, memory_mib: u32) -> Vec<String> {
        let memory = memory_mib.to_string();
        let words = ["qemu-system-x86_64", "-machine", self.name(), "-accel", "tcg", "-cpu", "qemu64", "-m", &memory];
        let quiet = ["-nodefaults", "-no-user-config", "-display", "none", "-vga", "none", "-no-reboot"];
        words.iter().chain(&quiet).map(|&word| word.to_owned()).collect()
    }

    /// A NIC on a TAP.
    pub fn nic(self, index: usize, tap: &str, address: [u8; 6]) -> Vec<String> {
        let mac = lab::mac(address);
        let netdev = format!("tap,id=n{index},ifname={tap},script=no,downscript=no");
        let device = match self {
            Machine::Microvm => format!("virtio-net-device,netdev=n{index},mac={mac}"),
            _ => format!("virtio-net-pci,netdev=n{index},mac={mac},disable-legacy=on,romfile="),
        };
        let mut words = vec!["-netdev".to_owned(), netdev, "-device".to_owned(), device];
        if self == Machine::Microvm && index == 0 {
            words.extend(["-global".to_owned(), "virtio-mmio.force-legacy=false".to_owned()]);
        }
        words
    }
}
