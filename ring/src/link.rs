// SPDX-License-Identifier: Apache-2.0
//! One end of a link: both rings and the peer.

use crate::consumer::Consumer;
use crate::indices::full_fence;
use crate::presence::{self, Peer};
use crate::producer::Producer;
use crate::region::{Header, Region};
use crate::shape::End;
use core::cell::Cell;

/// One end's side of a link, from [`Region::attach`].
pub struct Link<'m> {
    /// Frames to the peer.
    pub producer: Producer<'m>,
    /// Frames from the peer.
    pub consumer: Consumer<'m>,
    header: Header<'m>,
    end: End,
    /// As whom the peer was seen last.
    seen: Cell<Peer>,
}

impl<'m> Link<'m> {
    pub(crate) fn new(region: &Region<'m>, end: End) -> Self {
        let (producer, consumer) = (Producer::attach(region, end), Consumer::attach(region, end));
        Link { producer, consumer, header: region.header(), end, seen: Cell::new(Peer::Down) }
    }

    /// Which end this is.
    pub fn end(&self) -> End {
        self.end
    }

    /// Whether the other end is there. Cheap enough for each burst: two lines that change only when it comes or goes.
    #[inline]
    pub fn peer(&self) -> Peer {
        let peer = presence::state(&self.header, self.end.other());
        if peer != self.seen.get() {
            self.meet(peer);
        }
        peer
    }

    /// The peer is another one: says again who we are, because the last one may have written over it.
    #[cold]
    fn meet(&self, peer: Peer) {
        self.seen.set(peer);
        presence::attach(&self.header, self.end);
    }

    /// How often the peer wrote what cannot be, an index or a descriptor, as far as this incarnation knows: unlike the counts in the
    /// region, which the peer can write too.
    pub fn bad(&self) -> u64 {
        self.producer.bad() + self.consumer.bad()
    }

    /// Whether the peer sleeps and waits for something that was published or released since the last call: then ring its
    /// doorbell. Call it after each round of publish and release.
    #[inline]
    pub fn wakeup_needed(&mut self) -> bool {
        if !self.producer.untold() && !self.consumer.untold() {
            return false;
        }
        full_fence();
        // Both are asked: each notes how far it has told the peer.
        self.producer.tell() | self.consumer.tell()
    }

    /// Asks for a doorbell when a frame comes, and when `room_wanted` frames can be put if that is not 0. True if it will ring,
    /// and this end may sleep until then; false if there is something to do already: a frame to take, room that was waited for,
    /// something that the peer has to be told of by [`Link::wakeup_needed`].
    pub fn arm(&mut self, room_wanted: usize) -> bool {
        let idle = self.consumer.arm();
        if room_wanted > 0 { self.producer.arm(room_wanted) && idle } else { idle }
    }

    /// Asks for no doorbells.
    #[inline]
    pub fn disarm(&mut self) {
        self.producer.disarm();
        self.consumer.disarm();
    }
}
