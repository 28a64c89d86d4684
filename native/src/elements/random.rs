// SPDX-License-Identifier: Apache-2.0
//! SAMPLE: each packet of a trace with a probability.

use std::fmt::{self, Write};

/// Bits behind the binary point of a probability, as in Click.
const SHIFT: u32 = 28;

/// A probability and the numbers that decide; the same ones at each start, so that runs can be repeated.
pub struct Sample {
    probability: u32,
    state: u64,
}

impl Sample {
    /// A probability in units of 2⁻²⁸.
    pub const fn new(probability: u32) -> Sample {
        Sample { probability, state: 0x0123_4567_89ab_cdef }
    }

    /// Whether the next packet is taken (xorshift64*, Vigna 2016).
    pub fn takes(&mut self) -> bool {
        if self.probability >= 1 << SHIFT {
            return true;
        }
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> (64 - SHIFT)) < u64::from(self.probability)
    }

    /// Writes the probability.
    pub fn write(&self, out: &mut dyn Write) -> fmt::Result {
        write!(out, "{}", f64::from(self.probability) / f64::from(1u32 << SHIFT))
    }

    /// Takes the argument SAMPLE.
    #[cfg(feature = "host")]
    pub fn configure(arguments: &mut nf_elements::configure::Arguments) -> u32 {
        let fraction = arguments.keyword::<nf_elements::configure::Fraction>("SAMPLE");
        fraction.map_or(1 << SHIFT, |fraction| (fraction.0 >> (32 - SHIFT)) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_as_many_as_it_says() {
        let mut half = Sample::new(1 << (SHIFT - 1));
        let taken = (0..10_000).filter(|_| half.takes()).count();
        assert!((4_800..5_200).contains(&taken), "{taken}");
        let (mut all, mut none) = (Sample::new(1 << SHIFT), Sample::new(0));
        assert!((0..100).all(|_| all.takes() && !none.takes()));
    }
}
