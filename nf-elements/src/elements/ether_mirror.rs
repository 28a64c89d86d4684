// SPDX-License-Identifier: Apache-2.0
//! # EtherMirror
//! `EtherMirror` — swaps Ethernet source and destination.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** swaps each frame's source and destination address, so that it goes back where it came from.
//!
//! **Notes:** a frame shorter than an Ethernet header is dropped; Click does not look.
//!
//! **Handlers:** `too_short` (drops).
//!
//! **Example:** `FromDevice(lan) -> EtherMirror -> ToDevice(lan);`
//!
//! **See also:** `EtherSwitch`.

use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet;
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct EtherMirror {
    too_short: u64,
}

impl EtherMirror {
    /// A mirror.
    pub const fn new() -> Self {
        EtherMirror { too_short: 0 }
    }
}

impl Element for EtherMirror {
    const SPEC: Spec = Spec {
        class: "EtherMirror",
        category: Category::Ethernet,
        summary: "swaps Ethernet source and destination",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[],
        handlers: &[Handler {
            name: "too_short",
            kind: HandlerKind::Drops,
            doc: "frames shorter than an Ethernet header",
        }],
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
impl crate::configure::Configure for EtherMirror {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("EtherMirror", "EtherMirror::new()"))
    }
}

impl Action for EtherMirror {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let Some(header) = packet.data_mut().first_chunk_mut() else {
            self.too_short += 1;
            return Verdict::Drop;
        };
        let (destination, source) = ethernet::addresses(header);
        ethernet::set_addresses(header, source, destination);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn swaps_the_addresses_and_nothing_else() {
        let (mut mirror, mut io) = (EtherMirror::new(), ListIo::new(0));
        let mut frame = packet(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 99]);
        assert_eq!(mirror.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.data(), [7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 8, 0, 99]);
        assert_eq!(mirror.action(&mut io, &mut packet(&[0; 13])), Verdict::Drop);
        assert_eq!(mirror.too_short, 1);
    }
}
