// SPDX-License-Identifier: Apache-2.0
//! Texts that mean nothing.

use super::{Counters, program};
use crate::Control;
use crate::elements::Script;
use crate::script::{Kind, Text};
use crate::testing::ListIo;

/// Texts made of what the language means something by.
#[test]
fn no_text_makes_it_panic() {
    let parts = [
        "$",
        "(",
        ")",
        "{",
        "}",
        "\"",
        "'",
        "\\",
        "<",
        ">",
        "\\<",
        "é",
        "\u{20ac}",
        " ",
        "//",
        "/*",
        "*/",
        "x",
        "0",
        "9",
        "-",
        ".",
        "%",
        "%*",
        "add ",
        "sprintf ",
        "c.count",
        "s.",
        "\n",
        "$x",
        "$(",
        "goto ",
        "print ",
        "set x ",
        "9999999999",
        "_",
        "if ",
        "mod ",
        "shift ",
        "wait ",
        "idiv ",
        "length ",
        "catq ",
        "in ",
        "random ",
    ];
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut ran = 0;
    for _ in 0..3000 {
        let mut text =
            |first: &str| (0..random(12)).fold(first.to_string(), |text, _| text + parts[random(parts.len())]);
        let instructions =
            [text("setq x "), text("print $("), text("print "), text("write s.set x "), text("print $(add $(")];
        for instruction in &instructions {
            let Ok(program) = program("s", Kind::Active, &["set x 'a $b\\'", instruction, "print $($x)", "print $x"])
            else {
                continue;
            };
            let mut script = Script::new(program);
            script.lend(vec![Text::EMPTY; program.variables.len() + 2].leak());
            script.run(&mut ListIo::new(0), &mut Counters([("c", 7)].into()));
            let _ = script.read_running(instruction, &mut Counters::default(), &mut String::new());
            ran += 1;
        }
    }
    assert!(ran > 1000, "{ran} of 15000 texts were scripts");
}
