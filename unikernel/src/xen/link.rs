// SPDX-License-Identifier: Apache-2.0
//! A link to another domain as a port: rings in memory that one end grants and the other maps.

use super::{Calls, Managed, hole, pages};
use crate::link::Traffic;
use crate::memory::{FreeRam, PAGE};
use crate::shared_link::SharedLink;
use crate::shared_pool::SharedPool;
use nf_elements::{BURST, Batch};
use ring::{AtomicU64, End, RegionError, Shape, SharedRegion};
use xen_glue::Pages;
use xen_glue::link::{self, CopyRings, Rings};
use xen_glue::xenbus::Role;
use xen_glue::xenstore::Token;

/// The tokens of links follow those of vifs.
const FIRST_TOKEN: u8 = 32;

/// What agrees with the other end.
pub type LinkEnd = &'static link::Link<'static, Calls>;

/// One end of a link in copy mode.
pub struct Link {
    end: LinkEnd,
    role: Role,
    rings: &'static CopyRings,
    traffic: Traffic,
}

/// Which end of `device/sluice-link/PORT` this is, and of what kind.
#[derive(Clone, Copy)]
pub struct LinkKind {
    /// Which end.
    pub role: Role,
    /// Whether in shared mode.
    pub shared: bool,
}

/// The directory and the region of a link of that shape.
fn frames(memory: &mut FreeRam, port: u8, role: Role, shape: Shape) -> (Pages, Pages) {
    let region = link::pages(shape) - 1;
    match role {
        Role::Backend => (pages(memory, 1), pages(memory, region)),
        Role::Frontend => (hole(memory, port, 0, 1), hole(memory, port, 1, region)),
    }
}

/// The end that agrees with the other one, and its task as one of `managed`'s.
fn begin(
    managed: &mut Managed,
    memory: &mut FreeRam,
    port: u8,
    role: Role,
    rings: &'static dyn Rings,
    (directory, region): (Pages, Pages),
) -> LinkEnd {
    let end: LinkEnd = memory.place(link::Link::new(&managed.xen.calls, port, role, rings, directory, region));
    managed.connect(memory, end, (end.path(), Token::new(FIRST_TOKEN + port)));
    end
}

/// The link of `device/sluice-link/PORT` in shared mode, as port number `port`.
pub fn shared(managed: &mut Managed, memory: &mut FreeRam, port: u8, role: Role) -> SharedLink {
    let (directory, region) = frames(memory, port, role, link::SHARED);
    let pool: &'static SharedPool = memory.place(SharedPool::new(region.frame() as usize * PAGE));
    let end = begin(managed, memory, port, role, pool, (directory, region));
    let first = if role == Role::Backend { End::A } else { End::B };
    SharedLink::granted(end, pool, first, memory, port)
}

impl Rings for SharedPool {
    fn shape(&self) -> Shape {
        link::SHARED
    }

    fn format(&self, words: &[AtomicU64]) -> Result<(), RegionError> {
        let region = SharedRegion::format(words, link::SHARED)?;
        [End::A, End::B].into_iter().for_each(|end| region.set_presence(end, true));
        Ok(())
    }

    fn attach(&self, words: &'static [AtomicU64], end: End) -> Result<(), RegionError> {
        self.begin(SharedRegion::open(words)?.attach(end));
        Ok(())
    }

    fn shut(&self) {
        self.end();
    }

    fn is_free(&self) -> bool {
        SharedPool::is_free(self)
    }
}

impl Link {
    /// The link of `device/sluice-link/PORT`, as port number `port`.
    pub fn new(managed: &mut Managed, memory: &mut FreeRam, port: u8, role: Role) -> Link {
        let rings: &'static CopyRings = memory.place(CopyRings::default());
        let frames = frames(memory, port, role, Shape::COPY);
        Link { end: begin(managed, memory, port, role, rings, frames), role, rings, traffic: Traffic::new(port) }
    }

    /// Whether this end grants the memory.
    pub fn is_first(&self) -> bool {
        self.role == Role::Backend
    }

    /// Frames that the peer has brought so far.
    pub fn received(&self) -> u64 {
        self.traffic.received
    }

    /// Frames that the peer has been given so far.
    pub fn sent(&self) -> u64 {
        self.traffic.sent
    }

    /// Frames that an element made and no link carries.
    pub fn errors(&self) -> u64 {
        self.traffic.bad_lengths
    }

    /// Whether the peer is there.
    pub fn is_up(&self) -> bool {
        self.rings.get().as_ref().is_some_and(|rings| rings.peer().is_up())
    }

    /// What the machine's handler `name` tells of it.
    pub fn read(&self, name: &str) -> Option<u64> {
        match name {
            "link_up" => Some(u64::from(self.is_up())),
            "link_down" => Some(self.traffic.peer_down),
            _ => None,
        }
    }

    /// Adds received frames to `batch`, up to its room.
    #[inline]
    pub fn receive(&mut self, batch: &mut Batch) {
        if let Some(rings) = &mut *self.rings.get() {
            self.traffic.receive(rings, batch);
        }
    }

    /// How many frames `transmit` would take.
    pub fn transmit_room(&mut self) -> usize {
        self.rings.get().as_mut().map_or(BURST, Traffic::room)
    }

    /// Sends the packets of `batch`; those that there is no room for stay. If the link is down all are taken, and none is sent.
    #[inline]
    pub fn transmit(&mut self, batch: &mut Batch) {
        match &mut *self.rings.get() {
            Some(rings) => self.traffic.transmit(rings, batch),
            None => self.traffic.drop_all(batch),
        }
    }

    /// Rings the peer's doorbell if it sleeps and something is new for it.
    #[inline]
    pub fn notify(&mut self) {
        if self.rings.get().as_mut().is_some_and(ring::Link::wakeup_needed) {
            self.end.ring();
        }
    }

    /// Asks for an event when a frame comes, or when a full ring gets room. False if that is so already.
    pub fn arm(&mut self, awaited: bool) -> bool {
        self.rings.get().as_mut().is_none_or(|rings| Traffic::arm(rings, awaited))
    }

    /// Asks for no events.
    pub fn disarm(&mut self) {
        if let Some(rings) = &mut *self.rings.get() {
            rings.disarm();
        }
    }
}
