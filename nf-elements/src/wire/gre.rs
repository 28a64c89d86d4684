// SPDX-License-Identifier: Apache-2.0
//! The GRE header, RFC 2784 §2, with key and sequence number, RFC 2890 §2; NVGRE, RFC 7637 §3.2, is one with a key.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |C| |K|S| Reserved0       | Ver |         Protocol Type         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |      Checksum (if C)          |       Reserved1 (if C)        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                         Key (if K)                            |  NVGRE: VSID (24 bits), FlowID (8 bits)
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                   Sequence Number (if S)                      |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::checksum::Sum;
use core::fmt;

/// Bytes of a header with everything that it can have.
pub const MOST_HEADER_BYTES: usize = 16;
/// The IP protocol.
pub const PROTOCOL: u8 = 47;
/// Protocol Type: an Ethernet frame, "transparent Ethernet bridging", RFC 1701 and RFC 7637 §3.2.
pub const TRANSPARENT_ETHERNET: u16 = 0x6558;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const VERSION: u16 = 0x0007;

/// Why bytes are no GRE packet that can be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than the header has.
    Short(usize),
    /// A version other than 0: 1 is PPTP's, RFC 2637.
    Version(u8),
    /// It has RFC 1701's source routing, which RFC 2784 §2.3 took away.
    Routing,
    /// The checksum is wrong.
    Checksum,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Short(length) => write!(out, "{length} bytes are fewer than the GRE header has"),
            Error::Version(version) => write!(out, "the GRE version is {version}, not 0"),
            Error::Routing => write!(out, "the GRE header has source routes"),
            Error::Checksum => write!(out, "the GRE checksum is wrong"),
        }
    }
}

/// A header: what is in it, and how long it is. It is read into this and not viewed, because its fields have no fixed places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gre {
    /// Protocol Type: an EtherType.
    pub protocol_type: u16,
    /// Key.
    pub key: Option<u32>,
    /// Sequence Number.
    pub sequence: Option<u32>,
    /// Bytes of the header.
    pub length: usize,
}

impl Gre {
    /// Reads the header at the front of `bytes`, which end with the packet; a checksum, if there is one, is checked.
    #[inline]
    pub fn read(bytes: &[u8]) -> Result<Gre, Error> {
        let short = Error::Short(bytes.len());
        let word = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let first = word(0).ok_or(short)?;
        let flags = (first >> 16) as u16;
        if flags & VERSION != 0 {
            return Err(Error::Version((flags & VERSION) as u8));
        }
        if flags & ROUTING != 0 {
            return Err(Error::Routing);
        }
        let mut length = 4;
        let mut next = |flag: u16| -> Result<Option<u32>, Error> {
            if flags & flag == 0 {
                return Ok(None);
            }
            let value = word(length).ok_or(short)?;
            length += 4;
            Ok(Some(value))
        };
        let checksum = next(CHECKSUM)?;
        let (key, sequence) = (next(KEY)?, next(SEQUENCE)?);
        if checksum.is_some() && !Sum::new().with(bytes).is_intact() {
            return Err(Error::Checksum);
        }
        Ok(Gre { protocol_type: first as u16, key, sequence, length })
    }

    /// Writes the header, `checksum` included, in front of `payload`, and gives its length. `length` is not looked at.
    #[inline]
    pub fn write(&self, checksum: bool, payload: &[u8], out: &mut [u8; MOST_HEADER_BYTES]) -> usize {
        let flag = |there: bool, flag: u16| if there { flag } else { 0 };
        let flags = flag(checksum, CHECKSUM) | flag(self.key.is_some(), KEY) | flag(self.sequence.is_some(), SEQUENCE);
        *out = [0; MOST_HEADER_BYTES];
        out[..2].copy_from_slice(&flags.to_be_bytes());
        out[2..4].copy_from_slice(&self.protocol_type.to_be_bytes());
        let mut length = if checksum { 8 } else { 4 };
        for word in [self.key, self.sequence].into_iter().flatten() {
            out[length..length + 4].copy_from_slice(&word.to_be_bytes());
            length += 4;
        }
        if checksum {
            let sum = Sum::new().with(&out[..length]).with(payload).checksum();
            out[4..6].copy_from_slice(&sum.to_be_bytes());
        }
        length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    const FULL: Gre = Gre { protocol_type: 0x0800, key: Some(0x28), sequence: Some(7), length: 16 };

    fn written(header: Gre, checksum: bool, payload: &[u8]) -> Vec<u8> {
        let mut bytes = [0; MOST_HEADER_BYTES];
        let length = header.write(checksum, payload, &mut bytes);
        [&bytes[..length], payload].concat()
    }

    #[test]
    fn what_is_written_is_read() {
        for checksum in [false, true] {
            for (key, sequence) in [(None, None), (Some(1), None), (None, Some(2)), (Some(u32::MAX), Some(0))] {
                let payload = [1, 2, 3, 4, 5];
                let length = 4 * (1 + [checksum, key.is_some(), sequence.is_some()].iter().filter(|it| **it).count());
                let header = Gre { protocol_type: TRANSPARENT_ETHERNET, key, sequence, length };
                assert_eq!(Gre::read(&written(header, checksum, &payload)), Ok(header));
            }
        }
    }

    #[test]
    fn a_known_header() {
        let bytes = written(FULL, false, &[]);
        assert_eq!(bytes, [0x30, 0, 8, 0, 0, 0, 0, 0x28, 0, 0, 0, 7]);
        // An odd payload is padded for the sum: RFC 1071 §4.1.
        assert_eq!(written(Gre { key: None, sequence: None, ..FULL }, true, &[1])[4..6], (!0x8900u16).to_be_bytes());
    }

    #[test]
    fn what_is_none_is_refused() {
        let good = written(FULL, true, b"payload");
        for length in 0..16 {
            assert_eq!(Gre::read(&good[..length]), Err(Error::Short(length)));
        }
        let changed = |at: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[at] = value;
            Gre::read(&bytes)
        };
        assert_eq!(changed(1, 1), Err(Error::Version(1)));
        assert_eq!(changed(0, 0xf0), Err(Error::Routing));
        assert_eq!(changed(18, 0), Err(Error::Checksum));
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&written(FULL, true, b"payload"), |bytes| {
            if let Ok(header) = Gre::read(bytes) {
                assert!(header.length <= bytes.len() && header.length <= MOST_HEADER_BYTES);
            }
        });
    }
}
