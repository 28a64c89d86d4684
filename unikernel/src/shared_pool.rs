// SPDX-License-Identifier: Apache-2.0
//! Packet buffers in memory that another VM has too: those of a link in shared mode.
//!
//! A buffer of the region is a packet's buffer, header and all, while it is with this end. The peer that handed it over, or will
//! get it, is trusted to leave it alone meanwhile, as the chain's author said (`chain NAME(shared)`): it could write a header as
//! well as a frame. Where a buffer lies and who has it is nothing that a peer is believed: `ring` checks that.
#![allow(unsafe_code)]

use core::cell::{Cell, RefCell, RefMut};
use core::mem::offset_of;
use nf_elements::{Annotations, BUFFER_BYTES, Buffer, BufferPool, DATA_BYTES, Header, Packet, PoolRef};
use ring::{BUFFER_WORDS, SharedFrame, SharedLink, Tag};

/// Where a packet's data begin in a buffer; `ring` counts a frame's place from the buffer's first byte.
const DATA: usize = offset_of!(Buffer, data);

/// Whether a buffer fits where a ring has one: not in a VM of jumbo frames, which has no links.
const FITS: bool = BUFFER_BYTES <= 8 * BUFFER_WORDS && DATA + DATA_BYTES <= ring::FRAME_BYTES;
const _: () = assert!((cfg!(jumbo_frames) || FITS) && (8 * BUFFER_WORDS).is_multiple_of(align_of::<Buffer>()));

/// What a link's buffers return to.
pub struct SharedPool {
    /// None while the link has no region.
    rings: RefCell<Option<SharedLink<'static>>>,
    /// Buffers of the region that are packets' now: what must be none before the region may go.
    lent: Cell<usize>,
    /// Where the region lies.
    paddr: usize,
}

// SAFETY: one processor, and nothing that runs in an interrupt touches packets or links, so no two uses overlap.
unsafe impl Sync for SharedPool {}

impl SharedPool {
    /// The buffers of a link whose region lies at `paddr`, aligned as buffers are, when there is one.
    pub fn new(paddr: usize) -> Self {
        assert!(paddr.is_multiple_of(align_of::<Buffer>()), "a region begins with a page");
        SharedPool { rings: RefCell::new(None), lent: Cell::new(0), paddr }
    }

    /// Takes up the rings of the region. None of its buffers is lent: see [`is_free`](Self::is_free).
    #[expect(clippy::assertions_on_constants, reason = "constant in each image, and not the same in all")]
    pub fn begin(&self, rings: SharedLink<'static>) {
        assert!(FITS, "buffers of jumbo frames do not fit a ring's");
        assert!(self.is_free(), "what lies in a region ends before another one takes its place");
        self.rings.replace(Some(rings));
    }

    /// Lets go of the rings: what is lent comes back and goes nowhere.
    pub fn end(&self) {
        self.rings.replace(None);
    }

    /// Whether no packet lies in the region.
    pub fn is_free(&self) -> bool {
        self.lent.get() == 0
    }

    fn returned(&self) {
        self.lent.set(self.lent.get() - 1);
    }
}

impl BufferPool for SharedPool {
    #[inline]
    fn give_back(&self, buffer: &'static mut Buffer) {
        self.returned();
        let offset = (&raw const *buffer as usize).wrapping_sub(self.paddr);
        if let Some(rings) = &mut *self.rings.borrow_mut()
            && let Some(buffer) = rings.in_hands(offset)
        {
            rings.give_back(buffer);
        }
    }
}

/// A pool, with what its buffers know it by.
#[derive(Clone, Copy)]
pub struct Buffers {
    pool: &'static SharedPool,
    of_buffers: PoolRef,
}

impl Buffers {
    /// The buffers of `pool`.
    pub fn new(pool: &'static SharedPool, of_buffers: PoolRef) -> Self {
        Buffers { pool, of_buffers }
    }

    /// The link's rings, if it has a region. Not to be held while a packet ends.
    #[inline]
    pub fn rings(self) -> Option<RefMut<'static, SharedLink<'static>>> {
        RefMut::filter_map(self.pool.rings.borrow_mut(), Option::as_mut).ok()
    }

    /// A free buffer of this end's own.
    #[inline]
    pub fn take(self) -> Option<&'static mut Buffer> {
        let mut rings = self.rings()?;
        let buffer = rings.allocate()?;
        Some(self.open(&rings, buffer))
    }

    /// The next frame from the peer, as a packet of port `port` that lies where it lay. Frames that leave no room for a header are
    /// skipped: no peer of ours hands over such.
    #[inline]
    pub fn receive(self, port: u8) -> Option<Packet> {
        let mut rings = self.rings()?;
        loop {
            let SharedFrame { buffer, start, length, tag } = rings.take()?;
            let Some(start) = start.checked_sub(DATA).filter(|start| start + length <= DATA_BYTES) else {
                rings.give_back(buffer);
                continue;
            };
            let mut packet = Packet::received_at(self.open(&rings, buffer), start, length, port);
            let annotations = packet.annotations_mut();
            (annotations.chain, annotations.flow_hash) = (tag.chain, tag.flow_hash);
            return Some(packet);
        }
    }

    /// Makes `packet` one of these buffers, by a copy if it is none yet; tells if it had to be. None if there is no buffer.
    #[inline]
    pub fn bring_in(self, packet: &mut Packet) -> Option<bool> {
        if self.holds(packet) {
            return Some(false);
        }
        let mut copy = Packet::new(self.take()?);
        packet.copy_into(&mut copy);
        *packet = copy;
        Some(true)
    }

    /// Hands a packet that was brought in over to the peer. False if no link carries frames of its length, and it has ended.
    #[inline]
    pub fn put(self, packet: Packet) -> bool {
        let Annotations { chain, flow_hash, .. } = *packet.annotations();
        let (start, length) = (DATA + packet.headroom(), packet.len());
        let offset = self.offset(&raw const *packet.into_buffer() as usize);
        self.pool.returned();
        let mut rings = self.rings().expect("the packet was brought in");
        let buffer = rings.in_hands(offset).expect("the packet was brought in");
        let put = rings.put(SharedFrame { buffer, start, length, tag: Tag { chain, flow_hash } });
        put.map_err(|(_, buffer)| rings.give_back(buffer)).is_ok()
    }

    /// Whether the packet lies in one of these buffers.
    #[inline]
    fn holds(self, packet: &Packet) -> bool {
        let offset = self.offset(packet.data().as_ptr() as usize);
        self.rings().is_some_and(|rings| rings.in_hands(offset).is_some())
    }

    #[inline]
    fn offset(self, paddr: usize) -> usize {
        paddr.wrapping_sub(self.pool.paddr)
    }

    /// Makes a buffer of the region one of a packet. `ring` knows it as in the caller's hands until it is put or given back.
    #[inline]
    fn open(self, rings: &SharedLink<'static>, buffer: ring::Buffer) -> &'static mut Buffer {
        self.pool.lent.set(self.pool.lent.get() + 1);
        let place = rings.words(&buffer).as_ptr().cast::<Buffer>().cast_mut();
        // SAFETY: `words` is as long and aligned as a buffer (asserted above), and mapped for as long as a buffer is lent, see
        // `is_free`. This end alone has it: `ring` has just taken it from its free ones or from the peer, and gives it out again only
        // after it came back by `give_back` or left by `put`. Nobody else makes references into it. Its data need no value: every
        // byte pattern is one.
        unsafe {
            (&raw mut (*place).header).write(Header::new(Some(self.of_buffers)));
            &mut *place
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::{AtomicU64, End, Mode, Shape, SharedRegion};

    const SHAPE: Shape = Shape { mode: Mode::Shared, slots: 64 };

    /// A region that both ends see, aligned as one is, for ever.
    fn region() -> &'static [AtomicU64] {
        const PAGE_WORDS: usize = 512;
        let words: Vec<AtomicU64> = (0..SHAPE.words() + PAGE_WORDS).map(|_| AtomicU64::new(0)).collect();
        let words = &*words.leak();
        let words = &words[words.as_ptr().align_offset(8 * PAGE_WORDS)..];
        let region = SharedRegion::format(words, SHAPE).unwrap();
        [End::A, End::B].into_iter().for_each(|end| region.set_presence(end, true));
        words
    }

    fn attach(words: &'static [AtomicU64], end: End) -> SharedLink<'static> {
        SharedRegion::open(words).unwrap().attach(end)
    }

    fn buffers(words: &'static [AtomicU64]) -> (&'static SharedPool, Buffers) {
        let pool: &'static SharedPool = Box::leak(Box::new(SharedPool::new(words.as_ptr() as usize)));
        (pool, Buffers::new(pool, Box::leak(Box::new(pool as &'static dyn BufferPool))))
    }

    #[test]
    fn a_region_is_free_when_the_last_packet_in_it_has_ended_with_or_without_rings() {
        let words = region();
        let (pool, buffers) = buffers(words);
        assert!(buffers.take().is_none() && pool.is_free(), "there is no region yet");
        pool.begin(attach(words, End::A));
        let mut peer = attach(words, End::B);
        let [kept, mut sent, ended] = [60; 3].map(|length| Packet::received(buffers.take().unwrap(), length, 0));
        assert_eq!(buffers.bring_in(&mut sent), Some(false), "it lies there");
        assert!(buffers.put(sent) && !pool.is_free());
        buffers.rings().unwrap().publish();
        let frame = peer.take().unwrap();
        assert_eq!(peer.put(frame), Ok(()));
        peer.publish();
        let back = buffers.receive(0).unwrap();
        drop(ended);
        pool.end();
        assert!(buffers.take().is_none() && buffers.receive(0).is_none() && !pool.is_free());
        drop(back);
        assert!(!pool.is_free(), "an element keeps one");
        drop(kept);
        assert!(pool.is_free());
        pool.begin(attach(words, End::A));
        assert_eq!(buffers.rings().unwrap().free(), 64, "all are home again");
    }
}
