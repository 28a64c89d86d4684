// SPDX-License-Identifier: Apache-2.0
//! The same images on a real Xen: exported for xl and created in the dom0 of the test-bed by the commands that come with them, and
//! run there by `sluice run --on xen`.

#[path = "xen/running.rs"]
mod running;

use qemu::xen::Dom0;
use std::path::Path;
use tempfile::TempDir;
use tests::sluice;
use tests::xen::{boot, capture, check_frames, ping, run};

/// Two functions in a row; the first one denies what is for port 80.
pub const TWO: &str = "network lan, wan;
    vm fw {
      input -> up :: Counter -> kind :: Classifier(12/0800 36/0050, -);
      kind[0] -> denied :: Discard; kind[1] -> output;
      input[1] -> down :: Counter -> [1] output;
    }
    vm ids { input -> up :: Counter -> output; input[1] -> down :: Counter -> [1] output; }
    chain two: lan -> fw -> ids -> wan;";

/// The frames of the capture that it lets through, in tcpdump's language.
pub const PASSED: &str = "not dst port 80";

/// Lets a command make a folder of a chain, and puts the folder into dom0.
fn make(dom0: &mut Dom0, command: &[&str], name: &str, chain: &str) {
    let folder = TempDir::new().unwrap();
    let (file, made) = (folder.path().join(format!("{name}.nf")), folder.path().join("made"));
    std::fs::write(&file, chain).unwrap();
    let output = sluice().args(command).arg(&file).arg("-o").arg(&made).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    put_folder(dom0, &made, name);
}

fn put_folder(dom0: &mut Dom0, folder: &Path, name: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        dom0.put(&format!("{name}/{file}"), 0o644, &std::fs::read(&path).unwrap()).unwrap();
    }
}

/// dom0's end of a vif.
fn vif(dom0: &mut Dom0, domain: &str, number: usize) -> String {
    let id = run(dom0, &format!("xl domid {domain}"));
    format!("vif{}.{number}", id.trim())
}

/// The commands of the README make the chain, and make it whole again.
fn exported(dom0: &mut Dom0) {
    let capture = capture();
    make(dom0, &["export", "xl"], "exported", TWO);
    // As they are written: what is set in is a command.
    run(dom0, "cd exported; grep '^       ' README.md >commands; . ./commands; cd ..; ready fw; ready ids");
    let ready: u64 = run(dom0, "cat ids.ready").trim().parse().unwrap();
    println!("ids is ready after {} ms", ready / 1_000_000);
    let [into, out_of] = [vif(dom0, "fw", 0), vif(dom0, "ids", 1)];
    check_frames(dom0, capture.path(), PASSED, &into, &out_of);
    ping(dom0, &into);
    run(
        dom0,
        "xl destroy ids; cd exported; id_fw=$(xl domid fw); grep ids commands >again; . ./again; cd ..; ready ids",
    );
    let out_of = vif(dom0, "ids", 1);
    check_frames(dom0, capture.path(), PASSED, &into, &out_of);
    run(dom0, "xl shutdown fw; xl shutdown ids; only_dom0");
}

#[test]
#[ignore = "boots Xen: make test-xen"]
fn xen_a_chain_is_created_by_the_exported_commands_and_run_by_sluice() {
    let mut dom0 = boot();
    exported(&mut dom0);
    running::check(&mut dom0);
    dom0.power_off().unwrap();
}
