// SPDX-License-Identifier: Apache-2.0
//! Tokens, by Click's lexical rules.

use super::ast::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, digits, `_`, `@`, and `/` inside: a name, a keyword or a number.
    Word,
    /// `->`
    Arrow,
    /// `=>`
    FatArrow,
    /// `<->`
    BothWays,
    /// `::`
    DoubleColon,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `|`
    Bar,
    /// `||`
    DoubleBar,
    /// `...`
    Ellipsis,
    /// `-`, in `[0-2]`
    Minus,
    /// `$name`
    Variable,
    /// Anything else, as long a run as there is.
    Other,
    /// The end of the file.
    End,
}

/// A token: its kind and bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    /// Its place.
    pub(super) fn span(self) -> Span {
        self.start..self.end
    }
}

/// Longest first: `<->` before `->`.
const SIGNS: [(&str, Kind); 16] = [
    ("<->", Kind::BothWays),
    ("->", Kind::Arrow),
    ("=>", Kind::FatArrow),
    ("::", Kind::DoubleColon),
    ("[", Kind::OpenBracket),
    ("]", Kind::CloseBracket),
    ("(", Kind::OpenParen),
    (")", Kind::CloseParen),
    ("{", Kind::OpenBrace),
    ("}", Kind::CloseBrace),
    (",", Kind::Comma),
    (";", Kind::Semicolon),
    ("||", Kind::DoubleBar),
    ("|", Kind::Bar),
    ("...", Kind::Ellipsis),
    ("-", Kind::Minus),
];

/// Reads tokens one by one. After a `(` the parser may read a whole configuration from [`Lexer::position`] instead.
pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) position: usize,
    /// The `/*` that has no end, once it was met.
    pub(super) unclosed_comment: Option<Span>,
    /// Lines like `# 12 "file"`, in order.
    pub(super) directives: Vec<Span>,
}

impl<'a> Lexer<'a> {
    /// Reads `text` from `position` on.
    pub(super) fn new(text: &'a str, position: usize) -> Self {
        Lexer { text, position, unclosed_comment: None, directives: Vec::new() }
    }

    /// The kind of the next token, which is not taken.
    pub(super) fn peek(&mut self) -> Kind {
        let (position, directives) = (self.position, self.directives.len());
        let unclosed_comment = self.unclosed_comment.clone();
        let kind = self.next().kind;
        (self.position, self.unclosed_comment) = (position, unclosed_comment);
        self.directives.truncate(directives);
        kind
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Token {
        self.skip_blank();
        let start = self.position;
        let rest = self.rest();
        let (kind, length) = if rest.is_empty() {
            let end = self.text.trim_end_matches(is_blank).len();
            return Token { kind: Kind::End, start: end, end };
        } else if let Some((sign, kind)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            (*kind, sign.len())
        } else {
            match (word_length(rest), variable_length(rest)) {
                (0, 0) => (Kind::Other, other_length(rest)),
                (0, length) => (Kind::Variable, length),
                (length, _) => (Kind::Word, length),
            }
        };
        self.position = start + length;
        Token { kind, start, end: self.position }
    }

    /// Skips white space and comments.
    fn skip_blank(&mut self) {
        loop {
            self.position = self.text.len() - self.rest().trim_start_matches(is_blank).len();
            let directive = directive_length(self.text, self.position);
            if directive > 0 {
                self.directives.push(self.position..self.position + directive);
                self.position += directive;
                continue;
            }
            let length = comment_length(self.rest());
            if length == 0 {
                return;
            }
            if self.rest().starts_with("/*") && !(length >= 4 && self.rest()[..length].ends_with("*/")) {
                self.unclosed_comment = Some(self.position..self.position + 2);
            }
            self.position += length;
        }
    }
}

/// Bytes of the line directive at `at`: a line that begins with `#`. 0 if there is none.
pub(super) fn directive_length(text: &str, at: usize) -> usize {
    let line_start = at == 0 || text[..at].ends_with(['\n', '\r']);
    let rest = &text[at..];
    if line_start && rest.starts_with('#') { rest.find(['\n', '\r']).unwrap_or(rest.len()) } else { 0 }
}

/// White space; a byte order mark counts as such.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// Bytes of the comment that `text` starts with; 0 if it starts with none. An unclosed one goes to the end.
pub(super) fn comment_length(text: &str) -> usize {
    if text.starts_with("//") {
        text.find('\n').unwrap_or(text.len())
    } else if let Some(inside) = text.strip_prefix("/*") {
        inside.find("*/").map_or(text.len(), |end| end + 4)
    } else {
        0
    }
}

/// Bytes of the word that `text` starts with. A `/` belongs to it inside only.
fn word_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let plain = |at: usize| bytes.get(at).is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'@'));
    let belongs = |at: usize| plain(at) || (at > 0 && bytes[at] == b'/' && plain(at + 1));
    (0..bytes.len()).find(|&at| !belongs(at)).unwrap_or(bytes.len())
}

/// Bytes of the variable, with its `$`, that `text` starts with.
fn variable_length(text: &str) -> usize {
    let name = text.strip_prefix('$').unwrap_or("");
    let length = name.bytes().take_while(|c| c.is_ascii_alphanumeric() || *c == b'_').count();
    if length > 0 { length + 1 } else { 0 }
}

/// Bytes of the run of characters that mean nothing; at least one character.
fn other_length(text: &str) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let means_something = |(at, c): (usize, char)| {
        let rest = &text[at..];
        let known = is_blank(c) || word_length(rest) + variable_length(rest) + comment_length(rest) > 0;
        (at >= first && (known || SIGNS.iter().any(|(sign, _)| rest.starts_with(sign)))).then_some(at)
    };
    text.char_indices().find_map(means_something).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(Kind, &str)> {
        let mut lexer = Lexer::new(text, 0);
        let all = std::iter::from_fn(|| Some(lexer.next())).take_while(|token| token.kind != Kind::End);
        all.map(|token| (token.kind, &text[token.span()])).collect()
    }

    #[test]
    fn names_hold_slashes_and_signs_do_not_need_space() {
        use Kind::*;
        let expected =
            [(Word, "a/b@1"), (Arrow, "->"), (OpenBracket, "["), (Word, "1"), (CloseBracket, "]"), (Word, "c")];
        assert_eq!(tokens("a/b@1->[1]c // x\n/* y */"), expected);
        assert_eq!(tokens("a//b\n<->c/*d*/::"), [(Word, "a"), (BothWays, "<->"), (Word, "c"), (DoubleColon, "::")]);
    }

    #[test]
    fn what_means_nothing_is_one_token() {
        assert_eq!(tokens("a é%% b"), [(Kind::Word, "a"), (Kind::Other, "é%%"), (Kind::Word, "b")]);
    }

    #[test]
    fn what_compounds_need() {
        use Kind::*;
        let expected =
            [(Word, "K"), (Variable, "$a_1"), (DoubleBar, "||"), (Bar, "|"), (Ellipsis, "..."), (Minus, "-")];
        assert_eq!(tokens("K $a_1|| |...\n# 7 \"x\"\n-"), expected);
        assert_eq!(tokens("a/ /b $"), [(Word, "a"), (Other, "/"), (Other, "/"), (Word, "b"), (Other, "$")]);
    }

    #[test]
    fn an_unclosed_comment_is_noticed() {
        let mut lexer = Lexer::new("a /* b", 0);
        assert_eq!((lexer.next().kind, lexer.next().kind), (Kind::Word, Kind::End));
        assert_eq!(lexer.unclosed_comment, Some(2..4));
        let mut lexer = Lexer::new("/*/", 0);
        assert_eq!(lexer.next().kind, Kind::End);
        assert_eq!(lexer.unclosed_comment, Some(0..2));
    }
}
