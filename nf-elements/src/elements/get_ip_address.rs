// SPDX-License-Identifier: Apache-2.0
//! # GetIPAddress
//! `GetIPAddress(OFFSET [, ANNO, IP])` — sets the destination annotation from packet data.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** with IP, a marked IP header.
//!
//! **Description:** copies the four bytes at OFFSET to the destination annotation; OFFSET 16 takes the destination of a
//! packet that begins with its IP header. With `IP src` or `IP dst` instead of OFFSET, that address of the marked header
//! is taken.
//!
//! **Notes:** ANNO can only name the destination annotation, which is the default. A packet that ends before the address
//! passes with the annotation that it has.
//!
//! **Example:** `FromDevice(lan) -> GetIPAddress(30) -> ToDevice(wan);`
//!
//! **See also:** `SetIPAddress`, `StoreIPAddress`, `CheckIPHeader`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// Where the address lies.
pub enum Place {
    /// This many bytes from the packet's front.
    Data(usize),
    /// This many bytes from the start of the marked IP header.
    Header(usize),
}

/// See the module's documentation.
pub struct GetIpAddress {
    place: Place,
}

impl GetIpAddress {
    /// Takes the address at `place`.
    pub const fn new(place: Place) -> Self {
        GetIpAddress { place }
    }

    /// Takes the address at `offset` of the packet.
    pub const fn at(offset: usize) -> Self {
        GetIpAddress::new(Place::Data(offset))
    }

    /// Takes the address at `offset` of the IP header.
    pub const fn of_header(offset: usize) -> Self {
        GetIpAddress::new(Place::Header(offset))
    }
}

impl Element for GetIpAddress {
    const SPEC: Spec = Spec {
        class: "GetIPAddress",
        category: Category::Ip,
        summary: "sets the destination annotation from packet data",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "OFFSET", kind: ArgumentKind::Optional, doc: "where the address lies in the packet" },
            Argument { name: "ANNO", kind: ArgumentKind::Optional, doc: "DST_IP, the default" },
            Argument { name: "IP", kind: ArgumentKind::Keyword, doc: "src or dst of the IP header, in place of OFFSET" },
        ],
        handlers: &[],
    };

    fn read_handler(&self, _name: &str, _out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for GetIpAddress {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let ip: Option<String> = arguments.keyword("IP");
        let of_header = match ip.as_deref() {
            Some("src") => Some("GetIpAddress::of_header(12)"),
            Some("dst") => Some("GetIpAddress::of_header(16)"),
            Some(_) => {
                arguments.error_last("no address of that name", "src or dst");
                None
            }
            None => None,
        };
        let offset = arguments.optional("OFFSET", -1i64)?;
        super::set_ip_address::annotation(arguments);
        let expression = match (u16::try_from(offset), of_header) {
            (Ok(offset), None) => format!("GetIpAddress::at({offset})"),
            (Err(_), Some(of_header)) => of_header.into(),
            _ => {
                arguments.error("neither or both of OFFSET and IP", Some("one of them".into()));
                return None;
            }
        };
        Some(crate::configure::Instance::new("GetIpAddress", expression))
    }
}

impl Action for GetIpAddress {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let from = match self.place {
            Place::Data(offset) => packet.data().get(offset..),
            Place::Header(offset) => packet.network().get(offset..),
        };
        if let Some(address) = from.and_then(|from| from.first_chunk().copied()) {
            packet.annotations_mut().set_destination_ipv4(address);
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn takes_the_address_or_leaves_the_annotation() {
        let (mut at, mut of_header, mut io) = (GetIpAddress::at(1), GetIpAddress::of_header(2), ListIo::new(0));
        let mut frame = packet(&[0, 1, 2, 3, 4, 5]);
        assert_eq!(at.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.annotations().destination_ipv4(), [1, 2, 3, 4]);
        assert_eq!(of_header.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.annotations().destination_ipv4(), [1, 2, 3, 4], "no header is marked");
        frame.set_network(0, 20);
        of_header.action(&mut io, &mut frame);
        assert_eq!(frame.annotations().destination_ipv4(), [2, 3, 4, 5]);
        assert_eq!(at.action(&mut io, &mut packet(&[0, 1, 2, 3])), Verdict::Pass);
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<GetIpAddress>(arguments, &Surroundings::default());
        assert_eq!(made(&["16"]).unwrap().expression, "GetIpAddress::at(16)");
        assert_eq!(made(&["IP dst"]).unwrap().expression, "GetIpAddress::of_header(16)");
        for wrong in [[].as_slice(), &["IP x"], &["16", "IP src"], &["16", "PAINT"]] {
            assert!(made(wrong).is_err(), "{wrong:?}");
        }
    }
}
