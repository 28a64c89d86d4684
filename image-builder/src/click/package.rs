// SPDX-License-Identifier: Apache-2.0
//! A process's crate.

use crate::build::generate::{self, Kind, Package};
use chain_compiler::VmPlan;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The whole program.
const MAIN: &str = "#![forbid(unsafe_code)]\nmod wiring;\nnative::process!(wiring::Wiring);\n";
/// Fast to run for `click`, fast to build and with every check for scripts. Everything but the wiring is built once.
const PROFILES: &str = r#"
[profile.release]
opt-level = 3
panic = "abort"
debug = false
codegen-units = 2
incremental = false

[profile.dev]
opt-level = 0
debug = "line-tables-only"

[profile.dev.package."*"]
opt-level = 1

[profile.dev.package.nf-elements]
opt-level = 1

[profile.dev.package.native]
opt-level = 1
"#;

/// Configurations as processes.
pub const KIND: Kind = Kind {
    what: "the configuration",
    announced: false,
    crates: CRATES,
    profiles: PROFILES,
    cargo_flags: &["--release"],
    rust_flags: &[],
    runs_here: true,
    target: "processes",
};
/// Scripts' configurations, all in one crate.
pub const SCRIPTS: Kind = Kind { what: "the scripts' configurations", cargo_flags: &[], target: "processes", ..KIND };

const CRATES: &[&str] = &["nf-elements", "native"];
const DEPENDENCIES: &str = "nf-elements.workspace = true\nnative.workspace = true\n";
const WITH_TAP: &str = "nf-elements.workspace = true\nnative = { workspace = true, features = [\"tap\"] }\n";

/// The crate of a configuration.
pub fn package(plan: &VmPlan, tap: bool) -> Package {
    let mut sources = vec![("main.rs".into(), MAIN.into()), ("wiring.rs".into(), plan.wiring.clone().into_bytes())];
    sources.extend(plan.data.iter().cloned());
    Package::new("click", if tap { WITH_TAP } else { DEPENDENCIES }, sources)
}

/// The crate of many configurations, each under its name, which is good for a module. Its own name depends on theirs only,
/// so that what changes between two builds is compiled anew and nothing else.
pub fn packages(plans: &[(&str, &VmPlan)]) -> Package {
    let modules: String = plans.iter().map(|(name, _)| format!("mod {name};\n")).collect();
    let runs: String = plans.iter().map(|(name, _)| format!("    \"{name}\": {name}::Wiring,\n")).collect();
    let main = format!("#![forbid(unsafe_code)]\n{modules}native::process! {{\n{runs}}}\n");
    let mut package = Package::new("scripts", DEPENDENCIES, vec![("main.rs".into(), main.into_bytes())]);
    for (name, plan) in plans {
        // Data lies in a folder of the module's name, because others have files of the same names.
        let wiring = plan.wiring.replace("include_bytes!(\"", &format!("include_bytes!(\"{name}/"));
        package.sources.push((format!("{name}.rs"), wiring.into_bytes()));
        let data = plan.data.iter().map(|(file, bytes)| (format!("{name}/{file}"), bytes.clone()));
        package.sources.extend(data);
    }
    package
}

/// The process that `package` is, if it was built and none of our sources has changed since.
pub fn built(package: &Package) -> anyhow::Result<Option<PathBuf>> {
    let home = generate::home()?;
    let folder = generate::cache(&home)?.join(KIND.target).join("x86_64-unknown-linux-gnu/release");
    let path = folder.join(&package.name);
    let Ok(built) = fs::metadata(&path).and_then(|file| file.modified()) else { return Ok(None) };
    let own = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml"].iter().map(|name| home.join(name));
    let newest = own.chain(CRATES.iter().map(|name| home.join(name))).filter_map(|path| newest(&path)).max();
    Ok(newest.is_some_and(|newest| newest < built).then_some(path))
}

/// When the last change of a file, or of what is in a folder, was.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = fs::metadata(path).ok()?.modified().ok();
    let inside = fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| newest(&entry.path())).max();
    own.max(inside)
}
