// SPDX-License-Identifier: Apache-2.0
//! Golden pairs: each `golden/NAME.nf` with the diagnostics (`NAME.expected`), flat
//! configurations (`NAME.VM.click`) and wirings (`NAME.VM.rs`) that come of it.
//! `SLUICE_BLESS=1` rewrites them.

use chain_compiler::{Diagnostics, Options, compile};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What compiling `path` gives: file names with their text.
fn products(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).expect("a golden input can be read");
    let stem = path.file_stem().expect("it has a name").to_string_lossy();
    let file_name = format!("{stem}.nf");
    let mut products = BTreeMap::new();
    let found = match compile(&file_name, &text, &Options::default()) {
        Ok(plan) => {
            for vm in plan.vms {
                products.insert(format!("{stem}.{}.rs", vm.image), vm.wiring);
                products.insert(format!("{stem}.{}.click", vm.image), vm.configuration);
            }
            Diagnostics(plan.warnings)
        }
        Err(found) => found,
    };
    let rendered = found.render(&file_name, &text, false);
    if !rendered.is_empty() {
        // Rendered lines may end in blanks, which no editor keeps.
        let lines: Vec<_> = rendered.lines().map(str::trim_end).collect();
        products.insert(format!("{stem}.expected"), lines.join("\n") + "\n");
    }
    products
}

fn inputs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the golden folder can be read");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let mut inputs: Vec<_> = paths.filter(|path| path.extension().is_some_and(|ending| ending == "nf")).collect();
    inputs.sort();
    inputs
}

/// The names of all golden files that are no input.
fn products_there(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("the golden folder can be read");
    let names = entries.map(|entry| entry.expect("an entry can be read").file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.ends_with(".nf")).collect()
}

#[test]
fn golden_pairs_are_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let bless = std::env::var_os("SLUICE_BLESS").is_some();
    let mut wrong = Vec::new();
    let mut left = products_there(&folder);
    for path in inputs(&folder) {
        for (name, text) in products(&path) {
            let golden = folder.join(&name);
            left.remove(&name);
            if bless {
                std::fs::write(&golden, &text).expect("a golden file can be written");
            }
            if std::fs::read_to_string(&golden).ok().as_deref() != Some(&text) {
                wrong.push(format!("--- {name} is now\n{text}"));
            }
        }
    }
    for name in left {
        if bless {
            std::fs::remove_file(folder.join(&name)).expect("a golden file can be removed");
        } else {
            wrong.push(format!("--- {name} comes of no input"));
        }
    }
    let advice = "SLUICE_BLESS=1 accepts all of this";
    assert!(wrong.is_empty(), "{} golden files differ ({advice}):\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn inputs_named_bad_fail_and_the_others_compile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for path in inputs(&folder) {
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a golden input can be read");
        assert_eq!(compile(&name, &text, &Options::default()).is_err(), name.starts_with("bad-"), "{name}");
    }
}

#[test]
fn the_wiring_does_not_depend_on_the_folder() {
    let text = include_str!("golden/straight.nf");
    let wiring = |name| compile(name, text, &Options::default()).expect("it compiles").vms.remove(0).wiring;
    assert_eq!(wiring("straight.nf"), wiring("/some/where/else/straight.nf"));
}
