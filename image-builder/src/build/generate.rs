// SPDX-License-Identifier: Apache-2.0
//! The generated workspace: a crate per VM beside links to our own crates.
//!
//! Everything that reaches the compiler is a path relative to the workspace, wherever that lies, so an image depends on the
//! chain, our sources and the tool-chain only. A crate's name holds its VM's name and a hash of its source: one target
//! folder serves all chains and never mixes them.

use super::manifest::hex;
use crate::place::{self, write_if_changed};
use anyhow::Context;
use chain_compiler::{Plan, VmPlan};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use toml::Table;

/// The whole program of an image.
const MAIN: &str = "#![no_std]\n#![no_main]\nmod wiring;\nunikernel::image!(wiring::Wiring);\n";
/// Data plane and wiring for speed, everything else for size.
const PROFILE: &str = r#"
[profile.release]
opt-level = 3
lto = "fat"
codegen-units = 1
panic = "abort"
debug = false
strip = "debuginfo"
incremental = false

[profile.release.package."*"]
opt-level = "s"

[profile.release.package.unikernel]
opt-level = "s"

[profile.release.package.control]
opt-level = "s"
"#;

/// A generated workspace.
pub struct Workspace {
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
    /// Writes the workspace of `plan`.
    pub fn generate(plan: &Plan) -> anyhow::Result<Workspace> {
        let home = home()?;
        let packages: Vec<_> = plan.vms.iter().map(package).collect();
        let cache = cache(&home)?;
        let folder = cache.join(&hash(packages.iter().map(String::as_str))[..16]);
        place::folder(&folder.join("images"))?;
        write_root(&home, &folder, &packages)?;
        for (vm, package) in plan.vms.iter().zip(&packages) {
            write_package(&folder.join("images").join(package), package, vm)?;
        }
        Ok(Workspace { target: cache.join("target"), home, folder, packages })
    }
}

/// Where Sluice's sources are: `SLUICE_HOME`, or where this program was built.
fn home() -> anyhow::Result<PathBuf> {
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
fn cache(home: &Path) -> anyhow::Result<PathBuf> {
    let cache = std::env::var_os("SLUICE_CACHE").map_or_else(|| home.join("target/images"), PathBuf::from);
    Ok(std::path::absolute(cache)?)
}

fn package(vm: &VmPlan) -> String {
    let data = vm.data.iter().map(|(_, bytes)| hex(&Sha256::digest(bytes))).collect::<String>();
    format!("vm-{}-{}", vm.name, &hash([MAIN, &vm.name, &vm.wiring, &data].into_iter())[..16])
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
fn write_root(home: &Path, folder: &Path, packages: &[String]) -> anyhow::Result<()> {
    let path = home.join("Cargo.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let ours: Table = text.parse().with_context(|| format!("cannot read {}", path.display()))?;
    let mut workspace = ours.get("workspace").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    link_crates(home, folder, &workspace)?;
    let members = ["unikernel", "nf-elements", "control"].map(String::from).into_iter();
    let members = members.chain(packages.iter().map(|package| format!("images/{package}")));
    workspace.insert("members".into(), members.map(toml::Value::String).collect::<Vec<_>>().into());
    let root = Table::from_iter([("workspace".to_string(), toml::Value::Table(workspace))]);
    write_if_changed(&folder.join("Cargo.toml"), format!("{root}{PROFILE}").as_bytes())?;
    // The same versions of everything as our own workspace; cargo takes out what images do not use.
    let lock = fs::read(home.join("Cargo.lock")).context("cannot read Sluice's Cargo.lock")?;
    write_if_changed(&folder.join("Cargo.lock"), &lock)
}

/// Links every crate of ours that a manifest may name by path.
fn link_crates(home: &Path, folder: &Path, workspace: &Table) -> anyhow::Result<()> {
    let dependencies = workspace.get("dependencies").and_then(toml::Value::as_table);
    let paths = dependencies.into_iter().flatten().filter_map(|(_, value)| value.get("path")?.as_str());
    for path in paths.chain(["unikernel"]) {
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

fn write_package(folder: &Path, package: &str, vm: &VmPlan) -> anyhow::Result<()> {
    place::folder(&folder.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition.workspace = true\npublish = false\n\n[dependencies]\n\
         nf-elements.workspace = true\nunikernel = {{ path = \"../../unikernel\" }}\n"
    );
    write_if_changed(&folder.join("Cargo.toml"), manifest.as_bytes())?;
    write_if_changed(&folder.join("src/main.rs"), MAIN.as_bytes())?;
    for (name, bytes) in &vm.data {
        write_if_changed(&folder.join("src").join(name), bytes)?;
    }
    write_if_changed(&folder.join("src/wiring.rs"), vm.wiring.as_bytes())
}
