// SPDX-License-Identifier: Apache-2.0
//! Writes a rule's tests, on the host.
use std::vec::Vec;

use super::{Content, Number, Op, Range, Value};

/// Appends one test to a rule's code.
pub fn write(op: &Op<'_>, code: &mut Vec<u8>) {
    Writer(code).op(op);
}

struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn number(&mut self, number: Number) {
        match number {
            Number::Constant(value) => match i32::try_from(value) {
                Ok(value) => {
                    self.0.push(0);
                    self.0.extend_from_slice(&value.to_le_bytes());
                }
                Err(_) => {
                    self.0.push(2);
                    self.0.extend_from_slice(&value.to_le_bytes());
                }
            },
            Number::Variable(variable) => self.0.extend_from_slice(&[1, variable]),
        }
    }

    fn optional(&mut self, number: Option<Number>) {
        self.0.push(u8::from(number.is_some()));
        if let Some(number) = number {
            self.number(number);
        }
    }

    fn value(&mut self, value: &Value) {
        self.0.push(value.bytes);
        self.number(value.offset);
        self.0.extend_from_slice(&[u8::from(value.relative), u8::from(value.little), value.base]);
        self.word(value.mask);
    }

    fn word(&mut self, word: u32) {
        self.0.extend_from_slice(&word.to_le_bytes());
    }

    fn half(&mut self, half: u16) {
        self.0.extend_from_slice(&half.to_le_bytes());
    }

    fn range(&mut self, range: &Range) {
        self.0.push(u8::from(range.negated));
        self.word(range.low);
        self.word(range.high);
    }

    fn content(&mut self, content: &Content<'_>) {
        let flags = [content.nocase, content.negated, content.ends, content.chained];
        let flags = flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag));
        self.0.extend_from_slice(&[8, flags]);
        self.number(content.offset);
        self.optional(content.depth);
        self.optional(content.distance);
        self.optional(content.within);
        self.half(u16::try_from(content.bytes.len()).expect("the parser bounds contents"));
        self.0.extend_from_slice(content.bytes);
    }

    fn op(&mut self, op: &Op<'_>) {
        match op {
            Op::Number(field, range) => {
                self.0.extend_from_slice(&[1, *field as u8]);
                self.range(range);
            }
            Op::TcpFlags { mode, flags, mask } => self.0.extend_from_slice(&[2, *mode, *flags, *mask]),
            Op::FragmentBits { mode, bits } => self.0.extend_from_slice(&[3, *mode, *bits]),
            Op::IpOption(kind) => self.0.extend_from_slice(&[4, *kind]),
            Op::SameIp => self.0.push(5),
            Op::FlowBit { negated, owner, bit, or } => {
                self.0.extend_from_slice(&[6, u8::from(*negated), *owner]);
                self.half(*bit);
                self.0.push(u8::from(*or));
            }
            Op::List(buffer) => self.0.extend_from_slice(&[7, *buffer as u8]),
            Op::Content(content) => self.content(content),
            Op::Pcre { negated, relative, chained, automaton } => {
                self.0.extend_from_slice(&[9, u8::from(*negated), u8::from(*relative), u8::from(*chained)]);
                self.word(*automaton);
            }
            Op::ByteTest { value, negated, operator, with } => {
                self.0.push(10);
                self.value(value);
                self.0.extend_from_slice(&[u8::from(*negated), *operator]);
                self.number(*with);
            }
            Op::ByteJump { value, multiplier, align, from, post } => {
                self.0.push(11);
                self.value(value);
                self.half(*multiplier);
                self.0.extend_from_slice(&[u8::from(*align), *from]);
                self.number(*post);
            }
            Op::ByteExtract { value, multiplier, align, variable } => {
                self.0.push(12);
                self.value(value);
                self.half(*multiplier);
                self.0.extend_from_slice(&[*align, *variable]);
            }
            Op::ByteMath { value, operator, with, variable } => {
                self.0.push(13);
                self.value(value);
                self.0.push(*operator);
                self.number(*with);
                self.0.push(*variable);
            }
            Op::DataAt { negated, relative, place } => {
                self.0.extend_from_slice(&[14, u8::from(*negated), u8::from(*relative)]);
                self.number(*place);
            }
            Op::Size(range) => {
                self.0.push(15);
                self.range(range);
            }
            Op::Mark { what, owner, bit } => {
                self.0.extend_from_slice(&[16, *what, *owner]);
                self.half(*bit);
            }
            Op::Threshold { kind, track, count, seconds } => {
                self.0.extend_from_slice(&[17, *kind, *track]);
                self.word(*count);
                self.word(*seconds);
            }
            Op::End => self.0.push(0),
        }
    }
}
