// SPDX-License-Identifier: Apache-2.0
//! A rule: what it asks, and what becomes of packets.

use super::super::matches::Subject;
use super::super::{Found, Problem, problem};
use super::{Element, Parser};

/// What a rule asks, and what becomes of packets.
#[derive(Debug)]
pub struct Rule {
    pub line: usize,
    /// It among all, as what counts for it is called.
    pub name: String,
    pub matches: Vec<Match>,
    /// What is done, in this order, when all matches hold.
    pub statements: Vec<Statement>,
    pub verdicts: Verdicts,
}

/// What a rule does in front of its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// It counts the packet.
    Count,
    /// It goes on only if this holds.
    Limit(Limit),
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
    /// It is dropped, and its sender told so.
    Reject(Reason),
    Jump(String),
    Goto(String),
    Return,
}

/// What the sender of a rejected packet is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// As the element `Reject` knows it.
    pub name: &'static str,
    /// The version of IP that the rule is about; none: both.
    pub version: Option<u8>,
}

impl Reason {
    /// Where none is given.
    pub const USUAL: Reason = Reason { name: "port-unreachable", version: None };

    /// The one of that name.
    pub fn of(name: &str, version: Option<u8>) -> Option<Reason> {
        let known = nf_elements::rejection::NAMES.iter().map(|known| known.0).find(|known| *known == name)?;
        Some(Reason { name: known, version })
    }
}

#[derive(Debug)]
pub enum Verdicts {
    /// The rule decides nothing.
    None,
    One(Verdict),
    /// By the value of a field.
    Map(Subject, Vec<(String, Verdict)>),
}

impl Rule {
    /// Its limit, of which it has one at most.
    pub fn limit(&self) -> Option<&Limit> {
        self.statements.iter().find_map(|statement| match statement {
            Statement::Limit(limit) => Some(limit),
            Statement::Count => None,
        })
    }
}

impl Parser {
    /// A rule, as far as the line's end.
    pub(super) fn rule(&mut self) -> Found<Rule> {
        let line = self.line();
        let (last, count) = self.rules_of_line;
        self.rules_of_line = (line, if last == line { count + 1 } else { 1 });
        let name = if last == line { format!("line{line}_{}", count + 1) } else { format!("line{line}") };
        let mut rule = Rule { line, name, matches: Vec::new(), statements: Vec::new(), verdicts: Verdicts::None };
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
                if self.accept("name") {
                    self.name_counter(rule)?;
                }
                rule.statements.push(Statement::Count);
            }
            "log" => {
                self.at += 1;
                while matches!(self.word(), "prefix" | "level" | "group" | "flags") {
                    self.at += 2;
                }
                self.ruleset.warnings.push(left_out("log"));
            }
            "comment" => self.at += 2,
            "limit" => {
                let limit = self.limit(rule.limit().is_some())?;
                rule.statements.push(Statement::Limit(limit));
            }
            "accept" | "drop" | "jump" | "goto" | "return" | "reject" => {
                rule.verdicts = Verdicts::One(self.verdict()?);
            }
            _ if !rule.statements.is_empty() => {
                let what = if rule.limit().is_some() { "limit" } else { "counter" };
                return problem(line, format!("a match behind a {what} is not supported: put it in front"));
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

    pub(super) fn verdict(&mut self) -> Found<Verdict> {
        let line = self.line();
        Ok(match self.take().as_str() {
            "accept" => Verdict::Accept,
            "drop" => Verdict::Drop,
            "return" => Verdict::Return,
            "jump" => Verdict::Jump(self.take()),
            "goto" => Verdict::Goto(self.take()),
            "reject" => Verdict::Reject(self.reason()?),
            word => return problem(line, format!("no verdict: '{}'", word.escape_debug())),
        })
    }

    /// `[with icmp|icmpv6|icmpx [type] TYPE]` or `with tcp reset`.
    fn reason(&mut self) -> Found<Reason> {
        let line = self.line();
        if !self.accept("with") {
            return Ok(Reason::USUAL);
        }
        let protocol = self.take();
        let version = match protocol.as_str() {
            "icmp" => Some(4),
            "icmpv6" => Some(6),
            _ => None,
        };
        self.accept("type");
        let told = self.take();
        let reason = match (protocol.as_str(), told.as_str()) {
            ("tcp", "reset") => Reason::of("tcp-reset", None),
            ("icmp" | "icmpv6" | "icmpx", name) => Reason::of(name, version),
            _ => None,
        };
        let refusal = || problem(line, format!("'reject with {protocol} {}' is not supported", told.escape_debug()));
        reason.map_or_else(refusal, Ok)
    }

    /// A rule counts by a name of the table's.
    fn name_counter(&mut self, rule: &mut Rule) -> Found<()> {
        let (line, name) = (self.line(), self.take());
        if !self.ruleset.counters.contains(&(self.table.clone(), name.clone())) {
            return problem(line, format!("there is no counter '{}' in front of this rule", name.escape_debug()));
        }
        let word: String =
            name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
        rule.name = format!("{word}_{}", rule.name);
        Ok(())
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
