// SPDX-License-Identifier: Apache-2.0
//! # IPTunnelDecap
//! `IPTunnelDecap` — takes IP packets out of IP packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header, IPv4 or IPv6, of protocol 4 or 41.
//!
//! **Description:** strips the outer IP header, and what is behind the outer packet; the inner packet has to be checked and
//! marked anew. For the rest it does what `VXLANDecap` does.
//!
//! **Handlers:** `not_ours`, `fragment`, `checksum`, `header`, `network`, `congestion` (drops; 0 while output 1 is
//! connected).
//!
//! **Example:** `FromDevice(wan) -> CheckIPHeader(14) -> IPTunnelDecap -> CheckIPHeader -> Discard;`
//!
//! **See also:** `IPTunnelEncap`, `StripIPHeader`, `GREDecap`.

use crate::spec::{Category, Shape};
use crate::tunnel::{DECAPSULATOR_HANDLERS, Decapsulator, Inner, Refusal};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct IpTunnelDecap {
    outer: Decapsulator,
}

impl IpTunnelDecap {
    /// Takes packets out of what `outer` opens.
    pub const fn new(outer: Decapsulator) -> Self {
        IpTunnelDecap { outer }
    }

    #[inline]
    fn take_out(&self, packet: &mut Packet) -> Result<(), Refusal> {
        let opened = self.outer.open(packet)?;
        self.outer.take_out(packet, opened, opened.at, Inner::Ip)
    }
}

impl Element for IpTunnelDecap {
    const SPEC: Spec = Spec {
        class: "IPTunnelDecap",
        category: Category::Tunnel,
        summary: "takes IP packets out of IP packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[],
        handlers: &DECAPSULATOR_HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.outer.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpTunnelDecap {
    fn configure(
        _: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use super::ip_tunnel_encap::{IPV4, IPV6};
        let outer = crate::tunnel::arguments::decapsulator(around, &[IPV4, IPV6], false);
        Some(crate::configure::Instance::new("IpTunnelDecap", format!("IpTunnelDecap::new({outer})")))
    }
}

impl Route for IpTunnelDecap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let result = self.take_out(packet);
        self.outer.exit(result)
    }
}
