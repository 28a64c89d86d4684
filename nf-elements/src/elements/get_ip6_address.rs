// SPDX-License-Identifier: Apache-2.0
//! # GetIP6Address
//! `GetIP6Address(OFFSET)` — sets the destination annotation from the packet.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** copies the 16 bytes at OFFSET to the destination annotation: 24 takes the destination of an IPv6 packet
//! without Ethernet header.
//!
//! **Notes:** a packet that ends before keeps the annotation that it has; Click reads behind its end.
//!
//! **Handlers:** none.
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> GetIP6Address(24) -> LookupIP6Route(::/0 0) -> Discard;`
//!
//! **See also:** `SetIP6Address`, `LookupIP6Route`, `GetIPAddress`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct GetIp6Address {
    offset: usize,
}

impl GetIp6Address {
    /// Takes the address at `offset`.
    pub const fn new(offset: usize) -> Self {
        GetIp6Address { offset }
    }
}

impl Element for GetIp6Address {
    const SPEC: Spec = Spec {
        class: "GetIP6Address",
        category: Category::Ip6,
        summary: "sets the destination annotation from the packet",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "OFFSET", kind: ArgumentKind::Required, doc: "where the address lies" }],
        handlers: &[],
    };

    fn read_handler(&self, _name: &str, _out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for GetIp6Address {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let offset: u16 = arguments.required("OFFSET")?;
        Some(crate::configure::Instance::new("GetIp6Address", format!("GetIp6Address::new({offset})")))
    }
}

impl Action for GetIp6Address {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if let Some(address) = packet.data().get(self.offset..).and_then(|from| from.first_chunk().copied()) {
            packet.annotations_mut().destination = address;
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::marked6;
    use crate::testing::{ListIo, packet};

    #[test]
    fn takes_the_address() {
        let (mut get, mut io) = (GetIp6Address::new(24), ListIo::new(0));
        let mut frame = marked6::datagram(17, 1, 2 << 64, &[]);
        assert_eq!(get.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(u128::from_be_bytes(frame.annotations().destination), 2 << 64);
        let mut short = packet(&[1; 39]);
        assert_eq!(get.action(&mut io, &mut short), Verdict::Pass);
        assert_eq!(short.annotations().destination, [0; 16]);
    }
}
