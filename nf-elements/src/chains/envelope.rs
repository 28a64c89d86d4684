// SPDX-License-Identifier: Apache-2.0
//! Frames on links that carry nothing beside them, as pairs of NICs: a Network Service Header (RFC 8300) says their chain.
//!
//! In front of the frame stand an Ethernet header with the frame's own addresses and a header of MD type 1. Its path is the
//! chain's annotation: each direction of a chain is a path by itself. The first word of its context is the flow hash. What function
//! comes next follows from the link, so the index says nothing.

use crate::Packet;
use crate::wire::ethernet::HEADER_BYTES as ETHERNET_BYTES;
use crate::wire::nsh::{FIRST_INDEX, FIXED_BYTES, NextProtocol, Nsh, Repr};

/// The EtherType of NSH, RFC 8300 §12.1.
pub const ETHERTYPE: [u8; 2] = [0x89, 0x4f];
/// Bytes that a frame is longer on such a link.
pub const BYTES: usize = ETHERNET_BYTES + FIXED_BYTES;

/// The header that says a packet's chain and flow hash.
#[inline]
pub fn header(packet: &Packet, path: Option<u32>, index: u8, next_protocol: u8) -> [u8; FIXED_BYTES] {
    let annotations = packet.annotations();
    let path = path.unwrap_or(annotations.chain.into());
    Repr { path, index, next_protocol, context: annotations.flow_hash }.to_bytes()
}

/// Sets a packet's chain and flow hash to what a header says. False, and no change, if it is no chain's.
#[inline]
#[must_use]
pub fn note(packet: &mut Packet, path: u32, context: u32) -> bool {
    let Ok(chain) = u16::try_from(path) else { return false };
    let annotations = packet.annotations_mut();
    (annotations.chain, annotations.flow_hash) = (chain, context);
    true
}

/// What a header says: bytes of it, the path, the context's first word (0 if there is none).
#[inline]
pub fn read(view: &Nsh) -> (usize, u32, u32) {
    let context = view.fixed_context().map_or(0, |[a, b, c, d, ..]| u32::from_be_bytes([*a, *b, *c, *d]));
    (view.header_bytes(), view.path(), context)
}

/// Puts a frame into its envelope; false (and no change) without the headroom.
#[must_use]
pub fn seal(packet: &mut Packet) -> bool {
    let nsh = header(packet, None, FIRST_INDEX, 3);
    let mut addresses = [0; 12];
    let known = packet.len().min(addresses.len());
    addresses[..known].copy_from_slice(&packet.data()[..known]);
    if !packet.push_front(BYTES) {
        return false;
    }
    let front = &mut packet.data_mut()[..BYTES];
    front[..12].copy_from_slice(&addresses);
    front[12..ETHERNET_BYTES].copy_from_slice(&ETHERTYPE);
    front[ETHERNET_BYTES..].copy_from_slice(&nsh);
    true
}

/// Takes a frame out of its envelope, if it is in one. False (and no change) if the envelope is damaged.
#[must_use]
pub fn open(packet: &mut Packet) -> bool {
    if packet.data().get(12..ETHERNET_BYTES) != Some(&ETHERTYPE) {
        return true;
    }
    let Ok(view) = Nsh::new_checked(&packet.data()[ETHERNET_BYTES..]) else { return false };
    if view.next_protocol() != NextProtocol::Ethernet {
        return false;
    }
    let (bytes, path, context) = read(&view);
    note(packet, path, context) && packet.pull_front(ETHERNET_BYTES + bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::packet;

    const FRAME: [u8; 16] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];

    fn sealed(frame: &[u8]) -> Packet {
        let mut packet = packet(frame);
        (packet.annotations_mut().chain, packet.annotations_mut().flow_hash) = (0x8003, 0xfeed_beef);
        assert!(seal(&mut packet));
        packet
    }

    #[test]
    fn a_frame_comes_out_as_it_went_in() {
        let on_wire = sealed(&FRAME);
        assert_eq!(on_wire.data()[..16], [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x89, 0x4f, 0x0f, 0xc6]);
        let mut received = packet(on_wire.data());
        assert!(open(&mut received));
        assert_eq!(received.data(), FRAME);
        assert_eq!((received.annotations().chain, received.annotations().flow_hash), (0x8003, 0xfeed_beef));
        // Not even a frame that is in an envelope already, or none at all, is mistaken for another.
        for frame in [on_wire.data(), &[1, 2, 3], &[]] {
            let mut received = packet(sealed(frame).data());
            assert!(open(&mut received));
            assert_eq!(received.data(), frame);
        }
    }

    #[test]
    fn a_frame_without_an_envelope_has_no_chain() {
        let mut received = packet(&FRAME);
        assert!(open(&mut received));
        assert_eq!((received.data(), received.annotations().chain), (FRAME.as_slice(), 0));
    }

    #[test]
    fn damaged_envelopes_are_refused() {
        let good = sealed(&FRAME).data().to_vec();
        // The version, the length, the MD type, what follows, a path that is no chain.
        for (at, byte) in [(14, 0x4f), (15, 0xc7), (16, 3), (17, 1), (18, 1)] {
            let mut bytes = good.clone();
            bytes[at] = byte;
            assert!(!open(&mut packet(&bytes)), "byte {at}");
        }
        assert!(!open(&mut packet(&good[..20])));
    }

    #[test]
    fn without_headroom_nothing_changes() {
        let mut full = packet(&FRAME);
        assert!(full.push_front(full.headroom() - BYTES + 1));
        let length = full.len();
        assert!(!seal(&mut full));
        assert_eq!(full.len(), length);
    }
}
