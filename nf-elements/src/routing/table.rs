// SPDX-License-Identifier: Apache-2.0
//! A routing table that can change.

use super::layout::{Layout, Sizes, put, u16_at, u32_at};
use super::ranges::{self, Ranges};
use super::{Key, trie};

/// A route's destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route<K> {
    /// The destination's address, zeros behind the first `length` bits.
    pub prefix: K,
    /// How many bits of it count.
    pub length: u8,
}

impl<K: Key> Route<K> {
    /// The route to the network of `length` bits that `address` is in; at most all bits.
    pub fn new(address: K, length: u8) -> Self {
        let length = length.min(K::BITS as u8);
        Route { prefix: address.masked(length.into()), length }
    }

    /// Whether `address` is in it.
    #[inline]
    pub fn covers(self, address: K) -> bool {
        address.masked(self.length.into()) == self.prefix
    }
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop<K> {
    /// The router to send to; zero if the destination itself is on the link.
    pub gateway: K,
    /// The element's output.
    pub output: u16,
}

impl<K: Key> Hop<K> {
    /// No route.
    pub const NONE: Hop<K> = Hop { gateway: K::ZERO, output: u16::MAX };
}

/// Why a table did not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// There is a route for that prefix.
    Exists,
    /// There is no such route.
    Missing,
    /// There is no room.
    Full,
}

/// A routing table over addresses `K`.
pub struct Table<K: 'static> {
    /// As it was made on the host.
    data: &'static [u8],
    /// As it is since the first change.
    memory: &'static mut [u8],
    changed: bool,
    layout: Layout,
    /// What is in use.
    used: Sizes,
    /// Whether the trie holds what the routes say; if not, the ranges do.
    has_trie: bool,
    ranges: Ranges<K>,
    /// The layout that the memory has room for.
    room: Layout,
}

impl<K: Key> Table<K> {
    /// The table in `data`, which [`super::bake`] made. Empty until it is lent memory.
    pub const fn new(data: &'static [u8]) -> Self {
        const NOTHING: Sizes = Sizes { routes: 0, hops: 0, nodes: 0, leaves: 0 };
        let layout = Layout::new::<K>(0, NOTHING);
        let ranges = Ranges::new();
        Table { data, memory: &mut [], changed: false, layout, used: NOTHING, has_trie: false, ranges, room: layout }
    }

    /// Begins to work. The table can change if `memory` has the size that the host asked for.
    pub fn lend(&mut self, memory: &'static mut [u8]) {
        let number = |index: usize| u32_at(self.data, 4 * index) as usize;
        let sizes = |at: usize| Sizes {
            routes: number(at),
            hops: number(at + 1),
            nodes: number(at + 2),
            leaves: number(at + 3),
        };
        let (bits, used) = (number(0) as u32, sizes(1));
        self.used = used;
        self.has_trie = used.routes > ranges::MOST_ROUTES;
        self.layout = Layout::new::<K>(if self.has_trie { bits } else { 0 }, used);
        self.room = Layout::new::<K>(bits, sizes(5));
        self.memory = memory;
        if !self.has_trie {
            self.build_ranges();
        }
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        if self.changed { self.memory } else { self.data }
    }

    /// Where packets to `address` go.
    #[inline(always)]
    pub fn find(&self, address: K) -> Hop<K> {
        let hop =
            if self.has_trie { trie::find(self.bytes(), &self.layout, address) } else { self.ranges.find(address) };
        self.hop(hop)
    }

    /// The hop of that number.
    #[inline(always)]
    fn hop(&self, index: u16) -> Hop<K> {
        let size = const { Layout::hop::<K>() };
        match self.bytes().get(self.layout.hops + size * usize::from(index)..).and_then(|rest| rest.get(..size)) {
            Some(entry) => Hop { gateway: K::load(entry), output: u16_at(entry, K::BYTES) },
            None => Hop::NONE,
        }
    }

    /// Number of routes.
    pub fn len(&self) -> usize {
        self.used.routes
    }

    /// Whether there is no route.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that a lookup may touch: of the hops, and of the trie if there is one.
    pub fn lookup_bytes(&self) -> usize {
        let trie = if self.has_trie {
            (4 << self.layout.bits) + self.used.nodes * super::layout::NODE + self.used.leaves * 2
        } else {
            size_of::<Ranges<K>>()
        };
        trie + self.used.hops * Layout::hop::<K>()
    }

    /// The routes, sorted by address, the shorter first.
    pub fn routes(&self) -> impl Iterator<Item = (Route<K>, Hop<K>)> + Clone + '_ {
        (0..self.used.routes).map(|index| {
            let (route, hop) = self.route(index);
            (route, self.hop(hop))
        })
    }

    fn route(&self, index: usize) -> (Route<K>, u16) {
        let entry = self.bytes().get(self.layout.routes + index * Layout::route::<K>()..).unwrap_or(&[]);
        let length = entry.get(K::BYTES + 2).copied().unwrap_or(0);
        (Route { prefix: K::load(entry), length }, u16_at(entry, K::BYTES))
    }

    /// The place of `route` among the routes, or where it would be.
    fn search(&self, route: Route<K>) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.used.routes);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.route(middle).0 < route {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low < self.used.routes && self.route(low).0 == route { Ok(low) } else { Err(low) }
    }

    /// The hop of the route with exactly that prefix.
    pub fn get(&self, route: Route<K>) -> Option<Hop<K>> {
        self.search(route).ok().map(|index| self.hop(self.route(index).1))
    }

    /// Adds a route; if there is one for that prefix it is replaced, should `replace` say so. The old hop.
    pub fn add(&mut self, route: Route<K>, hop: Hop<K>, replace: bool) -> Result<Option<Hop<K>>, Change> {
        let place = self.search(route);
        if place.is_ok() && !replace {
            return Err(Change::Exists);
        }
        self.move_to_memory()?;
        let number = self.take_hop(hop)?;
        match place {
            Ok(index) => {
                let old = self.route(index).1;
                self.put_route(index, route, number);
                if self.rebuild(route).is_err() {
                    self.put_route(index, route, old);
                    self.give_hop(number);
                    return Err(self.as_it_was());
                }
                let old_hop = self.hop(old);
                self.give_hop(old);
                Ok(Some(old_hop))
            }
            Err(index) => {
                if self.used.routes == self.layout.most.routes {
                    self.give_hop(number);
                    return Err(Change::Full);
                }
                self.insert(index, route, number);
                if self.rebuild(route).is_err() {
                    self.delete(index);
                    self.give_hop(number);
                    return Err(self.as_it_was());
                }
                Ok(None)
            }
        }
    }

    /// Removes the route with that prefix, if it leads to `hop` (or anywhere, without one). Its hop.
    pub fn remove(&mut self, route: Route<K>, hop: Option<Hop<K>>) -> Result<Hop<K>, Change> {
        let index = self.search(route).map_err(|_| Change::Missing)?;
        let number = self.route(index).1;
        let old = self.hop(number);
        if hop.is_some_and(|hop| hop != old) {
            return Err(Change::Missing);
        }
        self.move_to_memory()?;
        self.delete(index);
        if self.rebuild(route).is_err() {
            self.insert(index, route, number);
            return Err(self.as_it_was());
        }
        self.give_hop(number);
        Ok(old)
    }

    /// Removes all routes.
    pub fn flush(&mut self) -> Result<(), Change> {
        self.move_to_memory()?;
        self.used = Sizes { hops: self.used.hops, ..Sizes::default() };
        for number in 0..self.used.hops {
            put(self.memory, self.layout.uses + 4 * number, [0; 4]);
        }
        self.has_trie = false;
        self.build_ranges();
        self.set_default();
        Ok(())
    }

    /// Copies the table to its memory, unless it is there already.
    fn move_to_memory(&mut self) -> Result<(), Change> {
        if self.changed {
            return Ok(());
        }
        if self.room.end > self.memory.len() || self.room.most.hops == 0 {
            return Err(Change::Full);
        }
        let (from, to) = (self.layout, self.room);
        let parts = [
            (from.hops, to.hops, from.uses - from.hops),
            (from.uses, to.uses, from.top - from.uses),
            (from.top, to.top, from.nodes - from.top),
            (from.nodes, to.nodes, from.leaves - from.nodes),
            (from.leaves, to.leaves, from.routes - from.leaves),
            (from.routes, to.routes, from.end - from.routes),
        ];
        for (from, to, length) in parts {
            if let (Some(to), Some(from)) = (self.memory.get_mut(to..to + length), self.data.get(from..from + length)) {
                to.copy_from_slice(from);
            }
        }
        (self.changed, self.layout) = (true, to);
        Ok(())
    }

    /// The number of that hop, used once more.
    fn take_hop(&mut self, hop: Hop<K>) -> Result<u16, Change> {
        let uses = |table: &Self, number: usize| u32_at(table.memory, table.layout.uses + 4 * number);
        let mut free = None;
        for number in 1..self.used.hops {
            match uses(self, number) {
                0 => free = free.or(Some(number)),
                count if self.hop(number as u16) == hop => {
                    put(self.memory, self.layout.uses + 4 * number, (count + 1).to_le_bytes());
                    return Ok(number as u16);
                }
                _ => {}
            }
        }
        let number = free.unwrap_or(self.used.hops);
        if number >= self.layout.most.hops {
            return Err(Change::Full);
        }
        self.used.hops = self.used.hops.max(number + 1);
        put(self.memory, self.layout.uses + 4 * number, 1u32.to_le_bytes());
        self.put_hop(number, hop);
        Ok(number as u16)
    }

    fn give_hop(&mut self, number: u16) {
        let at = self.layout.uses + 4 * usize::from(number);
        let count = u32_at(self.memory, at).saturating_sub(1);
        put(self.memory, at, count.to_le_bytes());
    }

    fn put_hop(&mut self, number: usize, hop: Hop<K>) {
        let at = self.layout.hops + Layout::hop::<K>() * number;
        hop.gateway.store(self.memory.get_mut(at..).unwrap_or_default());
        put(self.memory, at + K::BYTES, hop.output.to_le_bytes());
    }

    fn put_route(&mut self, index: usize, route: Route<K>, hop: u16) {
        let at = self.layout.routes + Layout::route::<K>() * index;
        route.prefix.store(self.memory.get_mut(at..).unwrap_or_default());
        let [low, high] = hop.to_le_bytes();
        put(self.memory, at + K::BYTES, [low, high, route.length, 0]);
    }

    fn insert(&mut self, index: usize, route: Route<K>, hop: u16) {
        let size = Layout::route::<K>();
        let (at, end) = (self.layout.routes + size * index, self.layout.routes + size * self.used.routes);
        self.memory.copy_within(at..end, at + size);
        self.used.routes += 1;
        self.put_route(index, route, hop);
    }

    fn delete(&mut self, index: usize) {
        let size = Layout::route::<K>();
        let (at, end) = (self.layout.routes + size * index, self.layout.routes + size * self.used.routes);
        self.memory.copy_within(at + size..end, at);
        self.used.routes -= 1;
    }

    /// After a change for which there was no room has been undone: builds what was there before.
    fn as_it_was(&mut self) -> Change {
        let _ = self.rebuild_all();
        Change::Full
    }

    /// Makes lookups right after the route with that prefix came, went or changed.
    fn rebuild(&mut self, route: Route<K>) -> Result<(), trie::NoRoom> {
        self.set_default();
        if self.used.routes <= ranges::MOST_ROUTES || !self.has_trie {
            return self.rebuild_all();
        }
        if route.length == 0 {
            return Ok(());
        }
        let bits = u32::from(route.length).min(self.layout.bits);
        let (block, end) = (route.prefix.masked(bits), route.prefix.filled(bits));
        let cover = (1..bits)
            .rev()
            .find_map(|length| self.search(Route::new(block, length as u8)).ok().map(|index| self.route(index).1));
        let first = self.search(Route { prefix: block, length: bits as u8 }).unwrap_or_else(|index| index);
        let last = self.search(Route { prefix: end, length: u8::MAX }).unwrap_or_else(|index| index);
        let built = self.build(block, bits, cover.unwrap_or(0), (first, last));
        if built.is_err() { self.rebuild_all() } else { Ok(()) }
    }

    fn rebuild_all(&mut self) -> Result<(), trie::NoRoom> {
        self.set_default();
        self.has_trie = self.used.routes > ranges::MOST_ROUTES;
        if !self.has_trie {
            self.build_ranges();
            return Ok(());
        }
        (self.used.nodes, self.used.leaves) = (0, 0);
        let first = usize::from(self.search(Route { prefix: K::ZERO, length: 0 }).is_ok());
        self.build(K::ZERO, 0, 0, (first, self.used.routes))
    }

    fn build(&mut self, block: K, bits: u32, cover: u16, routes: (usize, usize)) -> Result<(), trie::NoRoom> {
        let mut builder = trie::Builder::new(self.memory, self.layout, self.used.nodes, self.used.leaves);
        let built = builder.build(block, bits, cover, routes);
        (self.used.nodes, self.used.leaves) = (builder.nodes, builder.leaves);
        built
    }

    fn build_ranges(&mut self) {
        let mut ranges = Ranges::new();
        ranges.build((0..self.used.routes).map(|index| self.route(index)));
        self.ranges = ranges;
    }

    /// Hop 0 is the default route's.
    fn set_default(&mut self) {
        let hop = self.get(Route { prefix: K::ZERO, length: 0 }).unwrap_or(Hop::NONE);
        self.put_hop(0, hop);
    }
}
