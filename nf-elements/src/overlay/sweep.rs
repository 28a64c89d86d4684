// SPDX-License-Identifier: Apache-2.0
//! Forgetting what was silent too long: a few entries at a time, so that no packet waits for it.

use super::networks::Networks;

/// Entries of each table that are looked at in one step.
const STEP: u32 = 256;
/// How long a walk through a whole table takes at most, in nanoseconds.
const ROUND_NS: u64 = 8_000_000_000;

/// Where the walk is.
pub struct Sweep {
    /// The next entry of the stations and of the neighbours.
    next: [u32; 2],
    /// When the next step is due.
    due_ns: u64,
}

impl Sweep {
    /// At the beginning.
    pub const fn new() -> Self {
        Sweep { next: [0; 2], due_ns: 0 }
    }
}

impl Networks {
    /// When a step is due; none if nothing can age.
    pub fn sweep_ns(&self) -> Option<u64> {
        let anything = self.settings.timeout_s != 0 && !(self.stations.is_empty() && self.neighbors.is_empty());
        anything.then_some(self.sweep.due_ns)
    }

    /// Makes a step, if one is due.
    #[inline]
    pub fn sweep(&mut self, now_ns: u64, now_s: u32) {
        if self.sweep_ns().is_some_and(|due_ns| now_ns >= due_ns) {
            self.step(now_s);
            let most = self.stations.used().max(self.neighbors.used()) as u64;
            self.sweep.due_ns = now_ns + ROUND_NS / most.div_ceil(STEP.into()).max(1);
        }
    }

    fn step(&mut self, now_s: u32) {
        let [stations, neighbors] = self.sweep.next;
        for number in stations..stations + STEP {
            let old = self.stations.get(number).filter(|mac| !self.is_fresh(mac.fixed, mac.seen_s, now_s));
            if old.is_some() {
                self.remove_station_number(number);
            }
        }
        for number in neighbors..neighbors + STEP {
            let old = self.neighbors.get(number).filter(|known| !self.is_fresh(known.fixed, known.seen_s, now_s));
            if old.is_some() {
                self.neighbors.remove(number);
            }
        }
        let used = [self.stations.used(), self.neighbors.used()];
        for (next, used) in self.sweep.next.iter_mut().zip(used) {
            *next = if *next as usize + (STEP as usize) < used { *next + STEP } else { 0 };
        }
    }
}
