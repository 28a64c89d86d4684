// SPDX-License-Identifier: Apache-2.0
//! Finding devices: virtio's in the windows that the command line names, or else those on PCI bus 0, links among them.
#![allow(unsafe_code)]

use crate::boot::parameters::{Parameters, Window};
use crate::pci::{Bus, ConfigSpace, Function};
use crate::virtio::{Transport, mmio, pci};
use crate::{acpi, ivshmem};
use heapless::Vec;

/// The vendor of virtio's devices, and of ivshmem.
const VIRTIO_VENDOR: u16 = 0x1af4;
/// A modern device's PCI id is this plus its device id, virtio 1.2 §4.1.2.1.
const MODERN_DEVICE: u16 = 0x1040;
const LAST_MODERN_DEVICE: u16 = 0x107f;

/// A device.
pub enum Found {
    /// One of virtio's.
    Virtio {
        /// Its id (virtio 1.2 §5). 1: network, 3: console.
        id: u32,
        /// Its registers.
        transport: Transport,
    },
    /// One end of a link.
    Link(ivshmem::Device),
}

/// The devices in the order of the VMM's command line, looked for as they are asked for: each access to a bus costs
/// microseconds under emulation, and what comes late need not delay what comes first.
#[expect(clippy::large_enum_variant, reason = "one exists, on the stack of the boot")]
pub enum Devices {
    /// Windows, those to come last first. QEMU fills its windows from the last to the first, but lists them, as Firecracker does,
    /// in the order of the devices.
    Windows(Vec<Window, 24>),
    /// Slots of PCI bus 0.
    Bus {
        /// The bus.
        bus: Bus,
        /// The next slot, and the last one.
        slots: (u8, u8),
        /// Functions of the slot before, in reverse order.
        functions: Vec<Function, 8>,
    },
}

impl Devices {
    /// The devices of this machine. Where PCI's ECAM is, the command line says, or else ACPI, if the VMM told its root pointer.
    pub fn new(rsdp_paddr: u64, parameters: Parameters) -> Self {
        let mut windows = parameters.windows;
        if !windows.is_empty() {
            windows.reverse();
            return Devices::Windows(windows);
        }
        let told = usize::try_from(parameters.ecam).ok().filter(|&paddr| paddr != 0);
        let space = told.or_else(|| acpi::ecam(rsdp_paddr)).map_or(ConfigSpace::Ports, ConfigSpace::Ecam);
        Devices::Bus { bus: Bus::new(space), slots: parameters.slots, functions: Vec::new() }
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
            Devices::Windows(windows) => {
                while let Some(window) = windows.pop() {
                    let found = open_window(window);
                    if found.is_some() {
                        return found;
                    }
                }
                None
            }
            Devices::Bus { bus, slots: (slot, last), functions } => loop {
                if let Some(function) = functions.pop() {
                    let found = open_function(bus, function);
                    if found.is_some() {
                        return found;
                    }
                } else if slot <= last {
                    bus.functions(*slot, VIRTIO_VENDOR, functions);
                    *slot += 1;
                } else {
                    return None;
                }
            },
        }
    }
}

/// The device in a window.
fn open_window(window: Window) -> Option<Found> {
    // SAFETY: the VMM says that a window lies there.
    let (device, id) = unsafe { mmio::Device::probe(window.paddr, window.line) }?;
    Some(Found::Virtio { id, transport: Transport::Mmio(device) })
}

/// The device that `function` is, if it is one of those that we know and can be used.
fn open_function(bus: &Bus, function: Function) -> Option<Found> {
    match (function.vendor, function.device) {
        (VIRTIO_VENDOR, ivshmem::DEVICE) => usable(function, ivshmem::Device::new(*bus, function)).map(Found::Link),
        (VIRTIO_VENDOR, MODERN_DEVICE..=LAST_MODERN_DEVICE) => {
            let device = usable(function, pci::Device::new(*bus, function))?;
            Some(Found::Virtio { id: u32::from(function.device - MODERN_DEVICE), transport: Transport::Pci(device) })
        }
        _ => None,
    }
}

fn usable<T, E: defmt::Format>(function: Function, device: Result<T, E>) -> Option<T> {
    device.inspect_err(|error| defmt::warn!("PCI function {}: {}", function, error)).ok()
}
