// SPDX-License-Identifier: Apache-2.0
//! A bit for each channel, and one for each word of these: the two-level ABI of xen/include/public/xen.h.

use super::{Ports, bits};
use crate::{EventPort, Pages};
use core::sync::atomic::{AtomicU64, Ordering};

/// Where `struct shared_info` has the pending bits of all channels, and their masks, in 64-bit words. Before these: the
/// `struct vcpu_info` of processor 0.
pub(super) const PENDING: usize = 0x800 / 8;
pub(super) const MASK: usize = 0xa00 / 8;
/// In `struct vcpu_info`: a bit for each word of pending bits.
pub(super) const PENDING_SELECTOR: usize = 1;
/// Words of bits: 4096 channels.
const WORDS: usize = 64;

/// The bits.
pub struct TwoLevel {
    selector: &'static AtomicU64,
    pending: &'static [AtomicU64; WORDS],
    mask: &'static [AtomicU64; WORDS],
}

impl TwoLevel {
    /// Those of `shared_info`: all are masked.
    pub(super) fn new(shared_info: &Pages) -> TwoLevel {
        let words = shared_info.long_words();
        let array = |from: usize| words[from..].first_chunk().expect("a page holds them");
        let bits = TwoLevel { selector: &words[PENDING_SELECTOR], pending: array(PENDING), mask: array(MASK) };
        bits.mask.iter().for_each(|word| word.store(u64::MAX, Ordering::Relaxed));
        bits
    }
}

impl Ports for TwoLevel {
    fn unmask(&self, port: EventPort) -> bool {
        let Some((word, bit)) = place(port) else { return false };
        // In this order: an event between the two upcalls for nothing; the other way round one could be pending and never told.
        self.mask[word].fetch_and(!bit, Ordering::SeqCst);
        self.pending[word].fetch_and(!bit, Ordering::SeqCst);
        true
    }

    fn mask(&self, port: EventPort) {
        if let Some((word, bit)) = place(port) {
            self.mask[word].fetch_or(bit, Ordering::SeqCst);
        }
    }

    fn take(&self, mut fired: impl FnMut(EventPort)) {
        // The hypervisor sets the bit of a channel first, then that of its word.
        for word in bits(self.selector.swap(0, Ordering::SeqCst)) {
            let listened = !self.mask[word].load(Ordering::Relaxed);
            let pending = self.pending[word].fetch_and(!listened, Ordering::SeqCst);
            bits(pending & listened).for_each(|bit| fired(EventPort((word * WORDS + bit) as u32)));
        }
    }
}

/// Where a channel's bit is. No channel of a domain lies beyond the last.
fn place(EventPort(port): EventPort) -> Option<(usize, u64)> {
    let word = port as usize / WORDS;
    (word < WORDS).then_some((word, 1 << (port % 64)))
}
