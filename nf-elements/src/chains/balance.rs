// SPDX-License-Identifier: Apache-2.0
//! Which replica a flow goes to: rendezvous hashing (Thaler and Ravishankar, 1998).
//!
//! Each replica has a weight for each bucket of flows, and a bucket belongs to the heaviest of those that are there. So one
//! replica more takes its share of every other's flows and moves none between those; one less gives its own to the others.
//! Every hop computes the same, whatever it knew before. The winners are kept in a table: a packet costs one load.

/// Buckets of flows.
const BUCKETS: usize = 1024;
/// The upper bits of a hash are its bucket.
const HASH_SHIFT: u32 = 32 - BUCKETS.ilog2();
/// Most replicas of a service.
pub const MOST_REPLICAS: usize = 64;
/// Stands for no replica.
const NONE: u8 = u8::MAX;

/// A service's buckets, each with its replica's number.
pub struct Balance([u8; BUCKETS]);

impl Balance {
    /// Without replicas. All bytes are equal, and no page of an image is spent on what is computed at its start.
    pub const fn new() -> Self {
        Balance([NONE; BUCKETS])
    }

    /// Spreads the buckets over the replicas whose bits are set in `takers`.
    pub fn spread(&mut self, takers: u64) {
        for (bucket, winner) in self.0.iter_mut().enumerate() {
            *winner = heaviest(bucket as u64, takers).map_or(NONE, |replica| replica as u8);
        }
    }

    /// The replica for flows of that hash while only those of `live` are there: the same as if the buckets were spread over them.
    #[cold]
    pub fn stand_in(flow_hash: u32, live: u64) -> Option<usize> {
        heaviest(u64::from(flow_hash >> HASH_SHIFT), live).map(|replica| replica as usize)
    }

    /// The replica for flows of that hash; none if there is no replica.
    #[inline(always)]
    pub fn pick(&self, flow_hash: u32) -> Option<usize> {
        let replica = self.0[(flow_hash >> HASH_SHIFT) as usize];
        (replica != NONE).then_some(replica.into())
    }
}

impl Default for Balance {
    fn default() -> Self {
        Balance::new()
    }
}

/// The heaviest of those replicas for a bucket.
fn heaviest(bucket: u64, replicas: u64) -> Option<u64> {
    let replicas = (0..MOST_REPLICAS as u64).filter(|replica| replicas >> replica & 1 == 1);
    replicas.max_by_key(|replica| weight(bucket, *replica))
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014) over both numbers.
fn weight(bucket: u64, replica: u64) -> u64 {
    let mut bits = (bucket << 6 | replica).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The replica of every bucket.
    fn spread(takers: u64) -> [u8; BUCKETS] {
        let mut balance = Balance::new();
        balance.spread(takers);
        balance.0
    }

    #[test]
    fn a_replica_more_moves_only_flows_to_itself() {
        for replicas in 1..=16 {
            let (before, after) = (spread((1 << replicas) - 1), spread((1 << (replicas + 1)) - 1));
            let moved: Vec<_> = before.iter().zip(after).filter(|(old, new)| *old != new).collect();
            assert!(moved.iter().all(|(_, new)| *new == replicas));
            let (moved, ideal) = (moved.len() as f64 / BUCKETS as f64, 1.0 / f64::from(replicas + 1));
            assert!(
                (0.75..1.25).contains(&(moved / ideal)),
                "{replicas} and one more: {moved} instead of {ideal} moved"
            );
        }
    }

    #[test]
    fn a_replica_less_moves_only_its_own_flows() {
        let all = 0b1111_1111;
        for gone in 0..8 {
            let (before, after) = (spread(all), spread(all & !(1 << gone)));
            assert!(before.iter().zip(after).all(|(old, new)| *old == gone || *old == new));
            assert!(!after.contains(&gone));
        }
    }

    #[test]
    fn a_stand_in_is_who_would_be_there_without_the_dead_one() {
        let (mut all, mut without) = (Balance::new(), Balance::new());
        all.spread(0b1111);
        without.spread(0b1011);
        for hash in (0..1000u32).map(|number| number.wrapping_mul(0x9e37_79b9)) {
            assert_eq!(Balance::stand_in(hash, 0b1011), without.pick(hash));
            assert!(all.pick(hash) == Some(2) || all.pick(hash) == without.pick(hash));
        }
        assert_eq!(Balance::stand_in(7, 0), None);
    }

    #[test]
    fn every_replica_has_its_share_whatever_its_number() {
        for takers in [0b11, 0b1010_0101, u64::MAX, 1 << 63 | 1] {
            let owners = spread(takers);
            let ideal = BUCKETS as f64 / f64::from(takers.count_ones());
            for replica in (0..64).filter(|replica| takers >> replica & 1 == 1) {
                let share = owners.iter().filter(|owner| **owner == replica).count() as f64 / ideal;
                assert!((0.3..2.0).contains(&share), "{takers:#x}: {replica} has {share} of its share");
            }
        }
    }

    #[test]
    fn without_replicas_there_is_none() {
        let mut balance = Balance::new();
        assert_eq!(balance.pick(7), None);
        balance.spread(1 << 5);
        assert_eq!((balance.pick(0), balance.pick(u32::MAX)), (Some(5), Some(5)));
        balance.spread(0);
        assert_eq!(balance.pick(7), None);
    }
}
