// SPDX-License-Identifier: Apache-2.0
//! # PacketTooBig
//! `PacketTooBig([PROTOCOL, FRAGMENT, SRC, SRC6])` — fragments what is too long for a tunnel, or tells its sender.
//!
//! **Ports:** one push input, two push outputs.
//!
//! **Expects:** what leaves a tunnel's encapsulator by output 1: frames, or what PROTOCOL says, whose extra length annotation is by how many
//! bytes they are too long.
//!
//! **Description:** an IPv4 packet whose flag don't fragment is not set becomes fragments that fit (RFC 791 §3.2), each behind the same
//! link header, which leave by output 0: back to the encapsulator. With FRAGMENT false, or with the flag, the packet's sender gets
//! the ICMP error "fragmentation needed and DF set" with the MTU that does fit (RFC 1191), and of IPv6 the ICMPv6 error "packet too
//! big" (RFC 8201; at least 1280), by output 1: back to where the packet came from. The error to a frame has the frame's
//! addresses in reverse, and its tags. It is from SRC or SRC6, or else from whom the packet was to, as a bridge has no address
//! of its own (Linux's tunnels do the same).
//!
//! PROTOCOL is `ethernet` (the default) or `ip`. What is neither IPv4 nor IPv6 is dropped; so is what deserves no
//! error (see `ICMPError` and `ICMP6Error`), and a packet of IPv6 that is not longer than 1280 bytes: nobody can make it shorter,
//! and the outer packet has to be fragmented (RFC 2473 §7.1).
//!
//! **Handlers:** `fragmented`, `told` (read: packets), `not_ip`, `not_answered`, `too_small`, `no_buffer` (drops).
//!
//! **Example:** `FromDevice(lan) -> e :: VXLANEncap(192.0.2.1, 198.51.100.1, 42, MTU 1500) -> Discard;
//! e [1] -> big :: PacketTooBig -> e; big [1] -> ToDevice(lan);`
//!
//! **See also:** `PathMTU`, `IPFragmenter`, `ICMPError`, `ICMP6Error`.

use super::path_mtu::{LEAST_IPV4, LEAST_IPV6};
use super::{Icmp6Error, IcmpError, IpFragmenter};
use crate::packet::PacketType;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::tunnel::Inner;
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::{self, Ipv6};
use crate::{Action, Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec, Verdict};
use core::fmt;

/// Bytes of the longest link header: addresses, two tags, EtherType.
const MOST_LINK_BYTES: usize = 22;
/// Destination Unreachable, fragmentation needed and DF set.
const FRAGMENTATION_NEEDED: (u8, u8) = (3, 4);
/// Packet Too Big of ICMPv6.
const PACKET_TOO_BIG: u8 = 2;
/// Most bytes of an ICMP error, RFC 1812 §4.3.2.3.
const MOST_ERROR_BYTES: usize = 576;

/// See the module's documentation.
pub struct PacketTooBig {
    inner: Inner,
    fragment: bool,
    source: Option<u32>,
    source6: Option<u128>,
    fragmenter: IpFragmenter,
    error: IcmpError,
    error6: Icmp6Error,
    fragmented: u64,
    told: u64,
    not_ip: u64,
    not_answered: u64,
    too_small: u64,
}

/// What becomes of a packet.
enum Fate {
    Fragments { at: usize, mtu: usize },
    Error { at: usize, mtu: u16, source: u32 },
    Error6 { at: usize, mtu: u16, source: u128 },
    NotIp,
    TooSmall,
}

impl PacketTooBig {
    /// Of packets of `inner`, which is not opaque; IPv4 packets become fragments if they may; errors are from these addresses, or else from
    /// whom the packets were to.
    pub const fn new(inner: Inner, fragment: bool, source: Option<u32>, source6: Option<u128>) -> Self {
        let (kind, code) = FRAGMENTATION_NEEDED;
        PacketTooBig {
            inner,
            fragment,
            source,
            source6,
            fragmenter: IpFragmenter::new(LEAST_IPV4 as usize, false, false, true),
            error: IcmpError::new(0, kind, code, &[], MOST_ERROR_BYTES, 0, false),
            error6: Icmp6Error::new(0, PACKET_TOO_BIG, 0),
            fragmented: 0,
            told: 0,
            not_ip: 0,
            not_answered: 0,
            too_small: 0,
        }
    }

    /// What is to become of `packet`.
    fn fate(&self, packet: &Packet) -> Fate {
        let room = packet.len().saturating_sub(packet.extra_length().into());
        let Some(at) = self.inner.ip_offset(packet.data()) else { return Fate::NotIp };
        let (mtu, header) = (room.saturating_sub(at), packet.data().get(at..).unwrap_or(&[]));
        match header.first().map(|first| first >> 4) {
            Some(4) => match Ipv4::new_checked(header) {
                Ok(header) if self.fragment && !header.dont_fragment() => {
                    if mtu < LEAST_IPV4.into() { Fate::TooSmall } else { Fate::Fragments { at, mtu } }
                }
                Ok(header) => {
                    let source = self.source.unwrap_or(header.destination());
                    Fate::Error { at, mtu: (mtu as u16).max(LEAST_IPV4), source }
                }
                Err(_) => Fate::NotIp,
            },
            Some(6) => match Ipv6::new_checked(header) {
                Ok(header) if ipv6::HEADER_BYTES + usize::from(header.payload_length()) <= LEAST_IPV6.into() => {
                    Fate::TooSmall
                }
                Ok(header) => {
                    let source = self.source6.unwrap_or(header.destination());
                    Fate::Error6 { at, mtu: (mtu as u16).max(LEAST_IPV6), source }
                }
                Err(_) => Fate::NotIp,
            },
            _ => Fate::NotIp,
        }
    }

    /// Makes `packet` the error about itself that `make` makes, behind its link header turned round.
    fn tell(&mut self, mut packet: Packet, at: usize, make: impl FnOnce(&mut Self, &mut Packet) -> Verdict) -> Option<Packet> {
        let link = Link::of(&packet, at);
        if self.inner == Inner::Ethernet && packet.data().first().is_some_and(|first| first & 1 != 0) {
            packet.annotations_mut().packet_type = PacketType::Multicast;
        }
        if make(self, &mut packet) == Verdict::Drop || !link.reversed().put(&mut packet) {
            self.not_answered += 1;
            return None;
        }
        self.told += 1;
        Some(packet)
    }
}

/// A link header.
#[derive(Clone, Copy)]
struct Link {
    bytes: [u8; MOST_LINK_BYTES],
    length: usize,
}

impl Link {
    /// The first `length` bytes of `packet`.
    fn of(packet: &Packet, length: usize) -> Self {
        let (mut bytes, length) = ([0; MOST_LINK_BYTES], length.min(MOST_LINK_BYTES));
        if let Some(header) = packet.data().get(..length) {
            bytes[..length].copy_from_slice(header);
        }
        Link { bytes, length }
    }

    /// The same from the receiver to the sender.
    fn reversed(mut self) -> Self {
        let (destination, rest) = self.bytes.split_at_mut(6);
        destination.swap_with_slice(&mut rest[..6]);
        self
    }

    /// Puts it in front of `packet`; false without room.
    fn put(&self, packet: &mut Packet) -> bool {
        if !packet.push_front(self.length) {
            return false;
        }
        packet.data_mut()[..self.length].copy_from_slice(&self.bytes[..self.length]);
        let start = packet.headroom() as u16;
        packet.annotations_mut().mac_offset = start;
        true
    }
}

/// Gives the fragments behind the first one their link header, too.
struct Framed<'a, O> {
    link: Link,
    out: &'a mut O,
    refused: u64,
}

impl<O: Outputs> Outputs for Framed<'_, O> {
    const COUNT: usize = O::COUNT;

    fn room(&self, port: usize) -> usize {
        self.out.room(port)
    }

    fn emit(&mut self, port: usize, mut packet: Packet) {
        // The fragmenter gives what it cannot fragment back by its own output 1.
        let is_bare = usize::from(packet.annotations().network_offset) == packet.headroom();
        if port != 0 || is_bare && !self.link.put(&mut packet) {
            self.refused += 1;
            return;
        }
        packet.set_extra_length(0);
        self.out.emit(0, packet);
    }
}

const fn drops(name: &'static str, doc: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::Drops, doc }
}

impl Element for PacketTooBig {
    const SPEC: Spec = Spec {
        class: "PacketTooBig",
        category: Category::Tunnel,
        summary: "fragments what is too long for a tunnel, or tells its sender",
        ports: "1/2",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "PROTOCOL", kind: ArgumentKind::Keyword, doc: "ethernet, the default, or ip" },
            Argument { name: "FRAGMENT", kind: ArgumentKind::Keyword, doc: "fragment what may be? true by default" },
            Argument { name: "SRC", kind: ArgumentKind::Keyword, doc: "the source of ICMP errors" },
            Argument { name: "SRC6", kind: ArgumentKind::Keyword, doc: "the source of ICMPv6 errors" },
        ],
        handlers: &[
            Handler { name: "fragmented", kind: HandlerKind::Read, doc: "packets that became fragments" },
            Handler { name: "told", kind: HandlerKind::Read, doc: "packets that became errors" },
            drops("not_ip", "what is no IP packet"),
            drops("not_answered", "packets that deserve no error"),
            drops("too_small", "packets that nobody can make shorter"),
            drops("no_buffer", "fragments without a free buffer, packets of too many of them"),
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "fragmented" => write!(out, "{}", self.fragmented)?,
            "told" => write!(out, "{}", self.told)?,
            "not_ip" => write!(out, "{}", self.not_ip)?,
            "not_answered" => write!(out, "{}", self.not_answered)?,
            "too_small" => write!(out, "{}", self.too_small)?,
            "no_buffer" => write!(out, "{}", self.fragmenter.lost())?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for PacketTooBig {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::tunnel::Payload;
        use std::net::{Ipv4Addr, Ipv6Addr};
        let payload = arguments.keyword("PROTOCOL").unwrap_or(Payload::Ethernet);
        if matches!(payload, Payload::Other(_)) {
            arguments.error_last("an EtherType", "ethernet or ip");
        }
        let fragment = arguments.keyword("FRAGMENT").unwrap_or(true);
        let source = arguments.keyword::<Ipv4Addr>("SRC").map(Ipv4Addr::to_bits);
        let source6 = arguments.keyword::<Ipv6Addr>("SRC6").map(Ipv6Addr::to_bits);
        let inner = format!("nf_elements::tunnel::Inner::{:?}", payload.inner());
        let expression = format!("PacketTooBig::new({inner}, {fragment}, {source:?}, {source6:?})");
        Some(crate::configure::Instance::new("PacketTooBig", expression).emitting(super::ip_fragmenter::MOST_FRAGMENTS))
    }
}

impl Push for PacketTooBig {
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: usize, mut packet: Packet, out: &mut O) {
        let error = match self.fate(&packet) {
            Fate::Fragments { at, mtu } => {
                packet.set_network(at, ipv4_header_length(&packet, at));
                let mut framed = Framed { link: Link::of(&packet, at), out, refused: 0 };
                self.fragmenter.set_mtu(mtu);
                self.fragmenter.push(io, 0, packet, &mut framed);
                self.too_small += framed.refused;
                self.fragmented += u64::from(framed.refused == 0);
                None
            }
            Fate::Error { at, mtu, source } => {
                packet.set_network(at, ipv4_header_length(&packet, at));
                self.error.set_particulars(source, mtu);
                self.tell(packet, at, |own, packet| own.error.action(io, packet))
            }
            Fate::Error6 { at, mtu, source } => {
                packet.set_network(at, ipv6::HEADER_BYTES);
                self.error6.set_particulars(source, mtu.into());
                self.tell(packet, at, |own, packet| own.error6.action(io, packet))
            }
            Fate::NotIp => {
                self.not_ip += 1;
                None
            }
            Fate::TooSmall => {
                self.too_small += 1;
                None
            }
        };
        if let Some(error) = error {
            out.emit(1, error);
        }
    }
}

fn ipv4_header_length(packet: &Packet, at: usize) -> usize {
    let header = packet.data().get(at..).and_then(|header| Ipv4::new_checked(header).ok());
    header.map_or(ipv4::HEADER_BYTES, |header| header.header_length())
}

#[cfg(test)]
mod tests;
