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
use tests::{PATIENCE, Running, build_file, frames, home};

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

#[test]
fn a_killed_vm_leaves_its_neighbour_running_and_links_up_when_it_is_back() {
    const DEATHS: u64 = 5;
    let (images, link, sent) = (Images::build(), Link::start(), capture());
    let mut fw = boot(&images.fw, Kind::Q35, &link.sockets[0], false);
    let mut traffic = Traffic::start();
    traffic.send(Arc::new(fw.ports.remove(0)), sent);
    let mut slowest = Duration::ZERO;
    for death in 1..=DEATHS {
        let began = Instant::now();
        let mut meter = boot(&images.meter, Kind::Q35, &link.sockets[1], true);
        meter.receive(0);
        slowest = slowest.max(began.elapsed());
        until("frames pass", || meter.machine("received_0") > 20);
        assert_eq!(fw.machine("link_up_1"), 1);
        let before = fw.machine("link_down_1");
        // SIGKILL, while frames flow.
        drop(meter);
        until("the neighbour counts what it cannot send", || fw.machine("link_down_1") > before + 20);
        assert_eq!((fw.machine("link_up_1"), fw.vm.ended().unwrap()), (0, None), "death {death}");
    }
    println!("from QEMU's start to the first frame through: at most {slowest:?}");
    traffic.stop();
    // Every frame that came in was sent, dropped because the link was down, or dropped for another reason with a name.
    let received = fw.machine("received_0");
    let no_room: u64 = fw.read("ToDevice@4", "no_room").parse().unwrap();
    let filtered: u64 = fw.read("filter", "denied").parse().unwrap();
    assert_eq!(received, fw.machine("sent_1") + fw.machine("link_down_1") + no_room + filtered);
    assert_eq!(link.server.memory().ends().unwrap()[0].statistics.dropped_down, fw.machine("link_down_1"));
    fw.power_off();
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
