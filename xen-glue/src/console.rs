// SPDX-License-Identifier: Apache-2.0
//! A console: a ring of bytes each way in one page (xen/include/public/io/console.h).

use crate::Pages;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering, fence};

/// Bytes of the ring that brings input, and of the one that takes output.
const INPUT_BYTES: usize = 1024;
const OUTPUT_BYTES: usize = 2048;
/// Where the indices begin, in 32-bit words: `in_cons`, `in_prod`, `out_cons`, `out_prod`.
const INDICES: usize = (INPUT_BYTES + OUTPUT_BYTES) / 4;

/// Our end of a console. The other end can lie in its own two indices only: then bytes are lost, no more.
pub struct Console {
    input: &'static [AtomicU8; INPUT_BYTES],
    output: &'static [AtomicU8; OUTPUT_BYTES],
    indices: &'static [AtomicU32; 4],
    /// Our own two indices, which nobody else may change.
    consumed: u32,
    produced: u32,
}

impl Console {
    /// The console of `page`, taken up where it stands.
    pub fn new(page: &Pages) -> Console {
        let (input, rest) = page.bytes().split_first_chunk().expect("a page holds it");
        let indices: &'static [AtomicU32; 4] = page.words()[INDICES..].first_chunk().expect("a page holds them");
        let own = |index: usize| indices[index].load(Ordering::Relaxed);
        let output = rest.first_chunk().expect("a page holds it");
        Console { input, output, consumed: own(0), produced: own(3), indices }
    }

    /// Takes bytes that have come, as many as `into` has room for: how many.
    pub fn read(&mut self, into: &mut [u8]) -> usize {
        let count = self.available().min(into.len());
        for byte in &mut into[..count] {
            *byte = self.input[self.consumed as usize % INPUT_BYTES].load(Ordering::Relaxed);
            self.consumed = self.consumed.wrapping_add(1);
        }
        // Release: the bytes are read before the other end may write there.
        self.indices[0].store(self.consumed, Ordering::Release);
        count
    }

    /// How many bytes have come.
    pub fn available(&self) -> usize {
        // Acquire: pairs with the other end's publication of its bytes.
        let ahead = self.indices[1].load(Ordering::Acquire).wrapping_sub(self.consumed) as usize;
        ahead.min(INPUT_BYTES)
    }

    /// Gives the other end bytes, as many as there is room for: how many. It is to be told of them.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        let count = self.room().min(bytes.len());
        for &byte in &bytes[..count] {
            self.output[self.produced as usize % OUTPUT_BYTES].store(byte, Ordering::Relaxed);
            self.produced = self.produced.wrapping_add(1);
        }
        // Release: the bytes are there before the other end sees that they are.
        self.indices[3].store(self.produced, Ordering::Release);
        count
    }

    /// For how many bytes there is room.
    pub fn room(&self) -> usize {
        // The bytes that are written next must not pass this load.
        let consumed = self.indices[2].load(Ordering::Acquire);
        OUTPUT_BYTES.saturating_sub(self.produced.wrapping_sub(consumed) as usize)
    }

    /// Whether the other end has taken all bytes. To be asked again after an event of its channel.
    pub fn is_drained(&self) -> bool {
        // Our last index must be out before theirs is read, or both ends might wait for each other.
        fence(Ordering::SeqCst);
        self.room() == OUTPUT_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_both_ways_around_the_corner() {
        let page = Pages::leaked(1);
        page.words()[INDICES..].iter().take(4).for_each(|index| index.store(u32::MAX - 2, Ordering::Relaxed));
        let mut ours = Console::new(&page);
        assert_eq!((ours.available(), ours.write(b"hello")), (0, 5));
        let at = |at: u32| page.bytes()[INPUT_BYTES + at as usize % OUTPUT_BYTES].load(Ordering::Relaxed);
        let sent: Vec<u8> = (0..5).map(|byte| at((u32::MAX - 2).wrapping_add(byte))).collect();
        assert_eq!(sent, b"hello");
        assert!(!ours.is_drained());
        page.words()[INDICES + 2].store(2, Ordering::Relaxed);
        assert!(ours.is_drained());

        page.bytes()[INPUT_BYTES - 3].store(b'x', Ordering::Relaxed);
        page.words()[INDICES + 1].store(u32::MAX, Ordering::Relaxed);
        let mut bytes = [0; 1];
        assert_eq!((ours.read(&mut bytes), bytes, ours.available()), (1, *b"x", 1));
    }

    #[test]
    fn a_full_ring_takes_what_it_can() {
        let page = Pages::leaked(1);
        let mut ours = Console::new(&page);
        assert_eq!(ours.write(&[1; 3000]), OUTPUT_BYTES);
        assert_eq!((ours.write(b"x"), ours.room()), (0, 0));
    }

    #[test]
    fn an_end_that_lies_in_its_indices_gets_and_gives_no_more_than_a_ring() {
        let page = Pages::leaked(1);
        let mut ours = Console::new(&page);
        for lie in [1025, 1 << 31, u32::MAX] {
            page.words()[INDICES + 1].store(lie, Ordering::Relaxed);
            assert_eq!(ours.available(), INPUT_BYTES);
            page.words()[INDICES + 2].store(lie, Ordering::Relaxed);
            assert!(ours.write(&[0; 4096]) <= OUTPUT_BYTES);
        }
    }
}
