// SPDX-License-Identifier: Apache-2.0
//! # SetEtherAddress
//! `SetEtherAddress(ADDR, ANNO)` — sets an Ethernet address in packets' annotations.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** writes ADDR into the annotations of each packet, at byte ANNO.
//!
//! **Notes:** ANNO is 0 to 10: the bytes of the destination annotation, which are the first sixteen of Click's too. Other
//! annotations have no byte offset here.
//!
//! **Handlers:** `addr` (read, write).
//!
//! **Example:** `FromDevice(lan) -> SetEtherAddress(2:2:2:2:2:2, 0) -> StoreEtherAddress(dst, ANNO 0) -> ToDevice(wan);`
//!
//! **See also:** `GetEtherAddress`, `StoreEtherAddress`.

use super::ether_place;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet::Address;
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct SetEtherAddress {
    address: Address,
    anno: usize,
}

impl SetEtherAddress {
    /// Writes `address` at `anno`, 0 to 10.
    pub const fn new(address: [u8; 6], anno: usize) -> Self {
        SetEtherAddress { address: Address::new(address), anno }
    }
}

impl Element for SetEtherAddress {
    const SPEC: Spec = Spec {
        class: "SetEtherAddress",
        category: Category::Ethernet,
        summary: "sets an Ethernet address in packets' annotations",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "ADDR", kind: ArgumentKind::Required, doc: "the Ethernet address" },
            ether_place::ANNO,
        ],
        handlers: &[Handler { name: "addr", kind: HandlerKind::ReadWrite, doc: "ADDR" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "addr" => write!(out, "{}", self.address)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "addr" => self.address = value.trim().parse().map_err(|_| HandlerError::BadValue)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetEtherAddress {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let address: Option<Address> = arguments.required("ADDR");
        let anno = arguments.required("ANNO").map(|anno| ether_place::check_annotation(arguments, anno));
        let expression = format!("SetEtherAddress::new({:?}, {})", address?.to_bytes(), anno?);
        Some(crate::configure::Instance::new("SetEtherAddress", expression))
    }
}

impl Action for SetEtherAddress {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if let Some(bytes) = ether_place::annotation(packet, self.anno) {
            *bytes = self.address.to_bytes();
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn sets_six_bytes() {
        let (mut set, mut frame) = (SetEtherAddress::new([7; 6], 10), packet(&[]));
        assert_eq!(set.action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
        assert_eq!(frame.annotations().destination, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7]);
    }
}
