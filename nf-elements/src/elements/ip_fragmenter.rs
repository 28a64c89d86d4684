// SPDX-License-Identifier: Apache-2.0
//! # IPFragmenter
//! `IPFragmenter(MTU [, HONOR_DF, VERBOSE, HEADROOM])` — fragments IP packets that are too long.
//!
//! **Ports:** one push input, one or two push outputs.
//!
//! **Expects:** packets with a marked IP header, best without a link header: only the first fragment has that.
//!
//! **Description:** a packet of at most MTU bytes from its IP header on passes. A longer one becomes fragments of at most
//! MTU bytes (RFC 791 §3.2), the first first, with all its annotations; options go into the later ones if their copy bit
//! is set. A packet whose flag don't fragment is set leaves by output 1, where an `ICMPError` may stand, or is dropped if
//! that is not connected; so does one whose header leaves no room for 8 bytes. The first five make a message (each, if
//! VERBOSE). With HONOR_DF false the flag is cleared, and the packet gets a random identification.
//!
//! **Notes:** a packet becomes at most 32 fragments. What follows the total length is cut off. HEADROOM is taken for the
//! sake of Click's configurations: a fragment has as much as a buffer has.
//!
//! **Handlers:** `fragments` (read), `drops` (read: packets that must not be fragmented, wherever they went),
//! `dont_fragment` (drops; 0 while output 1 is connected), `no_header`, `too_many`, `no_buffer` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> IPFragmenter(1400) -> ToDevice(wan);`
//!
//! **See also:** `IPReassembler`.

use super::marked;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv4_edit::{HEADER_BYTES, Ipv4Mut};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;
use core::net::Ipv4Addr;

/// The flag don't fragment, in the word of the flags and the fragment offset.
const IP_DF: u16 = 0x4000;
/// The flag more fragments.
const IP_MF: u16 = 0x2000;
/// The longest header.
pub const MOST_HEADER_BYTES: usize = 60;
/// Most fragments of a packet.
pub(super) const MOST_FRAGMENTS: usize = 32;

/// See the module's documentation.
pub struct IpFragmenter {
    mtu: usize,
    honor_df: bool,
    verbose: bool,
    diverts: bool,
    random: u32,
    fragments: u64,
    dont_fragment: u64,
    no_header: u64,
    too_many: u64,
    no_buffer: u64,
}

impl IpFragmenter {
    /// Fragments for `mtu`, at least 8; `diverts` if output 1 takes what must not be.
    pub const fn new(mtu: usize, honor_df: bool, verbose: bool, diverts: bool) -> Self {
        let (fragments, dont_fragment, no_header, too_many, no_buffer) = (0, 0, 0, 0, 0);
        let random = 0x2545_f491;
        IpFragmenter {
            mtu,
            honor_df,
            verbose,
            diverts,
            random,
            fragments,
            dont_fragment,
            no_header,
            too_many,
            no_buffer,
        }
    }

    /// An identification that nobody can guess from the last one without effort: xorshift32, Marsaglia 2003.
    fn random(&mut self) -> u16 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        (self.random >> 16) as u16
    }

    /// A packet that must not be fragmented.
    fn refuse<M: PacketIo, O: Outputs>(&mut self, io: &mut M, packet: Packet, out: &mut O) {
        if (self.verbose || self.dont_fragment < 5)
            && let Some(header) = marked::header(&packet)
        {
            let (source, destination) = (Ipv4Addr::from(marked::source(header)), marked::destination(header));
            let (destination, length) = (Ipv4Addr::from(destination), packet.len());
            io.message(format_args!("IPFragmenter({}) DF {source} {destination} len={length}", self.mtu));
        }
        self.dont_fragment += 1;
        out.emit(1, packet);
    }

    #[cold]
    fn fragment<M: PacketIo, O: Outputs>(&mut self, io: &mut M, mut packet: Packet, out: &mut O) {
        let Ok(header) = Ipv4::new_checked(packet.network()) else {
            self.no_header += 1;
            return;
        };
        let (header_length, length) = (header.header_length(), usize::from(header.total_length()));
        let (dont_fragment, payload_length) = (header.dont_fragment(), header.payload().len());
        let flags = marked::header(&packet).map_or(0, marked::flags_and_offset);
        // Around the end, if the header was stripped.
        let before = packet.len().wrapping_sub(packet.network().len());
        packet.truncate(before.wrapping_add(length));
        if length <= self.mtu {
            return out.emit(0, packet);
        }
        let first_length = self.mtu.saturating_sub(header_length) & !7;
        if (dont_fragment && self.honor_df) || first_length < 8 {
            return self.refuse(io, packet, out);
        }
        if dont_fragment {
            let identification = self.random();
            if let Some(mut header) = marked::header_mut(&mut packet) {
                header.set_identification(identification);
            }
        }
        let mut later: heapless::Vec<Packet, MOST_FRAGMENTS> = heapless::Vec::new();
        let rest = Rest { flags: flags & !IP_DF, first_length, payload_length, mtu: self.mtu };
        match rest.fragments(io, &packet, out.room(0).saturating_sub(1), &mut later) {
            Ok(lost) => self.no_buffer += lost,
            Err(()) => return self.too_many += 1,
        }
        write_header(&mut packet, flags & !IP_DF | IP_MF, header_length + first_length);
        packet.truncate(before.wrapping_add(header_length + first_length));
        self.fragments += 1 + later.len() as u64;
        out.emit(0, packet);
        later.into_iter().for_each(|fragment| out.emit(0, fragment));
    }
}

/// What a fragment's header has of its own.
fn write_header(fragment: &mut Packet, flags: u16, total_length: usize) {
    if let Some(mut header) = marked::header_mut(fragment) {
        header.set_flags_and_offset(flags);
        header.set_total_length(total_length as u16);
        header.fill_header_checksum();
    }
}

/// The fragments behind the first.
struct Rest {
    /// Of the packet, without don't fragment.
    flags: u16,
    /// Bytes of payload in the first fragment.
    first_length: usize,
    /// Bytes of payload in all.
    payload_length: usize,
    mtu: usize,
}

impl Rest {
    /// Adds the fragments to `later`: how many had no buffer. An error if they are more than `room`.
    fn fragments<M: PacketIo>(
        &self,
        io: &mut M,
        packet: &Packet,
        room: usize,
        later: &mut heapless::Vec<Packet, MOST_FRAGMENTS>,
    ) -> Result<u64, ()> {
        let (header, header_length) = later_header(packet.network()).ok_or(())?;
        // The header is not longer than the first fragment's, so there is room for 8 bytes too.
        let step = self.mtu.saturating_sub(header_length).max(8) & !7;
        if (self.payload_length - self.first_length).div_ceil(step) > room.min(MOST_FRAGMENTS) {
            return Err(());
        }
        let payload = packet.transport();
        let mut lost = 0;
        for offset in (self.first_length..self.payload_length).step_by(step) {
            let end = (offset + step).min(self.payload_length);
            let more = if end < self.payload_length { IP_MF } else { self.flags & IP_MF };
            let Some(mut fragment) = io.allocate() else {
                lost += 1;
                continue;
            };
            // A fragment is shorter than the packet, which a buffer held.
            let _ = fragment.append(&header[..header_length]);
            let _ = fragment.append(payload.get(offset..end).unwrap_or(&[]));
            *fragment.annotations_mut() = *packet.annotations();
            fragment.annotations_mut().mac_offset = 0;
            fragment.set_network(0, header_length);
            write_header(&mut fragment, (self.flags & !IP_MF | more) + (offset / 8) as u16, header_length + end - offset);
            let _ = later.push(fragment);
        }
        Ok(lost)
    }
}

/// The header of later fragments: the fixed part and the options whose copy bit is set, and how many bytes these are.
pub fn later_header(packet: &[u8]) -> Option<([u8; MOST_HEADER_BYTES], usize)> {
    let fixed: &[u8; HEADER_BYTES] = packet.first_chunk()?;
    let mut options = packet.get(HEADER_BYTES..marked::header_length(fixed))?;
    let (mut header, mut length) = ([0; MOST_HEADER_BYTES], HEADER_BYTES);
    header[..HEADER_BYTES].copy_from_slice(fixed);
    loop {
        match *options {
            [1, ref rest @ ..] => options = rest,
            [kind, option_length, ..] if kind != 0 && option_length >= 2 => {
                let Some((option, rest)) = options.split_at_checked(option_length.into()) else { break };
                if kind & 0x80 != 0 {
                    header[length..length + option.len()].copy_from_slice(option);
                    length += option.len();
                }
                options = rest;
            }
            _ => break,
        }
    }
    length = length.next_multiple_of(4);
    Ipv4Mut::new(&mut header)?.set_header_length(length);
    Some((header, length))
}

impl Element for IpFragmenter {
    const SPEC: Spec = Spec {
        class: "IPFragmenter",
        category: Category::Ip,
        summary: "fragments IP packets that are too long",
        ports: "1/1-2",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "MTU", kind: ArgumentKind::Required, doc: "most bytes of an IP packet, at least 8" },
            Argument { name: "HONOR_DF", kind: ArgumentKind::Optional, doc: "heed don't fragment? true by default" },
            Argument { name: "VERBOSE", kind: ArgumentKind::Optional, doc: "tell all refused? false by default" },
            Argument { name: "HEADROOM", kind: ArgumentKind::Keyword, doc: "without effect" },
        ],
        handlers: &[
            Handler { name: "fragments", kind: HandlerKind::Read, doc: "fragments made" },
            Handler { name: "drops", kind: HandlerKind::Read, doc: "packets refused, wherever they went" },
            Handler { name: "dont_fragment", kind: HandlerKind::Drops, doc: "packets that must not be fragmented" },
            Handler { name: "no_header", kind: HandlerKind::Drops, doc: "packets without a whole, marked IP header" },
            Handler { name: "too_many", kind: HandlerKind::Drops, doc: "packets of more than 32 fragments" },
            Handler { name: "no_buffer", kind: HandlerKind::Drops, doc: "fragments without a free buffer" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let value = match name {
            "fragments" => self.fragments,
            "drops" => self.dont_fragment,
            "dont_fragment" if self.diverts => 0,
            "dont_fragment" => self.dont_fragment,
            "no_header" => self.no_header,
            "too_many" => self.too_many,
            "no_buffer" => self.no_buffer,
            _ => return Err(HandlerError::Unknown),
        };
        Ok(write!(out, "{value}")?)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpFragmenter {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let mtu: Option<u16> = arguments.required("MTU");
        if mtu.is_some_and(|mtu| mtu < 8) {
            arguments.error_last("an MTU that no fragment fits", "at least 8");
        }
        let honor_df = arguments.optional("HONOR_DF", true)?;
        let verbose = arguments.optional("VERBOSE", false)?;
        let _: Option<u32> = arguments.keyword("HEADROOM");
        let (mtu, diverts) = (mtu?, surroundings.outputs > 1);
        let expression = format!("IpFragmenter::new({mtu}, {honor_df}, {verbose}, {diverts})");
        Some(crate::configure::Instance::new("IpFragmenter", expression).emitting(MOST_FRAGMENTS))
    }
}

impl Push for IpFragmenter {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _input: usize, packet: Packet, out: &mut O) {
        let length = packet.network().len();
        if length == 0 {
            self.no_header += 1;
        } else if length <= self.mtu {
            out.emit(0, packet);
        } else {
            self.fragment(io, packet, out);
        }
    }
}

#[cfg(test)]
mod tests;
