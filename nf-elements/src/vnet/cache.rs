// SPDX-License-Identifier: Apache-2.0
//! The route cache: what was chosen for a frame's header and place is chosen for the next one, too.

use super::table::Chosen;
use crate::wire::ethernet::{Address, HEADER_BYTES};

/// What a frame's way depends on: where it came in, and its 14 bytes of Ethernet header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Destination, and the first two bytes of the source.
    first: u64,
    /// The rest of the source, the EtherType, and the input in the uppermost byte.
    second: u64,
}

impl Header {
    /// Of a frame that came in by `input`.
    #[inline]
    pub fn new(bytes: &[u8; HEADER_BYTES], input: u8) -> Header {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = *bytes;
        Header {
            first: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            second: u64::from_le_bytes([i, j, k, l, m, n, 0, input]),
        }
    }

    /// Its destination and its source.
    #[inline]
    pub fn addresses(&self) -> (Address, Address) {
        (Address::from_bits(self.first), Address::from_bits(self.first >> 48 | self.second << 16))
    }

    #[inline]
    fn place(&self, places: usize) -> usize {
        let mixed = (self.first ^ self.second.rotate_left(31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize & (places - 1)
    }
}

/// A place of the cache.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    header: Header,
    /// Of which state of the routes it is; 0 is never one.
    generation: u32,
    chosen: Chosen,
}

impl Entry {
    /// Nothing.
    pub const EMPTY: Entry = Entry { header: Header { first: 0, second: 0 }, generation: 0, chosen: Chosen::NONE };
}

/// What is remembered for `header` in the state `generation`; the number of entries is a power of two, or 0.
#[inline]
pub fn find(entries: &[Entry], header: Header, generation: u32) -> Option<Chosen> {
    let entry = entries.get(header.place(entries.len().max(1)))?;
    (entry.generation == generation && entry.header == header).then_some(entry.chosen)
}

/// Remembers what was chosen for `header`.
#[inline]
pub fn remember(entries: &mut [Entry], header: Header, generation: u32, chosen: Chosen) {
    let place = header.place(entries.len().max(1));
    if let Some(entry) = entries.get_mut(place) {
        *entry = Entry { header, generation, chosen };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: [u8; 14] = [2, 0, 0, 0, 0, 9, 2, 1, 1, 1, 1, 8, 8, 0];

    #[test]
    fn addresses_are_those_of_the_frame() {
        let (destination, source) = Header::new(&BYTES, 255).addresses();
        assert_eq!((destination.to_bytes(), source.to_bytes()), ([2, 0, 0, 0, 0, 9], [2, 1, 1, 1, 1, 8]));
    }

    #[test]
    fn what_is_remembered_is_of_one_header_and_state() {
        let mut entries = [Entry::EMPTY; 4];
        let header = Header::new(&BYTES, 3);
        assert_eq!(find(&entries, header, 1), None);
        remember(&mut entries, header, 1, Chosen::NONE);
        assert_eq!(find(&entries, header, 1), Some(Chosen::NONE));
        assert_eq!(find(&entries, header, 2), None);
        assert_eq!(find(&entries, Header::new(&BYTES, 4), 1), None);
        let mut other = BYTES;
        other[13] = 6;
        assert_eq!(find(&entries, Header::new(&other, 3), 1), None, "the EtherType counts, too");
        assert_eq!(find(&[], header, 1), None);
    }
}
