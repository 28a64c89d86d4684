// SPDX-License-Identifier: Apache-2.0
//! A link to another domain over memory that one grants and the other maps: the rings of the crate `ring`, in copy mode, and an
//! event channel as its doorbell.
//!
//! There is no public document of this device; this is it. The toolstack gives each of the two domains a directory
//! `device/sluice-link/N`, N being the number of the port there, which the domain owns and the other one may read:
//!
//! | name | in which | what |
//! | --- | --- | --- |
//! | `frontend`, `frontend-id` | that of the end that grants | the other directory, and its domain |
//! | `backend`, `backend-id` | that of the end that maps | the other directory, and its domain |
//! | `state` | both | the state of io/xenbus.h, at first 1 (Initialising) |
//! | `version` | that of the end that grants | 1 |
//! | `pages` | the same | how many pages the region of the rings has |
//! | `directory-ref` | the same | the grant of a page that holds their grants, 32 bits each |
//! | `event-channel` | the same | the doorbell, to be bound |
//!
//! An end whose other end does not exist yet finds `none` in place of the other directory and 0 in place of its domain, until the toolstack
//! writes these anew, with `state` 1.
//!
//! Both go to Initialising (1). Then the end that grants formats the region, says all this and goes to Initialised (3). The other maps, attaches its rings as
//! end B and goes to Connected (4), then the first one attaches as A and does so, too. In the region both ends are present from
//! the beginning: an end is up for the other as soon as it has attached. An end that wants no more, or finds the other one in
//! neither of these states, goes to Closing (5), when the other one does so, too, to Closed (6), and lets go; the link is down, and frames are dropped and counted, until both
//! have begun anew. The memory is granted again only when nobody maps it any more.

mod end;

use crate::xenbus::{self, Role, SetupError};
use crate::xenstore::Path;
use crate::{Access, DomainId, EventPort, GrantHandle, GrantReference, Grants, Hypercalls, PAGE_BYTES, Pages};
use core::cell::{RefCell, RefMut};
use core::sync::atomic::Ordering;
use heapless::Vec;
use ring::{End, Region, Shape};

/// Pages of the region, and all that a link takes: a directory before it.
const REGION_PAGES: usize = Shape::COPY.bytes().div_ceil(PAGE_BYTES);
/// How many pages a link takes: of memory at the end that grants, of frames that no memory lies in at the other.
pub const PAGES: usize = 1 + REGION_PAGES;

/// What the end that grants says of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offered {
    directory: GrantReference,
    pages: usize,
    port: EventPort,
}

/// The rings, while the link is up.
pub struct Rings {
    /// Both of them.
    pub rings: ring::Link<'static>,
    port: EventPort,
}

/// What holds the region together, besides the rings.
struct Memory {
    /// The directory.
    directory: Option<Pages>,
    /// The region; at the end that maps, only while it does not.
    region: Option<Pages>,
    /// What is granted: the directory first.
    granted: Vec<GrantReference, PAGES>,
    /// The region as it is mapped, and what unmapping it takes.
    mapped: Option<Pages>,
    handles: Vec<GrantHandle, REGION_PAGES>,
    port: Option<EventPort>,
}

/// One end of a link.
pub struct Link<'h, H> {
    hypercalls: &'h H,
    number: u8,
    role: Role,
    rings: RefCell<Option<Rings>>,
    memory: RefCell<Memory>,
}

impl<'h, H: Hypercalls> Link<'h, H> {
    /// The link of `device/sluice-link/NUMBER`. `directory`, a page, and `region` are [`PAGES`] together: memory at the backend, which
    /// grants it, and frames without memory at the frontend, which maps that of the other end there.
    pub fn new(hypercalls: &'h H, number: u8, role: Role, directory: Pages, region: Pages) -> Self {
        assert!(directory.count() == 1 && region.count() == REGION_PAGES, "a link takes {PAGES} pages");
        let memory = Memory {
            directory: Some(directory),
            region: Some(region),
            granted: Vec::new(),
            mapped: None,
            handles: Vec::new(),
            port: None,
        };
        Link { hypercalls, number, role, rings: RefCell::new(None), memory: RefCell::new(memory) }
    }

    /// Its number.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// Where it is in xenstore.
    pub fn path(&self) -> Path {
        xenbus::directory("device/sluice-link", self.number.into())
    }

    /// The rings, if the link is up: for a burst, not to be kept while tasks are polled.
    #[inline]
    pub fn rings(&self) -> RefMut<'_, Option<Rings>> {
        self.rings.borrow_mut()
    }

    /// Rings the other end's doorbell if it sleeps and something is new for it.
    #[inline]
    pub fn notify(&self) {
        if let Some(rings) = &mut *self.rings()
            && rings.rings.wakeup_needed()
        {
            // It fails only if the channel is closed: then nobody waits.
            let _ = self.hypercalls.send(rings.port);
        }
    }

    /// Formats the region and grants it to `domain`.
    fn offer(&self, grants: &RefCell<Grants>, domain: DomainId) -> Result<Offered, SetupError> {
        let memory = &mut *self.memory.borrow_mut();
        let (Some(directory), Some(region)) = (&memory.directory, &memory.region) else {
            return Err(SetupError::Pages(0));
        };
        let formatted = Region::format(region.long_words(), Shape::COPY)?;
        formatted.set_presence(End::A, true);
        formatted.set_presence(End::B, true);
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
        memory.port = Some(port);
        Ok(Offered { directory: reference, pages: region.count(), port })
    }

    /// Takes the rings of the region that was offered up: the other end has mapped it.
    fn open_offered(&self) -> Result<(), SetupError> {
        let memory = self.memory.borrow();
        self.attach(memory.region.as_ref(), memory.port, End::A)
    }

    /// Maps what `domain` offers, and takes its rings up.
    fn accept(&self, domain: DomainId, offer: Offered) -> Result<(), SetupError> {
        let memory = &mut *self.memory.borrow_mut();
        if offer.pages != REGION_PAGES {
            return Err(SetupError::Pages(offer.pages));
        }
        let references = self.read_directory(memory, domain, offer.directory)?;
        let _ = memory.handles.resize(references.len(), GrantHandle::default());
        let hole = memory.region.take().ok_or(SetupError::Pages(0))?;
        match self.hypercalls.map_grants(domain, &references, hole, &mut memory.handles) {
            Ok(mapped) => memory.mapped = Some(mapped),
            Err((refused, hole)) => {
                memory.region = Some(hole);
                return Err(refused.into());
            }
        }
        let port = self.hypercalls.bind_interdomain(domain, offer.port)?;
        memory.port = Some(port);
        self.attach(memory.mapped.as_ref(), Some(port), End::B)
    }

    /// The grants of the region, from the page that `domain` wrote them to.
    fn read_directory(
        &self,
        memory: &mut Memory,
        domain: DomainId,
        reference: GrantReference,
    ) -> Result<Vec<GrantReference, REGION_PAGES>, SetupError> {
        let hole = memory.directory.take().ok_or(SetupError::Pages(0))?;
        let mut handles = [GrantHandle::default()];
        match self.hypercalls.map_grants(domain, &[reference], hole, &mut handles) {
            Ok(mapped) => {
                let words = mapped.words().iter().take(REGION_PAGES);
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

    fn attach(&self, region: Option<&Pages>, port: Option<EventPort>, end: End) -> Result<(), SetupError> {
        if let (Some(region), Some(port)) = (region, port) {
            let rings = Region::open(region.long_words())?.attach(end);
            self.rings.replace(Some(Rings { rings, port }));
            // The other end may have looked before this one was there.
            let _ = self.hypercalls.send(port);
        }
        Ok(())
    }

    /// Lets no more frames through.
    fn close(&self) {
        self.rings.replace(None);
    }

    /// Lets go of the other end's memory, and takes back what is granted. False if the other end still maps some of that.
    fn take_back(&self, grants: &RefCell<Grants>) -> bool {
        self.close();
        let memory = &mut *self.memory.borrow_mut();
        if let Some(port) = memory.port.take() {
            // It fails only if there is no such channel.
            let _ = self.hypercalls.close(port);
        }
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
