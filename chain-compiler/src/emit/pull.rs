// SPDX-License-Identifier: Apache-2.0
//! Pull paths: an element that pulls asks for as many packets as it has room for, and gets them through the elements
//! before it.

use super::code::Code;
use super::run::Run;
use super::{Emitter, Task};
use crate::flatten::End;
use crate::resolve::Flow;
use nf_elements::spec::Shape;

impl Emitter<'_> {
    /// Whether an element begins pulling by itself: it pulls and nobody pulls it.
    pub(super) fn pulls(&self, element: usize) -> bool {
        let element = &self.elements[element];
        element.inputs.iter().any(|port| port.flow == Flow::Pull)
            && element.outputs.iter().all(|port| port.flow == Flow::Push)
    }

    /// A task for each pull input of an element.
    pub(super) fn pull_tasks(&mut self, element: usize) {
        for port in 0..self.elements[element].inputs.len() {
            if self.elements[element].inputs[port].flow == Flow::Pull {
                self.pull_task(End { element, port });
            }
        }
    }

    fn pull_task(&mut self, end: End) {
        self.imports.extend(["BURST", "Batch"]);
        let field = self.fields[end.element].clone();
        let wanted = if end.port == 0 { format!("pull_{field}") } else { format!("pull_{field}_{}", end.port) };
        let method = self.methods.unique(&wanted);
        let (origin, steps) = self.upstream(end);
        let mut run = Run::new(3);
        for step in steps {
            self.pull_step(step, &mut run);
        }
        self.run_from(end, &mut run);
        let mut body = Code::at(2);
        let limit = if self.shape(end.element) == Shape::Sink {
            self.imports.insert("Sink");
            format!("self.{field}.room(io).min(BURST)")
        } else {
            "BURST".into()
        };
        self.pull_loop(origin, &limit, &run, &mut body);
        self.hand_over(&run, &mut body);
        body.line("moved");
        self.tasks.push(Task { method, body });
    }

    /// The way up from a pull input: where its packets wait or are born, and the inputs they pass on the way down.
    fn upstream(&self, mut end: End) -> (usize, Vec<End>) {
        let mut steps = Vec::new();
        while let Some(peer) = self.elements[end.element].inputs[end.port].peers.first() {
            if matches!(self.shape(peer.element), Shape::Store | Shape::Source) {
                steps.reverse();
                return (peer.element, steps);
            }
            end = End { element: peer.element, port: 0 };
            steps.push(end);
        }
        unreachable!("the resolve step checked that every pull path has a beginning")
    }

    /// One element on the way down. What leaves by another output than 0 is pushed.
    fn pull_step(&mut self, end: End, run: &mut Run) {
        run.mutable = true;
        let field = self.fields[end.element].clone();
        if self.shape(end.element) == Shape::Action {
            self.imports.extend(["Action", "Verdict"]);
            let call = format!("self.{field}.action(io, &mut packet)");
            run.each.block(format!("if {call} == Verdict::Drop"), |code| code.line("continue;"));
            return;
        }
        self.imports.insert("Route");
        let call = format!("self.{field}.route(io, 0, &mut packet)");
        let aside = self.nexts(end.element);
        if aside.is_empty() {
            run.each.block(format!("if {call} != Some(0)"), |code| code.line("continue;"));
        } else {
            self.fork(&call, &aside, run, Some(0));
        }
    }

    /// The loop over what comes from `origin`.
    fn pull_loop(&mut self, origin: usize, limit: &str, run: &Run, body: &mut Code) {
        let from = &self.fields[origin];
        let packet = if run.mutable { "mut packet" } else { "packet" };
        if self.shape(origin) == Shape::Source {
            self.imports.insert("Source");
            body.line(format!("let limit = {limit};"));
            body.line("let mut batch = Batch::new();");
            body.line(format!("self.{from}.produce(io, limit, &mut batch);"));
            body.line("let moved = !batch.is_empty();");
            run.declare(body);
            body.block(format!("for {packet} in batch"), |code| code.lines(&run.each));
        } else {
            self.imports.insert("Store");
            body.line(format!("let limit = {limit};"));
            body.line("let mut moved = false;");
            run.declare(body);
            body.block("for _ in 0..limit", |code| {
                code.open(format!("let Some({packet}) = self.{from}.pull(io) else"));
                code.line("break;");
                code.close_with(";");
                code.line("moved = true;");
                code.lines(&run.each);
            });
        }
    }
}
