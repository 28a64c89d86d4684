// SPDX-License-Identifier: Apache-2.0
//! Chains over granted memory on a real Xen: the frames of a capture, pings and a flood, while VMs and netback come and go.

use qemu::xen::Dom0;
use tempfile::TempDir;
use tests::sluice;
use tests::xen::{boot, capture, check_frames, configuration, flood, machine, ping, run};

/// Two functions in a row; the first one denies what is for port 80. Port 1 of `fw` and port 0 of `ids` are the link.
const CHAIN: &str = "network lan, wan;
    vm fw {
      input -> up :: Counter -> kind :: Classifier(12/0800 36/0050, -);
      kind[0] -> denied :: Discard; kind[1] -> output;
      input[1] -> down :: Counter -> [1] output;
    }
    vm ids { input -> up :: Counter -> output; input[1] -> down :: Counter -> [1] output; }
    chain through: lan -> fw -> ids -> wan;";
/// The frames of a capture that it lets through, in tcpdump's language.
const PASSED: &str = "not dst port 80";

/// Links both VMs before those of them run that were just created: a VM asks what its ports are when it starts.
const CREATE: &str = "
    again() { xl create -q -p $1.cfg; linked $1; }
    linked() { # those that are paused
        sluice-link fw 1 ids 0
        for vm in $*; do xl unpause $vm; ready $vm; done
        wait_for 1 ./dom0 read $(control fw) machine link_up_1
        wait_for 1 ./dom0 read $(control ids) machine link_up_0
    }";

/// A dom0 with both VMs between the bridges `lan` and `wan`.
fn linked() -> Dom0 {
    let folder = TempDir::new().unwrap();
    let chain = folder.path().join("chain.nf");
    std::fs::write(&chain, CHAIN).unwrap();
    let built = sluice().arg("build").arg(&chain).arg("-o").arg(folder.path()).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let mut dom0 = boot();
    for (vm, vif) in [("fw", ("lan", 0)), ("ids", ("wan", 1))] {
        dom0.copy(&folder.path().join(format!("{vm}.elf"))).unwrap();
        dom0.put(&format!("{vm}.cfg"), 0o644, configuration(vm, &[vif]).as_bytes()).unwrap();
    }
    run(&mut dom0, "for bridge in lan wan; do ip link add name $bridge type bridge; ip link set $bridge up; done");
    run(&mut dom0, &format!("{CREATE}\nxl create -q -p fw.cfg; xl create -q -p ids.cfg; linked fw ids"));
    dom0
}

#[test]
#[ignore = "boots Xen: make test-xen"]
fn xen_a_chain_over_granted_memory_outlives_its_vms_and_netback() {
    let capture = capture();
    let capture = capture.path();
    let mut dom0 = linked();
    let check = |dom0: &mut Dom0| check_frames(dom0, capture, PASSED, "fw0", "ids1");
    check(&mut dom0);
    ping(&mut dom0, "fw0");
    let (sent, passed) = flood(&mut dom0, "fw0", "ids1");
    println!("of {sent} frames sent in 3 s the chain passed {passed}");
    assert!(passed > 1000 && passed <= sent, "{passed} of {sent}");
    assert!(
        machine(&mut dom0, "ids", "received_0") >= passed,
        "they crossed the link: the VMs have no bridge between them"
    );

    for (dead, alive) in [("ids", "fw"), ("fw", "ids")] {
        let domain = run(&mut dom0, &format!("xl domid {alive}"));
        let script = "./dom0 flood fw0 flood.pcap 2000 & sleep 1; xl destroy DEAD; wait; again DEAD";
        run(&mut dom0, &format!("{CREATE}\n{}", script.replace("DEAD", dead)));
        check(&mut dom0);
        assert_eq!(run(&mut dom0, &format!("xl domid {alive}")), domain, "{alive} was not started again");
    }

    run(&mut dom0, RELOAD);
    check(&mut dom0);
    ping(&mut dom0, "fw0");
    run(&mut dom0, "xl shutdown fw; xl shutdown ids; only_dom0");
    dom0.power_off().unwrap();
}

/// Takes netback away under both vifs and brings it back, as an upgrade of a driver domain does.
const RELOAD: &str = "
    for vif in /sys/bus/xen-backend/drivers/vif/vif-*; do echo ${vif##*/} >/sys/bus/xen-backend/drivers/vif/unbind; done
    rmmod xen_netback; sleep 1; insmod /modules/xen_netback.ko
    for end in 'fw 0' 'ids 1'; do
        backend=/local/domain/0/backend/vif/$(xl domid ${end% *})/${end#* }
        vif=vif$(xl domid ${end% *}).${end#* } XENBUS_PATH=$backend /etc/xen/scripts/vif-bridge online
        wait_for 4 xenstore-read $backend/state
    done";
