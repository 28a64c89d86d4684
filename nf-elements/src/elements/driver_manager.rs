// SPDX-License-Identifier: Apache-2.0
//! # DriverManager
//! `DriverManager(INSTRUCTION, … [, TYPE])` — a `Script` that decides when the machine stops.
//!
//! **Ports:** none.
//!
//! **Description:** a `Script` whose TYPE is DRIVER unless it is given. Its instructions run at the start. When an element asks the
//! machine to stop (`STOP true`, a script's `stop`), the machine does not stop, but the script goes one wait further:
//! past its `pause` (also called `wait_stop` or `wait`), or its `wait TIME`. The machine stops when the script ends.
//!
//! **Notes:** as for `Script`. There is one in a graph. Requests to stop that come in the same round are met when it is over.
//!
//! **Handlers:** those of `Script`.
//!
//! **Example:** `FromDevice(lan) -> c :: Counter -> Discard; DriverManager(pause, print c.count, wait 0.1s, print c.count);`
//!
//! **See also:** `Script`.

use super::script::ARGUMENTS;
use super::Script;
use crate::script::{Program, Text, functions};
use crate::spec::{Category, Shape};
use crate::{Control, Element, HandlerError, Handlers, PacketIo, Spec};
use core::fmt;

/// See the module's documentation.
pub struct DriverManager(Script);

impl DriverManager {
    /// Runs `program`.
    pub const fn new(program: Program) -> Self {
        DriverManager(Script::new(program))
    }

    /// Takes the memory of its values.
    pub fn lend(&mut self, memory: &'static mut [Text]) {
        self.0.lend(memory);
    }
}

impl Element for DriverManager {
    const SPEC: Spec = Spec {
        class: "DriverManager",
        category: Category::Control,
        summary: "decides by instructions when the machine stops",
        ports: "0/0",
        processing: "/",
        shape: Shape::Control,
        arguments: ARGUMENTS,
        handlers: functions::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.0.read_handler(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.0.write_handler(name, value)
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.0.deadline_ns()
    }
}

impl Control for DriverManager {
    fn run<M: PacketIo>(&mut self, io: &mut M, handlers: &mut dyn Handlers) -> bool {
        self.0.run(io, handlers)
    }

    fn is_due(&self, now_ns: u64) -> bool {
        self.0.is_due(now_ns)
    }

    fn may_stop(&mut self) -> bool {
        self.0.may_stop()
    }

    fn read_running(
        &mut self,
        name: &str,
        handlers: &mut dyn Handlers,
        out: &mut dyn fmt::Write,
    ) -> Result<(), HandlerError> {
        self.0.read_running(name, handlers, out)
    }

    fn write_running(&mut self, name: &str, value: &str, handlers: &mut dyn Handlers) -> Result<(), HandlerError> {
        self.0.write_running(name, value, handlers)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for DriverManager {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        super::script::configured(arguments, surroundings, "DriverManager", crate::script::Kind::Driver)
    }
}
