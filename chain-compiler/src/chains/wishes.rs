// SPDX-License-Identifier: Apache-2.0
//! What a function asks for: its `ToService`, `ToChain` and `ToPort` lead to inputs of the hop, which are told what they mean.

use super::Surround;
use crate::diagnostic::{Diagnostic, Log};
use crate::flatten::{End, Flat, Link};
use crate::suggest;
use crate::text::Text;
use nf_elements::spec::Category;

/// Connects the elements that ask for something to the hop, and checks the function.
pub(crate) fn grant(flat: &mut Flat, surround: &Surround, log: &mut Log) {
    let Some(hop) = flat.elements.iter().position(|element| element.name == super::surround::HOP) else { return };
    let inputs = flat.links.iter().filter(|link| link.to.element == hop).map(|link| link.to.port + 1);
    let mut input = inputs.max().unwrap_or(0).max(surround.ports.len());
    for element in 0..flat.elements.len() {
        no_device(flat, element, log);
        let class = flat.elements[element].class.map_or("", |class| class.spec.class);
        let (kind, known) = match class {
            "ToService" => ("SERVICE", surround.services.clone()),
            "ToChain" => ("CHAIN", surround.chains.clone()),
            "ToPort" => ("PORT", surround.ports.iter().map(|port| port.name.clone()).collect()),
            _ => continue,
        };
        let Some(argument) = flat.elements[element].arguments.first().cloned() else { continue };
        let name = argument.as_str();
        let Some(number) = known.iter().position(|one| one == name) else {
            log.report(unknown(&argument, kind, &known));
            flat.broken = true;
            continue;
        };
        let what = if kind == "PORT" { number.to_string() } else { name.to_string() };
        let span = argument.place();
        flat.elements[hop].arguments.push(Text::replacing(format!("TO {kind} {what}"), span.clone()));
        let (from, to) = (End { element, port: 0 }, End { element: hop, port: input });
        flat.links.push(Link { from, from_span: span.clone(), to, to_span: span });
        input += 1;
    }
    flat.links.sort_by_key(|link| (link.from, link.to));
}

fn unknown(argument: &Text, kind: &str, known: &[String]) -> Diagnostic {
    let (what, wanted) = match kind {
        "SERVICE" => ("service", "a service next to this one on a chain"),
        "CHAIN" => ("chain", "a chain through this VM"),
        _ => ("port", "a port of this VM"),
    };
    let found = format!("no {what} '{}' here", argument.as_str());
    let error = Diagnostic::error(argument.place(), found).wanted(format!("{wanted}: {}", known.join(", ")));
    let hint = suggest::hint(argument.as_str(), known.iter().map(String::as_str));
    hint.into_iter().fold(error, Diagnostic::hint)
}

/// A function has no devices: its ports are the chains'.
fn no_device(flat: &mut Flat, element: usize, log: &mut Log) {
    let found = &flat.elements[element];
    let is_device = found.class.is_some_and(|class| {
        let first = class.spec.arguments.first();
        class.spec.category == Category::Device && first.is_some_and(|first| first.name == "PORT")
    });
    if !is_device || super::surround::is_ours(&found.name) {
        return;
    }
    let class = found.class.map_or("", |class| class.spec.class);
    let instead = if class.starts_with("From") { "'input'" } else { "'output', or ToPort(PORT)" };
    let error = Diagnostic::error(found.class_span.clone(), format!("a {class} in a function of a chain"));
    log.report(found.diagnose(error.wanted(format!("{instead}: the ports of this VM are its chains'"))));
    flat.broken = true;
}
