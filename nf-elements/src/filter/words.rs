// SPDX-License-Identifier: Apache-2.0
//! The words that an IP packet shows to a [`Diagram`](super::Diagram).

use crate::Packet;
use crate::filter::Words;
use crate::filter::field::{FLAGS, Far, NEAR, PORTS, PROTOCOL};

/// Least bytes of an IPv4 header, RFC 791 §3.1.
const IPV4_HEADER_BYTES: usize = 20;
/// Bytes of a transport header that hold the words always at hand.
const TRANSPORT_BYTES: usize = 16;

/// An IP packet's header words. Words 0 to 4 are the IPv4 header, 5 and 7 the first and fourth of the transport header
/// (0 in a later fragment), 6 is the protocol and how much transport header there is, 8 and up lie where the diagram says.
pub struct IpWords<'a> {
    near: [u32; NEAR],
    far: &'static [u16],
    packet: &'a Packet,
}

impl<'a> IpWords<'a> {
    /// The words of `packet`, those of the transport header if `transport`. None without a whole IP header.
    #[inline]
    pub fn new(packet: &'a Packet, transport: bool, far: &'static [u16]) -> Option<Self> {
        let header = packet.network().first_chunk::<IPV4_HEADER_BYTES>()?;
        let mut near = [0; NEAR];
        for (word, bytes) in near.iter_mut().zip(header.as_chunks().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        near[usize::from(PROTOCOL)] = u32::from(header[9]) << 8;
        let mut words = IpWords { near, far, packet };
        if transport {
            words.add_transport();
        }
        Some(words)
    }

    /// Reads the transport header, unless this is a later fragment (which has none).
    #[inline]
    fn add_transport(&mut self) {
        if self.near[1] & 0x1fff != 0 {
            return;
        }
        let bytes = self.packet.transport();
        self.near[usize::from(PROTOCOL)] |= bytes.len().min(255) as u32;
        match bytes.first_chunk::<TRANSPORT_BYTES>() {
            Some(first) => self.add_transport_words(first),
            None => self.add_short_transport(bytes),
        }
    }

    #[inline]
    fn add_transport_words(&mut self, bytes: &[u8; TRANSPORT_BYTES]) {
        let words = bytes.as_chunks().0;
        self.near[usize::from(PORTS)] = u32::from_be_bytes(words[0]);
        self.near[usize::from(FLAGS)] = u32::from_be_bytes(words[3]);
    }

    #[cold]
    fn add_short_transport(&mut self, bytes: &[u8]) {
        let mut padded = [0; TRANSPORT_BYTES];
        padded[..bytes.len()].copy_from_slice(bytes);
        self.add_transport_words(&padded);
    }

    #[cold]
    fn far(&self, index: usize) -> u32 {
        match Far::decode(self.far[index]) {
            Far::Network(offset) => padded_word(self.packet.network(), offset.into()),
            Far::Transport(_) if self.near[1] & 0x1fff != 0 => 0,
            Far::Transport(offset) => padded_word(self.packet.transport(), offset.into()),
            Far::Vlan => self.packet.before_network::<6>().map_or(0, |bytes| padded_word(bytes, 0)),
            Far::NetworkLength => self.packet.network().len() as u32,
        }
    }
}

impl Words for IpWords<'_> {
    #[inline]
    fn word(&self, index: usize) -> u32 {
        if index < NEAR { self.near[index] } else { self.far(index - NEAR) }
    }
}

/// The four bytes of `data` at `offset`, zeros behind its end.
#[inline]
pub(crate) fn padded_word(data: &[u8], offset: usize) -> u32 {
    let rest = data.get(offset..).unwrap_or(&[]);
    match rest.first_chunk() {
        Some(bytes) => u32::from_be_bytes(*bytes),
        None => rest.iter().rev().fold(0, |word, &byte| word >> 8 | u32::from(byte) << 24),
    }
}
