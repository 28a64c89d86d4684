// SPDX-License-Identifier: Apache-2.0
//! What a director tells, and what it can be told.

use super::FlowDirector;
use crate::HandlerError;
use crate::flow_table::FlowKey;
use crate::spec::{Handler, HandlerKind};
use core::fmt;
use core::net::IpAddr;

/// Flows that `table` lists if nobody says how many.
const LISTED: usize = 256;

pub(super) const HANDLERS: &[Handler] = &[
    Handler { name: "add", kind: HandlerKind::Write, doc: "puts a flow in: ADDRESS PORT ADDRESS PORT PROTOCOL CHAIN" },
    Handler { name: "remove", kind: HandlerKind::Write, doc: "takes a flow out" },
    Handler { name: "clear", kind: HandlerKind::Write, doc: "forgets all flows but those that were added" },
    Handler { name: "table", kind: HandlerKind::Read, doc: "flows with their chains" },
    Handler { name: "flows", kind: HandlerKind::Read, doc: "flows in the table" },
    Handler { name: "count", kind: HandlerKind::Read, doc: "frames that came in" },
    Handler { name: "by_rule", kind: HandlerKind::Read, doc: "of these, the first ones of their flows" },
    Handler { name: "learned", kind: HandlerKind::Read, doc: "flows learned from frames that left" },
    Handler { name: "evicted", kind: HandlerKind::Read, doc: "flows forgotten for others" },
    Handler { name: "no_match", kind: HandlerKind::Drops, doc: "frames that no rule matched" },
];

impl FlowDirector {
    pub(super) fn read(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "flows" => write!(out, "{}", self.table.flows(self.now).count())?,
            "count" => write!(out, "{}", self.count)?,
            "by_rule" => write!(out, "{}", self.by_rule)?,
            "learned" => write!(out, "{}", self.learned)?,
            "evicted" => write!(out, "{}", self.table.evicted)?,
            "no_match" => write!(out, "{}", self.no_match)?,
            _ => match name.split_once(' ').unwrap_or((name, "")) {
                ("table", "") => self.list(LISTED, out)?,
                ("table", most) => self.list(most.trim().parse().map_err(|_| HandlerError::BadValue)?, out)?,
                _ => return Err(HandlerError::Unknown),
            },
        }
        Ok(())
    }

    fn list(&self, most: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        for (key, fate, _) in self.table.flows(self.now).take(most) {
            let chain = self.rules.chains.iter().find(|chain| chain.annotation == fate.chain);
            let kept = if fate.kept { " added" } else { "" };
            writeln!(out, "{key} {}{kept}", chain.map_or("-", |chain| chain.name))?;
        }
        Ok(())
    }

    pub(super) fn write(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let mut words = value.split_whitespace();
        match name {
            "add" => {
                let key = flow(&mut words).ok_or(HandlerError::BadValue)?;
                let chain = words.next().filter(|_| words.next().is_none()).ok_or(HandlerError::BadValue)?;
                let chain = self.rules.chains.iter().find(|known| known.name == chain);
                let annotation = chain.ok_or(HandlerError::BadValue)?.annotation;
                // All places where it could be are taken by flows that were added.
                let place = self.table.insert(&key, key.hash(), self.now).ok_or(HandlerError::TooLong)?;
                let fate = self.table.memo_mut(place);
                (fate.chain, fate.kept) = (annotation, true);
            }
            "remove" => {
                let key = flow(&mut words).filter(|_| words.next().is_none()).ok_or(HandlerError::BadValue)?;
                let place = self.table.find(&key, key.hash(), self.now).ok_or(HandlerError::BadValue)?;
                self.table.remove(place);
            }
            "clear" => self.table.forget_yielding(),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

/// `ADDRESS PORT ADDRESS PORT PROTOCOL`
fn flow<'t>(words: &mut impl Iterator<Item = &'t str>) -> Option<FlowKey> {
    let mut end = || Some((words.next()?.parse::<IpAddr>().ok()?, words.next()?.parse::<u16>().ok()?));
    let (source, destination) = (end()?, end()?);
    FlowKey::new(words.next()?.parse().ok()?, source, destination)
}
