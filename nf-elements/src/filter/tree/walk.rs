// SPDX-License-Identifier: Apache-2.0
//! The search for the first rule that a packet matches.

use super::check::{Fault, check};
use super::format::{
    AT_FAR, AT_LENGTH, AT_RULES, AT_STEPS, BOTH, HEAD, KIND, LEAF, MOST_STEPS, MOST_WAITING, NARROW, SPLIT, Word, word,
};
use crate::filter::field::NEAR;
use crate::filter::{NO_MATCH, Words};

/// A tree that was checked. Whatever its words are, a walk through it ends and reads nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a> {
    words: &'a [Word],
}

/// What was found so far.
struct Best {
    rule: u32,
    leaf: u16,
}

impl<'a> Tree<'a> {
    /// The tree in `words`, if there is one.
    pub fn new(words: &'a [Word]) -> Result<Self, Fault> {
        check(words).map(|()| Tree { words })
    }

    /// The tree in `words`, which were checked before.
    pub const fn of_checked(words: &'a [Word]) -> Self {
        Tree { words }
    }

    /// How many rules it was made of.
    pub fn rules(&self) -> u32 {
        word(self.words, AT_RULES)
    }

    /// How many words it says that it has.
    pub fn words(&self) -> usize {
        word(self.words, AT_LENGTH) as usize
    }

    /// How long it is.
    pub const fn bytes(&self) -> usize {
        size_of_val(self.words)
    }

    /// The leaf of the first rule that `packet` matches, or [`NO_MATCH`].
    #[inline]
    pub fn walk<W: Words>(&self, packet: &W) -> u16 {
        let mut best = Best { rule: u32::MAX, leaf: NO_MATCH };
        let mut waiting = [(0, 0); MOST_WAITING];
        let mut count = 0;
        let mut at = HEAD + word(self.words, AT_FAR) as usize;
        for _ in 0..word(self.words, AT_STEPS).min(MOST_STEPS) {
            let head = word(self.words, at);
            let size = (head & !KIND) as usize;
            let next = match head & KIND {
                SPLIT => self.split(packet, at, size),
                BOTH => {
                    for part in (1..size).rev() {
                        let place = at + 1 + 2 * part;
                        if let Some(slot) = waiting.get_mut(count) {
                            *slot = (word(self.words, place), word(self.words, place + 1));
                            count += 1;
                        }
                    }
                    word(self.words, at + 2) as usize
                }
                _ => {
                    self.leaf(packet, at + 1, size, &mut best);
                    0
                }
            };
            at = match next {
                0 => match Self::next(&waiting, &mut count, best.rule) {
                    Some(part) => part,
                    None => break,
                },
                next => next,
            };
        }
        best.leaf
    }

    /// The next part that waits and has rules in front of `best`.
    #[inline(always)]
    fn next(waiting: &[(u32, u32); MOST_WAITING], count: &mut usize, best: u32) -> Option<usize> {
        loop {
            *count = count.checked_sub(1)?;
            let (least, target) = waiting[*count % MOST_WAITING];
            if least < best {
                return Some(target as usize);
            }
        }
    }

    /// The target for the packet's value.
    #[inline(always)]
    fn split<W: Words>(&self, packet: &W, at: usize, size: usize) -> usize {
        let value = self.value(packet, word(self.words, at + 1));
        let bounds = self.words.get(at + 2..at + 2 + size).unwrap_or(&[]);
        let interval = bounds.partition_point(|bound| u32::from_le_bytes(*bound) <= value);
        word(self.words, at + 2 + size + interval) as usize
    }

    /// Asks the rules of a leaf, from `at` on.
    #[inline(always)]
    fn leaf<W: Words>(&self, packet: &W, mut at: usize, rules: usize, best: &mut Best) {
        for _ in 0..rules {
            let (rule, head) = (word(self.words, at), word(self.words, at + 1));
            if rule >= best.rule {
                return;
            }
            let end = at + 2 + (head & 0xffff) as usize;
            if self.holds(packet, at + 2, end) {
                *best = Best { rule, leaf: (head >> 16) as u16 };
                return;
            }
            at = end;
        }
    }

    /// Whether all tests from `at` to `end` hold.
    #[inline(always)]
    fn holds<W: Words>(&self, packet: &W, mut at: usize, end: usize) -> bool {
        while at < end {
            let field = word(self.words, at);
            let value = self.value(packet, field);
            let (first, last) = if field & NARROW != 0 {
                let range = word(self.words, at + 1);
                at += 2;
                (range & 0xffff, range >> 16)
            } else {
                at += 3;
                (word(self.words, at - 2), word(self.words, at - 1))
            };
            if value.wrapping_sub(first) > last.wrapping_sub(first) {
                return false;
            }
        }
        true
    }

    /// The value of that field.
    #[inline(always)]
    fn value<W: Words>(&self, packet: &W, field: u32) -> u32 {
        let number = (field >> 26) as usize;
        let word = match packet.near().get(number) {
            Some(word) => *word,
            None => self.far(packet, number),
        };
        word << (field >> 21 & 31) >> (field >> 16 & 31)
    }

    // By itself, lest every walk through near words has the code for the others in it.
    #[inline(never)]
    fn far<W: Words>(&self, packet: &W, number: usize) -> u32 {
        packet.far(word(self.words, HEAD + number - NEAR) as u16)
    }
}

const _: () = assert!(LEAF == 0 && MOST_WAITING.is_power_of_two());
