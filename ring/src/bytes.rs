// SPDX-License-Identifier: Apache-2.0
//! Copies between bytes and shared words, a cache line at a time.
//!
//! Relaxed loads and stores are plain moves; what orders them is the publication of the ring's indices.

use crate::sync::{AtomicU64, Ordering};

const WORD_BYTES: usize = 8;
const LINE_WORDS: usize = 8;
const LINE_BYTES: usize = WORD_BYTES * LINE_WORDS;

/// Writes `bytes` to the front of `words`, which are enough, the rest of the last word zero.
#[inline]
pub(crate) fn store(words: &[AtomicU64], bytes: &[u8]) {
    let (lines, rest) = bytes.as_chunks::<LINE_BYTES>();
    let (shared_lines, _) = words.as_chunks::<LINE_WORDS>();
    for (shared, line) in shared_lines.iter().zip(lines) {
        store_line(shared, line);
    }
    let words = words.get(lines.len() * LINE_WORDS..).unwrap_or_default();
    let (whole, last) = rest.as_chunks::<WORD_BYTES>();
    for (word, bytes) in words.iter().zip(whole) {
        word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
    }
    if let (false, Some(word)) = (last.is_empty(), words.get(whole.len())) {
        let value = last.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
        word.store(value, Ordering::Relaxed);
    }
}

/// Reads the front of `words`, which are enough, into `bytes`.
#[inline]
pub(crate) fn load(words: &[AtomicU64], bytes: &mut [u8]) {
    let (lines, rest) = bytes.as_chunks_mut::<LINE_BYTES>();
    let (shared_lines, _) = words.as_chunks::<LINE_WORDS>();
    let words = words.get(lines.len() * LINE_WORDS..).unwrap_or_default();
    for (shared, line) in shared_lines.iter().zip(lines) {
        load_line(shared, line);
    }
    let (whole, last) = rest.as_chunks_mut::<WORD_BYTES>();
    let after = words.get(whole.len());
    for (word, bytes) in words.iter().zip(whole) {
        *bytes = word.load(Ordering::Relaxed).to_le_bytes();
    }
    if let (false, Some(word)) = (last.is_empty(), after) {
        let value = word.load(Ordering::Relaxed).to_le_bytes();
        last.iter_mut().zip(value).for_each(|(byte, value)| *byte = value);
    }
}

#[inline]
fn store_line(words: &[AtomicU64; LINE_WORDS], line: &[u8; LINE_BYTES]) {
    let (values, _) = line.as_chunks::<WORD_BYTES>();
    for (word, value) in words.iter().zip(values) {
        word.store(u64::from_le_bytes(*value), Ordering::Relaxed);
    }
}

#[inline]
fn load_line(words: &[AtomicU64; LINE_WORDS], line: &mut [u8; LINE_BYTES]) {
    let (values, _) = line.as_chunks_mut::<WORD_BYTES>();
    for (word, value) in words.iter().zip(values) {
        *value = word.load(Ordering::Relaxed).to_le_bytes();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_went_and_touch_nothing_else() {
        for length in 0..=200 {
            let words: Vec<AtomicU64> = (0..32).map(|_| AtomicU64::new(u64::MAX)).collect();
            let bytes: Vec<u8> = (0..length).map(|index| index as u8 ^ 0x5a).collect();
            store(&words, &bytes);
            let mut back = vec![0xee; 256];
            load(&words, &mut back[..length]);
            assert_eq!(back[..length], bytes);
            assert!(back[length..].iter().all(|byte| *byte == 0xee));
            let touched = length.div_ceil(8);
            assert!(words[touched..].iter().all(|word| word.load(Ordering::Relaxed) == u64::MAX), "{length}");
            if length % 8 > 0 {
                assert_eq!(words[touched - 1].load(Ordering::Relaxed) >> (length % 8 * 8), 0, "padding is zero");
            }
        }
    }

    #[test]
    fn more_bytes_than_words_stop_at_the_end() {
        for count in 0..20 {
            let words: Vec<AtomicU64> = (0..count).map(|_| AtomicU64::new(0)).collect();
            store(&words, &[0x11; 200]);
            load(&words, &mut [0; 200]);
        }
    }
}
