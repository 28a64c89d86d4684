// SPDX-License-Identifier: Apache-2.0
//! Rules: an action and a pattern.

use super::ast::Pattern;
use super::clauses::Clause;
use super::compile::{TooLarge, compile};
use super::lexer::tokens;
use super::parser::{Parser, PatternError};
use super::{DENIED, Formulas, Tables};
use std::ops::Range;

/// What becomes of a packet that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It leaves by that output.
    Output(u16),
    /// It is dropped.
    Deny,
}

impl Action {
    /// The leaf of a diagram that says so.
    pub const fn leaf(self) -> u16 {
        match self {
            Action::Output(output) => output,
            Action::Deny => DENIED,
        }
    }
}

/// A rule of an IPFilter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What becomes of a packet that matches.
    pub action: Action,
    /// Where the action stands in the text.
    pub action_span: Range<usize>,
    /// Which packets match.
    pub pattern: Pattern,
}

/// Reads a pattern.
pub fn parse_pattern(text: &str) -> Result<Pattern, Vec<PatternError>> {
    Parser::new(&tokens(text)).whole(0..text.len())
}

/// Reads `ACTION PATTERN`, or `ACTION` alone for every packet. An output must be below `outputs`.
pub fn parse_rule(text: &str, outputs: usize) -> Result<Rule, Vec<PatternError>> {
    parse(text, outputs, false)
}

/// The same, where patterns may ask for the state of connections.
pub fn parse_tracked_rule(text: &str, outputs: usize) -> Result<Rule, Vec<PatternError>> {
    parse(text, outputs, true)
}

fn parse(text: &str, outputs: usize, tracked: bool) -> Result<Rule, Vec<PatternError>> {
    let tokens = tokens(text);
    let Some(first) = tokens.first() else {
        return Err(vec![action_error(0..text.len(), "empty rule".into(), outputs)]);
    };
    let action = action(first.text, outputs).map_err(|message| action_error(first.span.clone(), message, outputs));
    let pattern = match tokens.len() {
        1 => Ok(Pattern::Constant(true)),
        _ => {
            let parser = Parser::new(&tokens[1..]);
            let parser = if tracked { parser.tracked() } else { parser };
            parser.whole(0..text.len())
        }
    };
    match (action, pattern) {
        (Ok(action), Ok(pattern)) => Ok(Rule { action, action_span: first.span.clone(), pattern }),
        (Ok(_), Err(errors)) => Err(errors),
        (Err(error), pattern) => Err([error].into_iter().chain(pattern.err().unwrap_or_default()).collect()),
    }
}

/// The action of that name.
fn action(word: &str, outputs: usize) -> Result<Action, String> {
    let output = match word {
        "deny" | "drop" => return Ok(Action::Deny),
        "allow" => 0,
        _ => super::value::integer(word).ok_or_else(|| format!("no such action: '{word}'"))?,
    };
    match u16::try_from(output) {
        Ok(number) if usize::from(number) < outputs.min(super::NO_MATCH.into()) => Ok(Action::Output(number)),
        _ if word == "allow" => Err("no output for 'allow'".into()),
        _ => Err(format!("output {output} is not connected")),
    }
}

fn action_error(span: Range<usize>, message: String, outputs: usize) -> PatternError {
    let connected = match outputs {
        0 => "no output is connected".into(),
        1 => "output 0 is connected".to_string(),
        _ => format!("outputs 0 to {} are connected", outputs - 1),
    };
    PatternError {
        span,
        message,
        wanted: Some(format!("'allow', 'deny', 'drop' or the number of an output; {connected}")),
    }
}

/// The tables that find the first matching pattern's leaf.
pub fn compile_rules<'p>(rules: impl IntoIterator<Item = (&'p Pattern, u16)>) -> Result<Tables, TooLarge> {
    let mut formulas = Formulas::default();
    let rules: Vec<_> = rules.into_iter().map(|(pattern, leaf)| (formulas.pattern(pattern), leaf)).collect();
    compile(formulas, &rules)
}

/// The tables that find the number of the first pattern that a packet's bytes match.
pub fn compile_clauses(patterns: &[Vec<Clause>]) -> Result<Tables, TooLarge> {
    let mut formulas = Formulas::default();
    let rules: Vec<_> = patterns.iter().zip(0..).map(|(clauses, leaf)| (formulas.clauses(clauses), leaf)).collect();
    compile(formulas, &rules)
}
