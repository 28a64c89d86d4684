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

/// What was found out about the packets that come next.
pub struct Guesses {
    hashes: [u64; BURST],
    /// Where the flows seem to be.
    places: [Place; BURST],
    /// The next packet's; [`BURST`] if there is none.
    next: usize,
}

impl Guesses {
    /// None.
    pub const NONE: Guesses = Guesses { hashes: [0; BURST], places: [Place::NONE; BURST], next: BURST };

    /// Looks at the packets of `batch`, which come next, and belong to the flows that `key` says.
    #[inline(always)]
    pub fn look<M: Memo>(&mut self, table: &FlowTable<M>, batch: &Batch, key: impl Fn(&Packet) -> FlowKey) {
        self.next = BURST;
        if table.size() < MANY_FLOWS || batch.len() < FEW_PACKETS {
            return;
        }
        let first = BURST - batch.len();
        let mut homes = [(0, 0); BURST];
        let (places, homes) = (&mut self.places[first..], &mut homes[first..]);
        let mut read = 0;
        for ((packet, hash), home) in batch.iter().zip(&mut self.hashes[first..]).zip(&mut *homes) {
            *hash = key(packet).hash();
            let (bucket, tag) = table.home(*hash);
            *home = (bucket as u32, tag);
        }
        homes.iter().for_each(|(bucket, _)| read ^= table.line(*bucket));
        black_box(read);
        let mut read = 0;
        for (place, (bucket, tag)) in places.iter_mut().zip(homes) {
            *place = table.guess(*bucket, *tag).unwrap_or(Place::NONE);
            read ^= table.peek(*place);
        }
        black_box(read);
        self.next = first;
    }

    /// The flow of the packet that is here now: its hash, and where it is in the table.
    #[inline(always)]
    pub fn take<M: Memo>(&mut self, table: &FlowTable<M>, key: &FlowKey, now: u32) -> (u64, Option<Place>) {
        let at = self.next;
        if let Some(&place) = self.places.get(at) {
            self.next += 1;
            if table.is(place, key, now) {
                return (self.hashes[at], Some(place));
            }
        }
        let hash = key.hash();
        (hash, table.find(key, hash, now))
    }
}

/// A flow that is looked for together with others, and what was found.
#[derive(Clone, Copy)]
pub struct Sought {
    /// Its name.
    pub key: FlowKey,
    /// The hash of that.
    pub hash: u64,
    bucket: u32,
    tag: u8,
    place: Place,
}

impl Sought {
    /// None.
    pub const NONE: Sought = Sought { key: FlowKey::EMPTY, hash: 0, bucket: u32::MAX, tag: 0, place: Place::NONE };
}

impl<M: Memo> FlowTable<M> {
    /// The first step of looking for a flow.
    #[inline(always)]
    pub fn seek(&self, key: FlowKey) -> Sought {
        let hash = key.hash();
        let (bucket, tag) = self.home(hash);
        Sought { key, hash, bucket: bucket as u32, tag, place: Place::NONE }
    }

    /// The second one, of all flows.
    #[inline(always)]
    pub fn seek_all<T>(&self, all: &mut [T], sought: impl Fn(&mut T) -> &mut Sought) {
        let mut read = 0;
        all.iter_mut().for_each(|one| read ^= self.line(sought(one).bucket));
        black_box(read);
        let mut read = 0;
        for one in all {
            let one = sought(one);
            one.place = self.guess(one.bucket, one.tag).unwrap_or(Place::NONE);
            read ^= self.peek(one.place);
        }
        black_box(read);
    }

    /// The last one: where it is; none if it is not there, or [`find`](Self::find) is to look closer.
    #[inline(always)]
    pub fn found(&self, sought: &Sought, now: u32) -> Option<Place> {
        self.is(sought.place, &sought.key, now).then_some(sought.place)
    }
}
