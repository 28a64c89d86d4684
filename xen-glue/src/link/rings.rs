// SPDX-License-Identifier: Apache-2.0
//! What lies in a link's region, in either mode.

use core::cell::{RefCell, RefMut};
use ring::{AtomicU64, End, Region, RegionError, Shape};

/// The region of a link in shared mode: fewer buffers for each end than elsewhere, because vifs' frames are copied, and a region of
/// 268 pages.
pub const SHARED: Shape = Shape { mode: ring::Mode::Shared, slots: 256 };

/// One end's use of a region: what a session sets up and ends.
pub trait Rings {
    /// What the region is.
    fn shape(&self) -> Shape;
    /// Makes `words` such a region, with both ends present.
    fn format(&self, words: &[AtomicU64]) -> Result<(), RegionError>;
    /// Takes the side of `end` of the region in `words`: frames may go through. Whoever formatted it may lie.
    fn attach(&self, words: &'static [AtomicU64], end: End) -> Result<(), RegionError>;
    /// Lets no more frames through.
    fn shut(&self);
    /// Whether nothing of this end lies in the region any more, so that its memory may go. Asked when it is shut.
    fn is_free(&self) -> bool;
}

/// Rings in copy mode, while a link is up.
#[derive(Default)]
pub struct CopyRings(RefCell<Option<ring::Link<'static>>>);

impl CopyRings {
    /// The rings, if the link is up: for a burst, not to be kept while tasks are polled.
    #[inline]
    pub fn get(&self) -> RefMut<'_, Option<ring::Link<'static>>> {
        self.0.borrow_mut()
    }
}

impl Rings for CopyRings {
    fn shape(&self) -> Shape {
        Shape::COPY
    }

    fn format(&self, words: &[AtomicU64]) -> Result<(), RegionError> {
        let region = Region::format(words, Shape::COPY)?;
        [End::A, End::B].into_iter().for_each(|end| region.set_presence(end, true));
        Ok(())
    }

    fn attach(&self, words: &'static [AtomicU64], end: End) -> Result<(), RegionError> {
        self.0.replace(Some(Region::open(words)?.attach(end)));
        Ok(())
    }

    fn shut(&self) {
        self.0.replace(None);
    }

    fn is_free(&self) -> bool {
        true
    }
}
