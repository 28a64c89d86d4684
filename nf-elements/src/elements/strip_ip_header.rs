// SPDX-License-Identifier: Apache-2.0
//! # StripIPHeader
//! `StripIPHeader` — strips the outermost IP header.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** removes all bytes before the transport header annotation: the IP header, and what stands in front of
//! it. The annotations stay as they are, so a packet in the packet has to be marked anew.
//!
//! **Handlers:** `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> CheckIPHeader(14) -> StripIPHeader -> CheckIPHeader -> Discard;`
//!
//! **See also:** `IPEncap`, `MarkIPHeader`, `Strip`.

use super::marked;
use crate::spec::{Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct StripIpHeader {
    no_header: u64,
}

impl StripIpHeader {
    /// No packet was bad yet.
    pub const fn new() -> Self {
        StripIpHeader { no_header: 0 }
    }
}

impl Element for StripIpHeader {
    const SPEC: Spec = Spec {
        class: "StripIPHeader",
        category: Category::Ip,
        summary: "strips the outermost IP header",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[],
        handlers: &[marked::NO_HEADER],
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
impl crate::configure::Configure for StripIpHeader {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("StripIpHeader", "StripIpHeader::new()"))
    }
}

impl Action for StripIpHeader {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let before = usize::from(packet.annotations().transport_offset).checked_sub(packet.headroom());
        if before.is_some_and(|before| packet.pull_front(before)) {
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
    fn strips_to_the_transport_header() {
        let (mut strip, mut io, mut frame) = (StripIpHeader::new(), ListIo::new(0), packet(&[1, 2, 3, 4]));
        frame.set_network(1, 2);
        assert_eq!(strip.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.data(), [4]);
        frame.set_network(1, 20);
        assert_eq!(strip.action(&mut io, &mut frame), Verdict::Drop, "it ends before");
        assert_eq!(strip.action(&mut io, &mut packet(&[1])), Verdict::Drop, "nothing is marked");
        assert_eq!(read(&strip, "no_header"), "2");
    }
}
