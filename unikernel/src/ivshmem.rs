// SPDX-License-Identifier: Apache-2.0
//! The inter-VM shared memory device (qemu docs/specs/ivshmem-spec): memory that one peer sees too. In one configuration
//! (`ivshmem-doorbell`) it has interrupts and tells which peer this is; in the other (`ivshmem-plain`) it has no MSI-X, its
//! registers mean nothing, and the memory has to be polled.
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

/// What a device with interrupts has beside its memory.
struct Bell {
    msix: Capability,
    doorbell: *mut u32,
    id: u32,
}

/// A device, brought up.
pub struct Device {
    bus: Bus,
    function: Function,
    bell: Option<Bell>,
    memory: &'static [AtomicU64],
}

impl Device {
    /// Maps the device's registers and its memory.
    pub fn new(bus: Bus, function: Function) -> Result<Device, Error> {
        let (memory, bytes) = bus.memory_bar(function, MEMORY).ok_or(Error::Missing)?;
        let msix = bus.capabilities(function).into_iter().find(|capability| capability.id() == MSIX_CAPABILITY);
        let registers = msix.map(|_| bus.bar(function, REGISTERS).ok_or(Error::Missing)).transpose()?;
        bus.enable(function);
        let bell = msix.zip(registers).map(|(msix, registers)| Bell::new(msix, registers)).transpose()?;
        paging::make_cacheable(memory, bytes);
        // SAFETY: the BAR was placed where nothing else lies, for ever, and RAM of the host's answers there. The host and the
        // peer write it too, so it is only ever accessed as atomics; each bit pattern is one.
        let memory = unsafe { core::slice::from_raw_parts(memory as *const AtomicU64, bytes / size_of::<AtomicU64>()) };
        Ok(Device { bus, function, bell, memory })
    }

    /// Which of the two ends this is, 0 or 1, if the device tells.
    pub fn id(&self) -> Option<u32> {
        self.bell.as_ref().map(|bell| bell.id)
    }

    /// Whether nothing tells when the memory has changed.
    pub fn is_polled(&self) -> bool {
        self.bell.is_none()
    }

    /// The memory that both ends see.
    pub fn memory(&self) -> &'static [AtomicU64] {
        self.memory
    }

    /// Lets the peer wake the processor, if it can.
    pub fn enable_interrupts(&mut self) {
        if let Some(bell) = &self.bell
            && !self.bus.enable_msix(self.function, bell.msix)
        {
            defmt::error!("the MSI-X table of a link cannot be reached");
        }
    }

    /// Interrupts the peer, if it is there and can be.
    #[inline]
    pub fn ring(&self) {
        if let Some(bell) = &self.bell {
            bell.ring();
        }
    }
}

impl Bell {
    fn new(msix: Capability, registers: usize) -> Result<Bell, Error> {
        // SAFETY: the registers of the device, which paging maps uncached.
        let id = unsafe { ((registers + IV_POSITION) as *const u32).read_volatile() };
        if id > 1 {
            return Err(Error::NoEnd(id));
        }
        Ok(Bell { msix, doorbell: (registers + DOORBELL) as *mut u32, id })
    }

    #[inline]
    fn ring(&self) {
        const VECTOR: u32 = 0;
        let peer = 1 - self.id;
        // SAFETY: the device's doorbell, which paging maps uncached; writing it has no effect on memory.
        unsafe { self.doorbell.write_volatile(peer << 16 | VECTOR) };
    }
}
