// SPDX-License-Identifier: Apache-2.0
//! What all productions share: the current token, expectations, recovery.

use super::ast::{Configuration, Name};
use super::lexer::{Kind, Lexer, Token};
use crate::diagnostic::{Diagnostic, Log};

/// A production failed; the diagnostic is in the log.
#[derive(Debug)]
pub(super) struct Failed;

/// A recursive-descent parser with one token in hand.
pub(super) struct Parser<'a, 'log> {
    pub(super) lexer: Lexer<'a>,
    pub(super) token: Token,
    log: &'log mut Log,
}

impl<'a, 'log> Parser<'a, 'log> {
    pub(super) fn new(text: &'a str, log: &'log mut Log) -> Self {
        let mut lexer = Lexer::new(text);
        let token = lexer.next();
        Parser { lexer, token, log }
    }

    /// The text of the token in hand.
    pub(super) fn word(&self) -> &'a str {
        &self.lexer.text[self.token.span()]
    }

    /// The kind of the token behind the one in hand.
    pub(super) fn peek(&self) -> Kind {
        self.lexer.clone().next().kind
    }

    /// Takes the token in hand.
    pub(super) fn bump(&mut self) -> Token {
        std::mem::replace(&mut self.token, self.lexer.next())
    }

    /// Takes the token in hand if it is of that kind.
    pub(super) fn eat(&mut self, kind: Kind) -> bool {
        let there = self.token.kind == kind;
        if there {
            self.bump();
        }
        there
    }

    /// Takes the token in hand, which must be of that kind.
    pub(super) fn expect(&mut self, kind: Kind, wanted: &str) -> Result<Token, Failed> {
        if self.token.kind == kind { Ok(self.bump()) } else { Err(self.unexpected(wanted)) }
    }

    /// Takes a word.
    pub(super) fn name(&mut self, wanted: &str) -> Result<Name, Failed> {
        let text = self.word();
        let token = self.expect(Kind::Word, wanted)?;
        Ok(Name { text: text.into(), span: token.span() })
    }

    /// Reads the configuration whose `(` is the token in hand.
    pub(super) fn configuration(&mut self) -> Result<Configuration, Failed> {
        let configuration = self.lexer.configuration();
        self.token = self.lexer.next();
        configuration.map_err(|error| self.report(*error))
    }

    /// Reports that the token in hand is not what was wanted.
    pub(super) fn unexpected(&mut self, wanted: &str) -> Failed {
        let found = match self.token.kind {
            Kind::End => "found the end of the file".into(),
            _ => format!("found '{}'", self.word()),
        };
        self.report(Diagnostic::error(self.token.span(), found).wanted(wanted))
    }

    /// Leaves a diagnostic in the log.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) -> Failed {
        self.log.report(diagnostic);
        Failed
    }

    /// The `;` behind a statement, which may be left out before a `}`. Where it was forgotten before a new line the
    /// next statement is still read.
    pub(super) fn end_of_statement(&mut self, wanted: &str) -> Result<(), Failed> {
        if self.eat(Kind::Semicolon) || matches!(self.token.kind, Kind::CloseBrace | Kind::End) {
            return Ok(());
        }
        let failed = self.unexpected(wanted);
        let before = self.lexer.text[..self.token.start].trim_end_matches([' ', '\t']);
        if !(self.token.kind == Kind::Word && before.ends_with('\n')) {
            self.recover();
        }
        Err(failed)
    }

    /// Skips the rest of a broken statement: through its `;`, or up to the `}` of the block around it. A block inside
    /// the statement is skipped as a whole and ends it.
    pub(super) fn recover(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.token.kind {
                Kind::End => return,
                Kind::CloseBrace if depth == 0 => return,
                Kind::Semicolon if depth == 0 => {
                    self.bump();
                    return;
                }
                Kind::OpenBrace => depth += 1,
                Kind::CloseBrace => {
                    depth -= 1;
                    // A compound stands inside a connection that goes on behind it.
                    if depth == 0 && self.peek() != Kind::Arrow {
                        self.bump();
                        return;
                    }
                }
                Kind::OpenParen => {
                    // A configuration may hold any sign; if it has no end the lexer finds its own way out.
                    let _ = self.lexer.configuration();
                }
                _ => {}
            }
            self.bump();
        }
    }
}
