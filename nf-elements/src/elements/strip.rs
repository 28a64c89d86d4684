// SPDX-License-Identifier: Apache-2.0
//! # Strip
//! `Strip(LENGTH)` — removes bytes from the front of each packet.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** removes the first LENGTH bytes: `Strip(14)` takes an Ethernet header off. `Unstrip` brings them back.
//!
//! **Notes:** a packet shorter than LENGTH is dropped; Click would abort.
//!
//! **Handlers:** `length` (read), `too_short` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> Discard;`

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct Strip {
    length: usize,
    too_short: u64,
}

impl Strip {
    /// Strips `length` bytes.
    pub const fn new(length: usize) -> Self {
        Strip { length, too_short: 0 }
    }
}

impl Element for Strip {
    const SPEC: Spec = Spec {
        class: "Strip",
        category: Category::Basic,
        summary: "removes bytes from the front of each packet",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "LENGTH", kind: ArgumentKind::Required, doc: "how many bytes" }],
        handlers: &[
            Handler { name: "length", kind: HandlerKind::Read, doc: "LENGTH" },
            Handler { name: "too_short", kind: HandlerKind::Drops, doc: "packets shorter than LENGTH" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "length" => write!(out, "{}", self.length)?,
            "too_short" => write!(out, "{}", self.too_short)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Strip {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let length: u16 = arguments.required("LENGTH")?;
        Some(crate::configure::Instance::new("Strip", format!("Strip::new({length})")))
    }
}

impl Action for Strip {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if packet.pull_front(self.length) {
            Verdict::Pass
        } else {
            self.too_short += 1;
            Verdict::Drop
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn strips_or_counts_a_short_packet() {
        let (mut strip, mut io) = (Strip::new(2), ListIo::new(0));
        let mut long = packet(&[1, 2, 3]);
        assert_eq!(strip.action(&mut io, &mut long), Verdict::Pass);
        assert_eq!(long.data(), [3]);
        assert_eq!(strip.action(&mut io, &mut packet(&[1])), Verdict::Drop);
        assert_eq!(strip.too_short, 1);
    }
}
