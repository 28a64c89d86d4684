// SPDX-License-Identifier: Apache-2.0
//! Text to AST: Click's language, with statements about VMs and chains around it.

pub(crate) mod ast;
mod chain;
mod compound;
mod configuration;
mod connection;
mod file;
mod lexer;
mod parser;
mod require;
mod statement;

pub(crate) use connection::LAST_PORT;
pub(crate) use lexer::is_blank;

use crate::diagnostic::Log;
use crate::options::Options;
use crate::sources::Sources;
use parser::{Parser, Shared};

/// Most libraries of one configuration.
const MOST_LIBRARIES: usize = 1000;

/// Parses a chain file with its libraries. What could not be parsed is reported and left out.
///
/// A text is parsed again when a library that it asks for is there, until nothing is missing.
pub(crate) fn parse(sources: &mut Sources, options: &Options, log: &mut Log) -> ast::File {
    for _ in 0..MOST_LIBRARIES {
        let mut attempt = Log::default();
        let mut shared = Shared::new(sources, &mut attempt);
        let mut file = Parser::new(&mut shared, 0).file();
        file.is_compact = shared.is_compact;
        let (requests, directives) = shared.finish();
        if requests.is_empty() {
            log.append(attempt);
            sources.divide(directives, log);
            return file;
        }
        for request in requests {
            let loaded = match options.library {
                Some(load) => load(sources.name(request.0), &request.1),
                None => Err("libraries are not read here".into()),
            };
            sources.add(request, loaded);
        }
    }
    ast::File { broken: true, ..Default::default() }
}
