// SPDX-License-Identifier: Apache-2.0
//! The overlay examples, booted, with Linux's own vxlan devices at the other end of their tunnels.

use nf_elements::elements::ip6_nd_advertiser::{FRAME_BYTES, neighbor_message, write_frame};
use nf_elements::wire::ethernet::{Address, Ethernet};
use nf_elements::wire::icmpv6::{LinkOption, Type, write_neighbor};
use qemu::Kind;
use std::fmt::Write;
use tempfile::TempDir;
use tests::namespace::{is_root, run_in_own};
use tests::{Running, build_file, home};

/// What starts chains, and makes namespaces and what connects them.
const PRELUDE: &str = include_str!("overlays/prelude.sh");

/// Runs a script behind the prelude, if root may: what it prints.
fn run(script: &str) -> Option<String> {
    run_with("", script)
}

/// The same; `chain` is in the file `$CHAIN`.
fn run_with(chain: &str, script: &str) -> Option<String> {
    if !is_root() {
        println!("skipped: TAPs and network namespaces need root");
        return None;
    }
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("chain.nf"), chain).expect("the folder is writable");
    let (out, _) = run_in_own(&format!("CHAIN=$FOLDER/chain.nf\n{PRELUDE}{script}"), folder.path());
    Some(out)
}

/// Two VTEPs of Linux get what is for all; ARP, ND, big packets, and questions that are answered here.
const VTEP: &str = r#"
start examples/vtep.nf lan wan
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
start examples/vxlan-ip-gateway.nf lan wan internet
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

/// The underlay of a VTEP `v` at 192.0.2.1, a member of the group 239.1.1.42.
const UNDERLAY: &str = r#"
network wan;
vm vtep {
  FromDevice(wan) -> kind :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
  to_wan :: ToDevice(wan);
  arp :: ARPQuerier(192.0.2.1/24, 02:00:00:00:01:01);
  kind[0] -> ARPResponder(192.0.2.1 02:00:00:00:01:01) -> to_wan;
  kind[1] -> [1] arp;
  kind[2] -> Strip(14) -> CheckIPHeader -> to_us :: IPClassifier(dst udp port 4789, ip proto igmp, -);
  kind[3] -> Discard;
  to_us[0] -> v -> arp -> to_wan;
  to_us[1] -> m :: MulticastMember(192.0.2.1, 239.1.1.42) -> arp;
  to_us[2] -> Discard;
"#;

/// The bridge asks who is in a group, and passes what is for a group to its members only.
const GROUP: &str = r#"
start "$CHAIN" lan wan
host a lan 10.42.0.1/24
underlay two 192.0.2.2/24; underlay three 192.0.2.3/24
ip link set under type bridge mcast_snooping 1 mcast_igmp_version 3 mcast_startup_query_interval 100 mcast_querier 1
tcpdump -i wan -n -l igmp > "$FOLDER/igmp" 2> /dev/null &
watch=$!
for name in two three; do
  address=$(ip -n $name -4 -o address show dev eth0 | sed 's|.*inet \([0-9.]*\)/.*|\1|')
  ip -n $name link add vx42 type vxlan id 42 local $address group 239.1.1.42 dstport 4789 dev eth0
  ip -n $name address add 10.42.0.${address##*.}/24 dev vx42
  ip -n $name link set vx42 up
done
is_member() { bridge mdb show dev under | grep -q 'port wan grp 239.1.1.42'; }
soon is_member
echo 'member wan'
for to in 10.42.0.2 10.42.0.3; do pings a $to; done
pings three 10.42.0.1
was_asked() { [ "$(ctl vtep read m.queries)" -gt 0 ]; }
soon was_asked
kill $watch; wait $watch || true
cat "$FOLDER/igmp" >&2
grep -q '192.0.2.1 > 224.0.0.22: igmp v3 report' "$FOLDER/igmp" && echo 'reports of ours'
echo 'heard a query'
ctl vtep read v.remotes | cut -d' ' -f1 | sort
kill -INT $run; wait $run
"#;

#[test]
fn root_stations_find_each_other_by_a_group() {
    let chain = format!(
        "network lan;{UNDERLAY} v :: VTEP(192.0.2.1, access 42 1, flood 42 239.1.1.42);
         FromDevice(lan) -> [1] v [1] -> ToDevice(lan);\n}}\nchain lan <-> vtep <-> wan;\n"
    );
    let Some(out) = run_with(&chain, GROUP) else { return };
    for line in
        ["pinged 10.42.0.2", "pinged 10.42.0.3", "pinged 10.42.0.1", "member wan", "reports of ours", "heard a query"]
    {
        assert!(out.lines().any(|found| found == line), "{line}\n{out}");
    }
}

/// Networks of the next test, from 5001 on.
const NETWORKS: usize = 300;

/// A VXLAN device of Linux for each network, which asks our router in it.
const MANY: &str = r#"
start "$CHAIN" wan
underlay two 192.0.2.2/24
for number in $(seq 0 $((NETWORKS - 1))); do
  echo "link add vx$number type vxlan id $((5001 + number)) local 192.0.2.2 remote 192.0.2.1 dstport 4789 dev eth0"
  echo "address add 10.$((100 + number / 200)).$((number % 200)).2/24 dev vx$number"
  echo "link set vx$number up"
done > "$FOLDER/links"
ip -n two -batch "$FOLDER/links"
for number in $(seq 0 $((NETWORKS - 1))); do
  within two ping -c 1 -W 10 10.$((100 + number / 200)).$((number % 200)).254 > "$FOLDER/ping" && echo "network $number answers" || cat "$FOLDER/ping"
done
ctl vtep read v.networks | wc -l
kill -INT $run; wait $run
"#;

#[test]
fn root_hundreds_of_networks_answer() {
    let mut interfaces = String::new();
    for number in 0..NETWORKS {
        write!(interfaces, ", {} 10.{}.{}.254/24", 5001 + number, 100 + number / 200, number % 200).unwrap();
    }
    let chain = format!(
        "{UNDERLAY} v :: VTEP(192.0.2.1, TRUNK 1, GATEWAY 02:00:00:00:00:fe, flood 5001-{} 192.0.2.2);
         r :: VNIRouter(v, 02:00:00:00:00:fe{interfaces});
         v[1] -> r -> [1] v; Idle -> [1] r; r[1] -> Discard;\n}}\nchain wan <-> vtep;\n",
        5000 + NETWORKS
    );
    let Some(out) = run_with(&chain, &format!("NETWORKS={NETWORKS}\n{MANY}")) else { return };
    assert_eq!(out.matches(" answers\n").count(), NETWORKS, "{out}");
}

/// Our answer to a neighbor solicitation for the other VTEP.
fn advertisement(solicitation: &[u8]) -> Vec<u8> {
    let (ip, message) = neighbor_message(solicitation, Type::NeighborSolicitation).expect("a solicitation");
    let asked = message.target().expect("it has a target");
    let asker = Ethernet::new_checked(solicitation).expect("a frame").source();
    let mut frame = [0; FRAME_BYTES];
    write_frame(&mut frame, (Address::new(OTHER), asker), (asked, ip.source()), |message| {
        write_neighbor(message, Type::NeighborAdvertisement, 0x60, asked, LinkOption::Target, Address::new(OTHER));
    });
    frame.to_vec()
}

/// The packet in which the other end answers: addresses exchanged, outside and inside. No checksum changes by that.
fn returned(packet: &[u8]) -> Vec<u8> {
    let mut back = packet.to_vec();
    for (at, bytes) in [(0, 6), (14 + 8, 16), (INNER, 6)] {
        back[at..at + bytes].copy_from_slice(&packet[at + bytes..at + 2 * bytes]);
        back[at + bytes..at + 2 * bytes].copy_from_slice(&packet[at..at + bytes]);
    }
    back
}

/// The other VTEP's Ethernet address, and where the inner frame begins: behind Ethernet, IPv6, UDP and VXLAN.
const OTHER: [u8; 6] = [2, 0, 0, 0, 2, 2];
const INNER: usize = 14 + 40 + 8 + 8;

#[test]
fn the_gateway_makes_networks_of_vlans_over_ipv6() {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/vxlan-gateway.nf"), "gateway", folder.path());
    let gateway = Running::boot(&image, Kind::Pc, 2);
    let (host, far) = ([2, 0, 0, 0, 0, 0xa], [2, 0, 0, 0, 0, 0xb]);
    let rest = [&[0x88, 0xb5][..], &[7; 50]].concat();
    let pairs = (101..=200u16).map(|vlan| (vlan, u32::from(vlan) + 5000)).chain([(7, 42), (0, 1)]);
    for (index, (vlan, vni)) in pairs.enumerate() {
        let tag = [0x81, 0, (vlan >> 8) as u8, vlan as u8];
        let tag = if vlan == 0 { &[][..] } else { &tag[..] };
        gateway.send(0, &[&far[..], &host, tag, &rest].concat());
        if index == 0 {
            gateway.send(1, &advertisement(&gateway.receive(1)));
        }
        let packet = gateway.receive(1);
        assert_eq!(packet[INNER - 4..INNER - 1], vni.to_be_bytes()[1..], "VLAN {vlan}");
        assert_eq!(packet[INNER..], [&far[..], &host, &rest].concat());
        gateway.send(1, &returned(&packet));
        assert_eq!(gateway.receive(0), [&host[..], &far, tag, &rest].concat(), "VLAN {vlan}");
    }
    gateway.power_off();
}
