// SPDX-License-Identifier: Apache-2.0
//! Puts a grown tree into words.

use super::boxes::{Boxes, Range, TooMany};
use super::format::{
    AT_CHECKSUM, AT_FAR, AT_LENGTH, AT_RULES, AT_STEPS, BOTH, HEAD, LEAF, MAGIC, MOST_STEPS, MOST_WAITING, NARROW,
    SPLIT, SUM, sum,
};
use super::grow::{Node, grow, holds};
use crate::filter::{Field, Formulas, Id};

/// A tree, and what is known of it.
#[derive(Clone, Debug)]
pub struct Grown {
    /// The tree.
    pub bytes: Vec<u8>,
    /// Its nodes.
    pub nodes: usize,
    /// Pieces at its leaves together.
    pub pieces: usize,
}

/// The tree that finds the leaf of the first of `rules` that holds.
pub fn grow_tree(formulas: &Formulas, rules: &[(Id, u16)]) -> Result<Grown, TooMany> {
    let boxes = Boxes::new(formulas, rules)?;
    let root = grow(&boxes);
    let mut layout = Layout { boxes: &boxes, words: vec![0; HEAD], nodes: 0, pieces: 0 };
    layout.words.extend(boxes.far.iter().map(|&place| u32::from(place)));
    match &root {
        // The root is a node, even if there is no rule.
        Node::Nothing => layout.words.push(LEAF),
        root => {
            layout.node(root);
        }
    }
    layout.head(steps(&root))?;
    let bytes = layout.words.iter().flat_map(|word| word.to_le_bytes()).collect();
    Ok(Grown { bytes, nodes: layout.nodes, pieces: layout.pieces })
}

/// Most nodes on the way of a packet.
fn steps(node: &Node) -> u32 {
    match node {
        Node::Nothing | Node::Leaf(..) => 1,
        Node::Split(.., nodes) => 1 + nodes.iter().map(steps).max().unwrap_or(0),
        Node::Both(parts) => 1 + parts.iter().map(|part| steps(&part.1)).sum::<u32>(),
    }
}

struct Layout<'b> {
    boxes: &'b Boxes,
    words: Vec<u32>,
    nodes: usize,
    pieces: usize,
}

impl Layout<'_> {
    fn head(&mut self, steps: u32) -> Result<(), TooMany> {
        self.words[0] = MAGIC;
        self.words[AT_LENGTH] =
            u32::try_from(self.words.len()).ok().filter(|&words| words < 1 << 30).ok_or(TooMany::Words)?;
        self.words[AT_RULES] = self.boxes.rules;
        self.words[AT_STEPS] = steps;
        self.words[AT_FAR] = self.boxes.far.len() as u32;
        self.words[AT_CHECKSUM] = self.words[AT_CHECKSUM + 1..].iter().fold(SUM, |before, &word| sum(before, word));
        assert!(steps <= MOST_STEPS, "each cut and each separation makes parts smaller");
        Ok(())
    }

    /// Writes a node and what is below it: its target.
    fn node(&mut self, node: &Node) -> u32 {
        let at = self.words.len();
        match node {
            Node::Nothing => return 0,
            Node::Leaf(pieces, space) => self.leaf(pieces, space),
            Node::Split(field, bounds, nodes) => self.split(*field, bounds, nodes),
            Node::Both(parts) => self.both(parts),
        }
        self.nodes += 1;
        at as u32
    }

    fn leaf(&mut self, pieces: &[u32], space: &[Range]) {
        self.words.push(LEAF | pieces.len() as u32);
        self.pieces += pieces.len();
        for &piece in pieces {
            let tests = self.tests(piece, space);
            let head = self.boxes.pieces[piece as usize];
            self.words.extend([head.rule, u32::from(head.leaf) << 16 | tests.len() as u32]);
            self.words.extend(tests);
        }
    }

    /// The tests of a piece that its place in the tree leaves open, those first that fewest packets pass.
    fn tests(&self, piece: u32, space: &[Range]) -> Vec<u32> {
        let ranges = self.boxes.of(piece);
        let mut open: Vec<usize> =
            (0..ranges.len()).filter(|&field| !holds(ranges[field], space[field], space[field])).collect();
        let share = |field: usize| {
            let (range, space) = (ranges[field], space[field]);
            let inside = f64::from(range.1.min(space.1)) - f64::from(range.0.max(space.0)) + 1.0;
            inside / (f64::from(space.1) - f64::from(space.0) + 1.0)
        };
        open.sort_by(|&a, &b| share(a).total_cmp(&share(b)));
        let mut words = Vec::new();
        for field in open {
            let ((first, last), code) = (ranges[field], code(self.boxes.fields[field]));
            match last {
                0..=0xffff => words.extend([code | NARROW, first | last << 16]),
                _ => words.extend([code, first, last]),
            }
        }
        words
    }

    fn split(&mut self, field: usize, bounds: &[u32], nodes: &[Node]) {
        self.words.extend([SPLIT | bounds.len() as u32, code(self.boxes.fields[field])]);
        self.words.extend(bounds);
        let targets = self.words.len();
        self.words.resize(targets + nodes.len(), 0);
        for (place, node) in (targets..).zip(nodes) {
            self.words[place] = self.node(node);
        }
    }

    fn both(&mut self, parts: &[(u32, Node)]) {
        assert!(parts.len() <= MOST_WAITING, "there are not that many separations");
        self.words.push(BOTH | parts.len() as u32);
        let first = self.words.len();
        self.words.extend(parts.iter().flat_map(|part| [part.0, 0]));
        for (index, (_, node)) in parts.iter().enumerate() {
            self.words[first + 2 * index + 1] = self.node(node);
        }
    }
}

/// A field as the words have it.
fn code(field: Field) -> u32 {
    u32::from(field.word) << 26 | u32::from(field.left) << 21 | u32::from(field.right) << 16
}
