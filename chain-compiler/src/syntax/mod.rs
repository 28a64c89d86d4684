// SPDX-License-Identifier: Apache-2.0
//! Text to AST: Click's language inside `vm` blocks, `network` and `chain` statements around them.

pub(crate) mod ast;
mod configuration;
mod file;
mod lexer;
mod parser;
mod statement;

use crate::diagnostic::Log;

/// Parses a chain file. What could not be parsed is reported and left out.
pub(crate) fn parse(text: &str, log: &mut Log) -> ast::File {
    parser::Parser::new(text, log).file()
}
