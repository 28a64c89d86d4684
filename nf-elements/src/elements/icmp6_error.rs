// SPDX-License-Identifier: Apache-2.0
//! # ICMP6Error
//! `ICMP6Error(SRC, TYPE, CODE)` — makes ICMPv6 error messages.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** the packets that the errors are about, with a marked IPv6 header.
//!
//! **Description:** turns each packet into the ICMPv6 error (RFC 4443) or redirect (RFC 4861 §4.5) of TYPE and CODE, from
//! SRC to the packet's source, with the packet's first 568 bytes in it. The hop limit is 255; destination and fix-IP-source
//! annotations are set. Packet Too Big has an MTU of 1500; Parameter Problem points where the annotation says; a redirect's
//! target is the destination annotation. No error is made about an ICMPv6 error, nor about a packet that is to a group, or
//! was in its frame, or is from a group or from nobody (RFC 4443 §2.4(e)): these are dropped.
//!
//! **Notes:** Click looks for the ICMPv6 type at a wrong place, and so answers errors too; it answers any source; and its
//! messages have bytes in front of the IPv6 header in them, if there are any. Where TYPE is 137 a code other than 0 makes
//! the same redirect.
//!
//! **Handlers:** `not_answered`, `no_header`, `no_room` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIP6Header(14) -> d :: DecIP6HLIM -> ToDevice(wan); d[1] -> Strip(14) ->
//! ICMP6Error(2001:db8::1, 3, 0) -> Discard;`
//!
//! **See also:** `DecIP6HLIM`.

use super::marked6;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::icmpv6::{self, Type};
use crate::wire::ipv6::{HEADER_BYTES, Ipv6, NextHeader};
use crate::wire::ipv6_edit::{Header, Ipv6Mut};
use crate::{Action, Annotations, Element, HandlerError, Packet, PacketIo, PacketType, Spec, Verdict};
use core::fmt;

/// Most bytes of the packet that an error repeats.
const MOST_BYTES: usize = 568;
/// The MTU of Packet Too Big.
const MTU: u32 = 1500;
/// Bytes of a redirect without options: target and destination stand behind the header.
const REDIRECT_BYTES: usize = 40;

/// See the module's documentation.
pub struct Icmp6Error {
    source: u128,
    kind: u8,
    code: u8,
    drops: [u64; REASONS.len()],
}

/// Why there is no message, in the order of the handlers.
#[derive(Clone, Copy)]
enum Reason {
    NotAnswered,
    NoHeader,
    NoRoom,
}

const REASONS: [&str; 3] = ["not_answered", "no_header", "no_room"];

impl Icmp6Error {
    /// Messages of type `kind` and of `code`, from `source`.
    pub const fn new(source: u128, kind: u8, code: u8) -> Self {
        Icmp6Error { source, kind, code, drops: [0; REASONS.len()] }
    }

    /// Makes `packet` the message about itself.
    fn transform(&mut self, packet: &mut Packet) -> Result<(), Reason> {
        let header = Ipv6::new_checked(packet.network()).map_err(|_| Reason::NoHeader)?;
        if !may_answer(&header, packet.annotations().packet_type) {
            return Err(Reason::NotAnswered);
        }
        let (to, about) = (header.source(), header.destination());
        let before = usize::from(packet.annotations().network_offset).saturating_sub(packet.headroom());
        match packet.pull_front(before) && self.write(packet, to, about).is_some() {
            true => Ok(()),
            false => Err(Reason::NoRoom),
        }
    }

    /// The same in the name of who it was sent to; false if it deserves none.
    pub fn answer(&mut self, packet: &mut Packet) -> bool {
        self.source = Ipv6::new_checked(packet.network()).map_or(0, |header| header.destination());
        self.transform(packet).is_ok()
    }

    /// Writes the message in front of `packet`, which begins with the IPv6 header of a packet from `to` to `about`.
    fn write(&self, packet: &mut Packet, to: u128, about: u128) -> Option<()> {
        let (target, pointer) = (packet.annotations().destination, packet.annotations().flags);
        let length = if self.kind == u8::from(Type::Redirect) { REDIRECT_BYTES } else { icmpv6::HEADER_BYTES };
        packet.truncate(MOST_BYTES);
        if !packet.push_front(HEADER_BYTES + length) {
            return None;
        }
        let (header, message) = packet.data_mut().split_at_mut_checked(HEADER_BYTES)?;
        Ipv6Mut::new(header)?.write(Header {
            payload_length: message.len() as u16,
            next_header: NextHeader::Icmpv6.into(),
            hop_limit: 255,
            source: self.source,
            destination: to,
        });
        let fixed = message.get_mut(..length)?;
        fixed.fill(0);
        (fixed[0], fixed[1]) = (self.kind, self.code);
        match (Type::from(self.kind), self.code) {
            (Type::PacketTooBig, 0) => fixed[4..8].copy_from_slice(&MTU.to_be_bytes()),
            (Type::ParameterProblem, 0) => fixed[7] = pointer & Annotations::PARAMETER_PROBLEM,
            (Type::Redirect, _) => {
                fixed[8..24].copy_from_slice(&target);
                fixed[24..40].copy_from_slice(&about.to_be_bytes());
            }
            _ => {}
        }
        icmpv6::fill_checksum(self.source, to, message);
        *packet.annotations_mut() = Annotations {
            destination: to.to_be_bytes(),
            flags: Annotations::FIX_IP_SRC,
            ..Annotations::default()
        };
        packet.set_network(0, HEADER_BYTES);
        Some(())
    }
}

fn is_group(address: u128) -> bool {
    address >> 120 == 0xff
}

/// Whether an error may be sent about the packet, which came in a frame of that kind: RFC 4443 §2.4(e).
pub fn may_answer(packet: &Ipv6, kind: PacketType) -> bool {
    let is_error = packet.upper().is_some_and(|upper| {
        let message = packet.payload().get(upper.offset - HEADER_BYTES..).unwrap_or(&[]);
        upper.protocol == NextHeader::Icmpv6 && message.first().is_none_or(|kind| Type::from(*kind).is_error())
    });
    let to_many = is_group(packet.destination()) || matches!(kind, PacketType::Broadcast | PacketType::Multicast);
    !is_error && !to_many && !is_group(packet.source()) && packet.source() != 0
}

impl Element for Icmp6Error {
    const SPEC: Spec = Spec {
        class: "ICMP6Error",
        category: Category::Icmp,
        summary: "makes ICMPv6 error messages",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "SRC", kind: ArgumentKind::Required, doc: "the address that they come from" },
            Argument { name: "TYPE", kind: ArgumentKind::Required, doc: "1 to 4, or 137 for a redirect" },
            Argument { name: "CODE", kind: ArgumentKind::Required, doc: "the code, 0 to 255" },
        ],
        handlers: &[
            Handler { name: "not_answered", kind: HandlerKind::Drops, doc: "packets that deserve no error" },
            marked6::NO_HEADER,
            Handler { name: "no_room", kind: HandlerKind::Drops, doc: "packets without room in front" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let reason = REASONS.iter().position(|reason| *reason == name).ok_or(HandlerError::Unknown)?;
        Ok(write!(out, "{}", self.drops[reason])?)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Icmp6Error {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let source: std::net::Ipv6Addr = arguments.required("SRC")?;
        if source.is_unspecified() {
            arguments.error_last("an address of nobody", "one of this router's addresses");
        }
        let kind: u8 = arguments.required("TYPE")?;
        if !matches!(kind, 1..=4 | 137) {
            arguments.error_last(format!("'{kind}' is no error or redirect type"), "1, 2, 3, 4 or 137");
        }
        let code: u8 = arguments.required("CODE")?;
        let expression = format!("Icmp6Error::new({:#x}, {kind}, {code})", source.to_bits());
        Some(crate::configure::Instance::new("Icmp6Error", expression))
    }
}

impl Action for Icmp6Error {
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        match self.transform(packet) {
            Ok(()) => Verdict::Pass,
            Err(reason) => {
                self.drops[reason as usize] += 1;
                Verdict::Drop
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, read};
    use crate::wire::icmpv6::Icmpv6;

    const ME: u128 = 0x2001 << 112 | 9;

    fn answered(error: &mut Icmp6Error, mut about: Packet) -> Option<Packet> {
        (error.action(&mut ListIo::new(0), &mut about) == Verdict::Pass).then_some(about)
    }

    fn check(packet: &Packet, to: u128) -> Icmpv6<'_> {
        let header = Ipv6::new_checked(packet.network()).unwrap();
        assert_eq!((header.source(), header.destination(), header.hop_limit()), (ME, to, 255));
        assert_eq!((header.payload().len() + 40, packet.len()), (packet.len(), packet.len()));
        let message = Icmpv6::new_checked(header.payload()).unwrap();
        assert!(message.is_intact(ME, to));
        message
    }

    #[test]
    fn errors_repeat_the_packet() {
        let mut about = marked6::datagram(17, 1, 2, &[7; 900]);
        about.annotations_mut().flags = 6;
        let before = about.data()[..568].to_vec();
        let answer = answered(&mut Icmp6Error::new(ME, 4, 0), about).unwrap();
        let message = check(&answer, 1);
        assert_eq!((message.message_type(), message.rest(), message.payload()), (Type::ParameterProblem, 6, &before[..]));
        assert_eq!(answer.annotations().flags, Annotations::FIX_IP_SRC);
        assert_eq!(answer.annotations().destination, 1u128.to_be_bytes());
        let too_big = answered(&mut Icmp6Error::new(ME, 2, 0), marked6::datagram(17, 1, 2, &[])).unwrap();
        assert_eq!(check(&too_big, 1).rest(), 1500);
    }

    #[test]
    fn redirects_name_target_and_destination() {
        let mut about = marked6::datagram(17, 1, 2, &[7; 4]);
        about.annotations_mut().destination = 3u128.to_be_bytes();
        let answer = answered(&mut Icmp6Error::new(ME, 137, 0), about).unwrap();
        let message = check(&answer, 1);
        assert_eq!((message.target(), message.payload()[16..32].to_vec()), (Some(3), 2u128.to_be_bytes().to_vec()));
        assert_eq!(message.payload().len(), 32 + 44);
    }

    #[test]
    fn some_packets_deserve_no_error() {
        let mut error = Icmp6Error::new(ME, 1, 0);
        let group = 0xff02 << 112 | 1;
        let mut in_a_broadcast = marked6::datagram(17, 1, 2, &[]);
        in_a_broadcast.annotations_mut().packet_type = PacketType::Broadcast;
        for about in [
            marked6::datagram(58, 1, 2, &[3, 0, 0, 0, 0, 0, 0, 0]),
            marked6::datagram(17, 1, group, &[]),
            marked6::datagram(17, group, 2, &[]),
            marked6::datagram(17, 0, 2, &[]),
            in_a_broadcast,
        ] {
            assert!(answered(&mut error, about).is_none());
        }
        assert!(answered(&mut error, marked6::datagram(58, 1, 2, &[128, 0, 0, 0, 0, 0, 0, 0])).is_some());
        assert!(answered(&mut error, crate::testing::packet(&[0x60; 60])).is_none());
        assert_eq!((read(&error, "not_answered"), read(&error, "no_header")), ("5".into(), "1".into()));
    }
}
