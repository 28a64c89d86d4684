// SPDX-License-Identifier: Apache-2.0
//! # IP6Fragmenter
//! `IP6Fragmenter(MTU)` — fragments IPv6 packets that are too long.
//!
//! **Ports:** one push input, one or two push outputs.
//!
//! **Expects:** packets with a marked IPv6 header.
//!
//! **Description:** packets of at most MTU bytes leave by output 0 as they are. Longer ones leave in fragments (RFC 8200 §4.5): each has the IPv6 header,
//! the hop-by-hop options and what leads up to a routing header, then a fragment header and its part. What is a fragment already, what has headers that leave no room
//! for a part, and what would be more than 32 fragments leaves by output 1, or is dropped if that is not connected.
//!
//! Only the source of a packet may fragment it: this is for packets that are made here, as a tunnel's outer packets are (RFC 2473 §7.2). What
//! routers cannot pass on, an `ICMP6Error` tells the sender of.
//!
//! **Notes:** fragments have nothing in front of their IPv6 header. Click's element of that name drops what is too long, and counts nothing.
//!
//! **Handlers:** `fragments` (read: made), `drops` (read: refused, wherever they went), `refused` (drops; 0 while output 1 is connected),
//! `no_header`, `no_buffer` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> IPTunnelEncap(2001:db8::1, 2001:db8::2) -> IP6Fragmenter(1500)
//! -> EtherEncap(0x86dd, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);`
//!
//! **See also:** `IPFragmenter`, `PacketTooBig`, `ICMP6Error`.

use super::ip_fragmenter::MOST_FRAGMENTS;
use super::marked6;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ipv6::{self, Ipv6};
use crate::wire::ipv6_edit::Ipv6Mut;
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;

/// Bytes of a fragment header, RFC 8200 §4.5.
const FRAGMENT_BYTES: usize = 8;
/// The least MTU: a header, a fragment header and eight bytes.
#[cfg(feature = "host")]
const LEAST_MTU: usize = ipv6::HEADER_BYTES + FRAGMENT_BYTES + 8;
/// Next Header of the headers that all fragments have, of the fragment header, and of options for the destination.
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const DESTINATION_OPTIONS: u8 = 60;

/// See the module's documentation.
pub struct Ip6Fragmenter {
    mtu: usize,
    diverts: bool,
    random: u32,
    fragments: u64,
    refused: u64,
    no_header: u64,
    no_buffer: u64,
}

/// The headers that all fragments have.
#[derive(Clone, Copy)]
struct Front {
    /// Their bytes.
    length: usize,
    /// Where the last Next Header of them is, and what it says.
    last: usize,
    next: u8,
}

impl Ip6Fragmenter {
    /// Fragments for `mtu`, at least 56; `diverts` if output 1 takes what cannot be fragmented.
    pub const fn new(mtu: usize, diverts: bool) -> Self {
        Ip6Fragmenter { mtu, diverts, random: 0x2545_f491, fragments: 0, refused: 0, no_header: 0, no_buffer: 0 }
    }

    /// A number that is not the last one plus one (RFC 7739 §4): xorshift32, Marsaglia 2003.
    fn random(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random
    }

    fn refuse<O: Outputs>(&mut self, packet: Packet, out: &mut O) {
        self.refused += 1;
        if self.diverts {
            out.emit(1, packet);
        }
    }

    #[cold]
    fn fragment<M: PacketIo, O: Outputs>(&mut self, io: &mut M, mut packet: Packet, out: &mut O) {
        let Ok(header) = Ipv6::new_checked(packet.network()) else { return self.no_header += 1 };
        let length = ipv6::HEADER_BYTES + usize::from(header.payload_length());
        // Around the end, if the header was stripped.
        let before = packet.len().wrapping_sub(packet.network().len());
        packet.truncate(before.wrapping_add(length));
        if length <= self.mtu {
            return out.emit(0, packet);
        }
        let Some(front) = Front::of(packet.network()) else { return self.refuse(packet, out) };
        let step = self.mtu.saturating_sub(front.length + FRAGMENT_BYTES) & !7;
        if step == 0 || (length - front.length).div_ceil(step) > MOST_FRAGMENTS.min(out.room(0)) {
            return self.refuse(packet, out);
        }
        let identification = self.random();
        let (head, parts) = packet.network().split_at(front.length);
        for (index, part) in parts.chunks(step).enumerate() {
            let more = (index + 1) * step < parts.len();
            let place = (index * step) as u16 | u16::from(more);
            let fragment = io.allocate().and_then(|empty| front.fragment(empty, head, place, identification, part));
            match fragment {
                Some(mut fragment) => {
                    *fragment.annotations_mut() = *packet.annotations();
                    fragment.annotations_mut().mac_offset = 0;
                    fragment.set_network(0, ipv6::HEADER_BYTES);
                    self.fragments += 1;
                    out.emit(0, fragment);
                }
                None => self.no_buffer += 1,
            }
        }
    }
}

impl Front {
    /// Of a packet; none if it is a fragment, or its headers are longer than it is.
    fn of(packet: &[u8]) -> Option<Front> {
        let mut front = Front { length: ipv6::HEADER_BYTES, last: 6, next: *packet.get(6)? };
        let mut at = front;
        while matches!(at.next, HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS) {
            let &[next, words, ..] = packet.get(at.length..)? else { return None };
            let kind = at.next;
            at = Front { length: at.length + 8 + usize::from(words) * 8, last: at.length, next };
            // Options for the destination are for all fragments only if a routing header follows.
            if kind != DESTINATION_OPTIONS {
                front = at;
            }
        }
        (at.next != FRAGMENT && at.length <= packet.len()).then_some(front)
    }

    /// A fragment; none if it does not fit into `empty`.
    fn fragment(self, mut empty: Packet, head: &[u8], place: u16, identification: u32, part: &[u8]) -> Option<Packet> {
        let ([a, b], [c, d, e, f]) = (place.to_be_bytes(), identification.to_be_bytes());
        let fits = [head, &[self.next, 0, a, b, c, d, e, f], part].iter().all(|piece| empty.append(piece));
        let length = empty.len().saturating_sub(ipv6::HEADER_BYTES);
        *empty.data_mut().get_mut(self.last)? = FRAGMENT;
        Ipv6Mut::new(empty.data_mut())?.set_payload_length(length as u16);
        fits.then_some(empty)
    }
}

impl Element for Ip6Fragmenter {
    const SPEC: Spec = Spec {
        class: "IP6Fragmenter",
        category: Category::Ip6,
        summary: "fragments IPv6 packets that are too long",
        ports: "1/1-2",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[Argument {
            name: "MTU",
            kind: ArgumentKind::Required,
            doc: "most bytes of an IPv6 packet, at least 56",
        }],
        handlers: &[
            Handler { name: "fragments", kind: HandlerKind::Read, doc: "fragments made" },
            Handler { name: "drops", kind: HandlerKind::Read, doc: "packets refused, wherever they went" },
            Handler { name: "refused", kind: HandlerKind::Drops, doc: "packets that cannot be fragmented" },
            marked6::NO_HEADER,
            Handler { name: "no_buffer", kind: HandlerKind::Drops, doc: "fragments without a free buffer" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let value = match name {
            "fragments" => self.fragments,
            "drops" => self.refused,
            "refused" if self.diverts => 0,
            "refused" => self.refused,
            "no_header" => self.no_header,
            "no_buffer" => self.no_buffer,
            _ => return Err(HandlerError::Unknown),
        };
        Ok(write!(out, "{value}")?)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Ip6Fragmenter {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let mtu: Option<u16> = arguments.required("MTU");
        if mtu.is_some_and(|mtu| usize::from(mtu) < LEAST_MTU) {
            arguments.error_last("an MTU that no fragment fits", format!("at least {LEAST_MTU}"));
        }
        let expression = format!("Ip6Fragmenter::new({}, {})", mtu?, around.outputs > 1);
        Some(crate::configure::Instance::new("Ip6Fragmenter", expression).emitting(MOST_FRAGMENTS))
    }
}

impl Push for Ip6Fragmenter {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: usize, packet: Packet, out: &mut O) {
        match packet.network().len() {
            0 => self.no_header += 1,
            length if length <= self.mtu => out.emit(0, packet),
            _ => self.fragment(io, packet, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Collected, ListIo, read};
    use crate::wire::ipv6::Fragment;

    const UDP: u8 = 17;

    fn fragments(element: &mut Ip6Fragmenter, packet: Packet) -> Vec<(usize, Packet)> {
        let mut out = Collected::<2>::default();
        element.push(&mut ListIo::new(0), 0, packet, &mut out);
        out.0
    }

    /// The parts of all fragments behind headers of `front` bytes, each of which must be right.
    fn whole(fragments: &[(usize, Packet)], front: usize, mtu: usize) -> Vec<u8> {
        let (mut parts, mut numbers) = (Vec::new(), Vec::new());
        for (index, (output, fragment)) in fragments.iter().enumerate() {
            assert!(*output == 0 && fragment.len() <= mtu && fragment.network() == fragment.data());
            let header = Ipv6::new_checked(fragment.data()).unwrap();
            assert_eq!(ipv6::HEADER_BYTES + usize::from(header.payload_length()), fragment.len());
            let Fragment { offset, more, identification } = header.upper().unwrap().fragment.unwrap();
            assert_eq!((usize::from(offset), more), (parts.len(), index + 1 < fragments.len()));
            numbers.push(identification);
            parts.extend_from_slice(&fragment.data()[front + FRAGMENT_BYTES..]);
        }
        numbers.dedup();
        assert_eq!(numbers.len(), 1, "one identification");
        parts
    }

    #[test]
    fn what_is_too_long_becomes_fragments() {
        let payload: Vec<u8> = (0..700).map(|i| (i % 251) as u8).collect();
        let mut element = Ip6Fragmenter::new(300, false);
        let out = fragments(&mut element, marked6::datagram(UDP, 1, 2, &payload));
        assert_eq!((out.len(), read(&element, "fragments").as_str()), (3, "3"));
        assert_eq!(whole(&out, 40, 300), payload);
        let next = fragments(&mut element, marked6::datagram(UDP, 1, 2, &payload));
        assert_ne!(next[0].1.data()[44..48], out[0].1.data()[44..48], "the next packet has another number");
        let fits = fragments(&mut element, marked6::datagram(UDP, 1, 2, &payload[..260]));
        assert_eq!(fits[0].1.data()[6], UDP);
        let mut padded = marked6::datagram(UDP, 1, 2, &payload[..260]);
        assert!(padded.append(&[0; 9]));
        assert_eq!(fragments(&mut element, padded)[0].1.len(), 300);
    }

    #[test]
    fn headers_for_the_way_are_in_all_fragments() {
        let hop_by_hop = [ROUTING, 0, 1, 4, 0, 0, 0, 0];
        let routing = [DESTINATION_OPTIONS, 0, 0, 0, 0, 0, 0, 0];
        let options = [UDP, 0, 1, 4, 0, 0, 0, 0];
        let payload = [&hop_by_hop, &routing, &options, &[7; 400][..]].concat();
        let mut element = Ip6Fragmenter::new(200, false);
        let out = fragments(&mut element, marked6::datagram(HOP_BY_HOP, 1, 2, &payload));
        for (_, fragment) in &out {
            assert_eq!((fragment.data()[6], fragment.data()[40]), (HOP_BY_HOP, ROUTING));
            assert_eq!((fragment.data()[48], fragment.data()[56]), (FRAGMENT, DESTINATION_OPTIONS));
        }
        assert_eq!(whole(&out, 56, 200), payload[16..]);
    }

    #[test]
    fn some_cannot_be_fragmented() {
        let fragment = [&[UDP, 0, 0, 1, 0, 0, 0, 9][..], &[7; 400]].concat();
        let endless = [HOP_BY_HOP, 255, 0, 0, 0, 0, 0, 0].repeat(50);
        let long = marked6::datagram(UDP, 1, 2, &[7; 1400]);
        for diverts in [false, true] {
            let mut element = Ip6Fragmenter::new(56, diverts);
            let long = crate::testing::packet(long.data());
            let mut marked = long;
            marked.set_network(0, 40);
            let packets = [
                marked6::datagram(FRAGMENT, 1, 2, &fragment),
                marked6::datagram(HOP_BY_HOP, 1, 2, &endless),
                marked,
            ];
            for packet in packets {
                let out = fragments(&mut element, packet);
                assert!(if diverts { matches!(out.as_slice(), [(1, _)]) } else { out.is_empty() });
            }
            assert_eq!(["drops", "refused"].map(|name| read(&element, name)), ["3", if diverts { "0" } else { "3" }]);
        }
        let mut element = Ip6Fragmenter::new(300, false);
        assert!(fragments(&mut element, crate::testing::packet(&[7; 400])).is_empty());
        let mut stripped = marked6::datagram(UDP, 1, 2, &[7; 400]);
        assert!(stripped.pull_front(40));
        assert_eq!(fragments(&mut element, stripped).len(), 2, "a header that was stripped is still there");
        let (mut io, mut out) = (ListIo { buffers: Some(1), ..ListIo::new(0) }, Collected::<1>::default());
        element.push(&mut io, 0, marked6::datagram(UDP, 1, 2, &[7; 400]), &mut out);
        assert_eq!((out.0.len(), ["no_header", "no_buffer"].map(|name| read(&element, name))), (1, ["1", "1"].map(String::from)));
    }
}
