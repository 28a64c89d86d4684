// SPDX-License-Identifier: Apache-2.0
//! One end of a link to a VM that this one trusts: frames cross it where they lie.
//!
//! What a NIC of this VM receives lies in the link's memory from the start (see [`SharedLink::buffers`]), so a frame goes from NIC
//! to NIC through both VMs without a copy. What lies elsewhere, because an element made it or another link brought it, is copied
//! into a buffer of the link first. A vif of Xen copies what it receives to there at once.

use crate::ivshmem::Device;
use crate::memory::FreeRam;
use crate::shared_pool::{Buffers, SharedPool};
use crate::xen;
use nf_elements::{BURST, Batch, BufferPool};
use ring::{End, RegionError, SharedRegion};

/// What wakes the peer.
enum Bell {
    Device(Device),
    Granted(xen::LinkEnd),
}

/// One end of a link.
pub struct SharedLink {
    bell: Bell,
    buffers: Buffers,
    end: End,
    port: u8,
    received: u64,
    sent: u64,
    /// Those of `sent` that had to be copied.
    copied: u64,
    /// Frames that were not sent: the peer was down; no link carries frames of that length.
    peer_down: u64,
    bad_lengths: u64,
}

impl SharedLink {
    /// Takes up the side of `end` of the rings, as port number `port`.
    pub fn new(device: Device, end: End, memory: &mut FreeRam, port: u8) -> Result<SharedLink, RegionError> {
        let rings = SharedRegion::open(device.memory())?.attach(end);
        let pool: &'static SharedPool = memory.place(SharedPool::new(device.memory().as_ptr() as usize));
        pool.begin(rings);
        Ok(SharedLink::with(Bell::Device(device), pool, end, memory, port))
    }

    /// A link to another domain of Xen, whose task gives `pool` its rings and takes them away.
    pub fn granted(
        link: xen::LinkEnd,
        pool: &'static SharedPool,
        end: End,
        memory: &mut FreeRam,
        port: u8,
    ) -> SharedLink {
        SharedLink::with(Bell::Granted(link), pool, end, memory, port)
    }

    fn with(bell: Bell, pool: &'static SharedPool, end: End, memory: &mut FreeRam, port: u8) -> SharedLink {
        let buffers = Buffers::new(pool, memory.place(pool as &'static dyn BufferPool));
        SharedLink { bell, buffers, end, port, received: 0, sent: 0, copied: 0, peer_down: 0, bad_lengths: 0 }
    }

    /// The buffers that frames must lie in to cross without a copy.
    pub fn buffers(&self) -> Buffers {
        self.buffers
    }

    /// Lets the peer and the host wake the processor. Until then it is polled.
    pub fn enable_interrupts(&mut self) {
        if let Bell::Device(device) = &mut self.bell {
            device.enable_interrupts();
        }
    }

    /// Whether frames come unannounced.
    pub fn is_polled(&self) -> bool {
        matches!(&self.bell, Bell::Device(device) if device.is_polled())
    }

    /// Which end this is.
    pub fn is_first(&self) -> bool {
        self.end == End::A
    }

    /// Frames that the peer has brought so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Frames that the peer has been given so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Frames that an element made and no link carries.
    pub fn errors(&self) -> u64 {
        self.bad_lengths
    }

    /// Whether the peer is there.
    #[inline]
    pub fn is_up(&self) -> bool {
        self.buffers.rings().is_some_and(|mut rings| rings.settle().is_up())
    }

    /// What the machine's handler `name` tells of it.
    pub fn read(&self, name: &str) -> Option<u64> {
        match name {
            "link_up" => Some(u64::from(self.is_up())),
            "link_down" => Some(self.peer_down),
            "link_copied" => Some(self.copied),
            "link_free" => Some(self.buffers.rings().map_or(0, |rings| rings.free() as u64)),
            "link_away" => Some(self.buffers.rings().map_or(0, |rings| rings.away() as u64)),
            _ => None,
        }
    }

    /// Adds received frames to `batch`, up to its room.
    #[inline]
    pub fn receive(&mut self, batch: &mut Batch) {
        while batch.room() > 0 {
            let Some(packet) = self.buffers.receive(self.port) else { break };
            self.received += 1;
            // There is room: the loop's condition says so.
            let _ = batch.push(packet);
        }
        if let Some(mut rings) = self.buffers.rings() {
            rings.release();
        }
    }

    /// How many frames `transmit` would take, if they lie in the link's buffers or there are as many free ones.
    pub fn transmit_room(&mut self) -> usize {
        if !self.is_up() {
            return BURST;
        }
        self.buffers.rings().map_or(BURST, |mut rings| rings.room(BURST))
    }

    /// Sends the packets of `batch`; those that there is no room for stay, for the caller to drop and count, and count for who
    /// looks at the rings from outside. A peer that is down takes all, and gets none.
    #[inline]
    pub fn transmit(&mut self, batch: &mut Batch) {
        if !self.is_up() {
            return self.drop_all(batch);
        }
        let room = self.buffers.rings().map_or(0, |mut rings| rings.room(batch.len()));
        let ready = batch.iter_mut().take(room).map_while(|packet| self.buffers.bring_in(packet));
        let (ready, copied) = ready.fold((0, 0), |(ready, copied), copy| (ready + 1, copied + u64::from(copy)));
        self.copied += copied;
        for packet in batch.drain(ready) {
            match self.buffers.put(packet) {
                true => self.sent += 1,
                false => self.bad_lengths += 1,
            }
        }
        if let Some(mut rings) = self.buffers.rings() {
            rings.publish();
            if !batch.is_empty() {
                rings.drop_full(batch.len());
            }
        }
    }

    #[cold]
    fn drop_all(&mut self, batch: &mut Batch) {
        self.peer_down += batch.len() as u64;
        if let Some(mut rings) = self.buffers.rings() {
            rings.drop_down(batch.len());
        }
        core::mem::take(batch).discard();
    }

    /// Gives the peer its buffers back, and rings its doorbell if it sleeps and something is new for it.
    #[inline]
    pub fn notify(&mut self) {
        let Some(mut rings) = self.buffers.rings() else { return };
        rings.settle();
        rings.publish();
        if rings.wakeup_needed() {
            match &mut self.bell {
                Bell::Device(device) => device.ring(),
                Bell::Granted(link) => link.ring(),
            }
        }
    }

    /// Asks for an interrupt when a frame comes, when a full ring gets room, or when a buffer comes back after the last one was
    /// taken. False if that is so already.
    pub fn arm(&mut self, awaited: bool) -> bool {
        // Buffers may have come back since the last round: frames that a NIC behind this port has sent.
        self.notify();
        let Some(mut rings) = self.buffers.rings() else { return true };
        let awaited = awaited && rings.settle().is_up();
        rings.arm(if awaited { BURST } else { 0 })
    }

    /// Asks for no interrupts.
    pub fn disarm(&mut self) {
        if let Some(mut rings) = self.buffers.rings() {
            rings.disarm();
        }
    }
}
