// SPDX-License-Identifier: Apache-2.0
//! `sluice stop`: ends runs, also those whose manager is gone.

use super::asking::{Respondent, choose};
use super::folder::{Condition, Found, Root};
use super::message::Ask;
use crate::cli::StopArgs;
use anyhow::bail;
use qemu::Control;
use std::time::{Duration, Instant};

/// How long a manager may take to put everything away before it is killed: more than it needs if no VM does what it is asked.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long a VM may take to power off before it is ended, and what was ended to be gone.
const OFF_PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(2);

/// The command.
pub fn command(args: &StopArgs) -> anyhow::Result<()> {
    let runs = if args.all { Root::open()?.runs()? } else { vec![choose(args.run.as_deref())?] };
    if runs.is_empty() {
        println!("nothing runs");
    }
    for run in runs {
        let name = run.name.clone();
        stop(run)?;
        println!("{name}: stopped");
    }
    Ok(())
}

fn stop(run: Found) -> anyhow::Result<()> {
    let (manager, path, name) = (run.state.manager, run.path.clone(), run.name.clone());
    let log = run.state.detached.then(|| run.log());
    match run.condition() {
        Condition::Dead => {}
        Condition::Starting => manager.terminate(),
        // A manager that does not answer may still hear a signal, as Ctrl-C.
        Condition::Running => {
            if Respondent::reach(run).and_then(|mut manager| manager.ask(Ask::Stop)).is_err() {
                manager.terminate();
            }
        }
        Condition::Orphaned => end_orphans(run)?,
    }
    if !until(PATIENCE, || !manager.lives()) {
        let seconds = PATIENCE.as_secs();
        anstream::eprintln!(
            "{name}: its manager (process {}) did not end within {seconds} s, so it is killed",
            manager.pid
        );
        manager.kill();
        until(OFF_PATIENCE, || !manager.lives());
    }
    // What a manager that was killed has left.
    let left = Root::open()?.runs()?.into_iter().find(|left| left.name == name && left.state.manager == manager);
    if let Some(run) = left {
        end_orphans(run)?;
        Root::open()?.runs()?;
    }
    if path.exists() {
        bail!("the run {name} does not end; its manager is process {}", manager.pid);
    }
    // It stays only if not all was well.
    if let Some(last) = log.and_then(|log| std::fs::read_to_string(log).ok()?.lines().last().map(String::from)) {
        anstream::eprintln!("{name}: {last}");
    }
    Ok(())
}

/// Powers VMs without a manager off, and ends those that do not do it.
fn end_orphans(run: Found) -> anyhow::Result<()> {
    if run.condition() != Condition::Orphaned {
        return Ok(());
    }
    let Respondent::Vms { run, mut channels, _stand_in } = Respondent::reach(run)? else { return Ok(()) };
    for control in channels.iter_mut().flatten() {
        let _ = Control::begin_power_off(control);
    }
    let bodies = || run.state.vms.iter().filter_map(|vm| Some((&vm.name, vm.body.as_ref()?)));
    let all_off = || {
        let census = run.state.census();
        bodies().all(|(_, body)| !census.runs(body))
    };
    until(OFF_PATIENCE, all_off);
    let census = run.state.census();
    for (name, body) in bodies().filter(|(_, body)| census.lives(body)) {
        if census.runs(body) {
            anstream::eprintln!("{}: VM {name} did not power off, so it is killed", run.name);
        }
        body.kill();
    }
    until(OFF_PATIENCE, all_off);
    Ok(())
}

fn until(patience: Duration, mut over: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !over() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(LOOK);
    }
    true
}
