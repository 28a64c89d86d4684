// SPDX-License-Identifier: Apache-2.0
//! Click's own example configurations, from the tree that `CLICK_HOME` names: each of them parses, and compiles if
//! `click-configurations.expected` says so. Which classes the others lack, and what else is wrong with them, is printed.

use chain_compiler::{Diagnostic, Options, Severity, compile};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What becomes of each.
const EXPECTED: &str = include_str!("click-configurations.expected");
/// Files in Click's tree that Click itself does not parse as they are: templates for m4.
const TEMPLATES: &[&str] = &["grid.click"];

fn configurations(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("CLICK_HOME/conf can be read");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let mut found: Vec<_> = paths.filter(|path| path.extension().is_some_and(|ending| ending == "click")).collect();
    found.sort();
    found
}

fn errors(path: &Path) -> Vec<Diagnostic> {
    let bytes = std::fs::read(path).expect("a configuration can be read");
    let folder = path.parent().expect("it is in a folder").to_owned();
    let load = |_: &str, name: &str| match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok((name.to_string(), text)),
        Err(error) => Err(error.to_string()),
    };
    let options = Options { library: Some(&load), ..Default::default() };
    let name = path.file_name().expect("it has a name").to_string_lossy();
    let found = compile(&name, &String::from_utf8_lossy(&bytes), &options).err().map_or(Vec::new(), |found| found.0);
    found.into_iter().filter(|one| one.severity == Severity::Error).collect()
}

fn missing_class(error: &Diagnostic) -> Option<&str> {
    error.message.strip_prefix("no element class '")?.split('\'').next()
}

fn is_syntax(error: &Diagnostic) -> bool {
    error.message.starts_with("found '") && !error.message.contains("in the arguments of")
}

#[test]
fn clicks_own_configurations_parse() {
    let Some(home) = std::env::var_os("CLICK_HOME") else {
        return println!("skipped: CLICK_HOME does not say where Click's source is");
    };
    let folder = Path::new(&home).join("conf");
    let (mut unparsed, mut broken) = (Vec::new(), Vec::new());
    let (mut lacking, mut compiled) = (BTreeMap::<String, usize>::new(), 0);
    for path in configurations(&folder) {
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        let errors = errors(&path);
        if errors.iter().any(is_syntax) && !TEMPLATES.contains(&name.as_str()) {
            unparsed.push(name.clone());
        }
        let missing: BTreeSet<&str> = errors.iter().filter_map(missing_class).collect();
        missing.iter().for_each(|class| *lacking.entry(class.to_string()).or_default() += 1);
        let others: Vec<String> = errors
            .iter()
            .filter(|error| missing_class(error).is_none())
            .map(|error| format!("\n    {}:{}: {}", error.line, error.column, error.message))
            .collect();
        let expected = EXPECTED.lines().find_map(|line| line.strip_prefix(&name)?.strip_prefix(' '));
        let expected = expected.unwrap_or("not in the list");
        if expected == "compiles" && !errors.is_empty() {
            broken.push(name.clone());
        }
        compiled += usize::from(errors.is_empty());
        let verdict = if errors.is_empty() { "compiles".into() } else { format!("lacks {missing:?}") };
        println!("{name}: {verdict} ({expected}){}", others.concat());
    }
    println!("{compiled} compile; lacking: {lacking:?}");
    assert!(broken.is_empty(), "these compiled before: {broken:?}");
    assert!(unparsed.is_empty(), "not parsed: {unparsed:?}");
}
