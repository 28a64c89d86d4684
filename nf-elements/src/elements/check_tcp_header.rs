// SPDX-License-Identifier: Apache-2.0
//! # CheckTCPHeader
//! `CheckTCPHeader([VERBOSE, DETAILS])` — checks TCP headers.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header, whose checks stand before.
//!
//! **Description:** checks, in this order, that the packet is TCP, that the data offset is at least 20 and
//! not more than the segment has, nor that more than the packet, and that the checksum
//! is right. Bad packets leave by output 1, or are dropped if it is not connected. The first bad packet (each, if
//! VERBOSE) makes a message.
//!
//! **Notes:** details are always kept; DETAILS is taken for the sake of Click's configurations.
//!
//! **Handlers:** `drops` (read: bad packets, wherever they went), `drop_details` (read: the same by reason, a table),
//! `not_tcp`, `length`, `checksum` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> CheckIPHeader(14) -> CheckTCPHeader -> ToDevice(wan);`
//!
//! **See also:** `CheckIPHeader`, `CheckUDPHeader`, `CheckICMPHeader`, `SetTCPChecksum`.

use super::complaints::{self, Complaints, Reasons};
use super::{marked, transport_sum};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::wire::tcp::{HEADER_BYTES, field};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// The handlers that count by reason, and Click's words for them.
const REASONS: Reasons<3> =
    [("not_tcp", "not TCP"), ("length", "bad packet length"), ("checksum", "bad TCP checksum")];
const NOT_TCP: usize = 0;
const LENGTH: usize = 1;
const CHECKSUM: usize = 2;

/// See the module's documentation.
pub struct CheckTcpHeader {
    complaints: Complaints<3>,
}

impl CheckTcpHeader {
    /// Messages begin with `opening`; `diverts` if output 1 takes the bad packets.
    pub const fn new(opening: &'static str, verbose: bool, diverts: bool) -> Self {
        CheckTcpHeader { complaints: Complaints::new(&REASONS, opening, verbose, diverts) }
    }
}

/// What is wrong with the packet, an index of [`REASONS`].
#[inline]
fn check(packet: &Packet) -> Result<(), usize> {
    let header = marked::header(packet).filter(|header| header[9] == 6).ok_or(NOT_TCP)?;
    let header_length = marked::header_length(header);
    let length = marked::total_length(header).checked_sub(header_length).ok_or(LENGTH)?;
    let tcp = packet.transport().first_chunk::<HEADER_BYTES>().ok_or(LENGTH)?;
    let data_offset = usize::from(tcp[field::DATA_OFFSET] >> 4) * 4;
    if data_offset < HEADER_BYTES || length < data_offset || packet.network().len() < length + header_length {
        return Err(LENGTH);
    }
    if transport_sum::sum(packet, length).ok_or(LENGTH)?.is_intact() { Ok(()) } else { Err(CHECKSUM) }
}

impl Element for CheckTcpHeader {
    const SPEC: Spec = Spec {
        class: "CheckTCPHeader",
        category: Category::Transport,
        summary: "checks TCP headers",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[complaints::VERBOSE, complaints::DETAILS],
        handlers: &[
            complaints::DROPS_HANDLER,
            complaints::DROP_DETAILS_HANDLER,
            Handler { name: "not_tcp", kind: HandlerKind::Drops, doc: "packets of another protocol" },
            Handler { name: "length", kind: HandlerKind::Drops, doc: "packets whose lengths lie" },
            Handler { name: "checksum", kind: HandlerKind::Drops, doc: "packets with a wrong checksum" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.complaints.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for CheckTcpHeader {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let opening = format!("{} :: CheckTCPHeader: TCP header check failed", surroundings.name);
        let complaints = Complaints::<3>::configure(arguments, surroundings, &opening);
        Some(crate::configure::Instance::new("CheckTcpHeader", format!("CheckTcpHeader::new({complaints})")))
    }
}

impl Route for CheckTcpHeader {
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

    /// From the tests of wire/tcp.rs.
    const TCP: [u8; 25] =
        [0xc0, 0x00, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8, 0x60, 0xc2, 0x20, 0, 0xaa, 0xf3, 0, 9, 2, 4, 5, 0xb4, b'x'];

    fn routed(check: &mut CheckTcpHeader, io: &mut ListIo, protocol: u8, tcp: &[u8]) -> Option<usize> {
        check.route(io, 0, &mut marked::datagram(protocol, [192, 0, 2, 1], [192, 0, 2, 2], tcp))
    }

    #[test]
    fn each_bad_packet_counts_under_its_reason() {
        let (mut check, mut io) = (CheckTcpHeader::new("c :: CheckTCPHeader: bad", true, true), ListIo::new(0));
        assert_eq!(routed(&mut check, &mut io, 6, &TCP), Some(0));
        let changed = |at: usize, value| {
            let mut tcp = TCP;
            tcp[at] = value;
            tcp
        };
        assert_eq!(routed(&mut check, &mut io, 17, &TCP), Some(1));
        assert_eq!(check.route(&mut io, 0, &mut packet(&[0x45; 60])), Some(1), "nothing is marked");
        assert_eq!(routed(&mut check, &mut io, 6, &TCP[..19]), Some(1));
        assert_eq!([0x40, 0x70].map(|offset| routed(&mut check, &mut io, 6, &changed(12, offset))), [Some(1); 2]);
        assert_eq!(routed(&mut check, &mut io, 6, &changed(24, b'y')), Some(1));
        assert_eq!(["not_tcp", "length", "checksum", "drops"].map(|name| read(&check, name)), ["0", "0", "0", "6"]);
        assert_eq!(io.printed.len(), 6);
        assert_eq!(read(&check, "drop_details"), "2\tnot TCP\n3\tbad packet length\n1\tbad TCP checksum\n");
    }
}
