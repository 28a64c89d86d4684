// SPDX-License-Identifier: Apache-2.0
//! # GeneveEncap
//! `GeneveEncap(SRC, DST, VNI [, PROTOCOL, OPTIONS, TTL, DSCP, DF, MTU, PATHS, SPORT, DPORT, CHECKSUM])` — puts frames into Geneve packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** Ethernet frames, or what PROTOCOL says.
//!
//! **Description:** prepends a Geneve header (RFC 8926) with VNI (`ANY` takes each packet's aggregate annotation) and
//! OPTIONS, bytes like `\<0102 03 01 09090909>`, and UDP and IP headers as `VXLANEncap` does; DPORT is 6081 by default. PROTOCOL is
//! `ethernet`, `ip` (each packet's version decides), or an EtherType.
//!
//! **Handlers:** `src`, `dst`, `mtu`, `vni` (read, write), `too_big`, `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> GeneveEncap(2001:db8::1, 2001:db8::2, 42) -> EtherEncap(0x86dd, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);`
//!
//! **See also:** `GeneveDecap`, `VXLANEncap`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::tunnel::{Encapsulator, Network, Payload, heeds_paths};
use crate::wire::geneve::{self, HEADER_BYTES, MOST_OPTION_BYTES};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct GeneveEncap {
    outer: Encapsulator,
    network: Network,
    payload: Payload,
    /// The header with its options; EtherType and VNI are those of the next packet.
    header: [u8; HEADER_BYTES + MOST_OPTION_BYTES],
    length: usize,
}

impl GeneveEncap {
    /// Puts `payload` into `network`, with `options`, critical ones among them or not.
    pub const fn new(
        outer: Encapsulator,
        network: Network,
        payload: Payload,
        options: &[u8],
        critical: bool,
    ) -> Self {
        let mut header = [0; HEADER_BYTES + MOST_OPTION_BYTES];
        let (fixed, rest) = header.split_at_mut(HEADER_BYTES);
        fixed.copy_from_slice(&geneve::header(0, 0, options.len(), critical));
        rest.split_at_mut(options.len()).0.copy_from_slice(options);
        GeneveEncap { outer, network, payload, header, length: HEADER_BYTES + options.len() }
    }
}

impl Element for GeneveEncap {
    const SPEC: Spec = Spec {
        class: "GeneveEncap",
        category: Category::Tunnel,
        summary: "puts frames into Geneve packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Encapsulator::SRC,
            Encapsulator::DST,
            Network::VNI,
            Argument { name: "PROTOCOL", kind: ArgumentKind::Keyword, doc: "ethernet, the default, ip, or an EtherType" },
            Argument { name: "OPTIONS", kind: ArgumentKind::Keyword, doc: "the options' bytes; none by default" },
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
impl crate::configure::Configure for GeneveEncap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Bytes, Instance};
        use crate::tunnel::DontFragment;
        use crate::tunnel::arguments::{Defaults, encapsulator, paths};
        let payload = arguments.keyword("PROTOCOL").unwrap_or(Payload::Ethernet);
        let Bytes(options) = arguments.keyword("OPTIONS").unwrap_or(Bytes(Vec::new()));
        // As the receiver will look at them.
        let whole = [&geneve::header(0, 0, options.len(), false), options.as_slice()].concat();
        let read = geneve::Geneve::new_checked(&whole).ok().filter(|read| read.length() == whole.len());
        let Some(read) = read else {
            arguments.error_last("no Geneve options", "class (2 bytes), type, length in words, data; at most 252 bytes");
            return None;
        };
        let critical = read.options().any(|option| option.is_critical());
        let defaults = Defaults::over_udp(geneve::PORT, DontFragment::Always(false));
        let paths = paths(arguments);
        let outer = encapsulator(arguments, around, defaults);
        let network: Network = arguments.required("VNI")?;
        let payload = format!("nf_elements::tunnel::Payload::{payload:?}");
        let expression = format!("GeneveEncap::new({}, nf_elements::tunnel::{network:?}, {payload}, &{options:?}, {critical})", outer?);
        Some(Instance::new("GeneveEncap", expression).with_peers(paths))
    }
}

impl Route for GeneveEncap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let vni = self.network.of(packet);
        let protocol_type = self.payload.protocol_type(packet.data());
        self.header[2..4].copy_from_slice(&protocol_type.to_be_bytes());
        self.header[4..8].copy_from_slice(&(vni << 8).to_be_bytes());
        self.outer.wrap(packet, self.payload.inner(), &self.header[..self.length])
    }
}

heeds_paths!(GeneveEncap);
