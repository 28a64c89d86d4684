// SPDX-License-Identifier: Apache-2.0
//! The house's order: which room depends on which, what each says of itself, where unsafe code may stand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use tests::home;

/// The edges between rooms, exactly: `bench` and `tests` may use anything, and nothing depends on them.
const EDGES: &[(&str, &[&str])] = &[
    ("nf-elements", &["ids"]),
    ("ids", &[]),
    ("ring", &[]),
    ("control", &[]),
    ("xen-glue", &["ring"]),
    ("unikernel", &["control", "nf-elements", "ring", "xen-glue"]),
    ("chain-compiler", &["nf-elements"]),
    ("qemu", &["control", "ring"]),
    ("evpn", &[]),
    ("xl", &[]),
    ("native", &["nf-elements"]),
    ("image-builder", &["chain-compiler", "control", "evpn", "native", "nf-elements", "qemu", "ring", "xl"]),
];
/// The only rooms whose files may hold unsafe code, and there only where a file says so.
const UNSAFE_ROOMS: &[&str] = &["unikernel", "xen-glue"];

fn packages() -> Vec<serde_json::Value> {
    let metadata = ["metadata", "--format-version", "1", "--no-deps"];
    let output = Command::new("cargo").args(metadata).current_dir(home()).output().expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    metadata["packages"].as_array().expect("a list of packages").clone()
}

#[test]
fn rooms_depend_on_each_other_as_the_design_says() {
    let packages = packages();
    let names: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut found = BTreeMap::new();
    for package in &packages {
        let dependencies = package["dependencies"].as_array().expect("a list");
        let ours = dependencies.iter().filter_map(|dependency| dependency["name"].as_str());
        let ours: BTreeSet<&str> = ours.filter(|name| names.contains(name)).collect();
        found.insert(package["name"].as_str().expect("a name"), ours);
    }
    for (room, wanted) in EDGES {
        let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
        assert_eq!(found.get(room), Some(&wanted), "{room}");
    }
    for (room, ours) in &found {
        assert!(
            !ours.contains("bench") && !ours.contains("tests"),
            "{room} depends on a room that nothing may depend on"
        );
    }
}

fn folders() -> Vec<PathBuf> {
    let manifests =
        packages().into_iter().map(|package| PathBuf::from(package["manifest_path"].as_str().expect("a path")));
    manifests.map(|manifest| manifest.parent().expect("a folder").into()).collect()
}

#[test]
fn each_room_says_what_lives_there() {
    for folder in folders() {
        let text = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
        // Sections may follow, where a room is a library that others are to use.
        let first = text.lines().take_while(|line| !line.starts_with("## "));
        let lines = first.filter(|line| !line.starts_with('|')).count();
        assert!((3..=12).contains(&lines), "{}: README.md begins with {lines} lines", folder.display());
        assert!(text.contains("Never here"), "{}: README.md does not say what never lives there", folder.display());
    }
}

#[test]
fn unsafe_code_stands_in_one_room() {
    for folder in folders() {
        let root = ["src/lib.rs", "src/main.rs"].map(|name| folder.join(name)).into_iter().find(|path| path.is_file());
        let text = std::fs::read_to_string(root.expect("a crate has a root")).expect("it can be read");
        let rule = if UNSAFE_ROOMS.iter().any(|room| folder.ends_with(room)) {
            "#![deny(unsafe_code)]"
        } else {
            "#![forbid(unsafe_code)]"
        };
        assert!(text.contains(rule), "{}: its root does not say {rule}", folder.display());
    }
}
