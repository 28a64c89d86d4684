// SPDX-License-Identifier: Apache-2.0
//! # SetUDPChecksum
//! `SetUDPChecksum` — sets the UDP checksum.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** UDP packets with a marked IP header; the protocol is not looked at.
//!
//! **Description:** sums the datagram and the pseudo header, and writes the checksum. Fragments, and packets that end
//! before the UDP length, leave by output 1, or are dropped if it is not connected, with a message for the first.
//!
//! **Notes:** a sum of 0 is written as 0xffff, as RFC 768 demands; Click writes 0, which says that there is none.
//!
//! **Handlers:** `fragment_or_short` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> SetUDPChecksum -> ToDevice(wan);`
//!
//! **See also:** `CheckUDPHeader`, `SetIPChecksum`, `SetTCPChecksum`.

use super::{marked, transport_sum};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::wire::udp::{HEADER_BYTES, field};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct SetUdpChecksum {
    name: &'static str,
    diverts: bool,
    bad: u64,
}

impl SetUdpChecksum {
    /// The element of this `name`; `diverts` if output 1 takes the bad packets.
    pub const fn new(name: &'static str, diverts: bool) -> Self {
        SetUdpChecksum { name, diverts, bad: 0 }
    }
}

/// Sets the checksum: false if it could not.
#[inline]
fn set(packet: &mut Packet) -> bool {
    let Some(header) = marked::header(packet) else { return false };
    let Some(udp) = packet.transport().first_chunk::<HEADER_BYTES>() else { return false };
    let length = usize::from(u16::from_be_bytes([udp[4], udp[5]]));
    let fragment = marked::flags_and_offset(header) & 0x3fff != 0;
    !fragment && transport_sum::fill(packet, field::CHECKSUM.start, length)
}

impl Element for SetUdpChecksum {
    const SPEC: Spec = Spec {
        class: "SetUDPChecksum",
        category: Category::Transport,
        summary: "sets the UDP checksum",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[],
        handlers: &[Handler {
            name: "fragment_or_short",
            kind: HandlerKind::Drops,
            doc: "packets that are not a whole datagram",
        }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "fragment_or_short" => write!(out, "{}", self.bad)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetUdpChecksum {
    fn configure(
        _: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let expression = format!("SetUdpChecksum::new({:?}, {})", surroundings.name, surroundings.outputs > 1);
        Some(crate::configure::Instance::new("SetUdpChecksum", expression))
    }
}

impl Route for SetUdpChecksum {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        if set(packet) {
            return Some(0);
        }
        if self.diverts {
            return Some(1);
        }
        if self.bad == 0 {
            io.message(format_args!("{} :: SetUDPChecksum: fragment or short packet", self.name));
        }
        self.bad += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    /// From the tests of wire/udp.rs, without its checksum.
    const UDP: [u8; 11] = [0x30, 0x39, 0, 53, 0, 11, 9, 9, b'a', b'b', b'c'];

    #[test]
    fn sums_whole_datagrams() {
        let (mut set, mut io) = (SetUdpChecksum::new("s", false), ListIo::new(0));
        let whole = || marked::datagram(17, [192, 0, 2, 1], [192, 0, 2, 2], &UDP);
        let mut frame = whole();
        assert_eq!(set.route(&mut io, 0, &mut frame), Some(0));
        assert_eq!(frame.transport()[6..8], [0x87, 0x03]);
        let (mut fragment, mut short) = (whole(), whole());
        fragment.data_mut()[6] = 0x20;
        short.truncate(30);
        for bad in [&mut fragment, &mut short, &mut packet(&[])] {
            assert_eq!(set.route(&mut io, 0, bad), None);
            assert_eq!(SetUdpChecksum::new("", true).route(&mut io, 0, bad), Some(1));
        }
        assert_eq!(read(&set, "fragment_or_short"), "3");
        assert_eq!(io.printed, ["s :: SetUDPChecksum: fragment or short packet"]);
    }
}
