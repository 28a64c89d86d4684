// SPDX-License-Identifier: Apache-2.0
//! # VLANDecap
//! `VLANDecap([ANNO, ETHERTYPE])` — takes the VLAN tag out of Ethernet frames.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** Ethernet frames, tagged or not.
//!
//! **Description:** takes the outer tag out of each frame that has one of type ETHERTYPE (0x8100, unless given). With ANNO
//! true, the default, the VLAN annotation becomes the tag, or 0 for a frame without.
//!
//! **Notes:** a frame shorter than its header is dropped; Click does not look.
//!
//! **Handlers:** `too_short` (drops).
//!
//! **Example:** `FromDevice(lan) -> VLANDecap -> ToDevice(wan);`
//!
//! **See also:** `VLANEncap`, `StripEtherVLANHeader`.

use super::ether_header::note_mac_header;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet::{HEADER_BYTES, TAG_BYTES};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct VlanDecap {
    annotates: bool,
    ethertype: u16,
    too_short: u64,
}

impl VlanDecap {
    /// Takes out tags of type `ethertype`, and into the annotation if it `annotates`.
    pub const fn new(annotates: bool, ethertype: u16) -> Self {
        VlanDecap { annotates, ethertype, too_short: 0 }
    }

    /// Takes the tag out; the tag, 0 if there is none. None if the frame ends before its header does.
    #[inline]
    fn decapsulate(&self, packet: &mut Packet) -> Option<u16> {
        let header: &[u8; HEADER_BYTES] = packet.data().first_chunk()?;
        if u16::from_be_bytes([header[12], header[13]]) != self.ethertype {
            return Some(0);
        }
        let front: &mut [u8; HEADER_BYTES + TAG_BYTES] = packet.data_mut().first_chunk_mut()?;
        let tci = u16::from_be_bytes([front[14], front[15]]);
        front.copy_within(..12, TAG_BYTES);
        packet.pull_front(TAG_BYTES).then_some(tci)
    }
}

impl Element for VlanDecap {
    const SPEC: Spec = Spec {
        class: "VLANDecap",
        category: Category::Ethernet,
        summary: "takes the VLAN tag out of Ethernet frames",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "ANNO", kind: ArgumentKind::Optional, doc: "set the annotation? true by default" },
            Argument { name: "ETHERTYPE", kind: ArgumentKind::Keyword, doc: "the tag's type; 0x8100 by default" },
        ],
        handlers: &[Handler { name: "too_short", kind: HandlerKind::Drops, doc: "frames shorter than their header" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "too_short" => write!(out, "{}", self.too_short)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for VlanDecap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let annotates: bool = arguments.optional("ANNO", true)?;
        let ethertype: u16 = arguments.keyword("ETHERTYPE").unwrap_or(0x8100);
        let expression = format!("VlanDecap::new({annotates}, {ethertype:#06x})");
        Some(crate::configure::Instance::new("VlanDecap", expression))
    }
}

impl Action for VlanDecap {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let Some(tci) = self.decapsulate(packet) else {
            self.too_short += 1;
            return Verdict::Drop;
        };
        note_mac_header(packet);
        if self.annotates {
            packet.annotations_mut().vlan_tci = tci;
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    const TAGGED: [u8; 19] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0, 0x20, 5, 8, 0, 0xaa];

    #[test]
    fn takes_the_tag_out_and_into_the_annotation() {
        let (mut decap, mut io) = (VlanDecap::new(true, 0x8100), ListIo::new(0));
        let mut frame = packet(&TAGGED);
        assert_eq!(decap.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.data(), [&TAGGED[..12], &TAGGED[16..]].concat());
        assert_eq!(frame.annotations().vlan_tci, 0x2005);
        assert_eq!(decap.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!((frame.len(), frame.annotations().vlan_tci), (15, 0));
    }

    #[test]
    fn frames_that_end_in_their_header_are_dropped() {
        let (mut decap, mut io) = (VlanDecap::new(true, 0x8100), ListIo::new(0));
        for length in [0, 13, 14, 17] {
            assert_eq!(decap.action(&mut io, &mut packet(&TAGGED[..length])), Verdict::Drop);
        }
        assert_eq!(decap.too_short, 4);
    }
}
