// SPDX-License-Identifier: Apache-2.0
//! What is wrong with a chain file, where, and how a person sees it.

use crate::sources::{SourceFile, Sources};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use serde::{Serialize, Serializer};
use std::ops::Range;
use std::sync::Arc;

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
    /// The text that the place is in; none is the text that was compiled.
    #[serde(serialize_with = "as_name")]
    pub file: Option<Arc<SourceFile>>,
    /// Where: bytes of that text.
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
    /// The text that the place is in; none is the text that was compiled.
    #[serde(serialize_with = "as_name")]
    pub file: Option<Arc<SourceFile>>,
    /// Where: bytes of that text.
    pub span: Range<usize>,
}

/// A text is shown to programs by its name.
fn as_name<S: Serializer>(file: &Option<Arc<SourceFile>>, serializer: S) -> Result<S::Ok, S::Error> {
    file.as_ref().map(|file| &file.name).serialize(serializer)
}

/// A file with the annotations in it.
type Annotated<'a> = (Option<&'a Arc<SourceFile>>, Vec<Annotation<'a>>);

impl Diagnostic {
    /// An error; its line and column follow in [`Log::finish`].
    pub(crate) fn error(span: Range<usize>, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            wanted: None,
            hint: None,
            file: None,
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
        self.related.push(Related { message: message.into(), file: None, span });
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
        let mut snippets: Vec<Annotated> = vec![(self.file.as_ref(), vec![primary])];
        for other in &self.related {
            let annotation = AnnotationKind::Context.span(other.span.clone()).label(other.message.as_str());
            match snippets.iter_mut().find(|(file, _)| *file == other.file.as_ref()) {
                Some((_, annotations)) => annotations.push(annotation),
                None => snippets.push((other.file.as_ref(), vec![annotation])),
            }
        }
        let mut group = level.primary_title(&self.message).elements([] as [Snippet<Annotation>; 0]);
        for (file, annotations) in snippets {
            let snippet = match file {
                Some(file) => Snippet::source(&file.text).path(&file.name).line_start(file.first_line),
                None => Snippet::source(text).path(file_name),
            };
            group = group.element(snippet.annotations(annotations));
        }
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

    /// How many errors there are so far.
    pub(crate) fn errors(&self) -> usize {
        self.0.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count()
    }

    /// Keeps what another one has.
    pub(crate) fn append(&mut self, mut other: Log) {
        self.0.append(&mut other.0);
    }

    /// All of them, up to [`MOST`], in order of place, with line and column.
    pub(crate) fn finish(mut self, sources: &Sources) -> Vec<Diagnostic> {
        self.0.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
        self.0.dedup();
        if self.0.len() > MOST {
            self.0.retain(|diagnostic| diagnostic.severity == Severity::Error);
            self.0.truncate(MOST);
        }
        for diagnostic in &mut self.0 {
            (diagnostic.line, diagnostic.column) = sources.line_and_column(&diagnostic.span);
            (diagnostic.file, diagnostic.span) = sources.locate(&diagnostic.span);
            for other in &mut diagnostic.related {
                (other.file, other.span) = sources.locate(&other.span);
            }
        }
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_its_place() {
        let text = "a;\n\tü -> bad;\n";
        let start = text.find("bad").unwrap();
        let mut log = Log::default();
        log.report(Diagnostic::error(start..start + 3, "no element 'bad'").wanted("good"));
        let mut sources = Sources::new("x.nf", text);
        sources.divide(Vec::new(), &mut log);
        let found = Diagnostics(log.finish(&sources));
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
