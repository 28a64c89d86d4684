// SPDX-License-Identifier: Apache-2.0
//! The tables of a diagram, and the constant expression that puts them into an image.

use super::compile::{LEAF_BIT, TooLarge};
use super::diagram::{LEAF, NARROW};
use super::field::{DESTINATION_PORT, FLAGS, Far, NEAR, PROTOCOL, SOURCE_PORT};
use super::residue::Node;
use super::{Diagram, Field, Formulas};
use std::collections::HashMap;
use std::fmt::Write;
use std::hash::Hash;

/// A [`Diagram`] on the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    pub(super) root: u16,
    transport: bool,
    pub(super) nodes: Vec<[u32; 3]>,
    pub(super) wide: Vec<u32>,
    pub(super) narrow: Vec<u16>,
    pub(super) far: Vec<u16>,
}

/// Rows already in a table, each with its place.
type Places<T> = HashMap<Vec<T>, u32>;

impl Tables {
    /// The tables of what can be reached from `root`, children in front of their parents.
    pub(super) fn new(formulas: &Formulas, nodes: &[Node], root: u32) -> Result<Self, TooLarge> {
        let reached = reached(nodes, root);
        if reached.len() >= LEAF.into() {
            return Err(TooLarge::Nodes(reached.len()));
        }
        let numbers: HashMap<u32, u16> = reached.iter().enumerate().map(|(index, &old)| (old, index as u16)).collect();
        let target = |old: u32| if old & LEAF_BIT != 0 { LEAF | old as u16 } else { numbers[&old] };
        let mut tables = Tables { root: target(root), far: formulas.far.clone(), ..Tables::default() };
        let (mut wide, mut narrow) = (HashMap::new(), HashMap::new());
        for &index in &reached {
            let node = &nodes[index as usize];
            let field = formulas.fields[usize::from(node.field)];
            let bounds = match field.width() {
                17.. => place(&mut wide, &mut tables.wide, node.bounds.clone()),
                _ => place(&mut narrow, &mut tables.narrow, node.bounds.iter().map(|&bound| bound as u16).collect()),
            };
            let targets = node.targets.iter().map(|&old| target(old)).collect();
            let targets = place(&mut narrow, &mut tables.narrow, targets);
            if node.bounds.len() >= NARROW as usize {
                return Err(TooLarge::Nodes(node.bounds.len()));
            }
            tables.nodes.push([head(field, node.bounds.len()), bounds, targets]);
            tables.transport |= asks_for_transport(formulas, field, &node.bounds);
        }
        Ok(tables)
    }

    /// Bytes in an image.
    pub fn bytes(&self) -> usize {
        12 * self.nodes.len() + 4 * self.wide.len() + 2 * (self.narrow.len() + self.far.len())
    }

    /// Number of decisions.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The diagram as a constant expression.
    pub fn expression(&self) -> String {
        let mut text = String::with_capacity(8 * (self.wide.len() + self.narrow.len()) + 30 * self.nodes.len() + 200);
        let _ = write!(
            text,
            "nf_elements::filter::Diagram {{ root: {}, transport: {}, nodes: &[",
            self.root, self.transport
        );
        for [head, bounds, targets] in &self.nodes {
            let _ = write!(text, "[{head},{bounds},{targets}],");
        }
        text += "], wide: &[";
        list(&mut text, &self.wide);
        text += "], narrow: &[";
        list(&mut text, &self.narrow);
        text += "], far: &[";
        list(&mut text, &self.far);
        text + "] }"
    }

    /// The diagram in memory that stays: what an image has, for tests and benchmarks on the host.
    pub fn leak(&self) -> &'static Diagram {
        Box::leak(Box::new(Diagram {
            root: self.root,
            transport: self.transport,
            nodes: self.nodes.clone().leak(),
            wide: self.wide.clone().leak(),
            narrow: self.narrow.clone().leak(),
            far: self.far.clone().leak(),
        }))
    }
}

fn head(field: Field, bounds: usize) -> u32 {
    let narrow = if field.width() > 16 { 0 } else { NARROW };
    // These words have 16 bits to begin with: nothing to shift.
    let is_whole = (SOURCE_PORT..=PROTOCOL).contains(&field.word) && field.width() == 16;
    let shifts = if is_whole { 0 } else { u32::from(field.left) << 21 | u32::from(field.right) << 16 };
    u32::from(field.word) << 26 | shifts | narrow | bounds as u32
}

/// Puts `row` into `table`, or finds it there.
fn place<T: Copy + Eq + Hash>(places: &mut Places<T>, table: &mut Vec<T>, row: Vec<T>) -> u32 {
    *places.entry(row).or_insert_with_key(|row| {
        let start = table.len() as u32;
        table.extend_from_slice(row);
        start
    })
}

/// The nodes that can be reached from `root`, each behind those that it leads to.
fn reached(nodes: &[Node], root: u32) -> Vec<u32> {
    let mut is_reached = vec![false; nodes.len()];
    let mut waiting = vec![root];
    while let Some(target) = waiting.pop() {
        if target & LEAF_BIT == 0 && !std::mem::replace(&mut is_reached[target as usize], true) {
            waiting.extend(&nodes[target as usize].targets);
        }
    }
    // Nodes are numbered when all they lead to have their numbers, so the old order will do.
    (0..nodes.len() as u32).filter(|&index| is_reached[index as usize]).collect()
}

/// Whether a node needs bytes of the transport header, or to know how many there are.
fn asks_for_transport(formulas: &Formulas, field: Field, bounds: &[u32]) -> bool {
    match field.word {
        SOURCE_PORT | DESTINATION_PORT | FLAGS => true,
        PROTOCOL => field.width() < 16 || bounds.iter().any(|bound| bound & 0xff != 0),
        word if usize::from(word) < NEAR => false,
        word => matches!(Far::decode(formulas.far[usize::from(word) - NEAR]), Far::Transport(_)),
    }
}

fn list<T: std::fmt::Display>(text: &mut String, values: &[T]) {
    for value in values {
        let _ = write!(text, "{value},");
    }
}
