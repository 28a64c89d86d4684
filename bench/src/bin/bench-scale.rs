// SPDX-License-Identifier: Apache-2.0
//! How soon a chain has another VM while frames pass: from the command, or from the death of a VM, to its first frame.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use serde::Serialize;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take; it only ends what would hang.
const PATIENCE: Duration = Duration::from_secs(30);
const FLOWS: u64 = 61;
const CHAIN: &str = "
network lan, wan;
vm fw { input -> CheckIPHeader(14) -> output }
vm ids(replicas 1 to 2) { input -> up :: Counter -> output; input[1] -> down :: Counter -> [1] output }
service inspect = ids;
chain web: lan -> fw -> inspect -> wan;
";

/// Time to the first frame through a VM that joins a service, and through one that was killed
#[derive(Parser)]
#[command(after_help = "Example:\n  bench-scale --rounds 31 --rate 20000")]
struct Options {
    /// How often each is measured
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Frames per second that are sent through the chain
    #[arg(long, default_value_t = 2000)]
    rate: u64,
    /// The sluice that runs the chain
    #[arg(long, default_value = "target/release/sluice")]
    sluice: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was measured: medians and worst, in milliseconds.
#[derive(Serialize)]
struct Report {
    rounds: usize,
    /// Frames that came through while that was measured, per second.
    forwarded_pps: f64,
    /// Frames that were sent and did not come through, killed VMs included.
    lost: u64,
    join_ms: f64,
    join_worst_ms: f64,
    restart_ms: f64,
    restart_worst_ms: f64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match measure(&options) {
        Ok(report) => {
            print(&report, options.json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench-scale: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A chain that runs, in a run directory of its own.
struct Chain<'a> {
    sluice: &'a Path,
    folder: TempDir,
}

impl Drop for Chain<'_> {
    fn drop(&mut self) {
        let _ = self.command(&["stop", "--all"]).output();
    }
}

impl Chain<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.sluice);
        command.args(arguments).env("SLUICE_RUN_DIR", self.folder.path().join("runs"));
        command
    }

    fn sluice(&self, arguments: &[&str]) -> Result<String> {
        let output =
            self.command(arguments).output().with_context(|| format!("cannot run {}", self.sluice.display()))?;
        ensure!(output.status.success(), "sluice {arguments:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8(output.stdout)?.trim().into())
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn start(&self) -> Result<(UnixDatagram, UnixDatagram)> {
        let file = self.path("scaled.nf");
        std::fs::write(&file, CHAIN)?;
        let (lan, wan) = (UnixDatagram::bind(self.path("lan"))?, UnixDatagram::bind(self.path("wan"))?);
        wan.set_read_timeout(Some(Duration::from_millis(200)))?;
        lan.set_nonblocking(true)?;
        let (at_lan, at_wan) = (format!("lan={}", self.path("lan")), format!("wan={}", self.path("wan")));
        let sockets = ["--socket", &at_lan, "--socket", &at_wan];
        let output = self.path("images");
        let run = ["run", &file, "--machine", "q35", "--accel", "tcg", "--detach", "-o", &output];
        self.sluice(&[&run[..], &sockets].concat())?;
        Ok((lan, wan))
    }

    /// Milliseconds from `begin` to the first frame that the replica which may come and go has sent. A little more: until
    /// the VM's answer has reached us.
    fn first_frame_ms(&self, begin: Instant) -> Result<f64> {
        let number = |handler: &str| -> Result<f64> { Ok(self.sluice(&["ctl", "ids_1", "read", handler])?.parse()?) };
        while begin.elapsed() < PATIENCE {
            let first_out_ns = number("machine.first_out_ns").unwrap_or(0.0);
            if first_out_ns > 0.0 {
                let now_ns = number("machine.now_ns")?;
                return Ok(begin.elapsed().as_secs_f64() * 1e3 - (now_ns - first_out_ns) / 1e6);
            }
        }
        bail!("no frame passes the VM")
    }

    fn join(&self) -> Result<f64> {
        let begin = Instant::now();
        self.sluice(&["scale", "inspect", "2"])?;
        let took = self.first_frame_ms(begin)?;
        self.sluice(&["scale", "inspect", "1"])?;
        Ok(took)
    }

    /// The process of the replica, and how often it was started again.
    fn replica(&self) -> Result<(String, u64)> {
        let runs: serde_json::Value = serde_json::from_str(&self.sluice(&["ps", "--json"])?)?;
        let vms = runs[0]["vms"].as_array().context("the run has ended")?;
        let vm = vms.iter().find(|vm| vm["name"] == "ids_1").context("no replica")?;
        Ok((vm["pid"].to_string(), vm["restarts"].as_u64().unwrap_or(0)))
    }

    fn restart(&self) -> Result<f64> {
        let (pid, restarts) = self.replica()?;
        let begin = Instant::now();
        ensure!(Command::new("kill").args(["-KILL", &pid]).status()?.success(), "cannot kill process {pid}");
        while self.replica()?.1 == restarts {
            ensure!(begin.elapsed() < PATIENCE, "the VM is not started again");
        }
        self.first_frame_ms(begin)
    }
}

fn measure(options: &Options) -> Result<Report> {
    let chain = Chain { sluice: &options.sluice, folder: TempDir::new()? };
    let (lan, wan) = chain.start()?;
    let (over, sent, came) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let into = chain.path("lan.vm");
    std::thread::scope(|scope| {
        scope.spawn(|| send(&lan, &into, options.rate, &sent, &over));
        scope.spawn(|| receive(&wan, &came, &over));
        let measured = rounds(&chain, options, &came);
        over.store(true, Ordering::Relaxed);
        measured
    })
    .map(|report| Report { lost: sent.load(Ordering::Relaxed).saturating_sub(came.load(Ordering::Relaxed)), ..report })
}

fn rounds(chain: &Chain, options: &Options, came: &AtomicU64) -> Result<Report> {
    let (begin, before) = (Instant::now(), came.load(Ordering::Relaxed));
    let mut joins = (0..options.rounds).map(|_| chain.join()).collect::<Result<Vec<f64>>>()?;
    chain.sluice(&["scale", "inspect", "2"])?;
    let mut restarts = (0..options.rounds).map(|_| chain.restart()).collect::<Result<Vec<f64>>>()?;
    let forwarded = came.load(Ordering::Relaxed) - before;
    joins.sort_by(f64::total_cmp);
    restarts.sort_by(f64::total_cmp);
    Ok(Report {
        rounds: options.rounds,
        forwarded_pps: forwarded as f64 / begin.elapsed().as_secs_f64(),
        lost: 0,
        join_ms: joins[options.rounds / 2],
        join_worst_ms: joins[options.rounds - 1],
        restart_ms: restarts[options.rounds / 2],
        restart_worst_ms: restarts[options.rounds - 1],
    })
}

fn send(lan: &UnixDatagram, into: &str, rate: u64, sent: &AtomicU64, over: &AtomicBool) {
    // What was not sent in time is not sent: a burst would be another load.
    const TICK: Duration = Duration::from_millis(1);
    let (mut last, mut number) = (Instant::now(), 0);
    while !over.load(Ordering::Relaxed) {
        std::thread::sleep(TICK);
        let due = last.elapsed().min(10 * TICK).as_secs_f64() * rate as f64;
        last = Instant::now();
        for _ in 0..due.round() as u64 {
            // A VM that is down, or behind, takes none.
            sent.fetch_add(u64::from(lan.send_to(&frame(number), into).is_ok()), Ordering::Relaxed);
            number += 1;
        }
    }
}

fn receive(wan: &UnixDatagram, came: &AtomicU64, over: &AtomicBool) {
    let mut buffer = [0; 2048];
    loop {
        if wan.recv(&mut buffer).is_ok() {
            came.fetch_add(1, Ordering::Relaxed);
        } else if over.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// Frame number `number`: UDP in IPv4, one of [`FLOWS`].
fn frame(number: u64) -> Vec<u8> {
    let mut ip = [0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    let sum = ip.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum::<u32>();
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    let udp = [&(1000 + (number % FLOWS) as u16).to_be_bytes()[..], &[0, 53, 0, 26, 0, 0]].concat();
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0][..], &ip, &udp, &[0; 18]].concat()
}

fn print(report: &Report, json: bool) {
    if json {
        println!("{}", serde_json::to_string_pretty(report).expect("numbers"));
        return;
    }
    let Report { rounds, forwarded_pps, lost, .. } = report;
    println!(
        "a replica more, of {rounds} rounds each on q35, tcg, {forwarded_pps:.0} frames per second through the chain"
    );
    println!("  joins       command → first frame {:.1} ms, at most {:.1}", report.join_ms, report.join_worst_ms);
    println!("  killed      → first frame again   {:.1} ms, at most {:.1}", report.restart_ms, report.restart_worst_ms);
    println!("  lost        {lost} frames, those of killed VMs");
}
