// SPDX-License-Identifier: Apache-2.0
//! # BandwidthRatedUnqueue
//! `BandwidthRatedUnqueue(RATE [, BURST_DURATION, BURST_BYTES])` — pulls packets at a rate and pushes them on.
//!
//! **Ports:** one pull input, one push output.
//!
//! **Description:** pulls RATE bytes per second and pushes the packets on. After a pause it catches up on what would have come in
//! BURST_DURATION (20 ms, unless given), or on BURST_BYTES.
//!
//! **Notes:** as in Click, a packet is pulled when there is credit for 131072 bytes, and that much is granted besides the burst.
//! Times are exact to the nanosecond, where Click's are to the millisecond. There is no handler `calls`.
//!
//! **Handlers:** `rate`, `active` (read, write).
//!
//! **Example:** `FromDevice(lan) -> Queue -> BandwidthRatedUnqueue(8Mbps) -> ToDevice(wan);`
//!
//! **See also:** `RatedUnqueue`, `Unqueue`, `BandwidthShaper`, `BandwidthRatedSplitter`.

use super::handler_value::boolean;
use super::tokens::{self, Burst, Tokens};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// See the module's documentation.
pub struct BandwidthRatedUnqueue {
    tokens: Tokens<true>,
    active: bool,
    /// Whether it waits for its time.
    waits: bool,
}

impl BandwidthRatedUnqueue {
    /// Pulls `rate` bytes per second, after a pause as much more as `burst` says.
    pub const fn new(rate: u32, burst: Burst) -> Self {
        BandwidthRatedUnqueue { tokens: Tokens::new(rate, burst), active: true, waits: false }
    }
}

impl Element for BandwidthRatedUnqueue {
    const SPEC: Spec = Spec {
        class: "BandwidthRatedUnqueue",
        category: Category::Scheduling,
        summary: "pulls packets at a bandwidth and pushes them on",
        ports: "1/1",
        processing: "l/h",
        shape: Shape::Pull,
        arguments: tokens::BYTES,
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
impl crate::configure::Configure for BandwidthRatedUnqueue {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let tokens = tokens::configure::<true>(arguments)?;
        Some(crate::configure::Instance::new("BandwidthRatedUnqueue", format!("BandwidthRatedUnqueue::new({tokens})")))
    }
}

impl Pull for BandwidthRatedUnqueue {
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
    fn pulls_at_the_bandwidth() {
        let mut inputs = Pulling::new([(0..9).map(|i| packet(&[i; 100])).collect()]);
        let mut unqueue = BandwidthRatedUnqueue::new(1000, Burst::Tokens(150));
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![0, 1], Some(50_000_000)));
        inputs.io.now_ns = 50_000_000;
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![2], Some(150_000_000)));
        unqueue.write_handler("active", "false").unwrap();
        assert_eq!((unqueue.deadline_ns(), read(&unqueue, "rate")), (None, "8kbps".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<BandwidthRatedUnqueue>(arguments, &Surroundings::default());
        let kept = made(&["8kbps"]).unwrap().expression;
        assert_eq!(kept, "BandwidthRatedUnqueue::new(1000, tokens::Burst::Milliseconds(20))");
        let bytes = made(&["1MBps", "BURST_BYTES 5000"]).unwrap().expression;
        assert_eq!(bytes, "BandwidthRatedUnqueue::new(1000000, tokens::Burst::Tokens(5000))");
        assert!(made(&["40Gbps"]).is_err() && made(&["x"]).is_err());
    }
}
