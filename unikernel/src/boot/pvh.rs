// SPDX-License-Identifier: Apache-2.0
//! What the VMM tells at start: `hvm_start_info` (xen/include/public/arch-x86/hvm/start_info.h).
#![allow(unsafe_code)]

use heapless::{String, Vec};

/// `XEN_HVM_START_MAGIC_VALUE`
const MAGIC: u32 = 0x336e_c578;
/// `XEN_HVM_MEMMAP_TYPE_RAM`
const MEMMAP_TYPE_RAM: u32 = 1;
/// Longest command line that is kept.
const COMMAND_LINE_BYTES: usize = 2048;

/// `struct hvm_start_info`, version 1.
#[repr(C)]
pub struct StartInfo {
    magic: u32,
    version: u32,
    flags: u32,
    module_count: u32,
    modlist_paddr: u64,
    cmdline_paddr: u64,
    rsdp_paddr: u64,
    memmap_paddr: u64,
    memmap_entries: u32,
    reserved: u32,
}

const _: () = assert!(size_of::<StartInfo>() == 56 && core::mem::offset_of!(StartInfo, memmap_paddr) == 40);

/// `struct hvm_memmap_table_entry`.
#[repr(C)]
#[derive(Clone, Copy)]
struct MemmapEntry {
    paddr: u64,
    bytes: u64,
    kind: u32,
    reserved: u32,
}

const _: () = assert!(size_of::<MemmapEntry>() == 24);

/// A range of RAM, in bytes of physical address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ram {
    /// First byte.
    pub start: u64,
    /// Byte behind the last.
    pub end: u64,
}

impl StartInfo {
    /// The ranges of RAM (at most eight are kept).
    pub fn ram(&self) -> Vec<Ram, 8> {
        assert!(self.magic == MAGIC, "the VMM passed no hvm_start_info");
        assert!(self.version >= 1 && self.memmap_paddr != 0, "the VMM passed no memory map");
        let entries = self.memmap_entries.min(64) as usize;
        // SAFETY: PVH: the VMM put that many entries at this address, and nothing writes there; memory is identity-mapped.
        let map = unsafe { core::slice::from_raw_parts(self.memmap_paddr as *const MemmapEntry, entries) };
        let ram = map.iter().filter(|entry| entry.kind == MEMMAP_TYPE_RAM);
        ram.map(|entry| Ram { start: entry.paddr, end: entry.paddr.saturating_add(entry.bytes) }).take(8).collect()
    }

    /// A copy of the command line (Xen puts the original behind the image, in memory that will be used); empty if there is
    /// none or it is not UTF-8.
    pub fn command_line(&self) -> CommandLine {
        let mut bytes = Vec::new();
        let first = self.cmdline_paddr as *const u8;
        for index in 0..COMMAND_LINE_BYTES {
            // SAFETY: PVH: a zero-terminated string in RAM that nothing writes to; no byte behind the zero is read.
            let byte = if first.is_null() { 0 } else { unsafe { first.add(index).read() } };
            if byte == 0 || bytes.push(byte).is_err() {
                break;
            }
        }
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Physical address of ACPI's root pointer; 0 if unknown.
    pub fn rsdp_paddr(&self) -> u64 {
        self.rsdp_paddr
    }
}

/// The kernel's command line.
pub type CommandLine = String<COMMAND_LINE_BYTES>;

/// The value of `key=value` among the words of a command line.
pub fn parameter<'a>(command_line: &'a str, key: &str) -> Option<&'a str> {
    command_line.split_ascii_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_whole_words() {
        let line = "tsc_khz=2600000 xtsc_khz=1 quiet";
        assert_eq!(parameter(line, "tsc_khz"), Some("2600000"));
        assert_eq!(parameter(line, "quiet"), None);
        assert_eq!(parameter(line, "tsc"), None);
    }

    #[test]
    fn only_ram_counts_as_ram() {
        let map = [
            MemmapEntry { paddr: 0, bytes: 0x9f000, kind: 1, reserved: 0 },
            MemmapEntry { paddr: 0xf0000, bytes: 0x10000, kind: 2, reserved: 0 },
            MemmapEntry { paddr: 0x100000, bytes: 0x700000, kind: 1, reserved: 0 },
        ];
        let info = StartInfo {
            magic: MAGIC,
            version: 1,
            flags: 0,
            module_count: 0,
            modlist_paddr: 0,
            cmdline_paddr: c"a=b".as_ptr() as u64,
            rsdp_paddr: 0,
            memmap_paddr: map.as_ptr() as u64,
            memmap_entries: 3,
            reserved: 0,
        };
        assert_eq!(info.command_line(), "a=b");
        assert_eq!(info.ram().as_slice(), [Ram { start: 0, end: 0x9f000 }, Ram { start: 0x100000, end: 0x800000 }]);
    }
}
