// SPDX-License-Identifier: Apache-2.0
//! # CheckIPHeader
//! `CheckIPHeader([OFFSET, INTERFACES, BADSRC, GOODDST, CHECKSUM, DETAILS])` — checks IPv4 headers.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with an IPv4 header OFFSET bytes from the front.
//!
//! **Description:** checks, in this order, that there are 20 bytes, that the version is 4, that the header length is at
//! least 20, that the total length is not less than that nor more than the packet, that the header's checksum is right
//! (unless CHECKSUM is false), and that the source is not in BADSRC (unless the destination is in GOODDST). Sets the
//! network and transport header annotations and cuts off what follows the total length, such as Ethernet padding. Bad
//! packets leave by output 1, or are dropped if it is not connected.
//!
//! `INTERFACES 192.0.2.1/24 198.51.100.1/25` stands for BADSRC with the broadcast addresses of these networks, 0.0.0.0
//! and 255.255.255.255, and GOODDST with the addresses themselves (RFC 1812 §5.3.7).
//!
//! **Notes:** Click's VERBOSE, and its message at the first bad packet, do not exist: connect output 1 to `Print`.
//! Details are always kept; DETAILS is taken for the sake of Click's configurations.
//!
//! **Handlers:** `drops` (read: bad packets, wherever they went), `drop_details` (read: the same by reason, a table),
//! `short`, `version`, `header_length`, `total_length`, `checksum`, `source` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> CheckIPHeader -> Unstrip(14) -> ToDevice(wan);`
//!
//! **See also:** `Strip`, `IPFilter`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ipv4::{Error, Ipv4};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// The handlers that count by reason, in the order of [`Reason`], and Click's words for them.
const REASONS: [(&str, &str); 6] = [
    ("short", "tiny packet"),
    ("version", "bad IP version"),
    ("header_length", "bad IP header length"),
    ("total_length", "bad IP length"),
    ("checksum", "bad IP checksum"),
    ("source", "bad source address"),
];

#[derive(Clone, Copy)]
enum Reason {
    Short,
    Version,
    HeaderLength,
    TotalLength,
    Checksum,
    Source,
}

impl From<Error> for Reason {
    #[inline(always)]
    fn from(error: Error) -> Self {
        match error {
            Error::Short(_) => Reason::Short,
            Error::Version(_) => Reason::Version,
            Error::HeaderLength(_) => Reason::HeaderLength,
            Error::TotalLength(_) => Reason::TotalLength,
        }
    }
}

/// See the module's documentation.
pub struct CheckIpHeader {
    offset: usize,
    checksum: bool,
    diverts: bool,
    bad_sources: &'static [u32],
    good_destinations: &'static [u32],
    bad: [u64; REASONS.len()],
}

impl CheckIpHeader {
    /// Checks the header at `offset`; `diverts` if output 1 takes the bad packets. Addresses have their first byte
    /// uppermost.
    pub const fn new(
        offset: usize,
        checksum: bool,
        diverts: bool,
        bad_sources: &'static [u32],
        good_destinations: &'static [u32],
    ) -> Self {
        CheckIpHeader { offset, checksum, diverts, bad_sources, good_destinations, bad: [0; REASONS.len()] }
    }

    /// Header length and total length of a good packet.
    #[inline(always)]
    fn check(&self, packet: &Packet) -> Result<(usize, usize), Reason> {
        let header = Ipv4::new_checked(packet.data().get(self.offset..).unwrap_or(&[]))?;
        if self.checksum && !header.is_header_intact() {
            return Err(Reason::Checksum);
        }
        if !self.bad_sources.is_empty() && self.is_bad_source(header.source(), header.destination()) {
            return Err(Reason::Source);
        }
        Ok((header.header_length(), usize::from(header.total_length())))
    }

    #[inline(never)]
    fn is_bad_source(&self, source: u32, destination: u32) -> bool {
        self.bad_sources.contains(&source) && !self.good_destinations.contains(&destination)
    }
}

impl Element for CheckIpHeader {
    const SPEC: Spec = Spec {
        class: "CheckIPHeader",
        category: Category::Ip,
        summary: "checks IPv4 headers",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "OFFSET", kind: ArgumentKind::Optional, doc: "bytes before the header; 0 by default" },
            Argument { name: "INTERFACES", kind: ArgumentKind::Keyword, doc: "this router's ADDRESS/LENGTH, several" },
            Argument { name: "BADSRC", kind: ArgumentKind::Keyword, doc: "addresses that are no source" },
            Argument { name: "GOODDST", kind: ArgumentKind::Keyword, doc: "destinations exempt from BADSRC" },
            Argument { name: "CHECKSUM", kind: ArgumentKind::Keyword, doc: "check it? true by default" },
            Argument { name: "DETAILS", kind: ArgumentKind::Keyword, doc: "without effect: details are always kept" },
        ],
        handlers: &[
            Handler { name: "drops", kind: HandlerKind::Read, doc: "bad packets, dropped or sent to output 1" },
            Handler { name: "drop_details", kind: HandlerKind::Read, doc: "bad packets by reason, a table" },
            Handler { name: "short", kind: HandlerKind::Drops, doc: "packets without 20 bytes at OFFSET" },
            Handler { name: "version", kind: HandlerKind::Drops, doc: "packets whose version is not 4" },
            Handler { name: "header_length", kind: HandlerKind::Drops, doc: "headers shorter than 20 bytes" },
            Handler { name: "total_length", kind: HandlerKind::Drops, doc: "total lengths that lie" },
            Handler { name: "checksum", kind: HandlerKind::Drops, doc: "headers with a wrong checksum" },
            Handler { name: "source", kind: HandlerKind::Drops, doc: "sources in BADSRC" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "drops" => write!(out, "{}", self.bad.iter().sum::<u64>())?,
            "drop_details" => {
                for (count, (_, text)) in self.bad.iter().zip(REASONS) {
                    writeln!(out, "{count}\t{text}")?;
                }
            }
            _ => {
                let reason = REASONS.iter().position(|(reason, _)| *reason == name).ok_or(HandlerError::Unknown)?;
                write!(out, "{}", if self.diverts { 0 } else { self.bad[reason] })?;
            }
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
mod configuration {
    use super::CheckIpHeader;
    use crate::configure::{Arguments, Configure, FromArgument, Instance, Surroundings};
    use std::net::Ipv4Addr;

    /// Addresses separated by white space.
    struct Addresses(Vec<u32>);

    impl FromArgument for Addresses {
        const WANTED: &'static str = "IPv4 addresses separated by spaces";

        fn from_argument(text: &str) -> Option<Self> {
            text.split_whitespace()
                .map(|word| word.parse().ok().map(Ipv4Addr::to_bits))
                .collect::<Option<_>>()
                .map(Addresses)
        }
    }

    /// Addresses with the length of their network's prefix, separated by white space.
    struct Interfaces(Vec<(u32, u32)>);

    impl FromArgument for Interfaces {
        const WANTED: &'static str = "addresses with prefix lengths separated by spaces, like 192.0.2.1/24";

        fn from_argument(text: &str) -> Option<Self> {
            let interface = |word: &str| {
                let (address, length) = word.split_once('/')?;
                let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
                Some((address.parse().ok().map(Ipv4Addr::to_bits)?, length))
            };
            text.split_whitespace().map(interface).collect::<Option<_>>().map(Interfaces)
        }
    }

    impl Configure for CheckIpHeader {
        fn configure(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<Instance> {
            let offset = arguments.optional("OFFSET", 0u16);
            let interfaces: Option<Interfaces> = arguments.keyword("INTERFACES");
            let bad = arguments.keyword("BADSRC").map_or(Vec::new(), |Addresses(bad)| bad);
            let good = arguments.keyword("GOODDST").map_or(Vec::new(), |Addresses(good)| good);
            let checksum = arguments.keyword("CHECKSUM").unwrap_or(true);
            let _: Option<bool> = arguments.keyword("DETAILS");
            let (bad, good) = with_interfaces(interfaces, bad, good);
            let (offset, diverts) = (offset?, surroundings.outputs > 1);
            let expression = format!("CheckIpHeader::new({offset}, {checksum}, {diverts}, &{bad:?}, &{good:?})");
            Some(Instance::new("CheckIpHeader", expression))
        }
    }

    /// What INTERFACES stands for, before the addresses that were given themselves.
    fn with_interfaces(interfaces: Option<Interfaces>, bad: Vec<u32>, good: Vec<u32>) -> (Vec<u32>, Vec<u32>) {
        let Some(Interfaces(interfaces)) = interfaces else { return (bad, good) };
        let broadcast = |&(address, length): &(u32, u32)| address | u32::MAX.checked_shr(length).unwrap_or(0);
        let all_bad = interfaces.iter().map(broadcast).chain([0, u32::MAX]).chain(bad).collect();
        let all_good = interfaces.iter().map(|(address, _)| *address).chain(good).collect();
        (all_bad, all_good)
    }
}

impl Route for CheckIpHeader {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        match self.check(packet) {
            Ok((header_length, total_length)) => {
                let network_offset = packet.headroom() + self.offset;
                let annotations = packet.annotations_mut();
                annotations.network_offset = network_offset as u16;
                annotations.transport_offset = (network_offset + header_length) as u16;
                packet.truncate(self.offset + total_length);
                Some(0)
            }
            Err(reason) => {
                self.bad[reason as usize] += 1;
                self.diverts.then_some(1)
            }
        }
    }
}

#[cfg(test)]
mod tests;
