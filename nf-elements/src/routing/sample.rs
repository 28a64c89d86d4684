// SPDX-License-Identifier: Apache-2.0
//! Routing tables like those of the Internet, for tests and measurements: the same in each run.

use super::{Hop, Route};
use std::collections::HashSet;

/// Numbers that look random (xorshift64*).
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        ((self.bits() >> 32) as usize * limit) >> 32
    }
}

/// Of 10 000 prefixes that routers exchange, how many have a length of 8, 9, … 24 bits: as the reports on BGP have it,
/// six in ten are /24, one in ten each /22 and /23.
const LENGTHS: [usize; 17] = [1, 1, 1, 1, 4, 7, 13, 23, 143, 88, 146, 268, 466, 561, 1186, 1048, 6043];

/// `count` routes to unicast networks, over `hops` next hops. Nineteen of twenty lie close to an earlier one, in the same /16 to
/// /20, and half of these lead where it leads. So 500 000 routes become a trie as large as the Poptrie paper says that of
/// a big provider's table is (2.4 MB, 531 000 routes).
pub fn bgp(count: usize, hops: usize, random: &mut Random) -> Vec<(Route<u32>, Hop<u32>)> {
    let total = LENGTHS.iter().sum();
    let (mut routes, mut known) = (Vec::with_capacity(count), HashSet::new());
    while routes.len() < count {
        let mut rank = random.below(total);
        let length = LENGTHS.iter().position(|share| {
            let here = rank < *share;
            rank = rank.wrapping_sub(*share);
            here
        });
        let length = 8 + length.unwrap_or(16) as u8;
        let mut address = (1 + random.below(223) as u32) << 24 | (random.bits() as u32 & 0x00ff_ffff);
        let mut hop = random.below(hops);
        if !routes.is_empty() && random.below(20) < 19 {
            let (near, its): (Route<u32>, Hop<u32>) = routes[random.below(routes.len())];
            let kept = u32::MAX << (16 - random.below(5));
            address = near.prefix & kept | address & !kept;
            if random.below(2) == 0 {
                hop = its.output.into();
            }
        }
        let route = Route::new(address, length);
        if known.insert(route) {
            routes.push((route, Hop { gateway: 0x0a00_0001 + hop as u32, output: hop as u16 }));
        }
    }
    routes
}

/// `count` routes of any length anywhere, many of them close to another, over `hops` next hops.
pub fn wild<K: super::Key>(count: usize, hops: usize, random: &mut Random) -> Vec<(Route<K>, Hop<K>)> {
    let mut routes: Vec<(Route<K>, Hop<K>)> = Vec::with_capacity(count);
    for _ in 0..count {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&random.bits().to_be_bytes());
        bytes[8..].copy_from_slice(&random.bits().to_be_bytes());
        if !routes.is_empty() && random.below(4) > 0 {
            let (near, kept) = (routes[random.below(routes.len())].0.prefix, random.below(K::BYTES + 1));
            let mut other = [0; 16];
            near.store(&mut other);
            bytes[..kept].copy_from_slice(&other[..kept]);
        }
        let length = random.below(K::BITS as usize + 1) as u8;
        let hop = random.below(hops);
        let gateway = if hop == 0 { K::ZERO } else { K::LAST };
        routes.push((Route::new(K::load(&bytes), length), Hop { gateway, output: hop as u16 }));
    }
    routes
}
