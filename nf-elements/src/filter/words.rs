// SPDX-License-Identifier: Apache-2.0
//! The words that an IP packet shows to a [`Diagram`](super::Diagram).

use crate::Packet;
use crate::filter::Words;
use crate::filter::field::{DESTINATION, DESTINATION_PORT, FLAGS, Far, NEAR, PROTOCOL, SOURCE, SOURCE_PORT, STATE};

/// Least bytes of an IPv4 header, RFC 791 §3.1.
const IPV4_HEADER_BYTES: usize = 20;
/// Bytes of a transport header that hold all words at hand.
const TRANSPORT_BYTES: usize = 16;

/// An IP packet's header words: the addresses, the ports, protocol and length of the transport header, the transport
/// header's fourth word; further ones where a diagram's list says. In a later fragment transport words are 0.
pub struct IpWords<'a> {
    near: [u32; NEAR],
    packet: &'a Packet,
}

impl<'a> IpWords<'a> {
    /// The words of `packet`, those of the transport header if `transport`. None without a whole IP header.
    #[inline]
    pub fn new(packet: &'a Packet, transport: bool) -> Option<Self> {
        let header = packet.network_chunk::<IPV4_HEADER_BYTES>()?;
        // As one number, lest the compiler swaps bytes in vector registers, which an emulated CPU does slowly.
        let addresses = u64::from_be_bytes(*header.last_chunk().expect("20 bytes hold 8"));
        let [available, ports, flags] = match transport && is_first_fragment(header) {
            true => transport_words(packet),
            false => [0; 3],
        };
        let mut near = [0; NEAR];
        near[usize::from(SOURCE)] = (addresses >> 32) as u32;
        near[usize::from(DESTINATION)] = addresses as u32;
        near[usize::from(SOURCE_PORT)] = ports >> 16;
        near[usize::from(DESTINATION_PORT)] = ports & 0xffff;
        near[usize::from(PROTOCOL)] = u32::from(header[9]) << 8 | available;
        near[usize::from(FLAGS)] = flags;
        Some(IpWords { near, packet })
    }

    /// The same, of which a connection tracker said this.
    #[inline(always)]
    pub fn with_state(mut self, state: u8) -> Self {
        self.near[usize::from(STATE)] = state.into();
        self
    }
}

impl Words for IpWords<'_> {
    #[inline]
    fn near(&self) -> &[u32; NEAR] {
        &self.near
    }

    #[inline]
    fn far(&self, place: u16) -> u32 {
        let network = self.packet.network();
        match Far::decode(place) {
            Far::Network(offset) => padded_word(network, offset.into()),
            Far::Transport(_) if !network.first_chunk().is_some_and(is_first_fragment) => 0,
            Far::Transport(offset) => padded_word(self.packet.transport(), offset.into()),
            Far::Vlan => self.packet.before_network::<6>().map_or(0, |bytes| padded_word(bytes, 0)),
            Far::NetworkLength => network.len() as u32,
        }
    }
}

/// Whether the fragment offset is 0, RFC 791 §3.1.
#[inline]
fn is_first_fragment(header: &[u8; IPV4_HEADER_BYTES]) -> bool {
    header[6] & 0x1f | header[7] == 0
}

/// How many bytes there are (at most 255), and the first and the fourth word.
#[inline(always)]
fn transport_words(packet: &Packet) -> [u32; 3] {
    let Some(first) = packet.transport_chunk::<TRANSPORT_BYTES>() else { return short_transport_words(packet) };
    let words = first.as_chunks().0;
    let available = packet.headroom() + packet.len() - usize::from(packet.annotations().transport_offset);
    [available.min(255) as u32, u32::from_be_bytes(words[0]), u32::from_be_bytes(words[3])]
}

#[cold]
fn short_transport_words(packet: &Packet) -> [u32; 3] {
    let bytes = packet.transport();
    [bytes.len() as u32, padded_word(bytes, 0), padded_word(bytes, 12)]
}

/// The four bytes of `data` at `offset`, zeros behind its end.
#[inline]
pub(crate) fn padded_word(data: &[u8], offset: usize) -> u32 {
    let rest = data.get(offset..).unwrap_or(&[]);
    match rest.first_chunk() {
        Some(bytes) => u32::from_be_bytes(*bytes),
        None => short_word(rest),
    }
}

/// Less than four bytes, zeros behind them.
#[cold]
fn short_word(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, &byte| word >> 8 | u32::from(byte) << 24)
}
