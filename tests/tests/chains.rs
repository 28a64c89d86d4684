// SPDX-License-Identifier: Apache-2.0
//! Service chains of booted VMs: a real capture, and more flows like it, goes in at both ends, and every frame that should comes out at the other one,
//! each flow in its order, and both directions of it through the same replica.

use pcap_file::pcap::{PcapPacket, PcapWriter};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
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
fn run_example(name: &str) -> Outcome {
    run(&std::fs::read_to_string(home().join("examples").join(name)).unwrap(), &[])
}

/// The same with a chain file of that text, and what else `words` say.
fn run(text: &str, words: &[&str]) -> Outcome {
    run_with(text, words, widen)
}

/// The same with the frames that `make` writes.
fn run_with(text: &str, words: &[&str], make: impl Fn(&Path)) -> Outcome {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let attach = |network: &str, file: &Path| format!("{network}={}", file.display());
    let sent = path("sent.pcap");
    make(&sent);
    std::fs::write(path("chain.nf"), text).unwrap();
    let output = sluice()
        .args(["run", "--accel", "tcg", "--json"])
        .arg(path("chain.nf"))
        .args(["--output", &path("built").display().to_string()])
        .args(["--replay", &attach("lan", &sent), "--replay", &attach("wan", &sent)])
        .args(["--capture", &attach("lan", &path("lan.pcap")), "--capture", &attach("wan", &path("wan.pcap"))])
        .args(words)
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
    let outcome = run_example("service-chain.nf");
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
    let outcome = run_example("directed.nf");
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

/// Two chains share the links to the inspectors, so a frame must say which one it is on.
const SHARED: &str = "
network lan, wan;
vm fw { input -> CheckIPHeader(14) -> IPFilter(allow tcp or udp, deny all) -> output }
vm ids(replicas 2) { input -> up :: Counter -> output; input[1] -> down :: Counter -> [1] output }
vm log { input -> Counter -> output }
chain web: lan -> fw -> ids -> wan;
chain bulk: lan -> fw -> ids -> log -> wan;
director at fw { tcp port 80: web; default: bulk; }
";

impl Outcome {
    /// What is not web traffic passed the logger, both ways, and nothing else did.
    fn is_split(&self) {
        self.is_complete();
        let (all, web) = (self.expected(PASSED).len() as u64, self.expected("tcp port 80").len() as u64);
        assert!(web > 0 && web < all, "the capture has both kinds");
        let logged = |port: &str| self.received("log", port);
        assert_eq!([logged("ids_0") + logged("ids_1"), logged("wan")], [all - web; 2]);
    }
}

#[test]
fn chains_that_share_links_stay_apart_over_rings_and_over_pairs_of_nics() {
    run(SHARED, &[]).is_split();
    run(SHARED, &["--links", "nic"]).is_split();
}

/// What `tshark` says of each frame of a capture.
fn tshark(capture: &Path, fields: &[&str]) -> Option<Vec<String>> {
    let fields = fields.iter().flat_map(|field| ["-e", field]);
    let command = ["-T", "fields", "-E", "occurrence=f"];
    let output = Command::new("tshark").arg("-r").arg(capture).args(command).args(fields).output();
    let output = output.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).lines().map(String::from).collect())
}

#[test]
fn wireshark_reads_what_is_on_a_pair_of_nics() {
    let folder = TempDir::new().unwrap();
    let link = folder.path().join("link.pcap");
    let outcome = run(SHARED, &["--capture", &format!("fw.ids_0={}", link.display())]);
    outcome.is_split();
    let Some(seen) = tshark(&link, &["nsh.spi", "nsh.si", "nsh.ttl", "nsh.mdtype", "nsh.nextproto", "eth.type"]) else {
        println!("skipped: tshark is not here");
        return;
    };
    assert_eq!(seen.len() as u64, outcome.received("ids_0", "fw"));
    for chain in 1..=2 {
        assert!(seen.contains(&format!("{chain}\t255\t0x003f\t1\t3\t0x894f")), "{seen:?}");
    }
    assert!(seen.iter().all(|line| line.ends_with("\t255\t0x003f\t1\t3\t0x894f")), "{seen:?}");
    // Behind the header the frame is what it was.
    let inner = tshark(&link, &["udp.srcport", "tcp.srcport"]).expect("it was there");
    assert!(inner.iter().all(|ports| ports.trim().parse::<u16>().is_ok()), "{inner:?}");
}

const SIX: &str = "
network lan, wan;
vm fw { input -> output }
vm ids { input -> Counter -> output }
chain web: lan -> fw -> ids -> wan;
chain bulk: lan -> fw -> wan;
director at fw { ip6 and tcp port 80: web; default: bulk; }
";

/// A TCP segment between 2001:db8::`host` and 2001:db8::ff, with a hop-by-hop header if it `has_options`.
fn segment6(host: u8, port: u16, has_options: bool) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd];
    let (next, options) = if has_options { (0, &[6, 0, 1, 4, 0, 0, 0, 0][..]) } else { (6, &[][..]) };
    frame.extend([0x60, 0, 0, 0, 0, 20 + options.len() as u8, next, 64]);
    for end in [host, 0xff] {
        frame.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, end]);
    }
    frame.extend(options);
    frame.extend([1025, port].map(u16::to_be_bytes).as_flattened());
    frame.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]);
    frame
}

#[test]
fn a_director_knows_flows_of_ipv6() {
    const HOSTS: u8 = 20;
    let make = |path: &Path| {
        widen(path);
        let mut frames = frames::read(path);
        for host in 0..HOSTS {
            frames.extend([(host, 80), (host + 100, 81)].map(|(host, port)| segment6(host, port, host % 2 == 1)));
        }
        let mut out = PcapWriter::new(File::create(path).unwrap()).unwrap();
        for frame in frames {
            let length = frame.len() as u32;
            out.write_packet(&PcapPacket::new_owned(Duration::ZERO, length, frame)).unwrap();
        }
    };
    let outcome = run_with(SIX, &[], make);
    let sent = frames::read(&outcome.sent);
    for out in [&outcome.lan, &outcome.wan] {
        assert!(flows(out) == flows(&sent), "every frame came through: {}", outcome.report);
    }
    let web = frames::tcpdump(&outcome.sent, "ip6 and port 80").len() as u64;
    assert!((1..=u64::from(HOSTS)).contains(&web), "tcpdump finds those without options");
    // The answers took the same way back.
    assert_eq!([outcome.received("ids", "fw"), outcome.received("ids", "wan")], [u64::from(HOSTS); 2]);
}
