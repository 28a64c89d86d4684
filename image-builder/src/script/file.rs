// SPDX-License-Identifier: Apache-2.0
//! A script's file: sections that begin with a line `%NAME`.

use crate::click::{Definitions, is_definition};
use std::path::{Path, PathBuf};

/// A script.
#[derive(Debug, Default)]
pub struct Script {
    /// Its file.
    pub path: PathBuf,
    /// The configuration.
    pub configuration: String,
    /// Parameters of the configuration.
    pub definitions: Definitions,
    /// What the process is told.
    pub arguments: Vec<String>,
    /// Files in its folder: names and texts.
    pub files: Vec<(String, String)>,
    /// What must come out: `stdout`, `stderr` or a file's name, and the lines.
    pub expected: Vec<(String, String)>,
    /// The exit code, if it matters.
    pub exit_code: Option<i32>,
}

impl Script {
    /// Reads the text of the script `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Script, String> {
        let mut script = Script { path: path.into(), ..Script::default() };
        let (mut head, mut body, mut has_configuration) = (String::new(), String::new(), false);
        for (number, line) in text.lines().enumerate() {
            if !is_head(line) {
                body = body + line + "\n";
                continue;
            }
            script.section(&head, std::mem::take(&mut body))?;
            head = line[1..].trim().into();
            if head == "config" {
                has_configuration = true;
                // Places in diagnostics are places in the script.
                body = "\n".repeat(number + 1);
            }
        }
        script.section(&head, body)?;
        if has_configuration { Ok(script) } else { Err("no section %config".into()) }
    }

    fn section(&mut self, head: &str, body: String) -> Result<(), String> {
        let (kind, name) = head.split_once(char::is_whitespace).unwrap_or((head, ""));
        let name = name.trim();
        match (kind, name) {
            ("" | "info" | "end", _) => {}
            ("config", "") => self.configuration = body,
            ("args", "") => self.read_arguments(&body)?,
            ("exit", "") => self.exit_code = Some(body.trim().parse().map_err(|_| "%exit wants a number")?),
            ("file", name) if is_plain(name) => self.files.push((name.into(), body)),
            ("expect", name) if is_plain(name) => self.expected.push((name.into(), body)),
            _ => {
                return Err(format!(
                    "'%{head}' is no section; there are {}",
                    HEADS.map(|head| format!("%{head}")).join(", ")
                ));
            }
        }
        Ok(())
    }

    fn read_arguments(&mut self, line: &str) -> Result<(), String> {
        for word in shlex::split(line).ok_or("%args: a quotation mark is not closed")? {
            match is_definition(&word) {
                Some(definition) => self.definitions.push(definition),
                None => self.arguments.push(word),
            }
        }
        Ok(())
    }
}

const HEADS: [&str; 7] = ["info", "config", "args", "file", "expect", "exit", "end"];

fn is_head(line: &str) -> bool {
    let word = line.strip_prefix('%').map(|rest| rest.split_whitespace().next().unwrap_or(""));
    word.is_some_and(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()))
}

/// A file's name without a folder: scripts stay in theirs.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', ' ']) && name != ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections() {
        let text =
            "%info\nSays.\n%config\na -> b;\n%args\n-h 'c.d 1' X=2\n%file in\n%5\n\n%expect stdout\n1\n%exit\n3\n";
        let script = Script::parse(Path::new("x.test"), text).unwrap();
        assert_eq!(script.configuration, "\n\n\na -> b;\n");
        assert_eq!(script.arguments, ["-h", "c.d 1"]);
        assert_eq!(script.definitions, [("X".into(), "2".into())]);
        assert_eq!(script.files, [("in".into(), "%5\n\n".into())]);
        assert_eq!(script.expected, [("stdout".into(), "1\n".into())]);
        assert_eq!(script.exit_code, Some(3));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let error = |text| Script::parse(Path::new("x.test"), text).unwrap_err();
        assert!(error("%info\n").contains("%config"));
        assert!(error("%config\n%expct stdout\n").contains("'%expct stdout'"));
        assert!(error("%config\n%file ../x\n").contains("no section"));
        assert!(error("%config\n%args\n'\n").contains("not closed"));
    }
}
