// SPDX-License-Identifier: Apache-2.0
//! Takes frames out of a ring.

use crate::bytes::{self, Line};
use crate::descriptor::{Tag, slots, unpack};
use crate::indices::{Tail, full_fence};
use crate::region::Region;
use crate::shape::End;
use crate::statistics::{BAD_DESCRIPTORS, BAD_INDICES, BYTES, Counts, FRAMES, LOST, SHORT_BUFFERS, WAKEUPS};
use crate::sync::{AtomicU64, Ordering};

/// A frame that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// How many bytes it has: at least one, at most the buffer's.
    pub length: usize,
    /// What the producer said of it.
    pub tag: Tag,
}

/// The side of a ring that takes frames out.
pub struct Consumer<'m> {
    tail: Tail<'m>,
    descriptors: &'m [AtomicU64],
    lines: &'m [Line],
    counts: Counts<'m>,
    /// What was taken since the last release.
    frames: u64,
    bytes: u64,
    /// How often the peer wrote what cannot be.
    bad: u64,
}

impl<'m> Consumer<'m> {
    pub(crate) fn attach(region: &Region<'m>, end: End) -> Self {
        let (descriptors, lines) = region.ring(end.other());
        let (tail, lost) = Tail::attach(region.header().control(end.other().index()), descriptors.len() as u64);
        let counts = region.header().consumer_counts(end);
        counts.add(LOST, lost);
        Consumer { tail, descriptors, lines, counts, frames: 0, bytes: 0, bad: 0 }
    }

    /// How many frames can be taken at most: as many as there are if none is longer than 64 bytes, fewer else, none if this is 0. It
    /// asks the other side's memory only if it knows of none.
    #[inline]
    pub fn available(&mut self) -> usize {
        let available = self.tail.available();
        self.count_bad_indices();
        available
    }

    /// Copies the next frame into the front of `buffer`; none if there is no frame. Frames that cannot be, or that are longer than
    /// the buffer, are counted and skipped.
    #[inline]
    pub fn take(&mut self, buffer: &mut [u8]) -> Option<Frame> {
        while let Some(index) = self.tail.peek() {
            if let Some(frame) = self.copy_out(index as usize, buffer) {
                self.frames += 1;
                self.bytes += frame.length as u64;
                return Some(frame);
            }
        }
        self.count_bad_indices();
        None
    }

    #[inline]
    fn copy_out(&mut self, index: usize, buffer: &mut [u8]) -> Option<Frame> {
        let slot = index & self.descriptors.len().wrapping_sub(1);
        let descriptor = self.descriptors.get(slot)?.load(Ordering::Relaxed);
        let Some((length, tag)) = unpack(descriptor).filter(|(length, _)| self.tail.skip(slots(*length))) else {
            self.counts.add(BAD_DESCRIPTORS, 1);
            self.bad += 1;
            // Where the next frame begins only this descriptor knew.
            self.tail.skip_all();
            return None;
        };
        let Some(room) = buffer.get_mut(..length) else {
            self.counts.add(SHORT_BUFFERS, 1);
            return None;
        };
        bytes::load(self.lines.get(slot..)?, room);
        Some(Frame { length, tag })
    }

    /// Gives the producer the slots of all frames that were taken. Call it once for each burst.
    #[inline]
    pub fn release(&mut self) {
        if self.tail.release() {
            self.counts.add(FRAMES, self.frames);
            self.counts.add(BYTES, self.bytes);
            (self.frames, self.bytes) = (0, 0);
        }
    }

    /// Whether the peer sleeps and waits for room that was released since the last call: then ring its doorbell.
    /// [`Link::wakeup_needed`](crate::Link::wakeup_needed) asks for both rings.
    #[inline]
    pub fn wakeup_needed(&mut self) -> bool {
        self.untold() && {
            full_fence();
            self.tell()
        }
    }

    #[inline]
    pub(crate) fn untold(&self) -> bool {
        self.tail.untold()
    }

    /// Behind a [`full_fence`].
    #[inline]
    pub(crate) fn tell(&mut self) -> bool {
        let needed = self.tail.tell();
        if needed {
            self.counts.add(WAKEUPS, 1);
        }
        needed
    }

    /// Asks for a wake-up when there is a frame. False if there is one, or if there is something to tell the peer first.
    pub fn arm(&mut self) -> bool {
        self.tail.arm()
    }

    /// Asks for no wake-ups.
    #[inline]
    pub fn disarm(&mut self) {
        self.tail.disarm();
    }

    pub(crate) fn bad(&self) -> u64 {
        self.bad
    }

    #[inline]
    fn count_bad_indices(&mut self) {
        if self.tail.bad_indices > 0 {
            let bad = core::mem::take(&mut self.tail.bad_indices);
            self.counts.add(BAD_INDICES, bad);
            self.bad += bad;
        }
    }
}
