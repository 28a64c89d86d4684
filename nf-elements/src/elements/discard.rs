// SPDX-License-Identifier: Apache-2.0
//! # Discard
//! `Discard([ACTIVE, BURST])` — drops all packets.
//!
//! **Ports:** one input, no output, push or pull.
//!
//! **Description:** drops and counts every packet. At the end of a pull path it pulls up to BURST packets in each round (1
//! by default, all if 0), while ACTIVE is true.
//!
//! **Notes:** it pulls at most 32 packets in a round. ACTIVE means nothing where packets are pushed into it.
//!
//! **Handlers:** `count` (drops), `reset_counts` (write), `active` (read, write).
//!
//! **Example:** `FromDevice(lan) -> Discard;`
//!
//! **See also:** `Queue`.

use super::handler_value::boolean;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Sink, Spec};
use core::fmt;

/// See the module's documentation.
pub struct Discard {
    count: u64,
    burst: usize,
    active: bool,
}

impl Discard {
    /// A sink that has seen nothing yet.
    pub const fn new() -> Self {
        Discard::pulling(true, 1)
    }

    /// One that pulls so many packets in a round, while it is active.
    pub const fn pulling(active: bool, burst: usize) -> Self {
        Discard { count: 0, burst, active }
    }
}

impl Default for Discard {
    fn default() -> Self {
        Discard::new()
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
        arguments: &[
            Argument { name: "ACTIVE", kind: ArgumentKind::Keyword, doc: "pull? true by default" },
            Argument { name: "BURST", kind: ArgumentKind::Keyword, doc: "packets pulled in a round; 1 by default" },
        ],
        handlers: &[
            Handler { name: "count", kind: HandlerKind::Drops, doc: "packets discarded since the last reset" },
            Handler { name: "reset_counts", kind: HandlerKind::Write, doc: "sets the count to zero" },
            Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "ACTIVE" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            "active" => write!(out, "{}", self.active)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "reset_counts" => self.count = 0,
            "active" => self.active = boolean(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Discard {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let active = arguments.keyword("ACTIVE").unwrap_or(true);
        let expression = match (active, arguments.keyword("BURST").unwrap_or(1u32)) {
            (true, 1) => "Discard::new()".into(),
            (_, 0) => format!("Discard::pulling({active}, usize::MAX)"),
            (_, burst) => format!("Discard::pulling({active}, {burst})"),
        };
        Some(crate::configure::Instance::new("Discard", expression))
    }
}

impl Sink for Discard {
    #[inline]
    fn consume<M: PacketIo>(&mut self, _: &mut M, batch: Batch) {
        self.count += batch.len() as u64;
        batch.discard();
    }

    #[inline]
    fn room<M: PacketIo>(&mut self, _: &mut M) -> usize {
        if self.active { self.burst } else { 0 }
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

    #[test]
    fn pulls_while_active() {
        let (mut discard, mut io) = (Discard::pulling(false, 5), ListIo::new(0));
        assert_eq!((discard.room(&mut io), Discard::new().room(&mut io)), (0, 1));
        discard.write_handler("active", "true").unwrap();
        assert_eq!((discard.room(&mut io), read(&discard, "active")), (5, "true".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<Discard>(arguments, &Surroundings::default()).unwrap().expression;
        assert_eq!((made(&[]), made(&["BURST 0"])), ("Discard::new()".into(), "Discard::pulling(true, usize::MAX)".into()));
        assert_eq!(made(&["ACTIVE no", "BURST 9"]), "Discard::pulling(false, 9)");
    }
}
