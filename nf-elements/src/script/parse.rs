// SPDX-License-Identifier: Apache-2.0
//! Scripts read on the host: each argument is an instruction.

use super::template::{Fault, keep, keep_text, template};
use super::{Ending, File, Instruction, Kind, Program, Target, numbers, signals, words};
use crate::configure::{Arguments, Surroundings};
use std::ops::Range;

const WANTED: &str = "one of append, end, error, exit, export, goto, init, label, loop, pause, print, printn, read, return, \
                      save, set, stop, wait, wait_step, wait_time, write, or such a one with a q at its end";

/// Reads the arguments of a script of class `class`; `kind` is its TYPE if none is given. Errors are left in `arguments`.
pub fn parse(arguments: &mut Arguments, around: &Surroundings, class: &'static str, kind: Kind) -> Option<Program> {
    let (kind, signals) = match arguments.keyword::<String>("TYPE") {
        Some(text) => match script_type(&text) {
            Some(found) => found,
            None => {
                let wanted = "ACTIVE, PASSIVE, PROXY, DRIVER or SIGNAL with numbers or names";
                let message = match text.as_str() {
                    "PACKET" | "PUSH" => "scripts of TYPE PACKET do not exist here".into(),
                    _ => format!("'{text}'"),
                };
                arguments.error_last(message, wanted);
                return None;
            }
        },
        None => (kind, Vec::new()),
    };
    let mut parser = Parser { name: around.name, instructions: Vec::new(), variables: Vec::new(), gotos: Vec::new() };
    let mut faults = Vec::new();
    for (index, text) in arguments.rest() {
        if let Err(fault) = parser.instruction(index, &text.value) {
            faults.push((index, fault));
        }
    }
    for (place, index, range, label) in core::mem::take(&mut parser.gotos) {
        match (parser.label(&label), &mut parser.instructions[place]) {
            (Some(found), Instruction::Goto { target, .. }) => *target = found,
            _ => {
                let message = format!("no label '{label}'");
                faults.push((index, Fault { range, message, wanted: Some("a 'label' instruction with that name") }));
            }
        }
    }
    let whole = faults.is_empty();
    for (index, fault) in faults {
        arguments.error_at(index, fault.range, fault.message, fault.wanted.map(Into::into));
    }
    if kind == Kind::Driver && parser.instructions.is_empty() {
        parser.add(Instruction::Pause(1));
    }
    parser.add(Instruction::Finish(if kind == Kind::Driver { Ending::Stop } else { Ending::End }));
    let (instructions, variables) = (keep(&parser.instructions), keep(&parser.variables));
    whole.then(|| Program {
        kind,
        name: keep_text(around.name),
        class,
        instructions,
        variables,
        signals: keep(&signals),
    })
}

fn script_type(text: &str) -> Option<(Kind, Vec<u8>)> {
    let mut words = text.split_whitespace();
    let kind = match words.next()? {
        "ACTIVE" => Kind::Active,
        "PASSIVE" => Kind::Passive,
        "PROXY" => Kind::Proxy,
        "DRIVER" => Kind::Driver,
        "SIGNAL" => Kind::Signal,
        _ => return None,
    };
    let signals: Vec<u8> = words.map(signals::number).collect::<Option<_>>()?;
    (signals.is_empty() != (kind == Kind::Signal)).then_some((kind, signals))
}

struct Parser<'a> {
    /// The script's own name.
    name: &'a str,
    instructions: Vec<Instruction>,
    variables: Vec<&'static str>,
    /// Instructions whose labels are to be found: their number, argument, the label's place and the label.
    gotos: Vec<(usize, usize, Range<usize>, String)>,
}

impl Parser<'_> {
    fn add(&mut self, instruction: Instruction) {
        if self.instructions.is_empty() && !matches!(instruction, Instruction::Pause(_) | Instruction::Wait(_)) {
            self.instructions.push(Instruction::Begin);
        }
        self.instructions.push(instruction);
    }

    fn variable(&mut self, name: &str) -> &'static str {
        if let Some(known) = self.variables.iter().find(|known| **known == name) {
            return known;
        }
        let name = keep_text(name);
        self.variables.push(name);
        name
    }

    fn label(&self, label: &str) -> Option<Target> {
        let found = self.instructions.iter().position(|one| matches!(one, Instruction::Label(name) if *name == label));
        Some(match (found, label) {
            (Some(place), _) => Target::At(place),
            (_, "begin" | "loop" | "") => Target::At(0),
            (_, "end") => Target::End(Ending::End),
            (_, "exit") => Target::End(Ending::Exit),
            (_, "stop") => Target::End(Ending::Stop),
            (_, "error" | "errorq") => Target::End(Ending::Error),
            _ => return None,
        })
    }

    fn instruction(&mut self, index: usize, text: &str) -> Result<(), Fault> {
        let mut rest = text;
        let word = words::next_word(&mut rest);
        let (start, end) = (text.len() - rest.len(), text.len());
        let all = |start: usize| template(text, start..end);
        let fault = |range: Range<usize>, message: String, wanted| Err(Fault { range, message, wanted: Some(wanted) });
        // In `setq` and the like the value loses its quotation marks.
        let (name, unquote) = match word.strip_suffix('q') {
            Some(name @ ("error" | "export" | "init" | "print" | "printn" | "read" | "return" | "set" | "write")) => {
                (name, true)
            }
            _ => (word, false),
        };
        let instruction = match name {
            "" => return Ok(()),
            "wait" if !rest.is_empty() => Instruction::Wait(all(start)?),
            "wait_time" | "wait_for" => Instruction::Wait(all(start)?),
            "wait" | "pause" | "wait_step" | "wait_stop" => {
                match if rest.is_empty() { Some(1) } else { numbers::unsigned(rest) }.map(u32::try_from) {
                    Some(Ok(count)) => Instruction::Pause(count),
                    _ => return fault(start..end, format!("'{rest}' steps"), "a whole number"),
                }
            }
            "print" | "printn" => print(text, start, unquote, name == "print")?,
            "save" | "append" => {
                let call = words::next_word(&mut rest);
                let file = keep_text(if rest.is_empty() { "-" } else { rest });
                let pieces = template(text, start..start + call.len())?;
                let file = Some(File { name: file, append: name == "append" });
                Instruction::Print { call: is_call(call), unquote: false, line: true, file, text: pieces }
            }
            "read" => Instruction::Read { unquote, text: all(start)? },
            "write" => {
                self.set_of_own(rest);
                Instruction::Write { unquote, text: all(start)? }
            }
            "return" => {
                self.variable("_");
                Instruction::Return { unquote, text: all(start)? }
            }
            "set" | "init" | "export" => {
                let variable = words::next_word(&mut rest);
                if variable.is_empty() || (name == "set" && rest.is_empty()) {
                    return fault(
                        0..end,
                        format!("'{word}' without a {}", if variable.is_empty() { "variable" } else { "value" }),
                        "a variable and its value",
                    );
                }
                let (variable, text) = (self.variable(variable), all(end - rest.len())?);
                match name {
                    "set" => Instruction::Set { variable, unquote, text },
                    _ => Instruction::Init { variable, unquote, export: name == "export", text },
                }
            }
            "label" => match (words::next_word(&mut rest), rest) {
                (label, "") if !label.is_empty() => Instruction::Label(keep_text(label)),
                _ => return fault(start..end, "a label that is not one word".into(), "label NAME"),
            },
            "goto" => {
                let label = words::next_word(&mut rest);
                let condition = all(end - rest.len())?;
                // `add` may put something before it.
                let place = self.instructions.len().max(1);
                self.gotos.push((place, index, start..start + label.len(), label.into()));
                Instruction::Goto { target: Target::At(0), condition }
            }
            "error" => Instruction::Error { unquote, text: all(start)? },
            "loop" | "end" | "exit" | "stop" if !rest.is_empty() => {
                return fault(start..end, format!("'{rest}' behind '{name}'"), "nothing");
            }
            "loop" => Instruction::Goto { target: Target::At(0), condition: &[] },
            "end" => Instruction::Finish(Ending::End),
            "exit" => Instruction::Finish(Ending::Exit),
            "stop" => Instruction::Finish(Ending::Stop),
            _ => return fault(0..word.len(), format!("unknown instruction '{word}'"), WANTED),
        };
        self.add(instruction);
        Ok(())
    }

    /// A variable that the script sets by its own handler `set` exists from the beginning.
    fn set_of_own(&mut self, call: &str) {
        let mut rest = call;
        let handler = words::next_word(&mut rest);
        let own = self.name.rsplit('/').next().unwrap_or("");
        if handler == "set" || handler.strip_suffix(".set").is_some_and(|element| element == own) {
            let variable = words::next_word(&mut rest);
            if !variable.is_empty() && !variable.contains('$') && variable != "args" {
                self.variable(variable);
            }
        }
    }
}

fn is_call(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@' || c == '_')
}

fn print(text: &str, start: usize, unquote: bool, line: bool) -> Result<Instruction, Fault> {
    let (mut rest, mut file) = (&text[start..], None);
    if let Some(name) = rest.strip_prefix('>') {
        let append = name.starts_with('>');
        rest = name.strip_prefix('>').unwrap_or(name);
        let name = words::next_word(&mut rest);
        if !name.is_empty() {
            file = Some(File { name: keep_text(name), append });
        }
    }
    let pieces = template(text, text.len() - rest.len()..text.len())?;
    Ok(Instruction::Print { call: is_call(rest), unquote, line, file, text: pieces })
}
