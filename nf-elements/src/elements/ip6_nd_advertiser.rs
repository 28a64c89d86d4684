// SPDX-License-Identifier: Apache-2.0
//! # IP6NDAdvertiser
//! `IP6NDAdvertiser(IP6/MASK … ETH, …)` — answers IPv6 neighbor solicitations.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** Ethernet frames with neighbor solicitations (RFC 4861 §4.3), as a `Classifier` finds them.
//!
//! **Description:** each argument is one or more prefixes (an address alone has all bits) and the Ethernet address to give
//! for them. A solicitation for an address in one of them becomes the advertisement (§4.4) that answers it: flags router
//! and solicited, from the address asked for. The longest prefix counts; of equal ones the later.
//!
//! **Notes:** as in Click, the frame has to have the option with the sender's link-layer address, the hop limit has to be
//! 255, and the checksum right; beyond that the next header has to be ICMPv6. An argument without Ethernet address is an error.
//!
//! **Handlers:** `not_solicitation`, `not_known` (drops).
//!
//! **Example:** `FromDevice(lan) -> c :: Classifier(12/86dd 20/3aff 54/87, -); c[0] -> IP6NDAdvertiser(2001:db8::1
//! 02:00:00:00:00:01) -> ToDevice(lan); c[1] -> Discard;`
//!
//! **See also:** `IP6NDSolicitor`, `ARPResponder`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet::{self, Address, Ethernet, set_addresses};
use crate::wire::icmpv6::{self, Icmpv6, LinkOption, NEIGHBOR_BYTES, Type, write_neighbor};
use crate::wire::ipv6::{HEADER_BYTES, Ipv6, NextHeader};
use crate::wire::ipv6_edit::{Header, Ipv6Mut};
use crate::{Action, Annotations, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// Bytes of a frame with a solicitation or an advertisement.
pub const FRAME_BYTES: usize = ethernet::HEADER_BYTES + HEADER_BYTES + NEIGHBOR_BYTES;
/// Flags of an advertisement: router, solicited.
const FLAGS: u8 = 0xc0;

/// Addresses whose owner is known: prefix, its length, Ethernet address.
pub type Known = (u128, u8, [u8; 6]);

/// See the module's documentation.
pub struct Ip6NdAdvertiser {
    known: &'static [Known],
    not_solicitation: u64,
    not_known: u64,
}

impl Ip6NdAdvertiser {
    /// Answers for the addresses `known`.
    pub const fn new(known: &'static [Known]) -> Self {
        Ip6NdAdvertiser { known, not_solicitation: 0, not_known: 0 }
    }

    /// The Ethernet address of `target`.
    fn look_up(&self, target: u128) -> Option<Address> {
        let covers = |(prefix, length, _): &&Known| {
            (prefix ^ target) & u128::MAX.checked_shl(128 - u32::from(*length)).unwrap_or(0) == 0
        };
        self.known.iter().filter(covers).max_by_key(|known| known.1).map(|known| Address::new(known.2))
    }
}

/// A neighbor message in a frame: its IPv6 packet and itself, if hop limit, type, code and checksum are right.
pub fn neighbor_message(frame: &[u8], kind: Type) -> Option<(Ipv6<'_>, Icmpv6<'_>)> {
    let ethernet = Ethernet::new_checked(frame).ok()?;
    if frame.len() < FRAME_BYTES || ethernet.ethertype() != ethernet::EtherType::Ipv6 || ethernet.tag().is_some() {
        return None;
    }
    let packet = Ipv6::new_checked(ethernet.payload()).ok()?;
    let message = Icmpv6::new_checked(packet.payload()).ok()?;
    let is_right = packet.next_header() == NextHeader::Icmpv6
        && packet.hop_limit() == 255
        && (message.message_type(), message.code()) == (kind, 0)
        && message.is_intact(packet.source(), packet.destination());
    is_right.then_some((packet, message))
}

/// Fills `frame` with a neighbor message between these stations and addresses.
pub fn write_frame(
    frame: &mut [u8; FRAME_BYTES],
    stations: (Address, Address),
    addresses: (u128, u128),
    fill: impl FnOnce(&mut [u8; NEIGHBOR_BYTES]),
) -> Option<()> {
    let ((from, to), (source, destination)) = (stations, addresses);
    let (ethernet, rest) = frame.split_first_chunk_mut::<{ ethernet::HEADER_BYTES }>()?;
    set_addresses(ethernet, to, from);
    ethernet[ethernet::field::TYPE].copy_from_slice(&u16::from(ethernet::EtherType::Ipv6).to_be_bytes());
    let (header, message) = rest.split_at_mut_checked(HEADER_BYTES)?;
    let (payload_length, next_header) = (NEIGHBOR_BYTES as u16, NextHeader::Icmpv6.into());
    Ipv6Mut::new(header)?.write(Header { payload_length, next_header, hop_limit: 255, source, destination });
    let message = message.first_chunk_mut()?;
    fill(message);
    icmpv6::fill_checksum(source, destination, message);
    Some(())
}

impl Element for Ip6NdAdvertiser {
    const SPEC: Spec = Spec {
        class: "IP6NDAdvertiser",
        category: Category::Arp,
        summary: "answers IPv6 neighbor solicitations",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "ENTRY", kind: ArgumentKind::List, doc: "prefixes and an Ethernet address" }],
        handlers: &[
            Handler { name: "not_solicitation", kind: HandlerKind::Drops, doc: "frames that are no solicitation" },
            Handler { name: "not_known", kind: HandlerKind::Drops, doc: "solicitations for other addresses" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "not_solicitation" => write!(out, "{}", self.not_solicitation)?,
            "not_known" => write!(out, "{}", self.not_known)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Ip6NdAdvertiser {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{FromArgument, Ipv6Prefix};
        let (mut known, mut right) = (Vec::new(), true);
        for (index, text) in arguments.rest() {
            let words: Vec<_> = text.value.split_whitespace().collect();
            let stations: Vec<_> = words.iter().filter_map(|word| Address::from_argument(word)).collect();
            let prefixes: Vec<_> = words.iter().filter_map(|word| Ipv6Prefix::from_argument(word)).collect();
            if let ([station], false, true) =
                (&stations[..], prefixes.is_empty(), stations.len() + prefixes.len() == words.len())
            {
                let station = station.to_bytes();
                known.extend(prefixes.iter().map(|it| format!("({:#x}, {}, {station:?})", it.address, it.length)));
            } else {
                let wanted = Some("IP6/MASK ETH, as in 2001:db8::1/128 02:00:00:00:00:01".into());
                arguments.error_at(index, 0..text.value.len(), format!("'{}'", text.value), wanted);
                right = false;
            }
        }
        let expression = format!("Ip6NdAdvertiser::new(&[{}])", known.join(", "));
        right.then(|| crate::configure::Instance::new("Ip6NdAdvertiser", expression))
    }
}

impl Action for Ip6NdAdvertiser {
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let asked = neighbor_message(packet.data(), Type::NeighborSolicitation);
        let Some((asker, target)) = asked.and_then(|(packet, message)| Some((packet.source(), message.target()?))) else {
            self.not_solicitation += 1;
            return Verdict::Drop;
        };
        let Some(station) = self.look_up(target) else {
            self.not_known += 1;
            return Verdict::Drop;
        };
        packet.truncate(FRAME_BYTES);
        *packet.annotations_mut() = Annotations::default();
        if let Some(frame) = packet.data_mut().first_chunk_mut() {
            let to = frame.first_chunk().map_or(Address::BROADCAST, |header| ethernet::addresses(header).1);
            write_frame(frame, (station, to), (target, asker), |message| {
                write_neighbor(message, Type::NeighborAdvertisement, FLAGS, target, LinkOption::Target, station);
            });
        }
        packet.set_network(ethernet::HEADER_BYTES, HEADER_BYTES);
        Verdict::Pass
    }
}

/// A frame with a neighbor message, for tests.
#[cfg(test)]
pub fn frame(kind: Type, flags: u8, addresses: (u128, u128), target: u128, option: LinkOption, link: Address) -> Packet {
    let mut frame = [0; FRAME_BYTES];
    write_frame(&mut frame, (link, Address::BROADCAST), addresses, |message| {
        write_neighbor(message, kind, flags, target, option, link);
    });
    crate::testing::packet(&frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, read};

    const ASKER: Address = Address::new([2, 0, 0, 0, 0, 7]);

    fn solicitation(target: u128) -> Packet {
        frame(Type::NeighborSolicitation, 0, (5, 0xff02 << 112), target, LinkOption::Source, ASKER)
    }

    #[test]
    fn the_longest_prefix_answers() {
        let known: &[Known] = &[(9 << 64, 64, [1; 6]), (9 << 64 | 4, 128, [2; 6]), (9 << 64, 64, [4; 6])];
        let (mut advertiser, mut io) = (Ip6NdAdvertiser::new(known), ListIo::new(0));
        let mut asked = |target: u128| {
            let mut packet = solicitation(target);
            assert_eq!(advertiser.action(&mut io, &mut packet), Verdict::Pass);
            let header = Ethernet::new_checked(packet.data()).unwrap();
            let (ip, message) = neighbor_message(packet.data(), Type::NeighborAdvertisement).unwrap();
            assert_eq!((header.destination(), ip.source(), ip.destination()), (ASKER, target, 5));
            assert_eq!((message.target(), message.rest()), (Some(target), 0xc000_0000));
            assert_eq!(message.link_address(LinkOption::Target), Some(header.source()));
            header.source()
        };
        assert_eq!((asked(9 << 64 | 4), asked(9 << 64 | 5)), (Address::new([2; 6]), Address::new([4; 6])));
    }

    #[test]
    fn others_are_dropped() {
        let (mut advertiser, mut io) = (Ip6NdAdvertiser::new(&[(1, 128, [1; 6])]), ListIo::new(0));
        assert_eq!(advertiser.action(&mut io, &mut solicitation(2)), Verdict::Drop);
        for at in [12, 20, 21, 54, 55, 60] {
            let mut broken = solicitation(1);
            broken.data_mut()[at] ^= 1;
            assert_eq!(advertiser.action(&mut io, &mut broken), Verdict::Drop, "{at}");
        }
        let mut short = solicitation(1);
        short.truncate(FRAME_BYTES - 1);
        assert_eq!(advertiser.action(&mut io, &mut short), Verdict::Drop);
        assert_eq!((read(&advertiser, "not_solicitation"), read(&advertiser, "not_known")), ("7".into(), "1".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<Ip6NdAdvertiser>(arguments, &Surroundings::default());
        let two = made(&["::1 ::/64 1:2:3:4:5:6"]).unwrap().expression;
        assert_eq!(two, "Ip6NdAdvertiser::new(&[(0x1, 128, [1, 2, 3, 4, 5, 6]), (0x0, 64, [1, 2, 3, 4, 5, 6])])");
        for wrong in ["::1", "1:2:3:4:5:6", "::1 x 1:2:3:4:5:6"] {
            assert_eq!(made(&[wrong]).unwrap_err().len(), 1, "{wrong}");
        }
    }
}
