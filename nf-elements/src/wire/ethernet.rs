// SPDX-License-Identifier: Apache-2.0
//! The Ethernet header, IEEE 802.3 §3.2, with the VLAN tags of IEEE 802.1Q §9 behind the addresses, if there are any.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                      Destination Address                      |
//! +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                               |                               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
//! |                        Source Address                         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |    TPID: 0x8100 or 0x88a8     | PCP |D|          VID          |  once, twice or not at all
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |          Length/Type          |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::{be16, numbers};
use core::fmt;
use core::str::FromStr;

/// Bytes of a header without tags.
pub const HEADER_BYTES: usize = 14;
/// Bytes of a VLAN tag.
pub const TAG_BYTES: usize = 4;
/// How many tags the view looks behind: one of the customer and one of the provider (IEEE 802.1Q §15).
pub const MOST_TAGS: usize = 2;

/// Where the fields lie in the header.
pub mod field {
    use core::ops::Range;

    /// Destination Address.
    pub const DESTINATION: Range<usize> = 0..6;
    /// Source Address.
    pub const SOURCE: Range<usize> = 6..12;
    /// Length/Type; of a tagged frame the outer tag's TPID.
    pub const TYPE: Range<usize> = 12..14;
}

numbers! {
    /// What the payload is: the registry "IEEE 802 Numbers" of IANA. Below 1536 it is a length (IEEE 802.3 §3.2.6).
    EtherType: u16 {
        /// IPv4, RFC 894.
        Ipv4 = 0x0800,
        /// ARP, RFC 826.
        Arp = 0x0806,
        /// The customer's VLAN tag, IEEE 802.1Q §9.5.
        Vlan = 0x8100,
        /// IPv6, RFC 2464.
        Ipv6 = 0x86dd,
        /// The provider's VLAN tag, IEEE 802.1Q §9.5.
        ServiceVlan = 0x88a8,
    }
}

impl EtherType {
    /// Whether a VLAN tag follows.
    #[inline]
    pub fn is_tag(self) -> bool {
        matches!(self, EtherType::Vlan | EtherType::ServiceVlan)
    }
}

/// A MAC address, IEEE 802 §8: a number that has the first byte lowermost, so that it is read in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(u64);

impl Address {
    /// FF-FF-FF-FF-FF-FF: all stations.
    pub const BROADCAST: Address = Address::new([0xff; 6]);

    /// The address with these bytes.
    pub const fn new(bytes: [u8; 6]) -> Self {
        let [a, b, c, d, e, f] = bytes;
        Address(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }

    /// The address that the lower 48 bits of `bits` hold.
    #[inline]
    pub const fn from_bits(bits: u64) -> Self {
        Address(bits & 0xffff_ffff_ffff)
    }

    /// The address as a number below 2⁴⁸, its first byte lowermost.
    #[inline]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The address's bytes, in order.
    #[inline]
    pub const fn to_bytes(self) -> [u8; 6] {
        let [a, b, c, d, e, f, _, _] = self.0.to_le_bytes();
        [a, b, c, d, e, f]
    }

    /// Whether it names a group (multicast, broadcast) and not one station: the I/G bit, IEEE 802 §8.2.2.
    #[inline]
    pub const fn is_group(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether bridges must not forward it: 01-80-C2-00-00-00 to -0F, IEEE 802.1Q table 8-1.
    #[inline]
    pub const fn is_reserved(self) -> bool {
        self.0 & 0xf0ff_ffff_ffff == 0x0000_00c2_8001
    }
}

/// As IEEE 802 §8.1 and Click write it: `02-00-5E-10-00-01`.
impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let [a, b, c, d, e, f, _, _] = self.0.to_le_bytes();
        write!(out, "{a:02X}-{b:02X}-{c:02X}-{d:02X}-{e:02X}-{f:02X}")
    }
}

/// Six bytes in hexadecimal, separated by `:` or `-`.
impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let separator = if text.contains('-') { '-' } else { ':' };
        let mut bytes = [0; 6];
        let mut digits = text.split(separator);
        for byte in &mut bytes {
            let text = digits.next().ok_or(NoAddress)?;
            if !(1..=2).contains(&text.len()) || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
                return Err(NoAddress);
            }
            *byte = u8::from_str_radix(text, 16).map_err(|_| NoAddress)?;
        }
        if digits.next().is_none() { Ok(Address::new(bytes)) } else { Err(NoAddress) }
    }
}

/// The text is no MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAddress;

impl fmt::Display for NoAddress {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("no Ethernet address like 02:00:5e:10:00:01")
    }
}

/// A VLAN tag's TCI, IEEE 802.1Q §9.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(pub u16);

impl Tag {
    /// PCP: the priority, 0 to 7.
    #[inline]
    pub fn priority(self) -> u8 {
        (self.0 >> 13) as u8
    }

    /// DEI: the frame may be dropped first.
    #[inline]
    pub fn is_drop_eligible(self) -> bool {
        self.0 & 0x1000 != 0
    }

    /// VID: the VLAN, 0 to 4095; 0 means that the tag only carries a priority.
    #[inline]
    pub fn vlan(self) -> u16 {
        self.0 & 0x0fff
    }
}

/// Why bytes are no Ethernet frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than a header has.
    Short(usize),
    /// The frame ends inside a VLAN tag.
    ShortTag(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Short(length) => write!(out, "{length} bytes are fewer than an Ethernet header has"),
            Error::ShortTag(length) => write!(out, "the Ethernet frame of {length} bytes ends inside a VLAN tag"),
        }
    }
}

/// The addresses at the front of a header: destination, source.
#[inline(always)]
pub fn addresses(header: &[u8; HEADER_BYTES]) -> (Address, Address) {
    // Two loads of eight bytes, each with an address in its lower six.
    let (first, last) = (header.first_chunk().copied(), header.last_chunk().copied());
    let [first, last] = [first, last].map(|bytes| u64::from_le_bytes(bytes.unwrap_or_default()));
    (Address::from_bits(first), Address::from_bits(last))
}

/// Writes the addresses at the front of a header.
#[inline(always)]
pub fn set_addresses(header: &mut [u8; HEADER_BYTES], destination: Address, source: Address) {
    header[field::DESTINATION].copy_from_slice(&destination.0.to_le_bytes()[..6]);
    header[field::SOURCE].copy_from_slice(&source.0.to_le_bytes()[..6]);
}

/// A view of an Ethernet frame without its check sequence.
#[derive(Clone, Copy)]
pub struct Ethernet<'a> {
    fixed: &'a [u8; HEADER_BYTES],
    tag: Option<Tag>,
    ethertype: EtherType,
    payload: &'a [u8],
}

impl<'a> Ethernet<'a> {
    /// Views a frame and looks behind its VLAN tags, if any, but no more than [`MOST_TAGS`].
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((fixed, mut payload)) = bytes.split_first_chunk() else { return Err(Error::Short(bytes.len())) };
        let (mut tag, mut ethertype) = (None, EtherType::from(be16(fixed, field::TYPE)));
        for _ in 0..MOST_TAGS {
            if !ethertype.is_tag() {
                break;
            }
            let Some((inner, rest)) = payload.split_first_chunk::<TAG_BYTES>() else {
                return Err(Error::ShortTag(bytes.len()));
            };
            tag = tag.or(Some(Tag(be16(inner, 0..2))));
            (ethertype, payload) = (be16(inner, 2..4).into(), rest);
        }
        Ok(Ethernet { fixed, tag, ethertype, payload })
    }

    /// Destination Address.
    #[inline]
    pub fn destination(&self) -> Address {
        addresses(self.fixed).0
    }

    /// Source Address.
    #[inline]
    pub fn source(&self) -> Address {
        addresses(self.fixed).1
    }

    /// The outer VLAN tag.
    #[inline]
    pub fn tag(&self) -> Option<Tag> {
        self.tag
    }

    /// The payload's type; what the tags hide, not the tags' own.
    #[inline]
    pub fn ethertype(&self) -> EtherType {
        self.ethertype
    }

    /// The payload behind the tags, with padding.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    /// A frame of a provider's VLAN 100, in it the customer's VLAN 5 at priority 6, in that IPv4.
    const FRAME: [u8; 24] =
        [0x01, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0x5e, 0x10, 0, 0xff, 0x88, 0xa8, 0, 100, 0x81, 0, 0xd0, 5, 8, 0, 1, 2];

    #[test]
    fn getters_read_a_known_frame() {
        let frame = Ethernet::new_checked(&FRAME).unwrap();
        assert_eq!((frame.destination().is_group(), frame.destination().is_reserved()), (true, true));
        assert_eq!(frame.source(), Address::new([2, 0, 0x5e, 0x10, 0, 0xff]));
        assert_eq!(frame.source().to_string(), "02-00-5E-10-00-FF");
        assert_eq!((frame.tag(), frame.tag().unwrap().vlan()), (Some(Tag(100)), 100));
        assert_eq!((frame.ethertype(), frame.payload()), (EtherType::Ipv4, [1, 2].as_slice()));
    }

    #[test]
    fn addresses_are_written_as_they_are_read() {
        let mut header = [9; HEADER_BYTES];
        let (one, other) = (Address::new([1, 2, 3, 4, 5, 6]), Address::new([0xf7, 8, 9, 10, 11, 0xfc]));
        set_addresses(&mut header, one, other);
        assert_eq!(header, [1, 2, 3, 4, 5, 6, 0xf7, 8, 9, 10, 11, 0xfc, 9, 9]);
        assert_eq!(addresses(&header), (one, other));
    }

    #[test]
    fn one_tag_and_none() {
        let tagged = [&FRAME[..12], &FRAME[16..]].concat();
        let tag = Ethernet::new_checked(&tagged).unwrap().tag().unwrap();
        assert_eq!((tag.priority(), tag.is_drop_eligible(), tag.vlan()), (6, true, 5));
        let plain = [&FRAME[..12], &FRAME[20..]].concat();
        let plain = Ethernet::new_checked(&plain).unwrap();
        assert_eq!((plain.tag(), plain.ethertype(), plain.payload()), (None, EtherType::Ipv4, [1, 2].as_slice()));
    }

    #[test]
    fn reserved_addresses_are_sixteen() {
        let reserved = |e, f| Address::new([0x01, 0x80, 0xc2, 0, e, f]).is_reserved();
        assert!((0..16).all(|f| reserved(0, f)));
        assert!(!reserved(0, 16) && !reserved(1, 0) && !Address::new([0xff; 6]).is_reserved());
    }

    #[test]
    fn short_frames_are_refused() {
        for length in 0..HEADER_BYTES {
            assert_eq!(Ethernet::new_checked(&FRAME[..length]).err(), Some(Error::Short(length)));
        }
        for length in [14, 17, 18, 21] {
            assert_eq!(Ethernet::new_checked(&FRAME[..length]).err(), Some(Error::ShortTag(length)));
        }
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&FRAME, |bytes| {
            let Ok(frame) = Ethernet::new_checked(bytes) else { return };
            assert!(frame.payload().len() + HEADER_BYTES <= bytes.len());
            assert_eq!(frame.tag().is_some(), bytes.len() - frame.payload().len() > HEADER_BYTES);
        });
    }
}
