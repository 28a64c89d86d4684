// SPDX-License-Identifier: Apache-2.0
//! # ConnTrack
//! `ConnTrack([FLOWS, LOOSE, TCP_OPENING, TCP_ESTABLISHED, TCP_CLOSING, TCP_CLOSED, UDP, UDP_STREAM, ICMP, OTHER])` — tells what packets
//! are to connections.
//!
//! **Ports:** any number of inputs, and as many outputs: a packet leaves by the output of its input's number.
//!
//! **Expects:** the network header annotation, as `CheckIPHeader` and `CheckIP6Header` set it.
//!
//! **Description:** says of each packet, for the `StatefulFilter` behind it, what it is to the connections that passed that:
//!
//! - `new`: it would begin one, or belongs to one that nobody has answered;
//! - `established`: it belongs to one that both ends know of;
//! - `related`: it is an ICMP error about a packet of a known one;
//! - `invalid`: it fits to nothing: a TCP segment without its SYN, outside of its windows (van Rooij 2000) or with flags that make no
//!   sense, an answer that nobody asked for, an error that quotes what nobody sent, headers that contradict themselves;
//! - `untracked`: ICMP of the link itself, such as IPv6 neighbours and routers, and packets without a network header.
//!
//! A TCP connection begins with SYN, unless LOOSE is true: then in its middle, too. RST ends it where its receiver will believe
//! it (RFC 5961 §3.2). Other protocols' connections are their packets with the same addresses and ports, or an ICMP question's with its
//! identifier, until they are quiet for a while.
//!
//! FLOWS connections (65536 by default) are remembered. If there is no room for another one, it takes the place of one that is half
//! open (a SYN that was not answered and acknowledged, a datagram that was not answered) or over; where all around it are established
//! it does not begin. So no flood of packets makes the tracker forget a connection that two ends agreed on. Half-open ones are
//! forgotten after TCP_OPENING (60 s), UDP (30 s), ICMP (60 s) and OTHER (10 min) without a packet, others after TCP_ESTABLISHED
//! (2 h 4 min, RFC 5382), TCP_CLOSING (4 min), TCP_CLOSED (10 s) and UDP_STREAM (2 min, RFC 4787).
//!
//! Fragments: all follow the first one of their datagram, which has the ports. It must come before the others; one that overlaps
//! another ends the datagram (RFC 5722). The rest of 64 datagrams is awaited at a time, for 30 s. Where fragments come out of order, put
//! an `IPReassembler` in front.
//!
//! **Notes:** NAT belongs behind the `StatefulFilter`, or before the `ConnTrack` of both directions: it must see the same
//! addresses there and back. FTP, SIP and others that name ports in their data have no helpers: their data connections are new ones. SACK is
//! not looked at. A connection takes 107 bytes.
//!
//! **Handlers:** `connections` (read: how many), `table` (read: at most 256, or as many as the parameter says, a line each: ends, protocol,
//! state, seconds from its last packet to the last one of all), `new`, `established`, `related`, `invalid`, `untracked`, `fragments` (read: packets),
//! `evicted` (read: half-open connections that gave way), `refused` (read: connections that there was no room for), `clear` (write: forgets all).
//!
//! **Example:** `ct :: ConnTrack; lan :: CheckIPHeader(14); wan :: CheckIPHeader(14); FromDevice(lan) -> lan; FromDevice(wan) -> wan;
//! lan -> ct -> StatefulFilter(ct, allow state new|established|related, deny all) -> ToDevice(wan);
//! wan -> [1] ct [1] -> StatefulFilter(ct, allow state established|related, deny all) -> ToDevice(lan);`
//!
//! **See also:** `StatefulFilter`, `IPFilter`, `IPReassembler`.

use crate::conntrack::{Memory, State, Timeouts, Tracker};
use crate::flow_table::tick;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Ahead, Batch, Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// Lines of the handler `table`, unless somebody wants more.
const LINES: usize = 256;

/// See the module's documentation.
pub struct ConnTrack {
    tracker: Tracker,
    /// When the last packet came, in ticks.
    now: u32,
    /// Packets by what they were.
    counts: [u64; 7],
}

impl ConnTrack {
    /// A tracker that remembers as `timeouts` say; see [`Tracker::new`].
    pub const fn new(timeouts: Timeouts, loose: bool) -> Self {
        ConnTrack { tracker: Tracker::new(timeouts, loose), now: 0, counts: [0; 7] }
    }

    /// Keeps connections in `memory`.
    pub fn lend<const BUCKETS: usize, const FLOWS: usize>(&mut self, memory: &'static mut [Memory<BUCKETS, FLOWS>]) {
        self.tracker.lend(memory);
    }

    /// What it knows.
    #[inline]
    pub fn tracker(&mut self) -> &mut Tracker {
        &mut self.tracker
    }

    fn write_table(&self, most: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        for (key, known, quiet) in self.tracker.table().flows(self.now).take(most) {
            // A tick has 2^30 ns.
            let seconds = (u64::from(quiet) << 30) / 1_000_000_000;
            let way = if known.upwards { '>' } else { '<' };
            writeln!(out, "{key} {way} {} {seconds}", known.word())?;
        }
        Ok(())
    }
}

const fn time(name: &'static str, doc: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc }
}

impl Element for ConnTrack {
    const SPEC: Spec = Spec {
        class: "ConnTrack",
        category: Category::Classification,
        summary: "tells what packets are to connections",
        ports: "1-/1-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            time("FLOWS", "connections to remember; 65536 by default"),
            time("LOOSE", "whether TCP connections may be met in their middle; false"),
            time("TCP_OPENING", "how long a TCP connection that opens is remembered; 60 s"),
            time("TCP_ESTABLISHED", "how long an established one; 7440 s"),
            time("TCP_CLOSING", "how long one of which an end has closed; 240 s"),
            time("TCP_CLOSED", "how long one that is over; 10 s"),
            time("UDP", "how long UDP that was not answered; 30 s"),
            time("UDP_STREAM", "how long UDP that was; 120 s"),
            time("ICMP", "how long a question of ICMP; 60 s"),
            time("OTHER", "how long other protocols; 600 s"),
        ],
        handlers: &[
            Handler { name: "connections", kind: HandlerKind::Read, doc: "connections that are remembered" },
            Handler { name: "table", kind: HandlerKind::Read, doc: "connections: ends, protocol, direction, state, seconds quiet" },
            Handler { name: "new", kind: HandlerKind::Read, doc: "packets that would begin a connection" },
            Handler { name: "established", kind: HandlerKind::Read, doc: "packets of connections that both ends know" },
            Handler { name: "related", kind: HandlerKind::Read, doc: "ICMP errors about known connections" },
            Handler { name: "invalid", kind: HandlerKind::Read, doc: "packets that fit to nothing" },
            Handler { name: "untracked", kind: HandlerKind::Read, doc: "packets of no connection" },
            Handler { name: "fragments", kind: HandlerKind::Read, doc: "fragments behind the first" },
            Handler { name: "evicted", kind: HandlerKind::Read, doc: "half-open connections that gave way" },
            Handler { name: "refused", kind: HandlerKind::Read, doc: "connections that there was no room for" },
            Handler { name: "clear", kind: HandlerKind::Write, doc: "forgets all connections" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let (name, parameter) = name.split_once(' ').unwrap_or((name, ""));
        let table = self.tracker.table();
        let state = match name {
            "connections" => return Ok(write!(out, "{}", table.size())?),
            "evicted" => return Ok(write!(out, "{}", table.evicted)?),
            "refused" => return Ok(write!(out, "{}", self.tracker.refused)?),
            "table" if parameter.is_empty() => return Ok(self.write_table(LINES, out)?),
            "table" => return Ok(self.write_table(parameter.parse().map_err(|_| HandlerError::BadValue)?, out)?),
            "fragments" => State::Later,
            name => State::of_name(name).ok_or(HandlerError::Unknown)?,
        };
        Ok(write!(out, "{}", self.counts[state as usize])?)
    }

    fn write_handler(&mut self, name: &str, _: &str) -> Result<(), HandlerError> {
        match name {
            "clear" => self.tracker.clear(),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

impl Route for ConnTrack {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: &mut Packet) -> Option<usize> {
        self.now = tick(io.now_ns());
        let state = self.tracker.sight(packet.network(), self.now);
        self.counts[state as usize] += 1;
        packet.annotations_mut().connection = state as u8;
        Some(input)
    }
}

impl Ahead for ConnTrack {
    fn ahead(&mut self, now_ns: u64, batch: &Batch) {
        self.tracker.look_ahead(batch, tick(now_ns));
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ConnTrack {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Instance, Nanoseconds};
        const MOST_FLOWS: usize = 4 << 20;
        const FLOWS: usize = 65_536;
        let flows = arguments.keyword("FLOWS").unwrap_or(FLOWS);
        if !(1..=MOST_FLOWS).contains(&flows) {
            arguments.error_last(format!("'{flows}' connections"), format!("1 to {MOST_FLOWS}"));
        }
        let loose = arguments.keyword("LOOSE").unwrap_or(false);
        let mut timeouts = String::new();
        for (name, seconds) in [
            ("TCP_OPENING", 60),
            ("TCP_ESTABLISHED", 7440),
            ("TCP_CLOSING", 240),
            ("TCP_CLOSED", 10),
            ("UDP", 30),
            ("UDP_STREAM", 120),
            ("ICMP", 60),
            ("OTHER", 600),
        ] {
            let Nanoseconds(time) = arguments.keyword(name).unwrap_or(Nanoseconds(seconds * 1_000_000_000));
            let ticks = (time.div_ceil(1 << 30)).clamp(1, u64::from(u32::MAX / 2));
            timeouts += &format!("{}: {ticks}, ", name.to_lowercase());
        }
        if surroundings.inputs != surroundings.outputs {
            let found = format!("{} inputs and {} outputs", surroundings.inputs, surroundings.outputs);
            arguments.error(found, Some("an output for each input".into()));
            return None;
        }
        let expression = format!("ConnTrack::new(nf_elements::conntrack::Timeouts {{ {timeouts}}}, {loose})");
        let instance = Instance::new("ConnTrack", expression);
        Some(crate::flow_table::with_flows(instance, "conntrack", flows).looking_ahead(true))
    }
}
