// SPDX-License-Identifier: Apache-2.0
//! VNET/P between two hosts: examples/vnet.nf, two VMs with a Linux bridge between them, and a kernel behind each.

use std::process::{Command, Stdio};
use tempfile::TempDir;
use tests::namespace::{is_root, run_in_own};

/// Two hosts, joined by the bridge `wire`; this namespace is behind the left one, another behind the right one. `$SLUICE` is the
/// command, `$FOLDER` is for the run. What `far` runs, runs there.
const SCRIPT: &str = r#"
set -eu
export SLUICE_RUN_DIR="$FOLDER"
mount -t sysfs none /sys                      # the one that shows this namespace's devices
ip link add wire type bridge
ip link set wire up
for tap in near0 far0 left0 right0; do ip tuntap add $tap mode tap; done
for tap in left0 right0; do ip link set $tap master wire up; done
"$SLUICE" run examples/vnet.nf --name vnet --detach --accel tcg --tap left_lan=near0 --tap right_lan=far0 \
  --tap left.wire=left0 --tap right.wire=right0
unshare --net -- sleep 1000 &
there=$!
trap 'kill $there 2>/dev/null || true; "$SLUICE" stop vnet' EXIT
until [ "$(readlink /proc/$there/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
far() { nsenter --net --target $there "$@"; }
ip link set far0 netns $there
ip address add 10.9.0.1/24 dev near0
ip link set near0 up
far ip address add 10.9.0.2/24 dev far0
far ip link set far0 up

ping -c 5 -i 0.2 -W 30 10.9.0.2
tcpdump -n -c 8 -i wire -w "$FOLDER/wire.pcap" udp 2>/dev/null &
dump=$!
far ping -c 5 -i 0.2 -W 30 -s 1472 10.9.0.1   # the longest frame, which the hosts have to fragment
wait $dump
tcpdump -n -v -r "$FOLDER/wire.pcap" 2>/dev/null

far iperf3 --server --one-off > /dev/null &
server=$!
until iperf3 --client 10.9.0.2 --time 2 --json > "$FOLDER/tcp"; ! grep -q refused "$FOLDER/tcp"; do sleep 0.05; done
wait $server

# Routes and links change while pings go on: none is lost, and none comes twice.
ping -c 300 -i 0.01 -W 30 10.9.0.2 > "$FOLDER/pings" &
pings=$!
left() { "$SLUICE" ctl left write "$@"; }
while kill -0 $pings 2>/dev/null; do
  left vnet.control ADD not-02:00:00:00:00:99 any edge 0 interface 0
  left vnet.control DEL 0
  left links.control ADD 192.0.2.3 9000 udp
  left vnet.control ADD any any link 0 interface any
  left vnet.control DEL 2
  left links.control DEL 1
done
wait $pings
cat "$FOLDER/pings"
"$SLUICE" ctl left read vnet.control
"$SLUICE" ctl left read links.control
"$SLUICE" ctl right read links.control
"#;

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

#[test]
fn root_kernels_speak_across_two_hosts_whose_routes_and_links_change() {
    if !is_root() || !is_there("iperf3") {
        println!("skipped: TAPs and network namespaces need root, and iperf3 has to be installed");
        return;
    }
    let folder = TempDir::new().unwrap();
    let (out, err) = run_in_own(SCRIPT, folder.path());
    assert_eq!(out.matches("5 received").count(), 2, "{out}{err}");
    assert!(out.contains("300 packets transmitted, 300 received, 0% packet loss"), "{out}{err}");
    assert!(!out.contains("duplicates"), "{out}");
    assert!(out.contains("192.0.2.1.9000 > 192.0.2.2.9000: UDP, length 1514"), "{out}");
    assert!(out.contains("flags [+]") && !out.contains("bad "), "fragments, which tcpdump finds sound: {out}");
    let tcp: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.path().join("tcp")).unwrap()).unwrap();
    assert!(tcp["end"]["sum_received"]["bytes"].as_u64().unwrap() > 1_000_000, "{tcp}");
}
