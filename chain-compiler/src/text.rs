// SPDX-License-Identifier: Apache-2.0
//! Text that remembers where it comes from, also when variables were replaced in it.

use crate::syntax::ast::Span;
use std::ops::Range;

/// A piece of configuration text with its places in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    string: String,
    pieces: Vec<Piece>,
}

/// Where the bytes from `at` up to the next piece come from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    at: usize,
    span: Span,
    /// Byte for byte what stands there; if not, it was put in for what stands there.
    literal: bool,
}

impl Text {
    /// Text as it stands in the file from byte `start` on.
    pub(crate) fn literal(text: impl Into<String>, start: usize) -> Self {
        let string: String = text.into();
        let span = start..start + string.len();
        Text { string, pieces: vec![Piece { at: 0, span, literal: true }] }
    }

    /// Text that stands for what is written at `span`.
    pub(crate) fn replacing(text: impl Into<String>, span: Span) -> Self {
        Text { string: text.into(), pieces: vec![Piece { at: 0, span, literal: false }] }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.string
    }

    /// Puts `other` behind it.
    pub(crate) fn push(&mut self, other: &Text) {
        let end = self.string.len();
        self.string.push_str(&other.string);
        self.pieces.extend(other.pieces.iter().map(|piece| Piece { at: piece.at + end, ..piece.clone() }));
    }

    /// Puts in `text` for what is written at `span`.
    pub(crate) fn push_replacing(&mut self, text: &str, span: Span) {
        self.push(&Text::replacing(text, span));
    }

    /// Some bytes of it.
    pub(crate) fn slice(&self, range: Range<usize>) -> Text {
        let mut pieces = Vec::new();
        for (piece, bytes) in self.pieces_with_bytes() {
            // An empty slice still has a place.
            let touches = bytes.start < range.end && range.start < bytes.end;
            if touches || (range.is_empty() && bytes.start <= range.start && range.start <= bytes.end) {
                let (from, to) = (range.start.max(bytes.start), range.end.min(bytes.end).max(bytes.start));
                let skipped = from - bytes.start;
                let span = match piece.literal {
                    true => piece.span.start + skipped..piece.span.start + (to.max(from) - bytes.start),
                    false => piece.span.clone(),
                };
                pieces.push(Piece { at: from - range.start, span, literal: piece.literal });
            }
        }
        Text { string: self.string[range].into(), pieces }
    }

    /// The place of some bytes of it.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        let part = self.slice(range);
        let start = part.pieces.iter().map(|piece| piece.span.start).min().unwrap_or(0);
        let end = part.pieces.iter().map(|piece| piece.span.end).max().unwrap_or(start);
        start..end
    }

    /// The place of all of it.
    pub(crate) fn place(&self) -> Span {
        self.span(0..self.string.len())
    }

    /// Without white space around it.
    pub(crate) fn trim(&self) -> Text {
        let blank = crate::syntax::is_blank;
        let start = self.string.len() - self.string.trim_start_matches(blank).len();
        let end = start + self.string[start..].trim_end_matches(blank).len();
        self.slice(start..end)
    }

    fn pieces_with_bytes(&self) -> impl Iterator<Item = (&Piece, Range<usize>)> {
        let ends = self.pieces.iter().skip(1).map(|piece| piece.at).chain([self.string.len()]);
        self.pieces.iter().zip(ends).map(|(piece, end)| (piece, piece.at..end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_knows_its_place() {
        let mut text = Text::literal("ab $x", 10).slice(0..3);
        text.push_replacing("value", 13..15);
        text.push(&Text::literal(", c", 15));
        assert_eq!(text.as_str(), "ab value, c");
        assert_eq!((text.span(0..2), text.span(4..6), text.span(8..11)), (10..12, 13..15, 15..18));
        assert_eq!((text.span(1..11), text.slice(9..11).trim().place(), text.place()), (11..18, 17..18, 10..18));
        assert_eq!(text.slice(5..5).place(), 13..15);
        assert_eq!(Text::default().place(), 0..0);
    }
}
