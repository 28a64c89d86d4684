// SPDX-License-Identifier: Apache-2.0
//! Reads a pattern: the connectives. The tests between them are read in `primitive`.
//!
//! ```text
//! pattern ::= any | any '?' pattern ':' pattern
//! any     ::= all { ('or' | '||') all }
//! all     ::= factor { ['and' | '&&'] factor }
//! factor  ::= 'state' NAME { '|' NAME } | ('not' | '!') factor | 'true' | 'any' | 'all' | 'false' | 'none' | '(' pattern ')' | primitive
//! ```

use super::ast::{Pattern, Primitive};
use super::lexer::Token;
use super::primitive::Context;
use crate::conntrack::State;
use std::ops::Range;

/// Deepest nesting of parentheses, `not` and `?:`.
const MAX_DEPTH: usize = 64;

/// Something wrong in a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// What was found.
    pub message: String,
    /// What was wanted.
    pub wanted: Option<String>,
}

/// A reader of one pattern.
pub(super) struct Parser<'t> {
    tokens: &'t [Token<'t>],
    pub(super) at: usize,
    /// The primitive before, from which `port 80 or 443` takes its qualifiers.
    pub(super) previous: Context,
    depth: usize,
    pub(super) errors: Vec<PatternError>,
    /// Whether a connection tracker has seen the packets.
    tracked: bool,
}

impl<'t> Parser<'t> {
    /// A reader of `tokens`.
    pub(super) fn new(tokens: &'t [Token<'t>]) -> Self {
        Parser { tokens, at: 0, previous: Context::default(), depth: 0, errors: Vec::new(), tracked: false }
    }

    /// The same, where `state` can be asked for.
    pub(super) fn tracked(self) -> Self {
        Parser { tracked: true, ..self }
    }

    /// Reads all tokens as one pattern. `whole` is the text's range: the place of an error in an empty pattern.
    pub(super) fn whole(mut self, whole: Range<usize>) -> Result<Pattern, Vec<PatternError>> {
        if self.tokens.is_empty() {
            self.error(whole, "empty pattern", Some("a pattern, as in 'tcp and dst port 80', or '-' for every packet"));
            return Err(self.errors);
        }
        let is_dash = self.tokens.len() == 1 && self.tokens[0].text == "-";
        let pattern = if is_dash { Pattern::Constant(true) } else { self.through_the_end() };
        if self.errors.is_empty() { Ok(pattern) } else { Err(self.errors) }
    }

    fn through_the_end(&mut self) -> Pattern {
        let mut pattern = self.pattern();
        while let Some(token) = self.peek() {
            let message = format!("one word too many: '{}'", token.text);
            self.error(token.span, message, Some("'and', 'or' or the end of the pattern"));
            self.at += 1;
            if !self.at_factor_end() {
                pattern = self.pattern();
            }
        }
        pattern
    }

    fn pattern(&mut self) -> Pattern {
        let condition = self.any();
        if !self.accept(&["?"]) {
            return condition;
        }
        let question = self.previous_span();
        let yes = self.nested(Self::pattern);
        if !self.accept(&[":"]) {
            self.error(
                question,
                "no ':' for this '?'",
                Some("CONDITION ? PATTERN : PATTERN, with spaces around the colon"),
            );
            return condition;
        }
        let no = self.nested(Self::pattern);
        Pattern::Choice(Box::new([condition, yes, no]))
    }

    fn any(&mut self) -> Pattern {
        let mut terms = vec![self.all()];
        while self.accept(&["or", "||"]) {
            terms.push(self.all());
        }
        single_or(terms, Pattern::Any)
    }

    fn all(&mut self) -> Pattern {
        let mut factors = Vec::new();
        let mut connective = false;
        while !self.at_factor_end() {
            let before = self.errors.len();
            factors.push(self.factor());
            if self.errors.len() > before {
                self.skip_to_connective();
            }
            connective = self.accept(&["and", "&&"]);
        }
        if factors.is_empty() || connective {
            let span = self.peek().map_or(self.previous_span(), |token| token.span);
            let place = if connective { "behind 'and'" } else { "here" };
            self.error(span, format!("no test {place}"), Some("a test, as in 'tcp and dst port 80'"));
        }
        single_or(factors, Pattern::All)
    }

    fn factor(&mut self) -> Pattern {
        if self.accept(&["true", "any", "all"]) {
            Pattern::Constant(true)
        } else if self.accept(&["false", "none"]) {
            Pattern::Constant(false)
        } else if self.accept(&["ip6"]) {
            Pattern::Primitive(Primitive::IP6)
        } else if self.accept(&["state"]) {
            self.state()
        } else if self.accept(&["not", "!"]) {
            self.negation()
        } else if self.accept(&["("]) {
            self.parenthesis()
        } else {
            self.primitive().unwrap_or(Pattern::Constant(false))
        }
    }

    /// `state NAME { '|' NAME }`; the first word was taken.
    fn state(&mut self) -> Pattern {
        const WANTED: &str = "'new', 'established', 'related', 'invalid' or 'untracked', or some with '|' between them";
        let first = self.previous_span();
        if !self.tracked {
            self.error(
                first.clone(),
                "the state of connections is not known here",
                Some("StatefulFilter, behind a ConnTrack"),
            );
        }
        let mut states = Vec::new();
        loop {
            let Some(state) = State::of_name(self.word()) else {
                let token = self.peek().filter(|_| self.is_at_word());
                let (span, message) = match token {
                    Some(token) => (token.span, format!("no such state: '{}'", token.text)),
                    None => (first, "no state".into()),
                };
                self.error(span, message, Some(WANTED));
                return Pattern::Constant(false);
            };
            self.at += 1;
            states.push(Pattern::Primitive(Primitive::of_state(state)));
            if !self.accept(&["|"]) {
                return single_or(states, Pattern::Any);
            }
        }
    }

    fn negation(&mut self) -> Pattern {
        let not = self.previous_span();
        if self.at_factor_end() {
            self.error(not, "no test behind 'not'", Some("a test behind it, as in 'not tcp'"));
            return Pattern::Constant(false);
        }
        Pattern::Not(Box::new(self.nested(Self::factor)))
    }

    fn parenthesis(&mut self) -> Pattern {
        let open = self.previous_span();
        let before = self.errors.len();
        let inner = self.nested(Self::pattern);
        if !self.accept(&[")"]) && self.errors.len() == before {
            self.error(open, "no ')' for this '('", Some("')' behind its pattern"));
        }
        inner
    }

    /// Runs `part` one level deeper.
    fn nested(&mut self, part: fn(&mut Self) -> Pattern) -> Pattern {
        if self.depth == MAX_DEPTH {
            let span = self.previous_span();
            self.error(span, "nested too deeply", Some("at most 64 levels of parentheses and 'not'"));
            self.at = self.tokens.len();
            return Pattern::Constant(false);
        }
        self.depth += 1;
        let pattern = part(self);
        self.depth -= 1;
        pattern
    }

    /// After an error: goes on behind the test that it is in.
    fn skip_to_connective(&mut self) {
        while !self.at_factor_end() && !matches!(self.word(), "and" | "&&") {
            self.at += 1;
        }
    }

    /// The next token.
    pub(super) fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).cloned()
    }

    /// The text of the next token; empty at the end.
    pub(super) fn word(&self) -> &'t str {
        self.word_after(0)
    }

    /// The text of the token `count` tokens behind the next.
    pub(super) fn word_after(&self, count: usize) -> &'t str {
        self.tokens.get(self.at + count).map_or("", |token| token.text)
    }

    /// Takes the next token if it is one of `words`.
    pub(super) fn accept(&mut self, words: &[&str]) -> bool {
        let found = self.at < self.tokens.len() && words.contains(&self.word());
        self.at += usize::from(found);
        found
    }

    /// The bytes of the token taken last.
    pub(super) fn previous_span(&self) -> Range<usize> {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0..0, |token| token.span.clone())
    }

    /// The bytes from token number `first` to the one taken last.
    pub(super) fn span_from(&self, first: usize) -> Range<usize> {
        let start = self.tokens.get(first).map_or(0, |token| token.span.start);
        start..self.previous_span().end.max(start)
    }

    /// Whether the next token is a word that connects nothing.
    pub(super) fn is_at_word(&self) -> bool {
        let is_word = self.word().starts_with(|c: char| c.is_alphanumeric());
        is_word && !self.at_factor_end() && !matches!(self.word(), "and" | "not")
    }

    fn at_factor_end(&self) -> bool {
        self.at >= self.tokens.len() || matches!(self.word(), ")" | "||" | "or" | "?" | ":")
    }

    /// Reports an error.
    pub(super) fn error(&mut self, span: Range<usize>, message: impl Into<String>, wanted: Option<&str>) {
        self.errors.push(PatternError { span, message: message.into(), wanted: wanted.map(Into::into) });
    }
}

/// The only part, or the parts joined.
fn single_or(mut parts: Vec<Pattern>, join: fn(Vec<Pattern>) -> Pattern) -> Pattern {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}
