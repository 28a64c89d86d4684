// SPDX-License-Identifier: Apache-2.0
//! A function of a chain: the user's statements with `input` and `output`, and around them the devices, the `ChainHop` and the
//! directors.
//!
//! The user's elements keep their names, as if no compound were around them; ours are called `chain/…`.

use super::class::{Class, Compound, NodeKind};
use super::connect::Place;
use super::scope::{Scope, declared_names};
use super::{End, Flat, Link, class::Classes, expand};
use crate::chains::{self, Surround};
use crate::diagnostic::{Diagnostic, Log};
use crate::options::Options;
use crate::syntax::ast::{Body, Compound as CompoundText, Definition, Span};
use crate::text::Text;

/// Most ways that packets go through a function: forward and back.
const MOST_WAYS: usize = 2;

/// Names the elements and lists the links of a function. `outside` are the classes and variables around it.
pub(crate) fn function<'a>(
    outside: &Body,
    body: Body,
    surround: &Surround,
    options: &Options<'a>,
    log: &mut Log,
) -> Flat<'a> {
    let before = log.errors();
    let broken = outside.broken || body.broken;
    let text = CompoundText {
        span: surround.span.clone(),
        definitions: vec![Definition { formals: Vec::new(), body }],
        extends: None,
    };
    let top = around(outside, &text, surround, options, log);
    let complete = log.errors() == before && !broken;
    let mut flat = expand::expand(&top, options, complete, log);
    flat.broken |= broken;
    chains::grant(&mut flat, surround, log);
    has_ends(&flat, surround, log);
    flat
}

/// The whole configuration.
fn around<'a>(
    outside: &Body,
    text: &CompoundText,
    surround: &Surround,
    options: &Options<'a>,
    log: &mut Log,
) -> Compound<'a> {
    let mut classes = Classes::new(options);
    let mut scope = Scope::new(0, &mut classes, log);
    declared_names(outside, &mut scope.declared);
    scope.statements(outside);
    let function = scope.compound(text, "");
    let mut maker = Maker { scope, span: surround.span.clone() };
    let hop_arguments: Vec<_> = surround.hop.iter().map(|text| Text::replacing(text.as_str(), 0..0)).collect();
    let hop = maker.element(chains::HOP, "ChainHop", hop_arguments);
    for (number, port) in surround.ports.iter().enumerate() {
        maker.port(hop, number, &port.name, surround.directors[number].clone());
    }
    if let (Class::Compound(compound), false) = (&function, surround.is_gate) {
        let (inputs, outputs) = (compound.inputs.min(MOST_WAYS), compound.outputs.min(MOST_WAYS));
        let kind = NodeKind::Element { class: function.clone(), class_span: maker.span.clone(), configuration: None };
        let body = maker.scope.add(String::new(), maker.span.clone(), kind);
        let ports = surround.ports.len();
        (0..inputs).for_each(|way| maker.link((hop, ports + way), (body, way)));
        (0..outputs).for_each(|way| maker.link((body, way), (hop, ports + way)));
        maker.ends(compound.inputs, compound.outputs);
    }
    maker.scope.finish("", 0..0)
}

/// Puts in what the compiler adds.
struct Maker<'s, 'a, 'x> {
    scope: Scope<'s, 'a, 'x>,
    span: Span,
}

impl Maker<'_, '_, '_> {
    fn element(&mut self, name: &str, class: &str, arguments: Vec<Text>) -> usize {
        let mut configuration = Text::default();
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                configuration.push_replacing(", ", self.span.clone());
            }
            configuration.push(argument);
        }
        let class = self.scope.classes.find(class).unwrap_or(Class::Unknown);
        let kind = NodeKind::Element { class, class_span: self.span.clone(), configuration: Some(configuration) };
        self.scope.add(name.into(), self.span.clone(), kind)
    }

    fn link(&mut self, from: (usize, usize), to: (usize, usize)) {
        let link = Link {
            from: End { element: 0, port: from.1 },
            from_span: self.span.clone(),
            to: End { element: 0, port: to.1 },
            to_span: self.span.clone(),
        };
        self.scope.links.push((Place::Node(from.0), Place::Node(to.0), link));
    }

    /// The devices of a port, with the director between them and the hop.
    fn port(&mut self, hop: usize, number: usize, name: &str, director: Option<Vec<Text>>) {
        let device = || vec![Text::replacing(name, 0..0)];
        let from = self.element(&format!("chain/from_{name}"), "FromDevice", device());
        let to = self.element(&format!("chain/to_{name}"), "ToDevice", device());
        let Some(arguments) = director else {
            self.link((from, 0), (hop, number));
            return self.link((hop, number), (to, 0));
        };
        let director = self.element(&format!("chain/director_{name}"), "FlowDirector", arguments);
        self.link((from, 0), (director, 0));
        self.link((director, 0), (hop, number));
        self.link((hop, number), (director, 1));
        self.link((director, 1), (to, 0));
    }

    /// Packets come in and leave by as many ports as there are directions.
    fn ends(&mut self, inputs: usize, outputs: usize) {
        for (count, name) in [(inputs, "inputs"), (outputs, "outputs")] {
            if count > MOST_WAYS {
                let error = Diagnostic::error(self.span.clone(), format!("a function of a chain with {count} {name}"));
                let wanted = "one, or a second one for packets that go back";
                self.scope.log.report(error.wanted(wanted));
            }
        }
        if inputs == 0 && !self.scope.lost {
            let error = Diagnostic::error(self.span.clone(), "a function of a chain without 'input'");
            self.scope.log.report(error.wanted("input -> … -> output: the packets of its chains"));
        }
    }
}

/// Something must come back from a function, or nothing would ever pass it.
fn has_ends(flat: &Flat, surround: &Surround, log: &mut Log) {
    if surround.is_gate || flat.broken {
        return;
    }
    let Some(hop) = flat.elements.iter().position(|element| element.name == chains::HOP) else { return };
    let ports = surround.ports.len();
    if !flat.links.iter().any(|link| link.to.element == hop && link.to.port >= ports) {
        let error = Diagnostic::error(surround.span.clone(), "a function of a chain without 'output'");
        log.report(error.wanted("input -> … -> output: the packets that go on"));
    }
}
