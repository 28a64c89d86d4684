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

/// A flow that is looked for together with others, and what was found.
#[derive(Clone, Copy)]
pub struct Sought {
    hash: u64,
    bucket: u32,
    tag: u8,
    /// Where it seems to be.
    place: Place,
}

impl Sought {
    /// None.
    pub const NONE: Sought = Sought { hash: 0, bucket: u32::MAX, tag: 0, place: Place::NONE };

    /// The hash of its key.
    pub fn hash(&self) -> u64 {
        self.hash
    }
}

impl<M: Memo> FlowTable<M> {
    /// The first step of looking for a flow.
    #[inline(always)]
    pub fn seek(&self, key: &FlowKey) -> Sought {
        let hash = key.hash();
        let (bucket, tag) = self.home(hash);
        Sought { hash, bucket: bucket as u32, tag, place: Place::NONE }
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
    pub fn found(&self, sought: &Sought, key: &FlowKey, now: u32) -> Option<Place> {
        self.is(sought.place, key, now).then_some(sought.place)
    }
}

/// What was found out about the packets that come next.
pub struct Guesses {
    sought: [Sought; BURST],
    /// The next packet's; [`BURST`] if there is none.
    next: usize,
}

impl Guesses {
    /// None.
    pub const NONE: Guesses = Guesses { sought: [Sought::NONE; BURST], next: BURST };

    /// Looks at the packets of `batch`, which come next, and belong to the flows that `key` says.
    #[inline(always)]
    pub fn look<M: Memo>(&mut self, table: &FlowTable<M>, batch: &Batch, key: impl Fn(&Packet) -> FlowKey) {
        self.next = BURST;
        if table.size() < MANY_FLOWS || batch.len() < FEW_PACKETS {
            return;
        }
        self.next -= batch.len();
        let sought = &mut self.sought[self.next..];
        for (packet, sought) in batch.iter().zip(&mut *sought) {
            *sought = table.seek(&key(packet));
        }
        table.seek_all(sought, |sought| sought);
    }

    /// The flow of the packet that is here now: its hash, and where it is in the table.
    #[inline(always)]
    pub fn take<M: Memo>(&mut self, table: &FlowTable<M>, key: &FlowKey, now: u32) -> (u64, Option<Place>) {
        if let Some(sought) = self.sought.get(self.next) {
            self.next += 1;
            if let Some(place) = table.found(sought, key, now) {
                return (sought.hash, Some(place));
            }
        }
        let hash = key.hash();
        (hash, table.find(key, hash, now))
    }
}
