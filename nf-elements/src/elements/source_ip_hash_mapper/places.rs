// SPDX-License-Identifier: Apache-2.0
//! The places of patterns on the circle, as Click chooses them under Linux.

/// The places, as the element reads them: `nodes` of each of `ids`.
pub(super) fn places(ids: &[u16], nodes: usize, seed: i32) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut sorted = Vec::new();
    let (mut target, most) = (0, ids.iter().copied().max().unwrap_or(0));
    for id in 0..=most {
        // Numbers that nobody has use up their random numbers too, so that the others' places stay.
        let own: Vec<_> = (0..nodes).map(|_| random.next()).collect();
        if ids.contains(&id) {
            sorted.extend(own.into_iter().map(|place| (place, target)));
            target += 1;
        }
    }
    sorted.sort_unstable();
    let bytes = tree(&sorted).into_iter().flat_map(|(place, target)| {
        let ([a, b, c, d], [e, f]) = (place.to_le_bytes(), target.to_le_bytes());
        [a, b, c, d, e, f]
    });
    bytes.collect()
}

/// Orders sorted places as a complete binary tree, level by level.
fn tree(sorted: &[(u32, u16)]) -> Vec<(u32, u16)> {
    let mut tree = vec![(0, 0); sorted.len()];
    let mut rest = sorted.iter();
    fill(&mut tree, 0, &mut rest);
    tree
}

fn fill<'a>(tree: &mut [(u32, u16)], at: usize, rest: &mut impl Iterator<Item = &'a (u32, u16)>) {
    if at < tree.len() {
        fill(tree, 2 * at + 1, rest);
        if let Some(place) = rest.next() {
            tree[at] = *place;
        }
        fill(tree, 2 * at + 2, rest);
    }
}

/// The C library's `random()`: an additive generator of degree 31 and separation 3, seeded by a linear one.
struct Random {
    state: [u32; 31],
    at: usize,
}

impl Random {
    fn new(seed: i32) -> Self {
        let mut word = if seed == 0 { 1 } else { i64::from(seed) };
        let mut state = [0; 31];
        for slot in &mut state {
            *slot = word as u32;
            word = 16807 * (word % 127_773) - 2836 * (word / 127_773);
            if word < 0 {
                word += 0x7fff_ffff;
            }
        }
        let mut random = Random { state, at: 3 };
        for _ in 0..310 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u32 {
        let sum = self.state[self.at].wrapping_add(self.state[(self.at + 28) % 31]);
        self.state[self.at] = sum;
        self.at = (self.at + 1) % 31;
        sum >> 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_c_library() {
        let mut random = Random::new(1);
        assert_eq!([(); 4].map(|()| random.next()), [1_804_289_383, 846_930_886, 1_681_692_777, 1_714_636_915]);
    }

    #[test]
    fn a_tree_finds_what_is_sorted() {
        for length in 0..40u16 {
            let sorted: Vec<_> = (0..length).map(|number| (u32::from(number) * 10, number)).collect();
            let tree = tree(&sorted);
            for (at, (place, _)) in tree.iter().enumerate() {
                assert!(tree.get(2 * at + 1).is_none_or(|(child, _)| child < place));
                assert!(tree.get(2 * at + 2).is_none_or(|(child, _)| child > place));
            }
        }
    }
}
