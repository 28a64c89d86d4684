// SPDX-License-Identifier: Apache-2.0
//! Bytes in a second: the engine with 1,000 content rules beside the bare automaton of their patterns over the payload of the same
//! captures, in turn.
//!
//! `throughput [--rounds N] CAPTURE…` shows each capture again and again, each time from other clients, so that each round follows new
//! flows, and prints the medians and their quotient. Without captures: `examples/captures/http_browsing.pcap`.

#[path = "../tests/capture/mod.rs"]
mod capture;

use capture::Rig;
use ids::packet::Packet;
use ids::{Mode, Options, Rules, compile, search};

/// Rules.
const RULES: usize = 1000;
/// Bytes that each measurement shows at least.
const BYTES: usize = 200_000_000;

/// Words that no clean capture holds.
fn word(seed: &mut u64, letters: usize) -> String {
    let letter = |seed: &mut u64| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + ((*seed >> 40) % 26) as u8)
    };
    (0..letters).map(|_| letter(seed)).collect()
}

/// A mixture such as real rule sets have: streams, requests' and responses' parts, names.
fn rules() -> String {
    let mut seed = 1;
    let rule = |sid: usize| {
        let (one, other) = (word(&mut seed, 6 + sid % 12), word(&mut seed, 4 + sid % 5));
        let what = match sid % 10 {
            0..=2 => format!("tcp any any -> any any (content:\"{one}\"; content:\"{other}\"; distance:0; sid:{sid};)"),
            3 => format!("tcp any any -> any 80 (flow:established,to_server; content:\"{one}\"; nocase; sid:{sid};)"),
            4 | 5 => format!(
                "http any any -> any any (http.uri; content:\"/{one}\"; content:\"{other}\"; distance:0; sid:{sid};)"
            ),
            6 => format!("http any any -> any any (http.user_agent; content:\"{one}\"; sid:{sid};)"),
            7 => format!("http any any -> any any (file.data; content:\"{one}\"; sid:{sid};)"),
            8 => format!("dns any any -> any any (dns.query; content:\"{one}.com\"; endswith; sid:{sid};)"),
            _ => format!("tls any any -> any any (tls.sni; content:\"{one}.net\"; endswith; sid:{sid};)"),
        };
        format!("alert {what}\n")
    };
    (1..=RULES).map(rule).collect()
}

/// The patterns of these rules alone: one automaton over everything.
fn patterns(rules: &str) -> String {
    let first = |rule: &str| {
        rule.split_once("content:\"").and_then(|(_, rest)| rest.split_once('"')).map(|(text, _)| text.to_string())
    };
    let rule = |(sid, pattern): (usize, String)| {
        format!("alert ip any any -> any any (content:\"{pattern}\"; sid:{};)\n", sid + 1)
    };
    rules.lines().filter_map(first).enumerate().map(rule).collect()
}

/// The capture's packets with other clients: the address that began the capture becomes 10.x.y.z of `round`.
fn others(packets: &[Vec<u8>], round: u32) -> Vec<Vec<u8>> {
    let Some(client) = packets.first().filter(|first| first[0] >> 4 == 4).map(|first| first[12..16].to_vec()) else {
        return packets.to_vec();
    };
    let [_, x, y, z] = round.to_be_bytes();
    let change = |packet: &Vec<u8>| {
        let mut packet = packet.clone();
        for at in [12, 16] {
            if packet[at..at + 4] == client {
                packet[at..at + 4].copy_from_slice(&[10, x, y, z]);
            }
        }
        packet
    };
    packets.iter().map(change).collect()
}

/// Seconds that this thread was on a processor: a busy machine disturbs them less than the clock.
fn busy_s() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).expect("nanoseconds") / 1e9
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut rounds = 5;
    if arguments.first().is_some_and(|first| first == "--rounds") {
        rounds = arguments[1].parse().expect("a number of rounds");
        arguments.drain(..2);
    }
    if arguments.is_empty() {
        arguments.push(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/captures/http_browsing.pcap").into());
    }
    let text = rules();
    let compiled = compile(&[("bench", &text)], &Options::default()).expect("not strict");
    println!("{}", compiled.report);
    let bare = compile(&[("bare", &patterns(&text))], &Options::default()).expect("not strict");
    let table = Rules::read(&bare.data).expect("a table");
    for name in &arguments {
        let capture = std::fs::read(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let packets: Vec<Vec<u8>> =
            capture::packets(&capture).into_iter().filter_map(|(_, packet)| packet.map(<[u8]>::to_vec)).collect();
        let size: usize = packets.iter().map(Vec::len).sum();
        let client = packets.first().map(|first| first[12..16].to_vec()).unwrap_or_default();
        let repeats = (BYTES / size.max(1)).clamp(1, 1 << 20);
        let sets: Vec<Vec<Vec<u8>>> = (0..64).map(|round| others(&packets, round)).collect();
        let (mut engine_rates, mut bare_rates) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let mut rig = Rig::of(&text, Mode::Ids);
            let start = busy_s();
            let mut now_ns = 0;
            for repeat in 0..repeats {
                for packet in &sets[repeat % sets.len()] {
                    now_ns += 1000;
                    rig.engine.inspect(packet, now_ns, &mut |alert| panic!("{}", alert.message));
                }
                if repeat % sets.len() == sets.len() - 1 {
                    rig.engine.finish(now_ns, &mut |_| {});
                }
            }
            engine_rates.push((repeats * size) as f64 / (busy_s() - start) / 1e6);
            let start = busy_s();
            let mut found = 0;
            for _ in 0..repeats {
                for packet in &packets {
                    let parsed = Packet::parse(packet).expect("a clean capture");
                    found += search(table, &parsed, packet[12..16] == client);
                }
            }
            std::hint::black_box(found);
            bare_rates.push((repeats * size) as f64 / (busy_s() - start) / 1e6);
        }
        let (engine, bare) = (median(engine_rates), median(bare_rates));
        println!("{name}: engine {engine:.0} MB/s, automaton alone {bare:.0} MB/s: {:.0} %", 100.0 * engine / bare);
    }
}
