// SPDX-License-Identifier: Apache-2.0
//! A replica that dies under load and is not started again: its flows go through the others, both ways.

use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::{PATIENCE, sluice};

const FLOWS: u16 = 61;
const CHAIN: &str = "
network lan, wan;
vm fw { input -> CheckIPHeader(14) -> output }
vm ids(replicas 3) { input -> up :: Counter -> output; input[1] -> down :: Counter -> [1] output }
chain web: lan -> fw -> ids -> wan;
";

/// A run of the chain with our sockets at both ends.
struct Run {
    folder: TempDir,
    lan: UnixDatagram,
    wan: UnixDatagram,
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.command(&["stop", "--all"]);
    }
}

impl Run {
    fn start() -> Run {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("chain.nf"), CHAIN).unwrap();
        let [lan, wan] = ["lan", "wan"].map(|name| UnixDatagram::bind(path(name)).unwrap());
        for socket in [&lan, &wan] {
            socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        }
        let at = |name: &str| format!("{name}={}", path(name).display());
        let (file, output) = (path("chain.nf").display().to_string(), path("built").display().to_string());
        let [at_lan, at_wan] = ["lan", "wan"].map(at);
        let run = Run { lan, wan, folder };
        let sockets = ["--socket", &at_lan, "--socket", &at_wan];
        let words = ["run", &file, "-o", &output, "--accel", "tcg", "--detach", "--no-restart"];
        run.command(&[&words[..], &sockets].concat());
        run
    }

    /// What `sluice` prints.
    fn command(&self, words: &[&str]) -> String {
        let output = sluice().args(words).env("SLUICE_RUN_DIR", self.folder.path().join("runs")).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn count(&self, vm: &str, handler: &str) -> u64 {
        self.command(&["ctl", vm, "read", handler]).trim().parse().unwrap()
    }

    /// Sends every flow, again and again, from one end until all have come out at the other.
    fn passes_every_flow(&self, forward: bool) {
        let (from, into, to) =
            if forward { (&self.lan, "lan.vm", &self.wan) } else { (&self.wan, "wan.vm", &self.lan) };
        let (into, deadline) = (self.folder.path().join(into), Instant::now() + PATIENCE);
        let (mut buffer, mut came) = ([0; 2048], BTreeSet::new());
        while came.len() < FLOWS.into() {
            assert!(Instant::now() < deadline, "only {} of {FLOWS} flows come through: {came:?}", came.len());
            for flow in 0..FLOWS {
                let _ = from.send_to(&frame(flow, forward), &into);
            }
            while let Ok(length) = to.recv(&mut buffer) {
                let flow = (0..FLOWS).find(|flow| buffer[..length] == frame(*flow, forward));
                came.insert(flow.expect("a frame that was sent"));
            }
        }
    }

    /// Takes what is still under way.
    fn drain(&self) {
        let mut buffer = [0; 2048];
        for socket in [&self.lan, &self.wan] {
            while socket.recv(&mut buffer).is_ok() {}
        }
    }

    fn kill(&self, name: &str) {
        let runs: Value = serde_json::from_str(&self.command(&["ps", "--json"])).unwrap();
        let vm = runs[0]["vms"].as_array().unwrap().iter().find(|vm| vm["name"] == name).expect("it runs");
        let killed = std::process::Command::new("kill").args(["-KILL", &vm["pid"].to_string()]).status().unwrap();
        assert!(killed.success());
    }
}

/// A datagram of that flow, or its answer.
fn frame(flow: u16, forward: bool) -> Vec<u8> {
    let (ends, ports) = ([[10, 0, 0, 1], [10, 0, 1, 1]], [1000 + flow, 53]);
    let [source, destination] = if forward { ends } else { [ends[1], ends[0]] };
    let [from, to] = if forward { ports } else { [ports[1], ports[0]] };
    let mut ip = [&[0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0][..], &source, &destination].concat();
    let sum: u32 = ip.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    let udp = [from.to_be_bytes(), to.to_be_bytes(), [0, 26], [0, 0]].concat();
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0][..], &ip, &udp, &[0; 18]].concat()
}

#[test]
fn flows_of_a_killed_replica_go_through_the_others() {
    let run = Run::start();
    run.passes_every_flow(true);
    run.passes_every_flow(false);
    let replicas = ["ids_0", "ids_1", "ids_2"];
    assert!(replicas.iter().all(|replica| run.count(replica, "up.count") > 0), "all have flows");
    let hops = ["fw", "wan_gate"];
    assert!(hops.iter().all(|hop| run.count(hop, "chain/hop.rerouted") == 0));
    run.kill("ids_1");
    // The neighbours know once the links are down.
    run.passes_every_flow(true);
    run.drain();
    run.passes_every_flow(true);
    run.passes_every_flow(false);
    assert!(hops.iter().all(|hop| run.count(hop, "chain/hop.rerouted") > 0));
    assert!(hops.iter().all(|hop| run.count(hop, "chain/hop.no_replica") == 0));
    // One more dies: the last one has all.
    run.kill("ids_0");
    run.passes_every_flow(true);
    run.passes_every_flow(false);
}
