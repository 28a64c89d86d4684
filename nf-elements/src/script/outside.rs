// SPDX-License-Identifier: Apache-2.0
//! Where a script's output goes: to the machine, or, while the machine is not at hand, into a list for later.

use super::Text;
use crate::PacketIo;
use core::fmt::{self, Write};

/// What a script wants of the machine.
pub trait Outside {
    /// Writes text to standard output.
    fn print(&mut self, text: &str);

    /// Shows a line to a person.
    fn message(&mut self, text: fmt::Arguments<'_>);

    /// Writes text into a file. False if it cannot.
    fn write_file(&mut self, name: &str, fresh: bool, text: &str) -> bool;

    /// Gives the text of a file. False if it cannot.
    fn read_file(&mut self, name: &str, out: &mut dyn Write) -> bool;

    /// Asks the machine to stop.
    fn stop(&mut self);

    /// The number of the process; none where there are no processes, or the machine is not at hand.
    fn process_id(&self) -> Option<u32> {
        None
    }

    /// Sends a signal to a process. False if it cannot.
    fn kill(&mut self, signal: u8, process: i32) -> bool {
        let _ = (signal, process);
        false
    }
}

/// The machine.
pub struct Through<'a, M>(pub &'a mut M);

impl<M: PacketIo> Outside for Through<'_, M> {
    fn print(&mut self, text: &str) {
        self.0.print(text);
    }

    fn message(&mut self, text: fmt::Arguments<'_>) {
        self.0.message(text);
    }

    fn write_file(&mut self, name: &str, fresh: bool, text: &str) -> bool {
        self.0.write_file(name, fresh, text)
    }

    fn read_file(&mut self, name: &str, out: &mut dyn Write) -> bool {
        self.0.read_file(name, out)
    }

    fn stop(&mut self) {
        self.0.stop();
    }

    fn process_id(&self) -> Option<u32> {
        self.0.process_id()
    }

    fn kill(&mut self, signal: u8, process: i32) -> bool {
        self.0.kill(signal, process)
    }
}

/// What a script that runs as a handler has to say. A script that called it says it (by the handler `said`); otherwise it
/// comes out in the next round. What does not fit is lost.
///
/// Each entry is a letter (`p` standard output, `m` a line for a person), the text, and a zero byte.
pub struct Later<'a> {
    /// The entries.
    pub said: Option<&'a mut Text>,
    /// Whether it wants the machine to stop.
    pub stop: &'a mut bool,
}

impl Later<'_> {
    fn say(&mut self, letter: char, text: fmt::Arguments<'_>) {
        let Some(said) = &mut self.said else { return };
        let length = said.len();
        if write!(said, "{letter}{text}\0").is_err() {
            said.truncate(length);
        }
    }
}

impl Outside for Later<'_> {
    fn print(&mut self, text: &str) {
        self.say('p', format_args!("{text}"));
    }

    fn message(&mut self, text: fmt::Arguments<'_>) {
        self.say('m', text);
    }

    fn write_file(&mut self, _: &str, _: bool, _: &str) -> bool {
        false
    }

    fn read_file(&mut self, _: &str, _: &mut dyn Write) -> bool {
        false
    }

    fn stop(&mut self) {
        *self.stop = true;
    }
}

/// Says what was kept for later.
pub fn repeat(said: &mut Text, outside: &mut dyn Outside) {
    for entry in said.split_terminator('\0') {
        match (entry.strip_prefix('p'), entry.strip_prefix('m')) {
            (Some(text), _) => outside.print(text),
            (_, Some(text)) => outside.message(format_args!("{text}")),
            _ => {}
        }
    }
    said.clear();
}

/// Where a handler's value goes.
pub enum Sink<'a> {
    /// It becomes a value.
    Value(&'a mut dyn Write),
    /// Standard output, or a file, in pieces that end where lines do.
    Print(Printer),
    /// Lines for a person, with the handler's name above.
    Message(Text),
}

/// Printing in pieces.
pub struct Printer {
    file: Option<(&'static str, bool)>,
    piece: Text,
    failed: bool,
    line_ended: bool,
}

impl Printer {
    /// Prints to standard output or into a file that is emptied first if `fresh`.
    pub fn new(file: Option<super::File>) -> Self {
        let file = file.filter(|file| file.name != "-").map(|file| (file.name, !file.append));
        Printer { file, piece: Text::EMPTY, failed: false, line_ended: false }
    }

    /// Prints `text`.
    pub fn add(&mut self, text: &str, outside: &mut dyn Outside) {
        for line in text.split_inclusive('\n') {
            self.line_ended = line.ends_with('\n');
            if self.piece.write_str(line).is_err() {
                self.flush(outside);
                // A line longer than a piece is printed in parts, character by character.
                for character in line.chars() {
                    if self.piece.write_char(character).is_err() {
                        self.flush(outside);
                        let _ = self.piece.write_char(character);
                    }
                }
            }
            if self.line_ended {
                self.flush(outside);
            }
        }
    }

    /// Ends it, with a line's end if `line` and none is there. False if the file could not be written.
    pub fn finish(&mut self, line: bool, outside: &mut dyn Outside) -> bool {
        if line && !self.line_ended {
            self.add("\n", outside);
        }
        self.flush(outside);
        if let Some((name, true)) = self.file {
            self.failed |= !outside.write_file(name, true, "");
        }
        !self.failed
    }

    fn flush(&mut self, outside: &mut dyn Outside) {
        match &mut self.file {
            _ if self.piece.is_empty() => {}
            None => outside.print(&self.piece),
            Some((name, fresh)) => {
                self.failed |= !outside.write_file(name, *fresh, &self.piece);
                *fresh = false;
            }
        }
        self.piece.clear();
    }
}

/// A [`Sink`] with the machine.
pub struct Writer<'a, 'b> {
    /// The machine.
    pub outside: &'a mut dyn Outside,
    /// Where the text goes.
    pub sink: &'a mut Sink<'b>,
    /// The element and the handler, to be said first where the text goes to a person.
    pub heading: Option<(&'a str, &'a str)>,
}

impl Writer<'_, '_> {
    /// All of the text is there: says what is left of it.
    pub fn finish(&mut self) {
        if matches!(self.sink, Sink::Message(_)) {
            // A message does not fail.
            let _ = self.write_str("\n");
        }
    }
}

impl Write for Writer<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.sink {
            Sink::Value(value) => value.write_str(text),
            Sink::Print(printer) => {
                printer.add(text, self.outside);
                Ok(())
            }
            Sink::Message(line) => {
                match self.heading.take() {
                    Some(("", handler)) => self.outside.message(format_args!("{handler}:")),
                    Some((element, handler)) => self.outside.message(format_args!("{element}.{handler}:")),
                    None => {}
                }
                for part in text.split_inclusive('\n') {
                    let (part, ended) = part.strip_suffix('\n').map_or((part, false), |part| (part, true));
                    if line.write_str(part).is_err() {
                        self.outside.message(format_args!("{}", &**line));
                        line.set(part);
                    }
                    if ended {
                        self.outside.message(format_args!("{}", &**line));
                        line.clear();
                    }
                }
                Ok(())
            }
        }
    }
}
