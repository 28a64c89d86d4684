// SPDX-License-Identifier: Apache-2.0
//! A VM under Xen with two vifs between two of dom0's bridges, against Linux's netback.

use qemu::xen::{Bed, Dom0, Options};
use std::path::Path;
use tempfile::TempDir;
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

/// A dom0 with two networks and a VM `wire` between them.
fn wired() -> Dom0 {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/wire.nf"), "wire", folder.path());
    let mut dom0 = Bed::prepare().unwrap().boot(&Options::default()).unwrap();
    run(&mut dom0, NETWORK);
    create(&mut dom0, &image, "wire", &["left", "right"]);
    run(&mut dom0, PING);
    dom0
}

/// Creates a VM with a vif at each of these bridges.
fn create(dom0: &mut Dom0, image: &Path, name: &str, bridges: &[&str]) {
    dom0.copy(image).unwrap();
    let vifs: Vec<String> = bridges.iter().map(|bridge| format!("'bridge={bridge}'")).collect();
    let vifs = vifs.join(",");
    let config = format!("type='pvh'\nname='{name}'\nkernel='/test/{name}.elf'\nmemory=32\nvif=[{vifs}]\n");
    dom0.put(&format!("{name}.cfg"), 0o644, config.as_bytes()).unwrap();
    run(dom0, &format!("xl create {name}.cfg"));
}

/// Runs a script that must go well: what it printed.
#[track_caller]
fn run(dom0: &mut Dom0, script: &str) -> String {
    let outcome = dom0.run(script).unwrap();
    assert_eq!(outcome.status, 0, "{script}: {outcome:?}\n{}", dom0.run("dmesg | tail").unwrap().stdout);
    outcome.stdout
}

#[test]
#[ignore = "boots Xen: make test-xen"]
fn xen_frames_cross_a_vm_between_two_bridges_whole_and_with_their_checksums() {
    let mut dom0 = wired();
    run(&mut dom0, "ping -c 3 -i 0.2 -s 1472 -W 5 10.0.0.2");
    // dom0 leaves checksums of TCP to whom it sends to, unless that was refused; the other host checks them.
    let copied = "head -c 1000000 /dev/urandom >sent; (sleep 30 | there nc -l -p 5000 >came) & sleep 1; \
        nc 10.0.0.2 5000 <sent; for i in $(seq 20); do cmp -s sent came && exit 0; sleep 0.5; done; exit 1";
    run(&mut dom0, copied);
    dom0.power_off().unwrap();
}

#[test]
#[ignore = "boots Xen: make test-xen"]
fn xen_a_vif_outlives_its_backend() {
    let mut dom0 = wired();
    run(
        &mut dom0,
        "for vif in 0 1; do echo vif-1-$vif >/sys/bus/xen-backend/drivers/vif/unbind; done; rmmod xen_netback",
    );
    assert_ne!(dom0.run("ping -c 1 -W 1 10.0.0.2").unwrap().status, 0);
    run(&mut dom0, "insmod /modules/xen_netback.ko; sleep 1; brctl addif left vif1.0; brctl addif right vif1.1");
    run(&mut dom0, &format!("ip link set vif1.0 up; ip link set vif1.1 up; {PING}"));

    run(&mut dom0, "xl network-detach wire 1; sleep 1");
    assert_ne!(dom0.run("xenstore-exists /local/domain/1/device/vif/1").unwrap().status, 0, "it is gone");
    assert_ne!(dom0.run("ping -c 1 -W 1 10.0.0.2").unwrap().status, 0);
    run(&mut dom0, &format!("xl network-attach wire bridge=right; sleep 1; {PING}"));
    dom0.power_off().unwrap();
}
