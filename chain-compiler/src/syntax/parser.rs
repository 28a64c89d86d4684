// SPDX-License-Identifier: Apache-2.0
//! What all productions share: the current token, expectations, recovery.

use super::ast::{Configuration, Name, Span};
use super::lexer::{Kind, Lexer, Token};
use crate::diagnostic::{Diagnostic, Log};
use crate::sources::Sources;
use std::collections::HashSet;

/// A production failed; the diagnostic is in the log.
#[derive(Debug)]
pub(super) struct Failed;

/// What a file and its libraries share.
pub(super) struct Shared<'s> {
    pub(super) sources: &'s Sources,
    log: &'s mut Log,
    /// Libraries that are not there yet: the file that asks, and for what.
    pub(super) requests: Vec<(usize, String)>,
    /// The files that were read, each once.
    pub(super) included: HashSet<usize>,
    directives: Vec<Span>,
    /// Whether there was a `require(compact_config)`.
    pub(super) is_compact: bool,
}

impl<'s> Shared<'s> {
    pub(super) fn new(sources: &'s Sources, log: &'s mut Log) -> Self {
        Shared {
            sources,
            log,
            requests: Vec::new(),
            included: HashSet::from([0]),
            directives: Vec::new(),
            is_compact: false,
        }
    }

    /// The libraries that are missing, and all line directives.
    pub(super) fn finish(self) -> (Vec<(usize, String)>, Vec<Span>) {
        (self.requests, self.directives)
    }
}

/// A recursive-descent parser with one token in hand.
pub(super) struct Parser<'p, 's> {
    pub(super) shared: &'p mut Shared<'s>,
    pub(super) lexer: Lexer<'s>,
    pub(super) token: Token,
    /// The file that is read.
    pub(super) file: usize,
    /// The blocks around the token in hand: the signs that close them.
    pub(super) blocks: Vec<Kind>,
}

impl<'p, 's> Parser<'p, 's> {
    pub(super) fn new(shared: &'p mut Shared<'s>, file: usize) -> Self {
        let (text, start) = shared.sources.file(file);
        let mut lexer = Lexer::new(text, start);
        let token = lexer.next();
        Parser { shared, lexer, token, file, blocks: Vec::new() }
    }

    /// The text of the token in hand.
    pub(super) fn word(&self) -> &'s str {
        &self.lexer.text[self.token.span()]
    }

    /// The kind of the token behind the one in hand.
    pub(super) fn peek(&mut self) -> Kind {
        self.lexer.peek()
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
        self.shared.log.report(diagnostic);
        Failed
    }

    /// The end of the file was reached.
    pub(super) fn end(&mut self) {
        if let Some(span) = self.lexer.unclosed_comment.take() {
            self.report(Diagnostic::error(span, "a comment begins here and does not end").wanted("a '*/' below"));
        }
        self.shared.directives.append(&mut self.lexer.directives);
    }

    /// Whether the token in hand stands on a line of its own part: only blanks are before it.
    pub(super) fn begins_a_line(&self) -> bool {
        let before = self.lexer.text[..self.token.start].trim_end_matches([' ', '\t']);
        before.is_empty() || before.ends_with('\n')
    }

    /// The `;` behind a statement of our own, which may be left out before a `}`. Where it was forgotten before a new
    /// line the next statement is still read.
    pub(super) fn end_of_statement(&mut self, wanted: &str) -> Result<(), Failed> {
        if self.eat(Kind::Semicolon) || matches!(self.token.kind, Kind::CloseBrace | Kind::End) {
            return Ok(());
        }
        let failed = self.unexpected(wanted);
        if !(self.token.kind == Kind::Word && self.begins_a_line()) {
            self.recover();
        }
        Err(failed)
    }

    /// Skips the rest of a broken statement: through its `;`, or up to the end of the block around it. A block inside
    /// the statement is skipped as a whole and ends it.
    pub(super) fn recover(&mut self) {
        let mut depth = 0_usize;
        let innermost = self.blocks.last().copied();
        loop {
            match self.token.kind {
                Kind::End => return,
                Kind::CloseBrace if depth == 0 => return,
                Kind::CloseParen | Kind::DoubleBar if depth == 0 && self.closes(innermost) => return,
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

    /// Whether the token in hand ends a block of that kind.
    pub(super) fn closes(&self, block: Option<Kind>) -> bool {
        match self.token.kind {
            Kind::CloseParen => block == Some(Kind::CloseParen),
            // The next definition of a compound begins behind it.
            Kind::DoubleBar => block == Some(Kind::DoubleBar),
            Kind::CloseBrace => matches!(block, Some(Kind::CloseBrace | Kind::DoubleBar)),
            _ => false,
        }
    }
}
