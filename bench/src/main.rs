// SPDX-License-Identifier: Apache-2.0
//! Measures Sluice's images against a Linux VM that does the same job, on one harness, in turn.
#![forbid(unsafe_code)]

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;

use bench::campaign::Floors;
use bench::contestant::Contestant;
use bench::images::Builder;
use bench::linux::Job;
use bench::options::{Options, Part};
use bench::peer::Peer;
use bench::results::{Host, Results};
use bench::rules::RuleKind;
use bench::{campaign, lab, options, peer, plot, report, stop};

const RULE_COUNTS: [usize; 3] = [10, 100, 1000];
/// Rules of the firewalls that know connections.
const STATEFUL_RULES: usize = 100;
/// Frames that go into a tunnel: the longest still fit its MTU.
const TUNNEL_FRAMES: [usize; 2] = [64, 1400];

fn main() -> ExitCode {
    let options = Options::parse();
    if let Err(refusal) = lab::check() {
        eprintln!("bench: {refusal:#}");
        return ExitCode::from(2);
    }
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Everything in order: builds and downloads while the network is still there, then the lab, the rounds, the report.
fn run(options: &Options) -> Result<()> {
    let scale = options.scale();
    fs::create_dir_all(&options.output).with_context(|| format!("cannot make {}", options.output.display()))?;
    let field = Field::prepare(options, scale.all_contestants)?;
    lab::enter()?;
    stop::watch()?;

    let mut results = Results::default();
    let machine = options.machine.kind();
    if options.wants(Part::Size) {
        sizes(&mut results, &field)?;
        campaign::least_memory(&mut results, machine, field.our_bridge(), (0, 16), Duration::from_secs(2))?;
        campaign::least_memory(&mut results, machine, field.linux_bridge(), (40, 128), Duration::from_secs(8))?;
    }
    if options.wants(Part::Boot) {
        campaign::boots(&mut results, &scale, &field.contestants[..2], &field.floors)?;
        campaign::ready(&mut results, &scale, field.our_bridge().image().context("our bridge has an image")?)?;
    }
    if options.wants(Part::Forward) {
        for place in &scale.placements {
            campaign::forwarding(&mut results, &scale, place, machine, &field.contestants)?;
        }
    }
    if options.wants(Part::Vtep) {
        let scale = options::Scale { frame_bytes: TUNNEL_FRAMES.to_vec(), ..options.scale() };
        for place in &scale.placements {
            campaign::forwarding(&mut results, &scale, place, machine, &field.vteps)?;
        }
    }
    if options.wants(Part::Stateful) {
        let scale = options::Scale { frame_bytes: vec![64], ..options.scale() };
        for place in &scale.placements {
            campaign::forwarding(&mut results, &scale, place, machine, &field.firewalls)?;
        }
    }
    report(options, &results, &scale)
}

/// Those that take part.
struct Field {
    /// The bridges first: Linux's, then ours.
    contestants: Vec<Contestant>,
    /// The ends of a tunnel, Linux's and ours, both ways, if they are wanted.
    vteps: Vec<Contestant>,
    /// Firewalls that know connections, and one that knows none, if they are wanted.
    firewalls: Vec<Contestant>,
    floors: Floors,
    peer: Peer,
}

impl Field {
    fn prepare(options: &Options, all: bool) -> Result<Self> {
        let peer = peer::prepare(&options.peer_cache(), &RULE_COUNTS)?;
        let builder = Builder::new(options.sluice.clone(), &options.output.join("chains"))?;
        eprintln!("bench: building our images");
        let mut contestants = vec![Contestant::linux(&peer, Job::Bridge), Contestant::example(&builder, "bridge")?];
        contestants.push(Contestant::example(&builder, "mirror")?);
        let kinds: &[RuleKind] =
            if all { &[RuleKind::SourceHost, RuleKind::FiveField] } else { &[RuleKind::SourceHost] };
        for &kind in kinds {
            for count in RULE_COUNTS {
                contestants.push(Contestant::firewall(&builder, kind, count)?);
                if all || count == 100 {
                    contestants.push(Contestant::linux(&peer, Job::RouteFirewall(kind, count)));
                    contestants.push(Contestant::linux(&peer, Job::BridgeFirewall(kind, count)));
                }
            }
        }
        if all {
            contestants.push(Contestant::example(&builder, "wire")?);
        }
        let mut vteps = Vec::new();
        if options.wants(Part::Vtep) {
            peer::prepare_vtep(&options.peer_cache())?;
            vteps = Contestant::vteps(&peer, &builder)?;
        }
        let mut firewalls = Vec::new();
        if options.wants(Part::Stateful) {
            firewalls = Contestant::stateful_firewalls(&peer, &builder, STATEFUL_RULES)?;
        }
        Ok(Self {
            contestants,
            vteps,
            firewalls,
            floors: Floors { ends: builder.floor()?, speaks: builder.first_instruction()? },
            peer,
        })
    }

    fn linux_bridge(&self) -> &Contestant {
        &self.contestants[0]
    }

    fn our_bridge(&self) -> &Contestant {
        &self.contestants[1]
    }
}

fn sizes(results: &mut Results, field: &Field) -> Result<()> {
    let linux = fs::metadata(&field.peer.bzimage)?.len() + fs::metadata(&field.peer.bridge)?.len();
    results.add("image_kb/linux-bridge", linux as f64 / 1e3);
    for contestant in &field.contestants {
        if let Some(image) = contestant.image() {
            results.add(&format!("image_kb/{}", contestant.name), image.bytes()? as f64 / 1e3);
        }
    }
    Ok(())
}

fn report(options: &Options, results: &Results, scale: &options::Scale) -> Result<()> {
    let host = Host::here();
    println!("{}; Linux {}; {}; software emulation, -cpu qemu64", host.processor, host.kernel, host.qemu);
    println!("medians of {} rounds; forwarding on {}\n", scale.rounds, options.machine.kind().name());
    for (index, place) in scale.placements.iter().enumerate() {
        let rows = report::rows(results, place.name, options.machine.kind());
        let (vm, load) = (&place.vm_cpus, &place.load_cpus);
        println!("{}: QEMU on CPUs {vm:?}, load generator on {load:?}\n{}", place.name, report::table(&rows));
        if index == 0 {
            results.write(&options.output.join("results.json"), &rows)?;
            plot::draw(&options.output.join("results.svg"), results, place.name, &host)?;
        }
    }
    println!("{0}/results.json, {0}/results.svg", options.output.display());
    for failure in &results.failures {
        println!("not measured: {failure}");
    }
    Ok(())
}
