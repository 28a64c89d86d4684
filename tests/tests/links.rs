// SPDX-License-Identifier: Apache-2.0
//! Two VMs with a ring between them: every frame comes through, and neither end's death or malice stops the other.

use qemu::{Kind, LinkServer, Port, PortDevice};
use ring::{End, Shape};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::frames::Random;
use tests::{PATIENCE, Running, build, build_file, frames, home};

/// The images of examples/two-vms.nf: what the firewall passes, the meter counts.
struct Images {
    fw: PathBuf,
    meter: PathBuf,
    _folder: TempDir,
}

impl Images {
    fn build() -> Images {
        let folder = TempDir::new().unwrap();
        let fw = build_file(&home().join("examples/two-vms.nf"), "fw", folder.path());
        Images { fw, meter: folder.path().join("meter.elf"), _folder: folder }
    }
}

/// A link whose ends listen in a folder.
struct Link {
    server: LinkServer,
    sockets: [PathBuf; 2],
    _folder: TempDir,
}

impl Link {
    fn start() -> Link {
        let folder = TempDir::new().unwrap();
        let sockets = ["a", "b"].map(|end| folder.path().join(end));
        let server = LinkServer::start(sockets.clone(), Shape::COPY).unwrap();
        Link { server, sockets, _folder: folder }
    }
}

/// Boots `image` with a NIC on a socket and a link at `socket`: in this order, or the other way round.
fn boot(image: &Path, kind: Kind, socket: &Path, link_first: bool) -> Running {
    let folder = TempDir::new().unwrap();
    let (mut machine, ports) = tests::machine(image, kind, 1, folder.path());
    let link = PortDevice::Link { socket: socket.into() };
    machine.ports.insert(usize::from(!link_first), link);
    Running::start(&machine, ports, folder)
}

fn capture() -> Vec<Vec<u8>> {
    frames::read(&home().join("examples/captures/http_browsing.pcap"))
}

/// The frames that the firewall passes, without their trailers (see `forwarding`).
fn passed() -> Vec<Vec<u8>> {
    let passed = frames::tcpdump(&home().join("examples/captures/http_browsing.pcap"), "tcp");
    passed.iter().map(|frame| frame[..14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]))].to_vec()).collect()
}

#[test]
fn a_ring_carries_every_frame_both_ways_on_each_machine_with_pci() {
    let (images, sent, expected) = (Images::build(), capture(), passed());
    assert!(!expected.is_empty());
    for kind in [Kind::Pc, Kind::Q35] {
        let link = Link::start();
        let mut fw = boot(&images.fw, kind, &link.sockets[0], false);
        let mut meter = boot(&images.meter, kind, &link.sockets[1], true);
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
        fw.power_off();
        meter.power_off();
    }
}

/// Sends frames into a port, and takes what comes out of others, until it is stopped.
struct Traffic {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<u64>>,
}

impl Traffic {
    fn start() -> Traffic {
        Traffic { stop: Arc::default(), threads: Vec::new() }
    }

    fn spawn(&mut self, mut step: impl FnMut() -> bool + Send + 'static) {
        let stop = Arc::clone(&self.stop);
        self.threads.push(std::thread::spawn(move || {
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                count += u64::from(step());
            }
            count
        }));
    }

    /// Sends `frames` over and over. A VM that is gone takes none.
    fn send(&mut self, port: Arc<Port>, frames: Vec<Vec<u8>>) {
        let mut next = 0;
        self.spawn(move || {
            next = (next + 1) % frames.len();
            let sent = port.send(&frames[next], Instant::now() + Duration::from_millis(20)).is_ok();
            // So many that the machine's other work goes on.
            std::thread::sleep(Duration::from_micros(200));
            sent
        });
    }

    fn take(&mut self, port: Arc<Port>) {
        let mut buffer = vec![0; qemu::MAX_FRAME_BYTES];
        self.spawn(move || port.receive(&mut buffer, Duration::from_millis(20)).unwrap().is_some());
    }

    /// How many frames each of the threads moved.
    fn stop(self) -> Vec<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    }
}

/// Waits until `condition` holds.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// One end of a link: its image, which port the link is, and what sends into it.
struct Side<'a> {
    image: &'a Path,
    link: usize,
    sends: &'static str,
}

/// Kills the VM at one end (`victim`) and starts it again, over and over, while frames flow to it.
fn kill_under_traffic(victim: usize) {
    const DEATHS: u64 = 8;
    let (images, link) = (Images::build(), Link::start());
    let sides = [
        Side { image: &images.fw, link: 1, sends: "ToDevice@4" },
        Side { image: &images.meter, link: 0, sends: "ToDevice@7" },
    ];
    let start = |end: usize| boot(sides[end].image, Kind::Q35, &link.sockets[end], sides[end].link == 0);
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
    survivor.power_off();
}

#[test]
fn a_killed_vm_leaves_its_neighbour_running_and_links_up_when_it_is_back() {
    for victim in [0, 1] {
        kill_under_traffic(victim);
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
    let (folder, link) = (TempDir::new().unwrap(), Link::start());
    let a = build(FLOOD, "a", folder.path());
    let sockets = TempDir::new().unwrap();
    let (mut machine, ports) = tests::machine(&a, Kind::Pc, 0, sockets.path());
    machine.ports.push(PortDevice::Link { socket: link.sockets[0].clone() });
    let mut a = Running::start(&machine, ports, sockets);
    let mut b = boot(&folder.path().join("b.elf"), Kind::Q35, &link.sockets[1], true);
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
    let (images, link, sent) = (Images::build(), Link::start(), capture());
    let mut fw = boot(&images.fw, Kind::Q35, &link.sockets[0], false);
    let mut meter = boot(&images.meter, Kind::Pc, &link.sockets[1], true);
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
