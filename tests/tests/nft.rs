// SPDX-License-Identifier: Apache-2.0
//! `sluice import nft`: the kernel's nftables and our firewall are given one file of rules and the same packets, and decide alike.

use std::process::Command;
use tempfile::TempDir;
use tests::namespace::{is_root, run_in_own};
use tests::sluice;

/// A router of the kernel's with the rules in a namespace of its own, and the imported firewall in a VM; `nft/pass.py` sends packets
/// through each and tells which ones come out.
const SCRIPT: &str = r#"
set -eu
export SLUICE_RUN_DIR="$FOLDER"
mount -t sysfs none /sys
for tap in near far; do ip tuntap add $tap mode tap; done
"$SLUICE" run "$FOLDER/fw.nf" --name imported --detach --accel tcg --tap lan=near --tap wan=far
unshare --net -- sleep 1000 &
router=$!
trap 'kill $router 2>/dev/null || true; "$SLUICE" stop imported' EXIT
until [ "$(readlink /proc/$router/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
in_router() { nsenter --net --target $router "$@"; }
for device in near far; do sysctl -qw net.ipv6.conf.$device.disable_ipv6=1; ip link set $device up; done
for pair in eth1:lan eth0:wan; do
  ip link add ${pair#*:} type veth peer name ${pair%:*} netns $router
  sysctl -qw net.ipv6.conf.${pair#*:}.disable_ipv6=1
  ip link set ${pair#*:} up
  in_router ip link set ${pair%:*} up
done
in_router sh -euc '
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0
ip address add 10.9.0.254/24 dev eth1
ip address add 192.168.7.254/24 dev eth0
ip -6 address add 2001:db8::254/64 dev eth1 nodad
ip -6 address add 2001:db8:7::254/64 dev eth0 nodad
ip route add default via 192.168.7.2
for host in 10.9.0.2 10.9.0.7; do ip neighbour add $host lladdr 02:00:00:00:00:98 dev eth1; done
ip neighbour add 192.168.7.2 lladdr 02:00:00:00:00:98 dev eth0
ip neighbour add 2001:db8::2 lladdr 02:00:00:00:00:98 dev eth1
ip neighbour add 2001:db8:7::2 lladdr 02:00:00:00:00:98 dev eth0
nft -f tests/tests/nft/rules.nft
'
mac() { in_router ip -o link show $1 | sed 's/.*ether \([0-9a-f:]*\).*/\1/'; }
python3 tests/tests/nft/pass.py lan wan "$(mac eth1)" "$(mac eth0)" > "$FOLDER/kernel"
python3 tests/tests/nft/pass.py near far 02:00:00:00:00:01 02:00:00:00:00:01 > "$FOLDER/ours"
in_router nft list chain inet filter forward | sed -n 's/.* counter packets \([0-9]*\) .*/\1/p' > "$FOLDER/kernel.counts"
for line in $(grep -n counter tests/tests/nft/rules.nft | cut -d: -f1); do
  out=$("$SLUICE" ctl fw read out_line$line.count)
  in=$("$SLUICE" ctl fw read in_line$line.count)
  echo $((out + in)) >> "$FOLDER/ours.counts"
done
"#;

fn can_run() -> bool {
    is_root() && Command::new("nft").arg("--version").output().is_ok()
}

#[test]
fn root_the_kernel_and_the_imported_firewall_decide_alike() {
    if !can_run() {
        println!("skipped: TAPs and network namespaces need root, and nftables has to be installed");
        return;
    }
    let folder = TempDir::new().unwrap();
    let chain = folder.path().join("fw.nf");
    let imported = sluice()
        .args(["import", "nft", "tests/tests/nft/rules.nft", "--lan", "eth1", "--wan", "eth0", "-o"])
        .arg(&chain)
        .output()
        .expect("sluice runs");
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    run_in_own(SCRIPT, folder.path());
    let [kernel, ours] = ["kernel", "ours"].map(|name| std::fs::read_to_string(folder.path().join(name)).unwrap());
    let passed = kernel.lines().filter(|line| line.contains("passes")).count();
    assert!(passed > 20 && kernel.lines().count() - passed > 20, "{kernel}");
    let rejected = |how: &str| kernel.lines().filter(|line| line.contains(how)).count();
    assert_eq!((rejected("reset"), rejected("icmp")), (3, 6), "{kernel}");
    let differences: Vec<_> = kernel.lines().zip(ours.lines()).filter(|(kernel, ours)| kernel != ours).collect();
    assert!(differences.is_empty() && kernel.lines().count() == ours.lines().count(), "{differences:?}");
    let [kernel, ours] =
        ["kernel.counts", "ours.counts"].map(|name| std::fs::read_to_string(folder.path().join(name)).unwrap());
    assert_eq!(kernel, ours, "what the rules counted");
    assert_eq!((kernel.lines().count(), kernel.lines().filter(|line| *line == "0").count()), (5, 0), "{kernel}");
}
