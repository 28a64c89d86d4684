// SPDX-License-Identifier: Apache-2.0
//! A resolved graph as Rust: a field for each element, a method for each input that a batch is handed to.
//!
//! A run of Action and Route elements with one way on is one loop over the packets of a batch; it ends where a path
//! forks, where paths meet, and at Push, Store and Sink elements. Only what a source can reach gets a method.

mod code;
mod graph;
mod names;
mod outputs;
mod pull;
mod run;

use crate::flatten::End;
use crate::plan::Port;
use crate::resolve::{Flow, Wired, WiredElement};
use code::Code;
use names::Names;
use nf_elements::configure::Instance;
use nf_elements::spec::Shape;
use std::collections::{BTreeSet, HashMap};

/// The Rust source of a VM's wiring.
pub(crate) fn wiring(
    file_name: &str,
    vm: &str,
    ports: &[Port],
    wired: &Wired,
    instances: &[Option<Instance>],
) -> String {
    let mut emitter = Emitter::new(wired, instances);
    emitter.tasks();
    emitter.methods();
    graph::file(&emitter, file_name, vm, ports)
}

/// An input that batches are handed to by a call.
struct Entry {
    method: String,
    callers: usize,
    body: Code,
}

/// What begins something in each round: a source that pushes, or an element that pulls and does not push it on by pull.
struct Task {
    method: String,
    body: Code,
}

struct Emitter<'a> {
    elements: &'a [WiredElement],
    instances: Vec<&'a Instance>,
    /// The field of each element.
    fields: Vec<String>,
    methods: Names,
    types: Names,
    tasks: Vec<Task>,
    entries: HashMap<End, Entry>,
    /// Entries in the order in which they were met; those from `done` on have no body.
    order: Vec<End>,
    /// For each Push element that is reached its type of outputs and their code.
    outputs: HashMap<usize, outputs::OutputsType>,
    /// Names of `nf_elements` that the source uses.
    imports: BTreeSet<&'static str>,
}

impl<'a> Emitter<'a> {
    fn new(wired: &'a Wired, instances: &'a [Option<Instance>]) -> Self {
        let mut names = Names::default();
        let fields = wired.elements.iter().map(|element| names.unique(&names::snake_case(&element.name))).collect();
        Emitter {
            elements: &wired.elements,
            instances: instances.iter().flatten().collect(),
            fields,
            methods: Names::without(&["new", "run", "read_handler", "write_handler"]),
            types: Names::without(&["Wiring"]),
            tasks: Vec::new(),
            entries: HashMap::new(),
            order: Vec::new(),
            outputs: HashMap::new(),
            imports: BTreeSet::from(["Graph", "HandlerError", "PacketIo"]),
        }
    }

    fn shape(&self, element: usize) -> Shape {
        self.elements[element].spec.map_or(Shape::Sink, |spec| spec.shape)
    }

    /// What output `port` of an element pushes into.
    fn next(&self, element: usize, port: usize) -> Option<End> {
        let output = self.elements[element].outputs.get(port)?;
        if output.flow == Flow::Push { output.peers.first().copied() } else { None }
    }

    /// The connected push outputs of an element with what they lead to.
    fn nexts(&self, element: usize) -> Vec<(usize, End)> {
        let ports = 0..self.elements[element].outputs.len();
        ports.filter_map(|port| Some((port, self.next(element, port)?))).collect()
    }

    /// How many outputs lead to an input.
    fn fan_in(&self, end: End) -> usize {
        self.elements[end.element].inputs[end.port].peers.len()
    }

    /// One more call with a batch for `end`: the call, with `batch` as that expression.
    fn deliver(&mut self, end: End, batch: &str) -> String {
        if self.shape(end.element) == Shape::Sink {
            self.imports.insert("Sink");
            return format!("self.{}.consume(io, {batch});", self.fields[end.element]);
        }
        let entry = self.entries.entry(end).or_insert_with(|| {
            self.order.push(end);
            let method = self.methods.unique(&format!("{}_{}", self.fields[end.element], end.port));
            Entry { method, callers: 0, body: Code::default() }
        });
        entry.callers += 1;
        format!("self.{}(io, {batch});", entry.method)
    }

    /// The body of every entry; bodies lead to further entries.
    fn methods(&mut self) {
        let mut done = 0;
        while let Some(&end) = self.order.get(done) {
            let body = self.entry_body(end);
            if let Some(entry) = self.entries.get_mut(&end) {
                entry.body = body;
            }
            done += 1;
        }
    }
}
