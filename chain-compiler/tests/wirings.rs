// SPDX-License-Identifier: Apache-2.0
//! The golden wirings, compiled for real and run over lists of frames.

use nf_elements::Graph;
use nf_elements::testing::ListIo;
use std::collections::BTreeSet;

macro_rules! wirings {
    ($($module:ident: $file:literal,)*) => {
        // Methods are called after elements, which may be called `to_something`.
        $(mod $module { #![deny(warnings)] #![allow(clippy::wrong_self_convention)] include!(concat!("golden/", $file)); })*

        /// Every wiring that this file compiles.
        const COMPILED: &[&str] = &[$($file),*];
    };
}

wirings! {
    address_names: "address-names.address_names.rs",
    ahead: "ahead.ahead.rs",
    alone: "idle.alone.rs",
    calls: "calls.calls.rs",
    click_file: "click-file.click_file.rs",
    compounds: "compounds.compounds.rs",
    cycle: "cycle.cycle.rs",
    fan_in: "fan-in.fan_in.rs",
    directed_fw: "directed.fw.rs",
    directed_gate: "directed.wan_gate.rs",
    directed_ids: "directed.ids.rs",
    far: "two-vms.far.rs",
    fork: "fork.fork.rs",
    idle: "idle.idle.rs",
    names: "names.names.rs",
    one_way_gate: "one-way.wan_gate.rs",
    one_way_mirror: "one-way.mirror.rs",
    one_way_scrubber: "one-way.scrubber.rs",
    near: "two-vms.near.rs",
    queue: "queue.queue.rs",
    straight: "straight.straight.rs",
    switch: "switch.switch.rs",
    tee: "tee.tee.rs",
    two_pull: "two-pull.two_pull.rs",
    warnings: "warnings.warnings.rs",
}

/// A graph with the machine it runs on.
struct Bench<G: Graph> {
    graph: G,
    io: ListIo,
}

impl<G: Graph> Bench<G> {
    fn new(graph: G) -> Self {
        Bench { graph, io: ListIo::new(G::PORTS.len()) }
    }

    fn port(name: &str) -> usize {
        G::PORTS.iter().position(|port| *port == name).expect("the VM has that port")
    }

    /// Frames arrive, and the graph runs until nothing moves.
    fn send(&mut self, port: &str, frames: &[&[u8]]) {
        self.io.arriving[Self::port(port)].extend(frames.iter().map(|frame| frame.to_vec()));
        for _ in 0..10_000 {
            if !self.graph.run(&mut self.io) {
                return;
            }
        }
        panic!("the graph never comes to rest");
    }

    /// The frames that left by a port since the last call.
    fn sent(&mut self, port: &str) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.io.sent[Self::port(port)])
    }

    fn read(&mut self, element: &str, handler: &str) -> String {
        let mut value = String::new();
        self.graph.read_handler(element, handler, &mut value).expect("the handler can be read");
        value
    }
}

#[test]
fn every_golden_wiring_is_compiled() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let names = std::fs::read_dir(folder).expect("the golden folder can be read");
    let names = names.map(|entry| entry.expect("an entry can be read").file_name().to_string_lossy().into_owned());
    let found: BTreeSet<String> = names.filter(|name| name.ends_with(".rs")).collect();
    assert_eq!(found, COMPILED.iter().map(|name| name.to_string()).collect());
}

#[test]
fn a_wiring_is_a_constant() {
    static mut WIRING: straight::Wiring = straight::Wiring::new();
    let _ = &raw mut WIRING;
}

#[test]
fn compounds_are_what_they_hold() {
    let mut bench = Bench::new(compounds::Wiring::new());
    bench.send("lan", &[&[1, 1], &[2, 2], &[3, 3]]);
    assert_eq!(bench.sent("wan").len(), 3);
    assert_eq!(bench.read("@8/outer/Marker@1/Paint@2", "color"), "9");
    bench.send("wan", &[&[7, 8]]);
    let mut sent = bench.sent("lan");
    sent.sort();
    assert_eq!(sent, [vec![7, 8], vec![7, 8], vec![7, 8], vec![8]]);
    assert_eq!((bench.read("one", "count"), bench.read("joined", "count")), ("1".into(), "4".into()));
}

#[test]
fn a_click_file_has_the_ports_that_it_names() {
    let mut bench = Bench::new(click_file::Wiring::new());
    assert_eq!(click_file::Wiring::PORTS, ["eth0", "br-lan", "dpdk0", "dpdk1"]);
    bench.send("eth0", &[&[1, 2]]);
    bench.send("dpdk0", &[&[3]]);
    assert_eq!((bench.sent("br-lan"), bench.sent("dpdk1")), (vec![vec![1, 2]], vec![vec![3]]));
}

#[test]
fn names_stand_for_addresses() {
    let mut bench = Bench::new(address_names::Wiring::new());
    bench.send("lan", &[&[1, 2, 3]]);
    let sent = bench.sent("wan");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0][..2], [0x45, 0]);
    assert_eq!((&sent[0][12..20], &sent[0][20..24]), (&[10, 0, 0, 1, 10, 255, 255, 255][..], &[0x1f, 0x90, 0, 99][..]));
    bench.send("wan", &[]);
    assert!(bench.sent("lan").is_empty());
}

#[test]
fn straight() {
    let mut bench = Bench::new(straight::Wiring::new());
    assert_eq!(straight::Wiring::PORTS, ["lan", "wan"]);
    bench.send("lan", &[&[1, 2, 3], &[4], &[5, 6, 7, 8]]);
    assert_eq!(bench.sent("wan"), [vec![3], vec![7, 8]]);
    assert_eq!((bench.read("arrived", "count"), bench.read("strip", "too_short")), ("3".into(), "1".into()));
    bench.graph.write_handler("arrived", "reset", "").expect("the handler can be written");
    assert_eq!(bench.read("arrived", "count"), "0");
    let unknown = bench.graph.read_handler("nobody", "count", &mut String::new());
    assert_eq!(unknown, Err(nf_elements::HandlerError::NoElement));
}

#[test]
fn more_than_one_burst_keeps_its_order() {
    let mut bench = Bench::new(straight::Wiring::new());
    let frames: Vec<[u8; 3]> = (0..200).map(|i| [0, 0, i]).collect();
    bench.send("lan", &frames.iter().map(|frame| &frame[..]).collect::<Vec<_>>());
    assert_eq!(bench.sent("wan"), (0..200).map(|i| vec![i]).collect::<Vec<_>>());
}

#[test]
fn a_rewriter_that_looks_ahead_has_batches_of_its_own() {
    let mut bench = Bench::new(ahead::Wiring::new());
    bench.graph.start();
    let frames: Vec<[u8; 42]> = (0..1500u16)
        .map(|flow| {
            let mut frame = [0; 42];
            (frame[14], frame[17], frame[23]) = (0x45, 28, 17);
            frame[28..30].copy_from_slice(&flow.to_be_bytes());
            frame
        })
        .collect();
    // Twice: when the flows are there they are found ahead.
    for _ in 0..2 {
        bench.send("lan", &frames.iter().map(|frame| &frame[..]).collect::<Vec<_>>());
        let sent = bench.sent("wan");
        assert_eq!(sent.len(), frames.len());
        assert!(sent.iter().all(|frame| frame[26..30] == [192, 0, 2, 1]));
        for mut frame in sent {
            let (source, destination): ([u8; 4], [u8; 2]) = ([192, 0, 2, 1], [frame[34], frame[35]]);
            frame[26..36].fill(0);
            frame[30..34].copy_from_slice(&source);
            frame[36..38].copy_from_slice(&destination);
            bench.send("wan", &[&frame]);
        }
        let back: Vec<[u8; 2]> = bench.sent("lan").iter().map(|frame| [frame[32], frame[33]]).collect();
        assert_eq!(back, (0..1500u16).map(u16::to_be_bytes).collect::<Vec<_>>());
    }
    assert_eq!(bench.read("nat", "size"), "1500");
}

#[test]
fn fork() {
    let mut bench = Bench::new(fork::Wiring::new());
    bench.send("lan", &[&[1, 10], &[2, 20], &[3, 30], &[4, 40], &[1, 50]]);
    // Outputs 0 and 2 meet at once and keep their order; output 1 comes through a method of its own.
    let mut sent = bench.sent("wan");
    assert_eq!(sent.iter().filter(|frame| frame.len() == 2).map(|frame| frame[1]).collect::<Vec<_>>(), [10, 30, 50]);
    sent.retain(|frame| frame.len() == 1);
    assert_eq!(sent, [[20]]);
    assert_eq!((bench.read("two", "count"), bench.read("rest", "count")), ("1".into(), "1".into()));
}

#[test]
fn fan_in() {
    let mut bench = Bench::new(fan_in::Wiring::new());
    bench.send("left", &[&[1], &[2]]);
    bench.send("right", &[&[3]]);
    assert_eq!(bench.sent("out"), [[1], [2], [3]]);
    assert_eq!((bench.read("l", "count"), bench.read("both", "count")), ("2".into(), "3".into()));
}

#[test]
fn queue_and_pull() {
    let mut bench = Bench::new(queue::Wiring::new());
    bench.send("lan", &[&[1, 1], &[2, 2]]);
    bench.send("side", &[&[3, 3]]);
    assert_eq!(bench.sent("wan"), [[1, 1], [2, 2]]);
    assert_eq!(bench.sent("side"), [[3]]);
    assert_eq!(bench.read("pulled", "count"), "3");
}

#[test]
fn a_full_queue_drops_and_a_busy_device_is_not_pulled_for() {
    let mut bench = Bench::new(queue::Wiring::new());
    bench.io.transmit_limit = Some(0);
    bench.send("lan", &[&[1, 1], &[2, 2], &[3, 3], &[4, 4], &[5, 5]]);
    assert_eq!((bench.read("queue", "length"), bench.read("queue", "drops")), ("4".into(), "1".into()));
    bench.io.transmit_limit = None;
    bench.send("lan", &[]);
    assert_eq!(bench.sent("wan").len(), 4);
}

#[test]
fn two_sinks_pull_from_one_queue() {
    let mut bench = Bench::new(two_pull::Wiring::new());
    bench.io.transmit_limit = Some(2);
    bench.send("lan", &[&[0], &[1], &[2], &[3], &[4]]);
    assert_eq!(bench.sent("left"), [[0], [1], [4]]);
    assert_eq!(bench.sent("right"), [[2], [3]]);
    assert_eq!(bench.read("l", "count"), "3");
}

#[test]
fn outputs_of_a_tee_that_meet_do_not_overflow() {
    let mut bench = Bench::new(tee::Wiring::new());
    let frames: Vec<[u8; 1]> = (0..40).map(|i| [i]).collect();
    bench.send("lan", &frames.iter().map(|frame| &frame[..]).collect::<Vec<_>>());
    assert_eq!(bench.sent("wan").len(), 40);
    let copies: Vec<u8> = bench.sent("copies").iter().map(|frame| frame[0]).collect();
    assert_eq!(copies, (0..40).flat_map(|i| [i, i]).collect::<Vec<_>>());
    assert_eq!(bench.read("both", "count"), "80");
}

#[test]
fn cycle() {
    let mut bench = Bench::new(cycle::Wiring::new());
    bench.send("lan", &[&[1, 2, 0xff, 9], &[1, 2, 3], &[0, 0xff]]);
    assert_eq!(bench.sent("wan"), [vec![0xff], vec![0xff, 9]]);
    assert_eq!(bench.read("strip", "too_short"), "1");
}

#[test]
fn an_element_with_several_inputs() {
    let mut bench = Bench::new(switch::Wiring::new());
    let frame = |to: u8, from: u8| [[2, 0, 0, 0, 0, to], [2, 0, 0, 0, 0, from]].concat();
    let frame = |to, from| [frame(to, from), vec![0; 48]].concat();
    bench.send("left", &[&frame(9, 1)]);
    assert_eq!((bench.sent("left").len(), bench.sent("right").len(), bench.sent("third").len()), (0, 1, 1));
    bench.send("right", &[&frame(1, 2)]);
    assert_eq!((bench.sent("left").len(), bench.sent("right").len(), bench.sent("third").len()), (1, 0, 0));
}

#[test]
fn names_of_all_kinds() {
    let mut bench = Bench::new(names::Wiring::new());
    bench.send("lan", &[&[7]]);
    assert_eq!(bench.sent("lan"), [[7]]);
    for element in ["type", "a/b", "a_b", "Counter@2"] {
        assert_eq!(bench.read(element, "count"), "1", "{element}");
    }
}

#[test]
fn vms_without_work() {
    let mut idle = Bench::new(idle::Wiring::new());
    assert!(!idle.graph.run(&mut idle.io));
    let mut alone = Bench::new(alone::Wiring::new());
    assert!(alone.graph.run(&mut alone.io));
    assert_ne!(alone.read("counter", "count"), "0");
}

#[test]
fn two_vms_with_a_link() {
    let (mut near, mut far) = (Bench::new(near::Wiring::new()), Bench::new(far::Wiring::new()));
    near.send("lan", &[&[1], &[2]]);
    for frame in near.sent("far") {
        far.send("near", &[&frame]);
    }
    assert_eq!(far.sent("wan"), [[1], [2]]);
}

#[test]
fn calls_are_made_between_tasks() {
    let mut bench = Bench::new(calls::Wiring::new());
    bench.graph.start();
    while bench.graph.run(&mut bench.io) {}
    assert_eq!((bench.read("w/s", "switch"), bench.read("w/c", "count_call")), ("-1".into(), "5 stop".into()));
    assert_eq!(bench.read("w/c", "count"), "5");
    assert!(!bench.io.stopped && bench.io.printed.is_empty(), "{:?}", bench.io.printed);
}

#[test]
fn what_was_warned_of_runs() {
    let mut bench = Bench::new(warnings::Wiring::new());
    bench.send("eth0", &[&[0; 60]]);
    assert_eq!(bench.read("ARPResponder@2", "unanswered"), "1");
}

/// A TCP segment from 10.0.0.`host` to 192.0.2.1, or the answer to it.
fn segment(host: u8, port: u16, answer: bool) -> Vec<u8> {
    let (client, server) = ([10, 0, 0, host], [192, 0, 2, 1]);
    let (from, to) = if answer { (server, client) } else { (client, server) };
    let ports = if answer { [port, 1025] } else { [1025, port] };
    let mut packet = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0];
    packet.extend(from.iter().chain(&to));
    let sum: u32 = packet.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    packet[10..12].copy_from_slice(&(!((sum & 0xffff) + (sum >> 16)) as u16).to_be_bytes());
    packet.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
    packet.extend([0; 16]);
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0], packet.as_slice()].concat()
}

/// The VMs of `directed.nf` with their links.
struct Directed {
    fw: Bench<directed_fw::Wiring>,
    ids: Vec<Bench<directed_ids::Wiring>>,
    gate: Bench<directed_gate::Wiring>,
}

impl Directed {
    fn new() -> Self {
        let mut all = Directed {
            fw: Bench::new(directed_fw::Wiring::new()),
            ids: (0..3).map(|_| Bench::new(directed_ids::Wiring::new())).collect(),
            gate: Bench::new(directed_gate::Wiring::new()),
        };
        all.fw.graph.start();
        all.gate.graph.start();
        all
    }

    /// Frames come in at a network; those that come out at the other one, and how many passed each inspector.
    fn pass(&mut self, forward: bool, frames: &[Vec<u8>]) -> (Vec<Vec<u8>>, [usize; 3]) {
        let frames: Vec<_> = frames.iter().map(Vec::as_slice).collect();
        let mut inspected = [0; 3];
        if forward {
            self.fw.send("lan", &frames);
        } else {
            self.gate.send("wan", &frames);
        }
        for (number, ids) in self.ids.iter_mut().enumerate() {
            let name = format!("ids_{number}");
            let moved = if forward { self.fw.sent(&name) } else { self.gate.sent(&name) };
            inspected[number] = moved.len();
            ids.send(if forward { "fw" } else { "wan" }, &moved.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let moved = ids.sent(if forward { "wan" } else { "fw" });
            let moved: Vec<_> = moved.iter().map(Vec::as_slice).collect();
            if forward {
                self.gate.send(&name, &moved)
            } else {
                self.fw.send(&name, &moved)
            };
        }
        let straight = if forward { self.fw.sent("wan") } else { self.gate.sent("fw") };
        let straight: Vec<_> = straight.iter().map(Vec::as_slice).collect();
        if forward {
            self.gate.send("fw", &straight)
        } else {
            self.fw.send("wan", &straight)
        };
        (if forward { self.gate.sent("wan") } else { self.fw.sent("lan") }, inspected)
    }
}

/// For each of 100 flows which inspector its frame in that direction passes.
impl Directed {
    fn inspectors(&mut self, forward: bool) -> Vec<[usize; 3]> {
        segments(80, !forward).into_iter().map(|frame| self.pass(forward, &[frame]).1).collect()
    }
}

/// Frames of 100 flows to a port.
fn segments(port: u16, answer: bool) -> Vec<Vec<u8>> {
    (0..100).map(|host| segment(host, port, answer)).collect()
}

#[test]
fn both_directions_of_a_flow_meet_the_same_replica_whatever_joins_or_leaves() {
    let mut vms = Directed::new();
    let (out, inspected) = vms.pass(true, &segments(80, false));
    // Each inspector's in their order, the one behind the other.
    assert!(BTreeSet::from_iter(out) == BTreeSet::from_iter(segments(80, false)));
    assert!(inspected[..2].iter().all(|count| (30..=70).contains(count)) && inspected[2] == 0, "{inspected:?}");
    let at = vms.inspectors(true);
    assert_eq!(vms.inspectors(false), at);
    // One joins at the firewall: flows stay where they are, as the service is stateful; one is removed, and its flows move;
    // the gate, which nobody told, learns it from them.
    vms.fw.graph.write_handler("chain/hop", "replicas", "inspect 0 1 2").expect("it can be written");
    assert_eq!(vms.inspectors(true), at);
    vms.fw.graph.write_handler("chain/hop", "remove", "inspect 0").expect("it can be written");
    let moved = vms.inspectors(true);
    assert!(at.iter().zip(&moved).all(|(old, new)| if old[0] == 1 { new[0] == 0 } else { old == new }));
    assert_eq!(vms.inspectors(false), moved);
    // Other traffic passes no inspector, in either direction.
    assert!(vms.pass(true, &segments(81, false)) == (segments(81, false), [0; 3]));
    assert!(vms.pass(false, &segments(81, true)) == (segments(81, true), [0; 3]));
    assert_eq!(vms.fw.read("chain/director_lan", "flows"), "200");
    // A flow that begins at the other side, by the same rules.
    let (out, inspected) = vms.pass(false, &[segment(201, 80, true)]);
    assert_eq!((out.len(), inspected.iter().sum::<usize>()), (1, 1));
    assert_eq!(vms.pass(true, &[segment(201, 80, false)]).1, inspected);
}

#[test]
fn a_function_gets_what_it_asks_for() {
    let mut mirror = Bench::new(one_way_mirror::Wiring::new());
    mirror.graph.start();
    let mut packet = |protocol: u8, port: u16| {
        let mut frame = segment(1, port, false);
        frame[23] = protocol;
        mirror.send("lan", &[&frame]);
        ["wan", "scrubber", "lan", "lab"].map(|port| mirror.sent(port).len())
    };
    assert_eq!(packet(50, 0), [1, 0, 0, 0]);
    assert_eq!(packet(6, 80), [0, 0, 0, 1]);
    assert_eq!(packet(1, 0), [0, 1, 0, 0]);
    assert_eq!(packet(17, 5), [0, 0, 1, 0]);
    assert_eq!(packet(6, 22), [1, 0, 0, 0]);
    assert_eq!(mirror.read("ToChain@3", "count"), "1");
    assert_eq!(mirror.read("chain/hop", "chains"), "straight 2 0\nclean 1 0\nstudy 1 0\n");
    // The answer to a flow that was diverted to a chain of one way goes on along its own.
    mirror.send("wan", &[&segment(1, 80, true)]);
    assert_eq!(mirror.sent("lan").len(), 1);
    // What the scrubber was sent comes out behind it, and the answer takes the same way back.
    let (mut scrubber, mut gate) =
        (Bench::new(one_way_scrubber::Wiring::new()), Bench::new(one_way_gate::Wiring::new()));
    gate.graph.start();
    scrubber.send("mirror", &[&segment(2, 7, false)]);
    let scrubbed = scrubber.sent("wan");
    gate.send("scrubber", &[&scrubbed[0]]);
    assert_eq!(gate.sent("wan"), [segment(2, 7, false)]);
    gate.send("wan", &[&segment(2, 7, true)]);
    assert_eq!((gate.sent("scrubber").len(), gate.sent("mirror").len()), (1, 0));
}
