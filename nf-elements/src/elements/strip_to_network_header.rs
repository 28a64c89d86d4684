// SPDX-License-Identifier: Apache-2.0
//! # StripToNetworkHeader
//! `StripToNetworkHeader` — strips what stands before the network header.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** removes the bytes before a packet's network header, or brings them back if that was stripped.
//!
//! **Notes:** **Expects** an element that says where the network header is, like CheckIPHeader. A packet of which that is not known, or that ends before, is dropped; Click would abort.
//!
//! **Handlers:** `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> CheckIPHeader(14) -> StripToNetworkHeader -> Discard;`
//!
//! **See also:** `Strip`, `CheckIPHeader`.

use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct StripToNetworkHeader {
    no_header: u64,
}

impl StripToNetworkHeader {
    /// The element.
    pub const fn new() -> Self {
        StripToNetworkHeader { no_header: 0 }
    }
}

impl Element for StripToNetworkHeader {
    const SPEC: Spec = Spec {
        class: "StripToNetworkHeader",
        category: Category::Basic,
        summary: "strips what stands before the network header",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[],
        handlers: &[Handler { name: "no_header", kind: HandlerKind::Drops, doc: "packets without a known network header" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for StripToNetworkHeader {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("StripToNetworkHeader", "StripToNetworkHeader::new()"))
    }
}

impl Action for StripToNetworkHeader {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let (offset, start) = (usize::from(packet.annotations().network_offset), packet.headroom());
        let there = match offset {
            0 => false,
            _ if offset < start => packet.push_front(start - offset),
            _ => packet.pull_front(offset - start),
        };
        if there {
            return Verdict::Pass;
        }
        self.no_header += 1;
        Verdict::Drop
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn strips_or_brings_back() {
        let (mut strip, mut io, mut frame) = (StripToNetworkHeader::new(), ListIo::new(0), packet(&[1, 2, 3, 4]));
        frame.set_network(2, 1);
        for _ in 0..2 {
            assert_eq!(strip.action(&mut io, &mut frame), Verdict::Pass);
            assert_eq!(frame.data(), [3, 4]);
        }
        assert!(frame.pull_front(2));
        assert_eq!((strip.action(&mut io, &mut frame), frame.data()), (Verdict::Pass, [3, 4].as_slice()));
        frame.set_network(3, 0);
        assert_eq!(strip.action(&mut io, &mut frame), Verdict::Drop);
        assert_eq!(strip.action(&mut io, &mut packet(&[1])), Verdict::Drop);
        assert_eq!(read(&strip, "no_header"), "2");
    }
}
