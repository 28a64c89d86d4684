// SPDX-License-Identifier: Apache-2.0
//! The IPv4 header that `CheckIPHeader` or `MarkIPHeader` marked: what the elements behind them find it by.

use crate::Packet;
use crate::spec::{Handler, HandlerKind};
use crate::wire::ipv4::field;
use crate::wire::ipv4_edit::{HEADER_BYTES, Ipv4Mut};

/// The handler that counts packets without a marked header. Click trusts that there is one.
pub const NO_HEADER: Handler =
    Handler { name: "no_header", kind: HandlerKind::Drops, doc: "packets without an IP header annotation" };

/// The marked header's fixed part, not checked in any way; none if nothing is marked or the packet ends before.
#[inline(always)]
pub fn header(packet: &Packet) -> Option<&[u8; HEADER_BYTES]> {
    packet.network_chunk()
}

/// The marked header, to edit.
#[inline(always)]
pub fn header_mut(packet: &mut Packet) -> Option<Ipv4Mut<'_>> {
    Ipv4Mut::new(packet.network_mut())
}

/// The header's length in bytes, as its first byte says: 0 to 60.
#[inline(always)]
pub fn header_length(header: &[u8; HEADER_BYTES]) -> usize {
    usize::from(header[field::VERSION_IHL] & 15) * 4
}

/// The total length, as the header says.
#[inline(always)]
pub fn total_length(header: &[u8; HEADER_BYTES]) -> usize {
    usize::from(u16::from_be_bytes([header[2], header[3]]))
}

/// The flags and the fragment offset in units of eight bytes.
#[inline(always)]
pub fn flags_and_offset(header: &[u8; HEADER_BYTES]) -> u16 {
    u16::from_be_bytes([header[6], header[7]])
}

/// The four bytes of the destination address.
#[inline(always)]
pub fn destination(header: &[u8; HEADER_BYTES]) -> [u8; 4] {
    [header[16], header[17], header[18], header[19]]
}

/// The four bytes of the source address.
#[inline(always)]
pub fn source(header: &[u8; HEADER_BYTES]) -> [u8; 4] {
    [header[12], header[13], header[14], header[15]]
}

/// A marked datagram without options and with a right header checksum, for tests.
#[cfg(test)]
pub fn datagram(protocol: u8, source: [u8; 4], destination: [u8; 4], payload: &[u8]) -> Packet {
    let length = (HEADER_BYTES + payload.len()) as u16;
    let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0];
    bytes[2..4].copy_from_slice(&length.to_be_bytes());
    bytes.extend(source.iter().chain(&destination).chain(payload));
    let mut packet = crate::testing::packet(&bytes);
    packet.set_network(0, HEADER_BYTES);
    header_mut(&mut packet).expect("20 bytes").fill_header_checksum();
    packet
}
