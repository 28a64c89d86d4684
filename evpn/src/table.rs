// SPDX-License-Identifier: Apache-2.0
//! The tables of a VTEP, as handlers of its element: what is written to them, and what they tell of what it has learned.
//!
//! | handler | value |
//! | --- | --- |
//! | `mac_add`, `mac_del` | `VNI MAC VTEP moves`, `VNI MAC`: where a host is, until it is seen at a port |
//! | `flood_add`, `flood_del` | `VNI VTEP`: who gets what goes to all |
//! | `neighbor_add`, `neighbor_del` | `VNI IP MAC moves`, `VNI IP`: what ARP and ND are answered with, until the address is seen at a port |
//! | `route_add`, `route_del` | `TABLE PREFIX VTEP MAC VNI`, `TABLE PREFIX`: what is behind another VTEP |
//! | `learned [FROM]` (read) | a line `VNI MAC [IP]` for each host, and each address of one, that the VTEP found at its own ports; where there is no room for all, the last line is `more FROM` |

use crate::config::{Mac, Prefix, Vni};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What an entry is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Another VTEP that gets what goes to all of a network.
    Flood(Vni, IpAddr),
    /// A host.
    Mac(Vni, Mac),
    /// A host's address.
    Neighbor(Vni, IpAddr),
    /// Addresses, in the table of this name.
    Route(String, Prefix),
}

/// What it says of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The VTEP that it is behind.
    Vtep(IpAddr),
    /// The host that has the address.
    Mac(Mac),
    /// The VTEP that routes it, and how frames to it must look inside.
    Router {
        /// The VTEP.
        vtep: IpAddr,
        /// Its Ethernet address.
        mac: Mac,
        /// The network between the routers.
        vni: Vni,
    },
}

/// A write to a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The handler.
    pub handler: &'static str,
    /// The value.
    pub value: String,
}

impl Key {
    /// How the entry gets there, in place of another one.
    pub fn add(&self, target: &Target) -> Write {
        let target = match target {
            Target::Vtep(vtep) => vtep.to_string(),
            Target::Mac(mac) => mac.to_string(),
            Target::Router { vtep, mac, vni } => format!("{vtep} {mac} {vni}"),
        };
        let (handler, value) = match self {
            Key::Flood(vni, _) => ("flood_add", format!("{vni} {target}")),
            Key::Mac(vni, mac) => ("mac_add", format!("{vni} {mac} {target} moves")),
            Key::Neighbor(vni, address) => ("neighbor_add", format!("{vni} {address} {target} moves")),
            Key::Route(table, prefix) => ("route_add", format!("{table} {prefix} {target}")),
        };
        Write { handler, value }
    }

    /// How the entry goes.
    pub fn delete(&self) -> Write {
        let (handler, value) = match self {
            Key::Flood(vni, vtep) => ("flood_del", format!("{vni} {vtep}")),
            Key::Mac(vni, mac) => ("mac_del", format!("{vni} {mac}")),
            Key::Neighbor(vni, address) => ("neighbor_del", format!("{vni} {address}")),
            Key::Route(table, prefix) => ("route_del", format!("{table} {prefix}")),
        };
        Write { handler, value }
    }
}

/// Why a VTEP could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum VtepError {
    /// It does not take that value: its table is full, or it does not have what the value is about.
    #[error("{0}")]
    Refused(String),
    /// It cannot be reached.
    #[error("{0}")]
    Gone(String),
}

/// A VTEP, reached by whatever way.
pub trait Vtep {
    /// The value of a read handler.
    fn read(&mut self, handler: &str) -> Result<String, VtepError>;
    /// Gives a write handler its value.
    fn write(&mut self, write: &Write) -> Result<(), VtepError>;
    /// How long it has been running, in nanoseconds: less than before is another one, with empty tables.
    fn uptime_ns(&mut self) -> Result<u64, VtepError>;
}

/// Hosts at the VTEP's own ports, and the addresses that they are known to have.
pub type Learned = BTreeMap<(Vni, Mac), BTreeSet<IpAddr>>;

/// What the VTEP has learned.
pub fn read_learned(vtep: &mut impl Vtep) -> Result<Learned, VtepError> {
    let (mut learned, mut from) = (Learned::new(), None);
    loop {
        let handler = from.map_or("learned".into(), |from: u64| format!("learned {from}"));
        let text = vtep.read(&handler)?;
        take_learned(&text, &mut learned);
        let more = text.lines().last().and_then(|line| line.strip_prefix("more ")?.parse().ok());
        // One that does not get ahead would keep us for ever.
        let Some(next) = more.filter(|next| from.is_none_or(|from| from < *next)) else { return Ok(learned) };
        from = Some(next);
    }
}

/// Takes the lines of hosts. Those that make no sense are left out: what is learned comes from strangers' frames.
fn take_learned(text: &str, learned: &mut Learned) {
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let mut host = || Some((words.next()?.parse::<u32>().ok()?.try_into().ok()?, words.next()?.parse().ok()?));
        if let Some(host) = host() {
            let addresses = words.map_while(|word| word.parse::<IpAddr>().ok());
            learned.entry(host).or_default().extend(addresses);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A VTEP that remembers what it was told.
    pub struct Recorded {
        /// What it has, as `HANDLER KEY` with the target that was added.
        pub entries: BTreeMap<String, String>,
        /// How many entries it has room for.
        pub room: usize,
        /// How often it was written to.
        pub writes: usize,
        /// What it has learned.
        pub learned: String,
        /// It does not answer.
        pub is_gone: bool,
        /// How long it has been running.
        pub uptime_ns: u64,
    }

    impl Default for Recorded {
        fn default() -> Self {
            let (entries, learned) = (BTreeMap::new(), String::new());
            Recorded { entries, room: usize::MAX, writes: 0, learned, is_gone: false, uptime_ns: 1 }
        }
    }

    impl Recorded {
        fn line(&mut self, handler: &str, line: &str) -> Result<(), VtepError> {
            let words: Vec<&str> = line.split(' ').collect();
            let (table, action) = handler.split_once('_').expect("a handler");
            let (key, target) = words.split_at(2);
            if handler == "mac_add" {
                // What it is told takes the place of what it has learned.
                let kept = self.learned.lines().filter(|learned| !learned.starts_with(&key.join(" ")));
                self.learned = kept.map(|line| format!("{line}\n")).collect();
            }
            let key = format!("{table} {}", key.join(" "));
            match action {
                "add" if self.entries.len() < self.room || self.entries.contains_key(&key) => {
                    self.entries.insert(key, target.join(" "));
                    Ok(())
                }
                "del" if self.entries.remove(&key).is_some() => Ok(()),
                _ => Err(VtepError::Refused(format!("{handler} {line}"))),
            }
        }
    }

    impl Vtep for Recorded {
        fn read(&mut self, handler: &str) -> Result<String, VtepError> {
            assert!(handler.starts_with("learned"), "{handler}");
            if self.is_gone {
                return Err(VtepError::Gone("it is gone".into()));
            }
            // Ten lines at a time.
            let from: usize = handler.split(' ').nth(1).map_or(0, |from| from.parse().expect("a number"));
            let lines = self.learned.lines().skip(from).take(10).map(|line| format!("{line}\n"));
            let more = self.learned.lines().count() > from + 10;
            Ok(lines.chain(more.then(|| format!("more {}\n", from + 10))).collect())
        }

        fn write(&mut self, write: &Write) -> Result<(), VtepError> {
            if self.is_gone {
                return Err(VtepError::Gone("it is gone".into()));
            }
            self.writes += 1;
            write.value.lines().try_for_each(|line| self.line(write.handler, line))
        }

        fn uptime_ns(&mut self) -> Result<u64, VtepError> {
            self.uptime_ns += 1;
            if self.is_gone { Err(VtepError::Gone("it is gone".into())) } else { Ok(self.uptime_ns) }
        }
    }

    #[test]
    fn entries_are_written_as_the_handlers_take_them() {
        let vni = Vni::try_from(100).unwrap();
        let (vtep, host) = ("10.9.0.2".parse().unwrap(), "fd00::5".parse().unwrap());
        let mac: Mac = "2:0:0:0:0:5".parse().unwrap();
        let cases = [
            (Key::Flood(vni, vtep), Target::Vtep(vtep), "flood_add 100 10.9.0.2", "flood_del 100 10.9.0.2"),
            (
                Key::Mac(vni, mac),
                Target::Vtep(vtep),
                "mac_add 100 02:00:00:00:00:05 10.9.0.2 moves",
                "mac_del 100 02:00:00:00:00:05",
            ),
            (
                Key::Neighbor(vni, host),
                Target::Mac(mac),
                "neighbor_add 100 fd00::5 02:00:00:00:00:05 moves",
                "neighbor_del 100 fd00::5",
            ),
            (
                Key::Route("red".into(), "10.1.0.0/16".parse().unwrap()),
                Target::Router { vtep, mac, vni },
                "route_add red 10.1.0.0/16 10.9.0.2 02:00:00:00:00:05 100",
                "route_del red 10.1.0.0/16",
            ),
        ];
        let text = |write: Write| format!("{} {}", write.handler, write.value);
        for (key, target, added, deleted) in cases {
            assert_eq!((text(key.add(&target)).as_str(), text(key.delete()).as_str()), (added, deleted));
        }
    }

    /// What `text` says.
    pub fn learned(text: &str) -> Learned {
        let mut learned = Learned::new();
        take_learned(text, &mut learned);
        learned
    }

    #[test]
    fn what_was_learned_is_read() {
        let text = "100 02:00:00:00:00:05\n100 02:00:00:00:00:05 10.0.0.5\n100 02:00:00:00:00:05 fd00::5\n\
                    100 02:00:00:00:00:06\nnonsense\n0 2:0:0:0:0:7\nmore 7\n";
        let found = learned(text);
        let found: Vec<_> = found.iter().map(|((vni, mac), ips)| format!("{vni} {mac} {}", ips.len())).collect();
        assert_eq!(found, ["100 02:00:00:00:00:05 2", "100 02:00:00:00:00:06 0"]);
    }

    #[test]
    fn what_was_learned_is_read_in_parts_and_not_for_ever() {
        let all: String = (0..95).map(|n| format!("100 02:00:00:00:00:{n:02x}\n")).collect();
        let mut vtep = Recorded { learned: all, ..Recorded::default() };
        assert_eq!(read_learned(&mut vtep).unwrap().len(), 95);
        struct Endless;
        impl Vtep for Endless {
            fn read(&mut self, _: &str) -> Result<String, VtepError> {
                Ok("100 02:00:00:00:00:05\nmore 5\n".into())
            }
            fn write(&mut self, _: &Write) -> Result<(), VtepError> {
                Ok(())
            }
            fn uptime_ns(&mut self) -> Result<u64, VtepError> {
                Ok(1)
            }
        }
        assert_eq!(read_learned(&mut Endless).unwrap().len(), 1);
    }
}
