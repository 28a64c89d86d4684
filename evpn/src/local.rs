// SPDX-License-Identifier: Apache-2.0
//! The hosts at the VTEP's own ports, and whose a host is that was seen at several VTEPs (RFC 7432 §15).
//!
//! A host that is found here while another VTEP announces it has moved here: it is announced with a move more. One that another
//! VTEP announces with more moves than ours, or with as many and a lower address, has moved away. One that moves
//! [`MOVES`] times within [`WINDOW`] is in two places at once: it stays where it is, until it has been quiet for [`WINDOW`] (§15.1).

use crate::config::{Mac, Vni};
use crate::import::Candidate;
use crate::path::Mobility;
use crate::table::Learned;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// So many moves are too many (RFC 7432 §15.1: N).
pub const MOVES: usize = 5;
/// In so much time (RFC 7432 §15.1: M).
pub const WINDOW: Duration = Duration::from_secs(180);

/// A host.
pub type HostKey = (Vni, Mac);

/// A host at a port of the VTEP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// How often it has moved, for others to compare.
    pub sequence: u32,
    /// The addresses that it is known to have.
    pub addresses: BTreeSet<IpAddr>,
}

/// All of them.
#[derive(Debug)]
pub struct Hosts {
    vtep: IpAddr,
    hosts: BTreeMap<HostKey, Host>,
    /// When hosts came here lately that somebody else announced.
    arrivals: BTreeMap<HostKey, VecDeque<Instant>>,
}

impl Hosts {
    /// None, behind the VTEP with that address.
    pub fn new(vtep: IpAddr) -> Hosts {
        Hosts { vtep, hosts: BTreeMap::new(), arrivals: BTreeMap::new() }
    }

    /// The host, if it is here.
    pub fn get(&self, host: HostKey) -> Option<&Host> {
        self.hosts.get(&host)
    }

    /// All that are here.
    pub fn iter(&self) -> impl Iterator<Item = (&HostKey, &Host)> {
        self.hosts.iter()
    }

    /// The VTEP's ports have exactly these hosts now; others announce of a host what `announced` gives. Gives those that have changed.
    pub fn found(
        &mut self,
        learned: &Learned,
        announced: impl Fn(HostKey) -> Option<Candidate>,
        now: Instant,
    ) -> BTreeSet<HostKey> {
        let gone: Vec<_> = self.hosts.keys().filter(|host| !learned.contains_key(*host)).copied().collect();
        let mut changed: BTreeSet<_> = gone.into_iter().inspect(|host| drop(self.hosts.remove(host))).collect();
        for (host, addresses) in learned {
            match self.hosts.get_mut(host) {
                Some(known) if known.addresses == *addresses => continue,
                Some(known) => known.addresses = addresses.clone(),
                None => {
                    let Some(sequence) = self.arrives(*host, announced(*host), now) else { continue };
                    self.hosts.insert(*host, Host { sequence, addresses: addresses.clone() });
                }
            }
            changed.insert(*host);
        }
        changed
    }

    /// The moves of a host that is here for the first time; none if it may not be here.
    fn arrives(&mut self, host: HostKey, remote: Option<Candidate>, now: Instant) -> Option<u32> {
        let Some(Candidate { mobility, .. }) = remote else { return Some(0) };
        if mobility.sticky || self.is_duplicate(host, now) {
            return None;
        }
        self.arrivals.entry(host).or_default().push_back(now);
        Some(mobility.sequence.saturating_add(1))
    }

    /// A route for a host has changed: whether the host has left the VTEP's ports with it.
    pub fn leaves(&mut self, host: HostKey, remote: Option<Candidate>, now: Instant) -> bool {
        let (Some(here), Some(remote)) = (self.hosts.get(&host), remote) else { return false };
        let ours = (Mobility { sticky: false, sequence: here.sequence }, std::cmp::Reverse(self.vtep));
        let moved = (remote.mobility, remote.vtep) > ours && !self.is_duplicate(host, now);
        if moved {
            self.hosts.remove(&host);
        }
        moved
    }

    /// Whether the host is in several places at once.
    pub fn is_duplicate(&mut self, host: HostKey, now: Instant) -> bool {
        let Some(arrivals) = self.arrivals.get_mut(&host) else { return false };
        while arrivals.front().is_some_and(|at| now.duration_since(*at) >= WINDOW) {
            arrivals.pop_front();
        }
        if arrivals.is_empty() {
            self.arrivals.remove(&host);
            return false;
        }
        arrivals.len() >= MOVES
    }

    /// The hosts that are in several places at once.
    pub fn duplicates(&mut self, now: Instant) -> Vec<HostKey> {
        let some: Vec<_> = self.arrivals.keys().copied().collect();
        some.into_iter().filter(|host| self.is_duplicate(*host, now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{Path, Source};
    use crate::table::Target;
    use crate::table::tests::learned;
    use std::cmp::Reverse;

    fn remote(sequence: u32, sticky: bool, vtep: &str) -> Option<Candidate> {
        let vtep = vtep.parse().unwrap();
        let source = Source { address: vtep, router_id: [1, 1, 1, 1].into(), external: false };
        let preference = Path::of(vtep, &[], &source).preference;
        let mobility = Mobility { sticky, sequence };
        Some(Candidate { mobility, vtep: Reverse(vtep), preference, target: Target::Vtep(vtep) })
    }

    const HOST: &str = "100 02:00:00:00:00:05 10.0.0.5";

    fn host() -> HostKey {
        *learned(HOST).keys().next().unwrap()
    }

    fn hosts() -> Hosts {
        Hosts::new("10.9.0.5".parse().unwrap())
    }

    #[test]
    fn a_host_comes_and_goes() {
        let (mut hosts, now) = (hosts(), Instant::now());
        assert_eq!(hosts.found(&learned(HOST), |_| None, now).len(), 1);
        assert_eq!(hosts.get(host()).unwrap().sequence, 0);
        assert!(hosts.found(&learned(HOST), |_| None, now).is_empty());
        let more = learned(&format!("{HOST} fd00::5"));
        assert_eq!(hosts.found(&more, |_| None, now).len(), 1);
        assert_eq!(hosts.get(host()).unwrap().addresses.len(), 2);
        assert_eq!(hosts.found(&Learned::new(), |_| None, now).len(), 1);
        assert_eq!(hosts.get(host()), None);
    }

    #[test]
    fn a_host_that_others_announce_has_moved_here_and_counts_it() {
        let (mut hosts, now) = (hosts(), Instant::now());
        hosts.found(&learned(HOST), |_| remote(7, false, "10.9.0.9"), now);
        assert_eq!(hosts.get(host()).unwrap().sequence, 8);
    }

    #[test]
    fn a_host_moves_away_with_more_moves_or_a_lower_address() {
        let cases = [
            (remote(0, false, "10.9.0.9"), false),
            (remote(0, false, "10.9.0.2"), true),
            (remote(1, false, "10.9.0.9"), true),
            (remote(0, true, "10.9.0.9"), true),
            (None, false),
        ];
        for (route, moved) in cases {
            let (mut hosts, now) = (hosts(), Instant::now());
            hosts.found(&learned(HOST), |_| None, now);
            assert_eq!(hosts.leaves(host(), route, now), moved, "{route:?}");
            assert_eq!(hosts.get(host()).is_none(), moved);
        }
    }

    #[test]
    fn a_host_that_never_moves_does_not_come_here() {
        let (mut hosts, now) = (hosts(), Instant::now());
        assert!(hosts.found(&learned(HOST), |_| remote(0, true, "10.9.0.9"), now).is_empty());
    }

    #[test]
    fn a_host_in_two_places_stays_where_it_is_until_it_was_quiet() {
        let (mut hosts, now) = (hosts(), Instant::now());
        for sequence in 0..MOVES as u32 {
            hosts.found(&learned(HOST), |_| remote(2 * sequence, false, "10.9.0.9"), now);
            let back = hosts.leaves(host(), remote(2 * sequence + 2, false, "10.9.0.9"), now);
            assert_eq!(back, sequence + 1 < MOVES as u32);
        }
        assert_eq!(hosts.duplicates(now), [host()]);
        assert!(hosts.get(host()).is_some());
        let later = now + WINDOW;
        assert!(hosts.duplicates(later).is_empty());
        assert!(hosts.leaves(host(), remote(100, false, "10.9.0.9"), later));
    }
}
