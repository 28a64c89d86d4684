// SPDX-License-Identifier: Apache-2.0
//! # CheckPaint
//! `CheckPaint(COLOR [, ANNO])` — checks packets' paint annotation.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Description:** packets whose paint annotation equals COLOR leave by output 0, others by output 1; if that is not
//! connected they are dropped. With ANNO it looks at another byte of the user annotations: see `Paint`.
//!
//! **Handlers:** `color` (read, write), `other_color` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> Paint(1) -> CheckPaint(1) -> ToDevice(wan);`
//!
//! **See also:** `Paint`.

use super::handler_value::number;
#[cfg(feature = "host")]
use super::paint::annotation;
use super::paint::{ANNO, PAINT};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct CheckPaint {
    color: u8,
    annotation: u8,
    diverts: bool,
    other_color: u64,
}

impl CheckPaint {
    /// Checks for `color`; `diverts` if output 1 takes the others.
    pub const fn new(color: u8, diverts: bool) -> Self {
        CheckPaint { color, annotation: PAINT, diverts, other_color: 0 }
    }

    /// As `self`, for the annotation byte at that offset.
    pub const fn at(mut self, annotation: u8) -> Self {
        self.annotation = annotation;
        self
    }
}

impl Element for CheckPaint {
    const SPEC: Spec = Spec {
        class: "CheckPaint",
        category: Category::Classification,
        summary: "checks packets' paint annotation",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[Argument { name: "COLOR", kind: ArgumentKind::Required, doc: "the colour, 0 to 255" }, ANNO],
        handlers: &[
            Handler { name: "color", kind: HandlerKind::ReadWrite, doc: "COLOR" },
            Handler { name: "other_color", kind: HandlerKind::Drops, doc: "packets of another colour" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "color" => write!(out, "{}", self.color)?,
            "other_color" => write!(out, "{}", self.other_color)?,
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
impl crate::configure::Configure for CheckPaint {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (color, at) = (arguments.required::<u8>("COLOR"), annotation(arguments));
        let expression = format!("CheckPaint::new({}, {}){}", color?, surroundings.outputs > 1, at?);
        Some(crate::configure::Instance::new("CheckPaint", expression))
    }
}

impl Route for CheckPaint {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        if packet.annotation_byte(self.annotation) == self.color {
            return Some(0);
        }
        if self.diverts {
            return Some(1);
        }
        self.other_color += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn sorts_by_color() {
        let (mut drops, mut diverts, mut io) = (CheckPaint::new(3, false), CheckPaint::new(3, true), ListIo::new(0));
        let mut frame = packet(&[0; 60]);
        assert_eq!((drops.route(&mut io, 0, &mut frame), diverts.route(&mut io, 0, &mut frame)), (None, Some(1)));
        frame.annotations_mut().paint = 3;
        assert_eq!((drops.route(&mut io, 0, &mut frame), diverts.route(&mut io, 0, &mut frame)), (Some(0), Some(0)));
        assert_eq!((read(&drops, "other_color"), read(&diverts, "other_color")), ("1".into(), "0".into()));
    }
}
