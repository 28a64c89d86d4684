// SPDX-License-Identifier: Apache-2.0
//! # StripEtherVLANHeader
//! `StripEtherVLANHeader([NATIVE_VLAN])` — takes an Ethernet header, tagged or not, off each packet.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** takes the header of 18 bytes off a frame with a VLAN tag (type 0x8100) and sets the VLAN annotation to
//! the tag; takes the header of 14 bytes off any other frame and sets the annotation to NATIVE_VLAN (0, unless given). If
//! NATIVE_VLAN is negative, frames without a tag leave by output 1, or are dropped if that is not connected.
//!
//! **Notes:** a frame shorter than its header is treated like one without a tag in that last case; Click does not look. The
//! old class name `StripEtherVlanHeader` is understood too.
//!
//! **Handlers:** `untagged`, `too_short` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> StripEtherVLANHeader -> CheckIPHeader -> Discard;`
//!
//! **See also:** `EtherVLANEncap`, `VLANDecap`, `Strip`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet::{EtherType, HEADER_BYTES, TAG_BYTES};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct StripEtherVlanHeader {
    native: Option<u16>,
    diverts: bool,
    untagged: u64,
    too_short: u64,
}

impl StripEtherVlanHeader {
    /// Frames without a tag are of the VLAN `native`; `diverts` if output 1 takes what is not stripped.
    pub const fn new(native: Option<u16>, diverts: bool) -> Self {
        StripEtherVlanHeader { native, diverts, untagged: 0, too_short: 0 }
    }
}

impl Element for StripEtherVlanHeader {
    const SPEC: Spec = Spec {
        class: "StripEtherVLANHeader",
        category: Category::Ethernet,
        summary: "takes an Ethernet header, tagged or not, off each packet",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[Argument {
            name: "NATIVE_VLAN",
            kind: ArgumentKind::Optional,
            doc: "annotation of frames without a tag; 0 by default, refused if negative",
        }],
        handlers: &[
            Handler { name: "untagged", kind: HandlerKind::Drops, doc: "frames without a tag, if they are refused" },
            Handler { name: "too_short", kind: HandlerKind::Drops, doc: "frames shorter than their header" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "untagged" => write!(out, "{}", self.untagged)?,
            "too_short" => write!(out, "{}", self.too_short)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for StripEtherVlanHeader {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let native: i32 = arguments.optional("NATIVE_VLAN", 0)?;
        if native > 0xfff {
            arguments.error_last(format!("'{native}'"), "a VLAN from 0 to 4095, or a negative number");
        }
        let (native, diverts) = (u16::try_from(native).ok(), surroundings.outputs > 1);
        let expression = format!("StripEtherVlanHeader::new({native:?}, {diverts})");
        Some(crate::configure::Instance::new("StripEtherVlanHeader", expression))
    }
}

impl Route for StripEtherVlanHeader {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        let ethertype = packet.data().get(12..14).map(|bytes| EtherType::from(u16::from_be_bytes([bytes[0], bytes[1]])));
        let (header, tci) = match (ethertype, self.native) {
            (Some(EtherType::Vlan), _) => {
                let tci = packet.data().get(14..16).map_or(0, |bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
                (HEADER_BYTES + TAG_BYTES, tci)
            }
            (Some(_), None) => {
                self.untagged += u64::from(!self.diverts);
                return self.diverts.then_some(1);
            }
            (_, native) => (HEADER_BYTES, native.unwrap_or(0)),
        };
        if !packet.pull_front(header) {
            self.too_short += u64::from(!self.diverts);
            return self.diverts.then_some(1);
        }
        packet.annotations_mut().vlan_tci = tci;
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    const TAGGED: [u8; 19] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0, 0x20, 5, 8, 0, 0xaa];
    const PLAIN: [u8; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 0xaa];

    #[test]
    fn strips_either_header() {
        let (mut strip, mut io) = (StripEtherVlanHeader::new(Some(9), false), ListIo::new(0));
        for (bytes, tci) in [(TAGGED.as_slice(), 0x2005), (PLAIN.as_slice(), 9)] {
            let mut frame = packet(bytes);
            assert_eq!(strip.route(&mut io, 0, &mut frame), Some(0));
            assert_eq!((frame.data(), frame.annotations().vlan_tci), ([0xaa].as_slice(), tci));
        }
    }

    #[test]
    fn refuses_untagged_and_short_frames() {
        let mut io = ListIo::new(0);
        let (mut drops, mut diverts) = (StripEtherVlanHeader::new(None, false), StripEtherVlanHeader::new(None, true));
        for bytes in [PLAIN.as_slice(), &TAGGED[..17], &TAGGED[..15], &[]] {
            assert_eq!(drops.route(&mut io, 0, &mut packet(bytes)), None);
            assert_eq!(diverts.route(&mut io, 0, &mut packet(bytes)), Some(1));
        }
        assert_eq!((drops.untagged, drops.too_short, diverts.untagged, diverts.too_short), (1, 3, 0, 0));
    }
}
