// SPDX-License-Identifier: Apache-2.0
//! A hash table in lent memory that touches as much of it as it ever held entries.
//!
//! Entries lie one behind the other in the order in which they came, and a list per bucket links them. The buckets are as many as
//! there are entries at most: each entry more than that splits one bucket in two (linear hashing; Litwin, VLDB 1980). So a table
//! with room for millions costs what is in it, and never stops to move everything. What hashes alike depends on a seed, so that
//! nobody outside can fill one bucket.

use core::hint::black_box;

/// What entries are found by.
pub trait Key: Copy + PartialEq {
    /// One whose bytes are zero.
    const EMPTY: Self;

    /// Two words that say all of it.
    fn words(&self) -> (u64, u64);
}

/// What an entry holds.
pub trait Value: Copy {
    /// One whose bytes are zero.
    const EMPTY: Self;
}

/// A place for an entry.
#[derive(Clone, Copy)]
pub struct Slot<K, V> {
    /// The next entry of the bucket, or the next free slot, plus one; and [`LIVE`] of an entry.
    link: u32,
    key: K,
    value: V,
}

/// The bit of a slot that holds an entry.
const LIVE: u32 = 1 << 31;

impl<K, V> Slot<K, V> {
    #[inline(always)]
    fn next(&self) -> u32 {
        self.link & !LIVE
    }

    #[inline(always)]
    fn is_live(&self) -> bool {
        self.link & LIVE != 0
    }
}

/// Memory of a table of up to `N` entries, less than 2³¹.
pub struct Memory<K, V, const N: usize> {
    heads: [u32; N],
    slots: [Slot<K, V>; N],
}

impl<K: Key, V: Value, const N: usize> Memory<K, V, N> {
    /// Zeros.
    pub const EMPTY: Self = Memory { heads: [0; N], slots: [Slot { link: 0, key: K::EMPTY, value: V::EMPTY }; N] };
}

/// See the module's documentation.
pub struct Table<K: 'static, V: 'static> {
    heads: &'static mut [u32],
    slots: &'static mut [Slot<K, V>],
    /// Buckets in use.
    buckets: u32,
    /// Slots from here on were never used.
    fresh: u32,
    /// The first free slot that was used, plus one.
    free: u32,
    length: u32,
    seed: u64,
}

impl<K: Key, V: Value> Default for Table<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Key, V: Value> Table<K, V> {
    /// A table without memory, which holds nothing.
    pub const fn new() -> Self {
        Table { heads: &mut [], slots: &mut [], buckets: 0, fresh: 0, free: 0, length: 0, seed: 0 }
    }

    /// Keeps its entries in `memory`, whose bytes are zero.
    pub fn lend<const N: usize>(&mut self, memory: &'static mut Memory<K, V, N>) {
        (self.heads, self.slots) = (&mut memory.heads, &mut memory.slots);
    }

    /// Mixes `entropy` into the hash. Only a table that is empty is changed.
    pub fn seed(&mut self, entropy: u64) {
        if self.fresh == 0 {
            self.seed = mix(entropy ^ 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db);
        }
    }

    /// Entries now.
    #[inline]
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Most entries.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Slots that were ever used: every entry's number is below that.
    pub fn used(&self) -> usize {
        self.fresh as usize
    }

    /// The number of an entry, which stays as long as the entry does.
    #[inline]
    pub fn find(&self, key: &K) -> Option<u32> {
        let mut at = *self.heads.get(self.bucket(self.hash(key)))?;
        while let Some(slot) = self.slots.get((at as usize).wrapping_sub(1)) {
            if slot.key == *key {
                return Some(at - 1);
            }
            at = slot.next();
        }
        None
    }

    /// What the entry of that number holds; none if there is none.
    #[inline]
    pub fn get(&self, number: u32) -> Option<&V> {
        self.slots.get(number as usize).filter(|slot| slot.is_live()).map(|slot| &slot.value)
    }

    /// The same, to change.
    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut V> {
        self.slots.get_mut(number as usize).filter(|slot| slot.is_live()).map(|slot| &mut slot.value)
    }

    /// The key and value of that number; none if there is no entry.
    #[inline]
    pub fn entry(&self, number: u32) -> Option<(&K, &V)> {
        self.slots.get(number as usize).filter(|slot| slot.is_live()).map(|slot| (&slot.key, &slot.value))
    }

    /// What `key` has.
    #[inline]
    pub fn look_up(&self, key: &K) -> Option<&V> {
        self.find(key).and_then(|number| self.get(number))
    }

    /// All entries with their numbers, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &K, &V)> {
        let used = self.slots.iter().take(self.used()).enumerate();
        used.filter(|(_, slot)| slot.is_live()).map(|(number, slot)| (number as u32, &slot.key, &slot.value))
    }

    /// Adds an entry, whose key must not be there: its number. None if the table is full.
    pub fn insert(&mut self, key: K, value: V) -> Option<u32> {
        let number = match self.free.checked_sub(1) {
            Some(number) => {
                self.free = self.slots.get(number as usize)?.next();
                number
            }
            None if self.used() < self.slots.len() => {
                self.fresh += 1;
                self.fresh - 1
            }
            None => return None,
        };
        self.length += 1;
        if self.length > self.buckets {
            self.split();
        }
        let head = self.heads.get_mut(bucket(self.buckets, hash(self.seed, &key)))?;
        let slot = self.slots.get_mut(number as usize)?;
        *slot = Slot { link: *head | LIVE, key, value };
        *head = number + 1;
        Some(number)
    }

    /// Ends the entry of that number: what it held.
    pub fn remove(&mut self, number: u32) -> Option<V> {
        let slot = self.slots.get(number as usize).filter(|slot| slot.is_live())?;
        let (key, value, after) = (slot.key, slot.value, slot.next());
        let bucket = self.bucket(self.hash(&key));
        let (mut before, mut at) = (None, *self.heads.get(bucket)?);
        // The entry is live, so its bucket's list has it.
        while at != number + 1 {
            (before, at) = (Some(at - 1), self.slots.get((at as usize).checked_sub(1)?)?.next());
        }
        match before {
            Some(before) => self.slots.get_mut(before as usize)?.link = after | LIVE,
            None => *self.heads.get_mut(bucket)? = after,
        }
        self.length -= 1;
        let slot = self.slots.get_mut(number as usize)?;
        *slot = Slot { link: self.free, key: K::EMPTY, value: V::EMPTY };
        self.free = number + 1;
        Some(value)
    }

    /// Reads what looking up these keys will need, all misses of the cache at once.
    #[inline]
    pub fn preload(&self, keys: impl Iterator<Item = K>) {
        let mut links = [0u32; 2 * crate::BURST];
        let mut count = 0;
        for (link, key) in links.iter_mut().zip(keys) {
            *link = self.heads.get(self.bucket(self.hash(&key))).copied().unwrap_or(0);
            count += 1;
        }
        // Most lists have one or two entries.
        for _ in 0..2 {
            for link in links.iter_mut().take(count) {
                *link = self.slots.get((*link as usize).wrapping_sub(1)).map_or(0, Slot::next);
            }
        }
        black_box(links);
    }

    #[inline]
    fn hash(&self, key: &K) -> u64 {
        hash(self.seed, key)
    }

    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        bucket(self.buckets, hash)
    }

    /// Takes a bucket more in use: it gets its part of the one that it splits off.
    fn split(&mut self) {
        let new = self.buckets;
        self.buckets += 1;
        // The new bucket's number without its highest bit: where its entries lay. Before the first there is none.
        let Some(highest) = new.checked_ilog2() else { return };
        let old = new & !(1 << highest);
        let Some(head) = self.heads.get_mut(old as usize) else { return };
        let mut at = core::mem::take(head);
        while let Some(slot) = self.slots.get_mut((at as usize).wrapping_sub(1)) {
            let after = slot.next();
            let home = bucket(self.buckets, hash(self.seed, &slot.key));
            if let Some(head) = self.heads.get_mut(home) {
                slot.link = core::mem::replace(head, at) | LIVE;
            }
            at = after;
        }
    }
}

#[inline]
fn hash<K: Key>(seed: u64, key: &K) -> u64 {
    let (first, second) = key.words();
    mix(mix(first ^ seed, second ^ 0x9e37_79b9_7f4a_7c15), seed ^ 0xd1b5_4a32_d192_ed03)
}

/// The bucket of a hash among `buckets`: of the next power of two, or what that one was split off from.
#[inline]
fn bucket(buckets: u32, hash: u64) -> usize {
    let mask = buckets.next_power_of_two().wrapping_sub(1);
    let wanted = hash as u32 & mask;
    (if wanted < buckets { wanted } else { wanted & mask >> 1 }) as usize
}

/// Both halves of a product in one: the step of a hash.
#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    impl Key for u64 {
        const EMPTY: Self = 0;

        fn words(&self) -> (u64, u64) {
            (*self, 0)
        }
    }

    impl Value for u16 {
        const EMPTY: Self = 0;
    }

    fn table<const N: usize>() -> Table<u64, u16> {
        let mut table = Table::new();
        table.lend::<N>(Box::leak(Box::new(Memory::EMPTY)));
        table.seed(7);
        table
    }

    /// What the table says is what a map of the standard library says, whatever is done to both.
    #[test]
    fn it_is_a_map() {
        let (mut table, mut map) = (table::<300>(), BTreeMap::new());
        let mut random = 1u64;
        for step in 0..20_000u32 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (key, value) = (random >> 33 & 511, step as u16);
            match (table.find(&key), random >> 60 < 7) {
                (Some(number), true) => assert_eq!(table.remove(number), map.remove(&key)),
                (Some(number), false) => {
                    *table.get_mut(number).unwrap() = value;
                    map.insert(key, value);
                }
                (None, _) => match table.insert(key, value) {
                    Some(number) => {
                        assert_eq!((table.entry(number), map.insert(key, value)), (Some((&key, &value)), None));
                    }
                    None => assert_eq!(map.len(), 300),
                },
            }
            assert_eq!(table.len(), map.len());
        }
        assert!((0..512).all(|key| table.look_up(&key) == map.get(&key)));
        let mut all: Vec<_> = table.iter().map(|(_, key, value)| (*key, *value)).collect();
        all.sort_unstable();
        assert_eq!(all, map.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn it_touches_what_it_uses() {
        let mut table = table::<1000>();
        (0..10).for_each(|key| assert!(table.insert(key, 1).is_some()));
        (0..10).for_each(|key| assert!(table.remove(table.find(&key).unwrap()).is_some()));
        (10..20).for_each(|key| assert!(table.insert(key, 1).is_some()));
        assert_eq!((table.used(), table.buckets), (10, 10));
        assert!(table.heads[10..].iter().all(|head| *head == 0));
        table.preload(0..100);
    }

    #[test]
    fn without_memory_it_is_empty() {
        let mut table: Table<u64, u16> = Table::new();
        assert_eq!((table.find(&1), table.insert(1, 1), table.remove(0), table.len()), (None, None, None, 0));
        assert!(table.is_empty() && table.capacity() == 0);
    }
}
