// SPDX-License-Identifier: Apache-2.0
//! Connections: sets of elements with ports, and the arrows between them.

use super::ast::{Arrow, ClassName, ClassUse, Connection, ElementUse, Hop, Ports};
use super::lexer::Kind;
use super::parser::{Failed, Parser};
use crate::diagnostic::Diagnostic;
use std::rc::Rc;

/// The highest port number; keeps a slip of the pen from asking for a million ports.
pub(crate) const LAST_PORT: usize = 1023;

impl Parser<'_, '_> {
    pub(super) fn connection(&mut self) -> Result<Connection, Failed> {
        let mut connection = Connection { sets: Vec::new(), arrows: Vec::new() };
        loop {
            let set = self.set(connection.sets.is_empty())?;
            connection.sets.push(set);
            let many = self.token.kind == Kind::FatArrow;
            if !many && self.token.kind != Kind::Arrow {
                break;
            }
            connection.arrows.push(Arrow { many, span: self.bump().span() });
        }
        if connection.sets.len() == 1 {
            spread_declaration(&mut connection.sets[0]);
        }
        self.check_outer_ports(&connection.sets)?;
        Ok(connection)
    }

    /// Elements with commas between them; `first` if no arrow is before them.
    fn set(&mut self, first: bool) -> Result<Vec<Hop>, Failed> {
        let mut set = Vec::new();
        let mut implicit = None;
        loop {
            let inputs = self.ports()?;
            let hop = match self.element()? {
                Some(element) => Hop { inputs, element, outputs: self.ports()? },
                None => {
                    let Some(hop) = self.implicit(first, set.is_empty(), inputs)? else { break };
                    implicit = implicit.or(Some(hop.element.span()));
                    hop
                }
            };
            set.push(hop);
            if !self.eat(Kind::Comma) {
                break;
            }
        }
        if let Some(span) = implicit.filter(|_| !first && matches!(self.token.kind, Kind::Arrow | Kind::FatArrow)) {
            let error = Diagnostic::error(span, "ports without an element in the middle of a connection");
            return Err(self.report(error.wanted("an element, or 'input' or 'output'")));
        }
        Ok(set)
    }

    /// An element, if there is one.
    fn element(&mut self) -> Result<Option<ElementUse>, Failed> {
        Ok(Some(match self.token.kind {
            Kind::OpenBrace => {
                let class = ClassName::Compound(Rc::new(self.compound()?));
                ElementUse::Anonymous(ClassUse { class, configuration: self.optional_configuration()? })
            }
            Kind::OpenParen => {
                let span = self.bump().span();
                let body = self.body(Kind::CloseParen, ("this group", span.clone()));
                self.eat(Kind::CloseParen);
                ElementUse::Group { body, span }
            }
            Kind::Word => {
                let name = self.element_name()?;
                match self.token.kind {
                    Kind::DoubleColon => {
                        self.bump();
                        ElementUse::Declared { name, class: self.class()? }
                    }
                    Kind::OpenParen => {
                        let configuration = self.optional_configuration()?;
                        ElementUse::Anonymous(ClassUse { class: ClassName::Named(name), configuration })
                    }
                    _ => ElementUse::Bare(name),
                }
            }
            _ => return Ok(None),
        }))
    }

    fn optional_configuration(&mut self) -> Result<Option<super::ast::Configuration>, Failed> {
        if self.token.kind == Kind::OpenParen { self.configuration().map(Some) } else { Ok(None) }
    }

    /// No element stands here: in compounds and groups `input` is meant before the first arrow, `output` behind the last.
    fn implicit(&mut self, first: bool, alone: bool, ports: Option<Ports>) -> Result<Option<Hop>, Failed> {
        let nested = self.blocks.iter().any(|block| matches!(block, Kind::DoubleBar | Kind::CloseParen));
        let possible = nested
            && match self.token.kind {
                Kind::Arrow | Kind::FatArrow => first && (ports.is_some() || alone),
                Kind::Comma => ports.is_some(),
                Kind::DoubleColon => false,
                _ => !first && (ports.is_some() || alone),
            };
        if !possible {
            // A comma may stand at the end of a set.
            let stray = ports.is_some() || alone;
            return if stray {
                Err(self.unexpected("an element: a name, or a class with its arguments"))
            } else {
                Ok(None)
            };
        }
        let span = ports.as_ref().map_or_else(|| self.token.span(), |ports| ports.span.clone());
        let element = ElementUse::Implicit { input: first, span };
        let (inputs, outputs) = if first { (None, ports) } else { (ports, None) };
        Ok(Some(Hop { inputs, element, outputs }))
    }

    /// `[n]`, `[n, m-k]`, `[]`, if there are ports.
    fn ports(&mut self) -> Result<Option<Ports>, Failed> {
        let start = self.token.span();
        if !self.eat(Kind::OpenBracket) {
            return Ok(None);
        }
        let mut ports = Ports { numbers: Vec::new(), open: false, span: self.token.span() };
        loop {
            if self.token.kind == Kind::CloseBracket || self.word() == "*" {
                if self.word() == "*" {
                    self.bump();
                }
                if ports.numbers.is_empty() {
                    ports.numbers.push(0);
                }
                ports.open = true;
                break;
            }
            let from = self.port()?;
            let to = if self.eat(Kind::Minus) { self.port()? } else { from };
            ports.numbers.extend(from..=to);
            if !self.eat(Kind::Comma) {
                break;
            }
        }
        ports.span.end = self.lexer.text[..self.token.start].trim_end().len().max(ports.span.start);
        self.expect(Kind::CloseBracket, "']'")?;
        if ports.numbers.is_empty() {
            let error = Diagnostic::error(start.start..ports.span.end, "a range without a port");
            return Err(self.report(error.wanted("the lower number first")));
        }
        Ok(Some(ports))
    }

    fn port(&mut self) -> Result<usize, Failed> {
        let name = self.name("a port number")?;
        let number = name.text.parse().ok().filter(|number| *number <= LAST_PORT);
        number.ok_or_else(|| {
            let error = Diagnostic::error(name.span, format!("'{}' is no port number", name.text));
            self.report(error.wanted(format!("a number from 0 to {LAST_PORT}")))
        })
    }

    /// Nothing leads to the first elements' input ports, and nothing from the last ones' output ports.
    fn check_outer_ports(&mut self, sets: &[Vec<Hop>]) -> Result<(), Failed> {
        let first = sets.first().and_then(|set| set.iter().find_map(|hop| hop.inputs.as_ref()));
        let last = sets.last().and_then(|set| set.iter().find_map(|hop| hop.outputs.as_ref()));
        let stray = match (first, last) {
            (Some(ports), _) => Diagnostic::error(ports.span.clone(), "an input port with nothing before it"),
            (None, Some(ports)) => Diagnostic::error(ports.span.clone(), "an output port with nothing behind it"),
            (None, None) => return Ok(()),
        };
        Err(self.report(stray.wanted("a connection: '[output] -> [input]'")))
    }
}

/// `a, b :: Class(…)` alone declares both.
fn spread_declaration(set: &mut [Hop]) {
    let without_ports = set.iter().all(|hop| hop.inputs.is_none() && hop.outputs.is_none());
    let Some((last, earlier)) = set.split_last_mut() else { return };
    let ElementUse::Declared { class, .. } = &last.element else { return };
    if without_ports && earlier.iter().all(|hop| matches!(hop.element, ElementUse::Bare(_))) {
        for hop in earlier {
            if let ElementUse::Bare(name) = &hop.element {
                hop.element = ElementUse::Declared { name: name.clone(), class: class.clone() };
            }
        }
    }
}
