// SPDX-License-Identifier: Apache-2.0
//! The examples in the elements' documentation.

use crate::home;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The documentation of each class, by the heading `# CLASS`.
pub fn documentation() -> BTreeMap<String, String> {
    let mut folders = vec![home().join("nf-elements/src/elements")];
    let mut found = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(folder).expect("the elements' folder can be read");
        let paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file can be read");
                let lines = text.lines().filter_map(|line| line.strip_prefix("//!")).map(str::trim);
                let text: String = lines.map(|line| format!("{line}\n")).collect();
                let class = text.lines().find_map(|line| line.strip_prefix("# ")).map(String::from);
                found.extend(class.map(|class| (class, text)));
            }
        }
    }
    found
}

/// The configurations in a class's section `**Example:**`.
pub fn examples(text: &str) -> Vec<&str> {
    let Some((_, section)) = text.split_once("**Example:**") else { return Vec::new() };
    let section = section.split("\n\n").next().unwrap_or("");
    // What stands in backticks: every second piece.
    section.split('`').skip(1).step_by(2).collect()
}
