// SPDX-License-Identifier: Apache-2.0
//! Finding virtio devices: on PCI bus 0, or where the command line says (`virtio_mmio.device=<size>@<base>:<line>`, the Linux
//! parameter by which QEMU's microvm and Firecracker announce their windows).
#![allow(unsafe_code)]

use super::{Transport, mmio, pci};
use crate::boot::pvh::parameter;
use crate::pci::{Bus, ConfigSpace, Function};
use crate::{acpi, apic};
use core::str::SplitAsciiWhitespace;
use heapless::Vec;

const VIRTIO_VENDOR: u16 = 0x1af4;
/// A modern device's PCI id is this plus its device id, §4.1.2.1.
const MODERN_DEVICE: u16 = 0x1040;
const WINDOW: &str = "virtio_mmio.device=";

/// A device: its id (§5) and its registers.
pub struct Found {
    /// 1: network, 3: console.
    pub id: u32,
    /// Its registers.
    pub transport: Transport,
}

/// The devices in the order of the VMM's command line, looked for as they are asked for: each access to a bus costs
/// microseconds under emulation, and what comes late need not delay what comes first.
pub enum Devices {
    /// Windows that the words of the command line name. QEMU fills its windows from the last to the first, but lists them, as
    /// Firecracker does, in the order of the devices.
    Windows(SplitAsciiWhitespace<'static>),
    /// The slots of PCI bus 0 from `slot` on, the functions of the one before first; `left` devices are still to come.
    Bus {
        /// The bus.
        bus: Bus,
        /// The next slot.
        slot: u8,
        /// Functions of the slot before, in reverse order.
        functions: Vec<Function, 8>,
        /// How many devices there are beyond those found, if the command line said.
        left: u32,
    },
}

impl Devices {
    /// The devices of this machine. ACPI's root pointer, if the VMM told it, leads to PCI's ECAM; `virtio_devices=N` on the
    /// command line ends the search when so many are found.
    pub fn new(rsdp_paddr: u64, command_line: &'static str) -> Self {
        if command_line.contains(WINDOW) {
            return Devices::Windows(command_line.split_ascii_whitespace());
        }
        let space = acpi::ecam(rsdp_paddr).map_or(ConfigSpace::Ports, ConfigSpace::Ecam);
        let left = parameter(command_line, "virtio_devices").and_then(|most| most.parse().ok()).unwrap_or(u32::MAX);
        Devices::Bus { bus: Bus::new(space), slot: 0, functions: Vec::new(), left }
    }

    /// Logs how devices are found.
    pub fn log(&self) {
        match self {
            Devices::Windows(_) => defmt::info!("virtio over MMIO"),
            Devices::Bus { bus, .. } => defmt::info!("virtio over PCI, by {}", bus.space()),
        }
    }
}

impl Iterator for Devices {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        match self {
            Devices::Windows(words) => words.find_map(|word| open_window(word.strip_prefix(WINDOW)?)),
            Devices::Bus { bus, slot, functions, left } => {
                while *left > 0 {
                    if let Some(function) = functions.pop() {
                        let Some(found) = open_function(bus, function) else { continue };
                        *left -= 1;
                        return Some(found);
                    }
                    if *slot == Bus::SLOTS {
                        return None;
                    }
                    *functions = bus.functions(*slot);
                    functions.reverse();
                    *slot += 1;
                }
                None
            }
        }
    }
}

/// The device in the window that `text` describes, its interrupt routed.
fn open_window(text: &str) -> Option<Found> {
    let (base, line) = parse_window(text)?;
    // SAFETY: the VMM says that a window lies there.
    let (device, id) = unsafe { mmio::Device::probe(base) }?;
    apic::route(line);
    Some(Found { id, transport: Transport::Mmio(device) })
}

/// The device that `function` is, if it is one of virtio's and can be used.
fn open_function(bus: &mut Bus, function: Function) -> Option<Found> {
    if function.vendor != VIRTIO_VENDOR || function.device < MODERN_DEVICE {
        return None;
    }
    match pci::Device::new(bus, function) {
        Ok(device) => Some(Found { id: u32::from(function.device - MODERN_DEVICE), transport: Transport::Pci(device) }),
        Err(error) => {
            defmt::warn!("PCI function {}: {}", defmt::Debug2Format(&function), error);
            None
        }
    }
}

/// Reads `<size>@<base>:<line>`: base and interrupt line.
fn parse_window(text: &str) -> Option<(usize, u32)> {
    let (_size, place) = text.split_once('@')?;
    let (base, rest) = place.split_once(':')?;
    let line = rest.split(':').next()?;
    let base = usize::from_str_radix(base.strip_prefix("0x")?, 16).ok()?;
    Some((base, line.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read_as_linux_reads_them() {
        assert_eq!(parse_window("512@0xfeb00e00:12"), Some((0xfeb0_0e00, 12)));
        assert_eq!(parse_window("4K@0xd0000000:5:0"), Some((0xd000_0000, 5)));
        assert_eq!(parse_window("512@0xfeb00e00"), None);
        assert_eq!(parse_window("512@feb00e00:x"), None);
    }
}
