// SPDX-License-Identifier: Apache-2.0
//! Measures IPRewriter: nanoseconds per packet of known flows, by the number of flows, and of new flows.
//!
//! `cargo run --release -p nf-elements --features host --example rewriter`

use nf_elements::elements::IpRewriter;
use nf_elements::flows::{AGES, Block, Pattern, Specification, Timing};
use nf_elements::testing::{ListIo, packet};
use nf_elements::{Ahead, BURST, Batch, Packet, Route};
use std::hint::black_box;
use std::time::Instant;

/// Packets measured.
const PACKETS: usize = 4_000_000;
/// Bytes of a packet: a frame of 64 bytes without its Ethernet header and check sequence.
const BYTES: usize = 46;

fn main() {
    println!(
        "{:>9} {:>9} {:>11} {:>11} {:>11} {:>11} {:>11}",
        "flows", "megabytes", "ns/packet", "fastest", "ahead", "fastest", "ns/new flow"
    );
    for flows in [1, 1000, 10_000, 100_000, 1_000_000] {
        measure(flows);
    }
}

fn measure(flows: u32) {
    let blocks = Block::count(flows as usize);
    let (mut nat, mut io) = (rewriter(flows, blocks), ListIo::new(0));
    let mut burst: Vec<_> = (0..BURST).map(|_| datagram()).collect();
    let new = rounds(&mut nat, &mut io, &mut burst, (0..flows).collect::<Vec<_>>().as_slice(), false);
    assert_eq!(nat.table().size(), flows);
    let order: Vec<u32> = (0..PACKETS as u64).map(|at| (scatter(at) % u64::from(flows)) as u32).collect();
    let [plain, ahead] = [false, true].map(|ahead| rounds(&mut nat, &mut io, &mut burst, &order, ahead));
    let megabytes = blocks as f64 * size_of::<Block>() as f64 / 1e6;
    println!(
        "{flows:>9} {megabytes:>9.1} {:>11.1} {:>11.1} {:>11.1} {:>11.1} {:>11.1}",
        plain[0], plain[1], ahead[0], ahead[1], new[0]
    );
}

/// A rewriter that gives each flow a source port, or all another destination where there are too many for that: two flows
/// whose answers are the same would end each other.
fn rewriter(flows: u32, blocks: usize) -> IpRewriter<1> {
    let pattern = if flows > 60_000 {
        Pattern { destination: 0xc000_0201, ..Pattern::NONE }
    } else {
        let all = Pattern { source_port: 1024, variation: 64_511, ports: true, sequential: true, ..Pattern::NONE };
        Pattern { source: 0xc000_0201, same_first: false, ..all }
    };
    let timing = Timing { timeouts_ms: [300_000; AGES], guarantees_ms: [5000; AGES], reap_ms: 900_000 };
    let mut nat = IpRewriter::new([Specification::Pattern(pattern, [0, 0])], 1, flows, timing, true, false);
    nat.lend(vec![Block::EMPTY; blocks].leak());
    nat
}

/// Passes a packet of each flow in `order`, in bursts. Nanoseconds per packet, the median of bursts and that of the
/// fastest tenth: on a machine that has other things to do, a mean says more about those.
fn rounds(nat: &mut IpRewriter<1>, io: &mut ListIo, burst: &mut Vec<Packet>, order: &[u32], ahead: bool) -> [f64; 2] {
    let mut times = Vec::with_capacity(order.len().div_ceil(BURST));
    for flows in order.chunks(BURST) {
        for (packet, flow) in burst.iter_mut().zip(flows) {
            address(packet, *flow);
        }
        io.now_ns += 1000;
        let mut batch = Batch::new();
        burst.drain(..flows.len()).for_each(|packet| drop(batch.push(packet)));
        let begin = Instant::now();
        if ahead {
            nat.ahead(0, &batch);
        }
        let mut sent = Batch::new();
        for mut packet in batch {
            black_box(nat.route(io, 0, &mut packet));
            let _ = sent.push(packet);
        }
        times.push(begin.elapsed().as_secs_f64() * 1e9 / flows.len() as f64);
        burst.extend(sent);
    }
    times.sort_by(f64::total_cmp);
    [times[times.len() / 2], times[times.len() / 20]]
}

/// A number's place among all numbers, mixed (splitmix64).
fn scatter(number: u64) -> u64 {
    let mixed = (number.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 31)
}

/// Gives a packet the addresses and ports of a flow.
fn address(packet: &mut Packet, flow: u32) {
    let bytes = packet.network_mut();
    bytes[12..16].copy_from_slice(&(0x0a00_0000 + flow % 256).to_be_bytes());
    bytes[16..20].copy_from_slice(&(0xc633_6400 + flow / 4096 % 256).to_be_bytes());
    bytes[20..24].copy_from_slice(&((flow / 256) << 16 | 53).to_be_bytes());
    bytes[26..28].copy_from_slice(&[0x12, 0x34]);
}

fn datagram() -> Packet {
    let mut bytes = [0; BYTES];
    bytes[0] = 0x45;
    bytes[3] = BYTES as u8;
    bytes[8..10].copy_from_slice(&[64, 17]);
    bytes[25] = (BYTES - 20) as u8;
    let mut packet = packet(&bytes);
    packet.set_network(0, 20);
    packet
}
