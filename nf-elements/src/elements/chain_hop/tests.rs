// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::configure::{Surroundings, configure};
use crate::testing::{ListIo, packet, read};

const BACK: u16 = Annotations::BACKWARD;

/// The first port leads to `lan`, the next three to the replicas of `ids`, the last to `wan`. The flows of `ids` stay if
/// `stateful`; its third replica is spare.
fn map(stateful: bool, function: [u8; 2]) -> Map {
    let service = |name, ports: &'static [u8], takers, balance| {
        let mask = ports.iter().fold(0, |mask, port| mask | 1 << port);
        Service { name, ports, mask, takers, stateful: stateful && balance == 0, balance }
    };
    let services = [
        service("lan", &[0], 1, NONE),
        service("ids", &[1, 2, 3], 0b011, 0),
        service("wan", &[4], 1, NONE),
    ];
    let chain = |name, number, sides, one_way| Chain { name, number, sides, one_way };
    let chains = [chain("web", 1, [0, 1], false), chain("bulk", 3, [0, 2], false), chain("log", 4, [2, 0], true)];
    Map {
        services: Box::leak(Box::new(services)),
        chains: Box::leak(Box::new(chains)),
        by_number: &[NONE, 0, NONE, 1, 2],
        entries: &[0, 1 | BACK, 1 | BACK, 1 | BACK, 0],
        wishes: &[
            Wish::Service([1, 0]),
            Wish::Chain(3),
            Wish::Port(4, [3, 0]),
        ],
        function,
        remembers: stateful,
    }
}

type Hop = ChainHop<5, 3, 1>;

fn hop(stateful: bool, function: [u8; 2]) -> Hop {
    let mut hop = Hop::new(map(stateful, function), 300);
    if stateful {
        hop.lend(vec![Memory::<1200, 4096>::EMPTY].leak());
    }
    hop
}

/// A TCP segment of that flow, or its answer.
fn segment(flow: u8, answer: bool, chain: u16) -> Packet {
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    bytes.extend([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
    let (client, server) = ([10, 0, 0, flow, 4, flow], [192, 0, 2, 1, 0, 80]);
    let (from, to) = if answer { (server, client) } else { (client, server) };
    bytes.extend(from[..4].iter().chain(&to[..4]).chain(&from[4..]).chain(&to[4..]));
    bytes.extend([0; 16]);
    let mut packet = packet(&bytes);
    packet.annotations_mut().chain = chain;
    packet
}

fn route(hop: &mut Hop, io: &mut ListIo, input: usize, packet: &mut Packet) -> Option<usize> {
    hop.route(io, input, packet)
}

#[test]
fn frames_follow_their_chain_both_ways() {
    let (mut hop, mut io) = (hop(false, [1, 1]), ListIo::new(0));
    let mut to = segment(1, false, 3);
    assert_eq!(route(&mut hop, &mut io, 0, &mut to), Some(5));
    assert_eq!(route(&mut hop, &mut io, 5, &mut to), Some(4));
    let mut back = segment(1, true, 3 | BACK);
    assert_eq!(route(&mut hop, &mut io, 4, &mut back), Some(5));
    assert_eq!(route(&mut hop, &mut io, 5, &mut back), Some(0));
    assert_eq!((to.annotations().chain, back.annotations().chain), (3, 3 | BACK));
    assert_eq!(to.annotations().flow_hash, back.annotations().flow_hash);
    assert_eq!(read(&hop, "chains"), "web 0 0\nbulk 1 1\nlog 0 0\n");
}

#[test]
fn a_frame_without_a_chain_takes_the_only_one_that_comes_in_there() {
    let (mut hop, mut io) = (hop(false, [2, 1]), ListIo::new(0));
    let mut frame = segment(1, true, 0);
    assert_eq!(route(&mut hop, &mut io, 2, &mut frame), Some(6));
    assert_eq!(frame.annotations().chain, 1 | BACK);
    assert_eq!(route(&mut hop, &mut io, 0, &mut segment(1, false, 0)), None);
    assert_eq!(read(&hop, "no_chain"), "1");
}

#[test]
fn a_frame_of_a_chain_that_does_not_come_in_there_is_dropped() {
    let (mut hop, mut io) = (hop(false, [1, 1]), ListIo::new(0));
    // From the wrong neighbour, unknown, not through here, back on a chain of one way.
    for (port, chain) in [(4, 1), (1, 1), (0, 2), (0, 77), (0, 0x7fff), (0, 4 | BACK)] {
        assert_eq!(route(&mut hop, &mut io, port, &mut segment(1, false, chain)), None, "{port} {chain}");
    }
    assert_eq!(read(&hop, "wrong_chain"), "6");
}

#[test]
fn a_function_turns_frames_round_by_its_second_output() {
    let (mut hop, mut io) = (hop(false, [1, 2]), ListIo::new(0));
    let mut frame = segment(1, false, 3);
    route(&mut hop, &mut io, 0, &mut frame);
    assert_eq!(route(&mut hop, &mut io, 6, &mut frame), Some(0));
    assert_eq!(frame.annotations().chain, 3 | BACK);
    let mut log = segment(1, true, 4);
    assert_eq!(route(&mut hop, &mut io, 4, &mut log), Some(5));
    assert_eq!(route(&mut hop, &mut io, 6, &mut log), None);
    assert_eq!(read(&hop, "no_way"), "1");
    // What the function makes itself goes the first chain: here back to the beginning.
    assert_eq!(route(&mut hop, &mut io, 6, &mut segment(9, true, 0)), Some(0));
}

#[test]
fn without_a_function_frames_go_straight_on() {
    let (mut hop, mut io) = (hop(false, [0, 0]), ListIo::new(0));
    assert_eq!(route(&mut hop, &mut io, 4, &mut segment(1, true, 3 | BACK)), Some(0));
}

/// The replica port that the frames of a flow go to.
fn replica(hop: &mut Hop, io: &mut ListIo, flow: u8) -> Option<usize> {
    let mut frame = segment(flow, false, 1);
    route(hop, io, 0, &mut frame)?;
    route(hop, io, 5, &mut frame)
}

fn replicas(hop: &mut Hop, io: &mut ListIo) -> Vec<Option<usize>> {
    (0..200).map(|flow| replica(hop, io, flow)).collect()
}

#[test]
fn a_replica_more_takes_only_what_it_gets() {
    let (mut hop, mut io) = (hop(false, [1, 1]), ListIo::new(0));
    let before = replicas(&mut hop, &mut io);
    assert!((1..=2).all(|port| (70..=130).contains(&before.iter().filter(|to| **to == Some(port)).count())));
    hop.write_handler("replicas", "ids 0 1 2").unwrap();
    let after = replicas(&mut hop, &mut io);
    let moved = before.iter().zip(&after).filter(|(old, new)| old != new).count();
    assert!((40..=95).contains(&moved), "{moved} of 200 moved, ideally 67");
    assert!(before.iter().zip(&after).all(|(old, new)| old == new || *new == Some(3)));
    hop.write_handler("drain", "ids 2").unwrap();
    assert_eq!(replicas(&mut hop, &mut io), before);
    assert_eq!(read(&hop, "replicas"), "ids 0 1\n");
    hop.write_handler("replicas", "ids").unwrap();
    assert_eq!((replica(&mut hop, &mut io, 1), read(&hop, "no_replica")), (None, "1".into()));
}

#[test]
fn flows_of_a_stateful_service_stay_where_they_are() {
    let (mut hop, mut io) = (hop(true, [1, 1]), ListIo::new(0));
    let before = replicas(&mut hop, &mut io);
    hop.write_handler("replicas", "ids 0 1 2").unwrap();
    assert_eq!(replicas(&mut hop, &mut io), before);
    // Drained: its flows stay, new ones go elsewhere. Gone: all do.
    hop.write_handler("drain", "ids 0").unwrap();
    assert_eq!(replicas(&mut hop, &mut io), before);
    let on_first = before.iter().filter(|port| **port == Some(1)).count();
    assert!(read(&hop, "pinned").starts_with(&format!("ids 0 {on_first}\n")), "{}", read(&hop, "pinned"));
    hop.write_handler("remove", "ids 0").unwrap();
    let after = replicas(&mut hop, &mut io);
    assert!(before.iter().zip(&after).all(|(old, new)| if *old == Some(1) { *new != *old } else { new == old }));
    assert!(read(&hop, "services").contains("ids 0 1 gone "), "{}", read(&hop, "services"));
    // After a while nobody remembers.
    io.now_ns += 400 << 30;
    hop.write_handler("replicas", "ids 0 1 2").unwrap();
    assert!(replicas(&mut hop, &mut io).contains(&Some(1)));
}

#[test]
fn flows_of_a_replica_that_is_down_go_to_the_others_and_come_back() {
    let (mut hop, mut io) = (hop(false, [1, 1]), ListIo::new(0));
    let before = replicas(&mut hop, &mut io);
    io.down = vec![1];
    let meanwhile = replicas(&mut hop, &mut io);
    assert!(meanwhile.iter().all(|port| *port == Some(2)));
    let of_the_dead = before.iter().filter(|port| **port == Some(1)).count();
    assert_eq!(read(&hop, "rerouted"), of_the_dead.to_string());
    io.down.clear();
    assert_eq!(replicas(&mut hop, &mut io), before);
    // With all down each goes to its own, whose link counts it.
    io.down = vec![1, 2];
    assert_eq!(replicas(&mut hop, &mut io), before);
    assert_eq!((read(&hop, "rerouted"), read(&hop, "no_replica")), (of_the_dead.to_string(), "0".into()));
}

#[test]
fn flows_of_a_stateful_replica_stay_where_they_went_when_it_was_down() {
    let (mut hop, mut io) = (hop(true, [1, 1]), ListIo::new(0));
    hop.write_handler("replicas", "ids 0 1 2").unwrap();
    let before = replicas(&mut hop, &mut io);
    io.down = vec![1, 2, 3];
    assert_eq!(replicas(&mut hop, &mut io), before);
    io.down = vec![1];
    let meanwhile = replicas(&mut hop, &mut io);
    for (old, new) in before.iter().zip(&meanwhile) {
        assert!(if *old == Some(1) { matches!(new, Some(2 | 3)) } else { new == old });
    }
    io.down.clear();
    assert_eq!(replicas(&mut hop, &mut io), meanwhile);
    assert!(read(&hop, "pinned").starts_with("ids 0 0\n"), "{}", read(&hop, "pinned"));
}

#[test]
fn a_replica_that_a_flow_comes_from_is_learned() {
    let (mut hop, mut io) = (hop(true, [1, 1]), ListIo::new(0));
    // The spare replica, which nothing here would choose.
    let mut answer = segment(5, true, 1 | BACK);
    assert_eq!(route(&mut hop, &mut io, 3, &mut answer), Some(5));
    assert_eq!(replica(&mut hop, &mut io, 5), Some(3));
    assert_eq!(read(&hop, "flows"), "1");
    hop.write_handler("clear", "").unwrap();
    assert_ne!(replica(&mut hop, &mut io, 5), Some(3));
}

#[test]
fn a_function_says_what_it_wants() {
    let (mut hop, mut io) = (hop(true, [1, 1]), ListIo::new(0));
    // To the service: that frame alone.
    let mut frame = segment(1, false, 3);
    assert!((1..=2).contains(&route(&mut hop, &mut io, 6, &mut frame).unwrap()));
    assert_eq!(frame.annotations().chain, 1);
    assert_eq!(route(&mut hop, &mut io, 5, &mut segment(1, false, 3)), Some(4));
    // To the chain: the flow from now on, both ways.
    let mut frame = segment(2, false, 1);
    assert_eq!(route(&mut hop, &mut io, 7, &mut frame), Some(4));
    assert_eq!(frame.annotations().chain, 3);
    assert_eq!(route(&mut hop, &mut io, 5, &mut segment(2, false, 1)), Some(4));
    let mut back = segment(2, true, 3 | BACK);
    assert_eq!(route(&mut hop, &mut io, 4, &mut back), Some(5));
    assert_eq!(route(&mut hop, &mut io, 5, &mut back), Some(0));
    // To the port.
    let mut frame = segment(3, false, 1);
    assert_eq!(route(&mut hop, &mut io, 8, &mut frame), Some(4));
    assert_eq!(frame.annotations().chain, 3);
}

#[test]
fn handlers_refuse_what_is_not_there() {
    let mut hop = hop(false, [1, 1]);
    for value in ["", "lan 0", "nobody 0", "ids 3", "ids x"] {
        assert_eq!(hop.write_handler("replicas", value), Err(HandlerError::BadValue), "{value}");
    }
}

#[test]
fn arguments_become_a_map() {
    let surroundings = Surroundings { inputs: 6, outputs: 5, ..Default::default() };
    let arguments = ["SERVICE lan 0", "SERVICE ids STATEFUL 1 2 SPARE 3", "CHAIN web 2 lan ids", "TO SERVICE ids"];
    let made = configure::<ChainHop>(&arguments, &surroundings).unwrap();
    assert_eq!(made.rust_type, "ChainHop<4, 1, 1>");
    for part in [
        "ports: &[1, 2, 3], mask: 14, takers: 3, stateful: true, balance: 0",
        "by_number: &[255, 255, 0]",
        "entries: &[2, 32770, 32770, 32770]",
        "wishes: &[chain_hop::Wish::Service([2, 0])]",
        "function: [1, 1], remembers: true",
    ] {
        assert!(made.expression.contains(part), "{part} in {}", made.expression);
    }
    assert!(made.memory.unwrap().rust_type.ends_with("<2341, 8192>"));
}

#[test]
fn wrong_arguments_have_a_place() {
    let surroundings = Surroundings { inputs: 3, outputs: 3, ..Default::default() };
    let sound = ["SERVICE lan 0", "SERVICE wan 1", "CHAIN web 1 lan wan"];
    assert!(configure::<ChainHop>(&sound, &surroundings).is_ok());
    for wrong in [
        "SERVICE lan 2", "SERVICE x", "SERVICE x 0 0", "SERVICE x 64", "CHAIN web 2 lan wan", "CHAIN x 1 lan wan",
        "CHAIN x 0 lan wan", "CHAIN x 2 lan dmz", "CHAIN x 2 lan wan TWICE", "TO PORT 9", "TO SERVICE dmz", "FLOWS 0",
    ] {
        let arguments = [&sound[..], &[wrong]].concat();
        let errors = configure::<ChainHop>(&arguments, &surroundings).unwrap_err();
        assert!(errors.iter().any(|error| error.place.as_ref().is_some_and(|(at, _)| *at == 3)), "{wrong}: {errors:?}");
    }
    let crowded = Surroundings { inputs: 3, outputs: 5, ..Default::default() };
    assert!(configure::<ChainHop>(&sound, &crowded).is_err());
}
