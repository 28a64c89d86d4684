// SPDX-License-Identifier: Apache-2.0
//! A VM's statements as one flat list of elements and one of links.

use crate::diagnostic::{Diagnostic, Log};
use crate::options::Options;
use crate::suggest;
use crate::syntax::ast::{Body, ClassUse, Configuration, ElementUse, Hop, Name, Span, Statement};
use std::collections::{HashMap, HashSet};

/// A VM's elements and links.
#[derive(Default)]
pub(crate) struct Flat {
    pub(crate) elements: Vec<FlatElement>,
    pub(crate) links: Vec<Link>,
}

/// One element.
pub(crate) struct FlatElement {
    /// Its Click name.
    pub(crate) name: String,
    /// Where it is declared, or used for the first time.
    pub(crate) span: Span,
    /// Its class; none if nobody declared it, which is reported.
    pub(crate) class: Option<Name>,
    pub(crate) configuration: Option<Configuration>,
}

/// One end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct End {
    pub(crate) element: usize,
    pub(crate) port: usize,
}

/// A connection from an output to an input.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) from: End,
    pub(crate) from_span: Span,
    pub(crate) to: End,
    pub(crate) to_span: Span,
}

/// Names the elements and lists the links of a VM.
pub(crate) fn flatten(body: &Body, options: &Options, log: &mut Log) -> Flat {
    let declared = declared_names(body);
    let mut flattener = Flattener { flat: Flat::default(), declared, by_name: HashMap::new(), options, log };
    let connections = flattener.elements(body);
    for places in connections {
        flattener.links(&places);
    }
    flattener.flat
}

/// An element's place in a connection: its element, or a name that stands for one.
struct Place<'a> {
    hop: &'a Hop,
    element: Result<usize, &'a Name>,
}

struct Flattener<'a, 'log> {
    flat: Flat,
    /// All names that the body declares, wherever it does.
    declared: HashSet<&'a str>,
    by_name: HashMap<&'a str, usize>,
    options: &'log Options<'log>,
    log: &'log mut Log,
}

fn declared_names(body: &Body) -> HashSet<&str> {
    let mut names = HashSet::new();
    for statement in &body.statements {
        match statement {
            Statement::Declaration { names: several, .. } => {
                names.extend(several.iter().map(|name| name.text.as_str()))
            }
            Statement::Connection(hops) => names.extend(hops.iter().filter_map(|hop| match &hop.element {
                ElementUse::Declared { name, .. } => Some(name.text.as_str()),
                _ => None,
            })),
        }
    }
    names
}

impl<'a> Flattener<'a, '_> {
    /// Makes the elements in the order of the text, which numbers the anonymous ones.
    fn elements(&mut self, body: &'a Body) -> Vec<Vec<Place<'a>>> {
        let mut connections = Vec::new();
        for statement in &body.statements {
            match statement {
                Statement::Declaration { names, class } => {
                    for name in names {
                        self.declare(name, class);
                    }
                }
                Statement::Connection(hops) => {
                    connections.push(hops.iter().map(|hop| Place { hop, element: self.place(hop) }).collect());
                }
            }
        }
        connections
    }

    fn place(&mut self, hop: &'a Hop) -> Result<usize, &'a Name> {
        match &hop.element {
            ElementUse::Declared { name, class } => Ok(self.declare(name, class)),
            ElementUse::Anonymous(class) => Ok(self.anonymous(&class.name, class.configuration.clone())),
            ElementUse::Bare(name) if self.stands_for_a_class(name) => Ok(self.anonymous(name, None)),
            ElementUse::Bare(name) => Err(name),
        }
    }

    /// A word that no declaration introduces is a class; one that is not known may be meant as one if it looks like one.
    fn stands_for_a_class(&self, name: &Name) -> bool {
        let looks_like_one = name.text.starts_with(|c: char| c.is_ascii_uppercase());
        !self.declared.contains(name.text.as_str()) && (looks_like_one || self.options.class(&name.text).is_some())
    }

    fn declare(&mut self, name: &'a Name, class: &ClassUse) -> usize {
        self.check_name(name);
        if let Some(&first) = self.by_name.get(name.text.as_str()) {
            let error = Diagnostic::error(name.span.clone(), format!("a second element '{}'", name.text));
            let first_span = self.flat.elements[first].span.clone();
            self.log.report(error.wanted("another name").related(first_span, "the first one"));
            return first;
        }
        let index =
            self.add(name.text.clone(), name.span.clone(), Some(class.name.clone()), class.configuration.clone());
        self.by_name.insert(&name.text, index);
        index
    }

    /// Names that mean something else.
    fn check_name(&mut self, name: &Name) {
        let found = if is_reserved(name) {
            return self.reserved(name);
        } else if self.options.class(&name.text).is_some() {
            format!("an element named '{}', which is a class", name.text)
        } else if name.text.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("an element named '{}'", name.text)
        } else {
            return;
        };
        self.log.report(Diagnostic::error(name.span.clone(), found).wanted("another name"));
    }

    fn reserved(&mut self, name: &Name) {
        let error = Diagnostic::error(name.span.clone(), format!("'{}' is a compound element's port", name.text));
        let device = if name.text == "input" { "FromDevice(PORT)" } else { "ToDevice(PORT)" };
        self.log.report(error.wanted(format!("{device} for a port of the VM")));
    }

    /// An element without a name is called `Class@N`, where N counts all elements.
    fn anonymous(&mut self, class: &Name, configuration: Option<Configuration>) -> usize {
        let mut number = self.flat.elements.len() + 1;
        while self.declared.contains(format!("{}@{number}", class.text).as_str()) {
            number += 1;
        }
        self.add(format!("{}@{number}", class.text), class.span.clone(), Some(class.clone()), configuration)
    }

    fn add(&mut self, name: String, span: Span, class: Option<Name>, configuration: Option<Configuration>) -> usize {
        self.flat.elements.push(FlatElement { name, span, class, configuration });
        self.flat.elements.len() - 1
    }

    /// Links the neighbours of a connection.
    fn links(&mut self, places: &[Place<'a>]) {
        let elements: Vec<usize> = places.iter().map(|place| self.element(place)).collect();
        for (pair, ends) in places.windows(2).zip(elements.windows(2)) {
            let (from, to) = (pair[0].hop, pair[1].hop);
            let span = |port: &Option<crate::syntax::ast::PortNumber>, hop: &Hop| {
                port.as_ref().map_or(hop.element.span(), |port| port.span.clone())
            };
            self.flat.links.push(Link {
                from: End { element: ends[0], port: from.output.as_ref().map_or(0, |port| port.number) },
                from_span: span(&from.output, from),
                to: End { element: ends[1], port: to.input.as_ref().map_or(0, |port| port.number) },
                to_span: span(&to.input, to),
            });
        }
    }

    /// The element at a place. A name that nobody declared is reported once and stands for an element without class.
    fn element(&mut self, place: &Place<'a>) -> usize {
        let name = match place.element {
            Ok(index) => return index,
            Err(name) => name,
        };
        if let Some(&index) = self.by_name.get(name.text.as_str()) {
            return index;
        }
        if is_reserved(name) {
            self.reserved(name);
        } else {
            let error = Diagnostic::error(name.span.clone(), format!("no element '{}'", name.text));
            let error = error.wanted("an element declared in this VM, or a class");
            let classes = self.options.class_names();
            let mut known: Vec<&str> = self.declared.iter().copied().collect();
            known.sort_unstable();
            self.log.report(match suggest::hint(&name.text, known.into_iter().chain(classes)) {
                Some(hint) => error.hint(hint),
                None => error,
            });
        }
        let index = self.add(name.text.clone(), name.span.clone(), None, None);
        self.by_name.insert(&name.text, index);
        index
    }
}

fn is_reserved(name: &Name) -> bool {
    matches!(name.text.as_str(), "input" | "output")
}
