// SPDX-License-Identifier: Apache-2.0
//! Routes between networks and to the outside: the longest prefix that matches, in tables that have names.

use super::key::{Host, Vni};
use super::networks::{Networks, Refused};
use super::table::{Key, Value};
use crate::wire::ethernet::Address;
use core::fmt;
use core::str::FromStr;

/// Most gateways of a route.
pub const MOST_GATEWAYS: usize = 4;
/// Bits of an address; an IPv4 address has 96 in front.
const BITS: u8 = 128;

/// A routing table (a VRF), told from others by a hash of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vrf(pub u64);

impl Vrf {
    /// The table of that name: FNV-1a, Fowler, Noll and Vo.
    pub const fn named(name: &str) -> Self {
        let (bytes, mut hash, mut at) = (name.as_bytes(), 0xcbf2_9ce4_8422_2325u64, 0);
        while at < bytes.len() {
            hash = (hash ^ bytes[at] as u64).wrapping_mul(0x100_0000_01b3);
            at += 1;
        }
        Vrf(hash)
    }
}

/// Addresses whose first bits are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The first one.
    pub host: Host,
    /// How many bits, of 128 also where it is IPv4.
    pub length: u8,
}

impl Prefix {
    /// That of so many bits that an address is in.
    pub const fn of(host: Host, length: u8) -> Self {
        let mask = if length == 0 { 0 } else { u128::MAX << (BITS - length) };
        Prefix { host: Host(host.0 & mask), length }
    }
}

/// `10.0.0.0/8`, `2001:db8::/32`; an address alone has all bits.
impl FromStr for Prefix {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let host: Host = address.parse()?;
        let in_front = if host.to_v4().is_some() { 96 } else { 0 };
        let most = BITS - in_front;
        let length = length.map_or(Ok(most), |length| length.parse().map_err(drop))?;
        if length > most { Err(()) } else { Ok(Prefix::of(host, in_front + length)) }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let in_front = if self.host.to_v4().is_some() && self.length >= 96 { 96 } else { 0 };
        write!(out, "{}/{}", self.host, self.length - in_front)
    }
}

/// A route's table and destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteKey {
    /// The table.
    pub vrf: Vrf,
    /// The destination.
    pub prefix: Prefix,
}

impl Key for RouteKey {
    const EMPTY: Self = RouteKey { vrf: Vrf(0), prefix: Prefix { host: Host::EMPTY, length: 0 } };

    fn words(&self) -> (u64, u64) {
        let (upper, lower) = self.prefix.host.words();
        (upper ^ self.vrf.0, lower ^ u64::from(self.prefix.length).rotate_right(8))
    }
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The destination is in this network.
    Network(Vni),
    /// The router behind another VTEP, its Ethernet address, and the network between the two.
    Vtep(Host, Address, Vni),
    /// Routers outside, so many, of equal cost.
    Gateways([Host; MOST_GATEWAYS], u8),
}

impl Via {
    /// Of several gateways the one for flows of this hash.
    pub fn gateway(gateways: &[Host; MOST_GATEWAYS], count: u8, hash: u32) -> Host {
        let chosen = ((u64::from(hash) * u64::from(count)) >> 32) as usize;
        gateways[chosen.min(MOST_GATEWAYS - 1)]
    }
}

impl Value for Via {
    const EMPTY: Self = Via::Network(Vni(0));
}

/// How many routes there are of each length.
pub struct Lengths {
    counts: [u32; BITS as usize + 1],
    /// Those from 1 on of which there are any, length 1 in bit 0.
    present: u128,
}

impl Lengths {
    pub(super) const fn new() -> Self {
        Lengths { counts: [0; BITS as usize + 1], present: 0 }
    }

    fn add(&mut self, length: u8, difference: i32) {
        let Some(count) = self.counts.get_mut(usize::from(length)) else { return };
        *count = count.wrapping_add_signed(difference);
        let bit = 1u128.checked_shl(u32::from(length).wrapping_sub(1)).unwrap_or(0);
        self.present = if *count > 0 { self.present | bit } else { self.present & !bit };
    }

    /// Those of which there are any, from `BITS` down to `least`.
    fn down_to(&self, least: u8) -> impl Iterator<Item = u8> + '_ {
        let mut left = self.present;
        let longer = core::iter::from_fn(move || {
            let length = BITS - left.leading_zeros() as u8;
            left &= !1u128.checked_shl(u32::from(length).wrapping_sub(1))?;
            Some(length)
        });
        longer.chain((self.counts[0] > 0).then_some(0)).take_while(move |length| *length >= least)
    }
}

impl Networks {
    /// Where an address leads to.
    pub fn route(&self, vrf: Vrf, host: Host) -> Option<&Via> {
        // The default route of IPv6 is none for IPv4.
        let least = if host.to_v4().is_some() { 96 } else { 0 };
        let mut prefixes = self.lengths.down_to(least).map(|length| Prefix::of(host, length));
        prefixes.find_map(|prefix| self.routes.look_up(&RouteKey { vrf, prefix }))
    }

    /// Adds a route in place of another one; of equal gateways as one more, if there is room.
    pub fn add_route(&mut self, key: RouteKey, via: Via) -> Result<(), Refused> {
        let Some(number) = self.routes.find(&key) else {
            self.routes.insert(key, via).ok_or(Refused::Full)?;
            self.lengths.add(key.prefix.length, 1);
            return Ok(());
        };
        let known = self.routes.get_mut(number).ok_or(Refused::Missing)?;
        match (known, via) {
            (Via::Gateways(known, count), Via::Gateways([gateway, ..], 1)) => {
                if known.iter().take((*count).into()).any(|other| *other == gateway) {
                    return Ok(());
                }
                *known.get_mut(usize::from(*count)).ok_or(Refused::Full)? = gateway;
                *count += 1;
            }
            (known, via) => *known = via,
        }
        Ok(())
    }

    /// Removes a route, or one gateway of it.
    pub fn remove_route(&mut self, key: RouteKey, gateway: Option<Host>) -> Result<(), Refused> {
        let number = self.routes.find(&key).ok_or(Refused::Missing)?;
        match (self.routes.get_mut(number), gateway) {
            (Some(Via::Gateways(known, count)), Some(gateway)) => {
                let used = usize::from(*count);
                let at = known.iter().take(used).position(|other| *other == gateway).ok_or(Refused::Missing)?;
                if used > 1 {
                    known.swap(at, used - 1);
                    *count -= 1;
                    return Ok(());
                }
            }
            (_, Some(_)) => return Err(Refused::Missing),
            _ => {}
        }
        self.routes.remove(number);
        self.lengths.add(key.prefix.length, -1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::{Memory, Settings};

    const MAIN: Vrf = Vrf::named("main");

    fn networks() -> Networks {
        let mut networks = Networks::new(Settings { learns: crate::overlay::Learns::All, timeout_s: 300 });
        networks.lend::<1, 1, 1, 1, 1, 4>(Box::leak(Box::new(Memory::EMPTY)));
        networks
    }

    fn key(prefix: &str) -> RouteKey {
        RouteKey { vrf: MAIN, prefix: prefix.parse().unwrap() }
    }

    fn host(text: &str) -> Host {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_prefix_leads() {
        let mut networks = networks();
        for (vni, prefix) in [(1, "10.0.0.0/8"), (2, "10.1.0.0/16"), (3, "2001:db8::/32"), (4, "0.0.0.0/0")] {
            networks.add_route(key(prefix), Via::Network(Vni(vni))).unwrap();
        }
        let to = |networks: &Networks, text| match networks.route(MAIN, host(text)) {
            Some(Via::Network(vni)) => vni.0,
            _ => 0,
        };
        let wanted = [("10.1.2.3", 2), ("10.2.2.3", 1), ("192.0.2.1", 4), ("2001:db8::1", 3), ("2001:db9::1", 0)];
        wanted.iter().for_each(|(text, vni)| assert_eq!(to(&networks, text), *vni, "{text}"));
        assert_eq!(networks.route(Vrf::named("red"), host("10.1.2.3")), None);
        assert_eq!(networks.add_route(key("1.1.1.1"), Via::Network(Vni(5))), Err(Refused::Full));
        networks.remove_route(key("10.1.0.0/16"), None).unwrap();
        assert_eq!(to(&networks, "10.1.2.3"), 1);
    }

    #[test]
    fn gateways_share_flows() {
        let mut networks = networks();
        let gateways = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(host);
        for gateway in [0, 1, 1, 2] {
            let mut all = [Host(0); MOST_GATEWAYS];
            all[0] = gateways[gateway];
            networks.add_route(key("0.0.0.0/0"), Via::Gateways(all, 1)).unwrap();
        }
        let chosen = |networks: &Networks, hash| match networks.route(MAIN, host("10.0.0.1")) {
            Some(Via::Gateways(all, count)) => Some(Via::gateway(all, *count, hash)),
            _ => None,
        };
        assert_eq!([0, 1 << 31, u32::MAX].map(|hash| chosen(&networks, hash)), gateways.map(Some));
        networks.remove_route(key("0.0.0.0/0"), Some(gateways[0])).unwrap();
        assert_eq!([0, u32::MAX].map(|hash| chosen(&networks, hash)), [gateways[2], gateways[1]].map(Some));
        for gateway in &gateways[1..] {
            networks.remove_route(key("0.0.0.0/0"), Some(*gateway)).unwrap();
        }
        assert_eq!(networks.route(MAIN, host("10.0.0.1")), None);
        assert_eq!(networks.remove_route(key("0.0.0.0/0"), None), Err(Refused::Missing));
    }

    #[test]
    fn prefixes_are_read() {
        assert_eq!("10.1.2.3/8".parse(), Ok(Prefix { host: Host::v4(0x0a00_0000), length: 104 }));
        assert_eq!("10.1.2.3".parse(), Ok(Prefix { host: Host::v4(0x0a01_0203), length: 128 }));
        assert_eq!("::/0".parse(), Ok(Prefix { host: Host(0), length: 0 }));
        for wrong in ["10.0.0.0/33", "::/129", "x/8", "10.0.0.0/"] {
            assert_eq!(wrong.parse::<Prefix>(), Err(()), "{wrong}");
        }
    }
}
