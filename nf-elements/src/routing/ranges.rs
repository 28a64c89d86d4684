// SPDX-License-Identifier: Apache-2.0
//! A table of few routes as ranges of addresses, each with its next hop.
//!
//! The ranges' borders are compared one and all, without a branch that could be mispredicted: for IPv4 sixteen of them
//! take four vector instructions. The number of borders below an address is the number of its range.

use super::{Key, Route};

/// Most routes: each begins one range and ends one, and the last number stands for no border.
pub const MOST_ROUTES: usize = 31;
const BORDERS: usize = 64;
/// Borders that are compared at once.
const BLOCK: usize = 16;

/// Up to [`MOST_ROUTES`] routes as ranges.
pub struct Ranges<K> {
    /// The last address in front of each range but the first; behind them [`Key::LAST`], below which all addresses lie.
    borders: [K; BORDERS],
    hops: [u16; BORDERS],
    blocks: usize,
}

impl<K: Key> Ranges<K> {
    /// One range: hop 0 for all addresses.
    pub const fn new() -> Self {
        Ranges { borders: [K::LAST; BORDERS], hops: [0; BORDERS], blocks: 0 }
    }

    /// The next hop for `address`.
    #[inline(always)]
    pub fn find(&self, address: K) -> u16 {
        let mut index = 0u32;
        for block in self.borders.as_chunks::<BLOCK>().0.iter().take(self.blocks) {
            index += block.iter().map(|border| u32::from(*border < address)).sum::<u32>();
        }
        self.hops[index as usize % BORDERS]
    }

    /// Becomes the ranges of `routes`, each with its hop; of more than [`MOST_ROUTES`] only the first ones. Where two
    /// have the same prefix the later one counts; a prefix of no bits counts not at all.
    pub fn build(&mut self, routes: impl Iterator<Item = (Route<K>, u16)> + Clone) {
        *self = Ranges::new();
        let routes = routes.filter(|(route, _)| route.length > 0).take(MOST_ROUTES);
        // The first addresses of ranges; a few too many do no harm.
        let mut starts = [K::ZERO; BORDERS];
        let mut count = 1;
        for (route, _) in routes.clone() {
            starts[count] = route.prefix;
            count += 1;
            if let Some(after) = route.prefix.filled(route.length.into()).after() {
                starts[count] = after;
                count += 1;
            }
        }
        let starts = &mut starts[..count];
        starts.sort_unstable();
        let mut used = 0;
        for start in starts {
            let best = routes.clone().filter(|(route, _)| route.covers(*start)).max_by_key(|(route, _)| route.length);
            let hop = best.map_or(0, |(_, hop)| hop);
            if *start == K::ZERO {
                self.hops[0] = hop;
            } else if self.hops[used] != hop {
                self.borders[used] = start.before();
                used += 1;
                self.hops[used] = hop;
            }
        }
        self.blocks = used.div_ceil(BLOCK);
    }
}

impl<K: Key> Default for Ranges<K> {
    fn default() -> Self {
        Ranges::new()
    }
}
