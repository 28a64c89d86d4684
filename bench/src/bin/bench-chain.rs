// SPDX-License-Identifier: Apache-2.0
//! What a hop costs: functions in a row in one VM, and VMs in a row, over rings and over TAPs joined by a Linux bridge.
//!
//! VMs in a row are measured twice: from a TAP to a TAP, where most of the cost is that of the TAPs at both ends, and from a source
//! in the first VM to a counter in the last one, where it is that of the hops alone (as ClickOS's authors measured theirs).
#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail, ensure};
use bench::course::Course;
use bench::frame::{Ends, udp};
use bench::lab::{self, IN, IN_STATION, OUT, OUT_STATION};
use bench::load::{Load, Rate};
use bench::results::{Host, median};
use bench::{stop, vmm};
use clap::Parser;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Between a chain's start and the load.
const SETTLE: Duration = Duration::from_millis(300);
/// The QEMU machine type: the one on which links may be rings and which boots soonest.
const MACHINE: &str = "pc";

/// What a hop costs: in one VM, between VMs over rings, between VMs over TAPs and a Linux bridge
#[derive(Parser)]
#[command(after_help = "Example:\n  bench-chain --rounds 9 --functions 1,6 --vms 2")]
struct Options {
    /// Rounds; each one takes all chains in turn
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Length of a trial, in milliseconds
    #[arg(long, default_value_t = 1000)]
    trial_ms: u64,
    /// Frame size, the check sequence included
    #[arg(long, default_value_t = 64)]
    frame: usize,
    /// Numbers of functions in one VM
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 3, 6])]
    functions: Vec<usize>,
    /// Numbers of VMs in a row
    #[arg(long, value_delimiter = ',', default_values_t = [2, 3])]
    vms: Vec<usize>,
    /// Only chains of services from TAP to TAP, whose VMs copy frames or share their buffers
    #[arg(long)]
    shared: bool,
    /// The sluice that builds and runs
    #[arg(long, default_value = "target/release/sluice")]
    sluice: PathBuf,
    /// Write the medians to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// How the VMs of a chain are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Join {
    /// By a ring in shared memory.
    Ring,
    /// By two TAPs on a Linux bridge.
    Bridge,
    /// By a ring, as a chain of services.
    Service,
    /// By a ring with shared buffers, as a chain of services.
    Shared,
}

/// Where a chain's frames come from and go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Edge {
    /// TAPs, and a load generator beside the VMs.
    Taps,
    /// The first VM makes them, the last one counts them.
    Vms,
}

/// A chain under measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Chain {
    edge: Edge,
    vms: usize,
    functions_each: usize,
    join: Join,
}

/// One function in one VM: what all others are compared with.
const ONE: Chain = Chain { edge: Edge::Taps, vms: 1, functions_each: 1, join: Join::Ring };

fn main() -> ExitCode {
    let options = Options::parse();
    if let Err(refusal) = lab::check() {
        eprintln!("bench-chain: {refusal:#}");
        return ExitCode::from(2);
    }
    match measure(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-chain: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<()> {
    let folder = TempDir::new()?;
    let sluice = Sluice { program: fs::canonicalize(&options.sluice)?, folder: folder.path().into() };
    let chains = if options.shared { services(options) } else { neighbours(options) };
    let frame = udp(&ENDS, options.frame, 0);
    chains.iter().try_for_each(|chain| sluice.build(chain, &frame))?;
    lab::enter()?;
    stop::watch()?;
    (1..chains.iter().map(|chain| chain.vms).max().unwrap_or(1)).try_for_each(middle)?;

    let mut trials: BTreeMap<Chain, Vec<Sample>> = BTreeMap::new();
    for round in 1..=options.rounds {
        for &chain in &chains {
            eprintln!("bench-chain: round {round} of {}, {}", options.rounds, chain.name());
            match sluice.trial(&chain, options) {
                Ok(sample) => trials.entry(chain).or_default().push(sample),
                // What was measured until then is worth telling.
                Err(error) => eprintln!("bench-chain: left out: {error:#}"),
            }
            stop::check()?;
        }
    }
    report(options, &trials)
}

/// Functions in one VM, and VMs that know their neighbours.
fn neighbours(options: &Options) -> Vec<Chain> {
    let in_one = options.functions.iter().map(|&functions_each| Chain { functions_each, ..ONE });
    let rows = [Edge::Taps, Edge::Vms].into_iter().flat_map(|edge| {
        let joined = options.vms.iter().flat_map(|&vms| [Join::Ring, Join::Bridge].map(|join| (vms, join)));
        joined.map(move |(vms, join)| Chain { edge, vms, join, ..ONE })
    });
    in_one.chain(rows).collect()
}

fn services(options: &Options) -> Vec<Chain> {
    let joined = options.vms.iter().flat_map(|&vms| [Join::Service, Join::Shared].map(|join| (vms, join)));
    joined.map(|(vms, join)| Chain { vms, join, ..ONE }).collect()
}

/// Makes the bridge between VM number `index`, counted from 1, and the one behind it: its TAPs are `aN` and `bN`.
fn middle(index: usize) -> Result<()> {
    let bridge = format!("m{index}");
    lab::ip(&["link", "add", &bridge, "type", "bridge"])?;
    for tap in [format!("a{index}"), format!("b{index}")] {
        lab::tap(&tap)?;
        lab::ip(&["link", "set", &tap, "master", &bridge])?;
    }
    lab::ip(&["link", "set", &bridge, "up"])
}

impl Chain {
    fn name(&self) -> String {
        let edge = if self.edge == Edge::Taps { "TAP to TAP" } else { "VM to VM" };
        match (self.vms, self.join) {
            (1, _) => format!("{} in one VM, {edge}", self.functions_each),
            (vms, Join::Ring) => format!("{vms} VMs, {edge}, rings"),
            (vms, Join::Bridge) => format!("{vms} VMs, {edge}, TAPs and bridges"),
            (vms, Join::Service) => format!("{vms} services, {edge}, rings"),
            (vms, Join::Shared) => format!("{vms} services, {edge}, rings with shared buffers"),
        }
    }

    fn file(&self) -> String {
        let kind = match (self.edge, self.join) {
            (_, Join::Service) => "service",
            (_, Join::Shared) => "shared",
            (Edge::Taps, _) => "tap",
            (Edge::Vms, _) => "vm",
        };
        format!("chain-{kind}-{}-{}", self.vms, self.functions_each)
    }

    /// The chain file.
    fn text(&self, frame: &[u8]) -> String {
        match self.join {
            Join::Service => self.services(""),
            Join::Shared => self.services("(shared)"),
            Join::Ring | Join::Bridge => self.neighbours(frame),
        }
    }

    /// A chain of services.
    fn services(&self, option: &str) -> String {
        let names: Vec<String> = (1..=self.vms).map(|index| format!("f{index}")).collect();
        let vms = names.iter().map(|name| format!("vm {name} {{ input -> {} -> output }}\n", self.functions()));
        let vms: String = vms.collect();
        format!("network lan, wan;\n{vms}chain c{option}: lan -> {} -> wan;\n", names.join(" -> "))
    }

    /// A chain of VMs that know their neighbours.
    fn neighbours(&self, frame: &[u8]) -> String {
        let nodes: Vec<String> = match self.edge {
            Edge::Taps => std::iter::once("lan".into())
                .chain((1..=self.vms).map(|index| format!("f{index}")))
                .chain(["wan".into()])
                .collect(),
            Edge::Vms => (1..=self.vms).map(|index| format!("f{index}")).collect(),
        };
        let mut text = String::new();
        if self.edge == Edge::Taps {
            text += "network lan, wan;\n";
        }
        for (index, name) in nodes.iter().enumerate().filter(|(_, name)| name.starts_with('f')) {
            let before = index.checked_sub(1).map(|index| nodes[index].as_str());
            let body = self.body(before, nodes.get(index + 1).map(String::as_str), frame);
            let _ = writeln!(text, "vm {name} {{ {body} }}");
        }
        let _ = writeln!(text, "chain {};", nodes.join(" <-> "));
        text
    }

    /// Forwarding functions that rewrite the addresses, as a router's hop or DPDK's l2fwd does. All of them write the same ones, so
    /// a bridge between them learns nothing new.
    fn functions(&self) -> String {
        let function = format!("EtherRewrite({}, {})", lab::mac(IN_STATION), lab::mac(OUT_STATION));
        vec![function; self.functions_each].join(" -> ")
    }

    /// A VM between two neighbours.
    fn body(&self, before: Option<&str>, behind: Option<&str>, frame: &[u8]) -> String {
        let functions = self.functions();
        match (before, behind) {
            (Some(before), Some(behind)) => format!(
                "FromDevice({before}) -> {functions} -> ToDevice({behind}); FromDevice({behind}) -> ToDevice({before});"
            ),
            (None, Some(behind)) => {
                let data: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
                // The queue lets the source wait while the next VM has no room.
                format!(
                    "InfiniteSource(DATA \\<{data}>, BURST 32) -> {functions} -> Queue(1024) -> ToDevice({behind}); \
                     FromDevice({behind}) -> Discard;"
                )
            }
            (Some(before), None) => {
                format!(
                    "FromDevice({before}) -> {functions} -> sink :: Counter -> Discard; Idle -> ToDevice({before});"
                )
            }
            (None, None) => String::new(),
        }
    }

    /// What each port hangs on.
    fn attachments(&self) -> Vec<String> {
        let mut words = match self.edge {
            Edge::Taps => vec![format!("lan={IN}"), format!("wan={OUT}")],
            Edge::Vms => Vec::new(),
        };
        if self.join == Join::Bridge {
            for index in 1..self.vms {
                words.push(format!("f{index}.f{}=a{index}", index + 1));
                words.push(format!("f{}.f{index}=b{index}", index + 1));
            }
        }
        words
    }
}

/// From whom to whom the frames go.
const ENDS: Ends = Ends { from: IN_STATION, to: OUT_STATION, source: [10, 0, 0, 2], destination: [10, 0, 1, 2] };

/// What a trial showed.
#[derive(Clone, Copy)]
struct Sample {
    /// Frames per second that came out.
    pps: f64,
    /// Microseconds of CPU, all VMs together, for each.
    cpu_us_per_frame: f64,
}

/// The command under measurement.
struct Sluice {
    program: PathBuf,
    folder: PathBuf,
}

impl Sluice {
    fn run(&self, arguments: &[&str]) -> Result<String> {
        let output =
            Command::new(&self.program).args(arguments).env("SLUICE_RUN_DIR", self.folder.join("run")).output();
        let output = output.with_context(|| format!("cannot run {}", self.program.display()))?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "sluice {}: {}", arguments.join(" "), complaint.trim());
        Ok(String::from_utf8(output.stdout)?)
    }

    fn path(&self, chain: &Chain) -> PathBuf {
        self.folder.join(chain.file()).with_extension("nf")
    }

    fn output(&self, chain: &Chain) -> String {
        self.folder.join(chain.file()).to_string_lossy().into_owned()
    }

    /// Builds while the registries can still be reached.
    fn build(&self, chain: &Chain, frame: &[u8]) -> Result<()> {
        eprintln!("bench-chain: building {}", chain.name());
        fs::write(self.path(chain), chain.text(frame))?;
        self.run(&["build", &text(&self.path(chain)), "-o", &self.output(chain)]).map(drop)
    }

    fn trial(&self, chain: &Chain, options: &Options) -> Result<Sample> {
        let (file, output) = (text(&self.path(chain)), self.output(chain));
        let mut words = vec!["run", &file, "-o", &output, "--name", "bench", "--detach"];
        words.extend(["--machine", MACHINE, "--accel", "tcg"]);
        let attachments = chain.attachments();
        words.extend(attachments.iter().flat_map(|attachment| ["--tap", attachment.as_str()]));
        if chain.vms > 1 && chain.join != Join::Bridge {
            words.extend(["--links", "ring"]);
        }
        self.run(&words)?;
        sleep(SETTLE);
        let trial = match chain.edge {
            Edge::Taps => self.load(options),
            Edge::Vms => self.watch(chain, options),
        };
        self.run(&["stop", "bench"])?;
        trial
    }

    /// From TAP to TAP.
    fn load(&self, options: &Options) -> Result<Sample> {
        let vms = self.processes()?;
        stop::check()?;
        let load = Load::new(&ENDS, options.frame, Course::THROUGH);
        // Once shortly, so that everything is translated.
        load.trial(&vms, Rate::Saturate, SETTLE)?;
        let trial = load.trial(&vms, Rate::Saturate, Duration::from_millis(options.trial_ms))?;
        Ok(Sample { pps: trial.forwarded_pps, cpu_us_per_frame: trial.cpu_us_per_frame })
    }

    /// What the last VM counts.
    fn watch(&self, chain: &Chain, options: &Options) -> Result<Sample> {
        let vms = self.processes()?;
        stop::check()?;
        let last = format!("bench/f{}", chain.vms);
        let count = || -> Result<f64> { Ok(self.run(&["ctl", &last, "read", "sink.count"])?.trim().parse()?) };
        let (start, frames, cpu) = (Instant::now(), count()?, vmm::cpu_seconds(&vms)?);
        sleep(Duration::from_millis(options.trial_ms));
        let (frames, cpu) = (count()? - frames, vmm::cpu_seconds(&vms)? - cpu);
        ensure!(frames > 0.0, "no frame came to the last VM");
        Ok(Sample { pps: frames / start.elapsed().as_secs_f64(), cpu_us_per_frame: cpu * 1e6 / frames })
    }

    /// The VMs' processes.
    fn processes(&self) -> Result<Vec<u32>> {
        let runs: serde_json::Value = serde_json::from_str(&self.run(&["ps", "--json"])?)?;
        let Some(vms) = runs[0]["vms"].as_array() else { bail!("sluice ps shows no run") };
        let pids = vms.iter().map(|vm| vm["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()));
        pids.collect::<Option<_>>().context("sluice ps shows no process")
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The medians of a chain.
#[derive(Serialize)]
struct Row {
    chain: String,
    edge: Edge,
    vms: usize,
    functions: usize,
    join: Join,
    /// Frames per second at saturation.
    pps: f64,
    /// Microseconds of CPU, all VMs together, for each frame and VM.
    cpu_us_per_frame_and_vm: f64,
    /// How many trials came to their end.
    trials: usize,
    /// The rate of one function in one VM is 1.
    of_one: Option<f64>,
    /// The rate of the same VMs over bridges is 1.
    of_bridged: Option<f64>,
}

fn report(options: &Options, trials: &BTreeMap<Chain, Vec<Sample>>) -> Result<()> {
    let middle = |chain: &Chain, value: fn(&Sample) -> f64| {
        trials.get(chain).and_then(|trials| median(&trials.iter().map(value).collect::<Vec<_>>()))
    };
    let pps = |chain: &Chain| middle(chain, |sample| sample.pps);
    let one = pps(&ONE);
    let row = |chain: &Chain| {
        let rate = pps(chain)?;
        let bridged = pps(&Chain { join: Join::Bridge, ..*chain });
        Some(Row {
            chain: chain.name(),
            edge: chain.edge,
            vms: chain.vms,
            functions: chain.functions_each * chain.vms,
            join: chain.join,
            pps: rate,
            trials: trials[chain].len(),
            cpu_us_per_frame_and_vm: middle(chain, |sample| sample.cpu_us_per_frame)? / chain.vms as f64,
            of_one: one.map(|one| rate / one),
            of_bridged: bridged.map(|bridged| rate / bridged),
        })
    };
    let rows: Vec<Row> = trials.keys().filter_map(row).collect();
    let host = Host::here();
    println!("{}; {} processors; Linux {}; {}", host.processor, host.processors, host.kernel, host.qemu);
    println!(
        "medians of {} rounds in turn; {MACHINE}, tcg; {} B frames at saturation\n",
        options.rounds, options.frame
    );
    println!("{:<48} {:>9} {:>17} {:>12} {:>16}", "chain", "kpps", "µs CPU/frame/VM", "× one VM", "× TAP + bridge");
    for row in &rows {
        let bridged = row.of_bridged.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let of_one = row.of_one.map_or_else(String::new, |ratio| format!("{ratio:.3}"));
        let (kpps, cpu) = (row.pps / 1e3, row.cpu_us_per_frame_and_vm);
        let missing = options.rounds - row.trials;
        let missing = if missing > 0 { format!("  {missing} trials failed") } else { String::new() };
        println!("{:<48} {kpps:>9.1} {cpu:>17.2} {of_one:>12} {bridged:>16}{missing}", row.chain);
    }
    if let Some(path) = &options.json {
        fs::write(path, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
