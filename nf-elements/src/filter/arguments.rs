// SPDX-License-Identifier: Apache-2.0
//! What the arguments of the classifying elements share.

use super::compile::TooLarge;
use super::{NO_MATCH, PatternError, Tables};
use crate::configure::{ArgumentText, Arguments};

impl Arguments {
    /// Reports what is wrong with the pattern that is argument `index`.
    pub(crate) fn pattern_errors(&mut self, index: usize, errors: Vec<PatternError>) {
        for error in errors {
            self.error_at(index, error.span, error.message, error.wanted);
        }
    }

    /// Takes all arguments, of which there must be one per connected output.
    pub(crate) fn one_per_output(&mut self, outputs: usize) -> Option<Vec<(usize, ArgumentText)>> {
        let texts = self.rest();
        let outputs = outputs.min(NO_MATCH.into());
        if let Some((index, text)) = texts.get(outputs) {
            let message = format!("this pattern's output {outputs} is not connected");
            self.error_at(*index, 0..text.value.len(), message, Some("one pattern per connected output".into()));
        } else if texts.len() < outputs || texts.is_empty() {
            let message = format!("{} patterns for {outputs} connected outputs", texts.len());
            self.error(message, Some("one pattern per connected output; '-' matches what is left".into()));
        } else {
            return Some(texts);
        }
        None
    }

    /// The tables, unless the rules were too large for any.
    pub(crate) fn compiled(&mut self, tables: Result<Tables, TooLarge>) -> Option<Tables> {
        let wanted = "fewer rules, or two elements one behind the other";
        tables.map_err(|error| self.error(error.to_string(), Some(wanted.into()))).ok()
    }
}
