// SPDX-License-Identifier: Apache-2.0
//! The UDP header, RFC 768.
//!
//! ```text
//!  0      7 8     15 16    23 24    31
//! +--------+--------+--------+--------+
//! |     Source      |   Destination   |
//! |      Port       |      Port       |
//! +--------+--------+--------+--------+
//! |                 |                 |
//! |     Length      |    Checksum     |
//! +--------+--------+--------+--------+
//! ```

use super::be16;
use super::checksum::Sum;
use core::fmt;

/// Bytes of a header.
pub const HEADER_BYTES: usize = 8;

/// Where the fields lie in the header.
pub mod field {
    use core::ops::Range;

    /// Source Port.
    pub const SOURCE_PORT: Range<usize> = 0..2;
    /// Destination Port.
    pub const DESTINATION_PORT: Range<usize> = 2..4;
    /// Length, of header and data.
    pub const LENGTH: Range<usize> = 4..6;
    /// Checksum, over the pseudo header too.
    pub const CHECKSUM: Range<usize> = 6..8;
}

/// Why bytes are no UDP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than a header has.
    Short(usize),
    /// The length is less than the header's or more than the bytes there are.
    Length(u16),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Short(length) => write!(out, "{length} bytes are fewer than a UDP header has"),
            Error::Length(length) => {
                write!(out, "the UDP length, {length}, is less than the header's or more than there is")
            }
        }
    }
}

/// A view of a UDP datagram.
#[derive(Clone, Copy)]
pub struct Udp<'a> {
    fixed: &'a [u8; HEADER_BYTES],
    bytes: &'a [u8],
}

impl<'a> Udp<'a> {
    /// Views the datagram at the front of `bytes`; its checksum is not checked.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some(fixed) = bytes.first_chunk() else { return Err(Error::Short(bytes.len())) };
        let length = be16(fixed, field::LENGTH);
        match bytes.get(..usize::from(length)) {
            Some(bytes) if bytes.len() >= HEADER_BYTES => Ok(Udp { fixed, bytes }),
            _ => Err(Error::Length(length)),
        }
    }

    /// Source Port.
    #[inline]
    pub fn source_port(&self) -> u16 {
        be16(self.fixed, field::SOURCE_PORT)
    }

    /// Destination Port.
    #[inline]
    pub fn destination_port(&self) -> u16 {
        be16(self.fixed, field::DESTINATION_PORT)
    }

    /// Length: bytes of header and data.
    #[inline]
    pub fn length(&self) -> u16 {
        be16(self.fixed, field::LENGTH)
    }

    /// Checksum; 0 if the sender made none.
    #[inline]
    pub fn checksum(&self) -> u16 {
        be16(self.fixed, field::CHECKSUM)
    }

    /// Header and data, up to Length.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The data, up to Length.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(HEADER_BYTES..).unwrap_or(&[])
    }

    /// Whether the checksum is right, or there is none, for a datagram between these IPv4 addresses.
    pub fn is_intact(&self, source: u32, destination: u32) -> bool {
        let pseudo = Sum::new().with_pseudo_header(source, destination, 17, self.length());
        self.checksum() == 0 || pseudo.with(self.bytes).is_intact()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    /// A datagram of 192.0.2.1 to 192.0.2.2 and a byte of padding.
    const DATAGRAM: [u8; 12] = [0x30, 0x39, 0, 53, 0, 11, 0x87, 0x03, b'a', b'b', b'c', 0];
    const SOURCE: u32 = 0xc000_0201;
    const DESTINATION: u32 = 0xc000_0202;

    #[test]
    fn getters_read_a_known_datagram() {
        let datagram = Udp::new_checked(&DATAGRAM).unwrap();
        assert_eq!((datagram.source_port(), datagram.destination_port(), datagram.length()), (12345, 53, 11));
        assert_eq!(datagram.payload(), b"abc");
        assert!(datagram.is_intact(SOURCE, DESTINATION), "{:#x}", datagram.checksum());
        assert!(!datagram.is_intact(SOURCE, DESTINATION + 1));
    }

    #[test]
    fn a_datagram_without_checksum_is_intact() {
        let mut bytes = DATAGRAM;
        bytes[field::CHECKSUM].fill(0);
        assert!(Udp::new_checked(&bytes).unwrap().is_intact(0, 0));
    }

    #[test]
    fn short_and_lying_lengths_are_refused() {
        for length in 0..HEADER_BYTES {
            assert_eq!(Udp::new_checked(&DATAGRAM[..length]).err(), Some(Error::Short(length)));
        }
        for length in [0, 7, 13] {
            let mut bytes = DATAGRAM;
            bytes[5] = length;
            assert_eq!(Udp::new_checked(&bytes).err(), Some(Error::Length(length.into())));
        }
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&DATAGRAM, |bytes| {
            let Ok(datagram) = Udp::new_checked(bytes) else { return };
            let _ = datagram.is_intact(SOURCE, DESTINATION);
            assert_eq!(HEADER_BYTES + datagram.payload().len(), datagram.length().into());
        });
    }
}
