// SPDX-License-Identifier: Apache-2.0
//! The layout of a link's memory.
//!
//! | words | what | who writes it |
//! | --- | --- | --- |
//! | 0–7 | magic, version and mode, slots, bytes of the whole | who formats |
//! | 8, 16 | presence of end A, of end B | the host |
//! | 24, 32 | presence word as which end A, end B attached | that end |
//! | 64–191 | control blocks of four rings: A to B, B to A, and in shared mode what A, what B gives back | both ends, see `indices` |
//! | 192–223 | counts of A's producer and consumer, of B's producer and consumer, a line each | that end |
//! | 224–479 | in shared mode, which buffers A has, which B has: a bit each | that end |
//! | 512–  | copy mode: ring A to B: a descriptor for each slot, a line for each slot, 31 lines more; the same for B to A | the producer |
//! | 512–  | shared mode: descriptors of two words A to B, B to A; numbers of buffers that A, that B gives back; A's buffers, B's buffers | the producer |
//!
//! In copy mode a slot is a descriptor and a line of 64 bytes. A frame takes as many slots in a row as its bytes fill lines; the
//! descriptor of the first one tells of it, the others' lie idle. So frames of 64 bytes follow each other line by line, eight
//! descriptors share a line, and the processors' prefetchers see nothing but streams: a third of the time of slots that hold any
//! frame each. What begins near the last slot runs on into the lines behind it.
//!
//! Words are little-endian.

use crate::bytes::{LINE_WORDS, Line};
use crate::custody::SET_WORDS;
use crate::descriptor::FRAME_BYTES;
use crate::indices::{self, CONTROL_WORDS, Control};
use crate::link::Link;
use crate::presence;
use crate::shape::{BUFFER_WORDS, End, Mode, RegionError, SHARED_RING_WORDS, Shape, checked_slots};
use crate::shared::SharedLink;
use crate::statistics::{COUNT_WORDS, Counts, Observer};
use crate::sync::{AtomicU64, Ordering};
use core::ops::Range;

#[cfg(not(target_endian = "little"))]
compile_error!("the words of a region are little-endian");

/// The first word of a region.
const MAGIC: u64 = u64::from_le_bytes(*b"SluiceLk");
/// The version of this layout; grows with each incompatible change.
pub(crate) const VERSION: u64 = 1;
/// Words of the header page.
pub(crate) const HEADER_WORDS: usize = 512;
/// Bytes of the header page.
pub const HEADER_BYTES: usize = 8 * HEADER_WORDS;
const PRESENCE: usize = 8;
const ATTACHED: usize = 24;
const CONTROLS: usize = 64;
const RINGS: usize = 4;
const COUNTS: usize = CONTROLS + RINGS * CONTROL_WORDS;
const CUSTODY: usize = COUNTS + 4 * COUNT_WORDS;
const _: () = assert!(CUSTODY + 2 * SET_WORDS <= HEADER_WORDS && CUSTODY == 224);

/// The header page.
#[derive(Clone, Copy)]
pub(crate) struct Header<'m>(&'m [AtomicU64; HEADER_WORDS]);

impl<'m> Header<'m> {
    pub fn new(words: &'m [AtomicU64]) -> Result<Self, RegionError> {
        let short = RegionError::Short { words: words.len(), wanted: HEADER_WORDS };
        words.first_chunk().map(Header).ok_or(short)
    }

    /// What the header says, each word read once and checked.
    pub fn shape(&self) -> Result<Shape, RegionError> {
        let [magic, version, slots, bytes] = core::array::from_fn(|word| self.0[word].load(Ordering::Acquire));
        if magic != MAGIC {
            return Err(RegionError::Magic(magic));
        }
        let modes = [Mode::Copy, Mode::Shared];
        let mode = modes.into_iter().find(|mode| version_word(*mode) == version);
        let mode = mode.ok_or(RegionError::Version(version))?;
        let shape = Shape { mode, slots: checked_slots(mode, slots)? };
        let wanted = shape.bytes() as u64;
        if bytes == wanted { Ok(shape) } else { Err(RegionError::Length { found: bytes, wanted }) }
    }

    fn format(&self, shape: Shape) {
        self.0.iter().for_each(|word| word.store(0, Ordering::Relaxed));
        (0..RINGS).for_each(|ring| indices::format(self.control(ring)));
        let identity = [version_word(shape.mode), shape.slots as u64, shape.bytes() as u64];
        self.0[1..].iter().zip(identity).for_each(|(word, value)| word.store(value, Ordering::Relaxed));
        // Release, for the Acquire in `shape`: a region that has its magic is whole.
        self.0[0].store(MAGIC, Ordering::Release);
    }

    pub fn presence(&self, end: End) -> &'m AtomicU64 {
        &self.0[PRESENCE + LINE_WORDS * end.index()]
    }

    pub fn attached(&self, end: End) -> &'m AtomicU64 {
        &self.0[ATTACHED + LINE_WORDS * end.index()]
    }

    pub fn control(&self, ring: usize) -> &'m Control {
        let (controls, _) = self.0[CONTROLS..COUNTS].as_chunks();
        &controls[ring]
    }

    pub fn producer_counts(&self, end: End) -> Counts<'m> {
        self.counts(2 * end.index())
    }

    pub fn consumer_counts(&self, end: End) -> Counts<'m> {
        self.counts(2 * end.index() + 1)
    }

    /// The set of the buffers that an end has.
    pub fn custody(&self, end: End) -> &'m [AtomicU64; SET_WORDS] {
        let (sets, _) = self.0[CUSTODY..CUSTODY + 2 * SET_WORDS].as_chunks();
        &sets[end.index()]
    }

    fn counts(&self, line: usize) -> Counts<'m> {
        let (counts, _) = self.0[COUNTS..COUNTS + 4 * COUNT_WORDS].as_chunks();
        Counts(&counts[line])
    }
}

/// The second word of a header.
fn version_word(mode: Mode) -> u64 {
    VERSION | (mode as u64) << 32
}

/// Where the presence word of `end` lies, in bytes from the start of the region: for a host that writes it through a file. The
/// word is little-endian, starts at 0, and grows by one at each change: odd = up.
pub const fn presence_offset(end: End) -> usize {
    8 * (PRESENCE + LINE_WORDS * end as usize)
}

/// The memory of a link in copy mode, checked.
#[derive(Clone, Copy)]
pub struct Region<'m>(Memory<'m>);

impl<'m> Region<'m> {
    /// Makes the front of `words` a link of that shape: both ends down, nothing in the rings. Once, before any end opens it.
    pub fn format(words: &'m [AtomicU64], shape: Shape) -> Result<Self, RegionError> {
        Memory::format(words, shape, Mode::Copy).map(Region)
    }

    /// The link in the front of `words`, which may be more: memory comes in powers of two.
    pub fn open(words: &'m [AtomicU64]) -> Result<Self, RegionError> {
        Memory::open(words, Mode::Copy).map(Region)
    }

    /// What the region is.
    pub fn shape(&self) -> Shape {
        self.0.shape
    }

    /// Takes one end's side of both rings. Once in each incarnation of that end: two producers of one ring garble it.
    pub fn attach(&self, end: End) -> Link<'m> {
        let link = Link::new(self, end);
        presence::attach(&self.0.header, end);
        link
    }

    /// Says whether an end runs. The host's part: before it starts that end, and when the end is gone.
    pub fn set_presence(&self, end: End, up: bool) {
        presence::set(&self.0.header, end, up);
    }

    /// Reads what both ends show.
    pub fn observer(&self) -> Observer<'m> {
        Observer::new(self.0.header, self.0.shape)
    }

    pub(crate) fn header(&self) -> Header<'m> {
        self.0.header
    }

    /// The descriptors and lines of the ring that `from` fills.
    pub(crate) fn ring(&self, from: End) -> (&'m [AtomicU64], &'m [Line]) {
        let mut rings = self.0.data.chunks_exact(self.0.shape.ring_words());
        let ring = rings.nth(from.index()).unwrap_or_default();
        let (descriptors, lines) = ring.split_at_checked(self.0.shape.slots).unwrap_or_default();
        (descriptors, lines.as_chunks().0)
    }
}

/// The memory of a link in shared mode, checked.
#[derive(Clone, Copy)]
pub struct SharedRegion<'m> {
    memory: Memory<'m>,
    /// The descriptors of frames that A, that B hands over; the numbers of buffers that A, that B gives back.
    frames: [&'m [[AtomicU64; 2]]; 2],
    returns: [&'m [AtomicU64]; 2],
    pool: &'m [[AtomicU64; BUFFER_WORDS]],
}

impl<'m> SharedRegion<'m> {
    /// As [`Region::format`].
    pub fn format(words: &'m [AtomicU64], shape: Shape) -> Result<Self, RegionError> {
        Memory::format(words, shape, Mode::Shared).map(SharedRegion::new)
    }

    /// As [`Region::open`].
    pub fn open(words: &'m [AtomicU64]) -> Result<Self, RegionError> {
        Memory::open(words, Mode::Shared).map(SharedRegion::new)
    }

    fn new(memory: Memory<'m>) -> Self {
        let slots = memory.shape.slots;
        let (frames, rest) = memory.data.split_at(4 * slots);
        let (returns, pool) = rest.split_at(2 * slots);
        let frames = frames.as_chunks().0.split_at(slots);
        SharedRegion {
            memory,
            frames: frames.into(),
            returns: returns.split_at(slots).into(),
            pool: pool.as_chunks().0,
        }
    }

    /// As [`Region::attach`].
    pub fn attach(&self, end: End) -> SharedLink<'m> {
        let link = SharedLink::attach(*self, end);
        presence::attach(&self.memory.header, end);
        link
    }

    /// As [`Region::set_presence`].
    pub fn set_presence(&self, end: End, up: bool) {
        presence::set(&self.memory.header, end, up);
    }

    /// Reads what both ends show.
    pub fn observer(&self) -> Observer<'m> {
        Observer::new(self.memory.header, self.memory.shape)
    }

    /// How many buffers each end has.
    pub fn buffers(&self) -> usize {
        self.memory.shape.slots
    }

    pub(crate) fn header(&self) -> Header<'m> {
        self.memory.header
    }

    /// The descriptors of frames that `from` hands over; one for each of its buffers.
    pub(crate) fn frames(&self, from: End) -> &'m [[AtomicU64; 2]] {
        self.frames[from.index()]
    }

    /// The numbers of buffers that `from` gives back.
    pub(crate) fn returns(&self, from: End) -> &'m [AtomicU64] {
        self.returns[from.index()]
    }

    /// The numbers of an end's own buffers.
    pub(crate) fn own(&self, end: End) -> Range<usize> {
        let first = end.index() * self.buffers();
        first..first + self.buffers()
    }

    pub(crate) fn buffer(&self, number: usize) -> &'m [AtomicU64; BUFFER_WORDS] {
        &self.pool[number]
    }

    /// Where a buffer begins, in bytes from the start of the region.
    pub(crate) fn offset(&self, number: usize) -> usize {
        8 * (HEADER_WORDS + SHARED_RING_WORDS * self.buffers() + BUFFER_WORDS * number)
    }

    /// The buffer that holds `length` bytes at an offset that a peer wrote, and where they begin in it. None if there is no such.
    pub(crate) fn number(&self, offset: u64, length: usize) -> Option<(usize, usize)> {
        let within = usize::try_from(offset).ok()?.checked_sub(self.offset(0))?;
        let (number, start) = (within / (8 * BUFFER_WORDS), within % (8 * BUFFER_WORDS));
        (number < self.pool.len() && start + length <= FRAME_BYTES).then_some((number, start))
    }
}

/// Words that are a link of one mode.
#[derive(Clone, Copy)]
struct Memory<'m> {
    header: Header<'m>,
    shape: Shape,
    /// What follows the header, as much as the shape takes.
    data: &'m [AtomicU64],
}

impl<'m> Memory<'m> {
    fn format(words: &'m [AtomicU64], shape: Shape, mode: Mode) -> Result<Self, RegionError> {
        checked_slots(shape.mode, shape.slots as u64)?;
        let memory = Memory::within(words, shape, mode)?;
        memory.header.format(shape);
        Ok(memory)
    }

    fn open(words: &'m [AtomicU64], mode: Mode) -> Result<Self, RegionError> {
        Memory::within(words, Header::new(words)?.shape()?, mode)
    }

    fn within(words: &'m [AtomicU64], shape: Shape, mode: Mode) -> Result<Self, RegionError> {
        if shape.mode != mode {
            return Err(RegionError::Mode(shape.mode));
        }
        let short = RegionError::Short { words: words.len(), wanted: shape.words() };
        let data = words.get(HEADER_WORDS..shape.words()).ok_or(short)?;
        Ok(Memory { header: Header::new(words)?, shape, data })
    }
}
