// SPDX-License-Identifier: Apache-2.0
//! Tables, sets, chains and rules, as nft(8) writes them.

use super::tokens::Token;
use super::{Found, Problem, problem};
use std::collections::{HashMap, HashSet};

mod rule;

pub use rule::{Limit, Match, Reason, Rule, Statement, Verdict, Verdicts};

/// All that counts of a file.
#[derive(Debug, Default)]
pub struct Ruleset {
    /// Chains by table and name.
    pub chains: HashMap<(String, String), Chain>,
    /// The chain that forwards, and whether it accepts what no rule decides.
    pub forward: Option<(String, String, bool)>,
    /// What is left out.
    pub warnings: Vec<Problem>,
    sets: HashMap<(String, String), Vec<Element>>,
    /// Counters with names.
    counters: HashSet<(String, String)>,
    /// Variables, with those in them set in.
    defines: HashMap<String, Vec<String>>,
}

/// Rules in order.
#[derive(Debug, Default)]
pub struct Chain {
    pub family: String,
    /// In order; what is wrong with one matters where a packet meets it.
    pub rules: Vec<Found<Rule>>,
}

/// Most values of a variable: each may hold others.
const MOST_VALUES: usize = 1 << 20;

/// An element of a set or of a map.
type Element = (String, Option<Verdict>);

/// Reads a file.
pub fn ruleset(tokens: Vec<Token>) -> Found<Ruleset> {
    let (table, family) = Default::default();
    let mut parser =
        Parser { tokens, at: 0, ruleset: Ruleset::default(), table, family, limits: 0, rules_of_line: (0, 0) };
    parser.file()?;
    Ok(parser.ruleset)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    ruleset: Ruleset,
    table: String,
    family: String,
    /// So many so far.
    limits: usize,
    /// The line of the last rule, and how many began there.
    rules_of_line: (usize, usize),
}

impl Parser {
    fn word(&self) -> &str {
        self.tokens.get(self.at).map_or("", |token| &token.text)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at.min(self.tokens.len().saturating_sub(1))).map_or(1, |token| token.line)
    }

    fn take(&mut self) -> String {
        let word = self.word().to_string();
        self.at += 1;
        word
    }

    fn accept(&mut self, word: &str) -> bool {
        let found = self.word() == word;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Found<()> {
        if self.accept(word) {
            return Ok(());
        }
        problem(self.line(), format!("'{}' where '{word}' was expected", self.word().escape_debug()))
    }

    fn skip_ends(&mut self) {
        while matches!(self.word(), "\n" | ";") {
            self.at += 1;
        }
    }

    /// Goes on behind the statement that begins there, with what it has in braces.
    fn skip_statement(&mut self, first: usize) {
        let mut depth = 0_usize;
        self.at = first;
        while !self.word().is_empty() {
            match self.word() {
                "{" => depth += 1,
                "}" if depth == 0 => return,
                "}" => depth -= 1,
                "\n" | ";" if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn skip_lines(&mut self) {
        while self.word() == "\n" {
            self.at += 1;
        }
    }

    fn file(&mut self) -> Found<()> {
        loop {
            self.skip_ends();
            let line = self.line();
            match self.take().as_str() {
                "" => return Ok(()),
                "table" => self.table()?,
                "flush" => {
                    while !matches!(self.word(), "\n" | ";" | "") {
                        self.at += 1
                    }
                }
                "define" => self.define()?,
                word => return problem(line, format!("'{word}' is not supported; 'table', 'define' and 'flush' are")),
            }
        }
    }

    /// `define NAME = VALUE` or `= { VALUE, … }`; what is in it was defined before, as nft wants it.
    fn define(&mut self) -> Found<()> {
        let (name, line) = (self.take(), self.line());
        self.expect("=")?;
        let braces = self.word() == "{";
        let mut values = Vec::new();
        while !(self.word().is_empty() || !braces && matches!(self.word(), "\n" | ";")) {
            let word = self.take();
            match word.strip_prefix('$') {
                Some(inner) => values.extend_from_slice(self.defined(inner, line)?),
                None if word == "}" => break,
                None if matches!(word.as_str(), "{" | "," | "\n") => {}
                None => values.push(word),
            }
            if values.len() > MOST_VALUES {
                return problem(line, format!("${name} has more than {MOST_VALUES} values"));
            }
        }
        self.ruleset.defines.insert(name, values);
        Ok(())
    }

    fn table(&mut self) -> Found<()> {
        let line = self.line();
        let first = self.take();
        (self.family, self.table) = match first.as_str() {
            "ip" | "ip6" | "inet" => (first.clone(), self.take()),
            "arp" | "bridge" | "netdev" => {
                return problem(line, format!("tables of the family {first} are not supported; ip, ip6 and inet are"));
            }
            _ => ("ip".into(), first),
        };
        self.table = format!("{} {}", self.family, self.table);
        self.expect("{")?;
        loop {
            self.skip_ends();
            let line = self.line();
            match self.take().as_str() {
                "}" => return Ok(()),
                "chain" => self.chain()?,
                "set" | "map" => self.set()?,
                "counter" => {
                    let name = (self.table.clone(), self.take());
                    self.ruleset.counters.insert(name);
                    self.skip_statement(self.at);
                }
                word => {
                    return problem(
                        line,
                        format!("'{word}' is not supported in a table; 'chain', 'set', 'map' and 'counter' are"),
                    );
                }
            }
        }
    }

    fn set(&mut self) -> Found<()> {
        let name = self.take();
        self.expect("{")?;
        let mut elements = Vec::new();
        loop {
            self.skip_ends();
            let line = self.line();
            match self.take().as_str() {
                "}" => break,
                "elements" => {
                    self.expect("=")?;
                    elements = self.braces()?;
                }
                "type" | "typeof" | "comment" | "auto-merge" => {
                    while !matches!(self.word(), "\n" | ";" | "}" | "") {
                        self.at += 1
                    }
                }
                "flags" => {
                    while !matches!(self.word(), "\n" | ";" | "}") {
                        let word = self.take();
                        if !matches!(word.as_str(), "interval" | "constant" | ",") {
                            return problem(
                                line,
                                format!("a set with the flag '{word}' is not supported; interval and constant are"),
                            );
                        }
                    }
                }
                word => return problem(line, format!("'{word}' is not supported in a set")),
            }
        }
        self.ruleset.sets.insert((self.table.clone(), name), elements);
        Ok(())
    }

    /// `{ VALUE [: VERDICT], … }`.
    fn braces(&mut self) -> Found<Vec<Element>> {
        self.expect("{")?;
        let mut elements = Vec::new();
        loop {
            self.skip_lines();
            if self.accept("}") {
                return Ok(elements);
            }
            let line = self.line();
            let mut value = self.take();
            let mut verdict = None;
            let colon = value.strip_suffix(':').map(str::to_string);
            if let Some(before) = colon {
                value = before;
                verdict = Some(self.verdict()?);
            } else if self.accept(":") {
                verdict = Some(self.verdict()?);
            }
            match value.strip_prefix('$') {
                Some(name) => {
                    elements.extend(self.defined(name, line)?.iter().map(|value| (value.clone(), verdict.clone())))
                }
                None => elements.push((value, verdict)),
            }
            self.skip_lines();
            if !self.accept(",") && self.word() != "}" {
                return problem(
                    self.line(),
                    format!("'{}' in a set: ',' or '}}' was expected", self.word().escape_debug()),
                );
            }
        }
    }

    /// The values of a variable.
    fn defined(&self, name: &str, line: usize) -> Found<&[String]> {
        match self.ruleset.defines.get(name) {
            Some(values) => Ok(values),
            None => problem(line, format!("there is no variable ${name} in front of this")),
        }
    }

    fn chain(&mut self) -> Found<()> {
        let name = self.take();
        self.expect("{")?;
        let mut chain = Chain { family: self.family.clone(), rules: Vec::new() };
        loop {
            self.skip_ends();
            match self.word() {
                "}" => break,
                "" => return problem(self.line(), "a chain without its end"),
                "type" => self.base(&name)?,
                "policy" => self.policy()?,
                "comment" => {
                    self.at += 2;
                }
                _ => {
                    let first = self.at;
                    let rule = self.rule();
                    if rule.is_err() {
                        self.skip_statement(first);
                    }
                    chain.rules.push(rule);
                }
            }
        }
        self.at += 1;
        self.ruleset.chains.insert((self.table.clone(), name), chain);
        Ok(())
    }

    /// `type filter hook HOOK priority PRIORITY; [policy POLICY;]`
    fn base(&mut self, name: &str) -> Found<()> {
        let line = self.line();
        let mut words = Vec::new();
        while !matches!(self.word(), "\n" | ";" | "}" | "") {
            words.push(self.take());
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["type", "filter", "hook", "forward", ..] if self.ruleset.forward.is_some() => {
                problem(line, "a second chain with the hook forward is not supported")
            }
            ["type", "filter", "hook", "forward", ..] => {
                self.ruleset.forward = Some((self.table.clone(), name.into(), true));
                Ok(())
            }
            ["type", "filter", "hook", hook @ ("input" | "output"), ..] => {
                let message = format!("the chain {name} is left out: its hook {hook} is about the machine itself");
                self.ruleset.warnings.push(Problem { line, message });
                Ok(())
            }
            _ => problem(line, format!("'{}' is not supported; 'type filter hook forward' is", words.join(" "))),
        }
    }

    fn policy(&mut self) -> Found<()> {
        let line = self.line();
        self.at += 1;
        let accepts = match self.take().as_str() {
            "accept" => true,
            "drop" => false,
            word => return problem(line, format!("no policy: '{word}'")),
        };
        // A policy of a chain that is left out is left out, too.
        if let Some(forward) = self
            .ruleset
            .forward
            .as_mut()
            .filter(|forward| !self.ruleset.chains.contains_key(&(forward.0.clone(), forward.1.clone())))
        {
            forward.2 = accepts;
        }
        Ok(())
    }
}
