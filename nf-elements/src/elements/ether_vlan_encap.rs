// SPDX-License-Identifier: Apache-2.0
//! # EtherVLANEncap
//! `EtherVLANEncap(ETHERTYPE, SRC, DST, VLAN_TCI [, VLAN_PCP, VLAN_ID, NATIVE_VLAN])` — encapsulates packets in an Ethernet
//! header with a VLAN tag.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** puts an Ethernet header with a VLAN tag (type 0x8100, IEEE 802.1Q) in front of each packet: VLAN_TCI, or
//! with `ANNO` the packet's VLAN annotation, or VLAN_ID and the priority VLAN_PCP. A packet of the VLAN NATIVE_VLAN (0 by
//! default, -1 for none) gets a plain header.
//!
//! **Notes:** a packet without room for the header in front is dropped; Click would move it. Click's old class name
//! `EtherVlanEncap` is understood too.
//!
//! **Handlers:** `src`, `dst`, `ethertype`, `vlan_tci`, `vlan_id`, `vlan_pcp`, `native_vlan` (read, write), `no_headroom`
//! (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> EtherVLANEncap(0x0800, 1:1:1:1:1:1, 2:2:2:2:2:2, 1) -> ToDevice(wan);`
//!
//! **See also:** `VLANEncap`, `StripEtherVLANHeader`, `SetVLANAnno`, `EtherEncap`.

use super::ether_header::{self, EtherHeader, note_mac_header};
use super::vlan_tag::{self, VlanTag};
use crate::spec::{Category, Shape};
use crate::wire::ethernet::{EtherType, HEADER_BYTES, TAG_BYTES};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct EtherVlanEncap {
    header: EtherHeader,
    tag: VlanTag,
    no_headroom: u64,
}

impl EtherVlanEncap {
    /// Encapsulates in a header of these values.
    pub const fn new(
        ethertype: u16,
        source: [u8; 6],
        destination: [u8; 6],
        tci: u16,
        from_annotation: bool,
        native: i32,
    ) -> Self {
        EtherVlanEncap {
            header: EtherHeader::new(ethertype, source, destination),
            tag: VlanTag::new(tci, from_annotation, native),
            no_headroom: 0,
        }
    }
}

impl Element for EtherVlanEncap {
    const SPEC: Spec = Spec {
        class: "EtherVLANEncap",
        category: Category::Ethernet,
        summary: "encapsulates packets in an Ethernet header with a VLAN tag",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            ether_header::ETHERTYPE,
            ether_header::SRC,
            ether_header::DST,
            vlan_tag::VLAN_TCI,
            vlan_tag::VLAN_PCP,
            vlan_tag::VLAN_ID,
            vlan_tag::NATIVE_VLAN,
        ],
        handlers: &[
            ether_header::SRC_HANDLER,
            ether_header::DST_HANDLER,
            ether_header::ETHERTYPE_HANDLER,
            vlan_tag::VLAN_TCI_HANDLER,
            vlan_tag::VLAN_ID_HANDLER,
            vlan_tag::VLAN_PCP_HANDLER,
            vlan_tag::NATIVE_VLAN_HANDLER,
            ether_header::NO_HEADROOM_HANDLER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            "src" | "dst" | "ethertype" => self.header.read_handler(name, out)?,
            _ => self.tag.read_handler(name, out)?,
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "src" | "dst" | "ethertype" => self.header.write_handler(name, value),
            _ => self.tag.write_handler(name, value),
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for EtherVlanEncap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let header = EtherHeader::configure(arguments);
        let tag = VlanTag::configure(arguments);
        let expression = format!("EtherVlanEncap::new({}, {})", header?, tag?);
        Some(crate::configure::Instance::new("EtherVlanEncap", expression))
    }
}

impl EtherVlanEncap {
    /// Writes the header with `tag`; false without the headroom.
    #[inline]
    fn prepend_tagged(&self, packet: &mut Packet, tci: u16) -> bool {
        if !packet.push_front(HEADER_BYTES + TAG_BYTES) {
            return false;
        }
        if let Some(front) = packet.data_mut().first_chunk_mut::<{ HEADER_BYTES + TAG_BYTES }>() {
            let header = self.header.bytes();
            front[..12].copy_from_slice(&header[..12]);
            front[12..14].copy_from_slice(&u16::from(EtherType::Vlan).to_be_bytes());
            front[14..16].copy_from_slice(&tci.to_be_bytes());
            front[16..].copy_from_slice(&header[12..]);
        }
        note_mac_header(packet);
        true
    }
}

impl Action for EtherVlanEncap {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let fits = match self.tag.of(packet) {
            Some(tag) => self.prepend_tagged(packet, tag.0),
            None => self.header.prepend(packet),
        };
        if fits {
            Verdict::Pass
        } else {
            self.no_headroom += 1;
            Verdict::Drop
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    fn encapsulated(encap: &mut EtherVlanEncap, annotation: u16) -> Vec<u8> {
        let mut inner = packet(&[0xaa]);
        inner.annotations_mut().vlan_tci = annotation;
        assert_eq!(encap.action(&mut ListIo::new(0), &mut inner), Verdict::Pass);
        inner.data()[12..].to_vec()
    }

    #[test]
    fn tags_all_but_the_native_vlan() {
        let mut encap = EtherVlanEncap::new(0x0800, [1; 6], [2; 6], 0x2001, false, 0);
        assert_eq!(encapsulated(&mut encap, 7), [0x81, 0, 0x20, 1, 8, 0, 0xaa]);
        encap.write_handler("vlan_tci", "ANNO").unwrap();
        assert_eq!(encapsulated(&mut encap, 7), [0x81, 0, 0, 7, 8, 0, 0xaa]);
        assert_eq!(encapsulated(&mut encap, 0x6000), [8, 0, 0xaa]);
    }

    #[test]
    fn handlers_change_the_tag() {
        let mut encap = EtherVlanEncap::new(0x0800, [1; 6], [2; 6], 0x2001, false, 0);
        for (name, value) in [("vlan_id", "5"), ("vlan_pcp", "6"), ("native_vlan", "-1")] {
            encap.write_handler(name, value).unwrap();
        }
        let values = ["vlan_tci", "vlan_id", "vlan_pcp", "native_vlan"].map(|name| read(&encap, name));
        assert_eq!(values, ["49157", "5", "6", "-1"]);
        assert_eq!(encap.write_handler("vlan_pcp", "8"), Err(HandlerError::BadValue));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_are_clicks() {
        use crate::configure::{Surroundings, configure};
        let expression = |arguments: &[&str]| {
            configure::<EtherVlanEncap>(arguments, &Surroundings::default()).map(|instance| instance.expression)
        };
        let addresses = "[1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2]";
        assert_eq!(
            expression(&["0x800", "1:1:1:1:1:1", "2:2:2:2:2:2", "ANNO", "NATIVE_VLAN 1"]).unwrap(),
            format!("EtherVlanEncap::new(0x0800, {addresses}, 0x0000, true, 1)")
        );
        assert_eq!(
            expression(&["0x800", "1:1:1:1:1:1", "2:2:2:2:2:2", "VLAN_ID 2", "VLAN_PCP 1"]).unwrap(),
            format!("EtherVlanEncap::new(0x0800, {addresses}, 0x2002, false, 0)")
        );
        assert_eq!(expression(&["0x800", "1:1:1:1:1:1", "2:2:2:2:2:2", "65536"]).unwrap_err().len(), 1);
    }
}
