// SPDX-License-Identifier: Apache-2.0
//! # ARPPrint
//! `ARPPrint([LABEL, TIMESTAMP, ETHER, ACTIVE])` — pretty-prints ARP packets, as tcpdump does.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** the network header annotation, as `CheckARPHeader`, `ARPQuerier` and `ARPResponder` set it.
//!
//! **Description:** shows a line for each ARP packet: LABEL; its timestamp, unless TIMESTAMP is false; its Ethernet
//! addresses, if ETHER is true; what it says. Nothing is shown of packets without network header, or while ACTIVE is false.
//!
//! **Notes:** as Click's, it shows nothing of messages that are not about IPv4 with addresses of 4 bytes. A message with
//! fewer than 28 bytes is shown as truncated, where Click would read on. OUTFILE does not exist.
//!
//! **Handlers:** `active` (read, write).
//!
//! **Example:** `FromDevice(lan) -> Classifier(12/0806) -> CheckARPHeader(14) -> ARPPrint(lan) -> Discard;`
//!
//! **See also:** `CheckARPHeader`, `Print`.

use super::handler_value::boolean;
use super::timestamp::Timestamp;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::arp::{HARDWARE_ETHERNET, MESSAGE_BYTES};
use crate::wire::ethernet::{self, Address};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;
use core::net::Ipv4Addr;

/// The trailer encapsulation, RFC 893.
const ETHERTYPE_TRAIL: u16 = 0x1000;

/// See the module's documentation.
pub struct ArpPrint {
    label: &'static str,
    timestamp: bool,
    ether: bool,
    active: bool,
}

impl ArpPrint {
    /// Shows these of each packet behind `label`.
    pub const fn new(label: &'static str, timestamp: bool, ether: bool, active: bool) -> Self {
        ArpPrint { label, timestamp, ether, active }
    }
}

impl Element for ArpPrint {
    const SPEC: Spec = Spec {
        class: "ARPPrint",
        category: Category::Arp,
        summary: "pretty-prints ARP packets",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "LABEL", kind: ArgumentKind::Optional, doc: "shown in front; empty by default" },
            Argument { name: "TIMESTAMP", kind: ArgumentKind::Keyword, doc: "show it? true by default" },
            Argument { name: "ETHER", kind: ArgumentKind::Keyword, doc: "show Ethernet addresses? false by default" },
            Argument { name: "ACTIVE", kind: ArgumentKind::Keyword, doc: "print? true by default" },
        ],
        handlers: &[Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "ACTIVE" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "active" => write!(out, "{}", self.active)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "active" => self.active = boolean(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ArpPrint {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let label = arguments.optional("LABEL", String::new());
        let mut flag = |name, default| arguments.keyword(name).unwrap_or(default);
        let (timestamp, ether, active) = (flag("TIMESTAMP", true), flag("ETHER", false), flag("ACTIVE", true));
        let expression = format!("ArpPrint::new({:?}, {timestamp}, {ether}, {active})", label?);
        Some(crate::configure::Instance::new("ArpPrint", expression))
    }
}

/// A message as tcpdump shows it.
struct Message<'a>(&'a [u8; MESSAGE_BYTES]);

impl Message<'_> {
    fn number(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.0[at], self.0[at + 1]])
    }

    fn ip(&self, at: usize) -> Ipv4Addr {
        Ipv4Addr::new(self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3])
    }

    fn ethernet(&self, at: usize) -> Address {
        Address::new(core::array::from_fn(|i| self.0[at + i]))
    }

    /// Whether Click shows it.
    fn is_shown(&self) -> bool {
        matches!((self.number(2), self.0[5]), (0x0800 | ETHERTYPE_TRAIL, 4)) && self.0[4] != 0
    }
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sha, spa, tha, tpa) = (self.ethernet(8), self.ip(14), self.ethernet(18), self.ip(24));
        if self.number(2) == ETHERTYPE_TRAIL {
            f.write_str("trailer-")?;
        }
        match self.number(6) {
            1 if tha.to_bits() == 0 => write!(f, "arp who-has {tpa} tell {spa}")?,
            1 => write!(f, "arp who-has {tpa} ({tha}) tell {spa}")?,
            2 => write!(f, "arp reply {spa} is-at {sha}")?,
            3 => write!(f, "rarp who-is {tha} tell {sha}")?,
            4 => write!(f, "rarp reply {tha} at {tpa}")?,
            8 => write!(f, "invarp who-is {tha} tell {sha}")?,
            9 => write!(f, "invarp reply {tha} at {tpa}")?,
            operation => write!(f, "arp-#{operation}")?,
        }
        match self.number(0) {
            HARDWARE_ETHERNET => Ok(()),
            hardware => write!(f, "hardware #{hardware}"),
        }
    }
}

/// A packet as it is shown.
struct Line<'a>(&'a ArpPrint, &'a Packet);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line(shown, packet) = self;
        if !shown.label.is_empty() {
            write!(f, "{}: ", shown.label)?;
        }
        if shown.timestamp {
            write!(f, "{}: ", Timestamp(packet.annotations().timestamp_ns))?;
        }
        if shown.ether
            && let Some(header) = packet.before_network()
        {
            let (destination, source) = ethernet::addresses(header);
            write!(f, "{source} > {destination}: ")?;
        }
        match packet.network().first_chunk() {
            Some(message) => Message(message).fmt(f),
            None => write!(f, "truncated-arp ({})", packet.network().len()),
        }
    }
}

impl Action for ArpPrint {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        if self.active && packet.annotations().network_offset != 0 {
            let message = packet.network().first_chunk();
            if message.is_none_or(|message| Message(message).is_shown()) {
                io.message(format_args!("{}", Line(self, packet)));
            }
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};
    use crate::wire::arp::{Operation, Repr};

    fn shown(print: &mut ArpPrint, operation: u16, change: Option<(usize, u8)>, length: usize) -> Vec<String> {
        let (one, other) = (Address::new([2, 0, 0, 0, 0, 1]), Address::new([2, 0, 0, 0, 0, 2]));
        let repr = Repr { operation: Operation::from(operation), sender: (one, 0x0a00_0001), target: (other, 0x0a00_0002) };
        let mut frame = packet(&repr.frame(other)[..14 + length]);
        frame.set_network(14, 28);
        frame.annotations_mut().timestamp_ns = 1_500_000_000;
        if let Some((at, value)) = change {
            frame.data_mut()[14 + at] = value;
        }
        let mut io = ListIo::new(0);
        assert_eq!(print.action(&mut io, &mut frame), Verdict::Pass);
        io.printed
    }

    #[test]
    fn shows_what_tcpdump_does() {
        let mut print = ArpPrint::new("x", false, false, true);
        let texts = [
            (1, "x: arp who-has 10.0.0.2 (02-00-00-00-00-02) tell 10.0.0.1"),
            (2, "x: arp reply 10.0.0.1 is-at 02-00-00-00-00-01"),
            (3, "x: rarp who-is 02-00-00-00-00-02 tell 02-00-00-00-00-01"),
            (4, "x: rarp reply 02-00-00-00-00-02 at 10.0.0.2"),
            (8, "x: invarp who-is 02-00-00-00-00-02 tell 02-00-00-00-00-01"),
            (9, "x: invarp reply 02-00-00-00-00-02 at 10.0.0.2"),
            (5, "x: arp-#5"),
        ];
        for (operation, text) in texts {
            assert_eq!(shown(&mut print, operation, None, 28), [text]);
        }
        assert_eq!(shown(&mut print, 5, Some((1, 6)), 28), ["x: arp-#5hardware #6"]);
        assert_eq!(shown(&mut print, 5, None, 27), ["x: truncated-arp (27)"]);
        assert!(shown(&mut print, 1, Some((5, 16)), 28).is_empty());
        let mut all = ArpPrint::new("", true, true, true);
        assert_eq!(
            shown(&mut all, 2, None, 28),
            ["1.500000: 02-00-00-00-00-01 > 02-00-00-00-00-02: arp reply 10.0.0.1 is-at 02-00-00-00-00-01"]
        );
        all.write_handler("active", "false").unwrap();
        assert!(shown(&mut all, 2, None, 28).is_empty());
    }
}
