// SPDX-License-Identifier: Apache-2.0
//! `sluice click`: a configuration built as a Linux process, which then takes this one's place.

mod devices;
pub mod package;
mod source;

use crate::build::cargo;
use crate::build::generate::{Package, Workspace};
use crate::cli::ClickArgs;
use crate::signals::Stop;
use anyhow::Context;
pub use source::{Definitions, compile, is_definition, only};
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The command. It returns only if something is wrong.
pub fn command(args: &ClickArgs) -> anyhow::Result<()> {
    let source = source::Source::find(args)?;
    let plan = source.load(!args.no_warnings)?;
    if let Some(path) = &args.output {
        write(path, &plan.configuration).with_context(|| format!("cannot write {}", path.display()))?;
        if args.quit && args.handler.is_empty() && args.exit_handler.is_none() {
            // Nothing is left that a process would do.
            return Ok(());
        }
    }
    let process = build(&package::package(&plan, args.attachments.tap()))?;
    if args.print_command {
        let words = args.for_the_process().into_iter().map(|word| word.to_string_lossy().into_owned());
        let words: Vec<String> = std::iter::once(process.to_string_lossy().into_owned()).chain(words).collect();
        println!("{}", qemu::shell_words(&words));
        return Ok(());
    }
    let error = Command::new(&process).args(args.for_the_process()).exec();
    Err(error).with_context(|| format!("cannot run {}", process.display()))
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if path == Path::new("-") {
        return std::io::stdout().write_all(text.as_bytes());
    }
    std::fs::write(path, text)
}

/// The process that `package` is. It is built only if that was not done, or our sources have changed since.
fn build(package: &Package) -> anyhow::Result<PathBuf> {
    if let Some(built) = package::built(package)? {
        return Ok(built);
    }
    let workspace = Workspace::generate(&package::KIND, std::slice::from_ref(package))?;
    let mut built = cargo::build(&workspace, &Stop::listen()?)?;
    built.pop().context("cargo built nothing")
}

impl ClickArgs {
    /// What the process is told.
    fn for_the_process(&self) -> Vec<OsString> {
        let mut told = Vec::new();
        let with = |name: &str, value: &str| OsString::from(format!("{name}={value}"));
        told.extend(self.handler.iter().map(|handler| with("--handler", handler)));
        told.extend(self.exit_handler.iter().map(|handler| with("--exit-handler", handler)));
        told.extend(self.write.iter().map(|write| with("--write", write)));
        let flags = [("--quit", self.quit), ("--time", self.time), ("--no-warnings", self.no_warnings)];
        told.extend(flags.iter().filter(|(_, set)| *set).map(|(name, _)| OsString::from(name)));
        match &self.simtime {
            Some(Some(start)) => told.push(with("--simtime", &start.to_string())),
            Some(None) => told.push("--simtime".into()),
            None => {}
        }
        told.extend(self.attachments.for_the_process());
        told
    }
}
