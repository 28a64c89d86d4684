// SPDX-License-Identifier: Apache-2.0
//! A Poptrie: the trie of a table's prefixes, six bits to a node, each node two words of 64 bits.
//!
//! The first bits of an address (12, or 18 for many routes) index the *top*. Its entry is a leaf (`LEAF` and the hop) or
//! the number of a node. A node's `children` has a bit for each of its 64 slots that another node refines, and these
//! nodes lie side by side; for the other slots, `starts` has a bit where a run of slots with the same hop begins, and the
//! runs' hops lie side by side too. So counting bits gives the place of what a slot leads to.
//!
//! Nodes and leaves are taken from the front of their room and never given back: when it is used up, the trie is built
//! anew from the routes. A slot whose routes all lead where its cover leads gets no node.

use super::Key;
use super::layout::{Layout, NODE, put, u16_at, u32_at, u64_at};

/// In an entry of the top: the rest is a hop, not a node's number.
pub const LEAF: u32 = 1 << 31;

/// The number of a hop for `address`.
#[inline(always)]
pub fn find<K: Key>(bytes: &[u8], layout: &Layout, address: K) -> u16 {
    let mut depth = layout.bits;
    let mut entry = u32_at(bytes, layout.top + 4 * address.front(depth));
    if entry & LEAF != 0 {
        return entry as u16;
    }
    while depth < K::BITS {
        let Some(node) = bytes.get(layout.nodes + NODE * entry as usize..).and_then(|rest| rest.first_chunk::<NODE>())
        else {
            return 0;
        };
        let slot = address.slot(depth);
        let upto = (2u64 << slot).wrapping_sub(1);
        let children = u64_at(node, 0);
        if children >> slot & 1 == 0 {
            let run = (u64_at(node, 8) & upto).count_ones().wrapping_sub(1);
            return u16_at(bytes, layout.leaves + 2 * u32_at(node, 20).wrapping_add(run) as usize);
        }
        entry = u32_at(node, 16).wrapping_add((children & upto).count_ones()).wrapping_sub(1);
        depth += 6;
    }
    0
}

/// The trie has no room for another node or leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

/// Builds tries, or parts of them, from the routes that lie beside them.
pub struct Builder<'a> {
    bytes: &'a mut [u8],
    layout: Layout,
    /// Nodes in use.
    pub nodes: usize,
    /// Leaves in use.
    pub leaves: usize,
}

/// A run of routes: indices of the first one and of the one behind the last.
type Run = (usize, usize);

impl<'a> Builder<'a> {
    /// Goes on behind the `nodes` and `leaves` that are in use.
    pub fn new(bytes: &'a mut [u8], layout: Layout, nodes: usize, leaves: usize) -> Self {
        Builder { bytes, layout, nodes, leaves }
    }

    fn route<K: Key>(&self, index: usize) -> (K, u32, u16) {
        let at = self.layout.routes + index * Layout::route::<K>();
        let entry = self.bytes.get(at..).unwrap_or(&[]);
        (K::load(entry), entry.get(K::BYTES + 2).copied().unwrap_or(0).into(), u16_at(entry, K::BYTES))
    }

    /// Builds what lies below the first `bits` bits of `block`: `routes` are those inside of it, sorted, and `cover` is
    /// where the best shorter route leads.
    pub fn build<K: Key>(&mut self, block: K, bits: u32, cover: u16, routes: Run) -> Result<(), NoRoom> {
        let first = block.front(self.layout.bits);
        let last = block.filled(bits).front(self.layout.bits);
        self.paint_top(first..last + 1, LEAF | u32::from(cover));
        let (mut index, end) = routes;
        while index < end {
            let (prefix, length, hop) = self.route::<K>(index);
            let slot = prefix.front(self.layout.bits);
            if length <= self.layout.bits {
                let last = prefix.filled(length).front(self.layout.bits);
                self.paint_top(slot..last + 1, LEAF | u32::from(hop));
                index += 1;
                continue;
            }
            let run = (index, self.end_of_run::<K>(index, end, self.layout.bits));
            let cover = u32_at(self.bytes, self.layout.top + 4 * slot) as u16;
            if self.refines::<K>(run, cover) {
                let node = self.take_nodes(1)?;
                self.fill::<K>(node, self.layout.bits, cover, run)?;
                self.paint_top(slot..slot + 1, node as u32);
            }
            index = run.1;
        }
        Ok(())
    }

    fn paint_top(&mut self, slots: core::ops::Range<usize>, entry: u32) {
        let top = self.layout.top;
        for place in
            self.bytes.get_mut(top + 4 * slots.start..top + 4 * slots.end).unwrap_or_default().as_chunks_mut().0
        {
            *place = entry.to_le_bytes();
        }
    }

    /// The index behind the last of the routes that share the first `depth` bits of the one at `index`.
    fn end_of_run<K: Key>(&self, index: usize, end: usize, depth: u32) -> usize {
        let block = self.route::<K>(index).0.filled(depth);
        (index + 1..end).find(|index| self.route::<K>(*index).0 > block).unwrap_or(end)
    }

    /// Whether a route of `run` leads elsewhere than `cover`.
    fn refines<K: Key>(&self, run: Run, cover: u16) -> bool {
        (run.0..run.1).any(|index| self.route::<K>(index).2 != cover)
    }

    fn take_nodes(&mut self, count: usize) -> Result<usize, NoRoom> {
        let first = self.nodes;
        if self.layout.most.nodes - first < count {
            return Err(NoRoom);
        }
        self.nodes += count;
        Ok(first)
    }

    fn take_leaf(&mut self, hop: u16) -> Result<(), NoRoom> {
        if self.leaves == self.layout.most.leaves {
            return Err(NoRoom);
        }
        put(self.bytes, self.layout.leaves + 2 * self.leaves, hop.to_le_bytes());
        self.leaves += 1;
        Ok(())
    }

    /// Fills `node`, whose slots are the six bits behind `depth`, from the `routes` inside of it, all longer than `depth`.
    fn fill<K: Key>(&mut self, node: usize, depth: u32, cover: u16, routes: Run) -> Result<(), NoRoom> {
        let mut hops = [cover; 64];
        let (mut children, mut index) = (0u64, routes.0);
        while index < routes.1 {
            let (prefix, length, hop) = self.route::<K>(index);
            let slot = prefix.slot(depth);
            if length <= depth + 6 {
                hops[slot..=slot | 63 >> (length - depth)].fill(hop);
                index += 1;
                continue;
            }
            let run = (index, self.end_of_run::<K>(index, routes.1, depth + 6));
            children |= u64::from(self.refines::<K>(run, hops[slot])) << slot;
            index = run.1;
        }
        let (base, leaves) = (self.take_nodes(children.count_ones() as usize)?, self.leaves);
        let starts = self.take_runs(children, &hops)?;
        let at = self.layout.nodes + node * NODE;
        put(self.bytes, at, children.to_le_bytes());
        put(self.bytes, at + 8, starts.to_le_bytes());
        put(self.bytes, at + 16, (base as u32).to_le_bytes());
        put(self.bytes, at + 20, (leaves as u32).to_le_bytes());
        self.fill_children::<K>(base, depth, children, &hops, routes)
    }

    /// Writes the leaves of a node: a bit for each slot that begins a run.
    fn take_runs(&mut self, children: u64, hops: &[u16; 64]) -> Result<u64, NoRoom> {
        let (mut starts, mut previous) = (0u64, None);
        for (slot, hop) in hops.iter().enumerate() {
            if children >> slot & 1 == 0 && previous != Some(*hop) {
                starts |= 1 << slot;
                previous = Some(*hop);
                self.take_leaf(*hop)?;
            }
        }
        Ok(starts)
    }

    fn fill_children<K: Key>(
        &mut self,
        base: usize,
        depth: u32,
        children: u64,
        hops: &[u16; 64],
        routes: Run,
    ) -> Result<(), NoRoom> {
        let (mut child, mut index) = (base, routes.0);
        while index < routes.1 && children != 0 {
            let (prefix, length, _) = self.route::<K>(index);
            if length <= depth + 6 {
                index += 1;
                continue;
            }
            let (slot, run) = (prefix.slot(depth), (index, self.end_of_run::<K>(index, routes.1, depth + 6)));
            if children >> slot & 1 != 0 {
                self.fill::<K>(child, depth + 6, hops[slot], run)?;
                child += 1;
            }
            index = run.1;
        }
        Ok(())
    }
}
