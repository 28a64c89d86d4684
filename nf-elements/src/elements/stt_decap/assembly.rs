// SPDX-License-Identifier: Apache-2.0
//! A frame in the making: which of its bytes are there.

use crate::elements::stt_encap::MOST_SEGMENTS;
use crate::packet::{DATA_BYTES, HEADROOM_BYTES};
use crate::wire::stt::{HEADER_BYTES, Segment};
use crate::{Packet, PacketIo};

/// The longest frame, its header included, which goes into the headroom.
pub const MOST_BYTES: usize = DATA_BYTES - HEADROOM_BYTES + HEADER_BYTES;

/// What the segments of a frame have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    addresses: [u8; 32],
    source_port: u16,
    identification: u32,
    frame_length: u16,
}

impl Key {
    /// That of a segment in `packet`, whose IP header is marked.
    pub fn of(packet: &Packet, segment: &Segment) -> Self {
        let header = packet.network();
        let bytes = match header.first().map(|first| first >> 4) {
            Some(4) => header.get(12..20),
            _ => header.get(8..40),
        };
        let mut addresses = [0; 32];
        for (place, byte) in addresses.iter_mut().zip(bytes.unwrap_or(&[])) {
            *place = *byte;
        }
        let Segment { source_port, identification, frame_length, .. } = *segment;
        Key { addresses, source_port, identification, frame_length }
    }
}

/// What a segment did to its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// More segments are missing.
    Waits,
    /// All of it is there.
    Whole,
    /// It covers some of another one, or they are more than anybody sends.
    Overlaps,
}

/// A frame in the making.
pub struct Assembly {
    pub key: Key,
    /// When it is given up.
    pub deadline_ns: u64,
    /// The frame, its header included; what is not there is zero.
    pub packet: Packet,
    /// The ECN field: congestion experienced if one of the segments was marked (RFC 3168 §5.3), else the last one's.
    pub ecn: u8,
    /// Where the segments that are there begin and end. They do not overlap.
    pieces: heapless::Vec<(u16, u16), MOST_SEGMENTS>,
}

impl Assembly {
    /// One of which nothing is there; none without a buffer.
    pub fn begin<M: PacketIo>(io: &mut M, key: Key, deadline_ns: u64) -> Option<Self> {
        let mut packet = io.allocate()?;
        if !packet.push_front(HEADER_BYTES) {
            return None;
        }
        packet.truncate(0);
        let mut missing = usize::from(key.frame_length);
        while missing > 0 {
            let count = missing.min(64);
            if !packet.append(&[0; 64][..count]) {
                return None;
            }
            missing -= count;
        }
        Some(Assembly { key, deadline_ns, packet, ecn: 0, pieces: heapless::Vec::new() })
    }

    /// Puts `part` in, which does not end behind the frame.
    pub fn put(&mut self, offset: u16, part: &[u8], ecn: u8) -> Put {
        let end = offset + part.len() as u16;
        if self.pieces.contains(&(offset, end)) {
            return Put::Waits;
        }
        let is_apart = self.pieces.iter().all(|(from, to)| end <= *from || *to <= offset);
        if !is_apart || self.pieces.push((offset, end)).is_err() {
            return Put::Overlaps;
        }
        if let Some(place) = self.packet.data_mut().get_mut(usize::from(offset)..usize::from(end)) {
            place.copy_from_slice(part);
        }
        self.ecn = if self.ecn == 3 { 3 } else { ecn };
        // As they do not overlap, they are all if they are as long as all.
        let there: u16 = self.pieces.iter().map(|(from, to)| to - from).sum();
        if there == self.key.frame_length { Put::Whole } else { Put::Waits }
    }
}
