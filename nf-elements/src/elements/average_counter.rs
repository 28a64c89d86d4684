// SPDX-License-Identifier: Apache-2.0
//! # AverageCounter
//! `AverageCounter([IGNORE])` — counts packets and their average rate.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** passes packets unchanged and counts them. The rates are those between the first and the last packet; the first
//! IGNORE seconds (0 by default) do not count.
//!
//! **Notes:** times are whole milliseconds, as in Click; a rate over less than one is that of one.
//!
//! **Handlers:** `count`, `byte_count`, `rate`, `byte_rate` (read), `reset` (write).
//!
//! **Example:** `FromDevice(lan) -> AverageCounter -> Discard;`
//!
//! **See also:** `Counter`.

use super::rate::write_quotient;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct AverageCounter {
    ignore_ns: u64,
    count: u64,
    byte_count: u64,
    /// The times of the first and the last packet.
    range_ns: Option<(u64, u64)>,
}

impl AverageCounter {
    /// Does not count what comes in the first `ignore` seconds.
    pub const fn new(ignore: u32) -> Self {
        AverageCounter { ignore_ns: ignore as u64 * 1_000_000_000, count: 0, byte_count: 0, range_ns: None }
    }

    /// Writes how much `count` is per second.
    fn write_rate(&self, count: u64, out: &mut dyn fmt::Write) -> fmt::Result {
        const MS: u64 = 1_000_000;
        let (first_ns, last_ns) = self.range_ns.unwrap_or((0, 0));
        let passed_ms = (last_ns / MS).saturating_sub(first_ns / MS).saturating_sub(self.ignore_ns / MS);
        write_quotient(u128::from(count) * 1000, passed_ms.max(1), out)
    }
}

impl Element for AverageCounter {
    const SPEC: Spec = Spec {
        class: "AverageCounter",
        category: Category::Basic,
        summary: "counts packets and their average rate",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "IGNORE", kind: ArgumentKind::Optional, doc: "seconds that do not count; 0 by default" }],
        handlers: &[Handler { name: "count", kind: HandlerKind::Read, doc: "packets since the last reset" }, Handler { name: "byte_count", kind: HandlerKind::Read, doc: "bytes since the last reset" }, Handler { name: "rate", kind: HandlerKind::Read, doc: "packets per second" }, Handler { name: "byte_rate", kind: HandlerKind::Read, doc: "bytes per second" }, Handler { name: "reset", kind: HandlerKind::Write, doc: "sets all to zero" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            "byte_count" => write!(out, "{}", self.byte_count)?,
            "rate" => self.write_rate(self.count, out)?,
            "byte_rate" => self.write_rate(self.byte_count, out)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, _value: &str) -> Result<(), HandlerError> {
        match name {
            "reset" => (self.count, self.byte_count, self.range_ns) = (0, 0, None),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for AverageCounter {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let ignore = arguments.optional("IGNORE", 0u32)?;
        Some(crate::configure::Instance::new("AverageCounter", format!("AverageCounter::new({ignore})")))
    }
}

impl Action for AverageCounter {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        let now_ns = io.now_ns();
        let first_ns = self.range_ns.map_or(now_ns, |(first_ns, _)| first_ns);
        self.range_ns = Some((first_ns, now_ns));
        if now_ns.saturating_sub(first_ns) >= self.ignore_ns {
            self.count += 1;
            self.byte_count += packet.len() as u64;
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn averages_from_the_first_to_the_last_packet() {
        let (mut all, mut late, mut io) = (AverageCounter::new(0), AverageCounter::new(1), ListIo::new(0));
        for ms in [5000, 5500, 6000, 8000] {
            io.now_ns = ms * 1_000_000;
            all.action(&mut io, &mut packet(&[0; 10]));
            late.action(&mut io, &mut packet(&[0; 10]));
        }
        let names = ["count", "byte_count", "rate", "byte_rate"];
        assert_eq!(names.map(|name| read(&all, name)), ["4", "40", "1.33333333333", "13.3333333333"]);
        assert_eq!(names.map(|name| read(&late, name)), ["2", "20", "1", "10"]);
        all.write_handler("reset", "").unwrap();
        assert_eq!(read(&all, "rate"), "0");
    }
}
