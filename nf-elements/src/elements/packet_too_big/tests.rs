// SPDX-License-Identifier: Apache-2.0
//! What becomes of what does not fit.

use super::*;
use crate::elements::vxlan_encap::Carried;
use crate::elements::{Ip6Fragmenter, IpFragmenter, IpTunnelEncap, VxlanEncap, marked, marked6};
use crate::Route;
use crate::testing::{Collected, ListIo, packet, read};
use crate::tunnel::{DontFragment, Encapsulator, Ends, Network, Udp, Underlay};
use crate::wire::icmpv6::Icmpv6;

const LINK: [u8; 14] = [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 8, 0];
const LINK6: [u8; 14] = [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 0x86, 0xdd];
const BACK: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9];

fn tagged(link: [u8; 14]) -> Vec<u8> {
    [&link[..12], &[0x81, 0, 0, 5], &link[12..]].concat()
}

fn datagram(dont_fragment: bool, bytes: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..bytes).map(|i| (i % 251) as u8).collect();
    let mut datagram = marked::datagram(17, [10, 0, 0, 1], [10, 0, 0, 2], &payload);
    let mut header = marked::header_mut(&mut datagram).unwrap();
    header.set_flags_and_offset(if dont_fragment { 0x4000 } else { 0 });
    header.fill_header_checksum();
    datagram.data().to_vec()
}

/// A packet that is too long by `excess`.
fn long(link: &[u8], ip: &[u8], excess: u16) -> Packet {
    let mut packet = packet(&[link, ip].concat());
    packet.set_extra_length(excess);
    packet
}

fn fate(element: &mut PacketTooBig, packet: Packet) -> Vec<(usize, Packet)> {
    let mut out = Collected::<3>::default();
    element.push(&mut ListIo::new(0), 0, packet, &mut out);
    out.0
}

#[test]
fn what_may_be_becomes_fragments_in_frames() {
    for link in [LINK.to_vec(), tagged(LINK)] {
        let mut element = PacketTooBig::new(Inner::Ethernet, true, 0, 0, false);
        let length = link.len() + 20 + 1400;
        let out = fate(&mut element, long(&link, &datagram(false, 1400), 50));
        assert_eq!((out.len(), read(&element, "fragmented").as_str()), (2, "1"));
        let mut payload: Vec<u8> = Vec::new();
        for (output, fragment) in &out {
            assert!(*output == 0 && fragment.len() <= length - 50 && fragment.extra_length() == 0);
            assert_eq!(fragment.data()[..link.len()], link);
            let header = Ipv4::new_checked(&fragment.data()[link.len()..]).unwrap();
            assert!(header.is_header_intact() && header.is_fragment());
            payload.extend(header.payload());
        }
        assert_eq!(payload, datagram(false, 1400)[20..]);
    }
}

#[test]
fn the_sender_is_told_what_fits() {
    for (link, fragment, dont_fragment) in [(LINK.to_vec(), true, true), (tagged(LINK), false, false)] {
        let mut element = PacketTooBig::new(Inner::Ethernet, fragment, 0, 0, false);
        let out = fate(&mut element, long(&link, &datagram(dont_fragment, 1400), 50));
        let [(1, error)] = out.as_slice() else { panic!("one error") };
        assert_eq!((&error.data()[..12], &error.data()[12..link.len()]), (BACK.as_slice(), &link[12..]));
        let header = Ipv4::new_checked(&error.data()[link.len()..]).unwrap();
        assert_eq!((header.source(), header.destination()), (0x0a00_0002, 0x0a00_0001));
        let message = header.payload();
        assert_eq!((&message[..2], &message[4..8]), ([3, 4].as_slice(), [0, 0, 0x05, 0x5a].as_slice()), "1370");
        assert_eq!(message[8..28], datagram(dont_fragment, 1400)[..20]);
    }
}

#[test]
fn senders_of_ipv6_are_told_at_least_1280() {
    for (excess, mtu) in [(50, 1390), (500, 1280)] {
        let mut element = PacketTooBig::new(Inner::Ethernet, true, 0, 9, false);
        let about = marked6::datagram(17, 1, 2, &[0; 1400]);
        let out = fate(&mut element, long(&LINK6, about.data(), excess));
        let [(1, error)] = out.as_slice() else { panic!("one error") };
        assert_eq!((&error.data()[..12], &error.data()[12..14]), (BACK.as_slice(), &LINK6[12..]));
        let header = Ipv6::new_checked(&error.data()[14..]).unwrap();
        assert_eq!((header.source(), header.destination()), (9, 1));
        let message = Icmpv6::new_checked(header.payload()).unwrap();
        assert!(message.is_intact(9, 1));
        assert_eq!((u8::from(message.message_type()), message.rest()), (2, mtu));
    }
}

#[test]
fn packets_without_frames_are_told_too() {
    let mut element = PacketTooBig::new(Inner::Ip, true, 0x0a00_00fe, 0, false);
    let out = fate(&mut element, long(&[], &datagram(true, 1400), 24));
    let header = Ipv4::new_checked(out[0].1.data()).unwrap();
    assert_eq!((out[0].0, header.source(), &header.payload()[6..8]), (1, 0x0a00_00fe, [0x05, 0x74].as_slice()));
    assert_eq!(fate(&mut element, long(&[], &datagram(false, 1400), 24)).len(), 2);
}

#[test]
fn some_are_only_counted() {
    let mut element = PacketTooBig::new(Inner::Ethernet, true, 0, 0, false);
    let mut group = LINK;
    group[0] = 1;
    let small6 = marked6::datagram(17, 1, 2, &[0; 1240]);
    for packet in [
        long(&LINK, &[0x45; 30], 9),
        long(&[2; 14], &[0; 100], 9),
        long(&group, &datagram(true, 1400), 50),
        long(&LINK6, small6.data(), 50),
        long(&LINK, &datagram(false, 1400), 1400),
    ] {
        assert!(fate(&mut element, packet).is_empty());
    }
    let counts = ["not_ip", "not_answered", "too_small", "no_buffer"].map(|name| read(&element, name));
    assert_eq!(counts, ["2", "1", "2", "0"]);
    let mut out = Collected::<3>::default();
    let mut io = ListIo { buffers: Some(0), ..ListIo::new(0) };
    element.push(&mut io, 0, long(&LINK, &datagram(false, 1400), 50), &mut out);
    assert_eq!(read(&element, "no_buffer"), "2");
}

#[test]
fn what_nobody_can_make_shorter_may_leave_whole() {
    let mut element = PacketTooBig::new(Inner::Ethernet, true, 0, 0, true);
    let small6 = marked6::datagram(17, 1, 2, &[0; 1240]);
    for packet in [long(&LINK6, small6.data(), 50), long(&LINK, &datagram(false, 1400), 1400)] {
        let bytes = packet.data().to_vec();
        let out = fate(&mut element, packet);
        let [(2, whole)] = out.as_slice() else { panic!("one packet by output 2") };
        assert_eq!(whole.data(), bytes);
    }
    assert_eq!(read(&element, "too_small"), "0");
}

/// The longest outer packet of the next test.
const MTU: usize = 1290;

fn encapsulator(ends: Ends, udp: bool, mtu: u16) -> Encapsulator {
    let udp = udp.then_some(Udp { source: None, destination: 4789, checksum: true });
    let dont_fragment = DontFragment::Always(false);
    let underlay = Underlay { ends, protocol: 4, udp, ttl: 9, dscp: None, dont_fragment, identification: 0 };
    Encapsulator::new(underlay, mtu, true)
}

/// What becomes of an IP packet that is too long for a VXLAN tunnel, which must not fragment: the output of `PacketTooBig`.
fn way(ends: Ends, link: &[u8], ip: &[u8]) -> usize {
    let io = &mut ListIo::new(0);
    let network = Network(Some(42));
    let mut tunnel = VxlanEncap::new(encapsulator(ends, true, MTU as u16), network, Carried::Plain);
    let mut packet = packet(&[link, ip].concat());
    assert_eq!(tunnel.route(io, 0, &mut packet), Some(1));
    let out = fate(&mut PacketTooBig::new(Inner::Ethernet, true, 0, 0, true), packet);
    for (_, fragment) in out.iter().filter(|(output, _)| *output == 0) {
        let mut fragment = crate::testing::packet(fragment.data());
        assert_eq!(tunnel.route(io, 0, &mut fragment), Some(0));
        assert!(fragment.len() <= MTU);
    }
    out[0].0
}

/// The outer packets of an IP tunnel, which may fragment them.
fn outer_fragments(ends: Ends, ip: &[u8]) -> Vec<Packet> {
    let (io, mut out) = (&mut ListIo::new(0), Collected::<2>::default());
    let mut packet = packet(ip);
    assert_eq!(IpTunnelEncap::new(encapsulator(ends, false, u16::MAX)).route(io, 0, &mut packet), Some(0));
    match ends {
        Ends::V4(..) => IpFragmenter::new(MTU, true, false, true).push(io, 0, packet, &mut out),
        Ends::V6(..) => Ip6Fragmenter::new(MTU, true).push(io, 0, packet, &mut out),
    }
    out.0.into_iter().map(|(output, fragment)| if output == 0 { fragment } else { panic!("refused") }).collect()
}

#[test]
fn every_combination_has_a_way() {
    let long6 = marked6::datagram(17, 1, 2, &[7; 1400]).data().to_vec();
    let least6 = marked6::datagram(17, 1, 2, &[7; 1240]).data().to_vec();
    for ends in [Ends::V4([192, 0, 2, 1], [192, 0, 2, 2]), Ends::V6([1; 16], [2; 16])] {
        assert_eq!(way(ends, &LINK, &datagram(false, 1400)), 0, "its fragments go");
        assert_eq!(way(ends, &LINK, &datagram(true, 1400)), 1, "its sender is told");
        assert_eq!(way(ends, &LINK6, &long6), 1, "its sender is told");
        assert_eq!(way(ends, &LINK6, &least6), 2, "it needs a tunnel that fragments");
        let fragments = outer_fragments(ends, &least6);
        assert!(fragments.len() == 2 && fragments.iter().all(|fragment| fragment.len() <= MTU));
    }
}
