// SPDX-License-Identifier: Apache-2.0
//! Many small VMs of one image at once: how fast they start, what they cost while idle, whether all of them answer.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use qemu::{Accel, Backend, Control, Kind, Machine, Nic, PortDevice, Vm};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take; it only ends what would hang.
const PATIENCE: Duration = Duration::from_secs(120);
/// The chain: one VM of two ports, which sleeps unless a frame comes.
const CHAIN: &str = "examples/wire.nf";
/// What the issue asks for: idle processor time of all VMs, in percent of the machine.
const IDLE_LIMIT_PERCENT: f64 = 10.0;

/// Many small VMs at once: starts, idle processor time, memory
#[derive(Parser)]
#[command(after_help = "Example:\n  bench-density --vms 300 --seconds 20")]
struct Options {
    /// How many
    #[arg(long, default_value_t = 150)]
    vms: usize,
    /// RAM of each, in MiB
    #[arg(long, default_value_t = 8)]
    memory: u32,
    /// How long they are watched while they are idle
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many may be on their way to being ready at once [default: the processors]
    #[arg(long)]
    at_once: Option<usize>,
    /// The sluice that builds the image
    #[arg(long, default_value = "target/release/sluice")]
    sluice: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Fail unless all answer and idle within the limit
    #[arg(long)]
    gate: bool,
}

/// What was measured.
#[derive(Serialize)]
struct Report {
    vms: usize,
    answering: usize,
    processors: usize,
    /// Until the last one was ready.
    start_seconds: f64,
    vms_per_second: f64,
    /// A VM that starts alone, with the others idle.
    one_more_ms: f64,
    /// Processor time of all QEMUs while idle, of all processors.
    idle_percent: f64,
    /// Each VM is asked in turn.
    ask_all_ms: f64,
    memory_mib: u32,
    /// Proportional share of a QEMU with its VM (`Pss`): mean and largest.
    pss_mib: f64,
    largest_pss_mib: f64,
    threads: usize,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match measure(&options) {
        Ok(report) => {
            print(&report, options.json);
            let sound = report.answering == report.vms && report.idle_percent <= IDLE_LIMIT_PERCENT;
            if sound || !options.gate { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("bench-density: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A VM that was started.
struct Member {
    vm: Vm,
    socket: PathBuf,
    control: Option<Control>,
}

fn measure(options: &Options) -> Result<Report> {
    let folder = TempDir::new()?;
    let image = build(&options.sluice, folder.path())?;
    let processors = std::thread::available_parallelism()?.get();
    let at_once = options.at_once.unwrap_or(processors).max(1);
    let begun = Instant::now();
    let mut fleet = Vec::new();
    let mut ready = 0;
    for number in 0..options.vms {
        fleet.push(Member::start(&image, options.memory, folder.path(), number)?);
        if fleet.len() - ready >= at_once {
            fleet[ready].ready()?;
            ready += 1;
        }
    }
    fleet[ready..].iter_mut().try_for_each(Member::ready)?;
    let start_seconds = begun.elapsed().as_secs_f64();

    let (before, watched) = (cpu(&fleet)?, Instant::now());
    std::thread::sleep(Duration::from_secs(options.seconds));
    let (used, watched) = (cpu(&fleet)? - before, watched.elapsed().as_secs_f64());

    let asked = Instant::now();
    let answering =
        fleet.iter_mut().filter_map(|member| member.control.as_mut()?.read("machine", "now_ns").ok()).count();
    let ask_all_ms = asked.elapsed().as_secs_f64() * 1e3;
    let shares: Vec<f64> = fleet.iter().map(|member| pss_mib(member.vm.pid())).collect::<Result<_>>()?;
    let threads = fleet.iter().map(|member| threads(member.vm.pid())).sum::<Result<usize>>()?;

    let alone = Instant::now();
    Member::start(&image, options.memory, folder.path(), options.vms)?.ready()?;
    Ok(Report {
        vms: options.vms,
        answering,
        processors,
        start_seconds,
        vms_per_second: options.vms as f64 / start_seconds,
        one_more_ms: alone.elapsed().as_secs_f64() * 1e3,
        idle_percent: 100.0 * used / (watched * processors as f64),
        ask_all_ms,
        memory_mib: options.memory,
        pss_mib: shares.iter().sum::<f64>() / shares.len() as f64,
        largest_pss_mib: shares.iter().copied().fold(0.0, f64::max),
        threads,
    })
}

impl Member {
    fn start(image: &Path, memory_mib: u32, folder: &Path, number: usize) -> Result<Member> {
        let socket = folder.join(format!("{number}.control"));
        let port = |port: usize| {
            let local = folder.join(format!("{number}-{port}"));
            let remote = folder.join(format!("{number}-{port}.host"));
            let [high, low] = (number as u16).to_be_bytes();
            PortDevice::Nic(Nic {
                backend: Backend::Dgram { local, remote },
                mac: [0x52, 0x54, 0, high, low, port as u8],
            })
        };
        let machine = Machine {
            name: format!("density-{number}"),
            kind: Kind::Microvm,
            accel: Accel::Tcg,
            memory_mib,
            kernel: image.into(),
            append: qemu::tsc_khz().map_or_else(String::new, |khz| format!("tsc_khz={khz}")),
            ports: (0..2).map(port).collect(),
            control: Some(socket.clone()),
        };
        Ok(Member { vm: Vm::start(&machine)?, socket, control: None })
    }

    fn ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut control = loop {
            if let Some(control) = Control::connect(&self.socket)? {
                break control;
            }
            if let Some(exit) = self.vm.ended()? {
                bail!("a VM ended: {exit:?}");
            }
            ensure!(Instant::now() < deadline, "QEMU makes no control socket");
            std::thread::sleep(Duration::from_micros(200));
        };
        control.ready(PATIENCE)?.context("a VM does not become ready")?;
        self.control = Some(control);
        Ok(())
    }
}

fn build(sluice: &Path, folder: &Path) -> Result<PathBuf> {
    let built = Command::new(sluice).args(["build", CHAIN, "-o"]).arg(folder).output();
    let built = built.with_context(|| format!("cannot run {}", sluice.display()))?;
    ensure!(built.status.success(), "sluice build {CHAIN}: {}", String::from_utf8_lossy(&built.stderr).trim());
    Ok(folder.join("wire.elf"))
}

/// Processor time of all VMs so far, in seconds. Of each thread, in nanoseconds: clock ticks would miss short wakes.
fn cpu(fleet: &[Member]) -> Result<f64> {
    let mut ns = 0;
    for member in fleet {
        for thread in std::fs::read_dir(format!("/proc/{}/task", member.vm.pid())).context("a VM has ended")? {
            let told = std::fs::read_to_string(thread?.path().join("schedstat")).context("a thread has ended")?;
            ns += told.split(' ').next().context("/proc changed")?.parse::<u64>()?;
        }
    }
    Ok(ns as f64 / 1e9)
}

fn pss_mib(pid: u32) -> Result<f64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("a VM has ended")?;
    let share = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB"));
    Ok(share.context("/proc changed")?.parse::<f64>()? / 1024.0)
}

fn threads(pid: u32) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{pid}/task")).context("a VM has ended")?.count())
}

fn print(report: &Report, json: bool) {
    if json {
        println!("{}", serde_json::to_string_pretty(report).expect("numbers"));
        return;
    }
    let Report { vms, answering, processors, .. } = report;
    println!("{vms} VMs of {} MiB on microvm, tcg, {processors} processors", report.memory_mib);
    println!("  start       {:.2} s: {:.1} VMs per second", report.start_seconds, report.vms_per_second);
    println!("  one more    ready {:.1} ms after its start, the others idle", report.one_more_ms);
    println!("  answering   {answering} of {vms}, one after the other in {:.1} ms", report.ask_all_ms);
    println!("  idle        {:.2} % of the machine, {} threads", report.idle_percent, report.threads);
    println!("  memory      {:.1} MiB per VM (PSS), at most {:.1}", report.pss_mib, report.largest_pss_mib);
}
