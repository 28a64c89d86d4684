// SPDX-License-Identifier: Apache-2.0
//! `threshold` and `detection_filter`: how often a rule may say the same.

/// What is known of one rule and one party.
#[derive(Clone, Copy, Debug)]
pub struct Track {
    key: u64,
    start_ns: u64,
    count: u32,
}

impl Track {
    /// An unused entry.
    pub const EMPTY: Self = Self { key: 0, start_ns: 0, count: 0 };
}

/// What a match becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It counts, and an alert is raised.
    Alert,
    /// It counts, silently.
    Silent,
    /// It does not count as a match.
    No,
}

/// Entries of a bucket; where all are taken, the one that began first is forgotten.
const WAYS: usize = 4;

/// The bounded table of tracks.
pub struct Tracks<'m>(pub &'m mut [Track]);

/// A threshold as a rule has it.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// 0 limit, 1 threshold, 2 both, 3 detection filter.
    pub kind: u8,
    /// How many.
    pub count: u32,
    /// In how many nanoseconds.
    pub span_ns: u64,
}

impl Tracks<'_> {
    /// Counts a match of the rule and party with this `key`.
    pub fn count(&mut self, key: u64, limit: Limit, now_ns: u64) -> Outcome {
        let Some(track) = self.entry(key | 1, now_ns) else { return Outcome::Alert };
        if now_ns.saturating_sub(track.start_ns) >= limit.span_ns {
            (track.start_ns, track.count) = (now_ns, 0);
        }
        track.count = track.count.saturating_add(1);
        let count = track.count;
        match limit.kind {
            0 if count <= limit.count => Outcome::Alert,
            0 => Outcome::Silent,
            1 if count >= limit.count => {
                track.count = 0;
                Outcome::Alert
            }
            2 if count == limit.count => Outcome::Alert,
            2 if count > limit.count => Outcome::Silent,
            3 if count > limit.count => Outcome::Alert,
            _ => Outcome::No,
        }
    }

    fn entry(&mut self, key: u64, now_ns: u64) -> Option<&mut Track> {
        let buckets = self.0.len() / WAYS;
        let bucket = usize::try_from(key >> 8).unwrap_or(0).checked_rem(buckets)?;
        let ways = &mut self.0[bucket * WAYS..][..WAYS];
        let found = ways.iter().position(|track| track.key == key);
        let free = || ways.iter().position(|track| track.key == 0);
        let oldest = || (0..WAYS).min_by_key(|way| ways[*way].start_ns);
        let way = found.or_else(free).or_else(oldest)?;
        if ways[way].key != key {
            ways[way] = Track { key, start_ns: now_ns, count: 0 };
        }
        Some(&mut ways[way])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Alert, No, Silent};

    fn outcomes(kind: u8, count: u32) -> [Outcome; 6] {
        let mut memory = [Track::EMPTY; 8];
        let mut tracks = Tracks(&mut memory);
        let limit = Limit { kind, count, span_ns: 10 };
        [0, 1, 2, 3, 4, 11].map(|now| tracks.count(7, limit, now))
    }

    #[test]
    fn each_kind_counts_its_way() {
        assert_eq!(outcomes(0, 2), [Alert, Alert, Silent, Silent, Silent, Alert]);
        assert_eq!(outcomes(1, 2), [No, Alert, No, Alert, No, No]);
        assert_eq!(outcomes(2, 2), [No, Alert, Silent, Silent, Silent, No]);
        assert_eq!(outcomes(3, 2), [No, No, Alert, Alert, Alert, No]);
    }

    #[test]
    fn a_full_bucket_forgets_the_oldest() {
        let mut memory = [Track::EMPTY; WAYS];
        let mut tracks = Tracks(&mut memory);
        let limit = Limit { kind: 0, count: 1, span_ns: 1000 };
        for key in 1..=5u64 {
            assert_eq!(tracks.count(key << 1, limit, key), Alert);
        }
        assert_eq!(tracks.count(5 << 1, limit, 6), Silent);
        assert_eq!(tracks.count(1 << 1, limit, 6), Alert, "the first was forgotten");
        assert_eq!(Tracks(&mut []).count(1, limit, 0), Alert, "without memory nothing is limited");
    }
}
