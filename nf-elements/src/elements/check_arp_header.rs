// SPDX-License-Identifier: Apache-2.0
//! # CheckARPHeader
//! `CheckARPHeader([OFFSET, VERBOSE, DETAILS])` — checks ARP headers.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with an ARP header OFFSET bytes (0, unless given) from the front.
//!
//! **Description:** checks, in this order, that there are 8 bytes, and the four addresses whose lengths they say; that
//! Ethernet's addresses have 6 bytes, IPv4's 4 and IPv6's 16. Other hardware and protocols may have any. Sets the network header annotation.
//! Bad packets leave by output 1, or are dropped if it is not connected. The first bad packet (each, if VERBOSE) makes a
//! message.
//!
//! **Notes:** details are always kept; DETAILS is taken for the sake of Click's configurations.
//!
//! **Handlers:** `drops` (read: bad packets, wherever they went), `drop_details` (read: the same by reason, a table),
//! `short`, `addresses`, `hardware`, `protocol` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> Classifier(12/0806) -> CheckARPHeader(14) -> ARPPrint -> Discard;`
//!
//! **See also:** `ARPPrint`, `ARPResponder`, `ARPQuerier`.

use super::complaints::{self, Complaints, Reasons};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::arp::{FIXED_BYTES, HARDWARE_ETHERNET};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// The handlers that count by reason, and Click's words for them.
const REASONS: Reasons<4> = [
    ("short", "tiny packet"),
    ("addresses", "too small for addresses"),
    ("hardware", "bad hardware type/length"),
    ("protocol", "bad protocol type/length"),
];
const SHORT: usize = 0;
const ADDRESSES: usize = 1;
const HARDWARE: usize = 2;
const PROTOCOL: usize = 3;

/// See the module's documentation.
pub struct CheckArpHeader {
    offset: usize,
    complaints: Complaints<4>,
}

impl CheckArpHeader {
    /// Checks the header at `offset`. Messages begin with `opening`; `diverts` if output 1 takes the bad packets.
    pub const fn new(offset: usize, opening: &'static str, verbose: bool, diverts: bool) -> Self {
        CheckArpHeader { offset, complaints: Complaints::new(&REASONS, opening, verbose, diverts) }
    }

    /// The header's length, addresses included, or what is wrong with it, an index of [`REASONS`].
    #[inline]
    fn check(&self, packet: &Packet) -> Result<usize, usize> {
        let message = packet.data().get(self.offset..).unwrap_or(&[]);
        let fixed: &[u8; FIXED_BYTES] = message.first_chunk().ok_or(SHORT)?;
        let [hardware, protocol] = [[fixed[0], fixed[1]], [fixed[2], fixed[3]]].map(u16::from_be_bytes);
        let [hardware_length, protocol_length] = [fixed[4], fixed[5]].map(usize::from);
        let length = FIXED_BYTES + 2 * hardware_length + 2 * protocol_length;
        match (protocol, protocol_length) {
            _ if message.len() < length => Err(ADDRESSES),
            _ if hardware == HARDWARE_ETHERNET && hardware_length != 6 => Err(HARDWARE),
            (0x0800, 4) | (0x86dd, 16) => Ok(length),
            (0x0800 | 0x86dd, _) => Err(PROTOCOL),
            _ => Ok(length),
        }
    }
}

impl Element for CheckArpHeader {
    const SPEC: Spec = Spec {
        class: "CheckARPHeader",
        category: Category::Arp,
        summary: "checks ARP headers",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "OFFSET", kind: ArgumentKind::Optional, doc: "bytes before the header; 0 by default" },
            complaints::VERBOSE,
            complaints::DETAILS,
        ],
        handlers: &[
            complaints::DROPS_HANDLER,
            complaints::DROP_DETAILS_HANDLER,
            Handler { name: "short", kind: HandlerKind::Drops, doc: "packets without 8 bytes at OFFSET" },
            Handler { name: "addresses", kind: HandlerKind::Drops, doc: "packets without room for the addresses" },
            Handler { name: "hardware", kind: HandlerKind::Drops, doc: "Ethernet addresses not of 6 bytes" },
            Handler { name: "protocol", kind: HandlerKind::Drops, doc: "IP addresses not of 4 or 16 bytes" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.complaints.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for CheckArpHeader {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let offset: u16 = arguments.optional("OFFSET", 0)?;
        let complaints = Complaints::<4>::configure(arguments, surroundings, "ARP header check failed");
        let expression = format!("CheckArpHeader::new({offset}, {complaints})");
        Some(crate::configure::Instance::new("CheckArpHeader", expression))
    }
}

impl Route for CheckArpHeader {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        match self.check(packet) {
            Ok(length) => {
                packet.set_network(self.offset, length);
                Some(0)
            }
            Err(reason) => self.complaints.complain(io, reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn each_bad_packet_counts_under_its_reason() {
        let (mut check, mut io) = (CheckArpHeader::new(2, "ARP header check failed", false, false), ListIo::new(0));
        let mut message = [9, 9, 0, 1, 8, 0, 6, 4, 0, 1].to_vec();
        message.resize(30, 0);
        let mut good = packet(&message);
        assert_eq!(check.route(&mut io, 0, &mut good), Some(0));
        assert_eq!(good.network(), &message[2..]);
        for (at, value) in [(6, 0), (6, 7), (7, 3), (5, 1)] {
            let mut changed = message.clone();
            changed[at] = value;
            let expected = (at == 5).then_some(0);
            assert_eq!(check.route(&mut io, 0, &mut packet(&changed)), expected, "{at} {value}");
        }
        assert_eq!(check.route(&mut io, 0, &mut packet(&message[..9])), None);
        let counts = ["short", "addresses", "hardware", "protocol", "drops"].map(|name| read(&check, name));
        assert_eq!(counts, ["1", "1", "1", "1", "4"]);
        assert_eq!(io.printed, ["ARP header check failed: bad hardware type/length"]);
    }
}
