// SPDX-License-Identifier: Apache-2.0
//! When to sleep, and for how long, while nothing comes.

/// Most rounds without work before the processor sleeps, while looking on pays.
const MAX_IDLE_ROUNDS: u32 = 64;

/// How long to look on without work before sleeping. Where the VMM runs on another core, work comes while we look, and a
/// sleep would cost more; where it shares ours, looking only keeps it from working. What happened last tells which.
pub struct Patience {
    idle_rounds: u32,
    limit: u32,
}

impl Patience {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        Patience { idle_rounds: 0, limit: 1 }
    }

    /// Takes a round's result: whether it is time to sleep.
    #[inline]
    pub fn is_over(&mut self, busy: bool) -> bool {
        if busy {
            if self.idle_rounds > 0 {
                self.limit = (self.limit * 2).min(MAX_IDLE_ROUNDS);
            }
            self.idle_rounds = 0;
            return false;
        }
        self.idle_rounds += 1;
        if self.idle_rounds < self.limit {
            return false;
        }
        self.idle_rounds = 0;
        self.limit = (self.limit / 2).max(1);
        true
    }
}

/// How long to sleep at most where ports cannot wake us: longer and longer while nothing comes.
pub struct Polling {
    interval_ns: u64,
}

impl Polling {
    const LEAST_NS: u64 = 100_000;
    const MOST_NS: u64 = 1_600_000;

    /// Something has just come.
    pub fn new() -> Self {
        Polling { interval_ns: Self::LEAST_NS }
    }

    /// Takes a round's result.
    #[inline]
    pub fn note(&mut self, busy: bool) {
        if busy {
            self.interval_ns = Self::LEAST_NS;
        }
    }

    /// When to look again.
    pub fn deadline(&mut self, now_ns: u64) -> u64 {
        let deadline = now_ns + self.interval_ns;
        self.interval_ns = (2 * self.interval_ns).min(Self::MOST_NS);
        deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_without_a_doorbell_is_looked_at_less_and_less() {
        let mut polling = Polling::new();
        let intervals: Vec<u64> = (0..6).map(|_| polling.deadline(7) - 7).collect();
        assert_eq!(intervals, [100_000, 200_000, 400_000, 800_000, 1_600_000, 1_600_000]);
        polling.note(false);
        assert_eq!(polling.deadline(0), Polling::MOST_NS);
        polling.note(true);
        assert_eq!(polling.deadline(0), Polling::LEAST_NS);
    }

    /// Rounds until it sleeps, from now on without work.
    fn idle(patience: &mut Patience) -> usize {
        1 + (0..).take_while(|_| !patience.is_over(false)).count()
    }

    #[test]
    fn looking_on_grows_while_it_pays_and_shrinks_when_it_does_not() {
        let mut patience = Patience::new();
        assert_eq!(idle(&mut patience), 1);
        for _ in 0..20 {
            patience.limit = patience.limit.max(2);
            assert!(!patience.is_over(false), "it looks on");
            assert!(!patience.is_over(true), "and work comes");
        }
        assert_eq!(idle(&mut patience), MAX_IDLE_ROUNDS as usize);
        assert_eq!(idle(&mut patience), MAX_IDLE_ROUNDS as usize / 2);
    }
}
