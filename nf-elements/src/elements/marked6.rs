// SPDX-License-Identifier: Apache-2.0
//! The IPv6 header that `CheckIP6Header` or `MarkIP6Header` marked: what the elements behind them find it by.

use crate::Packet;
use crate::spec::{Handler, HandlerKind};
use crate::wire::ipv6_edit::Ipv6Mut;

/// The handler that counts packets without a marked header. Click trusts that there is one.
pub const NO_HEADER: Handler =
    Handler { name: "no_header", kind: HandlerKind::Drops, doc: "packets without an IPv6 header annotation" };

/// The marked header, to edit; none if nothing is marked or the packet ends before. Nothing is checked.
#[inline(always)]
pub fn header_mut(packet: &mut Packet) -> Option<Ipv6Mut<'_>> {
    Ipv6Mut::new(packet.network_mut())
}

/// A marked packet, for tests.
#[cfg(test)]
pub fn datagram(next_header: u8, source: u128, destination: u128, payload: &[u8]) -> Packet {
    use crate::wire::ipv6_edit::{HEADER_BYTES, Header};
    let mut bytes = [[0; HEADER_BYTES].as_slice(), payload].concat();
    let payload_length = payload.len() as u16;
    let header = Header { payload_length, next_header, hop_limit: 64, source, destination };
    Ipv6Mut::new(&mut bytes).expect("40 bytes").write(header);
    let mut packet = crate::testing::packet(&bytes);
    packet.set_network(0, HEADER_BYTES);
    packet
}
