// SPDX-License-Identifier: Apache-2.0
//! The abstract syntax tree of a chain file.

use crate::text::Text;
use std::ops::Range;
use std::rc::Rc;

/// A place: bytes of all sources, one behind the other.
pub(crate) type Span = Range<usize>;

/// A name and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// A chain file: each kind of statement in order.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) networks: Vec<Name>,
    pub(crate) vms: Vec<Vm>,
    pub(crate) chains: Vec<Chain>,
    pub(crate) services: Vec<Service>,
    pub(crate) paths: Vec<Path>,
    pub(crate) directors: Vec<Director>,
    /// Click's statements outside of all VMs.
    pub(crate) outside: Body,
    /// Part of the file could not be parsed: what is missing may stand there.
    pub(crate) broken: bool,
    /// It has `require(compact_config)`: its text is not kept.
    pub(crate) is_compact: bool,
}

impl File {
    /// What a configuration made of it must begin with.
    pub(crate) fn requirements(&self) -> &'static str {
        if self.is_compact { "require(compact_config);\n\n" } else { "" }
    }

    /// Whether it has statements around those of Click.
    pub(crate) fn has_chains(&self) -> bool {
        let joins = self.chains.len() + self.paths.len() + self.services.len() + self.directors.len();
        self.vms.len() + self.networks.len() + joins > 0
    }

    /// Whether it is a plain configuration of Click.
    pub(crate) fn is_click(&self) -> bool {
        !self.has_chains() && (!self.outside.statements.is_empty() || self.outside.broken)
    }
}

/// `vm NAME(OPTIONS) { … }`
#[derive(Debug)]
pub(crate) struct Vm {
    pub(crate) name: Name,
    pub(crate) memory_mib: Option<u32>,
    /// Frames of up to 9000 bytes pass.
    pub(crate) jumbo: bool,
    /// How many of it run at the start, and at most; none where there is just one.
    pub(crate) replicas: Option<[usize; 2]>,
    /// Its flows stay with their replica.
    pub(crate) stateful: bool,
    pub(crate) body: Body,
}

/// `service NAME = a, b;`
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: Name,
    pub(crate) vms: Vec<Name>,
}

/// `chain NAME: a -> b -> c;`
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) name: Name,
    /// `(oneway)`: nothing comes back.
    pub(crate) one_way: bool,
    /// `(shared)`: its VMs trust each other.
    pub(crate) shared: bool,
    pub(crate) hops: Vec<Name>,
}

/// `director at NAME(flows 100000) { PATTERN: CHAIN; default: CHAIN; }`
#[derive(Debug)]
pub(crate) struct Director {
    pub(crate) at: Name,
    pub(crate) flows: Option<usize>,
    pub(crate) rules: Vec<Rule>,
}

/// A rule of a director.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Which packets; none is the default.
    pub(crate) pattern: Option<Text>,
    pub(crate) chain: Name,
}

/// `chain a <-> b <-> c;`
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) hops: Vec<Name>,
}

/// Statements of Click's language.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) statements: Vec<Statement>,
    /// Part of it could not be parsed: what is missing may stand there.
    pub(crate) broken: bool,
}

/// A statement of Click's language.
#[derive(Debug)]
pub(crate) enum Statement {
    /// `a, b -> [1]c[2] -> d;`, a declaration, or a single element.
    Connection(Connection),
    /// `elementclass NAME { … }`, `elementclass NAME CLASS`
    ElementClass { name: Name, class: ClassName },
    /// `define($x 1)`
    Define(Configuration),
    /// `require(library FILE)`: the file's statements.
    Library(Body),
    /// `connectiontunnel a -> b`
    Tunnel { from: Name, to: Name },
}

/// Sets of elements with the arrows between them.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) sets: Vec<Vec<Hop>>,
    pub(crate) arrows: Vec<Arrow>,
}

/// `->` or `=>`
#[derive(Debug)]
pub(crate) struct Arrow {
    /// `=>`: each output leads to an input of its own.
    pub(crate) many: bool,
    pub(crate) span: Span,
}

/// One element of a connection.
#[derive(Debug)]
pub(crate) struct Hop {
    pub(crate) inputs: Option<Ports>,
    pub(crate) element: ElementUse,
    pub(crate) outputs: Option<Ports>,
}

/// `[0, 2-4]`
#[derive(Debug, Clone)]
pub(crate) struct Ports {
    /// At least one.
    pub(crate) numbers: Vec<usize>,
    /// `[]`, `[1,]`, `[*]`: and as many after the last one as the other side needs.
    pub(crate) open: bool,
    pub(crate) span: Span,
}

/// How a connection names an element.
#[derive(Debug)]
pub(crate) enum ElementUse {
    /// `name`: an element declared elsewhere, or a class without arguments.
    Bare(Name),
    /// `name :: Class(…)`
    Declared { name: Name, class: ClassUse },
    /// `Class(…)`
    Anonymous(ClassUse),
    /// `( … )`
    Group { body: Body, span: Span },
    /// Nothing, where `input` or `output` is meant.
    Implicit { input: bool, span: Span },
}

impl ElementUse {
    /// Where its name, or the class that stands for it, is written.
    pub(crate) fn span(&self) -> Span {
        match self {
            ElementUse::Bare(name) | ElementUse::Declared { name, .. } => name.span.clone(),
            ElementUse::Anonymous(class) => class.class.span(),
            ElementUse::Group { span, .. } | ElementUse::Implicit { span, .. } => span.clone(),
        }
    }
}

/// `Class(…)`
#[derive(Debug, Clone)]
pub(crate) struct ClassUse {
    pub(crate) class: ClassName,
    pub(crate) configuration: Option<Configuration>,
}

/// A class where one is wanted.
#[derive(Debug, Clone)]
pub(crate) enum ClassName {
    Named(Name),
    Compound(Rc<Compound>),
}

impl ClassName {
    /// Its name; an opening brace has one byte.
    pub(crate) fn span(&self) -> Span {
        match self {
            ClassName::Named(name) => name.span.clone(),
            ClassName::Compound(compound) => compound.span.clone(),
        }
    }
}

/// `{ … || … || ... }`
#[derive(Debug)]
pub(crate) struct Compound {
    /// Its opening brace.
    pub(crate) span: Span,
    pub(crate) definitions: Vec<Definition>,
    /// The `...` at its end: the class of the same name goes on behind.
    pub(crate) extends: Option<Span>,
}

/// `$a, KEYWORD $b | …`
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) formals: Vec<Formal>,
    pub(crate) body: Body,
}

/// A parameter of a compound.
#[derive(Debug, Clone)]
pub(crate) struct Formal {
    pub(crate) keyword: Option<Name>,
    /// Without its `$`.
    pub(crate) variable: Name,
}

/// What stands between the parentheses, comments blanked.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    pub(crate) text: Text,
}
