// SPDX-License-Identifier: Apache-2.0
//! # CheckICMPHeader
//! `CheckICMPHeader([VERBOSE, DETAILS])` — checks ICMP headers.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header, whose checks stand before.
//!
//! **Description:** checks, in this order, that the packet is ICMP, that there are 8 bytes and as many more
//! as the message's type has (RFC 792), and that the checksum
//! is right. Bad packets leave by output 1, or are dropped if it is not connected. The first bad packet (each, if
//! VERBOSE) makes a message.
//!
//! **Notes:** details are always kept; DETAILS is taken for the sake of Click's configurations.
//!
//! **Handlers:** `drops` (read: bad packets, wherever they went), `drop_details` (read: the same by reason, a table),
//! `not_icmp`, `length`, `checksum` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> CheckIPHeader(14) -> CheckICMPHeader -> ToDevice(wan);`
//!
//! **See also:** `CheckIPHeader`, `CheckTCPHeader`, `CheckUDPHeader`.

use super::complaints::{self, Complaints, Reasons};
use super::marked;
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::Sum;
use crate::wire::icmp::HEADER_BYTES;
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// The handlers that count by reason, and Click's words for them.
const REASONS: Reasons<3> =
    [("not_icmp", "not ICMP"), ("length", "bad packet length"), ("checksum", "bad ICMP checksum")];
const NOT_ICMP: usize = 0;
const LENGTH: usize = 1;
const CHECKSUM: usize = 2;

/// See the module's documentation.
pub struct CheckIcmpHeader {
    complaints: Complaints<3>,
}

impl CheckIcmpHeader {
    /// Messages begin with `opening`; `diverts` if output 1 takes the bad packets.
    pub const fn new(opening: &'static str, verbose: bool, diverts: bool) -> Self {
        CheckIcmpHeader { complaints: Complaints::new(&REASONS, opening, verbose, diverts) }
    }
}

/// What is wrong with the packet, an index of [`REASONS`].
#[inline]
fn check(packet: &Packet) -> Result<(), usize> {
    marked::header(packet).filter(|header| header[9] == 1).ok_or(NOT_ICMP)?;
    let message = packet.transport();
    let header = message.first_chunk::<HEADER_BYTES>().ok_or(LENGTH)?;
    if !is_length(header[0], message.len()) {
        return Err(LENGTH);
    }
    if Sum::new().with(message).is_intact() { Ok(()) } else { Err(CHECKSUM) }
}

/// Whether a message of this type can have this many bytes, of which 8 are there.
fn is_length(message_type: u8, length: usize) -> bool {
    match message_type {
        // The errors quote a header and 64 bits of what follows it.
        3 | 4 | 5 | 11 | 12 => length >= HEADER_BYTES + 28,
        13 | 14 => length == HEADER_BYTES + 12,
        15 | 16 => length == HEADER_BYTES,
        _ => true,
    }
}

impl Element for CheckIcmpHeader {
    const SPEC: Spec = Spec {
        class: "CheckICMPHeader",
        category: Category::Icmp,
        summary: "checks ICMP headers",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[complaints::VERBOSE, complaints::DETAILS],
        handlers: &[
            complaints::DROPS_HANDLER,
            complaints::DROP_DETAILS_HANDLER,
            Handler { name: "not_icmp", kind: HandlerKind::Drops, doc: "packets of another protocol" },
            Handler { name: "length", kind: HandlerKind::Drops, doc: "packets whose lengths lie" },
            Handler { name: "checksum", kind: HandlerKind::Drops, doc: "packets with a wrong checksum" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.complaints.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for CheckIcmpHeader {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let opening = format!("{} :: CheckICMPHeader: ICMP header check failed", surroundings.name);
        let complaints = Complaints::<3>::configure(arguments, surroundings, &opening);
        Some(crate::configure::Instance::new("CheckIcmpHeader", format!("CheckIcmpHeader::new({complaints})")))
    }
}

impl Route for CheckIcmpHeader {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        match check(packet) {
            Ok(()) => Some(0),
            Err(reason) => self.complaints.complain(io, reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    fn routed(check: &mut CheckIcmpHeader, protocol: u8, message_type: u8, length: usize, flip: u8) -> Option<usize> {
        let mut message = vec![message_type, 0, 0, 0, 1, 2, 3, 4];
        message.resize(length, 7);
        if length >= HEADER_BYTES {
            let sum = Sum::new().with(&message).checksum();
            message[2..4].copy_from_slice(&sum.to_be_bytes());
            message[length - 1] ^= flip;
        }
        let mut packet = marked::datagram(protocol, [192, 0, 2, 1], [192, 0, 2, 2], &message);
        check.route(&mut ListIo::new(0), 0, &mut packet)
    }

    #[test]
    fn each_bad_packet_counts_under_its_reason() {
        let mut check = CheckIcmpHeader::new("", false, false);
        for (message_type, length) in [(8, 8), (8, 100), (3, 36), (11, 60), (13, 20), (15, 8), (99, 9)] {
            assert_eq!(routed(&mut check, 1, message_type, length, 0), Some(0), "{message_type}");
        }
        for (message_type, length) in [(8, 7), (3, 35), (14, 19), (14, 21), (16, 9)] {
            assert_eq!(routed(&mut check, 1, message_type, length, 0), None, "{message_type}");
        }
        assert_eq!(routed(&mut check, 17, 8, 8, 0), None);
        assert_eq!(check.route(&mut ListIo::new(0), 0, &mut packet(&[0x45; 60])), None, "nothing is marked");
        assert_eq!(routed(&mut check, 1, 8, 8, 1), None);
        assert_eq!(["not_icmp", "length", "checksum", "drops"].map(|name| read(&check, name)), ["2", "5", "1", "8"]);
    }
}
