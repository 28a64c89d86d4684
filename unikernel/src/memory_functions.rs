// SPDX-License-Identifier: Apache-2.0
//! `memcpy` and its kin, which compiled code calls and no C library brings.
//!
//! Vectors of 16 bytes, or words of 8 where they are compared, then what is left: `rep movsb` is one emulated instruction per
//! byte under software emulation, and where the count is known the compiler puts these bodies in place of the calls.
#![cfg(not(test))]
#![allow(unsafe_code)]

use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_set1_epi8, _mm_storeu_si128};

const VECTOR: usize = 16;
const WORD: usize = 8;

/// What unwinding tables of the prebuilt compiler_builtins name (128-bit division has some). Nothing here unwinds, so nothing
/// calls it.
// SAFETY: the only symbol of that name: an image has no other language runtime.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// C's `memcpy`.
///
/// # Safety
/// As in C: `count` bytes readable at `from` and writable at `to`, not overlapping.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    let mut at = 0;
    while at + VECTOR <= count {
        // SAFETY: `at + VECTOR <= count`, and the caller vouches for `count` bytes on both sides.
        unsafe { copy_vector(to.add(at), from.add(at)) };
        at += VECTOR;
    }
    if at + WORD <= count {
        // SAFETY: `at + WORD <= count`.
        unsafe { to.add(at).cast::<u64>().write_unaligned(word(from.add(at))) };
        at += WORD;
    }
    while at < count {
        // SAFETY: `at < count`. Volatile, so that the compiler does not make a call of memcpy of it.
        unsafe { to.add(at).write_volatile(from.add(at).read()) };
        at += 1;
    }
    to
}

/// C's `memmove`.
///
/// # Safety
/// As in C: `count` bytes readable at `from` and writable at `to`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= count {
        // SAFETY: going up never overwrites what is still to be read when `to` lies below `from` or beyond its end.
        return unsafe { memcpy(to, from, count) };
    }
    let mut left = count;
    while left >= VECTOR {
        left -= VECTOR;
        // SAFETY: within `count`; going down, each vector is read before anything above it has been written over it.
        unsafe { copy_vector(to.add(left), from.add(left)) };
    }
    while left > 0 {
        left -= 1;
        // SAFETY: as above.
        unsafe { to.add(left).write_volatile(from.add(left).read()) };
    }
    to
}

/// C's `memset`.
///
/// # Safety
/// As in C: `count` bytes writable at `to`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8 {
    // SAFETY: SSE2 is part of x86-64.
    let vector = unsafe { _mm_set1_epi8(value as i8) };
    let mut at = 0;
    while at + VECTOR <= count {
        // SAFETY: `at + VECTOR <= count`.
        unsafe { _mm_storeu_si128(to.add(at).cast::<__m128i>(), vector) };
        at += VECTOR;
    }
    while at < count {
        // SAFETY: `at < count`.
        unsafe { to.add(at).write_volatile(value as u8) };
        at += 1;
    }
    to
}

/// C's `memcmp`.
///
/// # Safety
/// As in C: `count` bytes readable at both.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    let mut at = 0;
    while at + WORD <= count {
        // SAFETY: `at + WORD <= count`.
        let (a, b) = unsafe { (word(left.add(at)), word(right.add(at))) };
        if a != b {
            // The first byte counts most.
            return if a.swap_bytes() < b.swap_bytes() { -1 } else { 1 };
        }
        at += WORD;
    }
    while at < count {
        // SAFETY: `at < count`.
        let (a, b) = unsafe { (left.add(at).read(), right.add(at).read()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
        at += 1;
    }
    0
}

/// BSD's `bcmp`, which the compiler calls where only equality counts.
///
/// # Safety
/// As for [`memcmp`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    // SAFETY: the caller's promise is memcmp's.
    unsafe { memcmp(left, right, count) }
}

/// Reads one word.
///
/// # Safety
/// [`WORD`] bytes readable there.
#[inline]
unsafe fn word(from: *const u8) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { from.cast::<u64>().read_unaligned() }
}

/// Copies one vector.
///
/// # Safety
/// [`VECTOR`] bytes readable at `from` and writable at `to`.
#[inline]
unsafe fn copy_vector(to: *mut u8, from: *const u8) {
    // SAFETY: the caller's promise; unaligned access is what these two are for.
    unsafe { _mm_storeu_si128(to.cast::<__m128i>(), _mm_loadu_si128(from.cast::<__m128i>())) }
}
