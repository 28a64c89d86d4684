// SPDX-License-Identifier: Apache-2.0
//! # IP6NDSolicitor
//! `IP6NDSolicitor(IP, ETH)` — encapsulates IPv6 packets in Ethernet headers found by neighbor discovery.
//!
//! **Ports:** push; input 0 takes IPv6 packets, input 1 neighbor advertisements with their Ethernet header; output 0 gives
//! frames; solicitations leave by output 1, or by output 0 if that is not connected.
//!
//! **Expects:** on input 0 the destination annotation, as `LookupIP6Route` or `GetIP6Address` sets it.
//!
//! **Description:** puts an Ethernet header in front of each IPv6 packet, from ETH to the Ethernet address of its
//! destination annotation. If that is not known, the packet waits and a solicitation (RFC 4861 §4.3) goes out from IP and
//! ETH to the address's group; a packet that waited before for the same address is dropped. An advertisement on input 1
//! for an address that was asked for sends what waits for it. A minute after it the address is asked for again, every 15
//! seconds; after two minutes it is forgotten. Packets to a group go to the group's address (RFC 2464 §7).
//!
//! **Notes:** Click asks for groups, too. 256 addresses are kept, four of each of 64 kinds; a fifth one of a kind takes the place of the one that was
//! used first. Click keeps any number, those without an answer for ever, and forgets up to 15 seconds later. An
//! advertisement has to be right in hop limit, checksum and options (RFC 4861 §7.1.2), where Click looks at its type only.
//! As in Click each packet without an address sends a solicitation.
//!
//! **Handlers:** `table`, `stats` (read), `killed`, `bad_responses`, `no_headroom` (drops).
//!
//! **Example:** `n :: IP6NDSolicitor(2001:db8::1, 02:00:00:00:00:01); FromDevice(lan) -> c :: Classifier(12/86dd 20/3aff
//! 54/88, 12/86dd, -); c[0] -> [1]n; c[1] -> Strip(14) -> GetIP6Address(24) -> n -> ToDevice(lan); c[2] -> Discard;`
//!
//! **See also:** `IP6NDAdvertiser`, `ARPQuerier`.

use super::ether_header::note_mac_header;
use super::ip6_nd_advertiser::{FRAME_BYTES, neighbor_message, write_frame};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet::{Address, EtherType, HEADER_BYTES, field, set_addresses};
use crate::wire::icmpv6::{LinkOption, Type, write_neighbor};
use crate::wire::ipv6::{self, Shown};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;

/// Addresses of one kind.
const WAYS: usize = 4;
/// Places for addresses.
#[cfg(any(feature = "host", test))]
const PLACES: usize = 256;
/// When a known address is asked for again, and how often.
const POLL_NS: u64 = 60_000_000_000;
const POLL_AGAIN_NS: u64 = 15_000_000_000;
/// When a known address is forgotten.
const FORGET_NS: u64 = 120_000_000_000;

/// The Ethernet address of an IPv6 group, RFC 2464 §7.
fn group_station(group: u128) -> Address {
    let [.., a, b, c, d] = group.to_be_bytes();
    Address::new([0x33, 0x33, a, b, c, d])
}

/// An address that was asked for, and the packet that waits for the answer.
pub struct Neighbor {
    address: u128,
    used: bool,
    known: bool,
    ethernet: Address,
    /// When the entry was made, or the last answer came.
    since_ns: u64,
    polled_ns: u64,
    packet: Option<Packet>,
}

impl Neighbor {
    /// Unused.
    pub const EMPTY: Neighbor = Neighbor {
        address: 0,
        used: false,
        known: false,
        ethernet: Address::from_bits(0),
        since_ns: 0,
        polled_ns: 0,
        packet: None,
    };

    fn is_alive(&self, now_ns: u64) -> bool {
        self.used && !(self.known && now_ns.saturating_sub(self.since_ns) > FORGET_NS)
    }
}

/// See the module's documentation.
pub struct Ip6NdSolicitor {
    address: u128,
    ethernet: Address,
    neighbors: &'static mut [Neighbor],
    solicitations: u64,
    killed: u64,
    bad_responses: u64,
    no_headroom: u64,
    latest_ns: u64,
}

impl Ip6NdSolicitor {
    /// Asks for `address` at `ethernet`.
    pub const fn new(address: u128, ethernet: [u8; 6]) -> Self {
        Ip6NdSolicitor {
            address,
            ethernet: Address::new(ethernet),
            neighbors: &mut [],
            solicitations: 0,
            killed: 0,
            bad_responses: 0,
            no_headroom: 0,
            latest_ns: 0,
        }
    }

    /// Takes the memory that it keeps addresses in.
    pub fn lend(&mut self, memory: &'static mut [Neighbor]) {
        self.neighbors = memory;
    }

    /// The places for addresses of that kind.
    fn places(&self, address: u128) -> core::ops::Range<usize> {
        let mixed = (address as u64 ^ (address >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let sets = (self.neighbors.len() / WAYS).max(1) as u64;
        let first = (((mixed >> 32) * sets) >> 32) as usize * WAYS;
        first..(first + WAYS).min(self.neighbors.len())
    }

    fn find(&mut self, address: u128, now_ns: u64) -> Option<&mut Neighbor> {
        let places = self.places(address);
        let places = self.neighbors.get_mut(places)?;
        places.iter_mut().find(|neighbor| neighbor.address == address && neighbor.is_alive(now_ns))
    }

    /// Sends `packet` in a frame, or keeps it and asks.
    fn encapsulate<M: PacketIo, O: Outputs>(&mut self, io: &mut M, packet: Packet, out: &mut O) {
        let (address, now_ns) = (u128::from_be_bytes(packet.annotations().destination), io.now_ns());
        if address >> 120 == 0xff {
            return self.send(packet, group_station(address), out);
        }
        let Some(neighbor) = self.find(address, now_ns) else { return self.wait(io, address, packet, out) };
        if !neighbor.known {
            let old = neighbor.packet.replace(packet);
            self.killed += u64::from(old.is_some());
            return self.ask(io, address, out);
        }
        let ethernet = neighbor.ethernet;
        let asks = now_ns.saturating_sub(neighbor.since_ns) > POLL_NS
            && now_ns.saturating_sub(neighbor.polled_ns) > POLL_AGAIN_NS;
        if asks {
            neighbor.polled_ns = now_ns;
            self.ask(io, address, out);
        }
        self.send(packet, ethernet, out);
    }

    /// Sends `packet` in a frame to the station `ethernet`.
    fn send<O: Outputs>(&mut self, mut packet: Packet, ethernet: Address, out: &mut O) {
        if !packet.push_front(HEADER_BYTES) {
            self.no_headroom += 1;
            return;
        }
        if let Some(header) = packet.data_mut().first_chunk_mut::<HEADER_BYTES>() {
            set_addresses(header, ethernet, self.ethernet);
            header[field::TYPE].copy_from_slice(&u16::from(EtherType::Ipv6).to_be_bytes());
        }
        note_mac_header(&mut packet);
        out.emit(0, packet);
    }

    /// Makes an entry for `address`, where `packet` waits.
    #[cold]
    fn wait<M: PacketIo, O: Outputs>(&mut self, io: &mut M, address: u128, packet: Packet, out: &mut O) {
        let (places, now_ns) = (self.places(address), io.now_ns());
        let places = self.neighbors.get_mut(places).unwrap_or_default();
        let free = places.iter_mut().min_by_key(|neighbor| (neighbor.is_alive(now_ns), neighbor.since_ns));
        let Some(place) = free else {
            self.killed += 1;
            return;
        };
        self.killed += u64::from(place.packet.is_some());
        *place = Neighbor { address, used: true, since_ns: now_ns, packet: Some(packet), ..Neighbor::EMPTY };
        self.ask(io, address, out);
    }

    /// Sends a solicitation for `address`.
    #[inline(never)]
    fn ask<M: PacketIo, O: Outputs>(&mut self, io: &mut M, address: u128, out: &mut O) {
        let mut frame = [0; FRAME_BYTES];
        // The solicited-node group, RFC 4291 §2.7.1.
        let group = 0xff02 << 112 | 1 << 32 | 0xff00_0000 | address & 0xff_ffff;
        let stations = (self.ethernet, group_station(group));
        write_frame(&mut frame, stations, (self.address, group), |message| {
            write_neighbor(message, Type::NeighborSolicitation, 0, address, LinkOption::Source, self.ethernet);
        });
        let Some(mut packet) = io.allocate() else { return };
        if packet.append(&frame) {
            packet.set_network(HEADER_BYTES, ipv6::HEADER_BYTES);
            note_mac_header(&mut packet);
            self.solicitations += 1;
            out.emit(O::COUNT.saturating_sub(1), packet);
        }
    }

    fn learn<M: PacketIo, O: Outputs>(&mut self, io: &mut M, packet: &Packet, out: &mut O) {
        let answer = neighbor_message(packet.data(), Type::NeighborAdvertisement);
        let answer = answer.and_then(|(_, it)| Some((it.target()?, it.link_address(LinkOption::Target)?)));
        let now_ns = io.now_ns();
        let neighbor = answer.and_then(|(target, ethernet)| Some((self.find(target, now_ns)?, ethernet)));
        let Some((neighbor, ethernet)) = neighbor else {
            self.bad_responses += 1;
            return;
        };
        if neighbor.known && neighbor.ethernet != ethernet {
            io.message(format_args!("IP6NDSolicitor overwriting an entry"));
        }
        (neighbor.known, neighbor.ethernet, neighbor.since_ns) = (true, ethernet, now_ns);
        if let Some(waiting) = neighbor.packet.take() {
            self.encapsulate(io, waiting, out);
        }
    }
}

impl Element for Ip6NdSolicitor {
    const SPEC: Spec = Spec {
        class: "IP6NDSolicitor",
        category: Category::Arp,
        summary: "encapsulates IPv6 packets in Ethernet headers found by neighbor discovery",
        ports: "2/1-2",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "IP", kind: ArgumentKind::Required, doc: "this host's IPv6 address" },
            Argument { name: "ETH", kind: ArgumentKind::Required, doc: "this host's Ethernet address" },
        ],
        handlers: &[
            Handler { name: "table", kind: HandlerKind::Read, doc: "addresses: known (1) or not, where" },
            Handler { name: "stats", kind: HandlerKind::Read, doc: "packets dropped and solicitations sent, in words" },
            Handler { name: "killed", kind: HandlerKind::Drops, doc: "packets that waited in vain" },
            Handler { name: "bad_responses", kind: HandlerKind::Drops, doc: "frames on input 1 of no use" },
            Handler { name: "no_headroom", kind: HandlerKind::Drops, doc: "packets without room for the header" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "table" => {
                for it in self.neighbors.iter().filter(|neighbor| neighbor.is_alive(self.latest_ns)) {
                    writeln!(out, "{} {} {}", Shown(it.address), u8::from(it.known), it.ethernet)?;
                }
            }
            "stats" => {
                writeln!(out, "{} packets killed", self.killed)?;
                writeln!(out, "{} ND Solicitation Message sent", self.solicitations)?;
            }
            "killed" => write!(out, "{}", self.killed)?,
            "bad_responses" => write!(out, "{}", self.bad_responses)?,
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Ip6NdSolicitor {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let address: Option<std::net::Ipv6Addr> = arguments.required("IP");
        let ethernet: Option<Address> = arguments.required("ETH");
        let expression = format!("Ip6NdSolicitor::new({:#x}, {:?})", address?.to_bits(), ethernet?.to_bytes());
        // A solicitation and a packet may meet on one output.
        let most = if surroundings.outputs > 1 { 1 } else { 2 };
        let instance = crate::configure::Instance::new("Ip6NdSolicitor", expression).emitting(most);
        let entry = "ip6_nd_solicitor::Neighbor";
        Some(instance.with_memory(entry, format!("{entry}::EMPTY"), PLACES))
    }
}

impl Push for Ip6NdSolicitor {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, packet: Packet, out: &mut O) {
        self.latest_ns = io.now_ns();
        if input == 0 {
            self.encapsulate(io, packet, out);
        } else {
            self.learn(io, &packet, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::ip6_nd_advertiser::frame;
    use crate::elements::marked6;
    use crate::testing::{Collected, ListIo, read};
    use crate::wire::ethernet::Ethernet;

    const ME: u128 = 0xfe80 << 112 | 1;
    const HOST: u128 = 0x2001 << 112 | 0x1234_5678;
    const STATION: Address = Address::new([2, 0, 0, 0, 0, 9]);

    fn solicitor() -> Ip6NdSolicitor {
        let mut solicitor = Ip6NdSolicitor::new(ME, [2, 0, 0, 0, 0, 1]);
        solicitor.lend(Vec::from_iter((0..PLACES).map(|_| Neighbor::EMPTY)).leak());
        solicitor
    }

    fn to(address: u128) -> Packet {
        let mut packet = marked6::datagram(17, 1, address, &[1, 2]);
        packet.annotations_mut().destination = address.to_be_bytes();
        packet
    }

    fn answer(target: u128) -> Packet {
        frame(Type::NeighborAdvertisement, 0x60, (target, ME), target, LinkOption::Target, STATION)
    }

    #[test]
    fn packets_wait_for_the_answer() {
        let (mut solicitor, mut io, mut out) = (solicitor(), ListIo::new(0), Collected::<2>::default());
        solicitor.push(&mut io, 0, to(HOST), &mut out);
        solicitor.push(&mut io, 0, to(HOST), &mut out);
        assert_eq!(out.0.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [1, 1]);
        let asked = &out.0[0].1;
        let (ip, message) = neighbor_message(asked.data(), Type::NeighborSolicitation).unwrap();
        assert_eq!((ip.source(), message.target()), (ME, Some(HOST)));
        assert_eq!(Shown(ip.destination()).to_string(), "ff02::1:ff34:5678");
        assert_eq!(Ethernet::new_checked(asked.data()).unwrap().destination().to_string(), "33-33-FF-34-56-78");
        assert_eq!(read(&solicitor, "table"), "2001::1234:5678 0 00-00-00-00-00-00\n");
        out.0.clear();
        solicitor.push(&mut io, 1, answer(HOST), &mut out);
        solicitor.push(&mut io, 0, to(HOST), &mut out);
        for (port, sent) in &out.0 {
            let header = Ethernet::new_checked(sent.data()).unwrap();
            assert_eq!((*port, header.destination(), header.ethertype()), (0, STATION, EtherType::Ipv6));
            assert_eq!(header.payload().len(), 42);
        }
        assert_eq!((out.0.len(), read(&solicitor, "killed")), (2, "1".into()));
        assert_eq!(read(&solicitor, "stats"), "1 packets killed\n2 ND Solicitation Message sent\n");
        assert_eq!(read(&solicitor, "table"), "2001::1234:5678 1 02-00-00-00-00-09\n");
    }

    #[test]
    fn a_group_needs_no_answer() {
        let (mut solicitor, mut io, mut out) = (solicitor(), ListIo::new(0), Collected::<2>::default());
        solicitor.push(&mut io, 0, to(0xff05 << 112 | 0x1234_5678), &mut out);
        let [(0, sent)] = &out.0[..] else { panic!("one frame") };
        assert_eq!(Ethernet::new_checked(sent.data()).unwrap().destination().to_string(), "33-33-12-34-56-78");
    }

    #[test]
    fn known_addresses_are_asked_for_again_and_forgotten() {
        let (mut solicitor, mut io, mut out) = (solicitor(), ListIo::new(0), Collected::<2>::default());
        solicitor.push(&mut io, 0, to(HOST), &mut out);
        solicitor.push(&mut io, 1, answer(HOST), &mut out);
        let mut at = |second: u64| {
            out.0.clear();
            io.now_ns = second * 1_000_000_000;
            solicitor.push(&mut io, 0, to(HOST), &mut out);
            out.0.iter().map(|(port, _)| *port).collect::<Vec<_>>()
        };
        assert_eq!([at(60), at(61), at(62), at(77)], [vec![0], vec![1, 0], vec![0], vec![1, 0]]);
        assert_eq!(at(121), [1], "forgotten: it waits again");
    }

    #[test]
    fn bad_and_unasked_answers_are_counted() {
        let (mut solicitor, mut io, mut out) = (solicitor(), ListIo::new(0), Collected::<2>::default());
        solicitor.push(&mut io, 1, answer(HOST), &mut out);
        solicitor.push(&mut io, 0, to(HOST), &mut out);
        let mut broken = answer(HOST);
        broken.data_mut()[70] ^= 1;
        solicitor.push(&mut io, 1, broken, &mut out);
        assert_eq!((read(&solicitor, "bad_responses"), out.0.len()), ("2".into(), 1));
    }

    #[test]
    fn the_table_is_bounded() {
        let (mut solicitor, mut io, mut out) = (solicitor(), ListIo::new(0), Collected::<2>::default());
        for host in 0..2000 {
            io.now_ns += 1;
            solicitor.push(&mut io, 0, to(HOST + host), &mut out);
            out.0.clear();
        }
        let kept = read(&solicitor, "table").lines().count();
        assert!((200..=256).contains(&kept), "{kept}");
        assert_eq!(read(&solicitor, "killed"), (2000 - kept).to_string());
    }
}
