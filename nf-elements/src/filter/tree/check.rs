// SPDX-License-Identifier: Apache-2.0
//! Whether words are a tree.

use super::format::{
    AT_CHECKSUM, AT_FAR, AT_LENGTH, AT_STEPS, BOTH, HEAD, KIND, LEAF, MAGIC, MOST_BOUNDS, MOST_STEPS, MOST_WAITING,
    NARROW, SPLIT, SUM, Word, sum, word,
};
use crate::filter::field::NEAR;
use core::fmt;

/// Why words are no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They do not begin as one does.
    Head,
    /// It says another length than there is.
    Length,
    /// The checksum is another one.
    Checksum,
    /// The node at this word is none.
    Node(usize),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Head => out.write_str("these are no compiled rules of this version"),
            Fault::Length => out.write_str("compiled rules of another length than they say"),
            Fault::Checksum => out.write_str("compiled rules with a wrong checksum"),
            Fault::Node(at) => write!(out, "compiled rules with a bad node at word {at}"),
        }
    }
}

impl core::error::Error for Fault {}

/// Checks a whole tree.
pub fn check(words: &[Word]) -> Result<(), Fault> {
    let mut checked = Checked::begin(words)?;
    checked.advance(words)?;
    checked.end(words)
}

/// How far the words of a tree that arrives in pieces were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Words in all.
    pub length: usize,
    summed: usize,
    sum: u32,
    node: usize,
}

impl Checked {
    /// Words that [`Checked::begin`] wants to see.
    pub const HEAD_WORDS: usize = HEAD;

    /// Checks the head, which `words` begin with.
    pub fn begin(words: &[Word]) -> Result<Self, Fault> {
        let far = word(words, AT_FAR) as usize;
        if word(words, 0) != MAGIC || word(words, AT_STEPS) > MOST_STEPS || far > 64 - NEAR {
            return Err(Fault::Head);
        }
        let length = word(words, AT_LENGTH) as usize;
        if length <= HEAD + far {
            return Err(Fault::Length);
        }
        Ok(Checked { length, summed: AT_CHECKSUM + 1, sum: SUM, node: HEAD + far })
    }

    /// Goes on with the words that are there, from the first one.
    pub fn advance(&mut self, words: &[Word]) -> Result<(), Fault> {
        if words.len() > self.length {
            return Err(Fault::Length);
        }
        for at in self.summed..words.len() {
            self.sum = sum(self.sum, word(words, at));
        }
        self.summed = self.summed.max(words.len());
        while self.node < words.len() {
            match self.node_end(words) {
                Some(end) if end > self.length => return Err(Fault::Node(self.node)),
                Some(end) if end > words.len() => return Ok(()),
                Some(end) if self.node_is_good(words) => self.node = end,
                None if words.len() < self.length => return Ok(()),
                _ => return Err(Fault::Node(self.node)),
            }
        }
        Ok(())
    }

    /// Whether all is there and good.
    pub fn end(&self, words: &[Word]) -> Result<(), Fault> {
        if words.len() != self.length {
            return Err(Fault::Length);
        }
        if self.sum != word(words, AT_CHECKSUM) {
            return Err(Fault::Checksum);
        }
        if self.node == self.length { Ok(()) } else { Err(Fault::Node(self.node)) }
    }

    /// The end of the next node, if as much of it is there as says this.
    fn node_end(&self, words: &[Word]) -> Option<usize> {
        let head = word(words, self.node);
        let size = (head & !KIND) as usize;
        match head & KIND {
            LEAF => {
                let mut at = self.node + 1;
                for _ in 0..size {
                    let head = words.get(at + 1)?;
                    at += 2 + (u32::from_le_bytes(*head) & 0xffff) as usize;
                }
                Some(at)
            }
            SPLIT => Some(self.node + 3 + 2 * size),
            _ => Some(self.node + 1 + 2 * size),
        }
    }

    /// Whether the next node, which is there, can be walked through.
    fn node_is_good(&self, words: &[Word]) -> bool {
        let head = word(words, self.node);
        let (at, size) = (self.node + 1, (head & !KIND) as usize);
        let target = |at| {
            let target = word(words, at) as usize;
            target == 0 || (self.node + 1..self.length).contains(&target)
        };
        match head & KIND {
            LEAF => self.rules_are_good(words, at, size),
            SPLIT => {
                let ascending = (at + 2..at + size).all(|at| word(words, at - 1) < word(words, at));
                let bounds = (1..=MOST_BOUNDS).contains(&size);
                bounds && ascending && self.field(words, at) && (at + 1 + size..=at + 1 + 2 * size).all(target)
            }
            BOTH => (2..=MOST_WAITING).contains(&size) && (0..size).all(|part| target(at + 2 * part + 1)),
            _ => false,
        }
    }

    fn rules_are_good(&self, words: &[Word], mut at: usize, rules: usize) -> bool {
        for _ in 0..rules {
            let end = at + 2 + (word(words, at + 1) & 0xffff) as usize;
            at += 2;
            while at < end {
                if !self.field(words, at) {
                    return false;
                }
                at += if word(words, at) & NARROW != 0 { 2 } else { 3 };
            }
            if at != end {
                return false;
            }
        }
        true
    }

    /// Whether the field there is of a word that there is.
    fn field(&self, words: &[Word], at: usize) -> bool {
        ((word(words, at) >> 26) as usize) < NEAR + word(words, AT_FAR) as usize
    }
}
