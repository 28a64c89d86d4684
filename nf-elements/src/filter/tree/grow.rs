// SPDX-License-Identifier: Apache-2.0
//! Grows the tree: at each node the cut that leaves least to do, or a tree of its own for pieces that every cut would copy.

use super::boxes::{Boxes, Range};
use super::cuts::{Cut, FEW, cut};
use crate::filter::Field;

/// Copies of a piece that there may be on average, over all nodes.
const COPIES: f64 = 2.0;
/// Copies that there may be besides of few pieces that were taken apart from many.
const FEW_COPIES: f64 = 30.0;
/// Most parts that are searched for a packet, beside the first.
const MOST_APART: u32 = 8;
/// Up to so many pieces are compared with each other.
const COMPARED: usize = 64;
/// The logarithm of how many intervals a cut has, for the depth that is left.
const FAN_LOG: f64 = 4.0;

/// A node while building.
pub(super) enum Node {
    /// No rule.
    Nothing,
    /// These pieces, in order, with the space that they are asked in.
    Leaf(Vec<u32>, Vec<Range>),
    /// The field's bounds, and a node for each interval.
    Split(usize, Vec<u32>, Vec<Node>),
    /// Each is searched; with the least rule number in it, ascending.
    Both(Vec<(u32, Node)>),
}

/// Pieces within a space.
struct Part {
    pieces: Vec<u32>,
    space: Vec<Range>,
    /// How many pieces there may be at its leaves together.
    budget: f64,
    /// Into how many more it may be separated.
    apart: u32,
}

/// The tree of all pieces.
pub(super) fn grow(boxes: &Boxes) -> Node {
    let pieces: Vec<u32> = (0..boxes.pieces.len() as u32).collect();
    let space = boxes.fields.iter().map(|field| (0, Field::max(*field))).collect();
    let budget = COPIES * pieces.len() as f64;
    let grower = Grower { boxes };
    let part = Part { pieces, space, budget, apart: MOST_APART };
    grower.first_apart(&part).unwrap_or_else(|| grower.node(part))
}

struct Grower<'b> {
    boxes: &'b Boxes,
}

impl Grower<'_> {
    fn node(&self, mut part: Part) -> Node {
        self.drop_hidden(&mut part);
        if part.pieces.is_empty() {
            return Node::Nothing;
        }
        if part.pieces.len() <= FEW {
            return Node::Leaf(part.pieces, part.space);
        }
        let cuts = self.cuts(&part);
        let allowed = Self::allowed(&part);
        let cheap = cuts.iter().filter(|cut| cut.copies(part.pieces.len()) <= allowed);
        if let Some(cut) = best(cheap, part.pieces.len()).filter(|cut| cut.gain(part.pieces.len()) >= 1.0) {
            return self.split(&part, cut);
        }
        if part.apart > 0
            && let Some((narrow, wide)) = self.apart(&part, &cuts, allowed)
        {
            return self.both(&part, narrow, wide);
        }
        match best(cuts.iter().filter(|cut| cut.copies(part.pieces.len()) <= allowed.max(2.0)), part.pieces.len()) {
            Some(cut) if cut.gain(part.pieces.len()) > 0.2 => self.split(&part, cut),
            _ => Node::Leaf(part.pieces, part.space),
        }
    }

    /// The first pieces by themselves, if all they ask is one field, and the same one: a firewall's rules about what connections are known, say. Most
    /// packets end there.
    fn first_apart(&self, part: &Part) -> Option<Node> {
        let asked = |piece: &u32| {
            let fields = self.boxes.of(*piece).iter().zip(&part.space).enumerate();
            let mut asked =
                fields.filter(|(_, (range, space))| !holds(**range, **space, **space)).map(|(field, _)| field);
            asked.next().filter(|_| asked.next().is_none())
        };
        let field = asked(part.pieces.first()?)?;
        let first = part.pieces.iter().take_while(|piece| asked(piece) == Some(field)).count();
        let (first, rest) = part.pieces.split_at(first);
        (rest.len() > FEW).then(|| self.both(part, first.to_vec(), rest.to_vec()))
    }

    /// How often a cut may copy a piece on average: what is left of the budget, in as many steps as are to come.
    fn allowed(part: &Part) -> f64 {
        let count = part.pieces.len() as f64;
        let levels = ((count / FEW as f64).log2() / FAN_LOG).max(1.0);
        (part.budget / count).max(1.0).powf(1.0 / levels).max(1.05)
    }

    /// Takes away pieces that no packet reaches, since another one before them holds wherever they do.
    fn drop_hidden(&self, part: &mut Part) {
        let fills = |piece: &u32| {
            self.boxes.of(*piece).iter().zip(&part.space).all(|(range, space)| holds(*range, *space, *space))
        };
        if let Some(first) = part.pieces.iter().position(fills) {
            part.pieces.truncate(first + 1);
        }
        if part.pieces.len() > COMPARED {
            return;
        }
        let mut kept: Vec<u32> = Vec::with_capacity(part.pieces.len());
        for &piece in &part.pieces {
            let hides = |other: &u32| {
                let pairs = self.boxes.of(*other).iter().zip(self.boxes.of(piece)).zip(&part.space);
                pairs.into_iter().all(|((other, own), space)| holds(*other, *own, *space))
            };
            if !kept.iter().any(hides) {
                kept.push(piece);
            }
        }
        part.pieces = kept;
    }

    /// For each field, how it can be cut.
    fn cuts(&self, part: &Part) -> Vec<Cut> {
        let count = part.pieces.len();
        let fans: &[usize] = if count > 4096 {
            &[128, 32, 4]
        } else if count > 64 {
            &[64, 16, 4]
        } else {
            &[16, 4, 2]
        };
        let mut cuts = Vec::new();
        for field in 0..part.space.len() {
            let ranges: Vec<Range> = part.pieces.iter().map(|&piece| self.boxes.of(piece)[field]).collect();
            let space = part.space[field];
            if ranges.iter().all(|range| holds(*range, space, space)) {
                continue;
            }
            cuts.extend(fans.iter().filter_map(|fan| cut(field, space, &ranges, (count / fan).max(FEW / 2) as u32)));
        }
        cuts
    }

    fn split(&self, part: &Part, cut: &Cut) -> Node {
        let mut inside: Vec<Vec<u32>> = cut.sizes.iter().map(|&size| Vec::with_capacity(size as usize)).collect();
        for &piece in &part.pieces {
            let (first, last) = cut.touched(self.clipped(part, piece, cut.field));
            inside[first..=last].iter_mut().for_each(|pieces| pieces.push(piece));
        }
        let total: usize = inside.iter().map(Vec::len).sum();
        let share = part.budget / total.max(1) as f64;
        let space = part.space[cut.field];
        let firsts = std::iter::once(space.0).chain(cut.bounds.iter().copied());
        let lasts = cut.bounds.iter().map(|bound| bound - 1).chain([space.1]);
        let nodes = inside.into_iter().zip(firsts.zip(lasts)).map(|(pieces, range)| {
            let mut space = part.space.clone();
            space[cut.field] = range;
            self.node(Part { budget: share * pieces.len() as f64, pieces, space, apart: part.apart })
        });
        Node::Split(cut.field, cut.bounds.clone(), nodes.collect())
    }

    /// The pieces that a cut copies little, and the others; by the cut that leaves least to do then.
    fn apart(&self, part: &Part, cuts: &[Cut], allowed: f64) -> Option<(Vec<u32>, Vec<u32>)> {
        let mut best: Option<(f64, &Cut, usize)> = None;
        for cut in cuts {
            let (touched, narrow) = self.narrow(part, cut, allowed);
            let value = narrow as f64 * (cut.bounds.len() as f64 + 1.0).log2();
            if narrow > 0 && narrow < part.pieces.len() && best.is_none_or(|best| best.0 < value) {
                best = Some((value, cut, touched));
            }
        }
        let (_, cut, most) = best?;
        let is_narrow = |piece: &u32| {
            let (first, last) = cut.touched(self.clipped(part, *piece, cut.field));
            last - first < most
        };
        let (narrow, wide): (Vec<u32>, Vec<u32>) = part.pieces.iter().partition(|piece| is_narrow(piece));
        (narrow.len() > FEW && narrow.len() * 8 > part.pieces.len()).then_some((narrow, wide))
    }

    /// Up to how many intervals a piece may lie in so that all such pieces are copied no more than `allowed`, and how many these are.
    fn narrow(&self, part: &Part, cut: &Cut, allowed: f64) -> (usize, usize) {
        let mut counts = vec![0usize; cut.bounds.len() + 2];
        for &piece in &part.pieces {
            let (first, last) = cut.touched(self.clipped(part, piece, cut.field));
            counts[last - first + 1] += 1;
        }
        let (mut pieces, mut copies, mut best) = (0, 0, (0, 0));
        for (touched, &count) in counts.iter().enumerate() {
            (pieces, copies) = (pieces + count, copies + count * touched);
            if copies as f64 <= allowed * pieces as f64 && 2 * touched <= cut.bounds.len() + 1 {
                best = (touched, pieces);
            }
        }
        best
    }

    fn both(&self, part: &Part, narrow: Vec<u32>, wide: Vec<u32>) -> Node {
        let share = part.budget / part.pieces.len() as f64;
        let mut parts = Vec::new();
        let left = part.apart - 1;
        for (pieces, apart) in [(narrow, left / 2), (wide, left - left / 2)] {
            let least = self.boxes.pieces[pieces[0] as usize].rule;
            let count = pieces.len() as f64;
            let budget = share * count + (FEW_COPIES * count).min(part.pieces.len() as f64 / 4.0);
            let node = self.node(Part { pieces, space: part.space.clone(), budget, apart });
            match node {
                Node::Both(inner) => parts.extend(inner),
                node => parts.push((least, node)),
            }
        }
        parts.sort_by_key(|part| part.0);
        Node::Both(parts)
    }

    fn clipped(&self, part: &Part, piece: u32, field: usize) -> Range {
        let (range, space) = (self.boxes.of(piece)[field], part.space[field]);
        (range.0.max(space.0), range.1.min(space.1))
    }
}

/// Whether `outer` holds for all values of `inner` within `space`.
pub(super) fn holds(outer: Range, inner: Range, space: Range) -> bool {
    outer.0 <= inner.0.max(space.0) && inner.1.min(space.1) <= outer.1
}

/// The cut that gains most, less what it copies.
fn best<'c>(cuts: impl Iterator<Item = &'c Cut>, pieces: usize) -> Option<&'c Cut> {
    let value = |cut: &Cut| cut.gain(pieces) - cut.copies(pieces).log2();
    cuts.max_by(|a, b| value(a).total_cmp(&value(b)))
}
