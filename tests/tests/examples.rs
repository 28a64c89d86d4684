// SPDX-License-Identifier: Apache-2.0
//! The examples in the elements' documentation compile, each class has one, and all of them make an image that boots.

use chain_compiler::{Options, compile};
use nf_elements::elements::registry;
use qemu::Kind;
use std::fmt::Write;
use tempfile::TempDir;
use tests::documentation::{documentation, examples};
use tests::{Running, build};

/// Classes that no configuration can have.
const WITHOUT_EXAMPLE: &[&str] = &["Error"];

#[test]
fn examples_compile() {
    let mut wrong = Vec::new();
    for (class, text) in documentation() {
        for example in examples(&text) {
            if let Err(found) = compile("example", example, &Options::default()) {
                wrong.push(format!("{class}:\n{}", found.render("example", example, false)));
            }
            if !example.contains(&class) {
                wrong.push(format!("{class}: its example has none: {example}\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} examples are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_class_has_an_example() {
    let documentation = documentation();
    let has_one = |class: &str| documentation.get(class).is_some_and(|text| !examples(text).is_empty());
    let classes = registry().iter().map(|class| class.spec.class);
    let without: Vec<_> = classes.filter(|class| !WITHOUT_EXAMPLE.contains(class) && !has_one(class)).collect();
    assert!(without.is_empty(), "no example: {without:?}");
}

#[test]
fn all_examples_make_one_image_that_boots() {
    let folder = TempDir::new().unwrap();
    let mut text = String::new();
    let documentation = documentation();
    let all = documentation.values().flat_map(|text| examples(text));
    // What ends the VM or only runs in a process is left out.
    for (number, example) in all.filter(|example| !example.contains("stop") && !example.contains("STOP")).enumerate() {
        let _ = writeln!(text, "e{number} :: {{ {} }};", example.replace('\n', " "));
    }
    let image = build(&text, "chain", folder.path());
    let everything = Running::boot_with_memory(&image, Kind::Microvm, 2, 256);
    everything.power_off();
}
