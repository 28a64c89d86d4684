// SPDX-License-Identifier: Apache-2.0
//! # ProtocolTranslator46
//! `ProtocolTranslator46([COMPATIBLE])` — translates IPv4 packets to IPv6.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** IPv4 packets whose header is at the front, and was checked.
//!
//! **Description:** turns each IPv4 packet into an IPv6 packet (RFC 2765 §3) between `::ffff:` addresses of the same 32
//! bits, or with COMPATIBLE true between `::` ones, as Click's own examples of translators have them. TCP, UDP and ICMP are
//! translated with their checksums; of ICMP echo, destination unreachable, time exceeded and parameter problem.
//!
//! **Notes:** as in Click the hop limit is the time to live plus 65, modulo 256 (255 becomes 64); what an ICMP error
//! repeats stays IPv4, and a Packet Too Big has an MTU of 0. Options are left out. Fragments and other protocols are
//! dropped, which Click makes packets of that say nothing of what they hold; so are other ICMP messages, at which Click
//! ends. COMPATIBLE is not Click's.
//!
//! **Handlers:** `bad`, `fragments`, `other_protocol`, `no_room` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> CheckIPHeader -> ProtocolTranslator46 -> Discard;`
//!
//! **See also:** `ProtocolTranslator64`, `AddressTranslator`.

use super::translation::{self, Drops, Reason};
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::wire::icmpv6;
use crate::wire::ipv4::{Ipv4, Protocol};
use crate::wire::ipv6::{HEADER_BYTES, NextHeader};
use crate::wire::ipv6_edit::{Header, Ipv6Mut};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct ProtocolTranslator46 {
    compatible: bool,
    drops: Drops,
}

impl ProtocolTranslator46 {
    /// `compatible` addresses begin with 96 zeros.
    pub const fn new(compatible: bool) -> Self {
        ProtocolTranslator46 { compatible, drops: Drops::new() }
    }

    fn translate(&self, packet: &mut Packet) -> Result<(), Reason> {
        let header = Ipv4::new_checked(packet.data()).map_err(|_| Reason::Bad)?;
        if header.is_fragment() {
            return Err(Reason::Fragment);
        }
        let (from, length, total) = (header.protocol(), header.header_length(), header.total_length());
        let prefix = if self.compatible { 0 } else { 0xffff << 32 };
        let (source, destination) = (prefix | u128::from(header.source()), prefix | u128::from(header.destination()));
        let hop_limit = header.time_to_live().wrapping_add(65);
        let next_header = match from {
            Protocol::Tcp => NextHeader::Tcp,
            Protocol::Udp => NextHeader::Udp,
            Protocol::Icmp => NextHeader::Icmpv6,
            _ => return Err(Reason::OtherProtocol),
        };
        packet.truncate(total.into());
        if !packet.pull_front(length) {
            return Err(Reason::Bad);
        }
        match next_header {
            NextHeader::Icmpv6 => {
                let message = packet.data_mut();
                translate_icmp(message.first_chunk_mut().ok_or(Reason::Bad)?)?;
                icmpv6::fill_checksum(source, destination, message);
            }
            _ => translation::fill_checksum6(packet.data_mut(), next_header.into(), source, destination)?,
        }
        let payload_length = packet.len() as u16;
        if !packet.push_front(HEADER_BYTES) {
            return Err(Reason::NoRoom);
        }
        let header = Header { payload_length, next_header: next_header.into(), hop_limit, source, destination };
        Ipv6Mut::new(packet.data_mut()).ok_or(Reason::Bad)?.write(header);
        packet.set_network(0, HEADER_BYTES);
        Ok(())
    }
}

/// Translates the header of an ICMP message (RFC 792) to ICMPv6 (RFC 4443), RFC 2765 §3.3; the checksum is not set.
fn translate_icmp(header: &mut [u8; icmpv6::HEADER_BYTES]) -> Result<(), Reason> {
    let (kind, code, rest) = match (header[0], header[1]) {
        (8, _) => return Ok((header[0], header[1]) = (128, 0)),
        (0, _) => return Ok((header[0], header[1]) = (129, 0)),
        // Protocol unreachable: a parameter problem at Next Header.
        (3, 2) => (4, 1, 6),
        // Fragmentation needed: too big.
        (3, 4) => (2, 0, 0),
        (3, 3) => (1, 4, 0),
        (3, 5) => (1, 2, 0),
        (3, 9 | 10) => (1, 1, 0),
        (3, _) => (1, 0, 0),
        (11, code) => (3, code, 0),
        (12, _) => (4, 0, pointer(header[4])),
        _ => return Err(Reason::OtherProtocol),
    };
    (header[0], header[1]) = (kind, code);
    header[4..].copy_from_slice(&u32::to_be_bytes(rest));
    Ok(())
}

/// Where the IPv6 header has the field that is at `pointer` in the IPv4 header.
fn pointer(pointer: u8) -> u32 {
    match pointer {
        0 => 0,
        2 => 4,
        8 => 7,
        9 => 6,
        12 => 8,
        16 => 24,
        _ => u32::MAX,
    }
}

impl Element for ProtocolTranslator46 {
    const SPEC: Spec = Spec {
        class: "ProtocolTranslator46",
        category: Category::Ip6,
        summary: "translates IPv4 packets to IPv6",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument {
            name: "COMPATIBLE",
            kind: ArgumentKind::Keyword,
            doc: "addresses like ::192.0.2.1? false by default: like ::ffff:192.0.2.1",
        }],
        handlers: &translation::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.drops.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ProtocolTranslator46 {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let compatible = arguments.keyword("COMPATIBLE").unwrap_or(false);
        let expression = format!("ProtocolTranslator46::new({compatible})");
        Some(crate::configure::Instance::new("ProtocolTranslator46", expression))
    }
}

impl Action for ProtocolTranslator46 {
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let translated = self.translate(packet);
        self.drops.verdict(translated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::{ProtocolTranslator64, marked};
    use crate::testing::{ListIo, packet, read};
    use crate::wire::checksum::Sum;
    use crate::wire::icmpv6::Icmpv6;
    use crate::wire::ipv6::Ipv6;

    const MAPPED: u128 = 0xffff << 32;

    fn translated(protocol: u8, payload: &[u8]) -> Option<Packet> {
        let mut frame = marked::datagram(protocol, [192, 0, 2, 1], [192, 0, 2, 2], payload);
        let verdict = ProtocolTranslator46::new(false).action(&mut ListIo::new(0), &mut frame);
        (verdict == Verdict::Pass).then_some(frame)
    }

    /// From the tests of wire/udp.rs: right between 192.0.2.1 and 192.0.2.2.
    const UDP: [u8; 11] = [0x30, 0x39, 0, 53, 0, 11, 0x87, 0x03, b'a', b'b', b'c'];

    #[test]
    fn there_and_back_again() {
        let original = marked::datagram(17, [192, 0, 2, 1], [192, 0, 2, 2], &UDP);
        let mut frame = translated(17, &UDP).unwrap();
        let header = Ipv6::new_checked(frame.data()).unwrap();
        assert_eq!((header.source(), header.hop_limit()), (MAPPED | 0xc000_0201, 129));
        let sum = Sum::new().with_pseudo_header_ipv6(header.source(), header.destination(), 17, 11);
        assert!(sum.with(header.payload()).is_intact());
        assert_eq!(ProtocolTranslator64::new().action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
        let back = Ipv4::new_checked(frame.data()).unwrap();
        assert!(back.is_header_intact() && back.dont_fragment());
        assert_eq!((back.source(), back.destination(), back.time_to_live()), (0xc000_0201, 0xc000_0202, 129));
        assert_eq!(back.payload(), &original.data()[20..], "the checksum is the one it had");
    }

    #[test]
    fn icmp_is_translated() {
        for (from, to) in [
            ([8, 0, 0, 0, 1, 2, 3, 4], [128, 0, 0, 0, 1, 2, 3, 4]),
            ([0, 0, 0, 0, 1, 2, 3, 4], [129, 0, 0, 0, 1, 2, 3, 4]),
            ([3, 2, 0, 0, 0, 0, 0, 0], [4, 1, 0, 0, 0, 0, 0, 6]),
            ([3, 4, 0, 0, 0, 0, 5, 0], [2, 0, 0, 0, 0, 0, 0, 0]),
            ([3, 3, 0, 0, 0, 0, 0, 0], [1, 4, 0, 0, 0, 0, 0, 0]),
            ([11, 1, 0, 0, 0, 0, 0, 0], [3, 1, 0, 0, 0, 0, 0, 0]),
            ([12, 0, 0, 0, 9, 0, 0, 0], [4, 0, 0, 0, 0, 0, 0, 6]),
        ] {
            let frame = translated(1, &from).unwrap();
            let header = Ipv6::new_checked(frame.data()).unwrap();
            let message = Icmpv6::new_checked(header.payload()).unwrap();
            assert!(message.is_intact(header.source(), header.destination()));
            let mut bytes: [u8; 8] = header.payload().try_into().unwrap();
            bytes[2..4].fill(0);
            assert_eq!(bytes, to);
        }
    }

    #[test]
    fn what_cannot_be_translated_is_counted() {
        let (mut translator, mut io) = (ProtocolTranslator46::new(true), ListIo::new(0));
        let mut fragment = marked::datagram(17, [1; 4], [2; 4], &UDP);
        fragment.data_mut()[6] = 0x20;
        for mut frame in [
            packet(&[0x45]),
            marked::datagram(17, [1; 4], [2; 4], &UDP[..5]),
            fragment,
            marked::datagram(47, [1; 4], [2; 4], &[]),
            marked::datagram(1, [1; 4], [2; 4], &[13, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(translator.action(&mut io, &mut frame), Verdict::Drop);
        }
        let counts = ["bad", "fragments", "other_protocol", "no_room"].map(|name| read(&translator, name));
        assert_eq!(counts, ["2", "1", "2", "0"]);
        let mut passed = marked::datagram(17, [1; 4], [2; 4], &UDP);
        assert_eq!(translator.action(&mut io, &mut passed), Verdict::Pass);
        assert_eq!(Ipv6::new_checked(passed.data()).unwrap().source(), 0x0101_0101);
    }
}
