// SPDX-License-Identifier: Apache-2.0
//! The VXLAN header, RFC 7348 §5, and its generic protocol extension, draft-ietf-nvo3-vxlan-gpe-13 §3.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |R|R|R|R|I|R|R|R|            Reserved                           |  VXLAN
//! |R|R|Ver|I|P|B|O|       Reserved                |Next Protocol  |  VXLAN-GPE
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                VXLAN Network Identifier (VNI) |   Reserved    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::{be32, numbers};
use core::fmt;

/// Bytes of a header.
pub const HEADER_BYTES: usize = 8;
/// The UDP port, RFC 7348 §5.
pub const PORT: u16 = 4789;
/// The UDP port of VXLAN-GPE, draft-ietf-nvo3-vxlan-gpe-13 §9.1.
pub const GPE_PORT: u16 = 4790;

/// The I flag: the VNI is valid.
const INSTANCE: u8 = 0x08;
/// GPE's Ver, P (there is a Next Protocol) and O (operation and maintenance, not traffic).
const VERSION: u8 = 0x30;
const NEXT_PROTOCOL: u8 = 0x04;
const OAM: u8 = 0x01;

numbers! {
    /// What follows a VXLAN-GPE header, draft-ietf-nvo3-vxlan-gpe-13 §3.2.
    NextProtocol: u8 {
        /// IPv4.
        Ipv4 = 1,
        /// IPv6.
        Ipv6 = 2,
        /// An Ethernet frame.
        Ethernet = 3,
        /// A network service header, RFC 8300.
        Nsh = 4,
    }
}

/// Why bytes are no VXLAN packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than a header has.
    Short(usize),
    /// Flags without a valid VNI.
    NoInstance(u8),
    /// Flags of a version of VXLAN-GPE other than 0, or of a packet of its operation and maintenance.
    Extension(u8),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Short(length) => write!(out, "{length} bytes are fewer than a VXLAN header has"),
            Error::NoInstance(flags) => write!(out, "the VXLAN flags, {flags:#04x}, say that the VNI is not valid"),
            Error::Extension(flags) => write!(out, "the VXLAN-GPE flags, {flags:#04x}, are of no traffic of version 0"),
        }
    }
}

/// A view of a header.
#[derive(Clone, Copy)]
pub struct Vxlan<'a>(&'a [u8; HEADER_BYTES]);

impl<'a> Vxlan<'a> {
    /// Views the header at the front of `bytes`. Reserved bits are not looked at, as RFC 7348 §5 wants.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some(header) = bytes.first_chunk() else { return Err(Error::Short(bytes.len())) };
        if header[0] & INSTANCE == 0 {
            return Err(Error::NoInstance(header[0]));
        }
        Ok(Vxlan(header))
    }

    /// Views the header of VXLAN-GPE at the front of `bytes`.
    #[inline]
    pub fn new_generic(bytes: &'a [u8]) -> Result<Self, Error> {
        let header = Vxlan::new_checked(bytes)?;
        if header.0[0] & (VERSION | OAM) != 0 {
            return Err(Error::Extension(header.0[0]));
        }
        Ok(header)
    }

    /// VXLAN Network Identifier.
    #[inline]
    pub fn vni(&self) -> u32 {
        be32(self.0, 4..8) >> 8
    }

    /// GPE's Next Protocol; Ethernet where the P flag says that there is none.
    #[inline]
    pub fn next_protocol(&self) -> NextProtocol {
        if self.0[0] & NEXT_PROTOCOL == 0 { NextProtocol::Ethernet } else { self.0[3].into() }
    }
}

/// The header of a VXLAN packet; `vni` has 24 bits.
#[inline]
pub fn header(vni: u32) -> [u8; HEADER_BYTES] {
    let [a, b, c, _] = (vni << 8).to_be_bytes();
    [INSTANCE, 0, 0, 0, a, b, c, 0]
}

/// The header of a VXLAN-GPE packet; `vni` has 24 bits.
#[inline]
pub fn generic_header(vni: u32, next: NextProtocol) -> [u8; HEADER_BYTES] {
    let mut header = header(vni);
    (header[0], header[3]) = (INSTANCE | NEXT_PROTOCOL, next.into());
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    #[test]
    fn known_headers_both_ways() {
        assert_eq!(header(0x12_3456), [8, 0, 0, 0, 0x12, 0x34, 0x56, 0]);
        assert_eq!(generic_header(5, NextProtocol::Nsh), [12, 0, 0, 4, 0, 0, 5, 0]);
        let read = Vxlan::new_checked(&[0xff, 1, 2, 3, 0x12, 0x34, 0x56, 9]).unwrap();
        assert_eq!(read.vni(), 0x12_3456, "reserved bits are ignored");
        let read = Vxlan::new_generic(&[12, 0, 0, 2, 0, 0, 5, 0]).unwrap();
        assert_eq!((read.vni(), read.next_protocol()), (5, NextProtocol::Ipv6));
        assert_eq!(Vxlan::new_generic(&header(1)).unwrap().next_protocol(), NextProtocol::Ethernet);
    }

    #[test]
    fn what_is_none_is_refused() {
        assert_eq!(Vxlan::new_checked(&[8; 7]).err(), Some(Error::Short(7)));
        assert_eq!(Vxlan::new_checked(&[0xf7; 8]).err(), Some(Error::NoInstance(0xf7)));
        for flags in [0x1c, 0x2c, 0x0d] {
            assert_eq!(Vxlan::new_generic(&[flags; 8]).err(), Some(Error::Extension(flags)));
        }
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&generic_header(77, NextProtocol::Ethernet), |bytes| {
            if let Ok(header) = Vxlan::new_generic(bytes) {
                assert!(header.vni() < 1 << 24);
                let _ = header.next_protocol();
            }
        });
    }
}
