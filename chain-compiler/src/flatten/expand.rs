// SPDX-License-Identifier: Apache-2.0
//! Compounds in place of their uses: names with a prefix, arguments with the values of the variables.

use super::class::{Chosen, Class, Compound, Node, NodeKind, ports};
use super::variables::Variables;
use super::{End, Flat, FlatElement, Link, Use, tunnels};
use crate::arguments::split;
use crate::diagnostic::{Diagnostic, Log};
use crate::options::Options;
use crate::syntax::ast::Span;
use crate::text::Text;
use std::collections::HashMap;
use std::rc::Rc;

/// Most elements of a configuration, with the places that connections pass.
const MOST_NODES: usize = 50_000;

/// Compounds inside of each other.
const DEEPEST: usize = 100;

/// A node of the whole configuration.
pub(super) enum Expanded<'a> {
    Element(FlatElement<'a>),
    Tunnel(Tunnel),
}

/// A place that connections only pass.
pub(super) struct Tunnel {
    pub(super) span: Span,
    pub(super) part: Part,
    pub(super) used: Option<Rc<Use>>,
}

/// What a tunnel is of its compound or group.
pub(super) enum Part {
    /// Itself, as its neighbours see it: its name.
    Whole(String),
    /// Its ports from the inside: the node that is its whole.
    Input(usize),
    Output(usize),
    /// Nothing: somebody asked for a tunnel.
    Free,
}

struct Expander<'l, 'a> {
    log: &'l mut Log,
    nodes: Vec<Expanded<'a>>,
    names: HashMap<String, Span>,
    through: HashMap<usize, usize>,
    links: Vec<Link>,
    /// There are too many elements, which is reported.
    full: bool,
}

/// Expands a configuration. If it is not `complete`, connections that lead nowhere are not reported.
pub(super) fn expand<'a>(top: &Compound<'a>, options: &Options, complete: bool, log: &mut Log) -> Flat<'a> {
    let before = log.errors();
    let given = options
        .definitions
        .iter()
        .map(|(name, value)| (name.trim_start_matches('$').to_string(), Text::replacing(value.as_str(), 0..0)));
    let variables = Variables::top(given.chain(top.defines.iter().cloned()).collect());
    let mut expander = Expander {
        log,
        nodes: Vec::new(),
        names: HashMap::new(),
        through: HashMap::new(),
        links: Vec::new(),
        full: false,
    };
    expander.names.extend(top.nodes.iter().map(|node| (node.name.clone(), node.span.clone())));
    expander.contents(top, "", &variables, None, None);
    if variables.overflowed() {
        let error = Diagnostic::error(0..0, "the values of the variables are too long");
        expander.log.report(error.wanted("fewer variables inside of variables"));
    }
    let complete = complete && expander.log.errors() == before;
    let Expander { log, nodes, through, links, .. } = expander;
    let mut flat = tunnels::follow(nodes, &through, links, complete, log);
    flat.broken = log.errors() > before || top.lost;
    flat
}

impl<'a> Expander<'_, 'a> {
    /// The elements and connections of a definition. `ends` are the nodes of its input and output.
    fn contents(
        &mut self,
        compound: &Compound<'a>,
        prefix: &str,
        variables: &Rc<Variables>,
        used: Option<&Rc<Use>>,
        ends: Option<[usize; 2]>,
    ) {
        let used_ports = used_ports(compound);
        let mut map: Vec<usize> = ends.into_iter().flatten().collect();
        for (index, node) in compound.nodes.iter().enumerate().skip(map.len()) {
            let name = format!("{prefix}{}", node.name);
            let place = used.map_or(&node.span, |one| &one.span);
            let taken = if used.is_some() { self.names.insert(name.clone(), place.clone()) } else { None };
            if let Some(first) = taken {
                let error = Diagnostic::error(place.clone(), format!("a second element '{name}'"));
                self.log.report(error.wanted("another name").related(first, "the first one"));
            }
            map.push(self.node(node, name, variables, used, used_ports[index]));
        }
        self.through.extend(compound.through.iter().map(|(from, to)| (map[*from], map[*to])));
        for (from, to) in &compound.through {
            // Of a group the first is the whole and the second its input, or the first its output and the second the whole.
            self.name_group_ends(map[*from], map[*to], &compound.nodes[*from].name, &compound.nodes[*to].name);
        }
        let end = |end: End| End { element: map[end.element], ..end };
        let links = compound.links.iter().map(|link| Link { from: end(link.from), to: end(link.to), ..link.clone() });
        self.links.extend(links);
    }

    fn name_group_ends(&mut self, from: usize, to: usize, from_name: &str, to_name: &str) {
        let (end, part) = if to_name.strip_suffix("/input") == Some(from_name) {
            (to, Part::Input(from))
        } else if from_name.strip_suffix("/output") == Some(to_name) {
            (from, Part::Output(to))
        } else {
            return;
        };
        if let Expanded::Tunnel(tunnel) = &mut self.nodes[end] {
            tunnel.part = part;
        }
    }

    /// One node of a definition.
    fn node(
        &mut self,
        node: &Node<'a>,
        name: String,
        variables: &Rc<Variables>,
        used: Option<&Rc<Use>>,
        (inputs, outputs): (usize, usize),
    ) -> usize {
        if self.nodes.len() >= MOST_NODES && !self.full {
            self.full = true;
            let error = Diagnostic::error(node.span.clone(), format!("more than {MOST_NODES} elements"));
            self.log.report(error.wanted("fewer compounds inside of compounds"));
        }
        let NodeKind::Element { class, class_span, configuration } = &node.kind else {
            let part = if node.name.starts_with('@') { Part::Whole(name) } else { Part::Free };
            return self.tunnel(node.span.clone(), part, used);
        };
        let text = configuration.as_ref().map(|text| variables.replace(text));
        let mut arguments = text.as_ref().map(split).unwrap_or_default();
        let chosen = match class {
            Class::Compound(compound) if !self.full => {
                self.choose(compound, class_span, &arguments, (inputs, outputs), used)
            }
            class => Some(Chosen::Class(class.clone())),
        };
        match chosen {
            Some(Chosen::Definition(definition, values)) => {
                let formals =
                    definition.formals.iter().map(|formal| formal.variable.text.clone()).zip(values).collect();
                let inner = variables.inside(definition.depth, formals, &definition.defines);
                self.compound(&definition, node, name, &inner, used)
            }
            Some(Chosen::Class(Class::Element(class, naming))) => {
                naming.rename(&mut arguments);
                self.element(FlatElement {
                    name,
                    span: node.span.clone(),
                    class: Some(class),
                    class_span: class_span.clone(),
                    arguments,
                    used: used.cloned(),
                })
            }
            _ => self.element(FlatElement {
                name,
                span: node.span.clone(),
                class: None,
                class_span: class_span.clone(),
                arguments,
                used: used.cloned(),
            }),
        }
    }

    fn choose(
        &mut self,
        compound: &Rc<Compound<'a>>,
        class_span: &Span,
        arguments: &[Text],
        (inputs, outputs): (usize, usize),
        used: Option<&Rc<Use>>,
    ) -> Option<Chosen<'a>> {
        let depth = std::iter::successors(used, |one| one.outer.as_ref()).count();
        if depth >= DEEPEST {
            let error = Diagnostic::error(class_span.clone(), "compounds are nested too deep");
            self.log.report(error.wanted(format!("at most {DEEPEST} inside of each other")));
            return None;
        }
        let chosen = compound.choose(inputs, outputs, arguments);
        if matches!(chosen, Chosen::None) {
            let count = arguments.len();
            let plural = if count == 1 { "" } else { "s" };
            let found =
                format!("'{}' is used with {count} argument{plural}, {}", compound.shown(), ports(inputs, outputs));
            let overloads: Vec<_> = compound.overloads().map(|one| one.signature()).collect();
            let error = Diagnostic::error(class_span.clone(), found).wanted(overloads.join(" or "));
            let error = error.related(compound.span.clone(), "it is defined here");
            self.log.report(match used {
                Some(one) => error.related(one.span.clone(), format!("used here, in '{}'", one.name)),
                None => error,
            });
        }
        Some(chosen)
    }

    /// A compound element: a node that its neighbours see, and one for each of its pseudo elements.
    fn compound(
        &mut self,
        definition: &Compound<'a>,
        node: &Node,
        name: String,
        variables: &Rc<Variables>,
        used: Option<&Rc<Use>>,
    ) -> usize {
        let whole = self.tunnel(node.span.clone(), Part::Whole(name.clone()), used);
        let this = Rc::new(Use { name: name.clone(), span: node.span.clone(), outer: used.cloned() });
        let from = self.tunnel(definition.span.clone(), Part::Input(whole), Some(&this));
        let to = self.tunnel(definition.span.clone(), Part::Output(whole), Some(&this));
        self.through.extend([(whole, from), (to, whole)]);
        // What has no name leaves the names of what is inside alone.
        let prefix = if name.is_empty() { name } else { format!("{name}/") };
        self.contents(definition, &prefix, variables, Some(&this), Some([from, to]));
        whole
    }

    fn tunnel(&mut self, span: Span, part: Part, used: Option<&Rc<Use>>) -> usize {
        self.nodes.push(Expanded::Tunnel(Tunnel { span, part, used: used.cloned() }));
        self.nodes.len() - 1
    }

    fn element(&mut self, element: FlatElement<'a>) -> usize {
        self.nodes.push(Expanded::Element(element));
        self.nodes.len() - 1
    }
}

/// For each node the numbers of its inputs and outputs that its definition connects.
fn used_ports(compound: &Compound) -> Vec<(usize, usize)> {
    let mut used = vec![(0, 0); compound.nodes.len()];
    for link in &compound.links {
        let (to, from) = (&mut used[link.to.element].0, link.to.port + 1);
        *to = (*to).max(from);
        let (out, count) = (&mut used[link.from.element].1, link.from.port + 1);
        *out = (*out).max(count);
    }
    used
}
