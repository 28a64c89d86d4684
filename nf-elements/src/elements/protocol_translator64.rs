// SPDX-License-Identifier: Apache-2.0
//! # ProtocolTranslator64
//! `ProtocolTranslator64()` — translates IPv6 packets to IPv4.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** IPv6 packets whose header is at the front, and was checked.
//!
//! **Description:** turns each IPv6 packet between `::ffff:` or `::` addresses into an IPv4 packet (RFC 2765 §4) between
//! the addresses of their last 32 bits, neither of which may be 0.0.0.0. The time to live is the hop limit, and the packet
//! may not be fragmented. TCP, UDP and ICMPv6 are translated with their checksums; of ICMPv6 echo and errors.
//!
//! **Notes:** Click takes `::ffff:` addresses only, though its examples have others. As in Click what an ICMP error repeats
//! stays IPv6, and its MTU is 0. Extension headers, fragments and other protocols are dropped, which Click makes packets of
//! that say nothing of what they hold; so are other ICMPv6 messages, at which Click ends.
//!
//! **Handlers:** `bad`, `fragments`, `other_protocol`, `no_room` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> CheckIP6Header -> ProtocolTranslator64 -> Discard;`
//!
//! **See also:** `ProtocolTranslator46`, `AddressTranslator`.

use super::translation::{self, Drops, Reason};
use crate::spec::{Category, Shape};
use crate::wire::checksum::Sum;
use crate::wire::icmpv6;
use crate::wire::ipv4::HEADER_BYTES;
use crate::wire::ipv4_edit::Ipv4Mut;
use crate::wire::ipv6::{self, Ipv6, NextHeader};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// The flag DF among flags and offset.
const DONT_FRAGMENT: u16 = 0x4000;

/// See the module's documentation.
pub struct ProtocolTranslator64 {
    drops: Drops,
}

impl ProtocolTranslator64 {
    /// A translator.
    pub const fn new() -> Self {
        ProtocolTranslator64 { drops: Drops::new() }
    }
}

impl Default for ProtocolTranslator64 {
    fn default() -> Self {
        Self::new()
    }
}

/// The IPv4 address in an IPv6 address, if there is one and it is not 0.0.0.0.
fn embedded(address: u128) -> Option<u32> {
    matches!(address >> 32, 0 | 0xffff).then_some(address as u32).filter(|address| *address != 0)
}

fn translate(packet: &mut Packet) -> Result<(), Reason> {
    let header = Ipv6::new_checked(packet.data()).map_err(|_| Reason::Bad)?;
    let source = embedded(header.source()).ok_or(Reason::Bad)?;
    let destination = embedded(header.destination()).ok_or(Reason::Bad)?;
    let (length, time_to_live) = (header.payload_length(), header.hop_limit());
    let protocol = match header.next_header() {
        NextHeader::Tcp => 6,
        NextHeader::Udp => 17,
        NextHeader::Icmpv6 => 1,
        NextHeader::Fragment => return Err(Reason::Fragment),
        _ => return Err(Reason::OtherProtocol),
    };
    let total = length.checked_add(HEADER_BYTES as u16).ok_or(Reason::Bad)?;
    packet.truncate(ipv6::HEADER_BYTES + usize::from(length));
    if !packet.pull_front(ipv6::HEADER_BYTES) {
        return Err(Reason::Bad);
    }
    if protocol == 1 {
        let message = packet.data_mut();
        translate_icmp(message.first_chunk_mut().ok_or(Reason::Bad)?)?;
        message[2..4].fill(0);
        let checksum = Sum::new().with(message).checksum();
        message[2..4].copy_from_slice(&checksum.to_be_bytes());
    } else {
        translation::fill_checksum4(packet.data_mut(), protocol, source, destination)?;
    }
    if !packet.push_front(HEADER_BYTES) {
        return Err(Reason::NoRoom);
    }
    let mut header = Ipv4Mut::new(packet.data_mut()).ok_or(Reason::Bad)?;
    header.set_header_length(HEADER_BYTES);
    header.set_type_of_service(0);
    header.set_total_length(total);
    header.set_identification(0);
    header.set_flags_and_offset(DONT_FRAGMENT);
    header.set_time_to_live(time_to_live);
    header.set_protocol(protocol);
    header.set_source(source);
    header.set_destination(destination);
    header.fill_header_checksum();
    packet.set_network(0, HEADER_BYTES);
    Ok(())
}

/// Translates the header of an ICMPv6 message (RFC 4443) to ICMP (RFC 792), RFC 2765 §4.2; the checksum is not set.
fn translate_icmp(header: &mut [u8; icmpv6::HEADER_BYTES]) -> Result<(), Reason> {
    let at = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    let (kind, code, first) = match (header[0], header[1]) {
        (128, _) => return Ok((header[0], header[1]) = (8, 0)),
        (129, _) => return Ok((header[0], header[1]) = (0, 0)),
        (1, 1) => (3, 10, 0),
        (1, 2) => (3, 5, 0),
        (1, 3) => (3, 1, 0),
        (1, 4) => (3, 3, 0),
        (1, _) => (3, 0, 0),
        (2, _) => (3, 4, 0),
        (3, code) => (11, code, 0),
        (4, 0) => (12, 0, pointer(at)),
        (4, 1) => (3, 2, 0),
        (4, 2) => (12, 0, u8::MAX),
        _ => return Err(Reason::OtherProtocol),
    };
    (header[0], header[1]) = (kind, code);
    header[4..].copy_from_slice(&[first, 0, 0, 0]);
    Ok(())
}

/// Where the IPv4 header has the field that is at `pointer` in the IPv6 header.
fn pointer(pointer: u32) -> u8 {
    match pointer {
        4 => 2,
        7 => 8,
        6 => 9,
        8 => 12,
        24 => u8::MAX,
        _ => 0,
    }
}

impl Element for ProtocolTranslator64 {
    const SPEC: Spec = Spec {
        class: "ProtocolTranslator64",
        category: Category::Ip6,
        summary: "translates IPv6 packets to IPv4",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[],
        handlers: &translation::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.drops.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ProtocolTranslator64 {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("ProtocolTranslator64", "ProtocolTranslator64::new()"))
    }
}

impl Action for ProtocolTranslator64 {
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let translated = translate(packet);
        self.drops.verdict(translated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::marked6;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::icmp::Icmp;
    use crate::wire::ipv4::Ipv4;

    #[test]
    fn icmp_is_translated() {
        for (from, to) in [
            ([128, 0, 0, 0, 1, 2, 3, 4], [8, 0, 0, 0, 1, 2, 3, 4]),
            ([129, 0, 0, 0, 1, 2, 3, 4], [0, 0, 0, 0, 1, 2, 3, 4]),
            ([1, 4, 0, 0, 0, 0, 0, 0], [3, 3, 0, 0, 0, 0, 0, 0]),
            ([2, 0, 0, 0, 0, 0, 5, 0], [3, 4, 0, 0, 0, 0, 0, 0]),
            ([3, 1, 0, 0, 0, 0, 0, 0], [11, 1, 0, 0, 0, 0, 0, 0]),
            ([4, 0, 0, 0, 0, 0, 0, 7], [12, 0, 0, 0, 8, 0, 0, 0]),
            ([4, 1, 0, 0, 0, 0, 0, 6], [3, 2, 0, 0, 0, 0, 0, 0]),
        ] {
            let mut frame = marked6::datagram(58, 0x0102_0304, 0xffff_0000_0001, &from);
            assert_eq!(ProtocolTranslator64::new().action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
            let header = Ipv4::new_checked(frame.data()).unwrap();
            assert!(header.is_header_intact() && Icmp::new_checked(header.payload()).unwrap().is_intact());
            assert_eq!((header.source(), header.destination()), (0x0102_0304, 1));
            let mut bytes: [u8; 8] = header.payload().try_into().unwrap();
            bytes[2..4].fill(0);
            assert_eq!(bytes, to);
        }
    }

    #[test]
    fn what_cannot_be_translated_is_counted() {
        let (mut translator, mut io) = (ProtocolTranslator64::new(), ListIo::new(0));
        for mut frame in [
            packet(&[0x60]),
            marked6::datagram(17, 1, 1 << 64, &[0; 8]),
            marked6::datagram(17, 1, 0, &[0; 8]),
            marked6::datagram(6, 1, 1, &[0; 19]),
            marked6::datagram(44, 1, 1, &[0; 8]),
            marked6::datagram(0, 1, 1, &[0; 8]),
            marked6::datagram(58, 1, 1, &[135, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(translator.action(&mut io, &mut frame), Verdict::Drop);
        }
        let counts = ["bad", "fragments", "other_protocol", "no_room"].map(|name| read(&translator, name));
        assert_eq!(counts, ["4", "1", "2", "0"]);
    }
}
