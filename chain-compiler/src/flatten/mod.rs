// SPDX-License-Identifier: Apache-2.0
//! A VM's statements as one flat list of elements and one of links: Click's compounds and groups are gone.
//!
//! First each block is read on its own (`scope`, `connect`): which elements and connections it has, of which class, and
//! the classes that are visible there. Then the compounds are put in place of their uses (`expand`), with the variables
//! replaced (`variables`), and the connections are followed through their ports (`tunnels`).

mod class;
mod connect;
mod definition;
mod expand;
mod formals;
mod function;
mod naming;
mod scope;
mod tunnels;
mod unparse;
mod variables;

pub(crate) use function::function;

use crate::diagnostic::{Diagnostic, Log};
use crate::options::Options;
use crate::syntax::ast::{Body, Span};
use crate::text::Text;
use nf_elements::configure::ElementClass;
use std::rc::Rc;

/// A VM's elements and links.
#[derive(Default)]
pub(crate) struct Flat<'a> {
    pub(crate) elements: Vec<FlatElement<'a>>,
    pub(crate) links: Vec<Link>,
    /// Something is missing, which is reported: what does not fit may be a consequence of it.
    pub(crate) broken: bool,
}

/// One element.
pub(crate) struct FlatElement<'a> {
    /// Its Click name: `outer/inner` inside of a compound.
    pub(crate) name: String,
    /// Where it is declared, or used for the first time.
    pub(crate) span: Span,
    /// Its class; none if there is no such class, which is reported.
    pub(crate) class: Option<&'a ElementClass>,
    /// Where its class is written.
    pub(crate) class_span: Span,
    pub(crate) arguments: Vec<Text>,
    /// The use of the compound that it is a part of.
    pub(crate) used: Option<Rc<Use>>,
}

/// A use of a compound.
pub(crate) struct Use {
    /// The compound element's name.
    pub(crate) name: String,
    span: Span,
    outer: Option<Rc<Use>>,
}

impl FlatElement<'_> {
    /// Whether both are written in the same block.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        match (&self.used, &other.used) {
            (Some(one), Some(other)) => Rc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// A diagnostic about this element, with the uses of the compounds around it.
    pub(crate) fn diagnose(&self, diagnostic: Diagnostic) -> Diagnostic {
        const MOST: usize = 3;
        let uses = std::iter::successors(self.used.as_deref(), |one| one.outer.as_deref()).take(MOST);
        uses.filter(|one| !one.name.is_empty()).fold(diagnostic, |diagnostic, one| {
            diagnostic.related(one.span.clone(), format!("used here, in '{}'", one.name))
        })
    }
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

/// Names the elements and lists the links of a VM, whose statements are those of `bodies` one after the other.
pub(crate) fn flatten<'a>(bodies: &[&Body], options: &Options<'a>, log: &mut Log) -> Flat<'a> {
    let before = log.errors();
    let top = scope::top(bodies, options, log);
    let complete = log.errors() == before && !bodies.iter().any(|body| body.broken);
    let mut flat = expand::expand(&top, options, complete, log);
    flat.broken |= bodies.iter().any(|body| body.broken);
    flat
}
