// SPDX-License-Identifier: Apache-2.0
//! Push and pull. An agnostic element becomes what its neighbours are, as in Click; where that disagrees is an error.

use super::{Flow, codes};
use crate::diagnostic::{Diagnostic, Log};
use crate::flatten::{End, Flat, Link};
use crate::options::Options;
use nf_elements::Spec;
use std::collections::{HashMap, HashSet};

/// The flow of every port.
pub(super) struct Flows<'a> {
    specs: &'a [Option<&'static Spec>],
    /// What each element's agnostic ports became, and the link that made them so.
    agnostic: Vec<Option<(Flow, usize)>>,
}

impl Flows<'_> {
    /// The flow of an output; push where nothing decides.
    pub(super) fn output(&self, end: End) -> Flow {
        self.decided(end, codes::output_flow).unwrap_or(Flow::Push)
    }

    /// The flow of an input; push where nothing decides.
    pub(super) fn input(&self, end: End) -> Flow {
        self.decided(end, codes::input_flow).unwrap_or(Flow::Push)
    }

    fn decided(&self, end: End, code: fn(&Spec, usize) -> Option<Flow>) -> Option<Flow> {
        let fixed = self.specs[end.element].and_then(|spec| code(spec, end.port));
        fixed.or_else(|| self.agnostic[end.element].map(|(flow, _)| flow))
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
    let mut flows = Flows { specs, agnostic: vec![None; specs.len()] };
    let mut reported = HashSet::new();
    let mut changed = true;
    while changed {
        changed = false;
        for (index, link) in links.iter().enumerate() {
            let from = flows.decided(link.from, codes::output_flow);
            let to = flows.decided(link.to, codes::input_flow);
            match (from, to) {
                (Some(from), Some(to)) if from != to && reported.insert(index) => {
                    conflict(flat, &flows, links, link, from, options, log);
                }
                (Some(flow), None) => flows.agnostic[link.to.element] = Some((flow, index)),
                (None, Some(flow)) => flows.agnostic[link.from.element] = Some((flow, index)),
                _ => continue,
            }
            changed = true;
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
    for (end, code) in [(link.from, codes::output_flow as fn(&Spec, usize) -> _), (link.to, codes::input_flow)] {
        let fixed = flows.specs[end.element].and_then(|spec| code(spec, end.port));
        if let (None, Some((flow, cause))) = (fixed, flows.agnostic[end.element]) {
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
