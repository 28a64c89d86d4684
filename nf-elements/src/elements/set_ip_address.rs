// SPDX-License-Identifier: Apache-2.0
//! # SetIPAddress
//! `SetIPAddress(IPADDR [, ANNO])` — sets the destination annotation.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** sets the destination annotation of each packet to IPADDR: where `ARPQuerier` and others send it to.
//!
//! **Notes:** ANNO can only name the destination annotation, which is the default.
//!
//! **Handlers:** `addr` (read, write).
//!
//! **Example:** `FromDevice(lan) -> SetIPAddress(192.0.2.1) -> ToDevice(wan);`
//!
//! **See also:** `GetIPAddress`, `StoreIPAddress`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;
use core::net::Ipv4Addr;

/// See the module's documentation.
pub struct SetIpAddress {
    address: [u8; 4],
}

impl SetIpAddress {
    /// Sets this address.
    pub const fn new(address: [u8; 4]) -> Self {
        SetIpAddress { address }
    }
}

impl Element for SetIpAddress {
    const SPEC: Spec = Spec {
        class: "SetIPAddress",
        category: Category::Ip,
        summary: "sets the destination annotation",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "IPADDR", kind: ArgumentKind::Required, doc: "the address" },
            Argument { name: "ANNO", kind: ArgumentKind::Keyword, doc: "DST_IP, the default" },
        ],
        handlers: &[Handler { name: "addr", kind: HandlerKind::ReadWrite, doc: "IPADDR" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "addr" => write!(out, "{}", Ipv4Addr::from(self.address))?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "addr" => self.address = value.trim().parse::<Ipv4Addr>().map_err(|_| HandlerError::BadValue)?.octets(),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

/// Takes ANNO, which can only name the destination annotation.
#[cfg(feature = "host")]
pub(super) fn annotation(arguments: &mut crate::configure::Arguments) {
    let name = arguments.optional("ANNO", String::from("0"));
    if name.is_some_and(|name| !["0", "DST_IP", "DST_IP_ANNO"].contains(&name.as_str())) {
        arguments.error_last("an annotation that holds no address", "DST_IP");
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetIpAddress {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let address: Option<Ipv4Addr> = arguments.required("IPADDR");
        annotation(arguments);
        let expression = format!("SetIpAddress::new({:?})", address?.octets());
        Some(crate::configure::Instance::new("SetIpAddress", expression))
    }
}

impl Action for SetIpAddress {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        packet.annotations_mut().set_destination_ipv4(self.address);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn sets_the_address_that_a_handler_can_change() {
        let (mut set, mut io, mut frame) = (SetIpAddress::new([1, 2, 3, 4]), ListIo::new(0), packet(&[]));
        assert_eq!(set.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.annotations().destination_ipv4(), [1, 2, 3, 4]);
        set.write_handler("addr", "5.6.7.8").unwrap();
        assert_eq!(read(&set, "addr"), "5.6.7.8");
        assert_eq!(set.write_handler("addr", "5.6.7"), Err(HandlerError::BadValue));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<SetIpAddress>(arguments, &Surroundings::default());
        assert_eq!(made(&["1.2.3.4", "ANNO DST_IP"]).unwrap().expression, "SetIpAddress::new([1, 2, 3, 4])");
        assert_eq!(made(&["1.2.3.4", "ANNO PAINT"]).unwrap_err().len(), 1);
    }
}
