// SPDX-License-Identifier: Apache-2.0
//! What a hop costs: functions in a row in one VM, and VMs in a row, over rings and over TAPs joined by a Linux bridge.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail, ensure};
use bench::frame::Ends;
use bench::lab::{self, IN, IN_STATION, OUT, OUT_STATION};
use bench::load::{Load, Rate, Trial};
use bench::results::{Host, median};
use bench::stop;
use clap::Parser;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::Duration;
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
}

/// A chain under measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Chain {
    vms: usize,
    functions_each: usize,
    join: Join,
}

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
    let in_one = options.functions.iter().map(|&functions_each| Chain { vms: 1, functions_each, join: Join::Ring });
    let rows = options.vms.iter().flat_map(|&vms| [Join::Ring, Join::Bridge].map(|join| (vms, join)));
    let rows = rows.map(|(vms, join)| Chain { vms, functions_each: 1, join });
    let chains: Vec<Chain> = in_one.chain(rows).collect();
    chains.iter().try_for_each(|chain| sluice.build(chain))?;
    lab::enter()?;
    stop::watch()?;
    (1..chains.iter().map(|chain| chain.vms).max().unwrap_or(1)).try_for_each(middle)?;

    let mut trials: BTreeMap<Chain, Vec<Trial>> = BTreeMap::new();
    for round in 1..=options.rounds {
        for &chain in &chains {
            eprintln!("bench-chain: round {round} of {}, {}", options.rounds, chain.name());
            trials.entry(chain).or_default().push(sluice.trial(&chain, options)?);
        }
    }
    report(options, &trials)
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
        match (self.vms, self.join) {
            (1, _) => format!("{} in one VM", self.functions_each),
            (vms, Join::Ring) => format!("{vms} VMs, rings"),
            (vms, Join::Bridge) => format!("{vms} VMs, TAPs and bridges"),
        }
    }

    fn file(&self) -> String {
        format!("chain-{}-{}", self.vms, self.functions_each)
    }

    /// The chain file: VMs of forwarding functions that rewrite the addresses, as a router's hop or DPDK's l2fwd does. The last
    /// one writes the addresses that the others write as well, so a bridge between them learns nothing new.
    fn text(&self) -> String {
        let function = format!("EtherRewrite({}, {})", lab::mac(IN_STATION), lab::mac(OUT_STATION));
        let functions = vec![function; self.functions_each].join(" -> ");
        let node = |index: usize| match index {
            0 => "lan".into(),
            index if index > self.vms => "wan".into(),
            index => format!("f{index}"),
        };
        let mut text = String::from("network lan, wan;\n");
        for index in 1..=self.vms {
            let (name, before, behind) = (node(index), node(index - 1), node(index + 1));
            let _ = writeln!(
                text,
                "vm {name} {{ FromDevice({before}) -> {functions} -> ToDevice({behind});\n  \
                 FromDevice({behind}) -> ToDevice({before}); }}"
            );
        }
        let nodes: Vec<String> = (0..=self.vms + 1).map(node).collect();
        let _ = writeln!(text, "chain {};", nodes.join(" <-> "));
        text
    }

    /// What each port hangs on.
    fn attachments(&self) -> Vec<String> {
        let mut words = vec![format!("lan={IN}"), format!("wan={OUT}")];
        if self.join == Join::Bridge {
            for index in 1..self.vms {
                words.push(format!("f{index}.f{}=a{index}", index + 1));
                words.push(format!("f{}.f{index}=b{index}", index + 1));
            }
        }
        words
    }
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
    fn build(&self, chain: &Chain) -> Result<()> {
        eprintln!("bench-chain: building {}", chain.name());
        fs::write(self.path(chain), chain.text())?;
        self.run(&["build", &text(&self.path(chain)), "-o", &self.output(chain)]).map(drop)
    }

    fn trial(&self, chain: &Chain, options: &Options) -> Result<Trial> {
        let (file, output) = (text(&self.path(chain)), self.output(chain));
        let mut words = vec!["run", &file, "-o", &output, "--name", "bench", "--detach"];
        words.extend(["--machine", MACHINE, "--accel", "tcg"]);
        let attachments = chain.attachments();
        words.extend(attachments.iter().flat_map(|attachment| ["--tap", attachment.as_str()]));
        if chain.vms > 1 && chain.join == Join::Ring {
            words.extend(["--links", "ring"]);
        }
        self.run(&words)?;
        let trial = self.load(options);
        self.run(&["stop", "bench"])?;
        trial
    }

    fn load(&self, options: &Options) -> Result<Trial> {
        let vms = self.processes()?;
        sleep(SETTLE);
        stop::check()?;
        let ends = Ends { from: IN_STATION, to: OUT_STATION, source: [10, 0, 0, 2], destination: [10, 0, 1, 2] };
        let load = Load::new(&ends, options.frame, OUT);
        // Once shortly, so that everything is translated.
        load.trial(&vms, Rate::Saturate, SETTLE)?;
        load.trial(&vms, Rate::Saturate, Duration::from_millis(options.trial_ms))
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
    vms: usize,
    functions: usize,
    join: Join,
    /// Frames per second at saturation.
    pps: f64,
    /// Microseconds of CPU, all VMs together, for each frame and VM.
    cpu_us_per_frame_and_vm: f64,
    /// The rate of one function in one VM is 1.
    of_one: f64,
    /// The rate of the same VMs over bridges is 1.
    of_bridged: Option<f64>,
}

fn report(options: &Options, trials: &BTreeMap<Chain, Vec<Trial>>) -> Result<()> {
    let middle = |chain: &Chain, value: fn(&Trial) -> f64| {
        trials.get(chain).and_then(|trials| median(&trials.iter().map(value).collect::<Vec<_>>()))
    };
    let pps = |chain: &Chain| middle(chain, |trial| trial.forwarded_pps);
    let one = pps(&Chain { vms: 1, functions_each: 1, join: Join::Ring });
    let row = |chain: &Chain| {
        let rate = pps(chain)?;
        let bridged = pps(&Chain { join: Join::Bridge, ..*chain });
        Some(Row {
            chain: chain.name(),
            vms: chain.vms,
            functions: chain.functions_each * chain.vms,
            join: chain.join,
            pps: rate,
            cpu_us_per_frame_and_vm: middle(chain, |trial| trial.cpu_us_per_frame)? / chain.vms as f64,
            of_one: rate / one?,
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
    println!("{:<28} {:>9} {:>17} {:>12} {:>16}", "chain", "kpps", "µs CPU/frame/VM", "× one VM", "× TAP + bridge");
    for row in &rows {
        let bridged = row.of_bridged.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let (kpps, cpu, of_one) = (row.pps / 1e3, row.cpu_us_per_frame_and_vm, row.of_one);
        println!("{:<28} {kpps:>9.1} {cpu:>17.2} {of_one:>12.3} {bridged:>16}", row.chain);
    }
    if let Some(path) = &options.json {
        fs::write(path, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
