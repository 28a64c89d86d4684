// SPDX-License-Identifier: Apache-2.0
//! ICMPv6, RFC 4443 §2.1, and its messages of Neighbor Discovery, RFC 4861 §4.3, §4.4 and §4.6.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |     Type      |     Code      |          Checksum             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |R|S|O|  Unused, MTU, Pointer, Identifier and Sequence Number   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |              Target Address (16 bytes), then options          |  of a solicitation or advertisement
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::checksum::Sum;
use super::ethernet::Address;
use super::{be16, be32, numbers};
use core::fmt;

/// Bytes of a header.
pub const HEADER_BYTES: usize = 8;
/// Bytes of a solicitation or advertisement with the option that gives a link-layer address.
pub const NEIGHBOR_BYTES: usize = 32;

numbers! {
    /// What the message says: the registry "ICMPv6 type Numbers" of IANA.
    Type: u8 {
        /// Destination Unreachable, RFC 4443 §3.1.
        DestinationUnreachable = 1,
        /// Packet Too Big, RFC 4443 §3.2.
        PacketTooBig = 2,
        /// Time Exceeded, RFC 4443 §3.3.
        TimeExceeded = 3,
        /// Parameter Problem, RFC 4443 §3.4.
        ParameterProblem = 4,
        /// Echo Request, RFC 4443 §4.1.
        EchoRequest = 128,
        /// Echo Reply, RFC 4443 §4.2.
        EchoReply = 129,
        /// Neighbor Solicitation, RFC 4861 §4.3.
        NeighborSolicitation = 135,
        /// Neighbor Advertisement, RFC 4861 §4.4.
        NeighborAdvertisement = 136,
        /// Redirect, RFC 4861 §4.5.
        Redirect = 137,
    }
}

impl Type {
    /// Whether it tells of an error: types below 128, RFC 4443 §2.1.
    pub fn is_error(self) -> bool {
        u8::from(self) < 128
    }
}

/// Options of Neighbor Discovery that give a link-layer address, RFC 4861 §4.6.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkOption {
    /// The sender's.
    Source = 1,
    /// The target's.
    Target = 2,
}

/// Why bytes are no ICMPv6 message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than a header has.
    Short(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let Error::Short(length) = self;
        write!(out, "{length} bytes are fewer than an ICMPv6 header has")
    }
}

/// A view of an ICMPv6 message. The bytes given are the whole message.
#[derive(Clone, Copy)]
pub struct Icmpv6<'a> {
    fixed: &'a [u8; HEADER_BYTES],
    bytes: &'a [u8],
}

impl<'a> Icmpv6<'a> {
    /// Views a message; its checksum is not checked.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        match bytes.first_chunk() {
            Some(fixed) => Ok(Icmpv6 { fixed, bytes }),
            None => Err(Error::Short(bytes.len())),
        }
    }

    /// Type.
    #[inline]
    pub fn message_type(&self) -> Type {
        self.fixed[0].into()
    }

    /// Code; its meaning depends on the type.
    #[inline]
    pub fn code(&self) -> u8 {
        self.fixed[1]
    }

    /// Checksum.
    #[inline]
    pub fn checksum(&self) -> u16 {
        be16(self.fixed, 2..4)
    }

    /// The four bytes behind the checksum: MTU, Pointer, Identifier and Sequence Number, flags.
    #[inline]
    pub fn rest(&self) -> u32 {
        be32(self.fixed, 4..8)
    }

    /// What follows the header.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(HEADER_BYTES..).unwrap_or(&[])
    }

    /// Target Address, of a solicitation or advertisement that is long enough.
    #[inline]
    pub fn target(&self) -> Option<u128> {
        self.payload().first_chunk().map(|bytes| u128::from_be_bytes(*bytes))
    }

    /// The link-layer address of the first option of that kind, of a solicitation or advertisement. None if there is none,
    /// or an option before it lies about its length.
    pub fn link_address(&self, kind: LinkOption) -> Option<Address> {
        let mut options = self.payload().get(16..)?;
        while let [option, length, ..] = options {
            if *option == kind as u8 && *length == 1 {
                let address: &[u8; 6] = options.get(2..8)?.first_chunk()?;
                return Some(Address::new(*address));
            }
            // RFC 4861 §4.6: a length of zero makes the packet invalid.
            options = options.get(8 * usize::from(*length)..).filter(|_| *length > 0)?;
        }
        None
    }

    /// Whether the checksum is right for a packet between these addresses.
    pub fn is_intact(&self, source: u128, destination: u128) -> bool {
        sum(source, destination, self.bytes).is_intact()
    }
}

/// The sum over the message and its pseudo header, RFC 4443 §2.3.
fn sum(source: u128, destination: u128, message: &[u8]) -> Sum {
    Sum::new().with_pseudo_header_ipv6(source, destination, 58, message.len() as u32).with(message)
}

/// Sums a message between these addresses, and sets its checksum.
pub fn fill_checksum(source: u128, destination: u128, message: &mut [u8]) {
    if let Some(field) = message.get_mut(2..4) {
        field.fill(0);
        let checksum = sum(source, destination, message).checksum();
        message[2..4].copy_from_slice(&checksum.to_be_bytes());
    }
}

/// Writes a solicitation or advertisement, its checksum still zero: `flags` are the upper three bits of the word behind
/// the checksum (router, solicited, override).
pub fn write_neighbor(
    message: &mut [u8; NEIGHBOR_BYTES],
    kind: Type,
    flags: u8,
    target: u128,
    option: LinkOption,
    link: Address,
) {
    *message = [0; NEIGHBOR_BYTES];
    (message[0], message[4]) = (kind.into(), flags);
    message[8..24].copy_from_slice(&target.to_be_bytes());
    (message[24], message[25]) = (option as u8, 1);
    message[26..32].copy_from_slice(&link.to_bits().to_le_bytes()[..6]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    const ME: u128 = 0xfe80 << 112 | 1;
    const ALL: u128 = 0xff02 << 112 | 1;

    fn solicitation() -> [u8; NEIGHBOR_BYTES] {
        let mut message = [0; NEIGHBOR_BYTES];
        let link = Address::new([2, 0, 0x5e, 0x10, 0, 1]);
        write_neighbor(&mut message, Type::NeighborSolicitation, 0, 7, LinkOption::Source, link);
        fill_checksum(ME, ALL, &mut message);
        message
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = solicitation();
        let message = Icmpv6::new_checked(&bytes).unwrap();
        assert_eq!((message.message_type(), message.code(), message.rest()), (Type::NeighborSolicitation, 0, 0));
        assert_eq!((message.target(), message.message_type().is_error()), (Some(7), false));
        assert_eq!(message.link_address(LinkOption::Source), Some(Address::new([2, 0, 0x5e, 0x10, 0, 1])));
        assert_eq!(message.link_address(LinkOption::Target), None);
        assert!(message.is_intact(ME, ALL) && !message.is_intact(ME, ALL + 1), "{:#x}", message.checksum());
    }

    /// 1 + 1 (addresses) + 11 (length) + 58 + 0x8000 + 1 + 1 + 0x6162 + 0x6300 is 0x144ab.
    #[test]
    fn a_checksum_summed_by_hand_is_right() {
        let mut echo = [128, 0, 9, 9, 0, 1, 0, 1, b'a', b'b', b'c'];
        fill_checksum(1, 1, &mut echo);
        assert_eq!(u16::from_be_bytes([echo[2], echo[3]]), !0x44ac);
    }

    #[test]
    fn options_are_walked_within_bounds() {
        let behind = |options: &[u8]| {
            let mut bytes = vec![136, 0, 0, 0, 0, 0, 0, 0];
            bytes.extend([0; 16].iter().chain(options));
            Icmpv6::new_checked(&bytes).unwrap().link_address(LinkOption::Target)
        };
        assert_eq!(behind(&[5, 1, 0, 0, 0, 0, 0, 0, 2, 1, 1, 2, 3, 4, 5, 6]), Some(Address::new([1, 2, 3, 4, 5, 6])));
        assert_eq!(behind(&[5, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1, 2, 3, 4, 5, 6]), None, "an option without length");
        assert_eq!((behind(&[5, 9, 0]), behind(&[2, 1, 1, 2, 3, 4, 5]), behind(&[2])), (None, None, None));
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&solicitation(), |bytes| {
            let Ok(message) = Icmpv6::new_checked(bytes) else { return };
            let _ = (message.is_intact(ME, ALL), message.target(), message.link_address(LinkOption::Target));
            assert_eq!(HEADER_BYTES + message.payload().len(), bytes.len());
        });
    }
}
