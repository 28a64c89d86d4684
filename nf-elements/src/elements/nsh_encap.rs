// SPDX-License-Identifier: Apache-2.0
//! # NSHEncap
//! `NSHEncap([PATH, INDEX, PROTOCOL])` — puts a Network Service Header in front of packets.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** puts a Network Service Header (RFC 8300) of MD type 1 in front of each packet. The service path identifier is
//! PATH, or else the packet's chain annotation; the service index is INDEX (255 by default), the next protocol PROTOCOL (3 by
//! default: Ethernet). The first word of the context is the flow hash.
//!
//! **Notes:** Click has no such element. Chains between VMs need none: where a link is a pair of NICs the machine does it. A packet
//! without 24 bytes of room in front is dropped.
//!
//! **Handlers:** `count` (read), `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> NSHEncap(PATH 7) -> EtherEncap(0x894f, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);`
//!
//! **See also:** `NSHDecap`, `EtherEncap`, `ChainHop`, `FlowDirector`.

use crate::chains::envelope;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::nsh::FIXED_BYTES;
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct NshEncap {
    path: Option<u32>,
    index: u8,
    next_protocol: u8,
    count: u64,
    no_headroom: u64,
}

impl NshEncap {
    /// Puts headers of these values; with no path that of the packet's chain.
    pub const fn new(path: Option<u32>, index: u8, next_protocol: u8) -> Self {
        NshEncap { path, index, next_protocol, count: 0, no_headroom: 0 }
    }
}

impl Element for NshEncap {
    const SPEC: Spec = Spec {
        class: "NSHEncap",
        category: Category::Chain,
        summary: "puts a Network Service Header in front of packets",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "PATH", kind: ArgumentKind::Keyword, doc: "the path; the packet's chain by default" },
            Argument { name: "INDEX", kind: ArgumentKind::Keyword, doc: "the service index; 255 by default" },
            Argument { name: "PROTOCOL", kind: ArgumentKind::Keyword, doc: "what follows; 3, Ethernet, by default" },
        ],
        handlers: &[
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets with a header" },
            Handler { name: "no_headroom", kind: HandlerKind::Drops, doc: "packets without room for the header in front" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for NshEncap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::wire::nsh::{FIRST_INDEX, MOST_PATH};
        let path: Option<u32> = arguments.keyword("PATH");
        if let Some(path) = path.filter(|path| *path > MOST_PATH) {
            arguments.error_last(format!("path {path}"), format!("at most {MOST_PATH}"));
        }
        let index: u8 = arguments.keyword("INDEX").unwrap_or(FIRST_INDEX);
        let next_protocol: u8 = arguments.keyword("PROTOCOL").unwrap_or(3);
        let expression = format!("NshEncap::new({path:?}, {index}, {next_protocol})");
        Some(crate::configure::Instance::new("NshEncap", expression))
    }
}

impl Action for NshEncap {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let header = envelope::header(packet, self.path, self.index, self.next_protocol);
        if !packet.push_front(FIXED_BYTES) {
            self.no_headroom += 1;
            return Verdict::Drop;
        }
        packet.data_mut()[..FIXED_BYTES].copy_from_slice(&header);
        self.count += 1;
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn the_chain_is_the_path_unless_one_is_given() {
        let mut io = ListIo::new(0);
        for (path, expected) in [(None, [0, 0x80, 1]), (Some(7), [0, 0, 7])] {
            let mut encap = NshEncap::new(path, 9, 3);
            let mut frame = packet(&[0xaa]);
            (frame.annotations_mut().chain, frame.annotations_mut().flow_hash) = (0x8001, 0x0102_0304);
            assert_eq!(encap.action(&mut io, &mut frame), Verdict::Pass);
            assert_eq!(frame.data()[..4], [0x0f, 0xc6, 1, 3]);
            assert_eq!((&frame.data()[4..7], frame.data()[7]), (expected.as_slice(), 9));
            assert_eq!((&frame.data()[8..12], frame.data()[24]), ([1, 2, 3, 4].as_slice(), 0xaa));
            assert_eq!(read(&encap, "count"), "1");
        }
    }

    #[test]
    fn without_headroom_packets_are_dropped() {
        let (mut encap, mut frame) = (NshEncap::new(None, 255, 3), packet(&[]));
        assert!(frame.push_front(frame.headroom() - FIXED_BYTES + 1));
        assert_eq!(encap.action(&mut ListIo::new(0), &mut frame), Verdict::Drop);
        assert_eq!(read(&encap, "no_headroom"), "1");
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<NshEncap>(arguments, &Surroundings::default());
        assert_eq!(made(&[]).unwrap().expression, "NshEncap::new(None, 255, 3)");
        let all = made(&["PATH 16777215", "INDEX 4", "PROTOCOL 1"]).unwrap();
        assert_eq!(all.expression, "NshEncap::new(Some(16777215), 4, 1)");
        assert!(made(&["PATH 16777216"]).is_err() && made(&["INDEX 256"]).is_err());
    }
}
