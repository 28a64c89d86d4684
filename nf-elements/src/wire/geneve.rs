// SPDX-License-Identifier: Apache-2.0
//! The Geneve header, RFC 8926 §3.4, and its options, §3.5.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Ver|  Opt Len  |O|C|    Rsvd.  |          Protocol Type        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |        Virtual Network Identifier (VNI)       |    Reserved   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |          Option Class         |      Type     |R|R|R| Length  |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                  Variable-Length Option Data                  |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::{be16, be32};
use core::fmt;

/// Bytes of a header without options.
pub const HEADER_BYTES: usize = 8;
/// Most bytes of options: Opt Len counts words of 32 bits in six bits.
pub const MOST_OPTION_BYTES: usize = 63 * 4;
/// The UDP port, RFC 8926 §3.3.
pub const PORT: u16 = 6081;

/// The O bit: a control packet, no traffic. The C bit: there are critical options.
const CONTROL: u8 = 0x80;
const CRITICAL: u8 = 0x40;
/// The upper bit of an option's Type: it is critical.
const CRITICAL_TYPE: u8 = 0x80;

/// Why bytes are no Geneve packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than the header with its options has.
    Short(usize),
    /// A version other than 0.
    Version(u8),
    /// Options that do not fill Opt Len: RFC 8926 §3.4.
    Options,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Short(length) => write!(out, "{length} bytes are fewer than the Geneve header has"),
            Error::Version(version) => write!(out, "the Geneve version is {version}, not 0"),
            Error::Options => write!(out, "the Geneve options do not end where the header does"),
        }
    }
}

/// A view of a header with its options.
#[derive(Clone, Copy)]
pub struct Geneve<'a> {
    fixed: &'a [u8; HEADER_BYTES],
    options: &'a [u8],
}

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneveOption<'a> {
    /// Option Class: whose namespace Type is of.
    pub class: u16,
    /// Type, its critical bit included.
    pub kind: u8,
    /// The data: a multiple of four bytes.
    pub data: &'a [u8],
}

impl GeneveOption<'_> {
    /// Whether a receiver that does not know it must drop the packet.
    pub fn is_critical(&self) -> bool {
        self.kind & CRITICAL_TYPE != 0
    }
}

impl<'a> Geneve<'a> {
    /// Views the header at the front of `bytes`; its version, its length and the lengths of its options are checked.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((fixed, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(Error::Short(bytes.len()));
        };
        if fixed[0] >> 6 != 0 {
            return Err(Error::Version(fixed[0] >> 6));
        }
        let Some(options) = rest.get(..usize::from(fixed[0] & 0x3f) * 4) else { return Err(Error::Short(bytes.len())) };
        let header = Geneve { fixed, options };
        if header.options().map(|option| 4 + option.data.len()).sum::<usize>() != options.len() {
            return Err(Error::Options);
        }
        Ok(header)
    }

    /// Bytes of the header with its options.
    #[inline]
    pub fn length(&self) -> usize {
        HEADER_BYTES + self.options.len()
    }

    /// Whether it is a control packet (the O bit), which carries no traffic.
    #[inline]
    pub fn is_control(&self) -> bool {
        self.fixed[1] & CONTROL != 0
    }

    /// Whether it says that it has critical options (the C bit).
    #[inline]
    pub fn is_critical(&self) -> bool {
        self.fixed[1] & CRITICAL != 0
    }

    /// Protocol Type: an EtherType, 0x6558 for an Ethernet frame.
    #[inline]
    pub fn protocol_type(&self) -> u16 {
        be16(self.fixed, 2..4)
    }

    /// Virtual Network Identifier.
    #[inline]
    pub fn vni(&self) -> u32 {
        be32(self.fixed, 4..8) >> 8
    }

    /// The options, up to one that is cut off.
    #[inline]
    pub fn options(&self) -> impl Iterator<Item = GeneveOption<'a>> + use<'a> {
        options(self.options)
    }
}

/// The options in bytes that hold nothing else, up to one that is cut off.
#[inline]
pub fn options(bytes: &[u8]) -> impl Iterator<Item = GeneveOption<'_>> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        let (&[class, low, kind, length], behind) = rest.split_first_chunk()?;
        let (data, behind) = behind.split_at_checked(usize::from(length & 0x1f) * 4)?;
        rest = behind;
        Some(GeneveOption { class: u16::from_be_bytes([class, low]), kind, data })
    })
}

/// The header of a packet with `option_bytes` of options, a multiple of four up to [`MOST_OPTION_BYTES`], critical ones among
/// them or not; `vni` has 24 bits.
#[inline]
pub const fn header(vni: u32, protocol_type: u16, option_bytes: usize, critical: bool) -> [u8; HEADER_BYTES] {
    let [a, b, c, _] = (vni << 8).to_be_bytes();
    let [high, low] = protocol_type.to_be_bytes();
    [(option_bytes / 4) as u8 & 0x3f, if critical { CRITICAL } else { 0 }, high, low, a, b, c, 0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    /// Two options, the second critical.
    const PACKET: [u8; 24] =
        [4, 0x40, 0x65, 0x58, 0, 0x12, 0x34, 0, 1, 2, 3, 1, 9, 9, 9, 9, 0xff, 0xff, 0x80, 1, 8, 8, 8, 8];

    #[test]
    fn getters_read_a_known_header() {
        let header = Geneve::new_checked(&PACKET).unwrap();
        assert_eq!((header.length(), header.vni(), header.protocol_type()), (24, 0x1234, 0x6558));
        assert!(header.is_critical() && !header.is_control());
        let options: Vec<_> = header.options().collect();
        assert_eq!(options[0], GeneveOption { class: 0x0102, kind: 3, data: &[9; 4] });
        assert_eq!((options[1].is_critical(), options[0].is_critical(), options.len()), (true, false, 2));
        assert_eq!(super::header(0x1234, 0x6558, 16, true), PACKET[..8]);
    }

    #[test]
    fn what_is_none_is_refused() {
        let refused = |bytes: &[u8]| Geneve::new_checked(bytes).err();
        assert_eq!(refused(&PACKET[..7]), Some(Error::Short(7)));
        assert_eq!(refused(&PACKET[..23]), Some(Error::Short(23)));
        let changed = |at: usize, value: u8| {
            let mut bytes = PACKET;
            bytes[at] = value;
            Geneve::new_checked(&bytes).err()
        };
        assert_eq!(changed(0, 0x44), Some(Error::Version(1)));
        assert_eq!(changed(11, 2), Some(Error::Options), "the first takes half of the second");
        assert_eq!(changed(19, 2), Some(Error::Options), "the second is cut off");
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&PACKET, |bytes| {
            if let Ok(header) = Geneve::new_checked(bytes) {
                assert!(header.length() <= bytes.len() && header.options().count() <= 63);
            }
        });
    }
}
