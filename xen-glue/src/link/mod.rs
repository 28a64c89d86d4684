// SPDX-License-Identifier: Apache-2.0
//! A link to another domain over memory that one grants and the other maps: the rings of the crate `ring`, and an event channel as
//! its doorbell.
//!
//! There is no public document of this device; this is it. The toolstack gives each of the two domains a directory
//! `device/sluice-link/N`, N being the number of the port there, which the domain owns and the other one may read:
//!
//! | name | in which | what | who writes it |
//! | --- | --- | --- | --- |
//! | `frontend`, `frontend-id` | that of the end that grants | the other directory, and its domain | the toolstack |
//! | `backend`, `backend-id` | that of the end that maps | the other directory, and its domain | the toolstack |
//! | `mode` | both | `shared`, or nothing for copy mode | the toolstack |
//! | `state` | both | the state of io/xenbus.h, at first 1 (Initialising) | the toolstack, then the domain |
//! | `version` | that of the end that grants | 1 | the domain |
//! | `pages` | the same | how many pages the region of the rings has | the domain |
//! | `directory-ref` | the same | the grant of a page that holds their grants, 32 bits each | the domain |
//! | `event-channel` | the same | the doorbell, to be bound | the domain |
//!
//! The directory is there before the domain runs, and is written anew, the other one's as well, whenever one of both domains was
//! created again; `frontend` and `backend` last.
//!
//! An end whose other end does not exist yet finds `none` in place of the other directory and 0 in place of its domain, until the toolstack
//! writes these anew, with `state` 1.
//!
//! Both go to Initialising (1). Then the end that grants formats the region, says all this and goes to Initialised (3). The other maps, attaches its rings as
//! end B and goes to Connected (4), then the first one attaches as A and does so, too. In the region both ends are present from
//! the beginning: an end is up for the other as soon as it has attached. An end that wants no more, or finds the other one in
//! neither of these states, goes to Closing (5), when the other one does so, too, to Closed (6), and lets go; the link is down, and
//! frames are dropped and counted, until both have begun anew. The memory is granted again only when nobody maps it any more.
//!
//! What the region is, its header says: mode, slots, length (`ring`, `region.rs`). `pages` has to be that of the mode, of [`Shape::COPY`]
//! or of [`SHARED`]; an end that was told another mode refuses it.
//!
//! In copy mode the other domain sees what is sent to it and nothing else. In shared mode frames stay where they are, in buffers of
//! the region that the ends hand to each other: the other domain could rewrite a frame, and the header of its buffer, while it is
//! here. So only links between domains that trust each other are made so. An end that holds frames of the region when the link
//! goes down lets go of the memory when the last of them has ended, and not before: till then the link is down. It does not last
//! long: there is nowhere for them to go but to be dropped.
//!
//! Vifs are not part of that. A page that a backend may write is granted whole, and the buffers of a region are no pages: netback
//! would see other frames and the rings. So it writes to pages of the vif's own, and what is taken from there is copied, which
//! is so without links, too: a VM with a shared link copies it into a buffer of the link at once. What leaves by a vif is copied to
//! pages that its backend sees, as always. Between these two copies a frame crosses as many VMs as there are in one link's reach
//! with none; from one shared link to another it is copied, since each has a region of its own.

mod end;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
mod rings;

pub use rings::{CopyRings, Rings, SHARED};

use crate::xenbus::{self, Role, SetupError};
use crate::xenstore::Path;
use crate::{Access, DomainId, EventPort, GrantHandle, GrantReference, Grants, Hypercalls, PAGE_BYTES, Pages};
use core::cell::{Cell, RefCell};
use core::sync::atomic::Ordering;
use heapless::Vec;
use ring::{End, Shape};

/// How many pages a link of that shape takes, a directory before the region: of memory at the end that grants, of frames that no memory
/// lies in at the other.
pub const fn pages(shape: Shape) -> usize {
    1 + shape.bytes().div_ceil(PAGE_BYTES)
}

/// As many pages as any link takes.
pub const MOST_PAGES: usize = if pages(Shape::COPY) > pages(SHARED) { pages(Shape::COPY) } else { pages(SHARED) };

/// What the end that grants says of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offered {
    directory: GrantReference,
    pages: usize,
    port: EventPort,
}

/// What holds the region together, besides the rings.
struct Memory {
    /// The directory.
    directory: Option<Pages>,
    /// The region; at the end that maps, only while it does not.
    region: Option<Pages>,
    /// What is granted: the directory first.
    granted: Vec<GrantReference, MOST_PAGES>,
    /// The region as it is mapped, and what unmapping it takes.
    mapped: Option<Pages>,
    handles: Vec<GrantHandle, MOST_PAGES>,
}

/// One end of a link.
pub struct Link<'h, H> {
    hypercalls: &'h H,
    number: u8,
    role: Role,
    rings: &'h dyn Rings,
    port: Cell<Option<EventPort>>,
    memory: RefCell<Memory>,
}

impl<'h, H: Hypercalls> Link<'h, H> {
    /// The link of `device/sluice-link/NUMBER` with these rings. `directory`, a page, and `region` are as many [`pages`] as they take
    /// together: memory at the backend, which grants it, and frames without memory at the frontend, which maps that of the other end there.
    pub fn new(
        hypercalls: &'h H,
        number: u8,
        role: Role,
        rings: &'h dyn Rings,
        directory: Pages,
        region: Pages,
    ) -> Self {
        let wanted = pages(rings.shape());
        assert!(directory.count() == 1 && 1 + region.count() == wanted, "a link takes {} pages", wanted);
        let memory = Memory {
            directory: Some(directory),
            region: Some(region),
            granted: Vec::new(),
            mapped: None,
            handles: Vec::new(),
        };
        Link { hypercalls, number, role, rings, port: Cell::new(None), memory: RefCell::new(memory) }
    }

    /// Its number.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// Where it is in xenstore.
    pub fn path(&self) -> Path {
        xenbus::directory("device/sluice-link", self.number.into())
    }

    /// Rings the other end's doorbell.
    #[inline]
    pub fn ring(&self) {
        if let Some(port) = self.port.get() {
            // It fails only if the channel is closed: then nobody waits.
            let _ = self.hypercalls.send(port);
        }
    }

    /// Formats the region and grants it to `domain`.
    fn offer(&self, grants: &RefCell<Grants>, domain: DomainId) -> Result<Offered, SetupError> {
        let memory = &mut *self.memory.borrow_mut();
        let (Some(directory), Some(region)) = (&memory.directory, &memory.region) else {
            return Err(SetupError::Pages(0));
        };
        self.rings.format(region.long_words())?;
        let grants = &mut *grants.borrow_mut();
        let reference = grants.grant(domain, directory, 0, Access::Write)?;
        // There is room for as many as there are pages, here and below.
        let _ = memory.granted.push(reference);
        for page in 0..region.count() {
            let reference = grants.grant(domain, region, page, Access::Write)?;
            let _ = memory.granted.push(reference);
            directory.words()[page].store(reference.0, Ordering::Relaxed);
        }
        let port = self.hypercalls.alloc_unbound(domain)?;
        self.port.set(Some(port));
        Ok(Offered { directory: reference, pages: region.count(), port })
    }

    /// Takes the rings of the region that was offered up: the other end has mapped it.
    fn open_offered(&self) -> Result<(), SetupError> {
        let memory = self.memory.borrow();
        self.attach(memory.region.as_ref(), End::A)
    }

    /// Maps what `domain` offers, and takes its rings up.
    fn accept(&self, domain: DomainId, offer: Offered) -> Result<(), SetupError> {
        let memory = &mut *self.memory.borrow_mut();
        let wanted = pages(self.rings.shape()) - 1;
        if offer.pages != wanted {
            return Err(SetupError::Pages(offer.pages));
        }
        let references = self.read_directory(memory, domain, offer.directory, wanted)?;
        let _ = memory.handles.resize(references.len(), GrantHandle::default());
        let hole = memory.region.take().ok_or(SetupError::Pages(0))?;
        match self.hypercalls.map_grants(domain, &references, hole, &mut memory.handles) {
            Ok(mapped) => memory.mapped = Some(mapped),
            Err((refused, hole)) => {
                memory.region = Some(hole);
                return Err(refused.into());
            }
        }
        self.port.set(Some(self.hypercalls.bind_interdomain(domain, offer.port)?));
        self.attach(memory.mapped.as_ref(), End::B)
    }

    /// The grants of the region, from the page that `domain` wrote them to.
    fn read_directory(
        &self,
        memory: &mut Memory,
        domain: DomainId,
        reference: GrantReference,
        count: usize,
    ) -> Result<Vec<GrantReference, MOST_PAGES>, SetupError> {
        let hole = memory.directory.take().ok_or(SetupError::Pages(0))?;
        let mut handles = [GrantHandle::default()];
        match self.hypercalls.map_grants(domain, &[reference], hole, &mut handles) {
            Ok(mapped) => {
                let words = mapped.words().iter().take(count);
                let references = words.map(|word| GrantReference(word.load(Ordering::Acquire))).collect();
                memory.directory = Some(self.hypercalls.unmap_grants(mapped, &handles));
                Ok(references)
            }
            Err((refused, hole)) => {
                memory.directory = Some(hole);
                Err(refused.into())
            }
        }
    }

    fn attach(&self, region: Option<&Pages>, end: End) -> Result<(), SetupError> {
        self.rings.attach(region.ok_or(SetupError::Pages(0))?.long_words(), end)?;
        // The other end may have looked before this one was there.
        self.ring();
        Ok(())
    }

    /// Of a link that is shut: lets go of the other end's memory, and takes back what is granted. False if the other end still maps some
    /// of that, or if frames of this end lie there.
    fn take_back(&self, grants: &RefCell<Grants>) -> bool {
        if let Some(port) = self.port.take() {
            // It fails only if there is no such channel.
            let _ = self.hypercalls.close(port);
        }
        if !self.rings.is_free() {
            return false;
        }
        let memory = &mut *self.memory.borrow_mut();
        if let Some(mapped) = memory.mapped.take() {
            memory.region = Some(self.hypercalls.unmap_grants(mapped, &memory.handles));
        }
        let grants = &mut *grants.borrow_mut();
        memory.granted.retain(|&reference| grants.end(reference).is_err());
        memory.granted.is_empty()
    }
}

#[cfg(test)]
mod tests;
