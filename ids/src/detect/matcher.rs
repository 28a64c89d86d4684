// SPDX-License-Identifier: Apache-2.0
//! One rule's tests against one buffer, with bounded work.

use super::numbers;
use crate::code::{Content, Cursor, Number, Op};
use crate::dfa;

/// Most variables of a rule; the compiler refuses more.
pub const VARIABLES: usize = 8;

/// What the tests of a rule share while they are run.
pub struct Matcher<'r> {
    expressions: &'r [u8],
    /// Set by `byte_extract` and `byte_math`.
    pub variables: [u64; VARIABLES],
    /// Units of work left: one for each test, and one for each sixteen bytes that it looks through.
    pub budget: u32,
    /// Where the last byte of any match so far ends.
    pub end: usize,
}

impl<'r> Matcher<'r> {
    /// Begins a rule.
    pub fn new(expressions: &'r [u8], budget: u32) -> Self {
        Self { expressions, variables: [0; VARIABLES], budget, end: 0 }
    }

    /// Takes `bytes` of work from the budget; `false` when it is used up.
    fn spend(&mut self, bytes: usize) -> bool {
        let cost = 1 + u32::try_from(bytes / 16).unwrap_or(u32::MAX);
        self.budget = self.budget.saturating_sub(cost);
        self.budget > 0
    }

    fn number(&self, number: Number) -> i64 {
        match number {
            Number::Constant(value) => value,
            Number::Variable(variable) => {
                let value = self.variables.get(usize::from(variable)).copied().unwrap_or(0);
                i64::try_from(value).unwrap_or(i64::MAX)
            }
        }
    }

    /// Whether the tests up to the next list hold for `buffer`, where the previous match ended at `at`.
    pub fn list(&mut self, mut tests: Cursor<'r>, buffer: &[u8], mut at: usize) -> bool {
        loop {
            let op = match tests.next() {
                None | Some(Op::List(_) | Op::End) => return true,
                Some(op) => op,
            };
            match op {
                Op::Content(content) if content.chained && !content.negated => {
                    return self.chained_content(&content, tests, buffer, at);
                }
                Op::Content(content) => match self.plain_content(&content, buffer, at) {
                    Some(end) => at = end,
                    None => return false,
                },
                Op::Pcre { negated: false, relative, chained: true, automaton } => {
                    return self.chained_pcre(automaton, relative, tests, buffer, at);
                }
                Op::Pcre { negated, relative, automaton, .. } => {
                    let found = self.pcre(automaton, buffer, if relative { at } else { 0 });
                    if found.is_some() == negated {
                        return false;
                    }
                    at = found.map_or(at, |end| self.reached(end));
                }
                other => match self.other(&other, buffer, at) {
                    Some(place) => at = place,
                    None => return false,
                },
            }
            if !self.spend(0) {
                return false;
            }
        }
    }

    fn reached(&mut self, end: usize) -> usize {
        self.end = self.end.max(end);
        end
    }

    /// The places at which `content` may begin, as the first and the end of the last.
    fn bounds(&self, content: &Content<'_>, length: usize, at: usize) -> (usize, usize) {
        let clamp = |place: i64| usize::try_from(place.max(0)).unwrap_or(usize::MAX).min(length);
        if content.distance.is_some() || content.within.is_some() {
            let distance = content.distance.map_or(0, |number| self.number(number));
            let low = (at as i64).saturating_add(distance);
            let high = content.within.map_or(length, |within| clamp(low.saturating_add(self.number(within))));
            return (clamp(low), high);
        }
        let low = self.number(content.offset);
        let high = content.depth.map_or(length, |depth| clamp(low.saturating_add(self.number(depth))));
        (clamp(low), high)
    }

    /// The end of the first match of a content on which nothing later depends; for a negated one, that there is none.
    fn plain_content(&mut self, content: &Content<'_>, buffer: &[u8], at: usize) -> Option<usize> {
        let (low, high) = self.bounds(content, buffer.len(), at);
        self.spend(high.saturating_sub(low));
        match (find(content, buffer, low, high), content.negated) {
            (Some(place), false) => Some(self.reached(place + content.bytes.len())),
            (None, true) => Some(at),
            _ => None,
        }
    }

    /// Tries each place of a content until the later tests hold, too.
    fn chained_content(&mut self, content: &Content<'_>, later: Cursor<'r>, buffer: &[u8], at: usize) -> bool {
        let (mut low, high) = self.bounds(content, buffer.len(), at);
        let (variables, end) = (self.variables, self.end);
        while self.spend(0) {
            let Some(place) = find(content, buffer, low, high) else { return false };
            self.spend(place - low);
            let after = self.reached(place + content.bytes.len());
            if self.list(later, buffer, after) {
                return true;
            }
            (self.variables, self.end) = (variables, end);
            low = place + 1;
        }
        false
    }

    fn pcre(&mut self, automaton: u32, buffer: &[u8], from: usize) -> Option<usize> {
        let subject = buffer.get(from..)?;
        self.spend(subject.len());
        dfa::find_end(self.expressions, automaton, subject).map(|end| from + end)
    }

    /// Tries the expression's matches, one behind the other, until the later tests hold, too.
    fn chained_pcre(&mut self, automaton: u32, relative: bool, later: Cursor<'r>, buffer: &[u8], at: usize) -> bool {
        let mut from = if relative { at } else { 0 };
        let (variables, end) = (self.variables, self.end);
        while self.spend(0) {
            let Some(after) = self.pcre(automaton, buffer, from) else { return false };
            self.reached(after);
            if self.list(later, buffer, after) {
                return true;
            }
            (self.variables, self.end) = (variables, end);
            if dfa::is_anchored(self.expressions, automaton) {
                return false;
            }
            from = after.max(from + 1);
        }
        false
    }

    /// A test other than a content or an expression: the place from which relative tests go on.
    fn other(&mut self, op: &Op<'_>, buffer: &[u8], at: usize) -> Option<usize> {
        match *op {
            Op::ByteTest { value, negated, operator, with } => {
                let (found, _) = numbers::read(&value, self.number(value.offset), buffer, at)?;
                let with = self.wide(with);
                (numbers::compare(found, operator, with) != negated).then_some(at)
            }
            Op::ByteJump { value, multiplier, align, from, post } => {
                let (found, end) = numbers::read(&value, self.number(value.offset), buffer, at)?;
                let jump = numbers::Jump { found, end, multiplier, align, from, post: self.number(post) };
                jump.target(buffer.len())
            }
            Op::ByteExtract { value, multiplier, align, variable } => {
                let (found, end) = numbers::read(&value, self.number(value.offset), buffer, at)?;
                let scaled = found.wrapping_mul(multiplier.into());
                let aligned = if align == 0 { scaled } else { scaled.checked_next_multiple_of(align.into())? };
                *self.variables.get_mut(usize::from(variable))? = aligned;
                Some(end)
            }
            Op::ByteMath { value, operator, with, variable } => {
                let (found, end) = numbers::read(&value, self.number(value.offset), buffer, at)?;
                let result = numbers::calculate(found, operator, self.wide(with))?;
                *self.variables.get_mut(usize::from(variable))? = result;
                Some(end)
            }
            Op::DataAt { negated, relative, place } => {
                let place = self.number(place);
                let there = if relative {
                    (at as i64).saturating_add(place) <= buffer.len() as i64
                } else {
                    place < buffer.len() as i64
                };
                (there != negated).then_some(at)
            }
            Op::Size(range) => range.contains(u32::try_from(buffer.len()).unwrap_or(u32::MAX)).then_some(at),
            _ => None,
        }
    }

    /// A number in 64 bits, as arithmetic takes it.
    fn wide(&self, number: Number) -> u64 {
        match number {
            Number::Constant(value) => value.cast_unsigned(),
            Number::Variable(variable) => self.variables.get(usize::from(variable)).copied().unwrap_or(0),
        }
    }
}

/// The first place in `low..high` of `buffer` where `content` stands.
fn find(content: &Content<'_>, buffer: &[u8], low: usize, high: usize) -> Option<usize> {
    let length = content.bytes.len();
    if content.ends {
        let place = buffer.len().checked_sub(length)?;
        let inside = low <= place && place + length <= high;
        return (inside && equal(content, &buffer[place..])).then_some(place);
    }
    let first = *content.bytes.first()?;
    let other = if content.nocase { first.to_ascii_uppercase() } else { first };
    let last = high.checked_sub(length)?;
    let mut from = low;
    while from <= last {
        let ahead = buffer[from..=last].iter().position(|byte| *byte == first || *byte == other)?;
        from += ahead;
        if equal(content, &buffer[from..from + length]) {
            return Some(from);
        }
        from += 1;
    }
    None
}

fn equal(content: &Content<'_>, bytes: &[u8]) -> bool {
    if content.nocase { bytes.eq_ignore_ascii_case(content.bytes) } else { bytes == content.bytes }
}
