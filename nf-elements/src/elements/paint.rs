// SPDX-License-Identifier: Apache-2.0
//! # Paint
//! `Paint(COLOR [, ANNO])` — sets packets' paint annotation.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** sets each packet's paint annotation to COLOR, a number from 0 to 255. With ANNO it sets another byte of
//! the user annotations.
//!
//! **Notes:** ANNO is PAINT, or an offset in Click's user annotations: 18 and 24 are free for any use; 0 to 15 are the
//! destination, 16 is PAINT, 20 to 23 the aggregate. The others are not kept, or hold no byte.
//!
//! **Handlers:** `color` (read, write).
//!
//! **Example:** `FromDevice(lan) -> Paint(1) -> ToDevice(wan);`
//!
//! **See also:** `CheckPaint`, `PaintTee`, `PaintSwitch`.

use super::handler_value::number;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// The argument ANNO of all elements that paint and look at paint.
pub const ANNO: Argument =
    Argument { name: "ANNO", kind: ArgumentKind::Optional, doc: "which annotation byte; PAINT by default" };
/// Its default.
pub const PAINT: u8 = 16;

/// Reads ANNO: what to call on an element that was made for PAINT.
#[cfg(feature = "host")]
pub fn annotation(arguments: &mut crate::configure::Arguments) -> Option<String> {
    let annotation = arguments.optional("ANNO", crate::configure::AnnotationByte(PAINT))?.0;
    Some(if annotation == PAINT { String::new() } else { format!(".at({annotation})") })
}

/// See the module's documentation.
pub struct Paint {
    color: u8,
    annotation: u8,
}

impl Paint {
    /// Paints in `color`.
    pub const fn new(color: u8) -> Self {
        Paint { color, annotation: PAINT }
    }

    /// As `self`, for the annotation byte at that offset.
    pub const fn at(mut self, annotation: u8) -> Self {
        self.annotation = annotation;
        self
    }
}

impl Element for Paint {
    const SPEC: Spec = Spec {
        class: "Paint",
        category: Category::Basic,
        summary: "sets packets' paint annotation",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "COLOR", kind: ArgumentKind::Required, doc: "the colour, 0 to 255" }, ANNO],
        handlers: &[Handler { name: "color", kind: HandlerKind::ReadWrite, doc: "COLOR" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "color" => write!(out, "{}", self.color)?,
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
impl crate::configure::Configure for Paint {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (color, at) = (arguments.required::<u8>("COLOR"), annotation(arguments));
        Some(crate::configure::Instance::new("Paint", format!("Paint::new({}){}", color?, at?)))
    }
}

impl Action for Paint {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        packet.set_annotation_byte(self.annotation, self.color);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn paints_in_the_color_of_the_moment() {
        let (mut paint, mut io, mut frame) = (Paint::new(7), ListIo::new(0), packet(&[0; 60]));
        assert_eq!(paint.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.annotations().paint, 7);
        paint.write_handler("color", "255").unwrap();
        assert_eq!(paint.write_handler("color", "256"), Err(HandlerError::BadValue));
        assert_eq!(paint.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!((frame.annotations().paint, read(&paint, "color")), (255, "255".into()));
    }

    #[test]
    fn paints_another_annotation() {
        let mut frame = packet(&[0; 60]);
        Paint::new(7).at(18).action(&mut ListIo::new(0), &mut frame);
        assert_eq!((frame.annotation_byte(18), frame.annotations().paint), (7, 0));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<Paint>(arguments, &Surroundings::default());
        assert_eq!(made(&["3", "ANNO PAINT"]).unwrap().expression, "Paint::new(3)");
        assert_eq!(made(&["3", "18"]).unwrap().expression, "Paint::new(3).at(18)");
        assert!(made(&["256"]).is_err() && made(&["3", "17"]).is_err());
    }
}
