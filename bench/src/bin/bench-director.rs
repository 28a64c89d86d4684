// SPDX-License-Identifier: Apache-2.0
//! What a flow director with a full table costs a chain of VMs: the same chain with and without it, in turn.
//!
//! The first VM makes frames of as many flows as the table is to hold, in random order, the second one forwards them, the last one counts
//! them; rings join them. Frames are made at full speed or at a rate; the processor time that the second VM takes for each says what
//! the director costs where the rate is not limited by it.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, ensure};
use bench::results::{Host, median};
use bench::vmm;
use clap::Parser;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Flows of one FastUDPFlows.
const MOST_FLOWS: usize = 1 << 16;
/// The QEMU machine type: the one on which links may be rings and which boots soonest.
const MACHINE: &str = "pc";
const FUNCTION: &str = "EtherRewrite(2:0:0:0:0:1, 2:0:0:0:0:2)";

/// What a flow director costs a chain of three VMs
#[derive(Parser)]
#[command(after_help = "Example:\n  bench-director --rounds 9 --flows 1000")]
struct Options {
    /// Rounds; each one takes both chains in turn
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Length of a trial, in milliseconds
    #[arg(long, default_value_t = 2000)]
    trial_ms: u64,
    /// Flows that the frames belong to
    #[arg(long, default_value_t = 100_000)]
    flows: usize,
    /// Time to fill the table before each trial, in milliseconds
    #[arg(long, default_value_t = 1500)]
    settle_ms: u64,
    /// The sluice that builds and runs
    #[arg(long, default_value = "target/release/sluice")]
    sluice: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Medians of both chains.
#[derive(Serialize)]
struct Report {
    rounds: usize,
    flows_in_table: u64,
    plain_pps: f64,
    directed_pps: f64,
    /// The median of each round's ratio of the two.
    rate_kept: f64,
    /// Nanoseconds of processor time for each frame: all VMs without the director, and how much more with it.
    plain_cpu_ns: f64,
    director_cpu_ns: f64,
}

/// What a trial showed.
struct Sample {
    pps: f64,
    cpu_ns_per_frame: f64,
    flows: u64,
}

/// A chain file in a folder of its own, and the command that runs it.
struct Chain<'o> {
    options: &'o Options,
    folder: TempDir,
}

fn main() -> ExitCode {
    match measure(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-director: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The chain, with a director or without.
fn text(flows: usize, is_directed: bool) -> String {
    let sources = flows.div_ceil(MOST_FLOWS);
    let each = flows / sources;
    let source = |index: usize| {
        let ends = format!("2:0:0:0:0:1, 10.0.{index}.2, 2:0:0:0:0:2, 10.1.0.2");
        format!("FastUDPFlows(0, -1, 60, {ends}, {each}, 1000000000, false) -> [{index}] turn; ")
    };
    let sources: String = (0..sources).map(source).collect();
    let rules = format!("web udp port 80, DEFAULT bulk, CHAIN web 1, CHAIN bulk 2, FLOWS {flows}");
    let director = if is_directed { format!("director :: FlowDirector({rules}) -> ") } else { String::new() };
    format!(
        "vm f1 {{ turn :: RoundRobinSched -> ToDevice(f2); {sources} FromDevice(f2) -> Discard; }}
         vm f2(memory 64M) {{ FromDevice(f1) -> {director}{FUNCTION} -> ToDevice(f3); FromDevice(f3) -> ToDevice(f1); }}
         vm f3 {{ FromDevice(f2) -> sink :: Counter -> Discard; Idle -> ToDevice(f2); }}
         chain f1 <-> f2 <-> f3;"
    )
}

fn measure(options: &Options) -> Result<()> {
    let chains = [false, true].map(|is_directed| Chain::build(options, is_directed));
    let [plain, directed] = chains;
    let (plain, directed) = (plain?, directed?);
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        eprintln!("bench-director: round {round} of {}", options.rounds);
        rounds.push((plain.trial()?, directed.trial()?));
    }
    let middle =
        |value: fn(&(Sample, Sample)) -> f64| median(&rounds.iter().map(value).collect::<Vec<_>>()).context("no round");
    print(
        options,
        &Report {
            rounds: options.rounds,
            flows_in_table: rounds.iter().map(|(_, directed)| directed.flows).min().unwrap_or(0),
            plain_pps: middle(|(plain, _)| plain.pps)?,
            directed_pps: middle(|(_, directed)| directed.pps)?,
            rate_kept: middle(|(plain, directed)| directed.pps / plain.pps)?,
            plain_cpu_ns: middle(|(plain, _)| plain.cpu_ns_per_frame)?,
            director_cpu_ns: middle(|(plain, directed)| directed.cpu_ns_per_frame - plain.cpu_ns_per_frame)?,
        },
    )
}

impl Chain<'_> {
    fn build(options: &Options, is_directed: bool) -> Result<Chain<'_>> {
        let chain = Chain { options, folder: TempDir::new()? };
        fs::write(chain.path("chain.nf"), text(options.flows, is_directed))?;
        let [file, output] = [chain.path("chain.nf"), chain.path("built")].map(shown);
        chain.sluice(&["build", &file, "-o", &output])?;
        Ok(chain)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sluice(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.options.sluice);
        let output = command.args(arguments).env("SLUICE_RUN_DIR", self.path("runs")).output();
        let output = output.with_context(|| format!("cannot run {}", self.options.sluice.display()))?;
        ensure!(output.status.success(), "sluice {arguments:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8(output.stdout)?)
    }

    fn trial(&self) -> Result<Sample> {
        let [file, output] = [self.path("chain.nf"), self.path("built")].map(shown);
        let words = ["--name", "bench", "--detach", "--machine", MACHINE, "--accel", "tcg", "--links", "ring"];
        self.sluice(&[&["run", &file, "-o", &output], &words[..]].concat())?;
        sleep(Duration::from_millis(self.options.settle_ms));
        let sample = self.watch();
        // VMs that flood each other may take long to hear it.
        self.sluice(&["stop", "bench"]).or_else(|_| self.sluice(&["stop", "--all"]))?;
        sample
    }

    fn watch(&self) -> Result<Sample> {
        let vms = self.processes()?;
        let count = || -> Result<f64> { Ok(self.sluice(&["ctl", "f3", "read", "sink.count"])?.trim().parse()?) };
        let (start, frames, cpu) = (Instant::now(), count()?, vmm::cpu_seconds(&vms)?);
        sleep(Duration::from_millis(self.options.trial_ms));
        let (frames, cpu) = (count()? - frames, vmm::cpu_seconds(&vms)? - cpu);
        let seconds = start.elapsed().as_secs_f64();
        ensure!(frames > 0.0, "no frame came to the last VM");
        let flows = self.sluice(&["ctl", "f2", "read", "director.flows"]).map_or(Ok(0), |text| text.trim().parse())?;
        Ok(Sample { pps: frames / seconds, cpu_ns_per_frame: cpu * 1e9 / frames, flows })
    }

    /// The VMs' processes.
    fn processes(&self) -> Result<Vec<u32>> {
        let runs: serde_json::Value = serde_json::from_str(&self.sluice(&["ps", "--json"])?)?;
        let vms = runs[0]["vms"].as_array().context("sluice ps shows no run")?;
        let pids = vms.iter().map(|vm| vm["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()));
        pids.collect::<Option<_>>().context("sluice ps shows no process")
    }
}

fn shown(path: impl AsRef<Path>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}

fn print(options: &Options, report: &Report) -> Result<()> {
    if options.json {
        println!("{}", serde_json::to_string_pretty(report)?);
        return Ok(());
    }
    let host = Host::here();
    println!("{}; {} processors; Linux {}; {}", host.processor, host.processors, host.kernel, host.qemu);
    println!("medians of {} rounds in turn; 3 VMs over rings, {MACHINE}, tcg; 60 B frames", report.rounds);
    println!(
        "  without a director  {:>8.1} kpps  {:>6.0} ns of CPU per frame",
        report.plain_pps / 1e3,
        report.plain_cpu_ns
    );
    println!(
        "  with {:>7} flows  {:>8.1} kpps  {:>+6.0} ns: {:.1} % of the rate is left",
        report.flows_in_table,
        report.directed_pps / 1e3,
        report.director_cpu_ns,
        report.rate_kept * 100.0
    );
    Ok(())
}
