// SPDX-License-Identifier: Apache-2.0
//! A resolved graph as Rust: a field for each element, a method for each input that a batch is handed to.
//!
//! A run of Action and Route elements with one way on is one loop over the packets of a batch; it ends where a path
//! forks, where paths meet, and at Push, Store and Sink elements. Only what a source can reach gets a method. Pull paths
//! are calls the other way: a method for each pull output that gives one packet.

mod calls;
mod code;
mod control;
mod graph;
mod handlers;
mod memory;
mod names;
mod outputs;
mod pull;
mod run;

use crate::check::Configured;
use crate::flatten::End;
use crate::plan::Port;
use crate::resolve::{Flow, Wired, WiredElement};
use code::Code;
use names::Names;
use nf_elements::spec::Shape;
use std::collections::{BTreeSet, HashMap};

/// A VM's wiring: its Rust source, and the files that this includes.
pub(crate) struct Wiring {
    pub(crate) source: String,
    pub(crate) data: Vec<(String, Vec<u8>)>,
}

/// What a process tells about its configuration.
pub(crate) struct Told {
    /// The text as it was written; empty if it is not kept.
    pub(crate) written: String,
    /// The configuration of each element.
    pub(crate) arguments: Vec<String>,
}

/// Emits the wiring of a VM, which tells what is in `told`, and the flat configuration with it.
pub(crate) fn wiring<'a>(
    file_name: &str,
    vm: &str,
    ports: &[Port],
    wired: &'a Wired,
    configured: &'a [Option<Configured>],
    told: Option<(&'a Told, &'a str)>,
) -> Wiring {
    let mut emitter = Emitter::new(wired, configured);
    emitter.told = told;
    emitter.tasks();
    emitter.methods();
    let source = graph::file(&emitter, file_name, vm, ports);
    Wiring { source, data: emitter.data() }
}

/// An input that batches are handed to by a call.
struct Entry {
    method: String,
    callers: usize,
    /// Whether packets stay in the batch that comes in.
    in_place: bool,
    body: Code,
}

/// What begins something in each round: a source that pushes, or an element that pulls and does not push it on by pull.
struct Task {
    method: String,
    body: Code,
}

struct Emitter<'a> {
    elements: &'a [WiredElement],
    configured: Vec<&'a Configured>,
    /// The field of each element.
    fields: Vec<String>,
    /// The type of its own that an element's instance needs, if it does.
    own_types: Vec<Option<String>>,
    methods: Names,
    types: Names,
    tasks: Vec<Task>,
    entries: HashMap<End, Entry>,
    /// Entries in the order in which they were met; those from `done` on have no body.
    order: Vec<End>,
    /// The method of each pull output that is pulled.
    pulls: Vec<pull::PullMethod>,
    /// For each Push element that is reached its type of outputs and their code.
    outputs: HashMap<usize, outputs::OutputsType>,
    told: Option<(&'a Told, &'a str)>,
    /// Names of `nf_elements` that the source uses.
    imports: BTreeSet<&'static str>,
}

impl<'a> Emitter<'a> {
    fn new(wired: &'a Wired, configured: &'a [Option<Configured>]) -> Self {
        let mut names = Names::default();
        let mut types = Names::without(&["Wiring"]);
        let fields: Vec<_> =
            wired.elements.iter().map(|element| names.unique(&names::snake_case(&element.name))).collect();
        let configured: Vec<_> = configured.iter().flatten().collect();
        let own_types = configured.iter().zip(&fields).map(|(configured, field)| {
            (!configured.instance.items.is_empty()).then(|| types.unique(&format!("{}Code", names::camel_case(field))))
        });
        Emitter {
            elements: &wired.elements,
            own_types: own_types.collect(),
            configured,
            fields,
            methods: Names::without(&[
                "new",
                "start",
                "run",
                "calls",
                "deadline_ns",
                "may_stop",
                "read_handler",
                "write_handler",
            ]),
            types,
            tasks: Vec::new(),
            entries: HashMap::new(),
            order: Vec::new(),
            pulls: Vec::new(),
            outputs: HashMap::new(),
            told: None,
            imports: BTreeSet::from(["Graph", "HandlerError", "PacketIo"]),
        }
    }

    /// The hosts that elements make, as expressions.
    fn hosts(&self) -> impl Iterator<Item = &str> {
        let made = self.configured.iter().filter_map(|configured| configured.instance.host.as_ref());
        made.map(|(_, expression)| expression.as_str())
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
            Entry { method, callers: 0, in_place: false, body: Code::default() }
        });
        entry.callers += 1;
        format!("self.{}(io, {batch});", entry.method)
    }

    /// A call of the method that treats packets, lent the peers if the element has some.
    fn call(&mut self, element: usize, method: &str, arguments: &str) -> String {
        let peers = &self.configured[element].peers;
        let with = if peers.is_empty() { "" } else { "_with" };
        let lent: Vec<_> = peers.iter().map(|peer| format!("&mut self.{}", self.fields[*peer])).collect();
        let lent = if lent.is_empty() { String::new() } else { format!("({},), ", lent.join(", ")) };
        self.imports.insert(match (self.shape(element), with) {
            (Shape::Action, "") => "Action",
            (Shape::Action, _) => "ActionWith",
            (Shape::Route, "") => "Route",
            (Shape::Route, _) => "RouteWith",
            (_, "") => "Push",
            _ => "PushWith",
        });
        format!("self.{}.{method}{with}(io, {lent}{arguments})", self.fields[element])
    }

    /// The body of every entry; bodies lead to further entries.
    fn methods(&mut self) {
        let mut done = 0;
        while let Some(&end) = self.order.get(done) {
            let (in_place, body) = self.entry_body(end);
            if let Some(entry) = self.entries.get_mut(&end) {
                entry.in_place = in_place;
                entry.body = body;
            }
            done += 1;
        }
    }
}
