// SPDX-License-Identifier: Apache-2.0
//! Formulas over header fields: conjunctions and disjunctions of "this field has a value in that set", each stored once.

use super::Field;
use super::field::{Far, NEAR};
use super::interval::Intervals;
use std::collections::HashMap;
use std::rc::Rc;

/// Number of a formula. Equal formulas (as far as it is seen) have equal numbers.
pub type Id = u32;

/// The formula that no packet satisfies.
pub(crate) const FALSE: Id = 0;
/// The formula that every packet satisfies.
pub(crate) const TRUE: Id = 1;
/// Most fields in one set of formulas: one bit each in a mask.
pub(crate) const MAX_FIELDS: usize = 64;
/// Most words that are not at hand: six bits of a node's head number the words.
const MAX_FAR: usize = 64 - NEAR;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Term {
    Constant(bool),
    /// The field of that number has a value in the set.
    Test(u8, Intervals),
    All(Vec<Id>),
    Any(Vec<Id>),
}

/// A formula's restrictions to the values of a field: the first value of each piece, and what remains there.
pub(super) type Pieces = Rc<[(u32, Id)]>;

/// All formulas of a rule set.
#[derive(Clone)]
pub struct Formulas {
    terms: Vec<Term>,
    ids: HashMap<Term, Id>,
    support: Vec<u64>,
    pub(super) fields: Vec<Field>,
    pub(super) far: Vec<u16>,
    pieces: HashMap<(Id, u8), Pieces>,
    /// Set when a field did not fit any more; the formulas are then not to be used.
    pub(super) overflow: bool,
}

impl Default for Formulas {
    fn default() -> Self {
        let mut formulas = Formulas {
            terms: Vec::new(),
            ids: HashMap::new(),
            support: Vec::new(),
            fields: Vec::new(),
            far: Vec::new(),
            pieces: HashMap::new(),
            overflow: false,
        };
        formulas.intern(Term::Constant(false));
        formulas.intern(Term::Constant(true));
        formulas
    }
}

impl Formulas {
    /// The number of the word that lies there.
    pub(crate) fn far_word(&mut self, far: Far) -> u8 {
        self.coded_word(far.encode())
    }

    /// The number of the word that `code` describes to whoever provides the words.
    pub(crate) fn coded_word(&mut self, code: u16) -> u8 {
        let index = self.far.iter().position(|&known| known == code).unwrap_or_else(|| {
            self.far.push(code);
            self.far.len() - 1
        });
        self.overflow |= index >= MAX_FAR;
        (NEAR + index.min(MAX_FAR - 1)) as u8
    }

    /// "`field` has a value in `set`."
    pub(crate) fn test(&mut self, field: Field, set: Intervals) -> Id {
        if set.is_empty() {
            return FALSE;
        }
        if set.is_full(field.max()) {
            return TRUE;
        }
        let index = self.fields.iter().position(|&known| known == field).unwrap_or_else(|| {
            self.fields.push(field);
            self.fields.len() - 1
        });
        self.overflow |= index >= MAX_FIELDS;
        self.intern(Term::Test(index.min(MAX_FIELDS - 1) as u8, set))
    }

    /// All of `parts`.
    pub(crate) fn all(&mut self, parts: &[Id]) -> Id {
        self.join(parts, true)
    }

    /// Any of `parts`.
    pub(crate) fn any(&mut self, parts: &[Id]) -> Id {
        self.join(parts, false)
    }

    /// The contrary of `id`.
    pub(crate) fn not(&mut self, id: Id) -> Id {
        match self.terms[id as usize].clone() {
            Term::Constant(value) => Id::from(!value),
            Term::Test(index, set) => {
                let field = self.fields[usize::from(index)];
                self.test(field, set.complement(field.max()))
            }
            Term::All(parts) => {
                let parts: Vec<_> = parts.into_iter().map(|part| self.not(part)).collect();
                self.any(&parts)
            }
            Term::Any(parts) => {
                let parts: Vec<_> = parts.into_iter().map(|part| self.not(part)).collect();
                self.all(&parts)
            }
        }
    }

    /// Joins by "and" if `all`, else by "or": flattens, merges tests of one field, drops what decides nothing.
    fn join(&mut self, parts: &[Id], all: bool) -> Id {
        let neutral = Id::from(all);
        let mut tests: Vec<(u8, Intervals)> = Vec::new();
        let mut others = Vec::new();
        let mut waiting: Vec<Id> = parts.iter().rev().copied().collect();
        while let Some(id) = waiting.pop() {
            match &self.terms[id as usize] {
                Term::Constant(_) if id == neutral => {}
                Term::Constant(_) => return id,
                Term::Test(index, set) => match tests.iter_mut().find(|(known, _)| known == index) {
                    Some((_, merged)) => *merged = if all { merged.and(set) } else { merged.or(set) },
                    None => tests.push((*index, set.clone())),
                },
                Term::All(inner) if all => waiting.extend(inner.iter().rev()),
                Term::Any(inner) if !all => waiting.extend(inner.iter().rev()),
                _ => others.push(id),
            }
        }
        for (index, set) in tests {
            match self.test(self.fields[usize::from(index)], set) {
                id if id == neutral => {}
                id if id <= TRUE => return id,
                id => others.push(id),
            }
        }
        others.sort_unstable();
        others.dedup();
        match others.len() {
            0 => neutral,
            1 => others[0],
            _ => self.intern(if all { Term::All(others) } else { Term::Any(others) }),
        }
    }

    fn intern(&mut self, term: Term) -> Id {
        if let Some(&id) = self.ids.get(&term) {
            return id;
        }
        let support = match &term {
            Term::Constant(_) => 0,
            Term::Test(index, _) => 1 << index,
            Term::All(parts) | Term::Any(parts) => parts.iter().fold(0, |sum, &part| sum | self.support(part)),
        };
        let id = self.terms.len() as Id;
        self.terms.push(term.clone());
        self.support.push(support);
        self.ids.insert(term, id);
        id
    }

    /// The fields that `id` depends on, a bit each.
    pub(super) fn support(&self, id: Id) -> u64 {
        self.support[id as usize]
    }

    pub(super) fn term(&self, id: Id) -> &Term {
        &self.terms[id as usize]
    }

    /// The restrictions of `id` to the values of field number `field`.
    pub(super) fn pieces(&mut self, id: Id, field: u8) -> Pieces {
        if self.support(id) >> field & 1 == 0 {
            return Rc::new([(0, id)]);
        }
        if let Some(known) = self.pieces.get(&(id, field)) {
            return known.clone();
        }
        let pieces: Pieces = match self.terms[id as usize].clone() {
            Term::Constant(_) => Rc::new([(0, id)]),
            Term::Test(_, set) => {
                let max = self.fields[usize::from(field)].max();
                set.pieces(max).into_iter().map(|(first, inside)| (first, Id::from(inside))).collect()
            }
            Term::All(parts) => self.joined_pieces(&parts, field, true),
            Term::Any(parts) => self.joined_pieces(&parts, field, false),
        };
        self.pieces.insert((id, field), pieces.clone());
        pieces
    }

    fn joined_pieces(&mut self, parts: &[Id], field: u8, all: bool) -> Pieces {
        let (concerned, fixed): (Vec<Id>, Vec<Id>) =
            parts.iter().partition(|&&part| self.support(part) >> field & 1 == 1);
        let cuts: Vec<Pieces> = concerned.iter().map(|&part| self.pieces(part, field)).collect();
        let mut starts: Vec<u32> = cuts.iter().flat_map(|pieces| pieces.iter().map(|piece| piece.0)).collect();
        starts.sort_unstable();
        starts.dedup();
        let mut result: Vec<(u32, Id)> = Vec::with_capacity(starts.len());
        for start in starts {
            let mut now = fixed.clone();
            now.extend(cuts.iter().map(|pieces| piece_at(pieces, start)));
            let id = self.join(&now, all);
            if result.last().is_none_or(|last| last.1 != id) {
                result.push((start, id));
            }
        }
        result.into()
    }
}

/// What remains at `value`.
pub(super) fn piece_at(pieces: &[(u32, Id)], value: u32) -> Id {
    pieces[pieces.partition_point(|piece| piece.0 <= value) - 1].1
}
