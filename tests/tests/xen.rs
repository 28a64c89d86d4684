// SPDX-License-Identifier: Apache-2.0
//! The same images on a real Xen: exported for xl, created in the dom0 of the test-bed, fed there.

use qemu::xen::{Bed, Dom0, Options};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::{NamedTempFile, TempDir};
use tests::{frames, home, sluice};

/// The program that acts for us within dom0.
fn hand() -> PathBuf {
    let mut built = Command::new("cargo");
    built.args(["build", "--release", "--quiet", "--package", "bench", "--bin", "dom0"]);
    let built = built.current_dir(home()).status().expect("cargo runs");
    assert!(built.success(), "dom0 does not build");
    home().join("target/release/dom0")
}

/// A dom0 in which `chain` is exported to /test, with all bridges.
fn boot(chain: &Path) -> Dom0 {
    let folder = TempDir::new().unwrap();
    let exported = sluice().args(["export", "xl"]).arg(chain).arg("-o").arg(folder.path()).output().unwrap();
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let mut dom0 = Bed::prepare().unwrap().boot(&Options::default()).unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        dom0.copy(&entry.unwrap().path()).unwrap();
    }
    dom0.copy(&hand()).unwrap();
    // The bridges are those that the export's own list makes.
    run(&mut dom0, "grep 'ip link add' README.md | sh");
    dom0
}

/// Runs a script that must succeed: what it printed.
fn run(dom0: &mut Dom0, script: &str) -> String {
    let outcome = dom0.run(&format!("set -e\n{SHELL}\n{script}")).unwrap();
    let consoles = dom0.run("tail -c 2000 /var/log/xen/console/* /var/log/xen/*.log").unwrap().stdout;
    assert_eq!(outcome.status, 0, "{script}\n{}{}\n{consoles}\n{}", outcome.stdout, outcome.stderr, dom0.console());
    outcome.stdout
}

/// The frames of the replayed capture that the chain lets through, in tcpdump's language.
const PASSED: &str = "not dst port 80";

/// Two functions in a row; the first one denies what is for port 80.
const CHAIN: &str = "network lan, wan;
    vm fw {
      input -> up :: Counter -> kind :: Classifier(12/0800 36/0050, -);
      kind[0] -> denied :: Discard; kind[1] -> output;
      input[1] -> down :: Counter -> [1] output;
    }
    vm ids { input -> up :: Counter -> output; input[1] -> down :: Counter -> [1] output; }
    chain through: lan -> fw -> ids -> wan;";

/// What the scripts below share.
const SHELL: &str = "
    control() { echo /run/sluice-$1.control; }
    create() { xl create -q $1.cfg; ./dom0 ready $(control $1) >$1.ready; }
    vif() { echo vif$(xl domid $1).$2; }
    backend() { echo /local/domain/0/backend/vif/$(xl domid $1)/$2; }
";

/// A real capture, without the check sequences that it has: no Linux sends more than an MTU with a header.
fn capture() -> NamedTempFile {
    let frames = frames::read(&home().join("examples/captures/http_browsing.pcap"));
    let frames: Vec<_> = frames.into_iter().map(|frame| frame[..frame.len() - 4].to_vec()).collect();
    let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
    std::fs::write(file.path(), capture_of(&frames)).unwrap();
    file
}

fn boot_chain(capture: &Path) -> Dom0 {
    let folder = TempDir::new().unwrap();
    let chain = folder.path().join("chain.nf");
    std::fs::write(&chain, CHAIN).unwrap();
    let mut dom0 = boot(&chain);
    dom0.put("in.pcap", 0o644, &std::fs::read(capture).unwrap()).unwrap();
    run(&mut dom0, "create fw; create ids");
    dom0
}

/// Replays the capture into the chain and looks at each frame that comes out of it.
fn check_frames(dom0: &mut Dom0, capture: &Path) {
    let expected = frames::tcpdump(capture, PASSED);
    let count = expected.len();
    assert!(count > 0 && count < frames::read(capture).len(), "the capture has both kinds");
    let said = run(dom0, &format!("./dom0 pass $(vif fw 0) in.pcap $(vif ids 1) out.pcap --count {count}"));
    assert_eq!(came(dom0), expected, "{said}");
}

/// The frames that `dom0 pass` recorded.
fn came(dom0: &mut Dom0) -> Vec<Vec<u8>> {
    let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
    std::fs::write(file.path(), dom0.get("out.pcap").unwrap()).unwrap();
    frames::read(file.path())
}

/// A capture of `frames`.
fn capture_of(frames: &[Vec<u8>]) -> Vec<u8> {
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

#[test]
#[ignore = "boots Xen: make test-xen"]
fn xen_an_image_becomes_ready_is_asked_and_powers_off() {
    let mut dom0 = boot(&home().join("examples/wire.nf"));
    let said = run(
        &mut dom0,
        "create wire; cat wire.ready; ./dom0 read $(control wire) machine received_0; xl list wire | tail -1; xl shutdown -w wire",
    );
    let ready: u64 = said.lines().next().unwrap().parse().unwrap();
    println!("ready after {} ms", ready / 1_000_000);
    assert_eq!(said.lines().nth(1), Some("0"));
    assert_eq!(run(&mut dom0, "xl list | wc -l"), "2\n", "only dom0 is left");
    dom0.power_off().unwrap();
}

#[test]
#[ignore = "boots Xen: make test-xen"]
fn xen_a_chain_of_two_passes_what_it_should_and_survives_either_one() {
    let capture = capture();
    let capture = capture.path();
    let mut dom0 = boot_chain(capture);
    check_frames(&mut dom0, capture);
    ping(&mut dom0);
    flood(&mut dom0);
    for (dead, alive) in [("ids", "fw"), ("fw", "ids")] {
        let domain = run(&mut dom0, &format!("xl domid {alive}"));
        run(
            &mut dom0,
            &format!("./dom0 flood $(vif fw 0) flood.pcap 2000 & sleep 1; xl destroy {dead}; wait; create {dead}"),
        );
        check_frames(&mut dom0, capture);
        assert_eq!(run(&mut dom0, &format!("xl domid {alive}")), domain, "{alive} was not started again");
    }
    ping(&mut dom0);
    dom0.power_off().unwrap();
}

/// dom0's kernel answers pings behind the chain's far end; the answers come back to its near end.
fn ping(dom0: &mut Dom0) {
    let asked: Vec<_> = (0..20).map(|sequence| frames::echo([10, 0, 0, 2], sequence)).collect();
    dom0.put("ping.pcap", 0o644, &capture_of(&asked)).unwrap();
    run(
        dom0,
        "ip link set lan address 02:00:00:00:00:01; ip link set wan address 02:00:00:00:00:02
         ip address show wan | grep -q 10.0.0.2 || ip address add 10.0.0.2/24 dev wan
         arp -i wan -s 10.0.0.1 02:00:00:00:00:01
         ./dom0 pass $(vif fw 0) ping.pcap lan out.pcap --count 20",
    );
    let answers: Vec<_> = came(dom0).into_iter().filter(|frame| frame[23] == 1 && frame[34] == 0).collect();
    assert_eq!(answers.len(), asked.len());
    for (answer, asked) in answers.iter().zip(&asked) {
        assert_eq!((&answer[38..42], &answer[26..30]), (&asked[38..42], &asked[30..34]));
    }
}

/// More datagrams than the chain can take: it loses some, and stays.
fn flood(dom0: &mut Dom0) {
    let datagram = [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 46][..], &[0; 42]].concat();
    dom0.put("flood.pcap", 0o644, &capture_of(&[datagram])).unwrap();
    let said = run(
        dom0,
        "cd /sys/class/net/$(vif ids 1)/statistics; before=$(cat rx_packets); cd /test
         sent=$(./dom0 flood $(vif fw 0) flood.pcap 3000); sleep 1
         echo $sent $(($(cat /sys/class/net/$(vif ids 1)/statistics/rx_packets) - before))",
    );
    let numbers: Vec<u64> = said.split_whitespace().map(|word| word.parse().unwrap()).collect();
    println!("of {} frames sent in 3 s the chain passed {}", numbers[0], numbers[1]);
    assert!(numbers[1] > 1000 && numbers[1] <= numbers[0], "{said}");
}

#[test]
#[ignore = "boots Xen: make test-xen"]
fn xen_a_chain_goes_on_when_netback_is_loaded_again() {
    let capture = capture();
    let capture = capture.path();
    let mut dom0 = boot_chain(capture);
    check_frames(&mut dom0, capture);
    run(
        &mut dom0,
        "for vif in /sys/bus/xen-backend/drivers/vif/vif-*; do echo ${vif##*/} >/sys/bus/xen-backend/drivers/vif/unbind; done
         rmmod xen_netback; sleep 1; insmod /modules/xen_netback.ko
         for end in 'fw 0' 'fw 1' 'ids 0' 'ids 1'; do
           vif=$(vif $end) XENBUS_PATH=$(backend $end) /etc/xen/scripts/vif-bridge online
           wait=0; until [ \"$(xenstore-read $(backend $end)/state)\" = 4 ]; do
             wait=$((wait + 1)); [ $wait -lt 150 ]; sleep 0.1; done
         done",
    );
    check_frames(&mut dom0, capture);
    dom0.power_off().unwrap();
}
