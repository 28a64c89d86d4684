// SPDX-License-Identifier: Apache-2.0
//! # STTEncap
//! `STTEncap(SRC, DST, CONTEXT [, VLAN, VERIFIED, TTL, DSCP, DF, MTU, PATHS, SPORT, DPORT])` — puts frames into STT segments.
//!
//! **Ports:** one push input, one or two push outputs.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** prepends an STT frame header (draft-davie-stt-08) of CONTEXT, 64 bits, cuts the whole into segments of equal
//! length whose outer packets are not longer than MTU (1500 by default), and prepends STT's segment header, which looks like
//! TCP's, and an IP header of SRC and DST to each, as `VXLANEncap` does. CONTEXT `ANY` takes each packet's aggregate
//! annotation. The source port is chosen by the inner flow; DPORT is 7471 by default. DF is true by default.
//!
//! The outermost 802.1Q tag of a frame travels in the STT header, if VLAN is true (the default); so no tag whose drop eligible bit is set,
//! for which there is no place. `VERIFIED true` says to the receiver that inner checksums were found right: put it where a
//! `CheckTCPHeader` stands before.
//!
//! A frame that would need more than 32 segments leaves by output 1, or is dropped if that is not connected.
//!
//! **Notes:** inner checksums are whole, and no segmentation is left to the receiver.
//!
//! **Handlers:** `src`, `dst`, `mtu` (read, write), `too_big`, `no_headroom`, `no_buffer` (drops).
//!
//! **Example:** `FromDevice(lan) -> STTEncap(192.0.2.1, 198.51.100.1, 42) -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);`
//!
//! **See also:** `STTDecap`, `VXLANEncap`.

use super::PathMtu;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::tunnel::{Encapsulator, Fields, Inner};
use crate::wire::ethernet;
use crate::wire::stt::{self, SEGMENT_BYTES, Segment};
use crate::wire::tcp::field;
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, PushWith, Spec};
use core::fmt;

/// Most segments of a frame.
pub(super) const MOST_SEGMENTS: usize = 32;
/// Bytes of the addresses in front of a frame's tag, and of the tag.
const ADDRESS_BYTES: usize = 12;
const TAG_BYTES: usize = 4;
/// The drop eligible bit of a tag, where STT's V bit is.
const DROP_ELIGIBLE: u16 = 0x1000;

/// See the module's documentation.
pub struct SttEncap {
    outer: Encapsulator,
    context: Option<u64>,
    ports: Ports,
    vlan: bool,
    verified: bool,
    identification: u32,
    no_buffer: u64,
}

/// The ports of segments.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// The source port; none: chosen by the inner flow's hash.
    pub source: Option<u16>,
    /// The destination port.
    pub destination: u16,
}

impl SttEncap {
    /// Puts frames into `context`, or that of each packet's annotation; `vlan` if tags travel in the header, `verified` if inner
    /// checksums were found right.
    pub const fn new(outer: Encapsulator, context: Option<u64>, ports: Ports, vlan: bool, verified: bool) -> Self {
        SttEncap { outer, context, ports, vlan, verified, identification: 0, no_buffer: 0 }
    }

    /// The segment at `offset` of a frame, outer headers and all, in `packet`, which is its part of the frame.
    #[inline]
    fn put(&mut self, packet: &mut Packet, segment: Segment, (fields, flow_hash): (Fields, u32)) -> bool {
        if !self.outer.put(packet, fields, flow_hash, &segment.header(self.ports.destination)) {
            return false;
        }
        let checksum = self.outer.checksum(packet);
        if let Some(place) = packet.transport_mut().get_mut(field::CHECKSUM) {
            place.copy_from_slice(&checksum.to_be_bytes());
        }
        true
    }

    /// Sends a whole frame, its header included, as one segment or many.
    #[inline]
    fn send<M: PacketIo, O: Outputs>(&mut self, io: &mut M, mut frame: Packet, inner: (Fields, u32), out: &mut O) {
        let source_port = self.ports.source.unwrap_or(ethernet_flow_port(inner.1));
        let frame_length = frame.len() as u16;
        let segment = Segment { source_port, identification: self.identification, frame_length, offset: 0 };
        self.identification = self.identification.wrapping_add(1);
        if frame.len() > self.outer.room(SEGMENT_BYTES) {
            return self.segment(io, frame, segment, inner, out);
        }
        if self.put(&mut frame, segment, inner) {
            out.emit(0, frame);
        }
    }

    #[cold]
    fn segment<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        mut frame: Packet,
        first: Segment,
        inner: (Fields, u32),
        out: &mut O,
    ) {
        let count = frame.len().div_ceil(self.outer.room(SEGMENT_BYTES).max(1));
        let step = frame.len().div_ceil(count);
        let mut later: heapless::Vec<Packet, MOST_SEGMENTS> = heapless::Vec::new();
        for (index, part) in frame.data().chunks(step).enumerate().skip(1) {
            let Some(mut packet) = io.allocate().filter(|_| index < out.room(0)) else { return self.no_buffer += 1 };
            // A part is shorter than the frame, which a buffer held.
            let _ = packet.append(part);
            *packet.annotations_mut() = *frame.annotations();
            if !self.put(&mut packet, Segment { offset: (index * step) as u16, ..first }, inner) {
                return;
            }
            let _ = later.push(packet);
        }
        frame.truncate(step);
        if self.put(&mut frame, first, inner) {
            out.emit(0, frame);
            later.into_iter().for_each(|packet| out.emit(0, packet));
        }
    }
}

/// The source port of a flow: a dynamic one, as other tunnels choose it.
fn ethernet_flow_port(flow_hash: u32) -> u16 {
    0xc000 | (flow_hash >> 18) as u16
}

/// Takes the tag out of a frame; none if there is none, or one that has no place in an STT header.
#[inline]
fn take_tag(frame: &mut Packet) -> Option<u16> {
    let &[a, b, c, d] = frame.chunk(ADDRESS_BYTES as u16)?;
    let tag = u16::from_be_bytes([c, d]);
    if u16::from_be_bytes([a, b]) != ethernet::EtherType::Vlan.into() || tag & DROP_ELIGIBLE != 0 {
        return None;
    }
    frame.data_mut().copy_within(..ADDRESS_BYTES, TAG_BYTES);
    frame.pull_front(TAG_BYTES).then_some(tag)
}

impl Element for SttEncap {
    const SPEC: Spec = Spec {
        class: "STTEncap",
        category: Category::Tunnel,
        summary: "puts frames into STT segments",
        ports: "1/1-2",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Encapsulator::SRC,
            Encapsulator::DST,
            Argument { name: "CONTEXT", kind: ArgumentKind::Required, doc: "the network, 64 bits, or ANY: the annotation's" },
            Argument { name: "VLAN", kind: ArgumentKind::Keyword, doc: "tags in the STT header? true by default" },
            Argument { name: "VERIFIED", kind: ArgumentKind::Keyword, doc: "were inner checksums checked? false by default" },
            Encapsulator::TTL,
            Encapsulator::DSCP,
            Encapsulator::DF,
            Argument { name: "MTU", kind: ArgumentKind::Keyword, doc: "the longest outer packet; 1500 by default" },
            Encapsulator::PATHS,
            Encapsulator::SPORT,
            Encapsulator::DPORT,
        ],
        handlers: &{
            let [src, dst, mtu, too_big, no_headroom] = Encapsulator::HANDLERS;
            let doc = "frames without buffers for their segments";
            [src, dst, mtu, too_big, no_headroom, Handler { name: "no_buffer", kind: HandlerKind::Drops, doc }]
        },
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "no_buffer" => Ok(write!(out, "{}", self.no_buffer)?),
            _ => self.outer.read_handler(name, out),
        }
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.outer.write_handler(name, value)
    }
}

#[cfg(feature = "host")]
mod configuration {
    use super::{MOST_SEGMENTS, SttEncap};
    use crate::configure::{Arguments, Configure, Instance, Port, Surroundings};
    use crate::tunnel::DontFragment;
    use crate::tunnel::arguments::{Context, Defaults, encapsulator, paths};
    use crate::wire::stt;

    const MTU: u16 = 1500;

    impl Configure for SttEncap {
        fn configure(arguments: &mut Arguments, around: &Surroundings) -> Option<Instance> {
            let vlan = arguments.keyword("VLAN").unwrap_or(true);
            let verified = arguments.keyword("VERIFIED").unwrap_or(false);
            let source = arguments.keyword("SPORT").map(|Port(port)| port);
            let destination = arguments.keyword("DPORT").map_or(stt::PORT, |Port(port)| port);
            let defaults = Defaults { mtu: MTU, ..Defaults::over_ip(6, DontFragment::Always(true)) };
            let paths = paths(arguments);
            let outer = encapsulator(arguments, around, defaults);
            let Context(context) = arguments.required("CONTEXT")?;
            let ports = format!("stt_encap::Ports {{ source: {source:?}, destination: {destination} }}");
            let expression = format!("SttEncap::new({}, {context:?}, {ports}, {vlan}, {verified})", outer?);
            Some(Instance::new("SttEncap", expression).emitting(MOST_SEGMENTS).with_peers(paths))
        }
    }
}

impl Push for SttEncap {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: usize, mut packet: Packet, out: &mut O) {
        if packet.len() + stt::HEADER_BYTES > self.outer.room(SEGMENT_BYTES) * MOST_SEGMENTS {
            let room = (self.outer.room(SEGMENT_BYTES) * MOST_SEGMENTS).saturating_sub(stt::HEADER_BYTES);
            if let Some(output) = self.outer.refuse(&mut packet, room) {
                out.emit(output, packet);
            }
            return;
        }
        let fields = Inner::Ethernet.fields(packet.data());
        let flow_hash = Inner::Ethernet.flow_hash(&mut packet);
        let tag = if self.vlan { take_tag(&mut packet) } else { None };
        let context = self.context.unwrap_or(packet.annotations().aggregate.into());
        let header = stt::header(context, tag, self.verified);
        if !self.outer.prepend(&mut packet, &header) {
            return;
        }
        self.send(io, packet, (fields, flow_hash), out);
    }
}

impl PushWith<(&mut PathMtu,)> for SttEncap {
    #[inline]
    fn push_with<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        (paths,): (&mut PathMtu,),
        input: usize,
        packet: Packet,
        out: &mut O,
    ) {
        self.outer.follow(paths, io.now_ns());
        self.push(io, input, packet, out);
    }
}
