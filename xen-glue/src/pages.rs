// SPDX-License-Identifier: Apache-2.0
//! Page frames: memory that the hypervisor or another domain may write too.
#![allow(unsafe_code)]

use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64};

/// Bytes of a page.
pub const PAGE_BYTES: usize = 4096;

/// The frames of tests: the first of a run, where it lies, and how many they are.
#[cfg(any(test, feature = "fake"))]
static LEAKED: std::sync::Mutex<std::collections::BTreeMap<u64, (usize, usize)>> =
    std::sync::Mutex::new(std::collections::BTreeMap::new());

/// A run of page frames, seen as atomics: whoever else writes them gives us wrong values, never undefined behaviour. It is
/// their only name in this domain: it cannot be copied.
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
        let frame = self.first.addr() as u64 / PAGE_BYTES as u64;
        // A process lies higher than guests do, whose frames fit 32 bits; its own lie close enough together.
        if cfg!(any(test, feature = "fake")) { frame & 0xffff_ffff } else { frame }
    }

    /// Their bytes.
    pub fn bytes(&self) -> &'static [AtomicU8] {
        // SAFETY: as in `words`.
        unsafe { core::slice::from_raw_parts(self.first.cast(), self.count * PAGE_BYTES) }
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
        let place = pages.as_mut_ptr().expose_provenance();
        // SAFETY: leaked just now, aligned by its type; a test's hypervisor is this process.
        let pages = unsafe { Pages::new(core::ptr::with_exposed_provenance_mut(place), count) };
        LEAKED.lock().expect("no test fails holding it").insert(pages.frame(), (place, count));
        pages
    }

    /// The same frames once more, as the fake hypervisor and another domain have them. None if these are no frames of a test.
    #[cfg(any(test, feature = "fake"))]
    pub fn again(frame: u64, count: usize) -> Option<Pages> {
        let leaked = LEAKED.lock().expect("no test fails holding it");
        let (&first, &(place, of)) = leaked.range(..=frame).next_back()?;
        (frame + count as u64 <= first + of as u64).then_some(())?;
        let place = core::ptr::with_exposed_provenance_mut(place + (frame - first) as usize * PAGE_BYTES);
        // SAFETY: `leaked` made these frames, and only atomics of them are ever handed out.
        Some(unsafe { Pages::new(place, count) })
    }
}
