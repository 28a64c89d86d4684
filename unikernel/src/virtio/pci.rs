// SPDX-License-Identifier: Apache-2.0
//! virtio over PCI, virtio 1.2 §4.1.4.
#![allow(unsafe_code)]

use super::Error;
use super::queue::{Notify, Rings};
use super::transport::Registers;
use crate::pci::{Bus, Capability, Function, MSIX_CAPABILITY};

/// `PCI_CAP_ID_VNDR`
const VENDOR_CAPABILITY: u8 = 0x09;
/// `VIRTIO_PCI_CAP_*`
const COMMON_CFG: u8 = 1;
const NOTIFY_CFG: u8 = 2;
const DEVICE_CFG: u8 = 4;

// `struct virtio_pci_common_cfg`, §4.1.4.3
const DEVICE_FEATURE_SELECT: usize = 0;
const DEVICE_FEATURE: usize = 4;
const DRIVER_FEATURE_SELECT: usize = 8;
const DRIVER_FEATURE: usize = 12;
const DEVICE_STATUS: usize = 20;
const QUEUE_SELECT: usize = 22;
const QUEUE_SIZE: usize = 24;
const QUEUE_MSIX_VECTOR: usize = 26;
const QUEUE_ENABLE: usize = 28;
const QUEUE_NOTIFY_OFF: usize = 30;
const QUEUE_DESC: usize = 32;
const QUEUE_DRIVER: usize = 40;
const QUEUE_DEVICE: usize = 48;

/// The MSI-X table entry that all queues use.
const VECTOR: u16 = 0;

/// A device's registers.
pub struct Device {
    bus: Bus,
    function: Function,
    common: Registers,
    notify: Registers,
    notify_multiplier: usize,
    /// The offsets in configuration space of what is read when it is asked for.
    config: Option<u8>,
    msix: Option<Capability>,
}

impl Device {
    /// Finds the device's structures and turns its memory on.
    pub fn new(bus: Bus, function: Function) -> Result<Device, Error> {
        let (mut common, mut notify, mut config, mut msix) = (None, None, None, None);
        for capability in bus.capabilities(function) {
            let slot = match (capability.id(), (capability.header >> 24) as u8) {
                (MSIX_CAPABILITY, _) => {
                    msix = Some(capability);
                    continue;
                }
                (VENDOR_CAPABILITY, COMMON_CFG) => &mut common,
                (VENDOR_CAPABILITY, NOTIFY_CFG) => &mut notify,
                (VENDOR_CAPABILITY, DEVICE_CFG) => &mut config,
                _ => continue,
            };
            slot.get_or_insert(capability.offset);
        }
        let (common, notify) = (common.ok_or(Error::Missing)?, notify.ok_or(Error::Missing)?);
        let notify_multiplier = bus.read(function, notify + 16) as usize;
        let index = bus.read(function, common + 4) as u8;
        let bar = bus.bar(function, index).ok_or(Error::Missing)?;
        let common = structure(bus, function, common, bar);
        // All structures usually lie in one BAR.
        let notify_index = bus.read(function, notify + 4) as u8;
        let bar = if notify_index == index { Some(bar) } else { bus.bar(function, notify_index) };
        let notify = structure(bus, function, notify, bar.ok_or(Error::Missing)?);
        bus.enable(function);
        Ok(Device { bus, function, common, notify, notify_multiplier, config, msix })
    }

    /// Turns the device's interrupts on.
    pub fn enable_interrupts(&mut self) {
        if !self.msix.is_some_and(|msix| self.bus.enable_msix(self.function, msix)) {
            defmt::warn!("a virtio device without MSI-X is polled");
        }
    }

    pub fn device_features(&mut self) -> u64 {
        let half = |select: u32| {
            self.common.write(DEVICE_FEATURE_SELECT, select);
            u64::from(self.common.read::<u32>(DEVICE_FEATURE))
        };
        half(0) | half(1) << 32
    }

    pub fn set_driver_features(&mut self, features: u64) {
        for select in [0, 1u32] {
            self.common.write(DRIVER_FEATURE_SELECT, select);
            self.common.write(DRIVER_FEATURE, (features >> (32 * select)) as u32);
        }
    }

    pub fn status(&self) -> u8 {
        self.common.read(DEVICE_STATUS)
    }

    pub fn set_status(&mut self, status: u8) {
        self.common.write(DEVICE_STATUS, status);
    }

    pub fn select_queue(&mut self, index: u16) -> u16 {
        self.common.write(QUEUE_SELECT, index);
        self.common.read(QUEUE_SIZE)
    }

    pub fn set_queue(&mut self, index: u16, offered: u16, size: u16, rings: &Rings) -> Notify {
        if size != offered {
            self.common.write(QUEUE_SIZE, size);
        }
        // Mapped before MSI-X is enabled: the vector means nothing until then.
        self.common.write(QUEUE_MSIX_VECTOR, VECTOR);
        for (register, paddr) in
            [(QUEUE_DESC, rings.descriptors()), (QUEUE_DRIVER, rings.avail()), (QUEUE_DEVICE, rings.used())]
        {
            // In halves: §4.1.3.1 wants 64-bit fields written by 32-bit accesses. Reset left the upper ones zero, as they are here.
            self.common.write(register, paddr as u32);
            debug_assert!(paddr >> 32 == 0, "all memory of an image lies below 4 GiB");
        }
        self.common.write(QUEUE_ENABLE, 1u16);
        let offset = usize::from(self.common.read::<u16>(QUEUE_NOTIFY_OFF)) * self.notify_multiplier;
        Notify::Narrow { paddr: self.notify.paddr(offset), queue: index }
    }

    pub fn config(&self, offset: usize) -> u8 {
        let read = |capability: u8| {
            let bar = self.bus.bar(self.function, self.bus.read(self.function, capability + 4) as u8)?;
            Some(structure(self.bus, self.function, capability, bar).read(offset))
        };
        self.config.and_then(read).unwrap_or(0)
    }
}

/// The structure that a capability says lies in its BAR, which is at `bar`.
fn structure(bus: Bus, function: Function, capability: u8, bar: usize) -> Registers {
    // SAFETY: the device says that this structure of its lies there, in its BAR, mapped uncached.
    unsafe { Registers::new(bar + bus.read(function, capability + 8) as usize) }
}
