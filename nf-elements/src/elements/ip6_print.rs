// SPDX-License-Identifier: Apache-2.0
//! # IP6Print
//! `IP6Print([LABEL, CONTENTS, NBYTES])` — prints IPv6 packets.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets with a marked IPv6 header.
//!
//! **Description:** prints a line for each packet: LABEL (empty by default), source, destination, payload length, next
//! header and hop limit. With CONTENTS true, lines with the packet's first NBYTES bytes (1500 by default) in hexadecimal
//! follow, 24 to a line.
//!
//! **Notes:** of a packet without a marked header it says that it is none; Click prints what lies there.
//!
//! **Handlers:** none.
//!
//! **Example:** `FromDevice(lan) -> MarkIP6Header(14) -> IP6Print(in) -> ToDevice(wan);`
//!
//! **See also:** `IPPrint`, `Print`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::wire::ipv6::{HEADER_BYTES, Shown, header_fields};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct Ip6Print {
    label: &'static str,
    bytes: usize,
}

impl Ip6Print {
    /// Prints behind `label`, and the first `bytes` bytes of each packet.
    pub const fn new(label: &'static str, bytes: usize) -> Self {
        Ip6Print { label, bytes }
    }
}

impl Element for Ip6Print {
    const SPEC: Spec = Spec {
        class: "IP6Print",
        category: Category::Ip6,
        summary: "prints IPv6 packets",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "LABEL", kind: ArgumentKind::Optional, doc: "shown in front; empty by default" },
            Argument { name: "CONTENTS", kind: ArgumentKind::Keyword, doc: "show bytes? false by default" },
            Argument { name: "NBYTES", kind: ArgumentKind::Keyword, doc: "most bytes shown; 1500 by default" },
        ],
        handlers: &[],
    };

    fn read_handler(&self, _name: &str, _out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Ip6Print {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let contents = arguments.keyword("CONTENTS").unwrap_or(false);
        let bytes = arguments.keyword("NBYTES").unwrap_or(1500u32);
        let label = arguments.optional("LABEL", String::new())?;
        let bytes = if contents { bytes } else { 0 };
        Some(crate::configure::Instance::new("Ip6Print", format!("Ip6Print::new({label:?}, {bytes})")))
    }
}

/// A label and what stands behind it, if there is one.
struct Label(&'static str);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "{}: ", self.0) }
    }
}

/// A line of bytes in groups of four; Click leaves a space behind a whole group, but not behind the sixth.
struct Line<'a>(&'a [u8]);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            write!(f, "{byte:02x}{}", if index % 4 == 3 && index != 23 { " " } else { "" })?;
        }
        Ok(())
    }
}

impl Action for Ip6Print {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        let label = Label(self.label);
        match packet.network().first_chunk::<HEADER_BYTES>().map(header_fields) {
            Some((source, destination, length, next, limit)) => io.message(format_args!(
                "{label}{} -> {} plen {length}, next {next}, hlim {limit}",
                Shown(source),
                Shown(destination)
            )),
            None => io.message(format_args!("{label}(Not an IP6 packet)")),
        }
        for line in packet.data()[..self.bytes.min(packet.len())].chunks(24) {
            io.message(format_args!("  {}", Line(line)));
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::marked6;
    use crate::testing::{ListIo, packet};

    #[test]
    fn prints_as_click_does() {
        let mut io = ListIo::new(0);
        let mut frame = marked6::datagram(17, 0x2001 << 112 | 1, 0x0102_0304, &[0xab; 8]);
        let _ = Ip6Print::new("x", 28).action(&mut io, &mut frame);
        let _ = Ip6Print::new("", 0).action(&mut io, &mut packet(&[1]));
        assert_eq!(io.printed, [
            "x: 2001::1 -> ::1.2.3.4 plen 8, next 17, hlim 64",
            "  60000000 00081140 20010000 00000000 00000000 00000001",
            "  00000000 ",
            "(Not an IP6 packet)"
        ]);
    }
}
