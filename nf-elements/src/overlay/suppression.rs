// SPDX-License-Identifier: Apache-2.0
//! ARP (RFC 826) and Neighbor Discovery (RFC 4861) at a VTEP: who says to have an address is remembered, and who asks for one that is
//! known gets the answer at once, so that the question does not go to everybody (RFC 9161 tells how providers want it).

use super::key::Host;
use crate::Packet;
use crate::elements::ip6_nd_advertiser::{FRAME_BYTES, neighbor_message, write_frame};
use crate::wire::arp::{self, Arp, Operation, Repr};
use crate::wire::ethernet::{Address, HEADER_BYTES};
use crate::wire::icmpv6::{LinkOption, Type, write_neighbor};
use crate::wire::ipv6;

/// The EtherType where it stands, and the next header and ICMPv6 type behind it.
const ETHERTYPE: u16 = 12;
const IPV6_NEXT_HEADER: u16 = HEADER_BYTES as u16 + 6;
const ICMPV6_TYPE: u16 = (HEADER_BYTES + ipv6::HEADER_BYTES) as u16;
/// All nodes, RFC 4291 §2.7.1.
const ALL_NODES: u128 = 0xff02 << 112 | 1;
/// Flags of an advertisement, RFC 4861 §4.4.
const ROUTER: u8 = 0x80;
const SOLICITED: u8 = 0x40;
const OVERRIDE: u8 = 0x20;

/// What a frame says about addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Who has which address, and whether it is a router.
    pub has: Option<(Host, Address, bool)>,
    /// Which address is asked for.
    pub asks: Option<Host>,
}

/// Whether the frame may be of ARP or Neighbor Discovery: cheap, for every frame is asked.
#[inline]
pub fn concerns(frame: &Packet) -> bool {
    match frame.chunk::<2>(ETHERTYPE) {
        Some([0x08, 0x06]) => true,
        Some([0x86, 0xdd]) => {
            frame.chunk::<1>(IPV6_NEXT_HEADER) == Some(&[58])
                && frame.chunk::<1>(ICMPV6_TYPE).is_some_and(|[kind]| matches!(kind, 135 | 136))
        }
        _ => false,
    }
}

/// What a frame of ARP or Neighbor Discovery says.
pub fn said(frame: &[u8]) -> Said {
    if let Some(message) = Arp::in_frame(frame) {
        return said_by_arp(&message);
    }
    if let Some((packet, message)) = neighbor_message(frame, Type::NeighborSolicitation) {
        let has = message.link_address(LinkOption::Source).map(|station| (Host(packet.source()), station, false));
        return Said { has, asks: message.target().map(Host) };
    }
    if let Some((_, message)) = neighbor_message(frame, Type::NeighborAdvertisement) {
        let router = message.rest() >> 24 & u32::from(ROUTER) != 0;
        let has = message.target().zip(message.link_address(LinkOption::Target));
        return Said { has: has.map(|(target, station)| (Host(target), station, router)), asks: None };
    }
    Said::default()
}

fn said_by_arp(message: &Arp) -> Said {
    let (sender, target) = (Host::v4(message.sender_protocol()), Host::v4(message.target_protocol()));
    let has = Some((sender, message.sender_hardware(), false));
    match message.operation() {
        // Who asks for its own address tells it (RFC 5227 §3): that is for all.
        Operation::Request => Said { has, asks: (sender != target).then_some(target) },
        Operation::Reply => Said { has, asks: None },
        _ => Said::default(),
    }
}

/// Makes a question the answer that `station` has the address asked for. False if it is none.
pub fn answer(frame: &mut Packet, station: Address, router: bool) -> bool {
    match Arp::in_frame(frame.data()) {
        Some(message) => answer_arp(frame, message_ends(&message), station),
        None => answer_solicitation(frame, station, router),
    }
}

/// The sender and the address that it asks for.
fn message_ends(message: &Arp) -> ((Address, u32), u32) {
    ((message.sender_hardware(), message.sender_protocol()), message.target_protocol())
}

fn answer_arp(frame: &mut Packet, (asker, address): ((Address, u32), u32), station: Address) -> bool {
    let reply = Repr { operation: Operation::Reply, sender: (station, address), target: asker }.frame(asker.0);
    frame.truncate(arp::FRAME_BYTES);
    frame.data_mut().copy_from_slice(&reply);
    true
}

fn answer_solicitation(frame: &mut Packet, station: Address, router: bool) -> bool {
    let asked = neighbor_message(frame.data(), Type::NeighborSolicitation);
    let asked = asked.and_then(|(packet, message)| Some((packet.source(), message.target()?)));
    let (Some((asker, target)), Some(to)) = (asked, asking_station(frame)) else { return false };
    // RFC 4861 §7.2.4: nobody asks, so all are told.
    let (to, ip, solicited) = match asker {
        0 => (Address::new([0x33, 0x33, 0, 0, 0, 1]), ALL_NODES, 0),
        asker => (to, asker, SOLICITED),
    };
    let flags = if router { ROUTER } else { 0 } | solicited | OVERRIDE;
    let missing = FRAME_BYTES.saturating_sub(frame.len());
    if missing > 0 && !frame.append(&[0; FRAME_BYTES][..missing]) {
        return false;
    }
    frame.truncate(FRAME_BYTES);
    let Some(bytes) = frame.data_mut().first_chunk_mut() else { return false };
    write_frame(bytes, (station, to), (target, ip), |message| {
        write_neighbor(message, Type::NeighborAdvertisement, flags, target, LinkOption::Target, station);
    });
    true
}

fn asking_station(frame: &Packet) -> Option<Address> {
    Some(crate::wire::ethernet::addresses(frame.chunk(0)?).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::ip6_nd_advertiser::frame as neighbor_frame;
    use crate::testing::packet;

    const A: Address = Address::new([2, 0, 0, 0, 0, 0xa]);
    const B: Address = Address::new([2, 0, 0, 0, 0, 0xb]);

    fn request(sender: u32, target: u32) -> Packet {
        let target = (Address::from_bits(0), target);
        packet(&Repr { operation: Operation::Request, sender: (A, sender), target }.frame(Address::BROADCAST))
    }

    #[test]
    fn arp_is_understood_and_answered() {
        let mut asked = request(1, 2);
        assert!(concerns(&asked));
        let both = Said { has: Some((Host::v4(1), A, false)), asks: Some(Host::v4(2)) };
        assert_eq!(said(asked.data()), both);
        assert!(answer(&mut asked, B, false));
        let reply = Arp::in_frame(asked.data()).unwrap();
        assert_eq!((reply.operation(), reply.sender_hardware(), reply.sender_protocol()), (Operation::Reply, B, 2));
        assert_eq!((reply.target_hardware(), reply.target_protocol()), (A, 1));
        assert_eq!(said(asked.data()), Said { has: Some((Host::v4(2), B, false)), asks: None });
        assert_eq!(said(request(1, 1).data()).asks, None, "it tells its own");
    }

    #[test]
    fn neighbor_discovery_is_understood_and_answered() {
        let group = 0xff02 << 112 | 1 << 32 | 0xff00_0002;
        let mut asked = neighbor_frame(Type::NeighborSolicitation, 0, (1, group), 2, LinkOption::Source, A);
        assert!(concerns(&asked));
        assert_eq!(said(asked.data()), Said { has: Some((Host(1), A, false)), asks: Some(Host(2)) });
        assert!(answer(&mut asked, B, true));
        let (ip, message) = neighbor_message(asked.data(), Type::NeighborAdvertisement).unwrap();
        assert_eq!((ip.source(), ip.destination(), message.rest()), (2, 1, 0xe000_0000));
        assert_eq!(said(asked.data()), Said { has: Some((Host(2), B, true)), asks: None });
        let mut nobody = neighbor_frame(Type::NeighborSolicitation, 0, (0, group), 2, LinkOption::Source, A);
        assert!(answer(&mut nobody, B, false));
        let (ip, message) = neighbor_message(nobody.data(), Type::NeighborAdvertisement).unwrap();
        assert_eq!((ip.destination(), message.rest()), (ALL_NODES, 0x2000_0000));
    }

    #[test]
    fn a_solicitation_without_option_is_no_nonsense() {
        let group = 0xff02 << 112 | 1 << 32 | 0xff00_0002;
        let mut short = neighbor_frame(Type::NeighborSolicitation, 0, (1, group), 2, LinkOption::Source, A);
        short.truncate(FRAME_BYTES - 8);
        assert_eq!(said(short.data()), Said::default());
        assert!(!answer(&mut short, B, false));
        assert!(!concerns(&packet(&[0; 20])) && !concerns(&packet(&[0; 3])));
    }
}
