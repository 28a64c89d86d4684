// SPDX-License-Identifier: Apache-2.0
//! A hypervisor for tests: domains with event channels, grant tables and special pages, all in this process, whose frames are
//! those of [`Pages::leaked`]. It can be told to refuse any call; whoever plays the peer may write nonsense into the pages.

mod channels;
pub mod grants;

pub use crate::pages::Scope;

use crate::xenbus::Pauses;
use crate::{
    DomainId, Errno, EventPort, FrameCopy, GrantHandle, GrantReference, Hypercalls, MapSpace, PAGE_BYTES, Pages,
    Priority, ShutdownReason, VirtualInterrupt,
};
use channels::{Channel, Queues};
use core::sync::atomic::Ordering;
use std::cell::{Cell, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Refusals of errno.h.
pub const EPERM: Errno = Errno(1);
/// No such thing.
pub const ENOENT: Errno = Errno(2);
/// There is no memory.
pub const ENOMEM: Errno = Errno(12);
/// It makes no sense.
pub const EINVAL: Errno = Errno(22);
/// There are no more.
pub const ENOSPC: Errno = Errno(28);

/// Pauses of so many polls.
pub struct Polls {
    length: u64,
    done: Cell<u64>,
}

impl Polls {
    /// Each pause lasts for `length` polls.
    pub fn new(length: u64) -> Polls {
        Polls { length, done: Cell::new(0) }
    }
}

impl Pauses for Polls {
    fn begin(&self) -> u64 {
        self.done.get() + self.length
    }

    fn is_over(&self, end: u64) -> bool {
        self.done.set(self.done.get() + 1);
        self.done.get() > end
    }
}

/// The machine below all domains.
#[derive(Clone, Default)]
pub struct Machine(Rc<RefCell<BTreeMap<DomainId, State>>>);

/// What the hypervisor knows of a domain.
#[derive(Default)]
struct State {
    channels: Vec<Channel>,
    shared_info: Option<Pages>,
    fifo: Option<Queues>,
    grant_table: BTreeMap<u64, Pages>,
    max_grant_frames: u32,
    parameters: BTreeMap<u32, u64>,
    /// Grants of others that it has mapped: the owner and the reference of each handle.
    mapped: BTreeMap<u32, (DomainId, GrantReference)>,
    /// What mapped frames took the place of: the first frame, by the first handle.
    holes: BTreeMap<u32, u64>,
    handles: u32,
    upcall_vector: Option<u8>,
    timer_ns: Option<u64>,
    shutdown: Option<ShutdownReason>,
    /// How many calls go well before one is refused.
    calls_left: Option<u32>,
}

/// A domain, as itself: it makes hypercalls, and a test asks what came of them.
#[derive(Clone)]
pub struct Domain {
    machine: Machine,
    id: DomainId,
}

impl Machine {
    /// A machine without domains.
    pub fn new() -> Machine {
        Machine::default()
    }

    /// The domain of that number; made when it is first asked for.
    pub fn domain(&self, id: DomainId) -> Domain {
        self.0.borrow_mut().entry(id).or_insert_with(|| State { max_grant_frames: 64, ..State::default() });
        Domain { machine: self.clone(), id }
    }

    /// Ends a domain: its channels close, its grants are no more, and what it had mapped is given back.
    pub fn destroy(&self, id: DomainId) {
        let Some(state) = self.0.borrow_mut().remove(&id) else { return };
        state.mapped.values().for_each(|&(owner, reference)| self.domain(owner).give_back(reference));
        for channel in state.channels {
            self.disconnect(id, &channel);
        }
    }
}

impl Domain {
    /// Its number.
    pub fn id(&self) -> DomainId {
        self.id
    }

    /// Lets the next `calls` hypercalls go well, and refuses the one after them with [`ENOMEM`].
    pub fn refuse_after(&self, calls: u32) {
        self.state().calls_left = Some(calls);
    }

    /// Sets a parameter, as the toolstack does.
    pub fn set_hvm_parameter(&self, index: u32, value: u64) {
        self.state().parameters.insert(index, value);
    }

    /// Has the grant table take no more than `frames` frames.
    pub fn limit_grant_frames(&self, frames: u32) {
        self.state().max_grant_frames = frames;
    }

    /// When the timer is to fire.
    pub fn timer_ns(&self) -> Option<u64> {
        self.state().timer_ns
    }

    /// How it ended, if it did.
    pub fn ended(&self) -> Option<ShutdownReason> {
        self.state().shutdown
    }

    /// Which vector events raise.
    pub fn upcall_vector(&self) -> Option<u8> {
        self.state().upcall_vector
    }

    fn state(&self) -> RefMut<'_, State> {
        RefMut::map(self.machine.0.borrow_mut(), |domains| domains.entry(self.id).or_default())
    }

    /// Begins a hypercall, which may be the one to refuse.
    fn call(&self) -> Result<RefMut<'_, State>, Errno> {
        let mut state = self.state();
        match state.calls_left {
            Some(0) => {
                state.calls_left = None;
                Err(ENOMEM)
            }
            left => {
                state.calls_left = left.map(|left| left - 1);
                Ok(state)
            }
        }
    }
}

impl Hypercalls for Domain {
    fn alloc_unbound(&self, remote: DomainId) -> Result<EventPort, Errno> {
        self.call()?.add(Channel::Unbound(remote))
    }

    fn bind_interdomain(&self, remote: DomainId, port: EventPort) -> Result<EventPort, Errno> {
        drop(self.call()?);
        self.connect(remote, port)
    }

    fn bind_virtual_interrupt(&self, interrupt: VirtualInterrupt) -> Result<EventPort, Errno> {
        self.call()?.add(Channel::Virtual(interrupt))
    }

    fn close(&self, port: EventPort) -> Result<(), Errno> {
        drop(self.call()?);
        let channel = core::mem::replace(self.state().channel(port)?, Channel::Closed);
        self.machine.disconnect(self.id, &channel);
        Ok(())
    }

    fn send(&self, port: EventPort) -> Result<(), Errno> {
        let Channel::Connected(remote, other) = *self.call()?.channel(port)? else { return Ok(()) };
        self.machine.domain(remote).raise(other);
        Ok(())
    }

    fn init_control(&self, control: &Pages) -> Result<(), Errno> {
        let control = Pages::again(control.frame(), 1).ok_or(EINVAL)?;
        self.call()?.fifo = Some(Queues::new(control));
        Ok(())
    }

    fn expand_array(&self, array: &Pages, at: usize) -> Result<(), Errno> {
        let page = Pages::again(array.frame() + at as u64, 1).ok_or(EINVAL)?;
        self.call()?.fifo.as_mut().ok_or(ENOENT)?.array.push(page);
        Ok(())
    }

    fn set_priority(&self, port: EventPort, priority: Priority) -> Result<(), Errno> {
        self.call()?.fifo.as_mut().ok_or(ENOENT)?.priorities.insert(port.0, priority);
        Ok(())
    }

    fn add_to_physmap(&self, space: MapSpace, index: u64, pages: &Pages, at: usize) -> Result<(), Errno> {
        let mut state = self.call()?;
        let page = Pages::again(pages.frame() + at as u64, 1).filter(|_| at < pages.count()).ok_or(EINVAL)?;
        match space {
            MapSpace::SharedInfo => state.shared_info = Some(page),
            MapSpace::GrantTable if index < u64::from(state.max_grant_frames) => {
                let _ = state.grant_table.insert(index, page);
            }
            MapSpace::GrantTable => return Err(EINVAL),
        }
        Ok(())
    }

    fn max_grant_frames(&self) -> Result<u32, Errno> {
        Ok(self.call()?.max_grant_frames)
    }

    fn map_grants(
        &self,
        owner: DomainId,
        references: &[GrantReference],
        pages: Pages,
        handles: &mut [GrantHandle],
    ) -> Result<Pages, (Errno, Pages)> {
        match self.call().map(drop).and_then(|()| self.map(owner, references, handles)) {
            Ok(mapped) => {
                self.state().holes.insert(handles[0].0, pages.frame());
                Ok(mapped)
            }
            Err(refused) => Err((refused, pages)),
        }
    }

    fn unmap_grants(&self, pages: Pages, handles: &[GrantHandle]) -> Pages {
        handles.iter().for_each(|&handle| self.unmap(handle));
        let hole = self.state().holes.remove(&handles[0].0);
        hole.and_then(|hole| Pages::again(hole, pages.count())).expect("they were mapped into frames of a test")
    }

    fn copy(&self, copies: &[FrameCopy<'_>], results: &mut [Result<(), Errno>]) -> Result<(), Errno> {
        drop(self.call()?);
        for (copy, result) in copies.iter().zip(results) {
            *result = self.copy_one(copy);
        }
        Ok(())
    }

    fn hvm_parameter(&self, index: u32) -> Result<u64, Errno> {
        Ok(self.call()?.parameters.get(&index).copied().unwrap_or(0))
    }

    fn set_upcall_vector(&self, vector: u8) -> Result<(), Errno> {
        self.call()?.upcall_vector = Some(vector);
        Ok(())
    }

    fn running_ns(&self) -> Result<u64, Errno> {
        self.call().map(|_| 0)
    }

    fn set_timer(&self, at_ns: u64) -> Result<(), Errno> {
        self.call()?.timer_ns = Some(at_ns);
        Ok(())
    }

    fn sleep(&self, _: &[EventPort], until_ns: Option<u64>) {
        self.state().timer_ns = until_ns;
    }

    fn yield_now(&self) {}

    fn shutdown(&self, reason: ShutdownReason) {
        self.state().shutdown = Some(reason);
    }
}

#[cfg(test)]
mod tests;
