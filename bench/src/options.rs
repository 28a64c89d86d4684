// SPDX-License-Identifier: Apache-2.0
//! The command line, and the sizes of a run that follow from it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use qemu::Kind;

use crate::peer;

/// Measures Sluice's images against a Linux VM that does the same job, on QEMU's software emulation.
///
/// Runs as root, in a network namespace of its own; nothing on the host changes. Example: bench --short -o target/bench
#[derive(Debug, Parser)]
#[command(version)]
pub struct Options {
    /// A short form for CI: 3 rounds, few contestants, under 4 minutes
    #[arg(long, conflicts_with = "full")]
    pub short: bool,
    /// All contestants: every number of rules, both kinds of rules, each way that Linux can filter
    #[arg(long)]
    pub full: bool,
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Part>,
    /// Where results go
    #[arg(short, long, default_value = "target/bench", value_name = "DIR")]
    pub output: PathBuf,
    /// Machine type for the parts that use one
    #[arg(long, value_enum, default_value = "q35")]
    pub machine: MachineName,
    /// Rounds (default: 5, 3 with --short)
    #[arg(long)]
    pub rounds: Option<usize>,
    /// The sluice command (default: beside this program)
    #[arg(long, value_name = "FILE")]
    pub sluice: Option<PathBuf>,
    /// Where the Linux VM's packages are kept (default: ~/.cache/sluice/peer)
    #[arg(long, value_name = "DIR")]
    pub peer_cache: Option<PathBuf>,
}

/// A part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// From the VMM's exec to the first forwarded frame, and the guest's own share of it
    Boot,
    /// Rates, CPU per frame, round trips
    Forward,
    /// The least RAM that boots, and sizes
    Size,
    /// A tunnel's end: frames into VXLAN, beside Linux's bridge and VXLAN device; only by name
    Vtep,
    /// A firewall that knows connections, 10,000 of them, beside nftables; only by name
    Stateful,
}

/// A machine type by its QEMU name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MachineName {
    /// i440FX
    Pc,
    /// PCI Express
    Q35,
    /// virtio over MMIO
    Microvm,
}

impl MachineName {
    /// The qemu crate's name of it.
    pub fn kind(self) -> Kind {
        match self {
            MachineName::Pc => Kind::Pc,
            MachineName::Q35 => Kind::Q35,
            MachineName::Microvm => Kind::Microvm,
        }
    }
}

/// Where QEMU and the load generator run.
#[derive(Debug, Clone)]
pub struct Placement {
    /// Its name in the results.
    pub name: &'static str,
    /// The CPUs of QEMU, all its threads.
    pub vm_cpus: Vec<usize>,
    /// The CPUs of the load generator.
    pub load_cpus: Vec<usize>,
}

/// How much to measure.
#[derive(Debug)]
pub struct Scale {
    /// Rounds, of which medians are taken.
    pub rounds: usize,
    /// Length of a trial.
    pub trial: Duration,
    /// Trials of a search for the rate without loss.
    pub search_trials: usize,
    /// Pings in a round.
    pub pings: u16,
    /// Frame sizes, with the check sequence.
    pub frame_bytes: Vec<usize>,
    /// All contestants, or those that targets are about.
    pub all_contestants: bool,
    /// Placements, the first one for the targets.
    pub placements: Vec<Placement>,
}

impl Options {
    /// Is this part wanted?
    pub fn wants(&self, part: Part) -> bool {
        self.only.contains(&part) || self.only.is_empty() && !matches!(part, Part::Vtep | Part::Stateful)
    }

    /// The sizes of this run.
    pub fn scale(&self) -> Scale {
        let one = Placement { name: "one-core", vm_cpus: vec![0], load_cpus: vec![0] };
        let two = Placement { name: "two-cores", vm_cpus: vec![0], load_cpus: vec![1] };
        let two_exist = std::thread::available_parallelism().is_ok_and(|count| count.get() >= 2);
        Scale {
            rounds: self.rounds.unwrap_or(if self.short { 3 } else { 5 }).max(1),
            trial: Duration::from_millis(if self.short { 400 } else { 1000 }),
            search_trials: if self.short { 4 } else { 7 },
            pings: if self.short { 100 } else { 300 },
            frame_bytes: if self.short { vec![64] } else { vec![64, 1500] },
            all_contestants: self.full,
            placements: if !self.short && two_exist { vec![one, two] } else { vec![one] },
        }
    }

    /// The packages' folder.
    pub fn peer_cache(&self) -> PathBuf {
        self.peer_cache.clone().unwrap_or_else(peer::default_cache)
    }
}
