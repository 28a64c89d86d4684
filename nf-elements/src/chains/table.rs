// SPDX-License-Identifier: Apache-2.0
//! The table of flows: bounded, in lent memory, aged.
//!
//! A bucket has places for eight flows, whose tags and times share a line of the cache: a look-up reads that and the flow's own.
//! Where eight flows share a bucket a ninth takes the place of the one that was quiet longest. With twice as many places as
//! flows that happens to one flow in fifty.

use super::key::{FlowKey, mix};

/// Places of a bucket.
pub const WAYS: usize = 8;

/// What is known about a flow. All bytes zero: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Fate {
    /// The chain that it is on, as in the packets' annotation; 0 if none.
    pub chain: u16,
    /// The chain that somebody diverted it to; 0 if none.
    pub divert: u16,
    /// The ports by which it goes back and forward, each plus one; 0 if not known.
    pub ports: [u8; 2],
    /// Whether somebody put it in by hand: it stays until he takes it out.
    pub kept: bool,
}

/// A flow with its fate.
#[derive(Clone, Copy)]
#[repr(C)]
struct Flow {
    key: FlowKey,
    fate: Fate,
}

/// Eight places.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Bucket {
    tags: Tags,
    /// When each was used, in ticks.
    seen: [u32; WAYS],
    flows: [Flow; WAYS],
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

const _: () = assert!(size_of::<Bucket>() == 448 && size_of::<Flow>() == 48);

impl Bucket {
    /// Empty: all bytes zero.
    pub const EMPTY: Bucket = Bucket {
        tags: Tags::EMPTY,
        seen: [0; WAYS],
        flows: [Flow { key: FlowKey::EMPTY, fate: Fate { chain: 0, divert: 0, ports: [0; 2], kept: false } }; WAYS],
    };
}

impl Bucket {
    /// The tags, for who wants the line to be loaded.
    #[inline(always)]
    pub(super) fn line(&self) -> u64 {
        self.tags.0
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
pub struct FlowTable {
    pub(super) buckets: &'static mut [Bucket],
    /// Ticks without a packet after which a flow is forgotten.
    timeout: u32,
    size: u32,
    /// Flows that gave way to others.
    pub evicted: u64,
}

impl FlowTable {
    /// A table that forgets flows after `timeout` ticks. It holds none until it is lent memory.
    pub const fn new(timeout: u32) -> Self {
        FlowTable { buckets: &mut [], timeout, size: 0, evicted: 0 }
    }

    /// Keeps its flows in `memory`, whose bytes are zero.
    pub fn lend(&mut self, memory: &'static mut [Bucket]) {
        self.buckets = memory;
    }

    /// Flows, with those that are quiet for too long and whose places nobody needed.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The bucket and the tag of a hash.
    #[inline(always)]
    pub(super) fn home(&self, hash: u64) -> (usize, u8) {
        let mixed = mix(hash, 0x9fb2_1c65_1e98_df25);
        let bucket = (u128::from(mixed) * self.buckets.len() as u128) >> 64;
        (bucket as usize, (mixed as u8).max(1))
    }

    /// The places of a bucket whose tags are that of the hash.
    #[inline(always)]
    pub(super) fn hits(bucket: &Bucket, tag: u8) -> Hits {
        bucket.tags.hits(tag)
    }

    /// Where a flow is, if it is there and was not quiet for too long.
    #[inline(always)]
    pub fn find(&self, key: &FlowKey, hash: u64, now: u32) -> Option<Place> {
        let (index, tag) = self.home(hash);
        let bucket = self.buckets.get(index)?;
        let way = Self::hits(bucket, tag).find(|way| bucket.flows[*way].key == *key)?;
        (!self.expired(bucket, way, now)).then_some(Place { bucket: index as u32, way: way as u32 })
    }

    /// Whether that flow, which may be another by now, is this one.
    #[inline(always)]
    pub(super) fn is(&self, bucket: usize, way: usize, key: &FlowKey, now: u32) -> Option<Place> {
        let found = self.buckets.get(bucket)?;
        let same =
            way < WAYS && found.tags.get(way) != 0 && found.flows[way].key == *key && !self.expired(found, way, now);
        same.then_some(Place { bucket: bucket as u32, way: way as u32 })
    }

    /// A number of the flow there, if one can be there, for who wants its line to be loaded.
    #[inline(always)]
    pub(super) fn peek(&self, bucket: u32, way: u32) -> Option<u16> {
        Some(self.buckets.get(bucket as usize)?.flows.get(way as usize)?.fate.chain)
    }

    #[inline(always)]
    fn expired(&self, bucket: &Bucket, way: usize, now: u32) -> bool {
        now.wrapping_sub(bucket.seen[way]) > self.timeout && !bucket.flows[way].fate.kept
    }

    /// The fate of the flow there.
    #[inline(always)]
    pub fn fate(&self, place: Place) -> Fate {
        self.buckets[place.bucket as usize].flows[place.way as usize].fate
    }

    /// The same, to change.
    #[inline(always)]
    pub fn fate_mut(&mut self, place: Place) -> &mut Fate {
        &mut self.buckets[place.bucket as usize].flows[place.way as usize].fate
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

    /// The flow's place, found or made; none if all that share its bucket are kept, or there is no memory.
    pub fn insert(&mut self, key: &FlowKey, hash: u64, now: u32) -> Option<Place> {
        if let Some(place) = self.find(key, hash, now) {
            self.touch(place, now);
            return Some(place);
        }
        let (index, tag) = self.home(hash);
        let bucket = self.buckets.get(index)?;
        // The same flow, quiet for too long, is not to be there twice.
        let same = Self::hits(bucket, tag).find(|way| bucket.flows[*way].key == *key);
        let ways = (0..WAYS).filter(|way| !bucket.flows[*way].fate.kept);
        let idle = |way: &usize| match bucket.tags.get(*way) {
            0 => u64::from(u32::MAX) + 1,
            _ => now.wrapping_sub(bucket.seen[*way]).into(),
        };
        let way = same.or_else(|| ways.max_by_key(idle))?;
        let (used, expired) = (bucket.tags.get(way) != 0, self.expired(bucket, way, now));
        self.size += u32::from(!used);
        self.evicted += u64::from(used && !expired);
        let bucket = &mut self.buckets[index];
        bucket.tags.set(way, tag);
        bucket.seen[way] = now;
        bucket.flows[way] = Flow { key: *key, fate: Fate::default() };
        Some(Place { bucket: index as u32, way: way as u32 })
    }

    /// Takes the flow there out.
    pub fn remove(&mut self, place: Place) {
        let bucket = &mut self.buckets[place.bucket as usize];
        let way = place.way as usize;
        self.size -= u32::from(bucket.tags.get(way) != 0);
        bucket.tags.set(way, 0);
        bucket.flows[way].fate = Fate::default();
    }

    /// Forgets all flows.
    pub fn clear(&mut self) {
        self.buckets.fill(Bucket::EMPTY);
        self.size = 0;
    }

    /// Forgets all flows but those that are kept.
    pub fn forget_learned(&mut self) {
        for bucket in self.buckets.iter_mut() {
            for way in 0..WAYS {
                if bucket.tags.get(way) != 0 && !bucket.flows[way].fate.kept {
                    bucket.tags.set(way, 0);
                    self.size -= 1;
                }
            }
        }
    }

    /// The flows that are not quiet for too long, in no order.
    pub fn flows(&self, now: u32) -> impl Iterator<Item = (&FlowKey, Fate)> {
        let alive = move |bucket: &Bucket, way: usize| bucket.tags.get(way) != 0 && !self.expired(bucket, way, now);
        self.buckets.iter().flat_map(move |bucket| {
            let ways = (0..WAYS).filter(move |way| alive(bucket, *way));
            ways.map(|way| (&bucket.flows[way].key, bucket.flows[way].fate))
        })
    }

    /// Changes the fates of all flows.
    pub fn fates_mut(&mut self) -> impl Iterator<Item = &mut Fate> {
        self.buckets.iter_mut().flat_map(|bucket| bucket.flows.iter_mut().map(|flow| &mut flow.fate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{IpAddr, Ipv4Addr};

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
        table.fate_mut(place).chain = number as u16;
        place
    }

    fn chain(table: &FlowTable, number: u32, now: u32) -> Option<u16> {
        table.find(&key(number), key(number).hash(), now).map(|place| table.fate(place).chain)
    }

    #[test]
    fn at_half_its_places_it_holds_nearly_all_flows() {
        let mut table = table(2048, 100);
        for number in 0..8192 {
            add(&mut table, number, 1);
        }
        let held = (0..8192).filter(|number| chain(&table, *number, 1) == Some(*number as u16)).count();
        assert!(held > 8192 * 97 / 100, "{held}");
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
        table.fate_mut(second).kept = true;
        add(&mut table, 9, 9);
        assert_eq!([0, 1, 2, 3, 9].map(|number| chain(&table, number, 9)), [Some(0), Some(1), None, Some(3), Some(9)]);
        table.fates_mut().for_each(|fate| fate.kept = true);
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
        assert_eq!((table.fate(place), table.size(), table.evicted), (Fate::default(), 1, 0));
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
