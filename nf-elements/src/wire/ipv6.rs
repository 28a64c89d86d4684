// SPDX-License-Identifier: Apache-2.0
//! The IPv6 header, RFC 8200 §3, and the extension headers behind it, §4.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Version| Traffic Class |           Flow Label                  |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |         Payload Length        |  Next Header  |   Hop Limit   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                                                               |
//! +                         Source Address                        +
//! |                           (16 bytes)                          |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                                                               |
//! +                      Destination Address                      +
//! |                           (16 bytes)                          |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::{be16, be32, numbers};
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

/// Bytes of the header without extension headers.
pub const HEADER_BYTES: usize = 40;
/// How many extension headers the walk looks behind: RFC 8200 §4.1 names seven, one of them twice at most.
pub const MOST_EXTENSIONS: usize = 8;

/// Where the fields lie in the header.
pub mod field {
    use core::ops::Range;

    /// Version (upper four bits), Traffic Class (eight) and Flow Label (twenty).
    pub const VERSION_CLASS_FLOW: Range<usize> = 0..4;
    /// Payload Length.
    pub const PAYLOAD_LENGTH: Range<usize> = 4..6;
    /// Next Header.
    pub const NEXT_HEADER: usize = 6;
    /// Hop Limit.
    pub const HOP_LIMIT: usize = 7;
    /// Source Address.
    pub const SOURCE: Range<usize> = 8..24;
    /// Destination Address.
    pub const DESTINATION: Range<usize> = 24..40;
}

numbers! {
    /// What follows the header: of the registry "Protocol Numbers" of IANA, what this module has to tell apart.
    NextHeader: u8 {
        /// Hop-by-Hop Options, RFC 8200 §4.3.
        HopByHop = 0,
        /// TCP, RFC 9293.
        Tcp = 6,
        /// UDP, RFC 768.
        Udp = 17,
        /// Routing, RFC 8200 §4.4.
        Routing = 43,
        /// Fragment, RFC 8200 §4.5.
        Fragment = 44,
        /// AH, RFC 4302.
        Ah = 51,
        /// ICMPv6, RFC 4443.
        Icmpv6 = 58,
        /// No Next Header, RFC 8200 §4.7.
        NoNextHeader = 59,
        /// Destination Options, RFC 8200 §4.6.
        DestinationOptions = 60,
    }
}

/// Why bytes are no IPv6 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than a header has.
    Short(usize),
    /// The version is not 6.
    Version(u8),
    /// The payload length is more than the bytes there are.
    PayloadLength(u16),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Short(length) => write!(out, "{length} bytes are fewer than an IPv6 header has"),
            Error::Version(version) => write!(out, "the IP version is {version}, not 6"),
            Error::PayloadLength(length) => write!(out, "the IPv6 payload length, {length}, is more than there is"),
        }
    }
}

/// What stands behind the extension headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upper {
    /// The protocol: the last Next Header.
    pub protocol: NextHeader,
    /// Where it begins, in bytes from the start of the IPv6 header.
    pub offset: usize,
    /// Which part of a packet this is, if it is not all of it.
    pub fragment: Option<Fragment>,
}

/// What a Fragment header says, RFC 8200 §4.5. Of fragments but the first the protocol's header is in another packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Where the bytes behind the header lie in the packet, in bytes.
    pub offset: u16,
    /// Whether others follow.
    pub more: bool,
    /// The packet's number.
    pub identification: u32,
}

/// A view of an IPv6 packet.
#[derive(Clone, Copy)]
pub struct Ipv6<'a> {
    fixed: &'a [u8; HEADER_BYTES],
    bytes: &'a [u8],
}

impl<'a> Ipv6<'a> {
    /// Views the packet at the front of `bytes`, in which padding may follow it. Version and length are checked, in the
    /// order of [`Error`].
    #[inline(always)]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some(fixed) = bytes.first_chunk() else { return Err(Error::Short(bytes.len())) };
        let packet = Ipv6 { fixed, bytes };
        if packet.version() != 6 {
            return Err(Error::Version(packet.version()));
        }
        if usize::from(packet.payload_length()) > bytes.len() - HEADER_BYTES {
            return Err(Error::PayloadLength(packet.payload_length()));
        }
        Ok(packet)
    }

    /// Version.
    #[inline]
    pub fn version(&self) -> u8 {
        self.fixed[0] >> 4
    }

    /// Traffic Class: DSCP (upper six bits) and ECN.
    #[inline]
    pub fn traffic_class(&self) -> u8 {
        (be32(self.fixed, field::VERSION_CLASS_FLOW) >> 20) as u8
    }

    /// Flow Label.
    #[inline]
    pub fn flow_label(&self) -> u32 {
        be32(self.fixed, field::VERSION_CLASS_FLOW) & 0xf_ffff
    }

    /// Payload Length: bytes behind this header, extension headers included.
    #[inline]
    pub fn payload_length(&self) -> u16 {
        be16(self.fixed, field::PAYLOAD_LENGTH)
    }

    /// Next Header.
    #[inline]
    pub fn next_header(&self) -> NextHeader {
        self.fixed[field::NEXT_HEADER].into()
    }

    /// Hop Limit.
    #[inline]
    pub fn hop_limit(&self) -> u8 {
        self.fixed[field::HOP_LIMIT]
    }

    /// Source Address, its first byte uppermost.
    #[inline]
    pub fn source(&self) -> u128 {
        address(self.fixed, field::SOURCE.start)
    }

    /// Destination Address, its first byte uppermost.
    #[inline]
    pub fn destination(&self) -> u128 {
        address(self.fixed, field::DESTINATION.start)
    }

    /// What Payload Length covers.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(HEADER_BYTES..HEADER_BYTES + usize::from(self.payload_length())).unwrap_or(&[])
    }

    /// Walks the extension headers. None if one of them is cut off, or there are more than [`MOST_EXTENSIONS`].
    #[inline]
    pub fn upper(&self) -> Option<Upper> {
        upper(self.next_header(), self.payload())
    }
}

/// The address at offset `at`, which is 8 or 24.
#[inline(always)]
fn address(header: &[u8; HEADER_BYTES], at: usize) -> u128 {
    let half = |at| u128::from(be32(header, at..at + 4)) << 32 | u128::from(be32(header, at + 4..at + 8));
    half(at) << 64 | half(at + 8)
}

/// A header that nobody checked: source, destination, Payload Length, Next Header, Hop Limit.
pub fn header_fields(header: &[u8; HEADER_BYTES]) -> (u128, u128, u16, u8, u8) {
    let addresses = [field::SOURCE, field::DESTINATION].map(|field| address(header, field.start));
    let length = be16(header, field::PAYLOAD_LENGTH);
    (addresses[0], addresses[1], length, header[field::NEXT_HEADER], header[field::HOP_LIMIT])
}

/// Walks the extension headers at the front of `payload`, of which the first is `protocol`.
fn upper(mut protocol: NextHeader, payload: &[u8]) -> Option<Upper> {
    let (mut at, mut fragment) = (0, None::<Fragment>);
    for _ in 0..=MOST_EXTENSIONS {
        let is_extension = matches!(
            protocol,
            NextHeader::HopByHop
                | NextHeader::Routing
                | NextHeader::Fragment
                | NextHeader::Ah
                | NextHeader::DestinationOptions
        );
        if !is_extension || fragment.is_some_and(|fragment| fragment.offset > 0) {
            return Some(Upper { protocol, offset: HEADER_BYTES + at, fragment });
        }
        // Each has at least eight bytes, and what follows it in the first.
        let header: &[u8; 8] = payload.get(at..)?.first_chunk()?;
        let length = match protocol {
            NextHeader::Fragment => 8,
            NextHeader::Ah => 4 * (usize::from(header[1]) + 2),
            _ => 8 * (usize::from(header[1]) + 1),
        };
        if protocol == NextHeader::Fragment {
            // Fragment Offset, two reserved bits, M: none is set in an atomic fragment, RFC 6946.
            let place = be16(header, 2..4);
            let said = Fragment { offset: place & !7, more: place & 1 != 0, identification: be32(header, 4..8) };
            fragment = (place & !6 != 0).then_some(said);
        }
        protocol = header[0].into();
        at += length;
        if at > payload.len() {
            return None;
        }
    }
    None
}

/// An address as Click shows it: RFC 5952, and with the last 32 bits as an IPv4 address behind 96 zeros.
pub struct Shown(pub u128);

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match u32::try_from(self.0) {
            Ok(low @ 1..) => write!(out, "::{}", Ipv4Addr::from_bits(low)),
            _ => write!(out, "{}", Ipv6Addr::from_bits(self.0)),
        }
    }
}

/// The protocol behind the extension headers (RFC 8200 §4), of which eight are passed over, and its header; nothing of a fragment.
pub fn behind_extensions(mut next: u8, mut rest: &[u8]) -> (u8, &[u8]) {
    const MOST_EXTENSIONS: usize = 8;
    const HOP_BY_HOP: u8 = 0;
    const ROUTING: u8 = 43;
    const FRAGMENT: u8 = 44;
    const DESTINATION_OPTIONS: u8 = 60;
    for _ in 0..MOST_EXTENSIONS {
        let Some(&[following, length]) = rest.first_chunk() else { break };
        match next {
            FRAGMENT => return (following, &[]),
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => {
                rest = rest.get(8 + usize::from(length) * 8..).unwrap_or(&[]);
                next = following;
            }
            _ => break,
        }
    }
    (next, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    /// A UDP datagram behind Hop-by-Hop Options (8 bytes), a Routing header (24) and a Fragment header (the first one),
    /// padded behind its end.
    const PACKET: [u8; 40 + 8 + 24 + 8 + 8 + 2] = {
        let mut packet = [0; 90];
        (packet[0], packet[1], packet[3]) = (0x6b, 0x90, 5);
        (packet[5], packet[6], packet[7]) = (48, 0, 64);
        (packet[8], packet[9], packet[23]) = (0x20, 1, 1);
        (packet[24], packet[25], packet[39]) = (0xff, 2, 2);
        (packet[40], packet[48], packet[49]) = (43, 44, 2);
        (packet[72], packet[75]) = (17, 1);
        packet[87] = 9;
        packet
    };

    fn changed(at: usize, value: u8) -> [u8; 90] {
        let mut packet = PACKET;
        packet[at] = value;
        packet
    }

    #[test]
    fn getters_read_a_known_packet() {
        let packet = Ipv6::new_checked(&PACKET).unwrap();
        assert_eq!((packet.version(), packet.traffic_class(), packet.flow_label()), (6, 0xb9, 5));
        assert_eq!((packet.payload_length(), packet.next_header(), packet.hop_limit()), (48, NextHeader::HopByHop, 64));
        assert_eq!(packet.source(), 0x2001 << 112 | 1);
        assert_eq!(packet.destination(), 0xff02 << 112 | 2);
        let first = Fragment { offset: 0, more: true, identification: 0 };
        let upper = Upper { protocol: NextHeader::Udp, offset: 80, fragment: Some(first) };
        assert_eq!((packet.upper(), packet.payload().len()), (Some(upper), 48));
    }

    #[test]
    fn short_and_lying_headers_are_refused() {
        assert_eq!(Ipv6::new_checked(&PACKET[..39]).err(), Some(Error::Short(39)));
        assert_eq!(Ipv6::new_checked(&changed(0, 0x40)).err(), Some(Error::Version(4)));
        assert_eq!(Ipv6::new_checked(&changed(5, 51)).err(), Some(Error::PayloadLength(51)));
    }

    #[test]
    fn extension_headers_are_walked_within_bounds() {
        let upper = |packet: &[u8]| Ipv6::new_checked(packet).unwrap().upper();
        assert_eq!(upper(&changed(49, 20)), None, "a routing header longer than the packet");
        assert_eq!(upper(&changed(5, 39)), None, "a fragment header cut off");
        let later = Fragment { offset: 8, more: true, identification: 0 };
        let later = Upper { protocol: NextHeader::Udp, offset: 80, fragment: Some(later) };
        assert_eq!(upper(&changed(75, 9)), Some(later));
        assert_eq!(upper(&changed(6, 59)).unwrap().offset, 40);
        let mut endless = [0; 40 + 8 * 20];
        (endless[0], endless[5]) = (0x60, 160);
        assert_eq!(upper(&endless), None, "twenty hop-by-hop headers");
        let authentic = changed(6, 51);
        assert_eq!(
            upper(&authentic).unwrap(),
            Upper { offset: 80, ..later_at(&authentic) },
            "AH counts in words of 32 bits"
        );
    }

    fn later_at(packet: &[u8]) -> Upper {
        Ipv6::new_checked(packet).unwrap().upper().unwrap()
    }

    #[test]
    fn addresses_are_shown_as_click_shows_them() {
        let shown = |text: &str| Shown(text.parse::<Ipv6Addr>().unwrap().to_bits()).to_string();
        assert_eq!(
            ["::", "::1", "::ffff:1.2.3.4", "2001:db8::1:0:0:1"].map(shown),
            ["::", "::0.0.0.1", "::ffff:1.2.3.4", "2001:db8::1:0:0:1"]
        );
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&PACKET, |bytes| {
            let Ok(packet) = Ipv6::new_checked(bytes) else { return };
            assert_eq!(packet.payload().len(), packet.payload_length().into());
            if let Some(upper) = packet.upper() {
                assert!(upper.offset <= HEADER_BYTES + packet.payload().len());
            }
        });
    }
}
