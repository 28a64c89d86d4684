// SPDX-License-Identifier: Apache-2.0
//! What a routing table costs: time to configure it, memory, nanoseconds per lookup and per packet.
//!
//! The destinations are *any* address below 224.0.0.0, one *inside* of a route chosen at random, or *skewed*: the same, but
//! half of the packets go to 16 destinations and nine of ten to 1024. Each is measured over 65 536 packets in turn, the
//! median of 15 runs; a lookup waits for the one before it, so that the time is what one packet waits.
//!
//! Run it with `cargo run --release -p nf-elements --features host --example route`

use nf_elements::configure::{Arguments, Instance, Surroundings};
use nf_elements::elements::{RadixIpLookup, class};
use nf_elements::routing::sample::{Random, bgp};
use nf_elements::routing::{Hop, Route as Destination, Table};
use nf_elements::testing::{ListIo, packet};
use nf_elements::{Packet, Route};
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Instant;

/// Destinations in turn.
const ADDRESSES: usize = 65_536;
/// Packets in turn: as many as lie in the second-level cache.
const PACKETS: usize = 256;
const RUNS: usize = 15;
const OUTPUTS: usize = 8;

fn main() {
    println!(
        "{:>8} {:>9} {:>12} {:>12} {:>12}  {:12} {:>9} {:>9} {:>10}",
        "routes",
        "configure",
        "image bytes",
        "lookup bytes",
        "memory",
        "destinations",
        "ns/lookup",
        "waiting",
        "ns/packet"
    );
    for count in [8, 1000, 10_000, 100_000, 500_000] {
        measure(count);
    }
}

fn measure(count: usize) {
    let mut random = Random(7);
    let routes = bgp(count, OUTPUTS, &mut random);
    let texts: Vec<String> = routes.iter().map(|(route, hop)| argument(*route, *hop)).collect();
    let start = Instant::now();
    let instance = configure(&texts);
    let configured = start.elapsed();
    let (image, memory) = (instance.data.len(), instance.memory.map_or(0, |memory| memory.count));
    let data: &'static [u8] = instance.data.leak();
    let mut table = Table::<u32>::new(data);
    table.lend(vec![0; memory].leak());
    let mut element = RadixIpLookup::new(data, OUTPUTS as u16);
    element.lend(&mut []);
    for (name, addresses) in destinations(&routes, &mut random) {
        let (independent, waiting) =
            (time(&addresses, |a| lookups(&table, a)), time(&addresses, |a| chained(&table, a)));
        let mut packets: Vec<Packet> = addresses[..PACKETS].iter().map(|address| datagram(*address)).collect();
        let routed = time(&addresses, |_| forward(&mut element, &mut packets));
        println!(
            "{count:8} {:>9} {image:12} {:12} {memory:12}  {name:12} {independent:9.1} {waiting:9.1} {routed:10.1}",
            format!("{configured:.1?}"),
            table.lookup_bytes(),
        );
    }
}

/// A route as an argument of the configuration.
fn argument(route: Destination<u32>, hop: Hop<u32>) -> String {
    let (prefix, gateway) = (Ipv4Addr::from_bits(route.prefix), Ipv4Addr::from_bits(hop.gateway));
    format!("{prefix}/{} {gateway} {}", route.length, hop.output)
}

fn configure(texts: &[String]) -> Instance {
    let class = class("RadixIPLookup").expect("the class is there");
    let mut arguments = Arguments::new(class.spec, texts);
    let surroundings = Surroundings { outputs: OUTPUTS, ..Default::default() };
    let instance = (class.configure)(&mut arguments, &surroundings);
    let errors = arguments.finish();
    assert!(errors.is_empty(), "{errors:?}");
    instance.expect("no error")
}

fn destinations(routes: &[(Destination<u32>, Hop<u32>)], random: &mut Random) -> [(&'static str, Vec<u32>); 3] {
    let inside = |random: &mut Random| {
        let route = routes[random.below(routes.len())].0;
        route.prefix | (random.bits() as u32).checked_shr(route.length.into()).unwrap_or(0)
    };
    let any = (0..ADDRESSES).map(|_| (random.below(224) as u32) << 24 | random.bits() as u32 & 0x00ff_ffff).collect();
    let in_routes: Vec<u32> = (0..ADDRESSES).map(|_| inside(random)).collect();
    let skewed = (0..ADDRESSES).map(|_| match random.below(10) {
        0..5 => in_routes[random.below(16)],
        5..9 => in_routes[random.below(1024)],
        _ => in_routes[random.below(ADDRESSES)],
    });
    let skewed = skewed.collect();
    [("any", any), ("inside", in_routes), ("skewed", skewed)]
}

/// Nanoseconds for each address: the median of some runs.
fn time(addresses: &[u32], mut run: impl FnMut(&[u32]) -> usize) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            black_box(run(addresses));
            start.elapsed().as_nanos() as f64 / ADDRESSES as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

fn lookups(table: &Table<u32>, addresses: &[u32]) -> usize {
    addresses.iter().map(|address| usize::from(table.find(*address).output)).sum()
}

/// Each address depends on the answer before it, though never changed by it.
fn chained(table: &Table<u32>, addresses: &[u32]) -> usize {
    let nothing = black_box(0);
    addresses.iter().fold(0, |last, address| usize::from(table.find(address ^ (last as u32 & nothing)).output))
}

fn forward(element: &mut RadixIpLookup, packets: &mut [Packet]) -> usize {
    let (mut io, mut sum) = (ListIo::new(0), 0);
    for _ in 0..ADDRESSES / PACKETS {
        for packet in &mut *packets {
            let destination = packet.annotations().destination_ipv4();
            sum += element.route(&mut io, 0, packet).unwrap_or(9);
            packet.annotations_mut().set_destination_ipv4(destination);
        }
    }
    sum
}

fn datagram(address: u32) -> Packet {
    let mut packet = packet(&[0; 46]);
    packet.annotations_mut().set_destination_ipv4(address.to_be_bytes());
    packet
}
