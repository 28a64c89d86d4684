// SPDX-License-Identifier: Apache-2.0
//! # IPAddrPairRewriter
//! `IPAddrPairRewriter(INPUTSPEC, … [, TIMEOUT, GUARANTEE, REAP_INTERVAL, MAPPING_CAPACITY, REPLY_ANNO])` — rewrites IP
//! packets' addresses by address pair.
//!
//! **Ports:** one push input per INPUTSPEC, one or more push outputs.
//!
//! **Expects:** IP packets whose network header is marked.
//!
//! **Description:** between `IPAddrRewriter` and `IPRewriter`: a flow is what goes from one address to another, and back. The
//! INPUTSPEC `pattern SADDR DADDR FOUTPUT ROUTPUT` takes the source SADDR (a range or a prefix: one that no other flow to that
//! destination has, by chance or, with `#` behind, in order) and the destination DADDR, `-` for the packet's own; `drop`, `pass`,
//! `keep` and an element's name are as for `IPRewriter`.
//!
//! A flow ends after TIMEOUT (2 hours) without a packet; GUARANTEE is 5 seconds. See `IPRewriter` for the rest. All packets
//! are rewritten, fragments too; the checksums of TCP and UDP with them.
//!
//! **Notes:** as for `IPRewriter`.
//!
//! **Handlers:** `table`, `mappings` (read: flows, at most 256 or as many as the parameter says), `table_size`, `nmappings`,
//! `size`, `patterns` (read), `capacity`, `pattern0`, … (read, write), `clear` (write), `mapping_failures`, `dropped`,
//! `not_rewritable` (drops).
//!
//! **Example:** `nat :: IPAddrPairRewriter(pattern 192.0.2.0/24 - 0 1, drop);
//! FromDevice(lan) -> Strip(14) -> CheckIPHeader -> [0]nat[0] -> Discard;
//! FromDevice(wan) -> Strip(14) -> CheckIPHeader -> [1]nat[1] -> Discard;`
//!
//! **See also:** `IPRewriter`, `IPAddrRewriter`.

use crate::Spec;
use crate::flows::{Entry, Flow, FlowId, FlowTable, Ipv4, Kind, Rewriter, View, age, arguments};
use crate::spec::{Category, Shape};
use core::fmt;

/// Pairs of addresses.
pub struct AddressPair;

/// See the module's documentation.
pub type IpAddrPairRewriter<const N: usize = 1> = Rewriter<AddressPair, N>;

impl Kind for AddressPair {
    const SPEC: Spec = Spec {
        class: "IPAddrPairRewriter",
        category: Category::Rewriting,
        summary: "rewrites IP packets' addresses by address pair",
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
            arguments::REPLY_ANNO,
        ],
        handlers: crate::flows::handlers![
            "table": "flows, at most as many as the parameter says",
            "mappings": "table, as it was called"
        ],
    };
    const RUST: &'static str = "IpAddrPairRewriter";
    const NEW: Self = AddressPair;

    #[inline(always)]
    fn identify(view: &View<'_>) -> Option<(u8, FlowId)> {
        Some((0, FlowId { source: view.source(), destination: view.destination(), ..FlowId::NONE }))
    }

    fn accepts(new: &FlowId) -> bool {
        (new.source_port, new.destination_port) == (0, 0)
    }

    #[inline(always)]
    fn rewrite(&mut self, flow: &mut Flow, direction: usize, view: &mut View<'_>) -> u8 {
        view.rewrite_addresses(flow, direction);
        if view.is_first() {
            view.change_transport_checksum(flow.transport_change(direction));
        }
        age::PLAIN
    }

    fn find_answer<const N: usize>(table: &FlowTable<N>, _protocol: u8, id: &FlowId) -> Option<Entry> {
        table.find(0, &FlowId { source_port: 0, destination_port: 0, ..*id })
    }

    fn fill(new: FlowId, id: &FlowId, _direction: usize) -> FlowId {
        FlowId { source: new.source, destination: new.destination, ..*id }
    }

    fn describe(&self, flow: &Flow, direction: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        let (id, new) = (flow.ids[direction & 1], flow.rewritten(direction));
        write!(out, "({}, {}) => ", Ipv4(id.source), Ipv4(id.destination))?;
        write!(out, "({}, {})", Ipv4(new.source), Ipv4(new.destination))
    }

    #[cfg(feature = "host")]
    fn timing(arguments: &mut crate::configure::Arguments) -> Option<crate::flows::Timing> {
        Some(super::ip_addr_rewriter::timing(arguments, 7200))
    }
}
