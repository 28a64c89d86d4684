// SPDX-License-Identifier: Apache-2.0
//! The interpreter.

use super::expand::Quoting;
use super::outside::{Outside, Printer, Sink};
use super::{Ending, File, Instruction, Kind, Mode, Piece, Program, State, Target, Text, numbers, words};
use crate::Handlers;
use core::fmt;

/// After so many jumps without waiting a script is taken for an endless loop.
const MAX_JUMPS: u32 = 1000;

/// A script with all that it needs to run.
pub struct Machine<'a> {
    /// The script.
    pub program: &'a Program,
    /// Where it stands.
    pub state: &'a mut State,
    /// The values of its variables, and then the arguments of `run`.
    pub values: &'a mut [Text],
    /// The other elements.
    pub handlers: &'a mut dyn Handlers,
    /// Where its output goes.
    pub outside: &'a mut dyn Outside,
    /// Whether a message begins with the script's name; it does so once.
    pub context: bool,
    /// Whether it has.
    pub told: bool,
    /// Errors so far.
    pub errors: u32,
}

/// What comes after an instruction.
enum Next {
    /// The next one.
    On,
    /// Nothing: it waits.
    Wait,
    /// Nothing: it has ended.
    End(Ending),
}

impl Machine<'_> {
    /// Gives the variables of `init` and `export` their values, and begins the first wait.
    pub fn initialize(&mut self) {
        for instruction in self.program.instructions {
            if let Instruction::Init { variable, unquote, text, .. } = instruction {
                let value = self.expand_value(text, *unquote);
                self.set(variable, value);
            }
        }
        if !matches!(self.program.kind, Kind::Active | Kind::Driver) {
            self.state.begun = true;
        } else if let Some(Instruction::Wait(text)) = self.program.instructions.first() {
            self.wait(text);
        }
    }

    /// Goes past `steps` waits, and on to the next one or to the end.
    pub fn advance(&mut self, steps: i64, mode: Mode) {
        let (mut steps, mut jumps) = (steps, 0);
        // Click reports what happens while it stops without saying where.
        (self.context, self.told) = (mode != Mode::Stop, false);
        loop {
            self.state.more = 0;
            jumps = self.step(steps, mode, jumps);
            steps = self.state.more;
            if steps == 0 || self.state.ended.is_some() {
                break;
            }
        }
        match self.state.ended {
            Some(Ending::Stop) => self.outside.stop(),
            Some(Ending::End) => self.state.listens = true,
            _ => {}
        }
    }

    fn step(&mut self, steps: i64, mode: Mode, mut jumps: u32) -> u32 {
        let target = self.state.steps.saturating_add(steps);
        self.state.ended = None;
        while jumps < MAX_JUMPS {
            let at = self.state.position;
            let Some(instruction) = self.program.instructions.get(at) else { break };
            self.state.position = at + 1;
            match self.execute(instruction, target) {
                Next::On => {}
                Next::Wait => {
                    self.state.position = at;
                    return jumps;
                }
                Next::End(ending) => {
                    self.state.position = at;
                    self.state.ended = Some(ending);
                    return jumps;
                }
            }
            jumps += u32::from(self.state.position != at + 1);
        }
        if jumps >= MAX_JUMPS {
            let (name, class) = (self.program.name, self.program.class);
            self.outside.message(format_args!("{name} :: {class}: too many jumps, giving up"));
            self.state.position = self.program.instructions.len();
            self.state.wake_ns = None;
        }
        if mode == Mode::Stop {
            // Click's machine could not be stopped any more.
            self.state.ended = Some(Ending::End);
        }
        jumps
    }

    /// Executes one instruction; `target` is the number of steps up to which it may go.
    fn execute(&mut self, instruction: &Instruction, target: i64) -> Next {
        match *instruction {
            Instruction::Begin => {
                if !core::mem::replace(&mut self.state.begun, true) {
                    self.state.steps += 1;
                }
            }
            Instruction::Pause(count) => {
                while self.state.steps < target && self.state.paused < count {
                    self.state.steps += 1;
                    self.state.paused += 1;
                }
                if self.state.paused < count {
                    return Next::Wait;
                }
                self.state.paused = 0;
            }
            Instruction::Wait(text) => {
                if self.state.steps >= target {
                    self.wait(text);
                    return Next::Wait;
                }
                self.state.steps += 1;
                self.state.wake_ns = None;
            }
            Instruction::Print { call, unquote, line, file, text } => self.print(call, unquote, line, file, text),
            Instruction::Read { unquote, text } => {
                let call = self.expand(text, Quoting::AsWritten);
                self.read(&call, unquote, &mut Sink::Message(Text::EMPTY));
            }
            Instruction::Write { unquote, text } => {
                let call = self.expand(text, Quoting::AsWritten);
                self.write(&call, unquote);
            }
            Instruction::Set { variable, unquote, text } => {
                let value = self.expand_value(text, unquote);
                self.set(variable, value);
            }
            Instruction::Init { .. } | Instruction::Label(_) => {}
            Instruction::Goto { target, condition } => {
                if self.is_true(condition) {
                    match target {
                        Target::At(place) => {
                            self.state.paused = 0;
                            self.state.position = place;
                        }
                        Target::End(ending) => return Next::End(ending),
                    }
                }
            }
            Instruction::Return { unquote, text } => {
                let position = self.state.position;
                let value = self.expand_value(text, unquote);
                self.set("_", value);
                if self.state.position == position {
                    return Next::End(Ending::Return);
                }
            }
            Instruction::Error { unquote, text } => {
                let message = self.expand_value(text, unquote);
                if !message.is_empty() {
                    self.report(None, format_args!("{}", &*message));
                }
                return Next::End(Ending::Error);
            }
            Instruction::Finish(ending) => return Next::End(ending),
        }
        Next::On
    }

    /// Begins to wait. A time that is none is reported, and the script waits for steps only.
    fn wait(&mut self, text: &[Piece]) {
        let time = self.expand(text, Quoting::AsWritten);
        match numbers::time_ns(time.trim()) {
            Some(time) => self.state.wake_ns = Some(self.state.now_ns.saturating_add(time)),
            None => self.report(None, format_args!("syntax error at 'wait'")),
        }
    }

    fn print(&mut self, call: bool, unquote: bool, line: bool, file: Option<File>, text: &[Piece]) {
        let before = self.errors;
        let mut sink = Sink::Print(Printer::new(file));
        if call {
            let call = self.expand(text, Quoting::AsWritten);
            self.read(&call, unquote, &mut sink);
        } else {
            let quoted = self.expand(text, Quoting::Everywhere);
            let mut plain = Text::EMPTY;
            let _ = words::unquote(&quoted, &mut plain);
            if let Sink::Print(printer) = &mut sink {
                printer.add(&plain, self.outside);
            }
        }
        if let Sink::Print(printer) = &mut sink
            && !printer.finish(line && self.errors == before, self.outside)
            && let Some(file) = file
        {
            self.report(None, format_args!("{}: cannot be written", file.name));
        }
    }

    fn is_true(&mut self, condition: &[Piece]) -> bool {
        let text = self.expand(condition, Quoting::AsWritten);
        if text.is_empty() {
            return true;
        }
        numbers::boolean(&text).unwrap_or_else(|| {
            self.report(None, format_args!("bad condition '{}'", &*text));
            false
        })
    }

    fn set(&mut self, variable: &str, value: Text) {
        if let Some(index) = self.program.slot(variable)
            && let Some(slot) = self.values.get_mut(index)
        {
            *slot = value;
        }
    }

    /// Runs from the beginning as the handler `name`. False if the script ended with an error.
    pub fn run(&mut self, name: &str, arguments: &str, writing: bool) -> bool {
        self.state.handler.clear();
        // A name that is too long stays away.
        let _ = self.state.handler.push_str(name);
        (self.state.writing, self.state.position, self.state.paused) = (writing, 0, 0);
        self.set_arguments(arguments);
        self.advance(0, Mode::Handler);
        self.state.handler.clear();
        self.state.writing = false;
        let failed = self.state.ended == Some(Ending::Error);
        if failed || self.state.ended == Some(Ending::Stop) {
            self.set_arguments("");
        }
        !failed
    }

    /// Gives `run` its arguments.
    pub(super) fn set_arguments(&mut self, arguments: &str) {
        if let Some(slot) = self.values.get_mut(self.program.variables.len()) {
            slot.set(arguments);
        }
    }

    /// What the script returned.
    pub fn result(&self) -> &str {
        let index = self.program.slot("_").filter(|_| self.state.ended == Some(Ending::Return));
        index.and_then(|index| self.values.get(index)).map_or("", |value| value)
    }

    /// Says what is wrong: in which script, if nobody else says that, and in which call.
    pub(super) fn report(&mut self, calling: Option<(&str, &str)>, fault: fmt::Arguments<'_>) {
        self.errors += 1;
        let (name, class) = (self.program.name, self.program.class);
        if self.context && !core::mem::replace(&mut self.told, true) {
            self.outside.message(format_args!("While executing '{name} :: {class}':"));
        }
        let indent = if self.context { "  " } else { "" };
        match calling {
            None => self.outside.message(format_args!("{indent}{fault}")),
            Some((element, call)) => {
                let dot = if element.is_empty() { "" } else { "." };
                self.outside.message(format_args!("{indent}While calling '{element}{dot}{call}':"));
                self.outside.message(format_args!("{indent}  {fault}"));
            }
        }
    }
}
