// SPDX-License-Identifier: Apache-2.0
//! An arrow between two sets of elements: which output leads to which input.

use super::{End, Link};
use crate::diagnostic::{Diagnostic, Log};
use crate::syntax::LAST_PORT;
use crate::syntax::ast::{Arrow, Ports, Span};

/// An element of a block: known, or a name that may be declared below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Node(usize),
    Pending(usize),
}

/// An element with its ports in a connection.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) place: Place,
    /// Where the element is written.
    pub(super) span: Span,
    pub(super) inputs: Option<Ports>,
    pub(super) outputs: Option<Ports>,
}

/// One half of a connection: the elements before the arrow with their outputs, or those behind it with their inputs.
struct Half<'s> {
    sides: Vec<(&'s Side, Option<&'s Ports>)>,
    /// How many ports it has at least.
    least: usize,
    /// It can have more.
    open: bool,
}

impl<'s> Half<'s> {
    fn new(sides: &'s [Side], ports: fn(&Side) -> Option<&Ports>) -> Self {
        let sides: Vec<_> = sides.iter().map(|side| (side, ports(side))).collect();
        let least = sides.iter().map(|(_, ports)| ports.map_or(1, |ports| ports.numbers.len())).sum();
        let open = sides.iter().any(|(_, ports)| ports.is_some_and(|ports| ports.open));
        Half { sides, least, open }
    }

    /// Its ports in order, `more` of them where it is open.
    fn ports(&self, mut more: usize) -> Vec<(Place, usize, Span)> {
        let mut all = Vec::new();
        for (side, ports) in &self.sides {
            let (numbers, span) = match ports {
                Some(ports) => (ports.numbers.clone(), &ports.span),
                None => (vec![0], &side.span),
            };
            let open = ports.map_or(self.sides.len() == 1, |ports| ports.open);
            let extra = if open { std::mem::take(&mut more) } else { 0 };
            let last = numbers.last().copied().unwrap_or(0);
            let numbers = numbers.into_iter().chain(last + 1..=last + extra);
            all.extend(numbers.map(|number| (side.place, number, span.clone())));
        }
        all
    }
}

/// Click: `->` and `=>` connect port by port if both sides have several; if one side has one port, all of the other
/// lead to it. False if they do not fit, which is reported. `=>` counts the ports of a lone element without ports up from 0, as far as the other side has some.
pub(super) fn connect(
    before: &[Side],
    behind: &[Side],
    arrow: &Arrow,
    links: &mut Vec<(Place, Place, Link)>,
    log: &mut Log,
) -> bool {
    let mut outputs = Half::new(before, |side| side.outputs.as_ref());
    let mut inputs = Half::new(behind, |side| side.inputs.as_ref());
    if arrow.many {
        let lone = |half: &Half| half.sides.len() == 1 && half.sides[0].1.is_none();
        outputs.open |= lone(&outputs) && inputs.least > 1;
        inputs.open |= lone(&inputs) && outputs.least > 1;
    }
    if outputs.open && inputs.open {
        let error = Diagnostic::error(arrow.span.clone(), "both sides have as many ports as the other one");
        log.report(error.wanted("'[]' on one side only"));
        return false;
    }
    let several = |half: &Half| half.least > 1 || half.open;
    let (from, to) = if several(&outputs) && several(&inputs) {
        if !fits(&outputs, &inputs, arrow, log) {
            return false;
        }
        let more = |half: &Half, other: &Half| if half.open { other.least - half.least } else { 0 };
        (outputs.ports(more(&outputs, &inputs)), inputs.ports(more(&inputs, &outputs)))
    } else {
        (outputs.ports(0), inputs.ports(0))
    };
    let count = from.len().max(to.len());
    for index in 0..count {
        let (from, to) = (&from[index.min(from.len() - 1)], &to[index.min(to.len() - 1)]);
        if let Some(port) = [from.1, to.1].into_iter().find(|port| *port > LAST_PORT) {
            let error = Diagnostic::error(arrow.span.clone(), format!("this connection needs port {port}"));
            log.report(error.wanted(format!("ports from 0 to {LAST_PORT}")));
            return false;
        }
        let link = Link {
            from: End { element: 0, port: from.1 },
            from_span: from.2.clone(),
            to: End { element: 0, port: to.1 },
            to_span: to.2.clone(),
        };
        links.push((from.0, to.0, link));
    }
    true
}

/// Whether several outputs and several inputs can be connected one by one.
fn fits(outputs: &Half, inputs: &Half, arrow: &Arrow, log: &mut Log) -> bool {
    let count = |half: &Half, what: &str| {
        let plural = if half.least == 1 { "" } else { "s" };
        format!("{} {}{what}{plural}", half.least, if half.open { "or more " } else { "" })
    };
    let found = format!("{} before the arrow and {} behind it", count(outputs, "output"), count(inputs, "input"));
    if !arrow.many {
        let error = Diagnostic::error(arrow.span.clone(), found);
        log.report(error.wanted("'=>', which connects several to several"));
        return false;
    }
    let short = |half: &Half, other: &Half| !half.open && half.least < other.least;
    let mismatch = short(outputs, inputs) || short(inputs, outputs);
    if mismatch {
        log.report(Diagnostic::error(arrow.span.clone(), found).wanted("as many outputs as inputs"));
    }
    !mismatch
}
