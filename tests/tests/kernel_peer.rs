// SPDX-License-Identifier: Apache-2.0
//! A real kernel at both ends: TAPs in network namespaces of their own.

use tempfile::TempDir;
use tests::namespace::{is_root, run_in_own};

/// Two TAPs with a bridge VM between, one TAP moved into a second namespace, and pings both ways. `$SLUICE` is the command.
const SCRIPT: &str = r#"
set -eu
mount -t sysfs none /sys                      # the one that shows this namespace's devices
for tap in tap0 tap1; do ip tuntap add $tap mode tap; done
"$SLUICE" run examples/bridge.nf --accel tcg --tap left=tap0 --tap right=tap1 2> "$FOLDER/said" > "$FOLDER/report" &
run=$!
unshare --net -- sleep 1000 &
far=$!
trap 'kill $run $far 2>/dev/null || true; cat "$FOLDER/said" >&2' EXIT
until grep -q 'port right' "$FOLDER/said"; do kill -0 $run; sleep 0.05; done
until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link set tap1 netns $far
ip address add 10.9.0.1/24 dev tap0
ip link set tap0 up
nsenter --net --target $far ip address add 10.9.0.2/24 dev tap1
nsenter --net --target $far ip link set tap1 up
ping -c 5 -i 0.2 -W 30 10.9.0.2
nsenter --net --target $far ping -c 5 -i 0.2 -W 30 -s 1400 10.9.0.1
kill -INT $run
wait $run
cat "$FOLDER/report"
"#;

/// A TAP with a VM behind it that is a host itself, and pings. `$CHAIN` is its chain.
const HOST_SCRIPT: &str = r#"
set -eu
mount -t sysfs none /sys                      # the one that shows this namespace's devices
ip tuntap add tap0 mode tap
"$SLUICE" run "$FOLDER/host.nf" --accel tcg --tap lan=tap0 2> "$FOLDER/said" > "$FOLDER/report" &
run=$!
trap 'kill $run 2>/dev/null || true; cat "$FOLDER/said" >&2' EXIT
until grep -q 'port lan' "$FOLDER/said"; do kill -0 $run; sleep 0.05; done
ip address add 10.9.0.1/24 dev tap0
ip link set tap0 up
ping -c 5 -i 0.2 -W 30 10.9.0.2
ping -c 5 -i 0.2 -W 30 -s 1400 10.9.0.2
kill -INT $run
wait $run
"#;

#[test]
fn root_a_kernel_pings_the_host_of_a_vm() {
    let chain = "network lan;
                 vm host { FromDevice(lan) -> ToHost(h); FromHost(h, 10.9.0.2/24) -> ToDevice(lan); }
                 chain lan <-> host;";
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("host.nf"), chain).unwrap();
    pings(HOST_SCRIPT, folder);
}

/// A VM that is the other end of the kernel's own VXLAN device, and a host in its network. The file `ends` has the
/// kernel's and the VM's addresses outside.
const TUNNEL_SCRIPT: &str = r#"
set -eu
mount -t sysfs none /sys                      # the one that shows this namespace's devices
ip tuntap add tap0 mode tap
"$SLUICE" run "$FOLDER/tunnel.nf" --accel tcg --tap lan=tap0 2> "$FOLDER/said" > "$FOLDER/report" &
run=$!
trap 'kill $run 2>/dev/null || true; cat "$FOLDER/said" >&2' EXIT
until grep -q 'port lan' "$FOLDER/said"; do kill -0 $run; sleep 0.05; done
read -r own other < "$FOLDER/ends"
ip link set tap0 address 02:00:00:00:09:02
ip link set tap0 up
ip address add $own dev tap0 $(case $own in *:*) echo nodad;; esac)
ip neighbour replace $other lladdr 02:00:00:00:09:01 dev tap0
ip link add vxlan42 type vxlan id 42 remote $other dstport 4789 dev tap0 udpcsum udp6zerocsumrx
ip address add 192.168.42.2/24 dev vxlan42
ip link set vxlan42 up
ping -c 5 -i 0.2 -W 30 192.168.42.1
ping -c 5 -i 0.2 -W 30 -s 1300 192.168.42.1
kill -INT $run
wait $run
"#;

/// The VM's chain: a host that answers pings in network 42, between the ends of `ends`; `check` marks the outer header, whose EtherType is
/// `ethertype`.
fn tunnel(ends: &str, check: &str, ethertype: &str) -> String {
    format!(
        "network lan;
         vm host {{
           FromDevice(lan) -> Classifier(12/{ethertype}) -> {check} -> VXLANDecap(42) -> c :: Classifier(12/0806 20/0001, 12/0800);
           c -> ARPResponder(192.168.42.1 02:00:00:00:42:01) -> e :: VXLANEncap({ends}, 42, CHECKSUM true);
           c [1] -> CheckIPHeader(14) -> ICMPPingResponder -> EtherMirror -> e
             -> EtherEncap(0x{ethertype}, 02:00:00:00:09:01, 02:00:00:00:09:02) -> ToDevice(lan);
         }}
         chain lan <-> host;"
    )
}

#[test]
fn root_a_kernel_pings_through_its_vxlan_device() {
    for (ends, outside, check, ethertype) in [
        ("10.9.0.1, 10.9.0.2", "10.9.0.2/24 10.9.0.1", "CheckIPHeader(14)", "0800"),
        ("fd09::1, fd09::2", "fd09::2/64 fd09::1", "CheckIP6Header(OFFSET 14)", "86dd"),
    ] {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("tunnel.nf"), tunnel(ends, check, ethertype)).unwrap();
        std::fs::write(folder.path().join("ends"), format!("{outside}\n")).unwrap();
        pings(TUNNEL_SCRIPT, folder);
    }
}

#[test]
fn root_a_kernel_pings_with_jumbo_frames_through_its_vxlan_device() {
    let folder = TempDir::new().unwrap();
    let chain = tunnel("10.9.0.1, 10.9.0.2", "CheckIPHeader(14)", "0800").replace("vm host {", "vm host(mtu 9000) {");
    std::fs::write(folder.path().join("tunnel.nf"), chain).unwrap();
    std::fs::write(folder.path().join("ends"), "10.9.0.2/24 10.9.0.1\n").unwrap();
    let script = TUNNEL_SCRIPT
        .replace("ip link set tap0 up", "ip link set tap0 mtu 9200 up")
        .replace("-s 1300", "-M do -s 8972");
    pings(&script, folder);
}

#[test]
fn root_a_kernel_pings_a_kernel_through_the_bridge() {
    pings(SCRIPT, TempDir::new().unwrap());
}

/// Runs `script`, which pings twice, five times each.
fn pings(script: &str, folder: TempDir) {
    if !is_root() {
        println!("skipped: TAPs and network namespaces need root");
        return;
    }
    let (out, err) = run_in_own(script, folder.path());
    assert_eq!(out.matches("5 received").count(), 2, "{out}{err}");
}
