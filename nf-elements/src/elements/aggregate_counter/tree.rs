// SPDX-License-Identifier: Apache-2.0
//! Counts by number, in order: a binary tree over the numbers' bits (Minshall's, from tcpdpriv), in memory that is lent.

/// A number and what is counted for it. Below it are the numbers that share its upper bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    number: u32,
    count: u32,
    /// Indices of both, or 0 for none: the root, at 0, is nobody's child.
    child: [u32; 2],
}

impl Node {
    /// No number.
    pub const EMPTY: Node = Node { number: 0, count: 0, child: [0; 2] };
}

/// Deepest path: a branch at each bit, and the leaf.
const MOST_DEPTH: usize = 34;

/// The tree.
pub struct Tree {
    nodes: &'static mut [Node],
    used: usize,
}

impl Tree {
    /// A tree without memory, which takes no number.
    pub const fn new() -> Self {
        Tree { nodes: &mut [], used: 1 }
    }

    /// Grows in `memory`.
    pub fn lend(&mut self, memory: &'static mut [Node]) {
        self.nodes = memory;
    }

    /// Forgets all numbers.
    pub fn clear(&mut self) {
        self.used = 1;
        if let Some(root) = self.nodes.first_mut() {
            *root = Node::EMPTY;
        }
    }

    /// The count of `number`. One that is not there, or has no count, is added if `grow` and there is memory.
    #[inline]
    pub fn find(&mut self, number: u32, grow: bool) -> Option<&mut u32> {
        let mut at = 0;
        loop {
            let node = self.nodes.get(at)?;
            if node.number == number {
                let counts = grow || node.count > 0;
                return counts.then(|| &mut self.nodes[at].count);
            }
            let [left, right] = node.child.map(|child| child as usize);
            let branch = match (self.nodes.get(left), self.nodes.get(right)) {
                (Some(left), Some(right)) if node.child[0] != 0 => (left.number ^ right.number).leading_zeros(),
                _ => u32::MAX,
            };
            if branch == u32::MAX || (number ^ node.number).leading_zeros() < branch {
                return if grow { self.add(at, number) } else { None };
            }
            at = if number << branch >> 31 == 0 { left } else { right };
        }
    }

    /// Puts a branch where node `at` is, above it and `number`.
    #[cold]
    fn add(&mut self, at: usize, number: u32) -> Option<&mut u32> {
        let (below, leaf) = (self.used, self.used + 1);
        if leaf >= self.nodes.len() {
            return None;
        }
        self.used += 2;
        let node = self.nodes[at];
        let branch = (number ^ node.number).leading_zeros();
        let upper = number & !(u32::MAX >> branch);
        self.nodes[below] = node;
        self.nodes[leaf] = Node { number, ..Node::EMPTY };
        let child = if number << branch >> 31 == 0 { [leaf, below] } else { [below, leaf] };
        // A branch whose number is that of its left side counts for it.
        let count = if upper == node.number { core::mem::take(&mut self.nodes[below].count) } else { 0 };
        self.nodes[at] = Node { number: upper, count, child: child.map(|child| child as u32) };
        let target = if upper == number { at } else { leaf };
        Some(&mut self.nodes[target].count)
    }

    /// Calls `each` with the numbers that have a count, in order, until it says that something is wrong.
    pub fn for_each<E>(&self, mut each: impl FnMut(u32, u32) -> Result<(), E>) -> Result<(), E> {
        let mut path: heapless::Vec<u32, { MOST_DEPTH * 2 }> = heapless::Vec::new();
        let mut next = (!self.nodes.is_empty()).then_some(0);
        while let Some(index) = next {
            let Some(node) = self.nodes.get(index as usize) else { return Ok(()) };
            if node.count > 0 {
                each(node.number, node.count)?;
            }
            if node.child[0] != 0 {
                // The path holds what is still to come on each level.
                let _ = path.push(node.child[1]);
                next = Some(node.child[0]);
            } else {
                next = path.pop();
            }
        }
        Ok(())
    }

    /// Counts the counts: each becomes a number, and how many numbers had it its count. How many there are, and their sum.
    pub fn count_counts(&mut self) -> (u32, u64) {
        let mut start = self.nodes.len();
        for index in (0..self.used.min(self.nodes.len())).rev() {
            let count = self.nodes[index].count;
            if count > 0 {
                // What is written stands at or behind what was read.
                start -= 1;
                self.nodes[start] = Node { number: count, ..Node::EMPTY };
            }
        }
        self.nodes[start..].sort_unstable_by_key(|node| node.number);
        let (mut distinct, mut all) = (0, 0);
        let end = self.nodes.len();
        let mut at = start;
        let first = self.nodes.first().copied();
        self.clear();
        while at < end {
            // With one node in all, the list stands where the root is.
            let number = if at == 0 { first.map_or(0, |first| first.number) } else { self.nodes[at].number };
            let same = self.nodes[at..end].iter().take_while(|node| node.number == number).count().max(1);
            at += same;
            // The tree grows by two for each number, and the list has at least as much room before it.
            if let Some(count) = self.find_below(number, at) {
                *count = same as u32;
                distinct += 1;
                all += same as u64;
            }
        }
        (distinct, all)
    }

    /// As [`Tree::find`], in the nodes before `end` only.
    fn find_below(&mut self, number: u32, end: usize) -> Option<&mut u32> {
        if self.used + 1 >= end {
            return None;
        }
        self.find(number, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn tree(nodes: usize) -> Tree {
        let mut tree = Tree::new();
        tree.lend(vec![Node::EMPTY; nodes].leak());
        tree
    }

    fn all(tree: &Tree) -> Vec<(u32, u32)> {
        let mut all = Vec::new();
        let _ = tree.for_each(|number, count| {
            all.push((number, count));
            Ok::<_, ()>(())
        });
        all
    }

    #[test]
    fn counts_as_a_map_does() {
        for mask in [u32::MAX, 0xff, 0xff00_00ff, 0x8000_0001] {
            let (mut tree, mut map, mut state) = (tree(8192), BTreeMap::new(), 7u32);
            for _ in 0..3000 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let number = (state ^ state >> 15) & mask;
                *tree.find(number, true).unwrap() += 1;
                *map.entry(number).or_insert(0) += 1;
                assert!(tree.find(!number | 1, false).is_none() || map.contains_key(&(!number | 1)));
            }
            assert_eq!(all(&tree), map.clone().into_iter().collect::<Vec<_>>());
            let mut counts = BTreeMap::new();
            map.values().for_each(|count| *counts.entry(*count).or_insert(0) += 1);
            assert_eq!(tree.count_counts(), (counts.len() as u32, map.len() as u64));
            assert_eq!(all(&tree), counts.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn memory_bounds_it() {
        let mut tree = tree(7);
        let taken: Vec<u32> = (1..10).filter(|&number| tree.find(number, true).map(|count| *count = number).is_some()).collect();
        assert_eq!(taken, [1, 2, 3]);
        assert_eq!(all(&tree), [(1, 1), (2, 2), (3, 3)]);
        assert_eq!((tree.count_counts(), all(&tree)), ((3, 3), vec![(1, 1), (2, 1), (3, 1)]));
        tree.clear();
        assert!(all(&tree).is_empty());
        assert!(Tree::new().find(0, true).is_none());
    }
}
