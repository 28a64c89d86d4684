// SPDX-License-Identifier: Apache-2.0
//! Builds the decision diagram: the rule list is evaluated field by field for each interval of the field's values; equal
//! residual lists share a node.
//!
//! In the worst case such a diagram grows with a power of the number of rules. Where it would exceed its share of the
//! budget, the list is cut in halves, each with a diagram of its own; what the first does not match goes on to the second.
//! A single rule that is still too large becomes a chain of its tests. So size and time are bounded for any rules.

use super::NO_MATCH;
use super::emit::Tables;
use super::formula::{Formulas, Id, Pieces, Term};
use super::order::candidates;
use super::residue::{Node, Residue, changes};
use std::collections::HashMap;
use std::fmt;

/// Bytes of tables that a whole diagram may have before its rule list is cut.
const BUDGET_BYTES: usize = 128 << 10;
/// Steps that the building of one diagram may take: rules times intervals, summed over its nodes.
const BUDGET_STEPS: usize = 40_000_000;
/// Up to so many alternatives stay one rule: equal ones are found more easily.
const MANY_ALTERNATIVES: usize = 16;

/// The bit that tells a leaf from a node, in targets while building.
pub(super) const LEAF_BIT: u32 = 1 << 31;

/// The rules need more than a diagram can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// More different header fields than 64, or more different places in headers than a node can name.
    Fields,
    /// More nodes or table entries than their numbers can name.
    Nodes(usize),
}

impl fmt::Display for TooLarge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TooLarge::Fields => out.write_str("the rules ask for more than 64 different fields of the headers"),
            TooLarge::Nodes(count) => write!(out, "the rules need {count} decisions, and a filter holds 32767"),
        }
    }
}

impl std::error::Error for TooLarge {}

/// The tables that find the leaf of the first of `rules` that holds.
pub fn compile(mut formulas: Formulas, rules: &[(Id, u16)]) -> Result<Tables, TooLarge> {
    if formulas.overflow {
        return Err(TooLarge::Fields);
    }
    let rules: Vec<(Id, u32)> = rules.iter().flat_map(|rule| alternatives(&formulas, rule)).collect();
    let otherwise = LEAF_BIT | u32::from(NO_MATCH);
    let residue = Residue::new(rules.iter().copied(), otherwise, &mut Vec::new());
    let mut best: Option<Tables> = None;
    for order in candidates(&formulas, &residue.rules) {
        let mut builder = Builder::new(&mut formulas);
        builder.limit = best.as_ref().map_or(builder.allowance(&residue.rules, BUDGET_BYTES), Tables::bytes);
        builder.set_order(&order);
        if let Some(root) = builder.residue(residue.clone())
            && let Ok(tables) = Tables::new(builder.formulas, &builder.nodes, root)
            && best.as_ref().is_none_or(|best| tables.bytes() < best.bytes())
        {
            best = Some(tables);
        }
    }
    match best {
        Some(tables) => Ok(tables),
        None => {
            let mut builder = Builder::new(&mut formulas);
            let root = builder.cut(&residue.rules, residue.otherwise, BUDGET_BYTES);
            Tables::new(builder.formulas, &builder.nodes, root)
        }
    }
}

/// A rule of many alternatives as a rule for each, which can be cut apart; any other as it is.
fn alternatives(formulas: &Formulas, &(id, leaf): &(Id, u16)) -> Vec<(Id, u32)> {
    let ids = match formulas.term(id) {
        Term::Any(parts) if parts.len() > MANY_ALTERNATIVES => parts.clone(),
        _ => vec![id],
    };
    ids.into_iter().map(|id| (id, LEAF_BIT | u32::from(leaf))).collect()
}

struct Builder<'f> {
    formulas: &'f mut Formulas,
    /// Per field its place in the order.
    rank: [u8; 64],
    nodes: Vec<Node>,
    numbers: HashMap<Node, u32>,
    known: HashMap<Residue, u32>,
    seen: Vec<bool>,
    bytes: usize,
    limit: usize,
    steps: usize,
}

impl<'f> Builder<'f> {
    fn new(formulas: &'f mut Formulas) -> Self {
        Builder {
            formulas,
            rank: [0; 64],
            nodes: Vec::new(),
            numbers: HashMap::new(),
            known: HashMap::new(),
            seen: Vec::new(),
            bytes: 0,
            limit: BUDGET_BYTES,
            steps: 0,
        }
    }

    fn set_order(&mut self, order: &[u8]) {
        for (rank, &field) in order.iter().enumerate() {
            self.rank[usize::from(field)] = rank as u8;
        }
        self.steps = 0;
    }

    /// The target that decides `residue`; none if that exceeds the limits.
    fn residue(&mut self, residue: Residue) -> Option<u32> {
        if residue.rules.is_empty() {
            return Some(residue.otherwise);
        }
        if let Some(&target) = self.known.get(&residue) {
            return Some(target);
        }
        let field = self.next_field(&residue.rules);
        let mut node = Node { field, bounds: Vec::new(), targets: Vec::new() };
        let pieces: Vec<Pieces> = residue.rules.iter().map(|rule| self.formulas.pieces(rule.0, field)).collect();
        let changes = changes(&pieces);
        let mut now: Vec<(Id, u32)> = residue.rules.clone();
        for same_start in changes.chunk_by(|a, b| a.0 == b.0) {
            for &(_, rule, id) in same_start {
                now[rule].0 = id;
            }
            self.steps += now.len();
            if self.bytes > self.limit || self.steps > BUDGET_STEPS {
                return None;
            }
            let rest = Residue::new(now.iter().copied(), residue.otherwise, &mut self.seen);
            let target = self.residue(rest)?;
            node.add(same_start[0].0, target);
        }
        let target = self.number(node);
        self.known.insert(residue, target);
        Some(target)
    }

    /// The first field in the order that a rule depends on.
    fn next_field(&self, rules: &[(Id, u32)]) -> u8 {
        let mut support = rules.iter().fold(0, |sum, rule| sum | self.formulas.support(rule.0));
        let mut best = support.trailing_zeros() as u8;
        while support != 0 {
            let field = support.trailing_zeros() as u8;
            if self.rank[usize::from(field)] < self.rank[usize::from(best)] {
                best = field;
            }
            support &= support - 1;
        }
        best
    }

    /// The target that leads to `node`.
    fn number(&mut self, node: Node) -> u32 {
        if let [only] = node.targets[..] {
            return only;
        }
        let bytes = self.node_bytes(node.field, node.targets.len());
        *self.numbers.entry(node).or_insert_with_key(|node| {
            self.bytes += bytes;
            self.nodes.push(node.clone());
            self.nodes.len() as u32 - 1
        })
    }

    /// Bytes that a diagram of `rules` may have: its share of the budget, or twice what the rules take one by one. A
    /// diagram that grows with the rules has not exploded, however many there are.
    fn allowance(&self, rules: &[(Id, u32)], share: usize) -> usize {
        let chains: usize = rules.iter().map(|rule| self.chain_bytes(rule.0)).sum();
        share.max(2 * chains)
    }

    /// Bytes of a formula as a chain of its tests.
    fn chain_bytes(&self, id: Id) -> usize {
        match self.formulas.term(id) {
            Term::Constant(_) => 0,
            Term::Test(field, set) => {
                let pieces = set.pieces(self.formulas.fields[usize::from(*field)].max()).len();
                self.node_bytes(*field, pieces)
            }
            Term::All(parts) | Term::Any(parts) => parts.iter().map(|&part| self.chain_bytes(part)).sum(),
        }
    }

    fn node_bytes(&self, field: u8, intervals: usize) -> usize {
        let bound_bytes = if self.formulas.fields[usize::from(field)].width() > 16 { 4 } else { 2 };
        size_of::<[u32; 3]>() + bound_bytes * (intervals - 1) + size_of::<u16>() * intervals
    }

    /// Decides `rules` in as few parts as fit into about `share` bytes together.
    fn cut(&mut self, rules: &[(Id, u32)], otherwise: u32, share: usize) -> u32 {
        let residue = Residue::new(rules.iter().copied(), otherwise, &mut self.seen);
        for order in candidates(self.formulas, &residue.rules).iter().take(3) {
            let before = (self.nodes.len(), self.bytes);
            self.limit = self.bytes + self.allowance(&residue.rules, share);
            self.set_order(order);
            match self.residue(residue.clone()) {
                Some(target) => return target,
                None => self.forget(before),
            }
        }
        match rules {
            [(id, target)] => self.chain(*id, *target, otherwise),
            _ => {
                let (front, back) = rules.split_at(rules.len() / 2);
                let back = self.cut(back, otherwise, share / 2);
                self.cut(front, back, share / 2)
            }
        }
    }

    /// Takes back a diagram that became too large.
    fn forget(&mut self, (nodes, bytes): (usize, usize)) {
        for node in self.nodes.drain(nodes..) {
            self.numbers.remove(&node);
        }
        self.known.clear();
        self.bytes = bytes;
    }

    /// Decides one formula test by test.
    fn chain(&mut self, id: Id, yes: u32, no: u32) -> u32 {
        match self.formulas.term(id).clone() {
            Term::Constant(value) => {
                if value {
                    yes
                } else {
                    no
                }
            }
            Term::Test(field, set) => {
                let mut node = Node { field, bounds: Vec::new(), targets: Vec::new() };
                for (first, inside) in set.pieces(self.formulas.fields[usize::from(field)].max()) {
                    node.add(first, if inside { yes } else { no });
                }
                self.number(node)
            }
            Term::All(parts) => parts.iter().rev().fold(yes, |yes, &part| self.chain(part, yes, no)),
            Term::Any(parts) => parts.iter().rev().fold(no, |no, &part| self.chain(part, yes, no)),
        }
    }
}
