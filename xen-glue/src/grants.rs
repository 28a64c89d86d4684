// SPDX-License-Identifier: Apache-2.0
//! The grant table, version 1 (xen/include/public/grant_table.h): which of our frames another domain may use.

use crate::{DomainId, Errno, GrantReference, Hypercalls, MapSpace, PAGE_BYTES, Pages};
use core::sync::atomic::{AtomicU32, Ordering};

/// `struct grant_entry_v1` as two words: flags and domain, frame.
type Entry = [AtomicU32; 2];
/// Entries of a page of the table.
const ENTRIES: usize = PAGE_BYTES / size_of::<Entry>();
/// `GNTTAB_NR_RESERVED_ENTRIES`: those that the toolstack fills in, for console and xenstore.
const RESERVED: u32 = 8;
/// `GTF_…`: the domain may use the frame; reading only; it does so now, either way.
const PERMIT_ACCESS: u32 = 1;
const READ_ONLY: u32 = 1 << 2;
const IN_USE: u32 = 1 << 3 | 1 << 4;
/// The end of the list of free entries: entry 0 is reserved.
const NONE: u32 = 0;

/// What a domain may do with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read it.
    Read,
    /// Read and write it.
    Write,
}

/// All grants are given, or the frame has a number that version 1 cannot say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

/// The other domain still uses the frame: the grant stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StillMapped;

/// The table of this domain.
pub struct Grants {
    entries: &'static [Entry],
    /// The first free entry; each names the next in its frame word, which the hypervisor looks at only if there are flags.
    free: u32,
    free_count: usize,
}

impl Grants {
    /// How many grants a table of `frames` frames can give.
    pub const fn of_frames(frames: usize) -> usize {
        (frames * ENTRIES).saturating_sub(RESERVED as usize)
    }

    /// How many frames a table has that can give so many grants.
    pub const fn frames_for(grants: usize) -> usize {
        (grants + RESERVED as usize).div_ceil(ENTRIES)
    }

    /// Has the hypervisor put the table in place of `table`.
    pub fn new(hypercalls: &impl Hypercalls, table: &Pages) -> Result<Grants, Errno> {
        for index in (0..table.count()).rev() {
            // From the last on: the hypervisor then makes the table that long at once.
            hypercalls.add_to_physmap(MapSpace::GrantTable, index as u64, table, index)?;
        }
        let mut grants = Grants { entries: table.words().as_chunks().0, free: NONE, free_count: 0 };
        (RESERVED..grants.entries.len() as u32).rev().for_each(|entry| grants.put_back(entry));
        Ok(grants)
    }

    /// How many more can be given.
    pub fn free(&self) -> usize {
        self.free_count
    }

    /// Lets `domain` use the frame of that index of `pages`, all of it, until that is ended.
    pub fn grant(
        &mut self,
        domain: DomainId,
        pages: &Pages,
        index: usize,
        access: Access,
    ) -> Result<GrantReference, Exhausted> {
        assert!(index < pages.count(), "only frames of the pages are granted");
        let frame = u32::try_from(pages.frame() + index as u64).map_err(|_| Exhausted)?;
        let entry = self.free;
        if entry == NONE {
            return Err(Exhausted);
        }
        let [flags, frame_word] = &self.entries[entry as usize];
        self.free = self.checked(frame_word.load(Ordering::Relaxed));
        self.free_count -= 1;
        frame_word.store(frame, Ordering::Relaxed);
        let read_only = if access == Access::Read { READ_ONLY } else { 0 };
        // Release: the hypervisor sees the frame before it sees that there is one.
        flags.store(PERMIT_ACCESS | read_only | u32::from(domain.0) << 16, Ordering::Release);
        Ok(GrantReference(entry))
    }

    /// Whether the other domain uses the frame at this moment.
    pub fn in_use(&self, reference: GrantReference) -> bool {
        self.entry(reference)[0].load(Ordering::Acquire) & IN_USE != 0
    }

    /// Ends a grant of ours; afterwards the frame is this domain's alone.
    pub fn end(&mut self, reference: GrantReference) -> Result<(), StillMapped> {
        let [flags, _] = self.entry(reference);
        let mut seen = flags.load(Ordering::Relaxed);
        loop {
            if seen & IN_USE != 0 {
                return Err(StillMapped);
            }
            // The hypervisor sets its bits with a compare-and-swap too, so one of us comes first. Acquire: what the other domain
            // wrote is there.
            match flags.compare_exchange(seen, 0, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => seen = now,
            }
        }
        assert!(seen & PERMIT_ACCESS != 0, "grant {} is ended twice", reference.0);
        self.put_back(reference.0);
        Ok(())
    }

    fn put_back(&mut self, entry: u32) {
        self.entries[entry as usize][1].store(self.free, Ordering::Relaxed);
        self.free = entry;
        self.free_count += 1;
    }

    fn entry(&self, GrantReference(entry): GrantReference) -> &'static Entry {
        &self.entries[entry as usize]
    }

    fn checked(&self, next: u32) -> u32 {
        if (next as usize) < self.entries.len() { next } else { NONE }
    }
}

#[cfg(test)]
mod tests;
