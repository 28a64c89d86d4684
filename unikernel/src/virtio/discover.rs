// SPDX-License-Identifier: Apache-2.0
//! Finding virtio devices: on PCI bus 0, or where the command line says (`virtio_mmio.device=<size>@<base>:<line>`, the Linux
//! parameter by which QEMU's microvm and Firecracker announce their windows).
#![allow(unsafe_code)]

use super::{Transport, mmio, pci};
use crate::boot::pvh::parameter;
use crate::pci::{Bus, ConfigSpace, Function};
use crate::{acpi, apic};
use heapless::Vec;

/// Most devices of a VM.
pub const MAX_DEVICES: usize = 24;

const VIRTIO_VENDOR: u16 = 0x1af4;
/// A modern device's PCI id is this plus its device id, §4.1.2.1.
const MODERN_DEVICE: u16 = 0x1040;

/// A device: its id (§5) and its registers.
pub struct Found {
    /// 1: network, 3: console.
    pub id: u32,
    /// Its registers.
    pub transport: Transport,
}

/// All devices in the order of the VMM's command line. ACPI's root pointer, if the VMM told it, leads to PCI's ECAM.
pub fn discover(rsdp_paddr: u64, command_line: &str) -> Vec<Found, MAX_DEVICES> {
    let mut found = windows(command_line);
    if found.is_empty() {
        let space = acpi::ecam(rsdp_paddr).map_or(ConfigSpace::Ports, ConfigSpace::Ecam);
        defmt::info!("PCI by {}", space);
        // Each empty slot costs microseconds under emulation, so who knows how many devices there are may say so.
        let most = parameter(command_line, "virtio_devices").and_then(|most| most.parse().ok()).unwrap_or(MAX_DEVICES);
        found = functions(Bus::new(space), most);
    }
    found
}

/// QEMU fills its windows from the last to the first, but lists them, as Firecracker does, in the order of the devices.
fn windows(command_line: &str) -> Vec<Found, MAX_DEVICES> {
    let words = command_line.split_ascii_whitespace();
    let mut found = Vec::new();
    for (base, line) in words.filter_map(|word| parse_window(word.strip_prefix("virtio_mmio.device=")?)) {
        // SAFETY: the VMM says that a window lies there.
        if let Some((device, id)) = unsafe { mmio::Device::probe(base) } {
            apic::route(line);
            let _ = found.push(Found { id, transport: Transport::Mmio(device) });
        }
    }
    found
}

/// Reads `<size>@<base>:<line>`: base and interrupt line.
fn parse_window(text: &str) -> Option<(usize, u32)> {
    let (_size, place) = text.split_once('@')?;
    let (base, rest) = place.split_once(':')?;
    let line = rest.split(':').next()?;
    let base = usize::from_str_radix(base.strip_prefix("0x")?, 16).ok()?;
    Some((base, line.parse().ok()?))
}

fn functions(mut bus: Bus, most: usize) -> Vec<Found, MAX_DEVICES> {
    let mut found = Vec::new();
    let mut slot = 0;
    while slot < Bus::SLOTS && found.len() < most.min(MAX_DEVICES) {
        for function in bus.functions(slot) {
            if let Some(device) = attach(&mut bus, function) {
                let _ = found.push(device);
            }
        }
        slot += 1;
    }
    found
}

/// The device that `function` is, if it is one of virtio's and can be used.
fn attach(bus: &mut Bus, function: Function) -> Option<Found> {
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
