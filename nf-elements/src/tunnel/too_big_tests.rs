// SPDX-License-Identifier: Apache-2.0
//! Tests of what becomes of packets that cannot go on.

use super::*;
use crate::elements::{marked, marked6};
use crate::testing::{ListIo, packet};
use crate::wire::icmp::Icmp;
use crate::wire::icmpv6::Icmpv6;

const A: [u8; 6] = [2, 0, 0, 0, 0, 0xa];
const B: [u8; 6] = [2, 0, 0, 0, 0, 0xb];

fn frame(tag: &[u8], ethertype: [u8; 2], ip: &[u8]) -> Packet {
    packet(&[B.as_slice(), &A, tag, &ethertype, ip].concat())
}

fn datagram(flags: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = marked::datagram(17, [10, 0, 0, 1], [10, 0, 0, 2], payload).data().to_vec();
    let mut header = Ipv4Mut::new(&mut bytes).unwrap();
    header.set_flags_and_offset(flags);
    header.fill_header_checksum();
    bytes
}

#[test]
fn the_sender_of_an_ipv4_packet_is_told() {
    let about = datagram(0x4000, &[7; 900]);
    for tag in [[].as_slice(), &[0x81, 0, 0, 5]] {
        let mut frame = frame(tag, [8, 0], &about);
        assert!(answer_frame(&mut frame, Problem::TooBig(1450), 0));
        let at = 14 + tag.len();
        assert_eq!(frame.data()[..at], [A.as_slice(), &B, tag, &[8, 0]].concat());
        let ip = Ipv4::new_checked(&frame.data()[at..]).unwrap();
        assert!(ip.is_header_intact());
        assert_eq!((ip.source(), ip.destination(), ip.total_length()), (0x0a00_0002, 0x0a00_0001, 576));
        let icmp = Icmp::new_checked(ip.payload()).unwrap();
        assert!(icmp.is_intact());
        assert_eq!(ip.payload()[..2], [3, 4]);
        assert_eq!(ip.payload()[4..8], [0, 0, 5, 0xaa]);
        assert_eq!(icmp.payload(), &about[..548]);
    }
}

#[test]
fn the_sender_of_an_ipv6_packet_is_told() {
    let about = marked6::datagram(17, 1 << 64, 2 << 64, &[7; 1400]).data().to_vec();
    let mut frame = frame(&[], [0x86, 0xdd], &about);
    assert!(answer_frame(&mut frame, Problem::TooBig(1430), 0));
    let ip = Ipv6::new_checked(&frame.data()[14..]).unwrap();
    assert_eq!((ip.source(), ip.destination(), ip.payload_length()), (2 << 64, 1 << 64, 536));
    let message = Icmpv6::new_checked(ip.payload()).unwrap();
    assert!(message.is_intact(2 << 64, 1 << 64));
    assert_eq!((message.message_type(), message.rest()), (Type::PacketTooBig, 1430));
    assert_eq!(message.payload(), &about[..528]);
}

#[test]
fn nobody_is_told_less_than_the_least_mtu() {
    let mut v4 = packet(&datagram(0x4000, &[7; 900]));
    assert!(answer(&mut v4, Problem::TooBig(50), 0));
    assert_eq!(v4.data()[26..28], [0, 68]);
    let mut v6 = packet(marked6::datagram(17, 1 << 64, 2 << 64, &[7; 1241]).data());
    assert!(answer(&mut v6, Problem::TooBig(1000), 0));
    assert_eq!(v6.data()[44..48], 1280u32.to_be_bytes());
    let mut short = packet(marked6::datagram(17, 1 << 64, 2 << 64, &[7; 1240]).data());
    assert!(!answer(&mut short, Problem::TooBig(1000), 0), "nor about what is no longer");
    assert!(answer(&mut short, Problem::HopLimit, 0));
}

#[test]
fn a_router_answers_for_itself() {
    let mut v4 = packet(&datagram(0, b"x"));
    assert!(answer(&mut v4, Problem::HopLimit, 0x0a00_00fe));
    let ip = Ipv4::new_checked(v4.data()).unwrap();
    assert_eq!((ip.source(), ip.payload()[..2].to_vec()), (0x0a00_00fe, vec![11, 0]));
    let mut v6 = packet(marked6::datagram(17, 1 << 64, 2 << 64, b"x").data());
    assert!(answer(&mut v6, Problem::NoHost, 9));
    let ip = Ipv6::new_checked(v6.data()).unwrap();
    assert_eq!((ip.source(), ip.payload()[..2].to_vec()), (9, vec![1, 3]));
}

#[test]
fn some_deserve_no_answer() {
    let error = marked::datagram(1, [10, 0, 0, 1], [10, 0, 0, 2], &[3, 0, 0, 0, 0, 0, 0, 0]).data().to_vec();
    let group = marked::datagram(17, [10, 0, 0, 1], [224, 0, 0, 1], b"x").data().to_vec();
    let nobody = marked::datagram(17, [0; 4], [10, 0, 0, 2], b"x").data().to_vec();
    for (about, why) in [(error, "error"), (group, "group"), (nobody, "nobody"), (datagram(1, b"x"), "fragment")] {
        assert!(!answer_frame(&mut frame(&[], [8, 0], &about), Problem::NoRoute, 0), "{why}");
    }
    let mut to_all = packet(&[[0xff; 6].as_slice(), &A, &[8, 0], &datagram(0, b"x")].concat());
    assert!(!answer_frame(&mut to_all, Problem::TooBig(1400), 0));
    for length in 0..40 {
        let bytes = [B.as_slice(), &A, &[8, 0], &datagram(0, &[1; 10])].concat();
        assert!(!answer_frame(&mut packet(&bytes[..length]), Problem::TooBig(1400), 0), "{length}");
    }
}

#[test]
fn fragments_are_the_packet() {
    let payload: Vec<u8> = (0..200).collect();
    for (flags, last) in [(0, 0), (0x2000 | 5, MORE)] {
        let whole = frame(&[0x81, 0, 0, 5], [8, 0], &datagram(flags, &payload));
        let (mut io, mut got, mut places) = (ListIo::new(0), Vec::new(), Vec::new());
        assert!(fragment(&mut io, Inner::Ethernet, &whole, 100, |_, fragment| {
            let fragment = fragment.unwrap();
            assert_eq!(fragment.data()[..18], whole.data()[..18]);
            let ip = Ipv4::new_checked(&fragment.data()[18..]).unwrap();
            assert!(ip.is_header_intact() && ip.total_length() <= 100);
            got.extend_from_slice(ip.payload());
            places.push((ip.fragment_offset(), ip.more_fragments()));
        }));
        let first = (flags & 0x1fff) * 8;
        assert_eq!((got, places), (payload.clone(), vec![(first, true), (first + 80, true), (first + 160, last != 0)]));
    }
}

#[test]
fn what_may_not_be_fragmented_is_not() {
    let mut io = ListIo::new(0);
    for (bytes, most) in [(datagram(0x4000, &[1; 99]), 50), (datagram(0, &[1; 99]), 27), (vec![0x60; 99], 50)] {
        assert!(!fragment(&mut io, Inner::Ethernet, &frame(&[], [8, 0], &bytes), most, |_, _| panic!("no fragment")));
    }
    io.buffers = Some(1);
    let mut lost = 0;
    assert!(fragment(&mut io, Inner::Ethernet, &frame(&[], [8, 0], &datagram(0, &[1; 99])), 100, |_, got| lost +=
        u32::from(got.is_none())));
    assert_eq!(lost, 1);
}
