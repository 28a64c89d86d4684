// SPDX-License-Identifier: Apache-2.0
//! Formulas as boxes: a range of values in each field.

use super::super::formula::{Formulas, Id, TRUE, Term};
use crate::filter::Field;
use std::fmt;

/// First and last value.
pub(super) type Range = (u32, u32);

/// The rules become more boxes than this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// Of one rule, by its index.
    Boxes(usize),
    /// Of all rules.
    AllBoxes,
    /// More different header fields than 64.
    Fields,
    /// Words of the tree.
    Words,
}

/// Most boxes of a rule, and of all.
const MOST_BOXES: usize = 1 << 16;
const MOST_ALL_BOXES: usize = 1 << 20;

impl fmt::Display for TooMany {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TooMany::Boxes(rule) => {
                write!(out, "rule {} stands for more than {MOST_BOXES} ranges of header fields", rule + 1)
            }
            TooMany::AllBoxes => write!(out, "the rules stand for more than {MOST_ALL_BOXES} ranges of header fields"),
            TooMany::Fields => out.write_str("the rules ask for more than 64 different fields of the headers"),
            TooMany::Words => out.write_str("the compiled rules would take more than 4 GiB"),
        }
    }
}

impl std::error::Error for TooMany {}

/// What one rule became: its number, its leaf and where its ranges are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub rule: u32,
    pub leaf: u16,
}

/// Boxes of rules, in the order of these.
#[derive(Clone, Debug, Default)]
pub struct Boxes {
    /// The fields that decide.
    pub(super) fields: Vec<Field>,
    pub(super) pieces: Vec<Piece>,
    /// Per piece a range of each field.
    pub(super) ranges: Vec<Range>,
    pub(super) far: Vec<u16>,
    pub(super) rules: u32,
}

/// A conjunction: ranges of some fields, by their index.
type Sparse = Vec<(u8, Range)>;

impl Boxes {
    /// The boxes of `rules`: formulas and leaves.
    pub fn new(formulas: &Formulas, rules: &[(Id, u16)]) -> Result<Self, TooMany> {
        if formulas.overflow {
            return Err(TooMany::Fields);
        }
        let (fields, place) = whole_words(&formulas.fields);
        let mut boxes = Boxes { fields, far: formulas.far.clone(), rules: rules.len() as u32, ..Boxes::default() };
        for (index, &(id, leaf)) in rules.iter().enumerate() {
            let ways = ways(formulas, &place, id).ok_or(TooMany::Boxes(index))?;
            for way in ways {
                boxes.add(Piece { rule: index as u32, leaf }, &way);
            }
            if boxes.pieces.len() > MOST_ALL_BOXES {
                return Err(TooMany::AllBoxes);
            }
        }
        Ok(boxes)
    }

    fn add(&mut self, piece: Piece, way: &Sparse) {
        let start = self.ranges.len();
        self.ranges.extend(self.fields.iter().map(|field| (0, Field::max(*field))));
        for &(field, range) in way {
            self.ranges[start + usize::from(field)] = range;
        }
        self.pieces.push(piece);
    }

    /// The ranges of a piece.
    pub(super) fn of(&self, piece: u32) -> &[Range] {
        let count = self.fields.len();
        &self.ranges[piece as usize * count..][..count]
    }
}

/// Where a formula's field is among the fields of boxes, and by how many bits its values are shifted there.
struct Place {
    field: u8,
    shift: u8,
}

/// Fields of boxes: a field at the top of a word is a range of the whole word, so that all lengths of prefixes are one field.
fn whole_words(fields: &[Field]) -> (Vec<Field>, Vec<Place>) {
    let mut whole: Vec<Field> = Vec::new();
    let places = fields.iter().map(|field| {
        let wide = if field.left == 0 { Field { right: 0, ..*field } } else { *field };
        let index = whole.iter().position(|known| *known == wide).unwrap_or_else(|| {
            whole.push(wide);
            whole.len() - 1
        });
        Place { field: index as u8, shift: field.right - wide.right }
    });
    let places = places.collect();
    (whole, places)
}

/// The conjunctions of which one holds if the formula does. None if they are too many.
fn ways(formulas: &Formulas, places: &[Place], id: Id) -> Option<Vec<Sparse>> {
    match formulas.term(id) {
        Term::Constant(_) => Some(if id == TRUE { vec![Vec::new()] } else { Vec::new() }),
        Term::Test(index, set) => {
            let place = &places[usize::from(*index)];
            let below = u32::MAX.checked_shr(32 - u32::from(place.shift)).unwrap_or(0);
            let range =
                |&(first, last): &Range| vec![(place.field, (first << place.shift, last << place.shift | below))];
            Some(set.ranges().iter().map(range).collect())
        }
        Term::Any(parts) => {
            let mut all = Vec::new();
            for &part in parts {
                all.extend(ways(formulas, places, part)?);
                if all.len() > MOST_BOXES {
                    return None;
                }
            }
            Some(all)
        }
        Term::All(parts) => parts.iter().try_fold(vec![Vec::new()], |before, &part| {
            let after = ways(formulas, places, part)?;
            if before.len() * after.len() > MOST_BOXES {
                return None;
            }
            Some(before.iter().flat_map(|one| after.iter().filter_map(|other| both(one, other))).collect())
        }),
    }
}

/// The conjunction of two; none if it never holds.
fn both(one: &Sparse, other: &Sparse) -> Option<Sparse> {
    let mut joined = one.clone();
    for &(field, (first, last)) in other {
        match joined.iter_mut().find(|(known, _)| *known == field) {
            Some((_, range)) => {
                *range = (range.0.max(first), range.1.min(last));
                if range.0 > range.1 {
                    return None;
                }
            }
            None => joined.push((field, (first, last))),
        }
    }
    Some(joined)
}
