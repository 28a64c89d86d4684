// SPDX-License-Identifier: Apache-2.0
//! Looking ahead changes nothing but the time that it takes.

use super::super::ahead::MANY_FLOWS;
use super::properties::Random;
use super::*;
use crate::elements::IpRewriter;
use crate::{Ahead, BURST, Batch};
use core::fmt::Write;

/// As many flows as fit, of which some end in each batch for those that begin.
const CAPACITY: u32 = 2 * MANY_FLOWS;

fn napt() -> IpRewriter<2> {
    rewriter(["pattern 192.0.2.1 1024-65535 - - 0 1", "pass 2"], CAPACITY, TIMES, 0)
}

/// A packet: most are of flows that others have too, some answer the rewriter's, some are cut off or have options.
fn any(random: &mut Random) -> Packet {
    let [source, destination] = [0x0a00_0000, 0xc000_0000].map(|network| network + random.next() % 50);
    let id = FlowId { source, destination, source_port: 1024 + (random.next() % 2) as u16, destination_port: 53 };
    let id = if random.next().is_multiple_of(4) {
        FlowId { source: 0xc000_0201, source_port: 1024 + (random.next() % 5000) as u16, ..id }.reversed()
    } else {
        id
    };
    let mut packet = datagram(if random.next().is_multiple_of(2) { TCP } else { UDP }, &id, b"x");
    match random.next() % 20 {
        0 => packet.truncate(random.next() as usize % packet.len()),
        1 => packet.network_mut()[0] = 0x40 | (random.next() % 16) as u8,
        _ => {}
    }
    packet
}

/// What comes out: each packet's output and bytes, and at the end the handlers.
fn run(looks_ahead: bool) -> String {
    let (mut nat, mut io, mut random) = (napt(), ListIo::new(0), Random(11));
    let mut said = String::new();
    for _ in 0..1_000 {
        io.now_ns += 1_000_000 * u64::from(random.next() % 50);
        let (mut batch, input) = (Batch::new(), random.next() as usize % 2);
        for _ in 0..=random.next() as usize % BURST {
            batch.push(any(&mut random)).ok().unwrap();
        }
        if looks_ahead {
            nat.ahead(0, &batch);
        }
        for mut packet in batch {
            let output = nat.route(&mut io, input, &mut packet);
            writeln!(said, "{output:?} {:x?}", packet.data()).unwrap();
        }
    }
    assert_eq!(nat.table.size(), CAPACITY);
    for name in ["tcp_table 10000", "udp_table 10000", "size", "not_rewritable", "dropped", "mapping_failures"] {
        crate::Element::read_handler(&nat, name, &mut said).unwrap();
    }
    said
}

#[test]
fn looking_ahead_changes_no_decision() {
    assert!(run(true) == run(false));
}

#[test]
fn flows_are_found_ahead() {
    let (mut nat, mut io) = (napt(), ListIo::new(0));
    let id = |flow: u32| FlowId { source: flow, destination: 1, source_port: 2, destination_port: 53 };
    for flow in 0..MANY_FLOWS {
        nat.route(&mut io, 0, &mut datagram(UDP, &id(flow), b"x"));
    }
    let mut batch = Batch::new();
    (0..BURST as u32).for_each(|flow| batch.push(datagram(UDP, &id(7 * flow), b"x")).ok().unwrap());
    nat.ahead(0, &batch);
    for flow in 0..BURST as u32 {
        let guess = nat.guesses.take().unwrap();
        assert!(nat.table.is(guess, UDP, &id(7 * flow)));
        assert!(!nat.table.is(guess, UDP, &id(7 * flow + 1)));
        nat.table.remove(guess.flow());
        assert!(!nat.table.is(guess, UDP, &id(7 * flow)));
    }
    assert!(nat.guesses.take().is_none());
}
