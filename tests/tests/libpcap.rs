// SPDX-License-Identifier: Apache-2.0
//! Patterns that Click's language and libpcap's share, decided by our diagrams and by libpcap's own compiler and machine.

use nf_elements::elements::IpFilter;
use nf_elements::filter::{compile_rules, parse_rule};
use nf_elements::testing::{ListIo, packet};
use nf_elements::wire::checksum::Sum;
use nf_elements::{Packet, Route};
use pcap::{Capture, Linktype};

const ADDRESSES: [&str; 6] = ["10.0.0.1", "10.0.0.2", "10.0.1.7", "192.0.2.9", "172.16.5.5", "10.0.0.255"];
const NETS: [&str; 5] = ["10.0.0.0/8", "10.0.0.0/30", "192.0.2.8/29", "10.0.1.0/24", "10.0.1.7/32"];
const PORTS: [u16; 8] = [1, 22, 53, 80, 443, 1024, 5000, 65535];
const RULES: usize = 2000;
const PACKETS: usize = 500;

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    fn choose<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }
}

/// A test that is written and means the same in both languages.
fn test(random: &mut Random) -> String {
    let direction = random.choose(&["src", "dst", "src or dst", "src and dst"]);
    match random.below(8) {
        0 => format!("{direction} host {}", random.choose(&ADDRESSES)),
        1 | 2 => format!("{direction} net {}", random.choose(&NETS)),
        3 | 4 => format!("{} {direction} port {}", random.choose(&["tcp", "udp"]), random.choose(&PORTS)),
        5 => random.choose(&["tcp", "udp", "icmp"]).into(),
        6 => format!("ip proto {}", random.choose(&[1, 6, 17, 47])),
        _ => {
            let (offset, mask) = (random.choose(&[1, 5, 8, 9, 15]), random.choose(&[0xff, 0x0f, 0x41]));
            // Click refuses values that the mask can never give.
            let value = random.choose(&[0, 1, 6, 17, 64]) & mask;
            let operator = random.choose(&["=", "!=", ">", "<", ">=", "<="]);
            format!("ip[{offset}:1] & {mask:#x} {operator} {value}")
        }
    }
}

fn pattern(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return test(random);
    }
    let (a, b) = (pattern(random, depth - 1), pattern(random, depth - 1));
    match random.below(5) {
        0 => format!("({a}) or ({b})"),
        1 => format!("not ({a})"),
        2 => a,
        _ => format!("({a}) and ({b})"),
    }
}

/// A whole Ethernet frame, its transport header long enough for either language to look into.
fn frame(random: &mut Random) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    let mut header = vec![0x45, random.choose(&[0, 4, 65]), 0, 44, 0, random.choose(&[0, 1, 64]), 0, 0];
    header.extend([random.choose(&[1, 64, 255]), random.choose(&[1, 6, 6, 17, 17, 47]), 0, 0]);
    let fragment: u16 = random.choose(&[0, 0, 0, 0, 0x2000, 0x4000, 1, 0x2001]);
    header[6..8].copy_from_slice(&fragment.to_be_bytes());
    for _ in 0..2 {
        header.extend(random.choose(&ADDRESSES).parse::<std::net::Ipv4Addr>().unwrap().octets());
    }
    let checksum = Sum::new().with(&header).checksum();
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    frame.extend(header);
    for _ in 0..2 {
        frame.extend(random.choose(&PORTS).to_be_bytes());
    }
    frame.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    frame
}

/// The frame with its headers known, as IPFilter expects it.
fn marked(frame: &[u8]) -> Packet {
    let mut packet = packet(frame);
    assert!(packet.pull_front(14));
    packet.set_network(0, 20);
    packet
}

#[test]
fn a_million_decisions_are_those_of_libpcap() {
    let ethernet = Capture::dead(Linktype::ETHERNET).unwrap();
    let (mut random, mut io, mut passed) = (Random(2026), ListIo::new(0), 0);
    for round in 0..RULES {
        let text = pattern(&mut random, 1 + round % 3);
        // Without its optimiser, which refuses patterns that can never match.
        let theirs = ethernet.compile(&format!("ip and ({text})"), false).unwrap_or_else(|e| panic!("{text}: {e}"));
        let rules = [format!("allow {text}"), "deny all".into()];
        let rules = rules.map(|rule| parse_rule(&rule, 2000).unwrap_or_else(|e| panic!("{rule}: {e:?}")));
        let tables = compile_rules(rules.iter().map(|rule| (&rule.pattern, rule.action.leaf()))).unwrap();
        let mut ours = IpFilter::new(2, tables.leak());
        for _ in 0..PACKETS {
            let frame = frame(&mut random);
            let passes = ours.route(&mut io, 0, &mut marked(&frame)) == Some(0);
            assert_eq!(passes, theirs.filter(&frame), "allow {text}\n{frame:02x?}");
            passed += usize::from(passes);
        }
    }
    assert!((RULES * PACKETS / 10..RULES * PACKETS * 9 / 10).contains(&passed), "{passed} passed: a dull test");
}
