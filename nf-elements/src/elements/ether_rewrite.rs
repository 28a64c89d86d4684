// SPDX-License-Identifier: Apache-2.0
//! # EtherRewrite
//! `EtherRewrite(SRC, DST)` — writes both Ethernet addresses anew.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** sets the source and the destination address of each frame to SRC and DST; its type stays. Of use where
//! only one neighbour is possible.
//!
//! **Notes:** the header is where the packet begins; Click takes the place that the MAC header annotation says, even if the
//! header was stripped. A frame shorter than an Ethernet header is dropped; Click does not look.
//!
//! **Handlers:** `src`, `dst` (read, write), `too_short` (drops).
//!
//! **Example:** `FromDevice(lan) -> EtherRewrite(1:1:1:1:1:1, 2:2:2:2:2:2) -> ToDevice(wan);`
//!
//! **See also:** `EtherEncap`, `EnsureEther`, `StoreEtherAddress`.

use super::ether_header::{self, EtherHeader};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet::HEADER_BYTES;
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct EtherRewrite {
    header: EtherHeader,
    too_short: u64,
}

impl EtherRewrite {
    /// Writes these addresses.
    pub const fn new(source: [u8; 6], destination: [u8; 6]) -> Self {
        EtherRewrite { header: EtherHeader::new(0, source, destination), too_short: 0 }
    }
}

impl Element for EtherRewrite {
    const SPEC: Spec = Spec {
        class: "EtherRewrite",
        category: Category::Ethernet,
        summary: "writes both Ethernet addresses anew",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[ether_header::SRC, ether_header::DST],
        handlers: &[
            ether_header::SRC_HANDLER,
            ether_header::DST_HANDLER,
            Handler { name: "too_short", kind: HandlerKind::Drops, doc: "frames shorter than an Ethernet header" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "src" | "dst" => self.header.read_handler(name, out)?,
            "too_short" => write!(out, "{}", self.too_short)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "src" | "dst" => self.header.write_handler(name, value),
            _ => Err(HandlerError::Unknown),
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for EtherRewrite {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let addresses = EtherHeader::configure_addresses(arguments)?;
        Some(crate::configure::Instance::new("EtherRewrite", format!("EtherRewrite::new({addresses})")))
    }
}

impl Action for EtherRewrite {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let Some(header) = packet.data_mut().first_chunk_mut::<HEADER_BYTES>() else {
            self.too_short += 1;
            return Verdict::Drop;
        };
        header[..12].copy_from_slice(&self.header.bytes()[..12]);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn writes_the_addresses_and_nothing_else() {
        let (mut rewrite, mut io) = (EtherRewrite::new([1; 6], [2; 6]), ListIo::new(0));
        let mut frame = packet(&[9; 15]);
        assert_eq!(rewrite.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.data(), [2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 9, 9, 9]);
        assert_eq!(rewrite.action(&mut io, &mut packet(&[0; 13])), Verdict::Drop);
        assert_eq!(rewrite.too_short, 1);
    }
}
