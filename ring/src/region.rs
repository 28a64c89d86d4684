// SPDX-License-Identifier: Apache-2.0
//! The layout of a link's memory.
//!
//! | words | what | who writes it |
//! | --- | --- | --- |
//! | 0–7 | magic, version and mode, slots, bytes of the whole | who formats |
//! | 8, 16 | presence of end A, of end B | the host |
//! | 24, 32 | presence word as which end A, end B attached | that end |
//! | 64–191 | control blocks of four rings: A to B, B to A, and in shared mode what returns to A, to B | both ends, see `indices` |
//! | 192–223 | counts of A's producer and consumer, of B's producer and consumer, a line each | that end |
//! | 512–  | ring A to B: a descriptor for each slot, a line for each slot, 31 lines more; the same for B to A | the producer |
//!
//! A slot is a descriptor and a line of 64 bytes. A frame takes as many slots in a row as its bytes fill lines; the descriptor of the
//! first one tells of it, the others' lie idle. So frames of 64 bytes follow each other line by line, eight descriptors share a
//! line, and the processors' prefetchers see nothing but streams: a third of the time of slots that hold any frame each.
//! What begins near the last slot runs on into the lines behind it.
//!
//! Words are little-endian.

use crate::bytes::{LINE_WORDS, Line};
use crate::descriptor::FRAME_SLOTS;
use crate::indices::{self, CONTROL_WORDS, Control};
use crate::link::Link;
use crate::presence;
use crate::statistics::{COUNT_WORDS, Counts, Observer};
use crate::sync::{AtomicU64, Ordering};
use core::fmt;

#[cfg(not(target_endian = "little"))]
compile_error!("the words of a region are little-endian");

/// The first word of a region.
const MAGIC: u64 = u64::from_le_bytes(*b"SluiceLk");
/// The version of this layout; grows with each incompatible change.
const VERSION: u64 = 1;
/// Words of the header page.
pub(crate) const HEADER_WORDS: usize = 512;
/// Bytes of the header page.
pub const HEADER_BYTES: usize = 8 * HEADER_WORDS;
const PRESENCE: usize = 8;
const ATTACHED: usize = 24;
const CONTROLS: usize = 64;
const RINGS: usize = 4;
const COUNTS: usize = CONTROLS + RINGS * CONTROL_WORDS;

/// Fewest slots of a ring: 32 frames of the greatest length.
pub const MIN_SLOTS: usize = 32 * FRAME_SLOTS;
/// Most slots of a ring.
pub const MAX_SLOTS: usize = 1 << 16;
/// Lines behind the last slot: a frame that begins near the end runs on there, instead of around the corner.
const GUARD_LINES: usize = FRAME_SLOTS - 1;

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// One.
    A,
    /// The other.
    B,
}

impl End {
    /// The end at the other side.
    pub fn other(self) -> End {
        match self {
            End::A => End::B,
            End::B => End::A,
        }
    }

    #[inline]
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

/// How frames cross a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The producer copies each frame into the ring, the consumer copies it out: a peer sees nothing but the frames.
    Copy,
}

/// What a region holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How frames cross it.
    pub mode: Mode,
    /// The slots of each ring: a power of two from [`MIN_SLOTS`] to [`MAX_SLOTS`]. A frame takes one for each 64 bytes.
    pub slots: usize,
}

impl Shape {
    /// Copy mode with rings as long as they are fast: a region of 1.2 MB. In shorter ones the producer comes round to lines that
    /// the consumer's cache has just taken, and the same stream takes twice the time.
    pub const COPY: Shape = Shape { mode: Mode::Copy, slots: 8192 };

    /// How many words a region of this shape takes.
    pub const fn words(self) -> usize {
        HEADER_WORDS + 2 * self.ring_words()
    }

    /// How many bytes a region of this shape takes.
    pub const fn bytes(self) -> usize {
        8 * self.words()
    }

    /// Descriptors, then lines.
    const fn ring_words(self) -> usize {
        self.slots + (self.slots + GUARD_LINES) * LINE_WORDS
    }
}

/// Why words are not a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionError {
    /// They are fewer than a header, or than the header says.
    Short {
        /// As many words there are.
        words: usize,
        /// As many it should be.
        wanted: usize,
    },
    /// They do not begin as a region does.
    Magic(u64),
    /// Their layout is that of another version, or the mode is none.
    Version(u64),
    /// The rings have too few slots, too many, or not a power of two.
    Slots(u64),
    /// The header's length is not that of its shape.
    Length {
        /// The bytes that the header says.
        found: u64,
        /// The bytes that the shape takes.
        wanted: u64,
    },
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match *self {
            RegionError::Short { words, wanted } => {
                write!(f, "a link's memory of {} bytes, where {} are needed", 8 * words, 8 * wanted)
            }
            RegionError::Magic(found) => write!(f, "memory that begins with {found:#018x} is not a link"),
            RegionError::Version(found) => write!(f, "a link of version and mode {found:#x}, not {VERSION:#x}"),
            RegionError::Slots(found) => {
                write!(f, "a link of {found} slots, which is not a power of two from {MIN_SLOTS} to {MAX_SLOTS}")
            }
            RegionError::Length { found, wanted } => write!(f, "a link that says {found} bytes, but takes {wanted}"),
        }
    }
}

impl core::error::Error for RegionError {}

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
        if version != VERSION {
            return Err(RegionError::Version(version));
        }
        let shape = Shape { mode: Mode::Copy, slots: checked_slots(slots)? };
        let wanted = shape.bytes() as u64;
        if bytes == wanted { Ok(shape) } else { Err(RegionError::Length { found: bytes, wanted }) }
    }

    fn format(&self, shape: Shape) {
        self.0.iter().for_each(|word| word.store(0, Ordering::Relaxed));
        (0..RINGS).for_each(|ring| indices::format(self.control(ring)));
        let identity = [VERSION, shape.slots as u64, shape.bytes() as u64];
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

    fn counts(&self, line: usize) -> Counts<'m> {
        let (counts, _) = self.0[COUNTS..COUNTS + 4 * COUNT_WORDS].as_chunks();
        Counts(&counts[line])
    }
}

fn checked_slots(slots: u64) -> Result<usize, RegionError> {
    let good = slots.is_power_of_two() && (MIN_SLOTS as u64..=MAX_SLOTS as u64).contains(&slots);
    if good { Ok(slots as usize) } else { Err(RegionError::Slots(slots)) }
}

/// Where the presence word of `end` lies, in bytes from the start of the region: for a host that writes it through a file. The
/// word is little-endian, starts at 0, and grows by one at each change: odd = up.
pub const fn presence_offset(end: End) -> usize {
    8 * (PRESENCE + LINE_WORDS * end as usize)
}

/// The memory of a link, checked.
#[derive(Clone, Copy)]
pub struct Region<'m> {
    header: Header<'m>,
    shape: Shape,
    /// What follows the header, as much as the shape takes.
    data: &'m [AtomicU64],
}

impl<'m> Region<'m> {
    /// Makes the front of `words` a link of that shape: both ends down, nothing in the rings. Once, before any end opens it.
    pub fn format(words: &'m [AtomicU64], shape: Shape) -> Result<Self, RegionError> {
        checked_slots(shape.slots as u64)?;
        let region = Region::within(words, shape)?;
        region.header.format(shape);
        Ok(region)
    }

    /// The link in the front of `words`, which may be more: memory comes in powers of two.
    pub fn open(words: &'m [AtomicU64]) -> Result<Self, RegionError> {
        Region::within(words, Header::new(words)?.shape()?)
    }

    fn within(words: &'m [AtomicU64], shape: Shape) -> Result<Self, RegionError> {
        let short = RegionError::Short { words: words.len(), wanted: shape.words() };
        let data = words.get(HEADER_WORDS..shape.words()).ok_or(short)?;
        Ok(Region { header: Header::new(words)?, shape, data })
    }

    /// What the region is.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Takes one end's side of both rings. Once in each incarnation of that end: two producers of one ring garble it.
    pub fn attach(&self, end: End) -> Link<'m> {
        let link = Link::new(self, end);
        presence::attach(&self.header, end);
        link
    }

    /// Says whether an end runs. The host's part: before it starts that end, and when the end is gone.
    pub fn set_presence(&self, end: End, up: bool) {
        let word = self.header.presence(end);
        word.store(presence::next(word.load(Ordering::Relaxed), up), Ordering::Release);
    }

    /// Reads what both ends show.
    pub fn observer(&self) -> Observer<'m> {
        Observer::new(self.header, self.shape)
    }

    pub(crate) fn header(&self) -> Header<'m> {
        self.header
    }

    /// The descriptors and lines of the ring that `from` fills.
    pub(crate) fn ring(&self, from: End) -> (&'m [AtomicU64], &'m [Line]) {
        let mut rings = self.data.chunks_exact(self.shape.ring_words());
        let ring = rings.nth(from.index()).unwrap_or_default();
        let (descriptors, lines) = ring.split_at_checked(self.shape.slots).unwrap_or_default();
        (descriptors, lines.as_chunks().0)
    }
}
