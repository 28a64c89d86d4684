// SPDX-License-Identifier: Apache-2.0
//! One end of a link to another VM: a port over rings in memory that both see (the `ring` crate), and a doorbell.
//!
//! Frames are copied: the peer sees what is sent to it and nothing else. A peer that is down, full, or writes nonsense costs
//! frames, each of which is counted; it never makes this end wait.

use crate::ivshmem::Device;
use crate::memory::POOL;
use nf_elements::{BURST, Batch, DATA_BYTES, HEADROOM_BYTES, Packet};
use ring::{End, Frame, Refused, Region, RegionError, Tag};

/// One end of a link.
pub struct Link {
    device: Device,
    rings: ring::Link<'static>,
    traffic: Traffic,
}

/// What moves frames between packets and rings, and counts them.
pub struct Traffic {
    port: u8,
    /// Frames that the peer has brought, and has been given, so far.
    pub received: u64,
    /// The others.
    pub sent: u64,
    /// Frames that were not sent: the peer was down.
    pub peer_down: u64,
    /// No link carries frames of that length.
    pub bad_lengths: u64,
}

impl Link {
    /// Takes up the side of `end` of the rings, as port number `port`.
    pub fn new(device: Device, end: End, port: u8) -> Result<Link, RegionError> {
        let rings = Region::open(device.memory())?.attach(end);
        Ok(Link { device, rings, traffic: Traffic::new(port) })
    }

    /// Lets the peer and the host wake the processor. Until then it is polled.
    pub fn enable_interrupts(&mut self) {
        self.device.enable_interrupts();
    }

    /// Whether frames come unannounced.
    pub fn is_polled(&self) -> bool {
        self.device.is_polled()
    }

    /// Which end this is.
    pub fn is_first(&self) -> bool {
        self.rings.end() == End::A
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
    #[inline]
    pub fn is_up(&self) -> bool {
        self.rings.peer().is_up()
    }

    /// What the machine's handler `name` tells of it.
    pub fn read(&self, name: &str) -> Option<u64> {
        match name {
            "link_up" => Some(u64::from(self.is_up())),
            "link_down" => Some(self.traffic.peer_down),
            "link_bad" => Some(self.rings.bad()),
            _ => None,
        }
    }

    /// Adds received frames to `batch`, up to its room.
    #[inline]
    pub fn receive(&mut self, batch: &mut Batch) {
        self.traffic.receive(&mut self.rings, batch);
    }

    /// How many frames `transmit` would take.
    pub fn transmit_room(&mut self) -> usize {
        Traffic::room(&mut self.rings)
    }

    /// Sends the packets of `batch`; those that there is no room for stay, for the caller to drop and count.
    #[inline]
    pub fn transmit(&mut self, batch: &mut Batch) {
        self.traffic.transmit(&mut self.rings, batch);
    }

    /// Rings the peer's doorbell if it sleeps and something is new for it.
    #[inline]
    pub fn notify(&mut self) {
        if self.rings.wakeup_needed() {
            self.device.ring();
        }
    }

    /// Asks for an interrupt when a frame comes, and when there is room for a burst, if that is `awaited`. False if that is so already.
    pub fn arm(&mut self, awaited: bool) -> bool {
        Traffic::arm(&mut self.rings, awaited)
    }

    /// Asks for no interrupts.
    pub fn disarm(&mut self) {
        self.rings.disarm();
    }
}

impl Traffic {
    /// None yet, of port number `port`.
    pub const fn new(port: u8) -> Traffic {
        Traffic { port, received: 0, sent: 0, peer_down: 0, bad_lengths: 0 }
    }

    /// Adds received frames to `batch`, up to its room.
    #[inline]
    pub fn receive(&mut self, rings: &mut ring::Link, batch: &mut Batch) {
        let consumer = &mut rings.consumer;
        while batch.room() > 0 && consumer.available() > 0 {
            let Some(buffer) = POOL.take() else { break };
            let frame = consumer.take(&mut buffer.data.0[HEADROOM_BYTES..]);
            let mut packet = Packet::received(buffer, frame.map_or(0, |frame| frame.length), self.port);
            let Some(Frame { tag, .. }) = frame else { break };
            let annotations = packet.annotations_mut();
            (annotations.chain, annotations.flow_hash) = (tag.chain, tag.flow_hash);
            self.received += 1;
            // There is room: the loop's condition says so.
            let _ = batch.push(packet);
        }
        consumer.release();
    }

    /// How many frames `transmit` would take.
    pub fn room(rings: &mut ring::Link) -> usize {
        if rings.peer().is_up() { rings.producer.room(BURST) } else { BURST }
    }

    /// Sends the packets of `batch`; those that there is no room for stay, for the caller to drop and count, and count for who
    /// looks at the rings from outside. A peer that is down takes all, and gets none.
    #[inline]
    pub fn transmit(&mut self, rings: &mut ring::Link, batch: &mut Batch) {
        if !rings.peer().is_up() {
            rings.producer.drop_down(batch.len());
            return self.drop_all(batch);
        }
        let producer = &mut rings.producer;
        let mut done = 0;
        for packet in batch.iter() {
            let annotations = packet.annotations();
            let tag = Tag { chain: annotations.chain, flow_hash: annotations.flow_hash };
            match producer.put(tag, packet.data()) {
                Ok(()) => self.sent += 1,
                Err(Refused::Length(_)) => self.bad_lengths += 1,
                Err(Refused::Full) => break,
            }
            done += 1;
        }
        producer.publish();
        if done == batch.len() {
            core::mem::take(batch).discard();
        } else {
            drop(batch.drain(done));
            producer.drop_full(batch.len());
        }
    }

    /// Drops the packets of `batch`: the peer is down.
    #[cold]
    pub fn drop_all(&mut self, batch: &mut Batch) {
        self.peer_down += batch.len() as u64;
        core::mem::take(batch).discard();
    }

    /// Asks for a doorbell when a frame comes, and when there is room for a burst, if that is `awaited`. False if that is so already:
    /// room that came since somebody looked for it in vain is nothing to sleep on.
    pub fn arm(rings: &mut ring::Link, awaited: bool) -> bool {
        let awaited = awaited && rings.peer().is_up();
        rings.arm(if awaited { BURST } else { 0 })
    }
}

// A VM of jumbo frames has no links: the compiler sees to that.
const _: () = assert!(cfg!(jumbo_frames) || DATA_BYTES - HEADROOM_BYTES <= ring::FRAME_BYTES);

#[cfg(test)]
mod tests {
    use super::*;
    use ring::{AtomicU64, Shape};

    #[test]
    fn room_that_came_meanwhile_is_not_slept_on() {
        let memory: Vec<AtomicU64> = (0..Shape::COPY.words()).map(|_| AtomicU64::new(0)).collect();
        let region = Region::format(&memory, Shape::COPY).unwrap();
        region.set_presence(End::A, true);
        region.set_presence(End::B, true);
        let [mut here, mut there] = [End::A, End::B].map(|end| Region::open(&memory).unwrap().attach(end));
        while Traffic::room(&mut here) > 0 {
            here.producer.put(Tag { chain: 0, flow_hash: 1 }, &[0; 60]).unwrap();
            here.producer.publish();
            let _ = here.wakeup_needed();
        }
        assert!(Traffic::arm(&mut here, true), "full: the peer will ring");
        here.disarm();
        // The peer takes everything before this end asks for a doorbell.
        while there.consumer.take(&mut [0; 64]).is_some() {}
        there.consumer.release();
        assert!(!Traffic::arm(&mut here, true));
        assert!(Traffic::arm(&mut here, false), "nobody waits for room");
    }
}
