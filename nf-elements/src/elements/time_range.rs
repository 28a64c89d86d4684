// SPDX-License-Identifier: Apache-2.0
//! # TimeRange
//! `TimeRange([SIMPLE])` — watches the range of timestamps.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** passes packets unchanged and keeps the earliest and the latest of their timestamps. With SIMPLE true it takes
//! them to come in order.
//!
//! **Notes:** a timestamp of zero counts; Click takes it for none, but its simulated time does not begin at zero.
//!
//! **Handlers:** `first`, `last`, `range`, `interval` (read), `reset` (write).
//!
//! **Example:** `FromDevice(lan) -> SetTimestamp -> TimeRange -> Discard;`
//!
//! **See also:** `TimeFilter`, `SetTimestamp`.

use super::timestamp::Timestamp;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct TimeRange {
    simple: bool,
    /// The earliest and the latest timestamp.
    range_ns: Option<(u64, u64)>,
}

impl TimeRange {
    /// Watches timestamps, which only grow if `simple`.
    pub const fn new(simple: bool) -> Self {
        TimeRange { simple, range_ns: None }
    }
}

impl Element for TimeRange {
    const SPEC: Spec = Spec {
        class: "TimeRange",
        category: Category::Basic,
        summary: "watches the range of timestamps",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "SIMPLE", kind: ArgumentKind::Keyword, doc: "do timestamps only grow? false by default" }],
        handlers: &[Handler { name: "first", kind: HandlerKind::Read, doc: "the earliest timestamp" }, Handler { name: "last", kind: HandlerKind::Read, doc: "the latest timestamp" }, Handler { name: "range", kind: HandlerKind::Read, doc: "both" }, Handler { name: "interval", kind: HandlerKind::Read, doc: "the time between them" }, Handler { name: "reset", kind: HandlerKind::Write, doc: "forgets both" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let (first_ns, last_ns) = self.range_ns.unwrap_or((0, 0));
        match name {
            "first" => write!(out, "{}", Timestamp(first_ns))?,
            "last" => write!(out, "{}", Timestamp(last_ns))?,
            "range" => write!(out, "{} {}", Timestamp(first_ns), Timestamp(last_ns))?,
            "interval" => write!(out, "{}", Timestamp(last_ns.saturating_sub(first_ns)))?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, _value: &str) -> Result<(), HandlerError> {
        match name {
            "reset" => self.range_ns = None,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for TimeRange {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let simple = arguments.keyword("SIMPLE").unwrap_or(false);
        Some(crate::configure::Instance::new("TimeRange", format!("TimeRange::new({simple})")))
    }
}

impl Action for TimeRange {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let time_ns = packet.annotations().timestamp_ns;
        self.range_ns = Some(match self.range_ns {
            None => (time_ns, time_ns),
            Some((first_ns, _)) if self.simple => (first_ns, time_ns),
            Some((first_ns, last_ns)) => (first_ns.min(time_ns), last_ns.max(time_ns)),
        });
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    fn watched(simple: bool, times: &[u64]) -> [String; 4] {
        let (mut range, mut io) = (TimeRange::new(simple), ListIo::new(0));
        for time in times {
            let mut frame = packet(&[1]);
            frame.annotations_mut().timestamp_ns = time * 1_000_000_000;
            range.action(&mut io, &mut frame);
        }
        ["first", "last", "range", "interval"].map(|name| read(&range, name))
    }

    #[test]
    fn keeps_the_ends() {
        assert_eq!(watched(false, &[5, 3, 4]), ["3.000000", "5.000000", "3.000000 5.000000", "2.000000"]);
        assert_eq!(watched(true, &[2, 5, 4])[3], "2.000000");
        assert_eq!(watched(false, &[])[2], "0.000000 0.000000");
    }
}
