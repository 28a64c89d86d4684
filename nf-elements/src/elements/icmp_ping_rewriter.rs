// SPDX-License-Identifier: Apache-2.0
//! # ICMPPingRewriter
//! `ICMPPingRewriter(INPUTSPEC, … [, TIMEOUT, GUARANTEE, REAP_INTERVAL, MAPPING_CAPACITY, DST_ANNO, REPLY_ANNO])` — rewrites
//! ICMP echo requests and replies.
//!
//! **Ports:** one push input per INPUTSPEC, one or more push outputs.
//!
//! **Expects:** ICMP packets whose network header is marked.
//!
//! **Description:** an `IPRewriter` for pings: the identifier is in the place of ports. A request begins a flow as the
//! INPUTSPEC says: `pattern SADDR DADDR IDENTIFIERS FOUTPUT ROUTPUT`, or with four words, the identifiers second; replies to
//! it are rewritten back. A reply to no request is dropped, but for `pass`.
//!
//! A flow ends after TIMEOUT (5 minutes) without a packet; GUARANTEE is 5 seconds. See `IPRewriter` for the rest.
//!
//! **Notes:** as for `IPRewriter`. Other ICMP packets and later fragments are dropped, but for `pass`. An identifier that
//! another flow uses is not taken; Click may take it from that flow.
//!
//! **Handlers:** `table`, `mappings` (read: flows, at most 256 or as many as the parameter says), `table_size`, `nmappings`,
//! `size`, `patterns` (read), `capacity`, `pattern0`, … (read, write), `clear` (write), `mapping_failures`, `dropped`,
//! `not_rewritable` (drops).
//!
//! **Example:** `nat :: ICMPPingRewriter(pattern 192.0.2.1 - 0-65535 0 1, drop);
//! FromDevice(lan) -> Strip(14) -> CheckIPHeader -> [0]nat[0] -> Discard;
//! FromDevice(wan) -> Strip(14) -> CheckIPHeader -> [1]nat[1] -> Discard;`
//!
//! **See also:** `IPRewriter`, `ICMPRewriter`.

use crate::Spec;
use crate::flows::{Entry, Flow, FlowId, FlowTable, ICMP, Ipv4, Kind, Rewriter, View, age, arguments};
use crate::spec::{Category, Shape};
use crate::wire::checksum::{Delta, Sum};
use crate::wire::icmp::field;
use core::fmt;

const ECHO_REPLY: u8 = 0;
const ECHO: u8 = 8;

/// Echo requests and replies. A request's identifier is the source port, one more the destination port; in a reply they are
/// the other way round, so that a flow's reply is its request reversed and never a request of another flow.
pub struct Ping;

/// See the module's documentation.
pub type IcmpPingRewriter<const N: usize = 1> = Rewriter<Ping, N>;

impl Kind for Ping {
    const SPEC: Spec = Spec {
        class: "ICMPPingRewriter",
        category: Category::Rewriting,
        summary: "rewrites ICMP echo requests and replies",
        ports: "1-/1-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            arguments::INPUT_SPECIFICATION,
            arguments::TIMEOUT,
            arguments::GUARANTEE,
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
    const RUST: &'static str = "IcmpPingRewriter";
    const NEW: Self = Ping;

    #[inline(always)]
    fn identify(view: &View<'_>) -> Option<(u8, FlowId)> {
        (view.protocol() == ICMP && view.is_first()).then_some(())?;
        let [kind, _, _, _, high, low] = *view.transport.first_chunk()?;
        let identifier = u16::from_be_bytes([high, low]);
        let id = FlowId {
            source: view.source(),
            destination: view.destination(),
            source_port: identifier,
            destination_port: identifier.wrapping_add(1),
        };
        match kind {
            ECHO => Some((0, id)),
            ECHO_REPLY => Some((0, FlowId { source: id.source, destination: id.destination, ..id.reversed() })),
            _ => None,
        }
    }

    #[inline(always)]
    fn begins(view: &View<'_>) -> bool {
        view.transport.first() == Some(&ECHO)
    }

    fn complete(new: FlowId) -> FlowId {
        FlowId { destination_port: new.source_port.wrapping_add(1), ..new }
    }

    fn flow(map: u8, protocol: u8, id: FlowId, new: FlowId) -> Flow {
        let mut flow = Flow::new(map, protocol, id, new);
        flow.transport_delta = Delta::NONE.replacing(id.source_port.into(), new.source_port.into());
        flow
    }

    #[inline(always)]
    fn rewrite(&mut self, flow: &mut Flow, direction: usize, view: &mut View<'_>) -> u8 {
        view.rewrite_addresses(flow, direction);
        let new = flow.rewritten(direction);
        let identifier = if direction == 0 { new.source_port } else { new.destination_port };
        if let Some(header) = view.transport.first_chunk_mut::<6>() {
            header[field::IDENTIFIER].copy_from_slice(&identifier.to_be_bytes());
            let checksum = u16::from_be_bytes([header[2], header[3]]);
            let changed = flow.transport_change(direction).apply(checksum);
            header[field::CHECKSUM].copy_from_slice(&changed.to_be_bytes());
            if changed == 0 {
                fill_checksum(view.transport);
            }
        }
        age::PLAIN
    }

    fn find_answer<const N: usize>(table: &FlowTable<N>, protocol: u8, id: &FlowId) -> Option<Entry> {
        let (source_port, destination_port) = (id.source_port.wrapping_add(1), id.source_port);
        (protocol == ICMP).then(|| table.find(0, &FlowId { source_port, destination_port, ..*id }))?
    }

    fn describe(&self, flow: &Flow, direction: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        let (id, new) = (flow.ids[direction & 1], flow.rewritten(direction));
        let identifier = |id: FlowId| if direction == 0 { id.source_port } else { id.destination_port };
        write!(out, "({}, {}, {}) => ", Ipv4(id.source), Ipv4(id.destination), identifier(id))?;
        write!(out, "({}, {}, {})", Ipv4(new.source), Ipv4(new.destination), identifier(new))
    }

    #[cfg(feature = "host")]
    fn timing(arguments: &mut crate::configure::Arguments) -> Option<crate::flows::Timing> {
        Some(super::ip_addr_rewriter::timing(arguments, 300))
    }
}

/// A checksum of 0 that was adjusted may have to be 0xffff, if all else is 0 (RFC 1624 §3): sums the message.
#[cold]
pub(super) fn fill_checksum(message: &mut [u8]) {
    if let Some(header) = message.first_chunk_mut::<4>() {
        header[field::CHECKSUM].fill(0);
    }
    let checksum = Sum::new().with(message).checksum();
    if let Some(header) = message.first_chunk_mut::<4>() {
        header[field::CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
    }
}
