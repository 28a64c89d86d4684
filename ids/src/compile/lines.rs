// SPDX-License-Identifier: Apache-2.0
//! Rule files as rules: comments, continued lines, and the parts of a rule with their places.
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

/// A rule's text with continued lines joined, and where its pieces stood in the file.
#[derive(Debug, Default)]
pub struct Logical {
    /// The text.
    pub text: String,
    pieces: Vec<(usize, usize)>,
}

impl Logical {
    /// Line and column (both from 1) of the byte at `offset` of the text.
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let (start, line) = self.pieces.iter().rev().find(|(start, _)| *start <= offset).copied().unwrap_or((0, 1));
        (line, self.text[start..offset.min(self.text.len())].chars().count() + 1)
    }
}

/// The rules of a file, without comments and empty lines.
pub fn rules(text: &str) -> Vec<Logical> {
    let mut rules = Vec::new();
    let mut rule = Logical::default();
    for (number, line) in text.lines().enumerate() {
        let begins = rule.pieces.is_empty();
        if begins && (line.trim().is_empty() || line.trim_start().starts_with('#')) {
            continue;
        }
        rule.pieces.push((rule.text.len(), number + 1));
        if let Some(continued) = line.trim_end().strip_suffix('\\') {
            rule.text.push_str(continued);
            continue;
        }
        rule.text.push_str(line);
        rules.push(std::mem::take(&mut rule));
    }
    if !rule.text.trim().is_empty() {
        rules.push(rule);
    }
    rules
}

/// One option of a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting<'a> {
    /// Where it begins in the rule's text.
    pub offset: usize,
    /// Its keyword.
    pub name: &'a str,
    /// What follows the colon.
    pub value: Option<&'a str>,
}

/// A rule's header, word by word, and its options.
pub struct Parts<'a> {
    /// The words before the parenthesis.
    pub header: Vec<(usize, &'a str)>,
    /// The options.
    pub settings: Vec<Setting<'a>>,
}

/// Takes a rule's text apart; an error has its place in the text.
pub fn parts(text: &str) -> Result<Parts<'_>, (usize, String)> {
    let open = text.find('(').ok_or((text.len(), "a rule's options stand in parentheses".to_string()))?;
    let body = text.trim_end();
    if !body.ends_with(')') {
        return Err((body.len(), "the rule does not end with `)`".into()));
    }
    let inside = text.get(open + 1..body.len() - 1).unwrap_or("");
    Ok(Parts { header: words(&text[..open]), settings: settings(inside, open + 1)? })
}

/// Words at blanks, where a list in brackets is one word.
fn words(text: &str) -> Vec<(usize, &str)> {
    let (mut words, mut start, mut depth) = (Vec::new(), None, 0usize);
    for (place, character) in text.char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if character.is_whitespace() && depth == 0 {
            if let Some(start) = start.take() {
                words.push((start, &text[start..place]));
            }
        } else {
            start = start.or(Some(place));
        }
    }
    words.extend(start.map(|start| (start, &text[start..])));
    words
}

fn settings(text: &str, base: usize) -> Result<Vec<Setting<'_>>, (usize, String)> {
    let mut settings = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        if at == text.len() {
            return Ok(settings);
        }
        let length = end_of_setting(&text[at..])
            .ok_or_else(|| (base + at, format!("`{}` lacks its `;`", shorten(&text[at..]))))?;
        let setting = &text[at..at + length];
        let (name, value) = match setting.split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (setting.trim(), None),
        };
        if !name.is_empty() {
            settings.push(Setting { offset: base + at, name, value });
        }
        at += length + 1;
    }
}

/// The length of the setting that `text` begins with: up to a semicolon that no backslash stands before.
fn end_of_setting(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b';' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

fn shorten(text: &str) -> &str {
    let end = text.char_indices().nth(40).map_or(text.len(), |(place, _)| place);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continued_lines_keep_their_places() {
        let rules = rules("# a comment\n\nalert tcp any any -> \\\n  any any (msg:\"x\"; sid:1;)\nalert");
        assert_eq!(rules.len(), 2);
        let parts = parts(&rules[0].text).unwrap();
        assert_eq!(parts.header.len(), 7);
        assert_eq!(parts.settings[1], Setting { offset: parts.settings[1].offset, name: "sid", value: Some("1") });
        assert_eq!(rules[0].place(parts.settings[1].offset), (4, 21));
        assert_eq!(rules[1].place(0), (5, 1));
    }

    #[test]
    fn semicolons_may_be_escaped() {
        let parts = parts(r#"alert tcp [1.2.3.4, 5.6.7.8] any -> any any (content:"a\;b"; nocase; )"#).unwrap();
        assert_eq!(parts.header[2].1, "[1.2.3.4, 5.6.7.8]");
        assert_eq!(parts.settings[0].value, Some(r#""a\;b""#));
        assert_eq!(parts.settings[1].name, "nocase");
        assert!(super::parts("alert tcp (content:\"a\"").is_err());
        assert!(super::parts("alert tcp (content:\"a\")").is_err());
    }
}
