// SPDX-License-Identifier: Apache-2.0
//! Clusters of addresses and their rates: a tree over the addresses' bytes, each in two steps of four bits, in memory that
//! is lent. A node at the end of a byte is a cluster; the one half-way only leads there.

use crate::elements::rate::write_fraction;
use core::fmt;

/// Epochs in a second: an eighth of Click's jiffies.
pub const EPOCHS: u64 = 125;
/// The averages move by 1/32 of the distance in each epoch.
const STABILITY: u32 = 5;
/// Their bits of fraction.
const SCALE: u32 = 10;
/// So many epochs without packets make an average 0.
const FORGETTING: u64 = 100;

/// The rates from and to a cluster.
#[derive(Clone, Copy)]
struct Rates {
    epoch: u64,
    average: [u64; 2],
    current: [u32; 2],
}

impl Rates {
    const NONE: Rates = Rates { epoch: 0, average: [0; 2], current: [0; 2] };

    /// Ends epochs up to `epoch`.
    #[inline]
    fn advance(&mut self, epoch: u64) {
        if epoch <= self.epoch {
            return;
        }
        let quiet = epoch - self.epoch - 1;
        for (average, current) in self.average.iter_mut().zip(&mut self.current) {
            observe(average, *current);
            match quiet {
                FORGETTING.. => *average = 0,
                _ => (0..quiet).for_each(|_| observe(average, 0)),
            }
            *current = 0;
        }
        self.epoch = epoch;
    }

    /// The higher rate per second.
    fn highest(&self) -> u64 {
        self.average[0].max(self.average[1]).wrapping_mul(EPOCHS) >> SCALE
    }
}

fn observe(average: &mut u64, count: u32) {
    let scaled = (u64::from(count) << SCALE) + (1 << (STABILITY - 1));
    *average = average.wrapping_add((scaled.wrapping_sub(*average) as i64 >> STABILITY) as u64);
}

/// A cluster, or the way to sixteen of them.
#[derive(Clone, Copy)]
pub struct Node {
    rates: Rates,
    /// The epoch until which it is not split.
    whole_until: u64,
    /// Indices of what is below, or 0 for none: the root, at 0, is nobody's child. A free node's first is the next free one.
    below: [u32; 16],
    /// Neighbours among the split clusters, by the time when they were split.
    older: u32,
    newer: u32,
    split: bool,
}

impl Node {
    /// No cluster.
    pub const EMPTY: Node =
        Node { rates: Rates::NONE, whole_until: 0, below: [0; 16], older: 0, newer: 0, split: false };
}

/// The tree.
pub struct Clusters {
    nodes: &'static mut [Node],
    /// Nodes that may be in use, with the root.
    most: usize,
    in_use: usize,
    /// Nodes that were ever in use.
    touched: usize,
    free: u32,
    oldest: u32,
    newest: u32,
}

impl Clusters {
    /// A tree without memory, which has no clusters.
    pub const fn new() -> Self {
        Clusters { nodes: &mut [], most: 0, in_use: 1, touched: 1, free: 0, oldest: 0, newest: 0 }
    }

    /// Grows in `memory`.
    pub fn lend(&mut self, memory: &'static mut [Node]) {
        self.most = memory.len();
        self.nodes = memory;
    }

    /// Forgets all clusters.
    pub fn clear(&mut self) {
        (self.in_use, self.touched, self.free, self.oldest, self.newest) = (1, 1, 0, 0, 0);
        if let Some(root) = self.nodes.first_mut() {
            *root = Node::EMPTY;
        }
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        self.in_use * size_of::<Node>()
    }

    /// Bytes that may be in use.
    pub fn most_bytes(&self) -> usize {
        self.most * size_of::<Node>()
    }

    /// Uses at most so many bytes, and what was lent. Whether more are in use now.
    pub fn limit(&mut self, bytes: usize) -> bool {
        self.most = self.nodes.len().min(bytes / size_of::<Node>());
        self.in_use > self.most
    }

    /// Counts `amount` for all clusters of `address`, and splits the smallest if its rate is `threshold` or more.
    #[inline]
    pub fn count(&mut self, address: [u8; 4], direction: usize, amount: u32, epoch: u64, threshold: u64) {
        let mut at = 0;
        for (depth, &byte) in address.iter().enumerate() {
            let Some(cluster) = self.find(at, byte).or_else(|| self.add(at, byte, epoch)) else { return };
            let node = &mut self.nodes[cluster as usize];
            if amount > 0 {
                node.rates.advance(epoch);
                node.rates.current[direction] = node.rates.current[direction].saturating_add(amount);
            }
            if !node.split {
                if node.rates.highest() >= threshold
                    && node.whole_until < epoch
                    && let Some(&next) = address.get(depth + 1)
                {
                    self.split(cluster, next, epoch);
                }
                return;
            }
            at = cluster;
        }
    }

    /// The cluster of `byte` below cluster `at`.
    #[inline]
    fn find(&self, at: u32, byte: u8) -> Option<u32> {
        let half = self.nodes.get(at as usize)?.below[usize::from(byte >> 4)];
        // The root is below nothing, and nothing is below what is not there.
        if half == 0 {
            return None;
        }
        Some(self.nodes[half as usize].below[usize::from(byte & 15)]).filter(|&cluster| cluster != 0)
    }

    /// Adds the cluster of `byte` below cluster `at`, if there is memory.
    #[cold]
    fn add(&mut self, at: u32, byte: u8, epoch: u64) -> Option<u32> {
        let (upper, lower) = (usize::from(byte >> 4), usize::from(byte & 15));
        let mut half = self.nodes.get(at as usize)?.below[upper];
        if self.in_use + 1 + usize::from(half == 0) > self.most {
            return None;
        }
        if half == 0 {
            half = self.take();
            self.nodes[at as usize].below[upper] = half;
        }
        let cluster = self.take();
        self.nodes[half as usize].below[lower] = cluster;
        self.nodes[cluster as usize].rates.epoch = epoch;
        Some(cluster)
    }

    /// An empty node; there is one.
    fn take(&mut self) -> u32 {
        let taken = match self.free {
            0 => self.touched,
            free => free as usize,
        };
        match self.free {
            0 => self.touched += 1,
            _ => self.free = self.nodes[taken].below[0],
        }
        self.in_use += 1;
        self.nodes[taken] = Node::EMPTY;
        taken as u32
    }

    fn give_back(&mut self, node: u32) {
        self.nodes[node as usize].below[0] = self.free;
        self.free = node;
        self.in_use -= 1;
    }

    /// Splits a cluster; the part that `byte` is in inherits its rates.
    #[cold]
    fn split(&mut self, cluster: u32, byte: u8, epoch: u64) {
        let Some(part) = self.add(cluster, byte, epoch) else { return };
        self.nodes[part as usize].rates = self.nodes[cluster as usize].rates;
        let newest = self.newest;
        let node = &mut self.nodes[cluster as usize];
        (node.split, node.older, node.newer) = (true, newest, 0);
        self.newest = cluster;
        match newest {
            0 => self.oldest = cluster,
            _ => self.nodes[newest as usize].newer = cluster,
        }
    }

    /// Makes a cluster whole again, if it is split. It calls itself at most twice: an address has four bytes.
    fn join(&mut self, cluster: u32) {
        let node = &mut self.nodes[cluster as usize];
        if !node.split {
            return;
        }
        node.split = false;
        let halves = core::mem::take(&mut node.below);
        for half in halves.into_iter().filter(|&half| half != 0) {
            for part in self.nodes[half as usize].below.into_iter().filter(|&part| part != 0) {
                self.join(part);
                self.give_back(part);
            }
            self.give_back(half);
        }
        let Node { older, newer, .. } = self.nodes[cluster as usize];
        match older {
            0 => self.oldest = newer,
            _ => self.nodes[older as usize].newer = newer,
        }
        match newer {
            0 => self.newest = older,
            _ => self.nodes[newer as usize].older = older,
        }
    }

    /// Joins clusters whose scaled rates are less than `threshold`, from the oldest on or back from the newest, until less
    /// than `enough` bytes are in use.
    #[cold]
    pub fn fold(&mut self, epoch: u64, threshold: u64, from_oldest: bool, enough: usize) {
        let mut cluster = if from_oldest { self.oldest } else { self.newest };
        while cluster != 0 {
            let rates = &mut self.nodes[cluster as usize].rates;
            rates.advance(epoch);
            if rates.average.iter().all(|&average| average < threshold) {
                self.join(cluster);
                if self.bytes() < enough {
                    return;
                }
            }
            // A joined cluster's neighbours are those that it had last.
            let Node { older, newer, .. } = self.nodes[cluster as usize];
            cluster = if from_oldest { newer } else { older };
        }
    }

    /// Joins clusters until the limit is kept, those with low rates first.
    pub fn fold_to_limit(&mut self, epoch: u64, threshold: u64, from_oldest: bool) {
        let mut threshold = threshold;
        while self.in_use > self.most && self.oldest != 0 {
            self.fold(epoch, threshold, from_oldest, self.most_bytes());
            threshold = threshold.saturating_add(threshold / 5 + 1);
        }
    }

    /// Makes the cluster of `address` with `level` more bytes than one whole, and keeps it so until `epoch`.
    pub fn keep_whole(&mut self, address: [u8; 4], level: usize, epoch: u64) {
        let mut at = 0;
        for &byte in address.iter().take(level + 1) {
            let Some(cluster) = self.find(at, byte) else { return };
            at = cluster;
        }
        self.join(at);
        if let Some(node) = self.nodes.get_mut(at as usize) {
            node.whole_until = epoch;
        }
    }

    /// Writes the clusters and their rates per second at `epoch`, a line for each.
    pub fn write(&self, out: &mut dyn fmt::Write, epoch: u64) -> fmt::Result {
        self.write_below(out, epoch, 0, &mut [0; 4], 0)
    }

    /// Those below cluster `at`, which has `depth` bytes of `address`.
    fn write_below(&self, out: &mut dyn fmt::Write, epoch: u64, at: u32, address: &mut [u8; 4], depth: usize) -> fmt::Result {
        for byte in 0..=255 {
            let Some(cluster) = self.find(at, byte) else { continue };
            let mut rates = self.nodes[cluster as usize].rates;
            if rates.average == [0; 2] || depth >= address.len() {
                continue;
            }
            rates.advance(epoch);
            address[depth] = byte;
            (0..depth).try_for_each(|_| out.write_char('\t'))?;
            write!(out, "{}", address[0])?;
            address[1..=depth].iter().try_for_each(|byte| write!(out, ".{byte}"))?;
            for average in rates.average {
                out.write_char('\t')?;
                write_fraction(average.wrapping_mul(EPOCHS), SCALE, out)?;
            }
            out.write_char('\n')?;
            if self.nodes[cluster as usize].split {
                self.write_below(out, epoch, cluster, address, depth + 1)?;
            }
        }
        Ok(())
    }
}
