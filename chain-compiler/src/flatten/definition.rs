// SPDX-License-Identifier: Apache-2.0
//! Classes in a block: those that it names, and the compounds that it defines.

use super::Link;
use super::class::{Class, Compound, NodeKind};
use super::connect::Place;
use super::scope::{Scope, declared_names};
use crate::diagnostic::Diagnostic;
use crate::syntax::ast::{ClassName, Compound as CompoundText, Definition, Name, Span};
use std::collections::HashSet;
use std::rc::Rc;

impl<'a> Scope<'_, 'a, '_> {
    /// A class; a compound in its place is called `name`.
    pub(super) fn class(&mut self, class: &ClassName, name: &str) -> Class<'a> {
        match class {
            ClassName::Named(name) => self.named_class(name),
            ClassName::Compound(compound) => self.compound(compound, name),
        }
    }

    pub(super) fn named_class(&mut self, name: &Name) -> Class<'a> {
        self.classes.find(&name.text).unwrap_or_else(|| {
            let error = Diagnostic::error(name.span.clone(), format!("no element class '{}'", name.text));
            self.log.report(error.hint(self.classes.hint(&name.text)));
            Class::Unknown
        })
    }

    /// `{ … || … }`: its first definition, which leads to the others.
    pub(super) fn compound(&mut self, text: &CompoundText, name: &str) -> Class<'a> {
        let extended = text.extends.as_ref().and_then(|dots| {
            let found = self.classes.find(name);
            if found.is_none() {
                let error = Diagnostic::error(dots.clone(), format!("no element class '{name}' to go on with"));
                self.log.report(error.wanted("a class of this name before it"));
            }
            found
        });
        let definitions: Vec<_> = text.definitions.iter().map(|one| self.definition(one, name, &text.span)).collect();
        let chained = definitions.into_iter().rev().fold(extended, |next, mut definition| {
            definition.next = next;
            Some(Class::Compound(Rc::new(definition)))
        });
        chained.unwrap_or(Class::Unknown)
    }

    pub(super) fn definition(&mut self, definition: &Definition, name: &str, span: &Span) -> Compound<'a> {
        let entered = self.classes.enter();
        let mut inner = Scope::new(self.depth + 1, self.classes, self.log);
        let [from, to] = ["input", "output"].map(|name| inner.add(name.into(), span.clone(), NodeKind::Tunnel));
        inner.ends = Some((from, to));
        declared_names(&definition.body, &mut inner.declared);
        inner.statements(&definition.body);
        let ports = inner.check_ends(from, to, span, "compound", definition.body.broken);
        let mut compound = inner.finish(name, span.clone());
        (compound.inputs, compound.outputs) = ports;
        self.lost |= compound.lost;
        compound.formals = definition.formals.clone();
        self.classes.leave(entered);
        compound
    }

    /// How many inputs and outputs a block has; reports those that are left out, and ends used the wrong way round.
    pub(super) fn check_ends(
        &mut self,
        from: usize,
        to: usize,
        span: &Span,
        what: &str,
        broken: bool,
    ) -> (usize, usize) {
        let mut counts = [0, 0];
        for (count, node, name, outward) in [(0, from, "input", true), (1, to, "output", false)] {
            let port = |(from, to, link): &(Place, Place, Link)| match outward {
                true => (*from == Place::Node(node)).then_some(link.from.port),
                false => (*to == Place::Node(node)).then_some(link.to.port),
            };
            let used: HashSet<usize> = self.links.iter().filter_map(port).collect();
            let wrong = self.links.iter().find_map(|(from, to, link)| match outward {
                true => (*to == Place::Node(node)).then(|| link.to_span.clone()),
                false => (*from == Place::Node(node)).then(|| link.from_span.clone()),
            });
            if let Some(wrong) = wrong {
                let (found, wanted) = match outward {
                    true => ("a connection to 'input'", "a connection from it: 'input' is where packets come in"),
                    false => ("a connection from 'output'", "a connection to it: 'output' is where packets leave"),
                };
                self.lost = true;
                self.log.report(Diagnostic::error(wrong, found).wanted(wanted));
            }
            counts[count] = used.iter().max().map_or(0, |last| last + 1);
            if let Some(missing) = (0..counts[count]).find(|port| !used.contains(port) && !broken) {
                self.lost = true;
                let error = Diagnostic::error(span.clone(), format!("'{name}[{missing}]' of this {what} is not used"));
                self.log
                    .report(error.wanted(format!("{name}s without a gap: '{name}[{}]' is used", counts[count] - 1)));
            }
        }
        (counts[0], counts[1])
    }
}
