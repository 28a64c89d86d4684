// SPDX-License-Identifier: Apache-2.0
//! Who gets what is for all of a network: a list of places for each, in one bounded memory.

use super::Place;

/// A place in the list of a network.
#[derive(Clone, Copy)]
pub struct Member {
    place: Place,
    /// The next one, or the next free one, plus one.
    next: u32,
}

impl Member {
    /// Unused.
    pub const EMPTY: Member = Member { place: Place::Access(0), next: 0 };
}

/// The members of all networks.
pub struct Members {
    slots: &'static mut [Member],
    /// Slots from here on were never used.
    fresh: u32,
    /// The first free slot that was used, plus one.
    free: u32,
}

impl Default for Members {
    fn default() -> Self {
        Self::new()
    }
}

impl Members {
    /// Without memory there are none.
    pub const fn new() -> Self {
        Members { slots: &mut [], fresh: 0, free: 0 }
    }

    /// Keeps them in `memory`.
    pub fn lend(&mut self, memory: &'static mut [Member]) {
        self.slots = memory;
    }

    /// The members of the list `head`.
    #[inline]
    pub fn of(&self, head: u32) -> impl Iterator<Item = Place> + '_ {
        let mut at = head;
        core::iter::from_fn(move || {
            let member = self.slots.get((at as usize).wrapping_sub(1))?;
            at = member.next;
            Some(member.place)
        })
    }

    /// Adds a member to the list `head`; false if there is no room.
    pub fn add(&mut self, head: &mut u32, place: Place) -> bool {
        let number = match self.free.checked_sub(1) {
            Some(number) => number,
            None => self.fresh,
        };
        let Some(slot) = self.slots.get_mut(number as usize) else { return false };
        if self.free == 0 {
            self.fresh += 1;
        } else {
            self.free = slot.next;
        }
        *slot = Member { place, next: *head };
        *head = number + 1;
        true
    }

    /// Removes a member from the list `head`; false if it is not there.
    pub fn remove(&mut self, head: &mut u32, place: Place) -> bool {
        let (mut before, mut at) = (None, *head);
        while let Some(member) = self.slots.get((at as usize).wrapping_sub(1)).copied() {
            if member.place != place {
                (before, at) = (Some(at), member.next);
                continue;
            }
            match before.and_then(|before: u32| self.slots.get_mut(before as usize - 1)) {
                Some(before) => before.next = member.next,
                None => *head = member.next,
            }
            if let Some(slot) = self.slots.get_mut(at as usize - 1) {
                *slot = Member { next: self.free, ..Member::EMPTY };
                self.free = at;
            }
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_share_a_memory() {
        let mut members = Members::new();
        let (mut one, mut two) = (0, 0);
        assert!(!members.add(&mut one, Place::Trunk), "no memory");
        members.lend(vec![Member::EMPTY; 3].leak());
        assert!(members.add(&mut one, Place::Access(1)) && members.add(&mut two, Place::Remote(2)));
        assert!(members.add(&mut one, Place::Access(3)) && !members.add(&mut two, Place::Access(4)), "full");
        assert_eq!(members.of(one).collect::<Vec<_>>(), [Place::Access(3), Place::Access(1)]);
        assert!(members.remove(&mut one, Place::Access(1)) && !members.remove(&mut one, Place::Access(1)));
        assert!(members.add(&mut two, Place::Access(4)));
        assert!(members.remove(&mut one, Place::Access(3)) && one == 0);
        assert_eq!(members.of(two).collect::<Vec<_>>(), [Place::Access(4), Place::Remote(2)]);
    }
}
