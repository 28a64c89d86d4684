// SPDX-License-Identifier: Apache-2.0
//! What the entries of a bucket are found by.

/// Entries of a bucket.
pub const WAYS: usize = 7;

/// For each entry eight bits of its flow's hash, never 0; 0 where nothing is. The highest byte tells whether a flow whose bucket this is has its
/// entry in its second one. All are compared at once, in one general register: vectors are slow where the processor is emulated.
#[derive(Clone, Copy)]
pub struct Tags(u64);

impl Tags {
    /// No entry is used.
    pub const EMPTY: Tags = Tags(0);
    const SPILLED: u64 = 1 << (8 * WAYS);

    /// All of them at once.
    #[inline(always)]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Whether an entry is looked for in its second bucket, too.
    #[inline(always)]
    pub fn has_spilled(self) -> bool {
        self.0 & Self::SPILLED != 0
    }

    /// From now on it is.
    pub fn spill(&mut self) {
        self.0 |= Self::SPILLED;
    }

    /// The tag of an entry.
    #[inline(always)]
    pub fn get(self, way: usize) -> u8 {
        (self.0 >> (8 * way)) as u8
    }

    /// Changes it.
    pub fn set(&mut self, way: usize, tag: u8) {
        self.0 = (self.0 & !(0xff << (8 * way))) | (u64::from(tag) << (8 * way));
    }

    /// The entries with that tag.
    #[inline(always)]
    pub fn hits(self, tag: u8) -> Hits {
        const ONES: u64 = u64::MAX / 0xff;
        const LOW_BITS: u64 = 0x7f * ONES;
        // A byte is 0 where the tags are the same; then, and only then, neither it nor the sum sets its highest bit.
        let other = self.0 ^ (u64::from(tag) * ONES);
        Hits(!(((other & LOW_BITS) + LOW_BITS) | other | LOW_BITS) & (Self::SPILLED - 1))
    }
}

/// The entries whose bytes have their highest bit set.
pub struct Hits(u64);

impl Iterator for Hits {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let way = self.0.trailing_zeros() as usize / 8;
        self.0 &= self.0 - 1;
        Some(way)
    }
}
