// SPDX-License-Identifier: Apache-2.0
//! The elements of a block: what a word in a connection stands for, and what elements without a name are called.

use super::class::{Class, Node, NodeKind};
use super::connect::Place;
use super::scope::Scope;
use crate::diagnostic::Diagnostic;
use crate::suggest;
use crate::syntax::ast::{ClassName, ClassUse, Name, Span};
use crate::text::Text;

impl<'a, 'x> Scope<'_, 'a, 'x> {
    pub(super) fn anonymous_use(&mut self, class: &'x ClassUse) -> Place {
        let text = class.configuration.as_ref().map(|configuration| configuration.text.clone());
        if let ClassName::Named(name) = &class.class
            && self.classes.find(&name.text).is_none()
            && (self.declared.contains(name.text.as_str()) || self.reserved(name))
        {
            let error =
                Diagnostic::error(name.span.clone(), format!("arguments for '{}', which is an element", name.text));
            let place = self.by_name.get(&name.text).map(|node| self.nodes[*node].span.clone());
            let error = error.wanted("arguments where it is declared");
            self.log.report(place.into_iter().fold(error, |error, span| error.related(span, "it is declared here")));
            return self.bare(name);
        }
        Place::Node(self.anonymous(&class.class, text))
    }

    pub(super) fn anonymous(&mut self, class: &'x ClassName, configuration: Option<Text>) -> usize {
        let name = match class {
            ClassName::Named(name) => self.anonymous_name(&name.text),
            ClassName::Compound(_) => self.anonymous_name(""),
        };
        let found = self.class(class, "");
        let kind = NodeKind::Element { class: found, class_span: class.span(), configuration };
        self.add(name, class.span(), kind)
    }

    /// An element without a name is called `Class@N`, where N counts all elements.
    pub(super) fn anonymous_name(&self, class: &str) -> String {
        let offset = if self.depth > 0 { 2 } else { 0 };
        let mut number = self.nodes.len() - offset + 1;
        loop {
            let name = format!("{class}@{number}");
            if !self.declared.contains(name.as_str()) && !self.by_name.contains_key(&name) {
                return name;
            }
            number += 1;
        }
    }

    /// A word alone: a class, or an element.
    pub(super) fn bare(&mut self, name: &'x Name) -> Place {
        if self.stands_for_a_class(name) {
            let anonymous = self.anonymous_name(&name.text);
            let class = self.named_class(name);
            let kind = NodeKind::Element { class, class_span: name.span.clone(), configuration: None };
            return Place::Node(self.add(anonymous, name.span.clone(), kind));
        }
        if let (Some((from, to)), true) = (self.ends, self.reserved(name)) {
            return Place::Node(if name.text == "input" { from } else { to });
        }
        match self.by_name.get(&name.text) {
            Some(&node) => Place::Node(node),
            None => {
                self.pending.push(name);
                Place::Pending(self.pending.len() - 1)
            }
        }
    }

    /// A word that no declaration introduces is a class; one that is not known may be meant as one if it looks like one.
    pub(super) fn stands_for_a_class(&self, name: &Name) -> bool {
        let looks_like_one = name.text.starts_with(|c: char| c.is_ascii_uppercase());
        let declared = self.declared.contains(name.text.as_str());
        !declared && (looks_like_one || self.classes.find(&name.text).is_some())
    }

    pub(super) fn reserved(&self, name: &Name) -> bool {
        matches!(name.text.as_str(), "input" | "output")
    }

    pub(super) fn declare(&mut self, name: &'x Name, class: &'x ClassUse) -> usize {
        self.check_name(name);
        let configuration = class.configuration.as_ref().map(|configuration| configuration.text.clone());
        if let Some(&first) = self.by_name.get(&name.text) {
            let error = Diagnostic::error(name.span.clone(), format!("a second element '{}'", name.text));
            let first_span = self.nodes[first].span.clone();
            self.log.report(error.wanted("another name").related(first_span, "the first one"));
            return first;
        }
        let found = self.class(&class.class, "");
        let kind = NodeKind::Element { class: found, class_span: class.class.span(), configuration };
        self.add(name.text.clone(), name.span.clone(), kind)
    }

    /// Names that mean something else.
    pub(super) fn check_name(&mut self, name: &Name) {
        let found = if self.reserved(name) {
            return self.report_reserved(name);
        } else if self.classes.find(&name.text).is_some() {
            format!("an element named '{}', which is a class", name.text)
        } else if name.text.split('/').any(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
            format!("an element named '{}'", name.text)
        } else {
            return;
        };
        self.log.report(Diagnostic::error(name.span.clone(), found).wanted("another name"));
    }

    pub(super) fn report_reserved(&mut self, name: &Name) {
        let error = Diagnostic::error(name.span.clone(), format!("'{}' is a compound element's port", name.text));
        let device = if name.text == "input" { "FromDevice(PORT)" } else { "ToDevice(PORT)" };
        let error = error.wanted(format!("{device} for a port of the VM"));
        self.log.report(error.hint("a VM on a chain has them: chain NAME: lan -> VM -> wan;"));
    }

    pub(super) fn add(&mut self, name: String, span: Span, kind: NodeKind<'a>) -> usize {
        self.by_name.insert(name.clone(), self.nodes.len());
        self.nodes.push(Node { name, span, kind });
        self.nodes.len() - 1
    }

    pub(super) fn resolve(&mut self, name: &'x Name) -> usize {
        if let Some(&node) = self.by_name.get(&name.text) {
            return node;
        }
        if self.reserved(name) {
            self.report_reserved(name);
        } else {
            let error = Diagnostic::error(name.span.clone(), format!("no element '{}'", name.text));
            let place = if self.depth > 0 { "compound" } else { "VM" };
            let error = error.wanted(format!("an element declared in this {place}, or a class"));
            let mut known: Vec<&str> = self.declared.iter().copied().collect();
            known.sort_unstable();
            let hint = suggest::hint(&name.text, known.into_iter().chain(self.classes.names()));
            self.log.report(hint.into_iter().fold(error, Diagnostic::hint));
        }
        let kind = NodeKind::Element { class: Class::Unknown, class_span: name.span.clone(), configuration: None };
        self.add(name.text.clone(), name.span.clone(), kind)
    }
}
