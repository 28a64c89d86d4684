// SPDX-License-Identifier: Apache-2.0
//! Configuration strings: the text between an element's parentheses.

use super::ast::Configuration;
use super::lexer::{Lexer, comment_length, directive_length};
use crate::diagnostic::Diagnostic;
use crate::text::Text;

/// A piece of a configuration string that is skipped as a whole.
enum Piece {
    Comment(usize),
    Directive(usize),
    Quoted(usize),
    /// `\<…>`
    Data(usize),
    /// A quotation mark without its partner.
    Unclosed,
    Character(char),
}

/// The piece at byte `at` of `whole`, which is not its end.
fn piece(whole: &str, at: usize) -> Piece {
    let text = &whole[at..];
    let directive = directive_length(whole, at);
    if directive > 0 {
        return Piece::Directive(directive);
    }
    if text.starts_with("\\<") {
        return Piece::Data(data_length(text));
    }
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

/// Bytes of the data `\<…>` that `text` starts with; a `>` in a comment does not end it.
fn data_length(text: &str) -> usize {
    let mut at = 2;
    while at < text.len() {
        let comment = comment_length(&text[at..]);
        if comment == 0 && text[at..].starts_with('>') {
            return at + 1;
        }
        at += comment.max(text[at..].chars().next().map_or(1, char::len_utf8));
    }
    text.len()
}

/// Data with blanks for each comment.
fn without_comments(data: &str) -> String {
    let (mut blanked, mut at) = (String::new(), 0);
    while let Some(c) = data[at..].chars().next() {
        let comment = comment_length(&data[at..]);
        if comment > 0 {
            blanked.extend(std::iter::repeat_n(' ', comment));
        } else {
            blanked.push(c);
        }
        at += if comment > 0 { comment } else { c.len_utf8() };
    }
    blanked
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
                Ok(Configuration { text: Text::literal(self.blanked(start, end), start) })
            }
            Err(error) => {
                let rest = &self.text[start..];
                self.position = start + rest.find([';', '\n']).unwrap_or(rest.len());
                Err(error)
            }
        }
    }

    /// Where the closing parenthesis stands.
    fn configuration_end(&mut self) -> Result<usize, Box<Diagnostic>> {
        let (mut at, mut depth) = (self.position, 0);
        while at < self.text.len() {
            at += match piece(self.text, at) {
                Piece::Comment(length) | Piece::Quoted(length) | Piece::Data(length) => length,
                Piece::Directive(length) => {
                    self.directives.push(at..at + length);
                    length
                }
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

    /// The text with blanks for each comment, so that every other byte keeps its place.
    fn blanked(&self, start: usize, end: usize) -> String {
        let (mut blanked, mut at) = (String::new(), start);
        while at < end {
            let length = match piece(self.text, at) {
                Piece::Comment(length) | Piece::Directive(length) => {
                    blanked.extend(std::iter::repeat_n(' ', length.min(end - at)));
                    at += length;
                    continue;
                }
                Piece::Data(length) => {
                    blanked.push_str(&without_comments(&self.text[at..at + length]));
                    at += length;
                    continue;
                }
                Piece::Quoted(length) => length,
                Piece::Unclosed => end - at,
                Piece::Character(c) => c.len_utf8(),
            };
            blanked.push_str(&self.text[at..at + length]);
            at += length;
        }
        blanked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_hide_parentheses() {
        for text in [r#"(a ")\")" ')' /*)*/ (b) \<0 ) 1>)"#, "(a // )\n)", "(\n# 7 \")\"\n)"] {
            let mut lexer = Lexer::new(text, 1);
            let configuration = lexer.configuration().unwrap();
            assert_eq!(lexer.position, text.len(), "{text}");
            assert_eq!(configuration.text.place(), 1..text.len() - 1);
        }
        let mut lexer = Lexer::new("(\\<01 // )>\n02>)", 1);
        assert_eq!(lexer.configuration().unwrap().text.as_str(), "\\<01      \n02>");
        let mut lexer = Lexer::new("(one /* x */ 'two /*y*/' )", 1);
        assert_eq!(lexer.configuration().unwrap().text.as_str(), "one         'two /*y*/' ");
    }

    #[test]
    fn what_does_not_end_is_reported_where_it_begins() {
        let error = |text| {
            let mut lexer = Lexer::new(text, 1);
            (lexer.configuration().unwrap_err().span, lexer.position)
        };
        assert_eq!(error("(a (b); c"), (0..1, 6));
        assert_eq!(error("(a, \"b)\n c"), (4..5, 7));
    }
}
