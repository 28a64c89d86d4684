// SPDX-License-Identifier: Apache-2.0
//! Puts frames into a ring.

use crate::bytes::{self, Line};
use crate::descriptor::{FRAME_BYTES, FRAME_SLOTS, Tag, pack, slots};
use crate::indices::{Head, full_fence};
use crate::region::Region;
use crate::shape::End;
use crate::statistics::{BAD_INDICES, BYTES, Counts, FRAMES, FULL, PEER_DOWN, TOO_LONG, WAKEUPS};
use crate::sync::{AtomicU64, Ordering};

/// Why a frame was not put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no room. Nothing is counted: try again later, or drop the frame and say so with [`Producer::drop_full`].
    Full,
    /// No link carries a frame of this length. It is counted as dropped.
    Length(usize),
}

/// The side of a ring that puts frames in.
pub struct Producer<'m> {
    head: Head<'m>,
    descriptors: &'m [AtomicU64],
    lines: &'m [Line],
    counts: Counts<'m>,
    /// What was put since the last publish.
    frames: u64,
    bytes: u64,
    /// How often the peer wrote what cannot be.
    bad: u64,
}

impl<'m> Producer<'m> {
    pub(crate) fn attach(region: &Region<'m>, end: End) -> Self {
        let (descriptors, lines) = region.ring(end);
        let head = Head::attach(region.header().control(end.index()), descriptors.len() as u64);
        let counts = region.header().producer_counts(end);
        Producer { head, descriptors, lines, counts, frames: 0, bytes: 0, bad: 0 }
    }

    /// How many frames of any length can be put; of short ones it is many more. It asks the other side's memory only if it
    /// knows of room for fewer than `wanted`.
    #[inline]
    pub fn room(&mut self, wanted: usize) -> usize {
        let room = self.head.room(wanted.saturating_mul(FRAME_SLOTS));
        self.count_bad_indices();
        room / FRAME_SLOTS
    }

    /// Copies a frame into the ring. The peer sees it from the next [`Producer::publish`] on.
    #[inline]
    pub fn put(&mut self, tag: Tag, frame: &[u8]) -> Result<(), Refused> {
        if frame.is_empty() || frame.len() > FRAME_BYTES {
            self.counts.add(TOO_LONG, 1);
            return Err(Refused::Length(frame.len()));
        }
        let index = self.head.claim(slots(frame.len())).ok_or(Refused::Full)? as usize;
        let slot = index & self.descriptors.len().wrapping_sub(1);
        if let (Some(descriptor), Some(lines)) = (self.descriptors.get(slot), self.lines.get(slot..)) {
            bytes::store(lines, frame);
            descriptor.store(pack(frame.len() as u16, tag), Ordering::Relaxed);
        }
        self.frames += 1;
        self.bytes += frame.len() as u64;
        Ok(())
    }

    /// Shows the peer all frames that were put. Call it once for each burst.
    #[inline]
    pub fn publish(&mut self) {
        if self.head.publish() {
            self.counts.add(FRAMES, self.frames);
            self.counts.add(BYTES, self.bytes);
            (self.frames, self.bytes) = (0, 0);
        }
        self.count_bad_indices();
    }

    /// Counts frames that the caller dropped because the ring was full.
    pub fn drop_full(&mut self, frames: usize) {
        self.counts.add(FULL, frames as u64);
    }

    /// Counts frames that the caller dropped because the peer was down.
    pub fn drop_down(&mut self, frames: usize) {
        self.counts.add(PEER_DOWN, frames as u64);
    }

    /// Whether the peer sleeps and waits for a frame that was published since the last call: then ring its doorbell.
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
        self.head.untold()
    }

    /// Behind a [`full_fence`].
    #[inline]
    pub(crate) fn tell(&mut self) -> bool {
        let needed = self.head.tell();
        if needed {
            self.counts.add(WAKEUPS, 1);
        }
        needed
    }

    /// Asks for a wake-up when `wanted` frames of any length can be put, or as many as the ring takes. False if they can be, or if
    /// there is something to tell the peer first.
    pub fn arm(&mut self, wanted: usize) -> bool {
        self.head.arm(wanted.saturating_mul(FRAME_SLOTS))
    }

    /// Asks for no wake-ups.
    #[inline]
    pub fn disarm(&mut self) {
        self.head.disarm();
    }

    pub(crate) fn bad(&self) -> u64 {
        self.bad
    }

    #[inline]
    fn count_bad_indices(&mut self) {
        if self.head.bad_indices > 0 {
            let bad = core::mem::take(&mut self.head.bad_indices);
            self.counts.add(BAD_INDICES, bad);
            self.bad += bad;
        }
    }
}
