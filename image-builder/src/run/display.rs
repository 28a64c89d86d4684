// SPDX-License-Identifier: Apache-2.0
//! What happens in a run while it runs, on standard error: tables on a terminal, now and then a line elsewhere.

use crate::operate::{Sample, Screen, State, View};
use console::Term;
use std::time::{Duration, Instant};

/// How often the tables are drawn, and how often a line is told.
const TABLES: Duration = Duration::from_secs(1);
const LINES: Duration = Duration::from_secs(10);

/// The display.
pub struct Display {
    screen: Screen,
    every: Duration,
    due: Instant,
    last: Option<Sample>,
}

impl Display {
    /// Begins; there is something to show after the second sample.
    pub fn new() -> Display {
        let screen = Screen::new(Term::stderr());
        let every = if screen.is_terminal() { TABLES } else { LINES };
        Display { screen, every, due: Instant::now(), last: None }
    }

    /// Whether it wants a sample.
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// Takes a sample and shows what happened since the last one.
    pub fn show(&mut self, state: &State, sample: Sample) {
        self.due = Instant::now() + self.every;
        if let Some(last) = &self.last {
            let view = View::between(state, last, &sample);
            // A terminal that went away is no reason to end.
            let _ = if self.screen.is_terminal() { self.screen.show(&view) } else { self.screen.tell(&view) };
        }
        self.last = Some(sample);
    }

    /// Makes way for a line.
    pub fn make_way(&mut self) {
        if self.screen.is_terminal() {
            let _ = self.screen.clear();
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.make_way();
    }
}
