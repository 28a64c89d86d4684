// SPDX-License-Identifier: Apache-2.0
//! A link between two domains over granted memory, on a real Xen: pings go through both, and again after either was destroyed.

use qemu::xen::{Bed, Options};
use tempfile::TempDir;
use tests::sluice;

/// Two functions in a row: port 1 of `fw` and port 0 of `meter` are the link.
const CHAIN: &str = "network lan, wan;
    vm fw { FromDevice(lan) -> Counter -> ToDevice(meter); FromDevice(meter) -> Counter -> ToDevice(lan); }
    vm meter { FromDevice(fw) -> Counter -> ToDevice(wan); FromDevice(wan) -> Counter -> ToDevice(fw); }
    chain lan <-> fw <-> meter <-> wan;";

/// dom0 is 10.0.0.1 in bridge `lan`; behind bridge `wan` another network namespace is 10.0.0.2.
const SCRIPT: &str = "set -e
    for bridge in lan wan; do brctl addbr $bridge; ip link set $bridge address 00:16:3e:aa:00:0${#bridge}; done
    ip link set wan address 00:16:3e:aa:00:04
    ip addr add 10.0.0.1/24 dev lan; ip link set lan up; ip link set wan up
    ip link add name peer type veth; ip link set veth0 name uplink; brctl addif wan uplink; ip link set uplink up
    unshare -n sh -c 'until ip link show peer; do sleep 0.1; done; ip addr add 10.0.0.2/24 dev peer
        ip link set peer up; exec sleep 1000' >/dev/null 2>&1 &
    sleep 1; ip link set peer netns $!

    config() { # name, bridge, number of the vif
        printf \"type='pvh'\\nname='$1'\\nkernel='/test/$1.elf'\\nmemory=16\\nshadow_memory=1\\n\" >$1.cfg
        printf \"vif=['bridge=$2,devid=$3']\\n\" >>$1.cfg
    }
    link() { # who grants and who maps, as xen-glue's module `link` says
        g=/local/domain/$fw/device/sluice-link/1 m=/local/domain/$meter/device/sluice-link/0
        xenstore-write $g/frontend-id $meter $g/state 1 $m/backend-id $fw $m/state 1
        xenstore-chmod -r $g n$fw r$meter; xenstore-chmod -r $m n$meter r$fw
        xenstore-write $g/frontend $m $m/backend $g
    }
    create() { xl create -q -p $1.cfg; eval $1=$(xl domid $1); }
    passes() {
        for try in $(seq 30); do ping -q -c 1 -W 1 10.0.0.2 >/dev/null && { echo passes; return 0; }; done
        xl list; xenstore-ls /local/domain; return 1
    }
    config fw lan 0; config meter wan 1
    create fw; create meter; link; xl unpause fw; xl unpause meter; passes
    xl destroy meter
    if ping -q -c 1 -W 1 10.0.0.2 >/dev/null; then echo 'it passes without meter'; exit 1; fi
    create meter; link; xl unpause meter; passes
    xl destroy fw; create fw; link; xl unpause fw; passes
    xl shutdown -w fw; xl shutdown -w meter";

#[test]
#[ignore = "boots a Xen: make test-xen"]
fn a_link_over_granted_memory_comes_back_when_either_end_was_destroyed() {
    let folder = TempDir::new().unwrap();
    let chain = folder.path().join("chain.nf");
    std::fs::write(&chain, CHAIN).unwrap();
    let built = sluice().arg("build").arg(&chain).arg("-o").arg(folder.path()).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let mut dom0 = Bed::prepare().unwrap().boot(&Options::default()).unwrap();
    for image in ["fw.elf", "meter.elf"] {
        dom0.copy(&folder.path().join(image)).unwrap();
    }
    let outcome = dom0.run(SCRIPT).unwrap();
    assert_eq!(outcome.status, 0, "{}{}{}", outcome.stdout, outcome.stderr, dom0.console());
    assert_eq!(outcome.stdout.matches("passes").count(), 3, "{}", outcome.stdout);
}
