// SPDX-License-Identifier: Apache-2.0
//! # CheckLength
//! `CheckLength(LENGTH)` — drops packets that are too long.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Description:** packets of at most LENGTH bytes leave by output 0, longer ones by output 1; if that is not connected they are
//! dropped.
//!
//! **Handlers:** `length` (read, write), `too_long` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> CheckLength(1514) -> ToDevice(wan);`
//!
//! **See also:** `Truncate`, `Pad`.

use super::handler_value::number;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct CheckLength {
    length: u32,
    diverts: bool,
    too_long: u64,
}

impl CheckLength {
    /// Lets packets of at most `length` bytes pass; `diverts` if output 1 takes the others.
    pub const fn new(length: u32, diverts: bool) -> Self {
        CheckLength { length, diverts, too_long: 0 }
    }
}

impl Element for CheckLength {
    const SPEC: Spec = Spec {
        class: "CheckLength",
        category: Category::Classification,
        summary: "drops packets that are too long",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[Argument { name: "LENGTH", kind: ArgumentKind::Required, doc: "most bytes" }],
        handlers: &[Handler { name: "length", kind: HandlerKind::ReadWrite, doc: "LENGTH" }, Handler { name: "too_long", kind: HandlerKind::Drops, doc: "longer packets" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "length" => write!(out, "{}", self.length)?,
            "too_long" => write!(out, "{}", self.too_long)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "length" => self.length = number(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for CheckLength {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (length, diverts): (u32, _) = (arguments.required("LENGTH")?, surroundings.outputs > 1);
        Some(crate::configure::Instance::new("CheckLength", format!("CheckLength::new({length}, {diverts})")))
    }
}

impl Route for CheckLength {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        if packet.len() as u64 <= u64::from(self.length) {
            return Some(0);
        }
        if self.diverts {
            return Some(1);
        }
        self.too_long += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn sorts_by_length() {
        let (mut drops, mut diverts, mut io) = (CheckLength::new(3, false), CheckLength::new(2, true), ListIo::new(0));
        diverts.write_handler("length", "3").unwrap();
        for (length, routes) in [(0, (Some(0), Some(0))), (3, (Some(0), Some(0))), (4, (None, Some(1)))] {
            let mut frame = packet(&vec![0; length]);
            assert_eq!((drops.route(&mut io, 0, &mut frame), diverts.route(&mut io, 0, &mut frame)), routes);
        }
        assert_eq!((read(&drops, "too_long"), read(&diverts, "too_long")), ("1".into(), "0".into()));
    }
}
