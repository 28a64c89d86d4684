// SPDX-License-Identifier: Apache-2.0
//! `pcre`: expressions compiled to automata that need no memory and one step per byte.
use std::boxed::Box;
use std::collections::HashMap;
use std::format;
use std::iter::Peekable;
use std::str::CharIndices;
use std::string::{String, ToString};
use std::vec::Vec;

use regex_automata::dfa::{Automaton, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Hir, HirKind, Look};

use super::draft::{Draft, Test};
use crate::dfa;
use crate::rule::Buffer;

/// Most bytes of one expression's automaton while it is built.
const LIMIT: usize = 2 << 20;

/// The automata of a table, each once.
#[derive(Default)]
pub struct Expressions {
    /// The section's bytes.
    pub bytes: Vec<u8>,
    known: HashMap<String, u32>,
}

/// The flags behind an expression's closing slash.
#[derive(Default)]
struct Flags {
    /// For regex-syntax.
    inner: String,
    relative: bool,
    anchored: bool,
    end_only: bool,
    buffer: Option<Buffer>,
}

/// `pcre:[!]"/…/flags"`
pub fn pcre(value: &str, draft: &mut Draft, expressions: &mut Expressions) -> Result<(), String> {
    let (negated, text) = match value.strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, value),
    };
    let text = text.trim_matches('"');
    let (pattern, letters) = text
        .strip_prefix('/')
        .and_then(|rest| rest.rsplit_once('/'))
        .ok_or_else(|| format!("`{text}` does not stand between slashes"))?;
    let flags = flags(letters)?;
    let automaton = expressions.place(pattern, &flags)?;
    let test = Test::Pcre { negated, relative: flags.relative, automaton };
    match flags.buffer {
        Some(buffer) => draft.test_in(buffer, test),
        None => draft.test(test),
    }
}

fn flags(letters: &str) -> Result<Flags, String> {
    let mut flags = Flags::default();
    for letter in letters.chars() {
        flags.buffer = Some(match letter {
            'i' | 's' | 'm' | 'x' => {
                flags.inner.push(letter);
                continue;
            }
            'G' => {
                flags.inner.push('U');
                continue;
            }
            'R' => {
                flags.relative = true;
                continue;
            }
            'A' => {
                flags.anchored = true;
                continue;
            }
            'E' => {
                flags.end_only = true;
                continue;
            }
            'B' | 'O' => continue,
            'U' => Buffer::HttpUri,
            'I' => Buffer::HttpUriRaw,
            'H' => Buffer::HttpHeader,
            'D' => Buffer::HttpHeaderRaw,
            'M' => Buffer::HttpMethod,
            'C' => Buffer::HttpCookie,
            'P' => Buffer::HttpRequestBody,
            'Q' => Buffer::HttpResponseBody,
            'S' => Buffer::HttpStatCode,
            'Y' => Buffer::HttpStatMsg,
            'V' => Buffer::HttpUserAgent,
            'W' => Buffer::HttpHost,
            'Z' => Buffer::HttpHostRaw,
            other => return Err(format!("`{other}` is no flag of a pcre")),
        });
    }
    Ok(flags)
}

impl Expressions {
    fn place(&mut self, pattern: &str, flags: &Flags) -> Result<u32, String> {
        let key = format!("{}\0{}\0{}\0{pattern}", flags.inner, flags.anchored, flags.end_only);
        if let Some(place) = self.known.get(&key) {
            return Ok(*place);
        }
        let expression = parse(pattern, flags)?;
        let anchored = flags.anchored || expression.properties().look_set_prefix().contains(Look::Start);
        let automaton = build(&expression, flags.anchored)?;
        let place = u32::try_from(self.bytes.len()).map_err(|_| "the expressions fill 4 GiB".to_string())?;
        write(&automaton, anchored, flags.anchored, &mut self.bytes)?;
        self.known.insert(key, place);
        Ok(place)
    }
}

fn parse(pattern: &str, flags: &Flags) -> Result<Hir, String> {
    if pattern.contains("(?=") || pattern.contains("(?!") || pattern.contains("(?<=") || pattern.contains("(?<!") {
        return Err("a pcre with look-around is not supported".into());
    }
    let pattern = translate(pattern);
    let text = if flags.inner.is_empty() { pattern } else { format!("(?{}){pattern}", flags.inner) };
    let mut builder = regex_syntax::ParserBuilder::new();
    let parsed = builder.unicode(false).utf8(false).build().parse(&text);
    let expression = parsed.map_err(|error| format!("the pcre is not supported: {}", reason(&error)))?;
    Ok(if flags.end_only { expression } else { newline_before_end(expression) })
}

/// The last line of regex-syntax's message, without its drawing.
fn reason(error: &regex_syntax::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or("");
    last.strip_prefix("error: ").unwrap_or(last).to_string()
}

/// What PCRE spells differently: an escaped `/`, `<`, `>` or letter without meaning, and braces that are no repetition.
fn translate(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern.char_indices().peekable();
    let mut class = false;
    while let Some((place, character)) = rest.next() {
        match character {
            '\\' => {
                let Some((_, next)) = rest.next() else { continue };
                match next {
                    '<' | '>' | '/' | '"' | ';' | ':' | '\'' | ' ' | ',' | '=' | '!' | '@' | '%' | '_' | '`' => {
                        out.push_str(&format!("\\x{:02x}", u32::from(next)));
                    }
                    '0' => out.push_str(&octal(&mut rest)),
                    'e' => out.push_str("\\x1b"),
                    'h' => out.push_str(if class { "\\t\\x20" } else { "[\\t\\x20]" }),
                    'Z' => out.push('$'),
                    other => {
                        out.push('\\');
                        out.push(other);
                    }
                }
            }
            '[' if class && pattern[place..].starts_with("[:") => out.push('['),
            '[' if class => out.push_str("\\["),
            '[' => {
                class = true;
                out.push('[');
                // A bracket (after a caret) that comes first is an ordinary member.
                if rest.next_if(|(_, next)| *next == '^').is_some() {
                    out.push('^');
                }
                if rest.next_if(|(_, next)| *next == ']').is_some() {
                    out.push_str("\\]");
                }
            }
            ']' if class && out.ends_with(':') && pattern[..place].contains("[:") => out.push(']'),
            ']' => {
                class = false;
                out.push(']');
            }
            '&' | '~' if class => out.push_str(&format!("\\x{:02x}", u32::from(character))),
            '{' if !class && !is_repetition(&pattern[place..]) => out.push_str("\\{"),
            '}' if !class && !closes_repetition(&pattern[..=place]) => out.push_str("\\}"),
            other => out.push(other),
        }
    }
    out
}

/// What follows `\0`, at most two octal digits, as a byte.
fn octal(rest: &mut Peekable<CharIndices<'_>>) -> String {
    let mut value = 0;
    for _ in 0..2 {
        let Some((_, digit)) = rest.next_if(|(_, next)| next.is_digit(8)) else { break };
        value = value * 8 + digit.to_digit(8).unwrap_or(0);
    }
    format!("\\x{value:02x}")
}

/// Whether `text` begins with `{n}`, `{n,}` or `{n,m}`.
fn is_repetition(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(inside, _)| inside) else {
        return false;
    };
    let (low, high) = inside.split_once(',').unwrap_or((inside, ""));
    !low.is_empty() && (low.bytes().chain(high.bytes())).all(|byte| byte.is_ascii_digit())
}

fn closes_repetition(text: &str) -> bool {
    text.rfind('{').is_some_and(|open| is_repetition(&text[open..]))
        || text.rfind("\\x{").is_some_and(|open| !text[open + 3..text.len() - 1].contains('}'))
}

/// `$` also matches before a newline that ends the subject, as in PCRE.
fn newline_before_end(expression: Hir) -> Hir {
    match expression.into_kind() {
        HirKind::Look(Look::End) => {
            let newline = Hir::repetition(regex_syntax::hir::Repetition {
                min: 0,
                max: Some(1),
                greedy: true,
                sub: Box::new(Hir::literal(*b"\n")),
            });
            Hir::concat(std::vec![newline, Hir::look(Look::End)])
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(newline_before_end).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(newline_before_end).collect()),
        HirKind::Capture(mut capture) => {
            capture.sub = Box::new(newline_before_end(*capture.sub));
            Hir::capture(capture)
        }
        HirKind::Repetition(mut repetition) => {
            repetition.sub = Box::new(newline_before_end(*repetition.sub));
            Hir::repetition(repetition)
        }
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(look),
    }
}

fn build(expression: &Hir, anchored: bool) -> Result<dense::DFA<Vec<u32>>, String> {
    let large = |_| format!("the pcre's automaton would be larger than {LIMIT} bytes");
    let mut compiler = thompson::Compiler::new();
    compiler.configure(
        thompson::Config::new().utf8(false).which_captures(thompson::WhichCaptures::None).nfa_size_limit(Some(LIMIT)),
    );
    let nfa = compiler.build_from_hir(expression).map_err(|_| format!("the pcre is larger than {LIMIT} bytes"))?;
    let config = dense::Config::new()
        .match_kind(MatchKind::LeftmostFirst)
        .start_kind(if anchored {
            regex_automata::dfa::StartKind::Anchored
        } else {
            regex_automata::dfa::StartKind::Unanchored
        })
        .minimize(false)
        .dfa_size_limit(Some(LIMIT))
        .determinize_size_limit(Some(2 * LIMIT));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).map_err(large)
}

/// Appends the automaton in the layout of [`crate::dfa`].
fn write(
    automaton: &dense::DFA<Vec<u32>>,
    only_start: bool,
    anchored: bool,
    bytes: &mut Vec<u8>,
) -> Result<(), String> {
    let mode = if anchored { Anchored::Yes } else { Anchored::No };
    let start = automaton.start_state(&start::Config::new().anchored(mode)).map_err(|error| error.to_string())?;
    let (states, rows) = walk(automaton, start);
    let (class_of, representatives) = classes(&rows);
    let base = bytes.len() + dfa::HEAD;
    let size = 4 + 4 * representatives.len();
    let place: HashMap<StateID, usize> =
        states.iter().enumerate().map(|(index, id)| (*id, base + index * size)).collect();
    let mut word = |value: usize| {
        bytes.extend_from_slice(&u32::try_from(value).expect("sections of less than 4 GiB").to_le_bytes())
    };
    for class in class_of.chunks_exact(4) {
        word(u32::from_le_bytes([class[0], class[1], class[2], class[3]]) as usize);
    }
    word(representatives.len());
    word(usize::from(only_start));
    word(place[&start]);
    for (id, row) in states.iter().zip(&rows) {
        let at_end = automaton.is_match_state(automaton.next_eoi_state(*id));
        word(
            usize::from(automaton.is_match_state(*id)) * dfa::MATCH as usize
                + usize::from(at_end) * dfa::MATCH_AT_END as usize,
        );
        for byte in &representatives {
            let target = row[*byte];
            word(if automaton.is_dead_state(target) { 0 } else { place[&target] });
        }
    }
    Ok(())
}

/// The live states in the order in which a walk from `start` meets them, and each one's targets.
fn walk(automaton: &dense::DFA<Vec<u32>>, start: StateID) -> (Vec<StateID>, Vec<Vec<StateID>>) {
    let (mut states, mut rows) = (std::vec![start], Vec::new());
    let mut met: std::collections::HashSet<StateID> = states.iter().copied().collect();
    while rows.len() < states.len() {
        let id = states[rows.len()];
        let row: Vec<StateID> = (0..=255).map(|byte| automaton.next_state(id, byte)).collect();
        for target in &row {
            if !automaton.is_dead_state(*target) && met.insert(*target) {
                states.push(*target);
            }
        }
        rows.push(row);
    }
    (states, rows)
}

/// The class of each byte, and a byte of each class: bytes that lead to the same state from each state are one class.
fn classes(rows: &[Vec<StateID>]) -> (Vec<u8>, Vec<usize>) {
    let (mut known, mut representatives) = (HashMap::<Vec<StateID>, u8>::new(), Vec::new());
    let class_of = (0..256).map(|byte| {
        let column: Vec<StateID> = rows.iter().map(|row| row[byte]).collect();
        *known.entry(column).or_insert_with(|| {
            representatives.push(byte);
            u8::try_from(representatives.len() - 1).expect("at most 256 classes")
        })
    });
    (class_of.collect(), representatives)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the leftmost match ends.
    fn end(text: &str, subject: &[u8]) -> Option<usize> {
        let (mut draft, mut expressions) = (Draft::new(), Expressions::default());
        pcre(text, &mut draft, &mut expressions).unwrap();
        dfa::find_end(&expressions.bytes, 0, subject)
    }

    #[test]
    fn expressions_match_as_pcre_does() {
        assert_eq!(end("/b+/", b"aabbb c"), Some(5));
        assert_eq!(end("/^b/", b"ab"), None);
        assert_eq!(end("/^B/i", b"b"), Some(1));
        assert_eq!(end("/a.b/", b"a\nb"), None);
        assert_eq!(end("/a.b/s", b"a\nb"), Some(3));
        assert_eq!(end("/x$/", b"x\n"), Some(2));
        assert_eq!(end("/x$/E", b"x\n"), None);
        assert_eq!(end("/^x$/m", b"y\nx\nz"), Some(3));
        assert_eq!(end(r"/\xff\x{41}[^\]]\/\</", b"\xff\x41z/<"), Some(5));
        assert_eq!(end(r"/[[:digit:]]{2}a{x/", b"42a{x"), Some(5));
        assert_eq!(end("/foo|foobar/", b"foobar"), Some(3));
        assert_eq!(end("/bar/A", b"foobar"), None);
        assert_eq!(end("/never/", b""), None);
        assert_eq!(end("/a*/", b""), Some(0));
    }

    #[test]
    fn what_no_automaton_can_do_is_refused() {
        for text in [r"/(a)\1/", "/a(?=b)/", "/(?<!a)b/", "/(/", "a", "/a/k", "/(?:[ab]*a[ab]{40}){9}/"] {
            let (mut draft, mut expressions) = (Draft::new(), Expressions::default());
            assert!(pcre(text, &mut draft, &mut expressions).is_err(), "{text}");
        }
    }
}
