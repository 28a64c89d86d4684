// SPDX-License-Identifier: Apache-2.0
//! The words that a packet's data show to a [`Diagram`](super::Diagram), wherever headers are.

use super::Words;
use super::field::NEAR;
use super::words::padded_word;

/// The code of the word that is the packet's length.
pub(crate) const LENGTH: u16 = 0xffff;

/// A packet's data as words, each at the offset that is its place.
pub struct DataWords<'a>(&'a [u8]);

impl<'a> DataWords<'a> {
    /// The words of `data`.
    #[inline]
    pub fn new(data: &'a [u8]) -> Self {
        DataWords(data)
    }
}

impl Words for DataWords<'_> {
    #[inline]
    fn near(&self) -> &[u32; NEAR] {
        &[0; NEAR]
    }

    #[inline]
    fn far(&self, place: u16) -> u32 {
        match place {
            LENGTH => self.0.len() as u32,
            offset => padded_word(self.0, offset.into()),
        }
    }
}
