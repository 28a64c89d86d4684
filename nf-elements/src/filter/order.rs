// SPDX-License-Identifier: Apache-2.0
//! In which order a diagram asks for the fields. The order decides the size; which is best depends on the rules.

use super::formula::{Formulas, Id, Term};
use std::collections::HashSet;

/// Up to this many fields all orders are tried.
const EXHAUSTIVE_FIELDS: usize = 4;

/// Orders worth trying, the most promising first.
pub(super) fn candidates(formulas: &Formulas, rules: &[(Id, u32)]) -> Vec<Vec<u8>> {
    let mut fields = by_cuts(formulas, rules);
    let mut orders = vec![fields.clone()];
    if fields.len() <= EXHAUSTIVE_FIELDS {
        permutations(&mut fields.clone(), 0, &mut orders);
    } else {
        orders.push(fields.iter().rev().copied().collect());
        for first in 1..fields.len().min(EXHAUSTIVE_FIELDS) {
            let mut order = fields.clone();
            order[..=first].rotate_right(1);
            orders.push(order);
        }
        fields.sort_unstable_by_key(|&field| formulas.fields[usize::from(field)]);
        orders.push(fields);
    }
    let mut seen = HashSet::new();
    orders.retain(|order| seen.insert(order.clone()));
    orders
}

/// The fields that `rules` depend on, those with most different sets first.
fn by_cuts(formulas: &Formulas, rules: &[(Id, u32)]) -> Vec<u8> {
    let mut tests: HashSet<Id> = HashSet::new();
    let mut waiting: Vec<Id> = rules.iter().map(|rule| rule.0).collect();
    let mut counts = vec![0usize; formulas.fields.len()];
    while let Some(id) = waiting.pop() {
        if !tests.insert(id) {
            continue;
        }
        match formulas.term(id) {
            Term::Constant(_) => {}
            Term::Test(field, _) => counts[usize::from(*field)] += 1,
            Term::All(parts) | Term::Any(parts) => waiting.extend(parts),
        }
    }
    let mut fields: Vec<u8> = (0..counts.len() as u8).filter(|&field| counts[usize::from(field)] > 0).collect();
    fields.sort_by_key(|&field| std::cmp::Reverse(counts[usize::from(field)]));
    fields
}

fn permutations(fields: &mut Vec<u8>, fixed: usize, orders: &mut Vec<Vec<u8>>) {
    if fixed == fields.len() {
        orders.push(fields.clone());
    }
    for next in fixed..fields.len() {
        fields.swap(fixed, next);
        permutations(fields, fixed + 1, orders);
        fields.swap(fixed, next);
    }
}
