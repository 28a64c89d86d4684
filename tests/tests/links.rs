// SPDX-License-Identifier: Apache-2.0
//! Two VMs with a ring between them: every frame comes through, and neither end's death or malice stops the other.

use qemu::Kind;
use ring::{End, Mode, Shape};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::frames::Random;
use tests::links::{Images, Link, Polled, Traffic, boot, capture, passed, until};
use tests::{Running, build};

/// Both ways in which frames cross.
const SHAPES: [Shape; 2] = [Shape::COPY, Shape::SHARED];
/// Most buffers of a NIC's receive ring, which are not free.
const RECEIVING: u64 = 256;

/// Whether the link at `port` has all its buffers back, and none is in use but for those that a NIC receives into.
fn all_home(vm: &mut Running, port: usize) -> bool {
    let [free, away] = ["free", "away"].map(|what| vm.machine(&format!("link_{what}_{port}")));
    away == 0 && free >= Shape::SHARED.slots as u64 - RECEIVING
}

#[test]
fn a_ring_carries_every_frame_both_ways_on_each_machine() {
    let (images, sent, expected) = (Images::build(), capture(), passed());
    assert!(!expected.is_empty());
    for (kind, shape) in Kind::ALL.into_iter().flat_map(|kind| SHAPES.map(|shape| (kind, shape))) {
        let link = Link::start(shape);
        let mut fw = boot(&images.fw, kind, link.end(End::A), false);
        let mut meter = boot(&images.meter, kind, link.end(End::B), true);
        for _ in 0..10 {
            sent.iter().for_each(|frame| fw.send(0, frame));
            expected.iter().for_each(|frame| assert_eq!(&meter.receive(0), frame, "{}", kind.name()));
            sent.iter().for_each(|frame| meter.send(0, frame));
            sent.iter().for_each(|frame| assert_eq!(&fw.receive(0), frame, "{}", kind.name()));
        }
        let [a, b] = link.server.memory().ends().unwrap();
        assert!(a.state.is_up() && b.state.is_up() && (a.occupancy, b.occupancy) == (0, 0));
        let counted = (a.statistics.frames_put, b.statistics.frames_put);
        assert_eq!(counted, (10 * expected.len() as u64, 10 * sent.len() as u64));
        assert_eq!(fw.machine("sent_1"), 10 * expected.len() as u64);
        assert_eq!(meter.machine("received_0"), 10 * expected.len() as u64);
        if shape.mode == Mode::Shared {
            assert_eq!((fw.machine("link_copied_1"), meter.machine("link_copied_0")), (0, 0), "no frame is copied");
            until("all buffers are back", || all_home(&mut fw, 1) && all_home(&mut meter, 0));
        }
        fw.power_off();
        meter.power_off();
    }
}

/// Sends a capture through both VMs, and back; every frame comes through.
fn exchange(fw: &Running, meter: &Running) {
    capture().iter().for_each(|frame| fw.send(0, frame));
    passed().iter().for_each(|frame| assert_eq!(&meter.receive(0), frame));
    capture().iter().for_each(|frame| meter.send(0, frame));
    capture().iter().for_each(|frame| assert_eq!(&fw.receive(0), frame));
}

#[test]
fn a_ring_without_a_doorbell_is_polled_and_seldom_when_idle() {
    let images = Images::build();
    for (kind, shape) in [(Kind::Pc, Shape::COPY), (Kind::Microvm, Shape::SHARED)] {
        let mut link = Polled::create(shape);
        let mut fw = boot(&images.fw, kind, link.start(End::A), false);
        for _life in 0..2 {
            let mut meter = boot(&images.meter, kind, link.start(End::B), true);
            until("the link is up", || fw.machine("link_up_1") == 1);
            exchange(&fw, &meter);
            for vm in [&mut fw, &mut meter] {
                let [began_ns, before] = ["now_ns", "rounds"].map(|what| vm.machine(what));
                std::thread::sleep(Duration::from_secs(1));
                let [ns, rounds] = ["now_ns", "rounds"].map(|what| vm.machine(what));
                let (ms, rounds) = ((ns - began_ns) / 1_000_000, rounds - before);
                assert!(ms >= 900 && rounds < 2 * ms, "{rounds} rounds in {ms} ms");
            }
            drop(meter);
            link.link.depart(End::B).unwrap();
            until("the survivor sees it", || fw.machine("link_up_1") == 0);
        }
        fw.power_off();
    }
}

/// One end of a link: its image, which port the link is, and what sends into it.
struct Side<'a> {
    image: &'a Path,
    link: usize,
    sends: &'static str,
}

/// Kills the VM at one end (`victim`) and starts it again, over and over, while frames flow to it.
fn kill_under_traffic(victim: usize, shape: Shape) {
    const DEATHS: u64 = 8;
    let (images, link) = (Images::build(), Link::start(shape));
    let sides = [
        Side { image: &images.fw, link: 1, sends: "ToDevice@4" },
        Side { image: &images.meter, link: 0, sends: "ToDevice@7" },
    ];
    let start = |end: usize| boot(sides[end].image, Kind::Q35, link.end([End::A, End::B][end]), sides[end].link == 0);
    let (mut survivor, Side { link: port, sends, .. }) = (start(1 - victim), &sides[1 - victim]);
    let (up, down) = (format!("link_up_{port}"), format!("link_down_{port}"));
    let mut traffic = Traffic::start();
    traffic.send(Arc::new(survivor.ports.remove(0)), capture());
    let mut slowest = Duration::ZERO;
    for death in 1..=DEATHS {
        let began = Instant::now();
        let mut dying = start(victim);
        dying.receive(0);
        slowest = slowest.max(began.elapsed());
        let received = format!("received_{}", sides[victim].link);
        until("frames pass", || dying.machine(&received) > 20);
        assert_eq!(survivor.machine(&up), 1);
        let before = survivor.machine(&down);
        // SIGKILL, while frames flow.
        drop(dying);
        until("the neighbour counts what it cannot send", || survivor.machine(&down) > before + 20);
        assert_eq!((survivor.machine(&up), survivor.vm.ended().unwrap()), (0, None), "death {death}");
    }
    println!("from QEMU's start to the first frame through: at most {slowest:?}");
    traffic.stop();
    // Every frame that came in was sent, dropped because the link was down, or dropped because it was full.
    let full: u64 = survivor.read(sends, "no_room").parse().unwrap();
    let (came, dropped) = (survivor.machine(&format!("received_{}", 1 - port)), survivor.machine(&down));
    assert_eq!(came, survivor.machine(&format!("sent_{port}")) + dropped + full);
    let seen = link.server.memory().ends().unwrap()[1 - victim].statistics;
    assert_eq!((seen.dropped_down, seen.dropped_full), (dropped, full), "the host sees the same");
    if shape.mode == Mode::Shared {
        until("what the dead had is back", || all_home(&mut survivor, *port));
    }
    survivor.power_off();
}

#[test]
fn a_killed_vm_leaves_its_neighbour_running_and_links_up_when_it_is_back() {
    for (victim, shape) in [0, 1].into_iter().flat_map(|victim| SHAPES.map(|shape| (victim, shape))) {
        kill_under_traffic(victim, shape);
    }
}

/// Each end sends as much as it can.
const FLOOD: &str = "
network wan;
vm a { InfiniteSource(LENGTH 1400, LIMIT -1) -> ToDevice(b); FromDevice(b) -> in :: Counter -> Discard; }
vm b { InfiniteSource(LENGTH 1400, LIMIT -1) -> ToDevice(a); FromDevice(a) -> in :: Counter -> Discard; FromDevice(wan) -> Discard; }
chain a <-> b <-> wan;
";

#[test]
fn ends_that_flood_each_other_do_not_stop() {
    SHAPES.into_iter().for_each(flood);
}

fn flood(shape: Shape) {
    let (folder, link) = (TempDir::new().unwrap(), Link::start(shape));
    let a = build(FLOOD, "a", folder.path());
    let sockets = TempDir::new().unwrap();
    let (mut machine, ports) = tests::machine(&a, Kind::Pc, 0, sockets.path());
    machine.ports.push(link.end(End::A));
    let mut a = Running::start(&machine, ports, sockets);
    let mut b = boot(&folder.path().join("b.elf"), Kind::Q35, link.end(End::B), true);
    let count = |vm: &mut Running| vm.read("in", "count").parse::<u64>().unwrap();
    for _ in 0..20 {
        let (at_a, at_b) = (count(&mut a), count(&mut b));
        until("both go on", || count(&mut a) > at_a + 1000 && count(&mut b) > at_b + 1000);
    }
    until("both rings were full", || {
        link.server.memory().ends().unwrap().iter().all(|end| end.statistics.dropped_full > 0)
    });
    a.power_off();
    b.power_off();
}

#[test]
fn a_neighbour_that_rewrites_the_memory_stops_nobody() {
    let (images, link, sent) = (Images::build(), Link::start(Shape::COPY), capture());
    let mut fw = boot(&images.fw, Kind::Q35, link.end(End::A), false);
    let mut meter = boot(&images.meter, Kind::Pc, link.end(End::B), true);
    let (lan, wan) = (Arc::new(fw.ports.remove(0)), Arc::new(meter.ports.remove(0)));
    // First all but what the host says of the ends, which no end can heal; then that too.
    for (from, heals) in [(ring::presence_offset(End::B) + 256, true), (0, false)] {
        let mut traffic = Traffic::start();
        for port in [&lan, &wan] {
            traffic.send(Arc::clone(port), sent.clone());
            traffic.take(Arc::clone(port));
        }
        let memory = link.server.memory().file().try_clone().unwrap();
        let (words, mut random) = ((Shape::COPY.bytes() - from) / 8, Random(0x5111ce + from as u64));
        traffic.spawn(move || {
            // Half of the writes hit the header's page, where indices are; half of the values are small.
            let within = if random.below(2) == 0 { words } else { (4096 - from) / 8 };
            let place = from + 8 * random.below(within);
            let value = (random.below(1 << 32) as u64) << (32 * random.below(2)) | random.below(1 << 13) as u64;
            memory.write_all_at(&value.to_le_bytes(), place as u64).is_ok()
        });
        let until_then = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until_then {
            for vm in [&mut fw, &mut meter] {
                assert_eq!(vm.vm.ended().unwrap(), None);
                vm.machine("rounds");
            }
        }
        let moved = traffic.stop();
        assert!(moved[4] > 1000, "the memory was rewritten {} times", moved[4]);
        if heals {
            let mut traffic = Traffic::start();
            traffic.send(Arc::clone(&lan), sent.clone());
            traffic.send(Arc::clone(&wan), sent.clone());
            let (at_fw, at_meter) = (fw.machine("received_1"), meter.machine("received_0"));
            until("frames pass again", || {
                fw.machine("received_1") > at_fw + 100 && meter.machine("received_0") > at_meter + 100
            });
            traffic.stop();
        }
    }
    fw.power_off();
    meter.power_off();
}

#[test]
fn descriptors_that_lie_are_counted_also_among_vms_that_trust_each_other() {
    const SLOTS: usize = Shape::SHARED.slots;
    let (images, link, sent) = (Images::build(), Link::start(Shape::SHARED), capture());
    let mut fw = boot(&images.fw, Kind::Q35, link.end(End::A), false);
    let mut meter = boot(&images.meter, Kind::Pc, link.end(End::B), true);
    let (lan, wan) = (Arc::new(fw.ports.remove(0)), Arc::new(meter.ports.remove(0)));
    let mut traffic = Traffic::start();
    let flow = |traffic: &mut Traffic| {
        for port in [&lan, &wan] {
            traffic.send(Arc::clone(port), sent.clone());
            traffic.take(Arc::clone(port));
        }
    };
    flow(&mut traffic);
    let (memory, mut random) = (link.server.memory().file().try_clone().unwrap(), Random(0x11e5));
    traffic.spawn(move || {
        // What B hands over: no length, too long, running out of a buffer, in none. What it gives back: not A's, or nothing at all.
        let frames = (0..SLOTS).flat_map(|_| match random.below(4) {
            0 => [0, 8 << 10],
            1 => [3000, 64 << 10],
            2 => [1500, (4096 + 48 * SLOTS + 2112 * random.below(SLOTS) + 1000) as u64],
            _ => [60, u64::MAX - random.below(1 << 30) as u64],
        });
        let frames: Vec<u8> = frames.flat_map(u64::to_le_bytes).collect();
        let returns: Vec<u8> =
            (0..SLOTS).flat_map(|_| ((SLOTS + random.below(1 << 30)) as u64).to_le_bytes()).collect();
        memory.write_all_at(&frames, (4096 + 16 * SLOTS) as u64).unwrap();
        memory.write_all_at(&returns, (4096 + 40 * SLOTS) as u64).is_ok()
    });
    until("lies are counted", || link.server.memory().ends().unwrap()[0].statistics.bad_descriptors > 50);
    traffic.stop();
    let mut traffic = Traffic::start();
    flow(&mut traffic);
    let (at_fw, at_meter) = (fw.machine("received_1"), meter.machine("received_0"));
    until("frames pass again", || {
        fw.machine("received_1") > at_fw + 100 && meter.machine("received_0") > at_meter + 100
    });
    traffic.stop();
    assert_eq!((fw.vm.ended().unwrap(), meter.vm.ended().unwrap()), (None, None));
    drop(meter);
    let mut meter = boot(&images.meter, Kind::Pc, link.end(End::B), true);
    until("what was lost is found when one starts again", || all_home(&mut fw, 1) && all_home(&mut meter, 0));
}
