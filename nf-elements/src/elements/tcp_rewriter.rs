// SPDX-License-Identifier: Apache-2.0
//! # TCPRewriter
//! `TCPRewriter(INPUTSPEC, … [, TCP_TIMEOUT, TCP_DONE_TIMEOUT, TCP_NODATA_TIMEOUT, TCP_GUARANTEE, REAP_INTERVAL,
//! MAPPING_CAPACITY, DST_ANNO, REPLY_ANNO])` — rewrites TCP packets' addresses, ports and sequence numbers.
//!
//! **Ports:** one push input per INPUTSPEC, one or more push outputs.
//!
//! **Expects:** IP packets whose network header is marked.
//!
//! **Description:** an `IPRewriter` for TCP alone; see there for INPUTSPEC, the timeouts and what happens when the table is
//! full. TIMEOUT is TCP_TIMEOUT, GUARANTEE is TCP_GUARANTEE. Where an `FTPPortMapper` made a connection's data longer or
//! shorter, sequence and acknowledgment numbers follow, those of the option SACK too; the table shows how much, `seq -12`.
//!
//! **Notes:** as for `IPRewriter`. As in Click, of a packet with fewer than 18 bytes of TCP header only the addresses are
//! rewritten.
//!
//! **Handlers:** `table`, `mappings`, `lookup` (read: as the `tcp_…` of `IPRewriter`), `table_size`, `nmappings`, `size`,
//! `patterns` (read), `capacity`, `pattern0`, … (read, write), `clear` (write), `mapping_failures`, `dropped`,
//! `not_rewritable` (drops).
//!
//! **Example:** `nat :: TCPRewriter(pattern 192.0.2.1 1024-65535 - - 0 1, drop);
//! FromDevice(lan) -> Strip(14) -> CheckIPHeader -> [0]nat[0] -> Discard;
//! FromDevice(wan) -> Strip(14) -> CheckIPHeader -> [1]nat[1] -> Discard;`
//!
//! **See also:** `IPRewriter`, `FTPPortMapper`.

use crate::Spec;
use crate::flows::{Flow, FlowId, Kind, Rewriter, Sequences, TCP, View, age, arguments};
use crate::spec::{Argument, Category, Shape};
use crate::wire::tcp::flag;
use core::fmt;

/// TCP_TIMEOUT.
pub const TCP_TIMEOUT: Argument = arguments::keyword("TCP_TIMEOUT", "of connections with data both ways; 24 hours");
/// TCP_DONE_TIMEOUT.
pub const TCP_DONE_TIMEOUT: Argument = arguments::keyword("TCP_DONE_TIMEOUT", "of finished connections; 4 minutes");
/// TCP_NODATA_TIMEOUT.
pub const TCP_NODATA_TIMEOUT: Argument = arguments::keyword("TCP_NODATA_TIMEOUT", "of other connections; 5 minutes");
/// TCP_GUARANTEE.
pub const TCP_GUARANTEE: Argument = arguments::keyword("TCP_GUARANTEE", "time after a packet; 5 seconds");

/// What was seen of a connection, bits of `Flow::state`: its end and data; the answers' are one bit further left.
const DONE: u8 = 1;
const BOTH_DONE: u8 = 3;
const DATA: u8 = 4;
const BOTH_DATA: u8 = 12;

/// TCP alone, and the connections whose sequence numbers `FTPPortMapper` changes.
pub struct Tcp {
    pub(crate) sequences: Sequences,
}

/// See the module's documentation.
pub type TcpRewriter<const N: usize = 1> = Rewriter<Tcp, N>;

impl Kind for Tcp {
    const SPEC: Spec = Spec {
        class: "TCPRewriter",
        category: Category::Rewriting,
        summary: "rewrites TCP packets' addresses, ports and sequence numbers",
        ports: "1-/1-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            arguments::INPUT_SPECIFICATION,
            TCP_TIMEOUT,
            arguments::TIMEOUT,
            TCP_DONE_TIMEOUT,
            TCP_NODATA_TIMEOUT,
            TCP_GUARANTEE,
            arguments::GUARANTEE,
            arguments::REAP_INTERVAL,
            arguments::MAPPING_CAPACITY,
            arguments::CAPACITY,
            arguments::DST_ANNO,
            arguments::REPLY_ANNO,
        ],
        handlers: crate::flows::handlers![
            "table": "flows, at most as many as the parameter says",
            "mappings": "table, as it was called",
            "lookup": "what the flow that the parameter names becomes"
        ],
    };
    const RUST: &'static str = "TcpRewriter";
    const NEW: Self = Tcp { sequences: Sequences::NONE };

    #[inline(always)]
    fn identify(view: &View<'_>) -> Option<(u8, FlowId)> {
        (view.protocol() == TCP && view.is_first()).then_some(())?;
        Some((0, view.id()?))
    }

    fn map(_protocol: u8) -> Option<u8> {
        Some(0)
    }

    #[inline(always)]
    fn rewrite(&mut self, flow: &mut Flow, direction: usize, view: &mut View<'_>) -> u8 {
        let age = rewrite(flow, direction, view);
        if flow.has_more() {
            self.sequences.rewrite(flow, direction, view);
        }
        age
    }

    fn describe(&self, flow: &Flow, direction: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "{} => {}", flow.ids[direction & 1], flow.rewritten(direction))?;
        match self.sequences.later(flow, direction) {
            0 => Ok(()),
            later => write!(out, " seq {later:+}"),
        }
    }

    fn flow(map: u8, protocol: u8, id: FlowId, new: FlowId) -> Flow {
        let mut flow = Flow::new(map, protocol, id, new);
        flow.age = age::TCP_NODATA;
        flow
    }

    fn looks_up(name: &str) -> Option<u8> {
        (name == "lookup").then_some(0)
    }

    #[cfg(feature = "host")]
    fn timing(arguments: &mut crate::configure::Arguments) -> Option<crate::flows::Timing> {
        Some(timing_with(arguments, |_| ([0; 2], 0)))
    }
}

/// Rewrites a segment; the connection's age.
#[inline(always)]
pub(super) fn rewrite(flow: &mut Flow, direction: usize, view: &mut View<'_>) -> u8 {
    view.rewrite_addresses(flow, direction);
    if let Some((header, flags)) = view.tcp() {
        view.set_ports(&flow.rewritten(direction));
        view.change_tcp_checksum(flow.transport_change(direction));
        flow.state = seen(flow.state, direction, flags, view.has_payload(header));
    }
    match flow.state {
        state if state & BOTH_DONE == BOTH_DONE => age::TCP_DONE,
        state if state & BOTH_DATA == BOTH_DATA => age::TCP,
        _ => age::TCP_NODATA,
    }
}

/// What was seen of a connection, after a segment more.
#[inline(always)]
fn seen(state: u8, direction: usize, flags: u8, has_payload: bool) -> u8 {
    let (done, data) = (DONE << direction, if has_payload { DATA << direction } else { 0 });
    let state = state | data;
    if flags & flag::RST != 0 {
        state | BOTH_DONE
    } else if flags & flag::FIN != 0 {
        state | done
    } else if flags & flag::SYN != 0 || has_payload {
        state & !done
    } else {
        state
    }
}

/// The timeouts of TCP and, from `plain`, of what else there is (plain and streaming, and its guarantee).
#[cfg(feature = "host")]
pub(super) fn timing_with(
    arguments: &mut crate::configure::Arguments,
    plain: impl Fn(&mut crate::configure::Arguments) -> ([u32; 2], u32),
) -> crate::flows::Timing {
    use crate::flows::reading::{time_of, timing};
    let nodata_ms = time_of(arguments, &["TCP_NODATA_TIMEOUT"], 300);
    let data_ms = time_of(arguments, &["TCP_TIMEOUT", "TIMEOUT"], 86_400);
    let done_ms = time_of(arguments, &["TCP_DONE_TIMEOUT"], 240);
    let guarantee_ms = time_of(arguments, &["GUARANTEE", "TCP_GUARANTEE"], 5);
    let ([plain_ms, streaming_ms], plain_guarantee_ms) = plain(arguments);
    let timeouts_ms = [plain_ms, streaming_ms, nodata_ms, data_ms, done_ms];
    let guarantees_ms =
        [plain_guarantee_ms, plain_guarantee_ms, guarantee_ms, guarantee_ms, guarantee_ms];
    timing(arguments, timeouts_ms, guarantees_ms)
}
