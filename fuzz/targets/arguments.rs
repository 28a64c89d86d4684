// SPDX-License-Identifier: Apache-2.0
//! Configurations of every element class: `INPUTS/OUTPUTS CLASS(ARGUMENT, …)`, as in nf-elements/tests/random/list.txt.
//! What is no class's name is one's number.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nf_elements::configure::{Arguments, Information, Surroundings};
use nf_elements::elements;

fuzz_target!(|text: &str| {
    let (ports, declaration) = text.split_once(' ').unwrap_or(("", text));
    let (class, arguments) = declaration.split_once('(').unwrap_or((declaration, ""));
    let class = class.rsplit(' ').next().unwrap_or("");
    let all = elements::registry();
    let number: usize = class.bytes().map(usize::from).sum();
    let class = elements::class(class).unwrap_or(&all[number % all.len()]);
    let (inputs, outputs) = ports.split_once('/').unwrap_or(("1", "1"));
    let count = |text: &str| text.parse::<u8>().map_or(1, |count| usize::from(count % 20));
    let ports = ["p0".to_string(), "p1".to_string()];
    let told = ["x 1.0.0.1 1024-65535 - -", "y - - 1.0.0.1 80"].to_vec();
    let information = [Information { class: "IPRewriterPatterns", arguments: told }];
    let (inputs, outputs) = (count(inputs), count(outputs));
    let around = Surroundings { name: "x", inputs, outputs, ports: &ports, information: &information, stores: &[], hosts: &[] };
    let arguments: Vec<&str> = arguments.trim_end_matches(')').split(',').map(str::trim).collect();
    let mut taken = Arguments::new(class.spec, &arguments);
    let instance = (class.configure)(&mut taken, &around);
    // Either there is an instance, or it is said why not; and places lie in the arguments.
    let errors = taken.finish();
    assert!(instance.is_some() || !errors.is_empty());
    for (index, range) in errors.iter().filter_map(|error| error.place.clone()) {
        assert!(arguments[index].get(range).is_some(), "{errors:?}");
    }
});
