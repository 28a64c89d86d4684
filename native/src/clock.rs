// SPDX-License-Identifier: Apache-2.0
//! Time: the wall clock, or simulated.

use nix::time::{ClockId, clock_gettime};
use std::time::{SystemTime, UNIX_EPOCH};

/// Busy rounds in a row that take no simulated time.
const FREE_ROUNDS: u32 = 10_000;
/// What each further one takes.
const ROUND_NS: u64 = 1_000;
/// Rounds in a row in which an element says that it is late and yet nothing moves, until it is given up.
const STALLED_ROUNDS: u32 = 10_000_000;

/// A clock, read once per round.
pub struct Clock {
    now_ns: u64,
    kind: Kind,
}

enum Kind {
    /// The steady clock, which is so many nanoseconds behind those since 1970, as the time of day was at the start.
    Wall { behind_ns: u64 },
    /// Stands while something moves and jumps to the next deadline when nothing does. A configuration that always has
    /// something to do comes on nevertheless.
    Simulated { busy: u32, stalled: u32 },
}

/// What to do when nothing moves.
#[derive(Debug, PartialEq, Eq)]
pub enum Idle {
    /// The clock was put forward: go on.
    GoOn,
    /// Wait so many nanoseconds, or without end.
    Wait(Option<u64>),
    /// An element's deadline is over, and it does nothing.
    Stalled,
}

impl Clock {
    /// The time of day.
    pub fn wall() -> Clock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let start_ns = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        Clock { now_ns: start_ns, kind: Kind::Wall { behind_ns: start_ns.wrapping_sub(steady_ns()) } }
    }

    /// Simulated time from `start_ns` on.
    pub fn simulated(start_ns: u64) -> Clock {
        Clock { now_ns: start_ns, kind: Kind::Simulated { busy: 0, stalled: 0 } }
    }

    /// The time of this round.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// Whether it only jumps.
    pub fn is_simulated(&self) -> bool {
        matches!(self.kind, Kind::Simulated { .. })
    }

    /// A round begins.
    #[inline]
    pub fn round(&mut self) {
        if let Kind::Wall { behind_ns } = self.kind {
            self.now_ns = behind_ns.wrapping_add(steady_ns());
        }
    }

    /// Something moved in the round.
    #[inline]
    pub fn moved(&mut self) {
        if let Kind::Simulated { busy, stalled } = &mut self.kind {
            (*busy, *stalled) = (*busy + 1, 0);
            if *busy > FREE_ROUNDS {
                *busy = FREE_ROUNDS;
                self.now_ns += ROUND_NS;
            }
        }
    }

    /// Nothing moved in the round, and nothing will before `deadline_ns` unless it comes from outside.
    pub fn idle(&mut self, deadline_ns: Option<u64>) -> Idle {
        match (&mut self.kind, deadline_ns) {
            (Kind::Wall { .. }, deadline) => Idle::Wait(deadline.map(|at| at.saturating_sub(self.now_ns))),
            (Kind::Simulated { .. }, None) => Idle::Wait(None),
            (Kind::Simulated { busy, stalled }, Some(at)) if at > self.now_ns => {
                (*busy, *stalled) = (0, 0);
                self.now_ns = at;
                Idle::GoOn
            }
            (Kind::Simulated { stalled, .. }, Some(_)) => {
                *stalled += 1;
                self.now_ns += ROUND_NS;
                if *stalled < STALLED_ROUNDS { Idle::GoOn } else { Idle::Stalled }
            }
        }
    }
}

/// Nanoseconds of the steady clock. Plain arithmetic: this is done in every round.
#[inline]
fn steady_ns() -> u64 {
    // Linux always has this clock.
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC);
    time.map_or(0, |time| (time.tv_sec() as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_time_jumps_from_deadline_to_deadline() {
        let mut clock = Clock::simulated(0);
        clock.moved();
        assert_eq!((clock.now_ns(), clock.idle(Some(1_500))), (0, Idle::GoOn));
        clock.moved();
        assert_eq!((clock.now_ns(), clock.idle(None)), (1_500, Idle::Wait(None)));
    }

    #[test]
    fn simulated_time_passes_although_there_is_always_something_to_do() {
        let mut clock = Clock::simulated(0);
        (0..FREE_ROUNDS).for_each(|_| clock.moved());
        assert_eq!(clock.now_ns(), 0);
        (0..3).for_each(|_| clock.moved());
        assert_eq!(clock.now_ns(), 3 * ROUND_NS);
    }

    #[test]
    fn who_is_late_for_ever_is_given_up() {
        let mut clock = Clock::simulated(5);
        let rounds = (0..).take_while(|_| clock.idle(Some(5)) == Idle::GoOn).count();
        assert_eq!(rounds, STALLED_ROUNDS as usize - 1);
    }

    #[test]
    fn the_wall_clock_says_how_long_to_wait() {
        let mut clock = Clock::wall();
        clock.round();
        let now = clock.now_ns();
        assert!(now > 1_600_000_000_000_000_000, "{now}");
        assert_eq!(clock.idle(Some(now + 7)), Idle::Wait(Some(7)));
        assert_eq!(clock.idle(Some(now - 7)), Idle::Wait(Some(0)));
    }
}
