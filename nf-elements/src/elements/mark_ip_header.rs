// SPDX-License-Identifier: Apache-2.0
//! # MarkIPHeader
//! `MarkIPHeader([OFFSET])` — sets the IP header annotation.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** marks the IP header OFFSET bytes into the packet (0 by default), and the transport header behind it
//! where the header's length field says. Checks nothing, cuts nothing off, and leaves the destination annotation alone:
//! that is `CheckIPHeader`'s work.
//!
//! **Notes:** a packet that ends at OFFSET or before has no header to mark and passes as it is.
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> IPPrint -> ToDevice(wan);`
//!
//! **See also:** `CheckIPHeader`, `CheckIPHeader2`, `StripIPHeader`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct MarkIpHeader {
    offset: usize,
}

impl MarkIpHeader {
    /// Marks the header at `offset`.
    pub const fn new(offset: usize) -> Self {
        MarkIpHeader { offset }
    }
}

impl Element for MarkIpHeader {
    const SPEC: Spec = Spec {
        class: "MarkIPHeader",
        category: Category::Ip,
        summary: "sets the IP header annotation",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument {
            name: "OFFSET",
            kind: ArgumentKind::Optional,
            doc: "bytes before the header; 0 by default",
        }],
        handlers: &[],
    };

    fn read_handler(&self, _name: &str, _out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for MarkIpHeader {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let offset = arguments.optional("OFFSET", 0u16)?;
        Some(crate::configure::Instance::new("MarkIpHeader", format!("MarkIpHeader::new({offset})")))
    }
}

impl Action for MarkIpHeader {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if let Some(version_and_length) = packet.data().get(self.offset) {
            let length = usize::from(version_and_length & 15) * 4;
            packet.set_network(self.offset, length);
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn marks_what_the_length_field_says() {
        let (mut mark, mut io) = (MarkIpHeader::new(1), ListIo::new(0));
        let mut frame = packet(&[9, 0x41, 2, 3, 4, 5]);
        assert_eq!(mark.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!((frame.network(), frame.transport()), ([0x41, 2, 3, 4, 5].as_slice(), [5].as_slice()));
        let mut short = packet(&[9]);
        assert_eq!(mark.action(&mut io, &mut short), Verdict::Pass);
        assert_eq!(short.network(), []);
    }
}
