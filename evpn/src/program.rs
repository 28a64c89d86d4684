// SPDX-License-Identifier: Apache-2.0
//! What the VTEP was told, and what it is still to be told.

use crate::table::{Key, Target, Vtep, VtepError, Write};
use std::collections::{BTreeMap, BTreeSet};

/// Most bytes of the lines of one write: a message of the control channel has 4096 in all.
const BATCH_BYTES: usize = 3500;

/// What the VTEP is to know of a key.
pub enum Wanted {
    /// This.
    Entry(Target),
    /// Nothing.
    Nothing,
    /// What it has found out by itself, in place of what it was told.
    Its,
}

/// The VTEP's tables, as far as they are ours.
#[derive(Debug, Default)]
pub struct Program {
    installed: BTreeMap<Key, Target>,
    due: BTreeSet<Key>,
    refused: BTreeMap<Key, String>,
    uptime_ns: Option<u64>,
    gone: Option<String>,
}

/// A write, and what is so after it.
struct Change {
    key: Key,
    target: Option<Target>,
    write: Write,
}

impl Program {
    /// What it was told and has.
    pub fn installed(&self) -> &BTreeMap<Key, Target> {
        &self.installed
    }

    /// What it did not take, and why.
    pub fn refused(&self) -> &BTreeMap<Key, String> {
        &self.refused
    }

    /// Why it cannot be reached; none if it can.
    pub fn gone(&self) -> Option<&str> {
        self.gone.as_deref()
    }

    /// Something may have changed about these.
    pub fn reconsider(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.due.extend(keys);
    }

    /// Tries again what was refused: there may be room now.
    pub fn retry(&mut self) {
        self.due.extend(std::mem::take(&mut self.refused).into_keys());
    }

    /// Notes how it went to speak with the VTEP, and says so if that is news.
    pub fn note(&mut self, result: Result<(), VtepError>) -> Option<String> {
        let why = result.err().map(|error| error.to_string());
        let before = std::mem::replace(&mut self.gone, why);
        match (before, &self.gone) {
            (None, Some(why)) => Some(format!("the VTEP: {why}")),
            (Some(_), None) => Some("the VTEP answers again".into()),
            _ => None,
        }
    }

    /// Whether it is another one than the last time, whose tables are empty.
    pub fn is_new(&mut self, vtep: &mut impl Vtep) -> Result<bool, VtepError> {
        let uptime_ns = vtep.uptime_ns()?;
        let before = self.uptime_ns.replace(uptime_ns);
        let is_new = before.is_none_or(|before| uptime_ns < before);
        if is_new {
            self.installed.clear();
        }
        Ok(is_new)
    }

    /// Tells the VTEP all that is due.
    pub fn run(
        &mut self,
        vtep: &mut impl Vtep,
        wanted: impl Fn(&Key, Option<&Target>) -> Wanted,
    ) -> Result<(), VtepError> {
        let mut changes: BTreeMap<&'static str, Vec<Change>> = BTreeMap::new();
        for key in std::mem::take(&mut self.due) {
            self.refused.remove(&key);
            let had = self.installed.get(&key);
            let (target, write) = match wanted(&key, had) {
                Wanted::Entry(target) if had != Some(&target) => (Some(target), key.add(&target)),
                Wanted::Nothing if had.is_some() => (None, key.delete()),
                Wanted::Its => {
                    self.installed.remove(&key);
                    continue;
                }
                _ => continue,
            };
            changes.entry(write.handler).or_default().push(Change { key, target, write });
        }
        let mut left = changes.into_values().flatten().collect();
        let result = self.carry_out(vtep, &mut left);
        self.due.extend(left.into_iter().map(|change| change.key));
        result
    }

    /// Makes the changes, and leaves those that it could not make because the VTEP is gone.
    fn carry_out(&mut self, vtep: &mut impl Vtep, changes: &mut Vec<Change>) -> Result<(), VtepError> {
        while !changes.is_empty() {
            let batch = batch(changes);
            let lines: Vec<&str> = changes[..batch].iter().map(|change| change.write.value.as_str()).collect();
            let together = Write { handler: changes[0].write.handler, value: lines.join("\n") };
            match vtep.write(&together) {
                Ok(()) => changes.drain(..batch).for_each(|change| self.done(change)),
                // One of them: each by itself.
                Err(VtepError::Refused(_)) if batch > 1 => {
                    for _ in 0..batch {
                        self.carry_out_one(vtep, changes)?;
                    }
                }
                Err(VtepError::Refused(why)) => {
                    let change = changes.remove(0);
                    self.not_done(change, why);
                }
                Err(gone) => return Err(gone),
            }
        }
        Ok(())
    }

    fn carry_out_one(&mut self, vtep: &mut impl Vtep, changes: &mut Vec<Change>) -> Result<(), VtepError> {
        match vtep.write(&changes[0].write) {
            Ok(()) => {
                let change = changes.remove(0);
                self.done(change);
            }
            Err(VtepError::Refused(why)) => {
                let change = changes.remove(0);
                self.not_done(change, why);
            }
            Err(gone) => return Err(gone),
        }
        Ok(())
    }

    fn done(&mut self, change: Change) {
        match change.target {
            Some(target) => self.installed.insert(change.key, target),
            None => self.installed.remove(&change.key),
        };
    }

    fn not_done(&mut self, change: Change, why: String) {
        self.installed.remove(&change.key);
        // What cannot be taken out is not there.
        if change.target.is_some() {
            self.refused.insert(change.key, why);
        }
    }
}

/// How many of the first changes are of one handler and fit into one write.
fn batch(changes: &[Change]) -> usize {
    let mut bytes = 0;
    let fits = |change: &&Change| {
        bytes += change.write.value.len() + 1;
        bytes <= BATCH_BYTES && change.write.handler == changes[0].write.handler
    };
    changes.iter().take_while(fits).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::Recorded;

    fn key(number: u32) -> Key {
        Key::Flood(number.try_into().unwrap(), "10.9.0.2".parse().unwrap())
    }

    fn wanted(_: &Key, _: Option<&Target>) -> Wanted {
        Wanted::Entry(Target::Vtep("10.9.0.2".parse().unwrap()))
    }

    #[test]
    fn many_entries_take_few_writes() {
        let (mut program, mut vtep) = (Program::default(), Recorded::default());
        program.reconsider((1..=1000).map(key));
        program.run(&mut vtep, wanted).unwrap();
        assert_eq!((vtep.entries.len(), vtep.writes), (1000, 4));
        program.reconsider((1..=1000).map(key));
        program.run(&mut vtep, wanted).unwrap();
        assert_eq!(vtep.writes, 4);
        program.reconsider((1..=1000).map(key));
        program.run(&mut vtep, |_, _| Wanted::Nothing).unwrap();
        assert_eq!((vtep.entries.len(), program.installed().len()), (0, 0));
    }

    #[test]
    fn what_is_refused_is_known_and_the_others_are_there() {
        let (mut program, mut vtep) = (Program::default(), Recorded { room: 6, ..Recorded::default() });
        program.reconsider((1..=10).map(key));
        program.run(&mut vtep, wanted).unwrap();
        assert_eq!((vtep.entries.len(), program.installed().len(), program.refused().len()), (6, 6, 4));
        vtep.room = 100;
        program.retry();
        program.run(&mut vtep, wanted).unwrap();
        assert_eq!((program.installed().len(), program.refused().len()), (10, 0));
    }

    #[test]
    fn a_vtep_that_is_gone_is_told_all_when_it_is_back() {
        let (mut program, mut vtep) = (Program::default(), Recorded { is_gone: true, ..Recorded::default() });
        program.reconsider((1..=10).map(key));
        let result = program.run(&mut vtep, wanted);
        assert!(program.note(result).unwrap().contains("gone"));
        vtep.is_gone = false;
        let result = program.run(&mut vtep, wanted);
        assert!(program.note(result).unwrap().contains("again"));
        assert_eq!(vtep.entries.len(), 10);
        assert!(program.is_new(&mut vtep).unwrap());
        program.reconsider((1..=10).map(key));
        program.run(&mut vtep, wanted).unwrap();
        assert!(!program.is_new(&mut vtep).unwrap());
        assert_eq!(program.installed().len(), 10);
        vtep.uptime_ns = 0;
        assert!(program.is_new(&mut vtep).unwrap());
        assert_eq!(program.installed().len(), 0);
    }
}
