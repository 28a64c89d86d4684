// SPDX-License-Identifier: Apache-2.0
//! What an outer header takes from the packet in it, and what taking out changes there.

use crate::Packet;
use crate::flow_table::{FlowKey, flow_hash};
use crate::wire::ipv4_edit::Ipv4Mut;
use crate::wire::{ipv4, ipv6};

/// What a tunnel carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner {
    /// Ethernet frames.
    Ethernet,
    /// IPv4 and IPv6 packets.
    Ip,
    /// Something else, which is not looked into.
    Opaque,
}

/// The fields of an inner IP header that concern the outer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// DSCP and ECN; 0 without IP.
    pub tos: u8,
    /// IPv4's flag don't fragment; IPv6 packets, which no router fragments, have it.
    pub dont_fragment: bool,
}

impl Inner {
    /// Where the IP header of `packet` begins, if it has one.
    #[inline]
    pub fn ip_offset(self, packet: &[u8]) -> Option<usize> {
        match self {
            Inner::Ip => Some(0),
            Inner::Opaque => None,
            Inner::Ethernet => {
                let ethertype =
                    |at: usize| packet.get(at..at + 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
                let mut at = 12;
                while matches!(ethertype(at)?, 0x8100 | 0x88a8) && at < 20 {
                    at += 4;
                }
                matches!(ethertype(at)?, 0x0800 | 0x86dd).then_some(at + 2)
            }
        }
    }

    /// The fields of the packet's IP header; of none the default.
    #[inline]
    pub fn fields(self, packet: &[u8]) -> Fields {
        let header = self.ip_offset(packet).and_then(|at| packet.get(at..));
        match header.and_then(|header| header.first_chunk()) {
            Some(&[first, second, _, _, _, _, flags, _]) if first >> 4 == 4 => {
                Fields { tos: second, dont_fragment: flags & 0x40 != 0 }
            }
            Some(&[first, second, ..]) if first >> 4 == 6 => {
                Fields { tos: first << 4 | second >> 4, dont_fragment: true }
            }
            _ => Fields::default(),
        }
    }

    /// The TTL or hop limit of an IP packet; none of what is in a frame, as frames have none of their own.
    #[inline]
    pub fn time_to_live(self, packet: &[u8]) -> Option<u8> {
        match (self, packet.first()? >> 4) {
            (Inner::Ip, 4) => packet.get(ipv4::field::TIME_TO_LIVE).copied(),
            (Inner::Ip, 6) => packet.get(ipv6::field::HOP_LIMIT).copied(),
            _ => None,
        }
    }

    /// Sets the TTL or hop limit of an IP packet.
    #[inline]
    pub fn set_time_to_live(self, packet: &mut [u8], value: u8) {
        match (self, packet.first().map(|first| first >> 4)) {
            (Inner::Ip, Some(4)) => {
                if let Some(mut header) = Ipv4Mut::new(packet) {
                    header.replace_time_to_live(value);
                }
            }
            (Inner::Ip, Some(6)) => {
                if let Some(byte) = packet.get_mut(ipv6::field::HOP_LIMIT) {
                    *byte = value;
                }
            }
            _ => {}
        }
    }

    /// Sets the ECN field of the packet's IP header, if it has one.
    #[inline]
    pub fn set_ecn(self, packet: &mut [u8], ecn: u8) {
        let Some(header) = self.ip_offset(packet).and_then(|at| packet.get_mut(at..)) else { return };
        match header.first().map(|first| first >> 4) {
            Some(4) => {
                if let Some(mut header) = Ipv4Mut::new(header) {
                    header.replace_type_of_service(header.type_of_service() & !3 | ecn);
                }
            }
            Some(6) => {
                if let Some(byte) = header.get_mut(1) {
                    *byte = *byte & !0x30 | ecn << 4;
                }
            }
            _ => {}
        }
    }

    /// The flow's hash: the annotation, or else it is computed and annotated.
    #[inline]
    pub fn flow_hash(self, packet: &mut Packet) -> u32 {
        known_or(packet, |bytes| match self {
            Inner::Ip => FlowKey::of_ip(bytes),
            Inner::Ethernet | Inner::Opaque => FlowKey::of(bytes),
        })
    }
}

/// The flow's hash: the annotation, or else that of the flow that `key` finds in the packet's bytes, which is annotated.
#[inline(always)]
pub(super) fn known_or(packet: &mut Packet, key: impl FnOnce(&[u8]) -> FlowKey) -> u32 {
    let known = packet.annotations().flow_hash;
    if known != 0 {
        return known;
    }
    let hash = flow_hash(key(packet.data()).hash());
    packet.annotations_mut().flow_hash = hash;
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::{marked, marked6};
    use crate::testing::packet;
    use crate::wire::ipv4::Ipv4;

    fn ethernet(tags: &[u8], ethertype: u16, payload: &[u8]) -> Vec<u8> {
        [&[2; 12], tags, &ethertype.to_be_bytes(), payload].concat()
    }

    #[test]
    fn fields_are_found_behind_tags_and_in_both_versions() {
        let mut v4 = marked::datagram(17, [1; 4], [2; 4], b"x").data().to_vec();
        (v4[1], v4[6]) = (0xb9, 0x40);
        let mut v6 = marked6::datagram(17, 1, 2, b"x").data().to_vec();
        (v6[0], v6[1]) = (0x6b, 0x90);
        let wanted = Fields { tos: 0xb9, dont_fragment: true };
        let tag = [0x81, 0, 0, 5];
        for (inner, bytes) in [
            (Inner::Ip, v4.clone()),
            (Inner::Ip, v6.clone()),
            (Inner::Ethernet, ethernet(&[], 0x0800, &v4)),
            (Inner::Ethernet, ethernet(&tag, 0x86dd, &v6)),
            (Inner::Ethernet, ethernet(&[tag, tag].concat(), 0x0800, &v4)),
        ] {
            assert_eq!(inner.fields(&bytes), wanted, "{inner:?}");
        }
        for (inner, bytes) in [(Inner::Opaque, v4.clone()), (Inner::Ethernet, ethernet(&[], 0x0806, &v4))] {
            assert_eq!(inner.fields(&bytes), Fields::default());
        }
        for length in 0..20 {
            let _ = (Inner::Ethernet.fields(&vec![0x81; length]), Inner::Ip.fields(&v4[..length]));
        }
    }

    #[test]
    fn the_mark_keeps_the_header_right() {
        let mut v4 = marked::datagram(17, [1; 4], [2; 4], b"x").data().to_vec();
        Inner::Ip.set_ecn(&mut v4, 3);
        let header = Ipv4::new_checked(&v4).unwrap();
        assert!(header.is_header_intact() && header.ecn() == 3);
        let mut v6 = ethernet(&[], 0x86dd, marked6::datagram(17, 1, 2, b"x").data());
        Inner::Ethernet.set_ecn(&mut v6, 1);
        assert_eq!(Inner::Ethernet.fields(&v6).tos, 1);
    }

    #[test]
    fn a_flow_has_one_hash_with_and_without_ethernet() {
        let datagram = marked::datagram(17, [1; 4], [2; 4], &[0, 1, 0, 2, 0, 9, 0, 0, 0]);
        let mut bare = packet(datagram.data());
        let mut framed = packet(&ethernet(&[], 0x0800, datagram.data()));
        let hash = Inner::Ip.flow_hash(&mut bare);
        assert_eq!(Inner::Ethernet.flow_hash(&mut framed), hash);
        assert_eq!(framed.annotations().flow_hash, hash);
        framed.annotations_mut().flow_hash = 7;
        assert_eq!(Inner::Ethernet.flow_hash(&mut framed), 7);
    }
}
