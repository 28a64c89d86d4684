// SPDX-License-Identifier: Apache-2.0
//! Configuration strings in parts: arguments, and words of an argument.

use crate::text::Text;
use std::ops::Range;

/// Splits a configuration at its commas, but not those in strings. A last empty argument does not count (Click: `Foo(a,)`
/// has one).
pub(crate) fn split(text: &Text) -> Vec<Text> {
    let mut arguments = Vec::new();
    let mut start = 0;
    for comma in outside_of_strings(text.as_str(), |c| c == ',') {
        arguments.push(text.slice(start..comma).trim());
        start = comma + 1;
    }
    let last = text.slice(start..text.as_str().len()).trim();
    if !last.as_str().is_empty() {
        arguments.push(last);
    }
    arguments
}

/// Splits an argument at its white space, but not that in strings.
pub(crate) fn words(text: &Text) -> Vec<Text> {
    let string = text.as_str();
    let mut words = Vec::new();
    let mut start = 0;
    for blank in outside_of_strings(string, char::is_whitespace).into_iter().chain([string.len()]) {
        if blank > start {
            words.push(text.slice(start..blank));
        }
        start = blank + string[blank..].chars().next().map_or(0, char::len_utf8);
    }
    words
}

/// The characters outside of strings that `wanted` picks.
fn outside_of_strings(text: &str, wanted: impl Fn(char) -> bool) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match string_end(text, at) {
            Some(string) => at = string.end,
            None => {
                if wanted(c) {
                    found.push(at);
                }
                at += c.len_utf8();
            }
        }
    }
    found
}

/// The string that begins at `at`, if one does: `"…"`, `'…'`, `\<…>`. One without an end goes to the end of the text.
fn string_end(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    if rest.starts_with("\\<") {
        return Some(at..at + rest.find('>').map_or(rest.len(), |end| end + 1));
    }
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    for (offset, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return Some(at..at + offset + 1);
        }
        // Click: a backslash escapes in double quotes only.
        escaped = quote == '"' && c == '\\' && !escaped;
    }
    Some(at..text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: Vec<Text>) -> Vec<String> {
        texts.into_iter().map(|text| text.as_str().to_string()).collect()
    }

    fn arguments(text: &str) -> Vec<String> {
        strings(split(&Text::literal(text, 0)))
    }

    #[test]
    fn commas_split_outside_of_strings() {
        let text = r#" a b , "x,)\"" ,'\', \<1,2>, z w"#;
        assert_eq!(arguments(text), ["a b", r#""x,)\"""#, r"'\'", r"\<1,2>", "z w"]);
    }

    #[test]
    fn empty_arguments_count_unless_last() {
        assert_eq!(arguments("  "), [""; 0]);
        assert_eq!(arguments("a,"), ["a"]);
        assert_eq!(arguments(",a"), ["", "a"]);
        assert_eq!(arguments("a,,"), ["a", ""]);
    }

    #[test]
    fn places_are_kept() {
        let places: Vec<_> = split(&Text::literal("one,   two ", 5)).iter().map(Text::place).collect();
        assert_eq!(places, [5..8, 12..15]);
    }

    #[test]
    fn words_are_split_at_blanks() {
        assert_eq!(strings(words(&Text::literal(" a  'b c' d\"e f\"\n", 0))), ["a", "'b c'", "d\"e f\""]);
    }
}
