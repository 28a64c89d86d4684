// SPDX-License-Identifier: Apache-2.0
//! `sluice test`: scripts, each a configuration with what it must print. All are compiled into one crate and each runs in a
//! folder of its own, in simulated time.

mod compare;
mod file;
mod run;

use crate::build::cargo;
use crate::build::generate::Workspace;
use crate::cli::TestArgs;
use crate::click::{self, package};
use crate::failure::usage;
use crate::signals::Stop;
use anyhow::{Context, anyhow};
use chain_compiler::VmPlan;
use file::Script;
use std::path::{Path, PathBuf};

/// Builds until all is sound: each time the scripts that rustc refuses are left out.
const ATTEMPTS: usize = 4;

/// A script whose configuration compiles.
struct Compiled {
    script: Script,
    module: String,
    plan: VmPlan,
}

/// A script that failed, and why.
struct Failure {
    path: PathBuf,
    why: String,
}

/// The command.
pub fn command(args: &TestArgs) -> anyhow::Result<()> {
    let paths = collect(args)?;
    let count = paths.len();
    let stop = Stop::listen()?;
    let mut failures = Vec::new();
    let compiled = paths.iter().enumerate().filter_map(|(number, path)| {
        let compiled = compile(path, number);
        compiled.map_err(|why| failures.push(Failure { path: path.clone(), why })).ok()
    });
    let mut compiled: Vec<_> = compiled.collect();
    if let Some(program) = build(&mut compiled, &mut failures, &stop)? {
        failures.extend(run::all(&program, &compiled, &stop)?);
    }
    failures.sort_by(|a, b| a.path.cmp(&b.path));
    for failure in &failures {
        println!("--- {}\n{}", failure.path.display(), failure.why.trim_end());
    }
    println!("{} of {count} scripts passed", count - failures.len());
    if failures.is_empty() { Ok(()) } else { Err(anyhow!("{} scripts failed", failures.len())) }
}

/// The scripts that the command line names, sorted.
fn collect(args: &TestArgs) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for path in &args.scripts {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
            let entries = entries.flatten().map(|entry| entry.path());
            paths.extend(entries.filter(|path| path.extension().is_some_and(|ending| ending == "test")));
        } else {
            paths.push(path.clone());
        }
    }
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    paths.retain(|path| args.only.is_empty() || args.only.iter().any(|part| name(path).contains(part)));
    paths.sort();
    if paths.is_empty() { Err(usage("no script found; they are files NAME.test")) } else { Ok(paths) }
}

fn compile(path: &Path, number: usize) -> Result<Compiled, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let script = Script::parse(path, &text)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = path.parent().unwrap_or(Path::new(""));
    let plan = click::compile(&name, folder, &script.configuration, &script.definitions, &[]);
    let plan = plan.map_err(|found| found.render(&name, &script.configuration, false))?;
    let plan = click::only(plan)?;
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let stem: String = path.file_stem().unwrap_or_default().to_string_lossy().chars().map(plain).collect();
    Ok(Compiled { script, module: format!("script_{number}_{stem}"), plan })
}

/// Builds the scripts' program; none if no script is left. Those that rustc refuses become failures.
fn build(compiled: &mut Vec<Compiled>, failures: &mut Vec<Failure>, stop: &Stop) -> anyhow::Result<Option<PathBuf>> {
    for _ in 0..ATTEMPTS {
        if compiled.is_empty() {
            return Ok(None);
        }
        let plans: Vec<_> = compiled.iter().map(|one| (one.module.as_str(), &one.plan)).collect();
        let workspace = Workspace::generate(&package::SCRIPTS, &[package::packages(&plans)])?;
        let error = match cargo::build(&workspace, stop) {
            Ok(mut built) => return Ok(built.pop()),
            Err(error) => error,
        };
        let said = error.to_string();
        let refused = |one: &mut Compiled| said.contains(&format!("/{}.rs:", one.module));
        let before = failures.len();
        failures.extend(compiled.extract_if(.., refused).map(|one| {
            let why = format!("rustc refuses the wiring (an error of the compiler's, or of an element's):\n{said}");
            Failure { path: one.script.path, why }
        }));
        if failures.len() == before {
            return Err(error);
        }
    }
    Err(anyhow!("rustc refuses more and more wirings"))
}
