// SPDX-License-Identifier: Apache-2.0
//! # MarkIP6Header
//! `MarkIP6Header([OFFSET])` — sets the IPv6 header annotation.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** says that an IPv6 header begins OFFSET bytes into the packet (0 by default), and the transport header
//! 40 bytes later. Nothing is checked; `CheckIP6Header` does that.
//!
//! **Handlers:** none.
//!
//! **Example:** `FromDevice(lan) -> MarkIP6Header(14) -> DecIP6HLIM -> ToDevice(wan);`
//!
//! **See also:** `CheckIP6Header`, `MarkIPHeader`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::wire::ipv6::HEADER_BYTES;
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct MarkIp6Header {
    offset: usize,
}

impl MarkIp6Header {
    /// Marks the header at `offset`.
    pub const fn new(offset: usize) -> Self {
        MarkIp6Header { offset }
    }
}

impl Element for MarkIp6Header {
    const SPEC: Spec = Spec {
        class: "MarkIP6Header",
        category: Category::Ip6,
        summary: "sets the IPv6 header annotation",
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
impl crate::configure::Configure for MarkIp6Header {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let offset = arguments.optional("OFFSET", 0u16)?;
        Some(crate::configure::Instance::new("MarkIp6Header", format!("MarkIp6Header::new({offset})")))
    }
}

impl Action for MarkIp6Header {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if self.offset < packet.len() {
            packet.set_network(self.offset, HEADER_BYTES);
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn marks_what_is_there() {
        let (mut mark, mut io) = (MarkIp6Header::new(1), ListIo::new(0));
        let mut frame = packet(&[9; 43]);
        assert_eq!(mark.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!((frame.network().len(), frame.transport()), (42, [9; 2].as_slice()));
        let mut short = packet(&[9]);
        assert_eq!(mark.action(&mut io, &mut short), Verdict::Pass);
        assert_eq!(short.network(), []);
    }
}
