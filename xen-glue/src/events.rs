// SPDX-License-Identifier: Apache-2.0
//! Event channels as the page that guest and hypervisor share shows them: a bit for each (the two-level ABI of
//! xen/include/public/xen.h and event_channel.h).
//!
//! An event says that there is something to look at, not what: whoever waits looks at its rings. So a sleep loses no wake-up when
//! its steps come in this order: [`Events::take`], look at everything, [`Events::sleep`] if there is nothing. What comes after `take`
//! leaves its port pending, and Xen lets nobody sleep on a port that is.

use crate::{EventPort, Hypercalls, Pages};
use core::cell::RefCell;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use heapless::Vec;

/// Where `struct shared_info` has the pending bits of all channels, and their masks, in 64-bit words. Before these: the
/// `struct vcpu_info` of processor 0.
const PENDING: usize = 0x800 / 8;
const MASK: usize = 0xa00 / 8;
/// Words of bits: 4096 channels.
const WORDS: usize = 64;
/// In `struct vcpu_info`: `evtchn_upcall_pending` (a byte), and a bit for each word of pending bits.
const UPCALL_PENDING: usize = 0;
const PENDING_SELECTOR: usize = 1;
/// Most ports that `SCHEDOP_poll` takes.
const POLLED: usize = 128;

/// The event channels of a domain with one processor.
pub struct Events {
    upcall_pending: &'static AtomicU8,
    selector: &'static AtomicU64,
    pending: &'static [AtomicU64; WORDS],
    mask: &'static [AtomicU64; WORDS],
    /// Those that are listened to.
    listened: RefCell<Vec<EventPort, POLLED>>,
}

impl Events {
    /// Those that `shared_info`, where the hypervisor has put its page, tells of: none is listened to yet.
    pub fn new(shared_info: &Pages) -> Events {
        let words = shared_info.long_words();
        let array = |from: usize| words[from..].first_chunk().expect("a page holds them");
        let events = Events {
            upcall_pending: &shared_info.bytes()[UPCALL_PENDING],
            selector: &words[PENDING_SELECTOR],
            pending: array(PENDING),
            mask: array(MASK),
            listened: RefCell::default(),
        };
        events.mask.iter().for_each(|word| word.store(u64::MAX, Ordering::Relaxed));
        events
    }

    /// Lets `port` wake the processor. What it has told so far is forgotten: look at its rings after this.
    pub fn listen(&self, port: EventPort) {
        let Some((word, bit)) = place(port) else { return };
        let mut listened = self.listened.borrow_mut();
        if !listened.contains(&port) {
            // What is beyond the last one does not end a sleep, but is seen after it.
            let _ = listened.push(port);
        }
        // In this order: an event between the two upcalls for nothing; the other way round one could be pending and never told.
        self.mask[word].fetch_and(!bit, Ordering::SeqCst);
        self.pending[word].fetch_and(!bit, Ordering::SeqCst);
    }

    /// Lets `port` no longer wake the processor.
    pub fn ignore(&self, port: EventPort) {
        let Some((word, bit)) = place(port) else { return };
        self.listened.borrow_mut().retain(|&listened| listened != port);
        self.mask[word].fetch_or(bit, Ordering::SeqCst);
    }

    /// Stops the processor until an event comes that was not taken, or it is `until_ns` of the system time.
    pub fn sleep(&self, hypercalls: &impl Hypercalls, until_ns: Option<u64>) {
        hypercalls.sleep(&self.listened.borrow(), until_ns);
    }

    /// Whether events have come that were not taken.
    #[inline]
    pub fn is_pending(&self) -> bool {
        self.upcall_pending.load(Ordering::Relaxed) != 0
    }

    /// Takes all events that have come.
    pub fn take(&self, mut fired: impl FnMut(EventPort)) {
        // From the outermost level inwards: the hypervisor sets the bit of a channel first, then that of its word, then the byte.
        self.upcall_pending.store(0, Ordering::SeqCst);
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

/// The numbers of the bits that are set.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests;
