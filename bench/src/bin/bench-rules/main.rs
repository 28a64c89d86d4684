// SPDX-License-Identifier: Apache-2.0
//! Measures rule sets as data (`nf_elements::filter::tree`): the time to build them, their bytes, and nanoseconds of processor time
//! per packet, for traces that are uniform over the rules and such as flows make; and what packets of known connections cost a firewall without and
//! with connection tracking.
//!
//! `cargo run --release -p bench --bin bench-rules -- [--rounds N] [CLASSBENCH-FILE …]`

mod flows;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use flows::{Cost, Flows};
use nf_elements::filter::tree::{Tree, grow_tree, words_of};
use nf_elements::filter::{Formulas, NO_MATCH, parse_tracked_rule};
use nf_elements::testing::rule_sets::{Flavour, Header, RuleSet, Trace};
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Headers of a trace: more than any cache near the core holds.
const HEADERS: usize = 200_000;
/// Headers whose decision is compared with that of all rules asked one by one.
const COMPARED: usize = 200;
const OUTPUTS: usize = 8;

#[derive(Parser)]
struct Options {
    /// Runs through each trace, in turn.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Filter sets of ClassBench, measured beside those made here.
    files: Vec<PathBuf>,
}

struct Built {
    name: String,
    rules: usize,
    build: Duration,
    bytes: Vec<u8>,
    traces: [Vec<Header>; 2],
    times: [Vec<f64>; 2],
    flows: Flows,
    costs: Vec<Cost>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let mut built = Vec::new();
    for (flavour, name) in [(Flavour::Acl, "ACL"), (Flavour::Fw, "FW"), (Flavour::Ipc, "IPC")] {
        for count in [1000, 10_000, 100_000] {
            built.push(build(name.into(), &RuleSet::generate(flavour, count, 1))?);
        }
    }
    for path in &options.files {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let set = RuleSet::read(&text).map_err(|line| anyhow!("{}:{line}: no rule of ClassBench", path.display()))?;
        built.push(build(path.file_name().unwrap_or_default().to_string_lossy().into(), &set)?);
    }
    for _ in 0..options.rounds {
        built.iter_mut().for_each(Built::run);
    }
    println!("{:67} 10,000 connections, ns", "");
    println!(
        "{:16} {:>7} {:>9} {:>9} {:>6} {:>11} {:>9} {:>10} {:>9} {:>6}",
        "rules", "count", "build", "bytes", "each", "uniform, ns", "flows, ns", "stateless", "stateful", "÷"
    );
    for mut set in built {
        let [uniform, flows] = [0, 1].map(|trace| median(&mut set.times[trace]));
        let (bytes, each) = (set.bytes.len(), set.bytes.len() as f64 / set.rules as f64);
        let build = format!("{:.0} ms", set.build.as_secs_f64() * 1e3);
        let cost = |of: fn(&Cost) -> f64| median(&mut set.costs.iter().map(of).collect::<Vec<_>>());
        let [stateless, stateful] = [cost(|cost| cost.stateless), cost(|cost| cost.stateful)];
        println!(
            "{:16} {:7} {build:>9} {bytes:9} {each:6.1} {uniform:11.1} {flows:9.1} {stateless:10.1} {stateful:9.1} {:6.2}",
            set.name,
            set.rules,
            stateful / stateless
        );
    }
    Ok(())
}

/// Builds a set from its texts, as the compiler does, and makes its traces.
fn build(name: String, set: &RuleSet) -> Result<Built> {
    let texts: Vec<String> = set.texts(OUTPUTS).collect();
    let start = Instant::now();
    let mut formulas = Formulas::default();
    let rules = texts.iter().map(|text| {
        let rule = parse_tracked_rule(text, OUTPUTS).map_err(|errors| anyhow!("{text}: {errors:?}"))?;
        Ok((formulas.pattern(&rule.pattern), rule.action.leaf()))
    });
    let rules = rules.collect::<Result<Vec<_>>>()?;
    let bytes = grow_tree(&formulas, &rules)?.bytes;
    let build = start.elapsed();
    let traces = [Trace::Uniform, Trace::Flows].map(|kind| set.trace(kind, HEADERS, 2));
    let tree = Tree::new(words_of(&bytes))?;
    for header in traces.iter().flat_map(|trace| &trace[..COMPARED]) {
        let wanted = set.first(header).map_or(NO_MATCH, |index| set.leaf(index, OUTPUTS));
        anyhow::ensure!(tree.walk(header) == wanted, "{name}: {header:?} is decided wrongly");
    }
    let established = parse_tracked_rule("allow state established", OUTPUTS).map_err(|errors| anyhow!("{errors:?}"))?;
    let mut stateful = vec![(formulas.pattern(&established.pattern), established.action.leaf())];
    stateful.extend(rules);
    let flows = Flows::new(&traces[0], bytes.clone(), grow_tree(&formulas, &stateful)?.bytes)?;
    Ok(Built {
        name,
        rules: set.rules.len(),
        build,
        bytes,
        traces,
        times: [Vec::new(), Vec::new()],
        flows,
        costs: Vec::new(),
    })
}

impl Built {
    /// One run through each trace.
    fn run(&mut self) {
        let tree = Tree::of_checked(words_of(&self.bytes));
        for (trace, times) in self.traces.iter().zip(&mut self.times) {
            let start = processor_time();
            let sum: u64 = trace.iter().map(|header| u64::from(tree.walk(header))).sum();
            black_box(sum);
            times.push((processor_time() - start).as_nanos() as f64 / trace.len() as f64);
        }
        self.costs.push(self.flows.run());
    }
}

/// What this thread has run.
fn processor_time() -> Duration {
    let clock = nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID;
    Duration::from(nix::time::clock_gettime(clock).expect("Linux has this clock"))
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
