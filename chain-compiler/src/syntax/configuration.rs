// SPDX-License-Identifier: Apache-2.0
//! Configuration strings: the text between an element's parentheses, and its arguments.

use super::ast::{Argument, Configuration, Span};
use super::lexer::{Lexer, comment_length, is_blank};
use crate::diagnostic::Diagnostic;

/// A piece of a configuration string that is skipped as a whole.
enum Piece {
    Comment(usize),
    Quoted(usize),
    /// A quotation mark without its partner.
    Unclosed,
    Character(char),
}

/// The piece that `text` (not empty) starts with.
fn piece(text: &str) -> Piece {
    let comment = comment_length(text);
    if comment > 0 {
        return Piece::Comment(comment);
    }
    let first = text.chars().next().unwrap_or(' ');
    if first != '"' && first != '\'' {
        return Piece::Character(first);
    }
    // Click: a backslash escapes in double quotes only.
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == first && !escaped {
            return Piece::Quoted(at + 1);
        }
        escaped = first == '"' && c == '\\' && !escaped;
    }
    Piece::Unclosed
}

impl Lexer<'_> {
    /// Reads a configuration whose `(` is just behind, up to and with its `)`.
    ///
    /// If it has no end the lexer goes on behind the next `;` or line end, so that the statements below are still read.
    pub(super) fn configuration(&mut self) -> Result<Configuration, Box<Diagnostic>> {
        let start = self.position;
        match self.configuration_end() {
            Ok(end) => {
                self.position = end + 1;
                Ok(Configuration { arguments: split(self.text, start..end) })
            }
            Err(error) => {
                let rest = &self.text[start..];
                self.position = start + rest.find([';', '\n']).unwrap_or(rest.len());
                Err(error)
            }
        }
    }

    /// Where the closing parenthesis stands.
    fn configuration_end(&self) -> Result<usize, Box<Diagnostic>> {
        let (mut at, mut depth) = (self.position, 0);
        while at < self.text.len() {
            at += match piece(&self.text[at..]) {
                Piece::Comment(length) | Piece::Quoted(length) => length,
                Piece::Unclosed => {
                    let quote = &self.text[at..at + 1];
                    let error = Diagnostic::error(at..at + 1, format!("a string begins with {quote} and does not end"));
                    return Err(Box::new(error.wanted(format!("another {quote} before the ')'"))));
                }
                Piece::Character(')') if depth == 0 => return Ok(at),
                Piece::Character(c) => {
                    depth += i32::from(c == '(') - i32::from(c == ')');
                    c.len_utf8()
                }
            };
        }
        let open = self.position - 1;
        let error = Diagnostic::error(open..open + 1, "'(' is never closed");
        Err(Box::new(error.wanted("a ')' behind the arguments")))
    }
}

/// Splits a configuration at its top-level commas. A last empty argument does not count (Click: `Foo(a,)` has one).
fn split(text: &str, span: Span) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let (mut blanked, mut start, mut at) = (String::new(), span.start, span.start);
    let mut open = Vec::new();
    while at < span.end {
        let length = match piece(&text[at..span.end]) {
            Piece::Comment(length) => {
                blanked.extend(std::iter::repeat_n(' ', length));
                at += length;
                continue;
            }
            Piece::Quoted(length) => length,
            Piece::Unclosed => span.end - at,
            Piece::Character(',') if open.is_empty() => {
                arguments.push(argument(&blanked, start));
                blanked.clear();
                at += 1;
                start = at;
                continue;
            }
            Piece::Character(c) => {
                nest(&mut open, c);
                c.len_utf8()
            }
        };
        blanked.push_str(&text[at..at + length]);
        at += length;
    }
    let last = argument(&blanked, start);
    if !last.text.is_empty() {
        arguments.push(last);
    }
    arguments
}

/// Follows brackets: what opens is remembered, what closes it forgotten.
fn nest(open: &mut Vec<char>, c: char) {
    match c {
        '(' => open.push(')'),
        '[' => open.push(']'),
        '{' => open.push('}'),
        _ if open.last() == Some(&c) => drop(open.pop()),
        _ => {}
    }
}

fn argument(blanked: &str, start: usize) -> Argument {
    let text = blanked.trim_start_matches(is_blank);
    let start = start + blanked.len() - text.len();
    let text = text.trim_end_matches(is_blank);
    Argument { text: text.into(), span: start..start + text.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Vec<(String, usize)> {
        let mut lexer = Lexer::new(text);
        lexer.position = 1;
        let configuration = lexer.configuration().unwrap();
        assert_eq!(lexer.position, text.len());
        configuration.arguments.into_iter().map(|argument| (argument.text, argument.span.start)).collect()
    }

    #[test]
    fn commas_split_at_the_top_level_only() {
        let text = r#"( a b , "x,)\"" ,'\', f(1, 2) [3, 4] {5,6}, /*,*/ z // , )
            w)"#;
        let texts: Vec<_> = arguments(text).into_iter().map(|(text, _)| text).collect();
        let last = text.split("/*,*/ ").nth(1).unwrap().replace("// , )", "      ");
        assert_eq!(texts, ["a b", r#""x,)\"""#, r"'\'", "f(1, 2) [3, 4] {5,6}", last.trim_end_matches(')')]);
    }

    #[test]
    fn places_are_those_of_the_file() {
        let text = "(one,  /* x */ two/*y*/three )";
        assert_eq!(arguments(text), [("one".into(), 1), ("two     three".into(), text.find("two").unwrap())]);
    }

    #[test]
    fn empty_arguments_count_unless_last() {
        assert_eq!(arguments("()"), []);
        assert_eq!(arguments("( /* nothing */ )"), []);
        assert_eq!(arguments("(a,)"), [("a".into(), 1)]);
        assert_eq!(arguments("(,a)"), [(String::new(), 1), ("a".into(), 2)]);
    }

    #[test]
    fn what_does_not_end_is_reported_where_it_begins() {
        let error = |text| {
            let mut lexer = Lexer::new(text);
            lexer.position = 1;
            (lexer.configuration().unwrap_err().span, lexer.position)
        };
        assert_eq!(error("(a (b); c"), (0..1, 6));
        assert_eq!(error("(a, \"b)\n c"), (4..5, 7));
    }
}
