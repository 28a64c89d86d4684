// SPDX-License-Identifier: Apache-2.0
//! A director's arguments.

use super::FlowDirector;
use crate::Annotations;
use crate::flow_table::with_flows;
use crate::configure::{Arguments, Configure, Instance, Nanoseconds, Surroundings};
use crate::filter::{compile_rules, of_ipv6, parse_pattern};

/// Flows that are held if nobody says how many.
const FLOWS: usize = 65_536;
/// Most flows.
const MOST_FLOWS: usize = 1 << 24;
/// Most chains: those of a `ChainHop`.
const MOST_CHAINS: i32 = 250;

impl Configure for FlowDirector {
    fn configure(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<Instance> {
        let chains = chains(arguments);
        let default: Option<String> = arguments.keyword("DEFAULT");
        let default = default.map(|name| {
            let annotation = annotation(&chains, &name);
            if annotation.is_none() {
                arguments.error_last(format!("'{name}'"), wanted(&chains));
            }
            annotation.unwrap_or(0)
        });
        let flows = arguments.keyword("FLOWS").unwrap_or(FLOWS);
        if !(1..=MOST_FLOWS).contains(&flows) {
            arguments.error_last(format!("'{flows}' flows"), format!("1 to {MOST_FLOWS}"));
        }
        let Nanoseconds(timeout_ns) = arguments.keyword("TIMEOUT").unwrap_or(Nanoseconds(300_000_000_000));
        let (patterns, annotations) = rules(arguments, &chains)?;
        if annotations.is_empty() && default.is_none() {
            arguments.error("a FlowDirector without rules", Some(arguments.usage()));
        }
        if surroundings.inputs != surroundings.outputs {
            arguments.error("frames that come in and do not leave", Some("output 1 behind input 1".into()));
        }
        let numbered = patterns.iter().zip(0..);
        let diagram = arguments.compiled(compile_rules(numbered))?.expression();
        let patterns6: Vec<_> = patterns.iter().map(of_ipv6).collect();
        let diagram6 = arguments.compiled(compile_rules(patterns6.iter().zip(0..)))?.expression();
        let chains: Vec<_> = chains
            .iter()
            .map(|(name, annotation)| format!("flow_director::Chain {{ name: {name:?}, annotation: {annotation} }}"))
            .collect();
        let rules = format!(
            "flow_director::Rules {{ chains: &[{}], diagram: &{diagram}, diagram6: &{diagram6}, annotations: &{annotations:?}, default: {} }}",
            chains.join(", "),
            default.unwrap_or(0),
        );
        let timeout = (timeout_ns >> 30).min(u32::MAX.into());
        let instance = Instance::new("FlowDirector", format!("FlowDirector::new({rules}, {timeout})"));
        Some(with_flows(instance, "chains", flows).looking_ahead(true))
    }
}

/// `NAME NUMBER`: the annotation of each chain.
fn chains(arguments: &mut Arguments) -> Vec<(String, u16)> {
    let mut chains: Vec<(String, u16)> = Vec::new();
    while let Some(text) = arguments.keyword::<String>("CHAIN") {
        let chain = match text.split_whitespace().collect::<Vec<_>>()[..] {
            [name, number] if chains.iter().all(|(other, _)| other != name) => {
                let number = number.parse().ok().filter(|number: &i32| (1..=MOST_CHAINS).contains(&number.abs()));
                number.map(|number| {
                    let back = if number < 0 { Annotations::BACKWARD } else { 0 };
                    (name.to_string(), number.unsigned_abs() as u16 | back)
                })
            }
            _ => None,
        };
        match chain {
            Some(chain) => chains.push(chain),
            None => arguments.error_last(
                format!("'{text}'"),
                format!("NAME NUMBER, the number up to {MOST_CHAINS}, with a minus where frames go the chain back"),
            ),
        }
    }
    chains
}

fn annotation(chains: &[(String, u16)], name: &str) -> Option<u16> {
    chains.iter().find(|(known, _)| known == name).map(|(_, annotation)| *annotation)
}

fn wanted(chains: &[(String, u16)]) -> String {
    let names: Vec<_> = chains.iter().map(|(name, _)| name.as_str()).collect();
    format!("the name of a CHAIN: {}", names.join(", "))
}

/// `NAME PATTERN`: the patterns, and the annotation that each gives.
fn rules(arguments: &mut Arguments, chains: &[(String, u16)]) -> Option<(Vec<crate::filter::ast::Pattern>, Vec<u16>)> {
    let (mut patterns, mut annotations, mut sound) = (Vec::new(), Vec::new(), true);
    for (index, text) in arguments.rest() {
        let name_length = text.value.find(char::is_whitespace).unwrap_or(text.value.len());
        let (name, pattern) = text.value.split_at(name_length);
        match annotation(chains, name) {
            Some(annotation) => annotations.push(annotation),
            None => arguments.error_at(index, 0..name_length, format!("'{name}'"), Some(wanted(chains))),
        }
        let start = text.value.len() - pattern.trim_start().len();
        match parse_pattern(&text.value[start..]) {
            Ok(pattern) => patterns.push(pattern),
            Err(errors) => {
                sound = false;
                for error in errors {
                    let span = error.span.start + start..error.span.end + start;
                    arguments.error_at(index, span, error.message, error.wanted);
                }
            }
        }
        sound &= patterns.len() == annotations.len();
    }
    sound.then_some((patterns, annotations))
}
