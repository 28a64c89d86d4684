// SPDX-License-Identifier: Apache-2.0
//! Push and pull. An agnostic element becomes what its neighbours are, as in Click; where that disagrees is an error.

use super::{Flow, codes};
use crate::diagnostic::{Diagnostic, Log};
use crate::flatten::{End, Flat, Link};
use crate::options::Options;
use nf_elements::Spec;
use nf_elements::spec::Shape;
use std::collections::{HashMap, HashSet};

/// A side of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Input,
    Output,
}

/// An element's agnostic ports together, or one of them.
type Port = (usize, Option<(Side, usize)>);

/// The flow of every port.
pub(super) struct Flows<'a> {
    specs: &'a [Option<&'static Spec>],
    /// What each agnostic port became, and the link that made it so; the ports of most elements share one entry.
    agnostic: HashMap<Port, (Flow, usize)>,
}

impl Flows<'_> {
    /// The flow of an output; push where nothing decides.
    pub(super) fn output(&self, end: End) -> Flow {
        self.decided(end, Side::Output).unwrap_or(Flow::Push)
    }

    /// The flow of an input; push where nothing decides.
    pub(super) fn input(&self, end: End) -> Flow {
        self.decided(end, Side::Input).unwrap_or(Flow::Push)
    }

    fn decided(&self, end: End, side: Side) -> Option<Flow> {
        self.fixed(end, side).or_else(|| self.agnostic.get(&self.port(end, side)).map(|(flow, _)| *flow))
    }

    fn fixed(&self, end: End, side: Side) -> Option<Flow> {
        let spec = self.specs[end.element]?;
        if side == Side::Input { codes::input_flow(spec, end.port) } else { codes::output_flow(spec, end.port) }
    }

    /// Packets go through from every agnostic port to every other one (Click's default flow code), so that they all are
    /// of one kind; but nothing goes through a sink or a source.
    fn port(&self, end: End, side: Side) -> Port {
        let through = self.specs[end.element].is_some_and(|spec| !matches!(spec.shape, Shape::Sink | Shape::Source));
        (end.element, (!through).then_some((side, end.port)))
    }

    /// An agnostic port becomes what its neighbour is; one of an unknown class stays unknown.
    fn decide(&mut self, end: End, side: Side, flow: Flow, link: usize) -> bool {
        let known = self.specs[end.element].is_some();
        if known {
            self.agnostic.insert(self.port(end, side), (flow, link));
        }
        known
    }
}

/// Decides the flow of every port; reports links whose ends disagree.
pub(super) fn flows<'a>(
    flat: &Flat,
    specs: &'a [Option<&'static Spec>],
    links: &[Link],
    options: &Options,
    log: &mut Log,
) -> Flows<'a> {
    let mut flows = Flows { specs, agnostic: HashMap::new() };
    let mut reported = HashSet::new();
    let mut changed = true;
    while changed {
        changed = false;
        for (index, link) in links.iter().enumerate() {
            let from = flows.decided(link.from, Side::Output);
            let to = flows.decided(link.to, Side::Input);
            changed |= match (from, to) {
                (Some(from), Some(to)) if from != to && reported.insert(index) => {
                    conflict(flat, &flows, links, link, from, options, log);
                    true
                }
                (Some(flow), None) => flows.decide(link.to, Side::Input, flow, index),
                (None, Some(flow)) => flows.decide(link.from, Side::Output, flow, index),
                _ => false,
            };
        }
    }
    flows
}

fn conflict(flat: &Flat, flows: &Flows, links: &[Link], link: &Link, from: Flow, options: &Options, log: &mut Log) {
    let name = |end: End| &flat.elements[end.element].name;
    let (one, other, wanted) = match from {
        Flow::Push => ("push", "pull", "a Queue between them"),
        Flow::Pull if options.class("Unqueue").is_some() => ("pull", "push", "an Unqueue between them"),
        Flow::Pull => ("pull", "push", "the same on both sides: no Queue before it, or none behind"),
    };
    let (output, input) = (link.from.port, link.to.port);
    let found =
        format!("{one} output {output} of '{}' leads to {other} input {input} of '{}'", name(link.from), name(link.to));
    let (sender, receiver) = (&flat.elements[link.from.element], &flat.elements[link.to.element]);
    let together = sender.is_beside(receiver) && link.from_span.end <= link.to_span.start;
    let mut error = if together {
        Diagnostic::error(link.from_span.start..link.to_span.end, found).wanted(wanted)
    } else {
        let error = Diagnostic::error(link.to_span.clone(), found).wanted(wanted);
        error.related(link.from_span.clone(), format!("from '{}'", sender.name))
    };
    for (end, side) in [(link.from, Side::Output), (link.to, Side::Input)] {
        let cause = flows.agnostic.get(&flows.port(end, side)).copied();
        if let (None, Some((flow, cause))) = (flows.fixed(end, side), cause) {
            let flow = if flow == Flow::Push { "push" } else { "pull" };
            let cause = &links[cause];
            let neighbour = if cause.from.element == end.element { &cause.to_span } else { &cause.from_span };
            error = error.related(neighbour.clone(), format!("makes '{}' {flow}", name(end)));
        }
    }
    log.report(flat.elements[link.to.element].diagnose(error));
}

/// A push output and a pull input lead to one place only: nobody would know which one is meant.
pub(super) fn check_multiplicity(flat: &Flat, links: &[Link], flows: &Flows, log: &mut Log) {
    let (mut outputs, mut inputs): (HashMap<End, &Link>, HashMap<End, &Link>) = Default::default();
    for link in links {
        if flows.output(link.from) == Flow::Push
            && let Some(first) = outputs.insert(link.from, link)
        {
            let name = &flat.elements[link.from.element].name;
            let found = format!("output {} of '{name}' is connected twice", link.from.port);
            let error = Diagnostic::error(link.from_span.clone(), found).wanted("one connection for each push output");
            let error = error.related(first.from_span.clone(), "the first connection");
            let error = error.hint("a Tee copies packets to several outputs");
            log.report(flat.elements[link.from.element].diagnose(error));
        } else if flows.input(link.to) == Flow::Pull
            && let Some(first) = inputs.insert(link.to, link)
        {
            let name = &flat.elements[link.to.element].name;
            let found = format!("input {} of '{name}' is connected twice", link.to.port);
            let error = Diagnostic::error(link.to_span.clone(), found).wanted("one connection for each pull input");
            let error = error.related(first.to_span.clone(), "the first connection");
            let error = error.hint("push both into one Queue and pull from that");
            log.report(flat.elements[link.to.element].diagnose(error));
        }
    }
}
