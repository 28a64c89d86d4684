// SPDX-License-Identifier: Apache-2.0
//! Values as a configuration writes them.

use rustbgpd_wire::{ExtendedCommunity, Ipv4Prefix, Ipv6Prefix, MacAddress, RouteDistinguisher};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A VXLAN network identifier (RFC 7348 §5): 24 bits, and not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "u32")]
pub struct Vni(u32);

impl Vni {
    /// Its number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Vni {
    type Error = String;

    fn try_from(number: u32) -> Result<Vni, String> {
        match number {
            1..=0xff_ffff => Ok(Vni(number)),
            _ => Err(format!("{number} is no VNI: wanted 1 to 16777215")),
        }
    }
}

impl fmt::Display for Vni {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An Ethernet address, `02:00:00:00:00:01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mac(pub [u8; 6]);

impl FromStr for Mac {
    type Err = String;

    fn from_str(text: &str) -> Result<Mac, String> {
        let wrong = || format!("'{text}' is no Ethernet address: wanted six bytes such as 02:00:00:00:00:01");
        let mut bytes = [0; 6];
        let mut parts = text.split([':', '-']);
        for byte in &mut bytes {
            let part = parts.next().filter(|part| (1..=2).contains(&part.len())).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| wrong())?;
        }
        if parts.next().is_some() { Err(wrong()) } else { Ok(Mac(bytes)) }
    }
}

impl TryFrom<String> for Mac {
    type Error = String;

    fn try_from(text: String) -> Result<Mac, String> {
        text.parse()
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> String {
        mac.to_string()
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        MacAddress(self.0).fmt(f)
    }
}

/// A prefix of addresses, `10.1.0.0/16`; no bits behind its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// The prefix of `length` bits that `address` is in; none if there are not so many.
    pub fn new(address: IpAddr, length: u8) -> Option<Prefix> {
        let address = match address {
            IpAddr::V4(address) if length <= 32 => Ipv4Prefix::new(address, length).addr.into(),
            IpAddr::V6(address) if length <= 128 => Ipv6Prefix::new(address, length).addr.into(),
            _ => return None,
        };
        Some(Prefix { address, length })
    }

    /// One address alone.
    pub fn host(address: IpAddr) -> Prefix {
        Prefix { address, length: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Its first address.
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// Its bits.
    pub const fn length(self) -> u8 {
        self.length
    }
}

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Prefix, String> {
        let wrong = || format!("'{text}' is no prefix: wanted ADDRESS/BITS such as 10.1.0.0/16");
        let (address, length) = text.split_once('/').ok_or_else(wrong)?;
        let address = address.parse().map_err(|_| wrong())?;
        let prefix = Prefix::new(address, length.parse().map_err(|_| wrong())?).ok_or_else(wrong)?;
        if prefix.address == address {
            return Ok(prefix);
        }
        Err(format!("'{text}' has bits behind its length: {prefix} is meant?"))
    }
}

impl TryFrom<String> for Prefix {
    type Error = String;

    fn try_from(text: String) -> Result<Prefix, String> {
        text.parse()
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> String {
        prefix.to_string()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// A route target (RFC 4360 §4), `ADMINISTRATOR:NUMBER`: its eight bytes. An administrator is an AS number of two bytes (with a
/// number of four), of four (with one of two), or an IPv4 address (with one of two).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RouteTarget([u8; 8]);

/// The sub-type of a route target (RFC 4360 §4).
const ROUTE_TARGET: u8 = 0x02;

impl RouteTarget {
    /// The one that follows from an AS number and a VNI, `AS:VNI`. Of a four-byte AS number its lower half is taken, as FRR does.
    pub fn derived(autonomous_system: u32, vni: Vni) -> RouteTarget {
        let [_, _, high, low] = autonomous_system.to_be_bytes();
        let [a, b, c, d] = vni.number().to_be_bytes();
        RouteTarget([0, ROUTE_TARGET, high, low, a, b, c, d])
    }

    /// Of a community, if it is one.
    pub fn of(community: ExtendedCommunity) -> Option<RouteTarget> {
        let is_target = community.type_byte() <= 2 && community.subtype() == ROUTE_TARGET;
        is_target.then(|| RouteTarget(community.as_u64().to_be_bytes()))
    }

    /// As a community.
    pub fn community(self) -> ExtendedCommunity {
        ExtendedCommunity::new(u64::from_be_bytes(self.0))
    }

    /// Whether it is `*:vni` with an AS number of two bytes: what neighbours of whatever AS derive for the network.
    pub fn is_derived_for(self, vni: Vni) -> bool {
        self.0[..2] == [0, ROUTE_TARGET] && self.0[4..] == vni.number().to_be_bytes()
    }
}

impl TryFrom<String> for RouteTarget {
    type Error = String;

    fn try_from(text: String) -> Result<RouteTarget, String> {
        // Written as route distinguishers are, and laid out as they are but for the two bytes of the type.
        let rd: RouteDistinguisher = text.parse().map_err(|_| {
            format!("'{text}' is no route target: wanted AS:NUMBER or IPV4-ADDRESS:NUMBER such as 65001:100")
        })?;
        let [_, kind, rest @ ..] = rd.octets();
        match kind {
            0..=2 => {
                let [a, b, c, d, e, f] = rest;
                Ok(RouteTarget([kind, ROUTE_TARGET, a, b, c, d, e, f]))
            }
            _ => Err(format!("'{text}' is no route target: no such type")),
        }
    }
}

impl From<RouteTarget> for String {
    fn from(target: RouteTarget) -> String {
        target.to_string()
    }
}

impl fmt::Display for RouteTarget {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [kind, _, rest @ ..] = self.0;
        let [a, b, c, d, e, g] = rest;
        RouteDistinguisher([0, kind, a, b, c, d, e, g]).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_printed() {
        for text in ["65001:100", "10.9.0.1:7", "4200000001:7"] {
            assert_eq!(RouteTarget::try_from(text.to_string()).unwrap().to_string(), text);
        }
        for text in ["10.1.0.0/16", "0.0.0.0/0", "fd00::/8", "10.0.0.1/32"] {
            assert_eq!(text.parse::<Prefix>().unwrap().to_string(), text);
        }
        assert_eq!("2:0:0-0-a:b".parse::<Mac>().unwrap().to_string(), "02:00:00:00:0a:0b");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for text in ["65001", "65001:4294967296", "4200000001:70000", "x:1", "0xffff000000000001"] {
            assert!(RouteTarget::try_from(text.to_string()).is_err(), "{text}");
        }
        for text in ["10.1.0.0", "10.1.0.0/33", "fd00::/129", "/8", "10.1.0.0/"] {
            assert!(text.parse::<Prefix>().is_err(), "{text}");
        }
        assert_eq!("10.1.2.3/16".parse::<Prefix>().unwrap_err().split(": ").last(), Some("10.1.0.0/16 is meant?"));
        for text in ["", "2:0:0:0:0", "2:0:0:0:0:0:0", "2:0:0:0:0:100", "2:0:0:0:0:g"] {
            assert!(text.parse::<Mac>().is_err(), "{text}");
        }
        assert!(Vni::try_from(0).is_err() && Vni::try_from(1 << 24).is_err());
    }

    #[test]
    fn a_derived_target_is_as_and_vni() {
        let vni = Vni::try_from(0x01_0203).unwrap();
        let target = RouteTarget::derived(65001, vni);
        assert_eq!(target.community().as_u64(), 0x0002_fde9_0001_0203);
        assert_eq!(RouteTarget::of(target.community()), Some(target));
        assert!(RouteTarget::derived(4_200_000_001, vni).is_derived_for(vni));
        assert!(!target.is_derived_for(Vni::try_from(5).unwrap()));
        assert_eq!(RouteTarget::of(ExtendedCommunity::bgp_encapsulation(8)), None);
    }
}
