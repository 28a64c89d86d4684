// SPDX-License-Identifier: Apache-2.0
//! `require(…)`: packages, which are all there, and libraries, which are files.

use super::ast::{Body, Statement};
use super::lexer::Kind;
use super::parser::{Failed, Parser};
use crate::arguments::{split, words};
use crate::diagnostic::Diagnostic;

impl Parser<'_, '_> {
    /// `require(package x, library FILE, …)`: the statements of the libraries.
    pub(super) fn require(&mut self) -> Result<Vec<Statement>, Failed> {
        self.bump();
        let requirements = self.options()?;
        let mut statements = Vec::new();
        for requirement in split(&requirements.text) {
            let words = words(&requirement);
            let word = |index: usize| words.get(index).map(|word| word.as_str().trim_matches(['"', '\'']));
            match (word(0), word(1), words.len()) {
                (None, ..) | (Some("package"), Some(_), 2) => {}
                (Some("compact_config"), None, _) => self.shared.is_compact = true,
                (Some("library"), Some(name), 2) => {
                    statements.extend(self.library(name, words[1].place())?);
                }
                (Some("library" | "package"), ..) | (Some(_), Some(_), _) => {
                    let found = format!("the requirement '{}'", requirement.as_str());
                    let error = Diagnostic::error(requirement.place(), found);
                    self.report(error.wanted("a name, 'package NAME' or 'library FILE'"));
                }
                // An unknown word is a package: classes that it would bring are there, or are missed where they are used.
                (Some(_), None, _) => {}
            }
        }
        Ok(statements)
    }

    /// The statements of a library, unless it was read before.
    fn library(&mut self, name: &str, span: super::ast::Span) -> Result<Option<Statement>, Failed> {
        if self.blocks.contains(&Kind::DoubleBar) || self.blocks.contains(&Kind::CloseParen) {
            let error = Diagnostic::error(span, "a library inside of a block");
            return Err(self.report(error.wanted("require(library …) outside of compounds and groups")));
        }
        match self.shared.sources.library(self.file, name) {
            None => {
                let request = (self.file, name.to_string());
                if !self.shared.requests.contains(&request) {
                    self.shared.requests.push(request);
                }
                Ok(None)
            }
            Some(Err(reason)) => {
                let error = Diagnostic::error(span, format!("no library '{name}': {reason}"));
                Err(self.report(error.wanted("a file beside this one, or in the search path")))
            }
            Some(Ok(file)) if self.shared.included.insert(*file) => {
                let mut inner = Parser::new(self.shared, *file);
                let mut body = Body::default();
                while inner.token.kind != Kind::End {
                    if matches!(inner.token.kind, Kind::CloseBrace | Kind::CloseParen) {
                        body.broken = true;
                        inner.unexpected("a statement");
                        inner.bump();
                    } else {
                        inner.statement_of(&mut body);
                    }
                }
                inner.end();
                Ok(Some(Statement::Library(body)))
            }
            Some(Ok(_)) => Ok(None),
        }
    }
}
