// SPDX-License-Identifier: Apache-2.0
//! PCI: finding devices, their capabilities and BARs, and MSI-X (PCI Local Bus 3.0; PCI Express base specification).
//!
//! Configuration space is reached by ECAM where ACPI's MCFG tells of one, else by the ports 0xCF8 and 0xCFC.
#![allow(unsafe_code)]

use crate::apic;
use core::sync::atomic::{AtomicU32, Ordering};
use heapless::Vec;
use x86_64::instructions::port::Port;

const COMMAND: u8 = 0x04;
const COMMAND_MEMORY: u32 = 1 << 1;
const COMMAND_BUS_MASTER: u32 = 1 << 2;
const COMMAND_INTERRUPT_DISABLE: u32 = 1 << 10;
const BAR0: u8 = 0x10;
const CAPABILITIES: u8 = 0x34;
/// The id of the MSI-X capability.
pub const MSIX_CAPABILITY: u8 = 0x11;
const MSIX_ENABLE: u32 = 1 << 31;
const MSIX_FUNCTION_MASK: u32 = 1 << 30;
/// Where BARs go that the firmware left alone, or that there is no firmware to place: above any RAM a VM of ours has there, below the
/// APICs, and below the configuration space where that lies higher (microvm's is at 0xe0000000).
const BAR_WINDOW: u32 = 0xd000_0000;
const BAR_WINDOW_END: u32 = 0xfe00_0000;

/// The way to configuration space.
#[derive(Clone, Copy, defmt::Format)]
pub enum ConfigSpace {
    /// Ports 0xCF8 (address) and 0xCFC (data): configuration mechanism #1.
    Ports,
    /// Memory-mapped: 4 KiB for each function from this physical address on.
    Ecam(usize),
}

/// Bus 0, which is the only one that these machines have.
#[derive(Clone, Copy)]
pub struct Bus {
    space: ConfigSpace,
}

/// Where the next BAR goes that has no place.
static NEXT_BAR: AtomicU32 = AtomicU32::new(BAR_WINDOW);

/// A function on bus 0: device number and function number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub struct Function {
    devfn: u8,
    /// Vendor.
    pub vendor: u16,
    /// Device.
    pub device: u16,
}

/// A PCI capability.
#[derive(Clone, Copy)]
pub struct Capability {
    /// Where it lies in configuration space.
    pub offset: u8,
    /// Its first word: the id (`PCI_CAP_ID_*`), the offset of the next one, and 16 bits of its own.
    pub header: u32,
}

impl Capability {
    /// `PCI_CAP_ID_*`
    pub fn id(self) -> u8 {
        self.header as u8
    }
}

impl Bus {
    /// Bus 0.
    pub fn new(space: ConfigSpace) -> Self {
        Bus { space }
    }

    /// The way to configuration space.
    pub fn space(&self) -> ConfigSpace {
        self.space
    }

    /// Puts the functions in slot `slot` into `found`, in reverse order. A device of vendor `plain` is taken to have one only: each
    /// access costs microseconds under emulation.
    pub fn functions(&self, slot: u8, plain: u16, found: &mut Vec<Function, 8>) {
        const HEADER_MULTI_FUNCTION: u32 = 1 << 23;
        let first = slot * 8;
        let Some(function) = self.probe(first) else { return };
        if function.vendor != plain && self.read(function, 0x0c) & HEADER_MULTI_FUNCTION != 0 {
            found.extend((1..8).rev().filter_map(|number| self.probe(first + number)));
        }
        let _ = found.push(function);
    }

    fn probe(&self, devfn: u8) -> Option<Function> {
        let id = self.read(Function { devfn, vendor: 0, device: 0 }, 0);
        (id as u16 != 0xffff).then_some(Function { devfn, vendor: id as u16, device: (id >> 16) as u16 })
    }

    /// Reads the 32-bit register at `offset`.
    pub fn read(&self, function: Function, offset: u8) -> u32 {
        match self.space {
            // SAFETY: reading configuration space has no effect that anybody relies on.
            ConfigSpace::Ports => unsafe {
                Port::new(0xcf8).write(port_address(function, offset));
                Port::new(0xcfc).read()
            },
            // SAFETY: the ECAM of bus 0 lies there, mapped uncached; the offset stays within the function's 4 KiB.
            ConfigSpace::Ecam(base) => unsafe { ecam_register(base, function, offset).read_volatile() },
        }
    }

    /// Writes the 32-bit register at `offset`.
    pub fn write(&self, function: Function, offset: u8, value: u32) {
        match self.space {
            // SAFETY: the callers write registers of devices that they drive.
            ConfigSpace::Ports => unsafe {
                Port::new(0xcf8).write(port_address(function, offset));
                Port::new(0xcfc).write(value);
            },
            // SAFETY: as above.
            ConfigSpace::Ecam(base) => unsafe { ecam_register(base, function, offset).write_volatile(value) },
        }
    }

    /// The capabilities of a function; a list that runs in circles ends. Each access costs microseconds under emulation, so
    /// each register is read once.
    pub fn capabilities(&self, function: Function) -> Vec<Capability, 16> {
        let mut offset = self.read(function, CAPABILITIES) as u8 & !3;
        let mut found = Vec::new();
        while offset != 0 && !found.is_full() {
            let header = self.read(function, offset);
            let _ = found.push(Capability { offset, header });
            offset = (header >> 8) as u8 & !3;
        }
        found
    }

    /// Lets the device decode memory and write to RAM. The upper half of the register has bits that ones clear.
    pub fn enable(&self, function: Function) {
        self.write(function, COMMAND, COMMAND_MEMORY | COMMAND_BUS_MASTER | COMMAND_INTERRUPT_DISABLE);
    }

    /// The physical address of memory BAR `index`, which is placed if the firmware did not, or put it beyond what is mapped. None if
    /// there is no such BAR, or no room for it.
    pub fn bar(&self, function: Function, index: u8) -> Option<usize> {
        const MEMORY_64: u32 = 0b100;
        let register = BAR0 + 4 * index;
        let low = self.read(function, register);
        if index > 5 || low & 1 != 0 {
            return None;
        }
        let wide = low & 0b110 == MEMORY_64;
        let base = low & !0xf;
        if base != 0 && !(wide && self.read(function, register + 4) != 0) {
            return Some(base as usize);
        }
        self.place(function, register, wide).map(|base| base as usize)
    }

    /// The physical address of memory BAR `index` and its bytes. To be asked before the device decodes memory: finding the size
    /// out overwrites the address for a moment.
    pub fn memory_bar(&self, function: Function, index: u8) -> Option<(usize, usize)> {
        let base = self.bar(function, index)?;
        let register = BAR0 + 4 * index;
        let bytes = self.size(function, register);
        self.write(function, register, base as u32);
        Some((base, bytes as usize))
    }

    /// The bytes of the BAR in `register`, which then has to be written again (PCI 3.0 §6.2.5.1).
    fn size(&self, function: Function, register: u8) -> u32 {
        self.write(function, register, !0);
        (!(self.read(function, register) & !0xf)).wrapping_add(1)
    }

    fn place(&self, function: Function, register: u8, wide: bool) -> Option<u32> {
        let size = self.size(function, register).max(4096);
        let base = NEXT_BAR.load(Ordering::Relaxed).checked_next_multiple_of(size)?;
        let limit = match self.space {
            ConfigSpace::Ecam(ecam) if ecam > BAR_WINDOW as usize => BAR_WINDOW_END.min(ecam as u32),
            _ => BAR_WINDOW_END,
        };
        let end = base.checked_add(size).filter(|&end| end <= limit)?;
        NEXT_BAR.store(end, Ordering::Relaxed);
        self.write(function, register, base);
        if wide {
            self.write(function, register + 4, 0);
        }
        Some(base)
    }

    /// Turns MSI-X on, entry 0 raising the wake-up interrupt. False if its table cannot be reached.
    pub fn enable_msix(&self, function: Function, capability: Capability) -> bool {
        let table = self.read(function, capability.offset + 4);
        let Some(bar) = self.bar(function, table as u8 & 7) else { return false };
        let entry = (bar + (table & !7) as usize) as *mut u32;
        let (address, data) = apic::MSI;
        for (index, value) in [address as u32, (address >> 32) as u32, data, 0].into_iter().enumerate() {
            // SAFETY: the MSI-X table lies in that BAR, which is mapped uncached; entry 0 is its first four words.
            unsafe { entry.add(index).write_volatile(value) };
        }
        self.write(function, capability.offset, (capability.header | MSIX_ENABLE) & !MSIX_FUNCTION_MASK);
        true
    }
}

fn port_address(function: Function, offset: u8) -> u32 {
    const ENABLE: u32 = 1 << 31;
    ENABLE | u32::from(function.devfn) << 8 | u32::from(offset & !3)
}

fn ecam_register(base: usize, function: Function, offset: u8) -> *mut u32 {
    (base + (usize::from(function.devfn) << 12) + usize::from(offset & !3)) as *mut u32
}
