// SPDX-License-Identifier: Apache-2.0
//! The words that a packet's data show to a [`Diagram`](super::Diagram), wherever headers are.

use super::Words;
use super::field::NEAR;
use super::words::padded_word;

/// The code of the word that is the packet's length.
pub(crate) const LENGTH: u16 = 0xffff;

/// A packet's data as words: the diagram's list of places says which offset each has.
pub struct DataWords<'a> {
    data: &'a [u8],
    places: &'static [u16],
}

impl<'a> DataWords<'a> {
    /// The words of `data` at `places`.
    #[inline]
    pub fn new(data: &'a [u8], places: &'static [u16]) -> Self {
        DataWords { data, places }
    }
}

impl Words for DataWords<'_> {
    #[inline]
    fn word(&self, index: usize) -> u32 {
        match self.places[index - NEAR] {
            LENGTH => self.data.len() as u32,
            offset => padded_word(self.data, offset.into()),
        }
    }
}
