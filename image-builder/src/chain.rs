// SPDX-License-Identifier: Apache-2.0
//! Reading and compiling a chain file, and showing what is wrong with it.

use crate::failure::{Ending, usage};
use chain_compiler::{Diagnostics, Options, Plan};
use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::Path;

/// A chain file that compiles.
pub struct Chain {
    /// Its name without `.nf`.
    pub stem: String,
    /// Its name.
    pub source: String,
    /// What it means.
    pub plan: Plan,
}

/// Reads and compiles `file`; warnings and errors go to standard error.
pub fn load(file: &Path) -> anyhow::Result<Chain> {
    let (chain, text) = compile(file)?;
    let shown = file.display().to_string();
    let chain = chain.map_err(|found| {
        show(&found, &shown, &text);
        Ending::Reported
    })?;
    if !chain.plan.warnings.is_empty() {
        show(&Diagnostics(chain.plan.warnings.clone()), &shown, &text);
    }
    if chain.plan.vms.is_empty() {
        return Err(usage(format!("{shown} has no VM, so there is nothing to build; declare one: vm NAME {{ … }}")));
    }
    Ok(chain)
}

/// Reads and compiles `file`: the chain or what is wrong with it, and the text.
pub fn compile(file: &Path) -> anyhow::Result<(Result<Chain, Diagnostics>, String)> {
    let bytes = std::fs::read(file)
        .map_err(|error| usage(format!("cannot read the chain file {}: {error}", file.display())))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + sound.iter().filter(|&&byte| byte == b'\n').count();
        usage(format!("{}:{line}: the chain file is not UTF-8 text", file.display()))
    })?;
    let name = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let (stem, source) = (name(file.file_stem()), name(file.file_name()));
    // Only the file's name: a path in the wiring would make images differ from folder to folder.
    let chain = chain_compiler::compile(&source, &text, &Options::default());
    let chain = chain.map(|plan| Chain { stem, source, plan });
    Ok((chain, text))
}

/// Shows diagnostics on standard error.
pub fn show(found: &Diagnostics, file_name: &str, text: &str) {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    eprint!("{}", found.render(file_name, text, color));
}
