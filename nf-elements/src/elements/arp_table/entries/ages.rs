// SPDX-License-Identifier: Apache-2.0
//! The entries in order of age: a list through the entries themselves, oldest first.

use super::{Entries, Link};

impl Entries {
    /// Puts an entry at the young end.
    pub(super) fn append_age(&mut self, link: Link) {
        let newest = core::mem::replace(&mut self.newest, link);
        self.link_age(newest, link);
        self.link_age(link, 0);
    }

    pub(super) fn unlink_age(&mut self, link: Link) {
        let Some(&mut entry) = self.entry(link) else { return };
        self.link_age(entry.older, entry.newer);
    }

    /// Makes two entries neighbours; 0 for `older` or `newer` means the list's end.
    fn link_age(&mut self, older: Link, newer: Link) {
        match self.entry(older) {
            Some(entry) => entry.newer = newer,
            None => self.oldest = newer,
        }
        match self.entry(newer) {
            Some(entry) => entry.older = older,
            None => self.newest = older,
        }
    }

    /// Moves an entry that has become younger to where it belongs.
    pub(super) fn renew_age(&mut self, link: Link) {
        let Some(&mut entry) = self.entry(link) else { return };
        let mut next = entry.newer;
        while let Some(other) = self.entry(next).filter(|other| other.live_ns < entry.live_ns) {
            next = other.newer;
        }
        if next != entry.newer {
            self.unlink_age(link);
            let before = self.entry(next).map(|other| other.older).unwrap_or(self.newest);
            self.link_age(before, link);
            self.link_age(link, next);
        }
    }
}
