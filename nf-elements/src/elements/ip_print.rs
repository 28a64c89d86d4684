// SPDX-License-Identifier: Apache-2.0
//! # IPPrint
//! `IPPrint([LABEL, CONTENTS, PAYLOAD, MAXLENGTH, ID, TTL, TOS, LENGTH, TIMESTAMP, AGGREGATE, PAINT, SWAP, OUTFILE,
//! ACTIVE])` — prints IP packets for people.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets with a marked IP header; others pass without being printed.
//!
//! **Description:** shows each packet as tcpdump once did: LABEL, the time, addresses and ports, and what the TCP, UDP
//! or ICMP header says. TIMESTAMP false leaves the time away; AGGREGATE, PAINT, ID, TTL, TOS and LENGTH add an annotation
//! or a field of the header. With CONTENTS HEX or ASCII the packet's first MAXLENGTH bytes follow (1500 by default; all,
//! if negative), with PAYLOAD HEX or ASCII those behind the headers. SWAP false shows an echo's identifier and sequence
//! number in the other byte order. With OUTFILE the text goes into that file, which is emptied at the first packet.
//!
//! A TCP segment's numbers are its first and last sequence number and, in parentheses, its length, the packet's and the
//! IP header's total length.
//!
//! **Notes:** NBYTES is an old name of MAXLENGTH. CHANNEL is taken for the sake of Click's configurations.
//!
//! **Handlers:** `active` (read, write).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> IPPrint(in, TTL true) -> ToDevice(wan);`
//!
//! **See also:** `Print`, `CheckIPHeader`.

#[cfg(feature = "host")]
mod configuration;
mod text;

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt::{self, Write as _};
use text::Shown;

/// How bytes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Two digits each.
    Hex,
    /// As characters, or points where there is none.
    Ascii,
}

/// What is shown of each packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// LABEL.
    pub label: &'static str,
    /// CONTENTS or PAYLOAD.
    pub contents: Option<Contents>,
    /// Whether it is PAYLOAD.
    pub payload: bool,
    /// MAXLENGTH.
    pub most_bytes: usize,
    /// ID.
    pub id: bool,
    /// TTL.
    pub ttl: bool,
    /// TOS.
    pub tos: bool,
    /// LENGTH.
    pub length: bool,
    /// TIMESTAMP.
    pub timestamp: bool,
    /// AGGREGATE.
    pub aggregate: bool,
    /// PAINT.
    pub paint: bool,
}

impl Fields {
    /// What is shown by default.
    pub const DEFAULT: Fields = Fields {
        label: "",
        contents: None,
        payload: false,
        most_bytes: 1500,
        id: false,
        ttl: false,
        tos: false,
        length: false,
        timestamp: true,
        aggregate: false,
        paint: false,
    };
}

/// See the module's documentation.
pub struct IpPrint {
    fields: Fields,
    swap: bool,
    file: Option<&'static str>,
    fresh: bool,
    active: bool,
}

impl IpPrint {
    /// Shows `fields` of each packet, or writes them to `file`.
    pub const fn new(fields: Fields, swap: bool, file: Option<&'static str>, active: bool) -> Self {
        IpPrint { fields, swap, file, fresh: true, active }
    }

    #[cold]
    fn print<M: PacketIo>(&mut self, io: &mut M, packet: &Packet) {
        let shown = Shown { fields: &self.fields, swap: self.swap, packet };
        let Some(name) = self.file else { return io.message(format_args!("{shown}")) };
        let mut file = Lines { io, name, fresh: self.fresh, text: heapless::String::new() };
        // A file that cannot be written takes everything too.
        let _ = writeln!(file, "{shown}");
        file.flush();
        self.fresh = false;
    }
}

/// Text on its way to a file, in pieces.
struct Lines<'a, M> {
    io: &'a mut M,
    name: &'static str,
    fresh: bool,
    text: heapless::String<512>,
}

impl<M: PacketIo> Lines<'_, M> {
    fn flush(&mut self) {
        self.io.write_file(self.name, self.fresh, &self.text);
        self.fresh = false;
        self.text.clear();
    }
}

impl<M: PacketIo> fmt::Write for Lines<'_, M> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.text.push_str(text).is_err() {
            self.flush();
            if self.text.push_str(text).is_err() {
                self.io.write_file(self.name, self.fresh, text);
            }
        }
        Ok(())
    }
}

const fn flag(name: &'static str, doc: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc }
}

impl Element for IpPrint {
    const SPEC: Spec = Spec {
        class: "IPPrint",
        category: Category::Ip,
        summary: "prints IP packets for people",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "LABEL", kind: ArgumentKind::Optional, doc: "shown in front; empty by default" },
            flag("CONTENTS", "the packet's bytes: NONE (default), HEX or ASCII"),
            flag("PAYLOAD", "the payload's bytes: NO (default), HEX or ASCII"),
            flag("MAXLENGTH", "bytes shown; 1500 by default, all if < 0"),
            flag("NBYTES", "an old name of MAXLENGTH"),
            flag("ID", "show the identification? false by default"),
            flag("TTL", "show the time to live? false by default"),
            flag("TOS", "show the type of service? false by default"),
            flag("LENGTH", "show the total length? false by default"),
            flag("TIMESTAMP", "show the timestamp annotation? true by default"),
            flag("AGGREGATE", "show the aggregate annotation? false by default"),
            flag("PAINT", "show the paint annotation? false by default"),
            flag("SWAP", "an echo's numbers in network order? true by default"),
            flag("OUTFILE", "a file that takes the text"),
            flag("CHANNEL", "without effect"),
            flag("ACTIVE", "print? true by default"),
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

impl Action for IpPrint {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        if self.active && packet.annotations().network_offset != 0 {
            self.print(io, packet);
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests;
