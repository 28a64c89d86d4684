// SPDX-License-Identifier: Apache-2.0
//! The rewriters' handlers.

use super::{Flow, FlowId, Ipv4, Kind, Rewriter, Specification};
use crate::{Element, HandlerError, Spec};
use core::fmt::{self, Write};

/// Most flows that a handler lists, if it is not told how many.
const LISTED: usize = 256;

/// A rewriter's handlers: those given, and those that all have.
macro_rules! handlers {
    ($($name:literal: $doc:literal),*) => {{
        use $crate::spec::{Handler, HandlerKind};
        &[
            $(Handler { name: $name, kind: HandlerKind::Read, doc: $doc },)*
            Handler { name: "table_size", kind: HandlerKind::Read, doc: "flows that its inputs began" },
            Handler { name: "nmappings", kind: HandlerKind::Read, doc: "table_size, as it was called" },
            Handler { name: "size", kind: HandlerKind::Read, doc: "flows" },
            Handler { name: "capacity", kind: HandlerKind::ReadWrite, doc: "most flows, up to MAPPING_CAPACITY" },
            Handler { name: "patterns", kind: HandlerKind::Read, doc: "what each input does; the flows it began" },
            Handler { name: "pattern0", kind: HandlerKind::ReadWrite, doc: "the same of input 0; pattern1 of input 1, …" },
            Handler { name: "clear", kind: HandlerKind::Write, doc: "ends all flows" },
            Handler { name: "mapping_failures", kind: HandlerKind::Drops, doc: "packets that could begin no flow" },
            Handler { name: "dropped", kind: HandlerKind::Drops, doc: "packets that an input's 'drop' dropped" },
            Handler { name: "not_rewritable", kind: HandlerKind::Drops, doc: "fragments, other protocols, short packets" },
        ]
    }};
}
pub(crate) use handlers;

impl<K: Kind, const N: usize> Rewriter<K, N> {
    /// The input whose pattern a handler is.
    fn input(name: &str) -> Option<usize> {
        name.strip_prefix("pattern")?.parse().ok().filter(|input| *input < N)
    }

    fn write_pattern(&self, input: usize, out: &mut dyn Write) -> fmt::Result {
        let Some(specification) = self.inputs.get(input) else { return Ok(()) };
        write!(out, "{specification}")?;
        match self.table.counts.get(input) {
            Some(0) | None => out.write_char('\n'),
            Some(count) => writeln!(out, " [{count}]"),
        }
    }

    /// Lists flows, both directions of each.
    fn list(&self, name: &str, most: usize, out: &mut dyn Write) -> Result<(), HandlerError> {
        let flows = self.table.flows().filter(|flow| K::lists(name, flow.protocol) == Some(true));
        let mut left = 0;
        for (count, flow) in flows.enumerate() {
            if count >= most {
                left += 1;
                continue;
            }
            for direction in 0..2 {
                self.kind.describe(flow, direction, out)?;
                self.write_outputs(flow, direction, out)?;
            }
        }
        if left > 0 {
            writeln!(out, "... {left} more")?;
        }
        Ok(())
    }

    /// The outputs, the input and the seconds that are left.
    fn write_outputs(&self, flow: &Flow, direction: usize, out: &mut dyn Write) -> fmt::Result {
        let stars = if direction == 0 { ["*", ""] } else { ["", "*"] };
        let timeout_ms = self.timing.timeouts_ms.get(usize::from(flow.age)).copied().unwrap_or(0);
        let left_ms = i64::from(timeout_ms) - i64::from(self.now_ms.wrapping_sub(flow.last_ms));
        let [forward, reply] = flow.outputs;
        let seconds = (left_ms + 500).div_euclid(1000);
        writeln!(out, " [{}{forward} {}{reply}] i{} exp{seconds}", stars[0], stars[1], flow.input)
    }

    fn look_up(&self, map: u8, flow: &str, out: &mut dyn Write) -> Result<(), HandlerError> {
        let id = FlowId::parse(flow).ok_or(HandlerError::BadValue)?;
        if let Some(entry) = self.table.find(map, &id) {
            let new = self.table.flow(entry.flow()).rewritten(entry.direction());
            let (source, destination) = (Ipv4(new.source), Ipv4(new.destination));
            write!(out, "{source} {} {destination} {}", new.source_port, new.destination_port)?;
        }
        Ok(())
    }
}

impl<K: Kind, const N: usize> Element for Rewriter<K, N> {
    const SPEC: Spec = K::SPEC;

    fn read_handler(&self, name: &str, out: &mut dyn Write) -> Result<(), HandlerError> {
        let (name, parameter) = name.split_once(' ').unwrap_or((name, ""));
        if K::lists(name, 0).is_some() {
            let most = if parameter.trim().is_empty() { Ok(LISTED) } else { parameter.trim().parse() };
            return self.list(name, most.map_err(|_| HandlerError::BadValue)?, out);
        }
        if let Some(map) = K::looks_up(name) {
            return self.look_up(map, parameter, out);
        }
        match name {
            "table_size" | "nmappings" => write!(out, "{}", self.table.counts.iter().sum::<u32>())?,
            "size" => write!(out, "{}", self.table.size())?,
            "capacity" => write!(out, "{}", self.table.capacity)?,
            "mapping_failures" => write!(out, "{}", self.failures.iter().sum::<u64>())?,
            "dropped" => write!(out, "{}", self.dropped)?,
            "not_rewritable" => write!(out, "{}", self.not_rewritable)?,
            "patterns" => (0..N).try_for_each(|input| self.write_pattern(input, out))?,
            _ => self.write_pattern(Self::input(name).ok_or(HandlerError::Unknown)?, out)?,
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "clear" => self.table.remove_if(|_| true),
            "capacity" => {
                let capacity = value.trim().parse().map_err(|_| HandlerError::BadValue)?;
                self.table.set_capacity(capacity, self.now_ms, &self.timing);
            }
            _ => {
                let input = Self::input(name).ok_or(HandlerError::Unknown)?;
                let specification = Specification::parse(value, self.outputs, |_| None);
                let specification = specification.map_err(|_| HandlerError::BadValue)?;
                self.table.remove_if(|flow| usize::from(flow.input) == input);
                (self.inputs[input], self.failures[input]) = (specification, 0);
            }
        }
        Ok(())
    }
}
