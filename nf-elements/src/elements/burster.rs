// SPDX-License-Identifier: Apache-2.0
//! # Burster
//! `Burster(INTERVAL [, BURST])` — pulls a burst of packets in each interval and pushes them on.
//!
//! **Ports:** one pull input, one push output.
//!
//! **Description:** pulls up to BURST packets (8, unless given) every INTERVAL seconds and pushes them on. After an interval
//! in which there were none it acts as soon as there are some.
//!
//! **Handlers:** none.
//!
//! **Example:** `FromDevice(lan) -> Queue -> Burster(10ms) -> ToDevice(wan);`
//!
//! **See also:** `TimedUnqueue`, `RatedUnqueue`, `Unqueue`.

use super::timed_unqueue::TimedUnqueue;
use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// See the module's documentation.
pub struct Burster(TimedUnqueue);

impl Burster {
    /// Pulls `burst` packets in each interval.
    pub const fn new(interval_ns: u64, burst: u32) -> Self {
        Burster(TimedUnqueue::new(interval_ns, burst))
    }
}

impl Element for Burster {
    const SPEC: Spec = Spec {
        class: "Burster",
        category: Category::Scheduling,
        summary: "pulls a burst of packets in each interval and pushes them on",
        ports: "1/1",
        processing: "l/h",
        shape: Shape::Pull,
        arguments: TimedUnqueue::ARGUMENTS,
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.0.deadline_ns()
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Burster {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        super::timed_unqueue::configure("Burster", 8, arguments)
    }
}

impl Pull for Burster {
    #[inline]
    fn turn<M: PacketIo>(&mut self, io: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        self.0.turn(io, answer)
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn a_burst_is_of_eight() {
        let made = configure::<Burster>(&["0.1"], &Surroundings::default()).unwrap();
        assert_eq!(made.expression, "Burster::new(100000000, 8)");
    }
}
