// SPDX-License-Identifier: Apache-2.0
//! Page tables: the first 4 GiB mapped one to one, writable or executable but never both.
//!
//! | where | page | access |
//! | --- | --- | --- |
//! | page 0, guard pages | – | none |
//! | code | 4 KiB | read, execute |
//! | constants | 4 KiB | read |
//! | all other RAM | 4 KiB below 2 MiB, else 2 MiB | read, write |
//! | everything without RAM (devices) | 2 MiB | read, write, uncached |
#![allow(unsafe_code)]

use super::pvh::Ram;
use x86_64::PhysAddr;
use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::structures::paging::page_table::{PageTable, PageTableFlags as Flags};
use x86_64::structures::paging::{PhysFrame, Size4KiB};

const SMALL: u64 = 4096;
const LARGE: u64 = 2 << 20;
const GIB: u64 = 1 << 30;

/// The level-4 table.
pub static mut PML4: PageTable = PageTable::new();
/// The level-3 table of the first 512 GiB.
pub static mut PDPT: PageTable = PageTable::new();
/// The level-2 tables of the first 4 GiB.
pub static mut PD: [PageTable; 4] = [const { PageTable::new() }; 4];
/// The level-1 table of the first 2 MiB.
static mut PT: PageTable = PageTable::new();

unsafe extern "C" {
    static image_rodata_start: u8;
    static image_rodata_end: u8;
    static image_guard_main: u8;
    static image_guard_fault: u8;
    static image_guard_interrupt: u8;
}

/// Builds the final tables and switches to them.
pub fn enter(ram: &[Ram]) {
    let tables = (&raw mut PML4, &raw mut PDPT, &raw mut PD, &raw mut PT);
    // SAFETY: called once, by the only processor; the references are gone when this returns, and from then on only the
    // processor reads the tables.
    let (pml4, pdpt, pd, pt) = unsafe { (&mut *tables.0, &mut *tables.1, &mut *tables.2, &mut *tables.3) };
    let branch = Flags::PRESENT | Flags::WRITABLE;
    pml4[0].set_addr(paddr(&raw const *pdpt), branch);
    for (gib, table) in pd.iter_mut().enumerate() {
        pdpt[gib].set_addr(paddr(&raw const *table), branch);
        for index in 0..512 {
            let start = gib as u64 * GIB + index as u64 * LARGE;
            table[index].set_addr(PhysAddr::new(start), large_page(start, ram));
        }
    }
    for index in 0..512 {
        let start = index as u64 * SMALL;
        pt[index].set_addr(PhysAddr::new(start), small_page(start));
    }
    pd[0][0].set_addr(paddr(&raw const *pt), branch);
    let root = PhysFrame::<Size4KiB>::containing_address(paddr(&raw const *pml4));
    // SAFETY: the tables map code, data and stack where they are now, with the rights they need.
    unsafe { Cr3::write(root, Cr3Flags::empty()) };
}

fn paddr<T>(table: *const T) -> PhysAddr {
    PhysAddr::new(table as u64)
}

fn large_page(start: u64, ram: &[Ram]) -> Flags {
    let page = Flags::PRESENT | Flags::WRITABLE | Flags::NO_EXECUTE | Flags::HUGE_PAGE;
    let is_ram = ram.iter().any(|range| range.start < start + LARGE && range.end > start);
    if is_ram { page } else { page | Flags::NO_CACHE | Flags::WRITE_THROUGH }
}

fn small_page(start: u64) -> Flags {
    let at = |symbol: *const u8| symbol as u64;
    let (rodata, rodata_end) = (at(&raw const image_rodata_start), at(&raw const image_rodata_end));
    let guards =
        [at(&raw const image_guard_main), at(&raw const image_guard_fault), at(&raw const image_guard_interrupt)];
    if start == 0 || guards.contains(&start) {
        Flags::empty()
    } else if (1 << 20..rodata).contains(&start) {
        Flags::PRESENT
    } else if (rodata..rodata_end).contains(&start) {
        Flags::PRESENT | Flags::NO_EXECUTE
    } else {
        Flags::PRESENT | Flags::WRITABLE | Flags::NO_EXECUTE
    }
}
