// SPDX-License-Identifier: Apache-2.0
//! A link to another domain as a port: rings in memory that one end grants and the other maps.

use super::{Calls, Managed, hole, pages};
use crate::link::Traffic;
use crate::memory::FreeRam;
use nf_elements::{BURST, Batch};
use xen_glue::link::{self, PAGES};
use xen_glue::xenbus::Role;
use xen_glue::xenstore::Token;

/// The tokens of links follow those of vifs.
const FIRST_TOKEN: u8 = 32;

/// One end of a link.
pub struct Link {
    end: &'static link::Link<'static, Calls>,
    role: Role,
    traffic: Traffic,
}

impl Link {
    /// The link of `device/sluice-link/PORT`, as port number `port`; its task, which agrees with the other end, is one of `managed`'s.
    pub fn new(managed: &mut Managed, memory: &mut FreeRam, port: u8, role: Role) -> Link {
        let (directory, region) = match role {
            Role::Backend => (pages(memory, 1), pages(memory, PAGES - 1)),
            Role::Frontend => (hole(memory, port, 0, 1), hole(memory, port, 1, PAGES - 1)),
        };
        let end: &_ = memory.place(link::Link::new(&managed.xen.calls, port, role, directory, region));
        managed.connect(memory, end, (end.path(), Token::new(FIRST_TOKEN + port)));
        Link { end, role, traffic: Traffic::new(port) }
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
        self.end.rings().as_ref().is_some_and(|up| up.rings.peer().is_up())
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
        if let Some(up) = &mut *self.end.rings() {
            self.traffic.receive(&mut up.rings, batch);
        }
    }

    /// How many frames `transmit` would take.
    pub fn transmit_room(&mut self) -> usize {
        self.end.rings().as_mut().map_or(BURST, |up| Traffic::room(&mut up.rings))
    }

    /// Sends the packets of `batch`; those that there is no room for stay. If the link is down all are taken, and none is sent.
    #[inline]
    pub fn transmit(&mut self, batch: &mut Batch) {
        match &mut *self.end.rings() {
            Some(up) => self.traffic.transmit(&mut up.rings, batch),
            None => self.traffic.drop_all(batch),
        }
    }

    /// Rings the peer's doorbell if it sleeps and something is new for it.
    #[inline]
    pub fn notify(&mut self) {
        self.end.notify();
    }

    /// Asks for an event when a frame comes, or when a full ring gets room. False if that is so already.
    pub fn arm(&mut self, awaited: bool) -> bool {
        self.end.rings().as_mut().is_none_or(|up| Traffic::arm(&mut up.rings, awaited))
    }

    /// Asks for no events.
    pub fn disarm(&mut self) {
        if let Some(up) = &mut *self.end.rings() {
            up.rings.disarm();
        }
    }
}
