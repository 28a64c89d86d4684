// SPDX-License-Identifier: Apache-2.0
//! Port counts: every port that a class must have is connected, and no port that it does not have.

use super::codes::{self, Count};
use crate::diagnostic::{Diagnostic, Log};
use crate::flatten::{Flat, Link};
use crate::syntax::ast::Span;
use nf_elements::Spec;
use std::collections::HashSet;

/// The links whose ends exist. The others are reported, and their elements are `spoilt`: what else they miss is unknown.
pub(super) struct InRange {
    pub(super) links: Vec<Link>,
    spoilt: HashSet<usize>,
}

/// Sorts out links to ports that their elements do not have.
pub(super) fn within_range(flat: &Flat, specs: &[Option<&'static Spec>], log: &mut Log) -> InRange {
    let mut exists = |element: usize, port: usize, input: bool, span: &Span| {
        let Some(spec) = specs[element] else { return true };
        let (count, kind) = side(spec, input);
        if count.most.is_none_or(|most| port < most) {
            return true;
        }
        let found = format!("'{}' has no {kind} {port}", flat.elements[element].name);
        let error = Diagnostic::error(span.clone(), found);
        let error = error.wanted(format!("a port that there is: {} has {}", spec.class, count.words(kind)));
        log.report(flat.elements[element].diagnose(error));
        false
    };
    let mut found = InRange { links: Vec::new(), spoilt: HashSet::new() };
    for link in &flat.links {
        let from = exists(link.from.element, link.from.port, false, &link.from_span);
        let to = exists(link.to.element, link.to.port, true, &link.to_span);
        if from && to {
            found.links.push(link.clone());
        } else {
            found.spoilt.extend([link.from.element, link.to.element]);
        }
    }
    found
}

fn side(spec: &Spec, input: bool) -> (Count, &'static str) {
    let (inputs, outputs) = codes::counts(spec);
    if input { (inputs, "input") } else { (outputs, "output") }
}

/// Reports ports that must be connected and are not: all that the class needs, and none left out below the last one.
pub(super) fn check_connected(flat: &Flat, specs: &[Option<&'static Spec>], found: &InRange, log: &mut Log) {
    let mut inputs = vec![HashSet::new(); specs.len()];
    let mut outputs = inputs.clone();
    for link in &found.links {
        outputs[link.from.element].insert(link.from.port);
        inputs[link.to.element].insert(link.to.port);
    }
    for (index, spec) in specs.iter().enumerate() {
        if let Some(spec) = spec
            && !found.spoilt.contains(&index)
        {
            check_side(flat, index, spec, true, &inputs[index], log);
            check_side(flat, index, spec, false, &outputs[index], log);
        }
    }
}

fn check_side(flat: &Flat, index: usize, spec: &Spec, input: bool, connected: &HashSet<usize>, log: &mut Log) {
    let (count, kind) = side(spec, input);
    let needed = connected.iter().max().map_or(0, |last| last + 1).max(count.least);
    if let Some(missing) = (0..needed).find(|port| !connected.contains(port)) {
        let element = &flat.elements[index];
        let found = format!("{kind} {missing} of '{}' is not connected", element.name);
        let error = Diagnostic::error(element.span.clone(), found);
        let error = error.wanted(if missing < count.least {
            format!("a connection for each {kind}: {} has {}", spec.class, count.words(kind))
        } else {
            format!("{kind}s without a gap: {kind} {} is connected", needed - 1)
        });
        let hint = if input { "an Idle before it sends nothing" } else { "a Discard behind it drops what comes" };
        log.report(element.diagnose(error.hint(hint)));
    }
}
