// SPDX-License-Identifier: Apache-2.0
//! # PaintTee
//! `PaintTee(COLOR [, ANNO])` — copies packets of one colour.
//!
//! **Ports:** one input, two outputs, push or pull; output 1 is push.
//!
//! **Description:** every packet leaves by output 0; a copy of each whose paint annotation equals COLOR leaves by output 1. With
//! ANNO it looks at another byte of the user annotations: see `Paint`.
//!
//! **Notes:** when the machine has no free buffer there is no copy.
//!
//! **Handlers:** `color` (read, write), `no_buffer` (drops).
//!
//! **Example:** `t :: PaintTee(1); FromDevice(lan) -> Paint(1) -> t; t[0] -> ToDevice(wan); t[1] -> Discard;`
//!
//! **See also:** `Paint`, `CheckPaint`, `Tee`.

use super::handler_value::number;
#[cfg(feature = "host")]
use super::paint::annotation;
use super::paint::{ANNO, PAINT};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;

/// See the module's documentation.
pub struct PaintTee {
    color: u8,
    annotation: u8,
    no_buffer: u64,
}

impl PaintTee {
    /// Copies packets of `color`.
    pub const fn new(color: u8) -> Self {
        PaintTee { color, annotation: PAINT, no_buffer: 0 }
    }

    /// As `self`, for the annotation byte at that offset.
    pub const fn at(mut self, annotation: u8) -> Self {
        self.annotation = annotation;
        self
    }
}

impl Element for PaintTee {
    const SPEC: Spec = Spec {
        class: "PaintTee",
        category: Category::Basic,
        summary: "copies packets of one colour",
        ports: "1/2",
        processing: "a/ah",
        shape: Shape::Push,
        arguments: &[Argument { name: "COLOR", kind: ArgumentKind::Required, doc: "the colour, 0 to 255" }, ANNO],
        handlers: &[Handler { name: "color", kind: HandlerKind::ReadWrite, doc: "COLOR" }, Handler { name: "no_buffer", kind: HandlerKind::Drops, doc: "copies without a free buffer" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "color" => write!(out, "{}", self.color)?,
            "no_buffer" => write!(out, "{}", self.no_buffer)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "color" => self.color = number(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for PaintTee {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (color, at) = (arguments.required::<u8>("COLOR"), annotation(arguments));
        Some(crate::configure::Instance::new("PaintTee", format!("PaintTee::new({}){}", color?, at?)))
    }
}

impl Push for PaintTee {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _input: usize, packet: Packet, out: &mut O) {
        if packet.annotation_byte(self.annotation) == self.color {
            match io.allocate() {
                Some(mut copy) => {
                    packet.copy_into(&mut copy);
                    out.emit(1, copy);
                }
                None => self.no_buffer += 1,
            }
        }
        out.emit(0, packet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Collected, ListIo, packet, read};

    fn outputs(tee: &mut PaintTee, io: &mut ListIo, color: u8) -> Vec<usize> {
        let (mut frame, mut out) = (packet(&[1]), Collected::<2>::default());
        frame.annotations_mut().paint = color;
        tee.push(io, 0, frame, &mut out);
        out.0.iter().map(|(port, _)| *port).collect()
    }

    #[test]
    fn copies_one_color() {
        let (mut tee, mut io) = (PaintTee::new(3), ListIo::new(0));
        assert_eq!([3, 4].map(|color| outputs(&mut tee, &mut io, color)), [vec![1, 0], vec![0]]);
        tee.write_handler("color", "4").unwrap();
        io.buffers = Some(0);
        assert_eq!((outputs(&mut tee, &mut io, 4), read(&tee, "no_buffer")), (vec![0], "1".into()));
    }
}
