// SPDX-License-Identifier: Apache-2.0
//! # NVGREEncap
//! `NVGREEncap(SRC, DST, VSID [, FLOWID, TTL, DSCP, DF, MTU, PATHS])` — puts frames into NVGRE packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** prepends NVGRE's header (RFC 7637 §3.2: a GRE header whose key is VSID and a FlowID) and an IP header of SRC and DST,
//! as `VXLANEncap` does. VSID `ANY` takes each packet's aggregate annotation. The FlowID is the inner flow's, from its hash, so
//! that routers can balance flows; FLOWID fixes it.
//!
//! **Handlers:** `src`, `dst`, `mtu` (read, write), `too_big`, `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> NVGREEncap(192.0.2.1, 198.51.100.1, 5000) -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);`
//!
//! **See also:** `NVGREDecap`, `GREEncap`, `VXLANEncap`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::tunnel::{Encapsulator, Inner, heeds_paths};
use crate::wire::gre::{Gre, MOST_HEADER_BYTES, TRANSPARENT_ETHERNET};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct NvgreEncap {
    outer: Encapsulator,
    vsid: Option<u32>,
    flow_id: Option<u8>,
}

impl NvgreEncap {
    /// Puts frames into the network `vsid`, or that of each packet's annotation, with this FlowID, or that of each flow.
    pub const fn new(outer: Encapsulator, vsid: Option<u32>, flow_id: Option<u8>) -> Self {
        NvgreEncap { outer, vsid, flow_id }
    }
}

impl Element for NvgreEncap {
    const SPEC: Spec = Spec {
        class: "NVGREEncap",
        category: Category::Tunnel,
        summary: "puts frames into NVGRE packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Encapsulator::SRC,
            Encapsulator::DST,
            Argument { name: "VSID", kind: ArgumentKind::Required, doc: "the network, 24 bits, or ANY: the annotation's" },
            Argument { name: "FLOWID", kind: ArgumentKind::Keyword, doc: "0 to 255; each flow's by default" },
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
impl crate::configure::Configure for NvgreEncap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::tunnel::arguments::{Defaults, encapsulator, paths};
        use crate::tunnel::{DontFragment, Network};
        use crate::wire::gre;
        let flow_id: Option<u8> = arguments.keyword("FLOWID");
        let defaults = Defaults::over_ip(gre::PROTOCOL, DontFragment::Always(false));
        let paths = paths(arguments);
        let outer = encapsulator(arguments, around, defaults);
        let Network(vsid) = arguments.required("VSID")?;
        let expression = format!("NvgreEncap::new({}, {vsid:?}, {flow_id:?})", outer?);
        Some(crate::configure::Instance::new("NvgreEncap", expression).with_peers(paths))
    }
}

impl Route for NvgreEncap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let vsid = self.vsid.unwrap_or(packet.annotations().aggregate) & 0xff_ffff;
        let flow_id = self.flow_id.unwrap_or_else(|| (Inner::Ethernet.flow_hash(packet) >> 24) as u8);
        let key = Some(vsid << 8 | u32::from(flow_id));
        let mut bytes = [0; MOST_HEADER_BYTES];
        let header = Gre { protocol_type: TRANSPARENT_ETHERNET, key, sequence: None, length: 0 };
        let length = header.write(false, &[], &mut bytes);
        self.outer.wrap(packet, Inner::Ethernet, &bytes[..length])
    }
}

heeds_paths!(NvgreEncap);
