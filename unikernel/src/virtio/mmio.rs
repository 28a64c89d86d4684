// SPDX-License-Identifier: Apache-2.0
//! virtio over MMIO, virtio 1.2 §4.2.2.
#![allow(unsafe_code)]

use super::queue::{Notify, Rings};
use super::transport::Registers;
use crate::apic;

const MAGIC: usize = 0x000;
const VERSION: usize = 0x004;
const DEVICE_ID: usize = 0x008;
const DEVICE_FEATURES: usize = 0x010;
const DEVICE_FEATURES_SEL: usize = 0x014;
const DRIVER_FEATURES: usize = 0x020;
const DRIVER_FEATURES_SEL: usize = 0x024;
const QUEUE_SEL: usize = 0x030;
const QUEUE_NUM_MAX: usize = 0x034;
const QUEUE_NUM: usize = 0x038;
const QUEUE_READY: usize = 0x044;
const QUEUE_NOTIFY: usize = 0x050;
const INTERRUPT_STATUS: usize = 0x060;
const INTERRUPT_ACK: usize = 0x064;
const STATUS: usize = 0x070;
const QUEUE_DESC: usize = 0x080;
const QUEUE_DRIVER: usize = 0x090;
const QUEUE_DEVICE: usize = 0x0a0;
const CONFIG: usize = 0x100;

/// "virt"
const MAGIC_VALUE: u32 = 0x7472_6976;
/// The register layout of modern devices.
const MODERN: u32 = 2;

/// A device's registers, and its interrupt line.
pub struct Device {
    registers: Registers,
    line: u32,
}

impl Device {
    /// The device at `paddr`, which interrupts by `line` of the I/O APIC, and its device id; none if there is no modern device.
    ///
    /// # Safety
    /// `paddr` is where the VMM says that a virtio-mmio window lies.
    pub unsafe fn probe(paddr: usize, line: u32) -> Option<(Device, u32)> {
        // SAFETY: the caller's promise; a window is 0x200 bytes.
        let registers = unsafe { Registers::new(paddr) };
        let modern = registers.read::<u32>(MAGIC) == MAGIC_VALUE && registers.read::<u32>(VERSION) == MODERN;
        let id = if modern { registers.read(DEVICE_ID) } else { 0 };
        (id != 0).then_some((Device { registers, line }, id))
    }

    pub fn device_features(&mut self) -> u64 {
        let half = |select: u32| {
            self.registers.write(DEVICE_FEATURES_SEL, select);
            u64::from(self.registers.read::<u32>(DEVICE_FEATURES))
        };
        half(0) | half(1) << 32
    }

    pub fn set_driver_features(&mut self, features: u64) {
        for select in [0, 1u32] {
            self.registers.write(DRIVER_FEATURES_SEL, select);
            self.registers.write(DRIVER_FEATURES, (features >> (32 * select)) as u32);
        }
    }

    pub fn status(&self) -> u8 {
        self.registers.read::<u32>(STATUS) as u8
    }

    pub fn set_status(&mut self, status: u8) {
        self.registers.write(STATUS, u32::from(status));
    }

    pub fn select_queue(&mut self, index: u16) -> u16 {
        self.registers.write(QUEUE_SEL, u32::from(index));
        self.registers.read::<u32>(QUEUE_NUM_MAX).min(1 << 15) as u16
    }

    pub fn set_queue(&mut self, index: u16, _offered: u16, size: u16, rings: &Rings) -> Notify {
        self.registers.write(QUEUE_NUM, u32::from(size));
        let areas = [(QUEUE_DESC, rings.descriptors()), (QUEUE_DRIVER, rings.avail()), (QUEUE_DEVICE, rings.used())];
        for (register, paddr) in areas {
            // Reset left the upper halves zero, as they are here: all memory of an image lies below 4 GiB.
            self.registers.write(register, paddr as u32);
        }
        self.registers.write(QUEUE_READY, 1u32);
        Notify::Wide { paddr: self.registers.paddr(QUEUE_NOTIFY), queue: index }
    }

    pub fn config(&self, offset: usize) -> u8 {
        self.registers.read(CONFIG + offset)
    }

    pub fn enable_interrupts(&mut self) {
        apic::route(self.line);
    }

    #[inline]
    pub fn acknowledge(&mut self) {
        let pending: u32 = self.registers.read(INTERRUPT_STATUS);
        if pending != 0 {
            self.registers.write(INTERRUPT_ACK, pending);
        }
    }
}
