// SPDX-License-Identifier: Apache-2.0
//! # Paint
//! `Paint(COLOR)` — sets packets' paint annotation.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** sets each packet's paint annotation to COLOR, a number from 0 to 255.
//!
//! **Notes:** Click's ANNO does not exist: there is one paint annotation.
//!
//! **Handlers:** `color` (read, write).
//!
//! **Example:** `FromDevice(lan) -> Paint(1) -> ToDevice(wan);`
//!
//! **See also:** `CheckPaint`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct Paint {
    color: u8,
}

impl Paint {
    /// Paints in `color`.
    pub const fn new(color: u8) -> Self {
        Paint { color }
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
        arguments: &[Argument { name: "COLOR", kind: ArgumentKind::Required, doc: "the colour, 0 to 255" }],
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
            "color" => self.color = value.trim().parse().map_err(|_| HandlerError::BadValue)?,
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
        let color: u8 = arguments.required("COLOR")?;
        Some(crate::configure::Instance::new("Paint", format!("Paint::new({color})")))
    }
}

impl Action for Paint {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        packet.annotations_mut().paint = self.color;
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
}
