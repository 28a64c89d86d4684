// SPDX-License-Identifier: Apache-2.0
//! # CheckIP6Header
//! `CheckIP6Header([BADADDRS, OFFSET])` — checks IPv6 headers.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with an IPv6 header OFFSET bytes from the front.
//!
//! **Description:** checks, in this order, that there are 40 bytes, that the version is 6, that the payload length is not
//! more than the packet has, and that the source is none of BADADDRS (addresses with spaces between; the address of ones
//! is always bad). Sets the network and transport header annotations (the latter 40 bytes on, extension headers are not
//! looked at) and cuts off what follows the payload, such as Ethernet padding. Bad packets leave by output 1, or are
//! dropped if it is not connected. The first one makes a message.
//!
//! **Handlers:** `drops` (read: bad packets, wherever they went), `short`, `version`, `payload_length`, `source` (drops; 0
//! while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> CheckIP6Header(::) -> Unstrip(14) -> ToDevice(wan);`
//!
//! **See also:** `MarkIP6Header`, `CheckIPHeader`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ipv6::{Error, HEADER_BYTES, Ipv6};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// The handlers that count by reason.
const REASONS: [&str; 4] = ["short", "version", "payload_length", "source"];

/// See the module's documentation.
pub struct CheckIp6Header {
    offset: usize,
    bad_sources: &'static [u128],
    diverts: bool,
    bad: [u64; REASONS.len()],
}

impl CheckIp6Header {
    /// Checks the header at `offset`; `diverts` if output 1 takes the bad packets.
    pub const fn new(offset: usize, bad_sources: &'static [u128], diverts: bool) -> Self {
        CheckIp6Header { offset, bad_sources, diverts, bad: [0; REASONS.len()] }
    }

    /// The length of the packet from the header on, or an index of [`REASONS`].
    #[inline(always)]
    fn check(&self, bytes: &[u8]) -> Result<usize, usize> {
        let packet = Ipv6::new_checked(bytes).map_err(|error| match error {
            Error::Short(_) => 0,
            Error::Version(_) => 1usize,
            Error::PayloadLength(_) => 2,
        })?;
        let source = packet.source();
        if source == u128::MAX || self.bad_sources.contains(&source) {
            return Err(3);
        }
        Ok(HEADER_BYTES + usize::from(packet.payload_length()))
    }

    #[cold]
    fn complain<M: PacketIo>(&mut self, io: &mut M, reason: usize) -> Option<usize> {
        if self.bad == [0; REASONS.len()] {
            io.message(format_args!("IP6 header check failed"));
        }
        self.bad[reason] += 1;
        self.diverts.then_some(1)
    }
}

impl Element for CheckIp6Header {
    const SPEC: Spec = Spec {
        class: "CheckIP6Header",
        category: Category::Ip6,
        summary: "checks IPv6 headers",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "BADADDRS", kind: ArgumentKind::Optional, doc: "sources to refuse, with spaces between" },
            Argument { name: "OFFSET", kind: ArgumentKind::Optional, doc: "bytes before the header; 0 by default" },
        ],
        handlers: &[
            Handler { name: "drops", kind: HandlerKind::Read, doc: "bad packets, dropped or sent to output 1" },
            Handler { name: "short", kind: HandlerKind::Drops, doc: "packets of fewer than 40 bytes" },
            Handler { name: "version", kind: HandlerKind::Drops, doc: "packets whose version is not 6" },
            Handler { name: "payload_length", kind: HandlerKind::Drops, doc: "packets that lack payload" },
            Handler { name: "source", kind: HandlerKind::Drops, doc: "packets from a bad address" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        if name == "drops" {
            write!(out, "{}", self.bad.iter().sum::<u64>())?;
            return Ok(());
        }
        let reason = REASONS.iter().position(|reason| *reason == name).ok_or(HandlerError::Unknown)?;
        write!(out, "{}", if self.diverts { 0 } else { self.bad[reason] })?;
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for CheckIp6Header {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let addresses = arguments.optional("BADADDRS", crate::configure::Ipv6Addresses(Vec::new()))?;
        let addresses: Vec<_> = addresses.0.iter().map(|address| format!("{address:#x}")).collect();
        let offset = arguments.optional("OFFSET", 0u16)?;
        let (addresses, diverts) = (addresses.join(", "), surroundings.outputs > 1);
        let expression = format!("CheckIp6Header::new({offset}, &[{addresses}], {diverts})");
        Some(crate::configure::Instance::new("CheckIp6Header", expression))
    }
}

impl Route for CheckIp6Header {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        match self.check(packet.data().get(self.offset..).unwrap_or(&[])) {
            Ok(length) => {
                packet.set_network(self.offset, HEADER_BYTES);
                packet.truncate(self.offset + length);
                Some(0)
            }
            Err(reason) => self.complain(io, reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::marked6;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn each_bad_packet_counts_under_its_reason() {
        let (mut check, mut io) = (CheckIp6Header::new(2, &[7], false), ListIo::new(0));
        let good = [&[9, 9], marked6::datagram(17, 1, 2, &[3; 8]).data(), &[0; 4]].concat();
        let mut passed = packet(&good);
        assert_eq!(check.route(&mut io, 0, &mut passed), Some(0));
        assert_eq!((passed.len(), passed.network().len(), passed.transport()), (50, 48, [3; 8].as_slice()));
        let mut bad = |at: usize, value: u8, length: usize| {
            let mut bytes = good.clone();
            bytes[at] = value;
            check.route(&mut io, 0, &mut packet(&bytes[..length]))
        };
        assert_eq!([bad(0, 9, 1), bad(0, 9, 41), bad(2, 0x40, 54), bad(7, 13, 54), bad(25, 7, 54)], [None; 5]);
        assert_eq!(["short", "version", "payload_length", "source", "drops"].map(|name| read(&check, name)), [
            "2", "1", "1", "1", "5"
        ]);
        assert_eq!(io.printed, ["IP6 header check failed"]);
    }

    #[test]
    fn bad_packets_can_leave_by_output_1() {
        let mut check = CheckIp6Header::new(0, &[], true);
        let mut broadcast = marked6::datagram(17, u128::MAX, 2, &[]);
        assert_eq!(check.route(&mut ListIo::new(0), 0, &mut broadcast), Some(1));
        assert_eq!((read(&check, "drops"), read(&check, "source")), ("1".into(), "0".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<CheckIp6Header>(arguments, &Surroundings::default());
        assert_eq!(made(&[]).unwrap().expression, "CheckIp6Header::new(0, &[], false)");
        assert_eq!(made(&["::1 ::2", "14"]).unwrap().expression, "CheckIp6Header::new(14, &[0x1, 0x2], false)");
        assert_eq!(made(&["1.2.3.4"]).unwrap_err().len(), 1);
    }
}
