// SPDX-License-Identifier: Apache-2.0
//! # SetIPChecksum
//! `SetIPChecksum` — sets the IP header's checksum.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets with a marked IP header, or that begin with one.
//!
//! **Description:** sums the header and writes its checksum. Not needed behind elements that change a header: they keep
//! its checksum right. A packet whose header is not all there is dropped, with a message for the first.
//!
//! **Handlers:** `drops` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> SetIPChecksum -> ToDevice(wan);`
//!
//! **See also:** `CheckIPHeader`, `SetUDPChecksum`, `SetTCPChecksum`.

use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::wire::ipv4_edit::Ipv4Mut;
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct SetIpChecksum {
    drops: u64,
}

impl SetIpChecksum {
    /// No packet was bad yet.
    pub const fn new() -> Self {
        SetIpChecksum { drops: 0 }
    }
}

impl Element for SetIpChecksum {
    const SPEC: Spec = Spec {
        class: "SetIPChecksum",
        category: Category::Ip,
        summary: "sets the IP header's checksum",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[],
        handlers: &[Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets without a whole header" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "drops" => write!(out, "{}", self.drops)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetIpChecksum {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("SetIpChecksum", "SetIpChecksum::new()"))
    }
}

impl Action for SetIpChecksum {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        let bytes = if packet.network().is_empty() { packet.data_mut() } else { packet.network_mut() };
        let (length, there) = (bytes.first().map_or(0, |first| usize::from(first & 15) * 4), bytes.len());
        match Ipv4Mut::new(bytes) {
            Some(mut header) if (20..=there).contains(&length) => {
                header.fill_header_checksum();
                Verdict::Pass
            }
            _ => {
                if self.drops == 0 {
                    io.message(format_args!("SetIPChecksum: bad input packet"));
                }
                self.drops += 1;
                Verdict::Drop
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::marked;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn sums_a_whole_header_only() {
        let (mut set, mut io) = (SetIpChecksum::new(), ListIo::new(0));
        let mut frame = marked::datagram(17, [1, 2, 3, 4], [5, 6, 7, 8], b"abc");
        let right = frame.data().to_vec();
        frame.data_mut()[10..12].fill(9);
        assert_eq!(set.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.data(), right);
        let mut unmarked = packet(&right);
        assert_eq!(set.action(&mut io, &mut unmarked), Verdict::Pass);
        for bad in [&right[..19], &[0x44; 60], &[0x4f; 59], &[]] {
            assert_eq!(set.action(&mut io, &mut packet(bad)), Verdict::Drop);
        }
        assert_eq!((read(&set, "drops"), io.printed.len()), ("4".into(), 1));
    }
}
