// SPDX-License-Identifier: Apache-2.0
//! The headers of a link's datagrams, as they are but for what changes from one to the next.

use crate::Packet;
use crate::wire::ipv4;
use crate::wire::udp;

/// Bytes of both headers.
pub const HEADER_BYTES: usize = ipv4::HEADER_BYTES + udp::HEADER_BYTES;

/// The IPv4 and UDP headers of all datagrams from one host to another, without a UDP checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    header: [u8; HEADER_BYTES],
    /// The one's complement sum of the IP header in numbers, with 0 for what changes.
    sum: u16,
}

/// The ends that a template is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The source's address and port.
    pub source: ([u8; 4], u16),
    /// The destination's address and port.
    pub destination: ([u8; 4], u16),
    /// Time to live.
    pub ttl: u8,
}

impl Template {
    /// Of the datagrams between these ends.
    pub const fn new(ends: Ends) -> Template {
        let ([a, b, c, d], [e, f, g, h]) = (ends.source.0, ends.destination.0);
        let ([i, j], [k, l]) = (ends.source.1.to_be_bytes(), ends.destination.1.to_be_bytes());
        let header = [0x45, 0, 0, 0, 0, 0, 0, 0, ends.ttl, 17, 0, 0, a, b, c, d, e, f, g, h, i, j, k, l, 0, 0, 0, 0];
        let (mut sum, mut at) = (0, 0);
        while at < ipv4::HEADER_BYTES {
            sum += u16::from_be_bytes([header[at], header[at + 1]]) as u32;
            at += 2;
        }
        Template { header, sum: fold(sum) }
    }

    /// Puts the headers in front of `packet`, marks them, and annotates the destination. False (and no change) without room.
    #[inline]
    pub fn put(&self, packet: &mut Packet, type_of_service: u8, identification: u16) -> bool {
        if !packet.push_front(HEADER_BYTES) {
            return false;
        }
        let length = packet.len() as u16;
        let changes = u32::from(type_of_service) + u32::from(length) + u32::from(identification);
        let checksum = !fold(u32::from(self.sum) + changes);
        let mut header = self.header;
        header[1] = type_of_service;
        header[2..4].copy_from_slice(&length.to_be_bytes());
        header[4..6].copy_from_slice(&identification.to_be_bytes());
        header[10..12].copy_from_slice(&checksum.to_be_bytes());
        header[24..26].copy_from_slice(&(length - ipv4::HEADER_BYTES as u16).to_be_bytes());
        if let Some(place) = packet.data_mut().first_chunk_mut() {
            *place = header;
        }
        let [.., a, b, c, d, _, _, _, _, _, _, _, _] = self.header;
        packet.annotations_mut().set_destination_ipv4([a, b, c, d]);
        packet.set_network(0, ipv4::HEADER_BYTES);
        true
    }
}

/// A sum of a few 16-bit numbers, the carry around the end.
const fn fold(sum: u32) -> u16 {
    let sum = (sum & 0xffff) + (sum >> 16);
    ((sum & 0xffff) + (sum >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::packet;
    use crate::wire::ipv4::Ipv4;

    #[test]
    fn the_checksum_is_right_whatever_changes() {
        let ends = Ends { source: ([192, 0, 2, 1], 9000), destination: ([255, 255, 255, 254], 9001), ttl: 255 };
        let template = Template::new(ends);
        for tos in [0, 1, 0xb8, 0xff] {
            for identification in [0, 1, 0x7fff, 0xfffe, 0xffff] {
                for length in [0, 1, 60, 1472] {
                    let mut packet = packet(&vec![9; length]);
                    assert!(template.put(&mut packet, tos, identification));
                    let header = Ipv4::new_checked(packet.data()).unwrap();
                    assert!(header.is_header_intact(), "{tos} {identification} {length}");
                    assert_eq!((packet.data()[1], usize::from(header.total_length())), (tos, 28 + length));
                    let [high, low] = (8 + length as u16).to_be_bytes();
                    assert_eq!(packet.data()[20..28], [0x23, 0x28, 0x23, 0x29, high, low, 0, 0]);
                }
            }
        }
    }
}
