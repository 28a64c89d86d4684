// SPDX-License-Identifier: Apache-2.0
//! `sluice run --on xen`: what a run does on QEMU, it does in a dom0. The bridges `lan` and `wan` are there.

use super::{PASSED, TWO, make, vif};
use qemu::xen::Dom0;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::xen::{pass, run};
use tests::{PATIENCE, frames, home, sluice};

/// A service that may have two VMs.
const SCALED: &str = "network lan, wan;
    vm fw { input -> check :: CheckIPHeader(14) -> output; input[1] -> [1] output }
    vm ids(replicas 1 to 2) { input -> up :: Counter -> output; input[1] -> down :: Counter -> [1] output }
    service inspect = ids;
    chain scaled: lan -> fw -> inspect -> wan;";
const FLOWS: u8 = 40;

/// All of it.
pub fn check(dom0: &mut Dom0) {
    put_sluice(dom0);
    make(dom0, &["build"], "two", TWO);
    make(dom0, &["build"], "trusted", &TWO.replace("chain two:", "chain two(shared):"));
    make(dom0, &["build"], "scaled", SCALED);
    replays(dom0);
    background(dom0);
    orphan(dom0);
}

/// The command, without what only a debugger reads: dom0's memory is small.
fn put_sluice(dom0: &mut Dom0) {
    let stripped = TempDir::new().unwrap();
    let path = stripped.path().join("sluice");
    let strip = Command::new("strip").arg(sluice().get_program()).arg("-o").arg(&path).status().unwrap();
    assert!(strip.success());
    dom0.copy(&path).unwrap();
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Replays a capture through the two VMs, which a link over granted memory connects: two runs at once, one whose frames are copied into
/// that memory, and one whose VMs trust each other.
fn replays(dom0: &mut Dom0) {
    let capture = home().join("examples/captures/http_browsing.pcap");
    dom0.put("in.pcap", 0o644, &std::fs::read(&capture).unwrap()).unwrap();
    run(
        dom0,
        "replay() {
           ./sluice run --on xen $1 --replay lan=in.pcap --capture wan=$1.pcap --json >$1.json 2>$1.log || { cat $1.log; return 1; }
         }
         replay two & replay trusted; wait $!",
    );
    let (sent, expected) = (frames::read(&capture), frames::tcpdump(&capture, PASSED));
    for (name, kind, link) in [("two", "ring", "granted link"), ("trusted", "shared", "link with shared buffers")] {
        let report = json(&String::from_utf8(dom0.get(&format!("{name}.json")).unwrap()).unwrap());
        let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
        std::fs::write(file.path(), dom0.get(&format!("{name}.pcap")).unwrap()).unwrap();
        assert!(frames::read(file.path()) == expected, "{report}");
        assert_eq!(report["packets"]["in"], sent.len(), "{report}");
        assert_eq!(report["packets"]["forwarded"], expected.len(), "{report}");
        assert_eq!((&report["machine"], &report["accel"]), (&"pvh".into(), &"xen".into()));
        let told = &report["links"][0];
        assert_eq!((&told["kind"], &told["ends"][1]["received"]), (&kind.into(), &expected.len().into()), "{report}");
        let log = String::from_utf8(dom0.get(&format!("{name}.log")).unwrap()).unwrap();
        assert!(["A", "B"].iter().all(|end| log.contains(&format!("{link}, end {end}"))), "{log}");
    }
    run(dom0, "only_dom0");
}

/// A frame of each flow, without padding: CheckIPHeader cuts that off.
fn flows() -> Vec<Vec<u8>> {
    (1..=FLOWS).map(|host| frames::echo([10, 9, 0, host], host.into())[..42].into()).collect()
}

/// Sends a frame of each flow; all come out, in whatever order replicas are.
#[track_caller]
fn all_pass(dom0: &mut Dom0) {
    let (into, out_of) = (vif(dom0, "scaled.fw", 0), vif(dom0, "scaled.wan_gate", 2));
    let came = pass(dom0, &flows(), &into, &out_of, flows().len());
    assert_eq!(came.len(), flows().len());
    assert!(came.into_iter().collect::<BTreeSet<_>>() == flows().into_iter().collect(), "other frames came out");
}

fn ps(dom0: &mut Dom0) -> Value {
    json(&run(dom0, "./sluice ps --json"))
}

/// What `ps` says of a VM of the only run.
fn vm(dom0: &mut Dom0, name: &str) -> Value {
    let runs = ps(dom0);
    runs[0]["vms"].as_array().unwrap().iter().find(|vm| vm["name"] == name).unwrap().clone()
}

/// How many packets a VM's counter has seen.
fn count(dom0: &mut Dom0, vm: &str) -> u64 {
    run(dom0, &format!("./sluice ctl {vm} read up.count")).trim().parse().unwrap()
}

/// In the background: its networks in bridges, asked, scaled, traced, hurt and stopped by other commands.
fn background(dom0: &mut Dom0) {
    let bridges = "--bridge lan=lan --bridge wan=wan";
    assert_eq!(
        run(dom0, &format!("./sluice run --on xen scaled --detach {bridges} 2>log || {{ cat log; exit 1; }}")),
        "scaled\n"
    );
    assert_eq!(run(dom0, "ls /sys/class/net/lan/brif | wc -l"), "1\n");
    let fw = vm(dom0, "fw");
    assert!(fw["alive"] == true && fw["domain"].as_u64() > Some(0) && fw["memory_bytes"] == 8 << 20, "{fw}");
    assert_eq!(vm(dom0, "ids_1")["domain"], Value::Null, "it is spare");
    all_pass(dom0);
    assert_eq!(count(dom0, "ids_0"), u64::from(FLOWS));
    let top = json(&run(dom0, "./sluice top --once --json"));
    assert_eq!(top["vms"][0]["name"], "fw", "{top}");

    assert_eq!(run(dom0, "./sluice scale inspect 2"), "inspect: ids_0, ids_1\n");
    let before = count(dom0, "ids_0");
    all_pass(dom0);
    let shares = [count(dom0, "ids_0") - before, count(dom0, "ids_1")];
    assert!(shares.iter().all(|share| *share > 0) && shares.iter().sum::<u64>() == u64::from(FLOWS), "{shares:?}");
    run(dom0, "./sluice scale inspect 1; ! xl domid scaled.ids_1 2>/dev/null");
    all_pass(dom0);

    sleeps(dom0);
    trace(dom0);
    comes_back(dom0);
    assert_eq!(run(dom0, "./sluice stop"), "scaled: stopped\n");
    run(dom0, "only_dom0; [ -z \"$(ls /run/sluice)\" ]");
}

/// Who has lost a neighbour sleeps as it did before: a few times a second, not thousands of times.
fn sleeps(dom0: &mut Dom0) {
    for vm in ["fw", "ids_0", "wan_gate"] {
        let sleeps = format!("./sluice ctl {vm} read machine.sleeps");
        let more = run(dom0, &format!("before=$({sleeps}); sleep 2; echo $(($({sleeps}) - before))"));
        assert!(more.trim().parse::<u32>().unwrap() < 500, "{vm} slept {more} times");
    }
}

/// What passes a port is mirrored.
fn trace(dom0: &mut Dom0) {
    let traced = "./sluice trace fw.lan -w trace.pcap --count 20 2>trace.said || status=$?";
    run(dom0, &format!("{{ status=0; {traced}; echo $status >>trace.said; }} >/dev/null &"));
    until(|| {
        all_pass(dom0);
        dom0.run("grep '^[0-9]*$' trace.said").unwrap().status == 0
    });
    assert_eq!(run(dom0, "cat trace.said"), "20 packets, 0 lost for want of room in the VM\n0\n");
    let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
    std::fs::write(file.path(), dom0.get("trace.pcap").unwrap()).unwrap();
    let (traced, sent) = (frames::read(file.path()), flows());
    assert!(traced.len() == 20 && traced.iter().all(|frame| sent.contains(frame)), "{} frames", traced.len());
}

/// Whoever is destroyed is started again, and its neighbours' links come back.
fn comes_back(dom0: &mut Dom0) {
    for name in ["fw", "ids_0"] {
        let before = vm(dom0, name);
        run(dom0, &format!("xl destroy scaled.{name}"));
        until(|| {
            let now = vm(dom0, name);
            now["restarts"] == 1 && now["alive"] == true && now["domain"] != before["domain"]
        });
        // It is asked when it is ready, and its links are up soon after that.
        until(|| {
            let (into, out_of) = (vif(dom0, "scaled.fw", 0), vif(dom0, "scaled.wan_gate", 2));
            pass(dom0, &flows(), &into, &out_of, flows().len()).len() == flows().len()
        });
    }
    all_pass(dom0);
}

/// A run whose manager was killed.
fn orphan(dom0: &mut Dom0) {
    run(dom0, "./sluice run --on xen two --detach 2>log || { cat log; exit 1; }");
    let manager = ps(dom0)[0]["manager_pid"].clone();
    run(dom0, &format!("kill -9 {manager}"));
    until(|| ps(dom0)[0]["condition"] == "orphaned");
    assert_eq!(count(dom0, "ids"), 0);
    assert_eq!(run(dom0, "./sluice stop 2>&1"), "two: stopped\n");
    run(dom0, "only_dom0; [ -z \"$(ls /run/sluice)\" ]");
    assert_eq!(run(dom0, "./sluice ps"), "nothing runs\n");
}

#[track_caller]
fn until(mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(50));
    }
}
