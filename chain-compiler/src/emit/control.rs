// SPDX-License-Identifier: Apache-2.0
//! Control elements: each is taken out of the wiring while it runs, so that it can call the handlers of all others.

use super::code::Code;
use super::{Emitter, Task};
use nf_elements::spec::Shape;

impl Emitter<'_> {
    /// A task that runs a Control element if something is due.
    pub(super) fn control_task(&mut self, element: usize) {
        self.imports.insert("Control");
        let field = self.fields[element].clone();
        let method = self.methods.unique(&format!("run_{field}"));
        let mut body = Code::at(2);
        let due = format!("self.{field}.take_if(|control| control.is_due(io.now_ns()))");
        body.open(format!("let Some(mut control) = {due} else"));
        body.line("return false;");
        body.close_with(";");
        body.line("let moved = control.run(io, self);");
        body.line(format!("self.{field} = Some(control);"));
        body.line("moved");
        self.tasks.push(Task { method, body });
    }

    /// The fields of the Control elements.
    pub(super) fn controls(&self) -> Vec<&str> {
        let controls = (0..self.elements.len()).filter(|element| self.shape(*element) == Shape::Control);
        controls.map(|element| self.fields[element].as_str()).collect()
    }

    /// The type of an element's field.
    pub(super) fn field_type(&self, element: usize) -> String {
        let rust_type = self.named(element, &self.configured[element].instance.rust_type);
        if self.shape(element) == Shape::Control { format!("Option<{rust_type}>") } else { rust_type }
    }

    /// The first value of an element's field.
    pub(super) fn field_value(&self, element: usize) -> String {
        let expression = self.expression(element);
        if self.shape(element) == Shape::Control { format!("Some({expression})") } else { expression }
    }
}
