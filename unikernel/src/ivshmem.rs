// SPDX-License-Identifier: Apache-2.0
//! The inter-VM shared memory device with a doorbell (qemu docs/specs/ivshmem-spec): memory that one peer sees too.
#![allow(unsafe_code)]

use crate::boot::paging;
use crate::pci::{Bus, Capability, Function, MSIX_CAPABILITY};
use core::sync::atomic::AtomicU64;

/// Its PCI device id; the vendor is virtio's.
pub const DEVICE: u16 = 0x1110;
/// BAR 0: registers; BAR 1: the MSI-X table; BAR 2: the memory.
const REGISTERS: u8 = 0;
const MEMORY: u8 = 2;
/// Registers: the own id, which the server gave, and the doorbell: the peer's id in the upper half, the vector in the lower one.
const IV_POSITION: usize = 8;
const DOORBELL: usize = 12;

/// Why a device cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub enum Error {
    /// It has no registers or no memory that can be mapped.
    Missing,
    /// The id that the server gave is none of the two ends of a link.
    NoEnd(u32),
}

/// A device, brought up.
pub struct Device {
    bus: Bus,
    function: Function,
    msix: Option<Capability>,
    doorbell: *mut u32,
    id: u32,
    memory: &'static [AtomicU64],
}

impl Device {
    /// Maps the device's registers and its memory.
    pub fn new(bus: Bus, function: Function) -> Result<Device, Error> {
        let registers = bus.bar(function, REGISTERS).ok_or(Error::Missing)?;
        let (memory, bytes) = bus.memory_bar(function, MEMORY).ok_or(Error::Missing)?;
        let msix = bus.capabilities(function).into_iter().find(|capability| capability.id() == MSIX_CAPABILITY);
        bus.enable(function);
        // SAFETY: the registers of the device, which paging maps uncached.
        let id = unsafe { ((registers + IV_POSITION) as *const u32).read_volatile() };
        if id > 1 {
            return Err(Error::NoEnd(id));
        }
        paging::make_cacheable(memory, bytes);
        // SAFETY: the BAR was placed where nothing else lies, for ever, and RAM of the host's answers there. The host and the
        // peer write it too, so it is only ever accessed as atomics; each bit pattern is one.
        let memory = unsafe { core::slice::from_raw_parts(memory as *const AtomicU64, bytes / size_of::<AtomicU64>()) };
        Ok(Device { bus, function, msix, doorbell: (registers + DOORBELL) as *mut u32, id, memory })
    }

    /// Which of the two ends this is: 0 or 1.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The memory that both ends see.
    pub fn memory(&self) -> &'static [AtomicU64] {
        self.memory
    }

    /// Lets the peer wake the processor.
    pub fn enable_interrupts(&mut self) {
        if !self.msix.is_some_and(|msix| self.bus.enable_msix(self.function, msix)) {
            defmt::warn!("a link without MSI-X is polled");
        }
    }

    /// Interrupts the peer, if it is there.
    #[inline]
    pub fn ring(&self) {
        const VECTOR: u32 = 0;
        let peer = 1 - self.id;
        // SAFETY: the device's doorbell, which paging maps uncached; writing it has no effect on memory.
        unsafe { self.doorbell.write_volatile(peer << 16 | VECTOR) };
    }
}
