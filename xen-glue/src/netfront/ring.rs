// SPDX-License-Identifier: Apache-2.0
//! The frontend's side of a ring in a page: io/ring.h.
//!
//! Requests and responses share the slots: a slot is ours until its request is published, and again once it is answered. What orders
//! them: our Release store of `req_prod` makes requests whole before the backend sees them; our Acquire load of `rsp_prod` has
//! responses read after the backend wrote them. A side that goes to sleep writes its event index, then looks at the other's
//! producer index; the other publishes, then looks at the event index: a SeqCst fence between the two on each side lets no
//! wake-up get lost.

use core::sync::atomic::{AtomicU32, Ordering, fence};

/// Slots of a ring: as many as fit a page, down to a power of two.
pub const SLOTS: u32 = 256;
/// Words of `struct …_sring` before the slots, and the indices among them.
const HEADER_WORDS: usize = 16;
const REQ_PROD: usize = 0;
const REQ_EVENT: usize = 1;
const RSP_PROD: usize = 2;
const RSP_EVENT: usize = 3;

/// The backend broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// A ring whose slots have `WORDS` words.
pub struct FrontRing<const WORDS: usize> {
    indices: &'static [AtomicU32; 4],
    slots: &'static [[AtomicU32; WORDS]; SLOTS as usize],
    /// Requests written, published, and told of.
    written: u32,
    published: u32,
    told: u32,
    /// Responses that are there, as last seen, and taken.
    answered: u32,
    taken: u32,
}

impl<const WORDS: usize> FrontRing<WORDS> {
    /// The ring of a page; to be [`reset`](Self::reset).
    pub fn new(page: &'static [AtomicU32]) -> Self {
        let (header, slots) = page.split_at(HEADER_WORDS);
        let (slots, _) = slots.as_chunks();
        FrontRing {
            indices: header.first_chunk().expect("a header has four indices"),
            slots: slots.first_chunk().expect("a page holds the slots"),
            written: 0,
            published: 0,
            told: 0,
            answered: 0,
            taken: 0,
        }
    }

    /// Makes it a fresh one, `SHARED_RING_INIT`. No backend uses it.
    pub fn reset(&mut self) {
        let fresh = |index| u32::from(index == REQ_EVENT || index == RSP_EVENT);
        self.indices.iter().enumerate().for_each(|(index, word)| word.store(fresh(index), Ordering::Relaxed));
        (self.written, self.published, self.told, self.answered, self.taken) = (0, 0, 0, 0, 0);
    }

    /// The index of the next request.
    #[inline]
    pub fn next(&self) -> u32 {
        self.written
    }

    /// Writes a request. There is room: users have no more buffers than slots.
    #[inline]
    pub fn put(&mut self, request: [u32; WORDS]) {
        let slot = &self.slots[(self.written % SLOTS) as usize];
        slot.iter().zip(request).for_each(|(word, value)| word.store(value, Ordering::Relaxed));
        self.written = self.written.wrapping_add(1);
    }

    /// Lets the backend see all requests.
    #[inline]
    pub fn publish(&mut self) {
        if self.published != self.written {
            self.published = self.written;
            self.indices[REQ_PROD].store(self.written, Ordering::Release);
        }
    }

    /// Whether the backend has not been told of all requests.
    #[inline]
    pub fn untold(&self) -> bool {
        self.told != self.published
    }

    /// Whether the backend sleeps and waits for a request published since the last call. A SeqCst fence lies between the
    /// publication and this.
    #[inline]
    pub fn must_tell(&mut self) -> bool {
        let event = self.indices[REQ_EVENT].load(Ordering::Relaxed);
        let needed = self.published.wrapping_sub(event) < self.published.wrapping_sub(self.told);
        self.told = self.published;
        needed
    }

    /// How many responses there are. Looks only if none is known of.
    #[inline]
    pub fn available(&mut self) -> Result<u32, Broken> {
        let known = self.answered.wrapping_sub(self.taken);
        if known > 0 { Ok(known) } else { self.look() }
    }

    /// Looks how many responses there are: not fewer than there were, not more than requests.
    #[inline]
    fn look(&mut self) -> Result<u32, Broken> {
        let answered = self.indices[RSP_PROD].load(Ordering::Acquire);
        let (known, now) = (self.answered.wrapping_sub(self.taken), answered.wrapping_sub(self.taken));
        if now < known || now > self.published.wrapping_sub(self.taken) {
            return Err(Broken);
        }
        self.answered = answered;
        Ok(now)
    }

    /// The next response and its index. The words that a response does not have are whatever they are.
    #[inline]
    pub fn take(&mut self) -> Result<Option<(u32, [u32; WORDS])>, Broken> {
        if self.available()? == 0 {
            return Ok(None);
        }
        let index = self.taken;
        self.taken = index.wrapping_add(1);
        let slot = &self.slots[(index % SLOTS) as usize];
        Ok(Some((index, core::array::from_fn(|word| slot[word].load(Ordering::Relaxed)))))
    }

    /// Asks to be woken when `wanted` responses are there, at least one. False if they are.
    pub fn arm(&mut self, wanted: u32) -> Result<bool, Broken> {
        self.indices[RSP_EVENT].store(self.taken.wrapping_add(wanted.max(1)), Ordering::Relaxed);
        // Pairs with the backend's barrier between its `rsp_prod` and its look at `rsp_event`.
        fence(Ordering::SeqCst);
        Ok(self.look()? < wanted.max(1))
    }
}
