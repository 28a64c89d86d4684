// SPDX-License-Identifier: Apache-2.0
//! Texts read on the host: split at their variables and calls.

use super::{MAX_NESTING, Piece, words};
use std::ops::Range;

/// What is wrong with a text, and where.
pub struct Fault {
    /// The bytes.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What was wanted.
    pub wanted: Option<&'static str>,
}

/// What the compiler reads lives as long as it does.
pub fn keep<T: Clone>(items: &[T]) -> &'static [T] {
    Vec::leak(items.to_vec())
}

/// See [`keep`].
pub fn keep_text(text: &str) -> &'static str {
    String::leak(text.into())
}

/// The pieces of `text[range]`.
pub fn template(text: &str, range: Range<usize>) -> Result<&'static [Piece], Fault> {
    Reader { text, end: range.end, depth: 0 }.read(range.start)
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    text: &'a str,
    end: usize,
    depth: usize,
}

impl Reader<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        if at < self.end { Some(self.text.as_bytes()[at]) } else { None }
    }

    fn read(&self, start: usize) -> Result<&'static [Piece], Fault> {
        let (mut pieces, mut literal, mut at) = (Vec::new(), start, start);
        let mut quote: Option<(u8, usize)> = None;
        while let Some(byte) = self.byte(at) {
            let mark = quote.map(|(mark, _)| mark);
            match byte {
                b'\\' if mark == Some(b'"') => at += 1 + usize::from(at + 1 < self.end),
                b'"' | b'\'' => {
                    quote = match mark {
                        None => Some((byte, at)),
                        Some(open) if open == byte => None,
                        _ => quote,
                    };
                    at += 1;
                }
                b'/' if mark.is_none() && words::is_comment(&self.text.as_bytes()[..self.end], at) => {
                    at = words::skip_space(&self.text[..self.end], at);
                }
                b'$' if mark != Some(b'\'') => match self.substitution(at, mark.is_some())? {
                    Some((piece, end)) => {
                        if literal < at {
                            pieces.push(Piece::Literal(keep_text(&self.text[literal..at])));
                        }
                        pieces.push(piece);
                        (literal, at) = (end, end);
                    }
                    None => at += 1,
                },
                _ => at += 1,
            }
        }
        if let Some((mark, at)) = quote {
            let message = format!("a quotation mark {} that is not closed", char::from(mark));
            return Err(Fault { range: at..self.end, message, wanted: None });
        }
        if literal < self.end {
            pieces.push(Piece::Literal(keep_text(&self.text[literal..self.end])));
        }
        Ok(keep(&pieces))
    }

    /// The variable or call that begins with the `$` at `at`, and where it ends.
    fn substitution(&self, at: usize, quoted: bool) -> Result<Option<(Piece, usize)>, Fault> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let variable = |start: usize, end: usize, behind: usize| {
            let (name, source) = (keep_text(&self.text[start..end]), keep_text(&self.text[at..behind]));
            Some((Piece::Variable { name, source, quoted }, behind))
        };
        Ok(match self.byte(at + 1) {
            Some(b'{') => {
                let Some(close) = self.text[at..self.end].find('}') else {
                    return Err(self.open(at, "a brace", "}"));
                };
                let (start, end) = (at + 2, at + close);
                if !self.text[start..end].contains('$') {
                    return Ok(variable(start, end, end + 1));
                }
                let name = self.within(at, start..end)?;
                Some((Piece::Named { name, quoted }, end + 1))
            }
            Some(b'(') => {
                let end = self.closing(at)?;
                let text = self.within(at, at + 2..end)?;
                Some((Piece::Call { text, quoted }, end + 1))
            }
            Some(byte) if is_name(byte) => {
                let end = (at + 1..self.end).find(|&end| !is_name(self.text.as_bytes()[end])).unwrap_or(self.end);
                variable(at + 1, end, end)
            }
            Some(b'?' | b'#' | b'$') => variable(at + 1, at + 2, at + 2),
            _ => None,
        })
    }

    fn within(&self, at: usize, range: Range<usize>) -> Result<&'static [Piece], Fault> {
        if self.depth == MAX_NESTING {
            let message = format!("calls nested more than {MAX_NESTING} deep");
            return Err(Fault { range: at..range.end, message, wanted: Some("a variable set to a part of it first") });
        }
        Reader { text: self.text, end: range.end, depth: self.depth + 1 }.read(range.start)
    }

    /// The place of the parenthesis that closes the `$(` at `at`.
    fn closing(&self, at: usize) -> Result<usize, Fault> {
        let (mut level, mut quote, mut place) = (0, None, at + 1);
        while let Some(byte) = self.byte(place) {
            match (byte, quote) {
                (b'(', None) => level += 1,
                (b')', None) => level -= 1,
                (b'"' | b'\'', None) => quote = Some(byte),
                (byte, Some(mark)) if byte == mark => quote = None,
                (b'\\', None | Some(b'"')) => place += 1,
                _ => {}
            }
            if level == 0 {
                return Ok(place);
            }
            place += 1;
        }
        Err(self.open(at, "a parenthesis", ")"))
    }

    fn open(&self, at: usize, what: &str, wanted: &'static str) -> Fault {
        Fault { range: at..self.end, message: format!("{what} that is not closed"), wanted: Some(wanted) }
    }
}
