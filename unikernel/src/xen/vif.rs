// SPDX-License-Identifier: Apache-2.0
//! A network device of Xen's as a port: frames are copied between packets and the pages that its backend sees.

use super::{Calls, Managed, Moments, pages};
use crate::memory::{FreeRam, POOL};
use crate::shared_pool::Buffers;
use nf_elements::{BURST, Batch, DATA_BYTES, HEADROOM_BYTES, Packet};
use xen_glue::netfront::{self, Refused};
use xen_glue::xenstore::Token;

/// A network device.
pub struct Vif {
    front: &'static netfront::Vif<'static, Calls>,
    moments: &'static Moments,
    /// The buffers that are shared with another VM, if what comes is to be copied to there.
    shared: Option<Buffers>,
    port: u8,
    /// Frames that were not sent: there was no backend; no backend takes frames of that length.
    down: u64,
    bad_lengths: u64,
}

impl Vif {
    /// The device of `device/vif/PORT`, as port number `port`; its task, which connects it, is one of `managed`'s.
    pub fn new(managed: &mut Managed, memory: &mut FreeRam, port: u8) -> Vif {
        let xen = managed.xen;
        let buffers = pages(memory, netfront::PAGES);
        let front: &_ = memory.place(netfront::Vif::new(&xen.calls, port, buffers));
        managed.connect(memory, front, (front.path(), Token::new(port)));
        Vif { front, moments: &xen.moments, shared: None, port, down: 0, bad_lengths: 0 }
    }

    /// Has it copy what it receives into `buffers`, and into the VM's own where there are none left.
    pub fn receive_into(&mut self, buffers: Buffers) {
        self.shared = Some(buffers);
    }

    /// Its Ethernet address, if the toolstack gave it one.
    pub fn mac(&self) -> Option<[u8; 6]> {
        self.front.mac()
    }

    /// Most bytes of a packet in a frame, as the toolstack says.
    pub fn mtu(&self) -> u16 {
        self.front.mtu()
    }

    /// Whether its backend is connected.
    pub fn is_up(&self) -> bool {
        self.front.queue().is_up()
    }

    /// Frames that the backend has brought so far.
    pub fn received(&self) -> u64 {
        self.front.queue().received()
    }

    /// Frames that the backend has been given so far.
    pub fn sent(&self) -> u64 {
        self.front.queue().sent()
    }

    /// What the backend or an element did wrong: frames that are empty or too long, frames that the backend says it could not bring or
    /// send, protocols broken.
    pub fn errors(&self) -> u64 {
        let queue = self.front.queue();
        let drops = queue.drops();
        self.bad_lengths + drops.failed + drops.bad_lengths + queue.undelivered() + queue.breaks()
    }

    /// What the machine's handler `name` tells of it.
    pub fn read(&self, name: &str) -> Option<u64> {
        let queue = self.front.queue();
        Some(match name {
            "vif_up" => u64::from(queue.is_up()),
            "vif_down" => self.down,
            "vif_mtu" => u64::from(self.mtu()),
            "vif_connections" => queue.connections(),
            "vif_breaks" => queue.breaks(),
            "vif_offloads" => queue.drops().offloads,
            "vif_undelivered" => queue.undelivered(),
            _ => return None,
        })
    }

    /// Adds received frames to `batch`, up to its room.
    #[inline]
    pub fn receive(&mut self, batch: &mut Batch) {
        let mut queue = self.front.queue();
        if queue.is_broken() {
            self.moments.hurry();
        }
        while batch.room() > 0 && queue.is_ready() {
            let Some(buffer) = self.shared.and_then(Buffers::take).or_else(|| POOL.take()) else { break };
            let length = queue.take(&mut buffer.data.0[HEADROOM_BYTES..]);
            let packet = Packet::received(buffer, length.unwrap_or(0), self.port);
            if length.is_some() {
                // There is room: the loop's condition says so.
                let _ = batch.push(packet);
            }
        }
        queue.release();
    }

    /// How many frames `transmit` would take.
    pub fn transmit_room(&mut self) -> usize {
        let mut queue = self.front.queue();
        if queue.is_up() { queue.room() } else { BURST }
    }

    /// Sends the packets of `batch`; those that there is no room for stay. Without a backend all are taken, and none is sent.
    #[inline]
    pub fn transmit(&mut self, batch: &mut Batch) {
        let mut queue = self.front.queue();
        queue.room();
        let mut done = 0;
        for packet in batch.iter() {
            match queue.put(packet.data()) {
                Ok(()) => {}
                Err(Refused::Length) => self.bad_lengths += 1,
                Err(Refused::Down) => self.down += 1,
                Err(Refused::Full) => break,
            }
            done += 1;
        }
        queue.publish();
        if done == batch.len() {
            core::mem::take(batch).discard();
        } else {
            drop(batch.drain(done));
        }
    }

    /// Tells the backend of everything new, once.
    #[inline]
    pub fn notify(&mut self) {
        self.front.notify();
    }

    /// Asks for an event when a frame comes, or when there is room for a burst again. False if that is so already.
    pub fn arm(&mut self, awaited: bool) -> bool {
        self.front.arm(if awaited { BURST } else { 0 })
    }
}

// A vif refuses what is longer than its buffers, which jumbo frames can be.
const _: () = assert!(cfg!(jumbo_frames) || DATA_BYTES <= netfront::BUFFER_BYTES);
