// SPDX-License-Identifier: Apache-2.0
//! Texts with their variables and calls filled in.

use super::handlers::Called;
use super::outside::Sink;
use super::{Machine, Piece, Text, numbers, words};
use core::fmt::{self, Write};

/// How a value is put into a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// As it is, or escaped where it stands in double quotes.
    AsWritten,
    /// The same, and with quotation marks of its own elsewhere: removing one level of them gives exactly the value.
    Everywhere,
}

impl Machine<'_> {
    /// The text of `pieces`. What does not fit is reported and left out.
    pub(super) fn expand(&mut self, pieces: &[Piece], quoting: Quoting) -> Text {
        let mut out = Text::EMPTY;
        for piece in pieces {
            if self.expand_piece(piece, quoting, &mut out).is_err() {
                self.report(None, format_args!("value too long: more than {} bytes", super::TEXT_BYTES));
                break;
            }
        }
        out
    }

    /// The same, without one level of quotation marks if `unquote`.
    pub(super) fn expand_value(&mut self, pieces: &[Piece], unquote: bool) -> Text {
        let text = self.expand(pieces, Quoting::AsWritten);
        if !unquote {
            return text;
        }
        let mut value = Text::EMPTY;
        // It only gets shorter, but for bytes above 127.
        let _ = words::unquote(&text, &mut value);
        value
    }

    fn expand_piece(&mut self, piece: &Piece, quoting: Quoting, out: &mut Text) -> fmt::Result {
        let mut value = Text::EMPTY;
        let quoted = match piece {
            Piece::Literal(text) => return out.write_str(text),
            Piece::Variable { name, source, quoted } => {
                if !self.variable(name, &mut value) {
                    return out.write_str(source);
                }
                quoted
            }
            Piece::Named { name, quoted } => {
                let name = self.expand(name, Quoting::AsWritten);
                if !self.variable(&name, &mut value) {
                    return write!(out, "${{{}}}", &*name);
                }
                quoted
            }
            Piece::Call { text, quoted } => {
                let call = self.expand(text, Quoting::AsWritten);
                if self.read(&call, false, &mut Sink::Value(&mut value)) == Called::Unknown {
                    return write!(out, "$({})", &*call);
                }
                quoted
            }
        };
        match (*quoted, quoting) {
            (true, _) => words::escape(&value, out),
            (false, Quoting::AsWritten) => out.write_str(&value),
            (false, Quoting::Everywhere) => {
                out.write_char('"')?;
                words::escape(&value, out)?;
                out.write_char('"')
            }
        }
    }

    /// Puts the variable's value into `out`; false if there is none of that name.
    fn variable(&self, name: &str, out: &mut Text) -> bool {
        if let Some(index) = self.program.slot(name)
            && let Some(value) = self.values.get(index)
        {
            out.set(value);
            return true;
        }
        let mut arguments = self.arguments();
        let written = match name {
            "?" => write!(out, "{}", self.state.status),
            "$" => match self.outside.process_id() {
                Some(process) => write!(out, "{process}"),
                None => return false,
            },
            "args" => out.write_str(arguments),
            "0" => out.write_str(&self.state.handler),
            "#" => {
                let words = core::iter::repeat_with(|| words::next_word(&mut arguments));
                write!(out, "{}", words.take_while(|word| !word.is_empty()).count())
            }
            "write" => write!(out, "{}", self.state.writing),
            _ => {
                let number = numbers::unsigned(name).filter(|_| !name.starts_with('0'));
                let Some(number) = number.filter(|&number| number <= super::TEXT_BYTES as u64) else { return false };
                let word = (0..number).fold("", |_, _| words::next_word(&mut arguments));
                out.write_str(word)
            }
        };
        written.is_ok()
    }

    /// The arguments of `run`.
    pub(super) fn arguments(&self) -> &str {
        self.values.get(self.program.variables.len()).map_or("", |arguments| arguments)
    }
}
