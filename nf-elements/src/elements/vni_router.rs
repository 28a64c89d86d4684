// SPDX-License-Identifier: Apache-2.0
//! # VNIRouter
//! `VNIRouter(VTEP, MAC, INTERFACE … [, OUTSIDE])` — routes between the networks of a `VTEP`, and to the outside: a VXLAN IP gateway.
//!
//! **Ports:** push; two inputs and two outputs. Port 0 is for the VTEP's port TRUNK: frames, their network in the aggregate annotation. Port 1 is the outside: IP packets,
//! which leave with the next router in the destination annotation.
//!
//! **Expects:** on input 1 IPv4 or IPv6 packets with a marked header, as CheckIPHeader and CheckIP6Header leave them.
//!
//! **Description:** a router with the Ethernet address MAC in all networks (anycast: other VTEPs' routers may have the same one). It uses the neighbours and routes of the
//! `VTEP`. Each INTERFACE is `VNI ADDRESS/LENGTH [TABLE]`: the router has ADDRESS in network VNI, whose hosts it reaches directly, and the network belongs to the routing table TABLE (`main`
//! by default); or `VNI transit [TABLE]`: a network between routers (the L3 VNI of RFC 9135), in which it has none. OUTSIDE is the table of port 1, `main` by default.
//!
//! Routes are those of the VTEP's handler `route_add` and its command `route`: `TABLE PREFIX GATEWAY` leads outside, where several gateways of one prefix share the flows
//! (ECMP, up to 4); `TABLE PREFIX VTEP MAC VNI` to the router behind another VTEP, in network VNI (type 5 routes of EVPN).
//!
//! A packet to MAC loses one from its TTL or hop limit and gets a new Ethernet header, to the neighbour with that address; if none is known, the packet
//! waits while it is asked for, three times in as many seconds. Who asks by ARP or Neighbor Discovery for one of its addresses is answered (on ports
//! of a VTEP that suppresses questions, by that), and so are pings. When a packet cannot go on, its sender is told by ICMP or ICMPv6: TTL or hop limit exceeded, no route, no such host.
//!
//! **Notes:** at most 64 packets wait, then the oldest one makes room. Where several routers have the same MAC and address, an answer reaches the one next to the host: neighbours
//! behind other VTEPs have to be pushed (`neighbor_add`), as EVPN does. IPv4 options are kept and not looked at. Groups are not routed.
//!
//! **Handlers:** `forwarded`, `asked`, `answered` (read), `not_ours`, `bad_header`, `to_us`, `expired`, `no_route`, `no_host`, `no_headroom`, `no_room`, `no_buffer` (drops; of
//! expired, no_route and no_host also those whose sender was told).
//!
//! **Example:** `v :: VTEP(192.0.2.1, access 10 1, access 20 1 20, TRUNK 2, GATEWAY 02:00:00:00:00:fe, route main 0.0.0.0/0 203.0.113.1);
//! r :: VNIRouter(v, 02:00:00:00:00:fe, 10 10.0.10.1/24, 20 10.0.20.1/24, 20 2001:db8:20::1/64);
//! v[2] -> r -> [2] v; r[1] -> Discard; Idle -> [1] r; FromDevice(lan) -> [1] v[1] -> ToDevice(lan); Idle -> v -> Discard;`
//!
//! **See also:** `VTEP`, `ARPQuerier`, `IP6NDSolicitor`.

#[cfg(feature = "host")]
mod configuration;
mod handlers;
mod waiting;

use super::ip6_nd_advertiser::{FRAME_BYTES, write_frame};
use super::vtep::Vtep;
use crate::element::PushWith;
use crate::overlay::{Host, Neighbor, Networks, Prefix, RouteKey, Via, Vni, Vrf, echo, suppression};
use crate::tunnel::Inner;
use crate::tunnel::too_big::{Problem, answer};
use crate::wire::arp::{Operation, Repr};
use crate::wire::ethernet::{Address, EtherType, HEADER_BYTES, addresses, field, set_addresses};
use crate::wire::icmpv6::{LinkOption, Type, write_neighbor};
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv4_edit::Ipv4Mut;
use crate::wire::ipv6::Ipv6;
use crate::{Outputs, Packet, PacketIo};
use handlers::Counts;
use waiting::Waiting;

/// The VTEP's port, and the outside.
const INSIDE: usize = 0;
const OUTSIDE: usize = 1;

/// An address of the router in a network.
#[derive(Clone, Copy, Debug)]
pub struct Interface {
    /// The network.
    pub vni: Vni,
    /// The address; 0 of a network between routers.
    pub address: Host,
    /// The network's addresses.
    pub prefix: Prefix,
    /// Its routing table.
    pub vrf: Vrf,
}

/// See the module's documentation.
pub struct VniRouter {
    mac: Address,
    /// Sorted by their networks.
    interfaces: &'static [Interface],
    outside: Vrf,
    started: bool,
    waiting: Waiting,
    counts: Counts,
}

/// Where a packet came from.
#[derive(Clone, Copy)]
struct Ingress {
    vrf: Vrf,
    /// The network; none is the outside.
    vni: Option<Vni>,
}

impl VniRouter {
    /// A router with the address `mac`.
    pub const fn new(mac: [u8; 6], interfaces: &'static [Interface], outside: Vrf) -> Self {
        VniRouter {
            mac: Address::new(mac),
            interfaces,
            outside,
            started: false,
            waiting: Waiting::new(),
            counts: Counts::new(),
        }
    }

    /// Tells the VTEP the router's addresses and the networks that it reaches.
    #[cold]
    fn start(&mut self, networks: &mut Networks) {
        self.started = true;
        for interface in self.interfaces.iter().filter(|interface| interface.address != Host(0)) {
            // A table that is full has said so in its handlers.
            let _ = networks.add_neighbor(interface.vni, interface.address, Neighbor { router: true, ..Neighbor::said(self.mac) });
            let key = RouteKey { vrf: interface.vrf, prefix: interface.prefix };
            let _ = networks.add_route(key, Via::Network(interface.vni));
        }
        for interface in self.interfaces {
            let _ = networks.network(interface.vni);
        }
    }

    /// The interfaces in a network.
    fn interfaces(&self, vni: Vni) -> &'static [Interface] {
        let from = self.interfaces.partition_point(|interface| interface.vni < vni);
        let to = self.interfaces.partition_point(|interface| interface.vni <= vni);
        self.interfaces.get(from..to).unwrap_or(&[])
    }

    /// The router's address in a network, of the version of `like`; outside, the first of that table.
    fn address(&self, ingress: Ingress, like: Host) -> Option<Host> {
        let suits = |interface: &&Interface| {
            interface.address != Host(0) && interface.address.to_v4().is_some() == like.to_v4().is_some()
        };
        let own = ingress.vni.and_then(|vni| self.interfaces(vni).iter().find(suits));
        let own = own.or_else(|| self.interfaces.iter().filter(|it| it.vrf == ingress.vrf).find(suits));
        own.map(|interface| interface.address)
    }

    /// Treats a frame of the VTEP.
    fn route_frame<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        networks: &mut Networks,
        mut packet: Packet,
        out: &mut O,
    ) {
        let vni = Vni(packet.annotations().aggregate & 0xff_ffff);
        let Some(interface) = self.interfaces(vni).first() else { return self.counts.not_ours += 1 };
        if suppression::concerns(&packet) {
            return self.converse(vni, packet, out);
        }
        let header = packet.chunk::<HEADER_BYTES>(0).map(addresses);
        let (Some((to, _)), Some(at)) = (header, Inner::Ethernet.ip_offset(packet.data())) else {
            return self.counts.not_ours += 1;
        };
        if to != self.mac || !packet.pull_front(at) {
            return self.counts.not_ours += 1;
        }
        self.forward(io, networks, Ingress { vrf: interface.vrf, vni: Some(vni) }, packet, out);
    }

    /// Answers who asks for an address of the router, and sends what waited for who answers.
    #[cold]
    fn converse<O: Outputs>(&mut self, vni: Vni, mut packet: Packet, out: &mut O) {
        let said = suppression::said(packet.data());
        if let Some((host, station, _)) = said.has {
            while let Some(waited) = self.waiting.take(vni, host) {
                self.send_inside(vni, station, [0; 16], waited.packet, out);
            }
        }
        let ours = self.interfaces(vni).iter().any(|interface| Some(interface.address) == said.asks);
        if ours && suppression::answer(&mut packet, self.mac, true) {
            self.counts.answered += 1;
            self.emit(INSIDE, annotated(packet, vni, [0; 16]), out);
        }
    }

    /// Routes an IP packet, which has nothing in front.
    fn forward<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        networks: &mut Networks,
        from: Ingress,
        mut packet: Packet,
        out: &mut O,
    ) {
        let Some((source, destination)) = ends(&packet) else { return self.counts.bad_header += 1 };
        if destination.is_group() || source.is_group() || is_link_local(source) {
            return self.counts.not_ours += 1;
        }
        if self.interfaces.iter().any(|it| it.vrf == from.vrf && it.address == destination) {
            return self.serve(io, networks, from, packet, out);
        }
        if !count_down(&mut packet) {
            self.counts.expired += 1;
            return self.tell(io, networks, from, packet, Problem::HopLimit, out);
        }
        self.counts.forwarded += 1;
        self.send(io, networks, from, destination, packet, out);
    }

    /// Sends an IP packet where the routes say.
    fn send<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        networks: &mut Networks,
        from: Ingress,
        destination: Host,
        mut packet: Packet,
        out: &mut O,
    ) {
        match networks.route(from.vrf, destination).copied() {
            Some(Via::Network(vni)) => {
                let now_s = (io.now_ns() / 1_000_000_000) as u32;
                match networks.neighbor(vni, destination, now_s).map(|known| known.station) {
                    Some(station) => self.send_inside(vni, station, [0; 16], packet, out),
                    None => self.ask_and_wait(io, from, (vni, destination), packet, out),
                }
            }
            Some(Via::Vtep(vtep, station, vni)) => self.send_inside(vni, station, annotation(vtep), packet, out),
            Some(Via::Gateways(gateways, count)) => {
                let hash = Inner::Ip.flow_hash(&mut packet);
                packet.annotations_mut().destination = annotation(Via::gateway(&gateways, count, hash));
                packet.set_network(0, header_bytes(&packet));
                self.emit(OUTSIDE, packet, out);
            }
            None => {
                self.counts.no_route += 1;
                self.tell(io, networks, from, packet, Problem::NoRoute, out);
            }
        }
    }

    /// Sends an IP packet to a station, by a VTEP if one is said.
    fn send_inside<O: Outputs>(&mut self, vni: Vni, to: Address, vtep: [u8; 16], mut packet: Packet, out: &mut O) {
        let ethertype = if packet.data().first().is_some_and(|first| first >> 4 == 6) { EtherType::Ipv6 } else { EtherType::Ipv4 };
        if !packet.push_front(HEADER_BYTES) {
            return self.counts.no_headroom += 1;
        }
        if let Some(header) = packet.data_mut().first_chunk_mut::<HEADER_BYTES>() {
            set_addresses(header, to, self.mac);
            header[field::TYPE].copy_from_slice(&u16::from(ethertype).to_be_bytes());
        }
        self.emit(INSIDE, annotated(packet, vni, vtep), out);
    }

    /// Keeps a packet, and asks who has its destination.
    #[cold]
    fn ask_and_wait<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        from: Ingress,
        to: (Vni, Host),
        packet: Packet,
        out: &mut O,
    ) {
        let asks = !self.waiting.waits_for(to);
        let made_room = self.waiting.add(packet, to, (from.vrf, from.vni), io.now_ns());
        self.counts.no_room += u64::from(made_room);
        if asks {
            self.ask(io, to, out);
        }
    }

    /// Asks in a network who has an address.
    fn ask<M: PacketIo, O: Outputs>(&mut self, io: &mut M, (vni, host): (Vni, Host), out: &mut O) {
        let vrf = self.interfaces(vni).first().map_or(self.outside, |interface| interface.vrf);
        let Some(own) = self.address(Ingress { vrf, vni: Some(vni) }, host) else { return };
        let mut question = [0; FRAME_BYTES];
        let question = match (own.to_v4(), host.to_v4()) {
            (Some(own), Some(asked)) => {
                let target = (Address::from_bits(0), asked);
                let frame = Repr { operation: Operation::Request, sender: (self.mac, own), target }.frame(Address::BROADCAST);
                question[..frame.len()].copy_from_slice(&frame);
                &question[..frame.len()]
            }
            _ => {
                solicit(&mut question, self.mac, own.0, host.0);
                &question
            }
        };
        let Some(mut packet) = io.allocate() else { return self.counts.no_buffer += 1 };
        if packet.append(question) {
            self.counts.asked += 1;
            self.emit(INSIDE, annotated(packet, vni, [0; 16]), out);
        }
    }

    /// Tells the sender of a packet why that does not go on.
    #[cold]
    fn tell<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        networks: &mut Networks,
        from: Ingress,
        mut packet: Packet,
        problem: Problem,
        out: &mut O,
    ) {
        let Some((source, destination)) = ends(&packet) else { return };
        let Some(own) = self.address(from, destination) else { return };
        // Where nobody is known to be asked for the sender, and no error is sent about an error, this ends.
        if answer(&mut packet, problem, own.to_v4().map_or(own.0, u128::from)) && networks.route(from.vrf, source).is_some() {
            self.send(io, networks, from, source, packet, out);
        }
    }

    /// A packet for the router itself: a ping is answered.
    #[cold]
    fn serve<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        networks: &mut Networks,
        from: Ingress,
        mut packet: Packet,
        out: &mut O,
    ) {
        match (ends(&packet), echo::answer(&mut packet)) {
            (Some((source, _)), true) => {
                self.counts.answered += 1;
                self.send(io, networks, from, source, packet, out);
            }
            _ => self.counts.to_us += 1,
        }
    }

    fn emit<O: Outputs>(&mut self, port: usize, packet: Packet, out: &mut O) {
        if out.room(port) == 0 {
            return self.counts.no_room += 1;
        }
        out.emit(port, packet);
    }

    /// Asks again for what is waited for, and gives up after a time.
    fn go_on_waiting<M: PacketIo, O: Outputs>(&mut self, io: &mut M, networks: &mut Networks, out: &mut O) {
        while let Some(given_up) = self.waiting.take_old(io.now_ns()) {
            self.counts.no_host += 1;
            let from = Ingress { vrf: given_up.from.0, vni: given_up.from.1 };
            self.tell(io, networks, from, given_up.packet, Problem::NoHost, out);
        }
        while let Some(to) = self.waiting.ask_again(io.now_ns()) {
            self.ask(io, to, out);
        }
    }
}

/// The packet with its network, and the VTEP that it goes to.
fn annotated(mut packet: Packet, vni: Vni, vtep: [u8; 16]) -> Packet {
    let annotations = packet.annotations_mut();
    (annotations.aggregate, annotations.destination) = (vni.0, vtep);
    packet
}

/// An address as the destination annotation has it.
fn annotation(host: Host) -> [u8; 16] {
    let mut bytes = [0; 16];
    match host.to_v4() {
        Some(address) => bytes[..4].copy_from_slice(&address.to_be_bytes()),
        None => bytes = host.0.to_be_bytes(),
    }
    bytes
}

/// Whether an address means something on its link only: RFC 4291 §2.5.6, RFC 3927 §2.7.
fn is_link_local(host: Host) -> bool {
    match host.to_v4() {
        Some(address) => address >> 16 == 0xa9fe,
        None => host.0 >> 118 == 0xfe80 >> 6,
    }
}

/// Source and destination of a packet whose header is good; what follows the packet is cut off.
fn ends(packet: &Packet) -> Option<(Host, Host)> {
    match packet.data().first().map(|first| first >> 4) {
        Some(4) => {
            let header = Ipv4::new_checked(packet.data()).ok().filter(Ipv4::is_header_intact)?;
            Some((Host::v4(header.source()), Host::v4(header.destination())))
        }
        Some(6) => {
            let header = Ipv6::new_checked(packet.data()).ok()?;
            Some((Host(header.source()), Host(header.destination())))
        }
        _ => None,
    }
}

fn header_bytes(packet: &Packet) -> usize {
    match packet.data().first() {
        Some(first) if first >> 4 == 4 => usize::from(first & 15) * 4,
        _ => crate::wire::ipv6::HEADER_BYTES,
    }
}

/// Takes one from TTL or hop limit; false, and no change, if that is too small.
fn count_down(packet: &mut Packet) -> bool {
    match packet.data_mut() {
        bytes @ [0x40..=0x4f, ..] => match Ipv4Mut::new(bytes) {
            Some(mut header) if header.time_to_live() > 1 => {
                header.replace_time_to_live(header.time_to_live() - 1);
                true
            }
            _ => false,
        },
        bytes => match bytes.get_mut(crate::wire::ipv6::field::HOP_LIMIT) {
            Some(limit) if *limit > 1 => {
                *limit -= 1;
                true
            }
            _ => false,
        },
    }
}

/// Writes a neighbor solicitation for `asked`, RFC 4861 §4.3, to its group.
fn solicit(frame: &mut [u8; FRAME_BYTES], mac: Address, own: u128, asked: u128) {
    // The solicited-node group, RFC 4291 §2.7.1, and its Ethernet address, RFC 2464 §7.
    let group = 0xff02 << 112 | 1 << 32 | 0xff00_0000 | asked & 0xff_ffff;
    let [.., x, y, z] = asked.to_be_bytes();
    let _ = write_frame(frame, (mac, Address::new([0x33, 0x33, 0xff, x, y, z])), (own, group), |message| {
        write_neighbor(message, Type::NeighborSolicitation, 0, asked, LinkOption::Source, mac);
    });
}

impl PushWith<(&mut Vtep,)> for VniRouter {
    fn push_with<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        (vtep,): (&mut Vtep,),
        input: usize,
        mut packet: Packet,
        out: &mut O,
    ) {
        let networks = vtep.networks();
        if !self.started {
            self.start(networks);
        }
        if input == INSIDE {
            return self.route_frame(io, networks, packet, out);
        }
        let before = usize::from(packet.annotations().network_offset).checked_sub(packet.headroom());
        match before.map(|before| packet.pull_front(before)) {
            Some(true) => self.forward(io, networks, Ingress { vrf: self.outside, vni: None }, packet, out),
            _ => self.counts.bad_header += 1,
        }
    }

    fn tick_with<M: PacketIo, O: Outputs>(&mut self, io: &mut M, (vtep,): (&mut Vtep,), out: &mut O) {
        if !self.started {
            self.start(vtep.networks());
        }
        if self.waiting.is_due(io.now_ns()) {
            self.go_on_waiting(io, vtep.networks(), out);
        }
    }
}

#[cfg(test)]
mod tests;
