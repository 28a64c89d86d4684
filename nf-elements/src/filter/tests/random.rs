// SPDX-License-Identifier: Apache-2.0
//! Random rules and packets: the diagram decides as the reference does.

use super::{Datagram, Random, walk};
use crate::Packet;
use crate::filter::ast::Pattern;
use crate::filter::{NO_MATCH, compile_rules, parse_pattern, reference};

const ADDRESSES: [&str; 6] = ["10.0.0.1", "10.0.0.2", "10.0.1.7", "192.0.2.9", "172.16.5.5", "10.0.0.255"];
const PREFIXES: [&str; 6] =
    ["10.0.0.0/8", "10.0.0.0/30", "192.0.2.8/29", "0.0.0.0/0", "10.0.1.7/32", "10.0.0.0/255.0.255.0"];
const PORTS: [u16; 8] = [0, 22, 53, 80, 443, 1024, 5000, 65535];
const OPERATORS: [&str; 7] = ["", "==", "!=", "<", "<=", ">", ">="];

fn test(random: &mut Random) -> String {
    let direction = random.choose(&["", "src ", "dst ", "src or dst ", "src and dst "]);
    let operator = random.choose(&OPERATORS);
    let equal = random.choose(&OPERATORS[..3]);
    let protocol = random.choose(&["", "tcp ", "udp "]);
    match random.below(14) {
        0 => format!("{direction}host {equal} {}", random.choose(&ADDRESSES)),
        1 | 2 => format!("{direction}net {}", random.choose(&PREFIXES)),
        3 | 4 => format!("{direction}{protocol}port {operator} {}", random.choose(&PORTS)),
        5 => format!("{direction}{protocol}port {equal} {}-{}", random.choose(&PORTS[..4]), random.choose(&PORTS[4..])),
        6 => random
            .choose(&["tcp", "udp", "icmp", "ip proto 47", "ip proto > 6", "tcpudp", "ip frag", "ip unfrag", "true"])
            .into(),
        7 => format!("tcp opt {}", random.choose(&["syn", "ack", "fin", "18"])),
        8 => format!("icmp type {operator} {}", random.choose(&["0", "8", "3"])),
        9 => format!("ip ttl {operator} {}", random.choose(&["1", "64", "255", "0"])),
        10 => format!("{} {operator} {}", random.choose(&["ip tos", "ip id", "ip dscp", "ip ecn"]), random.below(4)),
        11 => masked(random, operator),
        12 => format!("vlan {equal} {}", random.choose(&[100, 101])),
        _ => format!("ip hl {operator} {}", random.choose(&[5, 6, 7])),
    }
}

/// A comparison under a mask; `==` only with values that the mask allows.
fn masked(random: &mut Random, operator: &str) -> String {
    let field = random.choose(&[
        "ip[12:4]",
        "transp[0:4]",
        "transp[13]",
        "tcp[12:4]",
        "ip[20:4]",
        "src port",
        "transp[6:2]",
        "ip[36:2]",
    ]);
    let mask = random.choose(&[0xf0, 0x5a, 0x3, 0x80, 0x12, 0xff]);
    let value = random.choose(&[0, 0x10, 0x5a, 0x2, 0x80, 0x50]);
    let value = if ["", "==", "!="].contains(&operator) { value & mask } else { value };
    format!("{field} & {mask} {operator} {value}")
}

pub(super) fn pattern(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return test(random);
    }
    let mut part = || pattern(random, depth - 1);
    let (a, b, c) = (part(), part(), part());
    match random.below(6) {
        0 => format!("({a}) or ({b})"),
        1 => format!("not ({a})"),
        2 => format!("({a}) ? ({b}) : ({c})"),
        3 => a,
        _ => format!("({a}) and ({b})"),
    }
}

fn datagram(random: &mut Random) -> Datagram {
    let address = |random: &mut Random| random.choose(&ADDRESSES).parse::<std::net::Ipv4Addr>().unwrap().octets();
    let (source_port, destination_port) = (random.choose(&PORTS), random.choose(&PORTS));
    let mut datagram = Datagram::tcp(source_port, destination_port, random.choose(&[0, 2, 0x12, 0x11, 0xff]));
    datagram.protocol = random.choose(&[6, 6, 6, 17, 17, 1, 47]);
    if datagram.protocol == 1 {
        datagram.payload[0] = random.choose(&[0, 3, 8]);
    }
    (datagram.source, datagram.destination) = (address(random), address(random));
    datagram.tos = random.below(8) as u8;
    datagram.ttl = random.choose(&[0, 1, 64, 255]);
    datagram.id = random.below(5) as u16;
    datagram.fragment = random.choose(&[0, 0, 0, 0x4000, 0x2000, 1, 0x2001, 0x100, 0x1fff]);
    datagram.options = vec![random.below(256) as u8; random.choose(&[0, 0, 4, 8])];
    if random.below(3) == 0 {
        datagram.payload.truncate(random.below(21));
    }
    if random.below(3) == 0 {
        datagram.link.splice(
            12..12,
            [random.choose(&[0x81, 0x88]), random.choose(&[0, 0xa8]), 0x20, random.choose(&[100, 101])],
        );
    }
    datagram
}

/// A packet: mostly a good one, sometimes with bytes changed, or cut anywhere.
pub(super) fn random_packet(random: &mut Random) -> Packet {
    let mut packet = datagram(random).packet();
    for _ in 0..random.choose(&[0, 0, 0, 1, 5]) {
        let at = random.below(packet.len());
        packet.data_mut()[at] = random.below(256) as u8;
    }
    if random.below(8) == 0 {
        packet.truncate(random.below(50));
    }
    packet
}

pub(super) fn first_match(rules: &[(Pattern, u16)], packet: &Packet) -> u16 {
    rules.iter().find(|rule| reference::matches(&rule.0, packet)).map_or(NO_MATCH, |rule| rule.1)
}

/// A pattern of Classifier for bytes below 3.
pub(super) fn random_clauses(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..1 + random.below(3) {
        let (not, offset) = (random.choose(&["", "", "!"]), random.below(10));
        let value = random.choose(&["01", "0?", "0100", "0001000100", "??01"]);
        let mask = if random.below(3) == 0 { format!("%{}", &"015a0fff01"[..value.len()]) } else { String::new() };
        text += &format!("{not}{offset}/{value}{mask} ");
    }
    text
}

#[test]
fn the_diagram_decides_as_the_reference() {
    let mut random = Random(2026);
    let mut leaves = [0; 5];
    // A million decisions, where they are fast.
    for round in 0..if cfg!(debug_assertions) { 600 } else { 10_000 } {
        let count = 1 + random.below(if round % 10 == 0 { 40 } else { 8 });
        let texts: Vec<_> = (0..count).map(|_| pattern(&mut random, 1 + round % 2)).collect();
        let rules: Vec<_> =
            texts.iter().map(|text| parse_pattern(text).unwrap_or_else(|e| panic!("{text}: {e:?}"))).collect();
        let rules: Vec<_> = rules.into_iter().map(|pattern| (pattern, random.below(4) as u16)).collect();
        let diagram = compile_rules(rules.iter().map(|(pattern, leaf)| (pattern, *leaf))).unwrap().leak();
        for _ in 0..100 {
            let packet = random_packet(&mut random);
            if packet.network().len() < 20 {
                continue;
            }
            let leaf = first_match(&rules, &packet);
            assert_eq!(walk(diagram, &packet), leaf, "{texts:#?}\n{:02x?}\n{diagram}", packet.network());
            leaves[usize::from(leaf).min(4)] += 1;
        }
    }
    assert!(leaves.iter().all(|&count| count > 1000), "packets should reach every leaf: {leaves:?}");
}
