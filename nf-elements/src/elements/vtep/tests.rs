// SPDX-License-Identifier: Apache-2.0
//! Tests of `VTEP`.

use super::*;
use crate::overlay::{Memory, Settings as Learning};
use crate::testing::{Collected, ListIo, packet, read};
use crate::tunnel::{DontFragment, Udp, Underlay};
use crate::wire::arp::{Operation, Repr};
use crate::wire::ipv4::Ipv4;

const A: [u8; 6] = [2, 0, 0, 0, 0, 0xa];
const B: [u8; 6] = [2, 0, 0, 0, 0, 0xb];
const GATEWAY: [u8; 6] = [2, 0, 0, 0, 0, 0xfe];
const ALL: [u8; 6] = [0xff; 6];
const LOCAL: u32 = 0xc000_0201;
const FAR: u32 = 0xc000_0202;
const SECOND: u64 = 1_000_000_000;

/// A VTEP with ports 1 to 3, the last of which is its trunk.
struct Bench {
    vtep: Vtep,
    io: ListIo,
}

/// A frame that left: output, VLAN or VTEP, and the frame.
type Left = (usize, String, Vec<u8>);

impl Bench {
    fn new(commands: &'static [(&'static str, &'static str)]) -> Self {
        let local = Host::v4(LOCAL);
        let ends = Ends::V4(LOCAL.to_be_bytes(), [0; 4]);
        let udp = Some(Udp { source: None, destination: 4789, checksum: true });
        let dont_fragment = DontFragment::Always(false);
        let underlay = Underlay { ends, protocol: 17, udp, ttl: 64, dscp: None, dont_fragment, identification: 0 };
        let gateway = Some(Address::new(GATEWAY));
        let settings = Settings { local, commands, trunk: Some(3), gateway, suppresses: true };
        let networks = Networks::new(Learning { learns: crate::overlay::Learns::All, timeout_s: 300 });
        let outer = Encapsulator::new(underlay, 1500, true);
        let mut vtep = Vtep::new(settings, outer, Decapsulator::new(&[17], false, false), networks);
        vtep.lend(vec![Memory::<64, 16, 16, 64, 64, 4>::EMPTY].leak());
        Bench { vtep, io: ListIo::new(0) }
    }

    /// Sends a frame into a port; what leaves.
    fn send(&mut self, port: usize, frame: &[u8]) -> Vec<Left> {
        let mut packet = packet(frame);
        packet.annotations_mut().aggregate = 42;
        self.push(port, packet)
    }

    /// Sends a frame of VTEP `from` in network `vni`.
    fn receive(&mut self, from: u32, to: u32, vni: u32, frame: &[u8]) -> Vec<Left> {
        let ends = Ends::V4(from.to_be_bytes(), to.to_be_bytes());
        let udp = Some(Udp { source: Some(50000), destination: 4789, checksum: false });
        let dont_fragment = DontFragment::Always(false);
        let underlay = Underlay { ends, protocol: 17, udp, ttl: 64, dscp: None, dont_fragment, identification: 0 };
        let mut packet = packet(frame);
        let wrapped = Encapsulator::new(underlay, 9000, true).wrap(&mut packet, Inner::Ethernet, &vxlan::header(vni));
        assert_eq!(wrapped, Some(0));
        self.push(0, packet)
    }

    fn push(&mut self, port: usize, packet: Packet) -> Vec<Left> {
        let mut out = Collected::<4>::default();
        self.vtep.push(&mut self.io, port, packet, &mut out);
        left(out)
    }

    fn tick(&mut self) -> Vec<Left> {
        let mut out = Collected::<4>::default();
        self.vtep.tick(&mut self.io, &mut out);
        left(out)
    }

    fn read(&self, handler: &str) -> String {
        read(&self.vtep, handler)
    }

    fn write(&mut self, handler: &str, value: &str) {
        crate::Element::write_handler(&mut self.vtep, handler, value).expect(value);
    }
}

fn left(out: Collected<4>) -> Vec<Left> {
    let shown = |(port, packet): (usize, Packet)| match port {
        0 => {
            let ip = Ipv4::new_checked(packet.network()).unwrap();
            assert!(ip.is_header_intact() && packet.annotations().destination_ipv4() == ip.destination().to_be_bytes());
            let vni = Vxlan::new_checked(&packet.data()[28..]).unwrap().vni();
            (0, format!("{} {vni}", Host::v4(ip.destination())), packet.data()[36..].to_vec())
        }
        3 => (3, packet.annotations().aggregate.to_string(), packet.data().to_vec()),
        port => (port, String::new(), packet.data().to_vec()),
    };
    out.0.into_iter().map(shown).collect()
}

fn frame(to: [u8; 6], from: [u8; 6]) -> Vec<u8> {
    [to.as_slice(), &from, &[0x88, 0xb5], b"payload"].concat()
}

fn tagged(to: [u8; 6], from: [u8; 6], vlan: u8) -> Vec<u8> {
    [to.as_slice(), &from, &[0x81, 0, 0, vlan, 0x88, 0xb5], b"payload"].concat()
}

fn outputs(left: &[Left]) -> Vec<(usize, &str)> {
    left.iter().map(|(port, place, _)| (*port, place.as_str())).collect()
}

const TWO_PORTS: &[(&str, &str)] = &[("access_add", "42 1"), ("access_add", "42 2"), ("flood_add", "42 192.0.2.2")];

#[test]
fn floods_learns_and_switches() {
    let mut bench = Bench::new(TWO_PORTS);
    let first = bench.send(1, &frame(B, A));
    assert_eq!(outputs(&first), [(0, "192.0.2.2 42"), (2, "")], "B is unknown");
    assert!(first.iter().all(|(_, _, sent)| *sent == frame(B, A)));
    assert_eq!(outputs(&bench.receive(FAR, LOCAL, 42, &frame(A, B))), [(1, "")]);
    assert_eq!(outputs(&bench.send(1, &frame(B, A))), [(0, "192.0.2.2 42")]);
    assert_eq!(outputs(&bench.send(2, &frame(A, B))), [(1, "")], "B moved");
    assert_eq!(outputs(&bench.send(1, &frame(B, A))), [(2, "")]);
    assert_eq!((bench.read("count"), bench.read("moved")), ("2".into(), "1".into()));
    assert_eq!(bench.read("macs 42"), "42 02-00-00-00-00-0A port 1 untagged\n42 02-00-00-00-00-0B port 2 untagged\n");
    assert_eq!(outputs(&bench.send(1, &frame(ALL, A))), [(3, "42"), (0, "192.0.2.2 42"), (2, "")], "the trunk, too");
}

#[test]
fn what_comes_out_of_a_tunnel_stays_out_of_tunnels() {
    let mut bench = Bench::new(&[("access_add", "42 1"), ("flood_add", "42 192.0.2.2"), ("flood_add", "42 192.0.2.3")]);
    bench.write("mac_add", "42 02:00:00:00:00:0b 192.0.2.3");
    assert_eq!(outputs(&bench.receive(FAR, LOCAL, 42, &frame(ALL, A))), [(3, "42"), (1, "")]);
    assert_eq!(outputs(&bench.receive(FAR, LOCAL, 42, &frame(B, A))), []);
    assert_eq!(outputs(&bench.receive(0xc000_0203, LOCAL, 42, &frame(B, A))), []);
    assert_eq!(["split_horizon", "same_place"].map(|name| bench.read(name)), ["1", "1"]);
    assert_eq!(outputs(&bench.send(1, &frame(ALL, B))).len(), 3, "both, and the trunk");
    assert_eq!(outputs(&bench.send(1, &frame(B, [2; 6]))), [(0, "192.0.2.3 42")], "what was said stays");
}

#[test]
fn vlans_are_networks() {
    let commands = &[("access_add", "100-103 1 10-13"), ("access_add", "42 1"), ("access_add", "42 2 any")];
    let mut bench = Bench::new(commands);
    bench.write("flood_add", "101 192.0.2.2");
    let sent = bench.send(1, &tagged(B, A, 11));
    assert_eq!((outputs(&sent), &sent[0].2), (vec![(0, "192.0.2.2 101")], &frame(B, A)));
    let received = bench.receive(FAR, LOCAL, 101, &frame(A, B));
    assert_eq!((outputs(&received), &received[0].2), (vec![(1, "")], &tagged(A, B, 11)));
    assert_eq!(outputs(&bench.send(1, &tagged(B, A, 14))), []);
    assert_eq!(outputs(&bench.send(1, &frame(B, A))), [], "the other access of 42 wants tags");
    assert_eq!(outputs(&bench.receive(FAR, LOCAL, 101, &tagged(A, B, 5))), [], "an inner tag");
    assert_eq!(["no_access", "vlan"].map(|name| bench.read(name)), ["1", "2"]);
    bench.write("flood_add", "42 192.0.2.2");
    let kept = bench.send(2, &tagged(ALL, A, 9));
    assert_eq!(kept.iter().find(|(port, ..)| *port == 0).map(|(.., frame)| frame.clone()), Some(tagged(ALL, A, 9)));
    bench.write("access_del", "1 11");
    assert_eq!(outputs(&bench.receive(FAR, LOCAL, 101, &frame(A, B))), []);
    assert_eq!(bench.read("nobody"), "1");
}

#[test]
fn known_addresses_are_answered_for() {
    let mut bench = Bench::new(TWO_PORTS);
    bench.write("neighbor_add", "42 10.0.0.2 02:00:00:00:00:0b");
    bench.write("mac_add", "42 02:00:00:00:00:0b 192.0.2.2");
    let target = (Address::from_bits(0), 0x0a00_0002);
    let question = Repr { operation: Operation::Request, sender: (Address::new(A), 0x0a00_0001), target };
    let question = question.frame(Address::BROADCAST);
    let answer = bench.send(1, &question);
    assert_eq!(outputs(&answer), [(1, "")]);
    assert_eq!((&answer[0].2[..12], &answer[0].2[20..32]), ([A, B].concat().as_slice(), [&[0, 2], B.as_slice(), &[10, 0, 0, 2]].concat().as_slice()));
    assert_eq!(bench.read("suppressed"), "1");
    assert_eq!(bench.read("neighbors"), "42 10.0.0.2 02-00-00-00-00-0B fixed\n42 10.0.0.1 02-00-00-00-00-0A\n");
    let flooded = bench.receive(FAR, LOCAL, 42, &question);
    assert_eq!(outputs(&flooded), [(3, "42"), (2, ""), (1, "")], "questions out of tunnels are for all");
}

#[test]
fn the_gateway_is_behind_the_trunk() {
    let mut bench = Bench::new(TWO_PORTS);
    assert_eq!(outputs(&bench.send(1, &frame(GATEWAY, A))), [(3, "42")]);
    assert_eq!(outputs(&bench.receive(FAR, LOCAL, 42, &frame(ALL, GATEWAY))), [(3, "42"), (2, ""), (1, "")]);
    assert_eq!(outputs(&bench.send(1, &frame(GATEWAY, A))), [(3, "42")], "nobody else is the gateway");
    assert_eq!(outputs(&bench.send(3, &frame(A, GATEWAY))), [(1, "")]);
    let mut annotated = packet(&frame(B, GATEWAY));
    annotated.annotations_mut().aggregate = 42;
    annotated.annotations_mut().set_destination_ipv4([192, 0, 2, 9]);
    assert_eq!(outputs(&bench.push(3, annotated)), [(0, "192.0.2.9 42")]);
}

#[test]
fn a_frame_too_big_is_answered_or_becomes_fragments() {
    let mut bench = Bench::new(TWO_PORTS);
    bench.write("mac_add", "42 02:00:00:00:00:0b 192.0.2.2");
    let datagram = |dont_fragment: bool| {
        let ip = crate::elements::marked::datagram(17, [10, 0, 0, 1], [10, 0, 0, 2], &[7; 1452]);
        let mut frame = [B.as_slice(), &A, &[8, 0], ip.data()].concat();
        frame[20] = if dont_fragment { 0x40 } else { 0 };
        frame
    };
    let told = bench.send(1, &datagram(true));
    assert_eq!(outputs(&told), [(1, "")]);
    assert_eq!((&told[0].2[..6], told[0].2[34..36].to_vec(), told[0].2[40..42].to_vec()), (A.as_slice(), vec![3, 4], 1450u16.to_be_bytes().to_vec()));
    let pieces = bench.send(1, &datagram(false));
    assert_eq!(outputs(&pieces), [(0, "192.0.2.2 42"); 2]);
    let payloads: usize = pieces.iter().map(|(.., frame)| Ipv4::new_checked(&frame[14..]).unwrap().payload().len()).sum();
    assert_eq!(payloads, 1452);
    let mut opaque = datagram(true);
    opaque[12] = 0x88;
    assert_eq!(outputs(&bench.send(1, &opaque)), []);
    assert_eq!(["told", "fragmented", "too_big"].map(|name| bench.read(name)), ["1", "1", "1"]);
}

#[test]
fn a_flood_to_many_takes_rounds() {
    let mut bench = Bench::new(&[("access_add", "42 1")]);
    (1..=50).for_each(|host| bench.write("flood_add", &format!("42 198.51.100.{host}")));
    let first = bench.send(1, &frame(ALL, A));
    assert_eq!(first.len(), 1 + BURST, "the trunk, and as many as there is room for");
    assert_eq!(crate::Element::deadline_ns(&bench.vtep), Some(0));
    assert_eq!(outputs(&bench.send(1, &frame(ALL, B))), [], "it waits behind the first");
    bench.write("network_add", "43");
    let second = bench.tick();
    let mut got: Vec<_> = first.iter().chain(&second).filter(|(.., sent)| *sent == frame(ALL, A)).map(|it| it.1.clone()).collect();
    got.sort_unstable();
    got.dedup();
    assert_eq!(got.len(), 51);
    let all = second.len() + bench.tick().len() + bench.tick().len();
    assert_eq!((all, bench.read("no_room")), (18 + 51, "0".into()));
    bench.send(1, &frame(ALL, A));
    (0..8).for_each(|_| drop(bench.send(1, &frame(ALL, A))));
    assert_eq!(bench.read("no_room"), "1", "eight wait");
}

#[test]
fn what_is_not_ours_is_counted() {
    let mut bench = Bench::new(TWO_PORTS);
    let hello = frame(ALL, A);
    assert_eq!(bench.receive(FAR, FAR + 1, 42, &hello), [], "for another host");
    assert_eq!(bench.receive(LOCAL, 0xef01_0101, 42, &hello), [], "our own, back from a group");
    assert_eq!(bench.receive(FAR, LOCAL, 43, &hello), []);
    assert_eq!(bench.receive(FAR, LOCAL, 42, &hello[..13]), []);
    assert_eq!(bench.send(1, &hello[..13]), []);
    assert_eq!(bench.send(1, &frame([1, 0x80, 0xc2, 0, 0, 2], A)), []);
    assert_eq!(outputs(&bench.receive(FAR, 0xef01_0101, 42, &hello)).len(), 3, "a group's");
    let counts = ["not_ours", "network", "too_short", "reserved"].map(|name| bench.read(name));
    assert_eq!(counts, ["2", "1", "2", "1"]);
    bench.send(2, &frame(A, [2; 6]));
    assert_eq!((bench.read("same_place"), bench.read("split_horizon")), ("0".into(), "0".into()));
}

#[test]
fn statistics_are_kept_for_networks_tunnels_and_ports() {
    let mut bench = Bench::new(TWO_PORTS);
    bench.send(1, &frame(B, A));
    bench.receive(FAR, LOCAL, 42, &frame(A, B));
    assert_eq!(bench.read("networks"), "42 stations 2, not learned 0, in 2 frames 42 bytes, out 3 frames 63 bytes\n");
    assert_eq!(bench.read("remotes 192.0.2.2"), "192.0.2.2 in 1 frames 21 bytes, out 1 frames 21 bytes\n");
    assert_eq!(
        bench.read("ports"),
        "0 in 1 frames 57 bytes, out 1 frames 57 bytes\n1 in 1 frames 21 bytes, out 1 frames 21 bytes\n2 in 0 frames 0 bytes, out 1 frames 21 bytes\n"
    );
    assert_eq!(bench.read("floods"), "42 192.0.2.2\n");
    assert_eq!(bench.read("accesses 42"), "42 port 2 untagged\n42 port 1 untagged\n");
}

#[test]
fn silence_is_forgotten() {
    let mut bench = Bench::new(TWO_PORTS);
    bench.send(1, &frame(ALL, A));
    bench.io.now_ns = 300 * SECOND;
    assert_eq!(outputs(&bench.send(2, &frame(A, B))).len(), 2, "it is unknown again");
    bench.tick();
    assert_eq!((bench.read("count"), crate::Element::deadline_ns(&bench.vtep)), ("1".into(), Some(308 * SECOND)));
    bench.write("clear", "");
    assert_eq!(bench.read("count"), "0");
}

#[test]
fn without_buffers_the_last_still_gets_it() {
    let mut bench = Bench::new(TWO_PORTS);
    bench.io.buffers = Some(0);
    assert_eq!(outputs(&bench.send(1, &frame(B, A))), [(2, "")]);
    assert_eq!(bench.read("no_buffer"), "1");
}

#[test]
fn looking_ahead_changes_nothing() {
    let mut bench = Bench::new(TWO_PORTS);
    let mut batch = Batch::new();
    (0..20).for_each(|length| drop(batch.push(packet(&frame(B, A)[..length]))));
    bench.vtep.ahead(0, &batch);
    assert_eq!(bench.vtep.glimpse(&packet(&frame(B, A))).map(|keys| keys.map(|key| key.address())), Some([A, B].map(Address::new)));
    assert_eq!(bench.read("count"), "0");
}

#[cfg(feature = "host")]
#[test]
fn arguments_become_an_expression() {
    use crate::configure::{Surroundings, configure};
    let three = Surroundings { inputs: 3, outputs: 3, ..Default::default() };
    let arguments = ["192.0.2.1", "access 100-4193 1 1-4094", "mac 100 2:0:0:0:0:1 192.0.2.2", "NETWORKS 5000", "TRUNK 2", "GATEWAY 2:0:0:0:0:fe"];
    let made = configure::<Vtep>(&arguments, &three).unwrap();
    assert!(made.expression.contains(r#"("access_add", "100-4193 1 1-4094"), ("mac_add", "100 2:0:0:0:0:1 192.0.2.2")"#));
    assert_eq!(made.memory.unwrap().rust_type, "nf_elements::overlay::Memory<16384, 5000, 4096, 256, 4096, 1024>");
    for wrong in [
        vec![],
        vec!["192.0.2.1", "access 42 3"],
        vec!["192.0.2.1", "access 42"],
        vec!["192.0.2.1", "flod 42 192.0.2.2"],
        vec!["192.0.2.1", "access 100-4193 1 1-4094"],
        vec!["192.0.2.1", "access 42 1", "access 43 1"],
        vec!["192.0.2.1", "flood 42 fd00::1"],
        vec!["192.0.2.1", "TRUNK 3"],
        vec!["192.0.2.1", "GATEWAY 2:0:0:0:0:1"],
        vec!["192.0.2.1", "CAPACITY 0"],
    ] {
        assert_eq!(configure::<Vtep>(&wrong, &three).unwrap_err().len(), 1, "{wrong:?}");
    }
    let uneven = Surroundings { inputs: 2, outputs: 3, ..Default::default() };
    assert_eq!(configure::<Vtep>(&["192.0.2.1"], &uneven).unwrap_err().len(), 1);
}
