// SPDX-License-Identifier: Apache-2.0
//! What Click's fast sources share: packets of fixed headers at a rate, up to a limit, and the rate that came of it.

use super::handler_value::{boolean, number};
#[cfg(feature = "host")]
use super::pacing::MOST_BYTES;
use super::random::Random;
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::wire::checksum::Sum;
use crate::wire::ethernet;
use crate::wire::ipv4_edit::Ipv4Mut;
use crate::{Batch, HandlerError, Packet, PacketIo};
use core::fmt;

const fn required(name: &'static str, doc: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Required, doc }
}

/// The argument RATE.
pub const RATE: Argument = required("RATE", "packets per second; as many as possible if 0");
/// The argument LIMIT.
pub const LIMIT: Argument = required("LIMIT", "packets in all; without end if negative");
/// The argument LENGTH.
pub const LENGTH: Argument = required("LENGTH", "bytes of a frame, 60 to 1856");
/// The argument SRCETH.
pub const SRCETH: Argument = required("SRCETH", "the Ethernet source");
/// The argument SRCIP.
pub const SRCIP: Argument = required("SRCIP", "the IP source");
/// The argument DSTETH.
pub const DSTETH: Argument = required("DSTETH", "the Ethernet destination");
/// The argument DSTIP.
pub const DSTIP: Argument = required("DSTIP", "the IP destination");
/// The argument FLOWS.
pub const FLOWS: Argument = required("FLOWS", "how many flows, at most 65536");
/// The argument FLOWSIZE.
pub const FLOWSIZE: Argument = required("FLOWSIZE", "packets of a flow, after which its ports change");
/// The argument ACTIVE.
pub const ACTIVE: Argument =
    Argument { name: "ACTIVE", kind: ArgumentKind::Optional, doc: "make packets? true by default" };

/// The handlers that all have.
pub const HANDLERS: &[Handler] = &[
    Handler { name: "count", kind: HandlerKind::Read, doc: "packets made" },
    Handler { name: "rate", kind: HandlerKind::ReadWrite, doc: "what came of RATE, after LIMIT packets; sets RATE" },
    Handler { name: "limit", kind: HandlerKind::Write, doc: "sets LIMIT" },
    Handler { name: "active", kind: HandlerKind::Write, doc: "sets ACTIVE, and begins anew" },
    Handler { name: "reset", kind: HandlerKind::Write, doc: "begins anew" },
];

/// Headers up to the transport header.
const IP_END: usize = ethernet::HEADER_BYTES + 20;
const SECOND: u64 = 1_000_000_000;

/// Frames' fixed part.
pub struct Frame {
    header: [u8; IP_END],
    length: usize,
}

impl Frame {
    /// Frames of `length` bytes, of which at least 60 are made, between these ends.
    pub const fn new(length: usize, source: ([u8; 6], [u8; 4]), destination: ([u8; 6], [u8; 4]), protocol: u8) -> Self {
        let length = if length < 60 { 60 } else { length };
        let bytes = (length - ethernet::HEADER_BYTES) as u16;
        let ([a, b, c, d, e, f], [s0, s1, s2, s3]) = source;
        let ([g, h, i, j, k, l], [d0, d1, d2, d3]) = destination;
        let [high, low] = bytes.to_be_bytes();
        let header = [
            g, h, i, j, k, l, a, b, c, d, e, f, 8, 0, // Ethernet
            0x45, 0, high, low, 0, 0, 0, 0, 250, protocol, 0, 0, s0, s1, s2, s3, d0, d1, d2, d3,
        ];
        Frame { header, length }
    }

    /// Fills a fresh packet with a UDP datagram of these ports.
    pub fn fill_udp(&self, packet: &mut Packet, [source, destination]: [u16; 2], checksum: bool) {
        let mut udp = [0; 8];
        udp[..2].copy_from_slice(&source.to_be_bytes());
        udp[2..4].copy_from_slice(&destination.to_be_bytes());
        udp[4..6].copy_from_slice(&((self.length - IP_END) as u16).to_be_bytes());
        self.fill(packet, &mut udp, checksum.then_some(6));
    }

    /// Fills a fresh packet with `transport`, whose checksum goes to `checksum_at` if given, and zeros.
    pub fn fill(&self, packet: &mut Packet, transport: &mut [u8], checksum_at: Option<usize>) {
        let length = self.length - IP_END;
        if let Some(at) = checksum_at {
            let word = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|byte| self.header[at + byte]));
            // The zeros behind it add nothing.
            let pseudo = Sum::new().with_pseudo_header(word(26), word(30), self.header[23], length as u16);
            let checksum = match pseudo.with(transport).checksum() {
                0 => 0xffff,
                checksum => checksum,
            };
            transport[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
        }
        let mut header = self.header;
        if let Some(mut ip) = Ipv4Mut::new(&mut header[ethernet::HEADER_BYTES..]) {
            ip.fill_header_checksum();
        }
        // The argument parser has checked that a fresh buffer holds the frame.
        let _ = packet.append(&header);
        let _ = packet.append(transport);
        let mut missing = length.saturating_sub(transport.len());
        while missing > 0 {
            let count = missing.min(64);
            let _ = packet.append(&[0; 64][..count]);
            missing -= count;
        }
        packet.set_network(ethernet::HEADER_BYTES, 20);
        packet.annotations_mut().set_destination_ipv4([30, 31, 32, 33].map(|at| header[at]));
    }
}

/// How many packets, and when.
pub struct Pace {
    rate: u32,
    limit: i64,
    active: bool,
    count: u64,
    first_ns: u64,
    /// When the limit was reached.
    last_ns: Option<u64>,
    /// When the second began in which `sent` packets were made.
    began_ns: Option<u64>,
    sent: u64,
}

impl Pace {
    /// The arguments of these names.
    pub const fn new(rate: u32, limit: i64, active: bool) -> Self {
        Pace { rate, limit, active, count: 0, first_ns: 0, last_ns: None, began_ns: None, sent: 0 }
    }

    /// Packets made.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether the limit was reached.
    #[inline]
    pub fn is_over(&self) -> bool {
        u64::try_from(self.limit).is_ok_and(|limit| self.count >= limit)
    }

    /// How many packets the rate allows now.
    #[inline]
    fn due(&mut self, now_ns: u64) -> u64 {
        let rate = u64::from(self.rate);
        if rate == 0 {
            return u64::MAX;
        }
        let mut passed_ns = now_ns.saturating_sub(*self.began_ns.get_or_insert(now_ns));
        if passed_ns >= 2 * SECOND {
            // A pause is not made up for.
            (self.began_ns, self.sent, passed_ns) = (Some(now_ns), 0, 0);
        } else if passed_ns >= SECOND && self.sent >= rate {
            self.began_ns = Some(now_ns - (passed_ns - SECOND));
            (self.sent, passed_ns) = (self.sent - rate, passed_ns - SECOND);
        }
        (passed_ns * rate / SECOND + 1).saturating_sub(self.sent)
    }

    /// Adds the packets to `batch` that are due, at most `most`. `fill` gives each fresh one its data; false ends it, which
    /// after the limit is when nothing more is to be said.
    #[inline]
    pub fn produce<M: PacketIo>(
        &mut self,
        io: &mut M,
        most: usize,
        batch: &mut Batch,
        mut fill: impl FnMut(&mut Packet, bool) -> bool,
    ) {
        if !self.active {
            return;
        }
        let now_ns = io.now_ns();
        let due = self.due(now_ns).min(most.min(batch.room()) as u64);
        for _ in 0..due {
            let Some(mut packet) = io.allocate() else { return };
            if !fill(&mut packet, self.is_over()) {
                return;
            }
            self.sent += 1;
            self.count += 1;
            if self.count == 1 {
                self.first_ns = now_ns;
            }
            if self.is_over() {
                self.last_ns = Some(now_ns);
            }
            // The batch has room: the loop's bound says so.
            let _ = batch.push(packet);
        }
    }

    /// When the next packet is due.
    pub fn deadline_ns(&self) -> Option<u64> {
        let wait_ns = (self.sent * SECOND).div_ceil(u64::from(self.rate).max(1));
        let waits = self.active && !self.is_over() && self.rate > 0;
        self.began_ns.filter(|_| waits).map(|began_ns| began_ns.saturating_add(wait_ns))
    }

    fn reset(&mut self) {
        (self.count, self.first_ns, self.last_ns) = (0, 0, None);
    }

    /// Reads `count` or `rate`.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match (name, self.last_ns) {
            ("count", _) => write!(out, "{}", self.count)?,
            ("rate", None) => out.write_str("0")?,
            ("rate", Some(last_ns)) => {
                let milliseconds = (last_ns.saturating_sub(self.first_ns) / 1_000_000).max(1);
                write!(out, "{}", self.count.saturating_mul(1000) / milliseconds)?;
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Writes `rate`, `limit`, `active` or `reset`: whether it begins anew.
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<bool, HandlerError> {
        match name {
            "rate" => (self.rate, self.began_ns, self.sent) = (number(value)?, None, 0),
            "limit" => self.limit = number(value)?,
            "active" => {
                self.active = boolean(value)?;
                if self.active {
                    self.reset();
                }
                return Ok(self.active);
            }
            "reset" => {
                self.reset();
                return Ok(true);
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(false)
    }
}

/// Reads RATE, LIMIT and LENGTH: numbers as Rust has them.
#[cfg(feature = "host")]
pub fn configure(arguments: &mut crate::configure::Arguments) -> Option<(u32, i64, usize)> {
    let rate: Option<u32> = arguments.required("RATE");
    let limit: Option<i64> = arguments.required("LIMIT");
    let length: Option<usize> = arguments.required("LENGTH");
    if length.is_some_and(|length| length > MOST_BYTES) {
        arguments.error_last("a packet that no buffer holds", format!("at most {MOST_BYTES} bytes"));
    }
    Some((rate?, limit?, length?))
}

/// Reads an Ethernet and an IP address: a pair as Rust has it.
#[cfg(feature = "host")]
pub fn configure_end(arguments: &mut crate::configure::Arguments, names: [&str; 2]) -> Option<String> {
    let ethernet: Option<ethernet::Address> = arguments.required(names[0]);
    let ip: Option<std::net::Ipv4Addr> = arguments.required(names[1]);
    Some(format!("({:?}, {:?})", ethernet?.to_bytes(), ip?.octets()))
}

/// A flow of the sources that make several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Source and destination; both 0 before the first packet.
    ports: [u16; 2],
    /// Packets since the ports changed.
    pub sent: u32,
}

impl Flow {
    /// No packet yet.
    pub const EMPTY: Flow = Flow { ports: [0; 2], sent: 0 };

    /// Counts one more packet: the ports, which are new after `size` of them.
    #[inline]
    pub fn next(&mut self, random: &mut Random, size: u32) -> [u16; 2] {
        if self.sent == size || self.ports == [0; 2] {
            let ports = random.next();
            *self = Flow { ports: [(ports >> 16) as u16, (ports >> 32) as u16 | 1], sent: 0 };
        }
        self.sent += 1;
        self.ports
    }
}

/// Most flows.
pub const MOST_FLOWS: usize = 1 << 16;

/// Reads FLOWS and FLOWSIZE, which is at least `least`.
#[cfg(feature = "host")]
pub fn configure_flows(arguments: &mut crate::configure::Arguments, least: u32) -> Option<(usize, u32)> {
    let flows: Option<usize> = arguments.required("FLOWS");
    if flows.is_some_and(|flows| !(1..=MOST_FLOWS).contains(&flows)) {
        arguments.error_last("a number of flows that there is no memory for", format!("1 to {MOST_FLOWS}"));
    }
    let size: Option<u32> = arguments.required("FLOWSIZE");
    Some((flows?, size?.max(least)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ListIo;

    fn made(pace: &mut Pace, io: &mut ListIo, now_ns: u64) -> usize {
        io.now_ns = now_ns;
        let mut batch = Batch::new();
        pace.produce(io, 32, &mut batch, |_, over| !over);
        batch.len()
    }

    #[test]
    fn packets_come_at_the_rate() {
        let (mut pace, mut io) = (Pace::new(10, -1, true), ListIo::new(0));
        let at_ms = [0, 50, 99, 100, 350, 400, 1000, 1050, 1100, 9000, 9100];
        let counts = at_ms.map(|ms| made(&mut pace, &mut io, ms * 1_000_000));
        assert_eq!(counts, [1, 0, 0, 1, 2, 1, 6, 0, 1, 1, 1]);
        assert_eq!(pace.deadline_ns(), Some(9_200_000_000));
        assert_eq!(made(&mut Pace::new(0, -1, true), &mut io, 0), 32);
    }

    #[test]
    fn the_limit_ends_it_and_tells_the_rate() {
        let (mut pace, mut io) = (Pace::new(1000, 5, true), ListIo::new(0));
        let total: usize = (0..10).map(|ms| made(&mut pace, &mut io, ms * 1_000_000)).sum();
        let mut rate = String::new();
        pace.read_handler("rate", &mut rate).unwrap();
        assert_eq!((total, rate, pace.deadline_ns()), (5, "1250".into(), None));
        assert_eq!(pace.write_handler("reset", ""), Ok(true));
        assert_eq!(made(&mut pace, &mut io, 10_000_000), 5);
        assert_eq!(pace.write_handler("active", "false"), Ok(false));
        pace.write_handler("limit", "100").unwrap();
        assert_eq!(made(&mut pace, &mut io, 20_000_000), 0);
    }
}
