// SPDX-License-Identifier: Apache-2.0
//! How a rewriter's arguments become the expression that builds it.

use super::ahead::MANY_PLACES;
use super::specification::with_outputs;
use super::{Block, Kind, Pattern, PatternError, Rewriter, Specification, Target, arguments, reading};
use crate::configure::{Arguments, Configure, Instance, Peer, Surroundings};

/// The classes that choose patterns for flows.
const MAPPERS: &[&str] = &["RoundRobinIPMapper", "SourceIPHashMapper"];
/// Most mappers of a rewriter.
const MOST_MAPPERS: usize = 4;

impl<K: Kind, const N: usize> Configure for Rewriter<K, N> {
    fn configure(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<Instance> {
        let capacity = reading::capacity(arguments);
        let timing = K::timing(arguments)?;
        let has = |name: &str| K::SPEC.arguments.iter().any(|argument| argument.name == name);
        let destination = !has("DST_ANNO") || arguments.keyword("DST_ANNO").unwrap_or(true);
        let reply = reading::reply_annotation(arguments);
        let rest = arguments.rest();
        let count = rest.len();
        if count != surroundings.inputs || count == 0 {
            let message =
                format!("{} needs one INPUTSPEC per input: {count} for {}", K::SPEC.class, surroundings.inputs);
            arguments.error(message, Some(arguments.usage()));
            return None;
        }
        let (mut inputs, mut peers) = (Vec::new(), Vec::new());
        for (index, text) in rest {
            inputs.push(specification(arguments, surroundings, index, &text.value, &mut peers)?);
        }
        let inputs: Vec<_> = inputs.iter().map(Specification::expression).collect();
        let expression = format!(
            "{}::<{count}>::new([{}], {}, {capacity}, nf_elements::flows::{timing:?}, {destination}, {reply})",
            K::RUST,
            inputs.join(", "),
            surroundings.outputs,
        );
        let instance = Instance::new(format!("{}<{count}>", K::RUST), expression)
            .looking_ahead(K::FOUND_BY_NAME && capacity >= MANY_PLACES);
        let (block, blocks) = ("nf_elements::flows::Block", Block::count(capacity));
        Some(instance.with_peers(peers).with_memory(block, format!("{block}::EMPTY"), blocks))
    }
}

/// An input's specification; a mapper's name becomes a peer.
fn specification(
    arguments: &mut Arguments,
    surroundings: &Surroundings,
    index: usize,
    text: &str,
    peers: &mut Vec<Peer>,
) -> Option<Specification> {
    let error = match Specification::parse(text, surroundings.outputs, |name| named(surroundings, name)) {
        Ok(specification) => return Some(specification),
        Err(PatternError::Specification) if is_name(text) && peers.len() < MOST_MAPPERS => {
            let number = peers.iter().position(|peer| peer.name == text).unwrap_or(peers.len());
            if number == peers.len() {
                peers.push(Peer { argument: index, name: text.into(), classes: MAPPERS });
            }
            return Some(Specification::Mapper(number));
        }
        Err(error) => error,
    };
    arguments.error_at(
        index,
        0..text.len(),
        format!("'{text}': {error}"),
        Some(arguments::INPUT_SPECIFICATION.doc.into()),
    );
    None
}

/// Whether `text` can be an element's name.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'/'))
}

/// The pattern of that name, which an `IPRewriterPatterns` has.
fn named(surroundings: &Surroundings, name: &str) -> Option<Pattern> {
    let all = surroundings.information.iter().filter(|information| information.class == "IPRewriterPatterns");
    let words = all.flat_map(|information| &information.arguments).find_map(|argument| {
        let mut words = argument.split_ascii_whitespace();
        (words.next() == Some(name)).then(|| words.collect::<Vec<_>>())
    })?;
    Pattern::parse(&words).ok()
}

/// A mapper's target, `PATTERN FOUTPUT ROUTPUT`: reported if it is wrong.
pub(crate) fn target(
    arguments: &mut Arguments,
    surroundings: &Surroundings,
    index: usize,
    text: &str,
) -> Option<Target> {
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    // The rewriter checks the outputs, which are its own.
    match with_outputs(&words, usize::from(u8::MAX), |name| named(surroundings, name)) {
        Ok((pattern, outputs)) => Some(Target { pattern, outputs }),
        Err(error) => {
            let wanted = Some("a pattern (or its name), FOUTPUT and ROUTPUT".into());
            arguments.error_at(index, 0..text.len(), format!("'{text}': {error}"), wanted);
            None
        }
    }
}

impl Specification {
    /// As Rust has it.
    fn expression(&self) -> String {
        match self {
            Specification::Pattern(pattern, outputs) => {
                format!("nf_elements::flows::Specification::Pattern({}, {outputs:?})", pattern.expression())
            }
            other => format!("nf_elements::flows::Specification::{other:?}"),
        }
    }
}

impl Pattern {
    /// As Rust has it.
    pub(crate) fn expression(&self) -> String {
        format!("nf_elements::flows::{self:?}")
    }
}

impl Target {
    /// As Rust has it.
    pub(crate) fn expression(&self) -> String {
        let Target { pattern, outputs } = self;
        format!("nf_elements::flows::Target {{ pattern: {}, outputs: {outputs:?} }}", pattern.expression())
    }
}
