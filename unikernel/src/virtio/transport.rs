// SPDX-License-Identifier: Apache-2.0
//! What a device is driven through, PCI or MMIO.
#![allow(unsafe_code)]

use super::queue::{Notify, Rings};
use super::{Error, mmio, pci};

/// A device's registers.
pub enum Transport {
    /// virtio over PCI, §4.1
    Pci(pci::Device),
    /// virtio over MMIO, §4.2
    Mmio(mmio::Device),
}

impl Transport {
    /// Features offered by the device.
    pub fn device_features(&mut self) -> u64 {
        match self {
            Transport::Pci(device) => device.device_features(),
            Transport::Mmio(device) => device.device_features(),
        }
    }

    /// Features chosen by the driver.
    pub fn set_driver_features(&mut self, features: u64) {
        match self {
            Transport::Pci(device) => device.set_driver_features(features),
            Transport::Mmio(device) => device.set_driver_features(features),
        }
    }

    /// Device status.
    pub fn status(&self) -> u8 {
        match self {
            Transport::Pci(device) => device.status(),
            Transport::Mmio(device) => device.status(),
        }
    }

    /// Sets the device status.
    pub fn set_status(&mut self, status: u8) {
        match self {
            Transport::Pci(device) => device.set_status(status),
            Transport::Mmio(device) => device.set_status(status),
        }
    }

    /// Makes the next [`Transport::set_queue`] be about queue `index`: how many descriptors it may have.
    pub fn select_queue(&mut self, index: u16) -> Result<u16, Error> {
        let size = match self {
            Transport::Pci(device) => device.select_queue(index),
            Transport::Mmio(device) => device.select_queue(index),
        };
        if size == 0 { Err(Error::NoQueue(index)) } else { Ok(size) }
    }

    /// Tells the device where queue `index`, which is selected and `offered` that size, lies: how to notify it.
    pub fn set_queue(&mut self, index: u16, offered: u16, size: u16, rings: &Rings) -> Notify {
        match self {
            Transport::Pci(device) => device.set_queue(index, offered, size, rings),
            Transport::Mmio(device) => device.set_queue(index, offered, size, rings),
        }
    }

    /// Lets the device raise the wake-up interrupt.
    pub fn enable_interrupts(&mut self) {
        match self {
            Transport::Pci(device) => device.enable_interrupts(),
            Transport::Mmio(device) => device.enable_interrupts(),
        }
    }

    /// A byte of the device's configuration.
    pub fn config(&self, offset: usize) -> u8 {
        match self {
            Transport::Pci(device) => device.config(offset),
            Transport::Mmio(device) => device.config(offset),
        }
    }

    /// Takes the interrupt line back down, so that the next interrupt is an edge again. MSI-X needs none of that.
    #[inline]
    pub fn acknowledge(&mut self) {
        if let Transport::Mmio(device) = self {
            device.acknowledge();
        }
    }
}

/// Device registers at a physical address.
#[derive(Clone, Copy)]
pub struct Registers(usize);

impl Registers {
    /// Registers at `paddr`.
    ///
    /// # Safety
    /// A device's registers lie there, mapped uncached, `length` bytes at least of what is accessed through this.
    pub unsafe fn new(paddr: usize) -> Self {
        Registers(paddr)
    }

    /// Reads a register.
    #[inline]
    pub fn read<T: Copy>(self, offset: usize) -> T {
        // SAFETY: the promise made to `new`.
        unsafe { ((self.0 + offset) as *const T).read_volatile() }
    }

    /// Writes a register.
    #[inline]
    pub fn write<T: Copy>(self, offset: usize, value: T) {
        // SAFETY: the promise made to `new`.
        unsafe { ((self.0 + offset) as *mut T).write_volatile(value) }
    }

    /// The physical address of a register.
    pub fn paddr(self, offset: usize) -> usize {
        self.0 + offset
    }
}
