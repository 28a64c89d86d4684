// SPDX-License-Identifier: Apache-2.0
//! Words of nftables' language, with their lines.

use super::{Found, problem};

/// A word, a sign, a text in quotes (without them), or the end of a statement (`;`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub line: usize,
    pub text: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// Signs that are words of their own. Ranges (`1-9`), prefixes and lists of states stay in their words.
const SIGNS: [char; 8] = ['{', '}', ';', ',', '=', '(', ')', '|'];

/// All tokens; line ends are `;`, but within braces of a set.
pub fn tokens(text: &str) -> Found<Vec<Token>> {
    let mut tokens = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line_number = index + 1;
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let (text, quoted, length) = match first {
                '#' => break,
                '"' => match rest[1..].find('"') {
                    Some(end) => (rest[1..=end].to_string(), true, end + 2),
                    None => return problem(line_number, "a text without its closing quote"),
                },
                _ if first.is_whitespace() || first == '\\' => {
                    rest = &rest[first.len_utf8()..];
                    continue;
                }
                '!' if rest.starts_with("!=") => ("!=".into(), false, 2),
                _ if SIGNS.contains(&first) => (first.to_string(), false, 1),
                _ => {
                    let end = rest.find(|c: char| c.is_whitespace() || c == '"' || c == '#' || SIGNS.contains(&c));
                    let end = end.unwrap_or(rest.len());
                    (rest[..end].to_string(), false, end)
                }
            };
            tokens.push(Token { line: line_number, text, quoted });
            rest = &rest[length..];
        }
        if !line.trim_end().ends_with('\\') {
            tokens.push(Token { line: line_number, text: "\n".into(), quoted: false });
        }
    }
    Ok(tokens)
}
