// SPDX-License-Identifier: Apache-2.0
//! # IPAddrRewriter
//! `IPAddrRewriter(INPUTSPEC, … [, TIMEOUT, GUARANTEE, REAP_INTERVAL, MAPPING_CAPACITY, REPLY_ANNO])` — rewrites IP packets'
//! addresses.
//!
//! **Ports:** one push input per INPUTSPEC, one or more push outputs.
//!
//! **Expects:** IP packets whose network header is marked.
//!
//! **Description:** network address translation: each inner host has an outer address of its own. A packet from an inner
//! address that is known gets the outer one as source and leaves by FOUTPUT; otherwise, one to an outer address that is in use
//! gets the inner one as destination and leaves by ROUTPUT. The INPUTSPEC says what happens to others: `drop`, `pass`,
//! `keep` and an element's name are as for `IPRewriter`; `pattern SADDR - FOUTPUT ROUTPUT` takes the outer address SADDR, or
//! an unused one of the range `LOW-HIGH` or the prefix `ADDRESS/LENGTH`, by chance or, with `#` behind, in order.
//!
//! An address ends its use after TIMEOUT (2 hours) without a packet; GUARANTEE is 5 seconds. See `IPRewriter` for the rest.
//! All packets are rewritten, fragments too; the checksums of TCP and UDP with them.
//!
//! **Notes:** as for `IPRewriter`. The destination annotation is set in packets that answer, as in Click.
//!
//! **Handlers:** `table`, `mappings` (read: addresses, at most 256 or as many as the parameter says), `table_size`,
//! `nmappings`, `size`, `patterns` (read), `capacity`, `pattern0`, … (read, write), `clear` (write), `mapping_failures`,
//! `dropped`, `not_rewritable` (drops).
//!
//! **Example:** `nat :: IPAddrRewriter(pattern 192.0.2.0/24 - 0 1, drop);
//! FromDevice(lan) -> Strip(14) -> CheckIPHeader -> [0]nat[0] -> Discard;
//! FromDevice(wan) -> Strip(14) -> CheckIPHeader -> [1]nat[1] -> Discard;`
//!
//! **See also:** `IPRewriter`, `IPAddrPairRewriter`.

use crate::Spec;
use crate::flows::{Entry, Flow, FlowId, FlowTable, Ipv4, Kind, Rewriter, View, age, arguments};
use crate::spec::{Category, Shape};
use core::fmt;

/// Inner addresses, each with an outer one.
pub struct Address;

/// See the module's documentation.
pub type IpAddrRewriter<const N: usize = 1> = Rewriter<Address, N>;

impl Kind for Address {
    const SPEC: Spec = Spec {
        class: "IPAddrRewriter",
        category: Category::Rewriting,
        summary: "rewrites IP packets' addresses",
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
            "table": "addresses, at most as many as the parameter says",
            "mappings": "table, as it was called"
        ],
    };
    const RUST: &'static str = "IpAddrRewriter";
    const NEW: Self = Address;

    #[inline(always)]
    fn identify(view: &View<'_>) -> Option<(u8, FlowId)> {
        // Both addresses, so that `find` can ask for each.
        Some((0, FlowId { source: view.source(), destination: view.destination(), ..FlowId::NONE }))
    }

    const FOUND_BY_NAME: bool = false;

    #[inline(always)]
    fn find<const N: usize>(table: &FlowTable<N>, map: u8, id: &FlowId) -> Option<Entry> {
        let from = FlowId { source: id.source, ..FlowId::NONE };
        let to = FlowId { destination: id.destination, ..FlowId::NONE };
        table.find(map, &from).or_else(|| table.find(map, &to))
    }

    fn name(id: FlowId) -> FlowId {
        FlowId { source: id.source, ..FlowId::NONE }
    }

    fn accepts(new: &FlowId) -> bool {
        (new.destination, new.source_port, new.destination_port) == (0, 0, 0)
    }

    #[inline(always)]
    fn rewrite(&mut self, flow: &mut Flow, direction: usize, view: &mut View<'_>) -> u8 {
        let new = flow.rewritten(direction);
        if direction == 0 {
            view.set_source(new.source);
        } else {
            view.set_destination(new.destination);
        }
        view.change_checksum(flow.header_change(direction));
        if view.is_first() {
            view.change_transport_checksum(flow.transport_change(direction));
        }
        age::PLAIN
    }

    #[inline(always)]
    fn destination(direction: usize, new: &FlowId) -> Option<u32> {
        (direction == 1).then_some(new.destination)
    }

    fn find_answer<const N: usize>(table: &FlowTable<N>, _protocol: u8, id: &FlowId) -> Option<Entry> {
        Self::find(table, 0, id)
    }

    fn fill(new: FlowId, id: &FlowId, direction: usize) -> FlowId {
        if direction == 0 {
            FlowId { source: new.source, ..*id }
        } else {
            FlowId { destination: new.destination, ..*id }
        }
    }

    fn describe(&self, flow: &Flow, direction: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        // An answer is shown by what is not rewritten of it, which is nothing: so does Click.
        write!(out, "{} => {}", Ipv4(flow.ids[direction & 1].source), Ipv4(flow.rewritten(direction).source))
    }

    #[cfg(feature = "host")]
    fn timing(arguments: &mut crate::configure::Arguments) -> Option<crate::flows::Timing> {
        Some(timing(arguments, 7200))
    }
}

/// The timeout of flows that have but one, in seconds unless given.
#[cfg(feature = "host")]
pub(super) fn timing(arguments: &mut crate::configure::Arguments, default: u32) -> crate::flows::Timing {
    use crate::flows::{AGES, reading};
    let timeout_ms = reading::time_of(arguments, &["TIMEOUT"], default);
    let guarantee_ms = reading::time_of(arguments, &["GUARANTEE"], 5);
    reading::timing(arguments, [timeout_ms; AGES], [guarantee_ms; AGES])
}
