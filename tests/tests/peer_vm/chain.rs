// SPDX-License-Identifier: Apache-2.0
//! The VM under test: a tunnel of each kind between the host's network and the peer.

use std::fmt::Write;

/// A tunnel: its number is that of the peer's device, and of the inner networks, 10.7.N.0/24 and fd07:N::/64.
struct Tunnel {
    number: u8,
    /// Elements in front of the encapsulator, and what undoes them.
    before: &'static str,
    after: &'static str,
    /// Class and arguments.
    encap: &'static str,
    /// Whether it carries frames.
    ethernet: bool,
    /// Whether it is over IPv6.
    over_ipv6: bool,
}

const fn tunnel(number: u8, encap: &'static str, ethernet: bool, over_ipv6: bool) -> Tunnel {
    Tunnel { number, before: "", after: "", encap, ethernet, over_ipv6 }
}

const TUNNELS: [Tunnel; 13] = [
    tunnel(1, "VXLANEncap(10.9.0.1, 10.9.0.2, 1, MTU 1500)", true, false),
    tunnel(2, "GeneveEncap(10.9.0.1, 10.9.0.2, 2, MTU 1500)", true, false),
    tunnel(3, "GREEncap(10.9.0.1, 10.9.0.2, KEY 3, PROTOCOL ethernet, MTU 1500)", true, false),
    tunnel(4, "GREEncap(10.9.0.1, 10.9.0.2, KEY 4, CHECKSUM true, SEQUENCE true, MTU 1500)", false, false),
    tunnel(5, "IPTunnelEncap(10.9.0.1, 10.9.0.2, MTU 1500)", false, false),
    tunnel(6, "IPTunnelEncap(10.9.0.1, 10.9.0.2, MTU 1500)", false, false),
    tunnel(7, "IPTunnelEncap(fd09::1, fd09::2, MTU 1500)", false, true),
    tunnel(8, "GeneveEncap(fd09::1, fd09::2, 8, MTU 1500)", true, true),
    tunnel(9, "VXLANEncap(fd09::1, fd09::2, 9, MTU 1500)", true, true),
    tunnel(10, "GREEncap(fd09::1, fd09::2, KEY 10, PROTOCOL ethernet, MTU 1500)", true, true),
    tunnel(11, "MPLSUDPEncap(10.9.0.3, 10.9.0.2, 17, MTU 1500)", false, false),
    Tunnel {
        before: "VLANEncap(VLAN_ID 5) -> ",
        after: "VLANDecap -> ",
        ..tunnel(12, "GeneveEncap(10.9.0.1, 10.9.0.2, 12, MTU 1500)", true, false)
    },
    Tunnel {
        before: "VLANEncap(VLAN_ID 6) -> VLANEncap(VLAN_ID 5, ETHERTYPE 0x88a8) -> ",
        after: "VLANDecap(ETHERTYPE 0x88a8) -> VLANDecap -> ",
        ..tunnel(13, "GeneveEncap(10.9.0.1, 10.9.0.2, 13, MTU 1500)", true, false)
    },
];

/// What takes packets out, by what comes in: shared by all tunnels.
const DECAPSULATORS: &str = "
  w :: Classifier(12/0800, 12/86dd, -);
  FromDevice(wan) -> w;
  w [2] -> Discard;
  w [0] -> CheckIPHeader(14) -> IPReassembler
    -> v4 :: IPClassifier(dst udp port 4789, dst udp port 6081, ip proto 47, ip proto 4, ip proto 41, dst udp port 6635, -);
  v4 [0] -> v1 :: VXLANDecap(1) -> lan;
  v1 [1] -> VXLANDecap -> CheckIPHeader(14) -> ICMPPingResponder -> EtherMirror -> VXLANEncap(10.9.0.1, 10.9.0.2, ANY) -> o4;
  v4 [1] -> g2 :: GeneveDecap(2, PROTOCOL ethernet) -> lan;
  g2 [1] -> g12 :: GeneveDecap(12) -> VLANDecap -> lan;
  g12 [1] -> g13 :: GeneveDecap(13) -> VLANDecap(ETHERTYPE 0x88a8) -> VLANDecap -> lan;
  g13 [1] -> GeneveDecap -> CheckIPHeader(14) -> ICMPPingResponder -> EtherMirror -> GeneveEncap(10.9.0.1, 10.9.0.2, ANY) -> o4;
  v4 [2] -> gre3 :: GREDecap(3, PROTOCOL ethernet) -> lan;
  gre3 [1] -> GREDecap(4, PROTOCOL ip) -> ip;
  v4 [3] -> IPTunnelDecap -> ip;
  v4 [4] -> IPTunnelDecap -> ip;
  v4 [5] -> MPLSUDPDecap(16) -> ip;
  v4 [6] -> Discard;
  w [1] -> CheckIP6Header(OFFSET 14)
    -> v6 :: Classifier(20/11 56/12b5, 20/11 56/17c1, 20/2f, 20/3c, 20/04, 20/29, -);
  v6 [0] -> VXLANDecap(9, CHECKSUM true) -> lan;
  v6 [1] -> GeneveDecap(8, CHECKSUM true) -> lan;
  v6 [2] -> gre10 :: GREDecap(10) -> lan;
  v6 [3] -> t :: IPTunnelDecap -> ip;
  t [1] -> gre10;
  v6 [4] -> t;
  v6 [5] -> t;
  v6 [6] -> Discard;
";

/// The chain: a VM between `lan`, the host's network, and `wan`, the peer's.
pub fn tunnels() -> String {
    let mut patterns = Vec::new();
    let mut text = String::new();
    for tunnel in &TUNNELS {
        let Tunnel { number, before, after, encap, ethernet, over_ipv6 } = tunnel;
        let input = if *ethernet { format!("{before}e{number}") } else { format!("Strip(14) -> e{number}") };
        let of = |pattern: String| {
            patterns.push(pattern);
            patterns.len() - 1
        };
        tell(&mut text, tunnel, of, &input);
        let outer = if *over_ipv6 { "o6" } else { "o4" };
        let (protocol, back) = if *ethernet { ("ethernet", format!("{after}lan")) } else { ("ip", "ip".into()) };
        writeln!(text, "  e{number} :: {encap} -> {outer};").expect("text");
        writeln!(text, "  e{number} [1] -> b{number} :: PacketTooBig(PROTOCOL {protocol}) -> e{number};")
            .expect("text");
        writeln!(text, "  b{number} [1] -> {back};").expect("text");
    }
    format!(
        "network lan;\nnetwork wan;\nvm host {{
  lan :: ToDevice(lan);
  ip :: Classifier(0/40%f0, 0/60%f0);
  ip [0] -> EtherEncap(0x0800, 02:00:00:00:07:02, 02:00:00:00:07:01) -> lan;
  ip [1] -> EtherEncap(0x86dd, 02:00:00:00:07:02, 02:00:00:00:07:01) -> lan;
  wan :: ToDevice(wan);
  o4 :: EtherEncap(0x0800, 02:00:00:00:09:01, 02:00:00:00:09:02) -> wan;
  o6 :: EtherEncap(0x86dd, 02:00:00:00:09:01, 02:00:00:00:09:02) -> wan;
{DECAPSULATORS}
  FromDevice(lan) -> in :: Classifier({});
{text}}}\nchain lan <-> host <-> wan;\n",
        patterns.join(", ")
    )
}

/// Connects what the host sends in the networks of `tunnel`; where no frames go through it, neighbours are answered for.
fn tell(text: &mut String, tunnel: &Tunnel, mut of: impl FnMut(String) -> usize, input: &str) {
    let Tunnel { number, ethernet, .. } = tunnel;
    let (arp, ipv4) = (format!("12/0806 28/0a07{number:02x}"), format!("12/0800 26/0a07{number:02x}"));
    let ipv6 = format!("12/86dd 22/fd07{number:04}");
    let mut to = |output: usize, target: &str| writeln!(text, "  in [{output}] -> {target};").expect("text");
    if *ethernet {
        to(of(arp), input);
    } else {
        to(of(arp), &format!("ARPResponder(10.7.{number}.2 02:00:00:00:07:02) -> lan"));
        let solicitation = format!("{ipv6} 20/3aff 54/87");
        to(of(solicitation), &format!("IP6NDAdvertiser(fd07:{number}::2 02:00:00:00:07:02) -> lan"));
    }
    to(of(ipv4), input);
    to(of(ipv6), input);
}
