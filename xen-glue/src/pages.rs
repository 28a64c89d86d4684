// SPDX-License-Identifier: Apache-2.0
//! Page frames: memory that the hypervisor or another domain may write too.
#![allow(unsafe_code)]

use core::sync::atomic::{AtomicU32, AtomicU64};

/// Bytes of a page.
pub const PAGE_BYTES: usize = 4096;

/// A run of page frames, seen as atomic words: whoever else writes them gives us wrong values, never undefined behaviour. It is
/// their only name in this domain: it cannot be copied.
///
/// Fields narrower than a word are read and written within theirs, as little-endian x86 lays them out.
#[derive(Debug)]
pub struct Pages {
    first: *mut u8,
    count: usize,
}

// SAFETY: only atomics of the memory are ever handed out.
unsafe impl Send for Pages {}
// SAFETY: as above.
unsafe impl Sync for Pages {}

impl Pages {
    /// The `count` frames from `first` on.
    ///
    /// # Safety
    /// `first` is a multiple of [`PAGE_BYTES`]; the memory is mapped, at the address that is also its guest-physical one, for ever,
    /// and no reference into it exists or will, but for those that this gives.
    pub const unsafe fn new(first: *mut u8, count: usize) -> Pages {
        Pages { first, count }
    }

    /// How many frames they are.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The number of the first frame.
    pub fn frame(&self) -> u64 {
        self.first.addr() as u64 / PAGE_BYTES as u64
    }

    /// Their 32-bit words.
    pub fn words(&self) -> &'static [AtomicU32] {
        // SAFETY: the caller of `new` said so; each bit pattern is a word.
        unsafe { core::slice::from_raw_parts(self.first.cast(), self.count * PAGE_BYTES / size_of::<AtomicU32>()) }
    }

    /// Their 64-bit words.
    pub fn long_words(&self) -> &'static [AtomicU64] {
        // SAFETY: as in `words`.
        unsafe { core::slice::from_raw_parts(self.first.cast(), self.count * PAGE_BYTES / size_of::<AtomicU64>()) }
    }

    /// Frames for a test: zeroed, never given back.
    #[cfg(any(test, feature = "fake"))]
    pub fn leaked(count: usize) -> Pages {
        #[derive(Clone)]
        #[repr(align(4096))]
        struct Page([u8; PAGE_BYTES]);

        let pages = std::vec![Page([0; PAGE_BYTES]); count].leak();
        debug_assert!(pages.iter().all(|page| page.0[0] == 0));
        // SAFETY: leaked just now, aligned by its type; a test's hypervisor is this process, so any address is guest-physical.
        unsafe { Pages::new(pages.as_mut_ptr().cast(), count) }
    }
}
