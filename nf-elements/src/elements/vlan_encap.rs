// SPDX-License-Identifier: Apache-2.0
//! # VLANEncap
//! `VLANEncap([VLAN_TCI, VLAN_PCP, VLAN_ID, NATIVE_VLAN, ETHERTYPE])` — adds a VLAN tag to Ethernet frames.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** puts a VLAN tag (IEEE 802.1Q) behind the addresses of each frame: VLAN_TCI, or with `ANNO` the packet's
//! VLAN annotation, or VLAN_ID and the priority VLAN_PCP. A frame of the VLAN NATIVE_VLAN (0 by default, -1 for none) stays as
//! it is. The tag's type is ETHERTYPE: 0x8100, unless given; 0x88a8 is the provider's (802.1ad).
//!
//! **Notes:** a frame shorter than an Ethernet header, or without room for the tag in front, is dropped; Click does not look
//! at the former and moves the latter.
//!
//! **Handlers:** `vlan_tci`, `vlan_id`, `vlan_pcp`, `native_vlan`, `ethertype` (read, write), `too_short`, `no_headroom`
//! (drops).
//!
//! **Example:** `FromDevice(lan) -> VLANEncap(VLAN_ID 5, VLAN_PCP 6) -> ToDevice(wan);`
//!
//! **See also:** `VLANDecap`, `EtherVLANEncap`.

use super::ether_header::{self, note_mac_header, number};
use super::vlan_tag::{self, VlanTag};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet::{HEADER_BYTES, TAG_BYTES};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct VlanEncap {
    tag: VlanTag,
    ethertype: u16,
    too_short: u64,
    no_headroom: u64,
}

impl VlanEncap {
    /// Adds a tag of these values, of type `ethertype`.
    pub const fn new(tci: u16, from_annotation: bool, native: i32, ethertype: u16) -> Self {
        let tag = VlanTag::new(tci, from_annotation, native);
        VlanEncap { tag, ethertype, too_short: 0, no_headroom: 0 }
    }
}

impl Element for VlanEncap {
    const SPEC: Spec = Spec {
        class: "VLANEncap",
        category: Category::Ethernet,
        summary: "adds a VLAN tag to Ethernet frames",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            vlan_tag::VLAN_TCI,
            vlan_tag::VLAN_PCP,
            vlan_tag::VLAN_ID,
            vlan_tag::NATIVE_VLAN,
            Argument { name: "ETHERTYPE", kind: ArgumentKind::Keyword, doc: "the tag's type; 0x8100 by default" },
        ],
        handlers: &[
            vlan_tag::VLAN_TCI_HANDLER,
            vlan_tag::VLAN_ID_HANDLER,
            vlan_tag::VLAN_PCP_HANDLER,
            vlan_tag::NATIVE_VLAN_HANDLER,
            ether_header::ETHERTYPE_HANDLER,
            Handler { name: "too_short", kind: HandlerKind::Drops, doc: "frames shorter than an Ethernet header" },
            ether_header::NO_HEADROOM_HANDLER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "ethertype" => write!(out, "{}", self.ethertype)?,
            "too_short" => write!(out, "{}", self.too_short)?,
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            _ => self.tag.read_handler(name, out)?,
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "ethertype" => self.ethertype = number(value)?,
            _ => self.tag.write_handler(name, value)?,
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for VlanEncap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let tag = VlanTag::configure(arguments);
        let ethertype: u16 = arguments.keyword("ETHERTYPE").unwrap_or(0x8100);
        let expression = format!("VlanEncap::new({}, {ethertype:#06x})", tag?);
        Some(crate::configure::Instance::new("VlanEncap", expression))
    }
}

impl Action for VlanEncap {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if packet.len() < HEADER_BYTES {
            self.too_short += 1;
            return Verdict::Drop;
        }
        if let Some(tag) = self.tag.of(packet) {
            if !packet.push_front(TAG_BYTES) {
                self.no_headroom += 1;
                return Verdict::Drop;
            }
            if let Some(front) = packet.data_mut().first_chunk_mut::<16>() {
                front.copy_within(TAG_BYTES.., 0);
                front[12..14].copy_from_slice(&self.ethertype.to_be_bytes());
                front[14..].copy_from_slice(&tag.0.to_be_bytes());
            }
        }
        note_mac_header(packet);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn tags_frames_and_counts_what_is_none() {
        let (mut encap, mut io) = (VlanEncap::new(0x1234, false, 0, 0x88a8), ListIo::new(0));
        let mut frame = packet(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 0xaa]);
        assert_eq!(encap.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.data()[..12], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(frame.data()[12..], [0x88, 0xa8, 0x12, 0x34, 8, 0, 0xaa]);
        assert_eq!(encap.action(&mut io, &mut packet(&[0; 13])), Verdict::Drop);
        while encap.action(&mut io, &mut frame) == Verdict::Pass {}
        assert_eq!((encap.too_short, encap.no_headroom), (1, 1));
    }
}
