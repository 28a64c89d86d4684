// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::{Ahead, Batch, Route};
use crate::conntrack::{Memory, Timeouts};
use crate::filter::{compile_rules, of_ipv6, parse_tracked_rule};
use crate::testing::{ListIo, packet};
use crate::wire::tcp::flag::{ACK, SYN};

const TIMEOUTS: Timeouts = Timeouts { tcp_opening: 60, tcp_established: 7440, udp: 30, udp_stream: 120, ..Timeouts::NONE };

/// A firewall: a filter in each direction.
struct Firewall {
    tracker: ConnTrack,
    filters: [StatefulFilter; 2],
}

const OUT: usize = 0;
const IN: usize = 1;

fn filter(rules: &[&str]) -> StatefulFilter {
    let rules: Vec<_> = rules.iter().map(|text| parse_tracked_rule(text, 2).unwrap()).collect();
    let leaked = |patterns: &[_]| {
        let leaves = rules.iter().map(|rule| rule.action.leaf());
        compile_rules(patterns.iter().zip(leaves)).unwrap().leak()
    };
    let patterns: Vec<_> = rules.iter().map(|rule| rule.pattern.clone()).collect();
    let patterns6: Vec<_> = patterns.iter().map(of_ipv6).collect();
    StatefulFilter::new(rules.len() as u32, leaked(&patterns), leaked(&patterns6), None, 0)
}

impl Firewall {
    fn new() -> Firewall {
        let mut tracker = ConnTrack::new(TIMEOUTS, false);
        tracker.lend(vec![Memory::<80, 256>::EMPTY].leak());
        let out = [
            "deny state invalid",
            "allow state established|related|untracked",
            "1 state new && dst tcp port 80",
            "allow state new && udp port 53",
            "allow state new && dst net 2001:db8:7::/48",
        ];
        let inwards = ["allow state established|related", "deny all"];
        Firewall { tracker, filters: [filter(&out), filter(&inwards)] }
    }

    fn takes(&mut self, way: usize, bytes: &[u8]) -> Option<usize> {
        let mut packet = packet(bytes);
        let header = if bytes[0] >> 4 == 4 { 20 } else { 40 };
        packet.set_network(0, header);
        let mut io = ListIo::new(1);
        assert_eq!(self.tracker.route(&mut io, way, &mut packet), Some(way));
        self.filters[way].route_with(&mut io, (&mut self.tracker,), 0, &mut packet)
    }

    fn read(&self, way: usize, name: &str) -> String {
        let mut text = String::new();
        self.filters[way].read_handler(name, &mut text).unwrap();
        text
    }
}

fn ipv4(protocol: u8, source: u8, destination: u8, payload: &[u8]) -> Vec<u8> {
    let length = 20 + payload.len() as u8;
    let header = [0x45, 0, 0, length, 0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, source, 10, 0, 0, destination];
    [&header, payload].concat()
}

fn tcp(ports: [u8; 2], flags: u8, numbers: [u8; 2]) -> Vec<u8> {
    let [sequence, acknowledgment] = numbers;
    vec![
        0, ports[0], 0, ports[1], 0, 0, 0, sequence, 0, 0, 0, acknowledgment, 0x50, flags, 16, 0, 0, 0, 0, 0,
    ]
}

fn udp(ports: [u8; 2]) -> Vec<u8> {
    vec![0, ports[0], 0, ports[1], 0, 8, 0, 0]
}

#[test]
fn a_packet_without_a_header_leaves_its_batch_in_step() {
    let mut firewall = Firewall::new();
    let connection = ipv4(6, 1, 2, &tcp([9, 80], SYN, [1, 0]));
    firewall.takes(OUT, &connection);
    firewall.takes(IN, &ipv4(6, 2, 1, &tcp([80, 9], SYN | ACK, [5, 2])));
    let [known, stranger] = [1, 3].map(|source| ipv4(6, source, 2, &tcp([9, 80], ACK, [2, 6])));
    let mut batch = Batch::new();
    for bytes in [&known, &Vec::new(), &stranger, &known] {
        let mut packet = packet(bytes);
        if !bytes.is_empty() {
            packet.set_network(0, 20);
        }
        assert!(batch.push(packet).is_ok());
    }
    let mut io = ListIo::new(1);
    firewall.tracker.ahead(io.now_ns(), &batch);
    let states: Vec<_> = batch
        .into_iter()
        .map(|mut packet| {
            firewall.tracker.route(&mut io, OUT, &mut packet);
            packet.annotations().connection
        })
        .collect();
    assert_eq!(states, [State::Established, State::Untracked, State::Invalid, State::Established].map(|state| state as u8));
}

#[test]
fn answers_come_in_and_nothing_else() {
    let mut firewall = Firewall::new();
    let (syn, answer) = (ipv4(6, 1, 2, &tcp([9, 80], SYN, [5, 0])), ipv4(6, 2, 1, &tcp([80, 9], SYN | ACK, [7, 6])));
    assert_eq!(firewall.takes(IN, &answer), None, "nobody asked");
    assert_eq!(firewall.takes(OUT, &syn), Some(1), "by the output that the rule names");
    assert_eq!(firewall.takes(IN, &answer), Some(0));
    assert_eq!(firewall.takes(OUT, &ipv4(6, 1, 2, &tcp([9, 80], ACK, [6, 8]))), Some(0));
    assert_eq!(firewall.takes(IN, &ipv4(6, 2, 1, &tcp([80, 9], SYN, [7, 0]))), Some(0), "to be answered by a challenge");
    assert_eq!(firewall.takes(IN, &ipv4(6, 2, 1, &tcp([80, 8], SYN, [7, 0]))), None);
    assert_eq!((firewall.read(OUT, "denied"), firewall.read(IN, "denied")), ("0".into(), "2".into()));
}

#[test]
fn what_was_denied_opens_nothing() {
    let mut firewall = Firewall::new();
    assert_eq!(firewall.takes(IN, &ipv4(17, 2, 1, &udp([53, 9]))), None);
    assert_eq!(firewall.takes(OUT, &ipv4(17, 1, 2, &udp([9, 99]))), None, "not to that port");
    assert_eq!(firewall.takes(IN, &ipv4(17, 2, 1, &udp([99, 9]))), None);
    assert_eq!(firewall.read(OUT, "no_match"), "1");
    assert_eq!(firewall.takes(OUT, &ipv4(17, 1, 2, &udp([9, 53]))), Some(0));
    assert_eq!(firewall.takes(IN, &ipv4(17, 2, 1, &udp([53, 9]))), Some(0));
}

#[test]
fn ipv6_has_its_addresses() {
    let mut firewall = Firewall::new();
    let address = |site: u8, host: u8| [0x20, 1, 0xd, 0xb8, 0, site, 0, 0, 0, 0, 0, 0, 0, 0, 0, host];
    let ipv6 = |next: u8, source: [u8; 16], destination: [u8; 16], payload: &[u8]| {
        let header = [0x60, 0, 0, 0, 0, payload.len() as u8, next, 64];
        [&header[..], &source, &destination, payload].concat()
    };
    let (inside, there, elsewhere) = (address(1, 1), address(7, 9), address(8, 9));
    assert_eq!(firewall.takes(OUT, &ipv6(6, inside, elsewhere, &tcp([9, 22], SYN, [5, 0]))), None);
    assert_eq!(firewall.takes(OUT, &ipv6(6, inside, there, &tcp([9, 22], SYN, [5, 0]))), Some(0));
    assert_eq!(firewall.takes(IN, &ipv6(6, there, inside, &tcp([22, 9], SYN | ACK, [5, 6]))), Some(0));
    assert_eq!(firewall.takes(OUT, &ipv6(58, inside, there, &[135, 0, 0, 0, 0, 0, 0, 0])), Some(0), "a neighbour");
}

#[test]
fn fragments_go_where_the_first_went() {
    let mut firewall = Firewall::new();
    let fragment = |flags: u8, offset: u8, payload: &[u8]| {
        let mut bytes = ipv4(17, 1, 2, payload);
        (bytes[6], bytes[7]) = (flags, offset);
        bytes
    };
    let mut first = udp([9, 53]);
    first[5] = 16;
    assert_eq!(firewall.takes(OUT, &fragment(0, 1, &[7; 8])), None);
    assert_eq!(firewall.takes(OUT, &fragment(0x20, 0, &first)), Some(0));
    assert_eq!(firewall.takes(OUT, &fragment(0, 1, &[7; 8])), Some(0));
    assert_eq!(firewall.takes(OUT, &fragment(0, 1, &[7; 8])), None);
    assert_eq!((firewall.read(OUT, "early_fragments"), firewall.read(OUT, "bad_fragments")), ("1".into(), "1".into()));
}

#[test]
fn without_room_new_connections_are_dropped() {
    let mut firewall = Firewall::new();
    firewall.tracker = ConnTrack::new(TIMEOUTS, false);
    assert_eq!(firewall.takes(OUT, &ipv4(6, 1, 2, &tcp([9, 80], SYN, [5, 0]))), None);
    assert_eq!(firewall.read(OUT, "no_room"), "1");
}

#[test]
fn states_are_asked_for_here_only_and_by_their_names() {
    let wrong = |text: &str| parse_tracked_rule(text, 1).unwrap_err()[0].message.clone();
    assert_eq!(wrong("allow state old"), "no such state: 'old'");
    assert_eq!(wrong("allow state"), "no state");
    assert_eq!(wrong("allow state new|"), "no state");
    let elsewhere = crate::filter::parse_rule("allow state new", 1).unwrap_err();
    assert_eq!(elsewhere[0].message, "the state of connections is not known here");
}

#[test]
fn what_leaves_undecided_begins_nothing() {
    let mut firewall = Firewall::new();
    firewall.filters[OUT] = StatefulFilter { undecided: 2, ..filter(&["1 udp port 53", "allow udp"]) };
    let asks = |firewall: &mut Firewall, ports| firewall.takes(OUT, &ipv4(17, 1, 2, &udp(ports)));
    assert_eq!((asks(&mut firewall, [9, 53]), asks(&mut firewall, [9, 54])), (Some(1), Some(0)));
    let answers = |firewall: &mut Firewall, ports| firewall.takes(IN, &ipv4(17, 2, 1, &udp(ports)));
    assert_eq!((answers(&mut firewall, [53, 9]), answers(&mut firewall, [54, 9])), (None, Some(0)));
}

#[test]
fn what_is_said_of_all_established_packets_is_known() {
    use crate::configure::{Surroundings, configure};
    let around = Surroundings { name: "", inputs: 1, outputs: 2, ports: &[], hosts: &[], information: &[], stores: &[] };
    for (rules, said) in [
        (&["deny state invalid", "allow state established|related", "allow tcp"][..], "Some(0)"),
        (&["deny state new && tcp", "1 !(state invalid) || udp"], "Some(1)"),
        (&["allow state new"], "Some(32766)"),
        (&["deny tcp", "allow state established"], "None"),
        (&["allow state established && !udp", "allow state established"], "None"),
    ] {
        let made = configure::<StatefulFilter>(&[&["ct"], rules].concat(), &around).unwrap();
        assert!(made.expression.ends_with(&format!(", {said}, 0x0)")), "{rules:?}: {}", made.expression);
    }
    let mut firewall = Firewall::new();
    firewall.filters[OUT].established = Some(1);
    assert_eq!(firewall.takes(OUT, &ipv4(17, 1, 2, &udp([9, 53]))), Some(0));
    assert_eq!(firewall.takes(IN, &ipv4(17, 2, 1, &udp([53, 9]))), Some(0));
    assert_eq!(firewall.takes(OUT, &ipv4(17, 1, 2, &udp([9, 53]))), Some(1));
}

#[test]
fn rules_are_code_or_data() {
    use crate::configure::{Surroundings, configure};
    let around = Surroundings { name: "", inputs: 1, outputs: 2, ports: &[], hosts: &[], information: &[], stores: &[] };
    let code = configure::<StatefulFilter>(&["ct", "allow tcp"], &around).unwrap();
    assert!(code.data.is_empty() && code.memory.is_none(), "{}", code.expression);
    let data = configure::<StatefulFilter>(&["ct", "allow tcp", "CAPACITY 1000"], &around).unwrap();
    assert_eq!(data.rust_type, "StatefulFilter<nf_elements::filter::Replaceable>");
    assert_eq!((data.memory.unwrap().count, data.peers.len()), (500, 1));
    let open = configure::<StatefulFilter>(&["ct", "allow tcp", "1 all", "UNDECIDED 1"], &around).unwrap();
    assert!(open.expression.ends_with(", 0x2)"), "{}", open.expression);
    assert!(configure::<StatefulFilter>(&["ct", "allow tcp", "UNDECIDED 2"], &around).is_err());
    let file = std::env::temp_dir().join(format!("rules-{}", std::process::id()));
    std::fs::write(&file, "deny src host 10.0.0.1\nallow tpc\n").unwrap();
    let argument = format!("FILE {}", file.display());
    let errors = configure::<StatefulFilter>(&["ct", &argument], &around).unwrap_err();
    assert!(errors[0].message.contains(":2:"), "{}", errors[0].message);
    std::fs::write(&file, "deny src host 10.0.0.1\n".repeat(5000)).unwrap();
    let many = configure::<StatefulFilter>(&["ct", &argument, "allow all"], &around).unwrap();
    assert!(many.expression.starts_with("StatefulFilter::new(5001, nf_elements::filter::Replaceable::new({data}, 2)"));
    std::fs::remove_file(&file).unwrap();
}
