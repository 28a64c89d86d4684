// SPDX-License-Identifier: Apache-2.0
//! Element classes of a configuration: those that are there, and those that it defines.

use super::Link;
use super::formals::assign;
use crate::devices::Naming;
use crate::options::Options;
use crate::syntax::ast::{Formal, Span};
use crate::text::Text;
use nf_elements::configure::ElementClass;
use std::rc::Rc;

/// A class.
#[derive(Clone)]
pub(super) enum Class<'a> {
    /// With how it, as it is written, names devices.
    Element(&'a ElementClass, Naming),
    Compound(Rc<Compound<'a>>),
    /// There is none, which is reported.
    Unknown,
}

/// One definition of a compound class, read but not expanded; or a whole configuration.
pub(super) struct Compound<'a> {
    pub(super) name: String,
    pub(super) span: Span,
    /// How many definitions are around it: its variables are looked up in those.
    pub(super) depth: usize,
    pub(super) formals: Vec<Formal>,
    pub(super) defines: Vec<(String, Text)>,
    /// `input` and `output` first, except in a whole configuration.
    pub(super) nodes: Vec<Node<'a>>,
    /// What enters the first by a port leaves the second by that port.
    pub(super) through: Vec<(usize, usize)>,
    pub(super) links: Vec<Link>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Connections are missing, which is reported.
    pub(super) lost: bool,
    /// The next overload.
    pub(super) next: Option<Class<'a>>,
}

/// An element, or a place that connections only pass.
pub(super) struct Node<'a> {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) kind: NodeKind<'a>,
}

pub(super) enum NodeKind<'a> {
    Tunnel,
    Element { class: Class<'a>, class_span: Span, configuration: Option<Text> },
}

/// Classes by name, as they are visible at one place.
pub(super) struct Classes<'a> {
    options: Options<'a>,
    defined: Vec<(String, Class<'a>)>,
}

impl<'a> Classes<'a> {
    pub(super) fn new(options: &Options<'a>) -> Self {
        Classes { options: *options, defined: Vec::new() }
    }

    /// The class of that name.
    pub(super) fn find(&self, name: &str) -> Option<Class<'a>> {
        let defined = self.defined.iter().rev().find(|(known, _)| known == name);
        defined.map(|(_, class)| class.clone()).or_else(|| {
            let class = self.options.class(name)?;
            Some(Class::Element(class, Naming::of(name)))
        })
    }

    /// A new class, which hides others of its name.
    pub(super) fn define(&mut self, name: &str, class: Class<'a>) {
        self.defined.push((name.into(), class));
    }

    /// How many classes are defined: for [`Classes::leave`].
    pub(super) fn enter(&self) -> usize {
        self.defined.len()
    }

    /// Forgets the classes that were defined since.
    pub(super) fn leave(&mut self, entered: usize) {
        self.defined.truncate(entered);
    }

    /// What to do about an unknown class.
    pub(super) fn hint(&self, name: &str) -> String {
        let defined = self.defined.iter().map(|(name, _)| name.as_str());
        crate::suggest::hint(name, defined).unwrap_or_else(|| self.options.class_hint(name))
    }

    /// All names.
    pub(super) fn names(&self) -> Vec<&str> {
        self.defined.iter().map(|(name, _)| name.as_str()).chain(self.options.class_names()).collect()
    }
}

/// What an overloaded class is in one place.
pub(super) enum Chosen<'a> {
    /// A definition with the values of its parameters.
    Definition(Rc<Compound<'a>>, Vec<Text>),
    /// The class that the overloads extend.
    Class(Class<'a>),
    /// No overload fits.
    None,
}

impl<'a> Compound<'a> {
    /// This definition and its overloads.
    pub(super) fn overloads(self: &Rc<Self>) -> impl Iterator<Item = Rc<Compound<'a>>> {
        std::iter::successors(Some(self.clone()), |one| match &one.next {
            Some(Class::Compound(next)) => Some(next.clone()),
            _ => None,
        })
    }

    /// Click: the first overload that fits in inputs, outputs and arguments. If there is just one its arguments decide,
    /// so that ports that do not fit are reported one by one.
    pub(super) fn choose(self: &Rc<Self>, inputs: usize, outputs: usize, arguments: &[Text]) -> Chosen<'a> {
        let mut last = None;
        let mut count = 0;
        for one in self.overloads() {
            if one.inputs == inputs
                && one.outputs == outputs
                && let Some(values) = assign(&one.formals, arguments)
            {
                return Chosen::Definition(one, values);
            }
            count += 1;
            last = Some(one);
        }
        let Some(last) = last else { return Chosen::None };
        match &last.next {
            Some(class) => Chosen::Class(class.clone()),
            None if count == 1 => match assign(&last.formals, arguments) {
                Some(values) => Chosen::Definition(last, values),
                None => Chosen::None,
            },
            None => Chosen::None,
        }
    }

    /// It in a line: `Foo(<arg>, SIZE, ...)[1 input, 2 outputs]`.
    pub(super) fn signature(&self) -> String {
        let formal = |formal: &Formal| match &formal.keyword {
            None => "<arg>".to_string(),
            Some(word) if word.text == "__REST__" => "...".into(),
            Some(word) => word.text.clone(),
        };
        let formals: Vec<_> = self.formals.iter().map(formal).collect();
        format!("{}({})[{}]", self.shown(), formals.join(", "), ports(self.inputs, self.outputs))
    }

    /// Its name for people.
    pub(super) fn shown(&self) -> &str {
        if self.name.is_empty() { "{…}" } else { &self.name }
    }
}

/// `1 input, 2 outputs`
pub(super) fn ports(inputs: usize, outputs: usize) -> String {
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    format!("{}, {}", count(inputs, "input"), count(outputs, "output"))
}
