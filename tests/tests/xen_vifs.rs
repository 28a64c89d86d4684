// SPDX-License-Identifier: Apache-2.0
//! A VM under Xen with two vifs between two of dom0's bridges, against Linux's netback.

use qemu::xen::{Bed, Dom0, Options};
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

const GUEST: &str = "type='pvh'\nname='wire'\nkernel='/test/wire.elf'\nmemory=32\n\
    vif=['bridge=left,mac=00:16:3e:00:00:01', 'bridge=right,mac=00:16:3e:00:00:02']\n";

/// A dom0 with two networks and a VM `wire` between them.
fn wired() -> Dom0 {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/wire.nf"), "wire", folder.path());
    let mut dom0 = Bed::prepare().unwrap().boot(&Options::default()).unwrap();
    dom0.copy(&image).unwrap();
    dom0.put("wire.cfg", 0o644, GUEST.as_bytes()).unwrap();
    run(&mut dom0, NETWORK);
    run(&mut dom0, "xl create wire.cfg");
    dom0
}

/// Runs a script that must go well: what it printed.
#[track_caller]
fn run(dom0: &mut Dom0, script: &str) -> String {
    let outcome = dom0.run(script).unwrap();
    if outcome.status != 0 {
        let log = String::from_utf8_lossy(&dom0.guest_console("wire").unwrap_or_default()).into_owned();
        panic!("{script}: {outcome:?}\n{log}\n{}", dom0.console());
    }
    outcome.stdout
}

#[test]
#[ignore = "boots Xen: make test-xen"]
fn xen_frames_cross_a_vm_between_two_bridges() {
    let mut dom0 = wired();
    let said = run(&mut dom0, "ping -c 3 -i 0.2 -W 20 10.0.0.2 && ping -c 3 -i 0.2 -s 1472 -W 5 10.0.0.2");
    print!("{said}");
    dom0.power_off().unwrap();
}
