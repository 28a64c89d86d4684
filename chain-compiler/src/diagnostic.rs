// SPDX-License-Identifier: Apache-2.0
//! What is wrong with a chain file, where, and how a person sees it.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;
use std::ops::Range;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is compiled.
    Error,
    /// It compiles.
    Warning,
}

/// One thing found in a chain file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// What was wanted in its place, to be read after "wanted".
    pub wanted: Option<String>,
    /// What to do about it, if there is more to say.
    pub hint: Option<String>,
    /// Where: bytes of the text.
    pub span: Range<usize>,
    /// The line of the place's start, from 1.
    pub line: usize,
    /// The column of the place's start in characters, from 1.
    pub column: usize,
    /// Other places that belong to it.
    pub related: Vec<Related>,
}

/// A second place of a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// What is there.
    pub message: String,
    /// Where: bytes of the text.
    pub span: Range<usize>,
}

impl Diagnostic {
    /// An error; its line and column follow in [`Log::finish`].
    pub(crate) fn error(span: Range<usize>, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            wanted: None,
            hint: None,
            span,
            line: 0,
            column: 0,
            related: Vec::new(),
        }
    }

    /// A warning.
    pub(crate) fn warning(span: Range<usize>, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Self::error(span, message) }
    }

    pub(crate) fn wanted(self, wanted: impl Into<String>) -> Self {
        Diagnostic { wanted: Some(wanted.into()), ..self }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Diagnostic { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn related(mut self, span: Range<usize>, message: impl Into<String>) -> Self {
        self.related.push(Related { message: message.into(), span });
        self
    }

    fn group<'a>(&'a self, file_name: &'a str, text: &'a str) -> Group<'a> {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let primary = AnnotationKind::Primary.span(self.span.clone());
        let primary = match &self.wanted {
            Some(wanted) => primary.label(format!("wanted {wanted}")),
            None => primary,
        };
        let others = self.related.iter().map(|other| {
            let message: &str = &other.message;
            AnnotationKind::Context.span(other.span.clone()).label(message)
        });
        let snippet = Snippet::source(text).path(file_name).annotation(primary).annotations(others);
        let group = level.primary_title(&self.message).element(snippet);
        match &self.hint {
            Some(hint) => group.element(Level::HELP.message(hint)),
            None => group,
        }
    }
}

/// Everything found in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// The diagnostics as a person reads them: file:line:column, the line, a caret. `text` is the text that was compiled.
    pub fn render(&self, file_name: &str, text: &str, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut rendered = String::new();
        for diagnostic in &self.0 {
            if !rendered.is_empty() {
                rendered.push('\n');
            }
            rendered.push_str(&renderer.render(&[diagnostic.group(file_name, text)]));
            rendered.push('\n');
        }
        rendered
    }
}

/// Most diagnostics of one run: nobody reads more before the first ones are mended.
const MOST: usize = 100;

/// Where the steps of the compiler leave what they find.
#[derive(Default)]
pub(crate) struct Log(Vec<Diagnostic>);

impl Log {
    /// Keeps one.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// How many there are so far.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// All of them, up to [`MOST`], in order of place, with line and column.
    pub(crate) fn finish(mut self, text: &str) -> Vec<Diagnostic> {
        self.0.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
        self.0.dedup();
        if self.0.len() > MOST {
            self.0.retain(|diagnostic| diagnostic.severity == Severity::Error);
            self.0.truncate(MOST);
        }
        for diagnostic in &mut self.0 {
            (diagnostic.line, diagnostic.column) = line_and_column(text, diagnostic.span.start);
        }
        self.0
    }
}

/// Line and column, both from 1, of a byte of the text. Columns count characters; a tab is one.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "a\n\tüx;\r\nend";
        assert_eq!(line_and_column(text, 0), (1, 1));
        assert_eq!(line_and_column(text, text.find('x').unwrap()), (2, 3));
        assert_eq!(line_and_column(text, text.len()), (3, 4));
    }

    #[test]
    fn the_caret_stands_below_its_place() {
        let text = "a;\n\tü -> bad;\n";
        let start = text.find("bad").unwrap();
        let mut log = Log::default();
        log.report(Diagnostic::error(start..start + 3, "no element 'bad'").wanted("good"));
        let found = Diagnostics(log.finish(text));
        assert_eq!((found.0[0].line, found.0[0].column), (2, 7));
        let rendered = found.render("x.nf", text, false);
        let lines: Vec<_> = rendered.lines().collect();
        assert!(lines[1].ends_with("x.nf:2:7"), "{rendered}");
        let line = lines.iter().find(|line| line.contains("bad;")).unwrap();
        let carets = lines.iter().find(|line| line.contains('^')).unwrap();
        let column = |line: &str, what| line[..line.find(what).unwrap()].chars().count();
        assert_eq!(column(line, "bad"), column(carets, "^"), "{rendered}");
        assert!(carets.ends_with("^^^ wanted good"), "{rendered}");
    }
}
