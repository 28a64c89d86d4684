// SPDX-License-Identifier: Apache-2.0
//! Real peers: a Linux VM with tunnels of its own at the other end of ours, and what goes through them.

#[path = "peer_vm/chain.rs"]
mod chain;
#[path = "peer_vm/linux.rs"]
mod linux;

use linux::{Peer, PeerRun};

/// Networks of VXLAN and of Geneve, each with a device of its own.
const NETWORKS: usize = 150;

#[test]
fn root_a_linux_vm_talks_through_every_tunnel() {
    let peer = Peer {
        modules: &[
            "virtio_pci",
            "virtio_net",
            "vxlan",
            "geneve",
            "ip_gre",
            "ip6_gre",
            "ipip",
            "sit",
            "ip6_tunnel",
            "8021q",
            "fou",
            "mpls_router",
            "mpls_iptunnel",
        ],
        programs: &["bin/ip", "bin/ping", "usr/bin/iperf3"],
        files: &[],
        script: concat!("NETWORKS=150\n", include_str!("peer_vm/tunnels.sh")),
    };
    let chain = chain::tunnels();
    let Some(run) = PeerRun::of(&peer, &chain, include_str!("peer_vm/tunnels-host.sh")) else { return };
    assert!(run.ok("1 IPv4 iperf3 TCP") && run.failures().is_empty(), "{}\n{}", run.failures().join("\n"), run.said);
    assert!(run.ok(&format!("20 of {NETWORKS} networks")) && run.ok(&format!("21 of {NETWORKS} networks")));
    assert_eq!(run.complaints(), [""; 0], "of tshark, about our frames");
}

#[test]
fn root_open_vswitch_talks_through_vxlan_geneve_and_gre() {
    let peer = Peer {
        modules: &["virtio_pci", "virtio_net", "tun"],
        programs: &[
            "bin/ip",
            "bin/ping",
            "usr/bin/ovsdb-tool",
            "usr/sbin/ovsdb-server",
            "usr/bin/ovs-vsctl",
            "usr/bin/ovs-appctl",
            "usr/lib/openvswitch-switch/ovs-vswitchd",
        ],
        files: &["usr/share/openvswitch/vswitch.ovsschema"],
        script: include_str!("peer_vm/ovs.sh"),
    };
    let Some(run) = PeerRun::of(&peer, &chain::tunnels(), include_str!("peer_vm/ovs-host.sh")) else { return };
    assert!(run.ok("10 from the host") && run.failures().is_empty(), "{}\n{}", run.failures().join("\n"), run.said);
    assert_eq!(run.complaints(), [""; 0], "of tshark, about our frames");
}
