// SPDX-License-Identifier: Apache-2.0
//! virtio over PCI, virtio 1.2 §4.1.4.
#![allow(unsafe_code)]

use super::Error;
use super::queue::{Notify, Rings};
use super::transport::Registers;
use crate::pci::{Bus, Function};

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
    common: Registers,
    notify: Registers,
    notify_multiplier: usize,
    config: Option<Registers>,
}

impl Device {
    /// Finds the device's structures and turns its interrupts on.
    pub fn new(bus: &mut Bus, function: Function) -> Result<Device, Error> {
        let mut common = None;
        let mut notify = None;
        let mut config = None;
        let capabilities = bus.capabilities(function);
        let mut bars: [Option<usize>; 6] = [None; 6];
        for capability in capabilities.iter().filter(|found| found.id() == VENDOR_CAPABILITY) {
            let offset = capability.offset;
            let slot = match (capability.header >> 24) as u8 {
                COMMON_CFG => &mut common,
                NOTIFY_CFG => &mut notify,
                DEVICE_CFG => &mut config,
                _ => continue,
            };
            let index = bus.read(function, offset + 4) as u8;
            let Some(known) = bars.get_mut(usize::from(index)) else { continue };
            *known = known.or_else(|| bus.bar(function, index));
            let Some(bar) = *known else { continue };
            let start = bar + bus.read(function, offset + 8) as usize;
            // SAFETY: the device says that this structure of its lies there, in its BAR, mapped uncached.
            let registers = unsafe { Registers::new(start) };
            slot.get_or_insert((registers, offset));
        }
        let (common, _) = common.ok_or(Error::Missing)?;
        let (notify, notify_capability) = notify.ok_or(Error::Missing)?;
        let notify_multiplier = bus.read(function, notify_capability + 16) as usize;
        bus.enable(function);
        if !bus.enable_msix(function, &capabilities) {
            defmt::warn!("a virtio device without MSI-X is polled");
        }
        Ok(Device { common, notify, notify_multiplier, config: config.map(|(registers, _)| registers) })
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

    pub fn queue_size(&mut self, index: u16) -> u16 {
        self.common.write(QUEUE_SELECT, index);
        self.common.read(QUEUE_SIZE)
    }

    pub fn set_queue(&mut self, index: u16, size: u16, rings: &Rings) -> Notify {
        self.common.write(QUEUE_SELECT, index);
        self.common.write(QUEUE_SIZE, size);
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
        self.config.map_or(0, |config| config.read(offset))
    }
}
