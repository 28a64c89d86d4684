// SPDX-License-Identifier: Apache-2.0
//! Click's statements.

use super::ast::{Body, Name, Span, Statement};
use super::lexer::Kind;
use super::parser::{Failed, Parser};
use crate::diagnostic::Diagnostic;

/// Words that name no element.
const KEYWORDS: [&str; 5] = ["elementclass", "define", "require", "provide", "connectiontunnel"];

/// Most blocks inside of each other; Click's limit.
const DEEPEST: usize = 50;

impl Parser<'_, '_> {
    /// Statements up to what closes their block (which is not taken) or the end of the file.
    ///
    /// `block` is the closing sign: `}` of a VM, `||` of a compound (a `}` closes it as well), `)` of a group, none of a
    /// file. `opened_by` says what the block is and where it begins.
    pub(super) fn body(&mut self, block: Kind, opened_by: (&str, Span)) -> Body {
        let mut body = Body::default();
        if self.blocks.len() >= DEEPEST {
            let error = Diagnostic::error(opened_by.1, "the blocks are nested too deep");
            self.report(error.wanted(format!("at most {DEEPEST} inside of each other")));
            body.broken = true;
            self.skip_block();
            return body;
        }
        self.blocks.push(block);
        while !self.closes(Some(block)) {
            let at_end = match self.token.kind {
                Kind::End => true,
                // Its own `)` is missing, and that of the block around it comes.
                Kind::CloseBrace => true,
                Kind::Word => self.at_file_statement(),
                _ => false,
            };
            if at_end {
                let (what, span) = opened_by;
                let sign = if block == Kind::CloseParen { ")" } else { "}" };
                let error = Diagnostic::error(self.token.span(), format!("{what} is never closed"));
                self.report(error.wanted(format!("a '{sign}'")).related(span, "it begins here"));
                body.broken = true;
                break;
            }
            self.statement_of(&mut body);
        }
        self.blocks.pop();
        body
    }

    /// Reads one statement and what is behind it.
    pub(super) fn statement_of(&mut self, body: &mut Body) {
        if self.eat(Kind::Semicolon) {
            return;
        }
        match self.statement() {
            Ok(statements) => {
                for statement in statements {
                    body.broken |= matches!(&statement, Statement::Library(inside) if inside.broken);
                    body.statements.push(statement);
                }
                body.broken |= self.behind_statement().is_err();
            }
            Err(Failed) => {
                body.broken = true;
                self.recover();
            }
        }
    }

    /// Skips to the end of a block that is too deep, without looking into it.
    fn skip_block(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.token.kind {
                Kind::End => return,
                Kind::CloseBrace | Kind::CloseParen if depth == 0 => return,
                Kind::OpenBrace | Kind::OpenParen => depth += 1,
                Kind::CloseBrace | Kind::CloseParen => depth -= 1,
                _ => {}
            }
            self.bump();
        }
    }

    /// Whether here begins a statement that only stands outside of a block: the block's `}` was forgotten.
    fn at_file_statement(&mut self) -> bool {
        matches!(self.word(), "vm" | "network" | "chain") && self.peek() == Kind::Word
    }

    /// The `;` behind a statement may be left out where the next one cannot be taken for a part of this one.
    fn behind_statement(&mut self) -> Result<(), Failed> {
        let next = self.token.kind;
        let innermost = self.blocks.last().copied();
        let another = matches!(next, Kind::Word | Kind::OpenBrace | Kind::OpenBracket);
        if self.eat(Kind::Semicolon) || matches!(next, Kind::CloseBrace | Kind::End) || self.closes(innermost) {
            return Ok(());
        }
        if !another {
            let failed = self.unexpected("'->' or ';'");
            self.recover();
            return Err(failed);
        }
        let before = self.lexer.text[..self.token.start].trim_end();
        if !self.begins_a_line() && !before.ends_with(['}', ';', '/']) {
            let found = format!("a second statement begins on this line, with '{}'", self.word());
            let warning = Diagnostic::warning(self.token.span(), found);
            self.report(warning.wanted("a ';' before it, or a '->' if they belong together"));
        }
        Ok(())
    }

    fn statement(&mut self) -> Result<Vec<Statement>, Failed> {
        let begins_a_keyword = self.token.kind == Kind::Word && KEYWORDS.contains(&self.word());
        match self.word() {
            "elementclass" if begins_a_keyword => self.element_class().map(|one| vec![one]),
            "define" if begins_a_keyword => {
                self.bump();
                self.options().map(|configuration| vec![Statement::Define(configuration)])
            }
            "require" if begins_a_keyword => self.require(),
            "provide" if begins_a_keyword => {
                self.bump();
                self.options().map(|_| Vec::new())
            }
            "connectiontunnel" if begins_a_keyword => self.tunnel().map(|one| vec![one]),
            _ => self.connection().map(|connection| vec![Statement::Connection(connection)]),
        }
    }

    /// The parentheses behind a keyword.
    pub(super) fn options(&mut self) -> Result<super::ast::Configuration, Failed> {
        if self.token.kind == Kind::OpenParen { self.configuration() } else { Err(self.unexpected("'('")) }
    }

    /// `connectiontunnel a -> b`
    fn tunnel(&mut self) -> Result<Statement, Failed> {
        self.bump();
        let from = self.element_name()?;
        self.expect(Kind::Arrow, "'->'")?;
        Ok(Statement::Tunnel { from, to: self.element_name()? })
    }

    /// A word that is no keyword.
    pub(super) fn element_name(&mut self) -> Result<Name, Failed> {
        if KEYWORDS.contains(&self.word()) {
            return Err(self.unexpected("an element: a name, or a class with its arguments"));
        }
        self.name("an element: a name, or a class with its arguments")
    }

    /// Whether the token in hand can name an element or a class.
    pub(super) fn at_name(&self) -> bool {
        self.token.kind == Kind::Word && !KEYWORDS.contains(&self.word())
    }
}
