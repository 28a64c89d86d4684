// SPDX-License-Identifier: Apache-2.0
//! How a tree lies in memory.
//!
//! ```text
//! head    MAGIC, words in all, checksum of the words behind it, rules, STEPS, far words F, then F places of far words
//! leaf    LEAF | rules, then per rule: number, leaf << 16 | words of its tests, its tests
//! split   SPLIT | bounds B, field, B bounds (ascending), B + 1 targets: that of values below the first bound, …
//! both    BOTH | parts P, then per part: least rule number in it, target; ascending
//! test    field, first | last << 16 for a field in NARROW words, else field, first, last
//! ```
//!
//! The root is the first node. A target is the place of a later node, or 0: no rules. A field is `word << 26 | left << 21 | right << 16`.
//! So every way through the nodes ends.

/// Four bytes of a tree. Not `u32`, so that a tree can be baked into an image as bytes of any alignment.
pub type Word = [u8; 4];

/// The first word: "SRT1".
pub(super) const MAGIC: u32 = u32::from_le_bytes(*b"SRT1");
/// Words of the head in front of the places of far words.
pub(super) const HEAD: usize = 6;
/// Places in the head.
pub(super) const AT_LENGTH: usize = 1;
pub(super) const AT_CHECKSUM: usize = 2;
pub(super) const AT_RULES: usize = 3;
pub(super) const AT_STEPS: usize = 4;
pub(super) const AT_FAR: usize = 5;

/// What a node is: its first word's upper bits. The others are a count.
pub(super) const KIND: u32 = 3 << 30;
pub(super) const LEAF: u32 = 0;
pub(super) const SPLIT: u32 = 1 << 30;
pub(super) const BOTH: u32 = 2 << 30;

/// The bit of a test's field that says that both ends of its range are in one word.
pub(super) const NARROW: u32 = 1;

/// Most bounds of a split, so that one node is checked in little time.
pub(super) const MOST_BOUNDS: usize = 255;
/// Most parts that wait while another one is searched.
pub(super) const MOST_WAITING: usize = 16;
/// Most nodes on the way of a packet.
pub(super) const MOST_STEPS: u32 = 4096;

/// Word `at`; 0 behind the end.
#[inline(always)]
pub(super) fn word(words: &[Word], at: usize) -> u32 {
    words.get(at).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Bytes as words. Those that are less than a word at the end are left out.
pub const fn words_of(bytes: &[u8]) -> &[Word] {
    bytes.as_chunks().0
}

/// One more word in the checksum: FNV-1a by words, and a rotation, lest upper bits stay in upper bits.
pub(super) const fn sum(before: u32, word: u32) -> u32 {
    ((before ^ word).wrapping_mul(0x0100_0193)).rotate_left(13)
}

/// The checksum of no words.
pub(super) const SUM: u32 = 0x811c_9dc5;
