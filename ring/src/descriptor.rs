// SPDX-License-Identifier: Apache-2.0
//! What travels beside a frame's bytes: one word, so that eight descriptors share a cache line.

use crate::bytes::LINE_BYTES;

/// Most bytes of a frame.
pub const FRAME_BYTES: usize = 2048;
/// Most slots that a frame takes.
pub(crate) const FRAME_SLOTS: usize = slots(FRAME_BYTES);

/// How many slots a frame of `length` bytes takes.
#[inline]
pub(crate) const fn slots(length: usize) -> usize {
    length.div_ceil(LINE_BYTES)
}

/// What functions tell each other about a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// The chain that the frame is on; 0 if none.
    pub chain: u16,
    /// The hash of the frame's flow; 0 if nobody computed it.
    pub flow_hash: u32,
}

/// The word: length, chain, flow hash from the low bits up.
#[inline]
pub(crate) fn pack(length: u16, tag: Tag) -> u64 {
    u64::from(length) | u64::from(tag.chain) << 16 | u64::from(tag.flow_hash) << 32
}

/// Length and tag of the word that a peer wrote. None if there can be no such frame.
#[inline]
pub(crate) fn unpack(word: u64) -> Option<(usize, Tag)> {
    let length = usize::from(word as u16);
    (1..=FRAME_BYTES)
        .contains(&length)
        .then_some((length, Tag { chain: (word >> 16) as u16, flow_hash: (word >> 32) as u32 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_holds_length_chain_and_hash() {
        let tag = Tag { chain: 0x8002, flow_hash: 0xdead_beef };
        assert_eq!(pack(60, tag), 0xdead_beef_8002_003c);
        assert_eq!(unpack(0xdead_beef_8002_003c), Some((60, tag)));
    }

    #[test]
    fn lengths_that_cannot_be_are_none() {
        for (length, good) in
            [(0, false), (1, true), (FRAME_BYTES as u16, true), (FRAME_BYTES as u16 + 1, false), (u16::MAX, false)]
        {
            assert_eq!(unpack(pack(length, Tag::default())).is_some(), good, "{length}");
        }
    }
}
