// SPDX-License-Identifier: Apache-2.0
//! Looking ahead: in a big table most packets wait for two lines of memory, one of the index and then the flow. Those of a
//! batch are loaded together, each kind in a loop of its own that does nothing else; what they said of each packet is kept.

use super::{Entry, FlowId, FlowTable, Kind, Rewriter, View};
use crate::wire::ipv4;
use crate::{Ahead, BURST, Batch, Packet};
use core::hint::black_box;

/// From so many flows on it pays: with fewer, all lie in the nearest cache.
pub(super) const MANY_FLOWS: u32 = 1000;
/// In a table with room for so many it is worth a batch of its own.
#[cfg(feature = "host")]
pub(super) const MANY_PLACES: usize = 16_384;
/// With fewer packets in a batch there is little to overlap.
const FEW_PACKETS: usize = 4;
/// Bytes of a packet that name its flow, if the IP header has no options; with options nothing is guessed.
const START: usize = ipv4::HEADER_BYTES + 8;

/// For each of the packets that come next an entry which may be its own.
pub(super) struct Guesses {
    entries: [Option<Entry>; BURST],
    /// The next packet's; [`BURST`] if there is none.
    next: usize,
}

impl Guesses {
    pub(super) const NONE: Guesses = Guesses { entries: [None; BURST], next: BURST };

    /// That of the packet which is here now.
    #[inline(always)]
    pub(super) fn take(&mut self) -> Option<Entry> {
        let guess = *self.entries.get(self.next)?;
        self.next += 1;
        guess
    }

    /// There are none.
    pub(super) fn forget(&mut self) {
        self.next = BURST;
    }
}

/// Where in the index a packet's entry is.
#[derive(Clone, Copy)]
struct Place {
    bucket: usize,
    slot: u32,
}

impl<const N: usize> FlowTable<N> {
    #[inline(always)]
    fn place(&self, map: u8, id: &FlowId) -> Place {
        let hash = self.hash(map, id);
        Place { bucket: self.bucket(hash), slot: self.slot(hash, 0) }
    }

    /// An entry at that place, most likely the right one.
    #[inline(always)]
    fn guess(&self, place: Place) -> Option<Entry> {
        self.hits(self.blocks.get(place.bucket)?, place.slot).next()
    }

    /// Whether that entry, which was here and may have ended, is the one of packets `id`.
    #[inline(always)]
    pub(super) fn is(&self, entry: Entry, map: u8, id: &FlowId) -> bool {
        let flow = self.flow(entry.flow());
        flow.live && flow.ids[entry.direction()] == *id && flow.map == map
    }
}

impl<K: Kind, const N: usize> Ahead for Rewriter<K, N> {
    fn ahead(&mut self, _: u64, batch: &Batch) {
        self.guesses.forget();
        if !K::FOUND_BY_NAME || self.table.size() < MANY_FLOWS || batch.len() < FEW_PACKETS {
            return;
        }
        let mut places = [None; BURST];
        let first = BURST - batch.len();
        for (packet, place) in batch.iter().zip(&mut places[first..]) {
            *place = name::<K>(packet).map(|(map, id)| self.table.place(map, &id));
        }
        let index = places.iter().flatten().filter_map(|place| self.table.blocks.get(place.bucket));
        black_box(index.fold(0, |read, block| read ^ block.passed));
        self.guesses.entries = places.map(|place| place.and_then(|place| self.table.guess(place)));
        let flows = self.guesses.entries.iter().flatten().map(|entry| self.table.flow(entry.flow()));
        black_box(flows.fold(0, |read, flow| read ^ flow.last_ms));
        self.guesses.next = first;
    }
}

/// The map and name of a packet's flow, as [`Rewriter`] will find them.
#[inline(always)]
fn name<K: Kind>(packet: &Packet) -> Option<(u8, FlowId)> {
    let mut start: [u8; START] = *packet.network_chunk()?;
    K::identify(&View::new(&mut start)?)
}
