// SPDX-License-Identifier: Apache-2.0
//! Variables: what they mean at a place, and putting that in place of them.

use crate::arguments::words;
use crate::text::Text;
use std::cell::Cell;
use std::rc::Rc;

/// How often a value may lead to another one; Click's limit.
const DEEPEST: usize = 10;

/// The variables that are visible at a place.
pub(super) struct Variables {
    /// How many definitions are around it.
    depth: usize,
    values: Vec<(String, Text)>,
    outer: Option<Rc<Variables>>,
    /// How many bytes may still be put in; one count for all.
    room: Rc<Cell<usize>>,
}

/// What a whole configuration may have in values of variables.
const ROOM: usize = 16 << 20;

impl Variables {
    /// The variables of a whole configuration.
    pub(super) fn top(values: Vec<(String, Text)>) -> Rc<Self> {
        Rc::new(Variables { depth: 0, values, outer: None, room: Rc::new(Cell::new(ROOM)) })
    }

    /// The variables of a definition that is written at `depth` and used where `self` holds: its own parameters, its own
    /// `define`s, and what is visible around the definition.
    pub(super) fn inside(
        self: &Rc<Self>,
        depth: usize,
        formals: Vec<(String, Text)>,
        defines: &[(String, Text)],
    ) -> Rc<Self> {
        let mut outer = Some(self.clone());
        while let Some(one) = outer.as_ref().filter(|one| one.depth >= depth) {
            outer = one.outer.clone();
        }
        let mut inner = Variables { depth, values: formals, outer, room: self.room.clone() };
        for (name, value) in defines {
            let value = inner.replace(value);
            inner.values.push((name.clone(), value));
        }
        Rc::new(inner)
    }

    /// Whether there was more to put in than fits.
    pub(super) fn overflowed(&self) -> bool {
        self.room.get() == 0
    }

    /// `text` with the values of its variables. Those that nobody defined stay as they are.
    pub(super) fn replace(&self, text: &Text) -> Text {
        self.replace_at(text, 0)
    }

    fn find(&self, name: &str) -> Option<&Text> {
        let own = self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        own.or_else(|| self.outer.as_ref()?.find(name))
    }

    fn replace_at(&self, text: &Text, depth: usize) -> Text {
        let string = text.as_str();
        if !string.contains('$') {
            return text.clone();
        }
        let (mut replaced, mut done, mut at, mut quote) = (Text::default(), 0, 0, None);
        let bytes = string.as_bytes();
        while at < bytes.len() {
            match bytes[at] {
                b'\\' if quote == Some(b'"') => at += 1,
                c @ (b'\'' | b'"') if quote.is_none() => quote = Some(c),
                c if quote == Some(c) => quote = None,
                b'$' if quote != Some(b'\'') && depth <= DEEPEST => {
                    let Some(variable) = Variable::at(string, at) else {
                        at += 1;
                        continue;
                    };
                    if let Some(value) = self.value(&variable, text, depth) {
                        let span = text.span(at..variable.end);
                        replaced.push(&text.slice(done..at));
                        let value = if quote.is_some() { escape(&value) } else { value };
                        self.room.set(self.room.get().saturating_sub(value.len() + 1));
                        if self.overflowed() {
                            return replaced;
                        }
                        replaced.push_replacing(&value, span);
                        done = variable.end;
                    }
                    at = variable.end;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        replaced.push(&text.slice(done.min(string.len())..string.len()));
        replaced
    }

    /// What stands for a variable: its value, or, with variables inside of its braces or parentheses, it without them.
    fn value(&self, variable: &Variable, text: &Text, depth: usize) -> Option<String> {
        let inside = text.slice(variable.inside.clone());
        let has_more = variable.kind != Kind::Plain && inside.as_str().contains('$');
        let inside = if has_more { self.replace_at(&inside, depth + 1) } else { inside };
        let inside = inside.as_str();
        let found = match variable.kind {
            Kind::Braces => self.braces(inside, depth),
            _ => self.find(inside).map(|value| self.replace_at(value, depth + 1).as_str().to_string()),
        };
        found.or_else(|| match variable.kind {
            Kind::Braces if has_more => Some(format!("${{{inside}}}")),
            Kind::Parentheses if has_more => Some(format!("$({inside})")),
            _ => None,
        })
    }

    /// `${NAME}`, `${NAME[2]}` (a word of the value), `${NAME-DEFAULT}`.
    fn braces(&self, inside: &str, depth: usize) -> Option<String> {
        let trimmed = inside.trim_start();
        let name_end = trimmed.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(trimmed.len());
        let (name, mut rest) = (&trimmed[..name_end], trimmed[name_end..].trim_start());
        let mut index = None;
        if let Some((number, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            index = number.trim().parse::<usize>().ok();
            rest = if index.is_some() { behind.trim_start() } else { rest };
        }
        if let Some(value) = self.find(name) {
            let value = self.replace_at(value, depth + 1);
            return Some(match index {
                Some(index) => words(&value).get(index).map_or(String::new(), |word| word.as_str().into()),
                None => value.as_str().into(),
            });
        }
        let default = rest.strip_prefix('-')?;
        Some(self.replace_at(&Text::replacing(default, 0..0), depth + 1).as_str().into())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `$name`
    Plain,
    /// `${…}`
    Braces,
    /// `$(…)`: for scripts, which read it themselves.
    Parentheses,
}

/// A variable in a text.
struct Variable {
    kind: Kind,
    /// The name, or what is between the brackets.
    inside: std::ops::Range<usize>,
    end: usize,
}

impl Variable {
    /// The variable whose `$` is at `at`.
    fn at(text: &str, at: usize) -> Option<Self> {
        let rest = &text[at + 1..];
        let start = at + 2;
        if rest.starts_with('{') {
            let end = start + text[start..].find('}')?;
            return Some(Variable { kind: Kind::Braces, inside: start..end, end: end + 1 });
        }
        if rest.starts_with('(') {
            let end = start + closing(&text[start..])?;
            return Some(Variable { kind: Kind::Parentheses, inside: start..end, end: end + 1 });
        }
        let length = rest.bytes().take_while(|c| c.is_ascii_alphanumeric() || *c == b'_').count();
        (length > 0).then(|| Variable { kind: Kind::Plain, inside: at + 1..at + 1 + length, end: at + 1 + length })
    }
}

/// Where the parenthesis that is open before `text` closes.
fn closing(text: &str) -> Option<usize> {
    let (mut level, mut quote, mut escaped) = (1, None, false);
    for (at, c) in text.bytes().enumerate() {
        match c {
            _ if escaped => escaped = false,
            b'\\' if quote != Some(b'\'') => escaped = true,
            b'(' if quote.is_none() => level += 1,
            b')' if quote.is_none() => level -= 1,
            b'"' | b'\'' if quote.is_none() => quote = Some(c),
            c if quote == Some(c) => quote = None,
            _ => {}
        }
        if level == 0 {
            return Some(at);
        }
    }
    None
}

/// A value as it must be written between double quotes.
fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for c in value.chars() {
        match c {
            '\\' | '"' | '$' => escaped.extend(['\\', c]),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            '\n' => escaped.push_str("\\n"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> String {
        let values = [("a", "1 2"), ("ab", "x"), ("q", "say \"hi\" $a"), ("n", "1"), ("loop", "$loop$loop")];
        let values = values.map(|(name, value)| (name.to_string(), Text::literal(value, 0)));
        Variables::top(values.into()).replace(&Text::literal(text, 0)).as_str().to_string()
    }

    #[test]
    fn variables_are_replaced_as_click_does() {
        assert_eq!(replaced("$a,$ab,${a}b $c $ $1"), "1 2,x,1 2b $c $ $1");
        assert_eq!(replaced("'$a' \"$a\" \"\\$a\" \"'$a'\""), "'$a' \"1 2\" \"\\$a\" \"'1 2'\"");
        assert_eq!(replaced("\"$q\" $q"), "\"say \\\"hi\\\" 1 2\" say \"hi\" 1 2");
        assert_eq!(replaced("${a[0]},${a[1]},${a[2]},${a[$n]}"), "1,2,,2");
        assert_eq!(replaced("${c-7} ${c-$a} ${a-7} ${c}"), "7 1 2 1 2 ${c}");
        assert_eq!(replaced("$(add $n $(x $ab)) $(y)"), "$(add 1 $(x x)) $(y)");
        assert_eq!(replaced("${a $(b"), "${a $(b");
    }

    #[test]
    fn values_that_grow_end() {
        assert!(replaced("$loop").len() < 100_000);
    }

    #[test]
    fn scopes_are_those_of_the_text() {
        let value = |name: &str, value: &str| (name.to_string(), Text::literal(value, 0));
        let top = Variables::top(vec![value("x", "top"), value("y", "$x")]);
        let user = top.inside(1, vec![value("x", "user")], &[]);
        // A compound that is written at the top does not see the variables of the compound that uses it.
        let used = user.inside(1, Vec::new(), &[value("z", "$x!")]);
        assert_eq!(used.replace(&Text::literal("$x $y $z", 0)).as_str(), "top top top!");
        let nested = user.inside(2, Vec::new(), &[]);
        assert_eq!(nested.replace(&Text::literal("$x", 0)).as_str(), "user");
    }
}
