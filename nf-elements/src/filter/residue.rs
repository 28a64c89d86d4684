// SPDX-License-Identifier: Apache-2.0
//! What the building of a diagram works on: rules that are still to be decided, and decisions.

use super::formula::{FALSE, Id, Pieces, TRUE};

/// A decision: a field, the first value of each interval but the first, and each interval's target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub field: u8,
    pub bounds: Vec<u32>,
    pub targets: Vec<u32>,
}

impl Node {
    /// From value `first` on the target is `target`.
    pub(super) fn add(&mut self, first: u32, target: u32) {
        if self.targets.last() == Some(&target) {
            return;
        }
        if !self.targets.is_empty() {
            self.bounds.push(first);
        }
        self.targets.push(target);
    }
}

/// Rules that still have to be decided, and the target of what they do not match.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Residue {
    pub rules: Vec<(Id, u32)>,
    pub otherwise: u32,
}

impl Residue {
    /// Drops rules that decide nothing: what never holds, what stands behind a rule that always holds, what stood in
    /// front already, and rules at the end that do what happens anyway. `seen` is scratch memory, a mark per formula.
    pub(super) fn new(rules: impl Iterator<Item = (Id, u32)>, otherwise: u32, seen: &mut Vec<bool>) -> Self {
        let mut residue = Residue { rules: Vec::new(), otherwise };
        for (id, target) in rules {
            if id == TRUE {
                residue.otherwise = target;
                break;
            }
            if seen.len() <= id as usize {
                seen.resize(id as usize + 1, false);
            }
            if id != FALSE && !std::mem::replace(&mut seen[id as usize], true) {
                residue.rules.push((id, target));
            }
        }
        for rule in &residue.rules {
            seen[rule.0 as usize] = false;
        }
        while residue.rules.pop_if(|rule| rule.1 == residue.otherwise).is_some() {}
        residue
    }
}

/// All changes of rules along a field's values: value, rule, what remains of the rule from there on; sorted.
pub(super) fn changes(pieces: &[Pieces]) -> Vec<(u32, usize, Id)> {
    let mut changes: Vec<_> = pieces
        .iter()
        .enumerate()
        .flat_map(|(rule, pieces)| pieces.iter().map(move |&(first, id)| (first, rule, id)))
        .collect();
    changes.sort_unstable();
    changes
}
