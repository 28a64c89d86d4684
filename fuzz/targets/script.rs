// SPDX-License-Identifier: Apache-2.0
//! Scripts: each line is an instruction, and what the compiler takes runs, with handlers that say anything.
#![no_main]

#[allow(dead_code)]
#[path = "../../nf-elements/tests/random/mod.rs"]
mod random;
mod shared;

use libfuzzer_sys::fuzz_target;
use nf_elements::configure::{Arguments, Surroundings};
use nf_elements::elements::{self, Script};
use nf_elements::script::{Kind, Text, parse};
use nf_elements::testing::ListIo;
use nf_elements::{Control, Element};
use random::{Fake, Input};
use shared::lent;

/// Rounds of each script.
const ROUNDS: usize = 10;

fuzz_target!(|text: &str| {
    run(text);
    shared::give_back();
});

fn run(text: &str) -> Option<()> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut arguments = Arguments::new(elements::class("Script")?.spec, &lines);
    let around = Surroundings { name: "s", ..Default::default() };
    let program = parse(&mut arguments, &around, "Script", Kind::Active);
    if !arguments.finish().is_empty() {
        return None;
    }
    let program = program.expect("no error, so a program");
    let mut script = Script::new(program);
    script.lend(lent(|| Text::EMPTY, program.variables.len() + 2));
    let (mut io, mut input) = (ListIo::new(0), Input(text.as_bytes()));
    for _ in 0..ROUNDS {
        if script.is_due(io.now_ns) {
            script.run(&mut io, &mut Fake(&mut input));
        }
        let value = input.value();
        for name in ["run", "step", "goto", "x", "s"] {
            let _ = script.read_running(&format!("{name} {value}"), &mut Fake(&mut input), &mut String::new());
            let _ = script.write_running(name, &value, &mut Fake(&mut input));
            let _ = script.read_handler(name, &mut String::new());
            let _ = script.write_handler(name, &value);
        }
        io.now_ns = script.deadline_ns().unwrap_or(0).max(io.now_ns.saturating_add(input.nanoseconds()));
        (io.written, io.printed) = Default::default();
    }
    Some(())
}
