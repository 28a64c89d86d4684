// SPDX-License-Identifier: Apache-2.0
//! Grants between the domains of the fake.

use super::{Domain, ENOMEM, Errno, Ordering, PAGE_BYTES, State};
use crate::{CopyEnd, DomainId, FrameCopy, GrantHandle, GrantReference, Pages, bytes};
use std::sync::atomic::AtomicU32;

/// `GNTST_bad_gntref`, `GNTST_bad_domain`, negated.
pub const BAD_REFERENCE: Errno = Errno(3);
const BAD_DOMAIN: Errno = Errno(2);
/// `GNTST_bad_copy_arg`, negated.
pub const BAD_COPY: Errno = Errno(10);
const IN_USE: u32 = 1 << 3 | 1 << 4;

impl State {
    /// The two words of an entry.
    fn entry(&self, GrantReference(reference): GrantReference) -> Result<&'static [AtomicU32; 2], Errno> {
        let entries = PAGE_BYTES / 8;
        let page = self.grant_table.get(&(u64::from(reference) / entries as u64)).ok_or(BAD_REFERENCE)?;
        page.words().as_chunks().0.get(reference as usize % entries).ok_or(BAD_REFERENCE)
    }
}

impl Domain {
    /// Has `peer` use a frame that this domain granted to it, as a map or a copy begins with: the frame, in use until
    /// [`give_back`](Self::give_back). The access is checked as the hypervisor checks it.
    pub fn lend(&self, peer: DomainId, reference: GrantReference, write: bool) -> Result<Pages, Errno> {
        let [flags, frame] = self.state().entry(reference)?;
        let seen = flags.load(Ordering::Acquire);
        if seen & 3 != 1 || (write && seen & 4 != 0) {
            return Err(BAD_REFERENCE);
        }
        if (seen >> 16) as u16 != peer.0 {
            return Err(BAD_DOMAIN);
        }
        let frame = u64::from(frame.load(Ordering::Relaxed));
        let page = Pages::again(frame, 1).ok_or(ENOMEM)?;
        flags.fetch_or(IN_USE, Ordering::SeqCst);
        Ok(page)
    }

    /// The peer uses the frame no more.
    pub fn give_back(&self, reference: GrantReference) {
        if let Ok([flags, _]) = self.state().entry(reference) {
            flags.fetch_and(!IN_USE, Ordering::SeqCst);
        }
    }

    /// How many of this domain's grants stand.
    pub fn granted(&self) -> usize {
        let state = self.state();
        let entries = state.grant_table.values().flat_map(|page| page.words().as_chunks::<2>().0);
        entries.filter(|[flags, _]| flags.load(Ordering::Relaxed) & 1 != 0).count()
    }

    /// Maps grants whose frames lie behind each other in their owner.
    pub(super) fn map(
        &self,
        owner: DomainId,
        references: &[GrantReference],
        handles: &mut [GrantHandle],
    ) -> Result<Pages, Errno> {
        let other = self.machine.domain(owner);
        let mut first = None;
        for (done, &reference) in references.iter().enumerate() {
            let lent = other.lend(self.id, reference, true).and_then(|page| {
                let wanted = *first.get_or_insert(page.frame()) + done as u64;
                // Others could be mapped, by a hypervisor with page tables.
                if page.frame() == wanted {
                    return Ok(());
                }
                other.give_back(reference);
                Err(ENOMEM)
            });
            if let Err(refused) = lent {
                references[..done].iter().for_each(|&reference| other.give_back(reference));
                return Err(refused);
            }
        }
        let mut state = self.state();
        for (handle, &reference) in handles.iter_mut().zip(references) {
            state.handles += 1;
            *handle = GrantHandle(state.handles);
            state.mapped.insert(handle.0, (owner, reference));
        }
        first.and_then(|first| Pages::again(first, references.len())).ok_or(BAD_REFERENCE)
    }

    /// Copies what both ends may be used for, and lie in their frames.
    pub(super) fn copy_one(&self, copy: &FrameCopy<'_>) -> Result<(), Errno> {
        let (from, to, bytes) = (usize::from(copy.from_offset), usize::from(copy.to_offset), usize::from(copy.bytes));
        if from + bytes > PAGE_BYTES || to + bytes > PAGE_BYTES {
            return Err(BAD_COPY);
        }
        let mut data = vec![0; bytes];
        self.with(&copy.from, false, |page| bytes::load(page.long_words(), from, &mut data))?;
        self.with(&copy.to, true, |page| bytes::store(page.long_words(), to, &data))
    }

    fn with(&self, end: &CopyEnd<'_>, write: bool, act: impl FnOnce(&Pages)) -> Result<(), Errno> {
        match *end {
            CopyEnd::Own { pages, at } => {
                assert!(at < pages.count(), "only frames of the pages are copied");
                act(&Pages::again(pages.frame() + at as u64, 1).ok_or(ENOMEM)?);
            }
            CopyEnd::Granted { owner, reference } => {
                let owner = self.machine.domain(owner);
                act(&owner.lend(self.id, reference, write)?);
                owner.give_back(reference);
            }
        }
        Ok(())
    }

    pub(super) fn unmap(&self, GrantHandle(handle): GrantHandle) {
        let (owner, reference) = self.state().mapped.remove(&handle).expect("a grant is unmapped once");
        self.machine.domain(owner).give_back(reference);
    }
}
