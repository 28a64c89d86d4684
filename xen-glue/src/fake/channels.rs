// SPDX-License-Identifier: Apache-2.0
//! Event channels between the domains of the fake.

use super::{Domain, EINVAL, ENOENT, ENOSPC, Machine, Ordering, State};
use crate::events::fifo::{HEADS, LINKED, MASKED, PENDING, QUEUES, READY};
use crate::{DomainId, Errno, EventPort, Pages, Priority, VirtualInterrupt};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU32;

/// Most channels of a domain in the two-level ABI.
const MOST: usize = 4096;

/// What a port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Free.
    Closed,
    /// That domain may bind it.
    Unbound(DomainId),
    /// The port at that domain is its other end.
    Connected(DomainId, EventPort),
    /// A virtual interrupt.
    Virtual(VirtualInterrupt),
}

impl State {
    pub fn add(&mut self, channel: Channel) -> Result<EventPort, Errno> {
        // Port 0 is none.
        let free = (1..self.channels.len()).find(|&port| self.channels[port] == Channel::Closed);
        let port = free.unwrap_or(self.channels.len().max(1));
        if port >= MOST {
            return Err(ENOSPC);
        }
        self.channels.resize(self.channels.len().max(port + 1), Channel::Closed);
        self.channels[port] = channel;
        Ok(EventPort(port as u32))
    }

    pub fn channel(&mut self, EventPort(port): EventPort) -> Result<&mut Channel, Errno> {
        self.channels.get_mut(port as usize).filter(|channel| **channel != Channel::Closed).ok_or(EINVAL)
    }

    /// Sets a channel's bits as the hypervisor does in the two-level ABI; not while it is pending, nor outwards if it is masked.
    fn set_pending(&mut self, EventPort(port): EventPort) {
        let Some(page) = &self.shared_info else { return };
        if let Some(queues) = &mut self.fifo {
            if queues.set_pending(port) {
                page.bytes()[0].store(1, Ordering::SeqCst);
            }
            return;
        }
        let (words, word, bit) = (page.long_words(), port as usize / 64, 1 << (port % 64));
        let was_pending = words[0x100 + word].fetch_or(bit, Ordering::SeqCst) & bit != 0;
        let masked = words[0x140 + word].load(Ordering::SeqCst) & bit != 0;
        if !was_pending && !masked && words[1].fetch_or(1 << word, Ordering::SeqCst) & 1 << word == 0 {
            page.bytes()[0].store(1, Ordering::SeqCst);
        }
    }
}

/// The queues of the FIFO ABI, as the hypervisor has them.
pub struct Queues {
    control: Pages,
    pub array: Vec<Pages>,
    tails: [u32; QUEUES],
    pub priorities: BTreeMap<u32, Priority>,
}

impl Queues {
    pub fn new(control: Pages) -> Queues {
        Queues { control, array: Vec::new(), tails: [0; QUEUES], priorities: BTreeMap::new() }
    }

    /// Puts a channel that becomes pending at the tail of its queue. True if the domain is to be told.
    fn set_pending(&mut self, port: u32) -> bool {
        let words = |port: u32| self.array.get(port as usize / 1024).map(|page| &page.words()[port as usize % 1024]);
        let Some(word) = words(port) else { return false };
        let seen = word.fetch_or(PENDING, Ordering::SeqCst);
        if seen & (PENDING | MASKED) != 0 || word.fetch_or(LINKED, Ordering::SeqCst) & LINKED != 0 {
            return false;
        }
        let queue = self.priorities.get(&port).copied().unwrap_or(Priority::DEFAULT).number() as usize;
        let tail = core::mem::replace(&mut self.tails[queue], port);
        // A tail that is added again was taken out: its queue is empty.
        let in_queue = |word: &&AtomicU32| ![0, port].contains(&tail) && word.load(Ordering::SeqCst) & LINKED != 0;
        let last = words(tail).filter(in_queue);
        match last {
            Some(last) => drop(last.fetch_or(port, Ordering::SeqCst)),
            None => self.control.words()[HEADS + queue].store(port, Ordering::SeqCst),
        }
        last.is_none() && self.control.words()[READY].fetch_or(1 << queue, Ordering::SeqCst) & 1 << queue == 0
    }
}

impl Machine {
    /// The other end of a channel that `closer` closes is unbound again: `closer` may bind it once more.
    pub(super) fn disconnect(&self, closer: DomainId, channel: &Channel) {
        let &Channel::Connected(remote, port) = channel else { return };
        if let Some(state) = self.0.borrow_mut().get_mut(&remote)
            && let Ok(end) = state.channel(port)
        {
            *end = Channel::Unbound(closer);
        }
    }
}

impl Domain {
    pub(super) fn connect(&self, remote: DomainId, port: EventPort) -> Result<EventPort, Errno> {
        let other = self.machine.domain(remote);
        let offered = *other.state().channel(port)?;
        if offered != Channel::Unbound(self.id) {
            return Err(ENOENT);
        }
        let own = self.state().add(Channel::Connected(remote, port))?;
        *other.state().channel(port)? = Channel::Connected(self.id, own);
        // A channel is pending when it has just been bound: what was sent before is not lost.
        self.raise(own);
        Ok(own)
    }

    /// Tells the domain of an event.
    pub(super) fn raise(&self, port: EventPort) {
        self.state().set_pending(port);
    }

    /// Tells it of its virtual interrupt.
    pub fn interrupt(&self, interrupt: VirtualInterrupt) {
        let mut state = self.state();
        let port = state.channels.iter().position(|channel| *channel == Channel::Virtual(interrupt));
        port.into_iter().for_each(|port| state.set_pending(EventPort(port as u32)));
    }
}
