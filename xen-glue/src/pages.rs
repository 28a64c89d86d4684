// SPDX-License-Identifier: Apache-2.0
//! Page frames: memory that the hypervisor or another domain may write too.
#![allow(unsafe_code)]

use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64};
#[cfg(any(test, feature = "fake"))]
use core::{cell::RefCell, sync::atomic::Ordering};
#[cfg(any(test, feature = "fake"))]
use std::collections::BTreeMap;

/// Bytes of a page.
pub const PAGE_BYTES: usize = 4096;

/// The frames of tests: the first of a run, where it lies, and how many they are.
#[cfg(any(test, feature = "fake"))]
static LEAKED: std::sync::Mutex<BTreeMap<u64, (usize, usize)>> = std::sync::Mutex::new(BTreeMap::new());

#[cfg(any(test, feature = "fake"))]
std::thread_local! {
    /// The first frames of runs that are to be used again, by how long they are; and of those that the scope that has begun lent.
    static SPARE: RefCell<BTreeMap<usize, Vec<u64>>> = const { RefCell::new(BTreeMap::new()) };
    static LENT: RefCell<Option<Vec<(u64, usize)>>> = const { RefCell::new(None) };
}

/// As long as this lives, frames of tests in this thread are noted, and used again afterwards: by then nobody has them any more.
#[cfg(any(test, feature = "fake"))]
pub struct Scope(());

#[cfg(any(test, feature = "fake"))]
impl Scope {
    /// Begins. There is one at a time.
    pub fn begin() -> Scope {
        let before = LENT.replace(Some(Vec::new()));
        assert!(before.is_none(), "scopes do not nest");
        Scope(())
    }
}

#[cfg(any(test, feature = "fake"))]
impl Drop for Scope {
    fn drop(&mut self) {
        for (frame, count) in LENT.take().into_iter().flatten() {
            SPARE.with_borrow_mut(|spare| spare.entry(count).or_default().push(frame));
        }
    }
}

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

    /// Frames for a test: zeroed, and given back at the end of a [`Scope`] of this thread, or never.
    #[cfg(any(test, feature = "fake"))]
    pub fn leaked(count: usize) -> Pages {
        let spare = SPARE.with_borrow_mut(|spare| spare.get_mut(&count).and_then(Vec::pop));
        let pages = spare.and_then(|frame| Pages::again(frame, count)).unwrap_or_else(|| Pages::fresh(count));
        pages.long_words().iter().for_each(|word| word.store(0, Ordering::Relaxed));
        LENT.with_borrow_mut(|lent| lent.iter_mut().for_each(|lent| lent.push((pages.frame(), count))));
        pages
    }

    #[cfg(any(test, feature = "fake"))]
    fn fresh(count: usize) -> Pages {
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
