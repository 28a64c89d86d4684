// SPDX-License-Identifier: Apache-2.0
//! # Truncate
//! `Truncate(LENGTH [, EXTRA_LENGTH])` — cuts packets to a length.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** cuts each packet to at most LENGTH bytes, and adds what was cut to its extra length annotation, unless
//! EXTRA_LENGTH is false.
//!
//! **Handlers:** `nbytes` (read, write).
//!
//! **Example:** `FromDevice(lan) -> Truncate(68) -> ToDevice(wan);`
//!
//! **See also:** `Pad`, `CheckLength`.

use super::handler_value::number;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct Truncate {
    length: u32,
    notes: bool,
}

impl Truncate {
    /// Cuts packets to `length` bytes; `notes` in an annotation how many were cut.
    pub const fn new(length: u32, notes: bool) -> Self {
        Truncate { length, notes }
    }
}

impl Element for Truncate {
    const SPEC: Spec = Spec {
        class: "Truncate",
        category: Category::Basic,
        summary: "cuts packets to a length",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "LENGTH", kind: ArgumentKind::Required, doc: "most bytes" }, Argument { name: "EXTRA_LENGTH", kind: ArgumentKind::Keyword, doc: "note what was cut? true by default" }],
        handlers: &[Handler { name: "nbytes", kind: HandlerKind::ReadWrite, doc: "LENGTH" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "nbytes" => write!(out, "{}", self.length)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "nbytes" => self.length = number(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Truncate {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let length: Option<u32> = arguments.required("LENGTH");
        let notes = arguments.keyword("EXTRA_LENGTH").unwrap_or(true);
        Some(crate::configure::Instance::new("Truncate", format!("Truncate::new({}, {notes})", length?)))
    }
}

impl Action for Truncate {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let cut = packet.len().saturating_sub(self.length as usize);
        if cut > 0 {
            packet.truncate(self.length as usize);
            if self.notes {
                packet.set_extra_length(packet.extra_length().saturating_add(cut as u16));
            }
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn cuts_and_notes_it() {
        let mut io = ListIo::new(0);
        for (length, notes, left, extra) in [(2, true, 2, 3), (2, false, 2, 0), (5, true, 5, 0), (0, true, 0, 5)] {
            let mut frame = packet(&[1, 2, 3, 4, 5]);
            assert_eq!(Truncate::new(length, notes).action(&mut io, &mut frame), Verdict::Pass);
            assert_eq!((frame.len(), frame.extra_length()), (left, extra));
        }
    }
}
