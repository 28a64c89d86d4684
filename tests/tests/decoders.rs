// SPDX-License-Identifier: Apache-2.0
//! What tshark and tcpdump, which are not ours, read in the packets of our tunnels.

use nf_elements::elements::mpls_udp_encap::Labelled;
use nf_elements::elements::vxlan_encap::Carried;
use nf_elements::elements::{
    GeneveEncap, GreEncap, IpTunnelEncap, MplsUdpEncap, NvgreEncap, SttEncap, VxlanEncap, stt_encap,
};
use nf_elements::testing::{Collected, ListIo, packet};
use nf_elements::tunnel::{DontFragment, Encapsulator, Ends, Network, Payload, Udp, Underlay};
use nf_elements::wire::checksum::Sum;
use nf_elements::wire::{geneve, gre, mpls, vxlan};
use nf_elements::{Push, Route};
use pcap_file::pcap::{PcapPacket, PcapWriter};
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const V4: Ends = Ends::V4([192, 0, 2, 1], [198, 51, 100, 1]);
const V6: Ends = Ends::V6(
    [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
);
/// TTL of inner and outer packets.
const TTL: u8 = 64;

fn outer(ends: Ends, protocol: u8, port: Option<u16>) -> Encapsulator {
    let udp = port.map(|destination| Udp { source: None, destination, checksum: true });
    let dont_fragment = DontFragment::Copied;
    Encapsulator::new(
        Underlay { ends, protocol, udp, ttl: TTL, dscp: None, dont_fragment, identification: 1 },
        1500,
        false,
    )
}

/// An IPv4 packet with a UDP datagram of `length` bytes to the discard port.
fn ipv4(length: usize) -> Vec<u8> {
    let total = (28 + length) as u16;
    let mut header = [0x45, 0, 0, 0, 0, 1, 0, 0, TTL, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    header[2..4].copy_from_slice(&total.to_be_bytes());
    let checksum = Sum::new().with(&header).checksum();
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    [header.as_slice(), &datagram(&[10, 0, 0, 1, 10, 0, 0, 2], length)].concat()
}

fn ipv6(length: usize) -> Vec<u8> {
    let addresses =
        [[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]]
            .concat();
    let [high, low] = ((8 + length) as u16).to_be_bytes();
    [&[0x60, 0, 0, 0, high, low, 17, TTL], addresses.as_slice(), &datagram(&addresses, length)].concat()
}

fn datagram(addresses: &[u8], length: usize) -> Vec<u8> {
    let total = (8 + length) as u16;
    let [high, low] = total.to_be_bytes();
    let mut bytes = [&[0x80, 0, 0, 9, high, low, 0, 0], vec![7; length].as_slice()].concat();
    let sum = Sum::new().with(addresses).with_field(17).with_field(total).with(&bytes).checksum();
    bytes[6..8].copy_from_slice(&sum.to_be_bytes());
    bytes
}

fn frame(tags: &[u8], ethertype: u16, ip: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1], tags, &ethertype.to_be_bytes(), ip].concat()
}

/// What goes through tunnels of frames, and what tshark calls it.
fn frames() -> [(Vec<u8>, &'static str); 4] {
    [
        (frame(&[], 0x0800, &ipv4(100)), "eth:ethertype:ip:udp:data"),
        (frame(&[], 0x86dd, &ipv6(1)), "eth:ethertype:ipv6:udp:data"),
        (frame(&[0x81, 0, 0, 5], 0x0800, &ipv4(1300)), "eth:ethertype:vlan:ethertype:ip:udp:data"),
        (
            frame(&[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6], 0x0800, &ipv4(0)),
            "eth:ethertype:ieee8021ad:ethertype:vlan:ethertype:ip:udp",
        ),
    ]
}

fn packets() -> [(Vec<u8>, &'static str); 2] {
    [(ipv4(100), "ip:udp:data"), (ipv6(33), "ipv6:udp:data")]
}

/// Frames on the underlay, each with the protocols that must be found in it.
#[derive(Default)]
struct Captured(Vec<(Vec<u8>, String)>);

impl Captured {
    fn add(&mut self, outer: &[u8], protocols: String) {
        let is_ipv6 = outer[0] >> 4 == 6;
        let (ethertype, ip) = if is_ipv6 { (0x86dd, "ipv6") } else { (0x0800, "ip") };
        self.0.push((frame(&[], ethertype, outer), format!("eth:ethertype:{ip}:{protocols}")));
    }

    /// What `element` makes of `inner`.
    fn through<E: Route>(&mut self, mut element: E, inner: &[(Vec<u8>, &str)], tunnel: &str) {
        for (bytes, protocols) in inner {
            let mut packet = packet(bytes);
            assert_eq!(element.route(&mut ListIo::new(0), 0, &mut packet), Some(0));
            self.add(packet.data(), format!("{tunnel}:{protocols}"));
        }
    }

    fn through_stt(&mut self, ends: Ends) {
        let ports = stt_encap::Ports { source: None, destination: 7471 };
        let mut element = SttEncap::new(outer(ends, 6, None), Some(7), ports, true, false);
        let big = (frame(&[], 0x0800, &ipv4(1700)), "eth:ethertype:ip:udp:data");
        for (bytes, protocols) in frames().into_iter().chain([big]) {
            let mut out = Collected::<1>::default();
            element.push(&mut ListIo::new(0), 0, packet(&bytes), &mut out);
            let last = out.0.len() - 1;
            for (index, (_, segment)) in out.0.iter().enumerate() {
                // The outermost tag is in STT's header, and a frame is found where its last segment is.
                let inner =
                    if index == last { protocols.replace("eth:ethertype:vlan:", "eth:") } else { "data".into() };
                self.add(segment.data(), format!("stt:{inner}"));
            }
        }
    }

    fn write(&self, path: &Path) {
        let mut writer = PcapWriter::new(File::create(path).expect("a file")).expect("a capture");
        for (number, (frame, _)) in self.0.iter().enumerate() {
            let packet = PcapPacket::new(Duration::from_millis(number as u64), frame.len() as u32, frame);
            writer.write_packet(&packet).expect("a frame");
        }
    }
}

/// One frame or more of every kind.
fn captured() -> Captured {
    let mut all = Captured::default();
    let (frames, packets) = (frames(), packets());
    for ends in [V4, V6] {
        let network = Network(Some(42));
        let vxlan = |carried, port| VxlanEncap::new(outer(ends, 17, Some(port)), network, carried);
        all.through(vxlan(Carried::Plain, vxlan::PORT), &frames, "udp:vxlan");
        // tshark does not name VXLAN-GPE among the protocols, but reads what is in it.
        all.through(vxlan(Carried::Ethernet, vxlan::GPE_PORT), &frames, "udp");
        all.through(vxlan(Carried::Ip, vxlan::GPE_PORT), &packets, "udp");
        let options = [1, 2, 3, 1, 9, 9, 9, 9];
        let geneve = |payload, options: &[u8]| {
            GeneveEncap::new(outer(ends, 17, Some(geneve::PORT)), network, payload, options, false)
        };
        all.through(geneve(Payload::Ethernet, &options), &frames, "udp:geneve");
        all.through(geneve(Payload::Ip, &[]), &packets, "udp:geneve");
        let gre = |payload, key| GreEncap::new(outer(ends, gre::PROTOCOL, None), payload, key, key.is_some(), true);
        all.through(gre(Payload::Ethernet, Some(7)), &frames, "gre");
        all.through(gre(Payload::Ip, None), &packets, "gre");
        all.through(NvgreEncap::new(outer(ends, gre::PROTOCOL, None), Some(5000), None), &frames, "gre");
        all.through(IpTunnelEncap::new(outer(ends, 4, None)), &packets, "");
        let labelled =
            |labelled| MplsUdpEncap::new(outer(ends, 17, Some(mpls::PORT)), &[16, 17], false, labelled, None, None);
        all.through(labelled(Labelled::Ip), &packets, "udp:mpls");
        all.through_stt(ends);
    }
    all
}

/// What a decoder prints about a capture.
fn said(command: &mut Command) -> String {
    let output = command.output().expect("it runs (scripts/install-missing tshark=tshark tcpdump=tcpdump)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// tshark on a capture, with checksums checked.
fn tshark(path: &Path) -> Command {
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(path);
    for protocol in ["ip", "udp", "tcp"] {
        tshark.args(["-o", &format!("{protocol}.check_checksum:TRUE")]);
    }
    tshark
}

#[test]
fn tshark_reads_what_our_tunnels_write() {
    let (folder, captured) = (TempDir::new().expect("a folder"), captured());
    let path = folder.path().join("tunnels.pcap");
    captured.write(&path);
    let fields = ["frame.protocols", "_ws.malformed", "_ws.expert"].map(|field| ["-e", field]);
    // STT is tried only where nobody else takes a segment.
    let stt = ["--enable-heuristic", "stt_ip", "--disable-protocol", "tcp"];
    let said_of_all =
        said(tshark(&path).args(stt).args(["-T", "fields", "-E", "separator=;"]).args(fields.as_flattened()));
    let found: Vec<&str> = said_of_all.lines().collect();
    assert_eq!(found.len(), captured.0.len());
    for (number, (line, (_, wanted))) in found.iter().zip(&captured.0).enumerate() {
        assert_eq!(**line, format!("{};;", wanted.replace("::", ":")), "frame {}", number + 1);
    }
    // STT's checksum is TCP's. (Its dissector calls a sum of 0 over all bytes, which is right, a bad one.)
    let intact = said(tshark(&path).args(["-Y", "tcp.checksum.status == Good", "-T", "fields", "-e", "tcp.dstport"]));
    let segments = captured.0.iter().filter(|(_, protocols)| protocols.contains(":stt:")).count();
    assert_eq!(intact.lines().collect::<Vec<_>>(), vec!["7471"; segments]);
}

#[test]
fn tcpdump_reads_what_our_tunnels_write() {
    let (folder, captured) = (TempDir::new().expect("a folder"), captured());
    let path = folder.path().join("tunnels.pcap");
    captured.write(&path);
    let said = said(Command::new("tcpdump").arg("-r").arg(&path).args(["-n", "-vv"]));
    for complaint in ["bad", "invalid", "[|", "incorrect", "unknown", "malformed"] {
        assert!(!said.contains(complaint), "{complaint}: {said}");
    }
    for tunnel in ["VXLAN", "Geneve", "GREv0", "MPLS", "IP (", "IP6 ("] {
        assert!(said.contains(tunnel), "{tunnel}: {said}");
    }
}
