// SPDX-License-Identifier: Apache-2.0
//! # SetTCPChecksum
//! `SetTCPChecksum([FIXOFF])` — sets the TCP checksum.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** TCP packets with a marked IP header; the protocol is not looked at.
//!
//! **Description:** sums the segment, as long as the IP header says, and the pseudo header, and writes the checksum. With
//! FIXOFF true a data offset of less than 20 bytes becomes 20, and one beyond the segment's end becomes that. A packet
//! without a whole segment is dropped with a message.
//!
//! **Handlers:** `bad_length` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> SetTCPChecksum -> ToDevice(wan);`
//!
//! **See also:** `CheckTCPHeader`, `SetIPChecksum`, `SetUDPChecksum`.

use super::{marked, transport_sum};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::tcp::{HEADER_BYTES, field};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct SetTcpChecksum {
    fix_offset: bool,
    bad_length: u64,
}

impl SetTcpChecksum {
    /// Corrects the data offset if `fix_offset`.
    pub const fn new(fix_offset: bool) -> Self {
        SetTcpChecksum { fix_offset, bad_length: 0 }
    }

    /// Sets the checksum: false if it could not.
    #[inline]
    fn set(&self, packet: &mut Packet) -> bool {
        let Some(header) = marked::header(packet) else { return false };
        let length = marked::total_length(header).saturating_sub(marked::header_length(header));
        let fragment = marked::flags_and_offset(header) & 0x3fff != 0;
        if length < HEADER_BYTES || packet.transport().len() < length {
            return false;
        }
        if self.fix_offset {
            let words = &mut packet.transport_mut()[field::DATA_OFFSET];
            let offset = usize::from(*words >> 4) * 4;
            if offset < HEADER_BYTES {
                *words = *words & 0x0f | 0x50;
            } else if offset > length && !fragment {
                *words = *words & 0x0f | ((length / 4) << 4) as u8;
            }
        }
        transport_sum::fill(packet, field::CHECKSUM.start, length)
    }
}

impl Element for SetTcpChecksum {
    const SPEC: Spec = Spec {
        class: "SetTCPChecksum",
        category: Category::Transport,
        summary: "sets the TCP checksum",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument {
            name: "FIXOFF",
            kind: ArgumentKind::Optional,
            doc: "correct the data offset? false by default",
        }],
        handlers: &[Handler { name: "bad_length", kind: HandlerKind::Drops, doc: "packets without a whole segment" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "bad_length" => write!(out, "{}", self.bad_length)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetTcpChecksum {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let fix_offset = arguments.optional("FIXOFF", false)?;
        Some(crate::configure::Instance::new("SetTcpChecksum", format!("SetTcpChecksum::new({fix_offset})")))
    }
}

impl Action for SetTcpChecksum {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        if self.set(packet) {
            return Verdict::Pass;
        }
        self.bad_length += 1;
        io.message(format_args!("SetTCPChecksum: bad lengths"));
        Verdict::Drop
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::tcp::Tcp;

    fn segment(data_offset: u8) -> Packet {
        let mut tcp = [7; 25];
        tcp[field::DATA_OFFSET] = data_offset;
        marked::datagram(6, [192, 0, 2, 1], [192, 0, 2, 2], &tcp)
    }

    #[test]
    fn sums_whole_segments() {
        let (mut set, mut io) = (SetTcpChecksum::new(false), ListIo::new(0));
        let (mut frame, mut short) = (segment(0x50), segment(0x50));
        assert_eq!(set.action(&mut io, &mut frame), Verdict::Pass);
        assert!(Tcp::new_checked(frame.transport()).unwrap().is_intact(0xc000_0201, 0xc000_0202));
        short.truncate(44);
        let mut tiny = marked::datagram(6, [1; 4], [2; 4], &[7; 19]);
        for bad in [&mut short, &mut tiny, &mut packet(&[])] {
            assert_eq!(set.action(&mut io, bad), Verdict::Drop);
        }
        assert_eq!((read(&set, "bad_length"), io.printed.len()), ("3".into(), 3));
    }

    #[test]
    fn fixes_the_data_offset_on_demand() {
        for (before, after) in [(0x4f, 0x5f), (0x50, 0x50), (0x60, 0x60), (0x70, 0x60), (0xf1, 0x61)] {
            let mut frame = segment(before);
            assert_eq!(SetTcpChecksum::new(true).action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
            assert_eq!(frame.transport()[field::DATA_OFFSET], after);
        }
    }
}
