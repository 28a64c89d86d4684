// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::testing::{packet, read};
use crate::wire::ethernet::Address;

const LIMITS: Limits = Limits { packets: 0, entries: 0, entry_packets: 0, slim_factor: 2, timeout_ns: 1000 };

fn lent(limits: Limits, places: usize) -> ArpTable {
    let mut table = ArpTable::new(limits);
    table.lend(Box::leak((0..places).map(|_| Place::EMPTY).collect()));
    table
}

#[test]
fn handlers_are_clicks() {
    let mut table = lent(LIMITS, 4);
    for (name, value) in [("insert", "1.0.0.1 2:0:0:0:0:1"), ("insert", "1.0.0.2 2:0:0:0:0:2"), ("delete", "1.0.0.1")] {
        table.write_handler(name, value).unwrap();
    }
    let lines = "1.0.0.2 1 02-00-00-00-00-02 0.000000\n1.0.0.1 0 FF-FF-FF-FF-FF-FF 0.000000\n";
    assert_eq!(read(&table, "table"), lines);
    for (name, value) in [("insert", "1.0.0.1"), ("insert", "x 2:0:0:0:0:1"), ("delete", ""), ("insert", "1.0.0.1 2:0:0:0:0:1 x")] {
        assert_eq!(table.write_handler(name, value), Err(HandlerError::BadValue), "{name} {value}");
    }
    table.write_handler("clear", "").unwrap();
    assert_eq!((read(&table, "table"), read(&table, "count")), ("".into(), "0".into()));
}

#[test]
fn without_memory_it_holds_nothing() {
    let mut table = ArpTable::new(LIMITS);
    assert_eq!(table.write_handler("insert", "1.0.0.1 2:0:0:0:0:1"), Err(HandlerError::BadValue));
    assert!(matches!(table.entries.hold(1, packet(&[]), 0), Held::Dropped));
    assert_eq!((table.entries.look_up(1, 0, 0).is_some(), read(&table, "drops")), (false, "1".into()));
}

/// Random operations against a plain model of what is known.
#[test]
fn agrees_with_a_plain_table() {
    for (places, limits) in [(7, LIMITS), (64, LIMITS), (64, Limits { packets: 5, entries: 9, entry_packets: 3, ..LIMITS })] {
        let (mut table, mut model) = (lent(limits, places), std::collections::HashMap::new());
        let (mut seed, mut held, mut taken) = (0x51ce_5eed_u64, 0u64, 0u64);
        for now in 0..20_000u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let address = (seed >> 33) as u32 % 20;
            let entries = &mut table.entries;
            match seed >> 60 {
                0..=3 => {
                    entries.answer(address, Address::from_bits(now), now);
                    model.insert(address, now);
                }
                4..=11 if entries.look_up(address, now, 0).is_none() => {
                    held += 1;
                    entries.hold(address, packet(&[]), now);
                }
                12..=13 => taken += u64::from(entries.take().is_some()),
                14 => entries.tick(now),
                _ => {}
            }
            if let Some((ethernet, _)) = entries.look_up(address, now, 0) {
                assert_eq!(Some(&ethernet.to_bits()), model.get(&address));
                assert!(now - ethernet.to_bits() <= 1000);
            }
            assert!(entries.count() as usize <= places.min(20) && entries.length() as usize <= places);
            assert_eq!(held, taken + entries.drops() + u64::from(entries.length()), "at {now}");
        }
        table.write_handler("clear", "").unwrap();
        assert_eq!((table.entries.length(), table.entries.has_released()), (0, false));
        assert_eq!(held, taken + table.entries.drops());
    }
}
