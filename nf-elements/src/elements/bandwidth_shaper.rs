// SPDX-License-Identifier: Apache-2.0
//! # BandwidthShaper
//! `BandwidthShaper(RATE)` — lets packets be pulled at a rate.
//!
//! **Ports:** one pull input, one pull output.
//!
//! **Description:** passes on at most RATE bytes per second, evenly spread: who pulls earlier gets nothing. If pulls come too
//! rarely, what was left of the last second may be caught up on.
//!
//! **Notes:** as in Click, the packets' times are those of a grid that begins with each second of the clock, the first packet
//! may come half a step early, and one packet may pass at a RATE of 0. The packet that brings the
//! count over RATE still passes whole. There is no second output for what Click does not shape.
//!
//! **Handlers:** `rate` (read, write), `reset` (write: forgets what passed).
//!
//! **Example:** `FromDevice(lan) -> Queue -> BandwidthShaper(8Mbps) -> ToDevice(wan);`
//!
//! **See also:** `Shaper`, `BandwidthRatedUnqueue`, `BandwidthRatedSplitter`.

use super::gap_rate::{self, GapRate};
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// See the module's documentation.
pub struct BandwidthShaper {
    rate: GapRate<true>,
}

impl BandwidthShaper {
    /// Lets `rate` bytes pass per second.
    pub const fn new(rate: u32) -> Self {
        BandwidthShaper { rate: GapRate::new(rate) }
    }
}

impl Element for BandwidthShaper {
    const SPEC: Spec = Spec {
        class: "BandwidthShaper",
        category: Category::Scheduling,
        summary: "lets packets be pulled at a bandwidth",
        ports: "1/1",
        processing: "l/l",
        shape: Shape::Pull,
        arguments: &[Argument { name: "RATE", kind: ArgumentKind::Required, doc: "bytes per second, or 8Mbps" }],
        handlers: gap_rate::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.rate.read_handler(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.rate.write_handler(name, value)
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.rate.ready_ns()
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for BandwidthShaper {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let rate = super::bandwidth::rate::<true>(arguments)?;
        Some(crate::configure::Instance::new("BandwidthShaper", format!("BandwidthShaper::new({rate})")))
    }
}

impl Pull for BandwidthShaper {
    #[inline]
    fn turn<M: PacketIo>(&mut self, io: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        match answer {
            None if self.rate.may_pass(io.now_ns()) => Turn::Pull(0),
            Some((_, Some(packet))) => {
                self.rate.pay(&packet);
                Turn::Give(packet)
            }
            _ => Turn::Rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packet, read};

    #[test]
    fn packets_are_spread_over_the_second() {
        let (mut inputs, mut shaper) = (Pulling::new([(0..4).map(|i| packet(&[i; 100])).collect()]), BandwidthShaper::new(400));
        let mut times = Vec::new();
        loop {
            if inputs.pull(&mut shaper).is_some() {
                times.push(inputs.io.now_ns / 1_000_000);
            } else if let Some(deadline_ns) = shaper.deadline_ns() {
                inputs.io.now_ns = deadline_ns;
            } else {
                break;
            }
        }
        assert_eq!(times, [0, 250, 500, 750]);
        assert_eq!(read(&shaper, "rate"), "3.2kbps");
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<BandwidthShaper>(arguments, &Surroundings::default());
        assert_eq!(made(&["8Mbps"]).unwrap().expression, "BandwidthShaper::new(1000000)");
        assert!(made(&[]).is_err() && made(&["-1"]).is_err());
    }
}
