// SPDX-License-Identifier: Apache-2.0
//! A batch: the packets that travel together.

use crate::Packet;

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

    /// The packets.
    #[inline]
    pub fn iter(&self) -> core::slice::Iter<'_, Packet> {
        self.0.iter()
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
