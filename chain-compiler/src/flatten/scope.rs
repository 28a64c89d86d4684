// SPDX-License-Identifier: Apache-2.0
//! One block: its elements, its connections, the classes it defines. Compounds inside of it are read, not expanded.

use super::class::{Classes, Compound, Node, NodeKind};
use super::connect::{Place, Side, connect};
use super::{End, Link};
use crate::arguments::split;
use crate::diagnostic::{Diagnostic, Log};
use crate::options::Options;
use crate::syntax::ast::{Body, Configuration, Connection, ElementUse, Hop, Name, Ports, Span, Statement};
use crate::text::Text;
use std::collections::{HashMap, HashSet};

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
pub(super) struct Scope<'s, 'a, 'x> {
    pub(super) classes: &'s mut Classes<'a>,
    pub(super) log: &'s mut Log,
    pub(super) depth: usize,
    pub(super) defines: Vec<(String, Text)>,
    pub(super) define_places: HashMap<String, Span>,
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) by_name: HashMap<String, usize>,
    /// All names that the block declares, wherever it does.
    pub(super) declared: HashSet<&'x str>,
    /// Names that were used and not declared so far.
    pub(super) pending: Vec<&'x Name>,
    pub(super) links: Vec<(Place, Place, Link)>,
    pub(super) through: Vec<(usize, usize)>,
    /// What `input` and `output` mean here.
    pub(super) ends: Option<(usize, usize)>,
    /// Connections are missing, which is reported.
    pub(super) lost: bool,
}

/// All names that a body declares, wherever it does.
pub(super) fn declared_names<'x>(body: &'x Body, names: &mut HashSet<&'x str>) {
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
    pub(super) fn new(depth: usize, classes: &'s mut Classes<'a>, log: &'s mut Log) -> Self {
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

    pub(super) fn statements(&mut self, body: &'x Body) {
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

    /// The block as it was read. Names that nobody declared are reported once and stand for elements without class.
    pub(super) fn finish(mut self, name: &str, span: Span) -> Compound<'a> {
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
}
