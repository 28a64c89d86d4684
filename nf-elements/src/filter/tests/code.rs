// SPDX-License-Identifier: Apache-2.0
//! Code made of random rules, compiled by rustc and run: it decides as the reference does.

use super::Random;
use super::random::{first_match, pattern, random_clauses, random_packet};
use crate::Packet;
use crate::configure::Instance;
use crate::filter::{NO_MATCH, clauses_match, compile_clauses, compile_rules, parse_clauses, parse_pattern};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// Filters of each kind, and packets for each filter.
const FILTERS: usize = 40;
const PACKETS: usize = 250;

/// Bytes in front of the network header that a filter may read.
const BEFORE: usize = 6;

/// A program that reads packets from its input and writes, a line each, which way every one takes.
const PROGRAM: &str = "\
use nf_elements::Route;
use nf_elements::testing::{ListIo, packet};

fn print<F: Route>(mut filter: F, input: &mut &[u8]) {
    for _ in 0..PACKETS {
        let (head, rest) = input.split_at(2);
        let (bytes, rest) = rest.split_at(head[1].into());
        *input = rest;
        let mut packet = packet(bytes);
        assert!(packet.pull_front(BEFORE.min(bytes.len())));
        packet.set_network(0, head[0].into());
        println!(\"{:?}\", filter.route(&mut ListIo::new(0), 0, &mut packet));
    }
}
";

/// The program's source, its input, and the output that is right.
#[derive(Default)]
struct Program {
    modules: String,
    main: String,
    input: Vec<u8>,
    right: Vec<String>,
    made_of_code: usize,
}

impl Program {
    fn add(&mut self, instance: &Instance) {
        let module = format!("filter_{}", self.main.lines().count());
        let [rust_type, expression, items] =
            [&instance.rust_type, &instance.expression, &instance.items].map(|text| text.replace("{name}", "Code"));
        let _ = write!(
            self.modules,
            "mod {module} {{\nuse nf_elements::elements::*;\n{items}\npub fn new() -> impl nf_elements::Route {{\n\
             let filter: {rust_type} = {expression};\nfilter\n}}\n}}\n"
        );
        let _ = writeln!(self.main, "    print({module}::new(), &mut input);");
        self.made_of_code += usize::from(!items.is_empty());
    }

    /// One packet more for the filter added last, and the leaf that is right.
    fn expect(&mut self, packet: &Packet, leaf: u16) {
        let annotations = packet.annotations();
        let header = annotations.transport_offset.saturating_sub(annotations.network_offset);
        let before = packet.before_network::<BEFORE>().unwrap_or(&[0; BEFORE]);
        self.input.extend([header as u8, (BEFORE + packet.len()) as u8]);
        self.input.extend(before);
        self.input.extend(packet.data());
        self.right.push(format!("{:?}", (leaf != NO_MATCH).then_some(leaf)));
    }

    /// Compiles and runs it.
    fn output(&self) -> String {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace's folder");
        let folder = workspace.join("target/tmp/filter-code");
        std::fs::create_dir_all(folder.join("src")).expect("a folder for the crate");
        let manifest = format!(
            "[package]\nname = \"filter-code\"\nedition = \"2024\"\n\n[dependencies]\nnf-elements = {{ path = {:?}, \
             features = [\"host\"] }}\n\n[workspace]\n",
            workspace.join("nf-elements")
        );
        let main = format!(
            "{PROGRAM}\nconst PACKETS: usize = {PACKETS};\nconst BEFORE: usize = {BEFORE};\n\nfn main() {{\n    \
             let input = std::fs::read(\"input\").unwrap();\n    let mut input = input.as_slice();\n{}}}\n\n{}",
            self.main, self.modules
        );
        let files = [("Cargo.toml", manifest.as_bytes()), ("src/main.rs", main.as_bytes()), ("input", &self.input)];
        for (name, bytes) in files {
            std::fs::write(folder.join(name), bytes).expect("a file is written");
        }
        std::fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file is copied");
        let cargo = ["run", "--quiet", "--offline", "--target-dir", "target"];
        let output =
            Command::new(env!("CARGO")).args(cargo).current_dir(&folder).output().expect("cargo can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it prints text")
    }
}

/// Filters of IP packets with packets for them.
fn ip_filters(random: &mut Random, program: &mut Program) -> Vec<String> {
    let mut told = Vec::new();
    for round in 0..FILTERS {
        let texts: Vec<_> = match round % 8 {
            0 => (0..30).map(|_| format!("dst port {}", random.below(100))).collect(),
            _ => (0..1 + random.below(12)).map(|_| pattern(random, 1 + round % 2)).collect(),
        };
        let rules: Vec<_> = texts.iter().map(|text| (parse_pattern(text).unwrap(), random.below(4) as u16)).collect();
        let tables = compile_rules(rules.iter().map(|(pattern, leaf)| (pattern, *leaf))).unwrap();
        program.add(&tables.instance("IpClassifier", rules.len()));
        for _ in 0..PACKETS {
            let packet = std::iter::repeat_with(|| random_packet(random)).find(|packet| packet.network().len() >= 20);
            let packet = packet.expect("the repetition does not end");
            program.expect(&packet, first_match(&rules, &packet));
        }
        told.push(format!("{texts:#?}\n{}", tables.leak()));
    }
    told
}

/// Filters of bytes with packets for them.
fn classifiers(random: &mut Random, program: &mut Program) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..FILTERS {
        let texts: Vec<_> = (0..1 + random.below(6)).map(|_| random_clauses(random)).collect();
        let patterns: Vec<_> = texts.iter().map(|text| parse_clauses(text).unwrap()).collect();
        let tables = compile_clauses(&patterns).unwrap();
        program.add(&tables.instance("Classifier", patterns.len()));
        for _ in 0..PACKETS {
            let data: Vec<u8> = (0..random.below(16)).map(|_| random.below(3) as u8).collect();
            let wanted = patterns.iter().position(|pattern| clauses_match(pattern, &data));
            program.expect(&crate::testing::packet(&data), wanted.map_or(NO_MATCH, |output| output as u16));
        }
        told.push(format!("{texts:#?}\n{}", tables.leak()));
    }
    told
}

#[test]
fn the_code_decides_as_the_reference() {
    let (mut random, mut program) = (Random(1999), Program::default());
    let mut told = ip_filters(&mut random, &mut program);
    told.extend(classifiers(&mut random, &mut program));
    assert!(program.modules.contains("match nf_elements::filter::interval("), "a search should be among it");
    assert!(program.made_of_code > FILTERS, "most filters should become code: {}", program.made_of_code);
    let output = program.output();
    assert_eq!(output.lines().count(), program.right.len());
    for (number, (found, right)) in output.lines().zip(&program.right).enumerate() {
        assert_eq!(found, right, "packet {} of {}", number % PACKETS, told[number / PACKETS]);
    }
}
