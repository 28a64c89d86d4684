// SPDX-License-Identifier: Apache-2.0
//! The same images on a real Xen: exported for xl, created in the dom0 of the test-bed, fed there.

use qemu::xen::Dom0;
use tempfile::TempDir;
use tests::sluice;
use tests::xen::{boot, capture, check_frames, ping, run};

/// Two functions in a row; the first one denies what is for port 80.
const CHAIN: &str = "network lan, wan;
    vm fw {
      input -> up :: Counter -> kind :: Classifier(12/0800 36/0050, -);
      kind[0] -> denied :: Discard; kind[1] -> output;
      input[1] -> down :: Counter -> [1] output;
    }
    vm ids { input -> up :: Counter -> output; input[1] -> down :: Counter -> [1] output; }
    chain through: lan -> fw -> ids -> wan;";

/// A dom0 in which the chain is exported to /test, with all bridges: those that the export's own list makes.
fn exported() -> Dom0 {
    let folder = TempDir::new().unwrap();
    let chain = folder.path().join("chain.nf");
    std::fs::write(&chain, CHAIN).unwrap();
    let files = folder.path().join("files");
    let exported = sluice().args(["export", "xl"]).arg(&chain).arg("-o").arg(&files).output().unwrap();
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let mut dom0 = boot();
    for entry in std::fs::read_dir(files).unwrap() {
        dom0.copy(&entry.unwrap().path()).unwrap();
    }
    run(&mut dom0, "grep 'ip link add' README.md | sh");
    dom0
}

#[test]
#[ignore = "boots Xen: make test-xen"]
fn xen_an_exported_chain_becomes_ready_passes_frames_and_powers_off() {
    let capture = capture();
    let mut dom0 = exported();
    run(&mut dom0, "create fw; create ids");
    let ready: u64 = run(&mut dom0, "cat ids.ready").trim().parse().unwrap();
    println!("ids is ready after {} ms", ready / 1_000_000);
    let [into, out_of] = [("fw", 0), ("ids", 1)].map(|(vm, port)| {
        let domain = run(&mut dom0, &format!("xl domid {vm}"));
        format!("vif{}.{port}", domain.trim())
    });
    check_frames(&mut dom0, capture.path(), "not dst port 80", &into, &out_of);
    ping(&mut dom0, &into);
    run(&mut dom0, "xl shutdown fw; xl shutdown ids; only_dom0");
    dom0.power_off().unwrap();
}
