// SPDX-License-Identifier: Apache-2.0
//! The handlers that a script has itself: its functions, and what looks at or changes its state.

use super::functions::{self, Function};
use super::handlers::{full_name, scopes};
use super::{Instruction, Machine, Text, numbers, words};
use crate::HandlerError;
use core::fmt::Write;

impl Machine<'_> {
    /// What a handler of the script, other than `run`, says to another element.
    pub fn answer(&mut self, handler: &str, arguments: &str, out: &mut Text) -> Result<(), &'static str> {
        let mut around = functions::Surroundings { now_ns: self.state.now_ns, random: self.state.random };
        let computed = match Function::named(handler) {
            Some(function) => functions::evaluate(function, arguments, &mut around, out),
            None => self.read_state(handler, arguments, out),
        };
        self.state.random = around.random;
        computed
    }

    /// The handlers that look at, or change, the script's own state. The error is empty if there is no such handler.
    pub(super) fn read_state(&mut self, handler: &str, arguments: &str, out: &mut Text) -> Result<(), &'static str> {
        let mut rest = arguments;
        match handler {
            "get" | "shift" => {
                let name = match words::next_word(&mut rest) {
                    "" if handler == "shift" => "args",
                    "" => return Err("no variable"),
                    name => name,
                };
                if !rest.is_empty() {
                    return Err("too many arguments");
                }
                let value = self.value_mut(name).ok_or("undefined variable")?;
                if handler == "get" {
                    out.set(value);
                    return Ok(());
                }
                let mut left = &**value;
                out.set(words::next_word(&mut left));
                let shifted = value.len() - left.len();
                value.remove_front(shifted);
                Ok(())
            }
            "readable" => {
                let mut all = true;
                let mut word = words::next_word(&mut rest);
                while !word.is_empty() && all {
                    all = self.is_readable(word);
                    word = words::next_word(&mut rest);
                }
                write!(out, "{all}").map_err(|_| "value too long")
            }
            "signals" => {
                if self.state.listens { self.program.write_signals(out) } else { Ok(()) }.map_err(|_| functions::FULL)
            }
            "kill" => self.kill(arguments),
            "cat" | "catq" => self.cat(handler == "catq", arguments, out),
            "run" => Err("not while it runs"),
            _ => {
                let value = self.program.exported(self.values, handler).ok_or("")?;
                out.set(value);
                Ok(())
            }
        }
    }

    /// Goes on behind a process that cannot be reached, as Click does.
    fn kill(&mut self, arguments: &str) -> Result<(), &'static str> {
        let mut rest = arguments;
        let signal = super::signals::number(words::next_word(&mut rest)).ok_or("bad signal number")?;
        let mut result = if rest.is_empty() { Err("no process") } else { Ok(()) };
        while !rest.is_empty() {
            let process = numbers::integer(words::next_word(&mut rest)).and_then(|process| process.try_into().ok());
            if !process.is_some_and(|process| self.outside.kill(signal, process)) {
                result = Err("the signal cannot be sent");
            }
        }
        result
    }

    fn cat(&mut self, quoted: bool, arguments: &str, out: &mut Text) -> Result<(), &'static str> {
        let (mut name, mut file) = (Text::EMPTY, Text::EMPTY);
        if words::unquote(arguments, &mut name).is_err() || !self.outside.read_file(&name, &mut file) {
            return Err("the file cannot be read, or is too long");
        }
        let written = match quoted {
            false => out.write_str(&file),
            true => out.write_char('"').and_then(|()| words::escape(&file, out)).and_then(|()| out.write_char('"')),
        };
        written.map_err(|_| "value too long")
    }

    /// Asks for the handler's value, to see whether there is one.
    fn is_readable(&mut self, name: &str) -> bool {
        struct Nowhere;
        impl Write for Nowhere {
            fn write_str(&mut self, _: &str) -> core::fmt::Result {
                Ok(())
            }
        }
        let Some((element, handler)) = name.split_once('.') else {
            return self.program.has_handler(name) || self.handlers.read("", name, &mut Nowhere).is_ok();
        };
        for scope in scopes(self.program.name) {
            let name = full_name(scope, element);
            if *name == *self.program.name {
                return self.program.has_handler(handler);
            }
            match self.handlers.read(&name, handler, &mut Nowhere) {
                Err(HandlerError::NoElement) => {}
                read => return read != Err(HandlerError::Unknown),
            }
        }
        false
    }

    /// The write handlers that change the script's own state. The error is empty if there is no such handler.
    pub fn write_state(&mut self, handler: &str, value: &str) -> Result<(), &'static str> {
        match handler {
            "set" => {
                let mut rest = value;
                let name = words::next_word(&mut rest);
                if name.is_empty() {
                    return Err("no variable");
                }
                self.value_mut(name).ok_or("undefined variable")?.set(rest);
            }
            "goto" => {
                self.state.position = self.label(value.trim()).ok_or("jump to nonexistent label")?;
                self.state.paused = 0;
            }
            "run" => {
                self.state.position = 0;
                self.set_arguments(value);
            }
            "step" => {
                let steps = if value.is_empty() { Some(1) } else { numbers::integer(value) };
                let steps = steps.filter(|steps| (0..=i64::from(u32::MAX)).contains(steps)).ok_or("syntax error")?;
                self.state.more = self.state.more.saturating_add(steps);
            }
            _ => return Err(""),
        }
        Ok(())
    }

    fn label(&self, name: &str) -> Option<usize> {
        let instructions = self.program.instructions;
        let found = instructions.iter().position(|one| matches!(one, Instruction::Label(label) if *label == name));
        found.or(if matches!(name, "begin" | "loop") { Some(0) } else { None })
    }

    fn value_mut(&mut self, name: &str) -> Option<&mut Text> {
        let index = if name == "args" { self.program.variables.len() } else { self.program.slot(name)? };
        self.values.get_mut(index)
    }
}
