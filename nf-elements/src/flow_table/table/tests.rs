// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::chains::Fate;
use core::net::{IpAddr, Ipv4Addr};

type FlowTable = super::FlowTable<Fate>;
const _: () = assert!(size_of::<Bucket>() == 64 && size_of::<Flow<Fate>>() == 48);

fn key(number: u32) -> FlowKey {
    let end = |address: u32, port| (IpAddr::V4(Ipv4Addr::from_bits(address)), port);
    FlowKey::new(6, end(0x0a00_0000 + number, 7), end(1, 80)).expect("both are IPv4")
}

fn table<const BUCKETS: usize, const FLOWS: usize>(timeout: u32) -> FlowTable {
    let mut table = FlowTable::new(timeout);
    table.lend(vec![Memory::<Fate, BUCKETS, FLOWS>::EMPTY].leak());
    table
}

fn add(table: &mut FlowTable, number: u32, now: u32) -> Place {
    let place = table.insert(&key(number), key(number).hash(), now).expect("there is room");
    table.memo_mut(place).chain = number as u16;
    place
}

fn chain(table: &FlowTable, number: u32, now: u32) -> Option<u16> {
    table.find(&key(number), key(number).hash(), now).map(|place| table.memo(place).chain)
}

#[test]
fn full_it_holds_all_but_one_flow_in_a_thousand() {
    let mut table = table::<{ buckets(8192) }, 8192>(100);
    for number in 0..8192 {
        add(&mut table, number, 1);
    }
    let held = (0..8192).filter(|number| chain(&table, *number, 1) == Some(*number as u16)).count();
    assert!(held > 8192 - 8, "{held}");
    assert_eq!((table.size(), table.evicted), (held as u32, 8192 - held as u64));
    assert_eq!(table.flows(1).count(), held);
}

#[test]
fn the_one_that_was_quiet_longest_gives_way_and_kept_ones_never() {
    let mut table = table::<1, 7>(100);
    for number in 0..7 {
        add(&mut table, number, number);
    }
    let first = table.find(&key(0), key(0).hash(), 8).unwrap();
    table.touch(first, 8);
    let second = table.find(&key(1), key(1).hash(), 8).unwrap();
    table.memo_mut(second).kept = true;
    add(&mut table, 9, 9);
    assert_eq!([0, 1, 2, 3, 9].map(|number| chain(&table, number, 9)), [Some(0), Some(1), None, Some(3), Some(9)]);
    table.memos_mut().for_each(|fate| fate.kept = true);
    assert_eq!(table.insert(&key(10), key(10).hash(), 500), None);
    assert_eq!((table.size(), table.evicted), (7, 1));
}

#[test]
fn memory_goes_from_flows_that_are_over_to_new_ones() {
    let mut table = table::<64, 32>(10);
    for number in 0..32 {
        add(&mut table, number, number / 16);
    }
    assert_eq!((table.size(), table.evicted), (32, 0));
    // All memory is used, and those of the first tick are over: the others stay as long as one of these is found.
    for number in 32..40 {
        add(&mut table, number, 11);
    }
    let held = (16..40).filter(|number| chain(&table, *number, 11) == Some(*number as u16)).count();
    assert_eq!(table.flows(11).count(), held);
    assert!(table.size() <= 32 && held as u64 + table.evicted == 24, "{held} {}", table.evicted);
    // What was taken out leaves its memory, too.
    let place = table.find(&key(39), key(39).hash(), 11).unwrap();
    table.remove(place);
    let size = table.size();
    add(&mut table, 40, 11);
    assert!(table.size() <= size + 1 && chain(&table, 40, 11) == Some(40));
    table.clear();
    for number in 100..132 {
        add(&mut table, number, 11);
    }
    assert_eq!((100..132).filter(|number| chain(&table, *number, 11).is_some()).count(), 32);
}

#[test]
fn only_flows_that_are_there_are_found_whatever_comes_and_goes() {
    let mut random = crate::testing::rule_sets::Random::new(5);
    let mut table = table::<8, 24>(20);
    for now in 0..50_000 {
        let number = random.between(0, 60);
        let found = table.find(&key(number), key(number).hash(), now / 8);
        match (found, random.between(0, 3)) {
            (Some(place), 0) => table.remove(place),
            (Some(place), _) => {
                assert_eq!(table.memo(place).chain, number as u16);
                table.touch(place, now / 8);
            }
            (None, 0) => {}
            (None, _) => {
                add(&mut table, number, now / 8);
                assert_eq!(chain(&table, number, now / 8), Some(number as u16));
            }
        }
        let used: Vec<_> = table.buckets.iter().flat_map(|bucket| bucket.flows).filter(|flow| *flow != 0).collect();
        let different: std::collections::BTreeSet<_> = used.iter().collect();
        assert!(used.len() == different.len() && used.len() <= 24, "no two entries share memory");
        let counted = table.buckets.iter().map(|bucket| (0..WAYS).filter(|way| bucket.is_used(*way)).count()).sum();
        assert_eq!(table.size() as usize, counted);
    }
}

#[test]
fn what_was_quiet_for_too_long_is_forgotten() {
    let mut table = table::<2, 8>(10);
    add(&mut table, 1, 5);
    assert_eq!((chain(&table, 1, 15), chain(&table, 1, 16)), (Some(1), None));
    // It comes back in its old place with nothing known.
    let place = table.insert(&key(1), key(1).hash(), 16).unwrap();
    assert_eq!((*table.memo(place), table.size(), table.evicted), (Fate::default(), 1, 0));
    table.remove(place);
    assert_eq!((table.size(), chain(&table, 1, 16)), (0, None));
}

#[test]
fn without_memory_nothing_is_held() {
    let mut table = FlowTable::new(10);
    assert_eq!(table.insert(&key(1), key(1).hash(), 0), None);
    assert_eq!(table.find(&key(1), key(1).hash(), 0), None);
    table.clear();
}
