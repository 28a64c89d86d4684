// SPDX-License-Identifier: Apache-2.0
//! The TCP header, RFC 9293 §3.1.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |          Source Port          |       Destination Port        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                        Sequence Number                        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                    Acknowledgment Number                      |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  Data |       |C|E|U|A|P|R|S|F|                               |
//! | Offset| Rsrvd |W|C|R|C|S|S|Y|I|            Window             |
//! |       |       |R|E|G|K|H|T|N|N|                               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |           Checksum            |         Urgent Pointer        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                           [Options]                           |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::checksum::Sum;
use super::{be16, be32};
use core::fmt;

/// Bytes of a header without options.
pub const HEADER_BYTES: usize = 20;

/// Where the fields lie in the header.
pub mod field {
    use core::ops::Range;

    /// Source Port.
    pub const SOURCE_PORT: Range<usize> = 0..2;
    /// Destination Port.
    pub const DESTINATION_PORT: Range<usize> = 2..4;
    /// Sequence Number.
    pub const SEQUENCE_NUMBER: Range<usize> = 4..8;
    /// Acknowledgment Number.
    pub const ACKNOWLEDGMENT_NUMBER: Range<usize> = 8..12;
    /// Data Offset (upper four bits) and reserved bits.
    pub const DATA_OFFSET: usize = 12;
    /// Control bits.
    pub const FLAGS: usize = 13;
    /// Window.
    pub const WINDOW: Range<usize> = 14..16;
    /// Checksum, over the pseudo header too.
    pub const CHECKSUM: Range<usize> = 16..18;
    /// Urgent Pointer.
    pub const URGENT_POINTER: Range<usize> = 18..20;
}

/// The control bits as they lie in [`field::FLAGS`].
pub mod flag {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronize sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// Push function.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment field is significant.
    pub const ACK: u8 = 0x10;
    /// The urgent pointer is significant.
    pub const URG: u8 = 0x20;
    /// ECN echo, RFC 3168 §6.1.
    pub const ECE: u8 = 0x40;
    /// Congestion window reduced, RFC 3168 §6.1.
    pub const CWR: u8 = 0x80;
}

/// Why bytes are no TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than a header has.
    Short(usize),
    /// The data offset, in bytes, is less than 20 or more than the bytes there are.
    DataOffset(u8),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Short(length) => write!(out, "{length} bytes are fewer than a TCP header has"),
            Error::DataOffset(offset) => {
                write!(out, "the TCP data offset, {offset} bytes, is less than 20 or more than there is")
            }
        }
    }
}

/// A view of a TCP segment. The bytes given are the whole segment: TCP has no length of its own.
#[derive(Clone, Copy)]
pub struct Tcp<'a> {
    fixed: &'a [u8; HEADER_BYTES],
    bytes: &'a [u8],
}

impl<'a> Tcp<'a> {
    /// Views a segment; its checksum is not checked.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some(fixed) = bytes.first_chunk() else { return Err(Error::Short(bytes.len())) };
        let segment = Tcp { fixed, bytes };
        if segment.header_length() < HEADER_BYTES || segment.header_length() > bytes.len() {
            return Err(Error::DataOffset(segment.header_length() as u8));
        }
        Ok(segment)
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

    /// Sequence Number.
    #[inline]
    pub fn sequence_number(&self) -> u32 {
        be32(self.fixed, field::SEQUENCE_NUMBER)
    }

    /// Acknowledgment Number.
    #[inline]
    pub fn acknowledgment_number(&self) -> u32 {
        be32(self.fixed, field::ACKNOWLEDGMENT_NUMBER)
    }

    /// The header's length in bytes, 20 to 60: four times the field Data Offset.
    #[inline]
    pub fn header_length(&self) -> usize {
        usize::from(self.fixed[field::DATA_OFFSET] >> 4) * 4
    }

    /// The control bits; see [`flag`].
    #[inline]
    pub fn flags(&self) -> u8 {
        self.fixed[field::FLAGS]
    }

    /// Window, as sent: without the scale of RFC 7323.
    #[inline]
    pub fn window(&self) -> u16 {
        be16(self.fixed, field::WINDOW)
    }

    /// Checksum.
    #[inline]
    pub fn checksum(&self) -> u16 {
        be16(self.fixed, field::CHECKSUM)
    }

    /// Urgent Pointer.
    #[inline]
    pub fn urgent_pointer(&self) -> u16 {
        be16(self.fixed, field::URGENT_POINTER)
    }

    /// Options with their padding.
    #[inline]
    pub fn options(&self) -> &'a [u8] {
        self.bytes.get(HEADER_BYTES..self.header_length()).unwrap_or(&[])
    }

    /// The data.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(self.header_length()..).unwrap_or(&[])
    }

    /// Whether the checksum is right for a segment between these IPv4 addresses.
    pub fn is_intact(&self, source: u32, destination: u32) -> bool {
        // A segment in an IPv4 packet is shorter than 64 KB; a longer one has no checksum that could be right.
        let Ok(length) = u16::try_from(self.bytes.len()) else { return false };
        Sum::new().with_pseudo_header(source, destination, 6, length).with(self.bytes).is_intact()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    /// A SYN of 192.0.2.1 to 192.0.2.2 with a maximum segment size, and a byte of data.
    const SEGMENT: [u8; 25] =
        [0xc0, 0x00, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8, 0x60, 0xc2, 0x20, 0, 0xaa, 0xf3, 0, 9, 2, 4, 5, 0xb4, b'x'];
    const SOURCE: u32 = 0xc000_0201;
    const DESTINATION: u32 = 0xc000_0202;

    #[test]
    fn getters_read_a_known_segment() {
        let segment = Tcp::new_checked(&SEGMENT).unwrap();
        assert_eq!((segment.source_port(), segment.destination_port()), (49152, 80));
        assert_eq!((segment.sequence_number(), segment.acknowledgment_number()), (0x0102_0304, 0x0506_0708));
        assert_eq!((segment.header_length(), segment.flags()), (24, flag::SYN | flag::ECE | flag::CWR));
        assert_eq!((segment.window(), segment.urgent_pointer()), (0x2000, 9));
        assert_eq!((segment.options(), segment.payload()), ([2, 4, 5, 0xb4].as_slice(), b"x".as_slice()));
        assert!(segment.is_intact(SOURCE, DESTINATION), "{:#x}", segment.checksum());
        assert!(!segment.is_intact(SOURCE, DESTINATION + 1));
    }

    #[test]
    fn short_and_lying_offsets_are_refused() {
        for length in 0..HEADER_BYTES {
            assert_eq!(Tcp::new_checked(&SEGMENT[..length]).err(), Some(Error::Short(length)));
        }
        for offset in [0, 4, 7, 15] {
            let mut bytes = SEGMENT;
            bytes[field::DATA_OFFSET] = offset << 4;
            assert_eq!(Tcp::new_checked(&bytes).err(), Some(Error::DataOffset(offset * 4)));
        }
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&SEGMENT, |bytes| {
            let Ok(segment) = Tcp::new_checked(bytes) else { return };
            let _ = segment.is_intact(SOURCE, DESTINATION);
            assert_eq!(HEADER_BYTES + segment.options().len() + segment.payload().len(), bytes.len());
        });
    }
}
