// SPDX-License-Identifier: Apache-2.0
//! One block: its elements, its connections, the classes it defines. Compounds inside of it are read, not expanded.

use super::class::{Class, Classes, Compound, Node, NodeKind};
use super::connect::{Place, Side, connect};
use super::{End, Link};
use crate::arguments::split;
use crate::diagnostic::{Diagnostic, Log};
use crate::options::Options;
use crate::suggest;
use crate::syntax::ast::{
    Body, ClassName, ClassUse, Compound as CompoundText, Configuration, Connection, Definition, ElementUse, Hop, Name,
    Ports, Span, Statement,
};
use crate::text::Text;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// A whole configuration.
pub(super) fn top<'a>(bodies: &[&Body], options: &Options<'a>, log: &mut Log) -> Compound<'a> {
    let mut classes = Classes::new(options);
    let mut scope = Scope::new(0, &mut classes, log);
    for body in bodies {
        declared_names(body, &mut scope.declared);
    }
    for body in bodies {
        scope.statements(body);
    }
    scope.finish("", 0..0)
}

/// A block that is being read.
struct Scope<'s, 'a, 'x> {
    classes: &'s mut Classes<'a>,
    log: &'s mut Log,
    depth: usize,
    defines: Vec<(String, Text)>,
    define_places: HashMap<String, Span>,
    nodes: Vec<Node<'a>>,
    by_name: HashMap<String, usize>,
    /// All names that the block declares, wherever it does.
    declared: HashSet<&'x str>,
    /// Names that were used and not declared so far.
    pending: Vec<&'x Name>,
    links: Vec<(Place, Place, Link)>,
    through: Vec<(usize, usize)>,
    /// What `input` and `output` mean here.
    ends: Option<(usize, usize)>,
    /// Connections are missing, which is reported.
    lost: bool,
}

fn declared_names<'x>(body: &'x Body, names: &mut HashSet<&'x str>) {
    for statement in &body.statements {
        match statement {
            Statement::Connection(connection) => {
                for hop in connection.sets.iter().flatten() {
                    match &hop.element {
                        ElementUse::Declared { name, .. } => drop(names.insert(&name.text)),
                        ElementUse::Group { body, .. } => declared_names(body, names),
                        _ => {}
                    }
                }
            }
            Statement::Tunnel { from, to } => names.extend([from.text.as_str(), to.text.as_str()]),
            Statement::Library(body) => declared_names(body, names),
            Statement::ElementClass { .. } | Statement::Define(_) => {}
        }
    }
}

impl<'s, 'a, 'x> Scope<'s, 'a, 'x> {
    fn new(depth: usize, classes: &'s mut Classes<'a>, log: &'s mut Log) -> Self {
        Scope {
            classes,
            log,
            depth,
            defines: Vec::new(),
            define_places: HashMap::new(),
            nodes: Vec::new(),
            by_name: HashMap::new(),
            declared: HashSet::new(),
            pending: Vec::new(),
            links: Vec::new(),
            through: Vec::new(),
            ends: None,
            lost: false,
        }
    }

    fn statements(&mut self, body: &'x Body) {
        for statement in &body.statements {
            match statement {
                Statement::Connection(connection) => self.connection(connection),
                Statement::ElementClass { name, class } => {
                    let class = self.class(class, &name.text);
                    self.classes.define(&name.text, class);
                }
                Statement::Define(configuration) => self.define(configuration),
                Statement::Library(body) => self.statements(body),
                Statement::Tunnel { from, to } => {
                    let (from, to) = (self.tunnel(from), self.tunnel(to));
                    self.through.push((from, to));
                }
            }
        }
    }

    /// `define($x 1, $y 2)`
    fn define(&mut self, configuration: &Configuration) {
        for argument in split(&configuration.text) {
            let text = argument.as_str();
            let end = text.find(char::is_whitespace).unwrap_or(text.len());
            let name = text[..end].strip_prefix('$').unwrap_or("");
            if text.is_empty() {
                continue;
            }
            if name.is_empty() || !name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') {
                let error = Diagnostic::error(argument.span(0..end), format!("'{}' is no variable", &text[..end]));
                self.log.report(error.wanted("a variable and its value, as in define($X 1)"));
            } else if let Some(first) = self.define_places.get(name) {
                let error = Diagnostic::error(argument.span(0..end), format!("a second definition of ${name}"));
                self.log.report(error.wanted("one definition in each scope").related(first.clone(), "the first one"));
            } else {
                self.define_places.insert(name.into(), argument.span(0..end));
                self.defines.push((name.into(), argument.slice(end..text.len()).trim()));
            }
        }
    }

    fn tunnel(&mut self, name: &'x Name) -> usize {
        match self.by_name.get(&name.text) {
            Some(&node) => node,
            None => self.add(name.text.clone(), name.span.clone(), NodeKind::Tunnel),
        }
    }

    fn connection(&mut self, connection: &'x Connection) {
        let mut before: Vec<Side> = Vec::new();
        for (index, set) in connection.sets.iter().enumerate() {
            let sides: Vec<Side> = set.iter().map(|hop| self.side(hop)).collect();
            if let Some(arrow) = index.checked_sub(1).map(|index| &connection.arrows[index]) {
                self.lost |= !connect(&before, &sides, arrow, &mut self.links, self.log);
            }
            before = sides;
        }
    }

    fn side(&mut self, hop: &'x Hop) -> Side {
        let span = hop.element.span();
        let mut side =
            Side { place: Place::Pending(0), span, inputs: hop.inputs.clone(), outputs: hop.outputs.clone() };
        side.place = match &hop.element {
            ElementUse::Declared { name, class } => Place::Node(self.declare(name, class)),
            ElementUse::Anonymous(class) => self.anonymous_use(class),
            ElementUse::Bare(name) => self.bare(name),
            ElementUse::Implicit { input, span } => {
                let (from, to) = self.ends.unwrap_or((0, 0));
                debug_assert!(self.ends.is_some(), "{span:?}");
                Place::Node(if *input { from } else { to })
            }
            ElementUse::Group { body, span } => {
                let (node, inputs, outputs) = self.group(body, span);
                side.inputs = side.inputs.or(inputs);
                side.outputs = side.outputs.or(outputs);
                Place::Node(node)
            }
        };
        side
    }

    /// `( … )`: its statements are of this block, with an `input` and an `output` of its own.
    fn group(&mut self, body: &'x Body, span: &Span) -> (usize, Option<Ports>, Option<Ports>) {
        let name = self.anonymous_name("");
        let [group, from, to] = [name.clone(), format!("{name}/input"), format!("{name}/output")]
            .map(|name| self.add(name, span.clone(), NodeKind::Tunnel));
        self.through.extend([(group, from), (to, group)]);
        let around = self.ends.replace((from, to));
        self.statements(body);
        self.ends = around;
        let (inputs, outputs) = self.check_ends(from, to, span, "group", body.broken);
        let ports = |count: usize| {
            let all = || Ports { numbers: (0..count).collect(), open: false, span: span.clone() };
            (count > 0).then(all)
        };
        (group, ports(inputs), ports(outputs))
    }

    /// How many inputs and outputs a block has; reports those that are left out, and ends used the wrong way round.
    fn check_ends(&mut self, from: usize, to: usize, span: &Span, what: &str, broken: bool) -> (usize, usize) {
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

    fn anonymous_use(&mut self, class: &'x ClassUse) -> Place {
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

    fn anonymous(&mut self, class: &'x ClassName, configuration: Option<Text>) -> usize {
        let name = match class {
            ClassName::Named(name) => self.anonymous_name(&name.text),
            ClassName::Compound(_) => self.anonymous_name(""),
        };
        let found = self.class(class, "");
        let kind = NodeKind::Element { class: found, class_span: class.span(), configuration };
        self.add(name, class.span(), kind)
    }

    /// An element without a name is called `Class@N`, where N counts all elements.
    fn anonymous_name(&self, class: &str) -> String {
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
    fn bare(&mut self, name: &'x Name) -> Place {
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
    fn stands_for_a_class(&self, name: &Name) -> bool {
        let looks_like_one = name.text.starts_with(|c: char| c.is_ascii_uppercase());
        let declared = self.declared.contains(name.text.as_str());
        !declared && (looks_like_one || self.classes.find(&name.text).is_some())
    }

    fn reserved(&self, name: &Name) -> bool {
        matches!(name.text.as_str(), "input" | "output")
    }

    fn declare(&mut self, name: &'x Name, class: &'x ClassUse) -> usize {
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
    fn check_name(&mut self, name: &Name) {
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

    fn report_reserved(&mut self, name: &Name) {
        let error = Diagnostic::error(name.span.clone(), format!("'{}' is a compound element's port", name.text));
        let device = if name.text == "input" { "FromDevice(PORT)" } else { "ToDevice(PORT)" };
        self.log.report(error.wanted(format!("{device} for a port of the VM")));
    }

    fn add(&mut self, name: String, span: Span, kind: NodeKind<'a>) -> usize {
        self.by_name.insert(name.clone(), self.nodes.len());
        self.nodes.push(Node { name, span, kind });
        self.nodes.len() - 1
    }

    /// A class; a compound in its place is called `name`.
    fn class(&mut self, class: &ClassName, name: &str) -> Class<'a> {
        match class {
            ClassName::Named(name) => self.named_class(name),
            ClassName::Compound(compound) => self.compound(compound, name),
        }
    }

    fn named_class(&mut self, name: &Name) -> Class<'a> {
        self.classes.find(&name.text).unwrap_or_else(|| {
            let error = Diagnostic::error(name.span.clone(), format!("no element class '{}'", name.text));
            self.log.report(error.hint(self.classes.hint(&name.text)));
            Class::Unknown
        })
    }

    /// `{ … || … }`: its first definition, which leads to the others.
    fn compound(&mut self, text: &CompoundText, name: &str) -> Class<'a> {
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

    fn definition(&mut self, definition: &Definition, name: &str, span: &Span) -> Compound<'a> {
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

    /// The block as it was read. Names that nobody declared are reported once and stand for elements without class.
    fn finish(mut self, name: &str, span: Span) -> Compound<'a> {
        let pending = std::mem::take(&mut self.pending);
        let nodes: Vec<usize> = pending.into_iter().map(|name| self.resolve(name)).collect();
        let node = |place: &Place| match place {
            Place::Node(node) => *node,
            Place::Pending(index) => nodes[*index],
        };
        let link = |(from, to, link): &(Place, Place, Link)| Link {
            from: End { element: node(from), ..link.from },
            to: End { element: node(to), ..link.to },
            ..link.clone()
        };
        Compound {
            name: name.into(),
            span,
            depth: self.depth,
            formals: Vec::new(),
            defines: self.defines,
            links: self.links.iter().map(link).collect(),
            nodes: self.nodes,
            through: self.through,
            inputs: 0,
            outputs: 0,
            lost: self.lost,
            next: None,
        }
    }

    fn resolve(&mut self, name: &'x Name) -> usize {
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
