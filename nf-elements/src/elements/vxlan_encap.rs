// SPDX-License-Identifier: Apache-2.0
//! # VXLANEncap
//! `VXLANEncap(SRC, DST, VNI [, PROTOCOL, TTL, DSCP, DF, MTU, PATHS, SPORT, DPORT, CHECKSUM])` — puts frames into VXLAN packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** Ethernet frames; what PROTOCOL says, where it is given.
//!
//! **Description:** prepends a VXLAN header (RFC 7348) with VNI, and UDP and IP headers of SRC and DST, both IPv4 or both
//! IPv6; marks the IP header, and sets the destination annotation to DST. VNI `ANY` takes each packet's aggregate
//! annotation. The source port is chosen by the inner flow (49152 to 65535), so that routers balance flows; SPORT fixes it. DPORT is 4789
//! by default. Over IPv6 there is a UDP checksum, as nothing else covers its addresses (RFC 6936), over IPv4 there is none (RFC 7348 §5);
//! CHECKSUM says otherwise.
//!
//! With `PROTOCOL ethernet`, `ip` or `nsh` the header is VXLAN-GPE's, and DPORT 4790 by default.
//!
//! The outer DSCP is the inner one, or DSCP; the outer ECN field is the inner one (RFC 6040 §4.1). DF is false by default;
//! `copy` takes the inner packet's flag. Packets whose outer packet would be longer than MTU leave by output 1, or are
//! dropped if it is not connected: an `ICMPError` there tells the sender.
//!
//! **Handlers:** `src`, `dst`, `mtu`, `vni` (read, write), `too_big`, `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> VXLANEncap(192.0.2.1, 198.51.100.1, 42) -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);`
//!
//! **See also:** `VXLANDecap`, `GeneveEncap`, `UDPIPEncap`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::tunnel::{Encapsulator, Inner, Network, heeds_paths};
use crate::wire::vxlan::{self, NextProtocol};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// What VXLAN carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// Ethernet frames, by RFC 7348.
    Plain,
    /// Ethernet frames, by VXLAN-GPE.
    Ethernet,
    /// IP packets, by VXLAN-GPE.
    Ip,
    /// Network service headers, by VXLAN-GPE.
    Nsh,
}

/// See the module's documentation.
pub struct VxlanEncap {
    outer: Encapsulator,
    network: Network,
    carried: Carried,
}

impl VxlanEncap {
    /// Puts what is `carried` into `network`.
    pub const fn new(outer: Encapsulator, network: Network, carried: Carried) -> Self {
        VxlanEncap { outer, network, carried }
    }
}

impl Carried {
    /// How the fields of what is carried are found.
    #[inline]
    pub(super) fn inner(self) -> Inner {
        match self {
            Carried::Plain | Carried::Ethernet => Inner::Ethernet,
            Carried::Ip => Inner::Ip,
            Carried::Nsh => Inner::Opaque,
        }
    }

    #[inline]
    fn header(self, vni: u32, packet: &Packet) -> [u8; vxlan::HEADER_BYTES] {
        if self == Carried::Plain { vxlan::header(vni) } else { vxlan::generic_header(vni, self.next(packet.data())) }
    }

    /// What VXLAN-GPE calls `packet`.
    #[inline(never)]
    fn next(self, packet: &[u8]) -> NextProtocol {
        match self {
            Carried::Plain | Carried::Ethernet => NextProtocol::Ethernet,
            Carried::Ip if packet.first().is_some_and(|first| first >> 4 == 6) => NextProtocol::Ipv6,
            Carried::Ip => NextProtocol::Ipv4,
            Carried::Nsh => NextProtocol::Nsh,
        }
    }
}

impl Element for VxlanEncap {
    const SPEC: Spec = Spec {
        class: "VXLANEncap",
        category: Category::Tunnel,
        summary: "puts frames into VXLAN packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Encapsulator::SRC,
            Encapsulator::DST,
            Network::VNI,
            Argument { name: "PROTOCOL", kind: ArgumentKind::Keyword, doc: "VXLAN-GPE's: ethernet, ip or nsh" },
            Encapsulator::TTL,
            Encapsulator::DSCP,
            Encapsulator::DF,
            Encapsulator::MTU,
            Encapsulator::PATHS,
            Encapsulator::SPORT,
            Encapsulator::DPORT,
            Encapsulator::CHECKSUM,
        ],
        handlers: &Network::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "vni" => self.network.read(out),
            _ => self.outer.read_handler(name, out),
        }
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "vni" => self.network.write(value),
            _ => self.outer.write_handler(name, value),
        }
    }
}

#[cfg(feature = "host")]
mod configuration {
    use super::{Carried, VxlanEncap};
    use crate::configure::{Arguments, Configure, FromArgument, Instance, Surroundings};
    use crate::tunnel::arguments::{Defaults, encapsulator, paths};
    use crate::tunnel::{DontFragment, Network};
    use crate::wire::vxlan;

    impl FromArgument for Carried {
        const WANTED: &'static str = "ethernet, ip or nsh";

        fn from_argument(text: &str) -> Option<Self> {
            match text {
                "ethernet" => Some(Carried::Ethernet),
                "ip" => Some(Carried::Ip),
                "nsh" => Some(Carried::Nsh),
                _ => None,
            }
        }
    }

    impl Carried {
        /// The expression that gives it.
        pub fn expression(self) -> String {
            format!("vxlan_encap::Carried::{self:?}")
        }
    }

    impl Configure for VxlanEncap {
        fn configure(arguments: &mut Arguments, around: &Surroundings) -> Option<Instance> {
            let carried = arguments.keyword("PROTOCOL").unwrap_or(Carried::Plain);
            let port = if carried == Carried::Plain { vxlan::PORT } else { vxlan::GPE_PORT };
            let defaults = Defaults::over_udp(port, DontFragment::Always(false));
            let paths = paths(arguments);
            let outer = encapsulator(arguments, around, defaults);
            let network: Network = arguments.required("VNI")?;
            Some(Instance::new("VxlanEncap", format!("VxlanEncap::new({}, nf_elements::tunnel::{network:?}, {})", outer?, carried.expression())).with_peers(paths))
        }
    }
}

impl Route for VxlanEncap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let vni = self.network.of(packet);
        let header = self.carried.header(vni, packet);
        self.outer.wrap(packet, self.carried.inner(), &header)
    }
}

heeds_paths!(VxlanEncap);
