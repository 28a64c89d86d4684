// SPDX-License-Identifier: Apache-2.0
//! Alerts of a running VM, on a real QEMU.

mod sandbox;

use sandbox::{Sandbox, stderr, stdout};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::SystemTime;

const CHAIN: &str = r#"
network lan;
vm quiet { FromDevice(lan) -> Counter -> ToDevice(guard); FromDevice(guard) -> ToDevice(lan); }
vm guard {
  FromDevice(quiet) -> ToDevice(out);
  FromDevice(out) -> ToDevice(quiet);
  RatedSource(DATA "attack", RATE 500) -> UDPIPEncap(10.0.0.1, 4000, 10.0.0.2, 80)
    -> ids :: IDS(alert udp any any -> any 80 (msg:"no"; content:"attack"; sid:7;), FLOWS 64, WINDOWS 2, CONNECTIONS 1) -> Discard;
}
network out;
chain lan <-> quiet <-> guard <-> out;
"#;

fn run(sandbox: &Sandbox) {
    let chain = sandbox.file("guarded.nf", CHAIN);
    let output = sandbox.sluice(&["run", &chain, "--accel", "tcg", "--detach"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// The alert of a line.
fn is_alert(line: &str) -> Value {
    let alert: Value = serde_json::from_str(line).unwrap();
    assert_eq!((&alert["host"], &alert["event_type"]), (&"guard.ids".into(), &"alert".into()), "{line}");
    assert_eq!((&alert["alert"]["signature_id"], &alert["src_port"]), (&7.into(), &4000.into()), "{line}");
    alert
}

#[test]
fn alerts_are_printed_with_the_time_of_day_and_followed_over_a_restart() {
    let sandbox = Sandbox::new();
    let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    run(&sandbox);
    let today = Command::new("date").args(["-u", "-d", &format!("@{began}"), "+%Y-%m-%dT%H:%M:%S"]).output().unwrap();
    let today = String::from_utf8(today.stdout).unwrap();
    let output = loop {
        let output = sandbox.sluice(&["logs", "--alerts", "guard"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        if stdout(&output).lines().count() >= 10 {
            break output;
        }
    };
    for line in stdout(&output).lines() {
        let time = is_alert(line)["timestamp"].as_str().unwrap().to_owned();
        assert!(time.as_str() >= today.trim() && time.len() == "2024-02-29T12:34:56.000001+0000".len(), "{time}");
    }
    let output = sandbox.sluice(&["logs", "--alerts", "quiet"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    assert!(stderr(&output).contains("no IDS in quiet"), "{}", stderr(&output));

    let mut follower = sandbox.command(&["logs", "--follow", "--alerts"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = || is_alert(&lines.next().unwrap().unwrap())["timestamp"].as_str().unwrap().to_owned();
    let mut before = next();
    for _ in 0..50 {
        let time = next();
        assert!(time >= before, "{time} follows {before}");
        before = time;
    }
    let runs = sandbox.sluice(&["ps", "--json"]);
    let runs: Value = serde_json::from_str(&stdout(&runs)).unwrap();
    let guard = &runs[0]["vms"].as_array().unwrap().iter().find(|vm| vm["name"] == "guard").unwrap()["pid"];
    assert!(Command::new("kill").args(["-KILL", &guard.to_string()]).status().unwrap().success());
    let restarts = || {
        let runs: Value = serde_json::from_str(&stdout(&sandbox.sluice(&["ps", "--json"]))).unwrap();
        runs[0]["vms"].as_array().unwrap().iter().any(|vm| vm["restarts"] == 1)
    };
    while !restarts() {}
    (0..200).for_each(|_| drop(next()));
    assert_eq!(sandbox.sluice(&["stop"]).status.code(), Some(0));
    assert!(follower.wait().unwrap().success(), "it ends with the run");
    sandbox.is_clean();
}
