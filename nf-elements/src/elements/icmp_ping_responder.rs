// SPDX-License-Identifier: Apache-2.0
//! # ICMPPingResponder
//! `ICMPPingResponder` — responds to ICMP echo requests.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** turns an ICMP echo request into its reply: addresses swapped, not a fragment, time to live 255. The
//! destination annotation becomes the requester's address, the paint annotation 0 and the timestamp now. Other packets
//! leave by output 1, or are dropped if that is not connected.
//!
//! **Notes:** source route options are not looked at, as in Click.
//!
//! **Handlers:** `not_echo` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> CheckIPHeader(14) -> ICMPPingResponder -> EtherMirror -> ToDevice(lan);`
//!
//! **See also:** `ICMPPingSource`, `ICMPError`.

use super::icmp_ping_rewriter::fill_checksum;
use super::marked;
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::adjust;
use crate::wire::{icmp, ipv4};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

const PROTOCOL_ICMP: u8 = 1;
const ECHO: u8 = 8;

/// See the module's documentation.
pub struct IcmpPingResponder {
    diverts: bool,
    not_echo: u64,
}

impl IcmpPingResponder {
    /// `diverts` if output 1 takes what is no echo request.
    pub const fn new(diverts: bool) -> Self {
        IcmpPingResponder { diverts, not_echo: 0 }
    }
}

impl Element for IcmpPingResponder {
    const SPEC: Spec = Spec {
        class: "ICMPPingResponder",
        category: Category::Icmp,
        summary: "responds to ICMP echo requests",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[],
        handlers: &[Handler {
            name: "not_echo",
            kind: HandlerKind::Drops,
            doc: "packets that are no echo request",
        }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "not_echo" => write!(out, "{}", self.not_echo)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IcmpPingResponder {
    fn configure(
        _: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let diverts = surroundings.outputs > 1;
        Some(crate::configure::Instance::new("IcmpPingResponder", format!("IcmpPingResponder::new({diverts})")))
    }
}

/// Whether the packet is an echo request that has a whole header.
#[inline]
fn is_echo(packet: &Packet) -> bool {
    marked::header(packet).is_some_and(|header| header[ipv4::field::PROTOCOL] == PROTOCOL_ICMP)
        && packet.transport().first_chunk::<{ icmp::HEADER_BYTES }>().is_some_and(|echo| echo[0] == ECHO)
}

/// Turns the request's IP header around: the requester's address.
fn turn_around(header: &mut [u8; ipv4::HEADER_BYTES]) -> [u8; 4] {
    let word = |header: &[u8; ipv4::HEADER_BYTES], at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let (mut checksum, old) = (word(header, 10), [word(header, 6), word(header, 8)]);
    header[6..8].fill(0);
    header[8] = 255;
    for (old, at) in old.into_iter().zip([6, 8]) {
        checksum = adjust(checksum, u32::from(old), u32::from(word(header, at)));
    }
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    let (source, destination) = (marked::source(header), marked::destination(header));
    header[12..16].copy_from_slice(&destination);
    header[16..20].copy_from_slice(&source);
    source
}

impl Route for IcmpPingResponder {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        if !is_echo(packet) {
            self.not_echo += u64::from(!self.diverts);
            return self.diverts.then_some(1);
        }
        if let Some(requester) = packet.network_mut().first_chunk_mut().map(turn_around) {
            packet.annotations_mut().set_destination_ipv4(requester);
        }
        if let Some(echo) = packet.transport_mut().first_chunk_mut::<{ icmp::HEADER_BYTES }>() {
            let old = u16::from_be_bytes([echo[0], echo[1]]);
            let checksum = adjust(u16::from_be_bytes([echo[2], echo[3]]), u32::from(old), 0);
            echo[..2].fill(0);
            echo[2..4].copy_from_slice(&checksum.to_be_bytes());
            if checksum == 0 {
                fill_checksum(packet.transport_mut());
            }
        }
        let annotations = packet.annotations_mut();
        (annotations.paint, annotations.timestamp_ns) = (0, io.now_ns());
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};
    use crate::wire::checksum::Sum;
    use crate::wire::icmp::{Icmp, Type};
    use crate::wire::ipv4::Ipv4;

    fn request(message_type: u8, length: usize) -> Packet {
        let mut message = vec![message_type, 0, 0, 0, 0x12, 0x34, 0, 7, b'a', b'b', b'c'];
        let sum = Sum::new().with(&message).checksum();
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        marked::datagram(PROTOCOL_ICMP, [10, 0, 0, 1], [10, 0, 0, 2], &message[..length])
    }

    #[test]
    fn an_echo_becomes_its_reply() {
        let (mut responder, mut io, mut packet) = (IcmpPingResponder::new(false), ListIo::new(0), request(8, 11));
        (packet.annotations_mut().paint, io.now_ns) = (3, 99);
        let before = Ipv4::new_checked(packet.data()).unwrap().source();
        assert_eq!(responder.route(&mut io, 0, &mut packet), Some(0));
        let reply = Ipv4::new_checked(packet.data()).unwrap();
        assert!(reply.is_header_intact());
        assert_eq!((reply.destination(), reply.source(), reply.time_to_live()), (before, 0x0a00_0002, 255));
        let echo = Icmp::new_checked(reply.payload()).unwrap();
        assert!(echo.is_intact());
        assert_eq!((echo.message_type(), echo.identifier(), echo.sequence_number()), (Type::EchoReply, 0x1234, 7));
        let annotations = packet.annotations();
        assert_eq!((annotations.destination_ipv4(), annotations.paint, annotations.timestamp_ns), ([10, 0, 0, 1], 0, 99));
    }

    #[test]
    fn a_reply_of_zeros_has_a_checksum() {
        let mut packet = marked::datagram(PROTOCOL_ICMP, [10, 0, 0, 1], [10, 0, 0, 2], &[8, 0, 0xf7, 0xff, 0, 0, 0, 0]);
        assert_eq!(IcmpPingResponder::new(false).route(&mut ListIo::new(0), 0, &mut packet), Some(0));
        assert_eq!(packet.transport(), [0, 0, 0xff, 0xff, 0, 0, 0, 0], "RFC 1624 §3");
    }

    #[test]
    fn what_is_no_echo_goes_elsewhere() {
        let (mut drops, mut diverts, mut io) = (IcmpPingResponder::new(false), IcmpPingResponder::new(true), ListIo::new(0));
        let udp = marked::datagram(17, [10, 0, 0, 1], [10, 0, 0, 2], &[8; 8]);
        for mut other in [request(0, 11), request(8, 7), udp, packet(&[8; 40])] {
            assert_eq!(drops.route(&mut io, 0, &mut other), None);
            assert_eq!(diverts.route(&mut io, 0, &mut other), Some(1));
        }
        assert_eq!((drops.not_echo, diverts.not_echo), (4, 0));
    }
}
