// SPDX-License-Identifier: Apache-2.0
//! The frontend of a network device: io/netif.h.
//!
//! One queue, one event channel for both directions. Frames are copied between the caller's buffers and pages that are granted to the
//! backend while it is connected: such a page holds frames and nothing else, since the backend sees all of it. A frame may come in
//! pieces, and without the checksum of TCP or UDP, which is then finished here. Segmentation is refused both ways. No control ring is
//! given to a backend that offers one, and the queue is the only one whatever number it offers: there is one processor.
//!
//! A [`Vif`] has two users that do not wait for each other: the caller's loop moves frames through its [`Queue`], and a task,
//! [`xenbus::run`](crate::xenbus::run), agrees with the backend by xenstore, brings the queue up and down, and does so anew whenever
//! the backend goes and comes or breaks the protocol.

mod checksum;
mod end;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
mod receive;
mod ring;
mod transmit;

pub use receive::Drops;
pub use transmit::BUFFER_BYTES;

use crate::xenbus::{self, SetupError};
use crate::xenstore::Path;
use crate::{Access, DomainId, EventPort, Exhausted, GrantReference, Grants, Hypercalls, PAGE_BYTES, Pages};
use core::cell::{Cell, RefCell, RefMut};
use core::sync::atomic::{Ordering, fence};
use receive::Receiver;
use ring::{Broken, FrontRing};
use transmit::Transmitter;

/// Where among a vif's pages its rings and buffers lie.
const TRANSMIT_RING: usize = 0;
const RECEIVE_RING: usize = 1;
const RECEIVE_BUFFERS: usize = 2;
const TRANSMIT_BUFFERS: usize = RECEIVE_BUFFERS + receive::BUFFERS;
/// How many pages a vif takes.
pub const PAGES: usize = TRANSMIT_BUFFERS + transmit::BUFFER_PAGES;

/// Why a frame is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No backend is connected.
    Down,
    /// The backend has all buffers.
    Full,
    /// It is shorter than an Ethernet header, or longer than [`BUFFER_BYTES`].
    Length,
}

/// The rings, their buffers, and what came through them.
pub struct Queue {
    receiver: Receiver,
    transmitter: Transmitter,
    /// The event channel, while the backend is connected.
    up: Option<EventPort>,
    /// The backend broke the protocol.
    broken: bool,
    received: u64,
    sent: u64,
    /// How many times the backend was connected, and broke the protocol.
    connections: u64,
    breaks: u64,
}

impl Queue {
    /// Whether frames can be exchanged.
    #[inline]
    pub fn is_up(&self) -> bool {
        self.up.is_some()
    }

    /// Whether the backend broke the protocol, and the task has not begun anew yet: it has something to do.
    #[inline]
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether something has come. It may turn out to be no frame.
    #[inline]
    pub fn is_ready(&mut self) -> bool {
        if !self.is_up() {
            return false;
        }
        let ready = self.receiver.is_ready();
        self.checked(ready).unwrap_or(false)
    }

    /// Copies the next frame to the front of `into`: its length. What does not fit is dropped and counted.
    #[inline]
    pub fn take(&mut self, into: &mut [u8]) -> Option<usize> {
        if !self.is_up() {
            return None;
        }
        let taken = self.receiver.take(into);
        let length = self.checked(taken)??;
        self.received += 1;
        Some(length)
    }

    /// Gives the backend back what the frames lay in that were taken.
    #[inline]
    pub fn release(&mut self) {
        if self.is_up() {
            self.receiver.release();
        }
    }

    /// How many frames can be put; none if no backend is connected.
    #[inline]
    pub fn room(&mut self) -> usize {
        if !self.is_up() {
            return 0;
        }
        let room = self.transmitter.room();
        self.checked(room).unwrap_or(0)
    }

    /// Copies a frame to be sent when [`publish`](Self::publish) is called. It takes no notice of what the backend has given back since
    /// [`room`](Self::room) was asked.
    #[inline]
    pub fn put(&mut self, frame: &[u8]) -> Result<(), Refused> {
        if !self.is_up() {
            return Err(Refused::Down);
        }
        self.transmitter.put(frame)?;
        self.sent += 1;
        Ok(())
    }

    /// Lets the backend see the frames that were put.
    #[inline]
    pub fn publish(&mut self) {
        if self.is_up() {
            self.transmitter.publish();
        }
    }

    /// Frames that came in so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Frames that the backend was given so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Frames that the backend brought and that were dropped.
    pub fn drops(&self) -> Drops {
        self.receiver.drops
    }

    /// Frames that the backend says it did not send.
    pub fn undelivered(&self) -> u64 {
        self.transmitter.undelivered
    }

    /// How many times a backend was connected.
    pub fn connections(&self) -> u64 {
        self.connections
    }

    /// How many times the backend broke the protocol.
    pub fn breaks(&self) -> u64 {
        self.breaks
    }

    /// Takes the queue down if the backend broke the protocol: the task finds that, and begins anew.
    #[inline]
    fn checked<T>(&mut self, result: Result<T, Broken>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(Broken) => {
                self.fail();
                None
            }
        }
    }

    #[cold]
    fn fail(&mut self) {
        self.breaks += 1;
        self.broken = true;
        self.up = None;
    }

    /// Whether the backend must be told of something.
    #[inline]
    fn must_tell(&mut self) -> bool {
        let (receive, transmit) = (self.receiver.ring(), self.transmitter.ring());
        if !receive.untold() && !transmit.untold() {
            return false;
        }
        // Between our `req_prod`s and our looks at the backend's `req_event`s.
        fence(Ordering::SeqCst);
        receive.must_tell() | transmit.must_tell()
    }
}

/// What is granted to the backend.
struct Lent {
    pages: Pages,
    /// The domain that the grants are for.
    domain: DomainId,
    references: [Option<GrantReference>; PAGES],
    port: Option<EventPort>,
}

/// What the backend is told of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offer {
    transmit_ring: GrantReference,
    receive_ring: GrantReference,
    port: EventPort,
}

/// A network device.
pub struct Vif<'h, H> {
    hypercalls: &'h H,
    number: u8,
    queue: RefCell<Queue>,
    lent: RefCell<Lent>,
    /// What its directory says of it.
    mac: Cell<Option<[u8; 6]>>,
    mtu: Cell<u16>,
}

impl<'h, H: Hypercalls> Vif<'h, H> {
    /// The device of `device/vif/NUMBER`, whose rings and buffers are `pages`: as many as [`PAGES`], or more. It is down until its
    /// task brings it up.
    pub fn new(hypercalls: &'h H, number: u8, pages: Pages) -> Self {
        assert!(pages.count() >= PAGES, "a vif takes {PAGES} pages, not {}", pages.count());
        let ring = |page: usize| &pages.words()[page * PAGE_BYTES / 4..][..PAGE_BYTES / 4];
        let buffers =
            |first: usize, count: usize| &pages.long_words()[first * PAGE_BYTES / 8..][..count * PAGE_BYTES / 8];
        let receive_buffers = buffers(RECEIVE_BUFFERS, receive::BUFFERS);
        let transmit_buffers = buffers(TRANSMIT_BUFFERS, transmit::BUFFER_PAGES);
        let queue = Queue {
            receiver: Receiver::new(FrontRing::new(ring(RECEIVE_RING)), receive_buffers),
            transmitter: Transmitter::new(FrontRing::new(ring(TRANSMIT_RING)), transmit_buffers),
            up: None,
            broken: false,
            received: 0,
            sent: 0,
            connections: 0,
            breaks: 0,
        };
        let lent = Lent { pages, domain: DomainId::ZERO, references: [None; PAGES], port: None };
        let (mac, mtu) = (Cell::new(None), Cell::new(end::DEFAULT_MTU));
        Vif { hypercalls, number, queue: RefCell::new(queue), lent: RefCell::new(lent), mac, mtu }
    }

    /// Where it is in xenstore.
    pub fn path(&self) -> Path {
        xenbus::directory("device/vif", self.number.into())
    }

    /// Its Ethernet address, if the toolstack gave it one.
    pub fn mac(&self) -> Option<[u8; 6]> {
        self.mac.get()
    }

    /// Most bytes of an Ethernet frame's payload.
    pub fn mtu(&self) -> u16 {
        self.mtu.get()
    }

    /// Its number.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The queue, for a burst: not to be kept while tasks are polled.
    #[inline]
    pub fn queue(&self) -> RefMut<'_, Queue> {
        self.queue.borrow_mut()
    }

    /// Tells the backend of everything new, if it waits for that.
    #[inline]
    pub fn notify(&self) {
        let mut queue = self.queue();
        if let Some(port) = queue.up
            && queue.must_tell()
        {
            self.tell(port);
        }
    }

    fn tell(&self, port: EventPort) {
        // It fails only if the channel is closed: then nobody waits.
        let _ = self.hypercalls.send(port);
    }

    /// Asks for an event when a frame comes, and when there is room for `wanted` frames, if that is not 0. False if that is so already.
    pub fn arm(&self, wanted: usize) -> bool {
        let mut queue = self.queue();
        if !queue.is_up() {
            return !queue.broken;
        }
        let room = queue.room();
        if !queue.is_up() {
            return false;
        }
        let mut idle = queue.receiver.ring().arm(1);
        if wanted > 0 && room >= wanted {
            return false;
        }
        if room < wanted {
            let more = queue.transmitter.ring().arm((wanted - room) as u32);
            idle = idle.and_then(|idle| Ok(more? && idle));
        }
        queue.checked(idle).unwrap_or(false)
    }

    /// Grants all pages to `domain` and makes it an event channel. The rings are fresh, and the backend has all receive buffers.
    fn offer(&self, grants: &RefCell<Grants>, domain: DomainId) -> Result<Offer, SetupError> {
        self.take_back(grants);
        let lent = &mut *self.lent.borrow_mut();
        if lent.domain != domain && lent.references.iter().any(Option::is_some) {
            return Err(SetupError::StillMapped(lent.domain));
        }
        lent.domain = domain;
        let [transmit_ring, receive_ring] = lent.grant_all(&mut grants.borrow_mut())?;
        let port = self.hypercalls.alloc_unbound(domain)?;
        lent.port = Some(port);
        let mut queue = self.queue();
        let references = |first: usize, count: usize| lent.references[first..][..count].iter().copied().flatten();
        queue.receiver.begin(references(RECEIVE_BUFFERS, receive::BUFFERS));
        queue.transmitter.begin(references(TRANSMIT_BUFFERS, transmit::BUFFER_PAGES));
        Ok(Offer { transmit_ring, receive_ring, port })
    }

    /// Lets frames through: the backend is connected.
    fn begin(&self) {
        let port = self.lent.borrow().port;
        let mut queue = self.queue();
        queue.up = port;
        queue.connections += 1;
        drop(queue);
        // It may have looked for buffers before there were any.
        port.into_iter().for_each(|port| self.tell(port));
    }

    /// Lets no more frames through, and forgets what the backend broke.
    fn stop(&self) {
        let mut queue = self.queue();
        queue.up = None;
        queue.broken = false;
    }

    /// Takes back what the backend was lent, but for what it still uses: that is lent to it again, or taken back later.
    fn take_back(&self, grants: &RefCell<Grants>) {
        self.stop();
        let lent = &mut *self.lent.borrow_mut();
        if let Some(port) = lent.port.take() {
            // It fails only if there is no such channel.
            let _ = self.hypercalls.close(port);
        }
        let mut grants = grants.borrow_mut();
        for reference in &mut lent.references {
            *reference = reference.filter(|&reference| grants.end(reference).is_err());
        }
    }
}

impl Lent {
    /// Grants the pages that are not; gives the grants of the two rings.
    fn grant_all(&mut self, grants: &mut Grants) -> Result<[GrantReference; 2], Exhausted> {
        for (page, reference) in self.references.iter_mut().enumerate() {
            if reference.is_none() {
                let access = if page < TRANSMIT_BUFFERS { Access::Write } else { Access::Read };
                *reference = Some(grants.grant(self.domain, &self.pages, page, access)?);
            }
        }
        let ring = |page: usize| self.references[page].ok_or(Exhausted);
        Ok([ring(TRANSMIT_RING)?, ring(RECEIVE_RING)?])
    }
}

#[cfg(test)]
mod tests;
