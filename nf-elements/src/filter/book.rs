// SPDX-License-Identifier: Apache-2.0
//! Rules as a book: the trees that a [`Replaceable`](super::Replaceable) takes.

use super::replaceable::{FIRST_CHARACTER, WORD_CHARACTERS};
use super::tree::{TooMany, grow_tree, words_of};
use super::{Formulas, PatternError, Rule, of_ipv6, parse_tracked_rule};

/// A line of a file that is no rule, by its number from 1, and why.
#[derive(Clone, Debug)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// What it says.
    pub text: String,
    /// What is wrong with it.
    pub errors: Vec<PatternError>,
}

/// The rules of a file: one on a line, as they are given to the element; `#` and `//` begin comments, and a comma may end a line. An
/// output must be below `outputs`.
pub fn rules_of_file(text: &str, outputs: usize) -> Result<Vec<Rule>, Vec<BadLine>> {
    let (mut rules, mut bad) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let rule = line.split(['#']).next().unwrap_or("").split("//").next().unwrap_or("").trim();
        let rule = rule.strip_suffix(',').unwrap_or(rule);
        if rule.is_empty() {
            continue;
        }
        match parse_tracked_rule(rule, outputs) {
            Ok(rule) => rules.push(rule),
            Err(errors) => bad.push(BadLine { line: index + 1, text: rule.into(), errors }),
        }
    }
    if bad.is_empty() { Ok(rules) } else { Err(bad) }
}

/// The book of `rules`.
pub fn book(rules: &[Rule]) -> Result<Vec<u8>, TooMany> {
    let mut bytes = Vec::new();
    for ipv6 in [false, true] {
        let mut formulas = Formulas::default();
        let formula = |rule: &Rule| {
            let id = if ipv6 { formulas.pattern(&of_ipv6(&rule.pattern)) } else { formulas.pattern(&rule.pattern) };
            (id, rule.action.leaf())
        };
        let rules: Vec<_> = rules.iter().map(formula).collect();
        bytes.extend(grow_tree(&formulas, &rules)?.bytes);
    }
    Ok(bytes)
}

/// What is written to `Replaceable`, request by request, of at most `most` bytes each.
pub fn requests(book: &[u8], most: usize) -> impl Iterator<Item = String> {
    let words = words_of(book);
    let count = (most - "4294967295 ".len()) / WORD_CHARACTERS;
    let pieces = words.chunks(count).enumerate().map(move |(index, words)| {
        let mut text = format!("{} ", index * count);
        for word in words {
            let value = u32::from_le_bytes(*word);
            text.extend((0..WORD_CHARACTERS).map(|at| char::from(FIRST_CHARACTER + (value >> (6 * at) & 0x3f) as u8)));
        }
        text
    });
    std::iter::once(format!("begin {}", words.len())).chain(pieces).chain(["commit".into()])
}
