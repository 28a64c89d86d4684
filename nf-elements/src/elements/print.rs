// SPDX-License-Identifier: Apache-2.0
//! # Print
//! `Print([LABEL, MAXLENGTH, CONTENTS, TIMESTAMP, PRINTANNO, ACTIVE, HEADROOM, CPU])` — prints packet contents.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** shows each packet in the log: LABEL, if there is one; the timestamp, with TIMESTAMP; the packet's
//! length; its headroom and tailroom, with HEADROOM; Click's 48 bytes of user annotations, with PRINTANNO; and its first
//! MAXLENGTH bytes (24 by default; all, if negative), as CONTENTS says: HEX, ASCII or NONE. While ACTIVE is false nothing
//! is shown at all.
//!
//! **Notes:** CPU is accepted and shows nothing. Headroom and tailroom are those of our buffers. Annotations that we do
//! not keep show as zero.
//!
//! **Handlers:** `active` (read, write).
//!
//! **Example:** `FromDevice(lan) -> Print(in, 64) -> ToDevice(wan);`
//!
//! **See also:** `Counter`.

use super::handler_value::boolean;
use super::timestamp::Timestamp;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// How a packet's bytes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Not at all.
    None,
    /// In hexadecimal, four by four.
    Hex,
    /// As text, eight by eight, a point for what is none.
    Ascii,
}

/// What is shown of a packet beside its length.
#[derive(Clone, Copy)]
pub struct Shown {
    /// Stands in front, if not empty.
    pub label: &'static str,
    /// Most bytes.
    pub bytes: usize,
    /// How the bytes are shown.
    pub contents: Contents,
    /// The timestamp?
    pub timestamp: bool,
    /// The user annotations?
    pub annotations: bool,
    /// Headroom and tailroom?
    pub headroom: bool,
}

/// See the module's documentation.
pub struct Print {
    shown: Shown,
    active: bool,
}

impl Print {
    /// Shows at most `bytes` bytes of each packet behind `label`.
    pub const fn new(label: &'static str, bytes: usize, active: bool) -> Self {
        let contents = Contents::Hex;
        Print::showing(Shown { label, bytes, contents, timestamp: false, annotations: false, headroom: false }, active)
    }

    /// Shows all that `shown` says.
    pub const fn showing(shown: Shown, active: bool) -> Self {
        Print { shown, active }
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
            Argument { name: "CONTENTS", kind: ArgumentKind::Keyword, doc: "HEX (default), ASCII or NONE" },
            Argument { name: "TIMESTAMP", kind: ArgumentKind::Keyword, doc: "show the timestamp? false by default" },
            Argument { name: "PRINTANNO", kind: ArgumentKind::Keyword, doc: "show annotations? false by default" },
            Argument { name: "ACTIVE", kind: ArgumentKind::Keyword, doc: "print? true by default" },
            Argument { name: "HEADROOM", kind: ArgumentKind::Keyword, doc: "show head- and tailroom? false by default" },
            Argument { name: "CPU", kind: ArgumentKind::Keyword, doc: "ignored" },
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
            "active" => self.active = boolean(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
mod host {
    use super::{Contents, Print};
    use crate::configure::{Arguments, Configure, FromArgument, Instance, Surroundings};

    impl FromArgument for Contents {
        const WANTED: &'static str = "HEX, ASCII or NONE";

        fn from_argument(text: &str) -> Option<Self> {
            match (bool::from_argument(text), text.to_ascii_uppercase().as_str()) {
                (Some(false), _) | (_, "NONE") => Some(Contents::None),
                (Some(true), _) | (_, "HEX") => Some(Contents::Hex),
                (_, "ASCII") => Some(Contents::Ascii),
                _ => None,
            }
        }
    }

    impl Configure for Print {
        fn configure(arguments: &mut Arguments, _: &Surroundings) -> Option<Instance> {
            let label = arguments.optional("LABEL", String::new());
            let max_length = arguments.optional("MAXLENGTH", 24i32);
            let contents = arguments.keyword("CONTENTS").unwrap_or(Contents::Hex);
            let mut flag = |name, default| arguments.keyword(name).unwrap_or(default);
            let [timestamp, annotations, headroom, _] =
                ["TIMESTAMP", "PRINTANNO", "HEADROOM", "CPU"].map(|name| flag(name, false));
            let active = flag("ACTIVE", true);
            let (label, bytes) = (label?, max_length?);
            let bytes = if bytes < 0 { "usize::MAX".into() } else { bytes.to_string() };
            let expression = match (contents, timestamp || annotations || headroom) {
                (Contents::Hex, false) => format!("Print::new({label:?}, {bytes}, {active})"),
                (Contents::None, false) => format!("Print::new({label:?}, 0, {active})"),
                _ => format!(
                    "Print::showing(print::Shown {{ label: {label:?}, bytes: {bytes}, contents: \
                     print::Contents::{contents:?}, timestamp: {timestamp}, annotations: {annotations}, headroom: \
                     {headroom} }}, {active})"
                ),
            };
            Some(Instance::new("Print", expression))
        }
    }
}

/// A packet as it is shown.
struct Line<'a>(&'a Shown, &'a Packet);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line(shown, packet) = self;
        f.write_str(shown.label)?;
        let mut separator = if shown.label.is_empty() { "" } else { ": " };
        if shown.timestamp {
            write!(f, "{separator}{}", Timestamp(packet.annotations().timestamp_ns))?;
            separator = ": ";
        }
        write!(f, "{separator}{:4}", packet.len())?;
        if shown.headroom {
            write!(f, " (h{} t{})", packet.headroom(), packet.tailroom())?;
        }
        if shown.annotations {
            f.write_str(" | ")?;
            (0..48).try_for_each(|offset| write!(f, "{:02x}", packet.annotation_byte(offset)))?;
        }
        let data = &packet.data()[..shown.bytes.min(packet.len())];
        match shown.contents {
            Contents::Hex if !data.is_empty() => write!(f, " | {}", Hexadecimal(data)),
            Contents::Ascii if !data.is_empty() => write!(f, " | {}", Ascii(data)),
            _ => Ok(()),
        }
    }
}

/// Bytes in groups of four.
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

/// Bytes in groups of eight, a space before each group.
struct Ascii<'a>(&'a [u8]);

impl fmt::Display for Ascii<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in self.0.chunks(8) {
            f.write_str(" ")?;
            for byte in group {
                let graphic = byte.is_ascii_graphic() || *byte == b' ';
                write!(f, "{}", if graphic { char::from(*byte) } else { '.' })?;
            }
        }
        Ok(())
    }
}

impl Action for Print {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        if self.active {
            io.message(format_args!("{}", Line(&self.shown, packet)));
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

    #[test]
    fn shows_what_it_is_asked_to() {
        let (mut io, mut frame) = (ListIo::new(0), packet(b"Hello, world\n\x7f"));
        frame.annotations_mut().paint = 0xab;
        frame.annotations_mut().timestamp_ns = 1_500_000_000;
        let all = Shown {
            label: "",
            bytes: usize::MAX,
            contents: Contents::Ascii,
            timestamp: true,
            annotations: true,
            headroom: true,
        };
        Print::showing(all, true).action(&mut io, &mut frame);
        let annotations = format!("{}ab{}", "00".repeat(16), "00".repeat(31));
        assert_eq!(io.printed, [format!("1.500000:   14 (h128 t1842) | {annotations} |  Hello, w orld..")]);
        io.printed.clear();
        Print::new("", 0, true).action(&mut io, &mut frame);
        Print::new("", 24, true).action(&mut io, &mut packet(&[]));
        assert_eq!(io.printed, ["  14", "   0"]);
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
        assert!(made(&["ok", "CONTENTS ascii"]).unwrap().expression.starts_with("Print::showing("));
        assert_eq!(made(&["ok", "CONTENTS WHAT"]).unwrap_err().len(), 1);
    }
}
