// SPDX-License-Identifier: Apache-2.0
//! Fragments become datagrams (RFC 791 §3.2, RFC 8200 §4.5) before anything looks into them.
//!
//! Overlap policy: the first byte that came for a place stays, as in [`crate::stream::window`]; for IPv6, where an overlap makes a
//! datagram void (RFC 5722), the datagram is matched all the same, so that nothing hides behind a receiver that does not know that.
//! Memory: [`Datagram`]s that are lent, each for one datagram at a time; the one that began first gives way. What does not complete
//! within [`LIFE_NS`] is forgotten.

use crate::packet::Packet;

/// Most bytes of a datagram, its header among them.
pub const DATAGRAM: usize = 65_535;
/// Bytes of a datagram's header that are kept.
const HEADER: usize = 120;
/// How long a datagram may take to complete (RFC 1122 §3.3.2).
const LIFE_NS: u64 = 60_000_000_000;
/// Units of eight bytes, one bit each.
const UNITS: usize = DATAGRAM.div_ceil(8).div_ceil(64);

/// A datagram that is being put together.
pub struct Datagram {
    used: bool,
    six: bool,
    protocol: u8,
    id: u32,
    addresses: [[u8; 16]; 2],
    begun_ns: u64,
    header: [u8; HEADER],
    header_length: usize,
    /// The payload's length, once the last fragment came; 0: not known.
    length: usize,
    there: [u64; UNITS],
    units: usize,
    bytes: [u8; HEADER + DATAGRAM],
}

impl Datagram {
    /// A free one: all zeros.
    pub const EMPTY: Self = Self {
        used: false,
        six: false,
        protocol: 0,
        id: 0,
        addresses: [[0; 16]; 2],
        begun_ns: 0,
        header: [0; HEADER],
        header_length: 0,
        length: 0,
        there: [0; UNITS],
        units: 0,
        bytes: [0; HEADER + DATAGRAM],
    };
}

/// What defragmentation counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentCounters {
    /// Fragments seen.
    pub fragments: u64,
    /// Datagrams completed.
    pub datagrams: u64,
    /// Fragments that overlapped others.
    pub overlaps: u64,
    /// Fragments that no datagram can have: too long, or not a multiple of eight bytes in the middle.
    pub malformed: u64,
    /// Datagrams that were forgotten before they were complete.
    pub forgotten: u64,
}

/// All datagrams that are being put together.
pub struct Defragmenter<'m> {
    datagrams: &'m mut [Datagram],
    /// What it counts.
    pub counters: FragmentCounters,
}

impl<'m> Defragmenter<'m> {
    /// With this memory.
    pub fn new(datagrams: &'m mut [Datagram]) -> Self {
        Self { datagrams, counters: FragmentCounters::default() }
    }

    /// Takes a fragment; the datagram, from its IP header on, if that completes it.
    pub fn add(&mut self, packet: &Packet<'_>, now_ns: u64) -> Option<&[u8]> {
        let fragment = packet.fragment?;
        self.counters.fragments += 1;
        let (start, end) = (fragment.offset as usize, fragment.offset as usize + packet.payload.len());
        let odd = fragment.more && !packet.payload.len().is_multiple_of(8);
        if end > DATAGRAM - 60 || odd || packet.payload.is_empty() {
            self.counters.malformed += 1;
            return None;
        }
        let index = self.place(packet, fragment.id, now_ns)?;
        let datagram = &mut self.datagrams[index];
        let overlaps = datagram.put(start, packet.payload);
        self.counters.overlaps += u64::from(overlaps);
        if start == 0 {
            datagram.keep_header(packet);
        }
        if !fragment.more && datagram.length == 0 {
            datagram.length = end;
        }
        if !datagram.is_complete() {
            return None;
        }
        self.counters.datagrams += 1;
        datagram.used = false;
        datagram.finish()
    }

    /// Where the fragment's datagram is, or can be.
    fn place(&mut self, packet: &Packet<'_>, id: u32, now_ns: u64) -> Option<usize> {
        let padded = |address: &[u8]| {
            let mut padded = [0; 16];
            padded[..address.len()].copy_from_slice(address);
            padded
        };
        let addresses = packet.addresses.map(padded);
        let same = |datagram: &Datagram| {
            let key = (datagram.six, datagram.protocol, datagram.id, datagram.addresses);
            let young = now_ns.saturating_sub(datagram.begun_ns) < LIFE_NS;
            datagram.used && young && key == (packet.six, packet.protocol, id, addresses)
        };
        if let Some(known) = self.datagrams.iter().position(same) {
            return Some(known);
        }
        let oldest = (0..self.datagrams.len()).min_by_key(|index| {
            let datagram = &self.datagrams[*index];
            (datagram.used, datagram.begun_ns)
        })?;
        let datagram = &mut self.datagrams[oldest];
        self.counters.forgotten += u64::from(datagram.used);
        (datagram.used, datagram.six, datagram.protocol, datagram.id) = (true, packet.six, packet.protocol, id);
        (datagram.addresses, datagram.begun_ns) = (addresses, now_ns);
        (datagram.header_length, datagram.length, datagram.units) = (0, 0, 0);
        datagram.there = [0; UNITS];
        Some(oldest)
    }
}

impl Datagram {
    /// Copies a fragment's bytes to places where none are; whether some were there.
    fn put(&mut self, start: usize, payload: &[u8]) -> bool {
        let mut overlaps = false;
        for (index, unit) in payload.chunks(8).enumerate() {
            let place = start / 8 + index;
            let bit = 1 << (place % 64);
            if self.there[place / 64] & bit != 0 {
                overlaps = true;
                continue;
            }
            self.there[place / 64] |= bit;
            self.units += 1;
            let at = HEADER + place * 8;
            self.bytes[at..at + unit.len()].copy_from_slice(unit);
        }
        overlaps
    }

    /// The header that the datagram will have: that of its first fragment.
    fn keep_header(&mut self, packet: &Packet<'_>) {
        let ip = packet.ip;
        // IPv6's is written anew, without extension headers.
        let length = if packet.six { 40 } else { ip.len().min(HEADER) };
        if self.header_length == 0 {
            self.header[..length].copy_from_slice(&ip[..length]);
            self.header_length = length;
        }
    }

    fn is_complete(&self) -> bool {
        self.length > 0 && self.header_length > 0 && self.units >= self.length.div_ceil(8) && self.is_filled()
    }

    fn is_filled(&self) -> bool {
        (0..self.length.div_ceil(8)).all(|unit| self.there[unit / 64] >> (unit % 64) & 1 != 0)
    }

    /// The datagram with its header before it, lengths corrected and no longer a fragment.
    fn finish(&mut self) -> Option<&[u8]> {
        let start = HEADER - self.header_length;
        self.bytes[start..HEADER].copy_from_slice(&self.header[..self.header_length]);
        let total = u16::try_from(if self.six { self.length } else { self.header_length + self.length }).ok()?;
        let header = &mut self.bytes[start..HEADER];
        if self.six {
            header[4..6].copy_from_slice(&total.to_be_bytes());
            header[6] = self.protocol;
        } else {
            header[2..4].copy_from_slice(&total.to_be_bytes());
            header[6..8].copy_from_slice(&[0, 0]);
        }
        self.bytes.get(start..HEADER + self.length)
    }
}
