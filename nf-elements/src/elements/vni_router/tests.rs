// SPDX-License-Identifier: Apache-2.0
//! Tests of `VNIRouter`.

use super::*;
use crate::elements::ip6_nd_advertiser::neighbor_message;
use crate::elements::{marked, marked6, vtep};
use crate::overlay::{Memory, Settings, command};
use crate::testing::{Collected, ListIo, packet, read};
use crate::tunnel::{Decapsulator, DontFragment, Encapsulator, Ends, Underlay};
use crate::wire::arp::Arp;
use crate::wire::icmpv6::Icmpv6;

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 0xfe];
const A: [u8; 6] = [2, 0, 0, 0, 0, 0xa];
const B: [u8; 6] = [2, 0, 0, 0, 0, 0xb];
const SECOND: u64 = 1_000_000_000;
const MAIN: Vrf = Vrf::named("main");

const fn interface(vni: u32, address: Host, length: u8) -> Interface {
    Interface { vni: Vni(vni), address, prefix: Prefix::of(address, length), vrf: MAIN }
}

const INTERFACES: &[Interface] = &[
    interface(10, Host::v4(0x0a00_0afe), 120),
    interface(10, Host(0x2001_0db8_0010 << 80 | 0xfe), 64),
    interface(20, Host::v4(0x0a00_14fe), 120),
    interface(20, Host(0x2001_0db8_0020 << 80 | 0xfe), 64),
];

struct Bench {
    vtep: Vtep,
    router: VniRouter,
    io: ListIo,
}

/// A packet that left: output, annotated network and destination, and the packet.
type Left = (usize, u32, [u8; 4], Vec<u8>);

impl Bench {
    fn new() -> Self {
        let ends = Ends::V4([192, 0, 2, 1], [0; 4]);
        let dont_fragment = DontFragment::Always(false);
        let underlay = Underlay { ends, protocol: 17, udp: None, ttl: 64, dscp: None, dont_fragment, identification: 0 };
        let local = Host::v4(0xc000_0201);
        let settings = vtep::Settings { local, commands: &[], trunk: Some(1), gateway: None, suppresses: true };
        let networks = Networks::new(Settings { learns: crate::overlay::Learns::All, timeout_s: 300 });
        let (outer, inner) = (Encapsulator::new(underlay, 1500, true), Decapsulator::new(&[17], false, false));
        let mut vtep = Vtep::new(settings, outer, inner, networks);
        vtep.lend(vec![Memory::<16, 16, 16, 16, 16, 16>::EMPTY].leak());
        let mut bench = Bench { vtep, router: VniRouter::new(MAC, INTERFACES, MAIN), io: ListIo::new(0) };
        bench.tick();
        bench
    }

    fn write(&mut self, handler: &str, value: &str) {
        command::write(self.vtep.networks(), handler, value).expect(value);
    }

    fn push(&mut self, input: usize, vni: u32, mut packet: Packet) -> Vec<Left> {
        packet.annotations_mut().aggregate = vni;
        let mut out = Collected::<2>::default();
        self.router.push_with(&mut self.io, (&mut self.vtep,), input, packet, &mut out);
        left(out)
    }

    fn tick(&mut self) -> Vec<Left> {
        let mut out = Collected::<2>::default();
        self.router.tick_with(&mut self.io, (&mut self.vtep,), &mut out);
        left(out)
    }

    fn count(&self, name: &str) -> String {
        read(&self.router, name)
    }
}

fn left(out: Collected<2>) -> Vec<Left> {
    let shown = |(port, packet): (usize, Packet)| {
        let annotations = packet.annotations();
        (port, annotations.aggregate, annotations.destination_ipv4(), packet.data().to_vec())
    };
    out.0.into_iter().map(shown).collect()
}

fn v4(to: [u8; 4], ttl: u8) -> Packet {
    let mut datagram = marked::datagram(17, [10, 0, 10, 1], to, b"hello");
    let mut header = Ipv4Mut::new(datagram.data_mut()).unwrap();
    header.set_time_to_live(ttl);
    header.fill_header_checksum();
    datagram
}

fn framed(to: [u8; 6], ip: &Packet) -> Packet {
    let ethertype = if ip.data()[0] >> 4 == 6 { [0x86, 0xdd] } else { [8, 0] };
    packet(&[to.as_slice(), &A, &ethertype, ip.data()].concat())
}

#[test]
fn a_packet_goes_from_one_network_to_another() {
    let mut bench = Bench::new();
    bench.write("neighbor_add", "20 10.0.20.1 02:00:00:00:00:0b\n20 2001:db8:20::1 02:00:00:00:00:0b");
    let sent = bench.push(0, 10, framed(MAC, &v4([10, 0, 20, 1], 9)));
    let (port, vni, vtep, frame) = &sent[0];
    assert_eq!((*port, *vni, *vtep, &frame[..14]), (0, 20, [0; 4], [B.as_slice(), &MAC, &[8, 0]].concat().as_slice()));
    let ip = Ipv4::new_checked(&frame[14..]).unwrap();
    assert!(ip.is_header_intact() && ip.time_to_live() == 8);
    let v6 = marked6::datagram(17, 0x2001_0db8_0010 << 80 | 1, 0x2001_0db8_0020 << 80 | 1, b"hello");
    let sent = bench.push(0, 10, framed(MAC, &v6));
    assert_eq!((sent[0].1, &sent[0].3[..12]), (20, [B, MAC].concat().as_slice()));
    assert_eq!(sent[0].3[21], v6.data()[7] - 1);
    assert_eq!(bench.count("forwarded"), "2");
}

#[test]
fn an_unknown_neighbor_is_asked_for_while_the_packet_waits() {
    let mut bench = Bench::new();
    let question = bench.push(0, 10, framed(MAC, &v4([10, 0, 20, 1], 9)));
    assert_eq!((question.len(), question[0].1, &question[0].3[..12]), (1, 20, [[0xff; 6], MAC].concat().as_slice()));
    let asked = Arp::in_frame(&question[0].3).unwrap();
    assert_eq!((asked.sender_protocol(), asked.target_protocol()), (0x0a00_14fe, 0x0a00_1401));
    assert_eq!(bench.push(0, 10, framed(MAC, &v4([10, 0, 20, 1], 9))), [], "one question is enough");
    let reply = Repr { operation: Operation::Reply, sender: (Address::new(B), 0x0a00_1401), target: (Address::new(MAC), 0x0a00_14fe) };
    let sent = bench.push(0, 20, packet(&reply.frame(Address::new(MAC))));
    assert_eq!((sent.len(), &sent[0].3[..6]), (2, B.as_slice()));
    let v6 = marked6::datagram(17, 0x2001_0db8_0010 << 80 | 1, 0x2001_0db8_0020 << 80 | 1, b"hello");
    let solicited = bench.push(0, 10, framed(MAC, &v6));
    let (ip, message) = neighbor_message(&solicited[0].3, Type::NeighborSolicitation).unwrap();
    assert_eq!((ip.source(), message.target()), (0x2001_0db8_0020 << 80 | 0xfe, Some(0x2001_0db8_0020 << 80 | 1)));
}

#[test]
fn who_waits_in_vain_is_told() {
    let mut bench = Bench::new();
    bench.write("neighbor_add", "10 10.0.10.1 02:00:00:00:00:0a");
    bench.push(0, 10, framed(MAC, &v4([10, 0, 20, 1], 9)));
    for second in 1..=2 {
        assert_eq!(bench.tick(), []);
        bench.io.now_ns = second * SECOND;
        assert_eq!(bench.tick().len(), 1, "it is asked again");
    }
    bench.io.now_ns = 3 * SECOND;
    let told = bench.tick();
    assert_eq!((told.len(), told[0].1, &told[0].3[..6]), (1, 10, A.as_slice()));
    let ip = Ipv4::new_checked(&told[0].3[14..]).unwrap();
    assert_eq!((ip.source(), ip.payload()[..2].to_vec()), (0x0a00_0afe, vec![3, 1]));
    assert_eq!((bench.count("no_host"), bench.count("asked")), ("1".into(), "3".into()));
    assert_eq!(crate::Element::deadline_ns(&bench.router), None);
}

#[test]
fn routes_lead_outside_and_behind_other_vteps() {
    let mut bench = Bench::new();
    bench.write("route_add", "main 0.0.0.0/0 203.0.113.1\nmain 0.0.0.0/0 203.0.113.2\nmain 10.9.0.0/16 192.0.2.9 02:00:00:00:00:99 4000");
    let far = bench.push(0, 10, framed(MAC, &v4([10, 9, 0, 1], 9)));
    assert_eq!((far[0].0, far[0].1, far[0].2, &far[0].3[..6]), (0, 4000, [192, 0, 2, 9], [2, 0, 0, 0, 0, 0x99].as_slice()));
    let mut gateways = std::collections::BTreeSet::new();
    for host in 0..32 {
        let out = bench.push(0, 10, framed(MAC, &v4([198, 51, 100, host], 9)));
        assert_eq!((out[0].0, out[0].3[0]), (1, 0x45), "an IP packet");
        gateways.insert(out[0].2);
        assert_eq!(bench.push(0, 10, framed(MAC, &v4([198, 51, 100, host], 9)))[0].2, out[0].2, "a flow stays");
    }
    assert_eq!(gateways, [[203, 0, 113, 1], [203, 0, 113, 2]].into());
    bench.write("neighbor_add", "10 10.0.10.1 02:00:00:00:00:0a");
    let mut back = packet(marked::datagram(17, [198, 51, 100, 1], [10, 0, 10, 1], b"hello").data());
    back.set_network(0, 20);
    let inside = bench.push(1, 0, back);
    assert_eq!((inside[0].0, inside[0].1, &inside[0].3[..6]), (0, 10, A.as_slice()));
    assert_eq!(bench.push(1, 0, packet(b"x")), []);
    assert_eq!(bench.count("bad_header"), "1");
}

#[test]
fn senders_are_told() {
    let mut bench = Bench::new();
    bench.write("neighbor_add", "10 10.0.10.1 02:00:00:00:00:0a\n10 2001:db8:10::1 02:00:00:00:00:0a");
    for (to, ttl, kind) in [([10, 0, 20, 1], 1, 11), ([192, 0, 2, 7], 9, 3)] {
        let told = bench.push(0, 10, framed(MAC, &v4(to, ttl)));
        let ip = Ipv4::new_checked(&told[0].3[14..]).unwrap();
        assert_eq!((ip.source(), ip.destination(), ip.payload()[0]), (0x0a00_0afe, 0x0a00_0a01, kind));
    }
    let mut v6 = marked6::datagram(17, 0x2001_0db8_0010 << 80 | 1, 0x2001_0db8_0020 << 80 | 1, b"hello");
    v6.data_mut()[7] = 1;
    let told = bench.push(0, 10, framed(MAC, &v6));
    let ip = Ipv6::new_checked(&told[0].3[14..]).unwrap();
    assert!(Icmpv6::new_checked(ip.payload()).unwrap().is_intact(ip.source(), ip.destination()));
    assert_eq!((ip.source(), ip.payload()[0]), (0x2001_0db8_0010 << 80 | 0xfe, 3));
    assert_eq!((bench.count("expired"), bench.count("no_route")), ("2".into(), "1".into()));
}

#[test]
fn the_router_answers_for_itself() {
    let mut bench = Bench::new();
    assert!(bench.vtep.networks().neighbor(Vni(10), Host::v4(0x0a00_0afe), 0).is_some_and(|known| known.router));
    bench.write("neighbor_add", "10 10.0.10.1 02:00:00:00:00:0a");
    let question = Repr { operation: Operation::Request, sender: (Address::new(A), 0x0a00_0a01), target: (Address::from_bits(0), 0x0a00_0afe) };
    let answer = bench.push(0, 10, packet(&question.frame(Address::BROADCAST)));
    assert_eq!(Arp::in_frame(&answer[0].3).map(|arp| arp.sender_hardware()), Some(Address::new(MAC)));
    let mut echo = [8, 0, 0, 0, 1, 2, 3, 4];
    let sum = crate::wire::checksum::Sum::new().with(&echo).checksum();
    echo[2..4].copy_from_slice(&sum.to_be_bytes());
    let ping = marked::datagram(1, [10, 0, 10, 1], [10, 0, 20, 0xfe], &echo);
    let pong = bench.push(0, 10, framed(MAC, &ping));
    assert_eq!((&pong[0].3[..6], pong[0].3[34]), (A.as_slice(), 0));
    assert_eq!(bench.push(0, 10, framed(MAC, &v4([10, 0, 10, 0xfe], 9))), []);
    assert_eq!((bench.count("answered"), bench.count("to_us")), ("2".into(), "1".into()));
}

#[test]
fn what_is_not_for_a_router_is_counted() {
    let mut bench = Bench::new();
    let good = framed(MAC, &v4([10, 0, 20, 1], 9)).data().to_vec();
    assert_eq!(bench.push(0, 30, packet(&good)), [], "no such interface");
    assert_eq!(bench.push(0, 10, framed(B, &v4([10, 0, 20, 1], 9))), []);
    assert_eq!(bench.push(0, 10, framed(MAC, &v4([224, 0, 0, 1], 9))), []);
    for length in 0..34 {
        assert_eq!(bench.push(0, 10, packet(&good[..length])), []);
    }
    let mut broken = good.clone();
    broken[24] ^= 1;
    assert_eq!(bench.push(0, 10, packet(&broken)), []);
    let dropped: u32 = ["not_ours", "bad_header"].iter().map(|name| bench.count(name).parse::<u32>().unwrap()).sum();
    assert_eq!(dropped, 38);
}

#[test]
fn more_than_can_wait_make_room() {
    let mut bench = Bench::new();
    for host in 0..65 {
        bench.push(0, 10, framed(MAC, &v4([10, 0, 20, host], 9)));
    }
    assert_eq!(bench.count("no_room"), "1");
}

#[cfg(feature = "host")]
#[test]
fn arguments_become_an_expression() {
    use crate::configure::{Surroundings, configure};
    let two = Surroundings { inputs: 2, outputs: 2, ..Default::default() };
    let made = configure::<VniRouter>(&["v", "2:0:0:0:0:fe", "20 10.0.20.254/24", "10 transit red"], &two).unwrap();
    assert!(made.expression.starts_with("VniRouter::new([2, 0, 0, 0, 0, 254], &[vni_router::Interface { vni: nf_elements::overlay::Vni(10)"));
    for wrong in [
        vec!["v", "3:0:0:0:0:fe"],
        vec!["v", "2:0:0:0:0:fe", "20 10.0.20.254"],
        vec!["v", "2:0:0:0:0:fe", "20 224.0.0.1/4"],
        vec!["v", "2:0:0:0:0:fe", "20 10.0.20.254/24 red blue"],
        vec!["v", "2:0:0:0:0:fe", "20 10.0.20.254/24 red", "20 fd00::1/64 blue"],
    ] {
        assert_eq!(configure::<VniRouter>(&wrong, &two).unwrap_err().len(), 1, "{wrong:?}");
    }
}
