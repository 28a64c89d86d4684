// SPDX-License-Identifier: Apache-2.0
//! Pull paths: a method for each pull output that gives one packet, and the tasks that call them.

use super::code::Code;
use super::run::{Run, tap};
use super::{Emitter, Task};
use crate::flatten::End;
use crate::resolve::Flow;
use nf_elements::spec::Shape;

/// The method of a pull output.
pub(super) struct PullMethod {
    end: End,
    pub(super) name: String,
    pub(super) callers: usize,
    pub(super) body: Code,
}

impl Emitter<'_> {
    /// Whether an element begins pulling by itself: it pulls and nobody pulls it.
    pub(super) fn pulls(&self, element: usize) -> bool {
        let element = &self.elements[element];
        element.inputs.iter().any(|port| port.flow == Flow::Pull)
            && element.outputs.iter().all(|port| port.flow == Flow::Push)
    }

    /// A task for each pull input of an element, or one for an element that chooses among them.
    pub(super) fn pull_tasks(&mut self, element: usize) {
        let field = self.fields[element].clone();
        if self.shape(element) == Shape::Pull {
            self.imports.insert("Pull");
            let packet = format!("self.{}(io, &mut moved)", self.pull_method(End { element, port: 0 }));
            let limit = format!("self.{field}.burst().min(BURST)");
            return self.pull_task(&format!("pull_{field}"), &limit, packet, self.next(element, 0));
        }
        for port in 0..self.elements[element].inputs.len() {
            if self.elements[element].inputs[port].flow != Flow::Pull {
                continue;
            }
            let limit = if self.shape(element) == Shape::Sink {
                self.imports.insert("Sink");
                format!("self.{field}.room(io).min(BURST)")
            } else {
                "BURST".into()
            };
            let end = End { element, port };
            let name = if port == 0 { format!("pull_{field}") } else { format!("pull_{field}_{port}") };
            let packet = self.pull_input(end, "&mut moved");
            self.pull_task(&name, &limit, packet, Some(end));
        }
    }

    /// A task that asks for packets with the expression `packet` and takes them to `next`.
    fn pull_task(&mut self, name: &str, limit: &str, packet: String, next: Option<End>) {
        self.imports.extend(["BURST", "Batch"]);
        let method = self.methods.unique(name);
        let mut run = Run::new(3);
        match next {
            Some(next) if self.looks_ahead(next) => self.collect(next, &mut run),
            Some(next) => self.run_from(next, &mut run),
            None => {}
        }
        let mut body = Code::at(2);
        body.line(format!("let limit = {limit};"));
        body.line("let mut moved = false;");
        run.declare(&mut body);
        body.block("for _ in 0..limit", |code| {
            let pattern = match (next, run.mutable) {
                (None, _) => "_packet",
                (_, true) => "mut packet",
                _ => "packet",
            };
            code.open(format!("let Some({pattern}) = {packet} else"));
            code.line("break;");
            code.close_with(";");
            code.line("moved = true;");
            code.lines(&run.each);
        });
        self.hand_over(&run, &mut body);
        body.line("moved");
        self.tasks.push(Task { method, body });
    }

    /// The expression that gives the next packet of a pull input.
    fn pull_input(&mut self, end: End, moved: &str) -> String {
        match self.elements[end.element].inputs.get(end.port).and_then(|port| port.peers.first().copied()) {
            Some(from) => format!("self.{}(io, {moved})", self.pull_method(from)),
            None => "None".into(),
        }
    }

    /// The method that gives the next packet of a pull output.
    fn pull_method(&mut self, end: End) -> String {
        if let Some(method) = self.pulls.iter_mut().find(|method| method.end == end) {
            method.callers += 1;
            return method.name.clone();
        }
        self.imports.extend(["BURST", "Packet"]);
        let field = &self.fields[end.element];
        let name = if end.port == 0 { format!("next_of_{field}") } else { format!("next_of_{field}_{}", end.port) };
        let name = self.methods.unique(&name);
        let mut body = Code::at(2);
        match self.shape(end.element) {
            Shape::Store => self.pull_store(end.element, &mut body),
            Shape::Source => self.pull_source(end.element, &mut body),
            Shape::Action | Shape::Route => self.pull_through(end, &mut body),
            Shape::Push => self.pull_push(end, &mut body),
            // Idle.
            Shape::Sink => body.line("None"),
            _ => self.pull_turns(end.element, &mut body),
        }
        self.pulls.push(PullMethod { end, name: name.clone(), callers: 1, body });
        name
    }

    fn pull_store(&mut self, element: usize, body: &mut Code) {
        self.imports.insert("Store");
        body.line(format!("let packet = self.{}.pull(io)?;", self.fields[element]));
        body.line("*moved = true;");
        body.line("Some(packet)");
    }

    fn pull_source(&mut self, element: usize, body: &mut Code) {
        self.imports.extend(["Source", "Batch"]);
        body.line("let mut batch = Batch::new();");
        body.line(format!("self.{}.produce(io, 1, &mut batch);", self.fields[element]));
        body.line("let packet = batch.into_iter().next()?;");
        body.line(tap(element, "&packet"));
        body.line("*moved = true;");
        body.line("Some(packet)");
    }

    /// An Action or Route: packets that do not leave by the pulled output are followed by the next, a burst at most.
    fn pull_through(&mut self, end: End, body: &mut Code) {
        let element = end.element;
        let input = if self.elements[element].inputs.len() == 1 { 0 } else { end.port };
        let packet = self.pull_input(End { element, port: input }, "moved");
        let aside = self.nexts(element);
        let action = self.shape(element) == Shape::Action;
        let call = if action {
            self.imports.insert("Verdict");
            self.call(element, "action", "&mut packet")
        } else {
            self.call(element, "route", &format!("{input}, &mut packet"))
        };
        body.open("for _ in 0..BURST");
        body.line(format!("let mut packet = {packet}?;"));
        body.line(tap(element, "&packet"));
        if action {
            body.block(format!("if {call} == Verdict::Pass"), |code| code.line("return Some(packet);"));
        } else if aside.is_empty() {
            body.block(format!("if {call} == Some({})", end.port), |code| code.line("return Some(packet);"));
        } else {
            self.imports.insert("Batch");
            body.open(format!("match {call}"));
            body.line(format!("Some({}) => return Some(packet),", end.port));
            for (port, next) in aside {
                let call = self.deliver(next, "Batch::from(packet)");
                body.open(format!("Some({port}) =>"));
                if self.shape(next.element) == Shape::Sink {
                    body.line(tap(next.element, "&packet"));
                }
                body.line(call);
                body.close();
            }
            body.line("_ => {}");
            body.close();
        }
        body.close();
        body.line("None");
    }

    /// A Push whose output 0 is pulled: what it emits there waits in a batch of the wiring.
    fn pull_push(&mut self, end: End, body: &mut Code) {
        let element = end.element;
        let waiting = self.waiting(element);
        let packet = self.pull_input(End { element, port: 0 }, "moved");
        let outputs = self.outputs_type(element);
        let (name, batches) = (outputs.name.clone(), outputs.batches.clone());
        let call = self.call(element, "push", "0, packet, &mut out");
        body.open("for _ in 0..BURST");
        body.block(format!("if let Some(packet) = self.{waiting}.drain(1).next()"), |code| {
            code.line("*moved = true;");
            code.line("return Some(packet);");
        });
        body.line(format!("let packet = {packet}?;"));
        body.line(tap(element, "&packet"));
        body.line(format!("let mut out = {name}::new();"));
        body.line(format!("{call};"));
        self.hand_over_batches(batches.iter().map(|batch| (format!("out.{}", batch.field), batch.target)), body);
        body.line(format!("self.{waiting} = out.pulled;"));
        body.close();
        body.line("None");
    }

    /// The field in which a pulled Push element's packets wait.
    pub(super) fn waiting(&self, element: usize) -> String {
        format!("{}_waiting", self.fields[element])
    }

    /// Whether it has that field.
    pub(super) fn waits(&self, element: usize) -> bool {
        let pulled = self.elements[element].outputs.first().is_some_and(|port| port.flow == Flow::Pull);
        self.shape(element) == Shape::Push && pulled
    }

    /// An element of shape Pull is asked turn by turn.
    fn pull_turns(&mut self, element: usize, body: &mut Code) {
        self.imports.extend(["Pull", "Turn"]);
        let field = self.fields[element].clone();
        body.line("let mut answer = None;");
        body.open("loop");
        body.open(format!("answer = match self.{field}.turn(io, answer)"));
        for port in 0..self.elements[element].inputs.len() {
            let packet = self.pull_input(End { element, port }, "moved");
            body.line(format!("Turn::Pull({port}) => Some(({port}, {packet})),"));
        }
        body.line("Turn::Pull(port) => Some((port, None)),");
        body.open("Turn::Give(packet) =>");
        body.line(tap(element, "&packet"));
        body.line("return Some(packet);");
        body.close();
        body.line("Turn::Rest => return None,");
        body.close_with(";");
        body.close();
    }
}
