// SPDX-License-Identifier: Apache-2.0
//! Shared mode: frames stay where they are, and ends that trust each other hand over the buffers that they lie in.
//!
//! The region has a pool of buffers for each end. A frame crosses as a descriptor of two words: length and tag, and the offset of
//! its first byte. Who takes a frame has its buffer, until it puts it into a frame of its own or gives it back
//! ([`SharedLink::give_back`]), over a second ring, which has a slot for each buffer of the other end.
//!
//! What the peer hands over is checked all the same: the frame must lie within one buffer, and that buffer must be one that is
//! not here already. Two frames thus never overlap, and none is in two hands on this side. What is not checked, because memory
//! cannot be taken away from who has it mapped: that the peer leaves a buffer alone that it has handed over.
//!
//! Each end shows in the header which buffers it has. When its peer is gone or has come back, the survivor takes home all its buffers
//! that are neither shown there nor on their way ([`SharedLink::settle`]); a newcomer does the same when it attaches. So a
//! buffer that the survivor still uses is not used again before it is given back.

use crate::custody::{self, Custody, SET_WORDS, Set};
use crate::descriptor::{FRAME_BYTES, Tag, pack, unpack};
use crate::indices::{Head, Tail, full_fence};
use crate::presence::{self, Peer};
use crate::producer::Refused;
use crate::region::{Header, SharedRegion};
use crate::shape::{BUFFER_WORDS, End};
use crate::statistics::{
    BAD_DESCRIPTORS, BAD_INDICES, BYTES, Counts, FRAMES, FULL, LOST, PEER_DOWN, TOO_LONG, WAKEUPS,
};
use crate::sync::{AtomicU64, Ordering};

/// A buffer that is in the caller's hands. If it is dropped, it stays so until the link is attached anew.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a buffer that is dropped is lost to the link"]
pub struct Buffer(usize);

/// A frame that was taken, in the buffer that came with it.
#[derive(Debug, PartialEq, Eq)]
pub struct SharedFrame {
    /// The buffer.
    pub buffer: Buffer,
    /// Where in the buffer the frame begins, in bytes.
    pub start: usize,
    /// How many bytes it has; all of them are in the buffer.
    pub length: usize,
    /// What the producer said of it.
    pub tag: Tag,
}

/// One end's side of a link in shared mode.
pub struct SharedLink<'m> {
    region: SharedRegion<'m>,
    header: Header<'m>,
    end: End,
    frames_out: Head<'m>,
    frames_in: Tail<'m>,
    returns_out: Head<'m>,
    returns_in: Tail<'m>,
    custody: Custody<'m>,
    /// Those of this end's own buffers that are here and in nobody's hands.
    free: Set,
    /// Where the search for a free one begins.
    cursor: usize,
    produced: Counts<'m>,
    consumed: Counts<'m>,
    /// As whom the peer was seen last.
    peer: Peer,
}

impl<'m> SharedLink<'m> {
    pub(crate) fn attach(region: SharedRegion<'m>, end: End) -> Self {
        let (header, slots) = (region.header(), region.buffers() as u64);
        let (out, inward) = (end.index(), end.other().index());
        let (frames_in, lost) = Tail::attach(header.control(inward), slots);
        let consumed = header.consumer_counts(end);
        consumed.add(LOST, lost);
        let mut link = SharedLink {
            region,
            header,
            end,
            frames_out: Head::attach(header.control(out), slots),
            frames_in,
            returns_out: Head::attach(header.control(2 + out), slots),
            returns_in: Tail::resume(header.control(2 + inward), slots),
            custody: Custody::none(header.custody(end)),
            free: [0; SET_WORDS],
            cursor: 0,
            produced: header.producer_counts(end),
            consumed,
            peer: presence::state(&header, end.other()),
        };
        link.take_home(link.peer);
        link.custody.show();
        link
    }

    /// Which end this is.
    pub fn end(&self) -> End {
        self.end
    }

    /// Whether the other end is there. When it has gone or come, this end's buffers that nobody has any more come home: call it
    /// before each burst.
    pub fn settle(&mut self) -> Peer {
        let peer = presence::state(&self.header, self.end.other());
        if peer != self.peer {
            self.peer = peer;
            self.take_home(peer);
        }
        peer
    }

    /// Takes home all buffers of this end that neither the peer nor a ring has.
    fn take_home(&mut self, peer: Peer) {
        let mut away = [0; SET_WORDS];
        // A peer that is down has nothing, and who comes after it skips what is in its ring.
        if peer != Peer::Down {
            // This ring before the peer's hands: what it takes meanwhile is shown before it is released.
            let sent = self.frames_out.in_flight();
            self.mark(&mut away, self.end, sent);
            let hands = custody::shown(self.header.custody(self.end.other()));
            away.iter_mut().zip(hands).for_each(|(away, hands)| *away |= hands);
        }
        // Its rings after its hands: what it sends meanwhile is published before it is shown as gone.
        let coming = self.frames_in.waiting();
        self.mark(&mut away, self.end.other(), coming);
        for number in self.region.own(self.end) {
            let here = self.custody.holds(number) || self.custody.is_leaving(number);
            if !here && !custody::has(&away, number) {
                self.home(number);
            }
        }
        while let Some(number) = self.next_return() {
            if self.is_own(number) && !self.custody.holds(number) {
                self.home(number);
            }
        }
        self.returns_in.release();
    }

    /// Adds the buffers of some of the frames that `from` has published.
    fn mark(&self, set: &mut Set, from: End, indices: impl Iterator<Item = u64>) {
        let descriptors = self.region.frames(from);
        for index in indices {
            let [_, offset] = &descriptors[index as usize % descriptors.len()];
            let number = self.region.number(offset.load(Ordering::Relaxed), 1);
            number.into_iter().for_each(|(number, _)| custody::put(set, number, true));
        }
    }

    fn is_own(&self, number: usize) -> bool {
        self.region.own(self.end).contains(&number)
    }

    fn home(&mut self, number: usize) {
        self.custody.come(number);
        custody::put(&mut self.free, number, true);
    }

    /// A free buffer of this end's own.
    pub fn allocate(&mut self) -> Option<Buffer> {
        let word = self.find_free().or_else(|| {
            self.collect();
            self.find_free()
        })?;
        self.cursor = word;
        let number = 64 * word + self.free[word].trailing_zeros() as usize;
        custody::put(&mut self.free, number, false);
        Some(Buffer(number))
    }

    /// A word of the set that has a free buffer, from the cursor on.
    #[inline]
    fn find_free(&self) -> Option<usize> {
        (0..SET_WORDS).map(|step| (self.cursor + step) % SET_WORDS).find(|word| self.free[*word] != 0)
    }

    /// Takes in the buffers that the peer has given back.
    fn collect(&mut self) {
        while let Some(number) = self.next_return() {
            if self.is_own(number) && !self.custody.holds(number) {
                self.home(number);
            } else {
                self.consumed.add(BAD_DESCRIPTORS, 1);
            }
        }
        self.returns_in.release();
    }

    /// The number of the next buffer in the ring of returns; one that cannot be if the peer wrote nonsense.
    fn next_return(&mut self) -> Option<usize> {
        let index = self.returns_in.peek()? as usize;
        self.returns_in.skip(1);
        let returns = self.region.returns(self.end.other());
        let number = returns[index % returns.len()].load(Ordering::Relaxed);
        Some(usize::try_from(number).unwrap_or(usize::MAX))
    }

    /// The words of a buffer in the caller's hands.
    pub fn words(&self, buffer: &Buffer) -> &'m [AtomicU64; BUFFER_WORDS] {
        self.region.buffer(buffer.0)
    }

    /// Where a buffer lies, in bytes from the start of the region.
    pub fn offset(&self, buffer: &Buffer) -> usize {
        self.region.offset(buffer.0)
    }

    /// The buffer at an offset from the start of the region, if it is in the caller's hands: for who keeps in mind where a buffer
    /// lies and not the buffer. Any offset within a buffer is one of it.
    #[inline]
    pub fn in_hands(&self, offset: usize) -> Option<Buffer> {
        let (number, _) = self.region.number(offset as u64, 0)?;
        (self.custody.holds(number) && !custody::has(&self.free, number)).then_some(Buffer(number))
    }

    /// How many of this end's own buffers are free, of those that the peer has given back and were taken in.
    pub fn free(&self) -> usize {
        self.free.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many of this end's own buffers the peer or a ring has, but for what came back and was not taken in.
    pub fn away(&self) -> usize {
        self.region.own(self.end).filter(|number| !self.custody.holds(*number)).count()
    }

    /// How many frames can be put. It asks the other side's memory only if it knows of room for fewer than `wanted`.
    #[inline]
    pub fn room(&mut self, wanted: usize) -> usize {
        let room = self.frames_out.room(wanted);
        self.count_bad_indices();
        room
    }

    /// Hands a frame over, in its buffer, which may be either end's own. The peer sees it from the next [`SharedLink::publish`] on. The
    /// buffer comes back if no frame lies there, which is counted, or if the peer lets no slot go.
    pub fn put(&mut self, frame: SharedFrame) -> Result<(), (Refused, Buffer)> {
        let SharedFrame { buffer, start, length, tag } = frame;
        if !(1..=FRAME_BYTES).contains(&length) || start > FRAME_BYTES - length {
            self.produced.add(TOO_LONG, 1);
            return Err((Refused::Length(length), buffer));
        }
        let Some(index) = self.frames_out.claim(1) else { return Err((Refused::Full, buffer)) };
        let descriptors = self.region.frames(self.end);
        let [first, second] = &descriptors[index as usize % descriptors.len()];
        first.store(pack(length as u16, tag), Ordering::Relaxed);
        second.store((self.offset(&buffer) + start) as u64, Ordering::Relaxed);
        self.custody.leave(buffer.0);
        self.produced.add(FRAMES, 1);
        self.produced.add(BYTES, length as u64);
        Ok(())
    }

    /// Shows the peer all frames that were put, and all buffers that were given back. Once for each burst.
    pub fn publish(&mut self) {
        // No buffer goes before the slot that it came in: a newcomer would find it in both.
        self.frames_in.release();
        self.frames_out.publish();
        self.returns_out.publish();
        self.custody.left();
        self.count_bad_indices();
    }

    /// The next frame, with its buffer. Frames that cannot be, or whose buffer is here already, are counted and skipped.
    pub fn take(&mut self) -> Option<SharedFrame> {
        while let Some(index) = self.frames_in.peek() {
            self.frames_in.skip(1);
            if let Some(frame) = self.checked(index as usize) {
                self.custody.come(frame.buffer.0);
                self.consumed.add(FRAMES, 1);
                self.consumed.add(BYTES, frame.length as u64);
                return Some(frame);
            }
            self.consumed.add(BAD_DESCRIPTORS, 1);
        }
        self.count_bad_indices();
        None
    }

    /// The frame of a descriptor, both words of which are read once.
    fn checked(&self, index: usize) -> Option<SharedFrame> {
        let descriptors = self.region.frames(self.end.other());
        let [first, second] = &descriptors[index % descriptors.len()];
        let (length, tag) = unpack(first.load(Ordering::Relaxed))?;
        let (number, start) = self.region.number(second.load(Ordering::Relaxed), length)?;
        let free = !self.custody.holds(number);
        free.then_some(SharedFrame { buffer: Buffer(number), start, length, tag })
    }

    /// Lets the slots of all frames that were taken go. Once for each burst.
    pub fn release(&mut self) {
        self.frames_in.release();
    }

    /// Done with a buffer: this end's own is free, the peer's goes back with the next [`SharedLink::publish`].
    pub fn give_back(&mut self, buffer: Buffer) {
        if self.is_own(buffer.0) {
            return custody::put(&mut self.free, buffer.0, true);
        }
        // A peer that lets no slot go does not get its buffer back before one of both attaches anew.
        if let Some(index) = self.returns_out.claim(1) {
            let returns = self.region.returns(self.end);
            returns[index as usize % returns.len()].store(buffer.0 as u64, Ordering::Relaxed);
            self.custody.leave(buffer.0);
        }
    }

    /// Counts frames that the caller dropped because there was no room, or no buffer to put them into.
    pub fn drop_full(&mut self, frames: usize) {
        self.produced.add(FULL, frames as u64);
    }

    /// Counts frames that the caller dropped because the peer was down.
    pub fn drop_down(&mut self, frames: usize) {
        self.produced.add(PEER_DOWN, frames as u64);
    }

    /// Whether the peer sleeps and waits for something new: then ring its doorbell. Call it after each publish and release.
    pub fn wakeup_needed(&mut self) -> bool {
        let untold =
            [self.frames_out.untold(), self.returns_out.untold(), self.frames_in.untold(), self.returns_in.untold()];
        if !untold.contains(&true) {
            return false;
        }
        full_fence();
        // Nobody sleeps until a slot is free, but the next `arm` wants to know that all was told.
        let released = self.frames_in.tell() | self.returns_in.tell();
        let needed = self.frames_out.tell() | self.returns_out.tell() | released;
        if needed {
            self.produced.add(WAKEUPS, 1);
        }
        needed
    }

    /// Asks for a doorbell when a frame comes; when `room_wanted` frames can be put, if that is not 0; and, if no buffer is free, when
    /// one comes back. True if it will ring; false if there is something to do, or to tell, already.
    pub fn arm(&mut self, room_wanted: usize) -> bool {
        let short = self.find_free().is_none();
        self.collect();
        let frame = self.frames_in.arm();
        let buffer = !short || self.returns_in.arm();
        let room = room_wanted == 0 || self.frames_out.arm(room_wanted);
        frame && buffer && room
    }

    /// Asks for no doorbells.
    pub fn disarm(&mut self) {
        self.frames_in.disarm();
        self.returns_in.disarm();
        self.frames_out.disarm();
    }

    fn count_bad_indices(&mut self) {
        let [out, back] = [&mut self.frames_out.bad_indices, &mut self.returns_out.bad_indices].map(core::mem::take);
        let [inward, home] = [&mut self.frames_in.bad_indices, &mut self.returns_in.bad_indices].map(core::mem::take);
        if out + back + inward + home > 0 {
            self.produced.add(BAD_INDICES, out + back);
            self.consumed.add(BAD_INDICES, inward + home);
            // What lay in the slots that were jumped over has nobody else.
            self.take_home(self.peer);
        }
    }
}
