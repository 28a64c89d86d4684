// SPDX-License-Identifier: Apache-2.0
//! What an end counts: written by that end alone, read by whoever can read the region.

use crate::indices::{Control, HEAD, TAIL};
use crate::presence::{self, Peer};
use crate::region::Header;
use crate::shape::{End, RegionError, Shape};
use crate::sync::{AtomicU64, Ordering};

/// Words of the counts of a producer or a consumer: one line, with one writer.
pub(crate) const COUNT_WORDS: usize = 8;

/// What both count.
pub(crate) const FRAMES: usize = 0;
pub(crate) const BYTES: usize = 1;
pub(crate) const BAD_INDICES: usize = 2;
pub(crate) const WAKEUPS: usize = 3;
/// What a producer counts.
pub(crate) const FULL: usize = 4;
pub(crate) const PEER_DOWN: usize = 5;
pub(crate) const TOO_LONG: usize = 6;
/// What a consumer counts.
pub(crate) const BAD_DESCRIPTORS: usize = 4;
pub(crate) const LOST: usize = 5;
pub(crate) const SHORT_BUFFERS: usize = 6;

/// The counts of a producer or a consumer, which go on where its predecessor's stood.
#[derive(Clone, Copy)]
pub(crate) struct Counts<'m>(pub &'m [AtomicU64; COUNT_WORDS]);

impl Counts<'_> {
    /// Adds to a count. A store, not an atomic addition: nobody else writes it, and a peer that does is not believed anyway.
    #[inline]
    pub fn add(&self, count: usize, more: u64) {
        let word = &self.0[count];
        word.store(word.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }
}

/// What one end of a link has counted, its earlier incarnations included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames that it has published to its peer.
    pub frames_put: u64,
    /// Their bytes.
    pub bytes_put: u64,
    /// Frames that it dropped because the ring was full.
    pub dropped_full: u64,
    /// Frames that it dropped because the peer was down.
    pub dropped_down: u64,
    /// Frames that it dropped because they are empty or longer than [`FRAME_BYTES`](crate::FRAME_BYTES).
    pub too_long: u64,
    /// Frames that it has taken from its peer.
    pub frames_taken: u64,
    /// Their bytes.
    pub bytes_taken: u64,
    /// Slots with frames that lay in its ring when it attached, and were skipped.
    pub lost: u64,
    /// How many times the peer has published a frame of impossible length; all that was in the ring was skipped.
    pub bad_descriptors: u64,
    /// Frames that were longer than the buffer that this end had for them, which were skipped.
    pub short_buffers: u64,
    /// How many times the peer's index was where it cannot be.
    pub bad_indices: u64,
    /// How many times it has asked for the peer to be woken.
    pub wakeups: u64,
}

/// Reads what both ends of a link show, and writes nothing.
pub struct Observer<'m> {
    header: Header<'m>,
    shape: Shape,
}

impl<'m> Observer<'m> {
    /// Observes the region whose first [`HEADER_BYTES`](crate::HEADER_BYTES) are in `header`: the memory itself, or words of a
    /// copy of it.
    pub fn open(header: &'m [AtomicU64]) -> Result<Self, RegionError> {
        let header = Header::new(header)?;
        Ok(Observer::new(header, header.shape()?))
    }

    pub(crate) fn new(header: Header<'m>, shape: Shape) -> Self {
        Observer { header, shape }
    }

    /// What the region is.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many slots of the ring from this end to the other are in use: published, not yet released. Of [`Shape::slots`].
    pub fn occupancy(&self, from: End) -> u64 {
        let control: &Control = self.header.control(from.index());
        let tail = control[TAIL].load(Ordering::Relaxed);
        let head = control[HEAD].load(Ordering::Relaxed);
        let ahead = head.wrapping_sub(tail);
        // Read one after the other, of a running ring: the tail may have passed the head that belonged to it.
        if ahead > u64::MAX / 2 { 0 } else { ahead.min(self.shape.slots as u64) }
    }

    /// Whether this end runs.
    pub fn state(&self, end: End) -> Peer {
        presence::state(&self.header, end)
    }

    /// What this end has counted.
    pub fn statistics(&self, end: End) -> Statistics {
        let [producer, consumer] = [self.header.producer_counts(end), self.header.consumer_counts(end)];
        let put = |count: usize| producer.0[count].load(Ordering::Relaxed);
        let took = |count: usize| consumer.0[count].load(Ordering::Relaxed);
        Statistics {
            frames_put: put(FRAMES),
            bytes_put: put(BYTES),
            dropped_full: put(FULL),
            dropped_down: put(PEER_DOWN),
            too_long: put(TOO_LONG),
            frames_taken: took(FRAMES),
            bytes_taken: took(BYTES),
            lost: took(LOST),
            bad_descriptors: took(BAD_DESCRIPTORS),
            short_buffers: took(SHORT_BUFFERS),
            bad_indices: put(BAD_INDICES).wrapping_add(took(BAD_INDICES)),
            wakeups: put(WAKEUPS).wrapping_add(took(WAKEUPS)),
        }
    }
}
