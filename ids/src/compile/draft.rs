// SPDX-License-Identifier: Apache-2.0
//! A rule while it is read: what its header and its options said so far.
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::sets::{Kind, Set};
use crate::code::{Number, Op};
use crate::rule::{Action, AppProtocol, Buffer};

/// `content` with its modifiers.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The bytes as written.
    pub bytes: Vec<u8>,
    /// `nocase`
    pub nocase: bool,
    /// `!`
    pub negated: bool,
    /// `endswith`
    pub ends: bool,
    /// `offset`
    pub offset: Option<Number>,
    /// `depth`, or `startswith`
    pub depth: Option<Number>,
    /// `distance`
    pub distance: Option<Number>,
    /// `within`
    pub within: Option<Number>,
    /// `fast_pattern`
    pub fast: bool,
}

/// One test of a buffer.
#[derive(Clone, Debug)]
pub enum Test {
    /// `content`
    Content(Pattern),
    /// `pcre`
    Pcre {
        /// `!`
        negated: bool,
        /// `R`
        relative: bool,
        /// The compiled automaton's number.
        automaton: u32,
    },
    /// Any other
    Op(Op<'static>),
}

impl Test {
    /// Whether it counts from the end of the previous match.
    pub fn is_relative(&self) -> bool {
        match self {
            Self::Content(pattern) => pattern.distance.is_some() || pattern.within.is_some(),
            Self::Pcre { relative, .. } | Self::Op(Op::DataAt { relative, .. }) => *relative,
            Self::Op(
                Op::ByteTest { value, .. }
                | Op::ByteJump { value, .. }
                | Op::ByteExtract { value, .. }
                | Op::ByteMath { value, .. },
            ) => value.relative,
            Self::Op(_) => false,
        }
    }

    /// Whether it sets the place that relative tests count from.
    pub fn moves(&self) -> bool {
        match self {
            Self::Content(Pattern { negated, .. }) | Self::Pcre { negated, .. } => !negated,
            Self::Op(op) => matches!(op, Op::ByteJump { .. } | Op::ByteExtract { .. } | Op::ByteMath { .. }),
        }
    }
}

/// A rule while it is read.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it does.
    pub action: Action,
    /// Bits of [`crate::rule::protocol`].
    pub protocols: u8,
    /// The application protocol.
    pub app: AppProtocol,
    /// Bits of [`crate::rule::condition`].
    pub conditions: u32,
    /// Source and destination addresses.
    pub addresses: [Set; 2],
    /// Source and destination ports.
    pub ports: [Set; 2],
    /// Whether an address was written with a negation.
    pub negated_address: bool,
    /// `<>`
    pub both_ways: bool,
    /// `msg`
    pub message: String,
    /// `sid`
    pub sid: u32,
    /// `gid`
    pub gid: u32,
    /// `rev`
    pub revision: u32,
    /// `priority`
    pub priority: Option<u32>,
    /// `classtype`
    pub class: Option<String>,
    /// Tests of the packet.
    pub packet: Vec<Op<'static>>,
    /// Tests of buffers, in the order in which the buffers were first named.
    pub lists: Vec<(Buffer, Vec<Test>)>,
    /// What follows a match.
    pub after: Vec<Op<'static>>,
    /// Names of variables that tests set.
    pub variables: Vec<String>,
    /// The buffer that a sticky keyword named last.
    pub buffer: Buffer,
    /// The list of the last content, and its place there.
    pub last: Option<(Buffer, usize)>,
    /// The buffer of the last test.
    before: Option<Buffer>,
}

/// Most variables of a rule.
pub const VARIABLES: usize = 8;
/// Most tests of a buffer, which bounds recursion.
const TESTS: usize = 32;

impl Draft {
    /// A rule of which nothing is known.
    pub fn new() -> Self {
        Self {
            action: Action::Alert,
            protocols: 0,
            app: AppProtocol::Unknown,
            conditions: 0,
            addresses: [Kind::Addresses.any(), Kind::Addresses.any()],
            ports: [Kind::Ports.any(), Kind::Ports.any()],
            negated_address: false,
            both_ways: false,
            message: String::new(),
            sid: 0,
            gid: 1,
            revision: 0,
            priority: None,
            class: None,
            packet: Vec::new(),
            lists: Vec::new(),
            after: Vec::new(),
            variables: Vec::new(),
            buffer: Buffer::Payload,
            last: None,
            before: None,
        }
    }

    /// The tests of `buffer`.
    pub fn list(&mut self, buffer: Buffer) -> &mut Vec<Test> {
        if let Some(index) = self.lists.iter().position(|(known, _)| *known == buffer) {
            return &mut self.lists[index].1;
        }
        self.lists.push((buffer, Vec::new()));
        &mut self.lists.last_mut().expect("it was just pushed").1
    }

    /// Adds a test of the buffer that is current; where none was named, a relative one goes to the buffer of the test before it.
    pub fn test(&mut self, test: Test) -> Result<(), String> {
        let before = self.before.filter(|_| self.buffer == Buffer::Payload && test.is_relative());
        self.test_in(before.unwrap_or(self.buffer), test)
    }

    /// Adds a test of `buffer`.
    pub fn test_in(&mut self, buffer: Buffer, test: Test) -> Result<(), String> {
        let list = self.list(buffer);
        if list.len() == TESTS {
            return Err(format!("more than {TESTS} tests of one buffer"));
        }
        let is_content = matches!(test, Test::Content(_));
        list.push(test);
        let place = list.len() - 1;
        self.before = Some(buffer);
        if is_content {
            self.last = Some((buffer, place));
        }
        Ok(())
    }

    /// The content that a modifier follows.
    pub fn pattern(&mut self, modifier: &str) -> Result<&mut Pattern, String> {
        let (buffer, place) = self.last.ok_or_else(|| format!("`{modifier}` follows a content"))?;
        match self.list(buffer).get_mut(place) {
            Some(Test::Content(pattern)) => Ok(pattern),
            _ => Err(format!("`{modifier}` follows a content")),
        }
    }

    /// Moves the last content to the buffer that a modifier of the old style names.
    pub fn move_last(&mut self, to: Buffer, modifier: &str) -> Result<(), String> {
        self.pattern(modifier)?;
        let (buffer, place) = self.last.expect("`pattern` found it");
        if buffer == to {
            return Ok(());
        }
        let test = self.list(buffer).remove(place);
        if self.list(buffer).is_empty() {
            self.lists.retain(|(known, _)| *known != buffer);
        }
        self.test_in(to, test)
    }

    /// A number, or a variable that was set before.
    pub fn number(&self, text: &str) -> Result<Number, String> {
        let text = text.trim();
        if let Some(index) = self.variables.iter().position(|name| name == text) {
            return Ok(Number::Variable(u8::try_from(index).expect("`variable` bounds them")));
        }
        integer(text)
            .map(Number::Constant)
            .ok_or_else(|| format!("`{text}` is neither a number nor a variable set before"))
    }

    /// The number of the variable `name`, which is new or set again.
    pub fn variable(&mut self, name: &str) -> Result<u8, String> {
        let known = self.variables.iter().position(|known| known == name);
        let index = match known {
            Some(index) => index,
            None if self.variables.len() == VARIABLES => return Err(format!("more than {VARIABLES} variables")),
            None => {
                self.variables.push(name.to_string());
                self.variables.len() - 1
            }
        };
        Ok(u8::try_from(index).expect("at most VARIABLES"))
    }
}

/// A number as rules write it: decimal, or hexadecimal with `0x`, with a sign.
pub fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hexadecimal) => i64::from_str_radix(hexadecimal, 16),
        None => digits.parse(),
    };
    value.ok().filter(|value| *value >= 0).map(|value| if negative { -value } else { value })
}
