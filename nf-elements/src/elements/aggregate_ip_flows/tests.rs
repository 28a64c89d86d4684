// SPDX-License-Identifier: Apache-2.0
//! Tests of `AggregateIPFlows`.

use super::*;
use crate::elements::marked::datagram;
use crate::testing::{ListIo, packet, read};

const A: [u8; 4] = [18, 26, 4, 44];
const B: [u8; 4] = [10, 0, 0, 4];

fn flows(options: Options) -> AggregateIpFlows {
    let mut flows = AggregateIpFlows::new(options, false);
    flows.lend(vec![Flow::EMPTY; 1024].leak());
    flows
}

fn udp(source: [u8; 4], from: u8, destination: [u8; 4], to: u8) -> Packet {
    datagram(17, source, destination, &[0, from, 0, to, 0, 8, 0, 0])
}

fn tcp(source: [u8; 4], destination: [u8; 4], flags: u8) -> Packet {
    let mut payload = [0; 20];
    payload[1] = if source == A { 1 } else { 2 };
    payload[3] = 3 - payload[1];
    payload[13] = flags;
    datagram(6, source, destination, &payload)
}

fn at(flows: &mut AggregateIpFlows, seconds: u64, mut packet: Packet) -> Option<(u32, u8)> {
    packet.annotations_mut().timestamp_ns = seconds * 1_000_000_000;
    flows.route(&mut ListIo::new(0), 0, &mut packet)?;
    Some((packet.annotations().aggregate, packet.annotations().paint))
}

/// Click's own test, with fragments in their order.
#[test]
fn flows_have_numbers_and_directions() {
    let mut flows = flows(Options::DEFAULT);
    let numbered = [udp(A, 30, B, 40), udp(A, 30, A, 41), udp(B, 40, A, 30), udp(A, 41, A, 30)]
        .map(|packet| at(&mut flows, 1, packet).unwrap());
    assert_eq!(numbered, [(1, 0), (2, 0), (1, 1), (2, 1)]);
    let fragment = |flags: u16, packet: Packet| {
        let mut packet = packet;
        packet.data_mut()[6..8].copy_from_slice(&flags.to_be_bytes());
        packet
    };
    assert_eq!(at(&mut flows, 1, fragment(0x2000, udp(A, 41, A, 30))), Some((2, 1)));
    assert_eq!(at(&mut flows, 2, fragment(3, udp(A, 0, A, 0))), Some((2, 1)));
    assert_eq!(at(&mut flows, 2, fragment(3, udp(B, 0, A, 0))), None);
    assert_eq!(at(&mut flows, 32, fragment(3, udp(A, 0, A, 0))), None, "too late");
    assert_eq!(read(&flows, "no_flow"), "2");
}

#[test]
fn quiet_flows_end() {
    let mut flows = flows(Options { udp: 10, ..Options::DEFAULT });
    assert_eq!([1, 11, 22].map(|time| at(&mut flows, time, udp(A, 1, B, 2)).unwrap().0), [1, 1, 2]);
    assert_eq!([30, 80_000, 170_000].map(|time| at(&mut flows, time, tcp(A, B, 0x10)).unwrap().0), [3, 3, 4]);
    flows.write_handler("clear", "").unwrap();
    assert_eq!(at(&mut flows, 170_000, tcp(B, A, 0x10)), Some((5, 0)));
}

#[test]
fn closed_flows_end_soon() {
    let mut flows = flows(Options::DEFAULT);
    let mut number = |seconds, packet| at(&mut flows, seconds, packet).unwrap().0;
    assert_eq!([number(1, tcp(A, B, 0x02)), number(1, tcp(A, B, 0x11)), number(2, tcp(A, B, 0x02))], [1, 1, 1]);
    assert_eq!([number(3, tcp(A, B, 0x11)), number(3, tcp(B, A, 0x11)), number(33, tcp(A, B, 0x10))], [1, 1, 1]);
    assert_eq!([number(64, tcp(A, B, 0x10)), number(64, tcp(B, A, 0x04)), number(64, tcp(A, B, 0x02))], [2, 2, 3]);
}

#[test]
fn icmp_errors_belong_to_flows_if_wanted() {
    let mut flows = flows(Options { icmp: true, ..Options::DEFAULT });
    assert_eq!(at(&mut flows, 1, udp(A, 1, B, 2)), Some((1, 0)));
    let error = |quoted: Packet| datagram(1, [9; 4], A, &[&[3, 3, 0, 0, 0, 0, 0, 0], quoted.data()].concat());
    assert_eq!(at(&mut flows, 1, error(udp(A, 1, B, 2))), Some((1, 2)));
    assert_eq!(at(&mut flows, 1, error(udp(B, 2, A, 1))), Some((1, 3)));
    assert_eq!(at(&mut flows, 1, datagram(1, [9; 4], A, &[8, 0, 0, 0, 0, 0, 0, 0])), None);
    assert_eq!(at(&mut AggregateIpFlows::new(Options::DEFAULT, true), 1, error(udp(A, 1, B, 2))), Some((0, 0)));
}

#[test]
fn what_has_no_ports_has_no_flow() {
    let mut flows = flows(Options::DEFAULT);
    let short = datagram(17, A, B, &[0, 1, 0]);
    for bad in [short, datagram(89, A, B, &[0; 8]), udp([0; 4], 1, [0; 4], 2), packet(&[0x45; 60])] {
        assert_eq!(at(&mut flows, 1, bad), None);
    }
    assert_eq!(read(&flows, "no_flow"), "4");
}

#[test]
fn the_table_is_bounded_and_the_quiet_give_way() {
    let mut flows = flows(Options::DEFAULT);
    for host in 0..5000u16 {
        let [high, low] = host.to_be_bytes();
        assert_eq!(at(&mut flows, u64::from(host), udp([1, 1, high, low], 1, B, 2)), Some((u32::from(host) + 1, 0)));
    }
    assert_eq!(at(&mut flows, 5000, udp([1, 1, 0x13, 0x87], 1, B, 2)), Some((5000, 0)), "the last is still there");
    assert_eq!(at(&mut flows, 5000, udp([1, 1, 0, 0], 1, B, 2)), Some((5001, 0)), "the first is not");
}

#[cfg(feature = "host")]
#[test]
fn arguments_become_an_expression() {
    use crate::configure::{Surroundings, configure};
    let made = configure::<AggregateIpFlows>(&["UDP_TIMEOUT 2min", "ICMP true", "REAP 9"], &Surroundings::default());
    let expression = "AggregateIpFlows::new(aggregate_ip_flows::Options { tcp: 86400, tcp_done: 30, udp: 120, \
                      fragment: 30, icmp: true, fragments: true }, false)";
    assert_eq!(made.unwrap().expression, expression);
}
