// SPDX-License-Identifier: Apache-2.0
//! # PacketTooBig
//! `PacketTooBig([PROTOCOL, FRAGMENT, SRC, SRC6])` — fragments what is too long for a tunnel, or tells its sender.
//!
//! **Ports:** one push input, two or three push outputs.
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
//! error (RFC 1812 §4.3.2.7, RFC 4443 §2.4(e)). An IPv6 packet that is not longer than 1280 bytes, or an IPv4 packet of which not
//! even 68 would fit, nobody can make shorter: it leaves by output 2, or is dropped if that is not connected. Behind output 2 stands a
//! tunnel without MTU whose outer packets are fragmented (RFC 2473 §7.1), where it allows that, as VXLAN does not (RFC 7348 §4.3).
//!
//! **Handlers:** `fragmented`, `told` (read: packets), `not_ip`, `not_answered`, `too_small` (0 while output 2 is connected),
//! `no_buffer` (drops).
//!
//! **Example:** `FromDevice(lan) -> e :: VXLANEncap(192.0.2.1, 198.51.100.1, 42, MTU 1500) -> Discard;
//! e [1] -> big :: PacketTooBig -> e; big [1] -> ToDevice(lan);`
//!
//! **See also:** `PathMTU`, `IPFragmenter`, `IP6Fragmenter`, `ICMPError`, `ICMP6Error`.


use super::path_mtu::{LEAST_IPV4, LEAST_IPV6};
use crate::packet::PacketType;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::tunnel::Inner;
use crate::tunnel::too_big::{Problem, answer, answer_frame, fragment};
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv6::{self, Ipv6};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;

/// See the module's documentation.
pub struct PacketTooBig {
    inner: Inner,
    fragment: bool,
    source: u32,
    source6: u128,
    diverts: bool,
    fragmented: u64,
    told: u64,
    not_ip: u64,
    not_answered: u64,
    too_small: u64,
    no_buffer: u64,
}

/// What becomes of a packet.
enum Fate {
    Fragments,
    /// The error, and whom it is from.
    Error(Problem, u128),
    NotIp,
    TooSmall,
}

impl PacketTooBig {
    /// Of packets of `inner`, which is not opaque; IPv4 packets become fragments if they may; errors are from these addresses, or from
    /// whom the packets were to if these are 0. `diverts` says that output 2 takes what is too small.
    pub const fn new(inner: Inner, fragment: bool, source: u32, source6: u128, diverts: bool) -> Self {
        PacketTooBig {
            inner,
            fragment,
            source,
            source6,
            diverts,
            fragmented: 0,
            told: 0,
            not_ip: 0,
            not_answered: 0,
            too_small: 0,
            no_buffer: 0,
        }
    }

    /// What is to become of an IP packet, of which `mtu` bytes fit.
    fn fate(&self, ip: &[u8], mtu: usize) -> Fate {
        let problem = Problem::TooBig(mtu as u16);
        if let Ok(header) = Ipv4::new_checked(ip) {
            return match self.fragment && !header.dont_fragment() {
                true if mtu < LEAST_IPV4.into() => Fate::TooSmall,
                true => Fate::Fragments,
                false => Fate::Error(problem, self.source.into()),
            };
        }
        match Ipv6::new_checked(ip) {
            Ok(header) if ipv6::HEADER_BYTES + usize::from(header.payload_length()) <= LEAST_IPV6.into() => Fate::TooSmall,
            Ok(_) => Fate::Error(problem, self.source6),
            Err(_) => Fate::NotIp,
        }
    }

    /// Gives the fragments of `packet`, each of at most `mtu` bytes of IP.
    fn give_fragments<M: PacketIo, O: Outputs>(&mut self, io: &mut M, packet: &Packet, mtu: usize, out: &mut O) {
        let mut lost = 0;
        let made = fragment(io, self.inner, packet, mtu, |_, fragment| match fragment {
            Some(fragment) if out.room(0) > 0 => out.emit(0, fragment),
            _ => lost += 1,
        });
        self.no_buffer += lost;
        self.fragmented += u64::from(made);
        self.too_small += u64::from(!made);
    }

    /// Gives the error about `packet`.
    fn tell<O: Outputs>(&mut self, mut packet: Packet, problem: Problem, from: u128, out: &mut O) {
        let told = match self.inner {
            Inner::Ethernet => answer_frame(&mut packet, problem, from),
            _ => {
                let to_many = matches!(packet.annotations().packet_type, PacketType::Broadcast | PacketType::Multicast);
                !to_many && answer(&mut packet, problem, from)
            }
        };
        if !told {
            return self.not_answered += 1;
        }
        self.told += 1;
        out.emit(1, packet);
    }

    /// Gives what nobody can make shorter away.
    fn divert<O: Outputs>(&mut self, packet: Packet, out: &mut O) {
        if self.diverts { out.emit(2, packet) } else { self.too_small += 1 }
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
        ports: "1/2-3",
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
            drops("too_small", "packets that nobody can make shorter; 0 while output 2 is connected"),
            drops("no_buffer", "fragments without a free buffer, or too many of a packet"),
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "fragmented" => write!(out, "{}", self.fragmented)?,
            "told" => write!(out, "{}", self.told)?,
            "not_ip" => write!(out, "{}", self.not_ip)?,
            "not_answered" => write!(out, "{}", self.not_answered)?,
            "too_small" => write!(out, "{}", self.too_small)?,
            "no_buffer" => write!(out, "{}", self.no_buffer)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for PacketTooBig {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::tunnel::Payload;
        use std::net::{Ipv4Addr, Ipv6Addr};
        let payload = arguments.keyword("PROTOCOL").unwrap_or(Payload::Ethernet);
        if matches!(payload, Payload::Other(_)) {
            arguments.error_last("an EtherType", "ethernet or ip");
        }
        let fragment = arguments.keyword("FRAGMENT").unwrap_or(true);
        let source = arguments.keyword::<Ipv4Addr>("SRC").map_or(0, Ipv4Addr::to_bits);
        let source6 = arguments.keyword::<Ipv6Addr>("SRC6").map_or(0, Ipv6Addr::to_bits);
        let inner = format!("nf_elements::tunnel::Inner::{:?}", payload.inner());
        let expression = format!("PacketTooBig::new({inner}, {fragment}, {source}, {source6}, {})", around.outputs > 2);
        Some(crate::configure::Instance::new("PacketTooBig", expression).emitting(super::ip_fragmenter::MOST_FRAGMENTS))
    }
}

impl Push for PacketTooBig {
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: usize, packet: Packet, out: &mut O) {
        let room = packet.len().saturating_sub(packet.extra_length().into());
        let Some(at) = self.inner.ip_offset(packet.data()) else { return self.not_ip += 1 };
        let mtu = room.saturating_sub(at);
        match self.fate(packet.data().get(at..).unwrap_or(&[]), mtu) {
            Fate::Fragments => self.give_fragments(io, &packet, mtu, out),
            Fate::Error(problem, from) => self.tell(packet, problem, from, out),
            Fate::TooSmall => self.divert(packet, out),
            Fate::NotIp => self.not_ip += 1,
        }
    }
}

#[cfg(test)]
mod tests;
