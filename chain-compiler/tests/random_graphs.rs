// SPDX-License-Identifier: Apache-2.0
//! Random graphs that are right by construction compile, and rustc takes what comes of them.

#[path = "random/graph.rs"]
mod graph;

use chain_compiler::{Options, compile};
use std::path::Path;
use std::process::Command;

/// Graphs that the compiler reads.
const GRAPHS: u64 = 400;

/// Of those the ones that rustc reads as well.
const CHECKED: u64 = 40;

fn wiring(seed: u64) -> String {
    let text = graph::random(seed);
    match compile("random.click", &text, &Options::default()) {
        Ok(mut plan) => plan.vms.remove(0).wiring,
        Err(found) => panic!("graph {seed}:\n{text}\n{}", found.render("random.click", &text, false)),
    }
}

#[test]
fn right_graphs_compile() {
    (0..GRAPHS).for_each(|seed| drop(wiring(seed)));
}

#[test]
fn the_flat_configuration_is_one_and_the_same() {
    for seed in 0..GRAPHS {
        let text = graph::random(seed);
        let flat = |text: &str| {
            let plan = compile("random.click", text, &Options::default()).map_err(|found| format!("{found:?}\n{text}"));
            plan.unwrap().vms.remove(0).configuration
        };
        let once = flat(&text);
        assert_eq!(flat(&once), once, "graph {seed}:\n{text}");
    }
}

#[test]
fn rustc_takes_their_wirings() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("random-graphs");
    let source = folder.join("src");
    std::fs::create_dir_all(&source).expect("a folder for the crate");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace's folder");
    let mut modules = String::from("#![allow(dead_code, clippy::all)]\n");
    for seed in 0..CHECKED {
        std::fs::write(source.join(format!("graph_{seed}.rs")), wiring(seed)).expect("a wiring is written");
        modules.push_str(&format!("pub mod graph_{seed};\n"));
    }
    let manifest = format!(
        "[package]\nname = \"random-graphs\"\nedition = \"2024\"\n\n[dependencies]\nnf-elements = {{ path = {:?} }}\n\n[workspace]\n",
        workspace.join("nf-elements")
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("the manifest is written");
    std::fs::write(source.join("lib.rs"), modules).expect("the library is written");
    std::fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file is copied");
    let mut cargo = Command::new(env!("CARGO"));
    let cargo =
        cargo.args(["check", "--quiet", "--offline", "--target-dir"]).arg(folder.join("target")).current_dir(&folder);
    let output = cargo.output().expect("cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
