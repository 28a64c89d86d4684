// SPDX-License-Identifier: Apache-2.0
//! The routes that neighbours gave us, and the best entry for each key among what they mean.

use crate::config::Config;
use crate::import::{Candidate, import};
use crate::path::Path;
use crate::table::Key;
use rustbgpd_wire::{EvpnRoute, EvpnRouteKey};
use std::collections::{BTreeMap, BTreeSet};

/// A neighbour, by its place in the configuration.
pub type NeighborId = usize;

/// The routes of all neighbours.
#[derive(Debug, Default)]
pub struct Rib {
    held: BTreeMap<NeighborId, BTreeMap<EvpnRouteKey, Held>>,
    candidates: BTreeMap<Key, BTreeMap<(NeighborId, EvpnRouteKey), Candidate>>,
    changed: BTreeSet<Key>,
}

/// A route that a neighbour gave us.
#[derive(Debug)]
struct Held {
    keys: Vec<Key>,
    /// The neighbour is telling all its routes again, and has not told this one yet.
    stale: bool,
}

impl Rib {
    /// A neighbour announces a route, in place of what it said of it before.
    pub fn announce(&mut self, config: &Config, neighbor: NeighborId, route: &EvpnRoute, path: &Path) {
        self.withdraw(neighbor, route.key());
        let entries = import(config, route, path);
        let keys = entries.iter().map(|(key, _)| key.clone()).collect();
        for (key, candidate) in entries {
            self.candidates.entry(key.clone()).or_default().insert((neighbor, route.key()), candidate);
            self.changed.insert(key);
        }
        self.held.entry(neighbor).or_default().insert(route.key(), Held { keys, stale: false });
    }

    /// A neighbour takes a route back.
    pub fn withdraw(&mut self, neighbor: NeighborId, route: EvpnRouteKey) {
        let Some(held) = self.held.get_mut(&neighbor).and_then(|routes| routes.remove(&route)) else { return };
        for key in held.keys {
            if let Some(candidates) = self.candidates.get_mut(&key) {
                candidates.remove(&(neighbor, route));
                if candidates.is_empty() {
                    self.candidates.remove(&key);
                }
            }
            self.changed.insert(key);
        }
    }

    /// A neighbour is gone, and with it all that it said.
    pub fn forget(&mut self, neighbor: NeighborId) {
        self.withdraw_those(neighbor, |_| true);
        self.held.remove(&neighbor);
    }

    /// A neighbour begins to tell all its routes again (RFC 7313 §4).
    pub fn begin_refresh(&mut self, neighbor: NeighborId) {
        for held in self.held.entry(neighbor).or_default().values_mut() {
            held.stale = true;
        }
    }

    /// A neighbour has told all its routes again: what it did not mention is no more.
    pub fn end_refresh(&mut self, neighbor: NeighborId) {
        self.withdraw_those(neighbor, |held| held.stale);
    }

    fn withdraw_those(&mut self, neighbor: NeighborId, is_it: impl Fn(&Held) -> bool) {
        let Some(routes) = self.held.get(&neighbor) else { return };
        let gone: Vec<_> = routes.iter().filter(|(_, held)| is_it(held)).map(|(route, _)| *route).collect();
        for route in gone {
            self.withdraw(neighbor, route);
        }
    }

    /// The best entry for `key`.
    pub fn best(&self, key: &Key) -> Option<&Candidate> {
        self.candidates.get(key)?.values().max()
    }

    /// All keys that something is known of.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.candidates.keys()
    }

    /// The keys whose best entry may have changed since the last time.
    pub fn take_changed(&mut self) -> BTreeSet<Key> {
        std::mem::take(&mut self.changed)
    }

    /// How many routes a neighbour gave us, and of how many of them there is an entry that could be.
    pub fn counts(&self, neighbor: NeighborId) -> (usize, usize) {
        let routes = self.held.get(&neighbor);
        let imported = routes.map_or(0, |routes| routes.values().filter(|held| !held.keys.is_empty()).count());
        (routes.map_or(0, BTreeMap::len), imported)
    }
}

#[cfg(test)]
mod tests;
