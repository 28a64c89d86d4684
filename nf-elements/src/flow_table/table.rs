// SPDX-License-Identifier: Apache-2.0
//! The table of flows: bounded, in lent memory, aged.
//!
//! Flows lie one behind another, in the order in which they came: as many as are there, and no more, are spread over the caches. A bucket is a
//! line of the cache: for each of seven flows where it lies, when it was used and a few bits of its hash. A look-up reads that line and the
//! flow's own. A flow whose bucket is full has its entry in a second one, which is looked at only if something had to go there. If both are full,
//! or all memory is used, it takes the place of the one in its bucket that was quiet longest, of those that are over or [yield](Memo::yields). With
//! twice as many entries as flows that seldom happens before all memory is used.

use super::key::{FlowKey, mix};
use super::tags::{Tags, WAYS};

/// Buckets that are searched for a flow whose memory another one may have, when all is used.
const SEARCHED: u32 = 16;

/// The number of buckets for so many flows.
pub const fn buckets(flows: usize) -> usize {
    (2 * flows).div_ceil(WAYS)
}

/// What is remembered about a flow.
pub trait Memo: Copy {
    /// Nothing: all bytes zero.
    const NONE: Self;
    /// What says how long flows are remembered.
    type Timeouts;

    /// Whether it is forgotten after `quiet` ticks without a packet.
    fn is_over(&self, quiet: u32, timeouts: &Self::Timeouts) -> bool;

    /// Whether it may be forgotten earlier, for another flow.
    fn yields(&self) -> bool;

    /// Some word of it, for who wants its line of the cache to be loaded.
    fn word(&self) -> u32;
}

/// A flow with what is remembered.
#[derive(Clone, Copy)]
#[repr(C)]
struct Flow<M> {
    /// Before the key, whose first words are those that are compared: so both lie together.
    memo: M,
    key: FlowKey,
}

/// Seven entries.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Bucket {
    tags: Tags,
    /// When each was used, in ticks.
    seen: [u32; WAYS],
    /// Where each flow lies, counted from 1; 0 where nothing is.
    flows: [u32; WAYS],
}

impl Bucket {
    /// Empty: all bytes zero.
    const EMPTY: Bucket = Bucket { tags: Tags::EMPTY, seen: [0; WAYS], flows: [0; WAYS] };

    #[inline(always)]
    fn is_used(&self, way: usize) -> bool {
        self.tags.get(way) != 0
    }
}

impl<M: Memo> Flow<M> {
    const NONE: Flow<M> = Flow { memo: M::NONE, key: FlowKey::EMPTY };
}

/// Memory for a table; [`buckets`] tells how many of them.
#[repr(C)]
pub struct Memory<M, const BUCKETS: usize, const FLOWS: usize> {
    buckets: [Bucket; BUCKETS],
    flows: [Flow<M>; FLOWS],
}

impl<M: Memo, const BUCKETS: usize, const FLOWS: usize> Memory<M, BUCKETS, FLOWS> {
    /// All bytes zero.
    pub const EMPTY: Self = Memory { buckets: [Bucket::EMPTY; BUCKETS], flows: [Flow::NONE; FLOWS] };
}

/// Says that an entry was not looked at yet.
const EXISTS: u32 = 1 << 3;

/// Where a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    bucket: u32,
    way: u32,
    /// Counted from 0.
    flow: u32,
}

impl Place {
    /// Nowhere.
    pub(super) const NONE: Place = Place { bucket: u32::MAX, way: 0, flow: u32::MAX };
}

/// A flow's place, and whether it was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It was, and was not quiet for too long.
    Known(Place),
    /// It was not.
    New(Place),
}

/// The table's clock: about seconds, without a division.
#[inline(always)]
pub fn tick(now_ns: u64) -> u32 {
    (now_ns >> 30) as u32
}

/// See the module's documentation.
pub struct FlowTable<M: Memo + 'static> {
    buckets: &'static mut [Bucket],
    flows: &'static mut [Flow<M>],
    timeouts: M::Timeouts,
    /// Memory from here on was never used.
    fresh: u32,
    /// Memory that was given back, counted from 1: each piece's key is the number of the next; 0 if there is none.
    free: u32,
    /// Where the next search for flows that are over begins.
    hand: u32,
    size: u32,
    /// Flows that gave way to others.
    pub evicted: u64,
}

impl<M: Memo> FlowTable<M> {
    /// A table that forgets flows as `timeouts` say. It holds none until it is lent memory.
    pub const fn new(timeouts: M::Timeouts) -> Self {
        FlowTable { buckets: &mut [], flows: &mut [], timeouts, fresh: 0, free: 0, hand: 0, size: 0, evicted: 0 }
    }

    /// Keeps its flows in `memory`, whose bytes are zero.
    pub fn lend<const BUCKETS: usize, const FLOWS: usize>(&mut self, memory: &'static mut [Memory<M, BUCKETS, FLOWS>]) {
        if let [memory] = memory {
            (self.buckets, self.flows) = (&mut memory.buckets, &mut memory.flows);
        }
    }

    /// Flows, with those that are quiet for too long and whose places nobody needed.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// How long flows are remembered.
    pub fn timeouts(&self) -> &M::Timeouts {
        &self.timeouts
    }

    /// The bucket and the tag of a hash.
    #[inline(always)]
    pub(super) fn home(&self, hash: u64) -> (usize, u8) {
        let mixed = mix(hash, 0x9fb2_1c65_1e98_df25);
        (self.scaled(mixed), (mixed as u8).max(1))
    }

    /// The bucket of flows that have no room at home.
    #[inline(never)]
    fn second(&self, hash: u64) -> usize {
        self.scaled(mix(hash, 0xe703_7ed1_a0b4_28db))
    }

    #[inline(always)]
    fn scaled(&self, mixed: u64) -> usize {
        ((u128::from(mixed) * self.buckets.len() as u128) >> 64) as usize
    }

    /// The tags of a bucket, for who wants the line to be loaded.
    #[inline(always)]
    pub(super) fn line(&self, bucket: u32) -> u64 {
        self.buckets.get(bucket as usize).map_or(0, |bucket| bucket.tags.bits())
    }

    /// The first entry of a bucket with that tag: a flow that may be the one.
    #[inline(always)]
    pub(super) fn guess(&self, bucket: u32, tag: u8) -> Option<Place> {
        let entries = self.buckets.get(bucket as usize)?;
        let way = entries.tags.hits(tag).next()?;
        Some(Place { bucket, way: way as u32, flow: entries.flows[way].wrapping_sub(1) })
    }

    /// Where this flow is, if that is the place.
    #[inline(always)]
    pub(super) fn is(&self, place: Place, key: &FlowKey, now: u32) -> bool {
        let (Some(bucket), Some(flow)) = (self.buckets.get(place.bucket as usize), self.flows.get(place.flow as usize))
        else {
            return false;
        };
        let way = place.way as usize % 8;
        // What was used just now is not over.
        way < WAYS
            && flow.key == *key
            && bucket.flows[way] == place.flow + 1
            && (bucket.seen[way] == now || !flow.memo.is_over(now.wrapping_sub(bucket.seen[way]), &self.timeouts))
    }

    /// A word of the flow there, for who wants its line to be loaded.
    #[inline(always)]
    pub(super) fn peek(&self, place: Place) -> u32 {
        self.flows.get(place.flow as usize).map_or(0, |flow| flow.memo.word())
    }

    /// The flow of an entry that is used.
    #[inline(always)]
    fn flow(&self, index: usize, way: usize) -> &Flow<M> {
        &self.flows[self.buckets[index].flows[way] as usize - 1]
    }

    /// The entry of a flow in that bucket.
    #[inline(always)]
    fn way_of(&self, index: usize, key: &FlowKey, tag: u8) -> Option<usize> {
        self.buckets[index].tags.hits(tag).find(|way| self.flow(index, *way).key == *key)
    }

    /// Whether the flow there was quiet for too long.
    #[inline(always)]
    fn is_over(&self, index: usize, way: usize, now: u32) -> bool {
        let quiet = now.wrapping_sub(self.buckets[index].seen[way]);
        self.flow(index, way).memo.is_over(quiet, &self.timeouts)
    }

    #[inline(always)]
    fn place(&self, index: usize, way: usize) -> Place {
        Place { bucket: index as u32, way: way as u32, flow: self.buckets[index].flows[way] - 1 }
    }

    /// Where a flow is, if it is there and was not quiet for too long.
    #[inline(always)]
    pub fn find(&self, key: &FlowKey, hash: u64, now: u32) -> Option<Place> {
        let (home, tag) = self.home(hash);
        let bucket = self.buckets.get(home)?;
        match self.way_of(home, key, tag) {
            Some(way) if self.is_over(home, way, now) => None,
            Some(way) => Some(self.place(home, way)),
            None if bucket.tags.has_spilled() => self.find_second(key, hash, tag, now),
            None => None,
        }
    }

    #[inline(never)]
    fn find_second(&self, key: &FlowKey, hash: u64, tag: u8, now: u32) -> Option<Place> {
        let second = self.second(hash);
        let way = self.way_of(second, key, tag)?;
        (!self.is_over(second, way, now)).then(|| self.place(second, way))
    }

    /// What is remembered about the flow there.
    #[inline(always)]
    pub fn memo(&self, place: Place) -> &M {
        &self.flows[place.flow as usize].memo
    }

    /// The same, to change.
    #[inline(always)]
    pub fn memo_mut(&mut self, place: Place) -> &mut M {
        &mut self.flows[place.flow as usize].memo
    }

    /// Notes that the flow there was used now.
    #[inline(always)]
    pub fn touch(&mut self, place: Place, now: u32) {
        let seen = &mut self.buckets[place.bucket as usize].seen[place.way as usize];
        // A line that does not change need not be written back.
        if *seen != now {
            *seen = now;
        }
    }

    /// The flow's place, found or made; none if no other gives way, or there is no memory.
    pub fn insert(&mut self, key: &FlowKey, hash: u64, now: u32) -> Option<Place> {
        match self.enter(key, hash, now, M::NONE)? {
            Entry::Known(place) => {
                self.touch(place, now);
                Some(place)
            }
            Entry::New(place) => Some(place),
        }
    }

    /// The same; about a flow that was not there, or quiet for too long, `memo` is remembered from now on.
    #[inline]
    pub fn enter(&mut self, key: &FlowKey, hash: u64, now: u32, memo: M) -> Option<Entry> {
        let (home, tag) = self.home(hash);
        let has_spilled = self.buckets.get(home)?.tags.has_spilled();
        let mut entry = self.way_of(home, key, tag).map(|way| (home, way));
        if has_spilled && entry.is_none() {
            let second = self.second(hash);
            entry = self.way_of(second, key, tag).map(|way| (second, way));
        }
        let (index, way) = match entry {
            Some((index, way)) if !self.is_over(index, way, now) => return Some(Entry::Known(self.place(index, way))),
            // The same flow is not to be there twice.
            Some(over) => over,
            None => self.room(hash, home, now)?,
        };
        let bucket = &mut self.buckets[index];
        bucket.tags.set(way, tag);
        bucket.seen[way] = now;
        let place = self.place(index, way);
        self.flows[place.flow as usize] = Flow { key: *key, memo };
        Some(Entry::New(place))
    }

    /// The entry, with memory, for a flow that is not there.
    #[inline(always)]
    fn room(&mut self, hash: u64, home: usize, now: u32) -> Option<(usize, usize)> {
        let tags = self.buckets[home].tags;
        let near = match tags.has_spilled() {
            true => None,
            false if self.has_memory() => tags.hits(0).next().map(|way| self.give(home, way)),
            false => self.displace(home, now).map(|way| (home, way)),
        };
        near.or_else(|| self.room_around([home, self.second(hash)], now))
    }

    /// The same where one look is not enough.
    #[inline(never)]
    fn room_around(&mut self, both: [usize; 2], now: u32) -> Option<(usize, usize)> {
        let free = both.into_iter().find_map(|index| Some((index, self.buckets[index].tags.hits(0).next()?)));
        let found = match free {
            Some((index, way)) if self.has_memory() => self.give(index, way),
            _ => match both.into_iter().find_map(|index| Some((index, self.displace(index, now)?))) {
                Some(old) => old,
                None => {
                    let (index, way) = free.filter(|_| self.take_back(now))?;
                    self.give(index, way)
                }
            },
        };
        if found.0 != both[0] {
            self.buckets[both[0]].tags.spill();
        }
        Some(found)
    }

    /// Gives memory, of which there is some, to a free entry.
    #[inline(always)]
    fn give(&mut self, index: usize, way: usize) -> (usize, usize) {
        self.buckets[index].flows[way] = self.memory();
        self.size += 1;
        (index, way)
    }

    #[inline(always)]
    fn has_memory(&self) -> bool {
        self.free != 0 || (self.fresh as usize) < self.flows.len()
    }

    /// Memory for a flow, counted from 1, of which there is some.
    fn memory(&mut self) -> u32 {
        if self.free == 0 {
            self.fresh += 1;
            return self.fresh;
        }
        let next = self.flows[self.free as usize - 1].key.number();
        core::mem::replace(&mut self.free, next)
    }

    /// Gives back the memory of some flow elsewhere: of one that is over, or else of one that yields. The next buckets are searched. False if
    /// there is none.
    #[cold]
    fn take_back(&mut self, now: u32) -> bool {
        let mut yields = None;
        for _ in 0..SEARCHED {
            let index = self.hand as usize % self.buckets.len();
            self.hand = self.hand.wrapping_add(1);
            for way in (0..WAYS).filter(|way| self.buckets[index].is_used(*way)) {
                if self.is_over(index, way, now) {
                    self.empty(index, way);
                    return true;
                }
                if self.flow(index, way).memo.yields() {
                    yields = Some((index, way));
                }
            }
        }
        let Some((index, way)) = yields else { return false };
        self.evicted += 1;
        self.empty(index, way);
        true
    }

    /// Takes the flow of an entry out.
    fn empty(&mut self, index: usize, way: usize) {
        let bucket = &mut self.buckets[index];
        bucket.tags.set(way, 0);
        let number = core::mem::take(&mut bucket.flows[way]);
        self.flows[number as usize - 1] = Flow { memo: M::NONE, key: FlowKey::of_number(self.free) };
        self.free = number;
        self.size -= 1;
    }

    /// The entry of the flow that was quiet longest, of those in a bucket that give way: it does. What is remembered about flows is looked at as
    /// seldom as can be: each is another line of memory, and in a flood the first one will do.
    #[inline(never)]
    fn displace(&mut self, index: usize, now: u32) -> Option<usize> {
        let bucket = &self.buckets[index];
        // Age and number of each in one word: no branch depends on them.
        let mut ages = [0; WAYS];
        for (way, age) in ages.iter_mut().enumerate() {
            let age_and_number = now.wrapping_sub(bucket.seen[way]) << 4 | way as u32 | EXISTS;
            *age = if bucket.is_used(way) { age_and_number } else { 0 };
        }
        loop {
            let oldest = ages.iter().fold(0, |oldest, age| *age.max(&oldest));
            if oldest & EXISTS == 0 {
                return None;
            }
            let way = oldest as usize % 8;
            let is_over = self.is_over(index, way, now);
            if is_over || self.flow(index, way).memo.yields() {
                self.evicted += u64::from(!is_over);
                return Some(way);
            }
            ages[way] = 0;
        }
    }

    /// Takes the flow there out, if it still is there.
    pub fn remove(&mut self, place: Place) {
        let (index, way) = (place.bucket as usize, place.way as usize);
        if self.buckets[index].flows[way] == place.flow + 1 {
            self.empty(index, way);
        }
    }

    /// Forgets all flows.
    pub fn clear(&mut self) {
        self.buckets.fill(Bucket::EMPTY);
        (self.size, self.fresh, self.free) = (0, 0, 0);
    }

    /// Forgets all flows that yield.
    pub fn forget_yielding(&mut self) {
        for index in 0..self.buckets.len() {
            for way in 0..WAYS {
                if self.buckets[index].is_used(way) && self.flow(index, way).memo.yields() {
                    self.empty(index, way);
                }
            }
        }
    }

    /// The flows that are not quiet for too long, in no order, and for how many ticks they are quiet.
    pub fn flows(&self, now: u32) -> impl Iterator<Item = (&FlowKey, &M, u32)> {
        let entries = (0..self.buckets.len()).flat_map(|index| (0..WAYS).map(move |way| (index, way)));
        let is_alive =
            move |&(index, way): &(usize, usize)| self.buckets[index].is_used(way) && !self.is_over(index, way, now);
        entries.filter(is_alive).map(move |(index, way)| {
            let flow = self.flow(index, way);
            (&flow.key, &flow.memo, now.wrapping_sub(self.buckets[index].seen[way]))
        })
    }

    /// Changes what is remembered about all flows, and perhaps about some that are not there.
    pub fn memos_mut(&mut self) -> impl Iterator<Item = &mut M> {
        self.flows[..self.fresh as usize].iter_mut().map(|flow| &mut flow.memo)
    }
}

#[cfg(test)]
mod tests;
