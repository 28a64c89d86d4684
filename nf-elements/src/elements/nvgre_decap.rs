// SPDX-License-Identifier: Apache-2.0
//! # NVGREDecap
//! `NVGREDecap([VSID])` — takes frames out of NVGRE packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header, IPv4 or IPv6, of protocol 47.
//!
//! **Description:** strips everything in front of the inner frame, and what is behind the outer packet, and sets the aggregate annotation to the
//! VSID. VSID takes only that network; `ANY`, the default, all. A header with a checksum, a sequence number or no key, or in front of
//! something else than Ethernet, is bad (RFC 7637 §3.2), and so is a VSID below 4096 (there §3.2: reserved). For the rest it does what
//! `VXLANDecap` does.
//!
//! **Handlers:** `not_ours`, `fragment`, `checksum`, `header`, `network`, `congestion` (drops; 0 while output 1 is
//! connected).
//!
//! **Example:** `FromDevice(wan) -> CheckIPHeader(14) -> NVGREDecap(5000) -> ToDevice(lan);`
//!
//! **See also:** `NVGREEncap`, `GREDecap`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::tunnel::{DECAPSULATOR_HANDLERS, Decapsulator, Inner, Refusal};
use crate::wire::gre::{Gre, TRANSPARENT_ETHERNET};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// Bytes of NVGRE's header.
const HEADER_BYTES: usize = 8;
/// The first VSID that is not reserved.
const FIRST_VSID: u32 = 0x1000;

/// See the module's documentation.
pub struct NvgreDecap {
    outer: Decapsulator,
    vsid: Option<u32>,
}

impl NvgreDecap {
    /// Takes frames out of the network `vsid`, or all networks.
    pub const fn new(outer: Decapsulator, vsid: Option<u32>) -> Self {
        NvgreDecap { outer, vsid }
    }

    #[inline]
    fn take_out(&self, packet: &mut Packet) -> Result<(), Refusal> {
        let opened = self.outer.open(packet)?;
        let header = Gre::read(packet.data().get(opened.at..opened.end).unwrap_or(&[])).ok();
        let key = match header {
            Some(Gre { protocol_type: TRANSPARENT_ETHERNET, key: Some(key), length: HEADER_BYTES, .. }) => key,
            _ => return Err(Refusal::Header),
        };
        let vsid = key >> 8;
        if vsid < FIRST_VSID {
            return Err(Refusal::Header);
        }
        if self.vsid.is_some_and(|ours| ours != vsid) {
            return Err(Refusal::Network);
        }
        packet.annotations_mut().aggregate = vsid;
        self.outer.take_out(packet, opened, opened.at + HEADER_BYTES, Inner::Ethernet)
    }
}

impl Element for NvgreDecap {
    const SPEC: Spec = Spec {
        class: "NVGREDecap",
        category: Category::Tunnel,
        summary: "takes frames out of NVGRE packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[Argument {
            name: "VSID",
            kind: ArgumentKind::Optional,
            doc: "the network, 24 bits; ANY by default",
        }],
        handlers: &DECAPSULATOR_HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.outer.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for NvgreDecap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::tunnel::Network;
        use crate::tunnel::arguments::decapsulator;
        use crate::wire::gre;
        let Network(vsid) = arguments.optional("VSID", Network(None))?;
        let expression = format!("NvgreDecap::new({}, {vsid:?})", decapsulator(around, &[gre::PROTOCOL], false));
        Some(crate::configure::Instance::new("NvgreDecap", expression))
    }
}

impl Route for NvgreDecap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let result = self.take_out(packet);
        self.outer.exit(result)
    }
}
