// SPDX-License-Identifier: Apache-2.0
//! How many per second, as Click measures it: an exponentially weighted moving average over milliseconds.

use core::fmt;

/// Epochs in a second: Click's jiffies.
const EPOCHS: u64 = 1000;
const EPOCH_NS: u64 = 1_000_000_000 / EPOCHS;
/// The average moves by 1/16 of the distance in each epoch.
const STABILITY: u32 = 4;

/// A rate, as a fixed-point number with `SCALE` bits of fraction. It holds for the time of the last update.
pub struct Rate<const SCALE: u32> {
    epoch: u64,
    next_epoch_ns: u64,
    current: u64,
    average: u64,
}

impl<const SCALE: u32> Rate<SCALE> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Rate { epoch: 0, next_epoch_ns: EPOCH_NS, current: 0, average: 0 }
    }

    /// `count` more now.
    #[inline]
    pub fn update(&mut self, now_ns: u64, count: u64) {
        if now_ns >= self.next_epoch_ns {
            self.advance(now_ns);
        }
        self.current += count;
    }

    /// Whether the epoch is over, so that [`Rate::update`] would do more than add.
    #[inline(always)]
    pub fn is_due(&self, now_ns: u64) -> bool {
        now_ns >= self.next_epoch_ns
    }

    /// `count` more in the epoch that the last update was in.
    pub fn add(&mut self, count: u64) {
        self.current += count;
    }

    /// Ends epochs up to now.
    #[cold]
    fn advance(&mut self, now_ns: u64) {
        let epoch = now_ns / EPOCH_NS;
        self.observe(self.current);
        match epoch - self.epoch - 1 {
            100.. => self.average = 0,
            quiet => (0..quiet).for_each(|_| self.observe(0)),
        }
        (self.epoch, self.current) = (epoch, 0);
        self.next_epoch_ns = (epoch + 1).saturating_mul(EPOCH_NS);
    }

    fn observe(&mut self, count: u64) {
        let scaled = (count << SCALE).wrapping_add(1 << (STABILITY - 1));
        self.average = self.average.wrapping_add(((scaled.wrapping_sub(self.average) as i64) >> STABILITY) as u64);
    }

    /// The rate per epoch, which is a millisecond, with `SCALE` bits of fraction.
    #[inline]
    pub fn scaled(&self) -> u64 {
        self.average
    }

    /// Writes the rate per second.
    pub fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        write_fraction(self.average.wrapping_mul(EPOCHS), SCALE, out)
    }

    /// Writes eight times the rate per second: bits, where bytes were counted.
    pub fn write_bits(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        write_fraction(self.average.wrapping_mul(EPOCHS), const { SCALE - 3 }, out)
    }
}

/// Writes a fixed-point number with `bits` bits of fraction (at most 28) in as few digits as tell it from others: Click's
/// `cp_unparse_real2`, digit by digit.
pub fn write_fraction(scaled: u64, bits: u32, out: &mut dyn fmt::Write) -> fmt::Result {
    let one = 1u32 << bits;
    write!(out, "{}", scaled >> bits)?;
    let mut rest = scaled as u32 & (one - 1);
    if rest == 0 {
        return Ok(());
    }
    out.write_char('.')?;
    rest = 10u32.wrapping_mul(rest).wrapping_add(5);
    let (mut inaccuracy, mut rounder) = (10u32, 5u32);
    while rounder < one >> 1 {
        rounder *= 10;
    }
    loop {
        if inaccuracy > one {
            rest = rest.wrapping_add((one >> 1).wrapping_sub(rounder));
        }
        out.write_char(char::from(b'0' + ((rest >> bits) % 10) as u8))?;
        rest = 10u32.wrapping_mul(rest & (one - 1));
        inaccuracy = inaccuracy.saturating_mul(10);
        if rest <= inaccuracy {
            return Ok(());
        }
    }
}

/// Writes `count / time` in twelve significant digits, without zeros at the end: C's `%.12g`, if it is less than 10¹².
pub fn write_quotient(count: u128, time: u64, out: &mut dyn fmt::Write) -> fmt::Result {
    let time = u128::from(time.max(1));
    let (mut decimals, mut scale) = (0, 1u128);
    while decimals < 20 && count > 0 && count.saturating_mul(scale) / time < 100_000_000_000 {
        (decimals, scale) = (decimals + 1, scale * 10);
    }
    let mut digits = (count.saturating_mul(scale) + time / 2) / time;
    while decimals > 0 && digits.is_multiple_of(10) {
        (decimals, scale, digits) = (decimals - 1, scale / 10, digits / 10);
    }
    match decimals {
        0 => write!(out, "{digits}"),
        _ => write!(out, "{}.{:0decimals$}", digits / scale, digits % scale),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rate: &Rate<10>) -> String {
        let mut text = String::new();
        rate.write(&mut text).unwrap();
        text
    }

    #[test]
    fn converges_on_a_steady_rate_and_forgets_it() {
        let mut rate = Rate::<10>::new();
        for ms in 0..400 {
            rate.update(ms * EPOCH_NS, 2);
        }
        let mut bits = String::new();
        rate.write_bits(&mut bits).unwrap();
        // The average stops 7/1024 short of what it rises to, as Click's does.
        assert_eq!((shown(&rate), bits), ("1993.164".into(), "15945.31".into()));
        rate.update(420 * EPOCH_NS, 0);
        assert!(shown(&rate).parse::<f64>().unwrap() < 700.0);
        rate.update(600 * EPOCH_NS, 0);
        assert_eq!(shown(&rate), "0");
    }

    #[test]
    fn a_clock_far_from_zero_or_standing_still_is_no_matter() {
        let mut rate = Rate::<10>::new();
        rate.update(u64::MAX, 1);
        rate.update(0, 1);
        assert_eq!(shown(&rate), "0");
    }

    #[test]
    fn quotients_have_twelve_digits() {
        let shown = |count, time| {
            let mut text = String::new();
            write_quotient(count, time, &mut text).unwrap();
            text
        };
        assert_eq!(
            [(0, 7), (6, 2), (1, 3), (2, 3)].map(|(c, t)| shown(c, t)),
            ["0", "3", "0.333333333333", "0.666666666667"]
        );
        assert_eq!(
            (shown(10_000, 3), shown(1, 16), shown(5, 0)),
            ("3333.33333333".into(), "0.0625".into(), "5".into())
        );
        assert_eq!(shown(999_999_999_999_999, 1000), "1000000000000");
    }

    #[test]
    fn fractions_have_few_digits() {
        let shown = |scaled, bits| {
            let mut text = String::new();
            write_fraction(scaled, bits, &mut text).unwrap();
            text
        };
        assert_eq!([3 << 10, 1536, 1024 + 256].map(|scaled| shown(scaled, 10)), ["3", "1.5", "1.25"]);
        assert_eq!((shown(1024 + 102, 10), shown(5, 1)), ("1.1".into(), "2.5".into()));
    }
}
