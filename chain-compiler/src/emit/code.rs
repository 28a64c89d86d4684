// SPDX-License-Identifier: Apache-2.0
//! Rust source as it is written: lines and indentation.

/// Source text under construction.
#[derive(Default)]
pub(super) struct Code {
    text: String,
    depth: usize,
}

impl Code {
    /// An empty source whose lines start `depth` levels in.
    pub(super) fn at(depth: usize) -> Self {
        Code { text: String::new(), depth }
    }

    /// Writes one line.
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(&"    ".repeat(self.depth));
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// Writes an empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Writes a line that opens a block: `head {`.
    pub(super) fn open(&mut self, head: impl AsRef<str>) {
        let head = head.as_ref();
        let space = if head.ends_with(':') { "" } else { " " };
        self.line(format!("{head}{space}{{"));
        self.depth += 1;
    }

    /// Closes a block.
    pub(super) fn close(&mut self) {
        self.close_with("");
    }

    /// Closes a block, with something behind the brace.
    pub(super) fn close_with(&mut self, behind: &str) {
        self.depth -= 1;
        self.line(format!("}}{behind}"));
    }

    /// Writes a block: `head { inside }`.
    pub(super) fn block(&mut self, head: impl AsRef<str>, inside: impl FnOnce(&mut Code)) {
        self.open(head);
        inside(self);
        self.close();
    }

    /// Puts lines in as they are.
    pub(super) fn lines(&mut self, other: &Code) {
        self.text.push_str(&other.text);
    }

    /// The text.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}
