// SPDX-License-Identifier: Apache-2.0
//! An IPv6 header edited in place or written anew, RFC 8200 §3. It has no checksum.

use super::ipv6::field;

/// Bytes of a header without extension headers.
pub const HEADER_BYTES: usize = super::ipv6::HEADER_BYTES;

/// A header to edit.
pub struct Ipv6Mut<'a>(&'a mut [u8; HEADER_BYTES]);

/// A header to write.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Payload Length.
    pub payload_length: u16,
    /// Next Header.
    pub next_header: u8,
    /// Hop Limit.
    pub hop_limit: u8,
    /// Source Address.
    pub source: u128,
    /// Destination Address.
    pub destination: u128,
}

impl<'a> Ipv6Mut<'a> {
    /// The header at the front of `bytes`, which are at least 40: of a packet that was checked, or is being written.
    #[inline(always)]
    pub fn new(bytes: &'a mut [u8]) -> Option<Self> {
        bytes.first_chunk_mut().map(Ipv6Mut)
    }

    /// Writes all fields; Traffic Class and Flow Label become zero.
    #[inline]
    pub fn write(&mut self, header: Header) {
        self.0[field::VERSION_CLASS_FLOW].copy_from_slice(&[0x60, 0, 0, 0]);
        self.set_payload_length(header.payload_length);
        self.0[field::NEXT_HEADER] = header.next_header;
        self.set_hop_limit(header.hop_limit);
        self.set_source(header.source);
        self.set_destination(header.destination);
    }

    /// Sets the differentiated services code point: the upper six bits of Traffic Class.
    #[inline]
    pub fn set_dscp(&mut self, dscp: u8) {
        self.0[0] = self.0[0] & 0xf0 | dscp >> 2 & 0x0f;
        self.0[1] = self.0[1] & 0x3f | dscp << 6;
    }

    /// Sets Payload Length.
    #[inline]
    pub fn set_payload_length(&mut self, bytes: u16) {
        self.0[field::PAYLOAD_LENGTH].copy_from_slice(&bytes.to_be_bytes());
    }

    /// Hop Limit.
    #[inline]
    pub fn hop_limit(&self) -> u8 {
        self.0[field::HOP_LIMIT]
    }

    /// Sets Hop Limit.
    #[inline]
    pub fn set_hop_limit(&mut self, limit: u8) {
        self.0[field::HOP_LIMIT] = limit;
    }

    /// Sets Source Address.
    #[inline]
    pub fn set_source(&mut self, address: u128) {
        self.0[field::SOURCE].copy_from_slice(&address.to_be_bytes());
    }

    /// Sets Destination Address.
    #[inline]
    pub fn set_destination(&mut self, address: u128) {
        self.0[field::DESTINATION].copy_from_slice(&address.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ipv6::{Ipv6, NextHeader};

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = [0xff; 44];
        let mut header = Ipv6Mut::new(&mut bytes).unwrap();
        header.write(Header { payload_length: 4, next_header: 58, hop_limit: 255, source: 1, destination: 2 << 100 });
        header.set_dscp(0x2e);
        let packet = Ipv6::new_checked(&bytes).unwrap();
        assert_eq!((packet.version(), packet.traffic_class(), packet.flow_label()), (6, 0xb8, 0));
        assert_eq!((packet.next_header(), packet.hop_limit()), (NextHeader::Icmpv6, 255));
        assert_eq!((packet.source(), packet.destination(), packet.payload().len()), (1, 2 << 100, 4));
        assert!(Ipv6Mut::new(&mut bytes[..39]).is_none());
    }
}
