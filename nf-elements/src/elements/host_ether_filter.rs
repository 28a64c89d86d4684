// SPDX-License-Identifier: Apache-2.0
//! # HostEtherFilter
//! `HostEtherFilter(ETHER [, DROP_OWN, DROP_OTHER, OFFSET])` — drops Ethernet frames sent to other machines.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** Ethernet frames, OFFSET bytes (0, unless given) from the front.
//!
//! **Description:** acts as a network card with the address ETHER does: sets the packet type annotation to host, broadcast,
//! multicast or other host by each frame's destination. If DROP_OTHER is true, the default, frames to other hosts leave by
//! output 1, or are dropped if that is not connected; if DROP_OWN is true (false by default), so do frames from ETHER.
//!
//! **Notes:** a frame too short for an Ethernet header goes the same way; Click does not look.
//!
//! **Handlers:** `ether` (read, write), `own`, `other`, `too_short` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> HostEtherFilter(02:00:00:00:00:01) -> Discard;`
//!
//! **See also:** `DropBroadcasts`.

use crate::packet::PacketType;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet::{self, Address};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct HostEtherFilter {
    ether: Address,
    drop_own: bool,
    drop_other: bool,
    offset: usize,
    diverts: bool,
    own: u64,
    other: u64,
    too_short: u64,
}

impl HostEtherFilter {
    /// Filters for the host `ether`; `diverts` if output 1 takes what is filtered out.
    pub const fn new(ether: [u8; 6], drop_own: bool, drop_other: bool, offset: usize, diverts: bool) -> Self {
        let ether = Address::new(ether);
        HostEtherFilter { ether, drop_own, drop_other, offset, diverts, own: 0, other: 0, too_short: 0 }
    }
}

impl Element for HostEtherFilter {
    const SPEC: Spec = Spec {
        class: "HostEtherFilter",
        category: Category::Ethernet,
        summary: "drops Ethernet frames sent to other machines",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "ETHER", kind: ArgumentKind::Required, doc: "this host's Ethernet address" },
            Argument { name: "DROP_OWN", kind: ArgumentKind::Optional, doc: "drop what ETHER sent? false by default" },
            Argument { name: "DROP_OTHER", kind: ArgumentKind::Optional, doc: "drop others' frames? true by default" },
            Argument { name: "OFFSET", kind: ArgumentKind::Keyword, doc: "bytes before the header; 0 by default" },
        ],
        handlers: &[
            Handler { name: "ether", kind: HandlerKind::ReadWrite, doc: "ETHER" },
            Handler { name: "own", kind: HandlerKind::Drops, doc: "frames that ETHER sent" },
            Handler { name: "other", kind: HandlerKind::Drops, doc: "frames to other hosts" },
            Handler { name: "too_short", kind: HandlerKind::Drops, doc: "frames shorter than an Ethernet header" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "ether" => write!(out, "{}", self.ether)?,
            "own" => write!(out, "{}", self.own)?,
            "other" => write!(out, "{}", self.other)?,
            "too_short" => write!(out, "{}", self.too_short)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "ether" => self.ether = value.trim().parse().map_err(|_| HandlerError::BadValue)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for HostEtherFilter {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let ether: Option<Address> = arguments.required("ETHER");
        let drop_own = arguments.optional("DROP_OWN", false);
        let drop_other = arguments.optional("DROP_OTHER", true);
        let offset: u16 = arguments.keyword("OFFSET").unwrap_or(0);
        let diverts = surroundings.outputs > 1;
        let expression = format!(
            "HostEtherFilter::new({:?}, {}, {}, {offset}, {diverts})",
            ether?.to_bytes(),
            drop_own?,
            drop_other?
        );
        Some(crate::configure::Instance::new("HostEtherFilter", expression))
    }
}

impl Route for HostEtherFilter {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        let header = packet.data().get(self.offset..).and_then(<[u8]>::first_chunk);
        let counter = match header.map(ethernet::addresses) {
            None => &mut self.too_short,
            Some((_, source)) if self.drop_own && source == self.ether => &mut self.own,
            Some((destination, _)) => {
                let packet_type = match destination {
                    host if host == self.ether => PacketType::Host,
                    Address::BROADCAST => PacketType::Broadcast,
                    group if group.is_group() => PacketType::Multicast,
                    _ => PacketType::OtherHost,
                };
                packet.annotations_mut().packet_type = packet_type;
                if packet_type != PacketType::OtherHost || !self.drop_other {
                    return Some(0);
                }
                &mut self.other
            }
        };
        if self.diverts {
            return Some(1);
        }
        *counter += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    fn frame(destination: u8, source: u8) -> Packet {
        let mut bytes = [0; 60];
        bytes[0..6].fill(destination);
        bytes[6..12].fill(source);
        packet(&bytes)
    }

    #[test]
    fn sorts_frames_by_their_destination() {
        let mut io = ListIo::new(0);
        let (mut filter, mut all) =
            (HostEtherFilter::new([2; 6], true, true, 0, false), HostEtherFilter::new([2; 6], false, false, 0, false));
        let expected = [
            (2, 4, PacketType::Host, Some(0)),
            (0xff, 4, PacketType::Broadcast, Some(0)),
            (3, 4, PacketType::Multicast, Some(0)),
            (6, 4, PacketType::OtherHost, None),
        ];
        for (destination, source, packet_type, output) in expected {
            let mut frame = frame(destination, source);
            assert_eq!(filter.route(&mut io, 0, &mut frame), output);
            assert_eq!(frame.annotations().packet_type, packet_type);
            assert_eq!(all.route(&mut io, 0, &mut frame), Some(0));
        }
        assert_eq!(filter.route(&mut io, 0, &mut frame(0xff, 2)), None);
        assert_eq!(filter.route(&mut io, 0, &mut packet(&[0; 13])), None);
        assert_eq!(["own", "other", "too_short"].map(|name| read(&filter, name)), ["1", "1", "1"]);
    }
}
