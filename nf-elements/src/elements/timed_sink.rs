// SPDX-License-Identifier: Apache-2.0
//! # TimedSink
//! `TimedSink([INTERVAL])` — pulls and drops a packet in each interval.
//!
//! **Ports:** one pull input, no output.
//!
//! **Description:** pulls one packet every INTERVAL (half a second, unless given) and drops it, for the first time when
//! one INTERVAL has passed.
//!
//! **Notes:** the handler `count` is not Click's.
//!
//! **Handlers:** `interval` (read, write), `count` (read).
//!
//! **Example:** `FromDevice(lan) -> Queue -> TimedSink(1s);`
//!
//! **See also:** `Discard`, `TimedSource`.

use super::handler_value::nanoseconds;
use super::timestamp::Timestamp;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Sink, Spec};
use core::fmt;

/// See the module's documentation.
pub struct TimedSink {
    interval_ns: u64,
    next_ns: Option<u64>,
    count: u64,
}

impl TimedSink {
    /// Drops a packet in each interval.
    pub const fn new(interval_ns: u64) -> Self {
        TimedSink { interval_ns, next_ns: None, count: 0 }
    }
}

impl Element for TimedSink {
    const SPEC: Spec = Spec {
        class: "TimedSink",
        category: Category::SourceSink,
        summary: "pulls and drops a packet in each interval",
        ports: "1/0",
        processing: "l/",
        shape: Shape::Sink,
        arguments: &[Argument { name: "INTERVAL", kind: ArgumentKind::Optional, doc: "time between packets; 0.5 by default" }],
        handlers: &[
            Handler { name: "interval", kind: HandlerKind::ReadWrite, doc: "INTERVAL" },
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets dropped" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "interval" => write!(out, "{}", Timestamp(self.interval_ns))?,
            "count" => write!(out, "{}", self.count)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match (name, nanoseconds(value)) {
            ("interval", Ok(0)) => return Err(HandlerError::BadValue),
            ("interval", interval_ns) => self.interval_ns = interval_ns?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.next_ns
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for TimedSink {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let interval = arguments.optional("INTERVAL", crate::configure::Nanoseconds(500_000_000))?.0;
        Some(crate::configure::Instance::new("TimedSink", format!("TimedSink::new({interval})")).ticking())
    }
}

impl Sink for TimedSink {
    #[inline]
    fn consume<M: PacketIo>(&mut self, _: &mut M, batch: Batch) {
        self.count += batch.len() as u64;
    }

    #[inline]
    fn room<M: PacketIo>(&mut self, io: &mut M) -> usize {
        let next_ns = self.next_ns.unwrap_or(io.now_ns().saturating_add(self.interval_ns));
        let due = next_ns <= io.now_ns();
        // Late, it does not catch up.
        self.next_ns = Some(if due { io.now_ns().saturating_add(self.interval_ns) } else { next_ns });
        usize::from(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn wants_one_packet_in_each_interval() {
        let (mut sink, mut io) = (TimedSink::new(100), ListIo::new(0));
        let rooms = [0, 99, 100, 101, 350, 449, 450].map(|now_ns| {
            io.now_ns = now_ns;
            sink.room(&mut io)
        });
        assert_eq!((rooms, sink.deadline_ns()), ([0, 0, 1, 0, 1, 0, 1], Some(550)));
        sink.consume(&mut io, Batch::from(packet(&[1])));
        sink.write_handler("interval", "2s").unwrap();
        assert_eq!(sink.write_handler("interval", "0"), Err(HandlerError::BadValue));
        assert_eq!((read(&sink, "interval"), read(&sink, "count")), ("2.000000".into(), "1".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<TimedSink>(arguments, &Surroundings::default());
        assert_eq!(made(&[]).unwrap().expression, "TimedSink::new(500000000)");
        assert!(made(&["1s"]).unwrap().ticks && made(&["x"]).is_err());
    }
}
