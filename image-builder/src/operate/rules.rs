// SPDX-License-Identifier: Apache-2.0
//! Rules of a file for a filter that runs: compiled here, checked, and sent in pieces.

use super::asking::Respondent;
use super::message::{Answer, Ask};
use crate::failure::usage;
use anyhow::bail;
use nf_elements::filter::{book, requests, rules_of_file};
use std::path::Path;

/// The handler that takes them.
pub const HANDLER: &str = "rules";
/// Most bytes of a request's value: a message of the channel beside the names in it.
const VALUE_BYTES: usize = control::MESSAGE_BYTES - 256;
/// Most bad lines that are shown.
const SHOWN: usize = 20;

/// Replaces the rules of `element` in `vm` by those in the file.
pub fn replace(whom: &mut Respondent, vm: &str, element: &str, file: &Path) -> anyhow::Result<()> {
    let name = &file.display();
    let text = std::fs::read_to_string(file).map_err(|error| usage(format!("cannot read {name}: {error}")))?;
    let state = read(whom, vm, element, "state")?;
    let value = |name: &str| state.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<usize>().ok());
    if value("room ").is_none_or(|room| room == 0) {
        bail!("{element} was built without room for other rules; CAPACITY sets it aside");
    }
    let rules = match rules_of_file(&text, value("outputs ").unwrap_or(0)) {
        Ok(rules) if rules.is_empty() => return Err(usage(format!("{name}: no rule"))),
        Ok(rules) => rules,
        Err(bad) => {
            let lines = bad.iter().take(SHOWN).flat_map(|bad| {
                bad.errors.iter().map(move |error| {
                    let wanted = error.wanted.as_ref().map(|wanted| format!("; wanted: {wanted}")).unwrap_or_default();
                    let column = error.span.start + 1;
                    format!("{name}:{}:{column}: {}{wanted}\n  {}", bad.line, error.message, bad.text)
                })
            });
            return Err(usage(lines.collect::<Vec<_>>().join("\n")));
        }
    };
    let book = book(&rules)?;
    for value in requests(&book, VALUE_BYTES) {
        let ask = Ask::Write { vm: vm.into(), element: element.into(), handler: HANDLER.into(), value };
        if let Err(error) = whom.ask(ask) {
            let why = read(whom, vm, element, "state").unwrap_or_default();
            let why = why.lines().find(|line| line.starts_with("refused")).unwrap_or("refused").to_string();
            let room = format!("{} rules take {} bytes; {why}; the rules before stay", rules.len(), book.len());
            return Err(error.context(room));
        }
    }
    Ok(())
}

fn read(whom: &mut Respondent, vm: &str, element: &str, handler: &str) -> anyhow::Result<String> {
    let ask = Ask::Read { vm: vm.into(), element: element.into(), handler: handler.into() };
    match whom.ask(ask)? {
        Answer::Value(value) => Ok(value),
        _ => bail!("the answer cannot be understood"),
    }
}
