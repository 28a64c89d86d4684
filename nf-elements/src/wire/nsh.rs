// SPDX-License-Identifier: Apache-2.0
//! The Network Service Header, RFC 8300 §2.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Ver|O|U|    TTL    |   Length  |U|U|U|U|MD Type| Next Protocol |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |          Service Path Identifier              | Service Index |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  Context: 16 bytes with MD type 1, any with MD type 2         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::{be16, numbers};
use core::fmt;

/// Bytes of the base header and the service path header.
pub const HEADER_BYTES: usize = 8;
/// Bytes of the context of MD type 1, §2.4.
pub const CONTEXT_BYTES: usize = 16;
/// Bytes of a header of MD type 1.
pub const FIXED_BYTES: usize = HEADER_BYTES + CONTEXT_BYTES;
/// The TTL to begin with, §2.2.
pub const FIRST_TTL: u8 = 63;
/// The service index to begin with, §2.3.
pub const FIRST_INDEX: u8 = 255;
/// Most that a service path identifier can be.
pub const MOST_PATH: u32 = 0xff_ffff;

/// Fixed length, §2.4.
const MD_TYPE_1: u8 = 1;
/// Variable length, §2.5.
const MD_TYPE_2: u8 = 2;

/// Where the fields lie in the header.
pub mod field {
    use core::ops::Range;

    /// Version, O bit, TTL, Length.
    pub const BASE: Range<usize> = 0..2;
    /// MD Type, in the lower half.
    pub const MD_TYPE: usize = 2;
    /// Next Protocol.
    pub const NEXT_PROTOCOL: usize = 3;
    /// Service Path Identifier.
    pub const PATH: Range<usize> = 4..7;
    /// Service Index.
    pub const INDEX: usize = 7;
}

numbers! {
    /// What the payload is, §2.2.
    NextProtocol: u8 {
        /// An IPv4 packet.
        Ipv4 = 1,
        /// An IPv6 packet.
        Ipv6 = 2,
        /// An Ethernet frame.
        Ethernet = 3,
        /// Another NSH.
        Nsh = 4,
        /// A packet with MPLS labels.
        Mpls = 5,
    }
}

/// Why bytes are no Network Service Header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than a header has.
    Short(usize),
    /// Another version than 0.
    Version(u8),
    /// An MD type that is none of the two.
    MdType(u8),
    /// The length, in words of four bytes, does not fit the MD type or the bytes there are.
    Length(u8),
    /// The TTL is 0: it went in a circle.
    Expired,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Short(length) => write!(out, "{length} bytes are fewer than an NSH has"),
            Error::Version(version) => write!(out, "the NSH version is {version}, not 0"),
            Error::MdType(number) => write!(out, "the NSH's MD type is {number}, not 1 or 2"),
            Error::Length(words) => write!(out, "the NSH cannot have {words} words"),
            Error::Expired => out.write_str("the NSH's TTL is 0"),
        }
    }
}

/// A view of a packet with a Network Service Header.
#[derive(Clone, Copy)]
pub struct Nsh<'a> {
    fixed: &'a [u8; HEADER_BYTES],
    context: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Nsh<'a> {
    /// Views the packet in `bytes`.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some(fixed) = bytes.first_chunk() else { return Err(Error::Short(bytes.len())) };
        let base = be16(fixed, field::BASE);
        if base >> 14 != 0 {
            return Err(Error::Version((base >> 14) as u8));
        }
        let words = (base & 0x3f) as u8;
        let sound = match fixed[field::MD_TYPE] & 15 {
            MD_TYPE_1 => usize::from(words) * 4 == FIXED_BYTES,
            MD_TYPE_2 => usize::from(words) * 4 >= HEADER_BYTES,
            other => return Err(Error::MdType(other)),
        };
        let parts = bytes.split_at_checked(usize::from(words) * 4).filter(|_| sound);
        let Some((header, payload)) = parts else { return Err(Error::Length(words)) };
        if base >> 6 & 0x3f == 0 {
            return Err(Error::Expired);
        }
        Ok(Nsh { fixed, context: header.get(HEADER_BYTES..).unwrap_or(&[]), payload })
    }

    /// TTL: how many forwarders it may still pass.
    #[inline]
    pub fn ttl(&self) -> u8 {
        (be16(self.fixed, field::BASE) >> 6 & 0x3f) as u8
    }

    /// Next Protocol.
    #[inline]
    pub fn next_protocol(&self) -> NextProtocol {
        self.fixed[field::NEXT_PROTOCOL].into()
    }

    /// Service Path Identifier.
    #[inline]
    pub fn path(&self) -> u32 {
        u32::from_be_bytes([0, self.fixed[4], self.fixed[5], self.fixed[6]])
    }

    /// Service Index.
    #[inline]
    pub fn index(&self) -> u8 {
        self.fixed[field::INDEX]
    }

    /// The context of MD type 1.
    #[inline]
    pub fn fixed_context(&self) -> Option<&'a [u8; CONTEXT_BYTES]> {
        let is_fixed = self.fixed[field::MD_TYPE] & 15 == MD_TYPE_1;
        self.context.first_chunk().filter(|_| is_fixed)
    }

    /// Bytes of the whole header.
    #[inline]
    pub fn header_bytes(&self) -> usize {
        HEADER_BYTES + self.context.len()
    }

    /// What follows the header.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// A header of MD type 1 to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repr {
    /// Service Path Identifier, at most [`MOST_PATH`].
    pub path: u32,
    /// Service Index.
    pub index: u8,
    /// Next Protocol.
    pub next_protocol: u8,
    /// The context's first word; the others are 0.
    pub context: u32,
}

impl Repr {
    /// The header's bytes.
    #[inline]
    pub fn to_bytes(self) -> [u8; FIXED_BYTES] {
        let mut bytes = [0; FIXED_BYTES];
        let base = u16::from(FIRST_TTL) << 6 | (FIXED_BYTES / 4) as u16;
        bytes[field::BASE].copy_from_slice(&base.to_be_bytes());
        bytes[field::MD_TYPE] = MD_TYPE_1;
        bytes[field::NEXT_PROTOCOL] = self.next_protocol;
        bytes[4..8].copy_from_slice(&(self.path << 8 | u32::from(self.index)).to_be_bytes());
        bytes[8..12].copy_from_slice(&self.context.to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    const REPR: Repr = Repr { path: 0x8003, index: 254, next_protocol: 3, context: 0xfeed_beef };
    /// The same, with a byte of payload.
    const FIXED: [u8; 25] =
        [0x0f, 0xc6, 1, 3, 0, 0x80, 3, 254, 0xfe, 0xed, 0xbe, 0xef, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xaa];

    fn changed(at: usize, byte: u8) -> Option<Error> {
        let mut bytes = FIXED;
        bytes[at] = byte;
        Nsh::new_checked(&bytes).err()
    }

    #[test]
    fn known_bytes_both_ways() {
        assert_eq!(REPR.to_bytes(), FIXED[..24]);
        let view = Nsh::new_checked(&FIXED).unwrap();
        assert_eq!((view.path(), view.index(), view.ttl(), view.header_bytes()), (0x8003, 254, 63, 24));
        assert_eq!((view.next_protocol(), view.payload()), (NextProtocol::Ethernet, [0xaa].as_slice()));
        assert_eq!(view.fixed_context().unwrap()[..5], [0xfe, 0xed, 0xbe, 0xef, 0]);
        // MD type 2 with a context header of one word.
        let variable = [0x0f, 0xc3, 2, 1, 0, 0, 7, 255, 0, 1, 2, 0, 0x45];
        let view = Nsh::new_checked(&variable).unwrap();
        assert_eq!((view.path(), view.fixed_context(), view.payload()), (7, None, [0x45].as_slice()));
    }

    #[test]
    fn what_is_none_says_why() {
        assert_eq!(Nsh::new_checked(&FIXED[..7]).err(), Some(Error::Short(7)));
        assert_eq!(Nsh::new_checked(&FIXED[..23]).err(), Some(Error::Length(6)));
        assert_eq!(changed(0, 0x4f), Some(Error::Version(1)));
        assert_eq!((changed(1, 0xc5), changed(1, 0xc7)), (Some(Error::Length(5)), Some(Error::Length(7))));
        assert_eq!((changed(2, 0), changed(2, 15)), (Some(Error::MdType(0)), Some(Error::MdType(15))));
        assert_eq!([changed(0, 0), changed(1, 6)], [None, None]);
        let mut circled = FIXED;
        (circled[0], circled[1]) = (0, 6);
        assert_eq!(Nsh::new_checked(&circled).err(), Some(Error::Expired));
    }

    #[test]
    fn mutations_do_not_panic() {
        mutation::for_each(&FIXED, |bytes| {
            if let Ok(view) = Nsh::new_checked(bytes) {
                assert_eq!(view.header_bytes() + view.payload().len(), bytes.len());
                let _ = (view.path(), view.index(), view.next_protocol(), view.fixed_context());
            }
        });
    }
}
