// SPDX-License-Identifier: Apache-2.0
//! Services that grow, shrink and lose VMs under load, on a real QEMU.

mod sandbox;

use sandbox::{Sandbox, stderr, stdout};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

/// A test waits for events; this only ends one that would hang.
const PATIENCE: Duration = Duration::from_secs(60);
const FLOWS: u16 = 61;
const CHAIN: &str = "
network lan, wan;
vm fw { input -> CheckIPHeader(14) -> output }
vm ids(replicas 1 to 3) { input -> up :: Counter -> output; input[1] -> down :: Counter -> [1] output }
service inspect = ids;
chain web: lan -> fw -> inspect -> wan;
";

/// A chain that runs in the background, with our sockets at both ends.
struct Running {
    sandbox: Sandbox,
    lan: UnixDatagram,
    wan: UnixDatagram,
    /// The number of the next frame.
    next: u32,
}

impl Running {
    fn start() -> Running {
        let sandbox = Sandbox::new();
        let bind = |name: &str| {
            let socket = UnixDatagram::bind(sandbox.path(name)).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            (format!("{name}={}", sandbox.path(name)), socket)
        };
        let ((lan_option, lan), (wan_option, wan)) = (bind("lan"), bind("wan"));
        let chain = sandbox.file("scaled.nf", CHAIN);
        let running = Running { sandbox, lan, wan, next: 0 };
        let sockets = ["--socket", lan_option.as_str(), "--socket", wan_option.as_str()];
        running.sluice(&[&["run", &chain, "--machine", "q35", "--accel", "tcg", "--detach"][..], &sockets].concat());
        running
    }

    fn sluice(&self, arguments: &[&str]) -> String {
        let output = self.sandbox.sluice(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        stdout(&output).trim().into()
    }

    /// Sends a frame of the next flow into the LAN.
    fn send(&mut self) {
        self.lan.send_to(&frame(self.next), self.sandbox.path("lan.vm")).unwrap();
        self.next += 1;
    }

    /// The number of the next frame that comes out at the WAN.
    fn receive(&self) -> u32 {
        let mut buffer = [0; 2048];
        let length = self.wan.recv(&mut buffer).expect("a frame is lost");
        u32::from_be_bytes(buffer[length - 4..length].try_into().unwrap())
    }

    /// Sends frames as long as `busy`, and at least `least`; all come out, each once.
    fn pass(&mut self, least: u32, busy: impl Fn() -> bool) {
        const ON_THEIR_WAY: u32 = 64;
        let (first, mut came) = (self.next, Vec::new());
        while self.next - first < least || busy() {
            self.send();
            if self.next - first >= ON_THEIR_WAY {
                came.push(self.receive());
            }
        }
        while came.len() < (self.next - first) as usize {
            came.push(self.receive());
        }
        came.sort_unstable();
        assert!(came.iter().copied().eq(first..self.next), "a frame came twice");
    }

    /// Runs `sluice` with these arguments while frames pass, and all of them come out.
    fn pass_while(&mut self, arguments: &[&str]) {
        let mut child = self.sandbox.command(arguments).spawn().unwrap();
        let pid = child.id();
        self.pass(500, || {
            std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
        });
        assert!(child.wait().unwrap().success());
    }

    /// Frames that passed a replica of the service.
    fn passed(&self, vm: &str) -> u32 {
        self.sluice(&["ctl", vm, "read", "up.count"]).parse().unwrap()
    }
}

/// Frame number `number`: UDP in IPv4, one of [`FLOWS`].
fn frame(number: u32) -> Vec<u8> {
    let mut ip = [0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    let sum = ip.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum::<u32>();
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    let port = (1000 + number % u32::from(FLOWS)) as u16;
    let udp = [&port.to_be_bytes()[..], &[0, 53, 0, 26, 0, 0]].concat();
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0][..], &ip, &udp, &[0; 14], &number.to_be_bytes()].concat()
}

#[test]
fn a_service_grows_and_shrinks_and_no_frame_is_lost() {
    let mut running = Running::start();
    running.pass(200, || false);
    let output = running.sandbox.sluice(&["scale", "inspect", "4"]);
    assert!(stderr(&output).contains("can have 1 to 3 VMs"), "{}", stderr(&output));
    let output = running.sandbox.sluice(&["scale", "nothing", "1"]);
    assert!(stderr(&output).contains("no service 'nothing' runs; there is"), "{}", stderr(&output));

    running.pass_while(&["scale", "inspect", "3"]);
    running.pass(500, || false);
    for vm in ["ids_0", "ids_1", "ids_2"] {
        assert!(running.passed(vm) > 0, "{vm} has no flows");
    }
    running.pass_while(&["scale", "inspect", "1"]);
    assert!(running.sluice(&["ps"]).contains("spare"));
    let before = running.passed("ids_0");
    running.pass(200, || false);
    assert_eq!(running.passed("ids_0") - before, 200, "the last one has all flows");
    // What left comes back.
    running.pass_while(&["scale", "inspect", "2"]);
    running.pass(500, || false);
    assert!(running.passed("ids_1") > 0);
    running.sluice(&["stop"]);
    running.sandbox.is_clean();
}

#[test]
fn whichever_vm_is_killed_the_chain_carries_frames_again() {
    let running = Running::start();
    running.sluice(&["scale", "inspect", "2"]);
    let vms = || -> Vec<serde_json::Value> {
        let runs: serde_json::Value = serde_json::from_str(&running.sluice(&["ps", "--json"])).unwrap();
        runs[0]["vms"].as_array().unwrap().iter().filter(|vm| vm["alive"] == true).cloned().collect()
    };
    let names: Vec<_> = vms().iter().map(|vm| vm["name"].clone()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    // The flows of a replica go on through the other one before it is back.
    let all_are_back = || {
        let deadline = Instant::now() + PATIENCE;
        while vms().len() < names.len() {
            assert!(Instant::now() < deadline, "a VM is not started again");
        }
        // Ready, too: the manager answers nobody before.
        for name in &names {
            running.sluice(&["ctl", name.as_str().unwrap(), "read", "machine.now_ns"]);
        }
    };
    let mut number = 0;
    for name in names.iter().cycle().take(12) {
        all_are_back();
        let victim = vms().into_iter().find(|vm| vm["name"] == *name).unwrap();
        assert!(
            std::process::Command::new("kill").args(["-KILL", &victim["pid"].to_string()]).status().unwrap().success()
        );
        // One frame of each flow after the other, until one of each has come through since.
        let (begin, mut through) = (number, std::collections::BTreeSet::new());
        let deadline = Instant::now() + PATIENCE;
        running.wan.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        while through.len() < usize::from(FLOWS) {
            assert!(Instant::now() < deadline, "{name}: only {} flows pass again", through.len());
            // While the VM at the LAN is down, its socket takes nothing.
            let _ = running.lan.send_to(&frame(number), running.sandbox.path("lan.vm"));
            number += 1;
            let mut buffer = [0; 2048];
            if let Ok(length) = running.wan.recv(&mut buffer) {
                let came = u32::from_be_bytes(buffer[length - 4..length].try_into().unwrap());
                through.extend((came >= begin).then(|| came % u32::from(FLOWS)));
            }
        }
    }
    all_are_back();
    assert_eq!(vms().iter().map(|vm| vm["restarts"].as_u64().unwrap()).collect::<Vec<_>>(), [3; 4]);
    running.sluice(&["stop"]);
    running.sandbox.is_clean();
}

#[test]
fn a_replica_that_is_killed_comes_back_into_its_service() {
    let mut running = Running::start();
    running.sluice(&["scale", "inspect", "2"]);
    running.pass(500, || false);
    let vm = || -> serde_json::Value {
        let runs: serde_json::Value = serde_json::from_str(&running.sluice(&["ps", "--json"])).unwrap();
        runs[0]["vms"].as_array().unwrap().iter().find(|vm| vm["name"] == "ids_1").unwrap().clone()
    };
    let pid = vm()["pid"].to_string();
    assert!(std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    let deadline = Instant::now() + PATIENCE;
    while vm()["restarts"] != 1 {
        assert!(Instant::now() < deadline, "it is not started again");
    }
    // The answer of the manager says that it is in again.
    assert_eq!(running.passed("ids_1"), 0);
    running.pass(500, || false);
    assert!(running.passed("ids_0") > 0 && running.passed("ids_1") > 0);
    running.sluice(&["stop"]);
    running.sandbox.is_clean();
}
