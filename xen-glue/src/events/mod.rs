// SPDX-License-Identifier: Apache-2.0
//! Event channels: xen/include/public/event_channel.h. How the hypervisor tells which of them have events is either of its two ABIs:
//! [`TwoLevel`], which is there from the beginning, or [`Fifo`].
//!
//! An event says that there is something to look at, not what: whoever waits looks at its rings. So a sleep loses no wake-up when
//! its steps come in this order: [`Events::take`], look at everything, [`Events::sleep`] if there is nothing. What comes after `take`
//! leaves its port pending, and Xen lets nobody sleep on a port that is.
//!
//! With both, a channel costs the hypervisor a locked instruction or two. Two levels are found empty by one more, and take any number
//! of events in two for each 64 channels; the FIFO takes one event after the other, by priority, and has room for 131,072 channels. A
//! domain here has fewer than 64 and looks at all rings whatever was told, so [`TwoLevel`] is the default.

pub(crate) mod fifo;
mod two_level;

pub use fifo::{Fifo, Priority};
pub use two_level::TwoLevel;

use crate::{Errno, EventPort, Hypercalls, Pages};
use core::cell::RefCell;
use core::sync::atomic::{AtomicU8, Ordering};
use heapless::Vec;

/// In `struct shared_info`: `evtchn_upcall_pending` of processor 0's `struct vcpu_info`, a byte.
const UPCALL_PENDING: usize = 0;
/// Most ports that `SCHEDOP_poll` takes.
const POLLED: usize = 128;

/// How the hypervisor tells which channels have events.
pub trait Ports {
    /// Lets a channel raise the processor's byte, and forgets what it has told. False if there can be no such channel.
    fn unmask(&self, port: EventPort) -> bool;
    /// Lets it do so no more.
    fn mask(&self, port: EventPort);
    /// Takes all events of channels that are not masked.
    fn take(&self, fired: impl FnMut(EventPort));
}

/// The event channels of a domain with one processor.
pub struct Events<P = TwoLevel> {
    upcall_pending: &'static AtomicU8,
    ports: P,
    /// Those that are listened to.
    listened: RefCell<Vec<EventPort, POLLED>>,
}

impl Events {
    /// Those that `shared_info`, where the hypervisor has put its page, tells of: none is listened to yet.
    pub fn new(shared_info: &Pages) -> Events {
        Events::of(shared_info, TwoLevel::new(shared_info))
    }
}

impl Events<Fifo> {
    /// The same, told by queues in `control`, one page, and words in `array`, one page for 1024 channels. There is no way back to two
    /// levels. Which channels there are is as before; what they have told is not lost.
    pub fn fifo(
        hypercalls: &impl Hypercalls,
        shared_info: &Pages,
        control: Pages,
        array: Pages,
    ) -> Result<Events<Fifo>, Errno> {
        Ok(Events::of(shared_info, Fifo::new(hypercalls, control, array)?))
    }

    /// Has the events of a channel taken before or after those of others.
    pub fn set_priority(&self, hypercalls: &impl Hypercalls, port: EventPort, priority: Priority) -> Result<(), Errno> {
        hypercalls.set_priority(port, priority)
    }
}

impl<P: Ports> Events<P> {
    fn of(shared_info: &Pages, ports: P) -> Events<P> {
        Events { upcall_pending: &shared_info.bytes()[UPCALL_PENDING], ports, listened: RefCell::default() }
    }

    /// Lets `port` wake the processor. What it has told so far is forgotten: look at its rings after this.
    pub fn listen(&self, port: EventPort) {
        let mut listened = self.listened.borrow_mut();
        if self.ports.unmask(port) && !listened.contains(&port) {
            // What is beyond the last one does not end a sleep, but is seen after it.
            let _ = listened.push(port);
        }
    }

    /// Lets `port` no longer wake the processor.
    pub fn ignore(&self, port: EventPort) {
        self.listened.borrow_mut().retain(|&listened| listened != port);
        self.ports.mask(port);
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
    pub fn take(&self, fired: impl FnMut(EventPort)) {
        // From the outermost level inwards: the hypervisor sets what is of a channel first, and this byte last.
        self.upcall_pending.store(0, Ordering::SeqCst);
        self.ports.take(fired);
    }
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
