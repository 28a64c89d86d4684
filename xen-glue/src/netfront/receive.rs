// SPDX-License-Identifier: Apache-2.0
//! Frames from the backend: io/netif.h, "Guest receive".
//!
//! The backend has every buffer that holds no frame: a page, granted once. Responses come in the order of requests, each in its
//! request's slot, so the buffer of request `i` is buffer `i` modulo their count, and there is no list of free ones. A frame
//! is copied out at once, and its buffers go back. A backend shows a frame that it brings in pieces whole, or not at all.

use super::checksum;
use super::ring::{Broken, FrontRing, SLOTS};
use crate::{GrantReference, PAGE_BYTES, bytes};
use core::sync::atomic::AtomicU64;

/// How many buffers there are: a power of two, at most as many as slots.
pub const BUFFERS: usize = 128;
const _: () = assert!(BUFFERS.is_power_of_two() && BUFFERS <= SLOTS as usize);

/// `NETRXF_…`
const CHECKSUM_BLANK: u16 = 1 << 1;
const MORE_DATA: u16 = 1 << 2;
const EXTRA_INFO: u16 = 1 << 3;
const GSO_PREFIX: u16 = 1 << 4;
/// What was refused, and what takes more than a copy.
const REFUSED: u16 = EXTRA_INFO | GSO_PREFIX;
const SPECIAL: u16 = REFUSED | CHECKSUM_BLANK | MORE_DATA;
/// `XEN_NETIF_EXTRA_FLAG_MORE`
const EXTRA_MORE: u8 = 1;

/// What the next response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// The first of a frame.
    Frame,
    /// More about a frame, of which data may follow, too.
    Extra { data_follow: bool },
    /// More data of a frame that is dropped.
    Data,
    /// More data of a frame of which there are so many bytes, and whose checksum is to be finished.
    Piece { length: usize, blank: bool },
}

/// `struct netif_rx_response`
struct Response {
    id: u16,
    offset: usize,
    flags: u16,
    status: i16,
}

impl Response {
    fn of([first, second]: [u32; 2]) -> Response {
        Response {
            id: first as u16,
            offset: (first >> 16) as usize,
            flags: second as u16,
            status: (second >> 16) as i16,
        }
    }
}

/// Frames that the backend brought and that are not given on, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// The backend says that it failed, or brought only a part.
    pub failed: u64,
    /// They are empty, or longer than the room.
    pub bad_lengths: u64,
    /// They need what was refused, to be cut into segments, or a checksum that they have no place for.
    pub offloads: u64,
}

/// The receiving half.
pub struct Receiver {
    ring: FrontRing<2>,
    buffers: &'static [AtomicU64],
    references: [u32; BUFFERS],
    expected: Expected,
    pub drops: Drops,
}

impl Receiver {
    /// One whose ring and buffers are these.
    pub fn new(ring: FrontRing<2>, buffers: &'static [AtomicU64]) -> Receiver {
        let (references, expected) = ([0; BUFFERS], Expected::Frame);
        Receiver { ring, buffers, references, expected, drops: Drops::default() }
    }

    /// Begins anew: the backend gets all buffers, by these grants.
    pub fn begin(&mut self, references: impl Iterator<Item = GrantReference>) {
        self.ring.reset();
        self.expected = Expected::Frame;
        for (own, reference) in self.references.iter_mut().zip(references) {
            *own = reference.0;
        }
        (0..BUFFERS).for_each(|_| self.offer());
        self.ring.publish();
    }

    /// Offers the buffer whose turn it is.
    #[inline]
    fn offer(&mut self) {
        let index = self.ring.next();
        self.ring.put([index % SLOTS, self.references[index as usize % BUFFERS]]);
    }

    /// Whether responses are there.
    #[inline]
    pub fn is_ready(&mut self) -> Result<bool, Broken> {
        Ok(self.ring.available()? > 0)
    }

    /// Copies the next frame to `into` and says how long it is.
    #[inline]
    pub fn take(&mut self, into: &mut [u8]) -> Result<Option<usize>, Broken> {
        while let Some((index, words)) = self.ring.take()? {
            let length = self.examine(index, words, into)?;
            self.offer();
            if length.is_some() {
                return Ok(length);
            }
        }
        if let Expected::Piece { .. } = self.expected {
            self.drops.failed += 1;
            self.expected = Expected::Data;
        }
        Ok(None)
    }

    /// Copies the frame of a response, if it is one that is wanted.
    #[inline]
    fn examine(&mut self, index: u32, words: [u32; 2], into: &mut [u8]) -> Result<Option<usize>, Broken> {
        if self.expected != Expected::Frame {
            return self.go_on(index, words, into);
        }
        let response = Response::of(words);
        let length = self.check(index, &response)?;
        if response.status <= 0 || length > into.len() || response.flags & SPECIAL != 0 {
            return Ok(self.take_special(index, &response, into));
        }
        self.copy(index, &response, &mut into[..length]);
        Ok(Some(length))
    }

    /// How many bytes a response says that there are, if it is one that an honest backend may give.
    #[inline]
    fn check(&self, index: u32, response: &Response) -> Result<usize, Broken> {
        let length = usize::try_from(response.status).unwrap_or(0);
        let sound = u32::from(response.id) == index % SLOTS && response.offset + length <= PAGE_BYTES;
        if sound { Ok(length) } else { Err(Broken) }
    }

    #[inline]
    fn copy(&self, index: u32, response: &Response, into: &mut [u8]) {
        bytes::load(self.buffers, index as usize % BUFFERS * PAGE_BYTES + response.offset, into);
    }

    /// Takes the first piece of a frame, or a frame whose checksum is to be finished; drops what is not wanted.
    #[cold]
    fn take_special(&mut self, index: u32, response: &Response, into: &mut [u8]) -> Option<usize> {
        if response.flags & REFUSED != 0 {
            self.reject(response);
            return None;
        }
        self.add(index, response, 0, response.flags & CHECKSUM_BLANK != 0, into)
    }

    /// Adds a piece to the `had` bytes of a frame: its length if that was the last one.
    fn add(&mut self, index: u32, response: &Response, had: usize, blank: bool, into: &mut [u8]) -> Option<usize> {
        let more = response.flags & MORE_DATA != 0;
        let length = had + usize::try_from(response.status).unwrap_or(0);
        let Some(room) = into.get_mut(had..length).filter(|room| !room.is_empty()) else {
            self.reject(response);
            return None;
        };
        self.copy(index, response, room);
        self.expected = if more { Expected::Piece { length, blank } } else { Expected::Frame };
        if more {
            return None;
        }
        let whole = !blank || checksum::finish(&mut into[..length]).is_some();
        self.drops.offloads += u64::from(!whole);
        whole.then_some(length)
    }

    #[cold]
    fn reject(&mut self, response: &Response) {
        let counter = match response.status {
            ..0 => &mut self.drops.failed,
            _ if response.flags & REFUSED != 0 => &mut self.drops.offloads,
            _ => &mut self.drops.bad_lengths,
        };
        *counter += 1;
        self.expected = after(response.flags & EXTRA_INFO != 0, response.flags & MORE_DATA != 0);
    }

    /// Takes what belongs to a frame that has begun, or skips it if that was dropped.
    #[cold]
    fn go_on(&mut self, index: u32, words: [u32; 2], into: &mut [u8]) -> Result<Option<usize>, Broken> {
        if let Expected::Extra { data_follow } = self.expected {
            // `struct netif_extra_info` lies over the response: type, flags.
            self.expected = after((words[0] >> 8) as u8 & EXTRA_MORE != 0, data_follow);
            return Ok(None);
        }
        let response = Response::of(words);
        self.check(index, &response)?;
        if let Expected::Piece { length, blank } = self.expected {
            return Ok(self.add(index, &response, length, blank, into));
        }
        self.expected = after(false, response.flags & MORE_DATA != 0);
        Ok(None)
    }

    /// Gives the buffers of what was taken back to the backend.
    #[inline]
    pub fn release(&mut self) {
        self.ring.publish();
    }

    /// The ring.
    pub fn ring(&mut self) -> &mut FrontRing<2> {
        &mut self.ring
    }
}

/// What follows a response.
fn after(extra: bool, data_follow: bool) -> Expected {
    match (extra, data_follow) {
        (true, data_follow) => Expected::Extra { data_follow },
        (false, true) => Expected::Data,
        (false, false) => Expected::Frame,
    }
}
