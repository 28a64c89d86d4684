// SPDX-License-Identifier: Apache-2.0
//! # IPRewriter
//! `IPRewriter(INPUTSPEC, … [, TCP_TIMEOUT, TCP_DONE_TIMEOUT, TCP_NODATA_TIMEOUT, TCP_GUARANTEE, UDP_TIMEOUT,
//! UDP_STREAMING_TIMEOUT, UDP_GUARANTEE, REAP_INTERVAL, MAPPING_CAPACITY, DST_ANNO, REPLY_ANNO])` — rewrites TCP and UDP
//! packets' addresses and ports.
//!
//! **Ports:** one push input per INPUTSPEC, one or more push outputs.
//!
//! **Expects:** IP packets whose network header is marked.
//!
//! **Description:** network address and port translation. A packet of a known flow is rewritten as that flow's packets
//! are, checksums included, and leaves by the flow's output FOUTPUT; one that answers is rewritten back and leaves by
//! ROUTPUT. TCP and UDP flows are told apart. The INPUTSPEC of the input says what happens to a packet of no flow:
//!
//! - `drop`: it is dropped.
//! - `pass [OUTPUT]`: it leaves by that output, as do packets that no flow can have.
//! - `keep FOUTPUT ROUTPUT`: it begins a flow whose packets stay as they are.
//! - `pattern SADDR SPORT DADDR DPORT FOUTPUT ROUTPUT`: it begins a flow with these addresses and ports, `-` for its own.
//!   SPORT may be a range `LOW-HIGH`, of which a port is taken that no flow to the same destination has: the packet's own if
//!   it can be, otherwise one by chance; with `?` behind always by chance, with `#` in order.
//! - `pattern NAME FOUTPUT ROUTPUT`: the same with a pattern of an `IPRewriterPatterns`.
//! - an element's name: that `RoundRobinIPMapper` or `SourceIPHashMapper` says how.
//!
//! A flow ends when it had no packet for its timeout: TCP_TIMEOUT (24 hours), for connections without data both ways
//! TCP_NODATA_TIMEOUT (5 minutes), for finished ones TCP_DONE_TIMEOUT (4 minutes), for UDP UDP_TIMEOUT (5 minutes), with three
//! packets and an answer UDP_STREAMING_TIMEOUT (UDP_TIMEOUT). TIMEOUT is TCP_TIMEOUT, and GUARANTEE is TCP_GUARANTEE. Such
//! flows are looked for every REAP_INTERVAL (15 minutes; 0 is never), when a packet comes, and end 32 at a time.
//!
//! At most MAPPING_CAPACITY flows (65536) are in the table, which takes 80 bytes for each. When it is full, a new flow ends
//! the one that has the least time left, but none that had a packet in the last TCP_GUARANTEE or UDP_GUARANTEE (5 seconds
//! each; without a guarantee of its own, 0, a new flow ends none with more time left than itself). If there is none to end,
//! the packet is dropped.
//!
//! **Notes:** later fragments, which have no ports, and packets of other protocols are dropped but for `pass`, as in Click.
//! A UDP checksum of 0 stays 0. MAPPING_CAPACITY is a number: rewriters do not share their capacity; the handler `capacity`
//! goes no higher. Of a range with more than 4096 ports in use in a row, a new flow tries 4097. REPLY_ANNO is PAINT or
//! nothing. Written patterns are no names. The hash is seeded with the time of the first packet, so those who send packets
//! do not know it. Of flows that were used again, with more than 16 others of their kind after them, the order in which they
//! end is not exact.
//!
//! **Handlers:** `tcp_table`, `udp_table` (and `tcp_mappings`, `udp_mappings`; read: flows, at most 256 or as many as the
//! parameter says), `tcp_lookup` (read: what `SADDR SPORT DADDR DPORT`, the parameter, becomes), `table_size` (and
//! `nmappings`), `size`, `patterns` (read), `capacity`, `pattern0`, `pattern1`, … (read, write), `clear` (write),
//! `mapping_failures`, `dropped`, `not_rewritable` (drops).
//!
//! **Example:** `nat :: IPRewriter(pattern 192.0.2.1 1024-65535 - - 0 1, drop);
//! FromDevice(lan) -> Strip(14) -> CheckIPHeader -> [0]nat[0] -> Discard;
//! FromDevice(wan) -> Strip(14) -> CheckIPHeader -> [1]nat[1] -> Discard;`
//!
//! **See also:** `TCPRewriter`, `UDPRewriter`, `IPAddrRewriter`, `ICMPPingRewriter`, `ICMPRewriter`, `IPRewriterPatterns`.

use super::{tcp_rewriter, udp_rewriter};
use crate::Spec;
use crate::flows::{Entry, Flow, FlowId, FlowTable, Kind, Rewriter, TCP, UDP, View, age, arguments};
use crate::spec::{Category, Shape};

/// TCP and UDP, told apart.
pub struct Both;

/// See the module's documentation.
pub type IpRewriter<const N: usize = 1> = Rewriter<Both, N>;

impl Kind for Both {
    const SPEC: Spec = Spec {
        class: "IPRewriter",
        category: Category::Rewriting,
        summary: "rewrites TCP and UDP packets' addresses and ports",
        ports: "1-/1-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            arguments::INPUT_SPECIFICATION,
            tcp_rewriter::TCP_TIMEOUT,
            arguments::TIMEOUT,
            tcp_rewriter::TCP_DONE_TIMEOUT,
            tcp_rewriter::TCP_NODATA_TIMEOUT,
            tcp_rewriter::TCP_GUARANTEE,
            udp_rewriter::UDP_TIMEOUT,
            udp_rewriter::UDP_STREAMING_TIMEOUT,
            udp_rewriter::UDP_GUARANTEE,
            arguments::GUARANTEE,
            arguments::REAP_INTERVAL,
            arguments::MAPPING_CAPACITY,
            arguments::CAPACITY,
            arguments::DST_ANNO,
            arguments::REPLY_ANNO,
        ],
        handlers: crate::flows::handlers![
            "tcp_table": "TCP flows, at most as many as the parameter says",
            "udp_table": "UDP flows, at most as many as the parameter says",
            "tcp_mappings": "tcp_table, as it was called",
            "udp_mappings": "udp_table, as it was called",
            "tcp_lookup": "what the TCP flow that the parameter names becomes"
        ],
    };
    const RUST: &'static str = "IpRewriter";
    const NEW: Self = Both;

    #[inline(always)]
    fn identify(view: &View<'_>) -> Option<(u8, FlowId)> {
        let protocol = view.protocol();
        ((protocol == TCP || protocol == UDP) && view.is_first()).then_some(())?;
        Some((protocol, view.id()?))
    }

    fn map(protocol: u8) -> Option<u8> {
        Some(protocol)
    }

    #[inline(always)]
    fn rewrite(&mut self, flow: &mut Flow, direction: usize, view: &mut View<'_>) -> u8 {
        match flow.map {
            TCP => tcp_rewriter::rewrite(flow, direction, view),
            _ => udp_rewriter::rewrite(flow, direction, view),
        }
    }

    fn flow(map: u8, protocol: u8, id: FlowId, new: FlowId) -> Flow {
        let mut flow = Flow::new(map, protocol, id, new);
        flow.age = if map == TCP { age::TCP_NODATA } else { age::PLAIN };
        flow
    }

    fn find_answer<const N: usize>(table: &FlowTable<N>, protocol: u8, id: &FlowId) -> Option<Entry> {
        table.find(protocol, id)
    }

    fn lists(name: &str, protocol: u8) -> Option<bool> {
        match name {
            "tcp_table" | "tcp_mappings" => Some(protocol == TCP),
            "udp_table" | "udp_mappings" => Some(protocol == UDP),
            _ => None,
        }
    }

    fn looks_up(name: &str) -> Option<u8> {
        (name == "tcp_lookup").then_some(TCP)
    }

    #[cfg(feature = "host")]
    fn timing(arguments: &mut crate::configure::Arguments) -> Option<crate::flows::Timing> {
        Some(tcp_rewriter::timing_with(arguments, udp_rewriter::times))
    }
}
