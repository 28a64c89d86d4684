// SPDX-License-Identifier: Apache-2.0
//! A random Click configuration without an error.

use std::fmt::Write;

/// SplitMix64: the same graphs in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Classes with one input and one output that work pushed and pulled.
const PASSING: [&str; 7] = ["Counter", "Paint($N)", "Strip($N)", "Unstrip(2)", "Null", "Print(x)", "Named(3)"];

/// Classes that several connections of a pushed input may lead into, with their numbers of outputs.
const SORTING: [(&str, usize); 4] =
    [("Classifier(0/01, 0/02, -)", 3), ("Tee(2)", 2), ("Tee", 4), ("Classifier(0/01 1/02, -)", 2)];

const HEAD: &str = "define($N 4);
elementclass Named { $k | input -> Strip($k) -> x :: Counter -> output
|| $k, DEEP $d | input -> Strip($k) -> { -> Paint($d) -> } -> output }
elementclass Sorter { input -> c :: Classifier(0/0$N, -); c [0] -> output; c [1] -> [1] output }
elementclass Holder { $length | input -> Queue($length) -> Counter -> output }
";

struct Graph {
    random: Random,
    text: String,
    elements: usize,
    /// Outputs that nothing is connected to: how they are written, and whether they are pulled.
    open: Vec<(String, bool)>,
    /// Elements that more may be pushed into.
    joints: Vec<String>,
}

/// The graph of that number.
pub fn random(seed: u64) -> String {
    let mut graph =
        Graph { random: Random(seed), text: HEAD.into(), elements: 0, open: Vec::new(), joints: Vec::new() };
    for device in 0..=graph.random.below(3) {
        let source = if graph.random.below(4) == 0 {
            "InfiniteSource(LIMIT 3)".into()
        } else {
            format!("FromDevice(eth{device})")
        };
        let name = graph.declare(&source);
        graph.open.push((name, false));
    }
    let idle = graph.declare("Idle");
    graph.open.push((idle.clone(), false));
    let unqueue = graph.declare("Unqueue");
    let _ = writeln!(graph.text, "{idle} [1] -> {unqueue};");
    graph.open.push((unqueue, false));
    for _ in 0..graph.random.below(25) {
        graph.grow();
    }
    while let Some((output, pulled)) = graph.open.pop() {
        let device = graph.random.below(3);
        let end = match (graph.random.below(3), pulled) {
            (0, _) => format!("ToDevice(eth{device})"),
            (1, _) => "Idle".into(),
            (_, true) => "Unqueue -> Discard".into(),
            (_, false) => "Discard".into(),
        };
        let _ = writeln!(graph.text, "{output} -> {end};");
    }
    graph.text
}

impl Graph {
    fn declare(&mut self, class: &str) -> String {
        self.elements += 1;
        let name = format!("e{}", self.elements);
        let _ = writeln!(self.text, "{name} :: {class};");
        name
    }

    /// One open output leads on.
    fn grow(&mut self) {
        let at = self.random.below(self.open.len().max(1));
        if at >= self.open.len() {
            return;
        }
        let (output, pulled) = self.open.swap_remove(at);
        match (self.random.below(8), pulled) {
            (0, false) => self.sort(&output),
            (1, false) => {
                let queue = self.random.pick(&["Queue", "Queue(20)", "Holder(7)", "SimpleQueue(3)"]).to_string();
                let name = self.declare(&queue);
                let _ = writeln!(self.text, "{output} -> {name};");
                self.open.push((name, true));
            }
            (1, true) => {
                let name = self.declare("Unqueue");
                let _ = writeln!(self.text, "{output} -> {name};");
                self.open.push((name, false));
            }
            (2, false) if !self.joints.is_empty() => {
                let joint = self.random.below(self.joints.len());
                let _ = writeln!(self.text, "{output} -> {};", self.joints[joint]);
            }
            (3, false) => {
                let name = self.declare("Sorter");
                let _ = writeln!(self.text, "{output} -> {name};");
                self.open.extend([(name.clone(), false), (format!("{name} [1]"), false)]);
            }
            _ => self.pass(&output, pulled),
        }
    }

    fn sort(&mut self, output: &str) {
        let (class, outputs) = SORTING[self.random.below(SORTING.len())];
        let name = self.declare(class);
        let _ = writeln!(self.text, "{output} -> {name};");
        if self.random.below(3) == 0 {
            // All outputs meet again behind a group.
            let ways: Vec<String> = (0..outputs).map(|port| format!("[{port}] -> Paint({port}) -> [0]")).collect();
            let meet = self.declare("Counter");
            let _ = writeln!(self.text, "{name} => ( {} ) -> {meet};", ways.join("; "));
            self.open.push((meet, false));
        } else {
            self.open.extend((0..outputs).map(|port| (format!("{name} [{port}]"), false)));
        }
        self.joints.push(name);
    }

    /// A way through one element: declared, in-line, in a compound or a group.
    fn pass(&mut self, output: &str, pulled: bool) {
        let class = self.random.pick(&PASSING).to_string();
        let through = match self.random.below(5) {
            0 => format!("( -> {class} -> )"),
            1 => format!("{{ $N | input -> {class} -> output }} ({})", self.random.below(9)),
            2 => format!("{{ [0] -> {class} -> inner :: Null -> }}"),
            3 => "Named(1, DEEP 7)".into(),
            _ => class,
        };
        let name = self.declare("Counter");
        let _ = writeln!(self.text, "{output} -> {through} -> {name};");
        if !pulled && self.random.below(3) == 0 {
            self.joints.push(name.clone());
        }
        self.open.push((name, pulled));
    }
}
