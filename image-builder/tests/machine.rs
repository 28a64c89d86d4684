// SPDX-License-Identifier: Apache-2.0
//! Images on a real QEMU, through the command.

mod sandbox;

use sandbox::{Sandbox, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const REPLAY: &str = "left=examples/captures/http_browsing.pcap";
/// A test waits for events; this only ends one that would hang.
const PATIENCE: Duration = Duration::from_secs(120);

fn json(output: &std::process::Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    serde_json::from_str(&stdout(output)).unwrap()
}

#[test]
fn the_same_chain_in_two_folders_is_the_same_image() {
    let (one, two) = (Sandbox::new(), Sandbox::new());
    let chain = fs::read_to_string(sandbox::repository().join("examples/wire.nf")).unwrap();
    let there = two.file("wire.nf", &chain);
    let first = json(&one.sluice(&["build", "--json", "examples/wire.nf", "-o", "out"]));
    let second = json(
        &two.command(&["build", "--json", &there, "-o", "out"])
            .env("SLUICE_CACHE", two.path("cache"))
            .output()
            .unwrap(),
    );
    assert_eq!(first["vms"][0]["sha256"], second["vms"][0]["sha256"]);
    let image = |sandbox: &Sandbox| fs::read(sandbox.path("out/wire.elf")).unwrap();
    assert!(image(&one) == image(&two));
    one.is_clean();
    two.is_clean();
}

#[test]
fn a_replay_comes_through_on_each_machine() {
    for machine in ["microvm", "pc", "q35"] {
        let sandbox = Sandbox::new();
        let arguments = ["run", "examples/wire.nf", "--replay", REPLAY, "--capture", "right=out.pcap"];
        let output = sandbox.sluice(&[&arguments[..], &["--machine", machine, "--accel", "tcg", "--json"]].concat());
        let report = json(&output);
        assert_eq!(report["packets"]["in"], 40, "{machine}: {report}");
        assert_eq!(report["packets"]["forwarded"], 40, "{machine}: {report}");
        assert_eq!(report["captures"][0]["frames"], 40, "{machine}: {report}");
        let boot = &report["vms"][0]["boot"];
        let times = ["kernel_entry_us", "ready_us", "first_out_us"].map(|time| boot[time].as_u64().unwrap());
        assert!(times.is_sorted(), "{machine}: {times:?}");
        sandbox.is_clean();
    }
}

#[test]
fn a_built_folder_is_all_that_a_run_needs() {
    let sandbox = Sandbox::new();
    let output = sandbox.sluice(&["build", "examples/two-vms.nf", "-o", "out"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let run = |folder: &str| {
        let replay = "lan=examples/captures/http_browsing.pcap";
        let arguments = ["run", folder, "--replay", replay, "--capture", "wan=out.pcap", "--accel", "tcg", "--json"];
        // Neither sources nor cargo.
        sandbox.command(&arguments).env("SLUICE_HOME", "/nowhere").env_remove("HOME").output().unwrap()
    };
    let report = json(&run("out"));
    assert_eq!((&report["chain"], &report["packets"]["in"]), (&"two-vms".into(), &40.into()), "{report}");
    assert_eq!(report["links"][0]["kind"], "ring", "{report}");
    assert!(!sandbox.folder().join("build").exists());
    let refused = |folder: &str, said: &str| {
        let output = run(folder);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    };
    let image = sandbox.path("out/meter.elf");
    let mut bytes = fs::read(&image).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&image, &bytes).unwrap();
    refused("out", "out/meter.elf is not the one that chain.json names");
    fs::remove_file(&image).unwrap();
    refused("out", "cannot read the image out/meter.elf");
    fs::write(sandbox.path("out/chain.json"), "{}").unwrap();
    refused("out", "cannot understand out/chain.json");
    refused("examples", "examples is not what sluice build makes");
    let output = sandbox.sluice(&["run", "out", "-o", "there"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    sandbox.is_clean();
}

#[test]
fn too_little_memory_is_told_before_a_vm_begins() {
    let sandbox = Sandbox::new();
    let output = sandbox.sluice(&["run", "examples/wire.nf", "--memory", "1", "--accel", "tcg"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("VM wire cannot begin with 1 MiB of RAM"), "{}", stderr(&output));
    let chain = "network a; vm big(memory 1M) { FromDevice(a) -> Discard; } chain a <-> big;";
    let output = sandbox.sluice(&["build", &sandbox.file("big.nf", chain), "-o", "out"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("VM big cannot begin with 1 MiB of RAM"), "{}", stderr(&output));
    sandbox.is_clean();
}

#[test]
fn frames_pass_a_chain_of_two_vms() {
    let sandbox = Sandbox::new();
    let replay = "lan=examples/captures/http_browsing.pcap";
    let arguments =
        ["run", "examples/two-vms.nf", "--replay", replay, "--repeat", "10", "--capture", "wan=out.pcap", "--json"];
    for (machine, links, kind) in [
        ("microvm", "auto", "ring"),
        ("q35", "auto", "ring"),
        ("pc", "ring", "ring"),
        ("pc", "plain", "ring"),
        ("pc", "nic", "nic"),
    ] {
        let output = sandbox.sluice(&[&arguments[..], &["--machine", machine, "--links", links]].concat());
        let report = json(&output);
        assert_eq!(report["packets"]["in"], 400, "{report}");
        assert_eq!(report["captures"][0]["frames"], report["packets"]["forwarded"], "{report}");
        let link = &report["links"][0];
        assert_eq!((&link["kind"], &link["ends"][0]["port"]), (&kind.into(), &"fw.meter".into()), "{report}");
        assert_eq!(link["ends"][0]["sent"], link["ends"][1]["received"], "{report}");
        fs::remove_file(sandbox.path("out.pcap")).unwrap();
        sandbox.is_clean();
    }
}

#[test]
fn vms_that_trust_each_other_share_their_buffers() {
    let sandbox = Sandbox::new();
    let chain = "network lan, wan; vm a { input -> Counter -> output } vm b { input -> Counter -> output }
                 chain c(shared): lan -> a -> b -> wan;";
    let (file, replay) = (sandbox.file("shared.nf", chain), "lan=examples/captures/http_browsing.pcap");
    let arguments = ["run", &file, "--replay", replay, "--capture", "wan=out.pcap", "--json"];
    for links in ["ring", "plain"] {
        let report = json(&sandbox.sluice(&[&arguments[..], &["--links", links]].concat()));
        assert_eq!((&report["packets"]["in"], &report["captures"][0]["frames"]), (&40.into(), &40.into()), "{report}");
        assert_eq!(report["links"][0]["kind"], "shared", "{report}");
        fs::remove_file(sandbox.path("out.pcap")).unwrap();
        sandbox.is_clean();
    }
}

#[test]
fn a_link_is_no_ring_where_somebody_listens() {
    let sandbox = Sandbox::new();
    let replay = "fw.meter=examples/captures/http_browsing.pcap";
    let report =
        json(&sandbox.sluice(&["run", "examples/two-vms.nf", "--machine", "q35", "--replay", replay, "--json"]));
    assert_eq!(
        (&report["links"], &report["packets"]["forwarded"]),
        (&Value::Array(Vec::new()), &40.into()),
        "{report}"
    );
    sandbox.is_clean();
}

#[test]
fn a_signal_ends_it_in_order() {
    for signal in ["INT", "TERM"] {
        let sandbox = Sandbox::new();
        let mut child = sandbox
            .command(&["run", "examples/wire.nf", "--accel", "tcg"])
            .stdout(Stdio::piped())
            .stderr(fs::File::create(sandbox.path("said")).unwrap())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        while !fs::read_to_string(sandbox.path("said")).unwrap().contains("port right") {
            assert!(child.try_wait().unwrap().is_none() && Instant::now() < deadline, "it never ran");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{signal}");
        assert!(stdout(&output).contains("0 in, 0 forwarded"), "{}", stdout(&output));
        sandbox.is_clean();
    }
}

/// A folder for the PATH with a QEMU in which one device of the machine, whose option matches `pattern`, is another one.
fn qemu_without(sandbox: &Sandbox, pattern: &str) -> String {
    let real = Command::new("sh").args(["-c", "command -v qemu-system-x86_64"]).output().unwrap();
    let real = String::from_utf8(real.stdout).unwrap();
    fs::create_dir(sandbox.path("bin")).unwrap();
    let script = format!(
        "#!/bin/sh\nfor word; do shift; case $word in {pattern}) word=virtio-rng-device;; esac; set -- \"$@\" \"$word\"; done\nexec {} \"$@\"\n",
        real.trim()
    );
    let wrapper = sandbox.file("bin/qemu-system-x86_64", &script);
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", sandbox.path("bin"), std::env::var("PATH").unwrap())
}

#[test]
fn a_vm_that_panics_shows_its_log() {
    let sandbox = Sandbox::new();
    // A NIC less than the chain has: the image's own check fails.
    let path = qemu_without(&sandbox, "*,netdev=nic1");
    let arguments = ["run", "examples/wire.nf", "--accel", "tcg", "--replay", REPLAY, "--capture", "right=out.pcap"];
    let output = sandbox.command(&arguments).env("PATH", path).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("VM wire failed; its log ends:"), "{}", stderr(&output));
    assert!(stderr(&output).contains("2 ports, the VMM 1"), "{}", stderr(&output));
    assert!(!fs::exists(sandbox.path("out.pcap")).unwrap(), "half a capture");
    sandbox.is_clean();
}

#[test]
fn a_vm_that_never_says_it_is_ready_is_given_up() {
    let sandbox = Sandbox::new();
    let path = qemu_without(&sandbox, "virtconsole,*");
    let arguments = ["run", "examples/wire.nf", "--accel", "tcg", "--replay", REPLAY, "--capture", "right=out.pcap"];
    let output = sandbox.command(&arguments).env("PATH", path).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("VM wire did not become ready"), "{}", stderr(&output));
    assert!(!fs::exists(sandbox.path("out.pcap")).unwrap(), "half a capture");
    sandbox.is_clean();
}

#[test]
fn a_full_disk_leaves_no_half_capture() {
    let sandbox = Sandbox::new();
    sandbox.sluice(&["build", "examples/wire.nf"]);
    // A limit on the size of files, as on a full disk a write fails: above the 8 MiB of the VM's memory, a file for QEMU, and
    // below the 14 MB of the capture.
    let sluice = assert_cmd::cargo::cargo_bin("sluice");
    let run = format!(
        "trap '' XFSZ; ulimit -f 17000; exec {} run examples/wire.nf --accel tcg --replay {REPLAY} --repeat 400 --capture right=out.pcap",
        sluice.display()
    );
    let mut command = Command::new("sh");
    command.args(["-c", &run]).current_dir(sandbox.folder()).env("TMPDIR", sandbox.path("tmp"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot write out.pcap"), "{}", stderr(&output));
    assert!(!fs::exists(sandbox.path("out.pcap")).unwrap(), "half a capture");
    sandbox.is_clean();
}

#[test]
fn the_printed_command_works_when_pasted() {
    let sandbox = Sandbox::new();
    let output = sandbox.sluice(&["run", "examples/wire.nf", "--accel", "tcg", "--print-command", "-o", "out"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let mut qemu = Command::new("sh")
        .args(["-c", &format!("exec {}", stdout(&output))])
        .stdout(fs::File::create(sandbox.path("log")).unwrap())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
    let said = loop {
        let said = stdout(&sandbox.sluice(&["logs", "out/wire.elf", "log"]));
        if said.contains("port right") || Instant::now() > deadline || qemu.try_wait().unwrap().is_some() {
            break said;
        }
    };
    qemu.kill().unwrap();
    qemu.wait().unwrap();
    assert!(said.contains("INFO port left"), "{said}");
}
