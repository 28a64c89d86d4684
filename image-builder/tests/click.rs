// SPDX-License-Identifier: Apache-2.0
//! `sluice click`: what it prints, how it ends, what it does with captures, devices and signals.

mod sandbox;

use sandbox::{Sandbox, stderr, stdout};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take, builds included.
const PATIENCE: Duration = Duration::from_secs(300);
const TWO: &str = "InfiniteSource(LIMIT 2, STOP true) -> c :: Counter -> Discard;";

#[test]
fn handlers_are_printed_as_click_prints_them() {
    let sandbox = Sandbox::new();
    let run = |arguments: &[&str]| sandbox.sluice(&[&["click", "--simtime", "-e", TWO], arguments].concat());
    assert_eq!(stdout(&run(&["-h", "c.count"])), "2\n");
    assert_eq!(stdout(&run(&["-h", "c.count", "-h", "c.class"])), "c.count:\n2\n\nc.class:\nCounter\n\n");
    assert_eq!(stdout(&run(&["-h", "Counter.count"])), "c.count:\n2\n\n");
    assert_eq!(stdout(&run(&["-q", "-h", "c.count"])), "0\n");
    let written = run(&["--write", "InfiniteSource@1.limit 5", "-h", "c.count"]);
    assert_eq!(stdout(&written), "5\n", "{}", stderr(&written));
    let timed = stdout(&run(&["-t"]));
    assert!(
        timed.starts_with("0.") && timed.contains("u 0.") && timed.trim_end().ends_with(char::is_numeric),
        "{timed}"
    );
}

#[test]
fn exit_codes() {
    let sandbox = Sandbox::new();
    let code = |arguments: &[&str]| sandbox.sluice(&[&["click", "--simtime"], arguments].concat()).status.code();
    assert_eq!(code(&["-e", TWO]), Some(0));
    assert_eq!(code(&["-e", TWO, "-x", "c.count"]), Some(2));
    assert_eq!(code(&["-e", TWO, "-h", "c.none"]), Some(1));
    assert_eq!(code(&["-e", TWO, "-x", "c.none"]), Some(255));
    assert_eq!(code(&["-e", "Foo -> Discard;"]), Some(2));
    assert_eq!(code(&["-e", TWO, "file.click"]), Some(2));
    assert_eq!(code(&["nowhere.click"]), Some(2));
    assert_eq!(code(&["-e", "FromDevice(sluice-none) -> Discard;"]), Some(1));
    assert_eq!(code(&["-e", "FromDump(nowhere.pcap) -> Discard;"]), Some(1));
}

#[test]
fn configurations_come_from_files_standard_input_and_parameters() {
    let sandbox = Sandbox::new();
    let file =
        sandbox.file("two.click", "define($N 2); InfiniteSource(LIMIT $N, STOP true) -> c :: Counter -> Discard;");
    assert_eq!(stdout(&sandbox.sluice(&["click", "--simtime", &file, "-h", "c.count"])), "2\n");
    assert_eq!(stdout(&sandbox.sluice(&["click", "--simtime", &file, "N=3", "-h", "c.count"])), "3\n");
    let mut command = sandbox.command(&["click", "--simtime", "-", "-h", "c.count"]);
    let output = command.stdin(std::fs::File::open(&file).unwrap()).output().unwrap();
    assert_eq!(stdout(&output), "2\n", "{}", stderr(&output));
    let wrong = sandbox.file("bad.click", "InfiniteSource ->\n  Foo -> Discard;");
    let output = sandbox.sluice(&["click", &wrong]);
    assert!(stderr(&output).contains("bad.click:2:3"), "{}", stderr(&output));
}

/// What tcpdump makes of a capture.
fn tcpdump(path: &str) -> String {
    let output = Command::new("tcpdump")
        .args(["-nn", "-t", "-e", "-r", path])
        .output()
        .expect("tcpdump runs; make test installs it");
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

#[test]
fn captures_come_out_as_they_went_in() {
    let sandbox = Sandbox::new();
    let original = "examples/captures/http_browsing.pcap";
    let wanted = tcpdump(&sandbox.path(original));
    let dump = format!("FromDump({original}, STOP true) -> Queue(4) -> ToDump(dump.pcap, 0)");
    let output = sandbox.sluice(&["click", "-e", &dump]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(tcpdump(&sandbox.path("dump.pcap")), wanted);
    let ports = [
        "click",
        "-e",
        "FromDevice(a) -> ToDevice(b)",
        "--replay",
        &format!("a={original}"),
        "--capture",
        "b=ports.pcap",
    ];
    let output = sandbox.sluice(&ports);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(tcpdump(&sandbox.path("ports.pcap")), wanted);
}

#[test]
fn a_signal_stops_it_and_handlers_are_printed_nevertheless() {
    let sandbox = Sandbox::new();
    let configuration = "InfiniteSource(LIMIT 1) -> c :: Counter -> Print(here) -> Discard;";
    for signal in ["-INT", "-TERM"] {
        let mut command = sandbox.command(&["click", "-e", configuration, "-h", "c.count"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("here:"), "{line}");
        assert_eq!(child.try_wait().unwrap(), None, "it goes on until it is told to stop");
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stdout(&output)), (Some(0), "1\n".into()));
    }
}

#[test]
fn signals_run_scripts() {
    let sandbox = Sandbox::new();
    let configuration = "Script(TYPE SIGNAL INT, print 'hello');
                         Script(TYPE SIGNAL INT USR1, print 'again', exit);
                         Script(print $$, wait);";
    let mut child = sandbox.command(&["click", "-e", configuration]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    let process = line();
    assert_eq!(process, child.id().to_string());
    for (signal, said) in [("-INT", &["hello", "again"][..]), ("-INT", &["hello"]), ("-INT", &["hello"])] {
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
        said.iter().for_each(|said| assert_eq!(line(), *said));
    }
    // Nobody listens any more.
    assert!(Command::new("kill").args(["-USR1", &process]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().signal(), Some(10));
}

fn ip(arguments: &str) -> bool {
    Command::new("ip").args(arguments.split(' ')).output().is_ok_and(|output| output.status.success())
}

/// A host with a TAP, and one in a namespace of its own behind a pair of Ethernet devices; taken away at the end.
struct Hosts;

impl Hosts {
    fn make() -> Option<Hosts> {
        if !ip("tuntap add dev sluice-c0 mode tap") {
            return None;
        }
        let hosts = Hosts;
        let made = [
            "netns add sluice-click",
            "link add sluice-c1 type veth peer name sluice-c2 netns sluice-click",
            "address add 10.213.7.1/24 dev sluice-c0",
            "link set sluice-c0 up",
            "link set sluice-c1 up",
            "-n sluice-click address add 10.213.7.2/24 dev sluice-c2",
            "-n sluice-click link set sluice-c2 up",
        ];
        made.iter().all(|arguments| ip(arguments)).then_some(hosts)
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for arguments in ["link delete sluice-c0", "link delete sluice-c1", "netns delete sluice-click"] {
            ip(arguments);
        }
    }
}

#[test]
fn hosts_ping_through_a_process_on_a_tap_and_an_interface_root() {
    let Some(_hosts) = Hosts::make() else {
        eprintln!("skipped: TAPs and namespaces cannot be made here (no root, or no /dev/net/tun)");
        return;
    };
    let sandbox = Sandbox::new();
    let bridge = "FromDevice(lan) -> ToDevice(sluice-c1); FromDevice(sluice-c1) -> Queue(100) -> ToDevice(lan);";
    let mut child = sandbox.command(&["click", "-e", bridge, "--tap", "lan=sluice-c0"]).spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    let answered = loop {
        let ping = Command::new("ping").args(["-c", "1", "-W", "1", "10.213.7.2"]).output().expect("ping runs");
        if ping.status.success() {
            break true;
        }
        if Instant::now() > deadline || child.try_wait().unwrap().is_some() {
            break false;
        }
    };
    // SIGTERM in place of a kill: it closes its devices.
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success() && answered);
}
