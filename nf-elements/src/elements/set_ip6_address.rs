// SPDX-License-Identifier: Apache-2.0
//! # SetIP6Address
//! `SetIP6Address(IPADDR)` — sets the destination annotation.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** sets the destination annotation of each packet to IPADDR.
//!
//! **Handlers:** none.
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> SetIP6Address(2001:db8::1) -> LookupIP6Route(::/0 0) -> Discard;`
//!
//! **See also:** `GetIP6Address`, `LookupIP6Route`, `SetIPAddress`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct SetIp6Address {
    address: [u8; 16],
}

impl SetIp6Address {
    /// Sets `address`, its first byte uppermost.
    pub const fn new(address: u128) -> Self {
        SetIp6Address { address: address.to_be_bytes() }
    }
}

impl Element for SetIp6Address {
    const SPEC: Spec = Spec {
        class: "SetIP6Address",
        category: Category::Ip6,
        summary: "sets the destination annotation",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "IPADDR", kind: ArgumentKind::Required, doc: "the address" }],
        handlers: &[],
    };

    fn read_handler(&self, _name: &str, _out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetIp6Address {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let address: std::net::Ipv6Addr = arguments.required("IPADDR")?;
        let expression = format!("SetIp6Address::new({:#x})", address.to_bits());
        Some(crate::configure::Instance::new("SetIp6Address", expression))
    }
}

impl Action for SetIp6Address {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        packet.annotations_mut().destination = self.address;
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn sets_the_address() {
        let mut frame = packet(&[]);
        assert_eq!(SetIp6Address::new(5).action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
        assert_eq!(u128::from_be_bytes(frame.annotations().destination), 5);
    }
}
