// SPDX-License-Identifier: Apache-2.0
//! What a graph tells about its elements: their names, their handlers, when they want to act, whether they may end.

use super::Emitter;
use super::code::Code;
use nf_elements::spec::Shape;

/// One of the two methods that call handlers.
struct Method {
    name: &'static str,
    /// The variant for Control elements, which may call others.
    running: &'static str,
    arguments: &'static str,
    running_arguments: &'static str,
    parameter: &'static str,
}

const READ: Method = Method {
    name: "read_handler",
    running: "read_running",
    arguments: "handler, out",
    running_arguments: "handler, self, out",
    parameter: "out: &mut dyn fmt::Write",
};
const WRITE: Method = Method {
    name: "write_handler",
    running: "write_running",
    arguments: "handler, value",
    running_arguments: "handler, value, self",
    parameter: "value: &str",
};

impl Emitter<'_> {
    pub(super) fn class(&self, element: usize) -> &'static str {
        self.elements[element].spec.map_or("", |spec| spec.class)
    }

    /// `Graph::ELEMENTS`.
    pub(super) fn element_list(&self, code: &mut Code) {
        let head = "const ELEMENTS: &'static [(&'static str, &'static str)] =";
        if self.elements.is_empty() {
            return code.line(format!("{head} &[];"));
        }
        code.line(format!("{head} &["));
        for (index, element) in self.elements.iter().enumerate() {
            code.line(format!("    ({:?}, {:?}),", element.name, self.class(index)));
        }
        code.line("];");
    }

    /// `Graph::CONFIGURATION`, if somebody can ask.
    pub(super) fn told(&self, code: &mut Code) {
        let Some((told, flat)) = self.told else { return };
        code.open("const CONFIGURATION: nf_elements::Configuration = nf_elements::Configuration");
        code.line(format!("written: {:?},", told.written));
        code.line(format!("flat: {flat:?},"));
        code.line(format!("elements: &{:?},", told.arguments));
        code.close_with(";");
    }

    /// `Graph::deadline_ns`, if an element can have one.
    pub(super) fn deadlines(&self, code: &mut Code) {
        let timed = |element: &usize| match self.shape(*element) {
            Shape::Source | Shape::Pull | Shape::Control => true,
            _ => self.configured[*element].instance.ticks,
        };
        // Frames come to a device by themselves.
        let timed: Vec<_> = (0..self.elements.len()).filter(timed).filter(|e| self.class(*e) != "FromDevice").collect();
        if timed.is_empty() {
            return;
        }
        code.gap();
        code.block("fn deadline_ns(&self) -> Option<u64>", |code| {
            let field = |element: &usize| match self.shape(*element) {
                Shape::Control => format!("self.{0}.as_ref().and_then(|it| it.deadline_ns())", self.fields[*element]),
                _ => format!("self.{}.deadline_ns()", self.fields[*element]),
            };
            let all: Vec<_> = timed.iter().map(field).collect();
            code.line(format!("[{}].into_iter().flatten().min()", all.join(", ")));
        });
    }

    /// `Graph::may_stop`, if there is a Control element.
    pub(super) fn stops(&self, code: &mut Code) {
        let controls = self.controls();
        if controls.is_empty() {
            return;
        }
        code.gap();
        code.block("fn may_stop(&mut self) -> bool", |code| {
            code.line("let mut may = true;");
            for field in controls {
                code.line(format!("may &= self.{field}.as_mut().is_none_or(|control| control.may_stop());"));
            }
            code.line("may");
        });
    }

    /// `Graph::read_handler` and `Graph::write_handler`.
    pub(super) fn handlers(&self, code: &mut Code) {
        for method in [READ, WRITE] {
            code.gap();
            self.handler_method(&method, code);
        }
    }

    fn handler_method(&self, method: &Method, code: &mut Code) {
        let (name, parameter, result) = (method.name, method.parameter, "-> Result<(), HandlerError>");
        if self.elements.is_empty() {
            let unused = parameter.split_once(": ").map_or("", |(_, unused)| unused);
            let head = format!("fn {name}(&mut self, _: &str, _: &str, _: {unused}) {result}");
            return code.block(head, |code| code.line("Err(HandlerError::NoElement)"));
        }
        code.block(format!("fn {name}(&mut self, element: &str, handler: &str, {parameter}) {result}"), |code| {
            code.open("match element");
            for (index, element) in self.elements.iter().enumerate() {
                let field = &self.fields[index];
                if self.shape(index) == Shape::Control {
                    code.block(format!("{:?} =>", element.name), |code| method.running(field, code));
                } else {
                    code.line(format!("{:?} => self.{field}.{name}({}),", element.name, method.arguments));
                }
            }
            code.line("_ => Err(HandlerError::NoElement),");
            code.close();
        });
    }
}

impl Method {
    /// The arm of a Control element.
    fn running(&self, field: &str, code: &mut Code) {
        code.line(format!("let mut control = self.{field}.take().ok_or(HandlerError::Busy)?;"));
        code.line(format!("let mut result = control.{}({});", self.running, self.running_arguments));
        code.block("if result == Err(HandlerError::Unknown)", |code| {
            code.line(format!("result = control.{}({});", self.name, self.arguments));
        });
        code.line(format!("self.{field} = Some(control);"));
        code.line("result");
    }
}
