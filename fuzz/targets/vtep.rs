// SPDX-License-Identifier: Apache-2.0
//! A VTEP's tables: what a controller says, frames of ports, packets of tunnels, time. The input's bytes choose, eight a step.
//!
//! What must hold: nothing is lost in silence; nothing that came out of a tunnel goes into one; what goes into one has good headers; a
//! station is where the controller says.
#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;
use nf_elements::elements::vtep::{Settings, Vtep};
use nf_elements::overlay::{self, Host, Learns, Memory, Networks, vlan};
use nf_elements::spec::HandlerKind;
use nf_elements::testing::{Collected, ListIo, packet, read};
use nf_elements::tunnel::{Decapsulator, DontFragment, Encapsulator, Ends, Inner, Udp, Underlay};
use nf_elements::wire::arp::{Operation, Repr};
use nf_elements::wire::ethernet::Address;
use nf_elements::wire::ipv4::Ipv4;
use nf_elements::wire::vxlan::{self, Vxlan};
use nf_elements::{Element, Packet, Push};
use std::collections::HashMap;

const LOCAL: u32 = 0xc000_0201;
const TRUNK: u8 = 3;
const GATEWAY: u8 = 0xfe;
/// VTEPs, networks and stations that there are; a station 0 is all of them.
const VTEPS: u8 = 3;
const NETWORKS: u8 = 3;
const STATIONS: u8 = 5;
/// The tables hold all of them.
type Tables = Memory<32, 8, 16, 8, 64, 4>;

fuzz_target!(|bytes: &[u8]| {
    let mut bench = Bench::new();
    bytes.chunks_exact(8).for_each(|step| bench.step(step.try_into().expect("eight bytes")));
    bench.end();
    drop(bench);
    shared::give_back();
});

struct Bench {
    vtep: Vtep,
    io: ListIo,
    /// The VTEP of each network's station that the controller has placed for good.
    said: HashMap<(u32, u8), u32>,
}

fn underlay(source: u32, destination: u32) -> Underlay {
    let ends = Ends::V4(source.to_be_bytes(), destination.to_be_bytes());
    let udp = Some(Udp { source: None, destination: 4789, checksum: true });
    let dont_fragment = DontFragment::Always(false);
    Underlay { ends, protocol: 17, udp, ttl: 64, dscp: None, dont_fragment, identification: 0 }
}

fn station(number: u8) -> [u8; 6] {
    if number == 0 { [0xff; 6] } else { [2, 0, 0, 0, 0, number] }
}

fn far(choice: u8) -> u32 {
    LOCAL + 1 + u32::from(choice % VTEPS)
}

fn vni(choice: u8) -> u32 {
    40 + u32::from(choice % NETWORKS)
}

impl Bench {
    fn new() -> Self {
        let gateway = Some(Address::new(station(GATEWAY)));
        let settings = Settings { local: Host::v4(LOCAL), commands: &[], trunk: Some(TRUNK), gateway, suppresses: true };
        let networks = Networks::new(overlay::Settings { learns: Learns::All, timeout_s: 300 });
        let outer = Encapsulator::new(underlay(LOCAL, 0), 1500, true);
        let mut vtep = Vtep::new(settings, outer, Decapsulator::new(&[17], true, false), networks);
        vtep.lend(shared::lent(|| Tables::EMPTY, 1));
        Bench { vtep, io: ListIo::new(0), said: HashMap::new() }
    }

    fn step(&mut self, step: [u8; 8]) {
        match step[0] % 8 {
            0..=2 => self.say(step),
            3 | 4 => self.send(step),
            5 | 6 => self.receive(step),
            _ => {
                self.io.now_ns += u64::from(step[1]) << 30;
                self.vtep.tick(&mut self.io, &mut Collected::<4>::default());
            }
        }
    }

    /// The controller says something.
    fn say(&mut self, [_, what, network, a, b, c, ..]: [u8; 8]) {
        let (network, remote, who) = (vni(network), far(a), 1 + b % (STATIONS - 1));
        let (vtep, mac, port) = (Host::v4(remote), Address::new(station(who)), 1 + b % 2);
        let tag = ["", " 1", " 2", " any"][usize::from(c % 4)];
        let key = (network, who);
        match what % 12 {
            0 => drop(self.write("network_add", &format!("{network} {}", c % 3))),
            1 if self.write("network_del", &network.to_string()) => self.said.retain(|(of, _), _| *of != network),
            2 | 3 => drop(self.write("access_add", &format!("{network} {port}{tag}"))),
            4 => drop(self.write("access_del", &format!("{port}{tag}"))),
            5 => drop(self.write("flood_add", &format!("{network} {vtep}"))),
            6 => drop(self.write("flood_del", &format!("{network} {vtep}"))),
            7 if self.write("mac_add", &format!("{network} {mac} {vtep}")) => drop(self.said.insert(key, remote)),
            8 if self.write("mac_add", &format!("{network} {mac} {vtep} moves")) => drop(self.said.remove(&key)),
            9 if self.write("mac_del", &format!("{network} {mac}")) => drop(self.said.remove(&key)),
            10 => drop(self.write("neighbor_add", &format!("{network} 10.0.0.{} {mac}", c % STATIONS))),
            11 => drop(self.write("neighbor_del", &format!("{network} 10.0.0.{}", c % STATIONS))),
            _ => {}
        }
    }

    fn write(&mut self, handler: &str, value: &str) -> bool {
        self.vtep.write_handler(handler, value).is_ok()
    }

    /// A frame of a port.
    fn send(&mut self, [_, port, network, to, from, tag, kind, length]: [u8; 8]) {
        let port = 1 + port % TRUNK;
        let (to, from) = (to % STATIONS, 1 + from % (STATIONS - 1));
        let mut packet = packet(&frame(to, from, tag, kind, length));
        packet.annotations_mut().aggregate = vni(network);
        packet.annotations_mut().port = port;
        let access = self.vtep.networks().access(port, vlan::of(&packet)).filter(|_| port != TRUNK);
        let there = access.and_then(|(network, _)| Some((*self.said.get(&(network.0, to))?, network.0)));
        let left = self.push(port.into(), packet);
        if let Some(there) = there.filter(|_| is_plain(kind)) {
            assert_eq!(left, [(0, Some(there))], "a station is where the controller says");
        }
    }

    /// A packet of a tunnel, some of it broken.
    fn receive(&mut self, [_, remote, network, to, from, tag, kind, length]: [u8; 8]) {
        let mut packet = packet(&frame(to % STATIONS, 1 + from % (STATIONS - 1), tag, kind, length));
        let header = vxlan::header(vni(network));
        let wrapped = Encapsulator::new(underlay(far(remote), LOCAL), 9000, true).wrap(&mut packet, Inner::Ethernet, &header);
        assert_eq!(wrapped, Some(0));
        if remote & 0x80 != 0 {
            let at = usize::from(remote & 0x7f) % packet.len();
            packet.data_mut()[at] ^= 1 << (tag & 7);
        }
        let left = self.push(0, packet);
        assert!(left.iter().all(|(port, _)| *port != 0), "out of a tunnel and into one");
    }

    /// What leaves: the output and, of a tunnel, the other VTEP and the network.
    fn push(&mut self, port: usize, packet: Packet) -> Vec<(usize, Option<(u32, u32)>)> {
        let (before, mut out) = (self.lost(), Collected::<4>::default());
        self.vtep.push(&mut self.io, port, packet, &mut out);
        assert!(!out.0.is_empty() || self.lost() > before, "lost in silence");
        out.0.iter().map(|(port, packet)| (*port, (*port == 0).then(|| tunnel(packet)))).collect()
    }

    /// What all counters of drops count.
    fn lost(&self) -> u64 {
        let drops = Vtep::SPEC.handlers.iter().filter(|handler| handler.kind == HandlerKind::Drops);
        drops.map(|handler| read(&self.vtep, handler.name).parse::<u64>().expect("a number")).sum()
    }

    /// All can be read, and what was learned can be forgotten.
    fn end(&mut self) {
        for handler in Vtep::SPEC.handlers.iter().filter(|handler| handler.kind == HandlerKind::Read) {
            read(&self.vtep, handler.name);
        }
        assert!(self.write("clear", ""));
        assert!(read(&self.vtep, "count").parse::<usize>().expect("a number") >= self.said.len());
        for (network, who) in std::mem::take(&mut self.said).into_keys() {
            assert!(self.write("mac_del", &format!("{network} {}", Address::new(station(who)))));
        }
    }
}

fn is_plain(kind: u8) -> bool {
    kind % 4 >= 2
}

/// A frame: a question or an answer of ARP, an IPv4 packet that is too long, or something else.
fn frame(to: u8, from: u8, tag: u8, kind: u8, length: u8) -> Vec<u8> {
    let addresses = [station(to), station(from)].concat();
    let tag: &[u8] = if tag & 8 == 0 { &[] } else { &[0x81, 0, 0, tag & 3] };
    let host = |number: u8| 0x0a00_0000 + u32::from(number % STATIONS);
    let payload = match kind % 4 {
        0 => {
            let operation = if kind & 4 == 0 { Operation::Request } else { Operation::Reply };
            let sender = (Address::new(station(from)), host(length));
            Repr { operation, sender, target: (Address::from_bits(0), host(length >> 4)) }.frame(Address::BROADCAST)[12..].to_vec()
        }
        1 => {
            let flags = if kind & 4 == 0 { 0x40 } else { 0 };
            let ip = [0x45, 0, 5, 200, 0, 0, flags, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
            [&[8, 0][..], &ip, &vec![length; 1460]].concat()
        }
        _ => [&[0x88, 0xb5][..], &vec![length; length.into()]].concat(),
    };
    [&addresses, tag, &payload].concat()
}

/// The other VTEP and the network of a packet, whose headers must be good.
fn tunnel(packet: &Packet) -> (u32, u32) {
    let ip = Ipv4::new_checked(packet.data()).expect("an IPv4 packet");
    assert!(ip.is_header_intact() && ip.source() == LOCAL && packet.len() <= 1500);
    let datagram = nf_elements::wire::udp::Udp::new_checked(ip.payload()).expect("a datagram");
    assert!(datagram.is_intact(ip.source(), ip.destination()) && datagram.destination_port() == 4789);
    (ip.destination(), Vxlan::new_checked(datagram.payload()).expect("a VXLAN packet").vni())
}
