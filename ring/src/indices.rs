// SPDX-License-Identifier: Apache-2.0
//! The indices of one ring: who may touch which slot, and who must be woken.
//!
//! Indices count items for ever (64 bits); slot = index modulo the ring's slots. The producer owns `HEAD`, the consumer `TAIL`;
//! slots from tail up to head are the consumer's, all others the producer's. Each side has a line for its index, and beside it
//! a line for its wake-up index, which changes only when it goes to sleep or wakes up: while both run, only the index
//! lines and the slots move between cores. Each side reads the other's index only when the one that it knows is used up.
//!
//! # What orders what
//! - `HEAD`: the producer's Release store in [`Head::publish`] pairs with the consumer's Acquire load in `Tail::refresh`: slots are
//!   written before they are read.
//! - `TAIL`: the consumer's Release store in [`Tail::release`] pairs with the producer's Acquire load in `Head::refresh`: slots are
//!   read before they are written again.
//! - Wake-ups: a side that wants to sleep writes its wake-up index, then reads the other's index (`arm`); the other side writes its
//!   index, then reads the wake-up index (`tell`). Without more, both reads could pass the writes before them (x86
//!   delays stores, too), both sides see nothing, and a wake-up is lost. Each has a SeqCst fence between write and read; of two
//!   such fences one comes first, and the side of the other one sees what was written before it. Virtio has the same pair
//!   (virtio 1.2 §2.7.13.4.1).

use crate::sync::{AtomicU64, Ordering, fence};

/// Words of a ring's control block: two lines of the producer, two of the consumer. Lines of one writer are neighbours because
/// processors fetch lines in pairs.
pub(crate) const CONTROL_WORDS: usize = 32;
/// The producer's: how many items it has published.
pub(crate) const HEAD: usize = 0;
/// The producer's: it sleeps until the tail passes this.
const HEAD_WAKEUP: usize = 8;
/// The consumer's: how many items it has released.
pub(crate) const TAIL: usize = 16;
/// The consumer's: it sleeps until the head passes this.
const TAIL_WAKEUP: usize = 24;
/// A wake-up index that nothing passes: awake.
const AWAKE: u64 = u64::MAX;

/// The control block of one ring.
pub(crate) type Control = [AtomicU64; CONTROL_WORDS];

/// Makes a fresh ring: nothing in it, both sides awake.
pub(crate) fn format(control: &Control) {
    let fresh = |word| if word == HEAD_WAKEUP || word == TAIL_WAKEUP { AWAKE } else { 0 };
    control.iter().enumerate().for_each(|(word, shared)| shared.store(fresh(word), Ordering::Relaxed));
}

/// Between the stores of this side's indices and [`Head::tell`], [`Tail::tell`], one for all of them: pairs with the fence of the
/// other side's `arm`; see the module.
#[inline]
pub(crate) fn full_fence() {
    fence(Ordering::SeqCst);
}

/// What of one side its own methods do not need to ask the other for.
struct Own {
    /// Up to where the other side has been told of progress, by `tell`.
    told: u64,
    /// The other side may wait for an index that will not come: wake it whatever it asked for.
    wake_anyway: bool,
    /// The wake-up index is set.
    armed: bool,
}

impl Own {
    /// Whether there is progress up to `now` that the other side has not been told of.
    #[inline]
    fn untold(&self, now: u64) -> bool {
        self.told != now || self.wake_anyway
    }

    /// Whether the other side sleeps until an index that lies between what it was told of and `now`. Behind a [`full_fence`].
    #[inline]
    fn tell(&mut self, wakeup: &AtomicU64, now: u64) -> bool {
        let passed = wakeup.load(Ordering::Relaxed).wrapping_sub(self.told) < now.wrapping_sub(self.told);
        let needed = passed || self.wake_anyway;
        self.told = now;
        self.wake_anyway = false;
        needed
    }

    /// Asks to be woken when the other's index passes `index`; the caller then looks at that index once more.
    #[inline]
    fn arm(&mut self, wakeup: &AtomicU64, index: u64) {
        wakeup.store(index, Ordering::Relaxed);
        self.armed = true;
        // Pairs with the other side's `full_fence`; see the module.
        fence(Ordering::SeqCst);
    }

    #[inline]
    fn disarm(&mut self, wakeup: &AtomicU64) {
        if self.armed {
            wakeup.store(AWAKE, Ordering::Relaxed);
            self.armed = false;
        }
    }
}

/// The producer's side.
pub(crate) struct Head<'m> {
    control: &'m Control,
    slots: u64,
    /// The next slot to write; those from `published` on are not yet the consumer's.
    next: u64,
    published: u64,
    /// The tail as last read: never more than `slots` behind `next`.
    tail: u64,
    own: Own,
    /// How many times the tail was where it cannot be.
    pub bad_indices: u64,
}

impl<'m> Head<'m> {
    /// Takes the ring up where the indices stand. `slots` is a power of two.
    pub fn attach(control: &'m Control, slots: u64) -> Self {
        let tail = control[TAIL].load(Ordering::Acquire);
        let head = control[HEAD].load(Ordering::Relaxed);
        let next = if head.wrapping_sub(tail) <= slots { head } else { tail };
        control[HEAD].store(next, Ordering::Relaxed);
        control[HEAD_WAKEUP].store(AWAKE, Ordering::Relaxed);
        // A predecessor may have ended between publishing and telling.
        let own = Own { told: tail, wake_anyway: false, armed: false };
        Head { control, slots, next, published: next, tail, own, bad_indices: 0 }
    }

    /// The indices of what is published and not yet released.
    pub fn in_flight(&mut self) -> impl Iterator<Item = u64> + use<> {
        self.refresh();
        let (tail, count) = (self.tail, self.published.wrapping_sub(self.tail).min(self.slots));
        (0..count).map(move |step| tail.wrapping_add(step))
    }

    /// How many slots are free. Looks at the other side's index only if those known are fewer than `wanted`.
    #[inline]
    pub fn room(&mut self, wanted: usize) -> usize {
        if self.known_room() < wanted as u64 {
            self.refresh();
            if self.known_room() < wanted as u64 {
                self.repair();
            }
        }
        self.known_room() as usize
    }

    /// If the head is not what this side published last, the peer has written it, and may wait for what it does not see.
    fn repair(&mut self) {
        if self.control[HEAD].load(Ordering::Relaxed) != self.published {
            self.bad_indices += 1;
            self.own.wake_anyway = true;
            self.control[HEAD].store(self.published, Ordering::Release);
        }
    }

    #[inline]
    fn known_room(&self) -> u64 {
        self.slots - self.next.wrapping_sub(self.tail)
    }

    /// Reads the tail. If it cannot be, both sides go on from there: the consumer finds the head where it says that its tail is.
    #[inline]
    fn refresh(&mut self) {
        self.tail = self.control[TAIL].load(Ordering::Acquire);
        if self.next.wrapping_sub(self.tail) > self.slots {
            self.meet();
        }
    }

    #[cold]
    fn meet(&mut self) {
        self.bad_indices += 1;
        self.next = self.tail;
        self.own.wake_anyway = true;
        self.publish();
    }

    /// The index of the first of `slots` free slots in a row, which the caller fills before it publishes.
    #[inline]
    pub fn claim(&mut self, slots: usize) -> Option<u64> {
        if self.known_room() < slots as u64 {
            self.refresh();
            if self.known_room() < slots as u64 {
                self.repair();
                return None;
            }
        }
        let index = self.next;
        self.next = index.wrapping_add(slots as u64);
        Some(index)
    }

    /// Makes all claimed slots the consumer's. False if there was none.
    #[inline]
    pub fn publish(&mut self) -> bool {
        if self.published == self.next {
            return false;
        }
        self.published = self.next;
        self.control[HEAD].store(self.next, Ordering::Release);
        true
    }

    /// Whether the consumer has not been told of all that is published.
    #[inline]
    pub fn untold(&self) -> bool {
        self.own.untold(self.published)
    }

    /// Whether the consumer sleeps and waits for something published since the last call. Behind a [`full_fence`].
    #[inline]
    pub fn tell(&mut self) -> bool {
        self.own.tell(&self.control[TAIL_WAKEUP], self.published)
    }

    /// Asks to be woken when `wanted` slots are free. False if they are, or if the consumer has not been told of all slots.
    pub fn arm(&mut self, wanted: usize) -> bool {
        let wanted = (wanted as u64).min(self.slots);
        let goal = self.next.wrapping_sub(self.slots).wrapping_add(wanted);
        self.own.arm(&self.control[HEAD_WAKEUP], goal.wrapping_sub(1));
        self.room(wanted as usize) < wanted as usize && self.own.told == self.next
    }

    /// Asks for no wake-ups.
    #[inline]
    pub fn disarm(&mut self) {
        self.own.disarm(&self.control[HEAD_WAKEUP]);
    }
}

/// The consumer's side.
pub(crate) struct Tail<'m> {
    control: &'m Control,
    slots: u64,
    /// The next slot to read; those before it, from `released` on, are not yet the producer's.
    next: u64,
    released: u64,
    /// The head as last read: never before `next`, never more than `slots` ahead of `released`.
    head: u64,
    own: Own,
    /// How many times the head was where it cannot be.
    pub bad_indices: u64,
}

impl<'m> Tail<'m> {
    /// Takes the ring up behind what is in it, and says how many slots that skips. `slots` is a power of two.
    pub fn attach(control: &'m Control, slots: u64) -> (Self, u64) {
        let (tail, head) = Tail::indices(control);
        let skipped = head.wrapping_sub(tail);
        (Tail::at(control, slots, head, head), if skipped <= slots { skipped } else { 0 })
    }

    /// Takes the ring up where its tail stands, or behind what is in it if the tail cannot be.
    pub fn resume(control: &'m Control, slots: u64) -> Self {
        let (tail, head) = Tail::indices(control);
        Tail::at(control, slots, if head.wrapping_sub(tail) <= slots { tail } else { head }, head)
    }

    fn indices(control: &Control) -> (u64, u64) {
        (control[TAIL].load(Ordering::Relaxed), control[HEAD].load(Ordering::Acquire))
    }

    fn at(control: &'m Control, slots: u64, next: u64, head: u64) -> Self {
        // A producer may sleep until what is skipped is released.
        let own = Own { told: control[TAIL].load(Ordering::Relaxed), wake_anyway: false, armed: false };
        control[TAIL_WAKEUP].store(AWAKE, Ordering::Relaxed);
        control[TAIL].store(next, Ordering::Release);
        Tail { control, slots, next, released: next, head, own, bad_indices: 0 }
    }

    /// The indices of what is published and not yet claimed.
    pub fn waiting(&mut self) -> impl Iterator<Item = u64> + use<> {
        self.refresh();
        let (next, count) = (self.next, self.head.wrapping_sub(self.next).min(self.slots));
        (0..count).map(move |step| next.wrapping_add(step))
    }

    /// How many items can be claimed. Looks at the other side's index only if none is known.
    #[inline]
    pub fn available(&mut self) -> usize {
        if self.next == self.head {
            self.refresh();
        }
        self.head.wrapping_sub(self.next) as usize
    }

    /// Reads the head. If it cannot be, the consumer goes on from there. A head counts from what was released: a peer that fills
    /// slots again before that cannot keep a caller busy for more than the ring's length.
    #[inline]
    fn refresh(&mut self) {
        self.head = self.control[HEAD].load(Ordering::Acquire);
        let most = self.slots - self.next.wrapping_sub(self.released);
        if self.head.wrapping_sub(self.next) > most {
            self.meet();
        } else if self.head == self.next {
            self.repair();
        }
    }

    /// If the tail is not what this side released last, the peer has written it, and may wait for room that it does not see.
    fn repair(&mut self) {
        if self.control[TAIL].load(Ordering::Relaxed) != self.released {
            self.bad_indices += 1;
            self.own.wake_anyway = true;
            self.control[TAIL].store(self.released, Ordering::Release);
        }
    }

    #[cold]
    fn meet(&mut self) {
        self.bad_indices += 1;
        self.next = self.head;
        self.own.wake_anyway = true;
        self.release();
    }

    /// The index of the next slot that is this side's, if there is one.
    #[inline]
    pub fn peek(&mut self) -> Option<u64> {
        (self.available() > 0).then_some(self.next)
    }

    /// Done with the next `slots` slots, to be released. False, and not done, if the other side has not published as many.
    #[inline]
    pub fn skip(&mut self, slots: usize) -> bool {
        let good = slots as u64 <= self.head.wrapping_sub(self.next);
        if good {
            self.next = self.next.wrapping_add(slots as u64);
        }
        good
    }

    /// Done with all slots that are known to be published.
    #[cold]
    pub fn skip_all(&mut self) {
        self.next = self.head;
    }

    /// Makes all claimed slots the producer's. False if there was none.
    #[inline]
    pub fn release(&mut self) -> bool {
        if self.released == self.next {
            return false;
        }
        self.released = self.next;
        self.control[TAIL].store(self.next, Ordering::Release);
        true
    }

    /// Whether the producer has not been told of all that is released.
    #[inline]
    pub fn untold(&self) -> bool {
        self.own.untold(self.released)
    }

    /// Whether the producer sleeps and waits for something released since the last call. Behind a [`full_fence`].
    #[inline]
    pub fn tell(&mut self) -> bool {
        self.own.tell(&self.control[HEAD_WAKEUP], self.released)
    }

    /// Asks to be woken when there is an item. False if there is one, or if the producer has not been told of all free slots.
    pub fn arm(&mut self) -> bool {
        self.own.arm(&self.control[TAIL_WAKEUP], self.next);
        self.available() == 0 && self.own.told == self.next
    }

    /// Asks for no wake-ups.
    #[inline]
    pub fn disarm(&mut self) {
        self.own.disarm(&self.control[TAIL_WAKEUP]);
    }
}
