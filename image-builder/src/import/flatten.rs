// SPDX-License-Identifier: Apache-2.0
//! Chains that jump to each other as one list of rules, in pieces between which limits stand.

use super::expression::Condition;
use super::parse::{Chain, Limit, Ruleset, Verdict, Verdicts};
use super::{Found, problem};
use std::fmt::Write;

/// Deeper jumps than this are refused; nft refuses deeper ones than 16.
const MOST_JUMPS: usize = 16;
/// More rules than these are refused.
const MOST_RULES: usize = 100_000;

/// Rules up to a limit, or to the end.
#[derive(Debug, Default)]
pub struct Piece {
    /// Arguments of a filter.
    pub rules: String,
    /// What follows; none: nothing.
    pub asks: Option<Asks>,
}

/// A rule with a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asks {
    /// The packets that it is asked about, as a pattern.
    pub pattern: String,
    pub limit: Limit,
    /// What becomes of those for which it holds.
    pub accepts: bool,
}

/// The rules for packets from device `from` to device `to`.
pub fn pieces(ruleset: &Ruleset, from: &str, to: &str) -> Found<Vec<Piece>> {
    let Some((table, name, accepts)) = &ruleset.forward else {
        return problem(1, "there is no chain with 'type filter hook forward'");
    };
    let pieces = vec![Piece::default()];
    let mut list = List { ruleset, table, devices: (from, to), pieces, rules: 0, depth: 0 };
    // A table of one family is not asked about packets of the other one.
    let family = &ruleset.chains[&(table.clone(), name.clone())].family;
    let ours = match family.as_str() {
        "ip" => Condition::test("ip vers 4"),
        "ip6" => Condition::test("ip vers 6"),
        _ => Condition::Constant(true),
    };
    list.decide(ours.clone().not(), true)?;
    list.chain(name, Condition::Constant(true))?;
    list.decide(Condition::Constant(true), *accepts)?;
    Ok(list.pieces)
}

struct List<'r> {
    ruleset: &'r Ruleset,
    table: &'r str,
    devices: (&'r str, &'r str),
    pieces: Vec<Piece>,
    rules: usize,
    depth: usize,
}

impl List<'_> {
    /// What holds is accepted, or dropped.
    fn decide(&mut self, condition: Condition, accepts: bool) -> Found<()> {
        if condition == Condition::Constant(false) {
            return Ok(());
        }
        self.count()?;
        let action = if accepts { "allow" } else { "deny" };
        let _ = writeln!(self.last().rules, "      {action} {},", condition.text());
        Ok(())
    }

    /// What holds is accepted, or dropped, if the limit holds, too.
    fn ask(&mut self, condition: Condition, limit: &Limit, accepts: bool) -> Found<()> {
        if condition == Condition::Constant(false) {
            return Ok(());
        }
        self.count()?;
        self.last().asks = Some(Asks { pattern: condition.text(), limit: limit.clone(), accepts });
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
            let own = Condition::all(parts);
            if let Some(limit) = &rule.limit {
                let accepts = match &rule.verdicts {
                    Verdicts::One(Verdict::Accept) => true,
                    Verdicts::One(Verdict::Drop) => false,
                    Verdicts::None => continue,
                    _ => return problem(rule.line, "a limit is supported in front of accept, drop and reject only"),
                };
                self.ask(Condition::all([guard.clone(), own]), limit, accepts)?;
                continue;
            }
            match &rule.verdicts {
                Verdicts::None => {}
                Verdicts::One(verdict) => self.verdict(verdict, own, &mut guard, rule.line)?,
                Verdicts::Map(subject, entries) => {
                    for (value, verdict) in entries {
                        let one = subject.condition(false, std::slice::from_ref(value), self.devices, rule.line)?;
                        self.verdict(verdict, Condition::all([own.clone(), one]), &mut guard, rule.line)?;
                    }
                }
            }
            if guard == Condition::Constant(false) {
                break;
            }
        }
        Ok(())
    }

    /// What becomes of packets of which `guard` and a rule's `own` condition hold. What returns is not in `guard` any more.
    fn verdict(&mut self, verdict: &Verdict, own: Condition, guard: &mut Condition, line: usize) -> Found<()> {
        let holds = Condition::all([guard.clone(), own.clone()]);
        if holds == Condition::Constant(false) {
            return Ok(());
        }
        match verdict {
            Verdict::Accept => self.decide(holds, true),
            Verdict::Drop => self.decide(holds, false),
            Verdict::Return => {
                *guard = Condition::all([guard.clone(), own.not()]);
                Ok(())
            }
            Verdict::Jump(name) | Verdict::Goto(name) => {
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
        }
    }
}
