// SPDX-License-Identifier: Apache-2.0
//! Service chains of booted VMs: a real capture, and more flows like it, goes in at both ends, and every frame that should comes out at the other one,
//! each flow in its order, and both directions of it through the same replica.

use pcap_file::pcap::{PcapPacket, PcapWriter};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tests::{frames, home, sluice};

/// What the firewalls of both examples let pass.
const PASSED: &str = "tcp or udp";

/// How many flows go in: that of the capture, and others that begin like it, between other hosts.
const FLOWS: u8 = 16;
/// Frames of the others: so few that they all fit into one ring, whoever sleeps.
const BEGINNING: usize = 6;

/// The capture, written to `path` with flows that begin like its own.
fn widen(path: &Path) {
    let mut out = PcapWriter::new(File::create(path).unwrap()).unwrap();
    let capture = frames::read(&home().join("examples/captures/http_browsing.pcap"));
    for copy in 0..FLOWS {
        let frames = if copy == 0 { capture.len() } else { BEGINNING };
        for mut frame in capture.iter().take(frames).cloned() {
            if frame[12..14] == [8, 0] {
                (frame[29], frame[33]) = (frame[29] ^ (copy * 11), frame[33] ^ (copy * 11));
                frame[24..26].fill(0);
                let sum = internet_checksum(&frame[14..34]);
                frame[24..26].copy_from_slice(&sum.to_be_bytes());
                // Every other time it is no web traffic.
                for port in [35, 37].into_iter().filter(|_| copy % 2 == 1) {
                    frame[port] += u8::from(frame[port - 1..=port] == [0, 80]);
                }
            }
            let length = frame.len() as u32;
            out.write_packet(&PcapPacket::new_owned(Duration::ZERO, length, frame)).unwrap();
        }
    }
}

/// RFC 1071, of an even number of bytes.
fn internet_checksum(header: &[u8]) -> u16 {
    let sum: u32 = header.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    !((sum & 0xffff) + (sum >> 16)) as u16
}

/// The frames of a capture that tcpdump's filter passes, without what follows the packet: CheckIPHeader cuts that off.
fn expected(capture: &Path, filter: &str) -> Vec<Vec<u8>> {
    let passed = frames::tcpdump(capture, filter);
    passed.iter().map(|frame| frame[..14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]))].to_vec()).collect()
}

/// What came out of a chain at each end, and the report.
struct Outcome {
    sent: PathBuf,
    lan: Vec<Vec<u8>>,
    wan: Vec<Vec<u8>>,
    report: Value,
    _folder: TempDir,
}

/// Runs an example with the capture replayed into both networks.
fn run(example: &str) -> Outcome {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let attach = |network: &str, file: &Path| format!("{network}={}", file.display());
    let sent = path("sent.pcap");
    widen(&sent);
    let output = sluice()
        .args(["run", "--accel", "tcg", "--json"])
        .arg(home().join("examples").join(example))
        .args(["--output", &path("built").display().to_string()])
        .args(["--replay", &attach("lan", &sent), "--replay", &attach("wan", &sent)])
        .args(["--capture", &attach("lan", &path("lan.pcap")), "--capture", &attach("wan", &path("wan.pcap"))])
        .output()
        .expect("sluice runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let [lan, wan] = ["lan.pcap", "wan.pcap"].map(|name| frames::read(&path(name)));
    Outcome { sent, lan, wan, report, _folder: folder }
}

/// The frames of each flow in their order, each direction by itself: by addresses and ports. A function that sorts
/// packets may let one direction overtake the other.
fn flows(frames: &[Vec<u8>]) -> HashMap<&[u8], Vec<&[u8]>> {
    let mut flows: HashMap<_, Vec<_>> = HashMap::new();
    for frame in frames {
        flows.entry(&frame[26..38]).or_default().push(frame.as_slice());
    }
    flows
}

impl Outcome {
    /// Every frame came through in both directions, each flow in its order.
    fn is_complete(&self) {
        let expected = self.expected(PASSED);
        assert!(!expected.is_empty());
        for (network, out) in [("lan", &self.lan), ("wan", &self.wan)] {
            assert_eq!(out.len(), expected.len(), "frames at {network}: {}", self.report);
            assert!(flows(out) == flows(&expected), "frames at {network} are not those that went in");
        }
    }

    fn expected(&self, filter: &str) -> Vec<Vec<u8>> {
        expected(&self.sent, filter)
    }

    /// The frames that a VM received by a port.
    fn received(&self, vm: &str, port: &str) -> u64 {
        let named = |list: &Value, name: &str| -> Option<Value> {
            list.as_array()?.iter().find(|one| one["name"] == name).cloned()
        };
        let vm = named(&self.report["vms"], vm).expect("the report has the VM");
        named(&vm["ports"], port).expect("the VM has the port")["received"].as_u64().expect("a number")
    }
}

#[test]
fn a_chain_of_services_passes_every_frame_and_shares_the_load() {
    let outcome = run("service-chain.nf");
    outcome.is_complete();
    let all = outcome.expected(PASSED).len() as u64;
    let guards = ["guard_0", "guard_1"].map(|guard| ["ids", "wan"].map(|port| outcome.received(guard, port)));
    // Both directions of each flow meet the same guard: the same frames went in at both ends.
    assert!(guards.iter().all(|[forward, back]| forward == back && *forward > 0), "{guards:?}");
    assert_eq!(guards[0][0] + guards[1][0], all);
    assert_eq!(outcome.received("ids", "fw"), all);
}

#[test]
fn a_director_sends_web_traffic_past_the_inspectors_and_nothing_else() {
    let outcome = run("directed.nf");
    outcome.is_complete();
    let (all, web) = (outcome.expected(PASSED).len() as u64, outcome.expected("tcp port 80").len() as u64);
    assert!(web > 0 && web < all, "the capture has both kinds");
    let inspectors = ["ids_0", "ids_1"].map(|ids| ["fw", "wan"].map(|port| outcome.received(ids, port)));
    assert!(inspectors.iter().all(|[forward, back]| forward == back && *forward > 0), "{inspectors:?}");
    assert_eq!(inspectors[0][0] + inspectors[1][0], web);
    assert_eq!((outcome.received("wan_gate", "fw"), outcome.received("fw", "wan")), (all - web, all - web));
    // The spare one does not run.
    assert_eq!(outcome.received("ids_2", "fw"), 0);
}
