// SPDX-License-Identifier: Apache-2.0
//! Builds multi-pattern automata in the layout of [`crate::automaton`].
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::vec::Vec;

use crate::automaton::{DENSE, HEAD, TELLS};

/// States up to this distance from the root are dense.
const DENSE_DEPTH: usize = 2;
/// Most bytes of a pattern that the automaton looks at: it only finds candidates, whose contents are then compared in full.
pub const PATTERN_BYTES: usize = 10;

#[derive(Default)]
struct State {
    edges: BTreeMap<u8, usize>,
    fall: usize,
    depth: usize,
    rules: BTreeSet<u32>,
}

/// Patterns, in lower case, with the rules that each makes a candidate.
#[derive(Default)]
pub struct Builder {
    states: Vec<State>,
}

impl Builder {
    /// Without patterns.
    pub fn new() -> Self {
        Self { states: std::vec![State::default()] }
    }

    /// Adds the pattern of `rule`: the part of `bytes` that is most telling.
    pub fn add(&mut self, bytes: &[u8], rule: u32) {
        let mut at = 0;
        for byte in telling(bytes).iter().map(u8::to_ascii_lowercase) {
            let depth = self.states[at].depth + 1;
            let fresh = self.states.len();
            at = *self.states[at].edges.entry(byte).or_insert(fresh);
            if at == fresh {
                self.states.push(State { depth, ..State::default() });
            }
        }
        self.states[at].rules.insert(rule);
    }

    /// Appends the automaton to `section`; where it begins.
    pub fn write(mut self, section: &mut Vec<u8>) -> u32 {
        let order = self.link();
        let (class_of, classes) = self.classes();
        section.resize(section.len().next_multiple_of(4), 0);
        let start = section.len();
        let mut place = std::vec![0usize; self.states.len()];
        let mut next = start + HEAD;
        for &state in &order {
            let tells = if self.states[state].rules.is_empty() { 0 } else { TELLS };
            place[state] = next | tells | if self.is_dense(state, classes) { DENSE } else { 0 };
            next += self.size(state, classes);
        }
        let outputs = self.place_outputs(next);
        section.extend_from_slice(&class_of);
        word(section, place[0]);
        for &state in &order {
            self.write_state(state, &place, outputs[state], &class_of, classes, section);
        }
        self.write_outputs(section);
        u32::try_from(start).expect("sections of less than 4 GiB")
    }

    /// Sets where each state falls back to, joins their outputs, and gives the states by their distance from the root.
    fn link(&mut self) -> Vec<usize> {
        let (mut order, mut queue) = (std::vec![], VecDeque::from([0usize]));
        while let Some(state) = queue.pop_front() {
            order.push(state);
            let edges: Vec<(u8, usize)> = self.states[state].edges.iter().map(|(byte, to)| (*byte, *to)).collect();
            for (byte, to) in edges {
                let fall = if state == 0 { 0 } else { self.target(self.states[state].fall, byte) };
                let inherited: Vec<u32> = self.states[fall].rules.iter().copied().collect();
                self.states[to].fall = fall;
                self.states[to].rules.extend(inherited);
                queue.push_back(to);
            }
        }
        order
    }

    /// The state after `state` for `byte`, falling back as needed.
    fn target(&self, mut state: usize, byte: u8) -> usize {
        loop {
            match self.states[state].edges.get(&byte) {
                Some(to) => return *to,
                None if state == 0 => return 0,
                None => state = self.states[state].fall,
            }
        }
    }

    /// The class of each byte, and how many there are: bytes of no pattern share class 0.
    fn classes(&self) -> ([u8; 256], usize) {
        let used: BTreeSet<u8> = self.states.iter().flat_map(|state| state.edges.keys().copied()).collect();
        let mut class_of = [0; 256];
        for (index, byte) in used.iter().enumerate() {
            let class = u8::try_from(index + 1).expect("lower case leaves fewer than 255 bytes");
            class_of[usize::from(*byte)] = class;
            class_of[usize::from(byte.to_ascii_uppercase())] = class;
        }
        (class_of, used.len() + 1)
    }

    fn is_dense(&self, state: usize, classes: usize) -> bool {
        let state = &self.states[state];
        state.depth < DENSE_DEPTH || state.edges.len() * 2 > classes
    }

    fn size(&self, state: usize, classes: usize) -> usize {
        let edges = self.states[state].edges.len();
        12 + if self.is_dense(state, classes) { 4 * classes } else { edges.next_multiple_of(4) + 4 * edges }
    }

    /// Where each state's list of rules will stand, from `next` on; 0 if it has none.
    fn place_outputs(&self, mut next: usize) -> Vec<usize> {
        let mut places = std::vec![0; self.states.len()];
        for (place, state) in places.iter_mut().zip(&self.states).filter(|(_, state)| !state.rules.is_empty()) {
            *place = next;
            next += 4 + 4 * state.rules.len();
        }
        places
    }

    fn write_outputs(&self, section: &mut Vec<u8>) {
        for state in self.states.iter().filter(|state| !state.rules.is_empty()) {
            word(section, state.rules.len());
            state.rules.iter().for_each(|rule| word(section, *rule as usize));
        }
    }

    fn write_state(
        &self,
        state: usize,
        place: &[usize],
        outputs: usize,
        class_of: &[u8; 256],
        classes: usize,
        section: &mut Vec<u8>,
    ) {
        let edges = &self.states[state].edges;
        let dense = self.is_dense(state, classes);
        word(section, edges.len());
        word(section, place[self.states[state].fall]);
        word(section, outputs);
        if dense {
            let mut targets = std::vec![0usize; classes];
            for byte in (0..=255u8).filter(|byte| class_of[usize::from(*byte)] != 0) {
                targets[usize::from(class_of[usize::from(byte)])] = self.target(state, byte.to_ascii_lowercase());
            }
            targets.iter().for_each(|target| word(section, place[*target]));
        } else {
            section.extend(edges.keys().map(|byte| class_of[usize::from(*byte)]));
            section.resize(section.len().next_multiple_of(4), 0);
            edges.values().for_each(|target| word(section, place[*target]));
        }
    }
}

/// The part of a pattern that the automaton looks for: where the most different bytes stand close together.
pub fn telling(bytes: &[u8]) -> &[u8] {
    let score = |part: &[u8]| {
        let different: BTreeSet<u8> = part.iter().map(u8::to_ascii_lowercase).collect();
        let rare = part.iter().filter(|byte| !matches!(byte, 0 | 0x20 | 0xff | b'/' | b'.' | b'=')).count();
        2 * different.len() + rare
    };
    let windows = bytes.windows(PATTERN_BYTES.min(bytes.len()).max(1));
    windows.fold(&bytes[..0], |best, part| if best.is_empty() || score(part) > score(best) { part } else { best })
}

fn word(section: &mut Vec<u8>, value: usize) {
    section.extend_from_slice(&u32::try_from(value).expect("sections of less than 4 GiB").to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(patterns: &[&[u8]], text: &[u8]) -> BTreeSet<u32> {
        let mut builder = Builder::new();
        patterns.iter().enumerate().for_each(|(rule, pattern)| builder.add(pattern, u32::try_from(rule).unwrap()));
        let mut section = std::vec![0; 3];
        let start = builder.write(&mut section);
        let mut rules = BTreeSet::new();
        crate::automaton::scan(&section, start, text, |outputs| {
            rules.extend(crate::automaton::outputs(&section, outputs));
        });
        rules
    }

    #[test]
    fn all_patterns_are_found_in_either_case() {
        let patterns: [&[u8]; 6] = [b"he", b"SHE", b"his", b"hers", b"\xff\x00", b"ushersx"];
        assert_eq!(found(&patterns, b"uShers"), [0, 1, 3].into());
        assert_eq!(found(&patterns, b"ushersX\xff\x00"), [0, 1, 3, 4, 5].into());
        assert_eq!(found(&patterns, b""), [].into());
        assert_eq!(found(&[], b"anything"), [].into());
    }

    #[test]
    fn a_long_pattern_is_cut_where_it_tells_most() {
        assert_eq!(telling(b"aaaaaaaaaaaabcdefghijklm"), b"abcdefghij");
        assert_eq!(telling(b"short"), b"short");
        assert_eq!(found(&[b"aaaaaaaaaaaabcdefghijklm"], b"xxabcdefghijzz"), [0].into());
    }

    /// Against a plain search, with random patterns over few letters.
    #[test]
    fn it_finds_what_a_plain_search_finds() {
        let mut seed = 7u32;
        let mut random = |most: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % most
        };
        for _ in 0..200 {
            let mut letters = |count: u32| -> Vec<u8> { (0..count).map(|_| b'a' + random(3) as u8).collect() };
            let patterns: Vec<Vec<u8>> = (1..8).map(&mut letters).collect();
            let text = letters(60);
            let plain = (0..).zip(&patterns).filter(|(_, p)| text.windows(p.len()).any(|part| part == p.as_slice()));
            let plain: BTreeSet<u32> = plain.map(|(rule, _)| rule).collect();
            let patterns: Vec<&[u8]> = patterns.iter().map(Vec::as_slice).collect();
            assert_eq!(found(&patterns, &text), plain);
        }
    }
}
