// SPDX-License-Identifier: Apache-2.0
//! # SetAnnoByte
//! `SetAnnoByte(ANNO, VALUE)` — sets a byte of the user annotations.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** sets the byte ANNO of each packet's user annotations to VALUE, a number from 0 to 255: the same as
//! `Paint(VALUE, ANNO)`, which Click has in its place now.
//!
//! **Notes:** for ANNO see `Paint`.
//!
//! **Handlers:** `anno` (read), `value` (read, write).
//!
//! **Example:** `FromDevice(lan) -> SetAnnoByte(PAINT, 1) -> ToDevice(wan);`
//!
//! **See also:** `Paint`.

use super::handler_value::number;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct SetAnnoByte {
    annotation: u8,
    value: u8,
}

impl SetAnnoByte {
    /// Sets the annotation byte at that offset to `value`.
    pub const fn new(annotation: u8, value: u8) -> Self {
        SetAnnoByte { annotation, value }
    }
}

impl Element for SetAnnoByte {
    const SPEC: Spec = Spec {
        class: "SetAnnoByte",
        category: Category::Basic,
        summary: "sets a byte of the user annotations",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "ANNO", kind: ArgumentKind::Required, doc: "which annotation byte" },
            Argument { name: "VALUE", kind: ArgumentKind::Required, doc: "its value, 0 to 255" },
        ],
        handlers: &[
            Handler { name: "anno", kind: HandlerKind::Read, doc: "ANNO, as a number" },
            Handler { name: "value", kind: HandlerKind::ReadWrite, doc: "VALUE" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "anno" => write!(out, "{}", self.annotation)?,
            "value" => write!(out, "{}", self.value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "value" => self.value = number(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetAnnoByte {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let annotation: Option<crate::configure::AnnotationByte> = arguments.required("ANNO");
        let value: Option<u8> = arguments.required("VALUE");
        arguments.warn("SetAnnoByte(ANNO, VALUE) is obsolete", Some("Paint(VALUE, ANNO)".into()));
        let (annotation, value) = (annotation?.0, value?);
        Some(crate::configure::Instance::new("SetAnnoByte", format!("SetAnnoByte::new({annotation}, {value})")))
    }
}

impl Action for SetAnnoByte {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        packet.set_annotation_byte(self.annotation, self.value);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn sets_its_byte() {
        let (mut set, mut frame) = (SetAnnoByte::new(18, 7), packet(&[0; 60]));
        set.write_handler("value", "9").unwrap();
        assert_eq!(set.write_handler("value", "256"), Err(HandlerError::BadValue));
        assert_eq!(set.action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
        assert_eq!((frame.annotation_byte(18), read(&set, "anno"), read(&set, "value")), (9, "18".into(), "9".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<SetAnnoByte>(arguments, &Surroundings::default());
        assert_eq!(made(&["PAINT", "3"]).unwrap().expression, "SetAnnoByte::new(16, 3)");
        assert!(made(&["17", "3"]).is_err() && made(&["16", "256"]).is_err() && made(&["16"]).is_err());
    }
}
