// SPDX-License-Identifier: Apache-2.0
//! VNET/P's experiment (HPDC 2012): latency and throughput between two kernels, each behind a host of its own, where both hosts are
//! on one Ethernet: without the hosts (native), with their VMs as bridges (direct bridge), with each frame in a UDP datagram,
//! and with all in a TCP connection.
//!
//! Each host is a VM, the Ethernet a Linux bridge, and each kernel's end a network namespace.
#![forbid(unsafe_code)]

mod hosts;
mod measure;
mod table;

use anyhow::{Context, Result};
use bench::{lab, stop};
use clap::Parser;
use hosts::{Path, Site};
use measure::{Kind, Sample};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Latency and throughput through two VNET/P hosts: native, direct bridge, UDP, TCP
#[derive(Parser)]
#[command(after_help = "Example:\n  bench-vnet --rounds 9 --seconds 3 --payloads 64,1024")]
struct Options {
    /// Rounds; each one boots the hosts of all paths, and takes each measurement from path to path
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Length of each measurement of throughput, in seconds
    #[arg(long, default_value_t = 2)]
    seconds: u32,
    /// How often latency is measured in each round: what a measurement shows depends on where the scheduler puts six threads
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    turns: u16,
    /// How often throughput is measured in each round
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    streams: u16,
    /// Pings of each measurement of latency
    #[arg(long, default_value_t = 200)]
    pings: u32,
    /// Bytes of payload: of a ping, of a UDP datagram, of a TCP segment
    #[arg(long, value_delimiter = ',', default_values_t = [64, 256, 512, 1024, 1400])]
    payloads: Vec<u32>,
    /// What is measured
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Kind::ALL)]
    only: Vec<Kind>,
    /// The kernels' MTU, on all paths: a frame of this in a datagram is no longer than the Ethernet's 1500
    #[arg(long, default_value_t = 1458)]
    mtu: u32,
    /// What drives the hosts: adaptive, poll or interrupt
    #[arg(long, default_value = "adaptive")]
    mode: String,
    /// The sluice that builds and runs
    #[arg(long, default_value = "target/release/sluice")]
    sluice: PathBuf,
    /// Write the medians to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Draw the medians into this file, as SVG
    #[arg(long)]
    svg: Option<PathBuf>,
}

impl Options {
    /// What a round measures of each path, in its order.
    fn measurements(&self) -> impl Iterator<Item = (Kind, u32)> {
        let of_kind =
            |kind: Kind| self.payloads.iter().map(move |size| (kind, *size)).filter(|(kind, size)| kind.has(*size));
        self.only.iter().flat_map(move |&kind| (0..kind.turns(self)).flat_map(move |_| of_kind(kind)))
    }
}

/// What was measured, of a path with payloads of so many bytes.
type Samples = BTreeMap<(Kind, u32, Path), Vec<Sample>>;

fn main() -> ExitCode {
    let options = Options::parse();
    if let Err(refusal) = lab::check().and_then(|()| measure::check()) {
        eprintln!("bench-vnet: {refusal:#}");
        return ExitCode::from(2);
    }
    match measure(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-vnet: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<()> {
    let folder = tempfile::TempDir::new()?;
    let sluice = std::fs::canonicalize(&options.sluice)
        .with_context(|| format!("there is no {}: cargo build --release --bin sluice", options.sluice.display()))?;
    let mut site = Site::build(&sluice, folder.path(), options.mtu)?;
    lab::enter()?;
    stop::watch()?;
    site.join()?;

    let mut samples = Samples::new();
    for round in 1..=options.rounds {
        eprintln!("bench-vnet: round {round} of {}", options.rounds);
        site.open(&options.mode)?;
        for (kind, payload) in options.measurements() {
            for path in Path::ALL {
                stop::check()?;
                match kind.measure(&site, path, payload, options) {
                    Ok(sample) => samples.entry((kind, payload, path)).or_default().push(sample),
                    // What was measured until then is worth telling.
                    Err(error) => eprintln!("bench-vnet: left out: {} of {payload} B: {error:#}", kind.name()),
                }
            }
        }
        for path in Path::ALL {
            if let Some([left, right]) = site.halts(path)? {
                eprintln!("bench-vnet: {}: halts per frame: left {left:.3}, right {right:.3}", path.name());
            }
        }
        site.close()?;
    }
    table::print(options, &samples)
}
