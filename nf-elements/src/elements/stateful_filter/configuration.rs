// SPDX-License-Identifier: Apache-2.0
//! A StatefulFilter's arguments: its rules become code, or data.

use super::StatefulFilter;
use crate::configure::{Arguments, Configure, Instance, Surroundings};
use crate::conntrack::State;
use crate::filter::ast::{Operator, Pattern, Subject};
use crate::filter::{NO_MATCH, Rule, book, compile_rules, of_ipv6, parse_tracked_rule, rules_of_file};

/// More rules than these are data.
const MOST_AS_CODE: usize = 4096;
/// Most bytes that can be set aside.
const MOST_CAPACITY: usize = 256 << 20;
/// Most bad lines of a file that are shown.
const SHOWN: usize = 20;

impl Configure for StatefulFilter {
    fn configure(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<Instance> {
        let tracker = arguments.required_peer("CONNTRACK", &["ConnTrack"]);
        let capacity = arguments.keyword("CAPACITY").unwrap_or(0);
        if capacity > MOST_CAPACITY {
            arguments.error_last(format!("'{capacity}' bytes"), format!("0 to {MOST_CAPACITY}"));
        }
        let undecided = undecided(arguments, surroundings.outputs);
        let rules = rules(arguments, surroundings.outputs)?;
        let instance = match rules.len() > MOST_AS_CODE || capacity > 0 {
            true => data(arguments, &rules, surroundings.outputs, capacity, undecided),
            false => code(arguments, &rules, undecided),
        };
        Some(instance?.with_peers(vec![tracker?]))
    }
}

/// The outputs of UNDECIDED, a bit each.
fn undecided(arguments: &mut Arguments, outputs: usize) -> u64 {
    let Some(text) = arguments.keyword::<String>("UNDECIDED") else { return 0 };
    let most = outputs.min(64);
    let mut bits = 0;
    for word in text.split_whitespace() {
        match word.parse::<usize>() {
            Ok(output) if output < most => bits |= 1 << output,
            _ => arguments.error_last(format!("'{word}' is no output"), format!("0 to {}", most.saturating_sub(1))),
        }
    }
    bits
}

/// What rules say of all packets of that state, if it is one thing.
fn leaf_of_state(rules: &[Rule], state: State) -> Option<u16> {
    for rule in rules {
        match holds(&rule.pattern, state) {
            Some(true) => return Some(rule.action.leaf()),
            Some(false) => {}
            None => return None,
        }
    }
    Some(NO_MATCH)
}

/// Whether a pattern holds for all packets of that state, or for none; nothing if it asks more.
fn holds(pattern: &Pattern, state: State) -> Option<bool> {
    match pattern {
        Pattern::Constant(value) => Some(*value),
        Pattern::Primitive(test) => {
            let is_state = test.subject == Subject::State && test.mask.is_none() && test.operator == Operator::Equal;
            (is_state && test.value.0 == test.value.1).then_some(test.value.0 == state as u32)
        }
        Pattern::Not(inner) => holds(inner, state).map(|holds| !holds),
        Pattern::All(parts) => joined(parts, state, false),
        Pattern::Any(parts) => joined(parts, state, true),
        Pattern::Choice(parts) => {
            let [condition, yes, no] = &**parts;
            holds(if holds(condition, state)? { yes } else { no }, state)
        }
    }
}

/// What decides if one of `parts` is that; otherwise all must be known.
fn joined(parts: &[Pattern], state: State, decides: bool) -> Option<bool> {
    let known: Vec<_> = parts.iter().map(|part| holds(part, state)).collect();
    if known.contains(&Some(decides)) {
        return Some(decides);
    }
    (!known.contains(&None)).then_some(!decides)
}

/// The rules of FILE and those behind them.
fn rules(arguments: &mut Arguments, outputs: usize) -> Option<Vec<Rule>> {
    let from_file = file(arguments, outputs);
    let texts = arguments.rest();
    let mut rules = from_file.clone().unwrap_or_default();
    let wanted = rules.len() + texts.len();
    for (index, text) in &texts {
        match parse_tracked_rule(&text.value, outputs) {
            Ok(rule) => rules.push(rule),
            Err(errors) => arguments.pattern_errors(*index, errors),
        }
    }
    if from_file.is_some() && wanted == 0 {
        arguments.error("no rule", Some("StatefulFilter(CONNTRACK, ACTION PATTERN, …)".into()));
    }
    (from_file.is_some() && rules.len() == wanted.max(1)).then_some(rules)
}

/// The rules of FILE: none if there is no such argument, and nothing if they are wrong.
fn file(arguments: &mut Arguments, outputs: usize) -> Option<Vec<Rule>> {
    let Some(name) = arguments.keyword::<String>("FILE") else { return Some(Vec::new()) };
    let name = name.trim_matches('"');
    let text = match std::fs::read_to_string(name) {
        Ok(text) => text,
        Err(error) => {
            arguments.error_last(format!("cannot read '{name}': {error}"), "a file of rules");
            return None;
        }
    };
    match rules_of_file(&text, outputs) {
        Ok(rules) => Some(rules),
        Err(bad) => {
            for bad in bad.iter().take(SHOWN) {
                for error in &bad.errors {
                    let message = format!("{name}:{}:{}: {}", bad.line, error.span.start + 1, error.message);
                    arguments.error(message, error.wanted.clone());
                }
            }
            None
        }
    }
}

fn code(arguments: &mut Arguments, rules: &[Rule], undecided: u64) -> Option<Instance> {
    let tables = compile_rules(rules.iter().map(|rule| (&rule.pattern, rule.action.leaf())));
    let patterns6: Vec<_> = rules.iter().map(|rule| of_ipv6(&rule.pattern)).collect();
    let tables6 = compile_rules(patterns6.iter().zip(rules).map(|(pattern, rule)| (pattern, rule.action.leaf())));
    let (tables, tables6) = (arguments.compiled(tables)?, arguments.compiled(tables6)?);
    let established = leaf_of_state(rules, State::Established);
    let rest = format!(", &{}, {established:?}, {undecided:#x}", tables6.expression());
    Some(tables.instance_with("StatefulFilter", rules.len(), &rest))
}

fn data(
    arguments: &mut Arguments,
    rules: &[Rule],
    outputs: usize,
    capacity: usize,
    undecided: u64,
) -> Option<Instance> {
    let book = book(rules).map_err(|error| arguments.error(error.to_string(), Some("fewer rules, or simpler ones".into()))).ok()?;
    let count = rules.len();
    let decisions = format!("nf_elements::filter::Replaceable::new({{data}}, {outputs})");
    let expression = format!("StatefulFilter::new({count}, {decisions}, &nf_elements::filter::NO_DIAGRAM, None, {undecided:#x})");
    let instance = Instance::new("StatefulFilter<nf_elements::filter::Replaceable>", expression).with_data(book);
    // Two halves: one is asked while the other one is filled.
    let words = 2 * capacity.div_ceil(size_of::<crate::filter::tree::Word>());
    Some(if words == 0 { instance } else { instance.with_memory("nf_elements::filter::tree::Word", "[0; 4]", words) })
}
