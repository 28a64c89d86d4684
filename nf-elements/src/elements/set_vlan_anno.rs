// SPDX-License-Identifier: Apache-2.0
//! # SetVLANAnno
//! `SetVLANAnno([VLAN_TCI, VLAN_PCP, VLAN_ID])` — sets packets' VLAN annotation.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** sets the VLAN annotation of each packet to VLAN_TCI, or to VLAN_ID and the priority VLAN_PCP. All are 0
//! unless given.
//!
//! **Handlers:** `vlan_tci`, `vlan_id`, `vlan_pcp` (read, write).
//!
//! **Notes:** Click's old class name `SetVlanAnno` is understood too.
//!
//! **Example:** `FromDevice(lan) -> SetVLANAnno(VLAN_ID 5) -> VLANEncap(ANNO) -> ToDevice(wan);`
//!
//! **See also:** `VLANEncap`, `EtherVLANEncap`.

use super::vlan_tag::{self, VlanTag};
use crate::spec::{Argument, Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct SetVlanAnno {
    tag: VlanTag,
}

impl SetVlanAnno {
    /// Sets the annotation to `tci`.
    pub const fn new(tci: u16) -> Self {
        SetVlanAnno { tag: VlanTag::new(tci, false, -1) }
    }
}

impl Element for SetVlanAnno {
    const SPEC: Spec = Spec {
        class: "SetVLANAnno",
        category: Category::Ethernet,
        summary: "sets packets' VLAN annotation",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { doc: "the whole tag", ..vlan_tag::VLAN_TCI },
            vlan_tag::VLAN_PCP,
            vlan_tag::VLAN_ID,
        ],
        handlers: &[vlan_tag::VLAN_TCI_HANDLER, vlan_tag::VLAN_ID_HANDLER, vlan_tag::VLAN_PCP_HANDLER],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        if name == "native_vlan" {
            return Err(HandlerError::Unknown);
        }
        self.tag.read_handler(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match (name, value.trim()) {
            ("native_vlan", _) => Err(HandlerError::Unknown),
            (_, "ANNO") => Err(HandlerError::BadValue),
            _ => self.tag.write_handler(name, value),
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetVlanAnno {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (tci, from_annotation) = VlanTag::configure_tag(arguments)?;
        if from_annotation {
            arguments.error("the VLAN annotation from the VLAN annotation", Some("a VLAN_TCI from 0 to 65535".into()));
        }
        Some(crate::configure::Instance::new("SetVlanAnno", format!("SetVlanAnno::new({tci:#06x})")))
    }
}

impl Action for SetVlanAnno {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        packet.annotations_mut().vlan_tci = self.tag.tci();
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn sets_the_annotation() {
        let (mut set, mut io, mut frame) = (SetVlanAnno::new(0x2002), ListIo::new(0), packet(&[]));
        assert_eq!(set.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.annotations().vlan_tci, 0x2002);
        set.write_handler("vlan_id", "7").unwrap();
        assert_eq!((read(&set, "vlan_tci"), read(&set, "vlan_pcp")), ("8199".into(), "1".into()));
        assert_eq!(set.write_handler("vlan_tci", "ANNO"), Err(HandlerError::BadValue));
    }
}
