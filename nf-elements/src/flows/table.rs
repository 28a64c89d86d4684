// SPDX-License-Identifier: Apache-2.0
//! The table of flows: a bounded hash table in lent memory that finds a flow by its packets and by those that answer.
//!
//! A look-up reads one bucket of the index and the flow itself: two lines of the cache, whatever the size. A bucket has 15
//! slots and on average at most eight in use; an entry whose bucket is full goes to one of the next, and the buckets that it
//! passed count it, so that look-ups know when to go on and nothing has to move when a flow ends.

use super::ages::{Ages, Timing};
use super::flow::{Block, FLOWS, Flow};
use super::{FlowId, age};

/// Most flows of a table: with more there would be too few bits of the hash in a slot.
pub const MOST_FLOWS: usize = 1 << 24;
/// The bit of a slot in use.
const USED: u32 = 1 << 31;
/// Buckets in which an entry may be, from its own on.
const PROBES: usize = 8;

/// A flow and a direction of it, as the index has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry(u32);

impl Entry {
    /// The flow's number.
    #[inline(always)]
    pub fn flow(self) -> u32 {
        self.0 >> 1
    }

    /// 0 for a packet of the flow, 1 for one that answers.
    #[inline(always)]
    pub fn direction(self) -> usize {
        (self.0 & 1) as usize
    }
}

/// The flows of a rewriter with `N` inputs.
pub struct FlowTable<const N: usize> {
    pub(super) blocks: &'static mut [Block],
    /// The bits of a slot that number an entry.
    number_bits: u32,
    seed: [u64; 2],
    pub(super) capacity: u32,
    pub(super) size: u32,
    /// Flows from here on were never used.
    fresh: u32,
    /// The first free flow that was used, plus one.
    free: u32,
    pub(super) ages: Ages,
    /// Flows that each input began.
    pub(super) counts: [u32; N],
}

impl<const N: usize> FlowTable<N> {
    /// A table for at most `capacity` flows. It holds none until it is lent memory.
    pub const fn new(capacity: u32) -> Self {
        FlowTable {
            blocks: &mut [],
            number_bits: 0,
            seed: [0; 2],
            capacity,
            size: 0,
            fresh: 0,
            free: 0,
            ages: Ages::EMPTY,
            counts: [0; N],
        }
    }

    /// Keeps its flows in `memory`, whose bytes are zero.
    pub fn lend(&mut self, memory: &'static mut [Block]) {
        let most = memory.len().min(MOST_FLOWS / FLOWS);
        self.blocks = &mut memory[..most];
        self.number_bits = ((2 * FLOWS * most) as u32).next_power_of_two().wrapping_sub(1);
        self.seed(0);
    }

    /// Mixes `entropy` into the hash. Only a table without flows is changed.
    pub fn seed(&mut self, entropy: u64) {
        if self.size == 0 {
            self.seed = [mix(entropy, 0x9e37_79b9_7f4a_7c15), mix(entropy, 0xd1b5_4a32_d192_ed03)];
            self.seed[0] ^= 0xa076_1d64_78bd_642f;
            self.seed[1] ^= 0xe703_7ed1_a0b4_28db;
        }
    }

    /// Most flows that the memory holds.
    pub fn most(&self) -> u32 {
        (self.blocks.len() * FLOWS) as u32
    }

    /// Flows now.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The entry of packets `id`.
    #[inline]
    pub fn find(&self, map: u8, id: &FlowId) -> Option<Entry> {
        let hash = self.hash(map, id);
        let wanted = self.slot(hash, 0);
        let mut bucket = self.bucket(hash);
        for _ in 0..PROBES {
            let block = self.blocks.get(bucket)?;
            for entry in self.hits(block, wanted) {
                let flow = self.flow(entry.flow());
                if flow.ids[entry.direction()] == *id && flow.map == map {
                    return Some(entry);
                }
            }
            if block.passed == 0 {
                return None;
            }
            bucket = self.after(bucket);
        }
        None
    }

    /// The entries of a bucket whose slots are `wanted`, but for the number.
    #[inline(always)]
    pub(super) fn hits(&self, block: &Block, wanted: u32) -> impl Iterator<Item = Entry> {
        let mut hits = 0u32;
        for (at, slot) in block.slots.iter().enumerate() {
            hits |= u32::from(slot & !self.number_bits == wanted) << at;
        }
        core::iter::from_fn(move || {
            let slot = block.slots.get(hits.trailing_zeros() as usize)?;
            hits &= hits - 1;
            Some(Entry(slot & self.number_bits))
        })
    }

    /// The flow of that number, which an entry has.
    #[inline(always)]
    pub fn flow(&self, number: u32) -> &Flow {
        &self.blocks[number as usize / FLOWS].flows[number as usize % FLOWS]
    }

    /// The flow of that number, to change.
    #[inline(always)]
    pub fn flow_mut(&mut self, number: u32) -> &mut Flow {
        &mut self.blocks[number as usize / FLOWS].flows[number as usize % FLOWS]
    }

    /// The flows, in no order.
    pub fn flows(&self) -> impl Iterator<Item = &Flow> {
        self.blocks.iter().flat_map(|block| &block.flows).take(self.fresh as usize).filter(|flow| flow.live)
    }

    /// Adds a flow, used now. One that has the same answers ends; if the table is full, another ends if one may; if none
    /// may, there is no entry.
    pub fn add(&mut self, flow: Flow, now_ms: u32, timing: &Timing) -> Option<Entry> {
        for id in flow.ids {
            if let Some(other) = self.find(flow.map, &id) {
                self.remove(other.flow());
            }
        }
        if self.size >= self.capacity.min(self.most()) && !self.make_room(flow.age, now_ms, timing) {
            return None;
        }
        let number = self.take()?;
        *self.flow_mut(number) = Flow { live: true, last_ms: now_ms, listed_ms: now_ms, ..flow };
        self.size += 1;
        if let Some(count) = self.counts.get_mut(usize::from(flow.input)) {
            *count += 1;
        }
        self.append(number, usize::from(flow.age));
        // A flow that answers itself is found as its answer, as in Click.
        let forward = flow.ids[0] == flow.ids[1] || self.index(flow.map, &flow.ids[0], number * 2);
        if !forward || !self.index(flow.map, &flow.ids[1], number * 2 + 1) {
            self.remove(number);
            return None;
        }
        Some(Entry(number * 2))
    }

    /// Ends a flow.
    pub fn remove(&mut self, number: u32) {
        let flow = *self.flow(number);
        if !flow.live {
            return;
        }
        self.unlist(number);
        for (direction, id) in flow.ids.iter().enumerate() {
            self.unindex(flow.map, id, number * 2 + direction as u32);
        }
        self.size -= 1;
        if let Some(count) = self.counts.get_mut(usize::from(flow.input)) {
            *count -= 1;
        }
        *self.flow_mut(number) = Flow { next: self.free, ..Flow::EMPTY };
        self.free = number + 1;
    }

    /// Ends the flows for which `ends` says so.
    pub fn remove_if(&mut self, ends: impl Fn(&Flow) -> bool) {
        for number in 0..self.fresh {
            if self.flow(number).live && ends(self.flow(number)) {
                self.remove(number);
            }
        }
    }

    /// Notes that a flow is used now, and has this age from now on.
    #[inline(always)]
    pub fn touch(&mut self, number: u32, now_ms: u32, age: u8) {
        let flow = self.flow_mut(number);
        flow.last_ms = now_ms;
        if flow.age != age {
            self.unlist(number);
            let flow = self.flow_mut(number);
            (flow.age, flow.listed_ms) = (age, now_ms);
            self.append(number, usize::from(age));
        }
    }

    /// A place for a flow.
    fn take(&mut self) -> Option<u32> {
        if let Some(number) = self.free.checked_sub(1) {
            self.free = self.flow(number).next;
            return Some(number);
        }
        (self.fresh < self.most()).then(|| {
            self.fresh += 1;
            self.fresh - 1
        })
    }

    #[inline(always)]
    pub(super) fn hash(&self, map: u8, id: &FlowId) -> u64 {
        let addresses = u64::from(id.source) << 32 | u64::from(id.destination);
        let rest = u64::from(id.ports()) << 8 | u64::from(map);
        mix(mix(addresses ^ self.seed[0], rest ^ self.seed[1]), self.seed[0])
    }

    /// The bucket of a hash: its upper half, scaled.
    #[inline(always)]
    pub(super) fn bucket(&self, hash: u64) -> usize {
        (((hash >> 32) * self.blocks.len() as u64) >> 32) as usize
    }

    #[inline(always)]
    fn after(&self, bucket: usize) -> usize {
        if bucket + 1 < self.blocks.len() { bucket + 1 } else { 0 }
    }

    /// The slot of an entry: its lower half's bits with the number.
    #[inline(always)]
    pub(super) fn slot(&self, hash: u64, number: u32) -> u32 {
        hash as u32 & !self.number_bits | USED | number
    }

    fn index(&mut self, map: u8, id: &FlowId, number: u32) -> bool {
        let hash = self.hash(map, id);
        let (slot, home) = (self.slot(hash, number), self.bucket(hash));
        let Some((steps, bucket, at)) = self.seek(home, 0) else { return false };
        self.blocks[bucket].slots[at] = slot;
        self.count_passed(home, steps, 1);
        true
    }

    fn unindex(&mut self, map: u8, id: &FlowId, number: u32) {
        let hash = self.hash(map, id);
        let (slot, home) = (self.slot(hash, number), self.bucket(hash));
        let Some((steps, bucket, at)) = self.seek(home, slot) else { return };
        self.blocks[bucket].slots[at] = 0;
        self.count_passed(home, steps, u32::MAX);
    }

    /// Where `slot` lies: how many buckets from `home` on, which bucket, and where in it.
    fn seek(&self, home: usize, slot: u32) -> Option<(usize, usize, usize)> {
        let mut bucket = home;
        for steps in 0..PROBES.min(self.blocks.len()) {
            if let Some(at) = self.blocks[bucket].slots.iter().position(|other| *other == slot) {
                return Some((steps, bucket, at));
            }
            bucket = self.after(bucket);
        }
        None
    }

    fn count_passed(&mut self, home: usize, steps: usize, difference: u32) {
        let mut bucket = home;
        for _ in 0..steps {
            self.blocks[bucket].passed = self.blocks[bucket].passed.wrapping_add(difference);
            bucket = self.after(bucket);
        }
    }

    /// Whether another flow may end for a new one of that age, and if so ends it.
    fn make_room(&mut self, newcomer: u8, now_ms: u32, timing: &Timing) -> bool {
        let newcomer = usize::from(newcomer) % age::COUNT;
        let Some((number, left_ms)) = self.first_to_go(now_ms, timing) else { return false };
        if timing.guarantees_ms[newcomer] == 0 && i64::from(timing.timeouts_ms[newcomer]) < left_ms {
            return false;
        }
        self.remove(number);
        true
    }
}

/// Both halves of a product in one: the step of a hash.
#[inline(always)]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}
