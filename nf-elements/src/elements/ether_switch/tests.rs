// SPDX-License-Identifier: Apache-2.0
//! Tests of `EtherSwitch`.

use super::*;
use crate::testing::{Collected, ListIo, packet, read};
use std::collections::BTreeSet;

const A: [u8; 6] = [2, 0, 0, 0, 0, 0xa];
const B: [u8; 6] = [2, 0, 0, 0, 0, 0xb];
const BROADCAST: [u8; 6] = [0xff; 6];
const SECOND: u64 = 1_000_000_000;

/// A switch of three LANs.
struct Bench {
    switch: EtherSwitch<8>,
    io: ListIo,
}

impl Bench {
    fn new(timeout_s: u32) -> Self {
        Bench { switch: EtherSwitch::new(timeout_s), io: ListIo::new(0) }
    }

    /// Sends a frame into `lan`; the LANs that it leaves by.
    fn send(&mut self, lan: usize, source: [u8; 6], destination: [u8; 6]) -> Vec<usize> {
        let mut out = Collected::<3>::default();
        let frame = [destination.as_slice(), source.as_slice(), [8, 0, 1, 2].as_slice()].concat();
        self.switch.push(&mut self.io, lan, packet(&frame), &mut out);
        assert!(out.0.iter().all(|(_, packet)| packet.data() == frame));
        out.0.iter().map(|(lan, _)| *lan).collect()
    }

    fn read(&self, handler: &str) -> String {
        read(&self.switch, handler)
    }
}

#[test]
fn floods_until_it_has_learned() {
    let mut bench = Bench::new(300);
    assert_eq!(bench.send(0, A, B), [1, 2], "B is unknown");
    assert_eq!(bench.send(2, B, A), [0]);
    assert_eq!(bench.send(0, A, B), [2]);
    assert_eq!(bench.send(1, A, BROADCAST), [0, 2], "A moved");
    assert_eq!(bench.send(2, B, A), [1]);
    let table = bench.read("table");
    assert_eq!(table.lines().collect::<BTreeSet<_>>(), ["02-00-00-00-00-0A 1", "02-00-00-00-00-0B 2"].into());
}

#[test]
fn drops_a_frame_that_is_where_it_belongs() {
    let mut bench = Bench::new(300);
    bench.send(2, B, BROADCAST);
    assert_eq!(bench.send(2, A, B), [0; 0]);
    assert_eq!((bench.read("same_lan"), bench.read("drops")), ("1".into(), "1".into()));
}

#[test]
fn forgets_a_silent_address_after_the_timeout() {
    let mut bench = Bench::new(300);
    bench.send(0, A, BROADCAST);
    bench.io.now_ns = 300 * SECOND - 1;
    assert_eq!(bench.send(1, B, A), [0]);
    bench.io.now_ns = 300 * SECOND;
    assert_eq!(bench.send(1, B, A), [0, 2]);
    assert_eq!(bench.read("table"), "02-00-00-00-00-0B 1\n");
    bench.switch.write_handler("timeout", "400").unwrap();
    assert_eq!((bench.send(1, B, A), bench.read("timeout")), (vec![0], "400".into()));
}

#[test]
fn with_timeout_0_it_is_a_hub() {
    let mut bench = Bench::new(0);
    bench.send(0, A, BROADCAST);
    assert_eq!((bench.send(1, B, A), bench.read("table")), (vec![0, 2], String::new()));
}

#[test]
fn never_learns_a_group_as_source() {
    let mut bench = Bench::new(300);
    assert_eq!(bench.send(0, [3, 0, 0, 0, 0, 1], A), [1, 2]);
    assert_eq!(bench.read("table"), "");
    assert_eq!(bench.send(1, B, [3, 0, 0, 0, 0, 1]), [0, 2]);
}

#[test]
fn drops_reserved_addresses_and_short_frames() {
    let mut bench = Bench::new(300);
    assert_eq!(bench.send(0, A, [1, 0x80, 0xc2, 0, 0, 0]), [0; 0]);
    assert_eq!(bench.send(0, A, [1, 0x80, 0xc2, 0, 0, 0x10]), [1, 2]);
    let mut out = Collected::<3>::default();
    bench.switch.push(&mut bench.io, 0, packet(&[0; 13]), &mut out);
    assert!(out.0.is_empty());
    assert_eq!(["reserved", "too_short", "drops"].map(|handler| bench.read(handler)), ["1", "1", "2"]);
}

#[test]
fn without_buffers_the_last_lan_still_gets_the_frame() {
    let mut bench = Bench::new(300);
    bench.io.buffers = Some(0);
    assert_eq!((bench.send(0, A, B), bench.send(2, A, B)), (vec![2], vec![1]));
    assert_eq!(bench.read("no_buffer"), "2");
}

#[test]
fn a_full_table_floods_what_it_could_not_learn() {
    let mut bench = Bench::new(300);
    let station = |i| [2, 0, 0, 0, 1, i];
    for i in 0..20 {
        bench.send(0, station(i), BROADCAST);
    }
    assert_eq!((bench.read("not_learned"), bench.read("table").lines().count()), ("12".into(), 8));
    assert_eq!(bench.send(1, station(19), station(0)), [0]);
    assert_eq!(bench.send(1, station(0), station(19)), [0, 2]);
}

#[cfg(feature = "host")]
#[test]
fn arguments_become_an_expression() {
    use crate::configure::{Surroundings, configure};
    let two = Surroundings { inputs: 2, outputs: 2, ..Default::default() };
    assert_eq!(configure::<EtherSwitch>(&[], &two).unwrap().expression, "EtherSwitch::<1024>::new(300)");
    let small = configure::<EtherSwitch>(&["TIMEOUT 60", "CAPACITY 100"], &two).unwrap();
    assert_eq!(small.rust_type, "EtherSwitch<128>");
    assert_eq!(small.expression, "EtherSwitch::<128>::new(60)");
    assert_eq!(configure::<EtherSwitch>(&["CAPACITY 0"], &two).unwrap_err().len(), 1);
    let lopsided = Surroundings { inputs: 2, outputs: 3, ..Default::default() };
    assert_eq!(configure::<EtherSwitch>(&[], &lopsided).unwrap_err().len(), 1);
}
