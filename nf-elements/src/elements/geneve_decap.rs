// SPDX-License-Identifier: Apache-2.0
//! # GeneveDecap
//! `GeneveDecap([VNI, PROTOCOL, CHECKSUM])` — takes frames out of Geneve packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** UDP datagrams to the tunnel's port with a marked IP header, IPv4 or IPv6.
//!
//! **Description:** strips everything in front of the inner packet, and what is behind the datagram, and sets the aggregate
//! annotation to the VNI. Options are stripped; packets with critical options, which nobody here knows, and control packets count as
//! bad headers (RFC 8926 §3.4). PROTOCOL (`ethernet`, `ip` or an EtherType) takes only these; without it everything passes. For the
//! rest it does what `VXLANDecap` does.
//!
//! **Handlers:** `not_ours`, `fragment`, `checksum`, `header`, `network`, `congestion` (drops; 0 while output 1 is
//! connected), `options` (read: options that were stripped).
//!
//! **Example:** `FromDevice(wan) -> CheckIPHeader(14) -> IPClassifier(dst udp port 6081) -> GeneveDecap(42, PROTOCOL ethernet) -> ToDevice(lan);`
//!
//! **See also:** `GeneveEncap`, `VXLANDecap`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::tunnel::{DECAPSULATOR_HANDLERS, Decapsulator, Payload, Refusal};
use crate::wire::geneve::Geneve;
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct GeneveDecap {
    outer: Decapsulator,
    vni: Option<u32>,
    payload: Option<Payload>,
    options: u64,
}

impl GeneveDecap {
    /// Takes `payload`, or everything, out of the network `vni`, or all networks.
    pub const fn new(outer: Decapsulator, vni: Option<u32>, payload: Option<Payload>) -> Self {
        GeneveDecap { outer, vni, payload, options: 0 }
    }

    #[inline]
    fn take_out(&mut self, packet: &mut Packet) -> Result<(), Refusal> {
        let opened = self.outer.open_udp(packet)?;
        let bytes = packet.data().get(opened.at..opened.end).unwrap_or(&[]);
        let header = Geneve::new_checked(bytes).map_err(|_| Refusal::Header)?;
        let payload = Payload::of(header.protocol_type());
        let (mut options, mut critical) = (0, header.is_critical());
        for option in header.options() {
            options += 1;
            critical |= option.is_critical();
        }
        if critical || header.is_control() || self.payload.is_some_and(|wanted| wanted != payload) {
            return Err(Refusal::Header);
        }
        let (vni, at) = (header.vni(), opened.at + header.length());
        if self.vni.is_some_and(|ours| ours != vni) {
            return Err(Refusal::Network);
        }
        self.options += options;
        packet.annotations_mut().aggregate = vni;
        self.outer.take_out(packet, opened, at, payload.inner())
    }
}

impl Element for GeneveDecap {
    const SPEC: Spec = Spec {
        class: "GeneveDecap",
        category: Category::Tunnel,
        summary: "takes frames out of Geneve packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "VNI", kind: ArgumentKind::Optional, doc: "the network, 24 bits; ANY by default" },
            Argument { name: "PROTOCOL", kind: ArgumentKind::Keyword, doc: "ethernet, ip or an EtherType; all by default" },
            Decapsulator::CHECKSUM,
        ],
        handlers: &{
            let [a, b, c, d, e, f] = DECAPSULATOR_HANDLERS;
            [a, b, c, d, e, f, Handler { name: "options", kind: HandlerKind::Read, doc: "options that were stripped" }]
        },
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "options" => Ok(write!(out, "{}", self.options)?),
            _ => self.outer.read_handler(name, out),
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for GeneveDecap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::tunnel::Network;
        use crate::tunnel::arguments::{decapsulator, payload};
        let checksum = arguments.keyword("CHECKSUM").unwrap_or(false);
        let Network(vni) = arguments.optional("VNI", Network(None))?;
        let payload = payload(arguments.keyword("PROTOCOL"));
        let expression = format!("GeneveDecap::new({}, {vni:?}, {payload})", decapsulator(around, &[17], checksum));
        Some(crate::configure::Instance::new("GeneveDecap", expression))
    }
}

impl Route for GeneveDecap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let result = self.take_out(packet);
        self.outer.exit(result)
    }
}
