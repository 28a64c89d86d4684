// SPDX-License-Identifier: Apache-2.0
//! The generated workspace: crates beside links to our own crates.
//!
//! Everything that reaches the compiler is a path relative to the workspace, wherever that lies, so an image depends on the
//! chain, our sources and the tool-chain only. A crate's name holds a hash of its source: one target folder serves all
//! chains and never mixes them.

use super::manifest::hex;
use crate::place::{self, write_if_changed};
use anyhow::Context;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use toml::Table;

/// What a workspace's crates are.
pub struct Kind {
    /// What they are called before people.
    pub what: &'static str,
    /// Whether people are told of the build where standard error is not a terminal.
    pub announced: bool,
    /// Our crates that they are made of.
    pub crates: &'static [&'static str],
    /// The profiles.
    pub profiles: &'static str,
    /// Cargo's flags, which choose one.
    pub cargo_flags: &'static [&'static str],
    /// The compiler's flags.
    pub rust_flags: &'static [&'static str],
    /// Whether they run on this machine, and may use all instructions of its processor.
    pub runs_here: bool,
    /// The folder in the cache that cargo builds in.
    pub target: &'static str,
}

/// A generated crate.
pub struct Package {
    /// Its name, which no crate with another source has.
    pub name: String,
    /// Its dependencies, as its manifest has them.
    pub dependencies: String,
    /// Its sources: their names in `src/` and what they hold.
    pub sources: Vec<(String, Vec<u8>)>,
}

impl Package {
    /// A crate whose name is `prefix` and a hash of the rest.
    pub fn new(prefix: &str, dependencies: &str, sources: Vec<(String, Vec<u8>)>) -> Package {
        let mut hasher = Sha256::new();
        hasher.update(dependencies);
        for (name, bytes) in &sources {
            hasher.update((name.len() as u64).to_le_bytes());
            hasher.update(name);
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        let name = format!("{prefix}-{}", &hex(&hasher.finalize())[..16]);
        Package { name, dependencies: dependencies.into(), sources }
    }
}

/// A generated workspace.
pub struct Workspace {
    /// What is in it.
    pub kind: &'static Kind,
    /// Sluice's own sources.
    pub home: PathBuf,
    /// Where it lies.
    pub folder: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
    /// The packages, in the order of the plan's VMs.
    pub packages: Vec<String>,
}

impl Workspace {
    /// Writes a workspace of `packages`.
    pub fn generate(kind: &'static Kind, packages: &[Package]) -> anyhow::Result<Workspace> {
        let home = home()?;
        let cache = cache(&home)?;
        let names: Vec<_> = packages.iter().map(|package| package.name.clone()).collect();
        let folder = cache.join(&hash(names.iter().map(String::as_str))[..16]);
        place::folder(&folder.join("images"))?;
        write_root(kind, &home, &folder, &names)?;
        for package in packages {
            write_package(&folder.join("images").join(&package.name), package)?;
        }
        Ok(Workspace { kind, target: cache.join(kind.target), home, folder, packages: names })
    }
}

/// Where Sluice's sources are: `SLUICE_HOME`, or where this program was built.
pub fn home() -> anyhow::Result<PathBuf> {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace");
    let home = std::env::var_os("SLUICE_HOME").map_or_else(|| built_in.to_path_buf(), PathBuf::from);
    let home = std::path::absolute(&home)?;
    anyhow::ensure!(
        home.join("unikernel/Cargo.toml").is_file(),
        "Sluice's sources are not at {}; set SLUICE_HOME to its repository",
        home.display()
    );
    Ok(home)
}

/// Where generated crates and cargo's output stay: `SLUICE_CACHE`, or `target/images` in the repository.
pub fn cache(home: &Path) -> anyhow::Result<PathBuf> {
    let cache = std::env::var_os("SLUICE_CACHE").map_or_else(|| home.join("target/images"), PathBuf::from);
    Ok(std::path::absolute(cache)?)
}

fn hash<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(text);
        hasher.update([0]);
    }
    hex(&hasher.finalize())
}

/// The workspace's manifest: what our crates inherit comes from our own workspace.
fn write_root(kind: &Kind, home: &Path, folder: &Path, packages: &[String]) -> anyhow::Result<()> {
    let path = home.join("Cargo.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let ours: Table = text.parse().with_context(|| format!("cannot read {}", path.display()))?;
    let mut workspace = ours.get("workspace").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    link_crates(kind, home, folder, &workspace)?;
    let members = kind.crates.iter().map(|name| name.to_string());
    let members = members.chain(packages.iter().map(|package| format!("images/{package}")));
    workspace.insert("members".into(), members.map(toml::Value::String).collect::<Vec<_>>().into());
    let root = Table::from_iter([("workspace".to_string(), toml::Value::Table(workspace))]);
    write_if_changed(&folder.join("Cargo.toml"), format!("{root}{}", kind.profiles).as_bytes())?;
    // The same versions of everything as our own workspace; cargo takes out what images do not use.
    let lock = fs::read(home.join("Cargo.lock")).context("cannot read Sluice's Cargo.lock")?;
    write_if_changed(&folder.join("Cargo.lock"), &lock)
}

/// Links every crate of ours that a manifest may name by path.
fn link_crates(kind: &Kind, home: &Path, folder: &Path, workspace: &Table) -> anyhow::Result<()> {
    let dependencies = workspace.get("dependencies").and_then(toml::Value::as_table);
    let paths = dependencies.into_iter().flatten().filter_map(|(_, value)| value.get("path")?.as_str());
    for path in paths.chain(kind.crates.iter().copied()) {
        let (link, target) = (folder.join(path), home.join(path));
        if fs::read_link(&link).is_ok_and(|old| old == target) {
            continue;
        }
        let _ = fs::remove_file(&link);
        match std::os::unix::fs::symlink(&target, &link) {
            // Another sluice was faster.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            result => result.with_context(|| place::cannot(&link))?,
        }
    }
    Ok(())
}

fn write_package(folder: &Path, package: &Package) -> anyhow::Result<()> {
    place::folder(&folder.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition.workspace = true\npublish = false\n\n[dependencies]\n{}",
        package.name, package.dependencies
    );
    write_if_changed(&folder.join("Cargo.toml"), manifest.as_bytes())?;
    for (name, bytes) in &package.sources {
        let path = folder.join("src").join(name);
        if let Some(folder) = path.parent() {
            place::folder(folder)?;
        }
        write_if_changed(&path, bytes)?;
    }
    Ok(())
}
