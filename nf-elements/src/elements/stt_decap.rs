// SPDX-License-Identifier: Apache-2.0
//! # STTDecap
//! `STTDecap([CONTEXT, CAPACITY, TIMEOUT, CHECKSUM])` — takes frames out of STT segments.
//!
//! **Ports:** one push input, one or two push outputs.
//!
//! **Expects:** packets to TCP port 7471 with a marked IP header, IPv4 or IPv6: what CheckIPHeader and an IPClassifier pass. Not behind
//! `CheckTCPHeader`: STT's headers only look like TCP's.
//!
//! **Description:** puts the segments of a frame together (draft-davie-stt-08), in any order, strips everything in front of the inner frame, gives
//! it its tag back, if the STT header has one, completes the inner checksum, if the header says that it is partial, and sets the
//! aggregate annotation to the context. CONTEXT, 64 bits, takes only that one; with `ANY`, the default, a context that
//! does not fit the annotation's 32 bits is another network's.
//!
//! Frames in the making are at most CAPACITY (64 by default), of a buffer each; a new one beyond that takes the place of the
//! oldest. A frame whose segments did not all come within TIMEOUT (1 second by default) is given up. So is one of which
//! a segment overlaps another (the attacks that RFC 5722 §3 speaks of); a segment that came twice is ignored.
//!
//! TCP checksums are checked, but with `CHECKSUM false`. For the rest it does what `VXLANDecap` does.
//!
//! **Notes:** no frame is longer than a buffer holds, so none is taken that is left to us to segment (its Max. Segment Size
//! is not looked at).
//!
//! **Handlers:** `not_ours`, `fragment`, `checksum`, `header`, `network`, `congestion` (drops; 0 while output 1 is
//! connected), `incomplete`, `overlap`, `too_big`, `no_buffer` (drops), `waiting` (read: frames in the making).
//!
//! **Example:** `FromDevice(wan) -> CheckIPHeader(14) -> IPClassifier(dst tcp port 7471) -> STTDecap(42) -> ToDevice(lan);`
//!
//! **See also:** `STTEncap`, `IPReassembler`.

mod assembly;

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::tunnel::{DECAPSULATOR_HANDLERS, Decapsulator, Inner, Opened, Refusal};
use crate::wire::checksum::Sum;
use crate::wire::stt::{HEADER_BYTES, Partial, Stt};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use assembly::{Assembly, Key, MOST_BYTES, Put};
use core::fmt;

/// Bytes of the addresses in front of a frame's tag, and of the tag.
const ADDRESS_BYTES: usize = 12;
const TAG_BYTES: usize = 4;
const TAG_TYPE: [u8; 2] = [0x81, 0];

/// See the module's documentation.
pub struct SttDecap<const N: usize = 64> {
    outer: Decapsulator,
    context: Option<u64>,
    timeout_ns: u64,
    /// In the order in which they began.
    assemblies: heapless::Vec<Assembly, N>,
    incomplete: u64,
    overlap: u64,
    too_big: u64,
    no_buffer: u64,
}

impl<const N: usize> SttDecap<N> {
    /// Takes frames out of `context`, or all contexts, up to `N` in the making, each up to `timeout_ns`.
    pub const fn new(outer: Decapsulator, context: Option<u64>, timeout_ns: u64) -> Self {
        const { assert!(N > 0) };
        let assemblies = heapless::Vec::new();
        SttDecap { outer, context, timeout_ns, assemblies, incomplete: 0, overlap: 0, too_big: 0, no_buffer: 0 }
    }

    /// Takes the inner frame out of a whole frame, whose header is where `opened` says.
    #[inline]
    fn take_out(&self, packet: &mut Packet, opened: Opened) -> Result<(), Refusal> {
        let bytes = packet.data().get(opened.at..opened.end).unwrap_or(&[]);
        let header = Stt::new_checked(bytes).map_err(|_| Refusal::Header)?;
        let (context, tag, partial) = (header.context(), header.tag(), header.partial());
        let annotation = u32::try_from(context);
        if self.context.map_or(annotation.is_err(), |ours| ours != context) {
            return Err(Refusal::Network);
        }
        self.outer.take_out(packet, opened, opened.at + HEADER_BYTES, Inner::Ethernet)?;
        if let Some(partial) = partial {
            complete(packet.data_mut(), partial).ok_or(Refusal::Header)?;
        }
        if let Some(tag) = tag {
            put_tag(packet, tag).ok_or(Refusal::Header)?;
        }
        packet.annotations_mut().aggregate = annotation.unwrap_or(context as u32);
        Ok(())
    }

    /// Puts a segment that is no whole frame where it belongs; a frame that is whole now, and where its header is.
    #[cold]
    fn assemble<M: PacketIo>(&mut self, io: &mut M, packet: &Packet) -> Option<(Packet, Opened)> {
        // It was opened before.
        let (opened, segment, part) = self.outer.open_segment(packet).ok()?;
        if usize::from(segment.frame_length) > MOST_BYTES {
            self.too_big += 1;
            return None;
        }
        let key = Key::of(packet, &segment);
        let known = self.assemblies.iter().position(|assembly| assembly.key == key);
        let Some(index) = known.or_else(|| self.begin(io, key)) else {
            self.no_buffer += 1;
            return None;
        };
        match self.assemblies[index].put(segment.offset, part, opened.ecn) {
            Put::Waits => None,
            Put::Overlaps => {
                self.overlap += 1;
                self.assemblies.remove(index);
                None
            }
            Put::Whole => {
                let Assembly { packet, ecn, .. } = self.assemblies.remove(index);
                let opened = Opened { at: 0, end: packet.len(), ecn };
                Some((packet, opened))
            }
        }
    }

    /// Where the new frame is; none without a buffer.
    fn begin<M: PacketIo>(&mut self, io: &mut M, key: Key) -> Option<usize> {
        if self.assemblies.is_full() {
            self.assemblies.remove(0);
            self.incomplete += 1;
        }
        let assembly = Assembly::begin(io, key, io.now_ns() + self.timeout_ns)?;
        self.assemblies.push(assembly).ok().map(|()| self.assemblies.len() - 1)
    }

    fn send<O: Outputs>(&mut self, mut packet: Packet, result: Result<Opened, Refusal>, out: &mut O) {
        let result = result.and_then(|opened| self.take_out(&mut packet, opened));
        if let Some(output) = self.outer.exit(result) {
            out.emit(output, packet);
        }
    }
}

/// Completes the checksum of TCP or UDP in `frame`, which holds the sum of the pseudo header so far; none if it does not lie there.
fn complete(frame: &mut [u8], partial: Partial) -> Option<()> {
    let segment = frame.get_mut(partial.offset..)?;
    let at = if partial.is_tcp { 16 } else { 6 };
    segment.get(at..at + 2)?;
    let checksum = match Sum::new().with(segment).checksum() {
        // Of UDP a checksum of 0 is none, RFC 768.
        0 if !partial.is_tcp => 0xffff,
        checksum => checksum,
    };
    segment.get_mut(at..at + 2)?.copy_from_slice(&checksum.to_be_bytes());
    Some(())
}

/// Puts a tag behind the frame's addresses; none if they are not whole, or there is no room in front.
fn put_tag(frame: &mut Packet, tag: u16) -> Option<()> {
    if frame.len() < ADDRESS_BYTES || !frame.push_front(TAG_BYTES) {
        return None;
    }
    let data = frame.data_mut();
    data.copy_within(TAG_BYTES..TAG_BYTES + ADDRESS_BYTES, 0);
    data[ADDRESS_BYTES..ADDRESS_BYTES + 2].copy_from_slice(&TAG_TYPE);
    data[ADDRESS_BYTES + 2..ADDRESS_BYTES + TAG_BYTES].copy_from_slice(&tag.to_be_bytes());
    let start = frame.headroom() as u16;
    frame.annotations_mut().mac_offset = start;
    Some(())
}

const fn drops(name: &'static str, doc: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::Drops, doc }
}

impl<const N: usize> Element for SttDecap<N> {
    const SPEC: Spec = Spec {
        class: "STTDecap",
        category: Category::Tunnel,
        summary: "takes frames out of STT segments",
        ports: "1/1-2",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "CONTEXT", kind: ArgumentKind::Optional, doc: "the network, 64 bits; ANY by default" },
            Argument { name: "CAPACITY", kind: ArgumentKind::Keyword, doc: "frames in the making; 64 by default" },
            Argument { name: "TIMEOUT", kind: ArgumentKind::Keyword, doc: "how long they may take; 1 second by default" },
            Argument { name: "CHECKSUM", kind: ArgumentKind::Keyword, doc: "check TCP checksums? true by default" },
        ],
        handlers: &{
            let [a, b, c, d, e, f] = DECAPSULATOR_HANDLERS;
            [
                a,
                b,
                c,
                d,
                e,
                f,
                drops("incomplete", "frames of which segments did not come in time"),
                drops("overlap", "frames of which segments overlapped"),
                drops("too_big", "segments of frames that no buffer holds"),
                drops("no_buffer", "segments of new frames without a free buffer"),
                Handler { name: "waiting", kind: HandlerKind::Read, doc: "frames in the making" },
            ]
        },
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "incomplete" => write!(out, "{}", self.incomplete)?,
            "overlap" => write!(out, "{}", self.overlap)?,
            "too_big" => write!(out, "{}", self.too_big)?,
            "no_buffer" => write!(out, "{}", self.no_buffer)?,
            "waiting" => write!(out, "{}", self.assemblies.len())?,
            _ => return self.outer.read_handler(name, out),
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.assemblies.first().map(|oldest| oldest.deadline_ns)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SttDecap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Instance, Nanoseconds};
        use crate::tunnel::arguments::{Context, decapsulator};
        let checksum = arguments.keyword("CHECKSUM").unwrap_or(true);
        let capacity = arguments.keyword("CAPACITY").unwrap_or(64u16);
        if capacity == 0 || capacity > 1024 {
            arguments.error_last(format!("{capacity}"), "1 to 1024");
        }
        let timeout = arguments.keyword("TIMEOUT").unwrap_or(Nanoseconds(1_000_000_000));
        let Context(context) = arguments.optional("CONTEXT", Context(None))?;
        let outer = decapsulator(around, &[6], checksum);
        let expression = format!("SttDecap::<{capacity}>::new({outer}, {context:?}, {})", timeout.0);
        Some(Instance::new(format!("SttDecap<{capacity}>"), expression).ticking())
    }
}

impl<const N: usize> Push for SttDecap<N> {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: usize, packet: Packet, out: &mut O) {
        let opened = self.outer.open_segment(&packet).map(|(opened, segment, part)| {
            let is_whole = part.len() == usize::from(segment.frame_length);
            is_whole.then_some(opened)
        });
        match opened {
            Ok(Some(opened)) => self.send(packet, Ok(opened), out),
            Ok(None) => {
                if let Some((whole, opened)) = self.assemble(io, &packet) {
                    self.send(whole, Ok(opened), out);
                }
            }
            Err(refusal) => self.send(packet, Err(refusal), out),
        }
    }

    #[inline]
    fn tick<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: &mut O) {
        while self.assemblies.first().is_some_and(|oldest| oldest.deadline_ns <= io.now_ns()) {
            self.assemblies.remove(0);
            self.incomplete += 1;
        }
    }
}

#[cfg(test)]
mod tests;
