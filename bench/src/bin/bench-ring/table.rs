// SPDX-License-Identifier: Apache-2.0
//! The samples, and the table that is made of them.

use crate::{Contestant, LENGTHS, lines};
use std::fmt::Write;
use std::time::Duration;

/// What the runs of one contestant took, in nanoseconds per frame or round trip.
#[derive(Default)]
pub struct Samples {
    ns: Vec<f64>,
    disturbed: usize,
}

impl Samples {
    /// Adds a run that moved `count` things; none if it was disturbed each time.
    pub fn add(&mut self, count: usize, time: Option<Duration>) {
        match time {
            Some(time) => self.ns.push(time.as_nanos() as f64 / count as f64),
            None => self.disturbed += 1,
        }
    }

    /// The median. Not a number if there is no sample.
    fn median(&self) -> f64 {
        let mut sorted = self.ns.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// The table: what the machine can do, then each contestant beside that.
pub fn table(field: &[(Contestant, Samples)]) -> String {
    let mut text = format!("{:30}{:>12}{:>12}{:>14}{:>8}\n", "", "ns", "M/s", "of the limit", "runs");
    for (_, samples) in field.iter().filter(|(contestant, _)| matches!(contestant, Contestant::Ping)) {
        row(&mut text, "a line there and back", samples, None);
    }
    for length in LENGTHS {
        let limit = limit(field, length);
        for (contestant, samples) in field {
            match contestant {
                Contestant::Stream { length: found, way: (chunk, window) } if *found == length => {
                    let name = format!("{:.3} lines ({chunk} of {window})", lines(length));
                    row(&mut text, &name, samples, Some(limit));
                }
                Contestant::Copy { length: found, batch } if *found == length => {
                    row(&mut text, &format!("{length} B, copy, batch {batch}"), samples, Some(limit));
                }
                _ => {}
            }
        }
    }
    for (contestant, samples) in field {
        if let Contestant::Shared { batch } = contestant {
            row(&mut text, &format!("any length, shared, batch {batch}"), samples, None);
        }
    }
    text
}

/// What the fastest stream of as many lines takes.
fn limit(field: &[(Contestant, Samples)], length: usize) -> f64 {
    let streams = field
        .iter()
        .filter(|(contestant, _)| matches!(contestant, Contestant::Stream { length: found, .. } if *found == length));
    streams.map(|(_, samples)| samples.median()).fold(f64::NAN, f64::min)
}

fn row(text: &mut String, name: &str, samples: &Samples, limit: Option<f64>) {
    let ns = samples.median();
    let ratio = limit.map_or(String::new(), |limit| format!("{:.0} %", 100.0 * limit / ns));
    let rate = format!("{:.1}", 1000.0 / ns);
    let runs = format!("{}/{}", samples.ns.len(), samples.ns.len() + samples.disturbed);
    writeln!(text, "{name:30}{ns:>12.2}{rate:>12}{ratio:>14}{runs:>8}").expect("a string takes all");
}
