// SPDX-License-Identifier: Apache-2.0
//! The ICMP header, RFC 792: what all messages share, and the fields of an echo.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |     Type      |     Code      |          Checksum             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |           Identifier          |        Sequence Number        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |     Data ...
//! +-+-+-+-+-
//! ```

use super::checksum::Sum;
use super::{be16, numbers};
use core::fmt;

/// Bytes of a header: each message of RFC 792 has at least these.
pub const HEADER_BYTES: usize = 8;

/// Where the fields lie in the header.
pub mod field {
    use core::ops::Range;

    /// Type.
    pub const TYPE: usize = 0;
    /// Code.
    pub const CODE: usize = 1;
    /// Checksum, over the whole message.
    pub const CHECKSUM: Range<usize> = 2..4;
    /// Identifier, of an echo.
    pub const IDENTIFIER: Range<usize> = 4..6;
    /// Sequence Number, of an echo.
    pub const SEQUENCE_NUMBER: Range<usize> = 6..8;
}

numbers! {
    /// What the message says: the registry "ICMP Type Numbers" of IANA.
    Type: u8 {
        /// Echo Reply, RFC 792.
        EchoReply = 0,
        /// Destination Unreachable, RFC 792.
        DestinationUnreachable = 3,
        /// Redirect, RFC 792.
        Redirect = 5,
        /// Echo, RFC 792.
        Echo = 8,
        /// Router Advertisement, RFC 1256.
        RouterAdvertisement = 9,
        /// Router Solicitation, RFC 1256.
        RouterSolicitation = 10,
        /// Time Exceeded, RFC 792.
        TimeExceeded = 11,
        /// Parameter Problem, RFC 792.
        ParameterProblem = 12,
        /// Timestamp, RFC 792.
        Timestamp = 13,
        /// Timestamp Reply, RFC 792.
        TimestampReply = 14,
    }
}

/// Why bytes are no ICMP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than a header has.
    Short(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let Error::Short(length) = self;
        write!(out, "{length} bytes are fewer than an ICMP header has")
    }
}

/// A view of an ICMP message. The bytes given are the whole message: ICMP has no length of its own.
#[derive(Clone, Copy)]
pub struct Icmp<'a> {
    fixed: &'a [u8; HEADER_BYTES],
    bytes: &'a [u8],
}

impl<'a> Icmp<'a> {
    /// Views a message; its checksum is not checked.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        match bytes.first_chunk() {
            Some(fixed) => Ok(Icmp { fixed, bytes }),
            None => Err(Error::Short(bytes.len())),
        }
    }

    /// Type.
    #[inline]
    pub fn message_type(&self) -> Type {
        self.fixed[field::TYPE].into()
    }

    /// Code; its meaning depends on the type.
    #[inline]
    pub fn code(&self) -> u8 {
        self.fixed[field::CODE]
    }

    /// Checksum.
    #[inline]
    pub fn checksum(&self) -> u16 {
        be16(self.fixed, field::CHECKSUM)
    }

    /// Identifier, of an echo.
    #[inline]
    pub fn identifier(&self) -> u16 {
        be16(self.fixed, field::IDENTIFIER)
    }

    /// Sequence Number, of an echo.
    #[inline]
    pub fn sequence_number(&self) -> u16 {
        be16(self.fixed, field::SEQUENCE_NUMBER)
    }

    /// What follows the header: an echo's data, or the front of the packet that an error is about.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(HEADER_BYTES..).unwrap_or(&[])
    }

    /// Whether the checksum is right.
    pub fn is_intact(&self) -> bool {
        Sum::new().with(self.bytes).is_intact()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    const ECHO: [u8; 11] = [8, 0, 0x21, 0x62, 0x12, 0x34, 0, 7, b'a', b'b', b'c'];

    #[test]
    fn getters_read_a_known_echo() {
        let echo = Icmp::new_checked(&ECHO).unwrap();
        assert_eq!((echo.message_type(), echo.code()), (Type::Echo, 0));
        assert_eq!((echo.identifier(), echo.sequence_number(), echo.payload()), (0x1234, 7, b"abc".as_slice()));
        assert!(echo.is_intact(), "{:#x}", echo.checksum());
    }

    #[test]
    fn types_keep_numbers_that_have_no_name() {
        assert_eq!((Type::from(42), u8::from(Type::Unknown(42))), (Type::Unknown(42), 42));
        assert!((0..=255).all(|number| u8::from(Type::from(number)) == number));
    }

    #[test]
    fn short_messages_are_refused() {
        for length in 0..HEADER_BYTES {
            assert_eq!(Icmp::new_checked(&ECHO[..length]).err(), Some(Error::Short(length)));
        }
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&ECHO, |bytes| {
            let Ok(message) = Icmp::new_checked(bytes) else { return };
            let _ = message.is_intact();
            assert_eq!(HEADER_BYTES + message.payload().len(), bytes.len());
        });
    }
}
