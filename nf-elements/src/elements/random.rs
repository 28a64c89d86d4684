// SPDX-License-Identifier: Apache-2.0
//! Numbers that pass for random: the same ones at each start, so that runs can be repeated.

use crate::Packet;

/// xorshift64*, Marsaglia 2003 and Vigna 2016: passes for noise, at three shifts and a product for eight bytes.
pub struct Random(u64);

impl Random {
    /// The usual start.
    pub const fn new() -> Self {
        Random(0x0123_4567_89ab_cdef)
    }

    /// The next number.
    #[inline]
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// The next number below `end`, without a division.
    #[inline]
    pub fn below(&mut self, end: u32) -> u32 {
        (((self.next() >> 32) * u64::from(end)) >> 32) as u32
    }

    /// Appends `length` bytes to a packet that has room for them.
    pub fn fill(&mut self, packet: &mut Packet, length: usize) {
        let mut left = length;
        while left > 0 {
            let mut block = [0; 64];
            block.as_chunks_mut::<8>().0.iter_mut().for_each(|word| *word = self.next().to_le_bytes());
            let count = left.min(block.len());
            if !packet.append(&block[..count]) {
                return;
            }
            left -= count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_below_the_end_come_and_no_others() {
        let (mut random, mut seen) = (Random::new(), [0u32; 6]);
        for _ in 0..6000 {
            seen[random.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (800..1200).contains(count)), "{seen:?}");
        assert_eq!(random.below(1), 0);
    }
}
