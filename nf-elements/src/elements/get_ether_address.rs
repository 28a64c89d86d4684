// SPDX-License-Identifier: Apache-2.0
//! # GetEtherAddress
//! `GetEtherAddress(ANNO, OFFSET)` — copies an Ethernet address from packets into their annotations.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Description:** copies the six bytes at OFFSET of each packet (`src` is 6, `dst` is 0) into its annotations, at byte
//! ANNO. A packet shorter than that leaves by output 1, or is dropped if that is not connected.
//!
//! **Notes:** ANNO is 0 to 10, as for `SetEtherAddress`.
//!
//! **Handlers:** `too_short` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> GetEtherAddress(0, src) -> StoreEtherAddress(dst, ANNO 0) -> ToDevice(lan);`
//!
//! **See also:** `SetEtherAddress`, `StoreEtherAddress`.

use super::ether_place;
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct GetEtherAddress {
    anno: usize,
    offset: usize,
    diverts: bool,
    too_short: u64,
}

impl GetEtherAddress {
    /// Copies from `offset` to `anno`, 0 to 10; `diverts` if output 1 takes short packets.
    pub const fn new(anno: usize, offset: usize, diverts: bool) -> Self {
        GetEtherAddress { anno, offset, diverts, too_short: 0 }
    }
}

impl Element for GetEtherAddress {
    const SPEC: Spec = Spec {
        class: "GetEtherAddress",
        category: Category::Ethernet,
        summary: "copies an Ethernet address from packets into their annotations",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[ether_place::ANNO, ether_place::OFFSET],
        handlers: &[Handler { name: "too_short", kind: HandlerKind::Drops, doc: "packets without OFFSET + 6 bytes" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "too_short" => write!(out, "{}", self.too_short)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for GetEtherAddress {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let anno = arguments.required("ANNO").map(|anno| ether_place::check_annotation(arguments, anno));
        let (offset, diverts) = (ether_place::offset(arguments), surroundings.outputs > 1);
        let expression = format!("GetEtherAddress::new({}, {}, {diverts})", anno?, offset?);
        Some(crate::configure::Instance::new("GetEtherAddress", expression))
    }
}

impl Route for GetEtherAddress {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        let Some(&mut address) = ether_place::place(packet, self.offset) else {
            self.too_short += u64::from(!self.diverts);
            return self.diverts.then_some(1);
        };
        if let Some(bytes) = ether_place::annotation(packet, self.anno) {
            *bytes = address;
        }
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn copies_or_counts_a_short_packet() {
        let (mut get, mut io) = (GetEtherAddress::new(1, 6, false), ListIo::new(0));
        let mut frame = packet(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(get.route(&mut io, 0, &mut frame), Some(0));
        assert_eq!(frame.annotations().destination[..8], [0, 7, 8, 9, 10, 11, 12, 0]);
        assert_eq!(get.route(&mut io, 0, &mut packet(&[0; 11])), None);
        assert_eq!(get.too_short, 1);
    }
}
