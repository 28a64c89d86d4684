// SPDX-License-Identifier: Apache-2.0
//! # GREEncap
//! `GREEncap(SRC, DST [, KEY, SEQUENCE, CHECKSUM, PROTOCOL, TTL, DSCP, DF, MTU, PATHS])` — puts packets into GRE packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** IP packets, or what PROTOCOL says.
//!
//! **Description:** prepends a GRE header (RFC 2784) and an IP header of SRC and DST, both IPv4 or both IPv6, as
//! `VXLANEncap` does. PROTOCOL is `ip` (the default: each packet's version decides), `ethernet` (Linux's gretap), or an
//! EtherType. KEY puts a key into the header, `SEQUENCE true` a number that counts up from 0 (RFC 2890), `CHECKSUM true` GRE's checksum.
//! DF is the inner packet's flag by default (RFC 2003 §3.1).
//!
//! **Handlers:** `src`, `dst`, `mtu` (read, write), `too_big`, `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> GREEncap(192.0.2.1, 198.51.100.1, KEY 7) -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);`
//!
//! **See also:** `GREDecap`, `NVGREEncap`, `IPTunnelEncap`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::tunnel::{Encapsulator, Payload, heeds_paths};
use crate::wire::gre::{Gre, MOST_HEADER_BYTES};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct GreEncap {
    outer: Encapsulator,
    payload: Payload,
    key: Option<u32>,
    sequence: Option<u32>,
    checksum: bool,
}

impl GreEncap {
    /// Puts `payload` behind headers with `key`, and the sequence number or checksum, if they are wanted.
    pub const fn new(outer: Encapsulator, payload: Payload, key: Option<u32>, sequence: bool, checksum: bool) -> Self {
        GreEncap { outer, payload, key, sequence: if sequence { Some(0) } else { None }, checksum }
    }
}

impl Element for GreEncap {
    const SPEC: Spec = Spec {
        class: "GREEncap",
        category: Category::Tunnel,
        summary: "puts packets into GRE packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Encapsulator::SRC,
            Encapsulator::DST,
            Argument { name: "KEY", kind: ArgumentKind::Keyword, doc: "the key, 32 bits; none by default" },
            Argument { name: "SEQUENCE", kind: ArgumentKind::Keyword, doc: "sequence numbers? false by default" },
            Argument { name: "CHECKSUM", kind: ArgumentKind::Keyword, doc: "GRE's checksum? false by default" },
            Argument { name: "PROTOCOL", kind: ArgumentKind::Keyword, doc: "ip, the default, ethernet, or an EtherType" },
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
impl crate::configure::Configure for GreEncap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::tunnel::DontFragment;
        use crate::tunnel::arguments::{Defaults, encapsulator, paths};
        use crate::wire::gre;
        let payload = arguments.keyword("PROTOCOL").unwrap_or(Payload::Ip);
        let key: Option<u32> = arguments.keyword("KEY");
        let sequence = arguments.keyword("SEQUENCE").unwrap_or(false);
        let checksum = arguments.keyword("CHECKSUM").unwrap_or(false);
        let defaults = Defaults::over_ip(gre::PROTOCOL, DontFragment::Copied);
        let paths = paths(arguments);
        let outer = encapsulator(arguments, around, defaults)?;
        let payload = format!("nf_elements::tunnel::Payload::{payload:?}");
        let expression = format!("GreEncap::new({outer}, {payload}, {key:?}, {sequence}, {checksum})");
        Some(crate::configure::Instance::new("GreEncap", expression).with_peers(paths))
    }
}

impl Route for GreEncap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let protocol_type = self.payload.protocol_type(packet.data());
        let header = Gre { protocol_type, key: self.key, sequence: self.sequence, length: 0 };
        let mut bytes = [0; MOST_HEADER_BYTES];
        let length = header.write(self.checksum, packet.data(), &mut bytes);
        self.sequence = self.sequence.map(|sequence| sequence.wrapping_add(1));
        self.outer.wrap(packet, self.payload.inner(), &bytes[..length])
    }
}

heeds_paths!(GreEncap);
