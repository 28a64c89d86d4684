// SPDX-License-Identifier: Apache-2.0
//! # SetRandIPAddress
//! `SetRandIPAddress(PREFIX [, LIMIT])` — sets the destination annotation to random addresses.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** sets the destination annotation of each packet to a random address of PREFIX; with LIMIT there are at
//! most that many different ones.
//!
//! **Notes:** the addresses are the same at each start.
//!
//! **Example:** `FromDevice(lan) -> SetRandIPAddress(192.0.2.0/24) -> StoreIPAddress(30) -> ToDevice(wan);`
//!
//! **See also:** `SetIPAddress`, `StoreIPAddress`.

use super::random::Random;
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct SetRandIpAddress {
    network: u32,
    mask: u32,
    limit: u32,
    random: Random,
}

impl SetRandIpAddress {
    /// Addresses of `network`, the bits of `mask`; at most `limit` different ones, without end if that is 0.
    pub const fn new(network: u32, mask: u32, limit: u32) -> Self {
        SetRandIpAddress { network, mask, limit, random: Random::new() }
    }
}

/// Numbers that pass for random, one for each index: splitmix64, Steele, Lea and Flood 2014.
fn scatter(index: u32) -> u32 {
    let z = (u64::from(index) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ z >> 31) as u32
}

impl Element for SetRandIpAddress {
    const SPEC: Spec = Spec {
        class: "SetRandIPAddress",
        category: Category::Ip,
        summary: "sets the destination annotation to random addresses",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "PREFIX", kind: ArgumentKind::Required, doc: "ADDRESS/LENGTH" },
            Argument { name: "LIMIT", kind: ArgumentKind::Optional, doc: "most different ones; any by default" },
        ],
        handlers: &[],
    };

    fn read_handler(&self, _name: &str, _out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetRandIpAddress {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let prefix: Option<crate::configure::Ipv4Prefix> = arguments.required("PREFIX");
        let limit = arguments.optional("LIMIT", -1i32)?.max(0);
        let (network, mask) = (prefix?.network(), prefix?.mask());
        let expression = format!("SetRandIpAddress::new({network:#010x}, {mask:#010x}, {limit})");
        Some(crate::configure::Instance::new("SetRandIpAddress", expression))
    }
}

impl Action for SetRandIpAddress {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let number = match self.limit {
            0 => (self.random.next() >> 32) as u32,
            limit => scatter(self.random.below(limit)),
        };
        packet.annotations_mut().set_destination_ipv4((number & !self.mask | self.network).to_be_bytes());
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};
    use std::collections::BTreeSet;

    fn addresses(set: &mut SetRandIpAddress) -> BTreeSet<[u8; 4]> {
        let (mut io, mut frame) = (ListIo::new(0), packet(&[]));
        let mut next = || {
            assert_eq!(set.action(&mut io, &mut frame), Verdict::Pass);
            frame.annotations().destination_ipv4()
        };
        (0..2000).map(|_| next()).collect()
    }

    #[test]
    fn addresses_are_of_the_prefix_and_few_if_limited() {
        let all = addresses(&mut SetRandIpAddress::new(0x0a01_0200, 0xffff_ff00, 0));
        assert!(all.len() > 250 && all.iter().all(|address| address[..3] == [10, 1, 2]));
        assert_eq!(addresses(&mut SetRandIpAddress::new(0, 0, 7)).len(), 7);
        assert_eq!(addresses(&mut SetRandIpAddress::new(0x0102_0304, u32::MAX, 0)).len(), 1);
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<SetRandIpAddress>(arguments, &Surroundings::default());
        let expression = "SetRandIpAddress::new(0x0a000000, 0xff000000, 5)";
        assert_eq!(made(&["10.1.2.3/8", "5"]).unwrap().expression, expression);
    }
}
