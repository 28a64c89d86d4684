// SPDX-License-Identifier: Apache-2.0
//! What the VMM tells at start: `hvm_start_info` (xen/include/public/arch-x86/hvm/start_info.h).
#![allow(unsafe_code)]

/// `XEN_HVM_START_MAGIC_VALUE`
const MAGIC: u32 = 0x336e_c578;
/// `XEN_HVM_MEMMAP_TYPE_RAM`
const MEMMAP_TYPE_RAM: u32 = 1;
/// Longest command line that is read.
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

impl StartInfo {
    /// The byte behind the range of RAM that `image_end` lies in.
    pub fn ram_end(&self, image_end: u64) -> u64 {
        assert!(self.magic == MAGIC, "the VMM passed no hvm_start_info");
        assert!(self.version >= 1 && self.memmap_paddr != 0, "the VMM passed no memory map");
        let entries = self.memmap_entries.min(64) as usize;
        // SAFETY: PVH: the VMM put that many entries at this address, and nothing writes there; memory is identity-mapped.
        let map = unsafe { core::slice::from_raw_parts(self.memmap_paddr as *const MemmapEntry, entries) };
        let around =
            |entry: &&MemmapEntry| entry.kind == MEMMAP_TYPE_RAM && image_end.wrapping_sub(entry.paddr) < entry.bytes;
        let range = map.iter().find(around).expect("the image lies in RAM of the memory map");
        range.paddr.saturating_add(range.bytes)
    }

    /// The command line; empty if there is none. To be read before RAM is used: Xen puts it behind the image.
    pub fn command_line(&self) -> &[u8] {
        let first = self.cmdline_paddr as *const u8;
        let mut length = 0;
        // SAFETY: PVH: a zero-terminated string in RAM that nothing writes to; no byte behind the zero is read.
        while !first.is_null() && length < COMMAND_LINE_BYTES && unsafe { first.add(length).read() } != 0 {
            length += 1;
        }
        // SAFETY: these bytes have just been read; a slice without bytes may begin anywhere but at null.
        if length == 0 { &[] } else { unsafe { core::slice::from_raw_parts(first, length) } }
    }

    /// Physical address of ACPI's root pointer; 0 if unknown.
    pub fn rsdp_paddr(&self) -> u64 {
        self.rsdp_paddr
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(info.command_line(), b"a=b");
        assert_eq!(info.ram_end(0x13_0000), 0x80_0000);
        assert_eq!(info.ram_end(0x1000), 0x9f000);
    }
}
