// SPDX-License-Identifier: Apache-2.0
//! A rate that is spread evenly over each second of the clock, for packets or for bytes: Click's `GapRate`.
//!
//! In the second that began at `second_ns`, `count` may be used up when the rate has brought as much. Who lags behind may
//! catch up on what the last second left, but on no more.

use super::bandwidth;
use super::handler_value::{bytes_per_second, number};
use crate::spec::{Handler, HandlerKind};
use crate::{HandlerError, Packet};
use core::fmt;

const SECOND_NS: u64 = 1_000_000_000;

/// The handlers.
pub const HANDLERS: &[Handler] = &[
    Handler { name: "rate", kind: HandlerKind::ReadWrite, doc: "RATE" },
    Handler { name: "reset", kind: HandlerKind::Write, doc: "forgets what passed" },
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing is known: the first packet may pass if its time is nearer than that of the next.
    Fresh,
    /// The rate changed: what passed is taken to fit it.
    Changed,
    /// Counting.
    Running,
}

/// A rate of packets, or of `BYTES`.
pub struct GapRate<const BYTES: bool> {
    rate: u32,
    state: State,
    second_ns: u64,
    /// How much was used up in this second; negative while what the last second left is used up.
    count: i64,
    /// Whether somebody was told to wait.
    waits: bool,
}

impl<const BYTES: bool> GapRate<BYTES> {
    /// A rate of so many per second.
    pub const fn new(rate: u32) -> Self {
        GapRate { rate, state: State::Fresh, second_ns: 0, count: 0, waits: false }
    }

    /// Whether a packet may pass now.
    #[inline]
    pub fn may_pass(&mut self, now_ns: u64) -> bool {
        if self.state != State::Running || now_ns.saturating_sub(self.second_ns) >= SECOND_NS {
            self.begin_second(now_ns);
        }
        let brought = now_ns.saturating_sub(self.second_ns) * u64::from(self.rate);
        // Less than 2⁶³ on both sides.
        let may = brought as i64 >= self.count * SECOND_NS as i64;
        self.waits = !may;
        may
    }

    #[cold]
    fn begin_second(&mut self, now_ns: u64) {
        let (passed_ns, rate) = (now_ns.saturating_sub(self.second_ns), u64::from(self.rate));
        self.second_ns = now_ns - now_ns % SECOND_NS;
        let brought = (now_ns % SECOND_NS) * rate;
        let (whole, part) = ((brought / SECOND_NS) as i64, brought % SECOND_NS);
        match self.state {
            State::Fresh => self.count = whole + i64::from(part > SECOND_NS / 2),
            State::Changed => self.count = whole,
            State::Running => {
                // Each second brings its share, until less than a share is left: Click is asked in every second.
                let lacking = u64::try_from(self.count).unwrap_or(0).div_ceil(rate.max(1));
                self.count -= ((passed_ns / SECOND_NS).min(lacking) * rate) as i64;
            }
        }
        self.state = State::Running;
    }

    /// Counts a packet that passes.
    #[inline]
    pub fn pay(&mut self, packet: &Packet) {
        self.count += if BYTES { packet.len() as i64 } else { 1 };
    }

    /// When the one who was told to wait may come again.
    pub fn ready_ns(&self) -> Option<u64> {
        if !self.waits || self.rate == 0 || self.state != State::Running {
            return None;
        }
        let count = u64::try_from(self.count).unwrap_or(0);
        let rate = u64::from(self.rate);
        let (seconds, count) = (count / rate, count % rate);
        // What is left of the count is spread over a second.
        let within_ns = (count * SECOND_NS).div_ceil(rate);
        Some(self.second_ns.saturating_add(seconds.saturating_mul(SECOND_NS)).saturating_add(within_ns))
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

    /// Writes one of [`HANDLERS`].
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "rate" => {
                let rate = if BYTES { bytes_per_second(value)? } else { number(value)? };
                if rate != self.rate && self.state == State::Running {
                    self.state = State::Changed;
                }
                self.rate = rate;
            }
            "reset" => self.state = State::Fresh,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::packet;

    /// The milliseconds from `start_ns` on at which packets pass, if there are always some.
    fn times<const BYTES: bool>(rate: &mut GapRate<BYTES>, start_ns: u64, count: usize) -> Vec<u64> {
        let mut now_ns = start_ns;
        (0..count)
            .map(|_| {
                while !rate.may_pass(now_ns) {
                    let ready_ns = rate.ready_ns().unwrap();
                    assert!(ready_ns > now_ns);
                    now_ns = ready_ns;
                }
                rate.pay(&packet(&[0; 100]));
                (now_ns - start_ns) / 1_000_000
            })
            .collect()
    }

    #[test]
    fn packets_are_spread_evenly() {
        assert_eq!(times(&mut GapRate::<false>::new(4), 0, 6), [0, 250, 500, 750, 1000, 1250]);
        // Click's grid is that of the clock's seconds: the first packet may come early.
        assert_eq!(times(&mut GapRate::<false>::new(4), 100_000_000, 3), [0, 150, 400]);
        assert_eq!(times(&mut GapRate::<false>::new(4), 200_000_000, 3), [50, 300, 550]);
        let passed = times(&mut GapRate::<false>::new(3000), 0, 9001);
        assert!(passed[9000] == 3000 && passed.windows(2).all(|pair| pair[1] - pair[0] <= 1));
    }

    #[test]
    fn bytes_are_spread_evenly() {
        assert_eq!(times(&mut GapRate::<true>::new(200), 0, 5), [0, 500, 1000, 1500, 2000]);
        // Packets that take longer than a second.
        assert_eq!(times(&mut GapRate::<true>::new(50), 0, 3), [0, 2000, 4000]);
    }

    #[test]
    fn only_the_last_second_is_caught_up_on() {
        let mut rate = GapRate::<false>::new(4);
        times(&mut rate, 0, 2);
        let late = times(&mut rate, 10_000_000_000, 5);
        assert_eq!(late, [0, 0, 0, 250, 500]);
    }

    #[test]
    fn the_rate_can_change() {
        let mut rate = GapRate::<false>::new(4);
        assert_eq!(times(&mut rate, 0, 1), [0]);
        rate.write_handler("rate", "8").unwrap();
        assert_eq!(times(&mut rate, 250_000_000, 3), [0, 125, 250]);
        rate.write_handler("rate", "0").unwrap();
        rate.write_handler("reset", "").unwrap();
        // As in Click, one packet passes at a rate of 0.
        assert!(rate.may_pass(0));
        rate.pay(&packet(&[0]));
        assert!(!rate.may_pass(u64::MAX) && rate.ready_ns().is_none());
    }
}
