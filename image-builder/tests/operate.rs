// SPDX-License-Identifier: Apache-2.0
//! Runs that are operated by other commands, on a real QEMU.

mod sandbox;

use sandbox::{Sandbox, stderr, stdout};
use serde_json::Value;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A test waits for events; this only ends one that would hang.
const PATIENCE: Duration = Duration::from_secs(120);
/// Two VMs; sources of their own give them something to do and to drop.
const CHAIN: &str = "
network lan; network wan;
vm front {
  FromDevice(lan) -> back;
  RatedSource(DATA \\<00>, RATE 1000) -> short :: CheckIPHeader -> Discard;
  back :: Counter -> ToDevice(rear);
  FromDevice(rear) -> ToDevice(lan);
}
vm rear { FromDevice(front) -> count :: Counter -> ToDevice(wan); FromDevice(wan) -> ToDevice(front); }
chain lan <-> front <-> rear <-> wan;
";

/// `sluice` with these arguments must succeed: what it printed.
fn said(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let output = sandbox.sluice(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

/// `sluice` with these arguments must fail and say `why`.
fn refused(sandbox: &Sandbox, arguments: &[&str], code: i32, why: &str) {
    let output = sandbox.sluice(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
    assert!(stderr(&output).contains(why), "{arguments:?}: {}", stderr(&output));
}

fn json(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    serde_json::from_str(&said(sandbox, arguments)).unwrap()
}

/// Starts the chain in the background.
fn detach(sandbox: &Sandbox, more: &[&str]) -> String {
    let chain = sandbox.file("duo.nf", CHAIN);
    said(sandbox, &[&["run", &chain, "--accel", "tcg", "--detach"], more].concat()).trim().into()
}

fn signal(signal: &str, pid: &Value) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

fn kill(pid: &Value) {
    signal("-KILL", pid);
}

/// Runs `sluice`, which must come to its end.
fn ended(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let mut command = sandbox.command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until(&format!("{arguments:?} does not end"), || child.try_wait().unwrap().is_some());
    child.wait_with_output().unwrap()
}

/// Waits until `over`.
fn until(what: &str, mut over: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !over() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_run_in_the_background_is_seen_asked_and_stopped() {
    let sandbox = Sandbox::new();
    assert_eq!(said(&sandbox, &["ps"]), "nothing runs\n");
    assert_eq!((detach(&sandbox, &[]), detach(&sandbox, &[])), ("duo".into(), "duo-2".into()));
    let chain = sandbox.path("duo.nf");
    refused(&sandbox, &["run", &chain, "--accel", "tcg", "-d", "--name", "duo"], 2, "there is a run 'duo' already");
    let runs = json(&sandbox, &["ps", "--json"]);
    assert_eq!((&runs[0]["run"], &runs[0]["condition"]), (&"duo".into(), &"running".into()), "{runs}");
    assert!(runs[1]["vms"].as_array().unwrap().iter().all(|vm| vm["alive"] == true), "{runs}");
    let table = said(&sandbox, &["ps"]);
    assert!(table.contains("detached") && table.contains("rear"), "{table}");

    refused(&sandbox, &["ctl", "front", "read", "short.drops"], 2, "duo/front or duo-2/front");
    refused(&sandbox, &["ctl", "nobody", "read", "short.drops"], 2, "duo/front, duo/rear");
    refused(&sandbox, &["ctl", "duo/front", "read", "nothing.count"], 1, "no element 'nothing'; it has machine, ");
    refused(&sandbox, &["ctl", "duo/front", "read", "back.nothing"], 1, "it has count");
    refused(&sandbox, &["ctl", "duo/front", "read", "back"], 2, "wanted ELEMENT.HANDLER");
    said(&sandbox, &["ctl", "duo/front", "write", "back.reset", "1"]);
    assert_eq!(said(&sandbox, &["ctl", "duo/front", "read", "back.count"]), "0\n");

    let view = json(&sandbox, &["top", "duo", "--once", "--json"]);
    assert_eq!((&view["run"], &view["vms"][1]["answers"]), (&"duo".into(), &true.into()), "{view}");
    let front = &view["vms"][0];
    assert!(
        front["cpu_percent"].as_f64().unwrap() > 0.0 && front["memory_bytes"].as_u64().unwrap() > 1 << 20,
        "{view}"
    );
    assert!(front["free_buffers"].as_u64().unwrap() > 100 && front["ports"][1]["vm"] == "rear", "{view}");
    assert!(front["drops_pps"].as_f64().unwrap() > 0.0 && front["drops"][0]["element"] == "short", "{view}");
    let table = said(&sandbox, &["top", "duo", "--once", "--interval", "0.2"]);
    assert!(table.contains("front.rear") && table.contains("VM rear") && table.contains("short."), "{table}");

    refused(&sandbox, &["stop"], 2, "say which of duo, duo-2");
    assert_eq!(said(&sandbox, &["stop", "duo-2"]), "duo-2: stopped\n");
    assert_eq!(said(&sandbox, &["stop"]), "duo: stopped\n");
    refused(&sandbox, &["stop"], 2, "nothing runs");
    sandbox.is_clean();
}

#[test]
fn what_a_killed_manager_leaves_is_picked_up_and_ended() {
    let sandbox = Sandbox::new();
    detach(&sandbox, &["--name", "left"]);
    kill(&json(&sandbox, &["ps", "--json"])[0]["manager_pid"]);
    until("it is never orphaned", || json(&sandbox, &["ps", "--json"])[0]["condition"] == "orphaned");
    assert!(said(&sandbox, &["ps"]).contains("sluice stop left"));
    assert_eq!(said(&sandbox, &["ctl", "rear", "read", "count.count"]), "0\n");
    let view = json(&sandbox, &["top", "--once", "--json", "--interval", "0.1"]);
    assert!(view["vms"].as_array().unwrap().iter().all(|vm| vm["answers"] == true), "{view}");
    let chain = sandbox.path("duo.nf");
    refused(&sandbox, &["run", &chain, "--accel", "tcg", "-d", "--name", "left"], 2, "there is a run 'left' already");
    assert_eq!(said(&sandbox, &["stop", "--all"]), "left: stopped\n");
    assert_eq!(said(&sandbox, &["stop", "--all"]), "nothing runs\n");
    sandbox.is_clean();
}

#[test]
fn a_manager_in_the_foreground_that_is_killed_takes_its_vms_with_it() {
    let sandbox = Sandbox::new();
    let chain = sandbox.file("duo.nf", CHAIN);
    let mut manager = sandbox.command(&["run", &chain, "--accel", "tcg"]).stderr(Stdio::null()).spawn().unwrap();
    let condition = || json(&sandbox, &["ps", "--json"])[0]["condition"].clone();
    until("it never runs", || condition() == "running");
    manager.kill().unwrap();
    manager.wait().unwrap();
    until("its VMs stay", || said(&sandbox, &["ps"]) == "nothing runs\n");
    sandbox.is_clean();
}

#[test]
fn a_vm_that_ends_by_itself_is_started_again() {
    let sandbox = Sandbox::new();
    detach(&sandbox, &[]);
    let rear = || json(&sandbox, &["ps", "--json"])[0]["vms"][1].clone();
    let before = rear();
    kill(&before["pid"]);
    until("it is not started again", || rear()["restarts"] == 1);
    let after = rear();
    assert!(after["alive"] == true && after["pid"] != before["pid"], "{after}");
    assert_eq!(said(&sandbox, &["ctl", "rear", "read", "count.count"]), "0\n");
    said(&sandbox, &["stop"]);
    sandbox.is_clean();
}

#[test]
fn a_vm_that_does_not_answer_holds_nothing_up() {
    let sandbox = Sandbox::new();
    detach(&sandbox, &[]);
    let runs = json(&sandbox, &["ps", "--json"]);
    signal("-STOP", &runs[0]["vms"][1]["pid"]);
    let rear = ended(&sandbox, &["ctl", "rear", "read", "count.count"]);
    assert_eq!(rear.status.code(), Some(1));
    assert!(stderr(&rear).contains("rear: count.count: control channel: the VM does not answer"), "{}", stderr(&rear));
    assert_eq!(stdout(&ended(&sandbox, &["ctl", "front", "read", "back.count"])), "0\n");
    let view: Value = serde_json::from_slice(&ended(&sandbox, &["top", "--once", "--json"]).stdout).unwrap();
    assert_eq!((&view["vms"][0]["answers"], &view["vms"][1]["answers"]), (&true.into(), &false.into()), "{view}");
    let table = ended(&sandbox, &["top", "--once", "--interval", "0.1"]);
    assert!(stdout(&table).contains("no answer"), "{}", stdout(&table));
    assert!(stdout(&ended(&sandbox, &["ps"])).contains("rear"));
    // Whoever asks it first holds the manager; that it shall stop is heard all the same.
    let asking = sandbox.command(&["ctl", "rear", "read", "count.count"]).stderr(Stdio::null()).spawn().unwrap();
    let stopped = ended(&sandbox, &["stop"]);
    assert_eq!((stdout(&stopped).as_str(), stopped.status.code()), ("duo: stopped\n", Some(0)), "{}", stderr(&stopped));
    let why = stderr(&stopped);
    assert!(why.contains("VM rear did not power off within 5 s, so it was killed") && !why.contains("front"), "{why}");
    asking.wait_with_output().unwrap();
    std::fs::remove_file(sandbox.path("runs/duo.log")).unwrap();
    sandbox.is_clean();
}

#[test]
fn what_a_killed_manager_leaves_is_ended_even_if_it_does_not_answer() {
    let sandbox = Sandbox::new();
    detach(&sandbox, &[]);
    let runs = json(&sandbox, &["ps", "--json"]);
    kill(&runs[0]["manager_pid"]);
    until("it is never orphaned", || json(&sandbox, &["ps", "--json"])[0]["condition"] == "orphaned");
    signal("-STOP", &runs[0]["vms"][1]["pid"]);
    let stopped = ended(&sandbox, &["stop"]);
    assert_eq!(stdout(&stopped), "duo: stopped\n", "{}", stderr(&stopped));
    assert!(stderr(&stopped).contains("VM rear did not power off, so it is killed"), "{}", stderr(&stopped));
    sandbox.is_clean();
}

#[test]
fn a_manager_that_does_not_answer_is_ended() {
    let sandbox = Sandbox::new();
    detach(&sandbox, &[]);
    signal("-STOP", &json(&sandbox, &["ps", "--json"])[0]["manager_pid"]);
    let stopped = ended(&sandbox, &["stop"]);
    assert_eq!(stdout(&stopped), "duo: stopped\n", "{}", stderr(&stopped));
    assert!(stderr(&stopped).contains("so it is killed"), "{}", stderr(&stopped));
    sandbox.is_clean();
}

#[test]
fn what_comes_into_an_element_is_mirrored_to_a_capture() {
    let sandbox = Sandbox::new();
    detach(&sandbox, &[]);
    let capture = sandbox.path("short.pcap");
    said(&sandbox, &["trace", "front.short", "-w", &capture, "--count", "100", "--seconds", "60"]);
    let bytes = std::fs::read(&capture).unwrap();
    let mut reader = pcap_file::pcap::PcapReader::new(&bytes[..]).unwrap();
    assert_eq!(reader.header().ts_resolution, pcap_file::TsResolution::NanoSecond);
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet() {
        packets.push(packet.unwrap().into_owned());
    }
    assert_eq!(packets.len(), 100);
    assert!(packets.iter().all(|packet| *packet.data == [0] && packet.orig_len == 1));
    assert!(packets.is_sorted_by_key(|packet| packet.timestamp));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let age = now.saturating_sub(packets[0].timestamp);
    assert!(age < PATIENCE && packets[0].timestamp <= now, "{age:?}");
    // At the ports there is nothing: what the source makes is dropped.
    said(&sandbox, &["trace", "front", "-w", &capture, "--seconds", "1"]);
    assert_eq!(std::fs::read(&capture).unwrap().len(), 24, "only the header");
    // A VM that is started again mirrors no longer, and that is told.
    let trace = sandbox.command(&["trace", "front.short", "-w", &capture]).stderr(Stdio::piped()).spawn().unwrap();
    until("nothing is traced", || std::fs::metadata(&capture).is_ok_and(|capture| capture.len() > 24));
    kill(&json(&sandbox, &["ps", "--json"])[0]["vms"][0]["pid"]);
    let trace = trace.wait_with_output().unwrap();
    let why = stderr(&trace);
    // Whichever is seen first: that it is gone, or that the one that follows knows of no trace.
    let told = ["the VM front has ended", "mirrors no longer: it was started again", "front: control channel"];
    assert!(trace.status.code() == Some(1) && told.iter().any(|told| why.contains(told)), "{why}");
    until("it is not started again", || json(&sandbox, &["ps", "--json"])[0]["vms"][0]["restarts"] == 1);
    refused(
        &sandbox,
        &["trace", "front.nothing", "-w", &capture],
        1,
        "no element or port 'nothing'; it has FromDevice@1",
    );
    said(&sandbox, &["stop"]);
    sandbox.is_clean();
}

#[test]
fn what_cannot_be_started_in_the_background_is_told() {
    let sandbox = Sandbox::new();
    refused(&sandbox, &["run", "nothing.nf", "--detach"], 2, "cannot read the chain file nothing.nf");
    let chain = sandbox.file("duo.nf", CHAIN);
    refused(&sandbox, &["run", &chain, "--detach", "--name", "../x"], 2, "is no name for a run");
    sandbox.is_clean();
}
