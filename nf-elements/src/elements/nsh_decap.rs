// SPDX-License-Identifier: Apache-2.0
//! # NSHDecap
//! `NSHDecap()` — takes the Network Service Header off packets.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets that begin with a Network Service Header (RFC 8300), of MD type 1 or 2.
//!
//! **Description:** takes the header off. The packet's chain annotation becomes the service path identifier, its flow hash the first
//! word of the context of MD type 1.
//!
//! **Notes:** Click has no such element. What is no such header, has a TTL of 0, or a path beyond 65535, which is no chain, is
//! dropped. Context headers of MD type 2 are passed over.
//!
//! **Handlers:** `count` (read), `malformed` (drops), `expired` (drops), `no_chain` (drops).
//!
//! **Example:** `FromDevice(lan) -> Classifier(12/894f) -> Strip(14) -> NSHDecap -> ToDevice(wan);`
//!
//! **See also:** `NSHEncap`, `Strip`, `ChainHop`.

use crate::chains::envelope;
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::wire::nsh::{Error, Nsh};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct NshDecap {
    count: u64,
    malformed: u64,
    expired: u64,
    no_chain: u64,
}

impl NshDecap {
    /// Has seen nothing yet.
    pub const fn new() -> Self {
        NshDecap { count: 0, malformed: 0, expired: 0, no_chain: 0 }
    }
}

impl Element for NshDecap {
    const SPEC: Spec = Spec {
        class: "NSHDecap",
        category: Category::Chain,
        summary: "takes the Network Service Header off packets",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[],
        handlers: &[
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets that had a header" },
            Handler { name: "malformed", kind: HandlerKind::Drops, doc: "packets without a sound header" },
            Handler { name: "expired", kind: HandlerKind::Drops, doc: "packets with a TTL of 0" },
            Handler { name: "no_chain", kind: HandlerKind::Drops, doc: "packets whose path is no chain" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            "malformed" => write!(out, "{}", self.malformed)?,
            "expired" => write!(out, "{}", self.expired)?,
            "no_chain" => write!(out, "{}", self.no_chain)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for NshDecap {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("NshDecap", "NshDecap::new()"))
    }
}

impl Action for NshDecap {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let (bytes, path, context) = match Nsh::new_checked(packet.data()) {
            Ok(view) => envelope::read(&view),
            Err(Error::Expired) => {
                self.expired += 1;
                return Verdict::Drop;
            }
            Err(_) => {
                self.malformed += 1;
                return Verdict::Drop;
            }
        };
        if !envelope::note(packet, path, context) {
            self.no_chain += 1;
            return Verdict::Drop;
        }
        self.count += 1;
        // The view has as many bytes.
        let _ = packet.pull_front(bytes);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::nsh::Repr;

    fn decap(bytes: &[u8]) -> (NshDecap, Option<Packet>) {
        let (mut decap, mut packet) = (NshDecap::new(), packet(bytes));
        let verdict = decap.action(&mut ListIo::new(0), &mut packet);
        (decap, (verdict == Verdict::Pass).then_some(packet))
    }

    fn header(path: u32) -> Vec<u8> {
        let repr = Repr { path, index: 3, next_protocol: 3, context: 0x0102_0304 };
        [&repr.to_bytes()[..], &[0xaa]].concat()
    }

    #[test]
    fn what_the_header_says_is_noted() {
        let (decap, packet) = decap(&header(0x8001));
        let packet = packet.unwrap();
        assert_eq!((packet.data(), read(&decap, "count")), ([0xaa].as_slice(), "1".into()));
        assert_eq!((packet.annotations().chain, packet.annotations().flow_hash), (0x8001, 0x0102_0304));
    }

    #[test]
    fn each_drop_has_its_reason() {
        let mut expired = header(1);
        (expired[0], expired[1]) = (0, 6);
        for (bytes, reason) in [(&header(0x1_0000)[..], "no_chain"), (&expired, "expired"), (&[0; 24], "malformed")] {
            let (decap, packet) = decap(bytes);
            assert!(packet.is_none());
            assert_eq!(read(&decap, reason), "1");
        }
    }
}
