// SPDX-License-Identifier: Apache-2.0
//! The multi-pattern automaton (Aho and Corasick, 1975) over a table.
//!
//! At the automaton's start stand the class of each byte (256 bytes; upper and lower case share one), then the root. A state is named
//! by its place, a multiple of four, with two bits beside it: [`DENSE`] and [`TELLS`]. It is three words: how many edges it has, the
//! state to fall back to, and its outputs; then its edges: dense, one target for each class; sparse, the classes of its edges
//! (four a word), then their targets. States near the root, where clean traffic stays, are dense.

use crate::table::word;

/// The state has an edge for each class.
pub const DENSE: usize = 1;
/// The state has outputs.
pub const TELLS: usize = 2;
/// Bytes before the first state.
#[cfg(feature = "host")]
pub const HEAD: usize = 256 + 4;

/// Runs the automaton at `start` of `automata` over `bytes`; tells the offset of each matching state's outputs.
#[inline]
pub fn scan(automata: &[u8], start: u32, bytes: &[u8], mut found: impl FnMut(usize)) {
    let start = start as usize;
    let Some(classes) = automata.get(start..).and_then(|from| from.first_chunk::<256>()) else { return };
    let root = word(automata, start + 256) as usize;
    let mut state = root;
    for &byte in bytes {
        let class = classes[usize::from(byte)];
        state = if state & DENSE != 0 {
            word(automata, (state & !3) + 12 + 4 * usize::from(class)) as usize
        } else {
            fall(automata, root, state, class)
        };
        if state & TELLS != 0 {
            found(word(automata, (state & !3) + 8) as usize);
        }
    }
}

/// The state after a sparse `state` for a byte of `class`.
fn fall(automata: &[u8], root: usize, mut state: usize, class: u8) -> usize {
    while state & DENSE == 0 {
        if let Some(target) = sparse(automata, state & !3, class) {
            return target;
        }
        if state == root {
            return root;
        }
        state = word(automata, (state & !3) + 4) as usize;
    }
    word(automata, (state & !3) + 12 + 4 * usize::from(class)) as usize
}

#[inline]
fn sparse(automata: &[u8], state: usize, class: u8) -> Option<usize> {
    let edges = word(automata, state) as usize;
    let classes = automata.get(state + 12..state + 12 + edges)?;
    let edge = classes.iter().position(|edge| *edge == class)?;
    Some(word(automata, state + 12 + edges.next_multiple_of(4) + 4 * edge) as usize)
}

/// The rules in the output list at `outputs`.
pub fn outputs(automata: &[u8], outputs: usize) -> impl Iterator<Item = u32> + '_ {
    let count = word(automata, outputs) as usize;
    (1..=count).map(move |index| word(automata, outputs + 4 * index))
}
