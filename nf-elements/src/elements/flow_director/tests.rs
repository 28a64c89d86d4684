// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::configure::{Surroundings, configure};
use crate::filter::{compile_rules, of_ipv6, parse_pattern};
use crate::testing::{ListIo, packet, read};

const BACK: u16 = Annotations::BACKWARD;

fn director(default: u16) -> FlowDirector {
    let patterns = ["tcp dst port 80", "src host 10.0.0.9"].map(|text| parse_pattern(text).unwrap());
    let rules = Rules {
        chains: &[
            Chain { name: "web", annotation: 1 },
            Chain { name: "odd", annotation: 2 | BACK },
            Chain { name: "bulk", annotation: 3 },
        ],
        diagram: compile_rules(patterns.iter().zip(0..)).unwrap().leak(),
        diagram6: compile_rules(patterns.each_ref().map(of_ipv6).iter().zip(0..)).unwrap().leak(),
        annotations: &[1, 2 | BACK],
        default,
    };
    let mut director = FlowDirector::new(rules, 300);
    director.lend(vec![Memory::<80, 256>::EMPTY].leak());
    director
}

/// A TCP segment between 10.0.0.`host` and 192.0.2.1.
fn segment(host: u8, ports: [u16; 2], answer: bool) -> Packet {
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    bytes.extend([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
    let (client, server) = ([10, 0, 0, host], [192, 0, 2, 1]);
    let (from, to, ports) = if answer { (server, client, [ports[1], ports[0]]) } else { (client, server, ports) };
    bytes.extend(from.iter().chain(&to));
    bytes.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
    bytes.extend([0; 16]);
    packet(&bytes)
}

/// The chain of a frame that comes in.
fn enter(director: &mut FlowDirector, io: &mut ListIo, mut packet: Packet) -> u16 {
    let output = director.route(io, 0, &mut packet);
    assert_eq!(output.is_some(), packet.annotations().chain != 0);
    packet.annotations().chain
}

#[test]
fn rules_say_where_new_flows_go_and_the_table_keeps_it() {
    let (mut director, mut io) = (director(3), ListIo::new(0));
    assert_eq!(enter(&mut director, &mut io, segment(1, [1025, 80], false)), 1);
    // The rule does not match the answer, but the flow is known.
    assert_eq!(enter(&mut director, &mut io, segment(1, [1025, 80], true)), 1);
    assert_eq!(enter(&mut director, &mut io, segment(9, [1025, 81], false)), 2 | BACK);
    assert_eq!(enter(&mut director, &mut io, segment(2, [1025, 81], false)), 3);
    let arp = packet(&[[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6].as_slice(), &[0; 28]].concat());
    assert_eq!(enter(&mut director, &mut io, arp), 3);
    assert_eq!((read(&director, "flows"), read(&director, "by_rule"), read(&director, "count")), ("4".into(), "4".into(), "5".into()));
    assert!(read(&director, "table").contains("10.0.0.1 1025 192.0.2.1 80 6 web\n"), "{}", read(&director, "table"));
}

/// A TCP segment between 2001:db8::`host` and 2001:db8:1::1.
fn segment6(host: u8, ports: [u16; 2], answer: bool) -> Packet {
    let end = |network, host| [0x20, 1, 0xd, 0xb8, 0, network, 0, 0, 0, 0, 0, 0, 0, 0, 0, host];
    let (client, server) = (end(0, host), end(1, 1));
    let (from, to, ports) = if answer { (server, client, [ports[1], ports[0]]) } else { (client, server, ports) };
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64];
    bytes.extend(from.iter().chain(&to));
    bytes.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
    bytes.extend([0; 16]);
    packet(&bytes)
}

#[test]
fn rules_hold_for_ipv6_and_its_flows_are_kept() {
    let (mut director, mut io) = (director(3), ListIo::new(0));
    assert_eq!(enter(&mut director, &mut io, segment6(1, [1025, 80], false)), 1);
    // Only the table knows where the answer goes, and only the exact flow is there.
    assert_eq!(enter(&mut director, &mut io, segment6(1, [1025, 80], true)), 1);
    assert_eq!(enter(&mut director, &mut io, segment6(2, [1025, 80], true)), 3);
    assert_eq!(enter(&mut director, &mut io, segment6(1, [1025, 81], false)), 3);
    assert_eq!((read(&director, "flows"), read(&director, "by_rule")), ("3".into(), "3".into()));
    assert!(read(&director, "table").contains("2001:db8::1 1025 2001:db8:1::1 80 6 web\n"));
    let [mut to, mut back] = [false, true].map(|answer| segment6(1, [1025, 80], answer));
    director.route(&mut io, 0, &mut to);
    director.route(&mut io, 0, &mut back);
    assert_eq!(to.annotations().flow_hash, back.annotations().flow_hash);
    director.write_handler("add", "2001:db8::2 1 2001:db8:1::1 9 6 web").unwrap();
    assert_eq!(enter(&mut director, &mut io, segment6(2, [1, 9], true)), 1);
}

#[test]
fn vlan_tags_hide_no_flow_and_annotations_stay() {
    let (mut director, mut io) = (director(3), ListIo::new(0));
    let plain = segment(1, [1025, 80], false);
    let mut tagged = plain.data().to_vec();
    tagged.splice(12..12, [0x81, 0, 0, 7]);
    let mut tagged = packet(&tagged);
    tagged.annotations_mut().network_offset = 77;
    assert_eq!(director.route(&mut io, 0, &mut tagged), Some(0));
    assert_eq!((tagged.annotations().chain, tagged.annotations().network_offset), (1, 77));
    assert_ne!(tagged.annotations().flow_hash, 0);
}

#[test]
fn without_a_default_what_matches_nothing_is_dropped() {
    let (mut director, mut io) = (director(0), ListIo::new(0));
    assert_eq!(enter(&mut director, &mut io, segment(2, [1025, 81], false)), 0);
    assert_eq!((read(&director, "no_match"), read(&director, "flows")), ("1".into(), "0".into()));
}

#[test]
fn it_learns_from_what_leaves() {
    let (mut director, mut io) = (director(3), ListIo::new(0));
    let mut leaving = segment(2, [1025, 81], true);
    leaving.annotations_mut().chain = 2;
    assert_eq!(director.route(&mut io, 1, &mut leaving), Some(1));
    assert_eq!(enter(&mut director, &mut io, segment(2, [1025, 81], false)), 2 | BACK);
    // The flow was diverted: it comes back by another chain.
    leaving.annotations_mut().chain = 1 | BACK;
    director.route(&mut io, 1, &mut leaving);
    assert_eq!(enter(&mut director, &mut io, segment(2, [1025, 81], false)), 1);
    assert_eq!(read(&director, "learned"), "2");
    // A chain that does not come in here, or none, teaches nothing.
    for chain in [0, 77] {
        leaving.annotations_mut().chain = chain;
        director.route(&mut io, 1, &mut leaving);
    }
    assert_eq!(enter(&mut director, &mut io, segment(2, [1025, 81], false)), 1);
}

#[test]
fn flows_can_be_put_in_and_taken_out() {
    let (mut director, mut io) = (director(3), ListIo::new(0));
    director.write_handler("add", "192.0.2.1 81 10.0.0.2 1025 6 web").unwrap();
    assert_eq!(enter(&mut director, &mut io, segment(2, [1025, 81], false)), 1);
    let mut leaving = segment(2, [1025, 81], true);
    leaving.annotations_mut().chain = 3 | BACK;
    director.route(&mut io, 1, &mut leaving);
    director.write_handler("clear", "").unwrap();
    io.now_ns = u64::MAX;
    assert_eq!(enter(&mut director, &mut io, segment(2, [1025, 81], false)), 1);
    assert!(read(&director, "table 1").ends_with(" web added\n"));
    director.write_handler("remove", "10.0.0.2 1025 192.0.2.1 81 6").unwrap();
    assert_eq!(enter(&mut director, &mut io, segment(2, [1025, 81], false)), 3);
    for wrong in ["", "10.0.0.2 1 2001:db8::1 2 6 web", "10.0.0.2 1 10.0.0.1 2 6 x", "10.0.0.2 1 10.0.0.1 2 6 web x"] {
        assert_eq!(director.write_handler("add", wrong), Err(HandlerError::BadValue), "{wrong}");
    }
}

#[test]
fn looking_ahead_changes_nothing() {
    let frames = |round: u16| (0..32).map(move |flow| segment(flow, [1025 + round, 80 + u16::from(flow % 2)], false));
    let (mut with, mut without, mut io) = (director(3), director(3), ListIo::new(0));
    for director in [&mut with, &mut without] {
        director.lend(vec![Memory::<1200, 4096>::EMPTY].leak());
        for round in 0..50 {
            for frame in frames(round) {
                enter(director, &mut io, frame);
            }
        }
    }
    for round in 45..55 {
        let mut batch = Batch::new();
        frames(round).for_each(|frame| drop(batch.push(frame)));
        with.ahead(0, &batch);
        for (one, other) in batch.into_iter().zip(frames(round)) {
            assert_eq!(enter(&mut with, &mut io, one), enter(&mut without, &mut io, other));
        }
    }
    assert_eq!(read(&with, "by_rule"), read(&without, "by_rule"));
}

#[test]
fn arguments_become_rules() {
    let surroundings = Surroundings { inputs: 2, outputs: 2, ..Default::default() };
    let sound = ["web tcp port 80", "DEFAULT bulk", "CHAIN web 1", "CHAIN bulk -2"];
    let made = configure::<FlowDirector>(&sound, &surroundings).unwrap();
    for part in ["annotations: &[1]", "default: 32770", r#"name: "bulk", annotation: 32770"#] {
        assert!(made.expression.contains(part), "{part} in {}", made.expression);
    }
    assert!(made.memory.unwrap().rust_type.ends_with("<18725, 65536>"));
    for (wrong, place) in [("x tcp", 0..1), ("web tcp prt 80", 8..11), ("CHAIN web 3", 6..11), ("CHAIN x 0", 6..9), ("FLOWS 0", 6..7)] {
        let errors = configure::<FlowDirector>(&[&sound[..], &[wrong]].concat(), &surroundings).unwrap_err();
        assert!(errors.iter().any(|error| error.place == Some((4, place.clone()))), "{wrong}: {errors:?}");
    }
    assert!(configure::<FlowDirector>(&["CHAIN web 1"], &surroundings).is_err());
    let lopsided = Surroundings { inputs: 2, outputs: 1, ..Default::default() };
    assert!(configure::<FlowDirector>(&sound, &lopsided).is_err());
}
