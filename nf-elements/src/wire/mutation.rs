// SPDX-License-Identifier: Apache-2.0
//! Seeded mutations of a good frame, for the tests of the parsers.

/// xorshift64* with a fixed seed: the same frames in every run, so a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// Calls `parse` with 20 000 mutations of `good`: bytes overwritten (often with 0 or 255), cut short, or made longer.
pub fn for_each(good: &[u8], mut parse: impl FnMut(&[u8])) {
    let mut random = Random(0x51ce_5eed);
    for _ in 0..20_000 {
        let mut bytes = good.to_vec();
        for _ in 0..random.below(4) {
            let at = random.below(bytes.len());
            bytes[at] = [0, 255, random.next() as u8][random.below(3)];
        }
        match random.below(4) {
            0 => bytes.truncate(random.below(good.len() + 1)),
            1 => bytes.extend((0..random.below(64)).map(|_| random.next() as u8)),
            _ => {}
        }
        parse(&bytes);
    }
}
