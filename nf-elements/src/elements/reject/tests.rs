// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::testing::{ListIo, packet, read};
use crate::wire::checksum::Sum;
use crate::wire::icmpv6::Icmpv6;
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv6::Ipv6;
use crate::wire::tcp::{Tcp, flag};

const LINK: [u8; 14] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];

/// A frame with this IP packet, whose header is marked.
fn frame(ip: &[u8]) -> Packet {
    let mut packet = packet(&[&LINK, ip].concat());
    packet.set_network(14, if ip[0] >> 4 == 4 { 20 } else { 40 });
    packet
}

fn ipv4(protocol: u8, flags: u8, destination: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let length = 20 + payload.len() as u8;
    let header = [0x45, 0, 0, length, 0, 1, flags, 0, 64, protocol, 0, 0, 10, 0, 0, 1];
    [&header[..], &destination, payload].concat()
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let address = |host: u8| [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host];
    [&[0x60, 0, 0, 0, 0, payload.len() as u8, next, 64][..], &address(1), &address(2), payload].concat()
}

fn segment(flags: u8) -> Vec<u8> {
    vec![0, 9, 0, 80, 0, 0, 0, 5, 0, 0, 0, 7, 0x50, flags, 16, 0, 0, 0, 0, 0, b'h', b'i']
}

/// What a named answer makes of a packet, and what it counts of it.
fn answer(with: &str, ip: &[u8]) -> (Option<Packet>, [String; 3]) {
    let answer = crate::rejection::NAMES.iter().find(|(name, _)| *name == with).unwrap().1;
    let (mut reject, mut packet) = (Reject::new(answer), frame(ip));
    let verdict = reject.action(&mut ListIo::new(1), &mut packet);
    let counts = ["answered", "not_answered", "no_room"].map(|name| read(&reject, name));
    ((verdict == Verdict::Pass).then_some(packet), counts)
}

const SERVER: [u8; 4] = [10, 0, 0, 2];

#[test]
fn an_error_goes_back_in_the_name_of_the_destination() {
    for (with, code) in [("port-unreachable", 3), ("admin-prohibited", 13), ("no-route", 0)] {
        let refused = ipv4(17, 0, SERVER, &[0, 9, 0, 53, 0, 8, 0, 0]);
        let (answer, counts) = answer(with, &refused);
        let answer = answer.unwrap();
        assert_eq!(counts, ["1", "0", "0"]);
        assert_eq!(answer.data()[..14], [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]);
        let header = Ipv4::new_checked(&answer.data()[14..]).unwrap();
        assert_eq!((header.source(), header.destination()), (u32::from_be_bytes(SERVER), 0x0a00_0001));
        assert_eq!(Sum::new().with(&answer.data()[14..34]).checksum(), 0);
        let message = header.payload();
        assert_eq!((message[0], message[1], &message[8..]), (3, code, &refused[..]));
        assert_eq!(Sum::new().with(message).checksum(), 0);
    }
}

#[test]
fn ipv6_has_its_codes() {
    for (with, code) in [("port-unreachable", 4), ("policy-fail", 5), ("host-unreachable", 3)] {
        let refused = ipv6(17, &[0, 9, 0, 53, 0, 8, 0, 0]);
        let answer = answer(with, &refused).0.unwrap();
        let header = Ipv6::new_checked(&answer.data()[14..]).unwrap();
        assert_eq!((header.source() as u8, header.destination() as u8), (2, 1));
        let message = Icmpv6::new_checked(header.payload()).unwrap();
        assert!(message.is_intact(header.source(), header.destination()));
        assert_eq!((header.payload()[0], header.payload()[1], &header.payload()[8..]), (1, code, &refused[..]));
    }
}

#[test]
fn a_segment_is_reset() {
    for (flags, expected) in [
        (flag::SYN, (0, 5 + 1 + 2, flag::RST | flag::ACK)),
        (flag::ACK, (7, 0, flag::RST)),
        (flag::ACK | flag::FIN, (7, 0, flag::RST)),
    ] {
        let answer = answer("tcp-reset", &ipv4(6, 0, SERVER, &segment(flags))).0.unwrap();
        let header = Ipv4::new_checked(&answer.data()[14..]).unwrap();
        assert_eq!(header.source(), u32::from_be_bytes(SERVER));
        let tcp = Tcp::new_checked(header.payload()).unwrap();
        assert_eq!((tcp.sequence_number(), tcp.acknowledgment_number(), tcp.flags()), expected);
        assert_eq!((tcp.source_port(), tcp.destination_port()), (80, 9));
    }
}

#[test]
fn nothing_answers_what_deserves_none() {
    let datagram = [0, 9, 0, 53, 0, 8, 0, 0];
    let silent = [
        ("port-unreachable", ipv4(1, 0, SERVER, &[3, 1, 0, 0, 0, 0, 0, 0])),
        ("port-unreachable", ipv4(17, 0, [224, 0, 0, 1], &datagram)),
        ("port-unreachable", ipv4(17, 1, SERVER, &datagram)),
        ("port-unreachable", ipv6(58, &[1, 0, 0, 0, 0, 0, 0, 0])),
        ("tcp-reset", ipv4(17, 0, SERVER, &datagram)),
        ("tcp-reset", ipv4(6, 0, SERVER, &segment(flag::RST))),
    ];
    for (with, refused) in silent {
        let (answer, counts) = answer(with, &refused);
        assert!(answer.is_none() && counts == ["0", "1", "0"], "{with} {refused:?} {counts:?}");
    }
    let asked = ipv4(1, 0, SERVER, &[8, 0, 0, 0, 0, 0, 0, 0]);
    assert!(answer("port-unreachable", &asked).0.is_some(), "a question of ICMP is answered");
}

#[test]
fn packets_without_a_link_are_answered_without_one() {
    let mut packet = packet(&ipv4(17, 0, SERVER, &[0, 9, 0, 53, 0, 8, 0, 0]));
    packet.set_network(0, 20);
    let mut reject = Reject::new(crate::rejection::NAMES[0].1);
    assert_eq!(reject.action(&mut ListIo::new(1), &mut packet), Verdict::Pass);
    assert_eq!((packet.data()[0], packet.len()), (0x45, 20 + 8 + 28));
}

#[test]
fn tags_stay_in_front() {
    let tagged = [&LINK[..12], &[0x81, 0, 0, 7, 8, 0], &ipv4(6, 0, SERVER, &segment(flag::SYN))].concat();
    for (_, answer) in crate::rejection::NAMES {
        let mut packet = packet(&tagged);
        packet.set_network(18, 20);
        assert_eq!(Reject::new(answer).action(&mut ListIo::new(1), &mut packet), Verdict::Pass, "{answer:?}");
        assert_eq!(packet.data()[..19], [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 7, 8, 0, 0x45], "{answer:?}");
    }
}

#[test]
fn damaged_packets_never_panic() {
    for ip in [ipv4(6, 0, SERVER, &segment(flag::SYN)), ipv6(6, &segment(flag::SYN))] {
        crate::wire::mutation::for_each(&ip, |bytes| {
            for with in ["port-unreachable", "tcp-reset"] {
                if bytes.len() >= 40 {
                    answer(with, bytes);
                }
            }
        });
    }
}
