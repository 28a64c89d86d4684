// SPDX-License-Identifier: Apache-2.0
//! A token bucket, for packets or for bytes: how many may pass. It fills at a rate, up to a burst, and is full at first.

use super::bandwidth;
use super::handler_value::number;
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::{HandlerError, Packet};
use core::fmt;

/// Parts of a token, for each second of the period: with a rate of 1, one comes in each nanosecond.
const TOKEN: u64 = 1_000_000_000;
/// What a bucket of bytes must hold before a packet may pass, however short it is.
const BYTES_NEEDED: u32 = 131_072;

/// The argument BURST_DURATION.
pub const BURST_DURATION: Argument = Argument {
    name: "BURST_DURATION",
    kind: ArgumentKind::Keyword,
    doc: "how long unused rate is kept; 20ms by default",
};
/// The handler `rate`.
pub const RATE_HANDLER: Handler = Handler { name: "rate", kind: HandlerKind::ReadWrite, doc: "RATE" };
const RATE: Argument = Argument { name: "RATE", kind: ArgumentKind::Required, doc: "packets per second" };
const BURST_SIZE: Argument = Argument { name: "BURST_SIZE", kind: ArgumentKind::Keyword, doc: "the same in packets" };
/// The arguments of a rate of packets.
pub const PACKETS: &[Argument] = &[RATE, BURST_DURATION, BURST_SIZE];
/// Those of a rate of packets in any time.
pub const PACKETS_IN_PERIOD: &[Argument] = &[
    RATE,
    BURST_DURATION,
    BURST_SIZE,
    Argument { name: "PERIOD", kind: ArgumentKind::Keyword, doc: "RATE is of as many seconds; 1" },
];
/// The arguments of a rate of bytes.
pub const BYTES: &[Argument] = &[
    Argument { name: "RATE", kind: ArgumentKind::Required, doc: "a bandwidth: 8Mbps, 1MBps" },
    BURST_DURATION,
    Argument { name: "BURST_BYTES", kind: ArgumentKind::Keyword, doc: "the same in bytes" },
];

/// How much unused rate a bucket keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Burst {
    /// That of so many milliseconds.
    Milliseconds(u32),
    /// So many tokens.
    Tokens(u32),
}

/// A bucket of packets, or of `BYTES`.
pub struct Tokens<const BYTES: bool> {
    rate: u32,
    burst: Burst,
    /// The time of the rate, in seconds.
    period: u32,
    /// Most tokens, in parts.
    capacity: u64,
    /// What can pass now, in parts.
    credit: u64,
    /// When the credit was last counted.
    counted_ns: Option<u64>,
}

impl<const BYTES: bool> Tokens<BYTES> {
    /// A full bucket; an empty one that stays so, if `rate` is 0.
    pub const fn new(rate: u32, burst: Burst) -> Self {
        Self::in_period(rate, burst, 1)
    }

    /// The same, of a rate in `period` seconds, of which a day has 86,400.
    pub const fn in_period(rate: u32, burst: Burst, period: u32) -> Self {
        let capacity = Self::capacity(rate, burst, period);
        Tokens { rate, burst, period, capacity, credit: if rate == 0 { 0 } else { capacity }, counted_ns: None }
    }

    /// At least what comes in a millisecond, as in Click.
    const fn capacity(rate: u32, burst: Burst, period: u32) -> u64 {
        let (token, per_second) = (TOKEN * period as u64, rate as u64 / period as u64);
        let tokens = match burst {
            Burst::Milliseconds(duration) => per_second * duration as u64 / 1000,
            Burst::Tokens(tokens) => tokens as u64,
        };
        let tokens = if BYTES { tokens + BYTES_NEEDED as u64 } else { tokens };
        let least = per_second.div_ceil(1000);
        let tokens = if tokens < least { least } else { tokens };
        let tokens = if tokens == 0 { 1 } else { tokens };
        let most = u64::MAX / 2 / token;
        let most = if most > u32::MAX as u64 { u32::MAX as u64 } else { most };
        token * if tokens > most { most } else { tokens }
    }

    /// A token's parts.
    #[inline(always)]
    fn token(&self) -> u64 {
        TOKEN * u64::from(self.period)
    }

    /// What must be there for a packet to pass.
    #[inline(always)]
    fn needed(&self) -> u64 {
        self.token() * if BYTES { BYTES_NEEDED.into() } else { 1 }
    }

    /// Adds what time has brought. True if a packet may pass.
    #[inline]
    pub fn refill(&mut self, now_ns: u64) -> bool {
        let passed_ns = now_ns.saturating_sub(self.counted_ns.unwrap_or(now_ns));
        let brought = passed_ns.saturating_mul(u64::from(self.rate));
        self.credit = self.credit.saturating_add(brought).min(self.capacity);
        self.counted_ns = Some(now_ns);
        self.credit >= self.needed()
    }

    /// Pays for a packet that passes.
    #[inline]
    pub fn pay(&mut self, packet: &Packet) {
        let tokens = if BYTES { packet.len() as u64 } else { 1 };
        self.credit = self.credit.saturating_sub(tokens * self.token());
    }

    /// When a packet may pass; none if never, or if nobody asked yet.
    pub fn ready_ns(&self) -> Option<u64> {
        let missing = self.needed().saturating_sub(self.credit);
        let wait_ns = missing.div_ceil(u64::from(self.rate).max(1));
        self.counted_ns.filter(|_| self.rate > 0).map(|counted_ns| counted_ns.saturating_add(wait_ns))
    }

    /// Reads `rate`.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "rate" if BYTES => bandwidth::write(self.rate, out)?,
            "rate" => write!(out, "{}", self.rate)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Writes `rate`: the bucket is as full as it was.
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        if name != "rate" {
            return Err(HandlerError::Unknown);
        }
        let rate = if BYTES { super::handler_value::bytes_per_second(value)? } else { number(value)? };
        let capacity = Self::capacity(rate, self.burst, self.period);
        let credit = u128::from(self.credit) * u128::from(capacity) / u128::from(self.capacity);
        *self = Tokens { rate, capacity, credit: credit as u64, ..*self };
        Ok(())
    }
}

/// Reads the arguments; the text of their bucket.
#[cfg(feature = "host")]
pub fn configure<const BYTES: bool>(arguments: &mut crate::configure::Arguments) -> Option<String> {
    use crate::configure::Nanoseconds;
    let rate = bandwidth::rate::<BYTES>(arguments);
    let duration: Option<Nanoseconds> = arguments.keyword("BURST_DURATION");
    let tokens: Option<u32> = arguments.keyword(if BYTES { "BURST_BYTES" } else { "BURST_SIZE" });
    let burst = match (duration, tokens) {
        (Some(_), Some(_)) => {
            arguments.error_last("a burst by duration and by size", "one of them");
            return None;
        }
        (_, Some(tokens)) => Burst::Tokens(tokens),
        (Some(duration), _) => Burst::Milliseconds(u32::try_from(duration.0 / 1_000_000).unwrap_or(u32::MAX)),
        _ => Burst::Milliseconds(20),
    };
    Some(format!("{}, tokens::Burst::{burst:?}", rate?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::packet;

    /// When packets of `length` bytes pass, if there are always some.
    fn times<const BYTES: bool>(tokens: &mut Tokens<BYTES>, length: usize, count: usize) -> Vec<u64> {
        let mut now_ns = tokens.counted_ns.unwrap_or(0);
        (0..count)
            .map(|_| {
                while !tokens.refill(now_ns) {
                    now_ns = tokens.ready_ns().unwrap();
                }
                tokens.pay(&packet(&vec![0; length]));
                now_ns / 1_000_000
            })
            .collect()
    }

    #[test]
    fn packets_pass_at_the_rate_after_a_burst() {
        let mut tokens = Tokens::<false>::new(2, Burst::Milliseconds(20));
        assert_eq!(times(&mut tokens, 100, 4), [0, 500, 1000, 1500]);
        let mut tokens = Tokens::<false>::new(2, Burst::Tokens(3));
        assert_eq!(times(&mut tokens, 100, 5), [0, 0, 0, 500, 1000]);
        let mut tokens = Tokens::<false>::new(10_000, Burst::Tokens(1));
        assert_eq!(times(&mut tokens, 1, 21)[20], 1);
    }

    #[test]
    fn a_rate_can_be_of_any_time() {
        let mut tokens = Tokens::<false>::in_period(3, Burst::Tokens(2), 60);
        assert_eq!(times(&mut tokens, 1, 4), [0, 0, 20_000, 40_000]);
        tokens.write_handler("rate", "6").unwrap();
        assert_eq!(times(&mut tokens, 1, 2), [50_000, 60_000]);
        let mut tokens = Tokens::<false>::in_period(1, Burst::Tokens(u32::MAX), 86_400);
        assert!(times(&mut tokens, 1, 1000).iter().all(|time| *time == 0));
    }

    #[test]
    fn bytes_pass_at_the_rate_after_a_burst() {
        let mut tokens = Tokens::<true>::new(200, Burst::Milliseconds(20));
        assert_eq!(times(&mut tokens, 100, 3), [0, 480, 980]);
        let mut tokens = Tokens::<true>::new(200, Burst::Tokens(300));
        assert_eq!(times(&mut tokens, 100, 6), [0, 0, 0, 0, 500, 1000]);
    }

    #[test]
    fn a_rate_of_zero_lets_nothing_pass_until_it_changes() {
        let mut tokens = Tokens::<false>::new(0, Burst::Tokens(1));
        assert_eq!((tokens.refill(5), tokens.refill(u64::MAX), tokens.ready_ns()), (false, false, None));
        tokens.counted_ns = Some(0);
        tokens.write_handler("rate", "4").unwrap();
        assert_eq!(times(&mut tokens, 1, 2), [250, 500]);
        assert_eq!(tokens.write_handler("rate", "x"), Err(HandlerError::BadValue));
    }

    #[test]
    fn the_largest_numbers_do_no_harm() {
        let mut tokens = Tokens::<true>::new(u32::MAX, Burst::Milliseconds(u32::MAX));
        assert!(tokens.refill(0) && tokens.refill(u64::MAX) && tokens.refill(0));
        tokens.write_handler("rate", "1").unwrap();
        assert!(tokens.refill(u64::MAX));
    }
}
