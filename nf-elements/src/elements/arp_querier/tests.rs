// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::testing::{Collected, ListIo, packet, read};

const SECOND: u64 = 1_000_000_000;
const LIMITS: Limits =
    Limits { packets: 10, entries: 0, entry_packets: 0, slim_factor: 2, timeout_ns: 300 * SECOND };
const ME: ([u8; 6], u32) = ([2, 1, 1, 1, 1, 1], 0x0100_0001);

fn lent(limits: Limits, places: usize) -> ArpQuerier {
    let mut querier = ArpQuerier::new("q", ME.1, ME.0, 0x0100_00ff, 60 * SECOND, false, limits);
    querier.lend(Box::leak((0..places).map(|_| Place::EMPTY).collect()));
    querier
}

/// A querier with two outputs and its machine.
struct Bench {
    querier: ArpQuerier,
    io: ListIo,
    out: Collected<2>,
}

impl Bench {
    fn new(limits: Limits, places: usize) -> Self {
        Bench { querier: lent(limits, places), io: ListIo::new(0), out: Collected::default() }
    }

    fn send(&mut self, destination: u32, byte: u8) {
        let mut ip = packet(&[byte; 20]);
        ip.annotations_mut().set_destination_ipv4(destination.to_be_bytes());
        self.querier.push(&mut self.io, 0, ip, &mut self.out);
    }

    fn reply(&mut self, address: u32, ethernet: u8) {
        let sender = (Address::new([2, 0, 0, 0, 0, ethernet]), address);
        let reply = Repr { operation: Operation::Reply, sender, target: (Address::new(ME.0), ME.1) };
        self.querier.push(&mut self.io, 1, packet(&reply.frame(Address::new(ME.0))), &mut self.out);
    }

    fn tick(&mut self, now_ns: u64) {
        self.io.now_ns = now_ns;
        self.querier.tick(&mut self.io, &mut self.out);
    }

    /// What has left since the last call: output, the destination's last byte, for IP the payload's.
    fn left(&mut self) -> Vec<(usize, u8, u8)> {
        let left = core::mem::take(&mut self.out.0);
        left.iter().map(|(port, packet)| (*port, packet.data()[5], packet.data()[packet.len() - 1])).collect()
    }
}

#[test]
fn asks_waits_and_sends_in_order() {
    let mut bench = Bench::new(LIMITS, 16);
    (1..=3).for_each(|byte| bench.send(0x0200_0007, byte));
    assert_eq!(bench.left(), [(1, 0xff, 7)], "one query for all");
    assert_eq!(["length", "count", "queries"].map(|name| read(&bench.querier, name)), ["3", "1", "1"]);
    bench.reply(0x0200_0007, 9);
    assert_eq!(bench.left(), [(0, 9, 1), (0, 9, 2), (0, 9, 3)]);
    bench.send(0x0200_0007, 4);
    let sent = &bench.out.0[0].1;
    assert_eq!(sent.data()[..15], [2, 0, 0, 0, 0, 9, 2, 1, 1, 1, 1, 1, 8, 0, 4]);
    bench.tick(2 * SECOND);
    assert_eq!(read(&bench.querier, "table"), "2.0.0.7 1 02-00-00-00-00-09 2.000000\n");
}

#[test]
fn a_query_asks_for_the_destination() {
    let mut bench = Bench::new(LIMITS, 16);
    bench.send(0x0200_0007, 1);
    let query = bench.out.0.pop().unwrap().1;
    let arp = Arp::in_frame(query.data()).unwrap();
    assert_eq!((arp.operation(), arp.sender_protocol(), arp.target_protocol()), (Operation::Request, ME.1, 0x0200_0007));
    assert_eq!(query.data()[..12], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 1, 1, 1, 1, 1]);
    assert!(!query.network().is_empty());
}

#[test]
fn broadcasts_and_groups_need_no_query() {
    let mut bench = Bench::new(LIMITS, 16);
    for destination in [u32::MAX, 0x0100_00ff, 0xe181_8283] {
        bench.send(destination, 1);
    }
    assert_eq!(bench.left(), [(0, 0xff, 1), (0, 0xff, 1), (0, 0x83, 1)]);
    bench.send(0, 1);
    bench.send(0, 1);
    assert_eq!((bench.left(), read(&bench.querier, "drops")), (vec![], "2".into()));
    assert_eq!(bench.io.printed, ["q :: ARPQuerier: would query for 0.0.0.0; missing dest IP addr annotation?"]);
}

#[test]
fn queries_are_rare() {
    let mut bench = Bench::new(LIMITS, 16);
    for tenth in 0..=100u64 {
        bench.io.now_ns = tenth * SECOND / 20;
        bench.send(0x0200_0007, 1);
    }
    assert_eq!(read(&bench.querier, "queries"), "12", "ten in the first second, then every other second");
}

#[test]
fn capacities_drop_the_oldest() {
    let mut bench = Bench::new(LIMITS, 16);
    (0..100).for_each(|byte| bench.send(0x0200_0007, byte));
    assert_eq!(read(&bench.querier, "stats"), "90 packets killed\n1 ARP queries sent\n");
    bench.reply(0x0200_0007, 9);
    assert_eq!(bench.left().last(), Some(&(0, 9, 99)));
    let mut each = Bench::new(Limits { entry_packets: 10, ..LIMITS }, 100);
    (0..50).for_each(|byte| each.send(0x0200_0007, byte));
    assert_eq!((read(&each.querier, "table_drops"), read(&each.querier, "length")), ("40".into(), "10".into()));
}

#[test]
fn one_entry_serves_them_all() {
    let mut bench = Bench::new(Limits { packets: 1, entries: 1, timeout_ns: SECOND / 10, ..LIMITS }, 1);
    for (now, last) in [(0, 1), (10, 2), (15, 3), (120, 1), (221, 1)] {
        bench.tick(now * SECOND / 1000);
        bench.send(0x0100_0000 + last, 1);
    }
    assert_eq!(["count", "length", "queries"].map(|name| read(&bench.querier, name)), ["1", "1", "5"]);
    assert!(read(&bench.querier, "table").starts_with("1.0.0.1 0 FF-FF-FF-FF-FF-FF 0.1"));
}

#[test]
fn known_entries_are_polled_and_expire() {
    let mut bench = Bench::new(Limits { timeout_ns: 100 * SECOND, ..LIMITS }, 16);
    bench.querier.write_handler("insert", "2.0.0.7 2:0:0:0:0:9").unwrap();
    for now in [0, 59, 60, 99] {
        bench.io.now_ns = now * SECOND;
        bench.send(0x0200_0007, 1);
    }
    let expected = [(0, 9, 1), (0, 9, 1), (1, 9, 7), (0, 9, 1), (1, 9, 7), (0, 9, 1)];
    assert_eq!(bench.left(), expected, "polled at its known address");
    bench.tick(101 * SECOND);
    bench.send(0x0200_0007, 1);
    assert_eq!(bench.left(), [(1, 0xff, 7)], "expired: asked of all");
}

#[test]
fn what_has_no_room_leaves_by_and_by() {
    let mut bench = Bench::new(Limits { packets: 100, ..LIMITS }, 100);
    (0..70).for_each(|byte| bench.send(0x0200_0007, byte));
    bench.left();
    bench.reply(0x0200_0007, 9);
    bench.send(0x0200_0007, 70);
    bench.tick(0);
    assert_eq!((bench.left().len(), bench.querier.deadline_ns()), (32, Some(0)));
    bench.tick(0);
    bench.send(0x0200_0007, 71);
    bench.send(0x0200_0007, 72);
    let left = bench.left();
    assert_eq!((left.len(), left[31]), (32, (0, 9, 63)));
    bench.tick(0);
    bench.send(0x0200_0007, 73);
    assert_eq!(bench.left().iter().map(|left| left.2).collect::<Vec<_>>(), (64..=73).collect::<Vec<_>>());
    assert_eq!(read(&bench.querier, "queries"), "1");
}

#[test]
fn what_is_no_reply_is_counted() {
    let mut bench = Bench::new(LIMITS, 16);
    bench.send(0x0200_0007, 1);
    bench.left();
    let mut query = Repr { operation: Operation::Request, sender: (Address::new([2; 6]), 0x0200_0007), target: (Address::new(ME.0), ME.1) };
    bench.querier.push(&mut bench.io, 1, packet(&query.frame(Address::BROADCAST)), &mut bench.out);
    (query.operation, query.sender.0) = (Operation::Reply, Address::new([3; 6]));
    bench.querier.push(&mut bench.io, 1, packet(&query.frame(Address::BROADCAST)), &mut bench.out);
    bench.querier.push(&mut bench.io, 1, packet(&[0; 41]), &mut bench.out);
    assert_eq!((bench.left(), read(&bench.querier, "bad_responses")), (vec![], "3".into()));
    assert_eq!(read(&bench.querier, "responses"), "2");
}

#[test]
fn a_table_is_shared() {
    let mut table = super::super::ArpTable::new(LIMITS);
    table.lend(Box::leak((0..16).map(|_| Place::EMPTY).collect()));
    let mut querier = ArpQuerier::new("q", ME.1, ME.0, u32::MAX, 0, false, LIMITS);
    let (mut io, mut out) = (ListIo::new(0), Collected::<1>::default());
    let mut ip = packet(&[1]);
    ip.annotations_mut().set_destination_ipv4([2, 0, 0, 7]);
    querier.push_with(&mut io, (&mut table,), 0, ip, &mut out);
    assert_eq!((read(&table, "length"), read(&querier, "length")), ("1".into(), "0".into()));
    table.write_handler("delete", "2.0.0.7").unwrap();
    table.write_handler("clear", "").unwrap();
    assert_eq!((read(&table, "count"), read(&table, "drops")), ("0".into(), "1".into()));
}

#[cfg(feature = "host")]
#[test]
fn arguments_are_clicks() {
    use crate::configure::{Surroundings, configure};
    let here = Surroundings { name: "q", outputs: 2, ..Default::default() };
    let instance = configure::<ArpQuerier>(&["1.0.0.1/24", "2:1:1:1:1:1", "CAPACITY 10"], &here).unwrap();
    assert_eq!(
        instance.expression,
        "ArpQuerier::new(\"q\", 0x01000001, [2, 1, 1, 1, 1, 1], 0x010000ff, 60000000000, false, arp_table::Limits { \
         packets: 10, entries: 0, entry_packets: 0, slim_factor: 2, timeout_ns: 300000000000 })"
    );
    assert_eq!((instance.memory.unwrap().count, instance.ticks, instance.most), (2048, true, 1));
    let shared = configure::<ArpQuerier>(&["TABLE t", "1.0.0.1", "2:1:1:1:1:1"], &here).unwrap();
    assert_eq!((shared.peers[0].argument, shared.peers[0].name.as_str(), shared.memory), (0, "t", None));
    assert_eq!(configure::<ArpQuerier>(&["1.0.0.1", "2:1:1:1:1:1", "CAPACITY_SLIM_FACTOR 0"], &here).unwrap_err().len(), 1);
}
