// SPDX-License-Identifier: Apache-2.0
//! Makes a table on the host: the bytes that an image carries, and how much memory it may grow into.

use super::layout::{HEADER, Layout, NODE, Sizes, put};
use super::{Hop, Key, Route, ranges, trie};
use std::collections::HashMap;

/// Routes from which on the top of the trie resolves 18 bits and not 12: then it takes 1 MB and not 16 kB.
const MANY: usize = 16_384;
/// Most hops, the default route's included: leaves have 16 bits.
const MOST_HOPS: usize = 65_536;

/// A table, made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baked {
    /// For [`super::Table::new`].
    pub data: Vec<u8>,
    /// Bytes of memory to lend to it; 0 if it is never to change.
    pub memory: usize,
    /// Routes that had the same prefix as an earlier one, and were left out.
    pub repeated: usize,
}

/// Makes the table of `routes`, of which the first counts where two have the same prefix. It has room for `room` routes
/// more; `None` if it is never to change. None if the routes have too many next hops (65 535).
pub fn bake<K: Key + std::hash::Hash>(mut routes: Vec<(Route<K>, Hop<K>)>, room: Option<usize>) -> Option<Baked> {
    let given = routes.len();
    routes.sort_by_key(|(route, _)| *route);
    routes.dedup_by_key(|(route, _)| *route);
    let (count, repeated) = (routes.len(), given - routes.len());
    let (mut numbers, mut hops, mut uses) = (HashMap::new(), vec![Hop::NONE], vec![0u32]);
    let mut numbered = Vec::with_capacity(count);
    for (route, hop) in &routes {
        let number = *numbers.entry((hop.gateway, hop.output)).or_insert_with(|| {
            hops.push(*hop);
            uses.push(0);
            hops.len() - 1
        });
        uses[number] += 1;
        numbered.push((*route, number as u16));
    }
    if hops.len() > MOST_HOPS {
        return None;
    }
    if let Some((_, hop)) = routes.first().filter(|(route, _)| route.length == 0) {
        hops[0] = *hop;
    }
    let bits = if count + room.unwrap_or(0) > MANY { 18 } else { 12 };
    let built = Built::new(&numbered, bits);
    let most = match room {
        Some(room) => built.with_room(&numbered, bits, room, hops.len()),
        None => Sizes::default(),
    };
    let memory = if room.is_some() { Layout::new::<K>(bits, most).end } else { 0 };
    let used = Sizes { routes: count, hops: hops.len(), nodes: built.nodes, leaves: built.leaves };
    let data = built.into_data(used, most, bits, &hops, &uses);
    Some(Baked { data, memory, repeated })
}

/// A trie in generous room, with the routes behind it.
struct Built {
    bytes: Vec<u8>,
    layout: Layout,
    nodes: usize,
    leaves: usize,
}

/// Nodes on the longest way through a trie.
fn levels<K: Key>(bits: u32) -> usize {
    (K::BITS - bits).div_ceil(6) as usize
}

impl Built {
    fn new<K: Key>(routes: &[(Route<K>, u16)], bits: u32) -> Built {
        let has_trie = routes.len() > ranges::MOST_ROUTES;
        let nodes = if has_trie { routes.len() * levels::<K>(bits) } else { 0 };
        let leaves = if has_trie { nodes + 2 * routes.len() } else { 0 };
        let most = Sizes { routes: routes.len(), hops: 0, nodes, leaves };
        let layout = Layout::new::<K>(if has_trie { bits } else { 0 }, most);
        let mut bytes = vec![0; layout.end];
        for (index, (route, hop)) in routes.iter().enumerate() {
            let at = layout.routes + index * Layout::route::<K>();
            route.prefix.store(&mut bytes[at..]);
            let [low, high] = hop.to_le_bytes();
            put(&mut bytes, at + K::BYTES, [low, high, route.length, 0]);
        }
        let mut built = Built { bytes, layout, nodes: 0, leaves: 0 };
        if has_trie {
            let first = usize::from(routes[0].0.length == 0);
            let mut builder = trie::Builder::new(&mut built.bytes, layout, 0, 0);
            builder.build(K::ZERO, 0, 0, (first, routes.len())).expect("there is room for the worst case");
            (built.nodes, built.leaves) = (builder.nodes, builder.leaves);
        }
        built
    }

    /// What a table has to have room for so that these routes and `room` others fit, wherever they lead to.
    fn with_room<K: Key>(&self, routes: &[(Route<K>, u16)], bits: u32, room: usize, hops: usize) -> Sizes {
        // As large as with these routes it gets: when no two of them lead to the same hop.
        let different = routes.iter().enumerate().map(|(index, (route, _))| (*route, (1 + index % 65_535) as u16));
        let worst = Built::new(&different.collect::<Vec<_>>(), bits);
        let (spare_nodes, levels) = (worst.nodes / 4, levels::<K>(bits));
        // Below the number of routes that needs a trie there is none yet; its routes count as further ones.
        let further = room + if routes.len() > ranges::MOST_ROUTES { 0 } else { routes.len() };
        let nodes = worst.nodes + spare_nodes + further * levels;
        let leaves = worst.leaves + worst.leaves / 4 + further * (levels + 2);
        Sizes { routes: routes.len() + room, hops: (hops + room).min(MOST_HOPS), nodes, leaves }
    }

    fn into_data<K: Key>(self, used: Sizes, most: Sizes, bits: u32, hops: &[Hop<K>], uses: &[u32]) -> Vec<u8> {
        let (from, to) = (self.layout, Layout::new::<K>(self.layout.bits, used));
        let mut data = vec![0; to.end];
        let header = [
            bits as usize,
            used.routes,
            used.hops,
            used.nodes,
            used.leaves,
            most.routes,
            most.hops,
            most.nodes,
            most.leaves,
        ];
        const { assert!(HEADER == 9) };
        for (index, number) in header.into_iter().enumerate() {
            put(&mut data, 4 * index, (number as u32).to_le_bytes());
        }
        for (number, (hop, uses)) in hops.iter().zip(uses).enumerate() {
            let at = to.hops + number * Layout::hop::<K>();
            hop.gateway.store(&mut data[at..]);
            put(&mut data, at + K::BYTES, hop.output.to_le_bytes());
            put(&mut data, to.uses + 4 * number, uses.to_le_bytes());
        }
        let parts = [
            (from.top, to.top, to.nodes - to.top),
            (from.nodes, to.nodes, used.nodes * NODE),
            (from.leaves, to.leaves, used.leaves * 2),
            (from.routes, to.routes, used.routes * Layout::route::<K>()),
        ];
        for (from, to, length) in parts {
            data[to..to + length].copy_from_slice(&self.bytes[from..from + length]);
        }
        data
    }
}
