// SPDX-License-Identifier: Apache-2.0
//! VNET/P's links over TCP: between two hosts, and between a host and a program on Linux that speaks RFC 4571's framing.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::namespace::{Namespace, is_root};
use tests::{home, sluice};

/// How long a connection may take to come back.
const PATIENCE: Duration = Duration::from_secs(30);
/// The machine that the program on Linux is, on the overlay: its address there, and that of its Ethernet interface.
const MACHINE: [u8; 4] = [10, 9, 0, 3];
const MACHINE_ETHERNET: [u8; 6] = [2, 0, 0, 0, 9, 3];

/// Two hosts on the bridge `wire`, a kernel behind each: as examples/vnet.nf has them, with links over TCP.
struct Site {
    near: Namespace,
    far: Namespace,
    folder: TempDir,
}

impl Site {
    fn start() -> Site {
        let (near, far, folder) = (Namespace::new(), Namespace::new(), TempDir::new().unwrap());
        let chain = include_str!("../../examples/vnet.nf")
            .replace("VnetLinks(192.0.2.1, 192.0.2.2)", "VnetLinks(192.0.2.1, 192.0.2.2 9000 tcp, STREAMS 2)")
            .replace("VnetLinks(192.0.2.2, 192.0.2.1)", "VnetLinks(192.0.2.2, 192.0.2.1 9000 tcp)");
        std::fs::write(folder.path().join("vnet.nf"), chain).unwrap();
        near.run(
            "ip link add wire type bridge; ip link set wire up; ip address add 192.0.2.3/24 dev wire
             for tap in near0 far0 left0 right0; do ip tuntap add $tap mode tap; done
             for tap in left0 right0; do ip link set $tap master wire up; done",
        );
        let site = Site { near, far, folder };
        let file = site.folder.path().join("vnet.nf");
        let taps = ["left_lan=near0", "right_lan=far0", "left.wire=left0", "right.wire=right0"];
        let mut words = vec!["run", file.to_str().unwrap(), "--name", "vnet", "--detach", "--accel", "tcg"];
        words.extend(taps.iter().flat_map(|tap| ["--tap", tap]));
        site.sluice(&words);
        site.near.run(&format!("ip link set far0 netns {}", site.far.pid()));
        site.near.run("ip address add 10.9.0.1/24 dev near0; ip link set near0 up");
        site.far.run("ip address add 10.9.0.2/24 dev far0; ip link set far0 up");
        site
    }

    /// Runs the command: what it prints.
    fn sluice(&self, words: &[&str]) -> String {
        let program = PathBuf::from(sluice().get_program());
        let mut command = self.near.command(program.to_str().unwrap());
        let output =
            command.args(words).current_dir(home()).env("SLUICE_RUN_DIR", self.folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn control(&self, element: &str, command: &str) {
        self.sluice(&[&["ctl", "left", "write", element], &command.split(' ').collect::<Vec<_>>()[..]].concat());
    }

    /// Waits until the left host's link of that number is a connection.
    fn connected(&self, link: u8) {
        let deadline = Instant::now() + PATIENCE;
        let stands = |links: &str| {
            let of_link = |line: &&str| line.starts_with(&format!("{link}: "));
            links.lines().find(of_link).is_some_and(|line| line.ends_with("ESTABLISHED"))
        };
        while !stands(&self.sluice(&["ctl", "left", "read", "links.control"])) {
            assert!(Instant::now() < deadline, "{}", self.sluice(&["ctl", "left", "read", "links.control"]));
            sleep(Duration::from_millis(50));
        }
    }

    /// Starts the program on Linux, which listens at that address, or connects to it.
    fn peer(&self, role: &str, address: &str) -> Peer {
        let program = std::env::current_exe().unwrap();
        let mut command = self.near.command(program.to_str().unwrap());
        command.args(["--ignored", "--exact", "a_program_on_linux"]).env(role, address).stdout(Stdio::null());
        Peer(command.spawn().unwrap())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.sluice(&["stop", "vnet"]);
    }
}

/// The program on Linux.
struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "a program that the other test starts"]
fn a_program_on_linux() {
    let stream = match (std::env::var("LISTEN"), std::env::var("CONNECT")) {
        (Ok(address), _) => TcpListener::bind(address).unwrap().accept().unwrap().0,
        (_, Ok(address)) => TcpStream::connect(address).unwrap(),
        _ => return,
    };
    answer_all(stream);
}

/// Is the machine behind a link: answers each frame that asks it something.
fn answer_all(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    loop {
        let mut length = [0; 2];
        if stream.read_exact(&mut length).is_err() {
            return;
        }
        let mut frame = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut frame).unwrap();
        if let Some(answer) = answer(frame) {
            let length = (answer.len() as u16).to_be_bytes();
            // In two pieces, which the other end has to put together.
            stream.write_all(&length[..1]).unwrap();
            stream.write_all(&[&length[1..], &answer].concat()).unwrap();
        }
    }
}

/// The answer to an ARP request (RFC 826) or an ICMP echo request (RFC 792) for the machine.
fn answer(mut frame: Vec<u8>) -> Option<Vec<u8>> {
    let asker: [u8; 6] = frame.get(6..12)?.try_into().ok()?;
    match (frame.get(12..14)?, frame.get(20..22)) {
        ([8, 6], Some([0, 1])) if frame.get(38..42)? == MACHINE => {
            frame.copy_within(22..32, 32);
            frame[21] = 2;
            frame[22..28].copy_from_slice(&MACHINE_ETHERNET);
            frame[28..32].copy_from_slice(&MACHINE);
        }
        ([8, 0], _) if frame.get(30..34)? == MACHINE && *frame.get(34)? == 8 && frame[23] == 1 => {
            let asker: [u8; 4] = frame[26..30].try_into().ok()?;
            frame[26..30].copy_from_slice(&MACHINE);
            frame[30..34].copy_from_slice(&asker);
            // The type becomes 0, echo reply, and the checksum as much greater: RFC 1624.
            let (checksum, carry) = u16::from_be_bytes([frame[36], frame[37]]).overflowing_add(0x0800);
            frame[34] = 0;
            frame[36..38].copy_from_slice(&(checksum + u16::from(carry)).to_be_bytes());
        }
        _ => return None,
    }
    frame[..6].copy_from_slice(&asker);
    frame[6..12].copy_from_slice(&MACHINE_ETHERNET);
    Some(frame)
}

fn can_run() -> bool {
    let iperf3 = Command::new("iperf3").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !is_root() || !iperf3 {
        println!("skipped: TAPs and network namespaces need root, and iperf3 has to be installed");
    }
    is_root() && iperf3
}

#[test]
fn root_hosts_speak_over_tcp_with_each_other_and_with_linux() {
    if !can_run() {
        return;
    }
    let site = Site::start();
    site.connected(0);
    assert!(site.near.pings("10.9.0.2", 5));
    let mut dump = site.near.command("tcpdump");
    let dump = dump.args(["-n", "-v", "-c", "20", "-i", "wire", "tcp"]).stdout(Stdio::piped()).spawn().unwrap();
    assert!(site.far.pings("10.9.0.1 -s 1472", 5), "the longest frames");

    // Bulk: what finds no room is dropped, and the kernels' TCP slows down.
    let mut server = site.far.command("iperf3").args(["--server", "--one-off"]).stdout(Stdio::null()).spawn().unwrap();
    let tcp = loop {
        let client = site.near.try_run("iperf3 --client 10.9.0.2 --time 2 --json");
        let told: serde_json::Value = serde_json::from_slice(&client.stdout).unwrap();
        if !told["error"].as_str().is_some_and(|error| error.contains("unable to connect")) {
            break told;
        }
        sleep(Duration::from_millis(50));
    };
    server.wait().unwrap();
    assert!(tcp["end"]["sum_received"]["bytes"].as_u64().unwrap() > 1_000_000, "{tcp}");

    let wire = String::from_utf8_lossy(&dump.wait_with_output().unwrap().stdout).into_owned();
    assert!(
        wire.contains("192.0.2.1.9000") && !wire.contains("incorrect"),
        "segments, which tcpdump finds sound: {wire}"
    );

    // The link goes, and comes back.
    site.control("links.control", "DEL 0");
    assert!(!site.near.try_run("ping -c 1 -W 1 10.9.0.2").status.success());
    site.control("links.control", "ADD 192.0.2.2 9000 tcp");
    site.connected(0);
    assert!(site.near.pings("10.9.0.2", 3));

    // So does the wire.
    site.near.run("ip link set right0 nomaster");
    assert!(!site.near.try_run("ping -c 1 -W 1 10.9.0.2").status.success());
    site.near.run("ip link set right0 master wire");
    let deadline = Instant::now() + PATIENCE;
    while !site.near.try_run("ping -c 1 -W 1 10.9.0.2").status.success() {
        assert!(Instant::now() < deadline);
    }

    // A program on Linux: it listens, then it connects, and again when it has been killed.
    site.control("vnet.control", "ADD any any link 1 interface any");
    let listening = site.peer("LISTEN", "192.0.2.3:9000");
    site.control("links.control", "ADD 192.0.2.3 9000 tcp-active");
    site.connected(1);
    assert!(site.near.pings("10.9.0.3", 5) && site.near.pings("10.9.0.2", 2));
    site.control("links.control", "DEL 1");
    drop(listening);
    site.control("links.control", "ADD 192.0.2.3 9000 tcp");
    for _ in 0..2 {
        let connecting = site.peer("CONNECT", "192.0.2.1:9000");
        site.connected(1);
        assert!(site.near.pings("10.9.0.3", 5));
        drop(connecting);
    }
    let links = site.sluice(&["ctl", "left", "read", "links.control"]);
    assert!(links.lines().any(|line| line.starts_with("0: 192.0.2.2 9000 tcp ")), "{links}");
}
