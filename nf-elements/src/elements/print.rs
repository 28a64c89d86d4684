// SPDX-License-Identifier: Apache-2.0
//! # Print
//! `Print([LABEL, MAXLENGTH, CONTENTS, ACTIVE])` — prints packet contents.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** shows each packet in the VM's log: LABEL (empty by default), the packet's length, and its first
//! MAXLENGTH bytes in hexadecimal (24 by default; all, if negative). With CONTENTS NONE no bytes are shown. While
//! ACTIVE is false nothing is shown at all.
//!
//! **Notes:** CONTENTS ASCII and Click's keywords TIMESTAMP, PRINTANNO, HEADROOM and CPU do not exist.
//!
//! **Handlers:** `active` (read, write).
//!
//! **Example:** `FromDevice(lan) -> Print(in, 64) -> ToDevice(wan);`
//!
//! **See also:** `Counter`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct Print {
    label: &'static str,
    bytes: usize,
    active: bool,
}

impl Print {
    /// Shows at most `bytes` bytes of each packet behind `label`.
    pub const fn new(label: &'static str, bytes: usize, active: bool) -> Self {
        Print { label, bytes, active }
    }
}

impl Element for Print {
    const SPEC: Spec = Spec {
        class: "Print",
        category: Category::Basic,
        summary: "prints packet contents",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "LABEL", kind: ArgumentKind::Optional, doc: "shown in front; empty by default" },
            Argument { name: "MAXLENGTH", kind: ArgumentKind::Optional, doc: "bytes shown; 24 by default, all if < 0" },
            Argument { name: "CONTENTS", kind: ArgumentKind::Keyword, doc: "HEX (default) or NONE" },
            Argument { name: "ACTIVE", kind: ArgumentKind::Keyword, doc: "print? true by default" },
        ],
        handlers: &[Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "ACTIVE" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "active" => write!(out, "{}", self.active)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "active" => self.active = value.trim().parse().map_err(|_| HandlerError::BadValue)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Print {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let label = arguments.optional("LABEL", String::new());
        let max_length = arguments.optional("MAXLENGTH", 24i32);
        let contents: Option<String> = arguments.keyword("CONTENTS");
        if contents.as_ref().is_some_and(|contents| !["HEX", "NONE"].contains(&contents.as_str())) {
            arguments.error_last("no such CONTENTS", "HEX or NONE");
        }
        let active = arguments.keyword("ACTIVE").unwrap_or(true);
        let bytes = match (contents.as_deref(), max_length?) {
            (Some("NONE"), _) => "0".into(),
            (_, ..0) => "usize::MAX".into(),
            (_, bytes) => bytes.to_string(),
        };
        Some(crate::configure::Instance::new("Print", format!("Print::new({:?}, {bytes}, {active})", label?)))
    }
}

/// Bytes in groups of four, as Click shows them.
struct Hexadecimal<'a>(&'a [u8]);

impl fmt::Display for Hexadecimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 && index % 4 == 0 {
                f.write_str(" ")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl Action for Print {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        if self.active {
            let shown = &packet.data()[..self.bytes.min(packet.len())];
            io.message(format_args!("{}: {:4} | {}", self.label, packet.len(), Hexadecimal(shown)));
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn shows_packets_while_active() {
        let (mut print, mut io) = (Print::new("in", 2, true), ListIo::new(0));
        assert_eq!(print.action(&mut io, &mut packet(&[1, 0xab, 3])), Verdict::Pass);
        print.write_handler("active", "false").unwrap();
        assert_eq!(print.action(&mut io, &mut packet(&[4])), Verdict::Pass);
        assert_eq!(io.printed, ["in:    3 | 01ab"]);
        assert_eq!(read(&print, "active"), "false");
        assert_eq!(print.write_handler("active", "maybe"), Err(HandlerError::BadValue));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<Print>(arguments, &Surroundings::default());
        assert_eq!(made(&[]).unwrap().expression, r#"Print::new("", 24, true)"#);
        let all = made(&[r#""a \ b""#, "-1", "ACTIVE false"]).unwrap();
        assert_eq!(all.expression, r#"Print::new("a \\ b", usize::MAX, false)"#);
        assert_eq!(made(&["ok", "CONTENTS NONE"]).unwrap().expression, r#"Print::new("ok", 0, true)"#);
        assert_eq!(made(&["ok", "CONTENTS ASCII"]).unwrap_err().len(), 1);
    }
}
