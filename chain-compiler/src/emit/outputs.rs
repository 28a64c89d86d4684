// SPDX-License-Identifier: Apache-2.0
//! The `Outputs` of a Push element: a batch for each input that its outputs lead to.

use super::Emitter;
use super::code::Code;
use super::names::{Names, camel_case};
use crate::flatten::End;
use crate::resolve::Flow;

/// The type that collects what a Push element emits.
pub(super) struct OutputsType {
    pub(super) name: String,
    /// Number of outputs.
    count: usize,
    pub(super) batches: Vec<OutputBatch>,
    /// Whether output 0 is pulled: its packets are in the batch `pulled`.
    pub(super) pulled: bool,
}

/// A field of it: the packets for one input.
#[derive(Clone)]
pub(super) struct OutputBatch {
    pub(super) field: String,
    pub(super) target: End,
    /// The outputs that lead there: as many packets can come of one.
    pub(super) ports: Vec<usize>,
}

impl Emitter<'_> {
    /// Makes the type for a Push element, once.
    pub(super) fn outputs_type(&mut self, element: usize) -> &OutputsType {
        if !self.outputs.contains_key(&element) {
            let made = self.make_outputs(element);
            self.imports.extend(["Batch", "Outputs", "Packet"]);
            self.outputs.insert(element, made);
        }
        &self.outputs[&element]
    }

    fn make_outputs(&mut self, element: usize) -> OutputsType {
        let mut names = Names::without(&["pulled"]);
        let mut batches: Vec<OutputBatch> = Vec::new();
        for (port, target) in self.nexts(element) {
            match batches.iter_mut().find(|batch| batch.target == target) {
                Some(batch) => batch.ports.push(port),
                None => {
                    let field = names.unique(&self.batch_name(target));
                    batches.push(OutputBatch { field, target, ports: vec![port] });
                }
            }
        }
        let name = self.types.unique(&format!("{}Outputs", camel_case(&self.fields[element])));
        let outputs = &self.elements[element].outputs;
        let pulled = outputs.first().is_some_and(|port| port.flow == Flow::Pull);
        OutputsType { name, count: outputs.len(), batches, pulled }
    }

    /// What packets for an input are called.
    pub(super) fn batch_name(&self, target: End) -> String {
        let field = &self.fields[target.element];
        if target.port == 0 { format!("for_{field}") } else { format!("for_{field}_{}", target.port) }
    }
}

impl OutputsType {
    /// The type with its implementation.
    pub(super) fn write(&self, code: &mut Code, element: &str) {
        code.gap();
        code.line(format!("/// Where `{element}` puts its packets."));
        code.block(format!("struct {}", self.name), |code| {
            for field in self.fields() {
                code.line(format!("{field}: Batch,"));
            }
        });
        code.gap();
        code.block(format!("impl {}", self.name), |code| {
            code.block("const fn new() -> Self", |code| {
                let fields: Vec<_> = self.fields().map(|field| format!("{field}: Batch::new()")).collect();
                code.line(format!("{} {{ {} }}", self.name, fields.join(", ")));
            });
        });
        code.gap();
        code.block(format!("impl Outputs for {}", self.name), |code| {
            code.line(format!("const COUNT: usize = {};", self.count));
            code.gap();
            code.line("#[inline]");
            code.block("fn room(&self, port: usize) -> usize", |code| {
                code.open("match port");
                self.arms(code, |field| format!("self.{field}.room(),"));
                code.line("_ => 0,");
                code.close();
            });
            code.gap();
            code.line("#[inline]");
            code.block("fn emit(&mut self, port: usize, packet: Packet)", |code| {
                if self.fields().next().is_none() {
                    return code.line("let _ = (port, packet);");
                }
                code.open("let _ = match port");
                self.arms(code, |field| format!("self.{field}.push(packet),"));
                code.line("_ => Err(packet),");
                code.close_with(";");
            });
        });
    }

    fn fields(&self) -> impl Iterator<Item = &str> {
        let pulled = self.pulled.then_some("pulled");
        pulled.into_iter().chain(self.batches.iter().map(|batch| batch.field.as_str()))
    }

    fn arms(&self, code: &mut Code, arm: impl Fn(&str) -> String) {
        if self.pulled {
            code.line(format!("0 => {}", arm("pulled")));
        }
        for batch in &self.batches {
            let ports: Vec<_> = batch.ports.iter().map(usize::to_string).collect();
            code.line(format!("{} => {}", ports.join(" | "), arm(&batch.field)));
        }
    }
}
