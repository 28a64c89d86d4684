// SPDX-License-Identifier: Apache-2.0
//! Measures IPFilter: build time and table size of rule sets, and nanoseconds per packet.
//!
//! `cargo run --release -p nf-elements --features host --example classify [CLASSBENCH-FILE]`

use nf_elements::elements::IpFilter;
use nf_elements::filter::{compile_rules, parse_rule};
use nf_elements::testing::{ListIo, packet};
use nf_elements::{Packet, Route};
use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Packets that each filter classifies in turn.
const PACKETS: usize = 1024;
/// Rounds through them in one run, and runs.
const ROUNDS: usize = 100;
const RUNS: usize = 15;

/// Numbers that look random, the same in each run (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % u64::from(limit)) as u32
    }
}

/// A five-tuple: what a rule is made of and what a packet has.
#[derive(Clone, Copy)]
struct Tuple {
    source: u32,
    destination: u32,
    protocol: u8,
    source_port: u16,
    destination_port: u16,
}

/// A rule set: its name, its rules, and packets that meet them.
struct Set {
    name: String,
    rules: Vec<String>,
    tuples: Vec<Tuple>,
}

fn main() {
    let mut sets: Vec<Set> = [10, 100, 1000].into_iter().flat_map(|count| [hosts(count), five_fields(count)]).collect();
    if let Some(path) = std::env::args().nth(1) {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        sets.extend(["allow", "mixed", "outputs"].map(|actions| classbench(&text, actions)));
    }
    println!(
        "{:24} {:>6} {:>9} {:>6} {:>8} {:>10} {:>6}",
        "rules", "count", "build", "nodes", "bytes", "ns/packet", "least"
    );
    let mut filters: Vec<_> = sets.iter().map(build).collect();
    let mut times = vec![Vec::new(); filters.len()];
    for _ in 0..RUNS {
        for (filter, times) in filters.iter_mut().zip(&mut times) {
            times.push(filter.run());
        }
    }
    for ((set, filter), times) in sets.iter().zip(&filters).zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let (nodes, bytes, build) = (filter.nodes, filter.bytes, format!("{:.1?}", filter.build));
        let (median, least) = (times[times.len() / 2], times[0]);
        println!("{:24} {:6} {build:>9} {nodes:6} {bytes:8} {median:10.1} {least:6.1}", set.name, set.rules.len());
    }
}

struct Built {
    filter: IpFilter,
    packets: Vec<Packet>,
    build: Duration,
    nodes: usize,
    bytes: usize,
}

fn build(set: &Set) -> Built {
    let start = Instant::now();
    let rules: Vec<_> =
        set.rules.iter().map(|rule| parse_rule(rule, 2000).unwrap_or_else(|e| panic!("{rule}: {e:?}"))).collect();
    let tables = compile_rules(rules.iter().map(|rule| (&rule.pattern, rule.action.leaf()))).expect("the rules fit");
    let build = start.elapsed();
    let filter = IpFilter::new(rules.len() as u32, tables.leak());
    let mut random = Random(5);
    let packets = (0..PACKETS).map(|_| datagram(set.tuples[random.below(set.tuples.len() as u32) as usize])).collect();
    Built { filter, packets, build, nodes: tables.nodes(), bytes: tables.bytes() }
}

impl Built {
    /// Nanoseconds per packet of one run.
    fn run(&mut self) -> f64 {
        let (mut io, mut sum) = (ListIo::new(0), 0);
        let start = Instant::now();
        for _ in 0..ROUNDS {
            for packet in &mut self.packets {
                sum += self.filter.route(&mut io, 0, packet).map_or(1, |output| output);
            }
        }
        black_box(sum);
        start.elapsed().as_nanos() as f64 / (ROUNDS * PACKETS) as f64
    }
}

/// `deny src host X` and `allow all`; packets that the last rule passes, and some that are denied.
fn hosts(count: usize) -> Set {
    let mut random = Random(1);
    let mut rules = Vec::new();
    let mut tuples = Vec::new();
    for index in 0..count {
        let source = 10 << 24 | random.below(1 << 24);
        let tuple = Tuple { source, destination: 0xc000_0201, protocol: 17, source_port: 5000, destination_port: 7 };
        let stranger = Tuple { source: 10 << 24 | random.below(1 << 24), ..tuple };
        tuples.extend([stranger, if index % 8 == 0 { tuple } else { stranger }]);
        if index + 1 < count {
            rules.push(format!("deny src host {}", address(source)));
        }
    }
    rules.push("allow all".into());
    Set { name: format!("deny src host X, {count}"), rules, tuples }
}

/// Rules over all five fields, networks of /16 to /32, port ranges; packets that match one, or only almost.
fn five_fields(count: usize) -> Set {
    let mut random = Random(2);
    let mut set = Set { name: format!("five fields, {count}"), rules: Vec::new(), tuples: Vec::new() };
    for index in 0..count {
        let lengths = [random.below(17), random.below(17)];
        let nets = lengths.map(|host_bits| (10 << 24 | random.below(1 << 24)) >> host_bits << host_bits);
        let ports = [random.below(60000), random.below(60000)];
        let lasts = [ports[0] + random.below(5000), ports[1] + random.below(3) * random.below(1000)];
        let (action, protocol) = ([("allow", "tcp"), ("deny", "udp"), ("deny", "tcp")])[index % 3];
        set.rules.push(format!(
            "{action} src net {}/{} and dst net {}/{} and {protocol} and src port {}-{} and dst port {}-{}",
            address(nets[0]),
            32 - lengths[0],
            address(nets[1]),
            32 - lengths[1],
            ports[0],
            lasts[0],
            ports[1],
            lasts[1],
        ));
        let inside = Tuple {
            source: nets[0],
            destination: nets[1],
            protocol: if protocol == "tcp" { 6 } else { 17 },
            source_port: lasts[0] as u16,
            destination_port: ports[1] as u16,
        };
        set.tuples.extend([inside, Tuple { destination_port: inside.source_port, ..inside }]);
    }
    set
}

/// A ClassBench filter set: `@SRC/LEN DST/LEN LOW : HIGH LOW : HIGH PROTO/MASK FLAGS/MASK`, flags left out.
fn classbench(text: &str, actions: &str) -> Set {
    let mut set = Set { name: format!("ClassBench, {actions}"), rules: Vec::new(), tuples: Vec::new() };
    for (index, line) in text.lines().filter(|line| line.starts_with('@')).enumerate() {
        let words: Vec<&str> = line[1..].split_whitespace().collect();
        let action = match actions {
            "allow" => "allow".into(),
            "mixed" => ["allow", "deny"][index % 2].into(),
            _ => index.to_string(),
        };
        let mut rule = format!("{action} src net {} and dst net {}", words[0], words[1]);
        let (protocol, mask) = words[8].split_once('/').expect("PROTO/MASK");
        if mask != "0x00" {
            let _ = write!(rule, " and ip proto {protocol}");
        }
        for (direction, words) in [("src", &words[2..5]), ("dst", &words[5..8])] {
            if words != ["0", ":", "65535"] {
                let _ = write!(rule, " and {direction} port {}-{}", words[0], words[2]);
            }
        }
        set.rules.push(rule);
        let net =
            |word: &str| word.split('/').next().and_then(|a| a.parse().ok()).map_or(0, std::net::Ipv4Addr::to_bits);
        set.tuples.push(Tuple {
            source: net(words[0]),
            destination: net(words[1]),
            protocol: u8::from_str_radix(&protocol[2..], 16).expect("a protocol's number"),
            source_port: 1024,
            destination_port: words[5].parse().expect("a port"),
        });
    }
    set
}

fn address(bits: u32) -> std::net::Ipv4Addr {
    std::net::Ipv4Addr::from_bits(bits)
}

/// A packet of 46 bytes of IP, as in a frame of 64 bytes.
fn datagram(tuple: Tuple) -> Packet {
    let mut bytes = [0; 46];
    bytes[..10].copy_from_slice(&[0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, tuple.protocol]);
    bytes[12..16].copy_from_slice(&tuple.source.to_be_bytes());
    bytes[16..20].copy_from_slice(&tuple.destination.to_be_bytes());
    bytes[20..22].copy_from_slice(&tuple.source_port.to_be_bytes());
    bytes[22..24].copy_from_slice(&tuple.destination_port.to_be_bytes());
    let mut packet = packet(&bytes);
    let start = packet.headroom() as u16;
    packet.annotations_mut().network_offset = start;
    packet.annotations_mut().transport_offset = start + 20;
    packet
}
