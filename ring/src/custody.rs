// SPDX-License-Identifier: Apache-2.0
//! Which buffers of a shared pool are with this end: what makes a buffer that a peer hands over twice, or never had, show.

use crate::region::MAX_BUFFERS;
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
    shown: &'m [AtomicU64; SET_WORDS],
}

impl<'m> Custody<'m> {
    /// None. It does not show yet.
    pub fn none(shown: &'m [AtomicU64; SET_WORDS]) -> Self {
        Custody { held: [0; SET_WORDS], shown }
    }

    /// Whether a buffer is with this end.
    #[inline]
    pub fn holds(&self, buffer: usize) -> bool {
        has(&self.held, buffer)
    }

    /// Notes that a buffer is with this end now, or no more.
    #[inline]
    pub fn set(&mut self, buffer: usize, held: bool) {
        put(&mut self.held, buffer, held);
        if let (Some(shown), Some(held)) = (self.shown.get(buffer / 64), self.held.get(buffer / 64)) {
            // Release, for the Acquire in `shown`: a buffer is published on its way back before it is shown as gone.
            shown.store(*held, Ordering::Release);
        }
    }

    /// Shows the whole set.
    pub fn show(&self) {
        self.shown.iter().zip(self.held).for_each(|(shown, held)| shown.store(held, Ordering::Release));
    }
}

/// What the other end shows.
pub(crate) fn shown(words: &[AtomicU64; SET_WORDS]) -> Set {
    core::array::from_fn(|word| words[word].load(Ordering::Acquire))
}
