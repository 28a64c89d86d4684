// SPDX-License-Identifier: Apache-2.0
//! A script as the Rust expression that puts it into an image.

use super::{Instruction, Piece, Program};
use std::fmt::Write;

impl Program {
    /// The expression.
    pub fn expression(&self) -> String {
        let instructions: Vec<_> = self.instructions.iter().map(instruction).collect();
        format!(
            "{{ use nf_elements::script::{{Ending, File, Instruction, Kind, Piece, Program, Target}}; \
             Program {{ kind: Kind::{:?}, name: {:?}, class: {:?}, instructions: &[{}], variables: &{:?}, signals: &{:?} }} }}",
            self.kind,
            self.name,
            self.class,
            instructions.join(", "),
            self.variables,
            self.signals,
        )
    }
}

fn instruction(one: &Instruction) -> String {
    let body = match one {
        Instruction::Wait(text) => format!("Wait({})", pieces(text)),
        Instruction::Print { call, unquote, line, file, text } => {
            let file = file.map_or("None".into(), |file| format!("Some({file:?})"));
            let text = pieces(text);
            format!("Print {{ call: {call}, unquote: {unquote}, line: {line}, file: {file}, text: {text} }}")
        }
        Instruction::Read { unquote, text } => format!("Read {{ unquote: {unquote}, text: {} }}", pieces(text)),
        Instruction::Write { unquote, text } => format!("Write {{ unquote: {unquote}, text: {} }}", pieces(text)),
        Instruction::Set { variable, unquote, text } => {
            format!("Set {{ variable: {variable:?}, unquote: {unquote}, text: {} }}", pieces(text))
        }
        Instruction::Init { variable, unquote, export, text } => {
            let text = pieces(text);
            format!("Init {{ variable: {variable:?}, unquote: {unquote}, export: {export}, text: {text} }}")
        }
        Instruction::Goto { target, condition } => {
            let target = format!("{target:?}").replace("End(", "End(Ending::");
            format!("Goto {{ target: Target::{target}, condition: {} }}", pieces(condition))
        }
        Instruction::Return { unquote, text } => format!("Return {{ unquote: {unquote}, text: {} }}", pieces(text)),
        Instruction::Error { unquote, text } => format!("Error {{ unquote: {unquote}, text: {} }}", pieces(text)),
        Instruction::Finish(ending) => format!("Finish(Ending::{ending:?})"),
        Instruction::Begin | Instruction::Pause(_) | Instruction::Label(_) => format!("{one:?}"),
    };
    format!("Instruction::{body}")
}

fn pieces(text: &[Piece]) -> String {
    let mut list = String::from("&[");
    for (index, piece) in text.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let body = match piece {
            Piece::Literal(_) | Piece::Variable { .. } => format!("{piece:?}"),
            Piece::Named { name, quoted } => format!("Named {{ name: {}, quoted: {quoted} }}", pieces(name)),
            Piece::Call { text, quoted } => format!("Call {{ text: {}, quoted: {quoted} }}", pieces(text)),
        };
        // Writing to a string does not fail.
        let _ = write!(list, "{comma}Piece::{body}");
    }
    list.push(']');
    list
}
