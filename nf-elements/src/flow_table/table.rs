// SPDX-License-Identifier: Apache-2.0
//! The table of flows: bounded, in lent memory, aged.
//!
//! A bucket has places for eight flows, whose tags and times share a line of the cache: a look-up reads that and the flow's own.
//! A flow whose bucket is full lives in a second one, which is looked at only if something had to go there. If both are full it takes
//! the place of the one that was quiet longest, of those that are over or [yield](Memo::yields). With twice as many places as flows that happens
//! to one flow in four thousand.

use super::ahead::Guess;
use super::key::{FlowKey, mix};

/// Places of a bucket.
pub const WAYS: usize = 8;

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
    key: FlowKey,
    memo: M,
}

/// Eight places.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Bucket<M> {
    tags: Tags,
    /// When each was used, in ticks.
    seen: [u32; WAYS],
    /// Whether a flow whose bucket this is lives in its second one.
    spilled: bool,
    flows: [Flow<M>; WAYS],
}

/// For each place eight bits of its flow's hash, never 0; 0 where nothing is. All are compared at once, in one general register:
/// vectors are slow where the processor is emulated.
#[derive(Clone, Copy)]
struct Tags(u64);

impl Tags {
    const EMPTY: Tags = Tags(0);

    #[inline(always)]
    fn get(self, way: usize) -> u8 {
        (self.0 >> (8 * way)) as u8
    }

    fn set(&mut self, way: usize, tag: u8) {
        self.0 = (self.0 & !(0xff << (8 * way))) | (u64::from(tag) << (8 * way));
    }

    /// The places with that tag.
    #[inline(always)]
    fn hits(self, tag: u8) -> Hits {
        const ONES: u64 = u64::MAX / 0xff;
        const LOW_BITS: u64 = 0x7f * ONES;
        // A byte is 0 where the tags are the same; then, and only then, neither it nor the sum sets its highest bit.
        let other = self.0 ^ (u64::from(tag) * ONES);
        Hits(!(((other & LOW_BITS) + LOW_BITS) | other | LOW_BITS))
    }
}

/// The places whose bytes have their highest bit set.
pub(super) struct Hits(u64);

impl Iterator for Hits {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let way = self.0.trailing_zeros() as usize / 8;
        self.0 &= self.0 - 1;
        Some(way)
    }
}

impl<M: Memo> Bucket<M> {
    /// Empty: all bytes zero.
    pub const EMPTY: Bucket<M> = Bucket {
        tags: Tags::EMPTY,
        seen: [0; WAYS],
        spilled: false,
        flows: [Flow { key: FlowKey::EMPTY, memo: M::NONE }; WAYS],
    };

    /// The tags, for who wants the line to be loaded.
    #[inline(always)]
    pub(super) fn line(&self) -> u64 {
        self.tags.0
    }

    /// The place of that flow.
    #[inline(always)]
    fn way_of(&self, key: &FlowKey, tag: u8) -> Option<usize> {
        self.tags.hits(tag).find(|way| self.flows[*way].key == *key)
    }

    #[inline(always)]
    fn is_used(&self, way: usize) -> bool {
        self.tags.get(way) != 0
    }

    /// Whether the flow there was quiet for too long.
    #[inline(always)]
    fn is_over(&self, way: usize, timeouts: &M::Timeouts, now: u32) -> bool {
        self.flows[way].memo.is_over(now.wrapping_sub(self.seen[way]), timeouts)
    }
}

/// Where a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    bucket: u32,
    way: u32,
}

/// The table's clock: about seconds, without a division.
#[inline(always)]
pub fn tick(now_ns: u64) -> u32 {
    (now_ns >> 30) as u32
}

/// See the module's documentation.
pub struct FlowTable<M: Memo + 'static> {
    pub(super) buckets: &'static mut [Bucket<M>],
    timeouts: M::Timeouts,
    size: u32,
    /// Flows that gave way to others.
    pub evicted: u64,
}

impl<M: Memo> FlowTable<M> {
    /// A table that forgets flows as `timeouts` say. It holds none until it is lent memory.
    pub const fn new(timeouts: M::Timeouts) -> Self {
        FlowTable { buckets: &mut [], timeouts, size: 0, evicted: 0 }
    }

    /// Keeps its flows in `memory`, whose bytes are zero.
    pub fn lend(&mut self, memory: &'static mut [Bucket<M>]) {
        self.buckets = memory;
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

    /// The places of a bucket whose tags are that of the hash.
    #[inline(always)]
    pub(super) fn hits(bucket: &Bucket<M>, tag: u8) -> Hits {
        bucket.tags.hits(tag)
    }

    /// Where a flow is, if it is there and was not quiet for too long.
    #[inline(always)]
    pub fn find(&self, key: &FlowKey, hash: u64, now: u32) -> Option<Place> {
        let (home, tag) = self.home(hash);
        let bucket = self.buckets.get(home)?;
        match bucket.way_of(key, tag) {
            Some(way) if bucket.is_over(way, &self.timeouts, now) => None,
            Some(way) => Some(Place { bucket: home as u32, way: way as u32 }),
            None if bucket.spilled => self.find_second(key, hash, tag, now),
            None => None,
        }
    }

    #[inline(never)]
    fn find_second(&self, key: &FlowKey, hash: u64, tag: u8, now: u32) -> Option<Place> {
        let second = self.second(hash);
        let bucket = &self.buckets[second];
        let way = bucket.way_of(key, tag)?;
        (!bucket.is_over(way, &self.timeouts, now)).then_some(Place { bucket: second as u32, way: way as u32 })
    }

    /// Where this flow is, if that is where it was guessed to be.
    #[inline(always)]
    pub fn is(&self, guess: Guess, key: &FlowKey, now: u32) -> Option<Place> {
        let (found, way) = (self.buckets.get(guess.bucket as usize)?, guess.way as usize);
        // What was used just now is not over.
        let same = way < WAYS
            && found.is_used(way)
            && found.flows[way].key == *key
            && (found.seen[way] == now || !found.is_over(way, &self.timeouts, now));
        same.then_some(Place { bucket: guess.bucket, way: guess.way })
    }

    /// A word of the flow there, if one can be there, for who wants its line to be loaded.
    #[inline(always)]
    pub(super) fn peek(&self, bucket: u32, way: u32) -> Option<u32> {
        Some(self.buckets.get(bucket as usize)?.flows.get(way as usize)?.memo.word())
    }

    /// What is remembered about the flow there.
    #[inline(always)]
    pub fn memo(&self, place: Place) -> &M {
        &self.buckets[place.bucket as usize].flows[place.way as usize].memo
    }

    /// The same, to change.
    #[inline(always)]
    pub fn memo_mut(&mut self, place: Place) -> &mut M {
        &mut self.buckets[place.bucket as usize].flows[place.way as usize].memo
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
        if let Some(place) = self.find(key, hash, now) {
            self.touch(place, now);
            return Some(place);
        }
        self.add(key, hash, now)
    }

    /// The same of a flow that [`find`](Self::find) does not find.
    pub fn add(&mut self, key: &FlowKey, hash: u64, now: u32) -> Option<Place> {
        let (home, tag) = self.home(hash);
        if home >= self.buckets.len() {
            return None;
        }
        let second = self.second(hash);
        let (index, way) = self.place_for(key, tag, [home, second], now)?;
        self.buckets[home].spilled |= index != home;
        let (is_used, is_over) = {
            let bucket = &self.buckets[index];
            (bucket.is_used(way), bucket.is_over(way, &self.timeouts, now))
        };
        self.size += u32::from(!is_used);
        self.evicted += u64::from(is_used && !is_over);
        let bucket = &mut self.buckets[index];
        bucket.tags.set(way, tag);
        bucket.seen[way] = now;
        bucket.flows[way] = Flow { key: *key, memo: M::NONE };
        Some(Place { bucket: index as u32, way: way as u32 })
    }

    /// Where a flow that is not there, or was quiet for too long, is to be.
    fn place_for(&self, key: &FlowKey, tag: u8, both: [usize; 2], now: u32) -> Option<(usize, usize)> {
        // The same flow, quiet for too long, is not to be there twice.
        let same = |index: usize| Some((index, self.buckets[index].way_of(key, tag)?));
        let free = |index: usize| Some((index, self.buckets[index].tags.hits(0).next()?));
        both.into_iter().find_map(same).or_else(|| both.into_iter().find_map(free)).or_else(|| self.quietest(both, now))
    }

    /// The place of the flow that was quiet longest, of those that give way. What is remembered about flows is looked at as seldom as can be:
    /// each is another line of memory, and in a flood the first one will do.
    #[inline(never)]
    fn quietest(&self, both: [usize; 2], now: u32) -> Option<(usize, usize)> {
        let mut left = [u64::MAX >> (64 - WAYS); 2];
        loop {
            let mut found = None;
            for (side, index) in both.into_iter().enumerate() {
                let seen = &self.buckets[index].seen;
                let ways = (0..WAYS).filter(|way| left[side] >> way & 1 == 1);
                found =
                    ways.map(|way| (now.wrapping_sub(seen[way]), side, way)).chain(found).max_by_key(|place| place.0);
            }
            let (_, side, way) = found?;
            left[side] &= !(1 << way);
            let bucket = &self.buckets[both[side]];
            if bucket.is_over(way, &self.timeouts, now) || bucket.flows[way].memo.yields() {
                return Some((both[side], way));
            }
        }
    }

    /// Takes the flow there out.
    pub fn remove(&mut self, place: Place) {
        let bucket = &mut self.buckets[place.bucket as usize];
        let way = place.way as usize;
        self.size -= u32::from(bucket.is_used(way));
        bucket.tags.set(way, 0);
        bucket.flows[way].memo = M::NONE;
    }

    /// Forgets all flows.
    pub fn clear(&mut self) {
        self.buckets.fill(Bucket::EMPTY);
        self.size = 0;
    }

    /// Forgets all flows that yield.
    pub fn forget_yielding(&mut self) {
        for bucket in self.buckets.iter_mut() {
            for way in 0..WAYS {
                if bucket.is_used(way) && bucket.flows[way].memo.yields() {
                    bucket.tags.set(way, 0);
                    self.size -= 1;
                }
            }
        }
    }

    /// The flows that are not quiet for too long, in no order, and for how many ticks they are quiet.
    pub fn flows(&self, now: u32) -> impl Iterator<Item = (&FlowKey, &M, u32)> {
        self.buckets.iter().flat_map(move |bucket| {
            let is_alive = move |way: &usize| bucket.is_used(*way) && !bucket.is_over(*way, &self.timeouts, now);
            let told = move |way: usize| {
                let flow = &bucket.flows[way];
                (&flow.key, &flow.memo, now.wrapping_sub(bucket.seen[way]))
            };
            (0..WAYS).filter(is_alive).map(told)
        })
    }

    /// Changes what is remembered about all flows.
    pub fn memos_mut(&mut self) -> impl Iterator<Item = &mut M> {
        self.buckets.iter_mut().flat_map(|bucket| bucket.flows.iter_mut().map(|flow| &mut flow.memo))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chains::Fate;
    use core::net::{IpAddr, Ipv4Addr};

    type FlowTable = super::FlowTable<Fate>;
    type Bucket = super::Bucket<Fate>;

    const _: () = assert!(size_of::<Bucket>() == 448 && size_of::<Flow<Fate>>() == 48);

    fn key(number: u32) -> FlowKey {
        let end = |address: u32, port| (IpAddr::V4(Ipv4Addr::from_bits(address)), port);
        FlowKey::new(6, end(0x0a00_0000 + number, 7), end(1, 80)).expect("both are IPv4")
    }

    fn table(buckets: usize, timeout: u32) -> FlowTable {
        let mut table = FlowTable::new(timeout);
        table.lend(vec![Bucket::EMPTY; buckets].leak());
        table
    }

    fn add(table: &mut FlowTable, number: u32, now: u32) -> Place {
        let place = table.insert(&key(number), key(number).hash(), now).expect("there is room");
        table.memo_mut(place).chain = number as u16;
        place
    }

    fn chain(table: &FlowTable, number: u32, now: u32) -> Option<u16> {
        table.find(&key(number), key(number).hash(), now).map(|place| table.memo(place).chain)
    }

    #[test]
    fn at_half_its_places_it_holds_all_but_one_flow_in_a_thousand() {
        let mut table = table(2048, 100);
        for number in 0..8192 {
            add(&mut table, number, 1);
        }
        let held = (0..8192).filter(|number| chain(&table, *number, 1) == Some(*number as u16)).count();
        assert!(held > 8192 - 8, "{held}");
        assert_eq!((table.size(), table.evicted), (held as u32, 8192 - held as u64));
        assert_eq!(table.flows(1).count(), held);
    }

    #[test]
    fn the_one_that_was_quiet_longest_gives_way_and_kept_ones_never() {
        let mut table = table(1, 100);
        for number in 0..8 {
            add(&mut table, number, number);
        }
        let first = table.find(&key(0), key(0).hash(), 8).unwrap();
        table.touch(first, 8);
        let second = table.find(&key(1), key(1).hash(), 8).unwrap();
        table.memo_mut(second).kept = true;
        add(&mut table, 9, 9);
        assert_eq!([0, 1, 2, 3, 9].map(|number| chain(&table, number, 9)), [Some(0), Some(1), None, Some(3), Some(9)]);
        table.memos_mut().for_each(|fate| fate.kept = true);
        assert_eq!(table.insert(&key(10), key(10).hash(), 500), None);
        assert_eq!((table.size(), table.evicted), (8, 1));
    }

    #[test]
    fn what_was_quiet_for_too_long_is_forgotten() {
        let mut table = table(2, 10);
        add(&mut table, 1, 5);
        assert_eq!((chain(&table, 1, 15), chain(&table, 1, 16)), (Some(1), None));
        // It comes back in its old place with nothing known.
        let place = table.insert(&key(1), key(1).hash(), 16).unwrap();
        assert_eq!((*table.memo(place), table.size(), table.evicted), (Fate::default(), 1, 0));
        table.remove(place);
        assert_eq!((table.size(), chain(&table, 1, 16)), (0, None));
    }

    #[test]
    fn without_memory_nothing_is_held() {
        let mut table = FlowTable::new(10);
        assert_eq!(table.insert(&key(1), key(1).hash(), 0), None);
        assert_eq!(table.find(&key(1), key(1).hash(), 0), None);
        table.clear();
    }
}
