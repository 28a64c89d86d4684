// SPDX-License-Identifier: Apache-2.0
//! # IPTunnelEncap
//! `IPTunnelEncap(SRC, DST [, TTL, DSCP, DF, MTU, PATHS])` — puts IP packets into IP packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** IPv4 or IPv6 packets.
//!
//! **Description:** prepends an IP header of SRC and DST, both IPv4 or both IPv6, as `VXLANEncap` does, with protocol 4 in front of IPv4
//! (RFC 2003, RFC 2473) and 41 in front of IPv6 (RFC 4213). The four combinations are Linux's ipip, sit, and ip6tnl in both
//! modes. DF is the inner packet's flag by default.
//!
//! **Handlers:** `src`, `dst`, `mtu` (read, write), `too_big`, `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> IPTunnelEncap(192.0.2.1, 198.51.100.1) -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);`
//!
//! **See also:** `IPTunnelDecap`, `IPEncap`, `GREEncap`.

use crate::spec::{Category, Shape};
use crate::tunnel::{Encapsulator, Inner, heeds_paths};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// The protocol numbers of IPv4 and IPv6 in IP.
pub(super) const IPV4: u8 = 4;
/// See [`IPV4`].
pub(super) const IPV6: u8 = 41;

/// See the module's documentation.
pub struct IpTunnelEncap {
    outer: Encapsulator,
}

impl IpTunnelEncap {
    /// Puts packets behind the headers of `outer`.
    pub const fn new(outer: Encapsulator) -> Self {
        IpTunnelEncap { outer }
    }
}

impl Element for IpTunnelEncap {
    const SPEC: Spec = Spec {
        class: "IPTunnelEncap",
        category: Category::Tunnel,
        summary: "puts IP packets into IP packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Encapsulator::SRC,
            Encapsulator::DST,
            Encapsulator::TTL,
            Encapsulator::DSCP,
            Encapsulator::DF,
            Encapsulator::MTU,
            Encapsulator::PATHS,
        ],
        handlers: &Encapsulator::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.outer.read_handler(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.outer.write_handler(name, value)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpTunnelEncap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::tunnel::DontFragment;
        use crate::tunnel::arguments::{Defaults, encapsulator, paths};
        let defaults = Defaults::over_ip(IPV4, DontFragment::Copied);
        let paths = paths(arguments);
        let outer = encapsulator(arguments, around, defaults)?;
        Some(crate::configure::Instance::new("IpTunnelEncap", format!("IpTunnelEncap::new({outer})")).with_peers(paths))
    }
}

impl Route for IpTunnelEncap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let is_ipv6 = packet.data().first().is_some_and(|first| first >> 4 == 6);
        self.outer.set_protocol(if is_ipv6 { IPV6 } else { IPV4 });
        self.outer.wrap(packet, Inner::Ip, &[])
    }
}

heeds_paths!(IpTunnelEncap);
