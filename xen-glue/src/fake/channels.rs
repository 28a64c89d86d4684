// SPDX-License-Identifier: Apache-2.0
//! Event channels between the domains of the fake.

use super::{Domain, EINVAL, ENOENT, ENOSPC, Machine, Ordering, State};
use crate::{DomainId, Errno, EventPort, VirtualInterrupt};

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
    fn set_pending(&self, EventPort(port): EventPort) {
        let Some(page) = &self.shared_info else { return };
        let (words, word, bit) = (page.long_words(), port as usize / 64, 1 << (port % 64));
        let was_pending = words[0x100 + word].fetch_or(bit, Ordering::SeqCst) & bit != 0;
        let masked = words[0x140 + word].load(Ordering::SeqCst) & bit != 0;
        if !was_pending && !masked && words[1].fetch_or(1 << word, Ordering::SeqCst) & 1 << word == 0 {
            page.bytes()[0].store(1, Ordering::SeqCst);
        }
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
        let state = self.state();
        let port = state.channels.iter().position(|channel| *channel == Channel::Virtual(interrupt));
        port.into_iter().for_each(|port| state.set_pending(EventPort(port as u32)));
    }
}
