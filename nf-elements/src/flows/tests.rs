// SPDX-License-Identifier: Apache-2.0
//! Rewriters at work: packets as lines of text, in and out.

mod ahead;
mod model;
mod properties;
mod scenarios;

use super::{AGES, Block, FlowId, Kind, Rewriter, Specification, TCP, Timing, UDP};
use crate::testing::{ListIo, packet};
use crate::wire::checksum::Sum;
use crate::wire::ipv4_edit::Ipv4Mut;
use crate::{Packet, Route};

/// A rewriter with memory for `capacity` flows; times in seconds: plain, streaming, TCP without data, TCP, TCP done, and
/// the guarantee of all.
fn rewriter<K: Kind, const N: usize>(
    inputs: [&str; N],
    capacity: u32,
    times: [u32; AGES],
    guarantee: u32,
) -> Rewriter<K, N> {
    let inputs = inputs.map(|text| Specification::parse(text, 3, |_| None).unwrap());
    let timeouts_ms = times.map(|seconds| seconds * 1000);
    let timing = Timing { timeouts_ms, guarantees_ms: [guarantee * 1000; AGES], reap_ms: 900_000 };
    let mut rewriter = Rewriter::new(inputs, 3, capacity, timing, true, true);
    rewriter.lend(vec![Block::EMPTY; Block::count(capacity as usize)].leak());
    rewriter
}

/// Click's defaults.
const TIMES: [u32; AGES] = [300, 300, 300, 86_400, 240];

/// A packet with its header marked, its checksums right.
fn datagram(protocol: u8, id: &FlowId, payload: &[u8]) -> Packet {
    let ports = [id.source_port.to_be_bytes(), id.destination_port.to_be_bytes()].concat();
    let (rest, at) = match protocol {
        TCP => ([&[0; 8][..], &[0x50, 0x10, 1, 0, 0, 0, 0, 0]].concat(), 16),
        UDP => ([&(8 + payload.len() as u16).to_be_bytes()[..], &[0, 0]].concat(), 6),
        _ => ([0; 4].to_vec(), 2),
    };
    let mut transport = [ports, rest, payload.to_vec()].concat();
    if protocol == super::ICMP {
        transport[..8].copy_from_slice(&[8, 0, 0, 0, ports_of(id)[0], ports_of(id)[1], 0, 1]);
    }
    let length = transport.len() as u16;
    let sum = match protocol {
        TCP | UDP => Sum::new().with_pseudo_header(id.source, id.destination, protocol, length),
        _ => Sum::new(),
    };
    let checksum = match sum.with(&transport).checksum() {
        0 if protocol == UDP => 0xffff,
        checksum => checksum,
    };
    transport[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
    let mut bytes = [vec![0; 20], transport].concat();
    let mut header = Ipv4Mut::new(&mut bytes).unwrap();
    header.set_header_length(20);
    header.set_total_length(20 + length);
    header.set_time_to_live(64);
    header.set_protocol(protocol);
    header.set_source(id.source);
    header.set_destination(id.destination);
    header.fill_header_checksum();
    let mut packet = packet(&bytes);
    packet.set_network(0, 20);
    packet
}

fn ports_of(id: &FlowId) -> [u8; 2] {
    id.source_port.to_be_bytes()
}

/// A packet's addresses and ports. Its checksums are right.
fn id_of(packet: &Packet) -> FlowId {
    use crate::wire::{ipv4::Ipv4, tcp, udp};
    let header = Ipv4::new_checked(packet.network()).unwrap();
    assert!(header.is_header_intact());
    let (source, destination, payload) = (header.source(), header.destination(), header.payload());
    let ports = match packet.network()[9] {
        TCP => {
            let segment = tcp::Tcp::new_checked(payload).unwrap();
            assert!(segment.is_intact(source, destination), "{payload:x?}");
            (segment.source_port(), segment.destination_port())
        }
        UDP => {
            let datagram = udp::Udp::new_checked(payload).unwrap();
            assert!(datagram.is_intact(source, destination), "{payload:x?}");
            (datagram.source_port(), datagram.destination_port())
        }
        super::ICMP => {
            assert!(Sum::new().with(payload).is_intact(), "{payload:x?}");
            (u16::from_be_bytes([payload[4], payload[5]]), 0)
        }
        _ => (0, 0),
    };
    FlowId { source, destination, source_port: ports.0, destination_port: ports.1 }
}

/// What comes out for a packet: the output and its addresses and ports.
fn pass(rewriter: &mut impl Route, io: &mut ListIo, input: usize, mut packet: Packet) -> Option<(usize, FlowId)> {
    let output = rewriter.route(io, input, &mut packet)?;
    Some((output, id_of(&packet)))
}

/// Passes packets: each line is a time in seconds, an input, a protocol (`T` or `U`, with `.` for one without data),
/// addresses and ports, and what comes out: `-` or an output, addresses and ports.
fn play(rewriter: &mut impl Route, lines: &str) {
    let mut io = ListIo::new(0);
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        io.now_ns = (words[0].parse::<f64>().unwrap() * 1e9) as u64;
        let id = FlowId::parse(&words[3..7].join(" ")).unwrap();
        let protocol = if words[2].starts_with('T') { TCP } else { UDP };
        let payload: &[u8] = if words[2].ends_with('.') { b"" } else { b"xyz" };
        let output = pass(rewriter, &mut io, words[1].parse().unwrap(), datagram(protocol, &id, payload));
        let expected =
            (words[7] != "-").then(|| (words[7].parse().unwrap(), FlowId::parse(&words[8..].join(" ")).unwrap()));
        assert_eq!(output, expected, "{line}");
    }
}
