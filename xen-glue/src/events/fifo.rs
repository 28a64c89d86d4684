// SPDX-License-Identifier: Apache-2.0
//! Queues of channels that have events, one for each priority: the FIFO ABI of event_channel.h (`EVTCHNOP_init_control`).
//!
//! A channel has a word: whether it is pending, masked and in a queue, and which is the next one in that. The hypervisor adds at the
//! tail; the guest takes from the head, which the control block names when the guest has come to the end of what it knew.

use super::Ports;
use crate::{Errno, EventPort, Hypercalls, Pages};
use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};

/// `EVTCHN_FIFO_…`: bits of an event word.
pub(crate) const PENDING: u32 = 1 << 31;
pub(crate) const MASKED: u32 = 1 << 30;
pub(crate) const LINKED: u32 = 1 << 29;
pub(crate) const LINK: u32 = (1 << 17) - 1;
/// `EVTCHN_FIFO_MAX_QUEUES`
pub(crate) const QUEUES: usize = 16;
/// In `struct evtchn_fifo_control_block`, in words: a bit for each queue that is not empty, and the heads.
pub(crate) const READY: usize = 0;
pub(crate) const HEADS: usize = 2;

/// How soon events of a channel are taken: the least number first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority(u32);

impl Priority {
    /// `EVTCHN_FIFO_PRIORITY_MAX`, `…_DEFAULT`, `…_MIN`.
    pub const FIRST: Priority = Priority(0);
    /// That of all channels at first.
    pub const DEFAULT: Priority = Priority(7);
    /// After all others.
    pub const LAST: Priority = Priority(QUEUES as u32 - 1);

    /// Its number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// The queues.
pub struct Fifo {
    ready: &'static AtomicU32,
    heads: &'static [AtomicU32; QUEUES],
    words: &'static [AtomicU32],
    /// The next channel of each queue, as far as this is known: 0 is none.
    next: [Cell<u32>; QUEUES],
}

impl Fifo {
    /// Has the hypervisor use `control` and `array`. All channels are masked.
    pub(super) fn new(hypercalls: &impl Hypercalls, control: Pages, array: Pages) -> Result<Fifo, Errno> {
        control.words().iter().for_each(|word| word.store(0, Ordering::Relaxed));
        array.words().iter().for_each(|word| word.store(MASKED, Ordering::Relaxed));
        hypercalls.init_control(&control)?;
        for page in 0..array.count() {
            hypercalls.expand_array(&array, page)?;
        }
        Ok(Fifo {
            ready: &control.words()[READY],
            heads: control.words()[HEADS..].first_chunk().expect("a page holds them"),
            words: array.words(),
            next: [const { Cell::new(0) }; QUEUES],
        })
    }

    fn word(&self, EventPort(port): EventPort) -> Option<&'static AtomicU32> {
        self.words.get(port as usize).filter(|_| port > 0)
    }

    /// Takes the first channel out of a queue. False if that was the last one.
    fn take_first(&self, queue: usize, fired: &mut impl FnMut(EventPort)) -> bool {
        // Acquire: the channel's word is read after the hypervisor has written it.
        let known = self.next[queue].get();
        let first = EventPort(if known == 0 { self.heads[queue].load(Ordering::Acquire) } else { known });
        let Some(word) = self.word(first) else {
            self.next[queue].set(0);
            return false;
        };
        // From here on the hypervisor may put it into a queue again.
        let seen = word.fetch_and(!(LINKED | LINK), Ordering::SeqCst);
        self.next[queue].set(seen & LINK);
        if seen & (PENDING | MASKED) == PENDING {
            word.fetch_and(!PENDING, Ordering::SeqCst);
            fired(first);
        }
        seen & LINK != 0
    }
}

impl Ports for Fifo {
    fn unmask(&self, port: EventPort) -> bool {
        let Some(word) = self.word(port) else { return false };
        // In this order, as with two levels. What is pending no more and still in a queue is taken out for nothing.
        word.fetch_and(!MASKED, Ordering::SeqCst);
        word.fetch_and(!PENDING, Ordering::SeqCst);
        true
    }

    fn mask(&self, port: EventPort) {
        if let Some(word) = self.word(port) {
            word.fetch_or(MASKED, Ordering::SeqCst);
        }
    }

    fn take(&self, mut fired: impl FnMut(EventPort)) {
        let mut ready = self.ready.swap(0, Ordering::SeqCst);
        while ready != 0 {
            let queue = ready.trailing_zeros() as usize % QUEUES;
            if !self.take_first(queue, &mut fired) {
                ready &= !(1 << queue);
            }
            // One that is more urgent goes first, from now on.
            ready |= self.ready.swap(0, Ordering::SeqCst) & ((1 << QUEUES) - 1);
        }
    }
}
