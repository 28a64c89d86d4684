// SPDX-License-Identifier: Apache-2.0
//! The `Outputs` of a Push element: a batch for each input that its outputs lead to.

use super::Emitter;
use super::code::Code;
use super::names::{Names, camel_case};
use crate::flatten::End;

/// The type that collects what a Push element emits.
pub(super) struct OutputsType {
    pub(super) name: String,
    /// Number of outputs.
    count: usize,
    pub(super) batches: Vec<OutputBatch>,
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
            self.imports.extend(["Batch", "Outputs", "Packet", "Push"]);
            self.outputs.insert(element, made);
        }
        &self.outputs[&element]
    }

    fn make_outputs(&mut self, element: usize) -> OutputsType {
        let mut names = Names::default();
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
        OutputsType { name, count: self.elements[element].outputs.len(), batches }
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
            for batch in &self.batches {
                code.line(format!("{}: Batch,", batch.field));
            }
        });
        code.gap();
        code.block(format!("impl {}", self.name), |code| {
            code.block("const fn new() -> Self", |code| {
                let fields: Vec<_> =
                    self.batches.iter().map(|batch| format!("{}: Batch::new()", batch.field)).collect();
                code.line(format!("{} {{ {} }}", self.name, fields.join(", ")));
            });
        });
        code.gap();
        code.block(format!("impl Outputs for {}", self.name), |code| {
            code.line(format!("const COUNT: usize = {};", self.count));
            code.gap();
            code.line("#[inline]");
            code.block("fn emit(&mut self, port: usize, packet: Packet)", |code| self.write_emit(code));
        });
    }

    fn write_emit(&self, code: &mut Code) {
        code.open("let _ = match port");
        for batch in &self.batches {
            let ports: Vec<_> = batch.ports.iter().map(usize::to_string).collect();
            code.line(format!("{} => self.{}.push(packet),", ports.join(" | "), batch.field));
        }
        code.line("_ => Err(packet),");
        code.close_with(";");
    }
}
