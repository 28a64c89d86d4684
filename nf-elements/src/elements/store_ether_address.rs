// SPDX-License-Identifier: Apache-2.0
//! # StoreEtherAddress
//! `StoreEtherAddress(ADDR, OFFSET)`, `StoreEtherAddress(OFFSET, ANNO)` — stores an Ethernet address in packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Description:** writes ADDR, or the six bytes at ANNO of the annotations, at OFFSET into each packet (`src` is 6, `dst`
//! is 0). A packet shorter than that leaves by output 1, or is dropped if that is not connected.
//!
//! **Notes:** ANNO is 0 to 10, as for `SetEtherAddress`, and is given by keyword.
//!
//! **Handlers:** `addr` (read, write), `too_short` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> StoreEtherAddress(02:00:00:00:00:01, src) -> ToDevice(wan);`
//!
//! **See also:** `SetEtherAddress`, `GetEtherAddress`, `EtherRewrite`.

use super::ether_place;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet::Address;
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct StoreEtherAddress {
    address: Address,
    offset: usize,
    anno: Option<usize>,
    diverts: bool,
    too_short: u64,
}

impl StoreEtherAddress {
    /// Writes `address`, or the bytes at `anno`, at `offset`; `diverts` if output 1 takes short packets.
    pub const fn new(address: [u8; 6], offset: usize, anno: Option<usize>, diverts: bool) -> Self {
        StoreEtherAddress { address: Address::new(address), offset, anno, diverts, too_short: 0 }
    }
}

impl Element for StoreEtherAddress {
    const SPEC: Spec = Spec {
        class: "StoreEtherAddress",
        category: Category::Ethernet,
        summary: "stores an Ethernet address in packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "ADDR", kind: ArgumentKind::Optional, doc: "the Ethernet address, unless ANNO is given" },
            Argument { kind: ArgumentKind::Optional, ..ether_place::OFFSET },
            Argument { kind: ArgumentKind::Keyword, ..ether_place::ANNO },
        ],
        handlers: &[
            Handler { name: "addr", kind: HandlerKind::ReadWrite, doc: "ADDR" },
            Handler { name: "too_short", kind: HandlerKind::Drops, doc: "packets without OFFSET + 6 bytes" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "addr" => write!(out, "{}", self.address)?,
            "too_short" => write!(out, "{}", self.too_short)?,
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
impl crate::configure::Configure for StoreEtherAddress {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let anno = arguments.keyword("ANNO").map(|anno| ether_place::check_annotation(arguments, anno));
        // With ANNO there is no ADDR, so the first argument by position is OFFSET.
        let address = if anno.is_some() { Some(Address::new([0; 6])) } else { arguments.required("ADDR") };
        let (offset, diverts) = (ether_place::offset(arguments), surroundings.outputs > 1);
        let address = address?.to_bytes();
        let expression = format!("StoreEtherAddress::new({address:?}, {}, {anno:?}, {diverts})", offset?);
        Some(crate::configure::Instance::new("StoreEtherAddress", expression))
    }
}

impl Route for StoreEtherAddress {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        let address = match self.anno.and_then(|anno| ether_place::annotation(packet, anno).copied()) {
            Some(address) => address,
            None => self.address.to_bytes(),
        };
        let Some(bytes) = ether_place::place(packet, self.offset) else {
            self.too_short += u64::from(!self.diverts);
            return self.diverts.then_some(1);
        };
        *bytes = address;
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn stores_or_counts_a_short_packet() {
        let (mut store, mut io) = (StoreEtherAddress::new([7; 6], 6, None, false), ListIo::new(0));
        let mut frame = packet(&[1; 13]);
        assert_eq!(store.route(&mut io, 0, &mut frame), Some(0));
        assert_eq!(frame.data(), [1, 1, 1, 1, 1, 1, 7, 7, 7, 7, 7, 7, 1]);
        assert_eq!(store.route(&mut io, 0, &mut packet(&[0; 11])), None);
        assert_eq!(store.too_short, 1);
        frame.annotations_mut().destination = [9; 16];
        StoreEtherAddress::new([0; 6], 0, Some(10), false).route(&mut io, 0, &mut frame);
        assert_eq!(frame.data()[..7], [9, 9, 9, 9, 9, 9, 7]);
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_are_clicks() {
        use crate::configure::{Surroundings, configure};
        let expression = |arguments: &[&str]| {
            configure::<StoreEtherAddress>(arguments, &Surroundings::default()).map(|instance| instance.expression)
        };
        assert_eq!(
            expression(&["1:2:3:4:5:6", "SRC"]).unwrap(),
            "StoreEtherAddress::new([1, 2, 3, 4, 5, 6], 6, None, false)"
        );
        assert_eq!(
            expression(&["dst", "ANNO 4"]).unwrap(),
            "StoreEtherAddress::new([0, 0, 0, 0, 0, 0], 0, Some(4), false)"
        );
        assert_eq!(expression(&["dst", "ANNO 11"]).unwrap_err().len(), 1);
        assert_eq!(expression(&["1:2:3:4:5:6", "x"]).unwrap_err().len(), 1);
    }
}
