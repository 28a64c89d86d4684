// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::Route;
use crate::elements::{IcmpPingRewriter, IpAddrRewriter, IpRewriter};
use crate::flows::{AGES, Block, FlowId, Kind, Rewriter, Specification, TCP, Timing, UDP};
use crate::testing::{ListIo, packet, read};
use crate::wire::checksum::Sum;
use crate::wire::ipv4_edit::Ipv4Mut;

const TIMING: Timing = Timing { timeouts_ms: [300_000; AGES], guarantees_ms: [5000; AGES], reap_ms: 0 };

fn rewriter<K: Kind>(pattern: &str) -> Rewriter<K, 1> {
    let mut nat = Rewriter::new([Specification::parse(pattern, 2, |_| None).unwrap()], 2, 8, TIMING, true, true);
    nat.lend(vec![Block::EMPTY; 2].leak());
    nat
}

fn ip(protocol: u8, source: u32, destination: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = [&[0; 20], payload].concat();
    let length = bytes.len() as u16;
    let mut header = Ipv4Mut::new(&mut bytes).unwrap();
    header.set_header_length(20);
    header.set_total_length(length);
    header.set_protocol(protocol);
    header.set_source(source);
    header.set_destination(destination);
    header.fill_header_checksum();
    bytes
}

/// A packet of a flow, its transport checksum right.
fn datagram(protocol: u8, id: &FlowId) -> Vec<u8> {
    let [a, b] = id.source_port.to_be_bytes();
    let [c, d] = id.destination_port.to_be_bytes();
    let (mut transport, at) = match protocol {
        TCP => ([&[a, b, c, d][..], &[0; 8], &[0x50, 0x10, 0, 9, 0, 0, 0, 0]].concat(), 16),
        UDP => (vec![a, b, c, d, 0, 10, 0, 0, 1, 2], 6),
        _ => (vec![8, 0, 0, 0, a, b, 0, 1], 2),
    };
    let pseudo = Sum::new().with_pseudo_header(id.source, id.destination, protocol, transport.len() as u16);
    let sum = if protocol == ICMP { Sum::new() } else { pseudo };
    let checksum = sum.with(&transport).checksum();
    transport[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
    ip(protocol, id.source, id.destination, &transport)
}

fn marked(bytes: &[u8]) -> Packet {
    let mut packet = packet(bytes);
    packet.set_network(0, 20);
    packet
}

/// A router's error about a packet, of which it quotes `length` bytes.
fn error(about: &[u8], length: usize) -> Packet {
    let mut message = [&[11, 0, 0, 0, 0, 0, 0, 0], &about[..length.min(about.len())]].concat();
    let checksum = Sum::new().with(&message).checksum();
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    let to = u32::from_be_bytes(about[12..16].try_into().unwrap());
    marked(&ip(ICMP, 0x1313_1313, to, &message))
}

#[test]
fn an_error_tells_the_sender_about_what_it_sent() {
    let id = FlowId::parse("18.26.4.44 20 10.0.0.8 80").unwrap();
    let (mut nat, mut ping, mut io) = (
        rewriter::<crate::elements::ip_rewriter::Both>("pattern 21.0.0.1 1024-65535# - - 0 1"),
        rewriter::<crate::elements::icmp_ping_rewriter::Ping>("pattern 21.0.0.2 - 0-65535# 0 1"),
        ListIo::new(0),
    );
    let mut errors = IcmpRewriter::new([None, Some(1)], 3, true, true);
    for (protocol, output) in [(TCP, 0), (UDP, 0), (ICMP, 2)] {
        let sent = datagram(protocol, &id);
        let mut out = marked(&sent);
        out.annotations_mut().paint = 7;
        let found = if protocol == ICMP { ping.route(&mut io, 0, &mut out) } else { nat.route(&mut io, 0, &mut out) };
        assert_eq!(found, Some(0));
        for length in [28, 29, 38, 40, 60] {
            let mut error = error(out.data(), length);
            let before = error.len();
            let found = errors.route_with(&mut io, (&mut nat, &mut ping), 0, &mut error);
            assert_eq!(found, Some(output), "{protocol} {length}");
            let bytes = error.data();
            assert!(Sum::new().with(&bytes[..20]).is_intact() && Sum::new().with(&bytes[20..]).is_intact());
            assert_eq!((bytes.len(), &bytes[16..20]), (before, &[18, 26, 4, 44][..]));
            assert_eq!(bytes[28..], sent[..length.min(sent.len())], "{protocol} {length}");
            let annotations = error.annotations();
            assert_eq!((annotations.paint, annotations.destination_ipv4()), (7, [18, 26, 4, 44]));
        }
    }
}

#[test]
fn rewriters_of_addresses_keep_the_ports() {
    let id = FlowId::parse("18.26.4.44 20 10.0.0.8 80").unwrap();
    let (mut nat, mut io): (IpAddrRewriter<1>, _) = (rewriter("pattern 21.0.0.1 - 0 1"), ListIo::new(0));
    let mut errors = IcmpRewriter::new([None], 1, true, false);
    let mut out = marked(&datagram(UDP, &id));
    assert_eq!(nat.route(&mut io, 0, &mut out), Some(0));
    let mut error = error(out.data(), 28);
    assert_eq!(errors.route_with(&mut io, (&mut nat,), 0, &mut error), Some(0));
    assert_eq!(error.data()[28..], datagram(UDP, &id)[..28]);
}

#[test]
fn what_no_rewriter_knows_leaves_by_output_1_or_not_at_all() {
    let (mut nat, mut io): (IpRewriter<1>, _) = (rewriter("drop"), ListIo::new(0));
    let about = datagram(UDP, &FlowId { source: 1, destination: 2, source_port: 3, destination_port: 4 });
    for (outputs, offset, expected) in [(1, None, None), (2, None, Some(1)), (2, Some(0), None)] {
        let mut errors = IcmpRewriter::new([offset], outputs, true, false);
        for mut packet in [error(&about, 28), error(&about, 5), marked(&datagram(ICMP, &FlowId::NONE))] {
            let before = packet.data().to_vec();
            assert_eq!(errors.route_with(&mut io, (&mut nat,), 0, &mut packet), expected);
            assert_eq!(packet.data(), before);
        }
        assert_eq!(errors.route_with(&mut io, (&mut nat,), 0, &mut marked(&about)), None);
        let drops = ["unmapped", "not_icmp"].map(|name| read(&errors, name));
        assert_eq!(drops, [if expected.is_none() { "3" } else { "0" }.into(), "1".to_string()]);
    }
}

#[test]
fn mutated_errors_never_panic() {
    let id = FlowId { source: 1, destination: 2, source_port: 3, destination_port: 4 };
    let mut io = ListIo::new(0);
    let mut nat: IpRewriter<1> = rewriter("pattern 0.0.0.9 - - - 0 1");
    let mut ping: IcmpPingRewriter<1> = rewriter("pattern 0.0.0.9 - 1-9 0 1");
    let mut errors = IcmpRewriter::new([None, None], 1, true, false);
    for protocol in [TCP, UDP, ICMP] {
        let mut out = marked(&datagram(protocol, &id));
        let _ = (nat.route(&mut io, 0, &mut out), ping.route(&mut io, 0, &mut out));
        crate::wire::mutation::for_each(error(out.data(), 48).data(), |bytes| {
            if !bytes.is_empty() {
                errors.route_with(&mut io, (&mut nat, &mut ping), 0, &mut marked(bytes));
            }
        });
    }
}

#[cfg(feature = "host")]
#[test]
fn maps_become_peers() {
    use crate::configure::{Surroundings, configure};
    let around = Surroundings { inputs: 1, outputs: 3, ..Default::default() };
    let instance = configure::<IcmpRewriter>(&["nat irw:1"], &around).unwrap();
    assert_eq!(instance.expression, "IcmpRewriter::<2>::new([None, Some(1)], 3, true, false)");
    assert_eq!(instance.peers.iter().map(|peer| &peer.name[..]).collect::<Vec<_>>(), ["nat", "irw"]);
    for wrong in ["", "nat:x", "a b c d e f g h i"] {
        assert!(configure::<IcmpRewriter>(&[wrong], &around).is_err(), "{wrong}");
    }
}
