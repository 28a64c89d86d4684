// SPDX-License-Identifier: Apache-2.0
//! `xl list -v`: a line for each domain, of name, number, MiB, processors, state, seconds, UUID, reason and label.

use crate::DomainId;
use crate::tool::{self, Error};
use std::time::Duration;

const LIST: [&str; 3] = ["xl", "list", "-v"];

/// A domain that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub id: DomainId,
    /// Its memory.
    pub memory_mib: u64,
    /// Processor time that it has used.
    pub cpu: Duration,
    /// Why it shut down, if it did.
    pub shut_down: Option<Reason>,
    /// Whether it is just being destroyed.
    pub dying: bool,
}

/// Why a domain shut down: `SHUTDOWN_*` of Xen's public/sched.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It powered off.
    PowerOff,
    /// It reset itself, as a triple fault does.
    Reboot,
    /// It says that it crashed.
    Crash,
    /// Another number.
    Other(u32),
}

impl From<u32> for Reason {
    fn from(code: u32) -> Self {
        match code {
            0 => Reason::PowerOff,
            1 => Reason::Reboot,
            3 => Reason::Crash,
            other => Reason::Other(other),
        }
    }
}

/// All domains that are there.
pub fn list() -> Result<Vec<Listed>, Error> {
    let said = tool::run(&LIST)?;
    // A head stands above.
    let line = |line: &str| parse(line).ok_or_else(|| Error::Strange { line: LIST.join(" "), said: line.into() });
    said.lines().skip(1).map(line).collect()
}

fn parse(line: &str) -> Option<Listed> {
    let words: Vec<&str> = line.split_whitespace().collect();
    // Names of others may have spaces; the UUID's place is sure, and the label behind it may have spaces, too.
    let uuid = words.iter().rposition(|word| word.len() == 36 && word.matches('-').count() == 4)?;
    let at = uuid.checked_sub(5)?;
    let [number, memory, _, state, seconds] = words[at..uuid] else { return None };
    let reason = *words.get(uuid + 1)?;
    let shut_down = (reason != "-").then(|| u32::from_str_radix(reason, 16).ok().map(Reason::from));
    Some(Listed {
        id: DomainId { number: number.parse().ok()?, name: words[..at].join(" ") },
        memory_mib: memory.parse().ok()?,
        cpu: Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?,
        shut_down: match shut_down {
            None => None,
            Some(reason) => Some(reason?),
        },
        dying: state.contains('d'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_xl_4_17_are_read() {
        let running = "web.fw                                       3     8     1     -b----       0.4 \
                       5f3b6a1e-7c5d-4a52-9a0e-0d6b3c2f1e00        -                -";
        let listed = parse(running).unwrap();
        assert_eq!((listed.id.number, listed.id.name.as_str(), listed.memory_mib), (3, "web.fw", 8));
        assert_eq!((listed.cpu, listed.shut_down, listed.dying), (Duration::from_millis(400), None, false));
        let crashed = running.replace("-b----", "---sc-").replace("00        -  ", "00        3  ");
        assert_eq!(parse(&crashed).unwrap().shut_down, Some(Reason::Crash));
        let null = "(null)                                       3     0     1     --ps-d       2.0 \
                    00000000-0000-0000-0000-000000000000        0                -";
        let listed = parse(null).unwrap();
        assert!(listed.dying && listed.shut_down == Some(Reason::PowerOff), "{listed:?}");
        assert_eq!(parse("Name ID Mem"), None);
    }
}
