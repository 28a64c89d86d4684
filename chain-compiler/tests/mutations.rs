// SPDX-License-Identifier: Apache-2.0
//! Ten thousand mutations of the golden inputs: whatever the text, the compiler answers and does not panic, and every
//! diagnostic has a place that can be shown.

use chain_compiler::{Diagnostics, Options, Severity, compile};
use std::path::Path;

const MUTATIONS: u64 = 10_000;

/// What a mutation may put anywhere.
const TOKENS: [&str; 54] = [
    "->",
    "<->",
    "=>",
    "::",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ";",
    "//",
    "/*",
    "*/",
    "\"",
    "'",
    "\\",
    "\n",
    "\t",
    "é",
    "\u{202e}",
    "[1]",
    "[99999999999999999999]",
    "input",
    "output",
    "elementclass",
    "define($x)",
    "define($x $x$x, $y ${x[1]})",
    "elementclass A { $a, K $k, __REST__ $r | input -> Counter($a) -> output || ... } A(1)",
    "connectiontunnel a -> b",
    "require(library x)",
    "# 7 \"x\"\n",
    "||",
    "|",
    "...",
    "$x",
    "${x-1}",
    "[0-3]",
    "[]",
    "(->)",
    "{ -> }",
    "vm x {",
    "network",
    "chain",
    "Tee",
    "Queue",
    "Counter",
    "IPFilter(allow all)",
    "Classifier(12/0800, -)",
    "EtherSwitch",
    "memory 4294967295G",
    "-1",
    "\0",
];

/// SplitMix64: the same mutations in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { (self.next() % limit as u64) as usize }
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// A place between two characters.
    fn place(&mut self, text: &str) -> usize {
        text.floor_char_boundary(self.below(text.len() + 1))
    }

    /// A short piece.
    fn piece(&mut self, text: &str) -> std::ops::Range<usize> {
        let start = self.place(text);
        let most = if self.below(4) == 0 { 200 } else { 12 };
        start..text.ceil_char_boundary((start + self.below(most)).min(text.len()))
    }

    fn mutate(&mut self, text: &mut String, inputs: &[&str]) {
        let piece = self.piece(text);
        match self.below(5) {
            0 => text.replace_range(piece, ""),
            1 => {
                let copy = text[piece].to_string();
                let place = self.place(text);
                text.insert_str(place, &copy);
            }
            2 => {
                let other = self.pick(inputs);
                let stolen = &other[self.piece(other)];
                text.replace_range(piece, stolen);
            }
            3 => text.insert_str(piece.start, self.pick(&TOKENS)),
            _ => text.replace_range(piece, self.pick(&TOKENS)),
        }
    }
}

fn check(text: &str, render: bool) {
    let found = match compile("mutated.nf", text, &Options::default()) {
        Ok(plan) => Diagnostics(plan.warnings),
        Err(found) => {
            assert!(found.0.iter().any(|one| one.severity == Severity::Error), "an error without an error:\n{text}");
            found
        }
    };
    for one in &found.0 {
        // A place may be in another text: what follows a `#line`.
        let text = one.file.as_ref().map_or(text, |file| &file.text);
        assert!(text.get(one.span.clone()).is_some() && one.line > 0 && one.column > 0, "{one:?} in:\n{text}");
    }
    if render {
        found.render("mutated.nf", text, false);
    }
}

#[test]
fn no_mutation_makes_the_compiler_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let paths =
        std::fs::read_dir(folder).expect("the golden folder can be read").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|ending| ending == "nf")).collect();
    paths.sort();
    let texts: Vec<_> = paths.iter().map(|path| std::fs::read_to_string(path).expect("an input can be read")).collect();
    let inputs: Vec<&str> = texts.iter().map(String::as_str).collect();
    for seed in 0..MUTATIONS {
        let mut random = Random(seed);
        let mut text = random.pick(&inputs).to_string();
        for _ in 0..=random.below(6) {
            random.mutate(&mut text, &inputs);
        }
        if let Err(panic) = std::panic::catch_unwind(|| check(&text, seed % 8 == 0)) {
            eprintln!("mutation {seed}:\n{text}");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn texts_that_once_looked_dangerous() {
    let deep = format!("vm a {{ x :: Counter({}", "(".repeat(100_000));
    let braces = "vm a {".repeat(2_000);
    let long = format!("vm a {{ {} }}", "Counter -> ".repeat(5_000));
    let many = format!("vm a {{ {} }}", "FromDevice(x) -> Discard;".repeat(500));
    for text in
        ["", "\u{feff}", "/*", "//", "\"", "vm", "vm a", "vm a {", "}", "chain a <->", &deep, &braces, &long, &many]
    {
        check(text, true);
    }
}
