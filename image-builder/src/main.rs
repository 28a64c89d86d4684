// SPDX-License-Identifier: Apache-2.0
//! `sluice`: chain files become bootable images, and images run.
#![forbid(unsafe_code)]

mod build;
mod chain;
mod check;
mod cli;
mod click;
mod domains;
mod elements;
mod export;
mod failure;
mod graph;
mod import;
mod logs;
mod operate;
mod place;
mod progress;
mod run;
mod script;
mod signals;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Check(args) => check::check(&args),
        Command::Build(args) => build::command(&args),
        Command::Export(args) => export::command(&args),
        Command::Run(args) => run::command(&args),
        Command::Click(args) => click::command(&args),
        Command::Test(args) => script::command(&args),
        Command::Elements(args) => elements::command(&args),
        Command::Graph(args) => graph::command(&args),
        Command::Import(args) => import::command(&args),
        Command::Logs(args) => logs::command(&args),
        Command::Ps(args) => operate::ps(&args),
        Command::Top(args) => operate::top(&args),
        Command::Ctl(args) => operate::ctl(&args),
        Command::Scale(args) => operate::scale(&args),
        Command::Trace(args) => operate::trace(&args),
        Command::Evpn(args) => operate::evpn(&args),
        Command::Stop(args) => operate::stop(&args),
    };
    failure::conclude(result)
}
