// SPDX-License-Identifier: Apache-2.0
//! Looking ahead in a [`FlowTable`]: the lines of memory that a batch's packets will need are asked for together, first those of
//! the buckets and then those of the flows; what that told about each packet is kept for when it comes.

use super::{FlowKey, FlowTable, Memo, Place};
use crate::{BURST, Batch, Packet};
use core::hint::black_box;

/// With fewer flows all lie in the nearest cache.
const MANY_FLOWS: u32 = 1000;
/// With fewer packets in a batch there is little to overlap.
const FEW_PACKETS: usize = 4;

/// Where a flow may be.
#[derive(Clone, Copy)]
pub struct Guess {
    pub(super) bucket: u32,
    pub(super) way: u32,
}

/// What was found out about the packets that come next.
pub struct Guesses {
    hashes: [u64; BURST],
    /// Bucket and way; a way beyond the last where the flow seems not to be there.
    places: [(u32, u32); BURST],
    /// The next packet's; [`BURST`] if there is none.
    next: usize,
}

impl Guesses {
    /// None.
    pub const NONE: Guesses = Guesses { hashes: [0; BURST], places: [(0, u32::MAX); BURST], next: BURST };

    /// Looks at the packets of `batch`, which come next, and belong to the flows that `key` says.
    #[inline(always)]
    pub fn look<M: Memo>(&mut self, table: &FlowTable<M>, batch: &Batch, key: impl Fn(&Packet) -> FlowKey) {
        self.next = BURST;
        if table.size() < MANY_FLOWS || batch.len() < FEW_PACKETS {
            return;
        }
        let first = BURST - batch.len();
        let mut tags = [0; BURST];
        let (places, tags) = (&mut self.places[first..], &mut tags[first..]);
        for (((packet, hash), place), tag) in
            batch.iter().zip(&mut self.hashes[first..]).zip(&mut *places).zip(&mut *tags)
        {
            *hash = key(packet).hash();
            let (bucket, tag_of_it) = table.home(*hash);
            (place.0, *tag) = (bucket as u32, tag_of_it);
        }
        let buckets = places.iter().filter_map(|(bucket, _)| table.buckets.get(*bucket as usize));
        black_box(buckets.fold(0, |read, bucket| read ^ bucket.line()));
        for ((bucket, way), tag) in places.iter_mut().zip(&*tags) {
            let found =
                table.buckets.get(*bucket as usize).and_then(|bucket| FlowTable::<M>::hits(bucket, *tag).next());
            *way = found.map_or(u32::MAX, |way| way as u32);
        }
        let flows = places.iter().filter_map(|(bucket, way)| table.peek(*bucket, *way));
        black_box(flows.fold(0, |read, kind| read ^ kind));
        self.next = first;
    }

    /// The flow of the packet that is here now: its hash, and where it is in the table.
    #[inline(always)]
    pub fn take<M: Memo>(&mut self, table: &FlowTable<M>, key: &FlowKey, now: u32) -> (u64, Option<Place>) {
        let at = self.next;
        if let Some(place) = self.next_place().and_then(|guess| table.is(guess, key, now)) {
            return (self.hashes[at], Some(place));
        }
        let hash = key.hash();
        (hash, table.find(key, hash, now))
    }

    /// Where the flow of the packet that is here now may be, which is to be seen by [`FlowTable::is`].
    #[inline(always)]
    pub fn next_place(&mut self) -> Option<Guess> {
        let &(bucket, way) = self.places.get(self.next)?;
        self.next += 1;
        Some(Guess { bucket, way })
    }
}
