// SPDX-License-Identifier: Apache-2.0
//! # Discard
//! `Discard` — drops all packets.
//!
//! **Ports:** one input, no output, push or pull.
//!
//! **Description:** drops and counts every packet. At the end of a pull path it pulls whatever is there.
//!
//! **Notes:** Click's ACTIVE and BURST, which pace pulling, do not exist: it pulls in bursts, always.
//!
//! **Handlers:** `count` (drops), `reset_counts` (write).
//!
//! **Example:** `FromDevice(lan) -> Discard;`
//!
//! **See also:** `Queue`.

use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Sink, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct Discard {
    count: u64,
}

impl Discard {
    /// A sink that has seen nothing yet.
    pub const fn new() -> Self {
        Discard { count: 0 }
    }
}

impl Element for Discard {
    const SPEC: Spec = Spec {
        class: "Discard",
        category: Category::SourceSink,
        summary: "drops all packets",
        ports: "1/0",
        processing: "a/",
        shape: Shape::Sink,
        arguments: &[],
        handlers: &[
            Handler { name: "count", kind: HandlerKind::Drops, doc: "packets discarded since the last reset" },
            Handler { name: "reset_counts", kind: HandlerKind::Write, doc: "sets the count to zero" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, _value: &str) -> Result<(), HandlerError> {
        match name {
            "reset_counts" => self.count = 0,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Discard {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("Discard", "Discard::new()"))
    }
}

impl Sink for Discard {
    #[inline]
    fn consume<M: PacketIo>(&mut self, _: &mut M, batch: Batch) {
        self.count += batch.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn counts_what_it_drops() {
        let (mut discard, mut io) = (Discard::new(), ListIo::new(0));
        for _ in 0..2 {
            let mut batch = Batch::new();
            for _ in 0..3 {
                assert!(batch.push(packet(&[0; 60])).is_ok());
            }
            discard.consume(&mut io, batch);
        }
        assert_eq!(read(&discard, "count"), "6");
        discard.write_handler("reset_counts", "").unwrap();
        assert_eq!(read(&discard, "count"), "0");
    }
}
