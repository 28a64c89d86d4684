// SPDX-License-Identifier: Apache-2.0
//! A batch: the packets that travel together.

use crate::{Buffer, Packet};

/// Most packets in a batch, and most that a device hands over at once.
pub const BURST: usize = 32;

/// Up to [`BURST`] packets in order of arrival.
#[derive(Default)]
pub struct Batch(heapless::Vec<Packet, BURST>);

impl Batch {
    /// An empty batch.
    #[inline]
    pub const fn new() -> Self {
        Batch(heapless::Vec::new())
    }

    /// Number of packets.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the batch has no packet.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many packets more fit.
    #[inline]
    pub fn room(&self) -> usize {
        BURST - self.0.len()
    }

    /// Appends a packet; gives it back when the batch is full.
    #[inline]
    pub fn push(&mut self, packet: Packet) -> Result<(), Packet> {
        self.0.push(packet)
    }

    /// Ends all packets. One call for all buffers, not one for each, where they are of the same pool, as they usually are.
    #[inline]
    pub fn discard(mut self) {
        let Some(pool) = self.iter().next().and_then(Packet::pool) else { return };
        if self.iter().all(|packet| packet.pool().is_some_and(|other| core::ptr::eq(other, pool))) {
            pool.give_back_all(&mut self);
            // Empty handles: looking at each of them once more would find nothing to drop.
            core::mem::forget(self);
        }
    }

    /// The buffers of all packets, for their pool; nothing is left of a packet whose buffer was taken.
    #[inline]
    pub fn take_buffers(&mut self) -> impl ExactSizeIterator<Item = &'static mut Buffer> + '_ {
        self.0.iter_mut().map(Packet::take_buffer)
    }

    /// Keeps the packets of which `keep`, which may change them, says so, in their order; the others end.
    #[inline]
    pub fn retain(&mut self, mut keep: impl FnMut(&mut Packet) -> bool) {
        let packets = self.0.as_mut_slice();
        let mut kept = 0;
        for index in 0..packets.len() {
            let mut packet = packets[index].take();
            if keep(&mut packet) {
                core::mem::forget(core::mem::replace(&mut packets[kept], packet));
                kept += 1;
            }
        }
        self.0.truncate(kept);
    }

    /// The packets.
    #[inline]
    pub fn iter(&self) -> core::slice::Iter<'_, Packet> {
        self.0.iter()
    }

    /// The packets, to edit in place.
    #[inline]
    pub fn iter_mut(&mut self) -> core::slice::IterMut<'_, Packet> {
        self.0.iter_mut()
    }

    /// Removes and yields the first `count` packets (all, if there are fewer).
    #[inline]
    pub fn drain(&mut self, count: usize) -> heapless::vec::Drain<'_, Packet, usize> {
        let count = count.min(self.0.len());
        self.0.drain(..count)
    }
}

/// A batch of one.
impl From<Packet> for Batch {
    #[inline]
    fn from(packet: Packet) -> Self {
        let mut batch = Batch::new();
        // An empty batch has room.
        let _ = batch.push(packet);
        batch
    }
}

impl IntoIterator for Batch {
    type Item = Packet;
    type IntoIter = heapless::vec::IntoIter<Packet, BURST, usize>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::packet;

    #[test]
    fn retain_keeps_the_order_and_ends_the_rest() {
        for mask in 0..64u32 {
            let mut batch = Batch::new();
            (0..6).for_each(|byte| drop(batch.push(packet(&[byte]))));
            batch.retain(|packet| mask >> packet.data()[0] & 1 == 1);
            let left: Vec<u8> = batch.iter().map(|packet| packet.data()[0]).collect();
            assert_eq!(left, (0..6).filter(|byte| mask >> byte & 1 == 1).collect::<Vec<_>>());
            batch.discard();
        }
    }
}
