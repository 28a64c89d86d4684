// SPDX-License-Identifier: Apache-2.0
//! Frames to the backend: io/netif.h, "Guest transmit".
//!
//! A frame is copied to a buffer, half a page that was granted once, which is free again when the backend says so, in any order.

use super::Refused;
use super::ring::{Broken, FrontRing, SLOTS};
use crate::{GrantReference, PAGE_BYTES, bytes};
use core::sync::atomic::AtomicU64;

/// Bytes of a buffer: most bytes of a frame.
pub const BUFFER_BYTES: usize = 2048;
/// Buffers of a page.
const PER_PAGE: usize = PAGE_BYTES / BUFFER_BYTES;
/// How many buffers there are, and their pages.
pub const BUFFERS: usize = 128;
pub const BUFFER_PAGES: usize = BUFFERS / PER_PAGE;
const _: () = assert!(BUFFERS <= SLOTS as usize && BUFFERS <= u8::MAX as usize + 1);

/// Bytes of an Ethernet header: no backend takes less.
const LEAST_BYTES: usize = 14;

/// The sending half.
pub struct Transmitter {
    ring: FrontRing<3>,
    buffers: &'static [AtomicU64],
    references: [u32; BUFFER_PAGES],
    /// Those that the backend does not have: the first `free_count`. The last one that came back, still in the cache, goes first.
    free: [u8; BUFFERS],
    free_count: usize,
    /// Those that the backend has.
    out: [bool; BUFFERS],
    /// Frames that the backend says it did not send.
    pub undelivered: u64,
}

impl Transmitter {
    /// One whose ring and buffers are these.
    pub fn new(ring: FrontRing<3>, buffers: &'static [AtomicU64]) -> Transmitter {
        Transmitter {
            ring,
            buffers,
            references: [0; BUFFER_PAGES],
            free: [0; BUFFERS],
            free_count: 0,
            out: [false; BUFFERS],
            undelivered: 0,
        }
    }

    /// Begins anew, by these grants: the backend has no buffer.
    pub fn begin(&mut self, references: impl Iterator<Item = GrantReference>) {
        self.ring.reset();
        for (own, reference) in self.references.iter_mut().zip(references) {
            *own = reference.0;
        }
        self.free = core::array::from_fn(|buffer| (BUFFERS - 1 - buffer) as u8);
        self.free_count = BUFFERS;
        self.out = [false; BUFFERS];
    }

    /// How many frames there is room for, when what the backend has done is taken back.
    #[inline]
    pub fn room(&mut self) -> Result<usize, Broken> {
        while let Some((_, [response, ..])) = self.ring.take()? {
            self.take_back(response as u16, (response >> 16) as i16)?;
        }
        Ok(self.free_count)
    }

    /// Takes the buffer of a response back, `struct netif_tx_response`.
    #[inline]
    fn take_back(&mut self, id: u16, status: i16) -> Result<(), Broken> {
        match self.out.get_mut(usize::from(id)) {
            Some(out) if *out => *out = false,
            _ => return Err(Broken),
        }
        self.free[self.free_count] = id as u8;
        self.free_count += 1;
        // `NETIF_RSP_ERROR`, `NETIF_RSP_DROPPED`
        self.undelivered += u64::from(status < 0);
        Ok(())
    }

    /// Copies a frame for the backend, which sees it when it is published.
    #[inline]
    pub fn put(&mut self, frame: &[u8]) -> Result<(), Refused> {
        if !(LEAST_BYTES..=BUFFER_BYTES).contains(&frame.len()) {
            return Err(Refused::Length);
        }
        let Some(last) = self.free_count.checked_sub(1) else { return Err(Refused::Full) };
        self.free_count = last;
        let id = self.free[last];
        let (page, offset) = (usize::from(id) / PER_PAGE, usize::from(id) % PER_PAGE * BUFFER_BYTES);
        bytes::store(self.buffers, page * PAGE_BYTES + offset, frame);
        self.out[usize::from(id)] = true;
        // `struct netif_tx_request`; no flags: the frame is whole, its checksums are where they belong.
        self.ring.put([self.references[page], offset as u32, u32::from(id) | (frame.len() as u32) << 16]);
        Ok(())
    }

    /// Lets the backend see all frames.
    #[inline]
    pub fn publish(&mut self) {
        self.ring.publish();
    }

    /// The ring.
    pub fn ring(&mut self) -> &mut FrontRing<3> {
        &mut self.ring
    }
}
