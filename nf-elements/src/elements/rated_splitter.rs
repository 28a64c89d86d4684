// SPDX-License-Identifier: Apache-2.0
//! # RatedSplitter
//! `RatedSplitter(RATE [, BURST_DURATION, BURST_SIZE, PERIOD])` — sends what exceeds a rate by another output.
//!
//! **Ports:** one push input, one or two push outputs.
//!
//! **Description:** up to RATE packets per second leave by output 0, also while more come in. What exceeds that leaves by
//! output 1; if that is not connected it is dropped. After a pause, what would have come in BURST_DURATION (20 ms, unless
//! given) is granted besides, or BURST_SIZE packets. With PERIOD the rate is of as many seconds: `RatedSplitter(3, PERIOD 60)`.
//!
//! **Notes:** a millisecond's worth and one packet are always granted. Times are exact to the nanosecond, where Click's are to the
//! millisecond.
//!
//! **Handlers:** `rate` (read, write), `exceeding` (drops; 0 while output 1 is connected).
//!
//! **Example:** `s :: RatedSplitter(2000); FromDevice(lan) -> s; s[0] -> ToDevice(wan); s[1] -> Discard;`
//!
//! **See also:** `BandwidthRatedSplitter`, `RandomSample`, `Meter`, `Shaper`, `RatedUnqueue`.

use super::tokens::{self, Burst, Tokens};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct RatedSplitter {
    tokens: Tokens<false>,
    diverts: bool,
    exceeding: u64,
}

impl RatedSplitter {
    /// Lets `rate` packets pass in `period` seconds, after a pause as much more as `burst` says; `diverts` if output 1 takes the rest.
    pub const fn new(rate: u32, burst: Burst, period: u32, diverts: bool) -> Self {
        RatedSplitter { tokens: Tokens::in_period(rate, burst, period), diverts, exceeding: 0 }
    }
}

impl Element for RatedSplitter {
    const SPEC: Spec = Spec {
        class: "RatedSplitter",
        category: Category::Scheduling,
        summary: "sends what exceeds a rate by another output",
        ports: "1/1-2",
        processing: "h/h",
        shape: Shape::Route,
        arguments: tokens::PACKETS_IN_PERIOD,
        handlers: &[
            tokens::RATE_HANDLER,
            Handler { name: "exceeding", kind: HandlerKind::Drops, doc: "packets above RATE" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "exceeding" => Ok(write!(out, "{}", self.exceeding)?),
            _ => self.tokens.read_handler(name, out),
        }
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.tokens.write_handler(name, value)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for RatedSplitter {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        const MOST_SECONDS: u32 = 7 * 86_400;
        let (tokens, diverts) = (tokens::configure::<false>(arguments)?, surroundings.outputs > 1);
        let period = arguments.keyword("PERIOD").unwrap_or(1);
        if !(1..=MOST_SECONDS).contains(&period) {
            arguments.error_last(format!("a period of {period} s"), format!("1 to {MOST_SECONDS}"));
        }
        let expression = format!("RatedSplitter::new({tokens}, {period}, {diverts})");
        Some(crate::configure::Instance::new("RatedSplitter", expression))
    }
}

impl Route for RatedSplitter {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        if self.tokens.refill(io.now_ns()) {
            self.tokens.pay(packet);
            return Some(0);
        }
        self.exceeding += u64::from(!self.diverts);
        self.diverts.then_some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn what_exceeds_the_rate_goes_elsewhere() {
        for (diverts, other, dropped) in [(true, Some(1), "0"), (false, None, "2")] {
            let (mut io, mut frame) = (ListIo::new(0), packet(&[0; 100]));
            let mut splitter = RatedSplitter::new(10, Burst::Tokens(2), 1, diverts);
            for (now_ms, output) in [(0, Some(0)), (0, Some(0)), (99, other), (100, Some(0)), (100, other)] {
                io.now_ns = now_ms * 1_000_000;
                assert_eq!(splitter.route(&mut io, 0, &mut frame), output, "{now_ms}");
            }
            assert_eq!((read(&splitter, "exceeding"), read(&splitter, "rate")), (dropped.into(), "10".into()));
        }
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let two = Surroundings { outputs: 2, ..Default::default() };
        let made = configure::<RatedSplitter>(&["2000"], &two).unwrap().expression;
        assert_eq!(made, "RatedSplitter::new(2000, tokens::Burst::Milliseconds(20), 1, true)");
        let slow = configure::<RatedSplitter>(&["3", "PERIOD 60", "BURST_SIZE 5"], &two).unwrap().expression;
        assert_eq!(slow, "RatedSplitter::new(3, tokens::Burst::Tokens(5), 60, true)");
        assert!(configure::<RatedSplitter>(&["3", "PERIOD 0"], &two).is_err());
    }
}
