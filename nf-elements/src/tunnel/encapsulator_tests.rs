// SPDX-License-Identifier: Apache-2.0
//! Into a tunnel and out of it again.

use super::*;
use crate::elements::path_mtu::{Path, PathMtu};
use crate::elements::{marked, marked6};
use crate::testing::packet;
use crate::tunnel::{Decapsulator, DontFragment, Opened, Refusal, Udp};
use crate::wire::checksum::Sum;
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv6::Ipv6;

const V4: Ends = Ends::V4([192, 0, 2, 1], [198, 51, 100, 1]);
const V6: Ends = Ends::V6([0x20; 16], [0x21; 16]);
const UDP: Udp = Udp { source: None, destination: 4789, checksum: true };

fn underlay(ends: Ends, udp: Option<Udp>) -> Underlay {
    Underlay { ends, protocol: 47, udp, ttl: 9, dscp: None, dont_fragment: DontFragment::Copied, identification: 0 }
}

/// A frame whose IP packet has DSCP 46, ECT(1) and DF.
fn frame() -> Packet {
    let mut datagram = marked::datagram(17, [10, 0, 0, 1], [10, 0, 0, 2], &[0, 7, 0, 8, 0, 9, 0, 0, 0]);
    let header: &mut [u8; 20] = datagram.data_mut().first_chunk_mut().unwrap();
    (header[1], header[6]) = (0xb9, 0x40);
    header[10..12].fill(0);
    let checksum = Sum::new().with_20(header).checksum();
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    packet(&[&[2; 12], [8, 0].as_slice(), datagram.data()].concat())
}

fn open(packet: &Packet, udp: bool) -> Result<Opened, Refusal> {
    let decapsulator = Decapsulator::new(if udp { &[17] } else { &[47] }, true, false);
    if udp { decapsulator.open_udp(packet).map(|(opened, _)| opened) } else { decapsulator.open(packet) }
}

#[test]
fn what_is_put_in_comes_out() {
    for ends in [V4, V6] {
        for udp in [None, Some(UDP), Some(Udp { source: Some(5), checksum: false, ..UDP })] {
            let (mut encapsulator, mut packet) = (Encapsulator::new(underlay(ends, udp), 1500, false), frame());
            let inner = packet.data().to_vec();
            assert_eq!(encapsulator.wrap(&mut packet, Inner::Ethernet, b"header"), Some(0));
            let opened = open(&packet, udp.is_some()).unwrap();
            assert_eq!((&packet.data()[opened.at..opened.at + 6], opened.ecn), (b"header".as_slice(), 1));
            assert_eq!(opened.end, packet.len());
            let decapsulator = Decapsulator::new(&[], true, false);
            decapsulator.take_out(&mut packet, opened, opened.at + 6, Inner::Ethernet).unwrap();
            assert_eq!(packet.data(), inner);
            assert_eq!(usize::from(packet.annotations().mac_offset), packet.headroom());
        }
    }
}

#[test]
fn outer_fields_are_the_inner_ones() {
    let mut encapsulator = Encapsulator::new(underlay(V4, Some(UDP)), 1500, false);
    let mut packet = frame();
    encapsulator.wrap(&mut packet, Inner::Ethernet, &[]).unwrap();
    let header = Ipv4::new_checked(packet.network()).unwrap();
    assert!(header.is_header_intact() && header.dont_fragment());
    assert_eq!((header.dscp(), header.ecn(), header.time_to_live()), (46, 1, 9));
    assert_eq!(packet.annotations().destination_ipv4(), [198, 51, 100, 1]);
    let hash = packet.annotations().flow_hash;
    let ports = u32::from_be_bytes(*packet.transport_chunk().unwrap());
    assert_eq!(ports, (0xc000 | hash >> 18) << 16 | 4789);

    let mut fixed = Encapsulator::new(Underlay { dscp: Some(10), ..underlay(V6, None) }, 1500, false);
    let mut packet = frame();
    fixed.wrap(&mut packet, Inner::Ethernet, &[]).unwrap();
    let header = Ipv6::new_checked(packet.network()).unwrap();
    assert_eq!((header.traffic_class(), header.flow_label(), header.hop_limit()), (10 << 2 | 1, hash >> 12, 9));
    assert_eq!(packet.annotations().destination, [0x21; 16]);
}

#[test]
fn too_big_and_no_room_are_told_apart() {
    let mut dropping = Encapsulator::new(underlay(V4, None), 70, false);
    let mut diverting = Encapsulator::new(underlay(V4, None), 70, true);
    let (small, big) = (|| packet(&[0; 46]), || packet(&[0; 47]));
    assert_eq!(dropping.wrap(&mut small(), Inner::Opaque, &[0; 4]), Some(0));
    assert_eq!(dropping.wrap(&mut big(), Inner::Opaque, &[0; 4]), None);
    let mut same = big();
    assert_eq!(diverting.wrap(&mut same, Inner::Opaque, &[0; 4]), Some(1));
    assert_eq!((same.data(), same.extra_length()), ([0; 47].as_slice(), 1), "as it came");
    let mut full = packet(&[]);
    assert!(full.push_front(crate::HEADROOM_BYTES - 10));
    full.truncate(4);
    assert_eq!(dropping.wrap(&mut full, Inner::Opaque, &[0; 4]), None);
    let read = |encapsulator: &Encapsulator, name| {
        let mut text = String::new();
        encapsulator.read_handler(name, &mut text).unwrap();
        text
    };
    assert_eq!((read(&dropping, "too_big"), read(&dropping, "no_headroom")), ("1".into(), "1".into()));
    assert_eq!(read(&diverting, "too_big"), "0");
}

#[test]
fn an_end_keeps_its_version() {
    let mut encapsulator = Encapsulator::new(underlay(V6, None), 1500, false);
    assert_eq!(encapsulator.write_handler("dst", "1.2.3.4"), Err(HandlerError::BadValue));
    encapsulator.write_handler("dst", " 2001:db8::9 ").unwrap();
    let mut text = String::new();
    encapsulator.read_handler("dst", &mut text).unwrap();
    assert_eq!(text, "2001:db8::9");
}

#[test]
fn what_is_wrong_outside_is_refused() {
    let wrapped = |ends, udp| {
        let mut packet = frame();
        Encapsulator::new(underlay(ends, udp), 1500, false).wrap(&mut packet, Inner::Ethernet, &[]).unwrap();
        packet
    };
    for ends in [V4, V6] {
        let mut packet = wrapped(ends, Some(UDP));
        let last = packet.len() - 1;
        packet.data_mut()[last] ^= 1;
        assert_eq!(open(&packet, true), Err(Refusal::Checksum), "{ends:?}");
        assert_eq!(open(&wrapped(ends, Some(UDP)), false), Err(Refusal::NotOurs));
    }
    let mut fragment = wrapped(V4, None);
    fragment.data_mut()[6] = 0x20;
    assert_eq!(open(&fragment, false), Err(Refusal::Fragment));
    let fragment6 = marked6::datagram(44, 1, 2, &[47, 0, 0, 1, 0, 0, 0, 0, 1]);
    assert_eq!(open(&fragment6, false), Err(Refusal::Fragment), "the first one");
    assert_eq!(open(&packet(&[0x45; 60]), false), Err(Refusal::NotOurs), "nothing is marked");
}

#[test]
fn marks_on_the_way_come_in() {
    for (tos, outer, wanted) in [(0xb8, 3, None), (0xb9, 3, Some(0xbb)), (0xb8, 1, Some(0xb8)), (0xba, 1, Some(0xb9))] {
        let mut packet = frame();
        packet.set_network(14, 20);
        marked::header_mut(&mut packet).unwrap().replace_type_of_service(tos);
        let decapsulator = Decapsulator::new(&[47], true, false);
        let opened = Opened { at: 0, end: packet.len(), ecn: outer };
        let result = decapsulator.take_out(&mut packet, opened, 0, Inner::Ethernet);
        assert_eq!(result.ok().map(|()| Inner::Ethernet.fields(packet.data()).tos), wanted, "{tos:x} {outer}");
        assert!(Ipv4::new_checked(&packet.data()[14..]).unwrap().is_header_intact());
    }
}

#[test]
fn a_known_path_lowers_the_mtu_while_it_is_known() {
    let mut paths = PathMtu::new(100);
    paths.lend(Box::leak(Box::new([Path::EMPTY, Path::EMPTY])));
    let mut encapsulator = Encapsulator::new(underlay(V4, None), 1500, true);
    let mut room = |paths: &PathMtu, now| {
        encapsulator.follow(paths, now);
        encapsulator.room(4)
    };
    assert_eq!(room(&paths, 0), 1476);
    assert!(paths.lower([198, 51, 100, 1].into(), 1400, 0) && paths.lower([198, 51, 100, 2].into(), 1300, 0));
    assert_eq!([room(&paths, 0), room(&paths, 99), room(&paths, 100)], [1376, 1376, 1476]);
    encapsulator.write_handler("dst", "198.51.100.2").unwrap();
    encapsulator.follow(&paths, 50);
    assert_eq!(encapsulator.room(4), 1276, "another end, another path");
}
