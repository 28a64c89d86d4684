// SPDX-License-Identifier: Apache-2.0
//! What holds for all packets.

use super::super::ICMP;
use super::*;
use crate::elements::icmp_ping_rewriter::Ping;
use crate::elements::ip_addr_pair_rewriter::AddressPair;
use crate::elements::ip_addr_rewriter::Address;
use crate::elements::ip_rewriter::Both;
use crate::elements::tcp_rewriter::Tcp;
use crate::elements::udp_rewriter::Udp;
use crate::elements::{IpAddrRewriter, IpRewriter};

/// Numbers that look random, the same in each run (xorshift64*).
pub(super) struct Random(pub u64);

impl Random {
    pub(super) fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    fn id(&mut self) -> FlowId {
        FlowId {
            source: 0x0a00_0000 + self.next() % 50,
            destination: 0xc000_0000 + self.next() % 4,
            source_port: (self.next() % 40) as u16,
            destination_port: (self.next() % 3) as u16,
        }
    }
}

/// Sends packets and answers each: they come out with right checksums, and the answer for whom sent the packet.
fn there_and_back<K: Kind>(mut nat: Rewriter<K, 2>, protocols: &[u8]) {
    let (mut random, mut io) = (Random(7), ListIo::new(0));
    for round in 0..6_000 {
        io.now_ns += 1_000_000 * u64::from(random.next() % 50);
        let (id, payload) = (random.id(), [random.next() as u8; 5]);
        let protocol = protocols[round % protocols.len()];
        let length = random.next() as usize % 6;
        let Some((0, out)) = pass(&mut nat, &mut io, 0, datagram(protocol, &id, &payload[..length])) else { panic!() };
        let mut back = datagram(protocol, &out.reversed(), &payload[..length]);
        if protocol == ICMP {
            // The answer to an echo has its identifier; its type makes the sum 0x0800 less.
            back = datagram(protocol, &FlowId { source_port: out.source_port, ..out.reversed() }, &payload[..length]);
            let message = back.transport_mut();
            message[0] = 0;
            let checksum = crate::wire::checksum::adjust(u16::from_be_bytes([message[2], message[3]]), 0x0800, 0);
            message[2..4].copy_from_slice(&checksum.to_be_bytes());
        }
        let Some((1, answer)) = pass(&mut nat, &mut io, 1, back) else { panic!("{out}") };
        assert_eq!((answer.destination, answer.source), (id.source, id.destination), "{id} {out} {answer}");
        match protocol {
            TCP | UDP => assert_eq!(answer, id.reversed()),
            ICMP => assert_eq!(answer.source_port, id.source_port),
            _ => {}
        }
    }
    assert!(nat.table.size() <= 1000 && nat.table.size() > 100, "{}", nat.table.size());
}

#[test]
fn what_is_answered_comes_back() {
    const EQUAL: [u32; AGES] = [300; AGES];
    let napt = ["pattern 192.0.2.1 1024-65535 - - 0 1", "drop"];
    there_and_back::<Both>(rewriter(napt, 1000, EQUAL, 0), &[TCP, UDP]);
    there_and_back::<Tcp>(rewriter(napt, 1000, EQUAL, 0), &[TCP]);
    there_and_back::<Udp>(rewriter(napt, 1000, EQUAL, 0), &[UDP]);
    there_and_back::<Ping>(rewriter(["pattern 192.0.2.1 - 0-65535? 0 1", "drop"], 1000, EQUAL, 0), &[ICMP]);
    there_and_back::<AddressPair>(rewriter(["pattern 192.0.0.0/16 - 0 1", "drop"], 1000, EQUAL, 0), &[TCP, UDP, 47]);
}

#[test]
fn a_udp_checksum_is_0_before_and_after_or_never() {
    let mut nat: IpRewriter<1> = rewriter(["pattern 192.0.2.1 - - - 0 0"], 1000, TIMES, 0);
    let mut io = ListIo::new(0);
    let id = |port| FlowId { source: 0x0a00_0001, destination: 0x0a00_0002, source_port: port, destination_port: 80 };
    let is_zero = |port: &u16| {
        let sum = Sum::new().with_pseudo_header(0xc000_0201, 0x0a00_0002, UDP, 8);
        sum.with(&port.to_be_bytes()).with(&[0, 80, 0, 8]).checksum() == 0
    };
    let special = (0..=u16::MAX).find(is_zero).unwrap();
    for port in [special, special + 1, 0, 1, 80, 0xffff] {
        let mut with = datagram(UDP, &id(port), b"");
        nat.route(&mut io, 0, &mut with);
        id_of(&with);
        assert_eq!(with.transport()[6..8] == [255, 255], port == special, "{port}");
        let mut without = datagram(UDP, &id(port), b"");
        without.transport_mut()[6..8].fill(0);
        nat.route(&mut io, 0, &mut without);
        assert_eq!(without.transport()[6..8], [0, 0]);
    }
}

/// Passes random bytes and mutated packets.
fn survives<K: Kind>() {
    let specifications = ["pattern 192.0.2.1 1-65535 - - 0 1", "pass 2", "keep 0 1"];
    let mut nat: Rewriter<K, 3> = rewriter(specifications, 50, TIMES, 0);
    let (mut random, mut io) = (Random(99), ListIo::new(0));
    for round in 0..12_000usize {
        io.now_ns += 1_000_000 * u64::from(random.next() % 5000);
        let id = random.id();
        let mut frame = datagram([TCP, UDP, 1, 33][round % 4], &id, &[1, 2, 3]);
        for _ in 0..random.next() % 4 {
            let at = random.next() as usize % frame.len();
            frame.data_mut()[at] = random.next() as u8;
        }
        if round % 3 == 0 {
            frame.truncate(random.next() as usize % 50);
        }
        let offset = [0, frame.annotations().network_offset, random.next() as u16][(round % 13).min(2)];
        if round % 13 != 1 && round % 5 == 0 {
            frame.annotations_mut().network_offset = offset;
        }
        let output = nat.route(&mut io, round % 3, &mut frame);
        assert!(output.is_none_or(|output| output < 3));
        assert!(nat.table.size() <= 50);
    }
    assert!(nat.table.size() > 0);
    for name in ["table", "tcp_table", "udp_table", "patterns", "pattern2"] {
        let _ = crate::Element::read_handler(&nat, name, &mut String::new());
    }
}

#[test]
fn random_packets_never_panic() {
    survives::<Both>();
    survives::<Tcp>();
    survives::<Udp>();
    survives::<Ping>();
    survives::<Address>();
    survives::<AddressPair>();
}

#[test]
fn fragments_have_no_ports() {
    let mut nat: IpRewriter<2> = rewriter(["pattern 192.0.2.1 1-65535 - - 0 1", "pass 2"], 50, TIMES, 0);
    let mut addresses: IpAddrRewriter<1> = rewriter(["pattern 192.0.2.1 - 0 1"], 50, TIMES, 0);
    let (id, mut io) = (FlowId::parse("10.0.0.1 5 10.0.0.2 6").unwrap(), ListIo::new(0));
    let mut later = datagram(UDP, &id, b"payload");
    later.data_mut()[7] = 9;
    let transport = later.transport().to_vec();
    assert_eq!([nat.route(&mut io, 0, &mut later), nat.route(&mut io, 1, &mut later)], [None, Some(2)]);
    assert_eq!(addresses.route(&mut io, 0, &mut later), Some(0));
    assert_eq!((later.transport(), &later.data()[12..16]), (&transport[..], &[192, 0, 2, 1][..]));
    let mut first = datagram(UDP, &id, b"payload");
    first.data_mut()[6] = 0x20;
    assert_eq!(nat.route(&mut io, 0, &mut first), Some(0));
    assert_eq!(nat.not_rewritable, 1);
}
