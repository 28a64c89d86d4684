// SPDX-License-Identifier: Apache-2.0
//! A Click configuration: where it comes from, and how it is compiled.

use super::devices;
use crate::chain;
use crate::cli::ClickArgs;
use crate::failure::{Ending, usage};
use chain_compiler::{Diagnostics, Options, Plan, Target, VmPlan};
use std::path::{Path, PathBuf};

/// Parameters given on the command line.
pub type Definitions = Vec<(String, String)>;

/// A configuration and what is given to it.
pub struct Source {
    name: String,
    folder: PathBuf,
    text: String,
    definitions: Definitions,
}

/// The parameter that `argument` defines (`NAME=VALUE`), if it is not a file's name.
pub fn is_definition(argument: &str) -> Option<(String, String)> {
    let (name, value) = argument.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| (name.into(), value.into()))
}

impl Source {
    /// What the command line says.
    pub fn find(args: &ClickArgs) -> anyhow::Result<Source> {
        let (mut definitions, mut files) = (Definitions::new(), args.file.clone());
        for argument in &args.arguments {
            match is_definition(argument) {
                Some((name, _)) if definitions.iter().any(|(other, _)| *other == name) => {
                    return Err(usage(format!("parameter '{name}' multiply defined")));
                }
                Some(definition) => definitions.push(definition),
                None => files.push(argument.clone()),
            }
        }
        let (name, folder, text) = match (files.as_slice(), args.expression.as_slice()) {
            ([], [text]) => ("config".into(), PathBuf::new(), text.clone()),
            ([], []) => standard_input()?,
            ([file], []) if file == "-" => standard_input()?,
            ([file], []) => read(file)?,
            _ => return Err(usage("router configuration specified twice")),
        };
        Ok(Source { name, folder, text, definitions })
    }

    /// Compiles it; what is wrong goes to standard error.
    pub fn load(&self, warnings: bool) -> anyhow::Result<VmPlan> {
        let devices = devices::addresses();
        match compile(&self.name, &self.folder, &self.text, &self.definitions, &devices) {
            Ok(plan) => {
                if warnings && !plan.warnings.is_empty() {
                    chain::show(&Diagnostics(plan.warnings.clone()), &self.name, &self.text);
                }
                only(plan).map_err(usage)
            }
            Err(found) => {
                chain::show(&found, &self.name, &self.text);
                Err(Ending::Reported.into())
            }
        }
    }
}

fn standard_input() -> anyhow::Result<(String, PathBuf, String)> {
    let text = std::io::read_to_string(std::io::stdin()).map_err(|error| usage(format!("<stdin>: {error}")))?;
    Ok(("<stdin>".into(), PathBuf::new(), text))
}

fn read(file: &str) -> anyhow::Result<(String, PathBuf, String)> {
    let text = std::fs::read_to_string(file).map_err(|error| usage(format!("{file}: {error}")))?;
    let (path, name) = (Path::new(file), Path::new(file).file_name().unwrap_or_default());
    Ok((name.to_string_lossy().into(), path.parent().unwrap_or(Path::new("")).into(), text))
}

/// Compiles the configuration `text` for a process on a machine that has `devices`. Libraries are looked for beside the file that asks for them, then on
/// CLICKPATH.
pub fn compile(
    name: &str,
    folder: &Path,
    text: &str,
    definitions: &[(String, String)],
    devices: &[String],
) -> Result<Plan, Diagnostics> {
    let library = |asking: &str, wanted: &str| {
        let beside = if asking == name { folder } else { Path::new(asking).parent().unwrap_or(Path::new("")) };
        let path = std::env::var_os("CLICKPATH").unwrap_or_default();
        let folders = std::iter::once(beside.to_path_buf()).chain(std::env::split_paths(&path));
        let found = folders.map(|folder| folder.join(wanted)).find(|path| path.is_file());
        let found = found.ok_or_else(|| "no such file".to_string())?;
        let text = std::fs::read_to_string(&found).map_err(|error| error.to_string())?;
        Ok((found.to_string_lossy().into_owned(), text))
    };
    let options = Options {
        target: Target::Process,
        classes: native::elements::registry(),
        definitions,
        devices,
        library: Some(&library),
    };
    chain_compiler::compile(name, text, &options)
}

/// The only VM of `plan`.
pub fn only(mut plan: Plan) -> Result<VmPlan, &'static str> {
    match (plan.vms.pop(), plan.vms.is_empty()) {
        (Some(vm), true) => Ok(vm),
        _ => Err("a process is one configuration or one VM; build or run a chain of several"),
    }
}
