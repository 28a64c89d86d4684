// SPDX-License-Identifier: Apache-2.0
//! The words that an IPv6 packet shows to a [`Diagram`](super::Diagram) of [`of_ipv6`](super::of_ipv6) patterns.

use crate::Packet;
use crate::filter::Words;
use crate::filter::field::{DESTINATION_PORT, FLAGS, Far, NEAR, PROTOCOL, SOURCE_PORT, STATE};
use crate::filter::words::padded_word;
use crate::wire::ipv6::{HEADER_BYTES, behind_extensions};

/// An IPv6 packet's header words: the ports, the protocol behind extension headers and the length of its header, that header's fourth
/// word; further ones where a diagram's list says. In a fragment transport words are 0.
pub struct Ip6Words<'a> {
    near: [u32; NEAR],
    tag: &'a [u8],
    network: &'a [u8],
    transport: &'a [u8],
}

impl<'a> Ip6Words<'a> {
    /// The words of a packet whose network header is known.
    pub fn of(packet: &'a Packet) -> Option<Self> {
        let offset = usize::from(packet.annotations().network_offset).checked_sub(packet.headroom());
        match offset {
            Some(offset) => Ip6Words::new(packet.data(), offset),
            None => Ip6Words::new(packet.network(), 0),
        }
    }

    /// The words of the packet at `offset` of a frame. None without a whole header.
    pub fn new(frame: &'a [u8], offset: usize) -> Option<Self> {
        let network = frame.get(offset..)?;
        let header: &[u8; HEADER_BYTES] = network.first_chunk()?;
        if header[0] >> 4 != 6 {
            return None;
        }
        let (protocol, transport) = behind_extensions(header[6], &network[HEADER_BYTES..]);
        let ports = padded_word(transport, 0);
        let mut near = [0; NEAR];
        near[usize::from(SOURCE_PORT)] = ports >> 16;
        near[usize::from(DESTINATION_PORT)] = ports & 0xffff;
        near[usize::from(PROTOCOL)] = u32::from(protocol) << 8 | transport.len().min(255) as u32;
        near[usize::from(FLAGS)] = padded_word(transport, 12);
        let tag = offset.checked_sub(6).and_then(|start| frame.get(start..offset)).unwrap_or(&[]);
        Some(Ip6Words { near, tag, network, transport })
    }

    /// The same, of which a connection tracker said this.
    pub fn with_state(mut self, state: u8) -> Self {
        self.near[usize::from(STATE)] = state.into();
        self
    }
}

impl Words for Ip6Words<'_> {
    fn near(&self) -> &[u32; NEAR] {
        &self.near
    }

    fn far(&self, place: u16) -> u32 {
        match Far::decode(place) {
            Far::Network(offset) => padded_word(self.network, offset.into()),
            Far::Transport(offset) => padded_word(self.transport, offset.into()),
            Far::Vlan => padded_word(self.tag, 0),
            Far::NetworkLength => self.network.len() as u32,
        }
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::filter::{compile_rules, of_ipv6, parse_pattern};

    /// TCP from port 1025 to 80, SYN, behind a hop-by-hop header; traffic class 0xb8, hop limit 9, VLAN 7.
    fn frame() -> Vec<u8> {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 7, 0x86, 0xdd];
        frame.extend([0x6b, 0x80, 0, 0, 0, 28, 0, 9]);
        frame.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1].repeat(2));
        frame.extend([6, 0, 1, 4, 0, 0, 0, 0]);
        frame.extend([4, 1, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]);
        frame
    }

    fn matches(pattern: &str, frame: &[u8]) -> bool {
        let pattern = of_ipv6(&parse_pattern(pattern).unwrap_or_else(|errors| panic!("{pattern}: {errors:?}")));
        let diagram = compile_rules([(&pattern, 0)]).unwrap().leak();
        diagram.walk(&Ip6Words::new(frame, 18).unwrap()) == 0
    }

    #[test]
    fn tests_hold_for_both_families_where_they_can() {
        for holds in [
            "ip6",
            "tcp",
            "tcp port 80",
            "dst port 80",
            "src port 1025 and tcp opt syn",
            "ip proto 6",
            "ip vers 6",
            "ip ttl 9",
            "ip dscp 46",
            "ip tos 0xb8",
            "vlan 7",
            "tcp win 0",
            "not src host 10.0.0.1",
            "tcp && !(dst port 81)",
            "true",
            "src net 10.0.0.0/8 or ip6",
            "tcp port 81 ? false : ip6",
        ] {
            assert!(matches(holds, &frame()), "{holds}");
        }
        for not in [
            "udp",
            "src port 80",
            "tcp port 81",
            "ip vers 4",
            "host 10.0.0.1",
            "net 0.0.0.0/0",
            "ip frag",
            "ip id 0",
            "ip ttl 8",
            "icmp",
            "vlan 8",
            "not ip6",
        ] {
            assert!(!matches(not, &frame()), "{not}");
        }
    }

    #[test]
    fn fragments_and_short_packets_have_no_ports() {
        let mut fragment = frame();
        fragment[24] = 44;
        assert!(matches("tcp", &fragment) && !matches("tcp port 80", &fragment) && !matches("port 0", &fragment));
        let short = &frame()[..18 + 40 + 8 + 3];
        assert!(matches("tcp", short) && !matches("tcp port 80", short));
        assert!(Ip6Words::new(&frame()[..57], 18).is_none());
    }

    #[test]
    fn ip6_holds_for_no_ipv4_packet() {
        let pattern = parse_pattern("ip6").unwrap();
        let packet = crate::testing::packet(&[&[0x45][..], &[0; 19]].concat());
        let mut packet = packet;
        packet.set_network(0, 20);
        let diagram = compile_rules([(&pattern, 0)]).unwrap().leak();
        assert_ne!(diagram.walk(&crate::filter::IpWords::new(&packet, true).unwrap()), 0);
    }
}
