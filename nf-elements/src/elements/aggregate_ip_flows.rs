// SPDX-License-Identifier: Apache-2.0
//! # AggregateIPFlows
//! `AggregateIPFlows([TCP_TIMEOUT, TCP_DONE_TIMEOUT, UDP_TIMEOUT, FRAGMENT_TIMEOUT, REAP, ICMP, FRAGMENTS])` — numbers
//! flows.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** sets the aggregate annotation of each TCP or UDP packet to the number of its flow, counted from 1, and
//! the paint annotation to its direction: 0 for that of the flow's first packet, 1 for replies. A flow ends when it was
//! quiet for TCP_TIMEOUT (24 hours by default), after FINs of both sides or a RST for TCP_DONE_TIMEOUT (30 seconds), or
//! for UDP_TIMEOUT (1 minute), as the packets' timestamps say; a SYN after its end begins a new one. With ICMP true, ICMP
//! errors get the number of the flow that they are about, and paint 2 or 3: 2 more than the packet that they quote.
//! Other packets leave by output 1, or are dropped if that is not connected.
//!
//! **Notes:** 16384 flows are kept; when eight share a place in the table, the one that was quiet longest gives way, and
//! gets a new number when it goes on. Later fragments get the number of the first one if that came before them, within
//! FRAGMENT_TIMEOUT (30 seconds) and among the last 64; Click holds fragments back instead, and puts them in order. Click's
//! TRACEINFO and SOURCE do not exist; REAP is taken for the sake of its configurations.
//!
//! **Handlers:** `clear` (write: forgets all flows), `no_flow` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> CheckIPHeader(14) -> AggregateIPFlows -> AggregateCounter -> Discard;`
//!
//! **See also:** `AggregateIP`, `AggregateCounter`.

mod table;

use super::marked;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::tcp::flag;
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;
pub use table::Flow;
use table::{Ends, Fragments, Table, Whole};

/// Flows that the compiler lends.
#[cfg(feature = "host")]
const FLOWS: usize = 16384;

/// What one may say about it, times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// TCP_TIMEOUT.
    pub tcp: u64,
    /// TCP_DONE_TIMEOUT.
    pub tcp_done: u64,
    /// UDP_TIMEOUT.
    pub udp: u64,
    /// FRAGMENT_TIMEOUT.
    pub fragment: u64,
    /// ICMP.
    pub icmp: bool,
    /// FRAGMENTS.
    pub fragments: bool,
}

impl Options {
    /// What Click takes.
    pub const DEFAULT: Options =
        Options { tcp: 24 * 60 * 60, tcp_done: 30, udp: 60, fragment: 30, icmp: false, fragments: true };
}

/// See the module's documentation.
pub struct AggregateIpFlows {
    table: Table,
    fragments: Fragments,
    options: Options,
    diverts: bool,
    next: u32,
    no_flow: u64,
}

impl AggregateIpFlows {
    /// Numbers flows; `diverts` if output 1 takes packets without one.
    pub const fn new(options: Options, diverts: bool) -> Self {
        let table = Table::new();
        let fragments = Fragments::new();
        AggregateIpFlows { table, fragments, options, diverts, next: 1, no_flow: 0 }
    }

    /// Keeps flows in `memory`.
    pub fn lend(&mut self, memory: &'static mut [Flow]) {
        self.table.lend(memory);
    }

    /// Number and direction of the packet's flow; none if it has none.
    #[inline]
    fn number(&mut self, packet: &Packet, seconds: u64) -> Option<(u32, u8)> {
        let outer = marked::header(packet)?;
        let (bytes, mut paint) = match outer[9] {
            1 if self.options.icmp => (quoted(packet)?, 2),
            _ => (packet.network(), 0),
        };
        let header: &[u8; 20] = bytes.first_chunk()?;
        let (source, destination) = (marked::source(header), marked::destination(header));
        let protocol = header[9];
        if !matches!(protocol, 6 | 17) || (source == [0; 4] && destination == [0; 4]) {
            return None;
        }
        let flags = marked::flags_and_offset(header);
        let whole = Whole { source, destination, identification: [header[4], header[5]], protocol };
        if flags & 0x1fff != 0 {
            let since = seconds.saturating_sub(self.options.fragment);
            return self.fragments.recall(whole, since).filter(|_| self.options.fragments);
        }
        let [a, b, c, d] = *bytes.get(marked::header_length(header)..)?.first_chunk::<4>()?;
        let from = (u32::from_be_bytes(source), u16::from_be_bytes([a, b]));
        let to = (u32::from_be_bytes(destination), u16::from_be_bytes([c, d]));
        let (low, high) = if from <= to { (from, to) } else { (to, from) };
        paint |= u8::from(from > to);
        let ends = Ends { low: low.0, high: high.0, ports: u32::from(low.1) << 16 | u32::from(high.1), protocol };
        // Flags of a segment that an ICMP error quotes say nothing about the flow's state.
        let tcp_flags = if protocol == 6 && paint < 2 { packet.transport().get(13).copied() } else { None };
        let flow = self.table.find(ends)?;
        let quiet = seconds.saturating_sub(flow.seconds);
        let timeout = match (protocol, flow.over) {
            (17, _) => self.options.udp,
            (_, 3) => self.options.tcp_done,
            _ => self.options.tcp,
        };
        let again = flow.over == 3 && tcp_flags.is_some_and(|flags| flags & flag::SYN != 0);
        if flow.aggregate == 0 || quiet > timeout || again {
            (flow.aggregate, flow.over, flow.reverse) = (self.next, 0, paint & 1 != 0);
            // 0 stands for no flow.
            self.next = self.next.checked_add(1).unwrap_or(1);
        }
        flow.seconds = seconds;
        paint ^= u8::from(flow.reverse);
        match tcp_flags {
            Some(flags) if flags & flag::RST != 0 => flow.over = 3,
            Some(flags) if flags & flag::FIN != 0 => flow.over |= 1 << paint,
            Some(flags) if flags & flag::SYN != 0 => flow.over = 0,
            _ => {}
        }
        let aggregate = flow.aggregate;
        if flags & 0x2000 != 0 {
            self.fragments.remember(whole, seconds, aggregate, paint);
        }
        Some((aggregate, paint))
    }
}

/// The packet that an ICMP error quotes.
fn quoted(packet: &Packet) -> Option<&[u8]> {
    let header = marked::header(packet)?;
    let message = packet.transport();
    let error = matches!(message.first()?, 3 | 4 | 5 | 11 | 12);
    let quoted = message.get(8..)?;
    let length = marked::header_length(quoted.first_chunk()?);
    let first = marked::flags_and_offset(header) & 0x1fff == 0;
    (error && first && (20..=quoted.len()).contains(&length)).then_some(quoted)
}

impl Element for AggregateIpFlows {
    const SPEC: Spec = Spec {
        class: "AggregateIPFlows",
        category: Category::Measurement,
        summary: "numbers flows",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "TCP_TIMEOUT", kind: ArgumentKind::Keyword, doc: "seconds of quiet; 24 hours by default" },
            Argument { name: "TCP_DONE_TIMEOUT", kind: ArgumentKind::Keyword, doc: "after both FINs; 30 by default" },
            Argument { name: "UDP_TIMEOUT", kind: ArgumentKind::Keyword, doc: "60 by default" },
            Argument { name: "FRAGMENT_TIMEOUT", kind: ArgumentKind::Keyword, doc: "30 by default" },
            Argument { name: "REAP", kind: ArgumentKind::Keyword, doc: "without effect" },
            Argument { name: "ICMP", kind: ArgumentKind::Keyword, doc: "errors too? false by default" },
            Argument { name: "FRAGMENTS", kind: ArgumentKind::Keyword, doc: "later ones too? true by default" },
        ],
        handlers: &[
            Handler { name: "clear", kind: HandlerKind::Write, doc: "forgets all flows" },
            Handler { name: "no_flow", kind: HandlerKind::Drops, doc: "packets that belong to no flow" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "no_flow" => write!(out, "{}", self.no_flow)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, _value: &str) -> Result<(), HandlerError> {
        match name {
            "clear" => self.table.clear(),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for AggregateIpFlows {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Instance, Nanoseconds};
        let default = Options::DEFAULT;
        let mut seconds = |name: &str, default: u64| {
            arguments.keyword(name).map_or(default, |Nanoseconds(time)| time.div_ceil(1_000_000_000))
        };
        let _ = seconds("REAP", 0);
        let options = Options {
            tcp: seconds("TCP_TIMEOUT", default.tcp),
            tcp_done: seconds("TCP_DONE_TIMEOUT", default.tcp_done),
            udp: seconds("UDP_TIMEOUT", default.udp),
            fragment: seconds("FRAGMENT_TIMEOUT", default.fragment),
            icmp: arguments.keyword("ICMP").unwrap_or(default.icmp),
            fragments: arguments.keyword("FRAGMENTS").unwrap_or(default.fragments),
        };
        let options = format!("aggregate_ip_flows::{options:?}");
        let expression = format!("AggregateIpFlows::new({options}, {})", surroundings.outputs > 1);
        let flow = "aggregate_ip_flows::Flow";
        Some(Instance::new("AggregateIpFlows", expression).with_memory(flow, format!("{flow}::EMPTY"), FLOWS))
    }
}

impl Route for AggregateIpFlows {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        if packet.annotations().timestamp_ns == 0 {
            packet.annotations_mut().timestamp_ns = io.now_ns();
        }
        let seconds = packet.annotations().timestamp_ns / 1_000_000_000;
        if let Some((aggregate, paint)) = self.number(packet, seconds) {
            let annotations = packet.annotations_mut();
            (annotations.aggregate, annotations.paint) = (aggregate, paint);
            return Some(0);
        }
        if self.diverts {
            return Some(1);
        }
        self.no_flow += 1;
        None
    }
}

#[cfg(test)]
mod tests;
