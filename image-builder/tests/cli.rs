// SPDX-License-Identifier: Apache-2.0
//! The command as a user meets it: what it refuses, what it says, how it ends.

mod sandbox;

use sandbox::{Sandbox, stderr, stdout};
use std::fs;

#[test]
fn a_sound_chain_is_called_sound() {
    let sandbox = Sandbox::new();
    let output = sandbox.sluice(&["check", "examples/firewall.nf"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("sound; 1 VM, 2 networks"), "{}", stdout(&output));
}

#[test]
fn every_error_of_a_chain_is_shown_with_its_place() {
    let sandbox = Sandbox::new();
    let chain = sandbox.file(
        "bad.nf",
        "network lan;\nvm a { FromDevice(lan) -> Foo -> IPFilter(alow all); }\nvm a { }\nchain lan <-> a;\n",
    );
    let output = sandbox.sluice(&["build", &chain]);
    assert_eq!(output.status.code(), Some(2));
    for said in ["'Foo'", "bad.nf:2:27", "'alow'", "second VM 'a'", "bad.nf:3:4"] {
        assert!(stderr(&output).contains(said), "{said} in {}", stderr(&output));
    }
    let output = sandbox.sluice(&["check", "--json", &chain]);
    assert_eq!(output.status.code(), Some(2));
    let found: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(found.as_array().unwrap().iter().any(|one| one["line"] == 3), "{found}");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_built() {
    let sandbox = Sandbox::new();
    let cut = sandbox.file("cut.pcap", "");
    let whole = fs::read(sandbox::repository().join("examples/captures/http_browsing.pcap")).unwrap();
    fs::write(&cut, &whole[..3000]).unwrap();
    let without_vm = sandbox.file("none.nf", "network lan;\n");
    let replay_cut = format!("left={cut}");
    let cases: &[(&[&str], &str)] = &[
        (&[&without_vm], "has no VM"),
        (&["examples/nowhere.nf"], "cannot read the chain file"),
        (&["examples/bridge.nf", "--replay", "left=nowhere.pcap"], "cannot read the capture nowhere.pcap"),
        (&["examples/bridge.nf", "--replay", &replay_cut], "ends within packet 6"),
        (&["examples/bridge.nf", "--replay", "left=examples/bridge.nf"], "neither pcap nor pcapng"),
        (&["examples/bridge.nf", "--replay", "middle=x"], "it has left, right, bridge.left, bridge.right"),
        (&["examples/bridge.nf", "--tap", "left=sluice-none"], "ip tuntap add dev sluice-none mode tap"),
        (&["examples/bridge.nf", "--tap", "left=lo"], "lo is not a TAP"),
        (&["examples/bridge.nf", "--socket", "left=a", "--socket", "left=b"], "given twice"),
        (&["examples/bridge.nf", "--socket", "left=a", "--capture", "left=b"], "is on a TAP or socket"),
        (&["examples/bridge.nf", "--replay", "left"], "wanted PORT=WHAT"),
        (&["examples/two-vms.nf", "--links", "plain", "--print-command"], "--links nic"),
        (&["examples/two-vms.nf", "--on", "xen", "--links", "plain"], "--links is not for --on xen"),
        (&["examples/two-vms.nf", "--on", "xen", "--machine", "pc"], "--machine is not for --on xen"),
        (&["examples/two-vms.nf", "--on", "xen", "--tap", "lan=tap0"], "a bridge of dom0 with --bridge"),
        (&["examples/two-vms.nf", "--on", "xen"], "this is no dom0 of Xen"),
        (&["examples/bridge.nf", "--bridge", "left=br0"], "--bridge is for --on xen"),
        (&["examples/two-vms.nf", "--links", "ring", "--machine", "q35", "--print-command"], "--links nic"),
    ];
    for (arguments, said) in cases {
        let output = sandbox.sluice(&[&["run"], *arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(said), "{said} in {}", stderr(&output));
        assert!(!stderr(&output).contains("building"), "{arguments:?}");
    }
    sandbox.is_clean();
}

#[test]
fn what_evpn_cannot_do_is_refused_with_its_place() {
    let sandbox = Sandbox::new();
    let good = "examples/evpn.toml";
    assert_eq!(sandbox.sluice(&["evpn", "check", good]).status.code(), Some(0));
    let bad = sandbox.file("bad.toml", "as = 65001\nrouter-id = \"192.0.2.1\"\nvtep = \"192.0.2\"\n");
    let cases: &[(&[&str], &str)] = &[
        (&["check", &bad], "bad.toml:3:8: invalid"),
        (&["check", "nowhere.toml"], "cannot read nowhere.toml"),
        (&["run", "vtep", &bad], "bad.toml:3:8"),
        (&["run", "vtep", good], "nothing runs"),
        (&["show", "vtep"], "nothing runs"),
    ];
    for (arguments, said) in cases {
        let output = sandbox.sluice(&[&["evpn"], *arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(said), "{said} in {}", stderr(&output));
    }
}

#[test]
fn an_export_that_cannot_be_leaves_no_folder() {
    let sandbox = Sandbox::new();
    let long = sandbox.file("long.nf", "network averyverylongname;\nvm a { FromDevice(averyverylongname) -> Discard; }\nchain averyverylongname <-> a;\n");
    let bad = sandbox.file("bad.nf", "network lan;\nvm a { FromDevice(lan) -> Foo; }\nchain lan <-> a;\n");
    for (chain, said) in [(long, "long.nf: the network 'averyverylongname'"), (bad, "bad.nf:2:27")] {
        let output = sandbox.sluice(&["export", "xl", &chain, "-o", "out"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(said), "{said} in {}", stderr(&output));
        assert!(!sandbox.folder().join("out").exists());
    }
    sandbox.is_clean();
}

#[test]
fn elements_are_listed_and_described_from_their_specs() {
    let sandbox = Sandbox::new();
    let output = sandbox.sluice(&["elements"]);
    assert!(stdout(&output).contains("Devices\n  FromDevice"), "{}", stdout(&output));
    let output = sandbox.sluice(&["elements", "Queue"]);
    assert!(stdout(&output).contains("highwater_length"), "{}", stdout(&output));
    let output = sandbox.sluice(&["elements", "--json", "IPFilter"]);
    let described: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(described[0]["class"], "IPFilter");
    let output = sandbox.sluice(&["elements", "ipfilter"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean IPFilter?"), "{}", stderr(&output));
}

#[test]
fn without_cargo_it_says_how_to_get_it() {
    let sandbox = Sandbox::new();
    let output = sandbox.command(&["build", "examples/wire.nf"]).env("PATH", sandbox.folder()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cargo is not on the PATH; install Rust"), "{}", stderr(&output));
    sandbox.is_clean();
}
