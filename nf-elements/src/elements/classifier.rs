// SPDX-License-Identifier: Apache-2.0
//! # Classifier
//! `Classifier(PATTERN, …)` — sorts packets by their bytes.
//!
//! **Ports:** one input, an output per pattern, push.
//!
//! **Description:** a packet leaves by the output of the first pattern that it matches; one that matches none is dropped.
//! A pattern is a list of clauses, all of which must match: `OFFSET/VALUE` or `OFFSET/VALUE%MASK`. OFFSET is decimal, in bytes
//! from the packet's front. VALUE and MASK are hexadecimal, two digits a byte; `?` as a digit of VALUE stands for any; bits
//! that are 0 in MASK do not count. `!` before a clause negates it. `-` is the pattern that every packet matches.
//!
//! A clause does not match a packet that ends before the clause's last byte; its negation then does.
//!
//! **Notes:** Click warns of patterns that no packet can reach; this element does not.
//!
//! **Handlers:** `patterns` (read: how many), `program` (read: the decisions, a node a line), `count` (read), `no_match` (drops).
//!
//! **Example:** `FromDevice(lan) -> c :: Classifier(12/0806 20/0001, 12/0800, -) -> Discard; c[1] -> Discard; c[2] -> Discard;`
//!
//! **See also:** `IPClassifier`, `IPFilter`.

use crate::filter::{DataWords, Decide, Diagram, NO_MATCH};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct Classifier<D = &'static Diagram> {
    patterns: u32,
    decisions: D,
    count: u64,
    no_match: u64,
}

impl<D: Decide> Classifier<D> {
    /// Sorts by `decisions`, which `patterns` patterns became.
    pub const fn new(patterns: u32, decisions: D) -> Self {
        Classifier { patterns, decisions, count: 0, no_match: 0 }
    }
}

impl<D: Decide> Element for Classifier<D> {
    const SPEC: Spec = Spec {
        class: "Classifier",
        category: Category::Classification,
        summary: "sorts packets by their bytes",
        ports: "1/-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[Argument { name: "PATTERN", kind: ArgumentKind::List, doc: "which packets leave by this output" }],
        handlers: &[
            Handler { name: "patterns", kind: HandlerKind::Read, doc: "number of patterns" },
            Handler { name: "program", kind: HandlerKind::Read, doc: "the decisions that the patterns became" },
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets that came in" },
            Handler { name: "no_match", kind: HandlerKind::Drops, doc: "packets that no pattern matched" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "patterns" => write!(out, "{}", self.patterns)?,
            "program" => write!(out, "{}", self.decisions.diagram())?,
            "count" => write!(out, "{}", self.count)?,
            "no_match" => write!(out, "{}", self.no_match)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Classifier {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let texts = arguments.one_per_output(surroundings.outputs)?;
        let mut patterns = Vec::with_capacity(texts.len());
        for (index, text) in &texts {
            match crate::filter::parse_clauses(&text.value) {
                Ok(clauses) => patterns.push(clauses),
                Err(errors) => arguments.pattern_errors(*index, errors),
            }
        }
        if patterns.len() < texts.len() {
            return None;
        }
        Some(arguments.compiled(crate::filter::compile_clauses(&patterns))?.instance("Classifier", patterns.len()))
    }
}

impl<D: Decide> Route for Classifier<D> {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        self.count += 1;
        match self.decisions.leaf(&DataWords::new(packet.data())) {
            NO_MATCH => {
                self.no_match += 1;
                None
            }
            output => Some(output.into()),
        }
    }
}

#[cfg(all(test, feature = "host"))]
mod tests;
