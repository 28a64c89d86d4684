// SPDX-License-Identifier: Apache-2.0
//! What a tunnel with an EtherType in its header carries.

use super::Inner;
use crate::wire::gre::TRANSPARENT_ETHERNET;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;

/// What a tunnel with an EtherType in its header carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Ethernet frames.
    Ethernet,
    /// IPv4 and IPv6 packets.
    Ip,
    /// What this EtherType says.
    Other(u16),
}

impl Payload {
    /// What a header with this EtherType is in front of.
    #[inline]
    pub const fn of(protocol_type: u16) -> Payload {
        match protocol_type {
            TRANSPARENT_ETHERNET => Payload::Ethernet,
            ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => Payload::Ip,
            other => Payload::Other(other),
        }
    }

    /// The EtherType in front of `packet`.
    #[inline]
    pub fn protocol_type(self, packet: &[u8]) -> u16 {
        match self {
            Payload::Ethernet => TRANSPARENT_ETHERNET,
            Payload::Ip if packet.first().is_some_and(|first| first >> 4 == 6) => ETHERTYPE_IPV6,
            Payload::Ip => ETHERTYPE_IPV4,
            Payload::Other(protocol_type) => protocol_type,
        }
    }

    /// How its fields are found.
    #[inline]
    pub const fn inner(self) -> Inner {
        match self {
            Payload::Ethernet => Inner::Ethernet,
            Payload::Ip => Inner::Ip,
            Payload::Other(_) => Inner::Opaque,
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::FromArgument for Payload {
    const WANTED: &'static str = "ethernet, ip or an EtherType like 0x8847";

    fn from_argument(text: &str) -> Option<Self> {
        match text {
            "ethernet" => Some(Payload::Ethernet),
            "ip" => Some(Payload::Ip),
            _ => u16::from_argument(text).map(Payload::of),
        }
    }
}
