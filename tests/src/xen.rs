// SPDX-License-Identifier: Apache-2.0
//! What the tests on an emulated Xen share: a dom0 with the program that acts for us there (`bench`'s `dom0`), and traffic.

use crate::frames;
use crate::home;
use qemu::xen::{Bed, Dom0, Options};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::NamedTempFile;

/// What all scripts know: `create NAME` makes the domain of NAME.cfg and waits until it is ready; `wait_for WORD COMMAND…` waits until the
/// command prints the word, `only_dom0` until all other domains are gone.
const SHELL: &str = "
    control() { echo /run/sluice-$1.control; }
    ready() { ./dom0 ready $(control $1) >$1.ready; }
    create() { xl create -q $1.cfg; ready $1; }
    wait_for() {
        wanted=$1 tries=0; shift
        until [ \"$($*)\" = $wanted ]; do tries=$((tries + 1)); [ $tries -lt 150 ]; sleep 0.1; done
    }
    domains() { xl list | grep -c '^[a-z]'; }
    only_dom0() { wait_for 0 domains; }
";

/// Boots a Xen.
pub fn boot() -> Dom0 {
    let mut dom0 = Bed::prepare().unwrap().boot(&Options::default()).unwrap();
    dom0.copy(&hand()).unwrap();
    dom0
}

/// The program that acts for us within dom0.
fn hand() -> PathBuf {
    let mut built = Command::new("cargo");
    built.args(["build", "--release", "--quiet", "--package", "bench", "--bin", "dom0"]);
    let built = built.current_dir(home()).status().expect("cargo runs");
    assert!(built.success(), "dom0 does not build");
    home().join("target/release/dom0")
}

/// Runs a script that must go well, each line of it: what it printed.
#[track_caller]
pub fn run(dom0: &mut Dom0, script: &str) -> String {
    let outcome = dom0.run(&format!("set -e\n{SHELL}\n{script}")).unwrap();
    if outcome.status != 0 {
        let more = dom0.run("xl list; tail -c 2000 /var/log/xen/console/* /var/log/xen/*.log; dmesg | tail").unwrap();
        panic!("{}\n{script}\n{}{}", more.stdout, outcome.stdout, outcome.stderr);
    }
    outcome.stdout
}

/// The xl.cfg of a VM whose image is NAME.elf. Each vif is a bridge and the number of a port; dom0 calls it by name and number: `fw0`.
pub fn configuration(name: &str, vifs: &[(&str, usize)]) -> String {
    let vifs: Vec<_> =
        vifs.iter().map(|(bridge, port)| format!("'bridge={bridge},devid={port},vifname={name}{port}'")).collect();
    // xl 4.17 takes the first channel for the console.
    format!(
        "name='{name}'\ntype='pvh'\nkernel='/test/{name}.elf'\nmemory=16\nshadow_memory=1\nvif=[{}]\n\
         channel=['connection=pty,name=spare', 'connection=socket,path=/run/sluice-{name}.control,name=sluice']\n",
        vifs.join(",")
    )
}

/// What handler `name` of the machine of VM `vm` says.
#[track_caller]
pub fn machine(dom0: &mut Dom0, vm: &str, name: &str) -> u64 {
    let said = run(dom0, &format!("./dom0 read $(control {vm}) machine {name}"));
    said.trim().parse().unwrap_or_else(|_| panic!("machine.{name} of {vm} is {said}"))
}

/// A real capture, without the check sequences that it has: no Linux sends more than an MTU with a header.
pub fn capture() -> NamedTempFile {
    let frames = frames::read(&home().join("examples/captures/http_browsing.pcap"));
    let frames: Vec<_> = frames.into_iter().map(|frame| frame[..frame.len() - 4].to_vec()).collect();
    let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
    std::fs::write(file.path(), capture_of(&frames)).unwrap();
    file
}

/// A capture of `frames`.
pub fn capture_of(frames: &[Vec<u8>]) -> Vec<u8> {
    // pcap-savefile(5): little endian, microseconds, Ethernet.
    let header = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 1];
    let mut bytes: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
    for frame in frames {
        let length = frame.len() as u32;
        bytes.extend([0, 0, length, length].iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend(frame);
    }
    bytes
}

/// Sends the frames of `sent` into an interface of dom0: what came out of another one, which should be `count` frames.
#[track_caller]
pub fn pass(dom0: &mut Dom0, sent: &[Vec<u8>], into: &str, out_of: &str, count: usize) -> Vec<Vec<u8>> {
    dom0.put("in.pcap", 0o644, &capture_of(sent)).unwrap();
    run(dom0, &format!("./dom0 pass {into} in.pcap {out_of} out.pcap --count {count}"));
    let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
    std::fs::write(file.path(), dom0.get("out.pcap").unwrap()).unwrap();
    frames::read(file.path())
}

/// Replays `capture` into one interface and looks at each frame that comes out of the other: those that tcpdump's `filter` passes.
#[track_caller]
pub fn check_frames(dom0: &mut Dom0, capture: &Path, filter: &str, into: &str, out_of: &str) {
    let (sent, expected) = (frames::read(capture), frames::tcpdump(capture, filter));
    assert!(!expected.is_empty() && expected.len() < sent.len(), "the capture has both kinds");
    let came = pass(dom0, &sent, into, out_of, expected.len());
    assert!(came == expected, "{} frames came out of {out_of}, not these {}", came.len(), expected.len());
}

/// dom0's kernel answers pings behind the far end of a chain, the bridge `wan`; the answers come back to its near end, `lan`.
#[track_caller]
pub fn ping(dom0: &mut Dom0, into: &str) {
    run(
        dom0,
        "ip link set lan address 02:00:00:00:00:01; ip link set wan address 02:00:00:00:00:02
         ip address show wan | grep -q 10.0.0.2 || ip address add 10.0.0.2/24 dev wan
         arp -i wan -s 10.0.0.1 02:00:00:00:00:01",
    );
    let asked: Vec<_> = (0..20).map(|sequence| frames::echo([10, 0, 0, 2], sequence)).collect();
    let came = pass(dom0, &asked, into, "lan", asked.len());
    let answers: Vec<_> = came.into_iter().filter(|frame| frame[23] == 1 && frame[34] == 0).collect();
    assert_eq!(answers.len(), asked.len());
    for (answer, asked) in answers.iter().zip(&asked) {
        assert_eq!((&answer[38..42], &answer[26..30]), (&asked[38..42], &asked[30..34]));
    }
}

/// More datagrams than a chain can take, for three seconds: how many were sent, and how many it passed. It loses some, and stays.
#[track_caller]
pub fn flood(dom0: &mut Dom0, into: &str, out_of: &str) -> (u64, u64) {
    let datagram = [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 46][..], &[0; 42]].concat();
    dom0.put("flood.pcap", 0o644, &capture_of(&[datagram])).unwrap();
    let count = format!("$(cat /sys/class/net/{out_of}/statistics/rx_packets)");
    let said = run(
        dom0,
        &format!(
            "before={count}; sent=$(./dom0 flood {into} flood.pcap 3000); sleep 1; echo $sent $(({count} - before))"
        ),
    );
    let numbers: Vec<u64> = said.split_whitespace().map(|word| word.parse().unwrap()).collect();
    (numbers[0], numbers[1])
}
