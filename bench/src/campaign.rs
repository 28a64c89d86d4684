// SPDX-License-Identifier: Apache-2.0
//! The rounds: every contestant in turn, then again, so that a drift of the machine meets all of them alike.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use qemu::{Control, Kind};

use crate::boot::until_first_frame;
use crate::contestant::Contestant;
use crate::echo;
use crate::images::{self, Image};
use crate::lab;
use crate::load::{Load, Rate, Trial};
use crate::options::{Placement, Scale};
use crate::results::{Results, median};
use crate::search::highest_rate;
use crate::stop;
use crate::vmm::Vm;

/// The longest that any contestant may take to forward its first frame.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between a VM's first frame and the load: a kernel still has work then.
const SETTLE: Duration = Duration::from_millis(300);
const SCRATCH_PREFIX: &str = "sluice-bench-";

/// The least that a boot can take, in two ways.
#[derive(Debug)]
pub struct Floors {
    /// A kernel that ends QEMU at its first instruction.
    pub ends: Image,
    /// A kernel that speaks at its first instruction, then halts.
    pub speaks: Image,
}

/// Boot to first forwarded frame on each machine type, and the floor beside it.
pub fn boots(results: &mut Results, scale: &Scale, contestants: &[Contestant], floors: &Floors) -> Result<()> {
    for round in 1..=scale.rounds {
        for machine in Kind::ALL {
            eprintln!("bench: boot, round {round} of {}, {}", scale.rounds, machine.name());
            for contestant in contestants {
                let name = format!("boot_ms/{}/{}", machine.name(), contestant.name);
                let command = contestant.command(machine);
                let took = until_first_frame(&command, false, &contestant.ends(), contestant.course(), PATIENCE);
                keep(results, &name, took.map(|(_, took)| took.as_secs_f64() * 1e3))?;
            }
            let command = floors.ends.command(machine, images::MEMORY_MIB, None);
            let took = Vm::start(&command, false).and_then(|vm| vm.wait(PATIENCE));
            keep(results, &format!("boot_ms/{}/floor", machine.name()), took.map(|took| took.as_secs_f64() * 1e3))?;
            let command = floors.speaks.command(machine, images::MEMORY_MIB, None);
            let took = Vm::until_first_word(&command, PATIENCE);
            let name = format!("boot_ms/{}/first-instruction", machine.name());
            keep(results, &name, took.map(|took| took.as_secs_f64() * 1e3))?;
        }
    }
    Ok(())
}

/// What the guest itself says: from its kernel's entry until it is ready.
pub fn ready(results: &mut Results, scale: &Scale, image: &Image) -> Result<()> {
    for _ in 0..scale.rounds {
        for machine in Kind::ALL {
            let name = format!("ready_ms/{}/sluice", machine.name());
            keep(results, &name, ready_ms(image, machine))?;
        }
    }
    Ok(())
}

fn ready_ms(image: &Image, machine: Kind) -> Result<f64> {
    let folder = tempfile::Builder::new().prefix(SCRATCH_PREFIX).tempdir()?;
    let socket = folder.path().join("control");
    let mut vm = Vm::start(&image.command(machine, images::MEMORY_MIB, Some(socket.clone())), true)?;
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        stop::check()?;
        vm.check()?;
        if let Some(mut control) = Control::connect(&socket)? {
            let said = control.ready(deadline.saturating_duration_since(Instant::now()))?;
            return Ok(said.context("the VM does not become ready")?.ready_ns as f64 / 1e6);
        }
        sleep(Duration::from_millis(1));
    }
    bail!("QEMU made no control channel")
}

/// Rates, CPU per frame and round trips.
pub fn forwarding(
    results: &mut Results,
    scale: &Scale,
    place: &Placement,
    machine: Kind,
    contestants: &[Contestant],
) -> Result<()> {
    for round in 1..=scale.rounds {
        for contestant in contestants {
            eprintln!("bench: forward, {}, round {round} of {}, {}", place.name, scale.rounds, contestant.name);
            let done = one_contestant(results, scale, place, machine, contestant);
            if let Err(error) = done {
                fail(results, &format!("forward/{}/{}", place.name, contestant.name), error)?;
            }
        }
    }
    Ok(())
}

fn one_contestant(
    results: &mut Results,
    scale: &Scale,
    place: &Placement,
    machine: Kind,
    contestant: &Contestant,
) -> Result<()> {
    let ends = contestant.ends();
    // A process inherits its CPUs: the VM gets its own here, then this thread goes where the load comes from.
    lab::pin(&place.vm_cpus)?;
    let (vm, _) = until_first_frame(&contestant.command(machine), true, &ends, contestant.course(), PATIENCE)?;
    lab::pin(&place.load_cpus)?;
    sleep(SETTLE);
    for &frame_bytes in &scale.frame_bytes {
        let load = match contestant.knows {
            Some(flows) => Load::of_flows(&ends, frame_bytes, *contestant.course(), flows),
            None => Load::new(&ends, frame_bytes, *contestant.course()),
        };
        if contestant.learns {
            load.introduce(&ends)?;
        }
        if let Some(flows) = contestant.knows {
            load.establish(&ends, flows)?;
        }
        let name = |figure| format!("{figure}/{}/{frame_bytes}/{}", place.name, contestant.name);
        let saturated = load.trial(&[vm.pid()], Rate::Saturate, scale.trial)?;
        record(results, &name, &saturated);
        let top = saturated.forwarded_pps;
        let lossless = highest_rate(top * 0.5, top * 1.1, scale.search_trials, |pps| {
            Ok(load.trial(&[vm.pid()], Rate::Pps(pps), scale.trial / 2)?.loss)
        })?;
        results.add(&name("lossless_kpps"), lossless / 1e3);
    }
    if contestant.bridges {
        let trips = echo::round_trips_us(scale.pings)?;
        let name = format!("ping_us/{}/{}", place.name, contestant.name);
        results.add(&name, median(&trips).context("no ping came back")?);
    }
    Ok(())
}

fn record(results: &mut Results, name: &impl Fn(&'static str) -> String, trial: &Trial) {
    results.add(&name("saturation_kpps"), trial.forwarded_pps / 1e3);
    results.add(&name("cpu_us"), trial.cpu_us_per_frame);
    results.add(&name("load_us"), trial.load_us_per_frame);
}

/// The least RAM, in MiB and from a range, with which a contestant forwards a frame.
pub fn least_memory(
    results: &mut Results,
    machine: Kind,
    contestant: &Contestant,
    range: (u32, u32),
    patience: Duration,
) -> Result<()> {
    // `enough` is taken to suffice: it is at least what the other parts use.
    let (mut little, mut enough) = range;
    while enough - little > 1 {
        eprintln!("bench: least RAM of {}, between {little} and {enough} MiB", contestant.name);
        let middle = (little + enough) / 2;
        let command = contestant.command_with(machine, middle);
        let booted = until_first_frame(&command, true, &contestant.ends(), contestant.course(), patience);
        stop::check()?;
        if booted.is_ok() {
            enough = middle;
        } else {
            little = middle;
        }
    }
    results.add(&format!("least_ram_mib/{}/{}", machine.name(), contestant.name), f64::from(enough));
    Ok(())
}

fn keep(results: &mut Results, name: &str, value: Result<f64>) -> Result<()> {
    match value {
        Ok(value) => results.add(name, value),
        Err(error) => fail(results, name, error)?,
    }
    Ok(())
}

/// Notes a failure, and goes on unless the user wants to stop.
fn fail(results: &mut Results, name: &str, error: anyhow::Error) -> Result<()> {
    stop::check()?;
    eprintln!("bench: {name}: {error:#}");
    results.failures.push(format!("{name}: {error:#}"));
    Ok(())
}
