// SPDX-License-Identifier: Apache-2.0
//! Which buffers of a shared pool are with this end: what makes a buffer that a peer hands over twice, or never had, show.

use crate::shape::MAX_BUFFERS;
use crate::sync::{AtomicU64, Ordering};

/// Words of a set of buffers, of both ends together.
pub(crate) const SET_WORDS: usize = 2 * MAX_BUFFERS / 64;

/// A set of buffers.
pub(crate) type Set = [u64; SET_WORDS];

/// Whether a set has a buffer.
#[inline]
pub(crate) fn has(set: &Set, buffer: usize) -> bool {
    set.get(buffer / 64).is_some_and(|word| word >> (buffer % 64) & 1 == 1)
}

/// Adds a buffer to a set, or takes it out.
#[inline]
pub(crate) fn put(set: &mut Set, buffer: usize, member: bool) {
    if let Some(word) = set.get_mut(buffer / 64) {
        let bit = 1 << (buffer % 64);
        *word = if member { *word | bit } else { *word & !bit };
    }
}

/// The buffers that are with this end. The other end reads a copy, when one of both has come back.
pub(crate) struct Custody<'m> {
    held: Set,
    /// Those on their way to the other end that are not published yet: no more held, but still shown.
    leaving: Set,
    /// The words of `leaving` that are not zero.
    dirty: u128,
    shown: &'m [AtomicU64; SET_WORDS],
}

const _: () = assert!(SET_WORDS <= u128::BITS as usize);

impl<'m> Custody<'m> {
    /// None. It does not show yet.
    pub fn none(shown: &'m [AtomicU64; SET_WORDS]) -> Self {
        Custody { held: [0; SET_WORDS], leaving: [0; SET_WORDS], dirty: 0, shown }
    }

    /// Whether a buffer is with this end.
    #[inline]
    pub fn holds(&self, buffer: usize) -> bool {
        has(&self.held, buffer)
    }

    /// Whether a buffer is in something that is not published yet.
    pub fn is_leaving(&self, buffer: usize) -> bool {
        has(&self.leaving, buffer)
    }

    /// A buffer has come.
    #[inline]
    pub fn come(&mut self, buffer: usize) {
        put(&mut self.held, buffer, true);
        self.show_word(buffer / 64);
    }

    /// A buffer goes, with what is published next.
    #[inline]
    pub fn leave(&mut self, buffer: usize) {
        put(&mut self.held, buffer, false);
        put(&mut self.leaving, buffer, true);
        self.dirty |= 1 << (buffer / 64);
    }

    /// What was leaving has been published.
    #[inline]
    pub fn left(&mut self) {
        while self.dirty != 0 {
            let word = self.dirty.trailing_zeros() as usize;
            self.dirty &= self.dirty - 1;
            self.leaving[word] = 0;
            self.show_word(word);
        }
    }

    /// Shows the whole set.
    pub fn show(&self) {
        (0..SET_WORDS).for_each(|word| self.show_word(word));
    }

    fn show_word(&self, word: usize) {
        // Release, for the Acquire in `shown`: a buffer is published on its way before it is shown as gone.
        self.shown[word].store(self.held[word] | self.leaving[word], Ordering::Release);
    }
}

/// What the other end shows.
pub(crate) fn shown(words: &[AtomicU64; SET_WORDS]) -> Set {
    core::array::from_fn(|word| words[word].load(Ordering::Acquire))
}
