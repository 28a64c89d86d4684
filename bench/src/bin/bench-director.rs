// SPDX-License-Identifier: Apache-2.0
//! What a flow director with a full table costs a chain of VMs: the same chain with and without it, in turn.
//!
//! Rings join the VMs. Frames of as many flows as the table is to hold come in by a TAP and leave by another one, as in use; or the
//! first VM makes them and the last one counts them, at full speed and without any device: the worst case.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, ensure};
use bench::course::Course;
use bench::frame::Ends;
use bench::lab::{self, IN, IN_STATION, OUT, OUT_STATION};
use bench::load::{Load, Rate};
use bench::results::{Host, median};
use bench::{stop, vmm};
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

/// What a flow director costs a chain of VMs
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

/// Where the frames come from and go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Edge {
    /// TAPs, and a load generator beside two VMs.
    Taps,
    /// The first of three VMs makes them, the last one counts them.
    Vms,
}

/// Medians of both chains.
#[derive(Serialize)]
struct Report {
    edge: Edge,
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
#[derive(Clone, Copy)]
struct Sample {
    pps: f64,
    cpu_ns_per_frame: f64,
    flows: u64,
}

/// A chain file in a folder of its own, and the command that runs it.
struct Chain<'o> {
    options: &'o Options,
    edge: Edge,
    folder: TempDir,
}

/// From whom to whom the frames from outside go.
const ENDS: Ends = Ends { from: IN_STATION, to: OUT_STATION, source: [10, 0, 0, 2], destination: [10, 0, 1, 2] };

fn main() -> ExitCode {
    if let Err(refusal) = lab::check() {
        eprintln!("bench-director: {refusal:#}");
        return ExitCode::from(2);
    }
    match measure(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-director: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The chain, with a director or without.
fn text(edge: Edge, flows: usize, is_directed: bool) -> String {
    let rules = format!("web udp port 80, DEFAULT bulk, CHAIN web 1, CHAIN bulk 2, FLOWS {flows}");
    let director = if is_directed { format!("director :: FlowDirector({rules}) -> ") } else { String::new() };
    match edge {
        Edge::Taps => format!(
            "network lan, wan;
             vm f1(memory 64M) {{ FromDevice(lan) -> {director}{FUNCTION} -> ToDevice(f2); FromDevice(f2) -> ToDevice(lan); }}
             vm f2 {{ FromDevice(f1) -> {FUNCTION} -> ToDevice(wan); FromDevice(wan) -> ToDevice(f1); }}
             chain lan <-> f1 <-> f2 <-> wan;"
        ),
        Edge::Vms => among_vms(flows, &director),
    }
}

fn among_vms(flows: usize, director: &str) -> String {
    let sources = flows.div_ceil(MOST_FLOWS);
    let each = flows / sources;
    let source = |index: usize| {
        let ends = format!("2:0:0:0:0:1, 10.0.{index}.2, 2:0:0:0:0:2, 10.1.0.2");
        format!("FastUDPFlows(0, -1, 60, {ends}, {each}, 1000000000, false) -> [{index}] turn; ")
    };
    let sources: String = (0..sources).map(source).collect();
    format!(
        "vm f1 {{ turn :: RoundRobinSched -> ToDevice(f2); {sources} FromDevice(f2) -> Discard; }}
         vm f2(memory 64M) {{ FromDevice(f1) -> {director}{FUNCTION} -> ToDevice(f3); FromDevice(f3) -> ToDevice(f1); }}
         vm f3 {{ FromDevice(f2) -> sink :: Counter -> Discard; Idle -> ToDevice(f2); }}
         chain f1 <-> f2 <-> f3;"
    )
}

fn measure(options: &Options) -> Result<()> {
    // Built while the registries can still be reached.
    let build = |edge| Ok((edge, Chain::build(options, edge, false)?, Chain::build(options, edge, true)?));
    let pairs = [Edge::Taps, Edge::Vms].into_iter().map(build).collect::<Result<Vec<_>>>()?;
    lab::enter()?;
    stop::watch()?;
    let mut rounds = vec![Vec::new(); pairs.len()];
    for round in 1..=options.rounds {
        eprintln!("bench-director: round {round} of {}", options.rounds);
        for ((_, plain, directed), rounds) in pairs.iter().zip(&mut rounds) {
            rounds.push((plain.trial()?, directed.trial()?));
            stop::check()?;
        }
    }
    let reports = pairs.iter().zip(&rounds).map(|((edge, ..), rounds)| report(*edge, rounds));
    print(options, &reports.collect::<Result<Vec<_>>>()?)
}

fn report(edge: Edge, rounds: &[(Sample, Sample)]) -> Result<Report> {
    let middle =
        |value: fn(&(Sample, Sample)) -> f64| median(&rounds.iter().map(value).collect::<Vec<_>>()).context("no round");
    Ok(Report {
        edge,
        flows_in_table: rounds.iter().map(|(_, directed)| directed.flows).min().unwrap_or(0),
        plain_pps: middle(|(plain, _)| plain.pps)?,
        directed_pps: middle(|(_, directed)| directed.pps)?,
        rate_kept: middle(|(plain, directed)| directed.pps / plain.pps)?,
        plain_cpu_ns: middle(|(plain, _)| plain.cpu_ns_per_frame)?,
        director_cpu_ns: middle(|(plain, directed)| directed.cpu_ns_per_frame - plain.cpu_ns_per_frame)?,
    })
}

impl Chain<'_> {
    fn build(options: &Options, edge: Edge, is_directed: bool) -> Result<Chain<'_>> {
        let chain = Chain { options, edge, folder: TempDir::new()? };
        fs::write(chain.path("chain.nf"), text(edge, options.flows, is_directed))?;
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
        let taps = [IN, OUT].iter().zip(["lan", "wan"]).map(|(tap, network)| format!("--tap={network}={tap}"));
        let taps: Vec<String> = if self.edge == Edge::Taps { taps.collect() } else { Vec::new() };
        let taps: Vec<&str> = taps.iter().map(String::as_str).collect();
        self.sluice(&[&["run", &file, "-o", &output], &words[..], &taps].concat())?;
        let sample = match self.edge {
            Edge::Taps => self.load(),
            Edge::Vms => self.watch(),
        };
        // VMs that flood each other may take long to hear it.
        self.sluice(&["stop", "bench"]).or_else(|_| self.sluice(&["stop", "--all"]))?;
        sample
    }

    /// From TAP to TAP.
    fn load(&self) -> Result<Sample> {
        const FRAME_BYTES: usize = 64;
        let (vms, load) = (self.processes()?, Load::of_flows(&ENDS, FRAME_BYTES, Course::THROUGH, self.options.flows));
        load.trial(&vms, Rate::Saturate, Duration::from_millis(self.options.settle_ms))?;
        let trial = load.trial(&vms, Rate::Saturate, Duration::from_millis(self.options.trial_ms))?;
        Ok(Sample {
            pps: trial.forwarded_pps,
            cpu_ns_per_frame: trial.cpu_us_per_frame * 1e3,
            flows: self.flows("f1")?,
        })
    }

    /// How many flows the director of `vm` knows; none without one.
    fn flows(&self, vm: &str) -> Result<u64> {
        self.sluice(&["ctl", vm, "read", "director.flows"]).map_or(Ok(0), |text| Ok(text.trim().parse()?))
    }

    /// What the last VM counts.
    fn watch(&self) -> Result<Sample> {
        sleep(Duration::from_millis(self.options.settle_ms));
        let vms = self.processes()?;
        let count = || -> Result<f64> { Ok(self.sluice(&["ctl", "f3", "read", "sink.count"])?.trim().parse()?) };
        let (start, frames, cpu) = (Instant::now(), count()?, vmm::cpu_seconds(&vms)?);
        sleep(Duration::from_millis(self.options.trial_ms));
        let (frames, cpu) = (count()? - frames, vmm::cpu_seconds(&vms)? - cpu);
        let seconds = start.elapsed().as_secs_f64();
        ensure!(frames > 0.0, "no frame came to the last VM");
        Ok(Sample { pps: frames / seconds, cpu_ns_per_frame: cpu * 1e9 / frames, flows: self.flows("f2")? })
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

fn print(options: &Options, reports: &[Report]) -> Result<()> {
    if options.json {
        println!("{}", serde_json::to_string_pretty(reports)?);
        return Ok(());
    }
    let host = Host::here();
    println!("{}; {} processors; Linux {}; {}", host.processor, host.processors, host.kernel, host.qemu);
    println!("medians of {} rounds in turn; VMs over rings, {MACHINE}, tcg; 64 B frames", options.rounds);
    for report in reports {
        println!("{}", if report.edge == Edge::Taps { "2 VMs, TAP to TAP" } else { "3 VMs, VM to VM" });
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
    }
    Ok(())
}
