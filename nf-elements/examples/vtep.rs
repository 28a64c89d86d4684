// SPDX-License-Identifier: Apache-2.0
//! Measures a VTEP's table of stations: nanoseconds per look-up, one by one and in bursts that are read ahead, and the memory in use,
//! by the number of stations. They are spread over networks whose numbers are spread over all 24 bits.
//!
//! `cargo run --release -p nf-elements --features host --example vtep`

use nf_elements::overlay::{MacKey, Memory, Networks, Place, Settings, Vni};
use nf_elements::wire::ethernet::Address;
use nf_elements::{BURST, ConstStaticCell};
use std::hint::black_box;
use std::time::Instant;

/// Look-ups measured.
const LOOKUPS: usize = 4_000_000;
/// Stations and networks that there is room for.
const STATIONS: usize = 1 << 20;
const NETWORKS: usize = 1 << 14;
/// Stations per network.
const EACH: u64 = 100;

static MEMORY: ConstStaticCell<Memory<STATIONS, NETWORKS, 16, 16, 16, 16>> = ConstStaticCell::new(Memory::EMPTY);

fn main() {
    let mut networks = Networks::new(Settings { learns: nf_elements::overlay::Learns::All, timeout_s: 300 });
    networks.lend(MEMORY.take());
    networks.seed(1);
    let room = STATIONS as f64 * 36.0 / 1e6;
    println!("room for {STATIONS} stations: {room:.0} MB");
    println!(
        "{:>9} {:>9} {:>12} {:>9} {:>12} {:>9} {:>10}",
        "stations", "MB in use", "ns/look-up", "fastest", "read ahead", "fastest", "ns/learnt"
    );
    let mut learned = 0;
    let before = resident_megabytes();
    for stations in [1000, 10_000, 100_000, 1_000_000] {
        let begin = Instant::now();
        for number in learned..stations {
            let (vni, station) = station(number);
            let network = networks.network(vni).expect("there is room");
            networks.learn(network, vni, station, Place::Access(0), 1);
        }
        let learning = begin.elapsed().as_secs_f64() * 1e9 / (stations - learned) as f64;
        learned = stations;
        assert_eq!(networks.stations().len() as u64, stations);
        let megabytes = resident_megabytes() - before;
        let [plain, ahead] = [false, true].map(|ahead| rounds(&networks, stations, ahead));
        println!(
            "{stations:>9} {megabytes:>9.1} {:>12.1} {:>9.1} {:>12.1} {:>9.1} {learning:>10.1}",
            plain[0], plain[1], ahead[0], ahead[1]
        );
    }
}

/// Looks stations up in no order, in bursts. Nanoseconds per look-up, the median of bursts and that of the fastest twentieth: on a machine
/// that has other things to do, a mean says more about those.
fn rounds(networks: &Networks, stations: u64, ahead: bool) -> [f64; 2] {
    let mut times = Vec::with_capacity(LOOKUPS / BURST);
    let mut burst = [station(0); BURST];
    for round in 0..(LOOKUPS / BURST) as u64 {
        for (place, at) in burst.iter_mut().zip(round * BURST as u64..) {
            *place = station(scatter(at) % stations);
        }
        let begin = Instant::now();
        if ahead {
            networks.preload(burst.iter().map(|(vni, station)| MacKey::new(*vni, *station)));
        }
        for (vni, station) in &burst {
            assert!(black_box(networks.locate(*vni, *station, 1)).is_some());
        }
        times.push(begin.elapsed().as_secs_f64() * 1e9 / BURST as f64);
    }
    times.sort_by(f64::total_cmp);
    [times[times.len() / 2], times[times.len() / 20]]
}

/// The network and address of a station.
fn station(number: u64) -> (Vni, Address) {
    let vni = scatter(number / EACH) as u32 & 0xff_ffff;
    (Vni(vni), Address::from_bits(number << 8 | 2))
}

/// A number's place among all numbers, mixed (splitmix64).
fn scatter(number: u64) -> u64 {
    let mixed = (number.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 31)
}

/// Memory of this process that the machine really holds, proc_pid_statm(5).
fn resident_megabytes() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux tells it");
    let pages: f64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    pages * 4096.0 / 1e6
}
