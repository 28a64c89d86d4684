// SPDX-License-Identifier: Apache-2.0
//! The entries of an ARP table and the packets that wait for them, in lent memory.
//!
//! A [`Place`] serves two purposes that have nothing to do with each other, as memory is lent as one slice: one entry, and
//! one packet that waits. Entries are found by a hash chain, and form a list from the oldest to the newest reply. Links are
//! the number of a place plus one; 0 is none.

mod ages;
mod handlers;

use crate::wire::ethernet::Address;
use crate::Packet;

/// Queries for one address are at least this far apart; after [`MOST_POLLS`] without a reply, [`SLOW_POLL_NS`].
const POLL_NS: u64 = 100_000_000;
const SLOW_POLL_NS: u64 = 2_000_000_000;
const MOST_POLLS: u8 = 10;
/// Spreads addresses that differ in a few bits only: 2³² / φ, Knuth, The Art of Computer Programming 3, §6.4.
const SPREAD: u32 = 0x9e37_79b9;

type Link = u16;

/// Memory for an entry and for a packet that waits for some entry.
pub struct Place {
    /// The first entry of the hash chain that has this place's number.
    bucket: Link,
    entry: Entry,
    packet: Option<Packet>,
    /// The packet that came next for the same address, or the next free place for a packet.
    behind: Link,
}

impl Place {
    /// Unused.
    pub const EMPTY: Place = Place { bucket: 0, entry: Entry::EMPTY, packet: None, behind: 0 };
}

#[derive(Clone, Copy)]
struct Entry {
    address: u32,
    known: bool,
    /// A reply came, and not all packets that waited for it have been taken.
    released: bool,
    polls: u8,
    ethernet: Address,
    live_ns: u64,
    may_poll_ns: u64,
    first: Link,
    last: Link,
    waiting: u16,
    /// The next entry of the hash chain, or the next free place for an entry.
    chain: Link,
    older: Link,
    newer: Link,
}

impl Entry {
    const EMPTY: Entry = Entry {
        address: 0,
        known: false,
        released: false,
        polls: 0,
        ethernet: Address::from_bits(0),
        live_ns: 0,
        may_poll_ns: 0,
        first: 0,
        last: 0,
        waiting: 0,
        chain: 0,
        older: 0,
        newer: 0,
    };
}

/// The arguments that bound a table; a capacity of 0 is as many as there are places.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// CAPACITY: packets that wait.
    pub packets: u32,
    /// ENTRY_CAPACITY.
    pub entries: u32,
    /// ENTRY_PACKET_CAPACITY: packets that wait for one entry.
    pub entry_packets: u32,
    /// CAPACITY_SLIM_FACTOR.
    pub slim_factor: u32,
    /// TIMEOUT; 0 is never.
    pub timeout_ns: u64,
}

/// What [`Entries::hold`] did with a packet.
pub enum Held {
    /// It waits, and nobody need ask.
    Waits,
    /// It waits, and it is time to ask.
    Ask,
    /// It was dropped, and counted.
    Dropped,
}

/// See the module's documentation.
pub struct Entries {
    places: &'static mut [Place],
    limits: Limits,
    /// Places that were ever used for an entry, and for a packet.
    used: (Link, Link),
    /// The first place that is free again, likewise.
    free: (Link, Link),
    oldest: Link,
    newest: Link,
    count: u32,
    length: u32,
    released: u32,
    drops: u64,
    latest_ns: u64,
    slim_ns: Option<u64>,
}

impl Entries {
    /// A table without memory: it holds nothing until it is lent some.
    pub const fn new(limits: Limits) -> Self {
        Entries {
            places: &mut [],
            limits,
            used: (0, 0),
            free: (0, 0),
            oldest: 0,
            newest: 0,
            count: 0,
            length: 0,
            released: 0,
            drops: 0,
            latest_ns: 0,
            slim_ns: None,
        }
    }

    /// Takes the memory: [`crate::configure::Instance::memory`]. At most 65534 places of it are used.
    pub fn lend(&mut self, memory: &'static mut [Place]) {
        let most = memory.len().min(usize::from(Link::MAX) - 1);
        self.places = &mut memory[..most];
    }

    /// Number of entries.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Number of packets that wait.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// Packets dropped for want of an answer in time, or of room.
    pub fn drops(&self) -> u64 {
        self.drops
    }

    #[inline]
    fn place(&mut self, link: Link) -> Option<&mut Place> {
        self.places.get_mut(usize::from(link).wrapping_sub(1))
    }

    #[inline]
    fn entry(&mut self, link: Link) -> Option<&mut Entry> {
        self.place(link).map(|place| &mut place.entry)
    }

    /// The place whose `bucket` begins the chain of `address`.
    #[inline]
    fn home(&self, address: u32) -> usize {
        ((u64::from(address.wrapping_mul(SPREAD)) * self.places.len() as u64) >> 32) as usize
    }

    #[inline]
    fn find(&self, address: u32) -> Link {
        let mut link = self.places.get(self.home(address)).map_or(0, |place| place.bucket);
        // A chain has at most as many links as there are entries.
        while let Some(place) = self.places.get(usize::from(link).wrapping_sub(1)) {
            if place.entry.address == address {
                return link;
            }
            link = place.entry.chain;
        }
        0
    }

    #[inline]
    fn is_known(&self, entry: &Entry, now_ns: u64) -> bool {
        entry.known && !self.has_expired(entry, now_ns)
    }

    #[inline]
    fn has_expired(&self, entry: &Entry, now_ns: u64) -> bool {
        self.limits.timeout_ns != 0 && entry.live_ns.saturating_add(self.limits.timeout_ns) < now_ns
    }

    /// The Ethernet address of `address` if it is known; and whether to ask again, because that was `poll_ns` ago (0 is
    /// never). Not known either while packets that came earlier are still on their way out.
    #[inline]
    pub fn look_up(&mut self, address: u32, now_ns: u64, poll_ns: u64) -> Option<(Address, bool)> {
        let link = self.find(address);
        let entry = self.places.get(usize::from(link).wrapping_sub(1))?.entry;
        if !self.is_known(&entry, now_ns) || entry.released {
            return None;
        }
        let due = poll_ns != 0 && now_ns >= entry.live_ns.saturating_add(poll_ns);
        Some((entry.ethernet, due && self.poll(link, now_ns)))
    }

    /// Whether a query may be sent now; if so it will be.
    fn poll(&mut self, link: Link, now_ns: u64) -> bool {
        let Some(entry) = self.entry(link).filter(|entry| now_ns >= entry.may_poll_ns) else { return false };
        entry.polls = entry.polls.saturating_add(1);
        entry.may_poll_ns = now_ns + if entry.polls >= MOST_POLLS { SLOW_POLL_NS } else { POLL_NS };
        true
    }

    /// Notes that `address` belongs to `ethernet`; the broadcast address makes it unknown. False if there is no place.
    pub fn insert(&mut self, address: u32, ethernet: Address, now_ns: u64) -> bool {
        let link = self.ensure(address, now_ns);
        let Some(entry) = self.entry(link) else { return false };
        (entry.ethernet, entry.known) = (ethernet, ethernet != Address::BROADCAST);
        (entry.live_ns, entry.may_poll_ns, entry.polls) = (now_ns, 0, 0);
        self.unlink_age(link);
        self.append_age(link);
        true
    }

    /// [`Entries::insert`] of a reply, after which [`Entries::take`] gives the packets that waited for it.
    pub fn answer(&mut self, address: u32, ethernet: Address, now_ns: u64) {
        self.insert(address, ethernet, now_ns);
        let link = self.find(address);
        if let Some(entry) = self.entry(link).filter(|entry| entry.first != 0 && !entry.released) {
            entry.released = true;
            self.released += 1;
        }
    }

    /// Whether [`Entries::take`] would give a packet.
    #[inline]
    pub fn has_released(&self) -> bool {
        self.released != 0
    }

    /// A packet whose address was answered, and the answer.
    pub fn take(&mut self) -> Option<(Packet, Address)> {
        if self.released == 0 {
            return None;
        }
        let mut link = self.newest;
        while let Some(&mut entry) = self.entry(link) {
            if entry.released {
                let packet = self.take_first(link);
                self.settle(link);
                return packet.map(|packet| (packet, entry.ethernet));
            }
            link = entry.older;
        }
        None
    }

    /// Notes that all packets of an answered entry are gone, if they are.
    fn settle(&mut self, link: Link) {
        if let Some(entry) = self.entry(link).filter(|entry| entry.released && entry.first == 0) {
            entry.released = false;
            self.released -= 1;
        }
    }

    /// Keeps `packet` until `address` is answered.
    pub fn hold(&mut self, address: u32, packet: Packet, now_ns: u64) -> Held {
        let link = self.ensure(address, now_ns);
        let timeout_ns = self.limits.timeout_ns;
        let Some(entry) = self.entry(link) else {
            self.drops += 1;
            return Held::Dropped;
        };
        // As somebody wants it, the entry itself shall not expire now.
        if timeout_ns != 0 && entry.live_ns.saturating_add(timeout_ns) < now_ns {
            entry.live_ns = now_ns - timeout_ns;
            self.renew_age(link);
        }
        let waiting = self.entry(link).map_or(0, |entry| u32::from(entry.waiting));
        if self.limits.entry_packets != 0 && waiting >= self.limits.entry_packets {
            self.drops += 1;
            return Held::Dropped;
        }
        self.length += 1;
        if self.length > self.packet_capacity() {
            self.slim(now_ns);
        }
        if !self.append(link, packet) {
            self.length -= 1;
            self.drops += 1;
            return Held::Dropped;
        }
        let answered = self.entry(link).is_some_and(|entry| entry.released);
        if !answered && self.poll(link, now_ns) { Held::Ask } else { Held::Waits }
    }

    fn packet_capacity(&self) -> u32 {
        bounded(self.limits.packets, self.places.len())
    }

    fn entry_capacity(&self) -> u32 {
        bounded(self.limits.entries, self.places.len())
    }

    /// Appends a packet to an entry's; false if there is no place.
    fn append(&mut self, link: Link, packet: Packet) -> bool {
        let mut slot = self.free.1;
        if let Some(place) = self.place(slot) {
            self.free.1 = place.behind;
        } else if usize::from(self.used.1) < self.places.len() {
            self.used.1 += 1;
            slot = self.used.1;
        } else {
            return false;
        }
        if let Some(place) = self.place(slot) {
            (place.packet, place.behind) = (Some(packet), 0);
        }
        let Some(entry) = self.entry(link) else { return false };
        let last = core::mem::replace(&mut entry.last, slot);
        entry.waiting += 1;
        if last == 0 {
            entry.first = slot;
        } else if let Some(place) = self.place(last) {
            place.behind = slot;
        }
        true
    }

    /// Takes the first packet that waits for an entry.
    fn take_first(&mut self, link: Link) -> Option<Packet> {
        let slot = self.entry(link)?.first;
        let free = self.free.1;
        let place = self.place(slot)?;
        let (packet, behind) = (place.packet.take(), core::mem::replace(&mut place.behind, free));
        self.free.1 = slot;
        let entry = self.entry(link)?;
        entry.first = behind;
        entry.waiting = entry.waiting.saturating_sub(1);
        if behind == 0 {
            entry.last = 0;
        }
        self.length -= 1;
        packet
    }

    /// The entry of `address`, a new one if there is none; 0 without memory.
    fn ensure(&mut self, address: u32, now_ns: u64) -> Link {
        let found = self.find(address);
        if found != 0 || self.places.is_empty() {
            return found;
        }
        while self.count >= self.entry_capacity() && self.oldest != 0 {
            self.remove(self.oldest);
        }
        let mut link = self.free.0;
        match self.entry(link) {
            Some(entry) => self.free.0 = entry.chain,
            None => {
                self.used.0 += 1;
                link = self.used.0;
            }
        }
        let home = self.home(address);
        let chain = core::mem::replace(&mut self.places[home].bucket, link);
        if let Some(entry) = self.entry(link) {
            *entry = Entry { address, ethernet: Address::BROADCAST, live_ns: now_ns, chain, ..Entry::EMPTY };
        }
        self.count += 1;
        self.append_age(link);
        link
    }

    /// Removes an entry and drops what waits for it.
    fn remove(&mut self, link: Link) {
        while self.take_first(link).is_some() {
            self.drops += 1;
        }
        self.unlink_age(link);
        let free = self.free.0;
        let Some(&mut entry) = self.entry(link) else { return };
        self.unlink_chain(entry.address, link, entry.chain);
        if let Some(removed) = self.entry(link) {
            *removed = Entry { chain: free, ..Entry::EMPTY };
        }
        self.free.0 = link;
        self.count -= 1;
        self.released -= u32::from(entry.released);
    }

    fn unlink_chain(&mut self, address: u32, link: Link, next: Link) {
        let home = self.home(address);
        let mut before = self.places[home].bucket;
        if before == link {
            self.places[home].bucket = next;
        }
        while let Some(entry) = self.entry(before) {
            if entry.chain == link {
                entry.chain = next;
                return;
            }
            before = entry.chain;
        }
    }

    /// Removes expired entries, and makes room if too many packets wait.
    fn slim(&mut self, now_ns: u64) {
        while let Some(&mut entry) = self.entry(self.oldest)
            && self.has_expired(&entry, now_ns)
        {
            self.remove(self.oldest);
        }
        let capacity = self.packet_capacity();
        if self.length <= capacity {
            return;
        }
        let kept = (capacity - capacity / self.limits.slim_factor.max(1)).max(1);
        let mut link = self.oldest;
        while self.length > kept && link != 0 {
            while self.length > kept && self.take_first(link).is_some() {
                self.drops += 1;
            }
            self.settle(link);
            link = self.entry(link).map_or(0, |entry| entry.newer);
        }
    }

    /// Notes the time, and removes expired entries every now and then.
    #[inline]
    pub fn tick(&mut self, now_ns: u64) {
        self.latest_ns = now_ns;
        if self.slim_ns.is_none_or(|due| now_ns >= due) {
            self.slim_now(now_ns);
        }
    }

    #[cold]
    fn slim_now(&mut self, now_ns: u64) {
        self.slim(now_ns);
        let seconds = (self.limits.timeout_ns / 1_000_000_000 + 1).saturating_mul(1_000_000_000);
        self.slim_ns = Some(if self.limits.timeout_ns == 0 { u64::MAX } else { now_ns.saturating_add(seconds) });
    }

    /// When [`Entries::tick`] has something to do.
    pub fn deadline_ns(&self) -> Option<u64> {
        if self.released != 0 {
            return Some(0);
        }
        self.slim_ns.filter(|due| self.count != 0 && *due != u64::MAX)
    }

    /// Removes all entries and drops what waits.
    pub fn clear(&mut self) {
        while self.oldest != 0 {
            self.remove(self.oldest);
        }
    }
}

/// A capacity: 0 is without a bound of its own.
fn bounded(capacity: u32, places: usize) -> u32 {
    let places = places as u32;
    if capacity == 0 { places } else { capacity.min(places) }
}
