// SPDX-License-Identifier: Apache-2.0
//! Pull paths: what an element's shape allows, and that each path has a beginning.

use super::{Flow, Wired};
use crate::diagnostic::{Diagnostic, Log};
use crate::flatten::Flat;
use nf_elements::spec::Shape;

/// Reports elements that cannot be pulled as they are connected, and pull paths that lead round in a circle.
pub(super) fn check(flat: &Flat, wired: &Wired, log: &mut Log) {
    for (index, element) in wired.elements.iter().enumerate() {
        let Some(spec) = element.spec else { continue };
        let mut pulled = element.outputs.iter().enumerate().filter(|(_, port)| port.flow == Flow::Pull);
        let pulls = element.inputs.iter().filter(|port| port.flow == Flow::Pull).count();
        let possible = match spec.shape {
            Shape::Store => pulled.all(|(port, _)| port == 0) && pulls == 0,
            // From its only input, or each output from the input of its number.
            Shape::Action | Shape::Route if pulls == 1 && element.inputs.len() == 1 => true,
            Shape::Action | Shape::Route => {
                pulled.all(|(port, _)| element.inputs.get(port).is_some_and(|input| input.flow == Flow::Pull))
            }
            Shape::Push => {
                let first_only = pulled.clone().all(|(port, _)| port == 0);
                pulled.next().is_none() || (first_only && pulls == 1 && element.inputs.len() == 1)
            }
            Shape::Pull => pulls == element.inputs.len() && pulled.all(|(port, _)| port == 0),
            Shape::Source | Shape::Sink | Shape::Control | Shape::Information => true,
        };
        let span = flat.elements[index].span.clone();
        if !possible {
            let error = Diagnostic::error(span, format!("'{}' cannot be pulled from here", element.name));
            log.report(error.wanted(format!("a push path into {}, with a Queue behind it", spec.class)));
        } else if pulls > 0 && runs_in_a_circle(wired, index) {
            let error = Diagnostic::error(span, format!("the packets that '{}' pulls begin nowhere", element.name));
            log.report(error.wanted("a Queue or a source at the beginning of its path"));
        }
    }
}

/// Whether the way up a pull path comes back to where it was.
fn runs_in_a_circle(wired: &Wired, start: usize) -> bool {
    let (mut seen, mut next) = (vec![false; wired.elements.len()], vec![start]);
    while let Some(at) = next.pop() {
        let pulls = wired.elements[at].inputs.iter().filter(|port| port.flow == Flow::Pull);
        for peer in pulls.flat_map(|port| &port.peers) {
            if peer.element == start {
                return true;
            }
            if !std::mem::replace(&mut seen[peer.element], true) {
                next.push(peer.element);
            }
        }
    }
    false
}
