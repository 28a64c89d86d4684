// SPDX-License-Identifier: Apache-2.0
//! Running scripts, several at a time.

use super::compare::differences;
use super::{Compiled, Failure};
use crate::signals::Stop;
use anyhow::Context;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a script may take: simulated time takes none.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a script that runs is looked at.
const NAP: Duration = Duration::from_millis(1);

/// Runs all scripts: those that failed.
pub fn all(program: &Path, scripts: &[Compiled], stop: &Stop) -> anyhow::Result<Vec<Failure>> {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        // The number alone tells who takes which script; it orders nothing else.
        while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.asked() {
                return;
            }
            let why = match one(program, script) {
                Ok(()) => continue,
                Err(error) => format!("{error:#}"),
            };
            let failure = Failure { path: script.script.path.clone(), why };
            failures.lock().expect("no worker panics").push(failure);
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(worker))));
    stop.check()?;
    Ok(failures.into_inner().expect("no worker panics"))
}

fn one(program: &Path, compiled: &Compiled) -> anyhow::Result<()> {
    let script = &compiled.script;
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    for (name, text) in &script.files {
        fs::write(folder.path().join(name), text)?;
    }
    // Files, so that a script that says much and one that says nothing can be waited for in the same way.
    let outputs = tempfile::tempdir()?;
    let output = |name: &str| outputs.path().join(name);
    let status = {
        let mut command = Command::new(program);
        command.arg(&compiled.module).arg("--simtime=0").args(&script.arguments).current_dir(folder.path());
        command.stdin(Stdio::null());
        command.stdout(fs::File::create(output("stdout"))?).stderr(fs::File::create(output("stderr"))?);
        wait(&mut command)?
    };
    let said = |name: &str| fs::read(output(name)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let mut wrong = String::new();
    for (name, expected) in &script.expected {
        let found = match name.as_str() {
            "stdout" | "stderr" => said(name),
            file => fs::read(folder.path().join(file)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        };
        let found = found.with_context(|| format!("{name} was expected"))?;
        wrong += &differences(name, expected, &found).err().unwrap_or_default();
    }
    let ended_well = match script.exit_code {
        Some(code) => status.code() == Some(code),
        // A handler that does not exist is told on standard error, which the script may expect.
        None => status.code().is_some_and(|code| code != 101),
    };
    if !ended_well {
        wrong += &format!("it ended with {status}\n{}", signal_hint(status));
    }
    if !wrong.is_empty() && !script.expected.iter().any(|(name, _)| name == "stderr") {
        wrong += &format!("standard error was:\n{}", said("stderr")?);
    }
    anyhow::ensure!(wrong.is_empty(), wrong);
    Ok(())
}

fn signal_hint(status: ExitStatus) -> &'static str {
    match status.signal() {
        Some(9) => "(it did not end by itself; does something stop it, or does it always have something to do?)\n",
        _ => "",
    }
}

fn wait(command: &mut Command) -> anyhow::Result<ExitStatus> {
    let mut child = command.spawn().context("cannot run the scripts' program")?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            child.kill()?;
        }
        std::thread::sleep(NAP);
    }
}
