// SPDX-License-Identifier: Apache-2.0
//! A hop and a director of service chains, beside models of them: packets, handlers, links that fail, time. The input's bytes choose.
//!
//! A model has no table: it holds every flow, as long as there are so few of them that none is forgotten for another.
#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;
use nf_elements::chains::Memory;
use nf_elements::elements::chain_hop::{self, Map, Service, Wish};
use nf_elements::elements::flow_director::{self, Rules};
use nf_elements::elements::{ChainHop, FlowDirector};
use nf_elements::filter::{compile_rules, of_ipv6, parse_pattern};
use nf_elements::testing::{ListIo, packet, read};
use nf_elements::{Annotations, Element, Packet, Route};
use shared::lent;
use std::collections::HashMap;
use std::sync::LazyLock;

const BACK: u16 = Annotations::BACKWARD;
/// Flows: so few that no bucket of the tables is ever full.
const FLOWS: u8 = 16;
const BUCKETS: usize = 64;
/// The tables' memory.
const PLACES: usize = 224;
/// The time until a flow is forgotten, in ticks of the tables.
const TIMEOUT: u32 = 300;
const TICK_NS: u64 = 1 << 30;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let steps = rest.chunks_exact(3).map(|step| [step[0], step[1], step[2]]);
    match first & 3 {
        0 => director(steps),
        kind => hop(kind == 1, [1 + (first >> 2 & 1), 1 + (first >> 3 & 1)], steps),
    }
    shared::give_back();
});

/// A segment of that flow, or of its answer: odd flows are IPv6, every third one is web traffic.
fn segment(flow: u8, answer: bool) -> Packet {
    let port = if flow % 3 == 0 { 80 } else { 81 };
    let (ports, ends) = ([1024 + u16::from(flow), port], if flow % 2 == 1 { 16 } else { 4 });
    let (mut client, mut server) = (vec![0x20; ends], vec![0x30; ends]);
    (client[ends - 1], server[ends - 1]) = (flow, 1);
    let (from, to, ports) = if answer { (server, client, [ports[1], ports[0]]) } else { (client, server, ports) };
    let ip: &[u8] = match ends {
        4 => &[8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0],
        _ => &[0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64],
    };
    let ports = ports.map(u16::to_be_bytes);
    packet(&[&[2; 12], ip, &from, &to, ports.as_flattened(), &[0; 16]].concat())
}

fn number(element: &impl Element, handler: &str) -> u64 {
    read(element, handler).parse().expect("a number")
}

/// The rules of all directors: web traffic, then IPv6, then all other.
static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let patterns = ["tcp port 80", "ip6"].map(|text| parse_pattern(text).expect("a pattern"));
    let patterns6 = patterns.each_ref().map(of_ipv6);
    Rules {
        chains: &[
            flow_director::Chain { name: "web", annotation: 1 },
            flow_director::Chain { name: "six", annotation: 2 },
            flow_director::Chain { name: "bulk", annotation: 3 | BACK },
        ],
        diagram: compile_rules(patterns.iter().zip(0..)).expect("few rules").leak(),
        diagram6: compile_rules(patterns6.iter().zip(0..)).expect("few rules").leak(),
        annotations: &[1, 2],
        default: 3 | BACK,
    }
});

fn by_rule(flow: u8) -> u16 {
    match flow {
        web if web % 3 == 0 => 1,
        six if six % 2 == 1 => 2,
        _ => 3 | BACK,
    }
}

/// What a director's model knows of a flow: its chain, when it was seen, whether somebody put it in.
#[derive(Clone, Copy)]
struct Known {
    chain: u16,
    seen: u32,
    kept: bool,
}

fn director(steps: impl Iterator<Item = [u8; 3]>) {
    let (mut director, mut io) = (FlowDirector::new(*RULES, TIMEOUT), ListIo::new(0));
    director.lend(lent(|| Memory::<BUCKETS, PLACES>::EMPTY, 1));
    let mut model: HashMap<u8, Known> = HashMap::new();
    let mut now = 0;
    for [what, flow, more] in steps {
        let flow = flow % FLOWS;
        model.retain(|_, known| known.kept || now - known.seen <= TIMEOUT);
        match what % 6 {
            0 | 1 => {
                let mut packet = segment(flow, more & 1 == 1);
                assert_eq!(director.route(&mut io, 0, &mut packet), Some(0));
                let known = model.entry(flow).or_insert(Known { chain: by_rule(flow), seen: now, kept: false });
                known.seen = now;
                assert_eq!(packet.annotations().chain, known.chain);
                assert_ne!(packet.annotations().flow_hash, 0);
            }
            2 => {
                let mut packet = segment(flow, more & 1 == 1);
                let chain = u16::from(more >> 1 & 7) | u16::from(more >> 7) << 15;
                packet.annotations_mut().chain = chain;
                assert_eq!(director.route(&mut io, 1, &mut packet), Some(1));
                let back = chain ^ BACK;
                if chain != 0 && [1, 2, 3 | BACK].contains(&back) {
                    let known = model.entry(flow).or_insert(Known { chain: back, seen: now, kept: false });
                    known.seen = now;
                    known.chain = if known.kept { known.chain } else { back };
                }
            }
            3 => {
                let chain = usize::from(more % 3);
                let text = format!("{} {}", name(flow), RULES.chains[chain].name);
                director.write_handler("add", &text).expect("there is room");
                model.insert(flow, Known { chain: RULES.chains[chain].annotation, seen: now, kept: true });
            }
            4 => {
                let removed = director.write_handler("remove", &name(flow)).is_ok();
                assert_eq!(removed, model.remove(&flow).is_some());
            }
            _ if more & 1 == 1 => {
                director.write_handler("clear", "").expect("it can always");
                model.retain(|_, known| known.kept);
            }
            _ => now += u32::from(more),
        }
        io.now_ns = u64::from(now) * TICK_NS;
        // A director knows the time by its packets.
        director.route(&mut io, 1, &mut packet(&[]));
    }
    model.retain(|_, known| known.kept || now - known.seen <= TIMEOUT);
    assert_eq!((number(&director, "flows"), number(&director, "evicted")), (model.len() as u64, 0));
}

/// The flow as handlers name it.
fn name(flow: u8) -> String {
    let port = if flow % 3 == 0 { 80 } else { 81 };
    let [client, server] = match flow % 2 {
        0 => [format!("32.32.32.{flow}"), "48.48.48.1".into()],
        _ => {
            let group = |byte: &str, last: &str| format!("{}:{byte}{last}", vec![[byte; 2].concat(); 7].join(":"));
            [group("20", &format!("{flow:02x}")), group("30", "01")]
        }
    };
    format!("{client} {} {server} {port} 6", 1024 + u16::from(flow))
}

/// Ports: 0 leads to `lan`, 1 to 3 to the replicas of `ids`, 4 to `wan`. Chains: web by `ids`, bulk past it, and log back to `lan`, of
/// one way.
fn map(stateful: bool, function: [u8; 2]) -> Map {
    const CHAINS: &[chain_hop::Chain] = &[
        chain_hop::Chain { name: "web", number: 1, sides: [0, 1], one_way: false },
        chain_hop::Chain { name: "bulk", number: 3, sides: [0, 2], one_way: false },
        chain_hop::Chain { name: "log", number: 4, sides: [2, 0], one_way: true },
    ];
    const fn service(name: &'static str, ports: &'static [u8], mask: u64, stateful: bool) -> Service {
        let balance = if ports.len() > 1 { 0 } else { u8::MAX };
        let takers = if ports.len() > 1 { 0b011 } else { 1 };
        Service { name, ports, mask, takers, stateful, balance }
    }
    const STATEFUL: &[Service] = &[
        service("lan", &[0], 1, false),
        service("ids", &[1, 2, 3], 0b1110, true),
        service("wan", &[4], 1 << 4, false),
    ];
    const STATELESS: &[Service] = &[
        service("lan", &[0], 1, false),
        service("ids", &[1, 2, 3], 0b1110, false),
        service("wan", &[4], 1 << 4, false),
    ];
    Map {
        services: if stateful { STATEFUL } else { STATELESS },
        chains: CHAINS,
        by_number: &[u8::MAX, 0, u8::MAX, 1, 2],
        entries: &[0, 1 | BACK, 1 | BACK, 1 | BACK, 0],
        wishes: &[Wish::Service([1, 0]), Wish::Port(4, [3, 0])],
        function,
        remembers: stateful,
    }
}

const PORTS: usize = 5;

fn hop(stateful: bool, function: [u8; 2], steps: impl Iterator<Item = [u8; 3]>) {
    let mut hop = ChainHop::<PORTS, 3, 1>::new(map(stateful, function), TIMEOUT);
    let mut io = ListIo::new(0);
    if stateful {
        hop.lend(lent(|| Memory::<BUCKETS, PLACES>::EMPTY, 1));
    }
    // What came, and which replica a flow met last while nothing changed since.
    let (mut came, mut met, mut takers, mut gone) = (0, HashMap::new(), 0b011u8, 0u8);
    for [what, flow, more] in steps {
        let flow = flow % FLOWS;
        match what % 8 {
            0..=4 => {
                let inputs = PORTS + usize::from(function[1]) + 2;
                let input = usize::from(more >> 1) % inputs;
                let mut packet = segment(flow, more & 1 == 1);
                packet.annotations_mut().chain = u16::from(what >> 4 & 7) | u16::from(what >> 7) << 15;
                let output = hop.route(&mut io, input, &mut packet);
                came += 1;
                let Some(output) = output else { continue };
                assert!(output < PORTS + usize::from(function[0]), "{output}");
                if output >= PORTS {
                    assert!(input < PORTS && packet.annotations().chain != 0);
                    came -= 1;
                }
                if (1..=3).contains(&output) {
                    let bit = 1 << (output - 1);
                    let learned = stateful && takers & bit == 0;
                    assert!(learned || takers & bit != 0, "a replica that takes nothing got a frame");
                    assert!(gone & bit == 0 || !stateful, "a replica that is gone got a frame");
                    let live = (1..=3).filter(|port| takers >> (port - 1) & 1 == 1 && !io.down.contains(port)).count();
                    assert!(live == 0 || !io.down.contains(&output), "a replica that is down got a frame");
                    let before = met.insert(flow, output);
                    assert!(stateful || before.is_none_or(|before| before == output), "a flow met another replica");
                }
            }
            5 => {
                takers = more & 7;
                let numbers: String =
                    (0..3).filter(|bit| takers >> bit & 1 == 1).map(|bit| format!(" {bit}")).collect();
                hop.write_handler("replicas", &format!("ids{numbers}")).expect("they are there");
                (gone, met) = (gone & !takers, HashMap::new());
            }
            6 => {
                let replica = more % 3;
                let command = if flow & 1 == 1 { "remove" } else { "drain" };
                hop.write_handler(command, &format!("ids {replica}")).expect("it is there");
                takers &= !(1 << replica);
                gone |= u8::from(command == "remove") << replica;
                met.clear();
            }
            _ => {
                io.down = (1..=3).filter(|port| more >> port & 1 == 1).collect();
                io.now_ns += u64::from(flow) * 20 * TICK_NS;
                met.clear();
            }
        }
    }
    let sent: u64 =
        read(&hop, "services").lines().map(|line| line.rsplit(' ').next().map_or(0, |n| n.parse().unwrap())).sum();
    let drops: u64 = ["no_chain", "wrong_chain", "no_way", "no_replica"].iter().map(|name| number(&hop, name)).sum();
    assert_eq!(sent + drops, came, "every frame went somewhere, or is counted");
}
