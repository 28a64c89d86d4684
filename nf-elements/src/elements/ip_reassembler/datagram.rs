// SPDX-License-Identifier: Apache-2.0
//! A datagram in the making: which of its bytes are there.

use crate::elements::marked;
use crate::packet::{DATA_BYTES, HEADROOM_BYTES};
use crate::wire::ipv4_edit::{HEADER_BYTES, Ipv4Mut};
use crate::{Packet, PacketIo};
use core::fmt;
use core::net::Ipv4Addr;

/// Longest payload of a datagram: what a buffer holds behind its headroom, in which the headers go.
pub const MOST_BYTES: usize = DATA_BYTES - HEADROOM_BYTES;
/// Fragments begin at multiples of this.
const BLOCK_BYTES: usize = 8;
const WORDS: usize = (MOST_BYTES / BLOCK_BYTES).div_ceil(64);

/// What fragments of one datagram have in common (RFC 791 §3.2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key {
    source: [u8; 4],
    destination: [u8; 4],
    identification: [u8; 2],
    protocol: u8,
}

/// Where a fragment belongs.
pub struct Fragment {
    pub key: Key,
    /// Bytes in front of its IP header.
    before: usize,
    header_length: usize,
    offset: usize,
    /// One past its last byte of payload.
    pub end: usize,
    more: bool,
}

impl Fragment {
    /// Reads the marked header; none if its lengths lie, if it was stripped, or if it is no last fragment and ends between blocks.
    pub fn read(packet: &Packet) -> Option<Self> {
        let header = marked::header(packet)?;
        let header_length = marked::header_length(header);
        let length = marked::total_length(header).checked_sub(header_length)?;
        let flags = marked::flags_and_offset(header);
        let (offset, more) = (usize::from(flags & 0x1fff) * BLOCK_BYTES, flags & 0x2000 != 0);
        let end = offset + length;
        let there = packet.network().len().checked_sub(header_length)?;
        let before = packet.len().checked_sub(packet.network().len())?;
        let good = header_length >= HEADER_BYTES
            && (1..=there).contains(&length)
            && end <= 0xffff
            && (!more || end % BLOCK_BYTES == 0);
        good.then_some(Fragment {
            key: Key {
                source: marked::source(header),
                destination: marked::destination(header),
                identification: [header[4], header[5]],
                protocol: header[9],
            },
            before,
            header_length,
            offset,
            end,
            more,
        })
    }
}

/// A datagram of which fragments are missing.
pub struct Datagram {
    pub key: Key,
    /// When a fragment came last.
    pub seconds: u64,
    /// Headers and payload.
    packet: Packet,
    /// Bytes of the headers.
    header: usize,
    /// Payload bytes up to the last one seen.
    length: usize,
    /// Whether that is the last one of the datagram.
    ends: bool,
    /// One bit for each block that is there.
    covered: [u64; WORDS],
}

impl Datagram {
    /// One of which nothing is there but the header of `packet`; none without a buffer.
    pub fn begin<M: PacketIo>(io: &mut M, packet: &Packet, fragment: &Fragment) -> Option<Self> {
        let mut whole = io.allocate()?;
        if !whole.push_front(HEADER_BYTES) {
            return None;
        }
        let mut header = *marked::header(packet)?;
        Ipv4Mut::new(&mut header)?.set_header_length(HEADER_BYTES);
        whole.data_mut().copy_from_slice(&header);
        *whole.annotations_mut() = *packet.annotations();
        whole.annotations_mut().mac_offset = 0;
        whole.set_network(0, HEADER_BYTES);
        let (header, length, covered) = (HEADER_BYTES, 0, [0; WORDS]);
        Some(Datagram { key: fragment.key, seconds: 0, packet: whole, header, length, ends: false, covered })
    }

    /// What it counts for against HIMEM.
    pub fn memory(&self) -> usize {
        40 + self.length
    }

    /// Puts in what `packet` brings, whatever was there before. False if it lies behind the end, or that in front of it.
    pub fn put(&mut self, packet: &Packet, fragment: &Fragment) -> bool {
        let (offset, end) = (fragment.offset, fragment.end);
        if end > MOST_BYTES || (end > self.length && self.ends) {
            return false;
        }
        let mut missing = end.saturating_sub(self.length);
        while missing > 0 {
            let count = missing.min(64);
            // A buffer holds MOST_BYTES behind its headroom.
            let _ = self.packet.append(&[0; 64][..count]);
            missing -= count;
        }
        self.length = self.length.max(end);
        let payload = packet.network().get(fragment.header_length..).unwrap_or(&[]);
        let place = self.packet.data_mut().get_mut(self.header + offset..self.header + end);
        if let (Some(place), Some(payload)) = (place, payload.get(..end - offset)) {
            place.copy_from_slice(payload);
        }
        self.ends |= !fragment.more;
        let whole = if end == self.length { end.div_ceil(BLOCK_BYTES) } else { end / BLOCK_BYTES };
        for block in offset / BLOCK_BYTES..whole {
            self.covered[block / 64] |= 1 << (block % 64);
        }
        if offset == 0 {
            self.put_headers(packet, fragment);
        }
        true
    }

    /// Takes over the headers and annotations of the first fragment.
    fn put_headers(&mut self, packet: &Packet, fragment: &Fragment) {
        let end = fragment.before + fragment.header_length;
        // A link header that finds no room in front of the payload loses its start.
        let start = end.saturating_sub(HEADROOM_BYTES);
        if !self.packet.pull_front(self.header) || !self.packet.push_front(end - start) {
            return;
        }
        self.header = end - start;
        self.packet.data_mut()[..end - start].copy_from_slice(&packet.data()[start..end]);
        let mac = usize::from(packet.annotations().mac_offset).checked_sub(packet.headroom() + start);
        let headroom = self.packet.headroom();
        *self.packet.annotations_mut() = *packet.annotations();
        self.packet.annotations_mut().mac_offset = match mac {
            Some(mac) if packet.annotations().mac_offset != 0 => (headroom + mac) as u16,
            _ => 0,
        };
        self.packet.set_network(fragment.before - start, fragment.header_length);
    }

    /// Whether all of it is there.
    pub fn is_whole(&self) -> bool {
        self.ends && (0..self.length.div_ceil(BLOCK_BYTES)).all(|block| self.has(block))
    }

    fn has(&self, block: usize) -> bool {
        self.covered[block / 64] >> (block % 64) & 1 != 0
    }

    /// The packet, with a header for what is there.
    pub fn finish(mut self) -> Packet {
        let length = self.packet.network().len() as u16;
        if let Some(flags) = marked::header(&self.packet).map(marked::flags_and_offset)
            && let Some(mut header) = marked::header_mut(&mut self.packet)
        {
            header.set_flags_and_offset(flags & 0xc000);
            header.set_total_length(length);
            header.fill_header_checksum();
        }
        self.packet
    }
}

/// Addresses and ports, identification, and the pieces that are there, as Click's `dump` has them.
impl fmt::Display for Datagram {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key { source, destination, identification, .. } = self.key;
        let (source, destination) = (Ipv4Addr::from(source), Ipv4Addr::from(destination));
        let ports = self.packet.data().get(self.header..).and_then(|payload| payload.first_chunk::<4>());
        let [a, b, c, d] = ports.copied().unwrap_or_default();
        let (from, to) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        write!(out, " ({source}, {from}, {destination}, {to}) {}", u16::from_be_bytes(identification))?;
        let blocks = self.length.div_ceil(BLOCK_BYTES);
        let mut start = None;
        for block in 0..=blocks {
            match (start, block < blocks && self.has(block)) {
                (None, true) => start = Some(block),
                (Some(from), false) => {
                    write!(out, " ({},{})", from * BLOCK_BYTES, (block * BLOCK_BYTES).min(self.length))?;
                    start = None;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
