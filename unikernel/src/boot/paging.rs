// SPDX-License-Identifier: Apache-2.0
//! Page tables: the first 4 GiB mapped one to one, writable or executable but never both (of the gigabytes without RAM only
//! the last two, where devices are).
//!
//! | where | page | access |
//! | --- | --- | --- |
//! | page 0, guard pages | – | none |
//! | code | 4 KiB | read, execute |
//! | constants | 4 KiB | read |
//! | all other RAM | 4 KiB up to the image's stacks, else 2 MiB | read, write |
//! | everything without RAM (devices) | 2 MiB | read, write, uncached |
#![allow(unsafe_code)]

use super::pvh::Ram;
use x86_64::PhysAddr;
use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::structures::paging::page_table::PageTableFlags;
use x86_64::structures::paging::{PhysFrame, Size4KiB};

const SMALL: u64 = 4096;
const LARGE: u64 = 2 << 20;
const GIB: u64 = 1 << 30;

/// Entries as plain words: the loops below run before anything is warm, and every instruction of theirs counts.
#[repr(C, align(4096))]
pub struct Table([u64; 512]);

const PRESENT: u64 = PageTableFlags::PRESENT.bits();
const READ_WRITE: u64 = PRESENT | PageTableFlags::WRITABLE.bits() | PageTableFlags::NO_EXECUTE.bits();
const HUGE: u64 = PageTableFlags::HUGE_PAGE.bits();
const UNCACHED: u64 = PageTableFlags::NO_CACHE.bits() | PageTableFlags::WRITE_THROUGH.bits();
const BRANCH: u64 = PRESENT | PageTableFlags::WRITABLE.bits();

/// The level-4 table.
pub static mut PML4: Table = Table([0; 512]);
/// The level-3 table of the first 512 GiB.
pub static mut PDPT: Table = Table([0; 512]);
/// The level-2 table that the entry code fills: what runs now runs by it until the final tables are whole.
pub static mut ENTRY_PD: Table = Table([0; 512]);
/// The level-2 tables of the first 4 GiB.
static mut PD: [Table; 4] = [const { Table([0; 512]) }; 4];

unsafe extern "C" {
    /// The level-1 tables, from address 0 up to `image_small_pages_end`.
    static mut image_page_tables: Table;
    static image_small_pages_end: u8;
    static image_code_start: u8;
    static image_rodata_start: u8;
    static image_rodata_end: u8;
    static image_guard_main: u8;
    static image_guard_fault: u8;
    static image_guard_interrupt: u8;
}

/// Builds the final tables and switches to them.
pub fn enter(ram: Ram) {
    let tables = (&raw mut PML4, &raw mut PDPT, &raw mut PD, &raw mut image_page_tables);
    let small = (&raw const image_small_pages_end as usize).div_ceil(LARGE as usize);
    // SAFETY: called once, by the only processor; the references are gone when this returns, and from then on only the
    // processor reads the tables. The linker script leaves room for so many level-1 tables.
    let (pml4, pdpt, pd, pt) = unsafe {
        (&mut *tables.0, &mut *tables.1, &mut *tables.2, core::slice::from_raw_parts_mut(tables.3.cast(), 512 * small))
    };
    fill(pt, 0, SMALL, READ_WRITE);
    protect(pt);
    for (gib, table) in pd.iter_mut().enumerate() {
        let start = gib as u64 * GIB;
        // Of the gigabytes without RAM only the last two have devices (q35 has its ECAM at 0xb0000000).
        if start < ram.end || gib >= 2 {
            let ram = (ram.end.saturating_sub(start).div_ceil(LARGE) as usize).min(512);
            let (ram, devices) = table.0.split_at_mut(ram);
            fill(ram, start, LARGE, READ_WRITE | HUGE);
            fill(devices, start + ram.len() as u64 * LARGE, LARGE, READ_WRITE | HUGE | UNCACHED);
            if gib == 0 {
                fill(&mut table.0[..small], tables.3 as u64, SMALL, BRANCH);
            }
            pdpt.0[gib] = &raw const *table as u64 | BRANCH;
        }
    }
    let root = PhysFrame::<Size4KiB>::containing_address(PhysAddr::new(&raw const *pml4 as u64));
    // SAFETY: the tables map code, data and stack where they are now, with the rights they need.
    unsafe { Cr3::write(root, Cr3Flags::empty()) };
}

/// One copy of this loop, because it runs once for each table.
#[inline(never)]
fn fill(entries: &mut [u64], start: u64, step: u64, flags: u64) {
    let mut value = start | flags;
    for entry in entries {
        *entry = value;
        value += step;
    }
}

/// Takes rights away from page 0, code, constants and guard pages.
fn protect(entries: &mut [u64]) {
    let page = |symbol: *const u8| (symbol as u64 / SMALL) as usize;
    let (rodata, rodata_end) = (page(&raw const image_rodata_start), page(&raw const image_rodata_end));
    let code = page(&raw const image_code_start);
    for (index, entry) in entries[code..rodata].iter_mut().enumerate() {
        *entry = ((code + index) as u64 * SMALL) | PRESENT;
    }
    for entry in &mut entries[rodata..rodata_end] {
        *entry &= !PageTableFlags::WRITABLE.bits();
    }
    let guards = [&raw const image_guard_main, &raw const image_guard_fault, &raw const image_guard_interrupt];
    entries[0] = 0;
    for guard in guards {
        entries[page(guard)] = 0;
    }
}
