// SPDX-License-Identifier: Apache-2.0
//! What a link can be, and why words are not one.

use crate::bytes::LINE_WORDS;
use crate::descriptor::{FRAME_BYTES, FRAME_SLOTS};
use crate::region::{HEADER_WORDS, VERSION};
use core::fmt;

/// Fewest slots of a ring: 32 frames of the greatest length.
pub const MIN_SLOTS: usize = 32 * FRAME_SLOTS;
/// Most slots of a ring.
pub const MAX_SLOTS: usize = 1 << 16;
/// Lines behind the last slot: a frame that begins near the end runs on there, instead of around the corner.
const GUARD_LINES: usize = FRAME_SLOTS - 1;

/// Fewest buffers of an end, in shared mode.
pub const MIN_BUFFERS: usize = 64;
/// Most buffers of an end, in shared mode.
pub const MAX_BUFFERS: usize = 4096;
/// Words of a buffer; one line more than a frame takes, because strides of powers of two crowd into few sets of a cache.
pub const BUFFER_WORDS: usize = FRAME_BYTES / 8 + LINE_WORDS;
/// Words of shared mode's rings for each buffer of an end: two descriptors of two words, two numbers.
pub(crate) const SHARED_RING_WORDS: usize = 6;

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
    /// The frames stay in buffers of the region, which the ends hand to each other. Both trust each other with all of them.
    Shared,
}

/// What a region holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How frames cross it.
    pub mode: Mode,
    /// The slots of each ring: a power of two from [`MIN_SLOTS`] to [`MAX_SLOTS`]. A frame takes one for each 64 bytes.
    /// In shared mode the buffers of each end: a power of two from [`MIN_BUFFERS`] to [`MAX_BUFFERS`].
    pub slots: usize,
}

impl Shape {
    /// Copy mode with rings as long as they are fast: a region of 1.2 MB. In shorter ones the producer comes round to lines that
    /// the consumer's cache has just taken, and the same stream takes twice the time.
    pub const COPY: Shape = Shape { mode: Mode::Copy, slots: 8192 };

    /// Shared mode with as many buffers for each end as two NICs' receive rings and a burst or two for each queue take: a region of
    /// 4.4 MB.
    pub const SHARED: Shape = Shape { mode: Mode::Shared, slots: 1024 };

    /// How many words a region of this shape takes.
    pub const fn words(self) -> usize {
        match self.mode {
            Mode::Copy => HEADER_WORDS + 2 * self.ring_words(),
            Mode::Shared => HEADER_WORDS + self.slots * (SHARED_RING_WORDS + 2 * BUFFER_WORDS),
        }
    }

    /// How many bytes a region of this shape takes.
    pub const fn bytes(self) -> usize {
        8 * self.words()
    }

    /// Descriptors, then lines.
    pub(crate) const fn ring_words(self) -> usize {
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
    /// Their layout is that of another version, or of no mode.
    Version(u64),
    /// It is a link, but of this mode.
    Mode(Mode),
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
            RegionError::Mode(found) => write!(f, "a link in another mode: {found:?}"),
            RegionError::Slots(found) => write!(
                f,
                "a link of {found} slots, which is not a power of two from {MIN_SLOTS} to {MAX_SLOTS} (copy mode) or from \
                 {MIN_BUFFERS} to {MAX_BUFFERS} (shared mode)"
            ),
            RegionError::Length { found, wanted } => write!(f, "a link that says {found} bytes, but takes {wanted}"),
        }
    }
}

impl core::error::Error for RegionError {}

/// The slots that a header says, if a ring of that mode can have as many.
pub(crate) fn checked_slots(mode: Mode, slots: u64) -> Result<usize, RegionError> {
    let (least, most) = match mode {
        Mode::Copy => (MIN_SLOTS, MAX_SLOTS),
        Mode::Shared => (MIN_BUFFERS, MAX_BUFFERS),
    };
    let good = slots.is_power_of_two() && (least as u64..=most as u64).contains(&slots);
    if good { Ok(slots as usize) } else { Err(RegionError::Slots(slots)) }
}
