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
    let folder = file.parent().unwrap_or(Path::new(""));
    let library = |from: &str, name: &str| library(folder, from, name);
    let options = Options { library: Some(&library), ..Options::default() };
    let chain = chain_compiler::compile(&source, &text, &options);
    let chain = chain.map(|plan| Chain { stem, source, plan });
    Ok((chain, text))
}

/// What `require(library NAME)` in the file `from` means: a file beside that one, or in a folder of `CLICKPATH` or its
/// `conf`. Its name is relative to the chain file's folder.
fn library(folder: &Path, from: &str, name: &str) -> Result<(String, String), String> {
    let beside = Path::new(from).parent().unwrap_or(Path::new("")).join(name);
    let search = std::env::var_os("CLICKPATH").unwrap_or_default();
    let further = std::env::split_paths(&search).flat_map(|path| [path.join("conf").join(name), path.join(name)]);
    let mut places = std::iter::once(folder.join(&beside)).chain(further);
    let found = places.find(|place| place.is_file()).ok_or("there is no such file")?;
    let text = std::fs::read_to_string(&found).map_err(|error| error.to_string())?;
    let shown = if found == folder.join(&beside) { beside } else { found };
    Ok((shown.display().to_string(), text))
}

/// Shows diagnostics on standard error.
pub fn show(found: &Diagnostics, file_name: &str, text: &str) {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    eprint!("{}", found.render(file_name, text, color));
}
