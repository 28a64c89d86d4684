// SPDX-License-Identifier: Apache-2.0
//! Two VMs with a ring between them: every frame comes through, and neither end's death or malice stops the other.

use qemu::{Kind, LinkServer, PortDevice};
use ring::Shape;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::{Running, build_file, frames, home};

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
