// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::configure::{Surroundings, configure};
use crate::elements::{marked6, translation};
use crate::testing::{ListIo, read};
use crate::wire::checksum::Sum;
use crate::wire::icmpv6;

const INNER: u128 = 0x2001 << 112 | 1;
const OTHER: u128 = 0x2001 << 112 | 2;
const MAPPED: u128 = 0xc000_0201;
const FAR: u128 = 0xc633_6407;

/// A UDP datagram (or an echo request, of identifier `ports.0`) with a right checksum.
fn datagram(protocol: u8, source: u128, destination: u128, ports: (u16, u16)) -> Packet {
    let mut payload = [0, 0, 0, 0, 0, 12, 0, 0, 1, 2, 3, 4];
    payload[..2].copy_from_slice(&ports.0.to_be_bytes());
    payload[2..4].copy_from_slice(&ports.1.to_be_bytes());
    if protocol == 58 {
        payload[..4].copy_from_slice(&[128, 0, 0, 0]);
        payload[4..6].copy_from_slice(&ports.0.to_be_bytes());
        icmpv6::fill_checksum(source, destination, &mut payload);
    } else {
        translation::fill_checksum6(&mut payload, protocol, source, destination).unwrap();
    }
    marked6::datagram(protocol, source, destination, &payload)
}

/// Source and destination of what leaves, its checksum checked.
fn routed(
    translator: &mut AddressTranslator,
    input: usize,
    protocol: u8,
    source: Side,
    destination: Side,
) -> Option<(Side, Side)> {
    let mut packet = datagram(protocol, source.0, destination.0, (source.1, destination.1));
    if protocol == 58 && input == 1 {
        packet = datagram(protocol, source.0, destination.0, (destination.1, 0));
    }
    assert_eq!(translator.route(&mut ListIo::new(0), input, &mut packet)?, input);
    let header = Ipv6::new_checked(packet.data()).unwrap();
    let (from, to, payload) = (header.source(), header.destination(), header.payload());
    let sum = Sum::new().with_pseudo_header_ipv6(from, to, protocol, payload.len() as u32).with(payload);
    assert!(sum.is_intact());
    let at = |at: usize| u16::from_be_bytes([payload[at], payload[at + 1]]);
    Some(if protocol == 58 { ((from, at(4)), (to, at(4))) } else { ((from, at(0)), (to, at(2))) })
}

fn lent(mut translator: AddressTranslator, places: usize) -> AddressTranslator {
    translator.lend(Vec::from_iter((0..places).map(|_| Flow::EMPTY)).leak());
    translator
}

#[test]
fn static_mappings_go_both_ways() {
    let mut translator = AddressTranslator::new(&[((INNER, 0), (MAPPED, 0))], false, Dynamic::None, false);
    let out = routed(&mut translator, 0, 17, (INNER, 5), (FAR, 6));
    assert_eq!(out, Some(((MAPPED, 5), (FAR, 6))));
    let back = routed(&mut translator, 1, 17, (FAR, 6), (MAPPED, 5));
    assert_eq!(back, Some(((FAR, 6), (INNER, 5))));
    assert_eq!(routed(&mut translator, 0, 17, (OTHER, 5), (FAR, 6)), None);
    assert_eq!(read(&translator, "no_mapping"), "1");
    let mut ports = AddressTranslator::new(&[((INNER, 80), (MAPPED, 8080))], true, Dynamic::None, false);
    assert_eq!(routed(&mut ports, 0, 17, (INNER, 80), (FAR, 6)), Some(((MAPPED, 8080), (FAR, 6))));
    assert_eq!(routed(&mut ports, 1, 17, (FAR, 6), (MAPPED, 8080)), Some(((FAR, 6), (INNER, 80))));
    assert_eq!(routed(&mut ports, 0, 17, (INNER, 81), (FAR, 6)), None);
}

#[test]
fn addresses_are_taken_from_the_pool() {
    for from_inward in [false, true] {
        let pool = AddressTranslator::new(&[], false, Dynamic::Addresses(&[MAPPED]), from_inward);
        let mut translator = lent(pool, 1);
        let mut go = |outward: bool, address: u128| {
            if outward != from_inward {
                let (from, _) = routed(&mut translator, 0, 58, (address, 7), (FAR, 7))?;
                return Some(from.0);
            }
            let (_, to) = routed(&mut translator, 1, 58, (FAR, 7), (address, 7))?;
            Some(to.0)
        };
        assert_eq!(go(false, MAPPED), None, "nobody has it yet");
        assert_eq!((go(true, INNER), go(true, INNER)), (Some(MAPPED), Some(MAPPED)));
        assert_eq!((go(false, MAPPED), go(true, OTHER)), (Some(INNER), None));
        assert_eq!((read(&translator, "mappings"), read(&translator, "no_mapping")), ("1".into(), "2".into()));
    }
}

#[test]
fn flows_take_ports() {
    let mut translator = lent(AddressTranslator::new(&[], false, Dynamic::Ports(MAPPED, 6000), false), 3);
    let mut out = |side: Side, far: Side| routed(&mut translator, 0, 17, side, far).map(|(from, _)| from);
    assert_eq!(out((INNER, 5), (FAR, 80)), Some((MAPPED, 6000)));
    assert_eq!(out((INNER, 5), (FAR, 81)), Some((MAPPED, 6001)));
    assert_eq!(out((INNER, 5), (FAR, 80)), Some((MAPPED, 6000)));
    assert_eq!(routed(&mut translator, 0, 58, (OTHER, 9), (FAR, 0)).map(|(from, _)| from), Some((MAPPED, 6002)));
    assert_eq!(routed(&mut translator, 0, 17, (OTHER, 9), (FAR, 82)), None, "no port is left");
    let mut back = |protocol, side: Side, port| routed(&mut translator, 1, protocol, side, (MAPPED, port));
    assert_eq!(back(17, (FAR, 81), 6001).map(|(_, to)| to), Some((INNER, 5)));
    assert_eq!(back(58, (FAR, 0), 6002).map(|(_, to)| to), Some((OTHER, 9)));
    assert_eq!((back(17, (FAR, 82), 6001), back(17, (FAR, 81), 6003), back(17, (FAR, 81), 5)), (None, None, None));
}

#[test]
fn many_flows_are_found_again() {
    let mut translator = lent(AddressTranslator::new(&[], false, Dynamic::Ports(MAPPED, 1000), false), 500);
    for _ in 0..2 {
        for flow in 0..500u16 {
            let side = (INNER + u128::from(flow % 7), flow);
            let out = routed(&mut translator, 0, 17, side, (FAR, flow / 3));
            assert_eq!(out.unwrap().0, (MAPPED, 1000 + flow));
        }
    }
}

#[test]
fn other_packets_are_dropped() {
    let mut translator = AddressTranslator::new(&[], false, Dynamic::None, false);
    let mut io = ListIo::new(0);
    for mut packet in [
        marked6::datagram(47, INNER, FAR, &[0; 40]),
        marked6::datagram(6, INNER, FAR, &[0; 19]),
        crate::testing::packet(&[0x60; 39]),
    ] {
        assert_eq!(translator.route(&mut io, 0, &mut packet), None);
    }
    assert_eq!((read(&translator, "bad"), read(&translator, "other_protocol")), ("2".into(), "1".into()));
    assert_eq!(io.printed, [" discard the packet, protocol unrecognized"]);
}

#[test]
fn arguments_are_clicks() {
    let made = |arguments: &[&str]| configure::<AddressTranslator>(arguments, &Surroundings::default());
    let expression = |arguments: &[&str]| made(arguments).unwrap().expression;
    assert_eq!(
        expression(&["1", "0", "::1 ::2", "0"]),
        "AddressTranslator::new(&[((0x1, 0), (0x2, 0))], false, address_translator::Dynamic::None, false)"
    );
    assert_eq!(
        expression(&["1", "1", "::1 80 ::2 8080", "1", "0", "1", "::3", "::4"]),
        "AddressTranslator::new(&[((0x1, 80), (0x2, 8080))], true, \
         address_translator::Dynamic::Addresses(&[0x3, 0x4]), true)"
    );
    let ports = made(&["0", "1", "1", "0", "::1.0.0.1 6000 6010"]).unwrap();
    assert!(ports.expression.contains("Ports(0x1000001, 6000), false)"));
    assert_eq!(ports.memory.unwrap().count, 11);
    for wrong in [&["x"][..], &["1", "0", "::1", "0"], &["0"], &["0", "0", "0"], &["0", "1", "1", "0", "::1 9 8"]] {
        assert_eq!(made(wrong).unwrap_err().len(), 1, "{wrong:?}");
    }
}
