// SPDX-License-Identifier: Apache-2.0
//! # Pad
//! `Pad([LENGTH, ZERO])` — lengthens packets.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** lengthens each packet to at least LENGTH bytes, or, without LENGTH, by its extra length annotation, which is zero
//! then. The new bytes are zero.
//!
//! **Notes:** ZERO is accepted; the bytes are zero in any case. A packet whose buffer has no room for them is dropped.
//!
//! **Handlers:** `no_room` (drops).
//!
//! **Example:** `FromDevice(lan) -> Pad(60) -> ToDevice(wan);`
//!
//! **See also:** `Truncate`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct Pad {
    length: usize,
    no_room: u64,
}

impl Pad {
    /// Lengthens packets to `length` bytes, or by what was cut if that is 0.
    pub const fn new(length: usize) -> Self {
        Pad { length, no_room: 0 }
    }
}

impl Element for Pad {
    const SPEC: Spec = Spec {
        class: "Pad",
        category: Category::Basic,
        summary: "lengthens packets",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "LENGTH", kind: ArgumentKind::Optional, doc: "least bytes; as many as were cut if 0, the default" }, Argument { name: "ZERO", kind: ArgumentKind::Keyword, doc: "ignored" }],
        handlers: &[Handler { name: "no_room", kind: HandlerKind::Drops, doc: "packets whose buffer is too small" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "no_room" => write!(out, "{}", self.no_room)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Pad {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let length = arguments.optional("LENGTH", 0u32);
        let _: Option<bool> = arguments.keyword("ZERO");
        Some(crate::configure::Instance::new("Pad", format!("Pad::new({})", length?)))
    }
}

impl Action for Pad {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let missing = match self.length {
            0 => usize::from(packet.extra_length()),
            length => length.saturating_sub(packet.len()),
        };
        if missing > packet.tailroom() {
            self.no_room += 1;
            return Verdict::Drop;
        }
        let mut left = missing;
        while left > 0 {
            let count = left.min(64);
            // There is room: it was compared above.
            let _ = packet.append(&[0; 64][..count]);
            left -= count;
        }
        packet.set_extra_length(0);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn lengthens_to_the_length_or_by_what_was_cut() {
        let (mut pad, mut io, mut frame) = (Pad::new(70), ListIo::new(0), packet(&[7]));
        frame.set_extra_length(9);
        assert_eq!(pad.action(&mut io, &mut frame), Verdict::Pass);
        assert!(frame.len() == 70 && frame.extra_length() == 0 && frame.data()[1..] == [0; 69]);
        frame.set_extra_length(2);
        assert_eq!(Pad::new(0).action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!((frame.len(), Pad::new(5).action(&mut io, &mut frame), frame.len()), (72, Verdict::Pass, 72));
    }

    #[test]
    fn a_buffer_is_never_exceeded() {
        let (mut pad, mut io) = (Pad::new(usize::MAX), ListIo::new(0));
        assert_eq!(pad.action(&mut io, &mut packet(&[7])), Verdict::Drop);
        assert_eq!(read(&pad, "no_room"), "1");
    }
}
