// SPDX-License-Identifier: Apache-2.0
//! # Counter
//! `Counter` — counts packets and bytes.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** passes every packet unchanged and counts it.
//!
//! **Handlers:** `count` (read), `byte_count` (read), `reset` (write).
//!
//! **Example:** `FromDevice(lan) -> Counter -> Discard;`

use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct Counter {
    count: u64,
    byte_count: u64,
}

impl Counter {
    /// A counter at zero.
    pub const fn new() -> Self {
        Counter { count: 0, byte_count: 0 }
    }
}

impl Element for Counter {
    const SPEC: Spec = Spec {
        class: "Counter",
        category: Category::Basic,
        summary: "counts packets and bytes",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[],
        handlers: &[
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets since the last reset" },
            Handler { name: "byte_count", kind: HandlerKind::Read, doc: "bytes since the last reset" },
            Handler { name: "reset", kind: HandlerKind::Write, doc: "sets both counts to zero" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            "byte_count" => write!(out, "{}", self.byte_count)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, _value: &str) -> Result<(), HandlerError> {
        match name {
            "reset" => *self = Counter::new(),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Counter {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("Counter", "Counter::new()"))
    }
}

impl Action for Counter {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        self.count += 1;
        self.byte_count += packet.len() as u64;
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    fn read(counter: &Counter, name: &str) -> String {
        let mut value = String::new();
        counter.read_handler(name, &mut value).unwrap();
        value
    }

    #[test]
    fn counts_and_resets() {
        let (mut counter, mut io) = (Counter::new(), ListIo::new(0));
        for length in [60, 1500] {
            assert_eq!(counter.action(&mut io, &mut packet(&vec![0; length])), Verdict::Pass);
        }
        assert_eq!((read(&counter, "count"), read(&counter, "byte_count")), ("2".into(), "1560".into()));
        counter.write_handler("reset", "").unwrap();
        assert_eq!(read(&counter, "count"), "0");
        assert_eq!(counter.write_handler("count", "1"), Err(HandlerError::Unknown));
    }
}
