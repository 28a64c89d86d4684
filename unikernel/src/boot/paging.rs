// SPDX-License-Identifier: Apache-2.0
//! What changes in the page tables after the entry code has made them.
#![allow(unsafe_code)]

use x86_64::VirtAddr;
use x86_64::instructions::tlb;
use x86_64::structures::paging::page_table::PageTableFlags;

const LARGE: usize = 2 << 20;
const UNCACHED: u64 = PageTableFlags::NO_CACHE.bits() | PageTableFlags::WRITE_THROUGH.bits();

unsafe extern "C" {
    /// The level-2 tables of the first 4 GiB, one behind the other: an entry for each 2 MiB.
    static mut image_large_pages: [u64; 2048];
}

/// Maps the memory behind a device as RAM is mapped, if it has its 2 MiB pages for itself; else it stays uncached as its
/// neighbours are.
pub fn make_cacheable(paddr: usize, bytes: usize) {
    if !paddr.is_multiple_of(LARGE) || !bytes.is_multiple_of(LARGE) {
        defmt::warn!("memory at {=usize:#x} shares its pages with a device and is slow", paddr);
        return;
    }
    for page in (paddr..paddr + bytes).step_by(LARGE) {
        // SAFETY: one processor, and nobody holds a reference into the tables. Nothing was accessed there yet, so no cache holds
        // any of it; the page stays where it is, with the same rights.
        unsafe { image_large_pages[page / LARGE] &= !UNCACHED };
        tlb::flush(VirtAddr::new(page as u64));
    }
}

/// Empties the TLB. Nothing has changed, but QEMU's emulated TLB begins with 256 entries of 4 KiB and grows only when it is flushed
/// while most of them are in use (QEMU accel/tcg/cputlb.c, `tlb_mmu_resize_locked`): without it, each access to a table of some
/// MiB would be a walk through the page tables. Real processors do not notice one now and then.
#[cold]
pub fn flush_tlb() {
    tlb::flush_all();
}
