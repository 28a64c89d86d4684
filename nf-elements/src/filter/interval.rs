// SPDX-License-Identifier: Apache-2.0
//! Sets of a field's values.

/// A set of values as sorted, disjoint, not adjoining intervals (first, last).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Intervals(Vec<(u32, u32)>);

impl Intervals {
    /// The values `first` to `last`, both included; nothing if they are the wrong way round.
    pub fn range(first: u32, last: u32) -> Self {
        Intervals(if first <= last { vec![(first, last)] } else { Vec::new() })
    }

    /// The union of intervals in any order.
    pub fn union(mut parts: Vec<(u32, u32)>) -> Self {
        parts.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(parts.len());
        for (first, last) in parts {
            match merged.last_mut() {
                Some(previous) if first <= previous.1.saturating_add(1) => previous.1 = previous.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Intervals(merged)
    }

    /// The values in either set.
    pub fn or(&self, other: &Self) -> Self {
        Self::union(self.0.iter().chain(&other.0).copied().collect())
    }

    /// The values in both sets.
    pub fn and(&self, other: &Self) -> Self {
        let (mut common, mut a, mut b) = (Vec::new(), 0, 0);
        while let (Some(left), Some(right)) = (self.0.get(a), other.0.get(b)) {
            let (first, last) = (left.0.max(right.0), left.1.min(right.1));
            if first <= last {
                common.push((first, last));
            }
            if left.1 < right.1 { a += 1 } else { b += 1 }
        }
        Intervals(common)
    }

    /// The values from 0 to `max` that are not in the set.
    pub fn complement(&self, max: u32) -> Self {
        let (mut gaps, mut next) = (Vec::new(), Some(0));
        for &(first, last) in &self.0 {
            if let Some(start) = next.filter(|&start| start < first) {
                gaps.push((start, first - 1));
            }
            next = last.checked_add(1);
        }
        if let Some(start) = next.filter(|&start| start <= max) {
            gaps.push((start, max));
        }
        Intervals(gaps)
    }

    /// First and last value of each interval.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// Whether it has no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it has every value from 0 to `max`.
    pub fn is_full(&self, max: u32) -> bool {
        self.0.first().is_some_and(|&(first, last)| first == 0 && last >= max)
    }

    /// The pieces that the set cuts the values into: the first value of each piece, and whether it is in the set.
    pub fn pieces(&self, max: u32) -> Vec<(u32, bool)> {
        let mut pieces = Vec::with_capacity(2 * self.0.len() + 1);
        if self.0.first().is_none_or(|&(first, _)| first > 0) {
            pieces.push((0, false));
        }
        for &(first, last) in &self.0 {
            pieces.push((first, true));
            if last < max {
                pieces.push((last + 1, false));
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_obey_their_algebra() {
        let a = Intervals::union(vec![(5, 9), (0, 2), (3, 3), (20, 30)]);
        assert_eq!(a, Intervals(vec![(0, 3), (5, 9), (20, 30)]));
        assert_eq!(a.complement(40), Intervals(vec![(4, 4), (10, 19), (31, 40)]));
        assert_eq!(a.complement(40).complement(40), a);
        assert!(a.and(&a.complement(40)).is_empty());
        assert!(a.or(&a.complement(40)).is_full(40));
        assert_eq!(a.and(&Intervals::range(2, 22)), Intervals(vec![(2, 3), (5, 9), (20, 22)]));
        assert!(Intervals::range(0, u32::MAX).complement(u32::MAX).is_empty());
        assert_eq!(a.pieces(30), [(0, true), (4, false), (5, true), (10, false), (20, true)]);
    }
}
