// SPDX-License-Identifier: Apache-2.0
//! # CheckUDPHeader
//! `CheckUDPHeader([VERBOSE, DETAILS])` — checks UDP headers.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header, whose checks stand before.
//!
//! **Description:** checks, in this order, that the packet is UDP, that the UDP length is at least 8 and
//! not more than the packet has, and that the checksum
//! is right or 0. Bad packets leave by output 1, or are dropped if it is not connected. The first bad packet (each, if
//! VERBOSE) makes a message.
//!
//! **Notes:** details are always kept; DETAILS is taken for the sake of Click's configurations.
//!
//! **Handlers:** `drops` (read: bad packets, wherever they went), `drop_details` (read: the same by reason, a table),
//! `not_udp`, `length`, `checksum` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> CheckIPHeader(14) -> CheckUDPHeader -> ToDevice(wan);`
//!
//! **See also:** `CheckIPHeader`, `CheckTCPHeader`, `CheckICMPHeader`, `SetUDPChecksum`.

use super::complaints::{self, Complaints, Reasons};
use super::{marked, transport_sum};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::wire::udp::{HEADER_BYTES, field};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// The handlers that count by reason, and Click's words for them.
const REASONS: Reasons<3> =
    [("not_udp", "not UDP"), ("length", "bad packet length"), ("checksum", "bad UDP checksum")];
const NOT_UDP: usize = 0;
const LENGTH: usize = 1;
const CHECKSUM: usize = 2;

/// See the module's documentation.
pub struct CheckUdpHeader {
    complaints: Complaints<3>,
}

impl CheckUdpHeader {
    /// Messages begin with `opening`; `diverts` if output 1 takes the bad packets.
    pub const fn new(opening: &'static str, verbose: bool, diverts: bool) -> Self {
        CheckUdpHeader { complaints: Complaints::new(&REASONS, opening, verbose, diverts) }
    }
}

/// What is wrong with the packet, an index of [`REASONS`].
#[inline]
fn check(packet: &Packet) -> Result<(), usize> {
    let header = marked::header(packet).filter(|header| header[9] == 17).ok_or(NOT_UDP)?;
    let udp = packet.transport().first_chunk::<HEADER_BYTES>().ok_or(LENGTH)?;
    let length = usize::from(u16::from_be_bytes([udp[4], udp[5]]));
    if length < HEADER_BYTES || packet.network().len() < length + marked::header_length(header) {
        return Err(LENGTH);
    }
    if udp[field::CHECKSUM] == [0, 0] || transport_sum::sum(packet, length).ok_or(LENGTH)?.is_intact() {
        return Ok(());
    }
    Err(CHECKSUM)
}

impl Element for CheckUdpHeader {
    const SPEC: Spec = Spec {
        class: "CheckUDPHeader",
        category: Category::Transport,
        summary: "checks UDP headers",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[complaints::VERBOSE, complaints::DETAILS],
        handlers: &[
            complaints::DROPS_HANDLER,
            complaints::DROP_DETAILS_HANDLER,
            Handler { name: "not_udp", kind: HandlerKind::Drops, doc: "packets of another protocol" },
            Handler { name: "length", kind: HandlerKind::Drops, doc: "packets whose lengths lie" },
            Handler { name: "checksum", kind: HandlerKind::Drops, doc: "packets with a wrong checksum" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.complaints.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for CheckUdpHeader {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let complaints = Complaints::<3>::configure(arguments, surroundings, "UDP header check failed");
        Some(crate::configure::Instance::new("CheckUdpHeader", format!("CheckUdpHeader::new({complaints})")))
    }
}

impl Route for CheckUdpHeader {
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

    /// From the tests of wire/udp.rs.
    const UDP: [u8; 11] = [0x30, 0x39, 0, 53, 0, 11, 0x87, 0x03, b'a', b'b', b'c'];

    fn routed(check: &mut CheckUdpHeader, io: &mut ListIo, protocol: u8, udp: &[u8]) -> Option<usize> {
        check.route(io, 0, &mut marked::datagram(protocol, [192, 0, 2, 1], [192, 0, 2, 2], udp))
    }

    #[test]
    fn each_bad_packet_counts_under_its_reason() {
        let (mut check, mut io) = (CheckUdpHeader::new("UDP header check failed", false, false), ListIo::new(0));
        assert_eq!(routed(&mut check, &mut io, 17, &UDP), Some(0));
        let changed = |at: usize, value| {
            let mut udp = UDP;
            udp[at] = value;
            udp
        };
        assert_eq!(routed(&mut check, &mut io, 6, &UDP), None);
        assert_eq!(check.route(&mut io, 0, &mut packet(&[0x45; 60])), None, "nothing is marked");
        assert_eq!(routed(&mut check, &mut io, 17, &UDP[..7]), None);
        assert_eq!([7, 12].map(|length| routed(&mut check, &mut io, 17, &changed(5, length))), [None; 2]);
        assert_eq!(routed(&mut check, &mut io, 17, &changed(8, b'x')), None);
        let mut none = UDP;
        none[6..8].fill(0);
        assert_eq!(routed(&mut check, &mut io, 17, &none), Some(0), "no checksum");
        assert_eq!(["not_udp", "length", "checksum", "drops"].map(|name| read(&check, name)), ["2", "3", "1", "6"]);
        assert_eq!(io.printed, ["UDP header check failed: not UDP"]);
        assert_eq!(read(&check, "drop_details"), "2\tnot UDP\n3\tbad packet length\n1\tbad UDP checksum\n");
    }
}
