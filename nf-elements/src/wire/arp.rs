// SPDX-License-Identifier: Apache-2.0
//! ARP between IPv4 and Ethernet, RFC 826. What follows the Ethernet header:
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |           ar$hrd: 1           |         ar$pro: 0x0800        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   ar$hln: 6   |   ar$pln: 4   |             ar$op             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                    ar$sha (6 bytes), ar$spa (4)               |
//! |                    ar$tha (6 bytes), ar$tpa (4)               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::ethernet::{self, Address, EtherType};
use super::{be16, be32, numbers};
use core::fmt;

/// Bytes of a message between IPv4 and Ethernet.
pub const MESSAGE_BYTES: usize = 28;
/// Bytes of the part that is the same for all protocols.
pub const FIXED_BYTES: usize = 8;
/// Bytes of a frame with a message.
pub const FRAME_BYTES: usize = ethernet::HEADER_BYTES + MESSAGE_BYTES;
/// `ar$hrd`: Ethernet, IANA's registry "ARP Parameters".
pub const HARDWARE_ETHERNET: u16 = 1;

/// Where the fields lie.
pub mod field {
    use core::ops::Range;

    /// `ar$hrd`: the hardware's address space.
    pub const HARDWARE: Range<usize> = 0..2;
    /// `ar$pro`: the protocol's address space, an EtherType.
    pub const PROTOCOL: Range<usize> = 2..4;
    /// `ar$hln`: bytes of a hardware address.
    pub const HARDWARE_LENGTH: usize = 4;
    /// `ar$pln`: bytes of a protocol address.
    pub const PROTOCOL_LENGTH: usize = 5;
    /// `ar$op`.
    pub const OPERATION: Range<usize> = 6..8;
    /// `ar$sha`: the sender's hardware address.
    pub const SENDER_HARDWARE: Range<usize> = 8..14;
    /// `ar$spa`: the sender's protocol address.
    pub const SENDER_PROTOCOL: Range<usize> = 14..18;
    /// `ar$tha`: the target's hardware address.
    pub const TARGET_HARDWARE: Range<usize> = 18..24;
    /// `ar$tpa`: the target's protocol address.
    pub const TARGET_PROTOCOL: Range<usize> = 24..28;
}

numbers! {
    /// What a message wants: the registry "ARP Parameters" of IANA.
    Operation: u16 {
        /// Who has the target's protocol address? RFC 826.
        Request = 1,
        /// I have the sender's protocol address, RFC 826.
        Reply = 2,
        /// RARP request, RFC 903.
        ReverseRequest = 3,
        /// RARP reply, RFC 903.
        ReverseReply = 4,
        /// InARP request, RFC 2390.
        InverseRequest = 8,
        /// InARP reply, RFC 2390.
        InverseReply = 9,
    }
}

/// Why bytes are no ARP message between IPv4 and Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than a message has.
    Short(usize),
    /// Not Ethernet's address space, or addresses not of 6 bytes.
    Hardware(u16, u8),
    /// Not IPv4's address space, or addresses not of 4 bytes.
    Protocol(u16, u8),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Short(length) => write!(out, "{length} bytes are fewer than an ARP message has"),
            Error::Hardware(space, length) => write!(out, "ARP hardware {space} with {length} bytes is not Ethernet"),
            Error::Protocol(space, length) => write!(out, "ARP protocol {space:#06x} with {length} bytes is not IPv4"),
        }
    }
}

/// A view of an ARP message between IPv4 and Ethernet.
#[derive(Clone, Copy)]
pub struct Arp<'a>(&'a [u8; MESSAGE_BYTES]);

impl<'a> Arp<'a> {
    /// Views the message at the front of `bytes`.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some(message) = bytes.first_chunk() else { return Err(Error::Short(bytes.len())) };
        let (hardware, length) = (be16(message, field::HARDWARE), message[field::HARDWARE_LENGTH]);
        if (hardware, length) != (HARDWARE_ETHERNET, 6) {
            return Err(Error::Hardware(hardware, length));
        }
        let (protocol, length) = (be16(message, field::PROTOCOL), message[field::PROTOCOL_LENGTH]);
        if (protocol.into(), length) != (EtherType::Ipv4, 4) {
            return Err(Error::Protocol(protocol, length));
        }
        Ok(Arp(message))
    }

    /// The message in an Ethernet frame; none if it holds something else.
    #[inline]
    pub fn in_frame(frame: &'a [u8]) -> Option<Self> {
        let (header, payload) = frame.split_first_chunk::<{ ethernet::HEADER_BYTES }>()?;
        let ethertype: EtherType = be16(header, ethernet::field::TYPE).into();
        if ethertype == EtherType::Arp { Arp::new_checked(payload).ok() } else { None }
    }

    /// What the message wants.
    #[inline]
    pub fn operation(&self) -> Operation {
        be16(self.0, field::OPERATION).into()
    }

    /// The sender's Ethernet address.
    #[inline]
    pub fn sender_hardware(&self) -> Address {
        address(self.0, field::SENDER_HARDWARE.start)
    }

    /// The sender's IPv4 address, its first byte uppermost.
    #[inline]
    pub fn sender_protocol(&self) -> u32 {
        be32(self.0, field::SENDER_PROTOCOL)
    }

    /// The target's Ethernet address; in a request it means nothing.
    #[inline]
    pub fn target_hardware(&self) -> Address {
        address(self.0, field::TARGET_HARDWARE.start)
    }

    /// The target's IPv4 address, its first byte uppermost.
    #[inline]
    pub fn target_protocol(&self) -> u32 {
        be32(self.0, field::TARGET_PROTOCOL)
    }
}

#[inline]
fn address(message: &[u8; MESSAGE_BYTES], at: usize) -> Address {
    Address::new([message[at], message[at + 1], message[at + 2], message[at + 3], message[at + 4], message[at + 5]])
}

/// A message that we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repr {
    /// What it wants.
    pub operation: Operation,
    /// `ar$sha` and `ar$spa`.
    pub sender: (Address, u32),
    /// `ar$tha` and `ar$tpa`.
    pub target: (Address, u32),
}

impl Repr {
    /// The frame from the sender to `destination`.
    pub fn frame(&self, destination: Address) -> [u8; FRAME_BYTES] {
        let mut frame = [0; FRAME_BYTES];
        let (header, message) = frame.split_at_mut(ethernet::HEADER_BYTES);
        if let Some(header) = header.first_chunk_mut() {
            ethernet::set_addresses(header, destination, self.sender.0);
        }
        header[ethernet::field::TYPE].copy_from_slice(&u16::from(EtherType::Arp).to_be_bytes());
        message[field::HARDWARE].copy_from_slice(&HARDWARE_ETHERNET.to_be_bytes());
        message[field::PROTOCOL].copy_from_slice(&u16::from(EtherType::Ipv4).to_be_bytes());
        message[field::HARDWARE_LENGTH] = 6;
        message[field::PROTOCOL_LENGTH] = 4;
        message[field::OPERATION].copy_from_slice(&u16::from(self.operation).to_be_bytes());
        message[field::SENDER_HARDWARE].copy_from_slice(&self.sender.0.to_bytes());
        message[field::SENDER_PROTOCOL].copy_from_slice(&self.sender.1.to_be_bytes());
        message[field::TARGET_HARDWARE].copy_from_slice(&self.target.0.to_bytes());
        message[field::TARGET_PROTOCOL].copy_from_slice(&self.target.1.to_be_bytes());
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    /// 02-00-00-00-00-01 (10.0.0.1) tells 02-00-00-00-00-02 (10.0.0.2) its address.
    const FRAME: [u8; FRAME_BYTES] = [
        2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 2, 0, 0, 0, 0,
        2, 10, 0, 0, 2,
    ];
    const ONE: (Address, u32) = (Address::new([2, 0, 0, 0, 0, 1]), 0x0a00_0001);
    const OTHER: (Address, u32) = (Address::new([2, 0, 0, 0, 0, 2]), 0x0a00_0002);

    #[test]
    fn known_bytes_both_ways() {
        let reply = Repr { operation: Operation::Reply, sender: ONE, target: OTHER };
        assert_eq!(reply.frame(OTHER.0), FRAME);
        let arp = Arp::in_frame(&FRAME).unwrap();
        assert_eq!((arp.operation(), arp.sender_hardware(), arp.sender_protocol()), (Operation::Reply, ONE.0, ONE.1));
        assert_eq!((arp.target_hardware(), arp.target_protocol()), OTHER);
    }

    #[test]
    fn short_and_lying_messages_are_refused() {
        for length in 0..FRAME_BYTES {
            assert!(Arp::in_frame(&FRAME[..length]).is_none());
        }
        let changed = |at: usize, value: u8| {
            let mut bytes = FRAME;
            bytes[ethernet::HEADER_BYTES + at] = value;
            Arp::new_checked(&bytes[ethernet::HEADER_BYTES..]).err()
        };
        assert_eq!((changed(1, 6), changed(4, 8)), (Some(Error::Hardware(6, 6)), Some(Error::Hardware(1, 8))));
        assert_eq!(
            (changed(3, 1), changed(5, 16)),
            (Some(Error::Protocol(0x801, 4)), Some(Error::Protocol(0x800, 16)))
        );
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&FRAME, |bytes| {
            let Some(arp) = Arp::in_frame(bytes) else { return };
            let repr = Repr {
                operation: arp.operation(),
                sender: (arp.sender_hardware(), arp.sender_protocol()),
                target: (arp.target_hardware(), arp.target_protocol()),
            };
            assert_eq!(repr.frame(OTHER.0)[12..], bytes[12..FRAME_BYTES]);
        });
    }
}
