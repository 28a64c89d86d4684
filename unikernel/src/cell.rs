// SPDX-License-Identifier: Apache-2.0
//! Statics that change, on a machine with one processor and no preemption.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// A static that one owner takes out, once.
pub struct Once<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `take` hands the value to its first caller only, so no two threads ever share it; `Send` lets that caller be any.
unsafe impl<T: Send> Sync for Once<T> {}

impl<T> Once<T> {
    /// A value to take.
    pub const fn new(value: T) -> Self {
        Once { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// The value. Panics the second time.
    #[expect(clippy::mut_from_ref, reason = "the flag makes the reference unique")]
    pub fn take(&'static self) -> &'static mut T {
        // Relaxed: the flag orders nothing but itself; whoever sees `false` here is the only owner.
        assert!(!self.taken.swap(true, Ordering::Relaxed), "a static was taken twice");
        // SAFETY: the flag was false until now and is never reset, so this is the only reference there will ever be.
        unsafe { &mut *self.value.get() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "taken twice")]
    fn a_second_owner_is_refused() {
        static VALUE: Once<u32> = Once::new(7);
        assert_eq!(*VALUE.take(), 7);
        VALUE.take();
    }
}
