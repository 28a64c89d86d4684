// SPDX-License-Identifier: Apache-2.0
//! # CheckPaint
//! `CheckPaint(COLOR)` — checks packets' paint annotation.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Description:** packets whose paint annotation equals COLOR leave by output 0, others by output 1; if that is not
//! connected they are dropped.
//!
//! **Notes:** Click's ANNO does not exist: there is one paint annotation.
//!
//! **Handlers:** `color` (read, write), `other_color` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> Paint(1) -> CheckPaint(1) -> ToDevice(wan);`
//!
//! **See also:** `Paint`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct CheckPaint {
    color: u8,
    diverts: bool,
    other_color: u64,
}

impl CheckPaint {
    /// Checks for `color`; `diverts` if output 1 takes the others.
    pub const fn new(color: u8, diverts: bool) -> Self {
        CheckPaint { color, diverts, other_color: 0 }
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
        arguments: &[Argument { name: "COLOR", kind: ArgumentKind::Required, doc: "the colour, 0 to 255" }],
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
            "color" => self.color = value.trim().parse().map_err(|_| HandlerError::BadValue)?,
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
        let (color, diverts): (u8, _) = (arguments.required("COLOR")?, surroundings.outputs > 1);
        Some(crate::configure::Instance::new("CheckPaint", format!("CheckPaint::new({color}, {diverts})")))
    }
}

impl Route for CheckPaint {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        if packet.annotations().paint == self.color {
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
