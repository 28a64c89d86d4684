// SPDX-License-Identifier: Apache-2.0
//! Click's statements: declarations and connections.

use super::ast::{Body, ClassUse, ElementUse, Hop, Name, PortNumber, Statement};
use super::lexer::Kind;
use super::parser::{Failed, Parser};
use crate::diagnostic::Diagnostic;

/// The highest port number; keeps a slip of the pen from asking for a million ports.
const LAST_PORT: usize = 1023;

/// Click's statements that have no meaning in a chain file, and what to do instead.
const UNSUPPORTED: [(&str, &str); 3] = [
    ("elementclass", "write the elements of the compound out where it is used"),
    ("define", "write the value out where the variable is used"),
    ("require", "leave it out: every element class is always there"),
];

impl Parser<'_, '_> {
    /// Statements up to the `}` that closes them (which is taken) or the end of the file.
    pub(super) fn body(&mut self, opened_by: &Name) -> Body {
        let mut body = Body::default();
        loop {
            match self.token.kind {
                Kind::Semicolon => drop(self.bump()),
                Kind::CloseBrace => {
                    self.bump();
                    return body;
                }
                Kind::End => break,
                Kind::Word if self.at_file_statement() => break,
                _ => match self.statement() {
                    Ok(statement) => {
                        body.statements.push(statement);
                        body.broken |= self.end_of_statement("'->' or ';'").is_err();
                    }
                    Err(Failed) => {
                        body.broken = true;
                        self.recover();
                    }
                },
            }
        }
        let end = self.token.span();
        let error = Diagnostic::error(end, format!("the block of '{}' is never closed", opened_by.text));
        self.report(error.wanted("a '}'").related(opened_by.span.clone(), "it begins here"));
        body.broken = true;
        body
    }

    /// Whether here begins a statement that only stands outside of a block: the block's `}` was forgotten.
    fn at_file_statement(&self) -> bool {
        matches!(self.word(), "vm" | "network" | "chain") && self.peek() == Kind::Word
    }

    fn statement(&mut self) -> Result<Statement, Failed> {
        let word = self.word();
        if let Some((_, hint)) = UNSUPPORTED.iter().find(|(keyword, _)| *keyword == word)
            && matches!(self.peek(), Kind::Word | Kind::OpenParen)
        {
            let error = Diagnostic::error(self.token.span(), format!("found '{word}'"));
            return Err(self.report(error.wanted("a declaration or a connection").hint(*hint)));
        }
        if self.token.kind == Kind::Word && self.peek() == Kind::Comma {
            return self.declaration();
        }
        let mut hops = vec![self.hop()?];
        while self.eat(Kind::Arrow) {
            hops.push(self.hop()?);
        }
        if self.token.kind == Kind::FatArrow {
            let error = Diagnostic::error(self.token.span(), "found '=>'").wanted("'->'");
            return Err(self.report(error.hint("write one connection for each port, as in 'a[1] -> [0]b'")));
        }
        self.check_outer_ports(&hops)?;
        Ok(Statement::Connection(hops))
    }

    /// `a, b :: Class(…)`
    fn declaration(&mut self) -> Result<Statement, Failed> {
        let mut names = vec![self.name("an element name")?];
        while self.eat(Kind::Comma) {
            names.push(self.name("an element name")?);
        }
        self.expect(Kind::DoubleColon, "'::' and the class of these elements")?;
        let class = self.class()?;
        Ok(Statement::Declaration { names, class })
    }

    fn class(&mut self) -> Result<ClassUse, Failed> {
        let name = self.name("an element class")?;
        let configuration = match self.token.kind {
            Kind::OpenParen => Some(self.configuration()?),
            _ => None,
        };
        Ok(ClassUse { name, configuration })
    }

    fn hop(&mut self) -> Result<Hop, Failed> {
        let input = self.port()?;
        if self.token.kind == Kind::OpenBrace {
            let error = Diagnostic::error(self.token.span(), "found '{'").wanted("an element");
            return Err(self.report(error.hint("write the elements of the compound out where it is used")));
        }
        let name = self.name("an element: a name, or a class with its arguments")?;
        let element = match self.token.kind {
            Kind::DoubleColon => {
                self.bump();
                ElementUse::Declared { name, class: self.class()? }
            }
            Kind::OpenParen => ElementUse::Anonymous(ClassUse { name, configuration: Some(self.configuration()?) }),
            _ => ElementUse::Bare(name),
        };
        Ok(Hop { input, element, output: self.port()? })
    }

    /// `[n]`, if there is one.
    fn port(&mut self) -> Result<Option<PortNumber>, Failed> {
        if !self.eat(Kind::OpenBracket) {
            return Ok(None);
        }
        let name = self.name("a port number")?;
        let number = name.text.parse().ok().filter(|number| *number <= LAST_PORT);
        self.expect(Kind::CloseBracket, "']'")?;
        match number {
            Some(number) => Ok(Some(PortNumber { number, span: name.span })),
            None => {
                let error = Diagnostic::error(name.span, format!("'{}' is no port number", name.text));
                Err(self.report(error.wanted(format!("a number from 0 to {LAST_PORT}"))))
            }
        }
    }

    /// Nothing leads to the first element's input port, and nothing from the last one's output port.
    fn check_outer_ports(&mut self, hops: &[Hop]) -> Result<(), Failed> {
        let first = hops.first().and_then(|hop| hop.input.as_ref());
        let last = hops.last().and_then(|hop| hop.output.as_ref());
        let stray = match (first, last) {
            (Some(port), _) => Diagnostic::error(port.span.clone(), "an input port with nothing before it"),
            (None, Some(port)) => Diagnostic::error(port.span.clone(), "an output port with nothing behind it"),
            (None, None) => return Ok(()),
        };
        Err(self.report(stray.wanted("a connection: '[output] -> [input]'")))
    }
}
