// SPDX-License-Identifier: Apache-2.0
//! The IPv4 header, RFC 791 §3.1 (the second byte as RFC 2474 §3 and RFC 3168 §5 have it).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Version|  IHL  |    DSCP   |ECN|          Total Length         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |         Identification        |Flags|      Fragment Offset    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  Time to Live |    Protocol   |         Header Checksum       |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                       Source Address                          |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                    Destination Address                        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                    Options                    |    Padding    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::checksum::Sum;
use super::{be16, be32, numbers};
use core::fmt;

/// Bytes of a header without options.
pub const HEADER_BYTES: usize = 20;

/// Where the fields lie in the header.
pub mod field {
    use core::ops::Range;

    /// Version (upper four bits) and IHL.
    pub const VERSION_IHL: usize = 0;
    /// DSCP and ECN; Type of Service in RFC 791.
    pub const DSCP_ECN: usize = 1;
    /// Total Length.
    pub const TOTAL_LENGTH: Range<usize> = 2..4;
    /// Identification.
    pub const IDENTIFICATION: Range<usize> = 4..6;
    /// Flags (upper three bits) and Fragment Offset.
    pub const FLAGS_FRAGMENT_OFFSET: Range<usize> = 6..8;
    /// Time to Live.
    pub const TIME_TO_LIVE: usize = 8;
    /// Protocol.
    pub const PROTOCOL: usize = 9;
    /// Header Checksum.
    pub const HEADER_CHECKSUM: Range<usize> = 10..12;
    /// Source Address.
    pub const SOURCE: Range<usize> = 12..16;
    /// Destination Address.
    pub const DESTINATION: Range<usize> = 16..20;
}

numbers! {
    /// What the payload is: the registry "Protocol Numbers" of IANA.
    Protocol: u8 {
        /// ICMP, RFC 792.
        Icmp = 1,
        /// IGMP, RFC 9776.
        Igmp = 2,
        /// IPv4 in IPv4, RFC 2003.
        Ipv4 = 4,
        /// TCP, RFC 9293.
        Tcp = 6,
        /// UDP, RFC 768.
        Udp = 17,
        /// IPv6 in IPv4, RFC 2473.
        Ipv6 = 41,
        /// GRE, RFC 2784.
        Gre = 47,
        /// ESP, RFC 4303.
        Esp = 50,
        /// AH, RFC 4302.
        Ah = 51,
    }
}

/// Why bytes are no IPv4 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than a header has.
    Short(usize),
    /// The version is not 4.
    Version(u8),
    /// The header length, in bytes, is less than 20.
    HeaderLength(u8),
    /// The total length is less than the header's or more than the bytes there are.
    TotalLength(u16),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Short(length) => write!(out, "{length} bytes are fewer than an IPv4 header has"),
            Error::Version(version) => write!(out, "the IP version is {version}, not 4"),
            Error::HeaderLength(length) => write!(out, "the IPv4 header length, {length} bytes, is less than 20"),
            Error::TotalLength(length) => {
                write!(out, "the IPv4 total length, {length}, is less than the header's or more than there is")
            }
        }
    }
}

/// A view of an IPv4 packet.
#[derive(Clone, Copy)]
pub struct Ipv4<'a> {
    fixed: &'a [u8; HEADER_BYTES],
    bytes: &'a [u8],
}

impl<'a> Ipv4<'a> {
    /// Views the packet at the front of `bytes`, in which padding may follow it. Version and lengths are checked, in
    /// the order of [`Error`]; the checksum is not.
    #[inline(always)]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some(fixed) = bytes.first_chunk() else { return Err(Error::Short(bytes.len())) };
        let packet = Ipv4 { fixed, bytes };
        if packet.version() != 4 {
            return Err(Error::Version(packet.version()));
        }
        if packet.header_length() < HEADER_BYTES {
            return Err(Error::HeaderLength(packet.header_length() as u8));
        }
        let total_length = usize::from(packet.total_length());
        if total_length > bytes.len() || total_length < packet.header_length() {
            return Err(Error::TotalLength(packet.total_length()));
        }
        Ok(packet)
    }

    /// Version.
    #[inline]
    pub fn version(&self) -> u8 {
        self.fixed[field::VERSION_IHL] >> 4
    }

    /// The header's length in bytes, 20 to 60: four times the field IHL.
    #[inline]
    pub fn header_length(&self) -> usize {
        usize::from(self.fixed[field::VERSION_IHL] & 0x0f) * 4
    }

    /// DSCP.
    #[inline]
    pub fn dscp(&self) -> u8 {
        self.fixed[field::DSCP_ECN] >> 2
    }

    /// ECN.
    #[inline]
    pub fn ecn(&self) -> u8 {
        self.fixed[field::DSCP_ECN] & 3
    }

    /// Total Length: bytes of header and payload.
    #[inline]
    pub fn total_length(&self) -> u16 {
        be16(self.fixed, field::TOTAL_LENGTH)
    }

    /// Identification.
    #[inline]
    pub fn identification(&self) -> u16 {
        be16(self.fixed, field::IDENTIFICATION)
    }

    /// The flag DF: don't fragment.
    #[inline]
    pub fn dont_fragment(&self) -> bool {
        be16(self.fixed, field::FLAGS_FRAGMENT_OFFSET) & 0x4000 != 0
    }

    /// The flag MF: more fragments follow.
    #[inline]
    pub fn more_fragments(&self) -> bool {
        be16(self.fixed, field::FLAGS_FRAGMENT_OFFSET) & 0x2000 != 0
    }

    /// Where this fragment's payload lies in the datagram's, in bytes: eight times the field Fragment Offset.
    #[inline]
    pub fn fragment_offset(&self) -> u16 {
        (be16(self.fixed, field::FLAGS_FRAGMENT_OFFSET) & 0x1fff) << 3
    }

    /// Whether this is a fragment, the first one included.
    #[inline]
    pub fn is_fragment(&self) -> bool {
        be16(self.fixed, field::FLAGS_FRAGMENT_OFFSET) & 0x3fff != 0
    }

    /// Time to Live.
    #[inline]
    pub fn time_to_live(&self) -> u8 {
        self.fixed[field::TIME_TO_LIVE]
    }

    /// Protocol.
    #[inline]
    pub fn protocol(&self) -> Protocol {
        self.fixed[field::PROTOCOL].into()
    }

    /// Header Checksum.
    #[inline]
    pub fn header_checksum(&self) -> u16 {
        be16(self.fixed, field::HEADER_CHECKSUM)
    }

    /// Source Address, its first byte uppermost.
    #[inline]
    pub fn source(&self) -> u32 {
        be32(self.fixed, field::SOURCE)
    }

    /// Destination Address, its first byte uppermost.
    #[inline]
    pub fn destination(&self) -> u32 {
        be32(self.fixed, field::DESTINATION)
    }

    /// Options and Padding; empty for most packets.
    #[inline]
    pub fn options(&self) -> &'a [u8] {
        self.bytes.get(HEADER_BYTES..self.header_length()).unwrap_or(&[])
    }

    /// The payload, up to Total Length.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(self.header_length()..usize::from(self.total_length())).unwrap_or(&[])
    }

    /// Whether the header's checksum is right.
    #[inline(always)]
    pub fn is_header_intact(&self) -> bool {
        let sum = Sum::new().with_20(self.fixed);
        if self.header_length() == HEADER_BYTES { sum.is_intact() } else { is_intact_with(sum, self.options()) }
    }
}

/// Out of line, as options are rare: their loop would cost the plain case registers.
#[cold]
#[inline(never)]
fn is_intact_with(sum: Sum, options: &[u8]) -> bool {
    sum.with(options).is_intact()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    /// A datagram of 192.0.2.1 to 198.51.100.7 with a router alert option (RFC 2113), padded behind its end.
    const PACKET: [u8; 32] = [
        0x46, 0xb9, 0, 28, 0x12, 0x34, 0x60, 0x02, 64, 17, 0x86, 0xa1, 192, 0, 2, 1, 198, 51, 100, 7, 0x94, 4, 0, 0, 1,
        2, 3, 4, 0, 0, 0, 0,
    ];

    fn changed(at: usize, value: u8) -> Option<Error> {
        let mut bytes = PACKET;
        bytes[at] = value;
        Ipv4::new_checked(&bytes).err()
    }

    #[test]
    fn getters_read_a_known_packet() {
        let packet = Ipv4::new_checked(&PACKET).unwrap();
        assert_eq!((packet.version(), packet.header_length(), packet.total_length()), (4, 24, 28));
        assert_eq!((packet.dscp(), packet.ecn(), packet.identification()), (46, 1, 0x1234));
        assert_eq!((packet.dont_fragment(), packet.more_fragments(), packet.fragment_offset()), (true, true, 16));
        assert!(packet.is_fragment());
        assert_eq!((packet.time_to_live(), packet.protocol()), (64, Protocol::Udp));
        assert_eq!((packet.source(), packet.destination()), (0xc000_0201, 0xc633_6407));
        assert_eq!((packet.options(), packet.payload()), ([0x94, 4, 0, 0].as_slice(), [1, 2, 3, 4].as_slice()));
        assert!(packet.is_header_intact(), "{:#x}", packet.header_checksum());
    }

    #[test]
    fn short_and_lying_headers_are_refused() {
        assert_eq!(Ipv4::new_checked(&PACKET[..19]).err(), Some(Error::Short(19)));
        assert_eq!(changed(0, 0x66), Some(Error::Version(6)));
        assert_eq!(changed(0, 0x44), Some(Error::HeaderLength(16)));
        assert_eq!(changed(3, 23), Some(Error::TotalLength(23)), "less than the header");
        assert_eq!(changed(3, 33), Some(Error::TotalLength(33)), "more than there is");
        assert_eq!(changed(0, 0x4f), Some(Error::TotalLength(28)), "a header longer than the packet");
    }

    #[test]
    fn a_flipped_bit_breaks_the_header() {
        for bit in 0..24 * 8 {
            let mut bytes = PACKET;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Ipv4::new_checked(&bytes).map_or(true, |packet| !packet.is_header_intact()), "bit {bit}");
        }
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&PACKET, |bytes| {
            let Ok(packet) = Ipv4::new_checked(bytes) else { return };
            let _ = packet.is_header_intact();
            assert_eq!(HEADER_BYTES + packet.options().len() + packet.payload().len(), packet.total_length().into());
        });
    }
}
