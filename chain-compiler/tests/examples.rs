// SPDX-License-Identifier: Apache-2.0
//! The examples in the elements' documentation compile, and each class has one.

use chain_compiler::{Options, compile};
use nf_elements::elements::registry;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Classes that no configuration can have.
const WITHOUT_EXAMPLE: &[&str] = &["Error"];

/// The documentation of each class, by the heading `# CLASS`.
fn documentation() -> BTreeMap<String, String> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../nf-elements/src/elements")];
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
fn examples(text: &str) -> Vec<&str> {
    let Some((_, section)) = text.split_once("**Example:**") else { return Vec::new() };
    let section = section.split("\n\n").next().unwrap_or("");
    // What stands in backticks: every second piece.
    section.split('`').skip(1).step_by(2).collect()
}

#[test]
fn examples_compile() {
    let mut wrong = Vec::new();
    for (class, text) in documentation() {
        for example in examples(&text) {
            if let Err(found) = compile("example", example, &Options::default()) {
                wrong.push(format!("{class}:\n{}", found.render("example", example, false)));
            }
            if !example.contains(&class) {
                wrong.push(format!("{class}: its example has none: {example}\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} examples are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_class_has_an_example() {
    let documentation = documentation();
    let has_one = |class: &str| documentation.get(class).is_some_and(|text| !examples(text).is_empty());
    let classes = registry().iter().map(|class| class.spec.class);
    let without: Vec<_> = classes.filter(|class| !WITHOUT_EXAMPLE.contains(class) && !has_one(class)).collect();
    assert!(without.is_empty(), "no example: {without:?}");
}
