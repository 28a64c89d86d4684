// SPDX-License-Identifier: Apache-2.0
//! Large rule sets: real ones, and such as make a diagram explode.

use super::{Datagram, Random, walk};
use crate::filter::ast::Pattern;
use crate::filter::{NO_MATCH, Tables, compile_rules, parse_pattern, reference};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// Tables that an image has room for.
const MAX_BYTES: usize = 150 << 10;
/// What the build may take here: five seconds optimized, and this is not.
const MAX_BUILD: Duration = Duration::from_secs(60);

fn compile(name: &str, rules: &[(Pattern, u16)]) -> Tables {
    let start = Instant::now();
    let tables = compile_rules(rules.iter().map(|(pattern, leaf)| (pattern, *leaf))).unwrap();
    let time = start.elapsed();
    println!("{name}: {} rules, {} nodes, {} bytes, built in {time:.1?}", rules.len(), tables.nodes(), tables.bytes());
    assert!(time < MAX_BUILD, "{name} took {time:?}");
    tables
}

/// Checks the diagram against the first match of the reference.
fn check(tables: &Tables, rules: &[(Pattern, u16)], datagrams: impl Iterator<Item = Datagram>) {
    let diagram = tables.leak();
    for datagram in datagrams {
        let packet = datagram.packet();
        let leaf = rules.iter().find(|rule| reference::matches(&rule.0, &packet)).map_or(NO_MATCH, |rule| rule.1);
        assert_eq!(walk(diagram, &packet), leaf, "{:02x?}", packet.network());
    }
}

/// The rules of a ClassBench filter set, flags left out, each with what a packet for it could have.
fn classbench() -> Vec<(Pattern, Datagram)> {
    let text = include_str!("../../../testdata/classbench/acl1_1k");
    text.lines().map(|line| classbench_rule(&line[1..])).collect()
}

fn classbench_rule(line: &str) -> (Pattern, Datagram) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [source, destination, from, _, to, first, _, last, protocol, ..] = words[..] else { panic!("{line}") };
    let mut text = format!("src net {source} and dst net {destination} ");
    let number = u8::from_str_radix(&protocol[2..4], 16).unwrap();
    if !protocol.ends_with("/0x00") {
        text += &format!("and ip proto {number} ");
    }
    for (direction, first, last) in [("src", from, to), ("dst", first, last)] {
        if (first, last) != ("0", "65535") {
            text += &format!("and {direction} port {first}-{last} ");
        }
    }
    let host = |net: &str| net.split('/').next().unwrap().parse::<Ipv4Addr>().unwrap().octets();
    let mut datagram = Datagram::tcp(from.parse().unwrap(), last.parse().unwrap(), 0);
    (datagram.source, datagram.destination, datagram.protocol) = (host(source), host(destination), number);
    (parse_pattern(&text).unwrap(), datagram)
}

/// Packets for the rules, and mixtures of two of them.
fn crossed<'d>(datagrams: &'d [Datagram], count: usize) -> impl Iterator<Item = Datagram> + 'd {
    let mut random = Random(3);
    (0..count).map(move |_| {
        let mut pick = || &datagrams[random.below(datagrams.len())];
        let (mut datagram, other) = (pick().clone(), pick());
        if random.below(2) == 0 {
            datagram.destination = other.destination;
        }
        if random.below(2) == 0 {
            datagram.payload.clone_from(&other.payload);
        }
        datagram
    })
}

#[test]
fn classbench_acl1_stays_small() {
    let (patterns, datagrams): (Vec<Pattern>, Vec<Datagram>) = classbench().into_iter().unzip();
    assert_eq!(patterns.len(), 953);
    let alternating: Vec<_> = patterns.iter().cloned().zip([0, 1].into_iter().cycle()).collect();
    let tables = compile("ClassBench acl1, two actions", &alternating);
    assert!(tables.bytes() < 16 << 10, "{}", tables.bytes());
    check(&tables, &alternating, crossed(&datagrams, 1000));
    let numbered: Vec<_> = patterns.into_iter().zip(0..).collect();
    let tables = compile("ClassBench acl1, 953 outputs", &numbered);
    assert!(tables.bytes() < 48 << 10, "{}", tables.bytes());
    assert_eq!(tables, compile("the same again", &numbered), "equal rules become equal tables");
    check(&tables, &numbered, crossed(&datagrams, 1000));
}

#[test]
fn a_thousand_hosts_are_one_decision() {
    let hosts = (0..999u32).map(|index| format!("src host 10.{}.{}.5", index % 250, index / 250));
    let mut rules: Vec<_> = hosts.map(|text| (parse_pattern(&text).unwrap(), 1)).collect();
    rules.push((Pattern::Constant(true), 0));
    let tables = compile("1000 hosts", &rules);
    assert_eq!(tables.nodes(), 1);
    assert!(tables.bytes() < 16 << 10, "{}", tables.bytes());
}

/// Rules whose ranges all overlap: `count` boxes in `fields` dimensions have about `count` to that power pieces.
fn overlapping(count: usize, wide: usize) -> Vec<(Pattern, u16)> {
    let mut random = Random(4);
    let mut range = |limit: usize| {
        let first = random.below(limit / wide);
        (first, first + limit - limit / wide)
    };
    let rule = |index| {
        let (source, destination) = (range(60_000), range(60_000));
        let ((a, b), (c, d), (ttl, ttl_last), (id, id_last)) =
            (range(65_000), range(65_000), range(250), range(65_000));
        let address = |low: usize| format!("10.0.{}.{}", low / 256, low % 256);
        let text = format!(
            "src range {}-{} dst range {}-{} src port {a}-{b} dst port {c}-{d} ip ttl {ttl}-{ttl_last} ip id {id}-{id_last}",
            address(source.0),
            address(source.1),
            address(destination.0),
            address(destination.1),
        );
        (parse_pattern(&text).unwrap(), index as u16)
    };
    (0..count).map(rule).collect()
}

#[test]
fn rules_that_explode_are_cut_into_parts() {
    let mut random = Random(8);
    for (count, wide) in [(100, 2), (300, 8)] {
        let rules = overlapping(count, wide);
        let tables = compile(&format!("{count} overlapping boxes"), &rules);
        assert!(tables.bytes() < MAX_BYTES, "{}", tables.bytes());
        let datagrams = (0..2000).map(|_| {
            let mut datagram = Datagram::udp(random.below(65_536) as u16, random.below(65_536) as u16);
            datagram.source = [10, 0, random.below(256) as u8, 1];
            datagram.destination = [10, 0, random.below(256) as u8, 1];
            (datagram.ttl, datagram.id) = (random.below(256) as u8, random.below(65_536) as u16);
            datagram
        });
        check(&tables, &rules, datagrams);
    }
}

#[test]
fn one_rule_that_explodes_becomes_a_chain() {
    let pairs: Vec<_> = overlapping(200, 2).into_iter().map(|rule| rule.0).collect();
    let rules = [(Pattern::Not(Box::new(Pattern::Any(pairs))), 0), (Pattern::Constant(true), 1)];
    let tables = compile("one rule of 200 boxes", &rules);
    assert!(tables.bytes() < MAX_BYTES, "{}", tables.bytes());
    check(&tables, &rules, (0..100).map(|index| Datagram::udp(index * 600, index * 300)));
}

#[test]
fn a_rule_of_many_alternatives_is_cut_too() {
    let pairs: Vec<_> = (0..1000u32)
        .map(|index| {
            parse_pattern(&format!("src 10.0.{}.{} dst port {}", index / 250, index % 250, index * 13)).unwrap()
        })
        .collect();
    let rules = [(Pattern::Any(pairs), 0), (Pattern::Constant(true), 1)];
    let tables = compile("one rule of 1000 pairs", &rules);
    assert!(tables.bytes() < 48 << 10, "{}", tables.bytes());
    let datagrams = (0..500).map(|index: u16| Datagram {
        source: [10, 0, (index / 250) as u8, (index % 250) as u8],
        ..Datagram::udp(1, index / 2 * 26)
    });
    check(&tables, &rules, datagrams);
}

#[test]
fn too_many_fields_are_an_error() {
    let rules: Vec<_> = (0..70).map(|byte| (parse_pattern(&format!("ip[{byte}] 1")).unwrap(), 0)).collect();
    assert!(compile_rules(rules.iter().map(|(pattern, leaf)| (pattern, *leaf))).is_err());
}
