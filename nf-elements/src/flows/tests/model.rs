// SPDX-License-Identifier: Apache-2.0
//! The table against a `HashMap`.

use super::super::{Flow, FlowTable};
use super::properties::Random;
use super::*;
use std::collections::HashMap;

const TIMING: Timing = Timing { timeouts_ms: [1000; AGES], guarantees_ms: [0; AGES], reap_ms: 0 };

/// All that must hold of a table in itself.
fn check(table: &FlowTable<2>, model: &HashMap<FlowId, FlowId>) {
    assert_eq!(table.size() as usize, model.len());
    assert_eq!(table.flows().count(), model.len());
    assert_eq!(table.counts.iter().sum::<u32>(), table.size());
    let slots: usize = table.blocks.iter().flat_map(|block| block.slots).filter(|slot| *slot != 0).count();
    let own = model.iter().filter(|(id, new)| **id == new.reversed()).count();
    assert_eq!(slots, 2 * model.len() - own);
    for (id, new) in model {
        let entry = table.find(0, id).unwrap_or_else(|| panic!("{id} is lost"));
        let flow = table.flow(entry.flow());
        assert_eq!((flow.ids[0], flow.rewritten(0)), (*id, *new));
        let answer = table.find(0, &new.reversed()).unwrap();
        assert_eq!((answer.flow(), answer.direction()), (entry.flow(), 1));
        assert_eq!(table.find(1, id), None);
    }
    if model.is_empty() {
        assert!(table.blocks.iter().all(|block| block.passed == 0));
    }
}

#[test]
fn the_table_is_a_bounded_map() {
    for (capacity, names, rounds) in [(3u32, 6, 8_000), (40, 60, 12_000), (900, 3000, 12_000)] {
        let mut table = FlowTable::<2>::new(capacity);
        table.lend(vec![Block::EMPTY; Block::count(capacity as usize)].leak());
        let (mut random, mut model, mut now_ms) = (Random(5), HashMap::new(), 0u32);
        for round in 0..rounds {
            now_ms = now_ms.wrapping_add(random.next() % 3);
            let id = FlowId { source: random.next() % names, ..FlowId::NONE };
            let new = FlowId { source: 1000 * names + random.next() % names, ..FlowId::NONE };
            match random.next() % 8 {
                0..4 if !model.contains_key(&id) => {
                    let mut flow = Flow::new(0, 0, id, new);
                    (flow.input, flow.age) = ((random.next() % 2) as u8, (random.next() % 5) as u8);
                    assert!(table.add(flow, now_ms, &TIMING).is_some());
                    // One with the same answers ended, and perhaps the oldest.
                    model.retain(|_, other| *other != new);
                    model.insert(id, new);
                    if model.len() > table.size() as usize {
                        model.retain(|id, _| table.find(0, id).is_some());
                    }
                }
                4 | 5 => {
                    if let Some(entry) = table.find(0, &id) {
                        table.remove(entry.flow());
                    }
                    model.remove(&id);
                }
                _ => {
                    if let Some(entry) = table.find(0, &id) {
                        table.touch(entry.flow(), now_ms, (random.next() % 5) as u8);
                    }
                }
            }
            assert!(table.size() <= capacity);
            if round % 97 == 0 || rounds - round < 10 {
                check(&table, &model);
            }
        }
        check(&table, &model);
        table.remove_if(|_| true);
        check(&table, &HashMap::new());
    }
}

#[test]
fn a_table_without_memory_holds_nothing() {
    let mut table = FlowTable::<2>::new(5);
    let flow = Flow::new(0, 0, FlowId::NONE, FlowId::NONE);
    assert_eq!((table.add(flow, 0, &TIMING), table.find(0, &FlowId::NONE)), (None, None));
    table.lend(vec![Block::EMPTY; 1].leak());
    assert!(table.add(flow, 0, &TIMING).is_some());
}

#[test]
fn the_least_recently_used_flow_ends_first() {
    let mut table = FlowTable::<2>::new(8);
    table.lend(vec![Block::EMPTY; 2].leak());
    let id = |number| FlowId { source: number, source_port: 1, ..FlowId::NONE };
    let flow = |number| Flow::new(0, 0, id(number), FlowId { source: 100 + number, ..id(number) });
    for number in 0..8 {
        table.add(flow(number), number, &TIMING).unwrap();
    }
    for (now_ms, number) in [(10, 3), (11, 0), (12, 3), (13, 7), (14, 1)] {
        let entry = table.find(0, &id(number)).unwrap();
        table.touch(entry.flow(), now_ms, 0);
    }
    for (number, gone) in [2, 4, 5, 6, 0, 3, 7, 1, 20, 21].into_iter().enumerate() {
        assert!(table.find(0, &id(gone)).is_some(), "{gone}");
        table.add(flow(20 + number as u32), 20 + number as u32, &TIMING).unwrap();
        assert!(table.find(0, &id(gone)).is_none(), "{gone}");
    }
}
