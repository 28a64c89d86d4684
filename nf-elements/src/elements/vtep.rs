// SPDX-License-Identifier: Apache-2.0
//! # VTEP
//! `VTEP(LOCAL, COMMAND … [, TRUNK, GATEWAY, LEARN, TIMEOUT, SUPPRESS, CAPACITY, NETWORKS, NEIGHBORS, REMOTES, MEMBERS, ROUTES, TTL, DSCP,
//! DF, MTU, SPORT, DPORT, CHECKSUM])` — switches frames between ports and VXLAN tunnels, a learning switch for each network.
//!
//! **Ports:** push; as many inputs as outputs. Port 0 is the underlay: VXLAN packets to LOCAL or to a group come in by it, and
//! leave by it with the destination annotation set, as `ARPQuerier` and `IP6NDSolicitor` want them. Ports from 1 on take and give Ethernet frames.
//!
//! **Expects:** on input 0 UDP datagrams to VXLAN's port with a marked IP header, IPv4 or IPv6: what CheckIPHeader and an IPClassifier pass.
//!
//! **Description:** a VXLAN tunnel endpoint (RFC 7348), of LOCAL's IP version. Each COMMAND says what there is from the start, in the words of the
//! write handler of that name with `_add`:
//!
//! | command | meaning |
//! | --- | --- |
//! | `access VNI PORT` | frames of PORT without a VLAN tag belong to network VNI |
//! | `access VNI PORT VLAN` | so do those with the tag VLAN (1 to 4094), which they lose, and get again when they leave by PORT |
//! | `access FIRST-LAST PORT FIRST-LAST` | a VLAN for each network: a VXLAN gateway |
//! | `access VNI PORT any` | so do those with any other tag, which they keep |
//! | `flood VNI VTEP` | what is for all of VNI (or of `FIRST-LAST`) also goes to VTEP (head-end replication), or to a group of them |
//! | `mac VNI MAC VTEP [moves]` | the station MAC is behind VTEP; if it `moves`, until it is seen at a port |
//! | `neighbor VNI IP MAC [router] [moves]` | the station MAC has the address IP; until one at a port says that it has it |
//! | `route TABLE PREFIX GATEWAY` | a route of a `VNIRouter` to the outside; several gateways share the flows |
//! | `route TABLE PREFIX VTEP MAC VNI` | such a route to the router behind another VTEP |
//! | `network VNI [LIMIT]` | there is such a network; at most LIMIT stations are learned in it |
//!
//! A frame to a known station goes there, by its port or in a VXLAN packet to its VTEP; all others go to all other members of their network.
//! What comes out of a tunnel never goes into one (split horizon). The source of each frame is learned, also the VTEP that it is
//! behind, unless LEARN is false (ports: only those of ports), and forgotten after TIMEOUT seconds without a frame (300; 0 is never). A controller's entries (`mac`,
//! `neighbor`, `flood`, `route`) stay until it takes them back; frames do not change them but with `moves`.
//!
//! Who asks by ARP or Neighbor Discovery at a port for an address that is known is answered at once, and the question goes no
//! further, unless SUPPRESS is false. Addresses are learned from ARP and Neighbor Discovery, or said by `neighbor`.
//!
//! TRUNK is a port in all networks, whose frames have their VNI in the aggregate annotation: for a `VNIRouter`. GATEWAY is the
//! Ethernet address of the station there, in all networks. A frame of TRUNK with a destination annotation goes to the VTEP that it says.
//!
//! A frame whose VXLAN packet would be longer than MTU (1500 by default) is not lost in silence: an IPv4 packet that may be
//! fragmented is, the sender of another one is told with an ICMP or ICMPv6 error in the name of its destination. TTL, DSCP, DF, SPORT, DPORT and
//! CHECKSUM are those of `VXLANEncap`.
//!
//! **Notes:** tables are bounded, in memory that costs nothing until it is used: CAPACITY stations (16384), NETWORKS (1024), NEIGHBORS (4096), REMOTES, other
//! VTEPs and groups (256), MEMBERS, accesses and floods together (4096), ROUTES (1024). What is learned beyond that or beyond a network's LIMIT is not learned: its frames are flooded and
//! counted by `not_learned`. A controller's entry drives out one that was learned, never the other way round. A frame for more
//! members than leave at once waits, and up to 8 such frames do; what has no room then is counted by `no_room`. Inner VLAN tags
//! reach only members of `any` (RFC 7348 §6.1) and other VTEPs. Groups are not joined here: see `MulticastMember`. Questions without the sender's link-layer address,
//! such as for duplicate addresses (RFC 4862 §5.4.3), go to all. At most 31 ports.
//!
//! **Handlers:** write, one command per line: `access_add`, `access_del` (`PORT [VLAN]`), `flood_add`, `flood_del` (`VNI VTEP`), `mac_add`, `mac_del` (`VNI MAC`),
//! `neighbor_add`, `neighbor_del` (`VNI IP`), `route_add`, `route_del` (`TABLE PREFIX [GATEWAY]`), `network_add`, `network_del` (`VNI`), `clear` (forgets what was learned); `timeout`, `mtu` (read, write).
//! Read: `networks`, `macs`, `neighbors`, `floods`, `accesses` (all, or of one VNI: `macs 42`), `routes`, `remotes`, `ports` (a line each; `in`
//! is what came from there), `learned` (a line `VNI MAC [IP]` for each station found at a port and each of its addresses, as many as a message holds; the last line `more FROM` says how to go on: `learned FROM`), `count` (stations), `moved`, `not_learned`, `suppressed` (questions answered), `told` (senders told of a frame too big), `fragmented`. Drops:
//! `not_ours`, `fragment`, `checksum`, `header`, `network`, `congestion` (as of `VXLANDecap`), `no_access`, `too_short`, `reserved`, `same_place`,
//! `split_horizon`, `vlan`, `too_big`, `no_headroom`, `no_buffer`, `no_room`, `nobody`.
//!
//! **Example:** `FromDevice(lan) -> [1] v :: VTEP(192.0.2.1, access 42 1, flood 42 198.51.100.1); v[1] -> ToDevice(lan);
//! FromDevice(wan) -> CheckIPHeader(14) -> IPClassifier(dst udp port 4789) -> v -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);`
//!
//! **See also:** `VXLANEncap`, `VXLANDecap`, `VNIRouter`, `MulticastMember`, `EtherSwitch`.

#[cfg(feature = "host")]
mod configuration;
mod flood;
mod handlers;

use crate::overlay::vlan;
use crate::overlay::{Host, MOST_PORTS, MacKey, NeighborKey, Networks, Place, Traffic, Vlan, Vni, suppression};
use crate::tunnel::too_big::{Problem, answer_frame, fragment};
use crate::tunnel::{Decapsulator, Encapsulator, Ends, Inner, Refusal};
use crate::wire::ethernet::{self, Address};
use crate::wire::vxlan::{self, Vxlan};
use crate::{Ahead, BURST, Batch, Outputs, Packet, PacketIo, Push};
use flood::{Flood, Floods};
use handlers::Counts;

/// With fewer stations all lie in the nearest cache.
const MANY_STATIONS: usize = 1000;
/// Ports of the machine, mixed with VLANs, of which the network is remembered to look ahead.
const GUESSES: usize = 64;

/// The fixed part of a VTEP's configuration.
pub struct Settings {
    /// Its own address.
    pub local: Host,
    /// What there is from the start: handlers and what is written to them.
    pub commands: &'static [(&'static str, &'static str)],
    /// The port of all networks.
    pub trunk: Option<u8>,
    /// The station behind it.
    pub gateway: Option<Address>,
    /// Whether known addresses are answered for.
    pub suppresses: bool,
}

/// See the module's documentation.
pub struct Vtep {
    settings: Settings,
    outer: Encapsulator,
    inner: Decapsulator,
    networks: Networks,
    floods: Floods,
    /// What passed by each port.
    ports: [Traffic; MOST_PORTS as usize],
    /// What came from VTEPs that found no place.
    strangers: Traffic,
    counts: Counts,
    guesses: [Vni; GUESSES],
}

/// A frame's network and where it came from.
#[derive(Clone, Copy)]
struct Origin {
    vni: Vni,
    network: u32,
    place: Place,
}

impl Vtep {
    /// A VTEP that knows nothing but its settings until it is lent memory.
    pub const fn new(settings: Settings, outer: Encapsulator, inner: Decapsulator, networks: Networks) -> Self {
        Vtep {
            settings,
            outer,
            inner,
            networks,
            floods: Floods::new(),
            ports: [Traffic::NONE; MOST_PORTS as usize],
            strangers: Traffic::NONE,
            counts: Counts::new(),
            guesses: [Vni(0); GUESSES],
        }
    }

    /// What it knows.
    pub fn networks(&mut self) -> &mut Networks {
        &mut self.networks
    }

    /// The network and the VTEP of a packet, of which only the inner frame is left.
    #[inline]
    fn take_out(&mut self, packet: &mut Packet) -> Result<Origin, Refusal> {
        let (opened, bytes) = self.inner.open_udp(packet)?;
        let vni = Vni(Vxlan::new_checked(bytes).map_err(|_| Refusal::Header)?.vni());
        let (source, destination) = outer_addresses(packet).ok_or(Refusal::NotOurs)?;
        // A group may bring back what was sent to it.
        if source == self.settings.local || destination != self.settings.local && !destination.is_group() {
            return Err(Refusal::NotOurs);
        }
        let network = self.networks.find(vni).ok_or(Refusal::Network)?;
        self.inner.take_out(packet, opened, opened.at + vxlan::HEADER_BYTES, Inner::Ethernet)?;
        Ok(Origin { vni, network, place: self.networks.origin(source) })
    }

    /// The network of a frame of a port, without the tag that said it.
    #[inline]
    fn take_in(&mut self, port: u8, packet: &mut Packet) -> Option<Origin> {
        if self.settings.trunk == Some(port) {
            let vni = Vni(packet.annotations().aggregate & 0xff_ffff);
            return Some(Origin { vni, network: self.networks.find(vni)?, place: Place::Trunk });
        }
        let vlan = vlan::of(packet);
        let (vni, access) = self.networks.access(port, vlan)?;
        self.guesses[guess(packet.annotations().port, vlan)] = vni;
        let keeps = self.networks.accesses().entry(access)?.0.vlan == Vlan::Any;
        (keeps || vlan::pop(packet)).then_some(())?;
        Some(Origin { vni, network: self.networks.find(vni)?, place: Place::Access(access) })
    }

    /// Sends a frame where it belongs.
    #[inline]
    fn switch<M: PacketIo, O: Outputs>(&mut self, io: &mut M, from: Origin, mut packet: Packet, out: &mut O) {
        let Some(header) = packet.data().first_chunk() else { return self.counts.too_short += 1 };
        let (destination, source) = ethernet::addresses(header);
        let (place, now_s, gateway) = (from.place, seconds(io.now_ns()), self.settings.gateway);
        if !source.is_group() && Some(source) != gateway {
            self.networks.learn(from.network, from.vni, source, place, now_s);
        }
        self.count_came(from, packet.len());
        if suppression::concerns(&packet) && self.converses(from, &mut packet, now_s) {
            return self.forward(io, from, place, packet, out);
        }
        let to = match destination {
            to if to.is_group() => None,
            to if Some(to) == gateway && place != Place::Trunk => Some(Place::Trunk),
            to => self.networks.locate(from.vni, to, now_s),
        };
        match to {
            _ if place == Place::Trunk && packet.annotations().destination != [0; 16] => self.forward_to_annotated(io, from, packet, out),
            Some(to) if to == place => self.counts.same_place += 1,
            Some(to) if to.is_remote() && place.is_remote() => self.counts.split_horizon += 1,
            Some(to) => self.forward(io, from, to, packet, out),
            None if destination.is_reserved() => self.counts.reserved += 1,
            None => self.flood(io, Flood::new(packet, from.vni, place, destination.is_group()), out),
        }
        // A VTEP whose station was not learned is not kept.
        if place.is_remote() {
            self.networks.settle(place);
        }
    }

    #[inline]
    fn count_came(&mut self, from: Origin, bytes: usize) {
        if let Some(network) = self.networks.network_mut(from.network) {
            network.traffic.comes(bytes);
        }
        match from.place {
            Place::Remote(number) => {
                if let Some(remote) = self.networks.remote_mut(number) {
                    remote.traffic.comes(bytes);
                }
            }
            Place::Stranger => self.strangers.comes(bytes),
            Place::Access(_) | Place::Trunk => {}
        }
    }

    /// Learns who has an address. True if the frame asked for a known one, and now is the answer.
    #[cold]
    fn converses(&mut self, from: Origin, packet: &mut Packet, now_s: u32) -> bool {
        let said = suppression::said(packet.data());
        if let Some((host, station, router)) = said.has
            && (Some(station) != self.settings.gateway || from.place == Place::Trunk)
        {
            let key = NeighborKey { vni: from.vni, host };
            self.networks.learn_neighbor(key, station, router, from.place, now_s);
        }
        let Some(asked) = said.asks.filter(|_| self.settings.suppresses && !from.place.is_remote()) else { return false };
        let Some(known) = self.networks.neighbor(from.vni, asked, now_s).copied() else { return false };
        // Who is at the same port hears the question, too.
        let is_there = self.networks.locate(from.vni, known.station, now_s) == Some(from.place);
        let answers = !is_there && suppression::answer(packet, known.station, known.router);
        self.counts.suppressed += u64::from(answers);
        answers
    }

    /// Sends a frame of `from` to a place.
    #[inline]
    fn forward<M: PacketIo, O: Outputs>(&mut self, io: &mut M, from: Origin, to: Place, mut packet: Packet, out: &mut O) {
        match to {
            Place::Access(number) => {
                let Some((&key, _)) = self.networks.accesses().entry(number) else { return self.counts.nobody += 1 };
                let tagged = vlan::is_tagged(&packet);
                let suits = match key.vlan {
                    Vlan::None => !tagged,
                    Vlan::Tagged(vlan) => !tagged && vlan::push(&mut packet, vlan),
                    Vlan::Any => tagged,
                };
                if !suits {
                    return self.counts.vlan += 1;
                }
                self.send(from, key.port.into(), packet.len(), packet, out);
            }
            Place::Remote(number) => {
                let Some((&host, _)) = self.networks.remotes().entry(number) else { return self.counts.nobody += 1 };
                if let Some(remote) = self.networks.remote_mut(number) {
                    remote.traffic.leaves(packet.len());
                }
                self.put_in(io, from, host, packet, out);
            }
            Place::Trunk => {
                packet.annotations_mut().aggregate = from.vni.0;
                packet.annotations_mut().destination = [0; 16];
                match self.settings.trunk {
                    Some(port) => self.send(from, port.into(), packet.len(), packet, out),
                    None => self.counts.nobody += 1,
                }
            }
            Place::Stranger => self.counts.nobody += 1,
        }
    }

    /// Sends a frame to the VTEP that its destination annotation says.
    fn forward_to_annotated<M: PacketIo, O: Outputs>(&mut self, io: &mut M, from: Origin, packet: Packet, out: &mut O) {
        let annotated = packet.annotations();
        let host = match self.settings.local.to_v4() {
            Some(_) => Host::v4(u32::from_be_bytes(annotated.destination_ipv4())),
            None => Host(u128::from_be_bytes(annotated.destination)),
        };
        match self.networks.remotes().find(&host) {
            Some(number) => self.forward(io, from, Place::Remote(number), packet, out),
            None => self.put_in(io, from, host, packet, out),
        }
    }

    /// Sends a frame in a VXLAN packet.
    #[inline]
    fn put_in<M: PacketIo, O: Outputs>(&mut self, io: &mut M, from: Origin, to: Host, mut packet: Packet, out: &mut O) {
        let Some(ends) = ends(self.settings.local, to) else { return self.counts.nobody += 1 };
        let bytes = packet.len();
        self.outer.set_ends(ends);
        match self.outer.wrap(&mut packet, Inner::Ethernet, &vxlan::header(from.vni.0)) {
            Some(0) => self.send(from, 0, bytes, packet, out),
            Some(_) => self.too_big(io, from, packet, out),
            // The encapsulator has counted why.
            None => {}
        }
    }

    /// Sends fragments of a frame that is too big to where it was to go, or tells its sender.
    #[cold]
    fn too_big<M: PacketIo, O: Outputs>(&mut self, io: &mut M, from: Origin, mut packet: Packet, out: &mut O) {
        let ethernet_bytes = Inner::Ethernet.ip_offset(packet.data()).unwrap_or(0);
        let most = self.outer.room(vxlan::HEADER_BYTES).saturating_sub(ethernet_bytes);
        let header = vxlan::header(from.vni.0);
        let made = fragment(io, Inner::Ethernet, &packet, most, |_, fragment| match fragment {
            Some(mut fragment) => {
                let bytes = fragment.len();
                match self.outer.wrap(&mut fragment, Inner::Ethernet, &header) {
                    Some(0) => self.send(from, 0, bytes, fragment, out),
                    _ => self.counts.too_big += 1,
                }
            }
            None => self.counts.no_buffer += 1,
        });
        if made {
            self.counts.fragmented += 1;
        } else if answer_frame(&mut packet, Problem::TooBig(most as u16), 0) {
            self.counts.told += 1;
            self.forward(io, from, from.place, packet, out);
        } else {
            self.counts.too_big += 1;
        }
    }

    /// Sends a packet, with a frame of so many bytes in it, by a port.
    #[inline]
    fn send<O: Outputs>(&mut self, from: Origin, port: usize, bytes: usize, packet: Packet, out: &mut O) {
        if out.room(port) == 0 {
            return self.counts.no_room += 1;
        }
        if let Some(traffic) = self.ports.get_mut(port) {
            traffic.leaves(packet.len());
        }
        if let Some(network) = self.networks.network_mut(from.network) {
            network.traffic.leaves(bytes);
        }
        out.emit(port, packet);
    }

    /// The output that leads to a place.
    fn output(&self, place: Place) -> usize {
        match place {
            Place::Access(number) => self.networks.accesses().entry(number).map_or(0, |(key, _)| key.port.into()),
            Place::Remote(_) | Place::Stranger => 0,
            Place::Trunk => self.settings.trunk.unwrap_or(0).into(),
        }
    }
}

/// Source and destination of a packet whose IP header is marked.
#[inline]
fn outer_addresses(packet: &Packet) -> Option<(Host, Host)> {
    if let [0x60..=0x6f, ..] = packet.network() {
        let header: &[u8; 40] = packet.network_chunk()?;
        let address = |at: usize| header[at..].first_chunk().map(|bytes| Host(u128::from_be_bytes(*bytes)));
        return address(8).zip(address(24));
    }
    let header: &[u8; 20] = packet.network_chunk()?;
    let address = |at: usize| header[at..].first_chunk().map(|bytes| Host::v4(u32::from_be_bytes(*bytes)));
    address(12).zip(address(16))
}

/// The ends of a tunnel, if they are of one version.
#[inline]
fn ends(local: Host, to: Host) -> Option<Ends> {
    match (local.to_v4(), to.to_v4()) {
        (Some(local), Some(to)) => Some(Ends::V4(local.to_be_bytes(), to.to_be_bytes())),
        (None, None) => Some(Ends::V6(local.0.to_be_bytes(), to.0.to_be_bytes())),
        _ => None,
    }
}

#[inline]
fn seconds(now_ns: u64) -> u32 {
    (now_ns / 1_000_000_000) as u32
}

#[inline]
fn guess(port: u8, vlan: u16) -> usize {
    (usize::from(port).wrapping_mul(7) ^ usize::from(vlan)) % GUESSES
}

impl Push for Vtep {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, mut packet: Packet, out: &mut O) {
        if let Some(traffic) = self.ports.get_mut(input) {
            traffic.comes(packet.len());
        }
        if input == 0 {
            match self.take_out(&mut packet) {
                Ok(from) => self.switch(io, from, packet, out),
                Err(refusal) => drop(self.inner.exit(Err(refusal))),
            }
            return;
        }
        match self.take_in(input as u8, &mut packet) {
            Some(from) => self.switch(io, from, packet, out),
            None => self.counts.no_access += 1,
        }
    }

    #[inline]
    fn tick<M: PacketIo, O: Outputs>(&mut self, io: &mut M, out: &mut O) {
        self.networks.sweep(io.now_ns(), seconds(io.now_ns()));
        if !self.floods.is_empty() {
            self.go_on_flooding(io, out);
        }
    }
}

impl Ahead for Vtep {
    fn ahead(&mut self, _: u64, batch: &Batch) {
        if self.networks.stations().len() >= MANY_STATIONS && batch.len() > 2 {
            let keys = batch.iter().filter_map(|packet| self.glimpse(packet)).flatten();
            self.networks.preload(keys.take(2 * BURST));
        }
    }
}

impl Vtep {
    /// The stations that a packet will most likely ask for: of the inner frame, or of a frame of the port that the machine says.
    #[inline]
    fn glimpse(&self, packet: &Packet) -> Option<[MacKey; 2]> {
        let (vni, header) = match packet.network() {
            [] => (self.guesses[guess(packet.annotations().port, vlan::of(packet))], packet.chunk(0)?),
            outer => {
                let ip_bytes = if outer[0] >> 4 == 6 { 40 } else { usize::from(outer[0] & 15) * 4 };
                let tunnel = outer.get(ip_bytes + crate::wire::udp::HEADER_BYTES..)?;
                (Vni(Vxlan::new_checked(tunnel).ok()?.vni()), tunnel.get(vxlan::HEADER_BYTES..)?.first_chunk()?)
            }
        };
        let (destination, source) = ethernet::addresses(header);
        Some([MacKey::new(vni, source), MacKey::new(vni, destination)])
    }
}

#[cfg(test)]
mod tests;
