// SPDX-License-Identifier: Apache-2.0
//! `sluice ps`: what runs.

use super::body::Body;
use super::folder::{Condition, Found, Root};
use super::table::{self, bytes, duration};
use crate::cli::PsArgs;
use serde::Serialize;
use std::path::PathBuf;

/// A run, as JSON.
#[derive(Serialize)]
struct Run {
    run: String,
    condition: Condition,
    detached: bool,
    chain: PathBuf,
    machine: String,
    manager_pid: u32,
    up_seconds: f64,
    vms: Vec<Vm>,
}

#[derive(Serialize)]
struct Vm {
    name: String,
    /// Of the QEMU that was started last, or the domain; none if none was.
    pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<u32>,
    alive: bool,
    cpu_seconds: f64,
    memory_bytes: u64,
    restarts: u32,
}

/// The command.
pub fn command(args: &PsArgs) -> anyhow::Result<()> {
    let runs: Vec<Run> = Root::open()?.runs()?.iter().map(Run::of).collect();
    if args.json {
        println!("{}", serde_json::to_string_pretty(&runs)?);
    } else if runs.is_empty() {
        println!("nothing runs");
    } else {
        println!("{}", text(&runs));
    }
    Ok(())
}

impl Run {
    fn of(found: &Found) -> Run {
        let state = &found.state;
        let census = state.census();
        let vms = state.vms.iter().map(|vm| {
            let body = vm.body.as_ref();
            let usage = body.and_then(|body| census.usage(body)).unwrap_or_default();
            let (pid, domain) = match body {
                Some(Body::Process(process)) => (Some(process.pid), None),
                Some(Body::Domain(id)) => (None, Some(id.number)),
                None => (None, None),
            };
            let alive = body.is_some_and(|body| census.runs(body));
            let (cpu_seconds, memory_bytes) = (usage.cpu.as_secs_f64(), usage.memory_bytes);
            Vm { name: vm.name.clone(), pid, domain, alive, cpu_seconds, memory_bytes, restarts: vm.restarts }
        });
        Run {
            run: found.name.clone(),
            condition: found.condition(),
            detached: state.detached,
            chain: state.chain.clone(),
            machine: state.machine.clone(),
            manager_pid: state.manager.pid,
            up_seconds: state.began.elapsed().unwrap_or_default().as_secs_f64(),
            vms: vms.collect(),
        }
    }

    fn condition(&self) -> &'static str {
        match self.condition {
            Condition::Starting => "starting",
            Condition::Running if self.detached => "detached",
            Condition::Running => "running",
            Condition::Orphaned => "orphaned",
            Condition::Dead => "dead",
        }
    }
}

fn text(runs: &[Run]) -> String {
    let mut table = table::new(&["RUN", "IS", "UP", "VM", "PID", "CPU", "MEMORY", "RESTARTS"]);
    for run in runs {
        for (index, vm) in run.vms.iter().enumerate() {
            let once = |text: String| if index == 0 { text } else { String::new() };
            let number = match (vm.pid, vm.domain) {
                (None, None) => "spare".into(),
                _ if !vm.alive => "ended".into(),
                (Some(pid), _) => pid.to_string(),
                (None, Some(domain)) => format!("dom {domain}"),
            };
            table.add_row([
                once(run.run.clone()),
                once(run.condition().into()),
                once(duration(run.up_seconds)),
                vm.name.clone(),
                number,
                duration(vm.cpu_seconds),
                bytes(vm.memory_bytes),
                vm.restarts.to_string(),
            ]);
        }
        if run.vms.is_empty() {
            table.add_row([run.run.clone(), run.condition().into(), duration(run.up_seconds)]);
        }
    }
    table::numbers(&mut table, &[2, 4, 5, 6, 7]);
    let mut text = table.trim_fmt();
    for orphan in runs.iter().filter(|run| run.condition == Condition::Orphaned) {
        let name = &orphan.run;
        text += &format!("\n\n{name}: its manager was killed; ctl and top still work, and sluice stop {name} ends it");
    }
    text
}
