// SPDX-License-Identifier: Apache-2.0
//! Copies between bytes and shared words, at any offset.
//!
//! Relaxed loads and stores are plain moves; what orders them is the publication of a ring's indices. A copy that would leave the
//! words stops at their end.

use core::sync::atomic::{AtomicU64, Ordering};

const WORD_BYTES: usize = size_of::<u64>();

/// Reads from byte `offset` on.
#[inline]
pub(crate) fn load(words: &[AtomicU64], offset: usize, bytes: &mut [u8]) {
    let Some(words) = words.get(offset / WORD_BYTES..) else { return };
    let (first, bytes) = bytes.split_at_mut(head_of(offset, bytes.len()));
    let words = if first.is_empty() { words } else { load_part(words, offset % WORD_BYTES, first) };
    let (whole, rest) = bytes.as_chunks_mut::<WORD_BYTES>();
    let words_of_rest = words.get(whole.len()..).unwrap_or(&[]);
    for (word, bytes) in words.iter().zip(whole) {
        *bytes = word.load(Ordering::Relaxed).to_le_bytes();
    }
    load_part(words_of_rest, 0, rest);
}

/// Writes from byte `offset` on. Nobody else writes to the words that it touches.
#[inline]
pub(crate) fn store(words: &[AtomicU64], offset: usize, bytes: &[u8]) {
    let Some(words) = words.get(offset / WORD_BYTES..) else { return };
    let (first, bytes) = bytes.split_at(head_of(offset, bytes.len()));
    let words = if first.is_empty() { words } else { store_part(words, offset % WORD_BYTES, first) };
    let (whole, rest) = bytes.as_chunks::<WORD_BYTES>();
    let words_of_rest = words.get(whole.len()..).unwrap_or(&[]);
    for (word, bytes) in words.iter().zip(whole) {
        word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
    }
    store_part(words_of_rest, 0, rest);
}

/// How many of `length` bytes lie in the word that `offset` is inside of.
#[inline]
fn head_of(offset: usize, length: usize) -> usize {
    match offset % WORD_BYTES {
        0 => 0,
        within => (WORD_BYTES - within).min(length),
    }
}

/// Reads a part of the first word, and gives the words behind it.
#[inline]
fn load_part<'w>(words: &'w [AtomicU64], within: usize, bytes: &mut [u8]) -> &'w [AtomicU64] {
    let Some((word, behind)) = words.split_first() else { return words };
    let value = word.load(Ordering::Relaxed).to_le_bytes();
    if let Some(value) = value.get(within..within + bytes.len()) {
        bytes.copy_from_slice(value);
    }
    behind
}

/// Writes a part of the first word, and gives the words behind it.
#[inline]
fn store_part<'w>(words: &'w [AtomicU64], within: usize, bytes: &[u8]) -> &'w [AtomicU64] {
    let Some((word, behind)) = words.split_first() else { return words };
    let mut value = word.load(Ordering::Relaxed).to_le_bytes();
    if let Some(value) = value.get_mut(within..within + bytes.len()) {
        value.copy_from_slice(bytes);
    }
    word.store(u64::from_le_bytes(value), Ordering::Relaxed);
    behind
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn words(count: usize) -> Vec<AtomicU64> {
        (0..count).map(|_| AtomicU64::new(u64::MAX)).collect()
    }

    #[test]
    fn bytes_come_back_as_they_went_and_touch_nothing_else() {
        for offset in 0..20 {
            for length in 0..40 {
                let words = words(8);
                let bytes: Vec<u8> = (0..length).map(|index| index as u8 ^ 0x5a).collect();
                store(&words, offset, &bytes);
                let mut all = [0; 64];
                load(&words, 0, &mut all);
                assert_eq!(all[offset..offset + length], bytes);
                assert!(all[..offset].iter().chain(&all[offset + length..]).all(|&byte| byte == 0xff));
                let mut back = [0xee; 48];
                load(&words, offset, &mut back[..length]);
                assert_eq!(back[..length], bytes);
                assert!(back[length..].iter().all(|&byte| byte == 0xee));
            }
        }
    }

    #[test]
    fn copies_stop_at_the_end_of_the_words() {
        for count in 0..3 {
            for offset in 0..40 {
                store(&words(count), offset, &[0x11; 30]);
                load(&words(count), offset, &mut [0; 30]);
            }
        }
    }
}
