// SPDX-License-Identifier: Apache-2.0
//! The multi-pattern automaton (Aho and Corasick, 1975) over a table.
//!
//! At the automaton's start stand the class of each byte (256 bytes; upper and lower case share one), then the number of classes,
//! then the root. A state is three words: how many edges it has ([`DENSE`]: one for each class), the state to fall back to, and
//! its outputs; then its edges: dense, one target for each class; sparse, the classes of its edges (four a word), then their targets.
//! States near the root, where clean traffic stays, are dense.

use crate::table::word;

/// Marks a state that has an edge for each class.
pub const DENSE: u32 = 1 << 31;
/// Bytes before the root.
pub const HEAD: usize = 256 + 4;

/// Runs the automaton at `start` of `automata` over `bytes`; tells the offset of each matching state's outputs.
#[inline]
pub fn scan(automata: &[u8], start: u32, bytes: &[u8], mut found: impl FnMut(usize)) {
    let start = start as usize;
    let Some(classes) = automata.get(start..start + 256) else { return };
    let root = start + HEAD;
    let mut state = root;
    for &byte in bytes {
        state = next(automata, root, state, classes[usize::from(byte)]);
        let outputs = word(automata, state + 8);
        if outputs != 0 {
            found(outputs as usize);
        }
    }
}

/// The state after `state` for a byte of `class`.
#[inline]
fn next(automata: &[u8], root: usize, mut state: usize, class: u8) -> usize {
    loop {
        let edges = word(automata, state);
        if edges & DENSE != 0 {
            return word(automata, state + 12 + 4 * usize::from(class)) as usize;
        }
        if let Some(target) = sparse(automata, state, edges as usize, class) {
            return target;
        }
        if state == root {
            return root;
        }
        state = word(automata, state + 4) as usize;
    }
}

#[inline]
fn sparse(automata: &[u8], state: usize, edges: usize, class: u8) -> Option<usize> {
    let classes = automata.get(state + 12..state + 12 + edges)?;
    let edge = classes.iter().position(|edge| *edge == class)?;
    Some(word(automata, state + 12 + edges.next_multiple_of(4) + 4 * edge) as usize)
}

/// The rules in the output list at `outputs`.
pub fn outputs(automata: &[u8], outputs: usize) -> impl Iterator<Item = u32> + '_ {
    let count = word(automata, outputs) as usize;
    (1..=count).map(move |index| word(automata, outputs + 4 * index))
}
