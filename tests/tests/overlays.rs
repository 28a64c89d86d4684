// SPDX-License-Identifier: Apache-2.0
//! The overlay examples, booted, with Linux's own vxlan devices at the other end of their tunnels.

use std::process::Command;
use tempfile::TempDir;
use tests::{home, sluice};

/// Starts `examples/$1.nf` on TAPs named like its networks, and makes namespaces and what connects them. `$SLUICE` is the command.
const PRELUDE: &str = r#"
set -eu
mount -t tmpfs none /run
mount -t sysfs none /sys                      # the one that shows this namespace's devices
export SLUICE_RUN_DIR="$FOLDER/run"
run=
trap 'kill $run 2>/dev/null || true; wait; cat "$FOLDER/said" >&2' EXIT

# start EXAMPLE NETWORK ...: boots it, its networks at TAPs of these names
start() {
  example=$1; shift; taps=
  for network in "$@"; do ip tuntap add $network mode tap; taps="$taps --tap $network=$network"; done
  "$SLUICE" run examples/$example.nf --accel tcg $taps 2> "$FOLDER/said" > "$FOLDER/report" &
  run=$!
  for network in "$@"; do
    until grep -q "port $network" "$FOLDER/said"; do kill -0 $run; sleep 0.05; done
    ip link set $network up
  done
}
# space NAME: a network namespace
space() { ip netns add $1; ip -n $1 link set lo up; }
# underlay NAME ADDRESS: a namespace at the bridge `under`, with that address
underlay() {
  ip link show under > /dev/null 2>&1 || { ip link add under type bridge; ip link set under up; ip link set wan master under; }
  space $1
  ip link add to-$1 master under up type veth peer name eth0 netns $1
  ip -n $1 address add $2 dev eth0 $(case $2 in *:*) echo nodad;; esac)
  ip -n $1 link set eth0 up
}
# vtep NAME VNI LOCAL OVERLAY REMOTE ...: Linux's VTEP there, with an address in the network
vtep() {
  name=$1; vni=$2; local=$3; inner=$4; shift 4
  ip -n $name link add vx$vni type vxlan id $vni local $local dstport 4789 dev eth0
  for remote in "$@"; do bridge -n $name fdb append 00:00:00:00:00:00 dev vx$vni dst $remote; done
  for address in $inner; do ip -n $name address add $address dev vx$vni $(case $address in *:*) echo nodad;; esac); done
  ip -n $name link set vx$vni up
}
# host NAME DEVICE ADDRESSES: a host behind a TAP
host() {
  space $1; ip link set $2 netns $1
  for address in $3; do ip -n $1 address add $address dev $2 $(case $address in *:*) echo nodad;; esac); done
  ip -n $1 link set $2 up
}
within() { ip netns exec "$@"; }
pings() { within $1 ping -c 3 -i 0.2 -W 30 ${3-} $2 | tee "$FOLDER/ping" >&2; grep -q '3 received' "$FOLDER/ping"; echo "pinged $2"; }
ctl() { "$SLUICE" ctl "$@"; }
"#;

/// Runs a script behind the prelude, if root may: what it prints.
fn run(script: &str) -> Option<String> {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    if id.stdout != b"0\n" {
        println!("skipped: TAPs and network namespaces need root");
        return None;
    }
    let folder = TempDir::new().unwrap();
    let program = sluice().get_program().to_owned();
    let run = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", &format!("{PRELUDE}{script}")])
        .current_dir(home())
        .env("SLUICE", program)
        .env("FOLDER", folder.path())
        .output()
        .expect("unshare runs");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}{err}");
    Some(out.into_owned())
}

/// Two VTEPs of Linux get what is for all; ARP, ND, big packets, and questions that are answered here.
const VTEP: &str = r#"
start vtep lan wan
host a lan '10.42.0.1/24 fd42::1/64'
underlay two 192.0.2.2/24; vtep two 42 192.0.2.2 '10.42.0.2/24 fd42::2/64' 192.0.2.1 192.0.2.3
underlay three 192.0.2.3/24; vtep three 42 192.0.2.3 '10.42.0.3/24 fd42::3/64' 192.0.2.1 192.0.2.2
within two ping -c 1 -W 30 192.0.2.1 > /dev/null && echo 'the underlay answers'
for to in 10.42.0.2 10.42.0.3 fd42::2 fd42::3; do pings a $to; done
pings three 10.42.0.1
within a ping -c 2 -W 2 -M do -s 1472 10.42.0.2 2>&1 | grep -o -m 1 'mtu *= *1450' || true
pings a 10.42.0.2 '-M dont -s 1472'
within a ping -c 2 -W 2 -M do -s 1452 fd42::2 2>&1 | grep -o -i -m 1 'mtu *= *1450' || true
ctl vtep write v.neighbor_add '42 10.42.0.9 02:00:00:00:42:09'
within two timeout 2 tcpdump -i vx42 -n -c 1 'arp host 10.42.0.9' > "$FOLDER/arp" 2>/dev/null &
watch=$!
sleep 0.5
within a ping -c 1 -W 1 10.42.0.9 > /dev/null || true
ip -n a neighbour show 10.42.0.9 | grep -o 'lladdr 02:00:00:00:42:09'
wait $watch || true
grep -q ARP "$FOLDER/arp" || echo 'no question crossed'
ctl vtep read v.suppressed
ctl vtep read v.remotes | cut -d' ' -f1 | sort
kill -INT $run; wait $run
"#;

#[test]
fn root_the_vtep_joins_two_of_linux() {
    let Some(out) = run(VTEP) else { return };
    let pinged = ["10.42.0.2", "10.42.0.3", "fd42::2", "fd42::3", "10.42.0.1"];
    let mut wanted: Vec<String> = vec!["the underlay answers".into()];
    wanted.extend(pinged.map(|to| format!("pinged {to}")));
    wanted.extend(["lladdr 02:00:00:00:42:09", "no question crossed", "192.0.2.2", "192.0.2.3"].map(String::from));
    for line in wanted {
        assert!(out.lines().any(|found| found == line), "{line}\n{out}");
    }
    assert_eq!(out.to_lowercase().replace(' ', "").matches("mtu=1450").count(), 2, "{out}");
    assert_eq!(out.lines().filter(|line| *line == "pinged 10.42.0.2").count(), 2, "fragments pass, too\n{out}");
}

/// Networks 10 and 20, each with a host here and one behind Linux's VTEP; a router outside.
const IP_GATEWAY: &str = r#"
start vxlan-ip-gateway lan wan internet
host a lan '10.0.10.1/24 2001:db8:10::1/64'
ip -n a route add default via 10.0.10.254; ip -n a -6 route add default via 2001:db8:10::fe
underlay two 192.0.2.2/24; vtep two 20 192.0.2.2 '10.0.20.2/24 2001:db8:20::2/64' 192.0.2.1
ip -n two route add default via 10.0.20.254; ip -n two -6 route add default via 2001:db8:20::fe
host out internet '203.0.113.1/24 203.0.113.2/24 198.51.100.1/32'
ip -n out route add 10.0.0.0/8 via 203.0.113.254
for to in 10.0.10.254 10.0.20.2 2001:db8:20::2 198.51.100.1; do pings a $to; done
within a ping -c 1 -W 30 10.0.20.2 | grep -o 'ttl=63'
pings two 10.0.10.1
pings out 10.0.20.2
within a ping -c 1 -W 5 -t 1 10.0.20.2 | grep -o 'Time to live exceeded'
within a ping -c 1 -W 5 -t 1 2001:db8:20::2 | grep -o 'Time exceeded: Hop limit'
within a ping -c 1 -W 10 10.0.20.77 | grep -o 'Destination Host Unreachable'
within a ping -c 2 -W 2 -M do -s 1472 10.0.20.2 2>&1 | grep -o -m 1 'mtu *= *1450' || true
ctl gateway read r.forwarded
kill -INT $run; wait $run
"#;

#[test]
fn root_the_ip_gateway_routes_between_networks() {
    let Some(out) = run(IP_GATEWAY) else { return };
    let pinged =
        ["10.0.10.254", "10.0.20.2", "2001:db8:20::2", "198.51.100.1", "10.0.10.1"].map(|to| format!("pinged {to}"));
    let others = ["ttl=63", "Time to live exceeded", "Time exceeded: Hop limit", "Destination Host Unreachable"];
    for line in pinged.into_iter().chain(others.map(String::from)) {
        assert!(out.lines().any(|found| found == line), "{line}\n{out}");
    }
    assert!(out.replace(' ', "").contains("mtu=1450"), "{out}");
}
