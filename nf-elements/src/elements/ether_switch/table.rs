// SPDX-License-Identifier: Apache-2.0
//! The addresses that a switch has learned: open addressing in a fixed array, without deletion.
//!
//! An address may lie in any of the [`WINDOW`] places from its home on. A place that was taken once never becomes empty
//! again (another address takes it over after the timeout), so a search may stop at the first empty place.

use crate::wire::ethernet::Address;

/// How many places an address may lie in: the most that a search looks at.
pub const WINDOW: usize = 8;

/// Spreads addresses that differ in a few bits only: 2⁶⁴ / φ, Knuth, The Art of Computer Programming 3, §6.4.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Clone, Copy)]
struct Place {
    /// The address in the lower 48 bits, the LAN plus one above them; 0 is empty.
    address_lan: u64,
    seen_ns: u64,
}

impl Place {
    const EMPTY: Place = Place { address_lan: 0, seen_ns: 0 };

    #[inline(always)]
    fn new(address: Address, lan: usize, seen_ns: u64) -> Self {
        Place { address_lan: address.to_bits() | (lan as u64 + 1) << 48, seen_ns }
    }

    #[inline(always)]
    fn is_empty(&self) -> bool {
        self.address_lan == 0
    }

    /// Whether `address` lies here. Also true of the address 0 and an empty place, so whoever asks looks for that too.
    #[inline(always)]
    fn holds(&self, address: Address) -> bool {
        Address::from_bits(self.address_lan) == address
    }

    /// The LAN; none if the place is empty.
    #[inline(always)]
    fn lan(&self) -> Option<usize> {
        ((self.address_lan >> 48) as usize).checked_sub(1)
    }

    #[inline(always)]
    fn is_fresh(&self, now_ns: u64, timeout_ns: u64) -> bool {
        now_ns.saturating_sub(self.seen_ns) < timeout_ns
    }
}

/// See the module's documentation. `PLACES` is a power of two, at least [`WINDOW`].
pub struct Table<const PLACES: usize>([Place; PLACES]);

impl<const PLACES: usize> Table<PLACES> {
    pub const fn new() -> Self {
        const { assert!(PLACES.is_power_of_two() && PLACES >= WINDOW) };
        Table([Place::EMPTY; PLACES])
    }

    /// The address's home, from the upper bits of a product: those depend on all bits of the factors.
    #[inline(always)]
    fn home(address: Address) -> usize {
        (address.to_bits().wrapping_mul(SPREAD) >> (64 - PLACES.ilog2())) as usize
    }

    /// Notes that `address` was seen on `lan`; false if there was no place for it.
    #[inline(always)]
    pub fn learn(&mut self, address: Address, lan: usize, now_ns: u64, timeout_ns: u64) -> bool {
        let (home, seen) = (Self::home(address), Place::new(address, lan, now_ns));
        // Nearly always the address lies at home and has not moved.
        if self.0[home].address_lan == seen.address_lan {
            self.0[home].seen_ns = now_ns;
            return true;
        }
        let Some(index) = self.place_for(address, home, now_ns, timeout_ns) else { return false };
        self.0[index] = seen;
        true
    }

    /// The place that holds `address`, or else the first that is empty or has timed out.
    #[inline(never)]
    fn place_for(&self, address: Address, home: usize, now_ns: u64, timeout_ns: u64) -> Option<usize> {
        let mut free = None;
        for index in Self::window(home) {
            let place = &self.0[index];
            if place.is_empty() {
                return free.or(Some(index));
            }
            if place.holds(address) {
                return Some(index);
            }
            if free.is_none() && !place.is_fresh(now_ns, timeout_ns) {
                free = Some(index);
            }
        }
        free
    }

    /// Where `address` was seen last, if that is less than `timeout_ns` ago.
    #[inline(always)]
    pub fn find(&self, address: Address, now_ns: u64, timeout_ns: u64) -> Option<usize> {
        let home = Self::home(address);
        let place = if self.0[home].holds(address) { &self.0[home] } else { self.search(address, home)? };
        if place.is_fresh(now_ns, timeout_ns) { place.lan() } else { None }
    }

    #[inline(never)]
    fn search(&self, address: Address, home: usize) -> Option<&Place> {
        let window = Self::window(home).map(|index| &self.0[index]);
        window.take_while(|place| !place.is_empty()).find(|place| place.holds(address))
    }

    fn window(home: usize) -> impl Iterator<Item = usize> {
        (home..home + WINDOW).map(|index| index % PLACES)
    }

    /// The addresses that have not timed out, with their LANs.
    pub fn iter(&self, now_ns: u64, timeout_ns: u64) -> impl Iterator<Item = (Address, usize)> {
        let fresh = move |place: &&Place| place.is_fresh(now_ns, timeout_ns);
        self.0.iter().filter(fresh).filter_map(|place| Some((Address::from_bits(place.address_lan), place.lan()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u64) -> Address {
        Address::from_bits(number << 8 | 2)
    }

    #[test]
    fn finds_what_it_learned_and_nothing_else() {
        let mut table = Table::<64>::new();
        assert!((0..32).all(|i| table.learn(address(i), i as usize % 3, 0, 10)), "half full, all find a place");
        assert!((0..32).all(|i| table.find(address(i), 9, 10) == Some(i as usize % 3)));
        assert!((32..999).all(|i| table.find(address(i), 9, 10).is_none()));
        assert_eq!(table.iter(0, 10).count(), 32);
    }

    #[test]
    fn the_address_zero_is_one_like_others() {
        let mut table = Table::<8>::new();
        assert_eq!(table.find(Address::new([0; 6]), 0, 10), None);
        assert!(table.learn(Address::new([0; 6]), 0, 0, 10));
        assert_eq!(table.find(Address::new([0; 6]), 0, 10), Some(0));
    }

    #[test]
    fn a_full_table_keeps_what_is_fresh_and_reuses_what_is_not() {
        let mut table = Table::<8>::new();
        assert!((0..8).all(|i| table.learn(address(i), 0, i, 100)));
        assert!(!table.learn(address(8), 1, 99, 100));
        assert!(table.learn(address(8), 1, 100, 100), "address 0 has timed out");
        assert_eq!((table.find(address(0), 100, 100), table.find(address(8), 100, 100)), (None, Some(1)));
        assert!((1..8).all(|i| table.find(address(i), 100, 100) == Some(0)));
    }

    #[test]
    fn an_address_never_lies_in_two_places() {
        let mut table = Table::<8>::new();
        assert!((0..8).all(|i| table.learn(address(i), 0, i, 100)));
        assert!((0..8).all(|i| table.learn(address(i), 1, 500, 100)), "all have timed out; each takes its place again");
        assert_eq!(table.iter(500, 100).filter(|(_, lan)| *lan == 1).count(), 8);
    }
}
