// SPDX-License-Identifier: Apache-2.0
//! # UDPRewriter
//! `UDPRewriter(INPUTSPEC, … [, TIMEOUT, STREAMING_TIMEOUT, GUARANTEE, REAP_INTERVAL, MAPPING_CAPACITY, DST_ANNO,
//! REPLY_ANNO])` — rewrites UDP packets' addresses and ports.
//!
//! **Ports:** one push input per INPUTSPEC, one or more push outputs.
//!
//! **Expects:** IP packets whose network header is marked.
//!
//! **Description:** an `IPRewriter` with one table for UDP, TCP and DCCP, which it does not tell apart: meant for packets of
//! one protocol. A flow ends after TIMEOUT (5 minutes), one with three packets and an answer after STREAMING_TIMEOUT
//! (TIMEOUT); GUARANTEE is 5 seconds. The names with `UDP_` in front mean the same. See `IPRewriter` for the rest.
//!
//! **Notes:** as for `IPRewriter`. A DCCP checksum is left alone, as in Click, and so is wrong.
//!
//! **Handlers:** `table`, `mappings` (read: flows, at most 256 or as many as the parameter says), `table_size`, `nmappings`,
//! `size`, `patterns` (read), `capacity`, `pattern0`, … (read, write), `clear` (write), `mapping_failures`, `dropped`,
//! `not_rewritable` (drops).
//!
//! **Example:** `nat :: UDPRewriter(pattern 192.0.2.1 1024-65535 - - 0 1, drop);
//! FromDevice(lan) -> Strip(14) -> CheckIPHeader -> [0]nat[0] -> Discard;
//! FromDevice(wan) -> Strip(14) -> CheckIPHeader -> [1]nat[1] -> Discard;`
//!
//! **See also:** `IPRewriter`.

use crate::Spec;
use crate::flows::{DCCP, Flow, FlowId, Kind, Rewriter, TCP, UDP, View, arguments, udp_age};
use crate::spec::{Argument, Category, Shape};

/// UDP_TIMEOUT.
pub const UDP_TIMEOUT: Argument = arguments::keyword("UDP_TIMEOUT", "of UDP flows; 5 minutes");
/// UDP_STREAMING_TIMEOUT.
pub const UDP_STREAMING_TIMEOUT: Argument =
    arguments::keyword("UDP_STREAMING_TIMEOUT", "of UDP flows with three packets and an answer; UDP_TIMEOUT");
/// UDP_GUARANTEE.
pub const UDP_GUARANTEE: Argument = arguments::keyword("UDP_GUARANTEE", "time after a packet; 5 seconds");

/// Protocols with ports in front, not told apart.
pub struct Udp;

/// See the module's documentation.
pub type UdpRewriter<const N: usize = 1> = Rewriter<Udp, N>;

impl Kind for Udp {
    const SPEC: Spec = Spec {
        class: "UDPRewriter",
        category: Category::Rewriting,
        summary: "rewrites UDP packets' addresses and ports",
        ports: "1-/1-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            arguments::INPUT_SPECIFICATION,
            arguments::TIMEOUT,
            UDP_TIMEOUT,
            arguments::keyword("STREAMING_TIMEOUT", "of flows with three packets and an answer; TIMEOUT by default"),
            UDP_STREAMING_TIMEOUT,
            arguments::GUARANTEE,
            UDP_GUARANTEE,
            arguments::REAP_INTERVAL,
            arguments::MAPPING_CAPACITY,
            arguments::CAPACITY,
            arguments::DST_ANNO,
            arguments::REPLY_ANNO,
        ],
        handlers: crate::flows::handlers![
            "table": "flows, at most as many as the parameter says",
            "mappings": "table, as it was called"
        ],
    };
    const RUST: &'static str = "UdpRewriter";
    const NEW: Self = Udp;

    #[inline(always)]
    fn identify(view: &View<'_>) -> Option<(u8, FlowId)> {
        (matches!(view.protocol(), UDP | TCP | DCCP) && view.is_first()).then_some(())?;
        Some((0, view.id()?))
    }

    fn map(_protocol: u8) -> Option<u8> {
        Some(0)
    }

    #[inline(always)]
    fn rewrite(&mut self, flow: &mut Flow, direction: usize, view: &mut View<'_>) -> u8 {
        rewrite(flow, direction, view)
    }

    #[cfg(feature = "host")]
    fn timing(arguments: &mut crate::configure::Arguments) -> Option<crate::flows::Timing> {
        let ([plain_ms, streaming_ms], guarantee_ms) = times(arguments);
        let timeouts_ms = [plain_ms, streaming_ms, plain_ms, plain_ms, plain_ms];
        Some(crate::flows::reading::timing(arguments, timeouts_ms, [guarantee_ms; crate::flows::AGES]))
    }
}

/// Rewrites a packet; the flow's age.
#[inline(always)]
pub(super) fn rewrite(flow: &mut Flow, direction: usize, view: &mut View<'_>) -> u8 {
    view.rewrite_addresses(flow, direction);
    view.set_ports(&flow.rewritten(direction));
    view.change_transport_checksum(flow.transport_change(direction));
    udp_age(flow, direction)
}

/// The timeouts of UDP, plain and streaming, and its guarantee.
#[cfg(feature = "host")]
pub(super) fn times(arguments: &mut crate::configure::Arguments) -> ([u32; 2], u32) {
    use crate::flows::reading::{time, time_of};
    // What an IPRewriter calls TIMEOUT and GUARANTEE is TCP's, and taken already.
    let plain_ms = time_of(arguments, &["TIMEOUT", "UDP_TIMEOUT"], 300);
    let streaming = [time(arguments, "STREAMING_TIMEOUT"), time(arguments, "UDP_STREAMING_TIMEOUT")];
    let streaming_ms = streaming.into_iter().flatten().next().unwrap_or(plain_ms);
    ([plain_ms, streaming_ms], time_of(arguments, &["GUARANTEE", "UDP_GUARANTEE"], 5))
}
