// SPDX-License-Identifier: Apache-2.0
//! A VM under Xen with two vifs between two of dom0's bridges, against Linux's netback: what kernels send each other crosses it.

use qemu::xen::Dom0;
use tempfile::TempDir;
use tests::xen::{boot, configuration, machine, run};
use tests::{build_file, home};

/// Two bridges with a host at each: dom0 itself, 10.0.0.1, and a network namespace, 10.0.0.2, entered by `there`.
const NETWORK: &str = r#"
brctl addbr left; ip link set left address 02:00:00:00:00:01; ip link set left up; ip addr add 10.0.0.1/24 dev left
brctl addbr right; ip link set right address 02:00:00:00:00:02; ip link set right up
ip link add inner type veth
brctl addif right veth0; ip link set veth0 up
unshare -n sleep 100000 >/dev/null 2>&1 & host=$!
sleep 0.5
ip link set inner netns $host
printf '#!/bin/sh\nexec nsenter -t %s -n "$@"\n' $host >/bin/there; chmod +x /bin/there
there ip link set inner up; there ip addr add 10.0.0.2/24 dev inner
"#;

const PING: &str = "ping -c 3 -i 0.2 -W 20 10.0.0.2";
const NO_PING: &str = "! ping -c 1 -W 1 10.0.0.2";

/// A dom0 with two networks and a VM `wire` between them, its only domain.
fn wired() -> Dom0 {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/wire.nf"), "wire", folder.path());
    let mut dom0 = boot();
    run(&mut dom0, NETWORK);
    dom0.copy(&image).unwrap();
    dom0.put("wire.cfg", 0o644, configuration("wire", &[("left", 0), ("right", 1)]).as_bytes()).unwrap();
    run(&mut dom0, &format!("xl create -q wire.cfg; {PING}"));
    dom0
}

#[test]
#[ignore = "boots Xen: make test-xen"]
fn xen_kernels_reach_each_other_across_a_vm_whose_backends_come_and_go() {
    let mut dom0 = wired();
    let ran_ns = machine(&mut dom0, "wire", "first_out_ran_ns");
    println!("the guest itself ran for {} us until its first frame", ran_ns / 1000);
    assert!(ran_ns > 0 && ran_ns < machine(&mut dom0, "wire", "first_out_ns"));
    run(&mut dom0, "ping -c 3 -i 0.2 -s 1472 -W 5 10.0.0.2");
    // dom0 leaves checksums of TCP to whom it sends to, unless that was refused; the other host checks them.
    let copied = "head -c 1000000 /dev/urandom >sent; (sleep 30 | there nc -l -p 5000 >came) & sleep 1; \
        nc 10.0.0.2 5000 <sent; for i in $(seq 20); do cmp -s sent came && exit 0; sleep 0.5; done; exit 1";
    run(&mut dom0, copied);

    // It says at once that it cannot be saved, and lives on.
    let save = "before=$(date +%s); ! xl save wire saved 2>said; cat said; [ $(($(date +%s) - before)) -lt 20 ]; \
        grep -q 'Suspend event channel' said";
    run(&mut dom0, &format!("{save}; {PING}"));

    let unbind = "for vif in 0 1; do echo vif-1-$vif >/sys/bus/xen-backend/drivers/vif/unbind; done; rmmod xen_netback";
    run(&mut dom0, unbind);
    run(&mut dom0, NO_PING);
    let again = "insmod /modules/xen_netback.ko; sleep 1
        for vif in '0 left' '1 right'; do
            ip link set vif1.${vif% *} up; brctl addif ${vif#* } vif1.${vif% *}
        done";
    run(&mut dom0, &format!("{again}; {PING}"));

    run(&mut dom0, "xl network-detach wire 1; sleep 1; ! xenstore-exists /local/domain/1/device/vif/1");
    run(&mut dom0, NO_PING);
    run(&mut dom0, &format!("xl network-attach wire bridge=right; sleep 1; {PING}"));

    // A fault is a crash (3) for xl.
    run(&mut dom0, "xl trigger wire nmi; only_dom0; grep 'shut down, reason code 3' /var/log/xen/xl-wire.log");
    dom0.power_off().unwrap();
}
