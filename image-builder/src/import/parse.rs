// SPDX-License-Identifier: Apache-2.0
//! Tables, sets, chains and rules, as nft(8) writes them.

use super::matches::Subject;
use super::tokens::Token;
use super::{Found, Problem, problem};
use std::collections::HashMap;

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

/// What a rule asks, and what becomes of packets.
#[derive(Debug)]
pub struct Rule {
    pub line: usize,
    pub matches: Vec<Match>,
    /// Asked when all matches hold.
    pub limit: Option<Limit>,
    pub verdicts: Verdicts,
}

/// A field compared with values.
#[derive(Clone, Debug)]
pub struct Match {
    pub subject: Subject,
    pub negated: bool,
    pub values: Vec<String>,
}

/// `limit rate [over] PACKETS/TIME [burst PACKETS packets]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Which one it is of the file.
    pub number: usize,
    /// It holds for what exceeds the rate, and not for what does not.
    pub over: bool,
    pub packets: u32,
    pub seconds: u32,
    pub burst: u32,
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    Drop,
    Jump(String),
    Goto(String),
    Return,
}

#[derive(Debug)]
pub enum Verdicts {
    /// The rule decides nothing.
    None,
    One(Verdict),
    /// By the value of a field.
    Map(Subject, Vec<(String, Verdict)>),
}

/// Most values of a variable: each may hold others.
const MOST_VALUES: usize = 1 << 20;

/// An element of a set or of a map.
type Element = (String, Option<Verdict>);

/// Reads a file.
pub fn ruleset(tokens: Vec<Token>) -> Found<Ruleset> {
    let (table, family) = Default::default();
    let mut parser = Parser { tokens, at: 0, ruleset: Ruleset::default(), table, family, limits: 0 };
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
                word => {
                    return problem(
                        line,
                        format!("'{word}' is not supported in a table; 'chain', 'set' and 'map' are"),
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

    fn rule(&mut self) -> Found<Rule> {
        let line = self.line();
        let mut rule = Rule { line, matches: Vec::new(), limit: None, verdicts: Verdicts::None };
        while !matches!(self.word(), "\n" | ";" | "}" | "") {
            if let Verdicts::One(_) | Verdicts::Map(..) = rule.verdicts
                && self.word() != "comment"
            {
                return problem(self.line(), format!("'{}' behind a verdict is not supported", self.word()));
            }
            self.statement(&mut rule)?;
        }
        Ok(rule)
    }

    fn statement(&mut self, rule: &mut Rule) -> Found<()> {
        let line = self.line();
        let left_out = |what: &str| Problem { line, message: format!("{what} is left out") };
        match self.word() {
            "counter" => {
                self.at += 1;
                while matches!(self.word(), "packets" | "bytes") {
                    self.at += 2;
                }
                self.ruleset.warnings.push(left_out("counter"));
            }
            "log" => {
                self.at += 1;
                while matches!(self.word(), "prefix" | "level" | "group" | "flags") {
                    self.at += 2;
                }
                self.ruleset.warnings.push(left_out("log"));
            }
            "comment" => self.at += 2,
            "limit" => rule.limit = Some(self.limit(rule.limit.is_some())?),
            "accept" | "drop" | "jump" | "goto" | "return" | "reject" => {
                if self.word() == "reject" {
                    self.ruleset.warnings.push(Problem { line, message: "reject drops: nothing is answered".into() });
                }
                rule.verdicts = Verdicts::One(self.verdict()?);
            }
            _ if rule.limit.is_some() => {
                return problem(line, "a match behind a limit is not supported: put it in front");
            }
            _ => self.matching(rule)?,
        }
        Ok(())
    }

    /// `limit rate …`: packets only.
    fn limit(&mut self, second: bool) -> Found<Limit> {
        /// nft's own, if none is given.
        const BURST: u32 = 5;
        let line = self.line();
        self.at += 1;
        if second || !self.accept("rate") {
            return problem(line, "a limit by name, or a second one, is not supported; one 'limit rate' is");
        }
        let over = self.accept("over");
        if !over {
            self.accept("until");
        }
        let rate = self.take();
        let (packets, time) = rate.split_once('/').unwrap_or((&rate, ""));
        let seconds = match time {
            "second" => 1,
            "minute" => 60,
            "hour" => 3600,
            "day" => 86_400,
            "week" => 604_800,
            _ => {
                return problem(
                    line,
                    format!("'limit rate {rate}' is not supported; packets per second to week are, as 5/minute"),
                );
            }
        };
        let mut burst = BURST;
        if self.accept("burst") {
            let count = self.take();
            burst = match count.parse() {
                Ok(burst) if self.accept("packets") => burst,
                _ => {
                    return problem(
                        line,
                        format!(
                            "a burst of '{count} {}' is not supported; of packets it is",
                            self.word().escape_debug()
                        ),
                    );
                }
            };
        }
        let packets = match packets.parse() {
            Ok(packets) if packets > 0 => packets,
            _ => return problem(line, format!("no rate: '{rate}'")),
        };
        self.limits += 1;
        Ok(Limit { number: self.limits, over, packets, seconds, burst })
    }

    fn verdict(&mut self) -> Found<Verdict> {
        let line = self.line();
        Ok(match self.take().as_str() {
            "accept" => Verdict::Accept,
            "drop" => Verdict::Drop,
            "return" => Verdict::Return,
            "jump" => Verdict::Jump(self.take()),
            "goto" => Verdict::Goto(self.take()),
            "reject" => {
                while !matches!(self.word(), "\n" | ";" | "}" | "," | "" | "comment") {
                    self.at += 1;
                }
                Verdict::Drop
            }
            word => return problem(line, format!("no verdict: '{}'", word.escape_debug())),
        })
    }

    /// `SUBJECT [!=] VALUES` or `SUBJECT vmap { VALUE : VERDICT, … }`.
    fn matching(&mut self, rule: &mut Rule) -> Found<()> {
        let line = self.line();
        let first = self.take();
        let second = self.word().to_string();
        let subject = match Subject::of(&first, &second) {
            Some((subject, words)) => {
                self.at += words - 1;
                subject
            }
            None => return problem(line, format!("'{first} {}' is not supported", second.escape_debug())),
        };
        if self.accept("vmap") {
            let elements = if self.word() == "{" { self.braces()? } else { self.named(line)? };
            let with = elements.into_iter().map(|(value, verdict)| match verdict {
                Some(verdict) => Ok((value, verdict)),
                None => problem(line, format!("'{value}' in a map without a verdict")),
            });
            rule.verdicts = Verdicts::Map(subject, with.collect::<Found<_>>()?);
            return Ok(());
        }
        let negated = self.accept("!=");
        if !negated {
            self.accept("==");
        }
        let values = self.values(line)?;
        rule.matches.push(Match { subject, negated, values });
        Ok(())
    }

    /// Values: `{ … }`, `@NAME`, `$NAME`, or a list with commas.
    fn values(&mut self, line: usize) -> Found<Vec<String>> {
        if self.word() == "{" {
            return Ok(self.braces()?.into_iter().map(|element| element.0).collect());
        }
        if self.word().starts_with('@') {
            return Ok(self.named(line)?.into_iter().map(|element| element.0).collect());
        }
        let mut values = Vec::new();
        loop {
            let value = self.take();
            match value.strip_prefix('$') {
                _ if matches!(value.as_str(), "\n" | ";" | "") => return problem(line, "a match without its value"),
                Some(name) => values.extend_from_slice(self.defined(name, line)?),
                None => values.push(value),
            }
            if !self.accept(",") && !self.accept("|") {
                return Ok(values);
            }
        }
    }

    fn named(&mut self, line: usize) -> Found<Vec<Element>> {
        let word = self.take();
        let name = word.trim_start_matches('@');
        match self.ruleset.sets.get(&(self.table.clone(), name.into())) {
            Some(elements) => Ok(elements.clone()),
            None => problem(line, format!("there is no set '{name}' in front of this rule")),
        }
    }
}
