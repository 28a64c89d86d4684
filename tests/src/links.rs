// SPDX-License-Identifier: Apache-2.0
//! Links between VMs under test, and traffic over them.

use crate::{PATIENCE, Running, build_file, frames, home, machine};
use qemu::{Kind, LinkDevice, LinkMemory, LinkServer, PlainLink, Port, PortDevice};
use ring::{End, Mode, Shape};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The images of examples/two-vms.nf: what the firewall passes, the meter counts.
pub struct Images {
    /// The firewall: port 0 is its NIC, port 1 the link.
    pub fw: PathBuf,
    /// The meter: port 0 is the link, port 1 its NIC.
    pub meter: PathBuf,
    _folder: TempDir,
}

impl Images {
    /// Builds them.
    pub fn build() -> Images {
        let folder = TempDir::new().expect("a folder");
        let fw = build_file(&home().join("examples/two-vms.nf"), "fw", folder.path());
        Images { fw, meter: folder.path().join("meter.elf"), _folder: folder }
    }
}

/// A link whose ends listen in a folder.
pub struct Link {
    /// What serves it.
    pub server: LinkServer,
    sockets: [PathBuf; 2],
    shared: bool,
    _folder: TempDir,
}

impl Link {
    /// Serves a link of that shape.
    pub fn start(shape: Shape) -> Link {
        let folder = TempDir::new().expect("a folder");
        let sockets = ["a", "b"].map(|end| folder.path().join(end));
        let server = LinkServer::start(sockets.clone(), shape).expect("a link can be served");
        Link { server, sockets, shared: shape.mode == Mode::Shared, _folder: folder }
    }

    /// The port of a VM that is one of its ends.
    pub fn end(&self, end: End) -> PortDevice {
        PortDevice::Link {
            device: LinkDevice::Doorbell { socket: self.sockets[end as usize].clone() },
            shared: self.shared,
        }
    }
}

/// A link without a server, in a file.
pub struct Polled {
    /// What looks after it.
    pub link: PlainLink,
    file: PathBuf,
    shape: Shape,
    _folder: TempDir,
}

impl Polled {
    /// Makes a link of that shape.
    pub fn create(shape: Shape) -> Polled {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("link");
        let link = PlainLink::create(file.clone(), shape).expect("a link can be made");
        Polled { link, file, shape, _folder: folder }
    }

    /// The port of a VM that is one of its ends, and is about to start.
    pub fn start(&mut self, end: End) -> PortDevice {
        self.link.arrive(end).expect("the file can be written");
        let (file, bytes) = (self.file.clone(), LinkMemory::bytes(self.shape));
        let device = LinkDevice::Plain { file, bytes, second: end == End::B };
        PortDevice::Link { device, shared: self.shape.mode == Mode::Shared }
    }
}

/// Boots `image` with a NIC on a socket and a link: in this order, or the other way round.
pub fn boot(image: &Path, kind: Kind, link: PortDevice, link_first: bool) -> Running {
    let folder = TempDir::new().expect("a folder");
    let (mut machine, ports) = machine(image, kind, 1, folder.path());
    machine.ports.insert(usize::from(!link_first), link);
    Running::start(&machine, ports, folder)
}

/// The frames of a capture.
pub fn capture() -> Vec<Vec<u8>> {
    frames::read(&home().join("examples/captures/http_browsing.pcap"))
}

/// The frames that the firewall passes, without their trailers (see `forwarding`).
pub fn passed() -> Vec<Vec<u8>> {
    let passed = frames::tcpdump(&home().join("examples/captures/http_browsing.pcap"), "tcp");
    passed.iter().map(|frame| frame[..14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]))].to_vec()).collect()
}

/// Sends frames into a port, and takes what comes out of others, until it is stopped.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<u64>>,
}

impl Traffic {
    /// None yet.
    pub fn start() -> Traffic {
        Traffic { stop: Arc::default(), threads: Vec::new() }
    }

    /// Does `step` over and over, and counts how often it says true.
    pub fn spawn(&mut self, mut step: impl FnMut() -> bool + Send + 'static) {
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
    pub fn send(&mut self, port: Arc<Port>, frames: Vec<Vec<u8>>) {
        let mut next = 0;
        self.spawn(move || {
            next = (next + 1) % frames.len();
            let sent = port.send(&frames[next], Instant::now() + Duration::from_millis(20)).is_ok();
            // So many that the machine's other work goes on.
            std::thread::sleep(Duration::from_micros(200));
            sent
        });
    }

    /// Takes what comes.
    pub fn take(&mut self, port: Arc<Port>) {
        let mut buffer = vec![0; qemu::MAX_FRAME_BYTES];
        self.spawn(move || port.receive(&mut buffer, Duration::from_millis(20)).expect("the socket is fine").is_some());
    }

    /// How many frames each of the threads moved.
    pub fn stop(self) -> Vec<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    }
}

/// Waits until `condition` holds.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
