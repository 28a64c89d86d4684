// SPDX-License-Identifier: Apache-2.0
//! The label stack of MPLS, RFC 3032 §2.1; in UDP, RFC 7510 §3, it stands behind the UDP header.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                Label                  | Exp |S|       TTL     |  an entry; S: it is the last one
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use core::fmt;

/// Bytes of an entry.
pub const ENTRY_BYTES: usize = 4;
/// Most entries that are looked through for the last one.
pub const MOST_ENTRIES: usize = 16;
/// The UDP port of MPLS in UDP, RFC 7510 §3.
pub const PORT: u16 = 6635;
/// Labels are below this.
pub const LABELS: u32 = 1 << 20;
/// Implicit NULL, RFC 3032 §2.1: a label that is told, and never seen in a stack.
pub const IMPLICIT_NULL: u32 = 3;

/// Why bytes are no label stack that can be taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No entry within this many bytes is the last one.
    Short(usize),
    /// More than [`MOST_ENTRIES`] entries.
    Deep,
    /// A label that no packet may have.
    Label(u32),
    /// The packet has lived long enough: the first entry's TTL is 0.
    TimeToLive,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Short(length) => write!(out, "the MPLS label stack does not end within {length} bytes"),
            Error::Deep => write!(out, "the MPLS label stack has more than {MOST_ENTRIES} entries"),
            Error::Label(label) => write!(out, "{label} is no label of an MPLS packet"),
            Error::TimeToLive => write!(out, "the MPLS TTL is 0"),
        }
    }
}

/// An entry of a label stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Label, 20 bits.
    pub label: u32,
    /// Exp, 3 bits: the traffic class, RFC 5462.
    pub exp: u8,
    /// S: whether it is the last one.
    pub is_bottom: bool,
    /// TTL.
    pub ttl: u8,
}

impl Entry {
    /// Reads an entry.
    #[inline]
    pub const fn from_bytes(bytes: [u8; ENTRY_BYTES]) -> Self {
        let word = u32::from_be_bytes(bytes);
        Entry { label: word >> 12, exp: (word >> 9 & 7) as u8, is_bottom: word & 0x100 != 0, ttl: word as u8 }
    }

    /// Writes it.
    #[inline]
    pub const fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let exp = (self.exp & 7) as u32;
        (self.label << 12 | exp << 9 | (self.is_bottom as u32) << 8 | self.ttl as u32).to_be_bytes()
    }
}

/// A label stack: its first and last entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The first entry, whose TTL is the packet's.
    pub top: Entry,
    /// The last entry, whose label says what is behind.
    pub bottom: Entry,
    /// Bytes of the stack.
    pub length: usize,
}

impl Stack {
    /// Reads the stack at the front of `bytes`.
    #[inline]
    pub fn read(bytes: &[u8]) -> Result<Stack, Error> {
        let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
        let mut top = None;
        for (index, entry) in entries.iter().take(MOST_ENTRIES).enumerate() {
            let entry = Entry::from_bytes(*entry);
            if entry.label == IMPLICIT_NULL {
                return Err(Error::Label(entry.label));
            }
            let top = *top.get_or_insert(entry);
            if top.ttl == 0 {
                return Err(Error::TimeToLive);
            }
            if entry.is_bottom {
                return Ok(Stack { top, bottom: entry, length: (index + 1) * ENTRY_BYTES });
            }
        }
        Err(if entries.len() < MOST_ENTRIES { Error::Short(bytes.len()) } else { Error::Deep })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    /// Label 18 with Exp 5, and 16 below it, in front of IPv4.
    const STACK: [u8; 9] = [0, 1, 0x2a, 63, 0, 1, 1, 64, 0x45];

    #[test]
    fn a_known_stack_both_ways() {
        let top = Entry { label: 18, exp: 5, is_bottom: false, ttl: 63 };
        let bottom = Entry { label: 16, exp: 0, is_bottom: true, ttl: 64 };
        assert_eq!(Stack::read(&STACK), Ok(Stack { top, bottom, length: 8 }));
        assert_eq!([top.to_bytes(), bottom.to_bytes()].concat(), STACK[..8]);
        let most = Entry { label: LABELS - 1, exp: 7, is_bottom: true, ttl: 255 };
        assert_eq!((most.to_bytes(), Entry::from_bytes([0xff; 4])), ([0xff; 4], most));
    }

    #[test]
    fn what_is_none_is_refused() {
        for length in 0..8 {
            assert_eq!(Stack::read(&STACK[..length]), Err(Error::Short(length)));
        }
        assert_eq!(Stack::read(&[0, 1, 0, 9].repeat(MOST_ENTRIES + 1)), Err(Error::Deep));
        assert_eq!(Stack::read(&[0, 0, 0x31, 9]), Err(Error::Label(3)));
        assert_eq!(Stack::read(&[0, 1, 1, 0]), Err(Error::TimeToLive));
        assert_eq!(Stack::read(&[0, 1, 0, 1, 0, 1, 1, 0]).unwrap().length, 8, "only the first one's TTL counts");
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&STACK, |bytes| {
            if let Ok(stack) = Stack::read(bytes) {
                assert!(stack.length <= bytes.len() && stack.length <= MOST_ENTRIES * ENTRY_BYTES);
            }
        });
    }
}
