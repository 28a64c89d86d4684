// SPDX-License-Identifier: Apache-2.0
//! Memory that elements are lent for one run.

use std::cell::RefCell;

thread_local! {
    static LENT: RefCell<Vec<Box<dyn FnOnce()>>> = const { RefCell::new(Vec::new()) };
}

/// Memory for an element, until [`give_back`].
pub fn lent<T: 'static>(empty: impl Fn() -> T, count: usize) -> &'static mut [T] {
    let memory: *mut [T] = Box::into_raw((0..count).map(|_| empty()).collect::<Box<[T]>>());
    // SAFETY: `memory` was a box; whoever was lent it is gone when `give_back` is called.
    let end = move || drop(unsafe { Box::from_raw(memory) });
    LENT.with_borrow_mut(|all| all.push(Box::new(end)));
    // SAFETY: it is valid until `give_back`, and given out once.
    unsafe { &mut *memory }
}

/// Frees what was lent. The elements that had it must be gone.
pub fn give_back() {
    LENT.take().into_iter().for_each(|end| end());
}
