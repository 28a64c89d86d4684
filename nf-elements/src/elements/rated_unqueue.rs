// SPDX-License-Identifier: Apache-2.0
//! # RatedUnqueue
//! `RatedUnqueue(RATE [, BURST_DURATION, BURST_SIZE])` — pulls packets at a rate and pushes them on.
//!
//! **Ports:** one pull input, one push output.
//!
//! **Description:** pulls RATE packets per second and pushes them on. After a pause it catches up on what would have come in
//! BURST_DURATION (20 ms, unless given), or on BURST_SIZE packets.
//!
//! **Notes:** it can always catch up on what comes in a millisecond, and on one packet. Times are exact to the nanosecond, where
//! Click's are to the millisecond. There is no handler `calls`.
//!
//! **Handlers:** `rate`, `active` (read, write).
//!
//! **Example:** `FromDevice(lan) -> Queue -> RatedUnqueue(2000) -> ToDevice(wan);`
//!
//! **See also:** `BandwidthRatedUnqueue`, `Unqueue`, `Shaper`, `RatedSplitter`.

use super::handler_value::boolean;
use super::tokens::{self, Burst, Tokens};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// See the module's documentation.
pub struct RatedUnqueue {
    tokens: Tokens<false>,
    active: bool,
    /// Whether it waits for its time.
    waits: bool,
}

impl RatedUnqueue {
    /// Pulls `rate` packets per second, after a pause as much more as `burst` says.
    pub const fn new(rate: u32, burst: Burst) -> Self {
        RatedUnqueue { tokens: Tokens::new(rate, burst), active: true, waits: false }
    }
}

impl Element for RatedUnqueue {
    const SPEC: Spec = Spec {
        class: "RatedUnqueue",
        category: Category::Scheduling,
        summary: "pulls packets at a rate and pushes them on",
        ports: "1/1",
        processing: "l/h",
        shape: Shape::Pull,
        arguments: tokens::PACKETS,
        handlers: &[
            tokens::RATE_HANDLER,
            Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "pull? true at first" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "active" => Ok(write!(out, "{}", self.active)?),
            _ => self.tokens.read_handler(name, out),
        }
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "active" => self.active = boolean(value)?,
            _ => self.tokens.write_handler(name, value)?,
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.tokens.ready_ns().filter(|_| self.waits && self.active)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for RatedUnqueue {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let tokens = tokens::configure::<false>(arguments)?;
        Some(crate::configure::Instance::new("RatedUnqueue", format!("RatedUnqueue::new({tokens})")))
    }
}

impl Pull for RatedUnqueue {
    #[inline]
    fn turn<M: PacketIo>(&mut self, io: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        match answer {
            None => {
                let ready = self.tokens.refill(io.now_ns());
                self.waits = !ready;
                if ready && self.active { Turn::Pull(0) } else { Turn::Rest }
            }
            Some((_, Some(packet))) => {
                self.tokens.pay(&packet);
                Turn::Give(packet)
            }
            Some((_, None)) => Turn::Rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packet, read};

    #[test]
    fn pulls_at_the_rate() {
        let mut inputs = Pulling::new([(0..9).map(|i| packet(&[i])).collect()]);
        let mut unqueue = RatedUnqueue::new(10, Burst::Tokens(2));
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![0, 1], Some(100_000_000)));
        inputs.io.now_ns = 99_999_999;
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![], Some(100_000_000)));
        inputs.io.now_ns = 100_000_000;
        assert_eq!(inputs.pull_all(&mut unqueue), [2]);
        unqueue.write_handler("rate", "1000").unwrap();
        unqueue.write_handler("active", "false").unwrap();
        inputs.io.now_ns = 1_000_000_000;
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![], None));
        unqueue.write_handler("active", "true").unwrap();
        assert_eq!((inputs.pull_all(&mut unqueue), read(&unqueue, "rate")), (vec![3, 4], "1000".into()));
    }

    #[test]
    fn sleeps_when_nothing_comes() {
        let (mut inputs, mut unqueue) = (Pulling::new([[].into()]), RatedUnqueue::new(10, Burst::Tokens(2)));
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![], None));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<RatedUnqueue>(arguments, &Surroundings::default());
        assert_eq!(made(&["RATE 5"]).unwrap().expression, "RatedUnqueue::new(5, tokens::Burst::Milliseconds(20))");
        let duration = made(&["5", "BURST_DURATION 1.5"]).unwrap();
        assert_eq!(duration.expression, "RatedUnqueue::new(5, tokens::Burst::Milliseconds(1500))");
        assert_eq!(made(&["5", "BURST_SIZE 7"]).unwrap().expression, "RatedUnqueue::new(5, tokens::Burst::Tokens(7))");
        assert!(made(&["5", "BURST_SIZE 7", "BURST_DURATION 1"]).is_err() && made(&[]).is_err());
    }
}
