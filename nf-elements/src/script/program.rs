// SPDX-License-Identifier: Apache-2.0
//! A script as it stands in an image.

use super::Text;
use super::functions::Function;
use core::fmt;

/// How deep `$(…)` may be nested.
pub const MAX_NESTING: usize = 8;

/// A script.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// When it runs.
    pub kind: Kind,
    /// The element's full name: handlers are looked up from where it stands, outward.
    pub name: &'static str,
    /// Its class.
    pub class: &'static str,
    /// The instructions; the last one ends it.
    pub instructions: &'static [Instruction],
    /// The names of its variables.
    pub variables: &'static [&'static str],
    /// The numbers of the signals of TYPE SIGNAL.
    pub signals: &'static [u8],
}

impl Program {
    /// The place of a variable among the values.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|variable| *variable == name)
    }

    /// The signals, signal 1 in bit 1.
    pub fn signal_bits(&self) -> u32 {
        self.signals.iter().fold(0, |bits, signal| bits | 1u32.checked_shl((*signal).into()).unwrap_or(0))
    }

    /// Writes the numbers of the signals.
    pub fn write_signals(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for (index, signal) in self.signals.iter().enumerate() {
            write!(out, "{}{signal}", if index > 0 { " " } else { "" })?;
        }
        Ok(())
    }

    /// Whether the variable is a read handler.
    pub fn exports(&self, name: &str) -> bool {
        self.instructions
            .iter()
            .any(|one| matches!(one, Instruction::Init { variable, export: true, .. } if *variable == name))
    }

    /// The value of an exported variable.
    pub fn exported<'a>(&self, values: &'a [Text], name: &str) -> Option<&'a Text> {
        values.get(self.slot(name).filter(|_| self.exports(name))?)
    }

    /// Whether the script has that read handler.
    pub fn has_handler(&self, name: &str) -> bool {
        let state = matches!(name, "run" | "get" | "shift" | "readable" | "said" | "signals" | "cat" | "catq" | "kill");
        state || Function::named(name).is_some() || self.exports(name)
    }
}

/// What makes a script run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The machine's start.
    Active,
    /// The start, and then each request to stop.
    Driver,
    /// Its handler `run`.
    Passive,
    /// Any handler.
    Proxy,
    /// A signal.
    Signal,
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// The beginning of what runs at once.
    Begin,
    /// Waits for so many steps.
    Pause(u32),
    /// Waits for a time or a step.
    Wait(&'static [Piece]),
    /// Writes a text, or what a handler says, to standard output or a file.
    Print {
        /// The text is a call of a handler.
        call: bool,
        /// The handler's arguments lose their quotation marks.
        unquote: bool,
        /// A line's end is added where there is none.
        line: bool,
        /// Where to, if not standard output.
        file: Option<File>,
        /// The text.
        text: &'static [Piece],
    },
    /// Shows a handler's name and value.
    Read {
        /// The arguments lose their quotation marks.
        unquote: bool,
        /// The call.
        text: &'static [Piece],
    },
    /// Calls a write handler.
    Write {
        /// The value loses its quotation marks.
        unquote: bool,
        /// The call.
        text: &'static [Piece],
    },
    /// Gives a variable a value.
    Set {
        /// The variable.
        variable: &'static str,
        /// The value loses its quotation marks.
        unquote: bool,
        /// The value.
        text: &'static [Piece],
    },
    /// Gives a variable a value when the machine starts.
    Init {
        /// The variable.
        variable: &'static str,
        /// The value loses its quotation marks.
        unquote: bool,
        /// The variable is a read handler, too.
        export: bool,
        /// The value.
        text: &'static [Piece],
    },
    /// A place to go to.
    Label(&'static str),
    /// Goes somewhere if the condition is true or empty.
    Goto {
        /// Where to.
        target: Target,
        /// The condition.
        condition: &'static [Piece],
    },
    /// Ends with a value.
    Return {
        /// The value loses its quotation marks.
        unquote: bool,
        /// The value.
        text: &'static [Piece],
    },
    /// Ends with a message.
    Error {
        /// The message loses its quotation marks.
        unquote: bool,
        /// The message.
        text: &'static [Piece],
    },
    /// Ends.
    Finish(Ending),
}

/// Where `goto` leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To the instruction of that number.
    At(usize),
    /// To the script's end.
    End(Ending),
}

/// How a script ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Until it is run again.
    End,
    /// The same, and a signal does not run it any more.
    Exit,
    /// And the machine shall stop.
    Stop,
    /// Something was wrong.
    Error,
    /// With a value.
    Return,
}

/// A file to print into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// Whether what is in it stays.
    pub append: bool,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Stands for itself.
    Literal(&'static str),
    /// A variable: `$x`.
    Variable {
        /// Its name.
        name: &'static str,
        /// How it is written: what it is if there is no such variable.
        source: &'static str,
        /// It stands in double quotes.
        quoted: bool,
    },
    /// A variable whose name holds others: `${a$b}`.
    Named {
        /// Its name.
        name: &'static [Piece],
        /// It stands in double quotes.
        quoted: bool,
    },
    /// What a read handler says: `$(element.handler arguments)`.
    Call {
        /// The call.
        text: &'static [Piece],
        /// It stands in double quotes.
        quoted: bool,
    },
}
