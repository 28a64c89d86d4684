// SPDX-License-Identifier: Apache-2.0
//! What the tables' entries are found by.

use super::table::Key;
use crate::wire::ethernet::Address;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// A VXLAN network identifier: 24 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vni(pub u32);

impl From<Vni> for u32 {
    fn from(vni: Vni) -> u32 {
        vni.0
    }
}

impl FromStr for Vni {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().ok().filter(|vni| *vni < 1 << 24).map(Vni).ok_or(())
    }
}

impl Key for Vni {
    const EMPTY: Self = Vni(0);

    #[inline]
    fn words(&self) -> (u64, u64) {
        (self.0.into(), 0)
    }
}

/// A station in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacKey([u32; 3]);

impl MacKey {
    /// The station `address` in the network `vni`.
    #[inline]
    pub fn new(vni: Vni, address: Address) -> Self {
        MacKey([address.to_bits() as u32, (address.to_bits() >> 32) as u32, vni.0])
    }

    /// The network.
    #[inline]
    pub fn vni(&self) -> Vni {
        Vni(self.0[2])
    }

    /// The station.
    #[inline]
    pub fn address(&self) -> Address {
        Address::from_bits(u64::from(self.0[1]) << 32 | u64::from(self.0[0]))
    }
}

impl Key for MacKey {
    const EMPTY: Self = MacKey([0; 3]);

    #[inline]
    fn words(&self) -> (u64, u64) {
        (u64::from(self.0[1]) << 32 | u64::from(self.0[0]), self.0[2].into())
    }
}

/// An IP address: an IPv4 address as its mapped IPv6 address, RFC 4291 §2.5.5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host(pub u128);

const MAPPED: u128 = 0xffff_0000_0000;

impl Host {
    /// An IPv4 address, its first byte uppermost.
    #[inline]
    pub const fn v4(address: u32) -> Self {
        Host(MAPPED | address as u128)
    }

    /// The IPv4 address, if it is one.
    #[inline]
    pub fn to_v4(self) -> Option<u32> {
        (self.0 >> 32 == MAPPED >> 32).then_some(self.0 as u32)
    }

    /// Whether it names a group.
    pub fn is_group(self) -> bool {
        match self.to_v4() {
            Some(address) => address >> 28 == 0xe,
            None => self.0 >> 120 == 0xff,
        }
    }

    /// Whether it is nobody's.
    pub fn is_unspecified(self) -> bool {
        self.0 == 0 || self.0 == MAPPED
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Host::v4(address.into()),
            IpAddr::V6(address) => Host(address.into()),
        }
    }
}

impl FromStr for Host {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse::<IpAddr>().map(Host::from).map_err(drop)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self.to_v4() {
            Some(address) => Ipv4Addr::from(address).fmt(out),
            None => Ipv6Addr::from(self.0).fmt(out),
        }
    }
}

impl Key for Host {
    const EMPTY: Self = Host(0);

    #[inline]
    fn words(&self) -> (u64, u64) {
        ((self.0 >> 64) as u64, self.0 as u64)
    }
}

/// An address in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighborKey {
    /// The network.
    pub vni: Vni,
    /// The address.
    pub host: Host,
}

impl Key for NeighborKey {
    const EMPTY: Self = NeighborKey { vni: Vni::EMPTY, host: Host::EMPTY };

    #[inline]
    fn words(&self) -> (u64, u64) {
        let (upper, lower) = self.host.words();
        // Both do not fit; that an upper half makes up for a network costs no more than a few steps.
        (upper ^ u64::from(self.vni.0).rotate_right(24), lower)
    }
}

/// Which frames of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vlan {
    /// Those without a tag, or with one that only carries a priority.
    None,
    /// Those with this tag, 1 to 4094, which they lose.
    Tagged(u16),
    /// Those with any other tag, which they keep.
    Any,
}

impl fmt::Display for Vlan {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Vlan::None => out.write_str("untagged"),
            Vlan::Tagged(vlan) => write!(out, "vlan {vlan}"),
            Vlan::Any => out.write_str("vlan any"),
        }
    }
}

/// Frames of a port that belong to one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// The element's port, from 1.
    pub port: u8,
    /// Which of its frames.
    pub vlan: Vlan,
}

impl AccessKey {
    /// The same port's part that is so many VLANs after it.
    pub fn after(self, step: u16) -> Self {
        match self.vlan {
            Vlan::Tagged(vlan) => AccessKey { vlan: Vlan::Tagged(vlan + step), ..self },
            _ => self,
        }
    }
}

impl Key for AccessKey {
    const EMPTY: Self = AccessKey { port: 0, vlan: Vlan::None };

    #[inline]
    fn words(&self) -> (u64, u64) {
        let vlan = match self.vlan {
            Vlan::None => 0,
            Vlan::Tagged(vlan) => vlan,
            Vlan::Any => u16::MAX,
        };
        (u64::from(self.port) << 16 | u64::from(vlan), 0)
    }
}
