// SPDX-License-Identifier: Apache-2.0
//! Copies between bytes and shared words, a cache line at a time.
//!
//! Relaxed loads and stores are plain moves; what orders them is the publication of the ring's indices.

use crate::sync::{AtomicU64, Ordering};

/// Words of a cache line.
pub(crate) const LINE_WORDS: usize = 8;
/// Bytes of a cache line.
pub(crate) const LINE_BYTES: usize = WORD_BYTES * LINE_WORDS;
const WORD_BYTES: usize = 8;

/// A cache line of shared memory.
pub(crate) type Line = [AtomicU64; LINE_WORDS];

/// Writes `bytes` to the front of `lines`, which are enough, the rest of the last word zero.
#[inline]
pub(crate) fn store(lines: &[Line], bytes: &[u8]) {
    let (whole, rest) = bytes.as_chunks::<LINE_BYTES>();
    for (line, bytes) in lines.iter().zip(whole) {
        store_line(line, bytes);
    }
    if let (false, Some(line)) = (rest.is_empty(), lines.get(whole.len())) {
        store_part(line, rest);
    }
}

/// Reads the front of `lines`, which are enough, into `bytes`.
#[inline]
pub(crate) fn load(lines: &[Line], bytes: &mut [u8]) {
    let (whole, rest) = bytes.as_chunks_mut::<LINE_BYTES>();
    let last = lines.get(whole.len());
    for (line, bytes) in lines.iter().zip(whole) {
        load_line(line, bytes);
    }
    if let (false, Some(line)) = (rest.is_empty(), last) {
        load_part(line, rest);
    }
}

/// The last line of a frame, not all of it.
#[inline]
fn store_part(line: &Line, bytes: &[u8]) {
    let (whole, rest) = bytes.as_chunks::<WORD_BYTES>();
    for (word, bytes) in line.iter().zip(whole) {
        word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
    }
    if let (false, Some(word)) = (rest.is_empty(), line.get(whole.len())) {
        let mut value = [0; WORD_BYTES];
        copy_part(&mut value, rest);
        word.store(u64::from_le_bytes(value), Ordering::Relaxed);
    }
}

#[inline]
fn load_part(line: &Line, bytes: &mut [u8]) {
    let (whole, rest) = bytes.as_chunks_mut::<WORD_BYTES>();
    let last = line.get(whole.len());
    for (word, bytes) in line.iter().zip(whole) {
        *bytes = word.load(Ordering::Relaxed).to_le_bytes();
    }
    if let (false, Some(word)) = (rest.is_empty(), last) {
        copy_part(rest, &word.load(Ordering::Relaxed).to_le_bytes());
    }
}

/// Copies as many bytes as both have, less than a word: at most three moves, where `memcpy` would be a call.
#[inline]
fn copy_part(to: &mut [u8], from: &[u8]) {
    let (to, from) = copy_chunk::<4>(to, from);
    let (to, from) = copy_chunk::<2>(to, from);
    copy_chunk::<1>(to, from);
}

/// Copies `N` bytes if both have as many, and gives what is left.
#[inline]
fn copy_chunk<'t, 'f, const N: usize>(to: &'t mut [u8], from: &'f [u8]) -> (&'t mut [u8], &'f [u8]) {
    if to.len() < N || from.len() < N {
        return (to, from);
    }
    let (to_chunk, to) = to.split_at_mut(N);
    let (from_chunk, from) = from.split_at(N);
    to_chunk.copy_from_slice(from_chunk);
    (to, from)
}

#[inline]
fn store_line(line: &Line, bytes: &[u8; LINE_BYTES]) {
    let (values, _) = bytes.as_chunks::<WORD_BYTES>();
    for (word, value) in line.iter().zip(values) {
        word.store(u64::from_le_bytes(*value), Ordering::Relaxed);
    }
}

#[inline]
fn load_line(line: &Line, bytes: &mut [u8; LINE_BYTES]) {
    let (values, _) = bytes.as_chunks_mut::<WORD_BYTES>();
    for (word, value) in line.iter().zip(values) {
        *value = word.load(Ordering::Relaxed).to_le_bytes();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_went_and_touch_nothing_else() {
        for length in 0..=200 {
            let lines: [Line; 4] = core::array::from_fn(|_| core::array::from_fn(|_| AtomicU64::new(u64::MAX)));
            let bytes: Vec<u8> = (0..length).map(|index| index as u8 ^ 0x5a).collect();
            store(&lines, &bytes);
            let mut back = vec![0xee; 256];
            load(&lines, &mut back[..length]);
            let words = lines.as_flattened();
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
    fn more_bytes_than_lines_stop_at_the_end() {
        let lines: [Line; 4] = core::array::from_fn(|_| core::array::from_fn(|_| AtomicU64::new(0)));
        for count in 0..4 {
            store(&lines[..count], &[0x11; 200]);
            load(&lines[..count], &mut [0; 200]);
        }
    }
}
