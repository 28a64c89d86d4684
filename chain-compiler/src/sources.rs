// SPDX-License-Identifier: Apache-2.0
//! The texts of one run: the file, the libraries that it includes, and what its line directives say about places.

use crate::diagnostic::{Diagnostic, Log};
use crate::syntax::ast::Span;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// A text that diagnostics point into, if it is not the one that was compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The library's name, or what a line directive says.
    pub name: String,
    /// Its text, or the part of it that the line directive is about.
    pub text: String,
    /// The number of the text's first line.
    pub first_line: usize,
}

/// All texts, one behind the other: a byte of this is a place.
pub(crate) struct Sources {
    text: String,
    files: Vec<(String, Range<usize>)>,
    /// What a file's request led to.
    found: HashMap<(usize, String), Result<usize, String>>,
    segments: Vec<Segment>,
}

/// Bytes with one name whose lines are numbered without a jump.
struct Segment {
    bytes: Range<usize>,
    /// None is the text that was compiled, from its first line on.
    file: Option<Arc<SourceFile>>,
}

impl Sources {
    /// The file alone.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let files = vec![(name.to_string(), 0..text.len())];
        Sources { text: text.into(), files, found: HashMap::new(), segments: Vec::new() }
    }

    /// The text up to the end of a file, and where that file begins.
    pub(crate) fn file(&self, file: usize) -> (&str, usize) {
        let bytes = &self.files[file].1;
        (&self.text[..bytes.end], bytes.start)
    }

    /// What stands at a place.
    pub(crate) fn text(&self, span: &Span) -> &str {
        &self.text[span.clone()]
    }

    /// The name of a file.
    pub(crate) fn name(&self, file: usize) -> &str {
        &self.files[file].0
    }

    /// What `file` gets when it asks for a library; none if nobody looked yet.
    pub(crate) fn library(&self, file: usize, name: &str) -> Option<&Result<usize, String>> {
        self.found.get(&(file, name.to_string()))
    }

    /// Puts in what a loader said to a request.
    pub(crate) fn add(&mut self, request: (usize, String), loaded: Result<(String, String), String>) {
        let found = loaded.map(|(name, text)| {
            self.files.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                self.text.push('\n');
                let start = self.text.len();
                self.text.push_str(&text);
                self.files.push((name, start..self.text.len()));
                self.files.len() - 1
            })
        });
        self.found.insert(request, found);
    }

    /// Divides the texts at their line directives.
    pub(crate) fn divide(&mut self, mut directives: Vec<Span>, log: &mut Log) {
        directives.sort_by_key(|directive| directive.start);
        directives.dedup();
        for (index, (original, bytes)) in self.files.iter().enumerate() {
            let (mut name, mut line, mut start) = (original.clone(), 1, bytes.start);
            let inside = directives.iter().filter(|directive| bytes.contains(&directive.start));
            let mut cut = |range: Range<usize>, name: &str, first_line: usize| {
                let own = index == 0 && range.start == 0;
                let text = self.text[range.clone()].to_string();
                let file = SourceFile { name: name.into(), text, first_line };
                self.segments.push(Segment { bytes: range, file: (!own).then(|| Arc::new(file)) });
            };
            for directive in inside {
                let Some((number, said)) = read_directive(&self.text[directive.clone()]) else {
                    let error = Diagnostic::error(directive.clone(), "this line begins with '#'");
                    log.report(error.wanted("a line directive, as in: # 12 \"file\""));
                    continue;
                };
                cut(start..directive.end, &name, line);
                start = directive.end;
                // The line end of the directive belongs to the next segment, as an empty first line.
                line = number.saturating_sub(1);
                name = match said {
                    Some(said) if said.is_empty() => original.clone(),
                    Some(said) => said,
                    None => name,
                };
            }
            cut(start..bytes.end, &name, line);
        }
    }

    /// The file of a place, and the place in that file's text. What goes beyond the file's end is cut off.
    pub(crate) fn locate(&self, span: &Span) -> (Option<Arc<SourceFile>>, Span) {
        let segment = self.segments.iter().find(|segment| span.start <= segment.bytes.end);
        let Some(segment) = segment.or(self.segments.last()) else { return (None, span.clone()) };
        let local = |at: usize| at.clamp(segment.bytes.start, segment.bytes.end) - segment.bytes.start;
        (segment.file.clone(), local(span.start)..local(span.end.max(span.start)))
    }

    /// Line and column, both from 1, of a place. Columns count characters; a tab is one.
    pub(crate) fn line_and_column(&self, span: &Span) -> (usize, usize) {
        let (file, local) = self.locate(span);
        let (text, first) = match &file {
            Some(file) => (file.text.as_str(), file.first_line),
            None => (self.text.as_str(), 1),
        };
        let before = &text[..text.floor_char_boundary(local.start)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (first + before.matches('\n').count(), before[line_start..].chars().count() + 1)
    }
}

/// `# 12 "file"`, `#line 12`: the number of the next line, and the file's name.
fn read_directive(line: &str) -> Option<(usize, Option<String>)> {
    let line = line.trim_start_matches('#').trim_start();
    let line = line.strip_prefix("line").map_or(line, str::trim_start);
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = line[..digits].parse().ok()?;
    let name = line[digits..].trim_start().strip_prefix('"').map(|name| name.split('"').next().unwrap_or("").into());
    Some((number, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read() {
        assert_eq!(read_directive("# 12 \"a b\" 3"), Some((12, Some("a b".into()))));
        assert_eq!(read_directive("#line 7"), Some((7, None)));
        assert_eq!(read_directive("#include <x>"), None);
    }

    #[test]
    fn columns_count_characters() {
        let mut sources = Sources::new("x", "a\n\tüx;\r\nend\n# 50 \"y\"\nz");
        sources.divide(std::iter::once(13..21).collect(), &mut Log::default());
        let place = |at| sources.line_and_column(&(at..at));
        assert_eq!((place(0), place(5), place(12)), ((1, 1), (2, 3), (3, 4)));
        assert_eq!((place(22), sources.locate(&(22..23)).0.unwrap().name.clone()), ((50, 1), "y".into()));
    }
}
