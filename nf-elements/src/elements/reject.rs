// SPDX-License-Identifier: Apache-2.0
//! # Reject
//! `Reject([WITH])` — tells the sender of a packet that it was rejected.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets with the network header annotation that somebody refused, with an Ethernet header in front or without one.
//!
//! **Description:** turns each packet into the answer to its sender, in the name of who it was sent to: an ICMP or ICMPv6 error
//! Destination Unreachable, or a TCP reset. An Ethernet header in front, with its tags, stands in front of the answer, too, with its addresses exchanged: send it back
//! the way that the packet came.
//!
//! WITH is `port-unreachable` (the default), `host-unreachable`, `addr-unreachable`, `net-unreachable`, `no-route`, `prot-unreachable`, `net-prohibited`,
//! `host-prohibited`, `admin-prohibited`, `policy-fail`, `reject-route` or `tcp-reset`, as nft(8) has them. Of those that only one version of IP
//! has, the other one's nearest is used.
//!
//! Nothing answers what `ICMPError` and `ICMP6Error` do not answer: errors, packets to or from groups or to all, fragments but the first
//! (RFC 1812 §4.3.2.7, RFC 4443 §2.4(e)); and with `tcp-reset` what is no TCP segment, or a reset itself (RFC 9293 §3.10.7.1).
//!
//! **Notes:** senders choose their addresses: a `RatedSplitter` in front sees to it that nobody is flooded with answers (RFC 1812 §4.3.2.8).
//!
//! **Handlers:** `answered` (read), `not_answered`, `no_room` (drops).
//!
//! **Example:** `ct :: ConnTrack; lan :: CheckIPHeader(14); back :: ToDevice(lan); FromDevice(lan) -> lan -> ct
//! -> f :: StatefulFilter(ct, 1 tcp dst port 25, allow all, UNDECIDED 1) -> ToDevice(wan);
//! f[1] -> RatedSplitter(1000) -> Reject(tcp-reset) -> back;`
//!
//! **See also:** `ICMPError`, `ICMP6Error`, `StatefulFilter`, `RatedSplitter`.

use super::{Icmp6Error, IcmpError};
use crate::rejection::{Answer, reset};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// Types of Destination Unreachable.
const UNREACHABLE: u8 = 3;
const UNREACHABLE6: u8 = 1;
/// Bytes of an error at most: RFC 1812 §4.3.2.3.
const MOST_BYTES: usize = 576;
/// Bytes of an Ethernet header with four tags.
const MOST_LINK_BYTES: usize = 30;

/// See the module's documentation.
pub struct Reject {
    answer: Answer,
    error: IcmpError,
    error6: Icmp6Error,
    answered: u64,
    not_answered: u64,
    no_room: u64,
}

impl Reject {
    /// Answers so.
    pub const fn new(answer: Answer) -> Self {
        let (code, code6) = match answer {
            Answer::Unreachable { code, code6 } => (code, code6),
            Answer::Reset => (0, 0),
        };
        let error = IcmpError::new(0, UNREACHABLE, code, &[], MOST_BYTES, 0, false);
        let error6 = Icmp6Error::new(0, UNREACHABLE6, code6);
        Reject { answer, error, error6, answered: 0, not_answered: 0, no_room: 0 }
    }

    /// Makes `packet`, which begins with its IP header, the error about itself; false if it deserves none.
    fn complain(&mut self, packet: &mut Packet, now_ns: u64) -> bool {
        match packet.network().first().map(|first| first >> 4) {
            Some(4) => self.error.answer(packet, now_ns),
            Some(6) => self.error6.answer(packet),
            _ => false,
        }
    }
}

impl Element for Reject {
    const SPEC: Spec = Spec {
        class: "Reject",
        category: Category::Icmp,
        summary: "tells the sender of a packet that it was rejected",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument {
            name: "WITH",
            kind: ArgumentKind::Optional,
            doc: "an error's name, or tcp-reset; port-unreachable by default",
        }],
        handlers: &[
            Handler { name: "answered", kind: HandlerKind::Read, doc: "packets that became answers" },
            Handler { name: "not_answered", kind: HandlerKind::Drops, doc: "packets that deserve no answer, or resets without a buffer" },
            Handler { name: "no_room", kind: HandlerKind::Drops, doc: "packets without room in front" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let count = match name {
            "answered" => self.answered,
            "not_answered" => self.not_answered,
            "no_room" => self.no_room,
            _ => return Err(HandlerError::Unknown),
        };
        Ok(write!(out, "{count}")?)
    }
}

impl Action for Reject {
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        if self.answer == Answer::Reset {
            return match reset(packet, io) {
                Some(reset) => {
                    *packet = reset;
                    self.answered += 1;
                    Verdict::Pass
                }
                None => {
                    self.not_answered += 1;
                    Verdict::Drop
                }
            };
        }
        let Some(link) = mirrored(packet).filter(|_| self.complain(packet, io.now_ns())) else {
            self.not_answered += 1;
            return Verdict::Drop;
        };
        if !packet.push_front(link.len()) {
            self.no_room += 1;
            return Verdict::Drop;
        }
        packet.data_mut()[..link.len()].copy_from_slice(&link);
        self.answered += 1;
        Verdict::Pass
    }
}

/// What stands in front of a packet's IP header, with the Ethernet addresses exchanged; none if that is no link's header.
fn mirrored(packet: &Packet) -> Option<heapless::Vec<u8, MOST_LINK_BYTES>> {
    let before = packet.data().len().checked_sub(packet.network().len())?;
    let mut link = heapless::Vec::from_slice(packet.data().get(..before)?).ok()?;
    if let Some(addresses) = link.first_chunk_mut::<12>() {
        addresses.rotate_left(6);
    }
    Some(link)
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Reject {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::rejection::NAMES;
        let with: String = arguments.optional("WITH", NAMES[0].0.into())?;
        let Some((_, answer)) = NAMES.iter().find(|(name, _)| *name == with) else {
            let known: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
            arguments.error_last(format!("'{with}' is no answer"), known.join(", "));
            return None;
        };
        let expression = format!("Reject::new(nf_elements::rejection::Answer::{answer:?})");
        Some(crate::configure::Instance::new("Reject", expression))
    }
}

#[cfg(test)]
mod tests;
