// SPDX-License-Identifier: Apache-2.0
//! Splits a pattern into words and operators.

use std::ops::Range;

/// A word or an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    /// Its text.
    pub text: &'t str,
    /// Its bytes in the argument.
    pub span: Range<usize>,
}

/// The tokens of `text`. Quotation marks around the whole are no part of it.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let quoted = text.len() >= 2 && text.starts_with('"') && text.ends_with('"');
    let (mut at, end) = if quoted { (1, text.len() - 1) } else { (0, text.len()) };
    let mut tokens = Vec::new();
    while let Some(first) = text[at..end].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let length = token_length(&text[at..end], first);
        tokens.push(Token { text: &text[at..at + length], span: at..at + length });
        at += length;
    }
    tokens
}

/// Bytes of the token at the start of `rest`, whose first character is `first`.
fn token_length(rest: &str, first: char) -> usize {
    if is_word(first) {
        return rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    }
    let second = rest[first.len_utf8()..].chars().next();
    let double = match first {
        '&' | '|' => second == Some(first),
        '<' | '>' | '!' | '=' => second == Some('='),
        _ => false,
    };
    first.len_utf8() + usize::from(double)
}

/// Whether a character can be part of a word: of a name, number, address, prefix or range.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/' | '@' | '_' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_words_and_operators() {
        let texts = |text| tokens(text).into_iter().map(|token| token.text).collect::<Vec<_>>();
        assert_eq!(
            texts("src 10.0.0.0/8&&!(port>=1-9)"),
            ["src", "10.0.0.0/8", "&&", "!", "(", "port", ">=", "1-9", ")"]
        );
        assert_eq!(texts("\"ip[0:2] & 0xff == é\""), ["ip", "[", "0:2", "]", "&", "0xff", "==", "é"]);
        assert_eq!(tokens(" a  bc")[1].span, 4..6);
    }
}
