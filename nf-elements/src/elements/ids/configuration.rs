// SPDX-License-Identifier: Apache-2.0
//! An IDS's arguments: its rules are compiled here.

use super::Ids;
use crate::configure::{ArgumentText, Arguments, Configure, Instance, Surroundings};
use ::ids::{Compiled, Engine, Options, Rules};

/// Most entries of a table.
const MOST: usize = 1 << 24;
/// The tables' sizes: argument, default.
const SIZES: [(&str, usize); 5] =
    [("FLOWS", 16384), ("WINDOWS", 512), ("CONNECTIONS", 64), ("DATAGRAMS", 8), ("TRACKS", 1024)];
/// Actions that an argument which is a rule itself begins with.
const ACTIONS: [&str; 4] = ["alert ", "drop ", "reject ", "pass "];
/// Most warnings about single rules; a file for another version would give thousands.
const WARNINGS: usize = 20;

impl Configure for Ids {
    fn configure(arguments: &mut Arguments, around: &Surroundings) -> Option<Instance> {
        let in_line = mode(arguments);
        let variables = ["HOME_NET", "EXTERNAL_NET", "HTTP_PORTS"]
            .into_iter()
            .filter_map(|name| Some((name.to_string(), arguments.keyword::<String>(name)?)))
            .collect();
        let strict = arguments.keyword("STRICT").unwrap_or(false);
        let rate: u32 = arguments.keyword("RATE").unwrap_or(20);
        let divert = diverting(arguments, around.outputs);
        let [flows, windows, connections, datagrams, tracks] = sizes(arguments);
        let compiled = compiled(arguments, &Options { variables, strict, divert })?;
        let rules = Rules::read(&compiled.data).expect("it was just compiled");
        let marks = Engine::mark_words(&rules);
        let sizes = format!("{flows}, {windows}, {connections}, {datagrams}, {marks}, {tracks}");
        let expression = format!("Ids::new({{data}}, {}, {in_line}, {rate})", compiled.report.rules);
        let instance = Instance::new("Ids", expression)
            .with_data(compiled.data)
            .with_memory(format!("ids::Memory<{sizes}>"), format!("ids::Memory::<{sizes}>::EMPTY"), 1);
        Some(instance)
    }
}

fn mode(arguments: &mut Arguments) -> bool {
    match arguments.keyword::<String>("MODE").as_deref() {
        None | Some("ids") => false,
        Some("ips") => true,
        Some(other) => {
            arguments.error_last(format!("'{other}'"), "ids or ips");
            false
        }
    }
}

/// The words of DIVERT.
fn diverting(arguments: &mut Arguments, outputs: usize) -> Vec<String> {
    let Some(words) = arguments.keyword::<String>("DIVERT") else { return Vec::new() };
    if outputs < 4 {
        arguments.error_last("DIVERT, but nothing is connected to output 3", "diverted packets leave by it");
    }
    words.trim_matches('"').split_whitespace().map(str::to_owned).collect()
}

fn sizes(arguments: &mut Arguments) -> [usize; SIZES.len()] {
    SIZES.map(|(name, default)| {
        let size = arguments.keyword(name).unwrap_or(default);
        if !(1..=MOST).contains(&size) {
            arguments.error_last(format!("{name} {size}"), format!("1 to {MOST}"));
        }
        size
    })
}

/// The rules of all arguments; what cannot be compiled is reported.
fn compiled(arguments: &mut Arguments, options: &Options) -> Option<Compiled> {
    let mut files = Vec::new();
    let texts = arguments.rest();
    if texts.is_empty() {
        let wanted = "IDS(RULES …), as in IDS(local.rules, MODE ips)";
        arguments.error("no rules", Some(wanted.into()));
    }
    for (index, text) in &texts {
        match file(text) {
            Ok(found) => files.push(found),
            Err((found, why)) => arguments.error_at(*index, 0..text.value.len(), found, Some(why)),
        }
    }
    if files.len() < texts.len().max(1) {
        return None;
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, rules)| (name.as_str(), rules.as_str())).collect();
    match ::ids::compile(&files, options) {
        Ok(compiled) => {
            for name in &compiled.report.unknown {
                let wanted = "the sid or the classtype of a rule that is in";
                arguments.error(format!("DIVERT {name}"), Some(wanted.into()));
            }
            warn(arguments, &compiled);
            Some(compiled)
        }
        Err(problems) => {
            problems.into_iter().for_each(|problem| arguments.error(problem.to_string(), None));
            None
        }
    }
}

/// An argument's rules, with the name that messages call them by: the argument is a rule itself, or a file's name.
fn file(text: &ArgumentText) -> Result<(String, String), (String, String)> {
    let value = text.value.trim();
    if ACTIONS.iter().any(|action| value.starts_with(action)) {
        return Ok(("rule".into(), value.into()));
    }
    let name = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    match std::fs::read(name) {
        Ok(bytes) => Ok((name.into(), String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) => Err((format!("cannot read '{name}': {error}"), "a file of rules, or a rule".into())),
    }
}

/// Tells which rules were left out, and how many are in.
fn warn(arguments: &mut Arguments, compiled: &Compiled) {
    let left_out = &compiled.report.left_out;
    left_out.iter().take(WARNINGS).for_each(|problem| arguments.warn(problem.to_string(), None));
    if left_out.is_empty() {
        return;
    }
    let bytes = compiled.data.len();
    let rules = compiled.report.rules;
    arguments.warn(format!("{} rules are left out, {rules} are in ({bytes} bytes)", left_out.len()), None);
}
