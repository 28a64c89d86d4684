// SPDX-License-Identifier: Apache-2.0
//! Tests of IPRateMonitor.

use super::*;
use crate::testing::{ListIo, packet, read};

fn monitor(counts_bytes: bool, threshold: u32, nodes: usize) -> IpRateMonitor {
    let mut monitor = IpRateMonitor::new(counts_bytes, ALL, threshold, true);
    monitor.lend(vec![Node::EMPTY; nodes].leak());
    monitor
}

/// `count` packets with this address come by `input` in each of `epochs`.
fn run(monitor: &mut IpRateMonitor, io: &mut ListIo, input: usize, address: [u8; 4], count: usize, epochs: u64) {
    let [source, destination] = if input == 0 { [address, [9; 4]] } else { [[9; 4], address] };
    let mut packet = marked::datagram(17, source, destination, &[0; 20]);
    for _ in 0..epochs {
        for _ in 0..count {
            assert_eq!(monitor.route(io, input, &mut packet), Some(input));
        }
        io.now_ns += EPOCH_NS;
    }
}

fn addresses(monitor: &IpRateMonitor) -> Vec<String> {
    read(monitor, "look").lines().skip(1).map(|line| line.trim().split('\t').next().unwrap().into()).collect()
}

#[test]
fn measures_both_directions_in_packets_and_bytes() {
    for (counts_bytes, rate) in [(false, 250.0), (true, 10_000.0)] {
        let (mut monitor, mut io) = (monitor(counts_bytes, 1_000_000, 99), ListIo::new(0));
        for _ in 0..500 {
            run(&mut monitor, &mut io, 0, [10, 1, 2, 3], 2, 1);
            io.now_ns -= EPOCH_NS;
            run(&mut monitor, &mut io, 1, [10, 1, 2, 3], 1, 1);
        }
        let look = read(&monitor, "look");
        let [epochs, cluster] = look.lines().collect::<Vec<_>>()[..] else { panic!("{look}") };
        let [name, from, to] = cluster.split('\t').collect::<Vec<_>>()[..] else { panic!("{look}") };
        let (from, to): (f64, f64) = (from.parse().unwrap(), to.parse().unwrap());
        assert_eq!((epochs, name), ("499", "10"));
        assert!((rate * 0.98..=rate).contains(&from) && (rate * 0.48..=rate * 0.5).contains(&to), "{look}");
    }
}

#[test]
fn splits_clusters_with_a_high_rate_and_joins_those_with_a_low_one() {
    let (mut monitor, mut io) = (monitor(false, 100, 99), ListIo::new(0));
    run(&mut monitor, &mut io, 0, [10, 1, 2, 3], 2, 200);
    run(&mut monitor, &mut io, 1, [77, 1, 2, 3], 1, 5);
    assert_eq!(addresses(&monitor), ["10", "10.1", "10.1.2", "10.1.2.3", "77"]);
    assert!(read(&monitor, "look").contains("\n\t\t\t10.1.2.3\t"));
    let before: usize = read(&monitor, "mem").parse().unwrap();
    assert_eq!(before, (1 + 10) * size_of::<Node>());
    // The fold of each second joins at least one of them.
    run(&mut monitor, &mut io, 1, [77, 1, 2, 3], 1, 4 * EPOCHS);
    assert_eq!(addresses(&monitor)[..1], ["77"]);
    monitor.write_handler("reset", "").unwrap();
    assert_eq!((read(&monitor, "look"), read(&monitor, "mem")), ("0\n".into(), size_of::<Node>().to_string()));
    run(&mut monitor, &mut io, 0, [10, 1, 2, 3], 2, 9);
    assert_eq!(addresses(&monitor), ["10"]);
}

#[test]
fn memory_is_a_bound_and_comes_back() {
    let (mut monitor, mut io) = (monitor(false, 0, 2000), ListIo::new(0));
    for round in 0..20_000u32 {
        let address = round.wrapping_mul(0x9e37_79b9).to_be_bytes();
        run(&mut monitor, &mut io, (round & 1) as usize, address, 1, 1);
        assert!(read(&monitor, "mem").parse::<usize>().unwrap() <= 2000 * size_of::<Node>());
    }
    monitor.write_handler("memmax", "1").unwrap();
    let most = LEAST_KILOBYTES * 1024 / size_of::<Node>() * size_of::<Node>();
    assert_eq!(read(&monitor, "memmax"), most.to_string());
    assert!(read(&monitor, "mem").parse::<usize>().unwrap() <= most);
    monitor.write_handler("memmax", "0").unwrap();
    assert_eq!(read(&monitor, "memmax"), (2000 * size_of::<Node>()).to_string());
    let mut none = IpRateMonitor::new(false, ALL, 0, false);
    run(&mut none, &mut io, 0, [1; 4], 3, 300);
    none.write_handler("anno_level", "1.1.1.1 0 1").unwrap();
    assert_eq!(addresses(&none).len(), 0);
}

#[test]
fn a_cluster_can_be_kept_whole() {
    let (mut monitor, mut io) = (monitor(false, 100, 99), ListIo::new(0));
    run(&mut monitor, &mut io, 0, [10, 1, 2, 3], 2, 100);
    monitor.write_handler("anno_level", "10.1.0.0, 1, 2").unwrap();
    assert_eq!(addresses(&monitor), ["10", "10.1"]);
    run(&mut monitor, &mut io, 0, [10, 1, 2, 3], 2, 2 * EPOCHS);
    assert_eq!(addresses(&monitor), ["10", "10.1"]);
    run(&mut monitor, &mut io, 0, [10, 1, 2, 3], 2, 4);
    assert_eq!(addresses(&monitor).len(), 4);
    for wrong in ["", "10.1.0.0 1", "10.1.0.0 4 1", "10.1.0.0 1 0", "x 1 1", "10.1.0.0 1 1 1"] {
        assert_eq!(monitor.write_handler("anno_level", wrong), Err(HandlerError::BadValue), "{wrong}");
    }
}

#[test]
fn a_part_of_the_packets_is_counted() {
    let mut half = IpRateMonitor::new(false, ALL / 2, 1_000_000, false);
    half.lend(vec![Node::EMPTY; 9].leak());
    run(&mut half, &mut ListIo::new(0), 0, [10, 1, 2, 3], 64, 500);
    let rate: f64 = read(&half, "look").split('\t').nth(1).unwrap().parse().unwrap();
    assert!((3600.0..4400.0).contains(&rate), "{rate}");
    assert_eq!(read(&half, "thresh"), "500000");
}

#[test]
fn without_a_header_there_is_no_address() {
    let mut monitor = monitor(false, 1, 9);
    assert_eq!(monitor.route(&mut ListIo::new(0), 0, &mut packet(&[0; 60])), None);
    assert_eq!(read(&monitor, "no_header"), "1");
}

#[cfg(feature = "host")]
#[test]
fn arguments_become_an_expression() {
    use crate::configure::{Surroundings, configure};
    let made = |arguments: &[&str]| configure::<IpRateMonitor>(arguments, &Surroundings::default());
    let instance = made(&["PACKETS", "0.5", "256", "600"]).unwrap();
    assert_eq!(instance.expression, "IpRateMonitor::new(false, 32768, 256, true)");
    assert_eq!(instance.memory.unwrap().count, 600 * 1024 / 120);
    let instance = made(&["bytes", "1", "9", "ANNO false"]).unwrap();
    assert_eq!(instance.expression, "IpRateMonitor::new(true, 65536, 9, false)");
    assert_eq!((instance.memory.unwrap().count, size_of::<Node>()), (32768, 120));
    let annotating = made(&["PACKETS", "1", "9", "0", "true"]).unwrap_err();
    assert_eq!(annotating[0].message, "packets have no annotations for rates");
    for wrong in [["FRAMES", "1", "9", "0"], ["BYTES", "1.1", "9", "0"], ["BYTES", "1", "9", "65537"]] {
        assert_eq!(made(&wrong).unwrap_err().len(), 1);
    }
}
