// SPDX-License-Identifier: Apache-2.0
//! Chains that jump to each other as one list of rules, in pieces between which limits and counters stand.

use super::expression::Condition;
use super::parse::{Chain, Limit, Reason, Rule, Ruleset, Statement, Verdict, Verdicts};
use super::{Found, problem};
use std::ops::ControlFlow;

/// Deeper jumps than this are refused; nft refuses deeper ones than 16.
const MOST_JUMPS: usize = 16;
/// More rules than these are refused.
const MOST_RULES: usize = 100_000;
/// More rules that count than these are refused: each becomes an element, or several.
const MOST_COUNTERS: usize = 500;

/// Rules up to one that asks, or to the end.
#[derive(Debug, Default)]
pub struct Piece {
    /// The first one that holds decides.
    pub rules: Vec<Decision>,
    /// What follows; none: nothing.
    pub asks: Option<Asks>,
}

/// A rule that decides.
#[derive(Debug)]
pub struct Decision {
    /// The packets of which it holds, as a pattern.
    pub pattern: String,
    pub ending: Ending,
}

/// What becomes of packets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ending {
    pub fate: Fate,
    /// What counts them.
    pub counter: Option<String>,
}

impl Ending {
    pub const ACCEPT: Ending = Ending { fate: Fate::Accept, counter: None };
    pub const DROP: Ending = Ending { fate: Fate::Drop, counter: None };
}

/// Whether packets pass.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    Drop,
    Reject(Reason),
    Accept,
}

/// A rule behind which packets may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asks {
    /// The packets that it is about, as a pattern.
    pub pattern: String,
    pub question: Question,
}

/// What it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether the limit holds: then this is the end.
    Limit(Limit, Ending),
    /// Nothing: it counts them.
    Count(String),
}

/// The rules for packets from device `from` to device `to`.
pub fn pieces(ruleset: &Ruleset, from: &str, to: &str) -> Found<Vec<Piece>> {
    let Some((table, name, accepts)) = &ruleset.forward else {
        return problem(1, "there is no chain with 'type filter hook forward'");
    };
    let pieces = vec![Piece::default()];
    let mut list = List { ruleset, table, devices: (from, to), pieces, rules: 0, counters: 0, depth: 0 };
    // A table of one family is not asked about packets of the other one.
    let family = &ruleset.chains[&(table.clone(), name.clone())].family;
    let ours = match family.as_str() {
        "ip" => Condition::test("ip vers 4"),
        "ip6" => Condition::test("ip vers 6"),
        _ => Condition::Constant(true),
    };
    list.decide(ours.clone().not(), Ending::ACCEPT)?;
    list.chain(name, Condition::Constant(true))?;
    list.decide(Condition::Constant(true), if *accepts { Ending::ACCEPT } else { Ending::DROP })?;
    Ok(list.pieces)
}

struct List<'r> {
    ruleset: &'r Ruleset,
    table: &'r str,
    devices: (&'r str, &'r str),
    pieces: Vec<Piece>,
    rules: usize,
    counters: usize,
    depth: usize,
}

impl List<'_> {
    /// What holds ends so.
    fn decide(&mut self, condition: Condition, ending: Ending) -> Found<()> {
        if condition == Condition::Constant(false) {
            return Ok(());
        }
        self.count()?;
        self.last().rules.push(Decision { pattern: condition.text(), ending });
        Ok(())
    }

    /// What holds is asked about.
    fn ask(&mut self, condition: Condition, question: Question) -> Found<()> {
        if condition == Condition::Constant(false) {
            return Ok(());
        }
        self.count()?;
        self.last().asks = Some(Asks { pattern: condition.text(), question });
        self.pieces.push(Piece::default());
        Ok(())
    }

    fn last(&mut self) -> &mut Piece {
        self.pieces.last_mut().expect("there is always one")
    }

    fn count(&mut self) -> Found<()> {
        self.rules += 1;
        if self.rules > MOST_RULES {
            return problem(1, format!("the rules become more than {MOST_RULES}: their chains jump too often"));
        }
        Ok(())
    }

    /// The rules of a chain for packets of which `guard` holds. What none of them decides goes on behind it.
    fn chain(&mut self, name: &str, mut guard: Condition) -> Found<()> {
        let chain: &Chain = &self.ruleset.chains[&(self.table.to_string(), name.to_string())];
        for rule in &chain.rules {
            let rule = rule.as_ref().map_err(Clone::clone)?;
            let mut parts = Vec::new();
            for found in &rule.matches {
                parts.push(found.subject.condition(found.negated, &found.values, self.devices, rule.line)?);
            }
            if let Verdicts::One(Verdict::Reject(Reason { version: Some(version), .. })) = &rule.verdicts {
                parts.push(Condition::test(format!("ip vers {version}")));
            }
            let own = Condition::all(parts);
            let holds = Condition::all([guard.clone(), own.clone()]);
            let ControlFlow::Continue(counter) = self.statements(rule, holds)? else { continue };
            match &rule.verdicts {
                Verdicts::None => {}
                Verdicts::One(verdict) => self.verdict(verdict, counter, own, &mut guard, rule.line)?,
                Verdicts::Map(subject, entries) => {
                    for (value, verdict) in entries {
                        let one = subject.condition(false, std::slice::from_ref(value), self.devices, rule.line)?;
                        self.verdict(verdict, None, Condition::all([own.clone(), one]), &mut guard, rule.line)?;
                    }
                }
            }
            if guard == Condition::Constant(false) {
                break;
            }
        }
        Ok(())
    }

    /// What a rule does in front of its verdict, for packets of which `holds` holds. Its verdict goes on, perhaps with a counter, unless a limit
    /// has taken it, too.
    fn statements(&mut self, rule: &Rule, holds: Condition) -> Found<ControlFlow<(), Option<String>>> {
        self.counters += usize::from(rule.statements.contains(&Statement::Count));
        if self.counters > MOST_COUNTERS {
            return problem(rule.line, format!("more than {MOST_COUNTERS} rules with counters are not supported"));
        }
        let ending = |counts: bool| match &rule.verdicts {
            Verdicts::One(verdict) => {
                verdict.fate().map(|fate| Ending { fate, counter: counts.then(|| rule.name.clone()) })
            }
            _ => None,
        };
        let mut statements = rule.statements.iter().peekable();
        while let Some(statement) = statements.next() {
            match statement {
                Statement::Limit(limit) => {
                    return match (ending(statements.next().is_some()), &rule.verdicts) {
                        (Some(ending), _) => {
                            self.ask(holds, Question::Limit(limit.clone(), ending))?;
                            Ok(ControlFlow::Break(()))
                        }
                        // Nothing is done with what it lets pass.
                        (None, Verdicts::None) if rule.statements.len() == 1 => Ok(ControlFlow::Break(())),
                        _ => problem(rule.line, "a limit is supported in front of accept, drop and reject only"),
                    };
                }
                Statement::Count if statements.peek().is_none() && ending(true).is_some() => {
                    return Ok(ControlFlow::Continue(Some(rule.name.clone())));
                }
                Statement::Count => self.ask(holds.clone(), Question::Count(rule.name.clone()))?,
            }
        }
        Ok(ControlFlow::Continue(None))
    }

    /// What becomes of packets of which `guard` and a rule's `own` condition hold. What returns is not in `guard` any more.
    fn verdict(
        &mut self,
        verdict: &Verdict,
        counter: Option<String>,
        own: Condition,
        guard: &mut Condition,
        line: usize,
    ) -> Found<()> {
        let holds = Condition::all([guard.clone(), own.clone()]);
        if holds == Condition::Constant(false) {
            return Ok(());
        }
        match (verdict.fate(), verdict) {
            (Some(fate), _) => self.decide(holds, Ending { fate, counter }),
            (None, Verdict::Jump(name) | Verdict::Goto(name)) => {
                if !self.ruleset.chains.contains_key(&(self.table.to_string(), name.clone())) {
                    return problem(line, format!("there is no chain '{name}' in this table"));
                }
                if self.depth == MOST_JUMPS {
                    return problem(line, format!("chains jump more than {MOST_JUMPS} deep"));
                }
                self.depth += 1;
                self.chain(name, holds)?;
                self.depth -= 1;
                // Behind a chain that was gone to, what called this one goes on.
                if let Verdict::Goto(_) = verdict {
                    *guard = Condition::all([guard.clone(), own.not()]);
                }
                Ok(())
            }
            (None, _) => {
                *guard = Condition::all([guard.clone(), own.not()]);
                Ok(())
            }
        }
    }
}

impl Verdict {
    /// What becomes of packets, if it is their end.
    fn fate(&self) -> Option<Fate> {
        match self {
            Verdict::Accept => Some(Fate::Accept),
            Verdict::Drop => Some(Fate::Drop),
            Verdict::Reject(reason) => Some(Fate::Reject(reason.clone())),
            Verdict::Jump(_) | Verdict::Goto(_) | Verdict::Return => None,
        }
    }
}
