// SPDX-License-Identifier: Apache-2.0
//! A flow as it lies in memory, and the block of memory that holds flows and a piece of their index.

use super::FlowId;
use crate::wire::checksum::Delta;

/// Slots of the index in a block.
pub(super) const SLOTS: usize = 15;
/// Flows in a block; each has two slots somewhere.
pub(super) const FLOWS: usize = 4;

/// A flow: one line of the cache, so a packet of it touches that and one line of the index.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Flow {
    /// Its packets as they come in: those of the flow, and those that answer (as the other side sends them, rewritten).
    pub ids: [FlowId; 2],
    /// What rewriting a packet of the flow does to its header checksum; an answer's is the reverse.
    pub header_delta: Delta,
    /// The same for the transport checksum.
    pub transport_delta: Delta,
    /// When it was last used, in milliseconds.
    pub last_ms: u32,
    /// `last_ms` when it took its place in the list of its age.
    pub(super) listed_ms: u32,
    /// The neighbours in that list, or the next free flow: numbers plus one, 0 for none.
    pub(super) previous: u32,
    /// See `previous`.
    pub(super) next: u32,
    /// Which of the rewriter's maps it is in.
    pub map: u8,
    /// Its IP protocol; 0 if it has packets of all.
    pub protocol: u8,
    /// Which timeout it has: see [`super::age`].
    pub age: u8,
    /// What was seen of the connection; its meaning is the rewriter's.
    pub state: u8,
    /// The input that it began at.
    pub input: u8,
    /// The outputs of its packets and of those that answer.
    pub outputs: [u8; 2],
    /// The annotation that packets which answer get.
    pub reply_annotation: u8,
    /// Whether it is in the table.
    pub(super) live: bool,
    /// More about it, kept elsewhere by its rewriter; 0 if nothing.
    pub(super) extra: u8,
}

const _: () = assert!(size_of::<Flow>() == 64);

impl Flow {
    /// A place without a flow: all bytes zero.
    pub const EMPTY: Flow = Flow {
        ids: [FlowId::NONE; 2],
        header_delta: Delta::NONE,
        transport_delta: Delta::NONE,
        last_ms: 0,
        listed_ms: 0,
        previous: 0,
        next: 0,
        map: 0,
        protocol: 0,
        age: 0,
        state: 0,
        input: 0,
        outputs: [0; 2],
        reply_annotation: 0,
        live: false,
        extra: 0,
    };

    /// A flow whose packets `id` become `new`.
    pub fn new(map: u8, protocol: u8, id: FlowId, new: FlowId) -> Self {
        let header_delta = Delta::NONE.replacing(id.source, new.source).replacing(id.destination, new.destination);
        let transport_delta = header_delta.replacing(id.ports(), new.ports());
        Flow { ids: [id, new.reversed()], header_delta, transport_delta, map, protocol, ..Flow::EMPTY }
    }

    /// Whether its rewriter keeps more about it.
    #[inline(always)]
    pub fn has_more(&self) -> bool {
        self.extra != 0
    }

    /// What rewriting a packet in `direction` does to its header checksum.
    #[inline(always)]
    pub fn header_change(&self, direction: usize) -> Delta {
        if direction == 0 { self.header_delta } else { self.header_delta.reversed() }
    }

    /// What rewriting a packet in `direction` does to its transport checksum.
    #[inline(always)]
    pub fn transport_change(&self, direction: usize) -> Delta {
        if direction == 0 { self.transport_delta } else { self.transport_delta.reversed() }
    }

    /// What a packet in `direction` (1: it answers) becomes.
    #[inline(always)]
    pub fn rewritten(&self, direction: usize) -> FlowId {
        self.ids[(direction & 1) ^ 1].reversed()
    }
}

/// Memory for four flows and, in one line of the cache, a bucket of the index.
///
/// A slot is 0, or: bit 31; bits of the hash; the entry's number (twice the flow's, plus the direction) in as many low bits
/// as the table needs. The bits of the hash keep slots of other flows from being looked up, but for a few in a hundred.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Block {
    pub(super) slots: [u32; SLOTS],
    /// How many entries found this bucket full and went on to the next.
    pub(super) passed: u32,
    pub(super) flows: [Flow; FLOWS],
}

const _: () = assert!(size_of::<Block>() == 64 * (1 + FLOWS));

impl Block {
    /// Without flows: all bytes zero.
    pub const EMPTY: Block = Block { slots: [0; SLOTS], passed: 0, flows: [Flow::EMPTY; FLOWS] };

    /// How many blocks hold `flows` flows.
    pub const fn count(flows: usize) -> usize {
        flows.div_ceil(FLOWS)
    }
}
