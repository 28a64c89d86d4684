// SPDX-License-Identifier: Apache-2.0
//! Measures links between two cores: first what the machine can do, then how much of that is left.
//!
//! All contestants run in turn, each for about a millisecond, again and again; a run during which the scheduler gave one of the
//! cores to somebody else is repeated. The figures are medians.
#![forbid(unsafe_code)]

mod copy;
mod limit;
mod pair;
mod shared;
mod table;

use anyhow::Result;
use clap::Parser;
use pair::Cores;
use std::process::ExitCode;
use std::time::Duration;
use table::Samples;

/// Frames per second over a link, and how near that is to what the machine can do
#[derive(Parser)]
struct Options {
    /// Runs of each contestant
    #[arg(long, default_value_t = 31)]
    rounds: usize,
    /// How often a run that was disturbed is repeated
    #[arg(long, default_value_t = 20)]
    repeats: usize,
}

/// Who runs.
#[derive(Clone, Copy)]
enum Contestant {
    /// One line there and back.
    Ping,
    /// As many lines as frames of this length take.
    Stream { length: usize, way: (usize, usize) },
    /// Frames over a link in copy mode.
    Copy { length: usize, batch: usize },
    /// The same in shared mode, which does not touch their bytes.
    Shared { batch: usize },
}

const LENGTHS: [usize; 2] = [64, 1500];
const BATCHES: [usize; 3] = [1, 8, 32];
/// Bytes that a run moves, and round trips of a ping.
const RUN_BYTES: usize = 4 << 20;
const PINGS: usize = 5000;

impl Contestant {
    fn all() -> Vec<Contestant> {
        let of_length = |length| {
            let streams = limit::STREAMS.into_iter().map(move |way| Contestant::Stream { length, way });
            streams.chain(BATCHES.into_iter().map(move |batch| Contestant::Copy { length, batch }))
        };
        let frames = LENGTHS.into_iter().flat_map(of_length);
        let buffers = BATCHES.into_iter().map(|batch| Contestant::Shared { batch });
        [Contestant::Ping].into_iter().chain(frames).chain(buffers).collect()
    }

    /// How many of its things a run moves.
    fn count(self) -> usize {
        match self {
            Contestant::Ping => PINGS,
            Contestant::Shared { .. } => RUN_BYTES / LENGTHS[0],
            Contestant::Stream { length, .. } | Contestant::Copy { length, .. } => RUN_BYTES / length,
        }
    }

    fn run(self, cores: Cores) -> Option<Duration> {
        let count = self.count();
        match self {
            Contestant::Ping => limit::ping(cores, count as u64),
            Contestant::Stream { length, way } => limit::stream(cores, (count as f64 * lines(length)) as usize, way),
            Contestant::Copy { length, batch } => copy::run(cores, count, length, batch),
            Contestant::Shared { batch } => shared::run(cores, count, LENGTHS[0], batch),
        }
    }
}

/// Lines that a frame takes in copy mode: its bytes, and its part of a line of descriptors.
fn lines(length: usize) -> f64 {
    let slots = length.div_ceil(64);
    slots as f64 + (slots as f64 / 8.0).min(1.0)
}

fn main() -> ExitCode {
    match bench(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-ring: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench(options: &Options) -> Result<()> {
    let Some(cores) = Cores::find()? else {
        println!("skipped: a link is between two processors, and there is one");
        return Ok(());
    };
    let mut field: Vec<(Contestant, Samples)> =
        Contestant::all().into_iter().map(|contestant| (contestant, Samples::default())).collect();
    for round in 0..options.rounds {
        eprint!("\rround {} of {}", round + 1, options.rounds);
        for (contestant, samples) in &mut field {
            samples.add(contestant.count(), (0..=options.repeats).find_map(|_| contestant.run(cores)));
        }
    }
    eprintln!();
    print!("{}", table::table(&field));
    Ok(())
}
