// SPDX-License-Identifier: Apache-2.0
//! Connections followed through the ports of compounds and groups, until elements are at both ends.

use super::expand::{Expanded, Part, Tunnel};
use super::{End, Flat, Link};
use crate::diagnostic::{Diagnostic, Log};
use crate::syntax::ast::Span;
use std::collections::{HashMap, HashSet};

/// Most connections of a configuration.
const MOST_LINKS: usize = 100_000;

/// A graph of elements and tunnels.
struct Graph<'g> {
    nodes: &'g [Option<Tunnel>],
    through: &'g HashMap<usize, usize>,
    /// The links by where they come from.
    outgoing: HashMap<End, Vec<&'g Link>>,
}

/// Takes the tunnels out. Ports of compounds that lead nowhere are reported if the graph is `complete`.
pub(super) fn follow<'a>(
    nodes: Vec<Expanded<'a>>,
    through: &HashMap<usize, usize>,
    links: Vec<Link>,
    complete: bool,
    log: &mut Log,
) -> Flat<'a> {
    let mut flat = Flat::default();
    let mut numbers = vec![None; nodes.len()];
    let mut tunnels = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.into_iter().enumerate() {
        tunnels.push(match node {
            Expanded::Element(element) => {
                numbers[index] = Some(flat.elements.len());
                flat.elements.push(element);
                None
            }
            Expanded::Tunnel(tunnel) => Some(tunnel),
        });
    }
    let mut graph = Graph { nodes: &tunnels, through, outgoing: HashMap::new() };
    for link in &links {
        graph.outgoing.entry(link.from).or_default().push(link);
    }
    let mut found = HashSet::new();
    for link in links.iter().filter(|link| tunnels[link.from.element].is_none()) {
        let mut ends = Vec::new();
        graph.ends(link.to, link.to_span.clone(), &mut HashSet::new(), &mut ends);
        for (end, span) in ends {
            let (Some(from), Some(to)) = (numbers[link.from.element], numbers[end.element]) else { continue };
            let (from, to) = (End { element: from, ..link.from }, End { element: to, ..end });
            // A connection may be repeated.
            if found.insert((from, to)) && flat.links.len() < MOST_LINKS {
                flat.links.push(Link { from, from_span: link.from_span.clone(), to, to_span: span });
            }
        }
    }
    flat.links.sort_by_key(|link| (link.from, link.to));
    if complete {
        graph.report_loose_ends(&links, log);
    }
    flat
}

impl Graph<'_> {
    /// The inputs of elements that a connection to `end` leads to, with the places of the last links.
    fn ends(&self, end: End, span: Span, seen: &mut HashSet<End>, found: &mut Vec<(End, Span)>) {
        let mut open = vec![(end, span)];
        while let Some((end, span)) = open.pop() {
            if self.nodes[end.element].is_none() {
                found.push((end, span));
            } else if let Some(&element) = self.through.get(&end.element)
                && seen.insert(end)
            {
                let next = self.outgoing.get(&End { element, ..end });
                open.extend(next.into_iter().flatten().rev().map(|link| (link.to, link.to_span.clone())));
            }
        }
    }

    /// Reports ports of compounds that one side uses and the other does not have.
    fn report_loose_ends(&self, links: &[Link], log: &mut Log) {
        let back: HashMap<usize, usize> = self.through.iter().map(|(from, to)| (*to, *from)).collect();
        let arriving: HashSet<End> = links.iter().map(|link| link.to).collect();
        let mut reported = HashSet::new();
        for link in links {
            if let Some(tunnel) = &self.nodes[link.to.element] {
                let next = self.through.get(&link.to.element).map(|&element| End { element, ..link.to });
                let leads_on = next.is_some_and(|next| self.outgoing.contains_key(&next));
                if !leads_on && reported.insert(link.to) {
                    self.report(tunnel, link.to.port, true, &link.to_span, log);
                }
            }
            if let Some(tunnel) = &self.nodes[link.from.element] {
                let before = back.get(&link.from.element).map(|&element| End { element, ..link.from });
                let comes_from = before.is_some_and(|before| arriving.contains(&before));
                if !comes_from && reported.insert(End { element: usize::MAX - link.from.element, ..link.from }) {
                    self.report(tunnel, link.from.port, false, &link.from_span, log);
                }
            }
        }
    }

    /// `arriving`: a connection leads to this port and none goes on from its other side. Else the other way round.
    fn report(&self, tunnel: &Tunnel, port: usize, arriving: bool, span: &Span, log: &mut Log) {
        let whole = |index: usize| match self.nodes[index].as_ref().map(|tunnel| (&tunnel.part, &tunnel.span)) {
            Some((Part::Whole(name), span)) => (name.clone(), Some(span.clone())),
            _ => (String::new(), None),
        };
        let kind = if arriving { "input" } else { "output" };
        let error = match &tunnel.part {
            Part::Whole(name) => {
                let error = Diagnostic::error(span.clone(), format!("'{name}' has no {kind} {port}"));
                error.wanted(format!("a connection with '{kind}[{port}]' in its definition, or none here"))
            }
            // From the inside the ports are the other way round.
            Part::Input(index) | Part::Output(index) => {
                let (name, place) = whole(*index);
                let kind = if matches!(tunnel.part, Part::Input(_)) { "input" } else { "output" };
                let error = Diagnostic::error(
                    place.unwrap_or(span.clone()),
                    format!("{kind} {port} of '{name}' is not connected"),
                );
                let error = error.wanted("a connection for each of its ports");
                error.related(span.clone(), "here it is used inside")
            }
            Part::Free => {
                let error = Diagnostic::error(span.clone(), format!("a tunnel's {kind} {port} leads nowhere"));
                error.wanted("a connection at its other end")
            }
        };
        let used = tunnel.used.as_deref().filter(|_| !matches!(tunnel.part, Part::Input(_) | Part::Output(_)));
        log.report(match used {
            Some(one) => error.related(one.span.clone(), format!("used here, in '{}'", one.name)),
            None => error,
        });
    }
}
