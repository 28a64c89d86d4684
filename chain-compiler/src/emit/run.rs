// SPDX-License-Identifier: Apache-2.0
//! Runs: what happens to each packet from an input on, as far as it goes without a call.

use super::code::Code;
use super::names::Names;
use super::outputs::OutputBatch;
use super::{Emitter, Task};
use crate::flatten::End;
use nf_elements::BURST;
use nf_elements::spec::Shape;

/// The inside of a loop over packets, and what must stand before and behind that loop.
pub(super) struct Run {
    /// Statements for each packet, which is called `packet`.
    pub(super) each: Code,
    /// Whether those statements change the packet in place.
    pub(super) mutable: bool,
    /// Whether packets stay in the batch that they came in, of which the statements then are a test: whether to keep them.
    in_place: bool,
    names: Names,
    /// Batches that the statements fill, each with the input it is for.
    batches: Vec<(String, End)>,
    /// The variable with a Push element's outputs, its type and its batches.
    outputs: Option<(String, String, Vec<OutputBatch>)>,
}

impl Run {
    /// An empty run whose statements stand `depth` levels in.
    pub(super) fn new(depth: usize) -> Self {
        Run {
            each: Code::at(depth),
            mutable: false,
            in_place: false,
            names: Names::without(&["self", "io", "packet", "batch", "limit", "moved"]),
            batches: Vec::new(),
            outputs: None,
        }
    }

    /// The packet, as calls that change it want it.
    fn packet(&self) -> &'static str {
        if self.in_place { "packet" } else { "&mut packet" }
    }

    /// What ends the statements for a packet that does not go on.
    fn end(&self) -> &'static str {
        if self.in_place { "return false;" } else { "continue;" }
    }

    /// The variable of the batch for `target`: one for all paths that end there, so that packets stay in order.
    fn batch_for(&mut self, target: End, name: &str) -> String {
        if let Some((variable, _)) = self.batches.iter().find(|(_, end)| *end == target) {
            return variable.clone();
        }
        let variable = self.names.unique(name);
        self.batches.push((variable.clone(), target));
        variable
    }

    /// The batches and outputs that the loop fills.
    pub(super) fn declare(&self, code: &mut Code) {
        for (variable, _) in &self.batches {
            code.line(format!("let mut {variable} = Batch::new();"));
        }
        if let Some((variable, outputs, _)) = &self.outputs {
            code.line(format!("let mut {variable} = {outputs}::new();"));
        }
    }
}

impl Emitter<'_> {
    /// Tasks of all elements, in order of declaration.
    pub(super) fn tasks(&mut self) {
        // Scripts first: Click runs them when it has initialised the graph, before a packet moves.
        let (controls, others): (Vec<usize>, Vec<usize>) =
            (0..self.elements.len()).partition(|element| self.shape(*element) == Shape::Control);
        controls.into_iter().for_each(|element| self.control_task(element));
        for element in others {
            if self.pulls(element) {
                self.pull_tasks(element);
            } else if self.configured[element].instance.ticks {
                self.tick_task(element);
            } else if self.shape(element) == Shape::Source
                && let Some(next) = self.next(element, 0)
            {
                self.source_task(element, next);
            }
        }
    }

    /// What an element sends because it is time.
    fn tick_task(&mut self, element: usize) {
        let field = self.fields[element].clone();
        let method = self.methods.unique(&format!("tick_{field}"));
        let outputs = self.outputs_type(element);
        let (name, batches) = (outputs.name.clone(), outputs.batches.clone());
        let mut body = Code::at(2);
        body.line(format!("let mut out = {name}::new();"));
        let call = self.call(element, "tick", "&mut out");
        body.line(format!("{call};"));
        if batches.is_empty() {
            body.line("false");
        } else {
            let full: Vec<_> = batches.iter().map(|batch| format!("!out.{}.is_empty()", batch.field)).collect();
            body.line(format!("let moved = {};", full.join(" || ")));
            self.hand_over_batches(
                batches.iter().map(|batch| (format!("out.{}", batch.field), batch.target)),
                &mut body,
            );
            body.line("moved");
        }
        self.tasks.push(Task { method, body });
    }

    /// A burst from a source, pushed on.
    fn source_task(&mut self, element: usize, next: End) {
        self.imports.extend(["BURST", "Batch", "Source"]);
        let field = &self.fields[element];
        let method = self.methods.unique(&format!("run_{field}"));
        let mut body = Code::at(2);
        if let Some(store) = self.waits_for(element, next) {
            self.imports.insert("Store");
            body.block(format!("if self.{}.full()", self.fields[store]), |code| code.line("return false;"));
        }
        body.line("let mut batch = Batch::new();");
        body.line(format!("self.{field}.produce(io, BURST, &mut batch);"));
        body.block("if batch.is_empty()", |code| code.line("return false;"));
        body.line(tap_all(element, "batch"));
        self.tap_sink(next, "batch", &mut body);
        body.line(self.deliver(next, "batch"));
        body.line("true");
        self.tasks.push(Task { method, body });
    }

    /// The store that all packets of a source end in, if the source waits while that is full.
    fn waits_for(&self, source: usize, mut next: End) -> Option<usize> {
        let waits = self.configured[source].instance.waits;
        // A path has no more steps than there are elements.
        for _ in self.elements.iter().filter(|_| waits) {
            match (self.shape(next.element), &*self.nexts(next.element)) {
                (Shape::Store, _) => return Some(next.element),
                (Shape::Action | Shape::Route | Shape::Push, [(_, only)]) => next = *only,
                _ => return None,
            }
        }
        None
    }

    /// What a method does with a batch for an input, and whether it does so in place.
    pub(super) fn entry_body(&mut self, end: End) -> (bool, Code) {
        self.imports.insert("Batch");
        let mut run = Run::new(3);
        let mut body = Code::at(2);
        if self.looks_ahead(end) {
            self.imports.insert("Ahead");
            body.line(format!("self.{}.ahead(io.now_ns(), &batch);", self.fields[end.element]));
        }
        if let Some(last) = self.only_end(end) {
            run.in_place = true;
            self.run_from(end, &mut run);
            body.open("batch.retain(|packet|");
            body.lines(&run.each);
            body.line("true");
            body.close_with(");");
            self.hand_over_batches([("batch".into(), last)].into_iter(), &mut body);
            return (true, body);
        }
        self.run_from(end, &mut run);
        run.declare(&mut body);
        let packet = if run.mutable { "mut packet" } else { "packet" };
        body.block(format!("for {packet} in batch"), |code| code.lines(&run.each));
        self.hand_over(&run, &mut body);
        (false, body)
    }

    /// The one input that all packets from `end` on come to, but for those that are dropped, if there is nothing but steps
    /// in place between.
    fn only_end(&self, mut end: End) -> Option<End> {
        while self.goes_on_in_place(end) {
            let [(_, next)] = self.nexts(end.element)[..] else { return None };
            match self.shape(next.element) {
                Shape::Store => return None,
                _ if self.goes_on(next) => end = next,
                _ => return Some(next),
            }
        }
        None
    }

    fn goes_on_in_place(&self, end: End) -> bool {
        matches!(self.shape(end.element), Shape::Action | Shape::Route)
    }

    /// Statements for a packet that comes in by `end`.
    pub(super) fn run_from(&mut self, mut end: End, run: &mut Run) {
        loop {
            if matches!(self.shape(end.element), Shape::Action | Shape::Route | Shape::Push) {
                let packet = if run.in_place { "packet" } else { "&packet" };
                run.each.line(tap(end.element, packet));
            }
            let next = match self.shape(end.element) {
                Shape::Action => self.action_step(end, run),
                Shape::Route => self.route_step(end, run),
                Shape::Push => return self.push_step(end, run),
                Shape::Store => return self.store_step(end, run),
                _ => return self.collect(end, run),
            };
            match next {
                None => return,
                Some(next) if self.goes_on(next) => end = next,
                Some(next) => return self.collect(next, run),
            }
        }
    }

    /// Whether a run goes on into an input: not where paths meet, which gets a method, nor into an element that looks
    /// ahead or a sink, which take batches. A store takes packets one by one, whoever brings them.
    fn goes_on(&self, end: End) -> bool {
        match self.shape(end.element) {
            Shape::Store => true,
            Shape::Action | Shape::Route | Shape::Push => self.fan_in(end) == 1 && !self.looks_ahead(end),
            _ => false,
        }
    }

    /// Whether an element is shown each batch before the packets of it come.
    pub(super) fn looks_ahead(&self, end: End) -> bool {
        self.configured[end.element].instance.looks_ahead
    }

    fn action_step(&mut self, end: End, run: &mut Run) -> Option<End> {
        run.mutable = true;
        let call = self.call(end.element, "action", run.packet());
        let next = self.next(end.element, 0);
        if next.is_none() {
            run.each.line(format!("let _ = {call};"));
            return None;
        }
        self.imports.insert("Verdict");
        let end_of_packet = run.end();
        run.each.block(format!("if {call} == Verdict::Drop"), |code| code.line(end_of_packet));
        next
    }

    fn route_step(&mut self, end: End, run: &mut Run) -> Option<End> {
        run.mutable = true;
        let call = self.call(end.element, "route", &format!("{}, {}", end.port, run.packet()));
        match *self.nexts(end.element) {
            [] => {
                run.each.line(format!("let _ = {call};"));
                None
            }
            [(port, next)] => {
                let end_of_packet = run.end();
                run.each.block(format!("if {call} != Some({port})"), |code| code.line(end_of_packet));
                Some(next)
            }
            ref several => {
                self.fork(&call, several, run);
                None
            }
        }
    }

    /// A `match` on a route: packets go into the batch for the input that their output leads to.
    fn fork(&mut self, call: &str, nexts: &[(usize, End)], run: &mut Run) {
        let mut arms: Vec<(Vec<String>, End)> = Vec::new();
        for (port, next) in nexts {
            match arms.iter_mut().find(|(_, end)| end == next) {
                Some((ports, _)) => ports.push(port.to_string()),
                None => arms.push((vec![port.to_string()], *next)),
            }
        }
        run.each.open(format!("match {call}"));
        for (ports, next) in arms {
            run.each.open(format!("Some({}) =>", ports.join(" | ")));
            if self.shape(next.element) == Shape::Store {
                self.store_step(next, run);
            } else {
                self.collect(next, run);
            }
            run.each.close();
        }
        run.each.line("_ => {}");
        run.each.close();
    }

    fn push_step(&mut self, end: End, run: &mut Run) {
        let outputs = self.outputs_type(end.element);
        let (outputs, batches) = (outputs.name.clone(), outputs.batches.clone());
        let variable = run.names.unique("out");
        let most = self.configured[end.element].instance.most;
        for batch in &batches {
            // What one call emits must fit: of a Push that emits one packet for each output, only outputs that meet
            // can outrun a batch.
            let room = (batch.ports.len() * most).min(BURST);
            if room > 1 {
                let full = format!("{variable}.{}", batch.field);
                let call = self.deliver(batch.target, &format!("core::mem::take(&mut {full})"));
                run.each.open(format!("if {full}.room() < {room}"));
                self.tap_sink(batch.target, &full, &mut run.each);
                run.each.line(call);
                run.each.close();
            }
        }
        let call = self.call(end.element, "push", &format!("{}, packet, &mut {variable}", end.port));
        run.each.line(format!("{call};"));
        run.outputs = Some((variable, outputs, batches));
    }

    fn store_step(&mut self, end: End, run: &mut Run) {
        self.imports.insert("Store");
        run.each.line(tap(end.element, "&packet"));
        let call = format!("self.{}.store(io, {}, packet)", self.fields[end.element], end.port);
        match self.next(end.element, 1) {
            None => run.each.line(format!("let _ = {call};")),
            Some(next) => {
                run.each.open(format!("if let Some(packet) = {call}"));
                self.collect(next, run);
                run.each.close();
            }
        }
    }

    /// The packet goes into the batch for `end`.
    pub(super) fn collect(&mut self, end: End, run: &mut Run) {
        if run.in_place {
            return;
        }
        self.imports.insert("Batch");
        let variable = run.batch_for(end, &self.batch_name(end));
        run.each.line(format!("let _ = {variable}.push(packet);"));
    }

    /// One call for each batch that is not empty.
    pub(super) fn hand_over(&mut self, run: &Run, code: &mut Code) {
        let mut full: Vec<(String, End)> = run.batches.clone();
        if let Some((variable, _, batches)) = &run.outputs {
            full.extend(batches.iter().map(|batch| (format!("{variable}.{}", batch.field), batch.target)));
        }
        self.hand_over_batches(full.into_iter(), code);
    }

    /// One call for each of these batches that is not empty.
    pub(super) fn hand_over_batches(&mut self, batches: impl Iterator<Item = (String, End)>, code: &mut Code) {
        for (batch, target) in batches {
            let call = self.deliver(target, &batch);
            code.open(format!("if !{batch}.is_empty()"));
            self.tap_sink(target, &batch, code);
            code.line(call);
            code.close();
        }
    }

    /// Shows a tap what a sink gets; other elements show it themselves, packet by packet.
    fn tap_sink(&self, target: End, batch: &str, code: &mut Code) {
        if self.shape(target.element) == Shape::Sink {
            code.line(tap_all(target.element, batch));
        }
    }
}

/// Shows a packet that comes into an element to the machine, if that is one that looks. A constant decides, so that for
/// another one not even the call is there.
pub(super) fn tap(element: usize, packet: &str) -> String {
    format!("if M::TAPS {{ io.tap({element}, {packet}) }}")
}

fn tap_all(element: usize, batch: &str) -> String {
    format!("if M::TAPS {{ io.tap_all({element}, &{batch}) }}")
}
