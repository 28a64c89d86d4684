// SPDX-License-Identifier: Apache-2.0
//! What comes out of captured tunnels: for each frame the inner bytes that another decoder found.
#![cfg(feature = "host")]

use nf_elements::elements::{GeneveDecap, GreDecap, IpTunnelDecap, VxlanDecap, gre_decap, vxlan_encap};
use nf_elements::testing::{ListIo, packet};
use nf_elements::tunnel::Decapsulator;
use nf_elements::{DATA_BYTES, HEADROOM_BYTES, Packet, Route};
use pcap_file::pcap::PcapReader;
use std::fs::{self, File};
use std::path::Path;

/// Tunnels in tunnels that are looked into.
const MOST_LAYERS: usize = 6;

/// What came out of one tunnel.
#[derive(Debug)]
struct Layer {
    kind: String,
    network: u32,
    inner: Vec<u8>,
}

/// The IP packet of a frame: behind Ethernet with its tags, Linux's cooked header (113), MPLS labels, or nothing.
fn ip_of(link: u32, frame: &[u8]) -> Option<&[u8]> {
    let mut at = match link {
        1 => 12,
        113 => 14,
        _ => return Some(frame),
    };
    loop {
        let ethertype = frame.get(at..at + 2)?;
        at += 2;
        match ethertype {
            [0x81, 0] | [0x88, 0xa8] => at += 2,
            [0x88, 0x47] => {
                while frame.get(at + 2)? & 1 == 0 {
                    at += 4;
                }
                return frame.get(at + 4..);
            }
            [8, 0] | [0x86, 0xdd] => return frame.get(at..),
            _ => return None,
        }
    }
}

/// Lets `element` take the inner packet out of `ip`.
fn taken<E: Route>(mut element: E, ip: &[u8]) -> Option<Packet> {
    let mut packet = packet(ip);
    packet.set_network(0, 20);
    (element.route(&mut ListIo::new(0), 0, &mut packet) == Some(0)).then_some(packet)
}

/// The tunnels of an IP packet, from the outside in.
fn layers(mut ip: Vec<u8>) -> Vec<Layer> {
    let mut layers = Vec::new();
    while layers.len() < MOST_LAYERS && ip.len() <= DATA_BYTES - HEADROOM_BYTES {
        let version = ip.first().map_or(0, |first| first >> 4);
        let of = |protocols| Decapsulator::new(protocols, false, false);
        let port = match version {
            4 => ip.get(usize::from(ip[0] & 15) * 4 + 2..),
            _ => ip.get(42..),
        };
        let port = port.and_then(|port| port.first_chunk()).map_or(0, |port| u16::from_be_bytes(*port));
        let (kind, out) = if let Some(out) = taken(IpTunnelDecap::new(of(&[4])), &ip) {
            (format!("4in{version}"), out)
        } else if let Some(out) = taken(IpTunnelDecap::new(of(&[41])), &ip) {
            (format!("6in{version}"), out)
        } else if let Some(out) = taken(GreDecap::new(of(&[47]), gre_decap::Key::Any, None), &ip) {
            ("gre".into(), out)
        } else if port == 6081
            && let Some(out) = taken(GeneveDecap::new(of(&[17]), None, None), &ip)
        {
            ("geneve".into(), out)
        } else if let Some(out) = taken(VxlanDecap::new(of(&[17]), None, vxlan_encap::Carried::Plain), &ip) {
            ("vxlan".into(), out)
        } else {
            break;
        };
        let inner = out.data().to_vec();
        // What is in it: an IP packet, or a frame with one.
        ip = match inner.first().map(|first| first >> 4) {
            Some(4 | 6) if kind != "vxlan" => inner.clone(),
            _ => ip_of(1, &inner).unwrap_or(&[]).to_vec(),
        };
        layers.push(Layer { kind, network: out.annotations().aggregate, inner });
    }
    layers
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Whether one of `layers` is what `expected` says.
fn is_there(expected: &serde_json::Value, layers: &[Layer]) -> bool {
    // Of a packet that the other decoder calls malformed nothing is expected.
    let Some(inner) = expected["inner"].as_str() else { return true };
    let inner = bytes(inner);
    let network = match (&expected["vni"], &expected["key"]) {
        (serde_json::Value::Number(vni), _) => vni.as_u64().unwrap() as u32,
        (_, serde_json::Value::String(key)) => u32::from_str_radix(key, 16).unwrap(),
        _ => 0,
    };
    layers.iter().any(|layer| expected["kind"] == layer.kind && layer.network == network && layer.inner == inner)
        // Marked for congestion outside, so inside too (RFC 6040), where the other decoder changes nothing.
        || expected["frame"] == 1 && expected["stack"] == "eth:ethertype:mpls:ipv6:ipv6:ip" && layers.len() == 1
}

#[test]
fn captured_tunnels_open() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tunnels");
    let text = fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    let (mut found, mut left, mut wrong) = (0, Vec::new(), Vec::new());
    for (name, frames) in &expected {
        let mut reader = PcapReader::new(File::open(folder.join(name)).unwrap()).unwrap();
        let link = u32::from(reader.header().datalink);
        let mut captured = Vec::new();
        while let Some(Ok(packet)) = reader.next_raw_packet() {
            captured.push(packet.data.into_owned());
        }
        for frame in frames.as_array().unwrap() {
            let number = frame["frame"].as_u64().unwrap() as usize;
            let ip = ip_of(link, &captured[number - 1]).unwrap_or(&[]);
            let layers = layers(ip.to_vec());
            let cut_short = frame["truncated"] == true || ip.len() > DATA_BYTES - HEADROOM_BYTES;
            match (is_there(frame, &layers), cut_short) {
                (true, _) => found += 1,
                // Captured in part, or longer than a buffer: nothing may come out that is something else.
                (false, true) if layers.is_empty() => left.push(format!("{name} {number}")),
                _ => wrong.push(format!("{name} {number}: {} wanted, {layers:02x?} found", frame["kind"])),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {found} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((found, left.len()), (829, 7), "{left:?}");
}
