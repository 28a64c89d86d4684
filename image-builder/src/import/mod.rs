// SPDX-License-Identifier: Apache-2.0
//! `sluice import`: a file of nftables' or iptables' rules as a chain file with a stateful firewall.
//!
//! `tokens` → `parse` (tables, sets, chains, rules: nft(8)), or `iptables` in place of both → `flatten` (jumps and returns become one list of
//! rules, of which the first that holds decides) → `chain` (its text). What is not understood is refused with its line, unless no packet
//! that is forwarded meets it.

mod chain;
mod expression;
mod flatten;
mod iptables;
mod matches;
mod parse;
#[cfg(test)]
mod tests;
mod tokens;

use crate::cli::{ImportArgs, RuleLanguage};
use crate::failure::usage;
use crate::place::Pending;

/// What a warning begins with, on a terminal.
const YELLOW: anstyle::Style = anstyle::AnsiColor::Yellow.on_default().bold();

/// Something that cannot be imported: its line, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    line: usize,
    message: String,
}

type Found<T> = Result<T, Problem>;

fn problem<T>(line: usize, message: impl Into<String>) -> Found<T> {
    Err(Problem { line, message: message.into() })
}

/// The command.
pub fn command(args: &ImportArgs) -> anyhow::Result<()> {
    let name = args.file.display();
    let text = std::fs::read_to_string(&args.file).map_err(|error| usage(format!("cannot read {name}: {error}")))?;
    let imported = import(args.language, &text, &args.lan, &args.wan)
        .map_err(|problem| usage(format!("{name}:{}: {}", problem.line, problem.message)))?;
    for warning in &imported.warnings {
        anstream::eprintln!("{YELLOW}warning{YELLOW:#}: {name}:{}: {}", warning.line, warning.message);
    }
    match &args.output {
        Some(path) => Pending::with(path, imported.chain.as_bytes())?.place(),
        None => {
            anstream::print!("{}", imported.chain);
            Ok(())
        }
    }
}

/// A chain, and what of the rules is not in it.
pub struct Imported {
    chain: String,
    warnings: Vec<Problem>,
}

/// The chain that forwards between the devices `lan` and `wan` as the rules say.
pub fn import(language: RuleLanguage, text: &str, lan: &str, wan: &str) -> Found<Imported> {
    let ruleset = match language {
        RuleLanguage::Nft => parse::ruleset(tokens::tokens(text)?)?,
        RuleLanguage::Iptables => iptables::ruleset(text)?,
    };
    let [out, back] = [(lan, wan), (wan, lan)].map(|(from, to)| flatten::pieces(&ruleset, from, to));
    Ok(Imported { chain: chain::chain(&language.to_string(), &out?, &back?), warnings: ruleset.warnings })
}
