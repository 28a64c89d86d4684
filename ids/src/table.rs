// SPDX-License-Identifier: Apache-2.0
//! The table of compiled rules: how its bytes are laid out, and the views that the engine takes of them.
//!
//! Words are 32 bits, little-endian. The table begins with [`MAGIC`], [`VERSION`], the number of rules, of flowbits and of
//! patterns' words in the largest rule set, then offset and length of each [`Section`]. Offsets inside a section count bytes from
//! that section's start. Reading past an end gives zeros, so a damaged table matches wrongly but never panics.

use crate::code::Cursor;
use crate::rule::{Action, AppProtocol, Stage};

/// The first word of a table.
pub const MAGIC: u32 = u32::from_le_bytes(*b"SIDS");
/// The version of the layout; grows with each change.
pub const VERSION: u32 = 1;
/// "None", where an offset stands.
pub const NONE: u32 = u32::MAX;

/// What a table consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// One record of [`RULE_WORDS`] words per rule, in the order in which rules are evaluated.
    Rules,
    /// The rules' tests ([`crate::code`]).
    Code,
    /// Messages and classes.
    Text,
    /// Sets of addresses and ports.
    Sets,
    /// Which rules are candidates for which packets.
    Groups,
    /// Multi-pattern automata.
    Automata,
    /// The automata of regular expressions.
    Expressions,
}

/// How many sections there are.
pub const SECTIONS: usize = 7;
/// Bytes of the head: five words, then two for each section.
pub const HEAD_BYTES: usize = 4 * (5 + 2 * SECTIONS);
/// Words of a rule's record.
pub const RULE_WORDS: usize = 20;

/// The word at byte `at`; 0 past the end.
#[inline]
#[must_use]
pub fn word(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
        _ => 0,
    }
}

/// Why a table cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableError {
    /// It does not begin with [`MAGIC`].
    NotATable,
    /// It has another version's layout.
    Version(u32),
    /// A section lies outside of it.
    Truncated,
}

/// A table of compiled rules, in place.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// How many rules it holds.
    pub count: usize,
    /// How many flowbits they name.
    pub flowbits: usize,
    sections: [&'a [u8]; SECTIONS],
}

impl<'a> Rules<'a> {
    /// Opens `table`, which [`crate::compile`] made.
    ///
    /// # Errors
    /// If it is not such a table, or one of another version.
    pub fn read(table: &'a [u8]) -> Result<Self, TableError> {
        if word(table, 0) != MAGIC {
            return Err(TableError::NotATable);
        }
        if word(table, 4) != VERSION {
            return Err(TableError::Version(word(table, 4)));
        }
        let mut sections: [&[u8]; SECTIONS] = [&[]; SECTIONS];
        for (index, section) in sections.iter_mut().enumerate() {
            let start = word(table, 20 + 8 * index) as usize;
            let length = word(table, 24 + 8 * index) as usize;
            *section = table.get(start..start.saturating_add(length)).ok_or(TableError::Truncated)?;
        }
        let count = word(table, 8) as usize;
        if sections[Section::Rules as usize].len() < count * RULE_WORDS * 4 {
            return Err(TableError::Truncated);
        }
        Ok(Self { count, flowbits: word(table, 12) as usize, sections })
    }

    /// A table without rules.
    #[must_use]
    pub const fn none() -> Self {
        Self { count: 0, flowbits: 0, sections: [&[]; SECTIONS] }
    }

    /// The bytes of a section.
    #[inline]
    #[must_use]
    pub fn section(&self, section: Section) -> &'a [u8] {
        self.sections[section as usize]
    }

    /// The rule with this index.
    #[inline]
    #[must_use]
    pub fn rule(&self, index: u32) -> RuleView<'a> {
        RuleView { rules: *self, index, base: index as usize * RULE_WORDS * 4 }
    }
}

/// One rule of a table.
#[derive(Clone, Copy, Debug)]
pub struct RuleView<'a> {
    rules: Rules<'a>,
    /// Its place in the order of evaluation.
    pub index: u32,
    base: usize,
}

/// The words of a rule's record.
#[derive(Clone, Copy, Debug)]
pub enum RuleWord {
    /// Signature identifier.
    Sid,
    /// Generator identifier.
    Gid,
    /// Revision.
    Revision,
    /// Priority, 1 to 255.
    Priority,
    /// Bytes: action, protocols, stage, application protocol.
    Kind,
    /// Bits of [`crate::rule::condition`].
    Conditions,
    /// Sets: source addresses.
    Source,
    /// Sets: destination addresses.
    Destination,
    /// Sets: source ports.
    SourcePorts,
    /// Sets: destination ports.
    DestinationPorts,
    /// Code: tests on the packet.
    Packet,
    /// And its length.
    PacketLength,
    /// Code: tests on buffers.
    Lists,
    /// And its length.
    ListsLength,
    /// Code: what follows a match.
    After,
    /// And its length.
    AfterLength,
    /// Text: the message.
    Message,
    /// And its length.
    MessageLength,
    /// Text: the class.
    Class,
    /// And its length.
    ClassLength,
}

impl<'a> RuleView<'a> {
    /// One word of the rule's record.
    #[inline]
    #[must_use]
    pub fn word(&self, which: RuleWord) -> u32 {
        word(self.rules.section(Section::Rules), self.base + 4 * which as usize)
    }

    fn kind(&self) -> [u8; 4] {
        self.word(RuleWord::Kind).to_le_bytes()
    }

    /// What it does when it matches.
    #[must_use]
    pub fn action(&self) -> Action {
        Action::from_byte(self.kind()[0])
    }

    /// The protocols it is about, bits of [`crate::rule::protocol`].
    #[must_use]
    pub fn protocols(&self) -> u8 {
        self.kind()[1]
    }

    /// When it is evaluated.
    #[must_use]
    pub fn stage(&self) -> Stage {
        Stage::from_byte(self.kind()[2])
    }

    /// The application protocol it is about.
    #[must_use]
    pub fn app(&self) -> AppProtocol {
        AppProtocol::from_byte(self.kind()[3])
    }

    fn part(&self, section: Section, start: RuleWord, length: RuleWord) -> &'a [u8] {
        let start = self.word(start) as usize;
        self.rules.section(section).get(start..start + self.word(length) as usize).unwrap_or(&[])
    }

    /// The tests on the packet.
    #[inline]
    #[must_use]
    pub fn packet_tests(&self) -> Cursor<'a> {
        Cursor::new(self.part(Section::Code, RuleWord::Packet, RuleWord::PacketLength))
    }

    /// The tests on buffers.
    #[inline]
    #[must_use]
    pub fn lists(&self) -> Cursor<'a> {
        Cursor::new(self.part(Section::Code, RuleWord::Lists, RuleWord::ListsLength))
    }

    /// What follows a match.
    #[inline]
    #[must_use]
    pub fn after(&self) -> Cursor<'a> {
        Cursor::new(self.part(Section::Code, RuleWord::After, RuleWord::AfterLength))
    }

    fn text(&self, start: RuleWord, length: RuleWord) -> &'a str {
        core::str::from_utf8(self.part(Section::Text, start, length)).unwrap_or("")
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &'a str {
        self.text(RuleWord::Message, RuleWord::MessageLength)
    }

    /// The class, in words.
    #[must_use]
    pub fn class(&self) -> &'a str {
        self.text(RuleWord::Class, RuleWord::ClassLength)
    }
}

/// Whether the port set at `set` of the sets holds `port`.
#[must_use]
pub fn has_port(sets: &[u8], set: u32, port: u16) -> bool {
    if set == NONE {
        return true;
    }
    let count = word(sets, set as usize) as usize;
    let range = |index: usize| word(sets, set as usize + 4 + 4 * index);
    let after = partition(count, |index| range(index) & 0xffff <= u32::from(port));
    after > 0 && range(after - 1) >> 16 >= u32::from(port)
}

/// Whether the address set at `set` of the sets holds `address`: 4 or 16 bytes.
#[must_use]
pub fn has_address(sets: &[u8], set: u32, address: &[u8]) -> bool {
    if set == NONE {
        return true;
    }
    let start = set as usize;
    let (four, six) = (word(sets, start) as usize, word(sets, start + 4) as usize);
    let (first, count) = if address.len() == 4 { (start + 8, four) } else { (start + 8 + 8 * four, six) };
    let width = address.len();
    let bound = |index: usize| sets.get(first + index * width..first + (index + 1) * width).unwrap_or(&[]);
    let after = partition(count, |index| bound(2 * index) <= address);
    after > 0 && bound(2 * (after - 1) + 1) >= address
}

/// The number of indices for which `before` holds, which must be a prefix of `0..count`.
pub(crate) fn partition(count: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}
