// SPDX-License-Identifier: Apache-2.0
//! Reader of Click's tests (`*.clicktest`, the format of testie): sections that each begin with a line `%NAME`, and what
//! their expectations say of an output. A byte is one `char` here, so that binary files survive.

use regex::Regex;

/// A test.
#[derive(Debug, Default)]
pub struct Test {
    /// A shell script that must succeed, else the test does not apply.
    pub require: String,
    /// The shell script.
    pub script: String,
    /// What is on standard input.
    pub stdin: String,
    /// Input files: name, content.
    pub files: Vec<(String, String)>,
    /// What outputs must be.
    pub expectations: Vec<Expectation>,
    /// Patterns of whole lines that do not count, with the file's name or `all`.
    ignored: Vec<(String, Regex)>,
}

/// What one output must be; one of several for the same file is enough.
#[derive(Debug)]
pub struct Expectation {
    /// `stdout`, `stderr` or a file.
    pub name: String,
    text: String,
    kind: Kind,
    any_space: bool,
    any_case: bool,
}

/// How lines are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Regular expressions stand in double braces.
    Braces,
    /// Byte for byte.
    Verbatim,
    /// Each line is a regular expression.
    Pattern,
}

/// Bytes as characters of the same numbers.
pub fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The bytes of a text that [`text`] made.
pub fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|character| character as u8).collect()
}

impl Test {
    /// The test that a file's text is; its first one if there are several.
    pub fn read(text: &str) -> Test {
        let (mut test, mut rest) = (Test::default(), text);
        while let Some(start) = rest.find('%').filter(|at| *at == 0).or_else(|| rest.find("\n%").map(|at| at + 1)) {
            let (line, body) = rest[start + 1..].split_once('\n').unwrap_or((&rest[start + 1..], ""));
            let mut words = line.split_whitespace();
            let name = words.next().unwrap_or_default();
            let words: Vec<&str> = words.collect();
            if matches!(name, "eof" | "eot") {
                break;
            }
            let length = words.iter().find_map(|word| word.strip_prefix('+')?.parse::<usize>().ok());
            let next = if body.starts_with('%') { 0 } else { body.find("\n%").map_or(body.len(), |at| at + 1) };
            let end = length.and_then(|length| body.char_indices().nth(length)).map_or(next, |(end, _)| end);
            test.section(name, &words, &body[..end]);
            rest = &body[end..];
        }
        test
    }

    fn section(&mut self, name: &str, words: &[&str], body: &str) {
        let is_flag = |word: &&&str| word.starts_with(['-', '+']) && word.len() > 1;
        let has =
            |flag: char| words.iter().take_while(is_flag).any(|word| word.starts_with('-') && word.contains(flag));
        let mut files: Vec<&str> = words.iter().skip_while(is_flag).copied().collect();
        if files.is_empty() {
            files.push(if name.starts_with("ignore") { "all" } else { "stdout" });
        }
        let body = match has('d') {
            true => body.split_inclusive('\n').map(|line| if line == "\n" { line } else { &line[1..] }).collect(),
            false => body.replace("\n\\%", "\n%"),
        };
        match name {
            "require" => self.require += &body,
            "script" => self.script += &body,
            "stdin" => self.stdin = body,
            "file" => self.files.extend(files.iter().map(|file| (file.to_string(), body.clone()))),
            "ignore" | "ignorev" | "ignorex" => {
                let kind = kind(name);
                let lines: Vec<Regex> =
                    body.lines().filter(|l| !l.is_empty()).filter_map(|l| pattern(l, kind, has('i'))).collect();
                self.ignored.extend(files.iter().flat_map(|f| lines.iter().map(|l| (f.to_string(), l.clone()))));
            }
            "expect" | "expectv" | "expectx" | "stdout" | "stderr" => {
                let files = if name.starts_with("std") { vec![name] } else { files };
                let (kind, any_space, any_case) = (kind(name), has('w'), has('i'));
                let expectation =
                    |name: &&str| Expectation { name: name.to_string(), text: body.clone(), kind, any_space, any_case };
                self.expectations.extend(files.iter().map(expectation));
            }
            _ => {}
        }
    }

    /// The first difference of the output `name` from everything that it may be; none if one of these fits.
    pub fn difference(&self, name: &str, found: &str) -> Option<String> {
        let mut first = None;
        for expectation in self.expectations.iter().filter(|one| one.name == name) {
            match self.compare(expectation, found) {
                None => return None,
                Some(difference) => first.get_or_insert(difference),
            };
        }
        first
    }

    fn compare(&self, expectation: &Expectation, found: &str) -> Option<String> {
        let Expectation { name, text, kind, any_space, any_case } = expectation;
        if *kind == Kind::Verbatim {
            return (text != found).then(|| format!("{name}: not the wanted bytes"));
        }
        let ignored = |line: &str| {
            let mut patterns = self.ignored.iter().filter(|(file, _)| file == name || file == "all");
            patterns.any(|(_, pattern)| pattern.is_match(line))
        };
        let found = found.lines().map(str::trim_end).filter(|line| !line.is_empty() && !ignored(line));
        let mut found: Vec<(usize, &str)> = found.enumerate().collect();
        found.reverse();
        for wanted in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            let fits = |line: &str| {
                let squeeze = |text: &str| text.split_whitespace().collect::<String>();
                let (line, wanted) =
                    if *any_space { (squeeze(line), squeeze(wanted)) } else { (line.into(), wanted.into()) };
                line == wanted || pattern(&wanted, *kind, *any_case).is_some_and(|pattern| pattern.is_match(&line))
            };
            match found.pop() {
                Some((_, line)) if fits(line) => {}
                Some((at, line)) => return Some(format!("{name}:{}: wanted '{wanted}', found '{line}'", at + 1)),
                None => return Some(format!("{name}: wanted '{wanted}', found the end")),
            }
        }
        found.pop().map(|(at, line)| format!("{name}:{}: wanted the end, found '{line}'", at + 1))
    }
}

fn kind(section: &str) -> Kind {
    match section {
        "expectv" | "ignorev" => Kind::Verbatim,
        "expectx" | "ignorex" => Kind::Pattern,
        _ => Kind::Braces,
    }
}

/// The expression for a whole line. Comments (`{{?text}}`) are taken out, and so are negative look-aheads, which our
/// library does not have: what they exclude is accepted.
fn pattern(line: &str, kind: Kind, any_case: bool) -> Option<Regex> {
    let (mut pattern, mut rest) = (String::new(), line);
    let literal = |text: &str| if kind == Kind::Pattern { text.to_string() } else { regex::escape(text) };
    while let Some((before, behind)) = rest.split_once("{{").filter(|_| kind != Kind::Verbatim) {
        let (inside, after) = behind.split_once("}}")?;
        if inside.starts_with('?') {
            pattern += &literal(before.trim_end());
        } else if kind == Kind::Pattern {
            pattern += &format!("{before}{{{{{inside}}}}}");
        } else {
            pattern += &format!("{}(?:{})", literal(before), without_look_ahead(inside));
        }
        rest = if inside.starts_with('?') { after.trim_start() } else { after };
    }
    let case = if any_case { "(?i)" } else { "" };
    Regex::new(&format!(r"{case}\A(?:{pattern}{})[ \t]*\z", literal(rest))).ok()
}

fn without_look_ahead(expression: &str) -> String {
    let Some((before, behind)) = expression.split_once("(?!") else { return expression.into() };
    let mut depth = 1;
    let end = behind.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    format!("{before}{}", end.map_or("", |end| &behind[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "%info\nwords\n%script\nrun it\n%file -d a b\n %x\n %expect\n%expect stdout\nn {{\\d+}} {{? why}}\n\n\
                        same\n%ignorex\n#.*\n%expectx -i e\n[a-c]+\n%eof\n%script\nnever\n";

    #[test]
    fn sections() {
        let test = Test::read(TEXT);
        assert_eq!(test.script, "run it\n");
        assert_eq!(test.files, [("a".into(), "%x\n%expect\n".into()), ("b".into(), "%x\n%expect\n".to_string())]);
        let test = Test::read("%file +5 a\nx\n%y\n\n%script\nz");
        assert_eq!((test.files[0].1.as_str(), test.script.as_str()), ("x\n%y\n", "z"));
    }

    #[test]
    fn comparison() {
        let test = Test::read(TEXT);
        assert_eq!(test.difference("stdout", "# x\nn 12  \n\nsame\n"), None);
        assert_eq!(
            test.difference("stdout", "n x\n").as_deref(),
            Some("stdout:1: wanted 'n {{\\d+}} {{? why}}', found 'n x'")
        );
        assert_eq!(test.difference("stdout", "n 1\n").as_deref(), Some("stdout: wanted 'same', found the end"));
        assert_eq!(test.difference("e", "aBc\nd\n").as_deref(), Some("e:2: wanted the end, found 'd'"));
        assert_eq!(without_look_ahead("(?!10,(a))\\d+"), "\\d+");
    }
}
