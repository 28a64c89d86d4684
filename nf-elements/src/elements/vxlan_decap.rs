// SPDX-License-Identifier: Apache-2.0
//! # VXLANDecap
//! `VXLANDecap([VNI, PROTOCOL, CHECKSUM])` — takes frames out of VXLAN packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** UDP datagrams to the tunnel's port with a marked IP header, IPv4 or IPv6: what CheckIPHeader and an
//! IPClassifier pass.
//!
//! **Description:** strips everything in front of the inner frame, and what is behind the datagram, and sets the aggregate
//! annotation to the VNI. Packets of another network than VNI (`ANY`, the default, takes all), outer fragments, bad headers, and frames that were marked for congestion without being
//! capable of it (RFC 6040 §4.2) leave by output 1, or are dropped if it is not connected. The inner ECN field gets the
//! mark of the outer one. With `PROTOCOL ethernet`, `ip` or `nsh` the header must be VXLAN-GPE's, with that in it.
//! `CHECKSUM true` refuses datagrams with a wrong UDP checksum; 0 is none, over IPv6 too (RFC 7348 §5, RFC 6935).
//!
//! **Handlers:** `not_ours`, `fragment`, `checksum`, `header`, `network`, `congestion` (drops; 0 while output 1 is
//! connected).
//!
//! **Example:** `FromDevice(wan) -> CheckIPHeader(14) -> IPClassifier(dst udp port 4789) -> VXLANDecap(42) -> ToDevice(lan);`
//!
//! **See also:** `VXLANEncap`, `GeneveDecap`.

use super::vxlan_encap::Carried;
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::tunnel::{DECAPSULATOR_HANDLERS, Decapsulator, Refusal};
use crate::wire::vxlan::{HEADER_BYTES, NextProtocol, Vxlan};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct VxlanDecap {
    outer: Decapsulator,
    vni: Option<u32>,
    carried: Carried,
}

impl VxlanDecap {
    /// Takes what is `carried` out of the network `vni`, or all networks.
    pub const fn new(outer: Decapsulator, vni: Option<u32>, carried: Carried) -> Self {
        VxlanDecap { outer, vni, carried }
    }

    #[inline]
    fn take_out(&self, packet: &mut Packet) -> Result<(), Refusal> {
        let (opened, bytes) = self.outer.open_udp(packet)?;
        let vni = self.check(bytes).ok_or(Refusal::Header)?;
        if self.vni.is_some_and(|ours| ours != vni) {
            return Err(Refusal::Network);
        }
        packet.annotations_mut().aggregate = vni;
        self.outer.take_out(packet, opened, opened.at + HEADER_BYTES, self.carried.inner())
    }

    /// The VNI of a header that is good and in front of what is carried.
    #[inline]
    fn check(&self, bytes: &[u8]) -> Option<u32> {
        if self.carried == Carried::Plain {
            return Some(Vxlan::new_checked(bytes).ok()?.vni());
        }
        let header = Vxlan::new_generic(bytes).ok()?;
        let fits = match self.carried {
            Carried::Plain | Carried::Ethernet => header.next_protocol() == NextProtocol::Ethernet,
            Carried::Ip => matches!(header.next_protocol(), NextProtocol::Ipv4 | NextProtocol::Ipv6),
            Carried::Nsh => header.next_protocol() == NextProtocol::Nsh,
        };
        fits.then(|| header.vni())
    }
}

impl Element for VxlanDecap {
    const SPEC: Spec = Spec {
        class: "VXLANDecap",
        category: Category::Tunnel,
        summary: "takes frames out of VXLAN packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "VNI", kind: ArgumentKind::Optional, doc: "the network, 24 bits; ANY by default" },
            Argument { name: "PROTOCOL", kind: ArgumentKind::Keyword, doc: "VXLAN-GPE's: ethernet, ip or nsh" },
            Decapsulator::CHECKSUM,
        ],
        handlers: &DECAPSULATOR_HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.outer.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for VxlanDecap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::tunnel::Network;
        use crate::tunnel::arguments::decapsulator;
        let checksum = arguments.keyword("CHECKSUM").unwrap_or(false);
        let Network(vni) = arguments.optional("VNI", Network(None))?;
        let carried = arguments.keyword("PROTOCOL").unwrap_or(Carried::Plain).expression();
        let expression = format!("VxlanDecap::new({}, {vni:?}, {carried})", decapsulator(around, &[17], checksum));
        Some(crate::configure::Instance::new("VxlanDecap", expression))
    }
}

impl Route for VxlanDecap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let result = self.take_out(packet);
        self.outer.exit(result)
    }
}
