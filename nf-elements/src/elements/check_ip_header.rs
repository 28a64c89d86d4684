// SPDX-License-Identifier: Apache-2.0
//! # CheckIPHeader
//! `CheckIPHeader([OFFSET, INTERFACES, BADSRC, GOODDST, CHECKSUM, VERBOSE, DETAILS])` — checks IPv4 headers.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with an IPv4 header OFFSET bytes from the front.
//!
//! **Description:** checks, in this order, that there are 20 bytes, that the version is 4, that the header length is at
//! least 20, that the total length is not less than that nor more than the packet, that the header's checksum is right
//! (unless CHECKSUM is false), and that the source is not in BADSRC (unless the destination is in GOODDST). Sets the
//! network and transport header annotations and the destination annotation, and cuts off what follows the total length,
//! such as Ethernet padding. Bad packets leave by output 1, or are dropped if it is not connected. The first bad packet
//! (each, if VERBOSE) makes a message.
//!
//! `INTERFACES 192.0.2.1/24 198.51.100.1/25` stands for BADSRC with the broadcast addresses of these networks, 0.0.0.0
//! and 255.255.255.255, and GOODDST with the addresses themselves (RFC 1812 §5.3.7).
//!
//! Click's old form `CheckIPHeader([BADSRC, OFFSET])` is taken as well: its BADSRC has 0.0.0.0 and 255.255.255.255 in
//! it without being told. A number alone is OFFSET.
//!
//! **Notes:** details are always kept; DETAILS is taken for the sake of Click's configurations.
//!
//! **Handlers:** `drops` (read: bad packets, wherever they went), `drop_details` (read: the same by reason, a table),
//! `short`, `version`, `header_length`, `total_length`, `checksum`, `source` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> CheckIPHeader -> Unstrip(14) -> ToDevice(wan);`
//!
//! **See also:** `CheckIPHeader2`, `MarkIPHeader`, `Strip`, `IPFilter`.

#[cfg(feature = "host")]
pub(super) mod configuration;

use super::complaints::{self, Complaints, Reasons};
use super::marked;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::Sum;
use crate::wire::ipv4::{Error, HEADER_BYTES, Ipv4};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// The handlers that count by reason, in the order of [`Reason`], and Click's words for them.
const REASONS: Reasons<6> = [
    ("short", "tiny packet"),
    ("version", "bad IP version"),
    ("header_length", "bad IP header length"),
    ("total_length", "bad IP length"),
    ("checksum", "bad IP checksum"),
    ("source", "bad source address"),
];

/// Why a packet is bad.
#[derive(Clone, Copy)]
enum Reason {
    Short,
    Version,
    HeaderLength,
    TotalLength,
    Checksum,
    Source,
}

impl From<Error> for Reason {
    #[inline(always)]
    fn from(error: Error) -> Self {
        match error {
            Error::Short(_) => Reason::Short,
            Error::Version(_) => Reason::Version,
            Error::HeaderLength(_) => Reason::HeaderLength,
            Error::TotalLength(_) => Reason::TotalLength,
        }
    }
}

/// What makes a header without options, whose lengths are right, good.
#[derive(Clone, Copy)]
enum Plain {
    /// Its checksum.
    Intact,
    /// Nothing more.
    Always,
    /// More than can be said quickly.
    Unsure,
}

/// See the module's documentation.
pub struct CheckIpHeader {
    offset: u16,
    checksum: bool,
    plain: Plain,
    bad_sources: &'static [u32],
    good_destinations: &'static [u32],
    complaints: Complaints<{ REASONS.len() }>,
}

impl CheckIpHeader {
    /// Checks the header at `offset`; `diverts` if output 1 takes the bad packets, about which messages begin with
    /// `opening`. Addresses have their first byte uppermost.
    pub const fn new(
        offset: u16,
        checksum: bool,
        bad_sources: &'static [u32],
        good_destinations: &'static [u32],
        opening: &'static str,
        verbose: bool,
        diverts: bool,
    ) -> Self {
        let complaints = Complaints::new(&REASONS, opening, verbose, diverts);
        let plain = match (bad_sources.is_empty(), checksum) {
            (true, true) => Plain::Intact,
            (true, false) => Plain::Always,
            (false, _) => Plain::Unsure,
        };
        CheckIpHeader { offset, checksum, plain, bad_sources, good_destinations, complaints }
    }

    /// Header length, total length and destination of a good packet.
    fn check(&self, packet: &Packet) -> Result<(usize, usize, u32), Reason> {
        let header = Ipv4::new_checked(packet.data().get(self.offset.into()..).unwrap_or(&[]))?;
        if self.checksum && !header.is_header_intact() {
            return Err(Reason::Checksum);
        }
        if !self.bad_sources.is_empty() && self.is_bad_source(header.source(), header.destination()) {
            return Err(Reason::Source);
        }
        Ok((header.header_length(), usize::from(header.total_length()), header.destination()))
    }

    /// Total length and destination of a good packet without options, as nearly all are: what [`CheckIpHeader::check`]
    /// would say, in fewer steps. None of any other packet.
    #[inline(always)]
    fn check_plain(&self, packet: &Packet) -> Option<(usize, u32)> {
        let header: &[u8; HEADER_BYTES] = packet.chunk(self.offset)?;
        let total_length = marked::total_length(header);
        if header[0] != 0x45
            || total_length < HEADER_BYTES
            || usize::from(self.offset) + total_length > packet.len()
        {
            return None;
        }
        match self.plain {
            Plain::Intact if !Sum::new().with_settled_20(header).is_intact() => return None,
            Plain::Unsure => return None,
            Plain::Intact | Plain::Always => {}
        }
        Some((total_length, u32::from_be_bytes(marked::destination(header))))
    }

    /// Checks a packet; a good one is annotated and cut, of a bad one the reason is told.
    #[inline(always)]
    fn treat(&self, packet: &mut Packet) -> Result<(), Reason> {
        match self.check_plain(packet) {
            Some((total_length, destination)) => {
                self.annotate(packet, HEADER_BYTES, total_length, destination);
                Ok(())
            }
            None => self.treat_any(packet),
        }
    }

    #[inline(never)]
    fn treat_any(&self, packet: &mut Packet) -> Result<(), Reason> {
        let (header_length, total_length, destination) = self.check(packet)?;
        self.annotate(packet, header_length, total_length, destination);
        Ok(())
    }

    #[inline(always)]
    fn annotate(&self, packet: &mut Packet, header_length: usize, total_length: usize, destination: u32) {
        let offset = usize::from(self.offset);
        packet.set_network(offset, header_length);
        packet.annotations_mut().set_destination_ipv4(destination.to_be_bytes());
        packet.truncate(offset + total_length);
    }

    /// Whether the packet is good, which is annotated and cut then; nothing is counted.
    #[inline(always)]
    pub fn is_good(&self, packet: &mut Packet) -> bool {
        self.treat(packet).is_ok()
    }

    #[inline(never)]
    fn is_bad_source(&self, source: u32, destination: u32) -> bool {
        self.bad_sources.contains(&source) && !self.good_destinations.contains(&destination)
    }
}

/// The arguments, of `CheckIPHeader2` too.
pub(super) const ARGUMENTS: &[Argument] = &[
    Argument { name: "OFFSET", kind: ArgumentKind::Optional, doc: "bytes before the header; 0 by default" },
    Argument { name: "INTERFACES", kind: ArgumentKind::Keyword, doc: "this router's ADDRESS/LENGTH, several" },
    Argument { name: "BADSRC", kind: ArgumentKind::Keyword, doc: "addresses that are no source" },
    Argument { name: "GOODDST", kind: ArgumentKind::Keyword, doc: "destinations exempt from BADSRC" },
    Argument { name: "CHECKSUM", kind: ArgumentKind::Keyword, doc: "check it? by default if the class says so" },
    complaints::VERBOSE,
    complaints::DETAILS,
];

/// The handlers, of `CheckIPHeader2` too.
pub(super) const HANDLERS: &[Handler] = &[
    complaints::DROPS_HANDLER,
    complaints::DROP_DETAILS_HANDLER,
    Handler { name: "short", kind: HandlerKind::Drops, doc: "packets without 20 bytes at OFFSET" },
    Handler { name: "version", kind: HandlerKind::Drops, doc: "packets whose version is not 4" },
    Handler { name: "header_length", kind: HandlerKind::Drops, doc: "headers shorter than 20 bytes" },
    Handler { name: "total_length", kind: HandlerKind::Drops, doc: "total lengths that lie" },
    Handler { name: "checksum", kind: HandlerKind::Drops, doc: "headers with a wrong checksum" },
    Handler { name: "source", kind: HandlerKind::Drops, doc: "sources in BADSRC" },
];

impl Element for CheckIpHeader {
    const SPEC: Spec = Spec {
        class: "CheckIPHeader",
        category: Category::Ip,
        summary: "checks IPv4 headers",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: ARGUMENTS,
        handlers: HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.complaints.read_handler(name, out)
    }
}

impl Route for CheckIpHeader {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        match self.treat(packet) {
            Ok(()) => Some(0),
            Err(reason) => self.complaints.complain(io, reason as usize),
        }
    }
}

#[cfg(test)]
mod tests;
