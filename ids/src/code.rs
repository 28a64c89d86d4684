// SPDX-License-Identifier: Apache-2.0
//! The tests of a rule as bytes: what the compiler writes, the engine reads one after another.
//!
//! A rule's code is a run of tests on the packet, then, for each buffer, [`Op::List`] and that buffer's tests, then what is done
//! after a match (flowbits, thresholds). Numbers are little-endian. A reader never trusts a length: past the end it reads zeros
//! and stops.
use crate::rule::{Buffer, Field};

#[cfg(feature = "host")]
mod write;
#[cfg(feature = "host")]
pub use write::write;

/// A place in a rule's code.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Begins at the first byte of `code`.
    #[must_use]
    pub const fn new(code: &'a [u8]) -> Self {
        Self { rest: code }
    }

    #[inline]
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((&[], &[]));
        self.rest = rest;
        taken
    }

    #[inline]
    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn flag(&mut self) -> bool {
        self.byte() != 0
    }

    #[inline]
    fn half(&mut self) -> u16 {
        self.take(2).try_into().map_or(0, u16::from_le_bytes)
    }

    #[inline]
    fn word(&mut self) -> u32 {
        self.take(4).try_into().map_or(0, u32::from_le_bytes)
    }

    #[inline]
    fn number(&mut self) -> Number {
        match self.byte() {
            0 => Number::Constant(i64::from(self.word().cast_signed())),
            1 => Number::Variable(self.byte()),
            _ => Number::Constant(self.take(8).try_into().map_or(0, i64::from_le_bytes)),
        }
    }

    #[inline]
    fn optional(&mut self) -> Option<Number> {
        if self.flag() { Some(self.number()) } else { None }
    }

    fn value(&mut self) -> Value {
        Value {
            bytes: self.byte(),
            offset: self.number(),
            relative: self.flag(),
            little: self.flag(),
            base: self.byte(),
            mask: self.word(),
        }
    }

    fn range(&mut self) -> Range {
        Range { negated: self.flag(), low: self.word(), high: self.word() }
    }
}

/// A number that a rule gives, or the variable that an earlier test of it sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// As written in the rule.
    Constant(i64),
    /// Set by `byte_extract` or `byte_math`.
    Variable(u8),
}

/// An inclusive range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Matches what lies outside.
    pub negated: bool,
    /// The smallest number in it.
    pub low: u32,
    /// The largest.
    pub high: u32,
}

impl Range {
    /// Whether `value` satisfies it.
    #[must_use]
    pub fn contains(&self, value: u32) -> bool {
        (self.low <= value && value <= self.high) != self.negated
    }
}

/// `content`, with what modifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    /// The bytes; in lower case if `nocase`.
    pub bytes: &'a [u8],
    /// Letters match in either case.
    pub nocase: bool,
    /// Must not be found.
    pub negated: bool,
    /// Must end where the buffer ends.
    pub ends: bool,
    /// A later test depends on where this one matched.
    pub chained: bool,
    /// First place, from the buffer's start.
    pub offset: Number,
    /// Bytes from there that it must lie in.
    pub depth: Option<Number>,
    /// First place, from the end of the previous match.
    pub distance: Option<Number>,
    /// Bytes from there that it must lie in.
    pub within: Option<Number>,
}

/// A number in the buffer, as the `byte_` keywords read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its length in bytes.
    pub bytes: u8,
    /// Where it begins.
    pub offset: Number,
    /// That is counted from the end of the previous match.
    pub relative: bool,
    /// It is little-endian.
    pub little: bool,
    /// It is written in digits of this base; 0: it is binary.
    pub base: u8,
    /// Bits of it that count; what is left is shifted right by the mask's trailing zeros. 0: all.
    pub mask: u32,
}

/// One test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    /// A number of the packet's headers.
    Number(Field, Range),
    /// `tcp.flags`: the bits under `mask` are compared with `flags` as `mode` says.
    TcpFlags {
        /// `=`, `+` (all of these), `*` (any of these), `!` (not these)
        mode: u8,
        /// The flags.
        flags: u8,
        /// What is looked at.
        mask: u8,
    },
    /// `fragbits`, as for [`Op::TcpFlags`]; bits: 1 more fragments, 2 don't fragment, 4 reserved.
    FragmentBits {
        /// As for [`Op::TcpFlags`].
        mode: u8,
        /// The bits.
        bits: u8,
    },
    /// `ipopts`: an option of this type is there; 255: any option.
    IpOption(u8),
    /// `sameip`
    SameIp,
    /// `flowbits:isset` (or `isnotset`): any of these bits.
    FlowBit {
        /// Must not be set.
        negated: bool,
        /// Of the host rather than of the flow; 0 flow, 1 source, 2 destination, 3 both.
        owner: u8,
        /// Its number.
        bit: u16,
        /// Alternatives follow: this one suffices, or the next.
        or: bool,
    },
    /// What follows is about this buffer.
    List(Buffer),
    /// `content`
    Content(Content<'a>),
    /// `pcre`
    Pcre {
        /// Must not match.
        negated: bool,
        /// From the end of the previous match.
        relative: bool,
        /// A later test depends on where this one matched.
        chained: bool,
        /// The automaton's place in the table.
        automaton: u32,
    },
    /// `byte_test`
    ByteTest {
        /// What is compared.
        value: Value,
        /// The comparison, negated.
        negated: bool,
        /// `<`, `>`, `=`, `l` (≤), `g` (≥), `&`, `^`
        operator: u8,
        /// With what.
        with: Number,
    },
    /// `byte_jump`
    ByteJump {
        /// How far.
        value: Value,
        /// Times this.
        multiplier: u16,
        /// Rounded up to a multiple of four.
        align: bool,
        /// 0 from the value's end, 1 from the buffer's start, 2 from the buffer's end.
        from: u8,
        /// And this much more.
        post: Number,
    },
    /// `byte_extract`
    ByteExtract {
        /// What is read.
        value: Value,
        /// Times this.
        multiplier: u16,
        /// Rounded up to a multiple of this; 0: not.
        align: u8,
        /// The variable that is set.
        variable: u8,
    },
    /// `byte_math`
    ByteMath {
        /// What is read.
        value: Value,
        /// `+`, `-`, `*`, `/`, `<`, `>` (shifts)
        operator: u8,
        /// The other operand.
        with: Number,
        /// The variable that is set.
        variable: u8,
    },
    /// `isdataat`
    DataAt {
        /// There must be none.
        negated: bool,
        /// From the end of the previous match.
        relative: bool,
        /// At this place.
        place: Number,
    },
    /// `bsize`, `urilen`: the buffer's length.
    Size(Range),
    /// `flowbits:set`, `unset` or `toggle` after a match: 0, 1, 2.
    Mark {
        /// What is done.
        what: u8,
        /// As for [`Op::FlowBit`].
        owner: u8,
        /// Its number.
        bit: u16,
    },
    /// `threshold` or `detection_filter`.
    Threshold {
        /// 0 limit, 1 threshold, 2 both, 3 detection filter.
        kind: u8,
        /// 0 by source, 1 by destination, 2 by rule, 3 by both, 4 by flow.
        track: u8,
        /// How many.
        count: u32,
        /// In how many seconds.
        seconds: u32,
    },
    /// The `nocase` of Snort 3 and what else a future table may hold: never written, ends the code.
    End,
}

impl<'a> Iterator for Cursor<'a> {
    type Item = Op<'a>;

    fn next(&mut self) -> Option<Op<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        Some(match self.byte() {
            1 => Op::Number(Field::from_byte(self.byte()), self.range()),
            2 => Op::TcpFlags { mode: self.byte(), flags: self.byte(), mask: self.byte() },
            3 => Op::FragmentBits { mode: self.byte(), bits: self.byte() },
            4 => Op::IpOption(self.byte()),
            5 => Op::SameIp,
            6 => Op::FlowBit { negated: self.flag(), owner: self.byte(), bit: self.half(), or: self.flag() },
            7 => Op::List(Buffer::from_byte(self.byte())),
            8 => Op::Content(self.content()),
            9 => Op::Pcre { negated: self.flag(), relative: self.flag(), chained: self.flag(), automaton: self.word() },
            10 => {
                let value = self.value();
                Op::ByteTest { value, negated: self.flag(), operator: self.byte(), with: self.number() }
            }
            11 => Op::ByteJump {
                value: self.value(),
                multiplier: self.half(),
                align: self.flag(),
                from: self.byte(),
                post: self.number(),
            },
            12 => Op::ByteExtract {
                value: self.value(),
                multiplier: self.half(),
                align: self.byte(),
                variable: self.byte(),
            },
            13 => {
                Op::ByteMath { value: self.value(), operator: self.byte(), with: self.number(), variable: self.byte() }
            }
            14 => Op::DataAt { negated: self.flag(), relative: self.flag(), place: self.number() },
            15 => Op::Size(self.range()),
            16 => Op::Mark { what: self.byte(), owner: self.byte(), bit: self.half() },
            17 => Op::Threshold { kind: self.byte(), track: self.byte(), count: self.word(), seconds: self.word() },
            _ => {
                self.rest = &[];
                Op::End
            }
        })
    }
}

impl<'a> Cursor<'a> {
    #[inline]
    fn content(&mut self) -> Content<'a> {
        let flags = self.byte();
        let offset = self.number();
        let (depth, distance, within) = (self.optional(), self.optional(), self.optional());
        let length = usize::from(self.half());
        Content {
            bytes: self.take(length),
            nocase: flags & 1 != 0,
            negated: flags & 2 != 0,
            ends: flags & 4 != 0,
            chained: flags & 8 != 0,
            offset,
            depth,
            distance,
            within,
        }
    }
}
