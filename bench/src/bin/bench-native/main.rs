// SPDX-License-Identifier: Apache-2.0
//! Measures the data plane without a machine around it: pipelines in memory, 64-byte packets, one core, through the code that
//! images run; beside a Click that the user names, in turn.
#![forbid(unsafe_code)]

mod contestant;
mod pipelines;
mod report;

use anyhow::{Context, Result};
use clap::Parser;
use contestant::Contestant;
use pipelines::{Generator, Pipeline};
use report::{Measured, Report};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

/// Instructions per packet that each pipeline may take.
const BUDGET: &str = "bench/instructions.json";
/// More than that much above the budget fails the gate.
const TOLERANCE: f64 = 1.03;

/// ns and instructions per packet of Click pipelines
#[derive(Parser)]
#[command(after_help = "Example:\n  CLICK=/opt/fastclick/bin/click bench-native --only IPFilter")]
struct Options {
    /// A Click or FastClick to measure in turn with ours
    #[arg(long, env = "CLICK")]
    click: Option<PathBuf>,
    /// The sluice that builds ours
    #[arg(long, default_value = "target/release/sluice")]
    sluice: PathBuf,
    /// Only pipelines whose names contain this; may be given several times
    #[arg(long)]
    only: Vec<String>,
    /// Runs of each pipeline
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Packets of a run
    #[arg(long, default_value_t = 10_000_000)]
    packets: u64,
    /// Count instructions only, and fail if a pipeline takes more than its budget
    #[arg(long)]
    gate: bool,
    /// Count instructions only, and make them the budget
    #[arg(long, conflicts_with = "gate")]
    bless: bool,
    /// Where configurations and results go
    #[arg(short, long, default_value = "target/bench-native")]
    output: PathBuf,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let result = if options.gate || options.bless { gate(&options) } else { bench(&options).map(|()| true) };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench-native: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Options {
    fn pipelines(&self) -> Vec<Pipeline> {
        let wanted = |name: &str| self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()));
        let all = pipelines::all();
        // The generators of those stay: their cost is subtracted.
        let chosen = all.iter().filter(|pipeline| wanted(&pipeline.name));
        let generators: Vec<Generator> = chosen.map(|pipeline| pipeline.generator).collect();
        let stays = |pipeline: &Pipeline| match pipeline.body.is_empty() {
            true => generators.contains(&pipeline.generator),
            false => wanted(&pipeline.name),
        };
        all.into_iter().filter(stays).collect()
    }
}

/// Runs of all contestants in turn.
fn bench(options: &Options) -> Result<()> {
    fs::create_dir_all(&options.output)?;
    let mut report = Report::default();
    let mut field = Vec::new();
    for pipeline in options.pipelines() {
        eprintln!("building: {}", pipeline.name);
        let ours = Contestant::ours(&options.sluice, &pipeline, options.packets, &options.output)?;
        let click = options.click.as_deref();
        let click =
            click.map(|click| Contestant::click(click, &pipeline, options.packets, &options.output)).transpose()?;
        let instructions = ours.instructions(&options.output)?;
        report.pipelines.push(Measured::new(&pipeline, instructions));
        field.push((ours, click));
    }
    for round in 0..options.rounds {
        for ((ours, click), measured) in field.iter().zip(&mut report.pipelines) {
            eprintln!("round {} of {}: {}", round + 1, options.rounds, measured.name);
            measured.ours_ns.push(ours.run()?);
            if let Some(click) = click {
                match click.run() {
                    Ok(ns) => measured.click_ns.push(ns),
                    Err(error) => eprintln!("  {error:#}"),
                }
            }
        }
    }
    let json = options.output.join("results.json");
    fs::write(&json, serde_json::to_vec_pretty(&report)?)
        .with_context(|| format!("cannot write {}", json.display()))?;
    print!("{}", report.table());
    println!("every sample: {}", json.display());
    Ok(())
}

/// Counts instructions. False if there are too many.
fn gate(options: &Options) -> Result<bool> {
    if !std::arch::is_x86_feature_detected!("avx2") {
        println!("skipped: the budget is for processes built for x86-64-v3, which this processor is not");
        return Ok(true);
    }
    fs::create_dir_all(&options.output)?;
    let mut budget: BTreeMap<String, f64> = match fs::read(BUDGET) {
        Ok(text) => serde_json::from_slice(&text).with_context(|| format!("cannot read {BUDGET}"))?,
        Err(_) if options.bless => BTreeMap::new(),
        Err(error) => return Err(error).context(BUDGET),
    };
    let mut good = true;
    for pipeline in options.pipelines() {
        let ours = Contestant::ours(&options.sluice, &pipeline, options.packets, &options.output)?;
        let counted = (ours.instructions(&options.output)? * 10.0).round() / 10.0;
        let allowed = budget.get(&pipeline.name).copied();
        if options.bless {
            budget.insert(pipeline.name.clone(), counted);
        }
        let verdict = match allowed {
            None => "no budget; `bench-native --bless` sets it",
            Some(allowed) if counted > allowed * TOLERANCE => "TOO MANY",
            Some(_) => "ok",
        };
        good &= options.bless || verdict == "ok";
        let allowed = allowed.map_or("-".into(), |allowed| format!("{allowed:.1}"));
        println!("{:32} {counted:>8.1} instructions per packet, budget {allowed:>8}  {verdict}", pipeline.name);
    }
    if options.bless {
        fs::write(BUDGET, serde_json::to_string_pretty(&budget)? + "\n")?;
    }
    Ok(good)
}
