// SPDX-License-Identifier: Apache-2.0
//! `sluice evpn`: BGP beside a run, for the VM in it that is a VTEP.

mod show;
mod vm;

use super::asking::choose_vm;
use crate::cli::{EvpnAction, EvpnArgs};
use crate::failure::usage;
use crate::signals::Stop;
use anyhow::anyhow;
use evpn::{Config, Running, Vtep};
use std::cell::OnceCell;
use std::fs;
use std::path::Path;
use vm::Vm;

/// The command.
pub fn command(args: &EvpnArgs) -> anyhow::Result<()> {
    match &args.action {
        EvpnAction::Check { file } => read(file).map(drop),
        EvpnAction::Run { vm, file } => run(vm, read(file)?),
        EvpnAction::Show { vm, json } => show::command(vm, *json),
    }
}

fn read(file: &Path) -> anyhow::Result<Config> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| usage(format!("cannot read {name}: {error}")))?;
    Config::parse(&name.to_string(), &text).map_err(|error| usage(error.to_string()))
}

fn run(name: &str, config: Config) -> anyhow::Result<()> {
    let stop = Stop::listen()?;
    let (run, vm) = choose_vm(name)?;
    let (folder, ended) = (run.path.clone(), OnceCell::new());
    let mut vtep = Vm::new(&run.name, &vm, &config.element, &ended);
    // What is wrong with the element's name is told at once, and not as a VTEP that is gone.
    vtep.read("learned").map_err(|error| usage(error.to_string()))?;
    let running = Running::listen(config)?;
    let _socket = show::answer(&folder, running.asking())?;
    running.run(&mut vtep, || stop.asked() || ended.get().is_some(), |news| anstream::eprintln!("{news}"));
    match ended.get() {
        Some(why) => Err(anyhow!("{why}")),
        None => Ok(()),
    }
}
