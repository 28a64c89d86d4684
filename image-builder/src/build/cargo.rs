// SPDX-License-Identifier: Apache-2.0
//! Running cargo on a generated workspace.

use super::generate::{Kind, Workspace};
use crate::progress::Progress;
use crate::signals::Stop;
use anyhow::{Context, anyhow};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// An ordinary target; images use it as a freestanding one and have their own entry and linker script.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Builds all packages of `workspace`: their files, in the order of its packages.
pub fn build(workspace: &Workspace, stop: &Stop) -> anyhow::Result<Vec<PathBuf>> {
    let progress = Progress::begin(&format!("building {}", workspace.kind.what), workspace.kind.announced);
    let mut child = command(workspace).spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            anyhow!("cargo is not on the PATH; install Rust (Debian: apt-get install rustup, then rustup show)")
        }
        _ => anyhow!(error).context("cannot start cargo"),
    })?;
    let messages = lines(child.stdout.take().expect("stdout is piped"));
    let stderr = child.stderr.take().expect("stderr is piped");
    let said = std::thread::spawn(move || {
        let mut said = String::new();
        let _ = BufReader::new(stderr).read_to_string(&mut said);
        said
    });
    let followed = follow(&messages, &progress, workspace.kind.what, stop, &mut child);
    let status = child.wait().context("cannot wait for cargo")?;
    let said = said.join().unwrap_or_default();
    let (images, complaints) = followed?;
    if !status.success() {
        return Err(failed(workspace.kind.what, &complaints, &said));
    }
    let image = |package: &String| images.get(package).cloned().with_context(|| format!("cargo made no {package}"));
    workspace.packages.iter().map(image).collect()
}

fn command(workspace: &Workspace) -> Command {
    let mut command = Command::new("cargo");
    command.args(["build", "--target", TARGET, "--message-format=json"]).args(workspace.kind.cargo_flags);
    command.arg("--manifest-path").arg(workspace.folder.join("Cargo.toml"));
    command.arg("--target-dir").arg(&workspace.target);
    command.args(workspace.packages.iter().flat_map(|package| ["--package", package]));
    // What is meant for our own build must not reach that of the images.
    for (name, _) in std::env::vars_os().filter(|(name, _)| !may_pass(name)) {
        command.env_remove(name);
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", rust_flags(workspace.kind)).env("DEFMT_LOG", "info");
    // Our tool-chain file is found from here; a group of its own, so that it can be ended with all its compilers.
    command.current_dir(&workspace.home).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn may_pass(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let kept = ["CARGO_HOME", "CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTR", "CARGO_SOURCE_"];
    let ours = ["CARGO_", "RUSTFLAGS", "RUSTC", "DEFMT_"];
    kept.iter().any(|kept| name.starts_with(kept)) || !ours.iter().any(|ours| name.starts_with(ours))
}

fn rust_flags(kind: &Kind) -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo")));
    let remap = home.map(|home| format!("--remap-path-prefix={}=/registry", home.join("registry/src").display()));
    let processor = if kind.runs_here { processor() } else { None };
    let flags: Vec<_> = kind.rust_flags.iter().copied().chain(processor).chain(remap.as_deref()).collect();
    flags.join("\x1f")
}

/// What tells rustc that this machine's processor has the instructions of 2013, x86-64-v3, which most have: to count bits, to
/// swap bytes while loading. Not all that it has (`native`), because no tool of ours knows those of the latest.
fn processor() -> Option<&'static str> {
    #[cfg(target_arch = "x86_64")]
    {
        let counts = is_x86_feature_detected!("popcnt") && is_x86_feature_detected!("lzcnt");
        let moves = is_x86_feature_detected!("movbe") && is_x86_feature_detected!("cmpxchg16b");
        let bits = is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2");
        let vectors = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let halves = is_x86_feature_detected!("f16c") && is_x86_feature_detected!("sse4.2");
        if counts && moves && bits && vectors && halves {
            return Some("-Ctarget-cpu=x86-64-v3");
        }
    }
    None
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        BufReader::new(from).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    receiver
}

/// Reads cargo's messages to their end: the images, and what the compiler complained about.
fn follow(
    messages: &Receiver<String>,
    progress: &Progress,
    what: &str,
    stop: &Stop,
    child: &mut Child,
) -> anyhow::Result<(HashMap<String, PathBuf>, String)> {
    let (mut images, mut complaints) = (HashMap::new(), String::new());
    loop {
        match messages.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => {
                let message: Value = serde_json::from_str(&line).unwrap_or_default();
                let name = message["target"]["name"].as_str().unwrap_or_default();
                if let Some(path) = message["executable"].as_str() {
                    images.insert(name.to_string(), PathBuf::from(path));
                }
                if message["message"]["level"] == "error" {
                    complaints += message["message"]["rendered"].as_str().unwrap_or_default();
                }
                if message["reason"] == "compiler-artifact" {
                    progress.detail(format!("building {what}: compiled {name}"));
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Ok((images, complaints)),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Err(interrupted) = stop.check() {
            let _ = killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM);
            return Err(interrupted.into());
        }
    }
}

fn failed(what: &str, complaints: &str, said: &str) -> anyhow::Error {
    const LINES: usize = 40;
    let all: Vec<_> = complaints.lines().chain(said.lines()).collect();
    let tail = all[all.len().saturating_sub(LINES)..].join("\n");
    let advice = if all.iter().any(|line| line.contains("No space left on device")) {
        "the disk is full; free space, or set SLUICE_CACHE to a folder elsewhere"
    } else {
        "what it said is above"
    };
    anyhow!("cargo could not build {what}:\n{tail}\n{advice}")
}
