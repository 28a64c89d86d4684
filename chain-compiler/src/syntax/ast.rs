// SPDX-License-Identifier: Apache-2.0
//! The abstract syntax tree of a chain file.

use std::ops::Range;

/// A place: bytes of the text.
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
    /// Part of the file could not be parsed: what is missing may stand there.
    pub(crate) broken: bool,
}

/// `vm NAME(OPTIONS) { … }`
#[derive(Debug)]
pub(crate) struct Vm {
    pub(crate) name: Name,
    pub(crate) memory_mib: Option<u32>,
    pub(crate) body: Body,
}

/// `chain a <-> b <-> c;`
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) hops: Vec<Name>,
}

/// The statements between braces.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) statements: Vec<Statement>,
    /// Part of it could not be parsed: what is missing may stand there.
    pub(crate) broken: bool,
}

/// A statement of Click's language.
#[derive(Debug)]
pub(crate) enum Statement {
    /// `a, b :: Class(…);`
    Declaration { names: Vec<Name>, class: ClassUse },
    /// `a -> [1]b[2] -> c;`, or a single element.
    Connection(Vec<Hop>),
}

/// One element of a connection.
#[derive(Debug)]
pub(crate) struct Hop {
    pub(crate) input: Option<PortNumber>,
    pub(crate) element: ElementUse,
    pub(crate) output: Option<PortNumber>,
}

/// `[n]`
#[derive(Debug, Clone)]
pub(crate) struct PortNumber {
    pub(crate) number: usize,
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
}

impl ElementUse {
    /// Where its name, or the class that stands for it, is written.
    pub(crate) fn span(&self) -> Span {
        match self {
            ElementUse::Bare(name) | ElementUse::Declared { name, .. } => name.span.clone(),
            ElementUse::Anonymous(class) => class.name.span.clone(),
        }
    }
}

/// `Class(…)`
#[derive(Debug, Clone)]
pub(crate) struct ClassUse {
    pub(crate) name: Name,
    pub(crate) configuration: Option<Configuration>,
}

/// What stands between the parentheses.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    pub(crate) arguments: Vec<Argument>,
}

/// One argument: no white space or comments around it, comments inside it blanked, so that a byte of the text is the
/// byte of the file at the same distance from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(crate) text: String,
    pub(crate) span: Span,
}
