// SPDX-License-Identifier: Apache-2.0
//! # IPReassembler
//! `IPReassembler([HIMEM])` — puts fragmented IP packets together.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** fragments wait here until all of their packet are there; it leaves by output 0, with the link header
//! and the annotations of the first fragment. Other packets pass. Where fragments overlap, the one that came last counts
//! (RFC 791 §3.2). A packet of which no fragment came for 30 seconds, as the packets' timestamps say, leaves by output 1
//! with what there is of it, where an `ICMPError` may stand, or is dropped if that is not connected; this is looked after
//! when a fragment comes, every 10 seconds.
//!
//! HIMEM is a bound in bytes (256 KB by default): of what fragments brought, and of buffers, of which each packet in the
//! making keeps one (of 2048 bytes; at most 1024 of them). Beyond it those of 10 seconds' age are given up, then those of
//! 5, then any, until a quarter is free.
//!
//! **Notes:** a packet is not put together if its payload is longer than 1856 bytes, as no buffer holds it. What Click
//! counts as failed are only packets given up for want of memory. Click's MAX_MTU_ANNO does not exist.
//!
//! **Handlers:** `dump` (read: counts, and what waits), `failed` (drops; 0 while output 1 is connected), `bad_fragments`,
//! `too_big`, `no_buffer`, `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> IPReassembler -> ToDevice(wan);`
//!
//! **See also:** `IPFragmenter`.

mod datagram;

use super::marked;
#[cfg(any(feature = "host", test))]
use crate::packet::BUFFER_BYTES;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;
use datagram::{Datagram, Fragment, MOST_BYTES};

/// Seconds without a fragment after which a packet is given up.
const REAP_TIMEOUT: u64 = 30;
/// Seconds between two looks for such packets.
const REAP_INTERVAL: u64 = 10;
/// Most packets given up in one call.
#[cfg(any(feature = "host", test))]
const MOST_GIVEN_UP: usize = 32;

/// See the module's documentation.
pub struct IpReassembler<const N: usize = 128> {
    datagrams: heapless::Vec<Datagram, N>,
    himem: usize,
    memory: usize,
    reap_seconds: u64,
    diverts: bool,
    fragments: u64,
    good: u64,
    failed: u64,
    bad_fragments: u64,
    too_big: u64,
    no_buffer: u64,
    no_header: u64,
}

impl<const N: usize> IpReassembler<N> {
    /// Keeps `himem` bytes in `N` packets; `diverts` if output 1 takes what is given up.
    pub const fn new(himem: usize, diverts: bool) -> Self {
        const { assert!(N > 0) };
        let (fragments, good, failed, bad_fragments, too_big, no_buffer, no_header) = (0, 0, 0, 0, 0, 0, 0);
        IpReassembler {
            datagrams: heapless::Vec::new(),
            himem,
            memory: 0,
            reap_seconds: 0,
            diverts,
            fragments,
            good,
            failed,
            bad_fragments,
            too_big,
            no_buffer,
            no_header,
        }
    }

    #[cold]
    fn fragment<M: PacketIo, O: Outputs>(&mut self, io: &mut M, packet: &Packet, out: &mut O) {
        self.fragments += 1;
        let timestamp_ns = match packet.annotations().timestamp_ns {
            0 => io.now_ns(),
            timestamp_ns => timestamp_ns,
        };
        let seconds = timestamp_ns / 1_000_000_000;
        if seconds >= self.reap_seconds {
            self.give_up(out, |datagram| datagram.seconds + REAP_TIMEOUT < seconds);
            self.reap_seconds = seconds + REAP_INTERVAL;
        }
        let Some(fragment) = Fragment::read(packet) else { return self.bad_fragments += 1 };
        if fragment.end > MOST_BYTES {
            return self.too_big += 1;
        }
        let known = self.datagrams.iter().position(|datagram| datagram.key == fragment.key);
        let index = match known {
            Some(index) => index,
            None => match self.begin(io, packet, &fragment, seconds, out) {
                Some(index) => index,
                None => return self.no_buffer += 1,
            },
        };
        let datagram = &mut self.datagrams[index];
        self.memory -= datagram.memory();
        let put = datagram.put(packet, &fragment);
        self.memory += datagram.memory();
        if !put {
            return self.bad_fragments += 1;
        }
        datagram.seconds = seconds;
        if datagram.is_whole() {
            self.good += 1;
            let mut whole = self.take(index);
            whole.annotations_mut().timestamp_ns = timestamp_ns;
            out.emit(0, whole);
        }
    }

    /// Where the new datagram is that `fragment` belongs to; none without a buffer.
    fn begin<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        packet: &Packet,
        fragment: &Fragment,
        seconds: u64,
        out: &mut O,
    ) -> Option<usize> {
        if self.memory > self.himem || self.datagrams.is_full() {
            for age in [10, 5] {
                self.make_room(out, |datagram| datagram.seconds + age < seconds);
            }
            self.make_room(out, |_| true);
        }
        let datagram = Datagram::begin(io, packet, fragment)?;
        self.memory += datagram.memory();
        self.datagrams.push(datagram).ok().map(|()| self.datagrams.len() - 1)
    }

    /// Gives up datagrams that are `old` until a quarter of the memory is free.
    fn make_room<O: Outputs>(&mut self, out: &mut O, old: impl Fn(&Datagram) -> bool) {
        let mut index = 0;
        while index < self.datagrams.len()
            && (self.memory > self.himem / 4 * 3 || self.datagrams.len() > N - N.div_ceil(4))
        {
            match old(&self.datagrams[index]) && self.lose(index, out) {
                true => {}
                false => index += 1,
            }
        }
    }

    /// Gives up all datagrams that are `old`.
    fn give_up<O: Outputs>(&mut self, out: &mut O, old: impl Fn(&Datagram) -> bool) {
        for index in (0..self.datagrams.len()).rev() {
            if old(&self.datagrams[index]) {
                self.lose(index, out);
            }
        }
    }

    /// Gives up a datagram, unless output 1 takes it and has no room.
    fn lose<O: Outputs>(&mut self, index: usize, out: &mut O) -> bool {
        if self.diverts && out.room(1) == 0 {
            return false;
        }
        self.failed += 1;
        let packet = self.take(index);
        out.emit(1, packet);
        true
    }

    fn take(&mut self, index: usize) -> Packet {
        let datagram = self.datagrams.swap_remove(index);
        self.memory -= datagram.memory();
        datagram.finish()
    }
}

impl<const N: usize> Element for IpReassembler<N> {
    const SPEC: Spec = Spec {
        class: "IPReassembler",
        category: Category::Ip,
        summary: "puts fragmented IP packets together",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Push,
        arguments: &[Argument {
            name: "HIMEM",
            kind: ArgumentKind::Keyword,
            doc: "bytes that fragments may take; 262144 by default",
        }],
        handlers: &[
            Handler { name: "dump", kind: HandlerKind::Read, doc: "counts, and the packets in the making" },
            Handler { name: "failed", kind: HandlerKind::Drops, doc: "packets that were given up" },
            Handler { name: "bad_fragments", kind: HandlerKind::Drops, doc: "fragments whose lengths lie" },
            Handler { name: "too_big", kind: HandlerKind::Drops, doc: "fragments of packets that no buffer holds" },
            Handler { name: "no_buffer", kind: HandlerKind::Drops, doc: "fragments without a free buffer" },
            marked::NO_HEADER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "dump" => {
                writeln!(out, "frags seen total:    {}", self.fragments)?;
                writeln!(out, "good reassemblies:   {}", self.good)?;
                writeln!(out, "failed reassemblies: {}", self.failed)?;
                writeln!(out, "bad fragments seen:  {}", self.bad_fragments)?;
                writeln!(out, "cached chunk data:")?;
                for datagram in &self.datagrams {
                    writeln!(out, "{datagram}")?;
                }
            }
            "failed" => write!(out, "{}", if self.diverts { 0 } else { self.failed })?,
            "bad_fragments" => write!(out, "{}", self.bad_fragments)?,
            "too_big" => write!(out, "{}", self.too_big)?,
            "no_buffer" => write!(out, "{}", self.no_buffer)?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpReassembler {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let himem = arguments.keyword("HIMEM").unwrap_or(256 << 10u32);
        let count = (himem as usize / BUFFER_BYTES).clamp(1, 1024);
        let rust_type = format!("IpReassembler<{count}>");
        let expression = format!("IpReassembler::<{count}>::new({himem}, {})", surroundings.outputs > 1);
        Some(crate::configure::Instance::new(rust_type, expression).emitting(MOST_GIVEN_UP))
    }
}

impl<const N: usize> Push for IpReassembler<N> {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _input: usize, packet: Packet, out: &mut O) {
        match marked::header(&packet).map(|header| marked::flags_and_offset(header) & 0x3fff) {
            Some(0) => out.emit(0, packet),
            Some(_) => self.fragment(io, &packet, out),
            None => self.no_header += 1,
        }
    }
}

#[cfg(test)]
mod tests;
