// SPDX-License-Identifier: Apache-2.0
//! Where the values of a field can be cut.

use super::boxes::Range;
use super::format::MOST_BOUNDS;

/// Up to so many pieces are asked one by one.
pub(super) const FEW: usize = 8;

/// A way to cut: the first values of all intervals but the first, and how many pieces lie in each.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub field: usize,
    pub bounds: Vec<u32>,
    pub sizes: Vec<u32>,
}

impl Cut {
    /// How many times a piece is copied by it, on average.
    pub fn copies(&self, pieces: usize) -> f64 {
        f64::from(self.sizes.iter().sum::<u32>()) / pieces as f64
    }

    /// By how much the logarithm of the number of pieces becomes smaller, for a packet that is like the rules.
    pub fn gain(&self, pieces: usize) -> f64 {
        let (mut total, mut sum) = (0.0, 0.0);
        for &size in &self.sizes {
            total += f64::from(size);
            sum += f64::from(size) * f64::from(size.max(FEW as u32)).log2();
        }
        (pieces as f64).log2() - sum / total
    }

    /// The intervals that a range lies in: first and last.
    pub fn touched(&self, range: Range) -> (usize, usize) {
        let interval = |value| self.bounds.partition_point(|&bound| bound <= value);
        (interval(range.0), interval(range.1))
    }
}

/// A value at which pieces begin or end: how many are over it, begun before; and how many begin at it.
struct Edge {
    at: u32,
    over: u32,
    begin: u32,
}

/// Cuts `space` of a field so that about `most` of `ranges` are in an interval; none if nothing begins or ends within it.
pub(super) fn cut(field: usize, space: Range, ranges: &[Range], mut most: u32) -> Option<Cut> {
    let edges = edges(space, ranges);
    if edges.len() < 2 {
        return None;
    }
    loop {
        let chosen = choose(&edges, most);
        if chosen.len() <= MOST_BOUNDS {
            return (!chosen.is_empty()).then(|| sized(field, &edges, &chosen));
        }
        most += most / 2 + 1;
    }
}

/// All edges in `space`, the first of them its beginning.
fn edges(space: Range, ranges: &[Range]) -> Vec<Edge> {
    let clipped = |range: &Range| (range.0.max(space.0), range.1.min(space.1));
    let mut firsts: Vec<u32> = ranges.iter().map(|range| clipped(range).0).collect();
    let mut ends: Vec<u32> =
        ranges.iter().map(clipped).filter(|range| range.1 < space.1).map(|range| range.1 + 1).collect();
    firsts.sort_unstable();
    ends.sort_unstable();
    let mut edges = vec![Edge { at: space.0, over: 0, begin: 0 }];
    let (mut first, mut end, mut over) = (0, 0, 0);
    while first < firsts.len() || end < ends.len() {
        let at = firsts.get(first).copied().unwrap_or(u32::MAX).min(ends.get(end).copied().unwrap_or(u32::MAX));
        let begin = firsts[first..].iter().take_while(|&&value| value == at).count();
        let ended = ends[end..].iter().take_while(|&&value| value == at).count();
        (first, end) = (first + begin, end + ended);
        over -= ended as u32;
        match edges.last_mut() {
            Some(edge) if edge.at == at => edge.begin += begin as u32,
            _ => edges.push(Edge { at, over, begin: begin as u32 }),
        }
        over += begin as u32;
    }
    edges
}

/// The edges, by index, that cut so that about `most` pieces are in each interval, and few lie over the cuts.
fn choose(edges: &[Edge], most: u32) -> Vec<usize> {
    let mut chosen = Vec::new();
    let mut count = edges[0].begin;
    let mut best: Option<usize> = None;
    let mut index = 1;
    while index < edges.len() {
        // An interval that is at least half full may end here.
        if 2 * count >= most && best.is_none_or(|best| edges[index].over <= edges[best].over) {
            best = Some(index);
        }
        if count + edges[index].begin > most
            && let Some(end) = best
        {
            chosen.push(end);
            (index, best) = (end, None);
            count = edges[end].over;
        }
        count += edges[index].begin;
        index += 1;
    }
    chosen
}

fn sized(field: usize, edges: &[Edge], chosen: &[usize]) -> Cut {
    let mut sizes = Vec::with_capacity(chosen.len() + 1);
    let starts = std::iter::once(0).chain(chosen.iter().copied());
    let ends = chosen.iter().copied().chain([edges.len()]);
    for (start, end) in starts.zip(ends) {
        sizes.push(edges[start].over + edges[start..end].iter().map(|edge| edge.begin).sum::<u32>());
    }
    Cut { field, bounds: chosen.iter().map(|&index| edges[index].at).collect(), sizes }
}
