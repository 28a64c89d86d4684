// SPDX-License-Identifier: Apache-2.0
//! Which flow ends first: for each timeout a list of the flows that have it, those unused the longest in front.
//!
//! Using a flow only notes the time in it; its place in the list is put right when it comes to the front. So a packet
//! touches no other flow, nothing ever walks through all flows, and a list is in order but for a flow that was used again
//! and has too many neighbours that were used later: it then counts as used now.

use super::FlowTable;

/// Which timeout a flow has.
pub mod age {
    /// A flow as it begins, of no protocol or UDP.
    pub const PLAIN: u8 = 0;
    /// UDP with three packets and an answer.
    pub const STREAMING: u8 = 1;
    /// TCP that has not carried data both ways.
    pub const TCP_NODATA: u8 = 2;
    /// TCP that has.
    pub const TCP: u8 = 3;
    /// TCP that both sides ended.
    pub const TCP_DONE: u8 = 4;
    /// How many there are.
    pub const COUNT: usize = 5;
}

/// How many ages there are.
pub const AGES: usize = age::COUNT;

/// Most flows whose place is put right at once.
const SETTLED: usize = 16;

/// How long flows last, by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Time without a packet after which a flow ends.
    pub timeouts_ms: [u32; AGES],
    /// Time after a packet in which a flow does not end for a new one.
    pub guarantees_ms: [u32; AGES],
    /// How often flows whose time is over are looked for; 0 for never.
    pub reap_ms: u32,
}

/// The lists' ends: flows' numbers plus one, 0 for none.
#[derive(Clone, Copy)]
pub(super) struct Ages {
    first: [u32; AGES],
    last: [u32; AGES],
}

impl Ages {
    pub(super) const EMPTY: Ages = Ages { first: [0; AGES], last: [0; AGES] };
}

impl<const N: usize> FlowTable<N> {
    /// Puts a flow at the end of a list.
    pub(super) fn append(&mut self, number: u32, age: usize) {
        let age = age % AGES;
        self.insert_behind(number, age, self.ages.last[age]);
    }

    /// Puts a flow behind another (number plus one; 0: in front of all).
    fn insert_behind(&mut self, number: u32, age: usize, previous: u32) {
        let next = match previous.checked_sub(1) {
            Some(before) => core::mem::replace(&mut self.flow_mut(before).next, number + 1),
            None => core::mem::replace(&mut self.ages.first[age], number + 1),
        };
        match next.checked_sub(1) {
            Some(behind) => self.flow_mut(behind).previous = number + 1,
            None => self.ages.last[age] = number + 1,
        }
        let flow = self.flow_mut(number);
        (flow.previous, flow.next) = (previous, next);
    }

    /// Takes a flow out of its list.
    pub(super) fn unlist(&mut self, number: u32) {
        let flow = self.flow(number);
        let (previous, next, age) = (flow.previous, flow.next, usize::from(flow.age) % AGES);
        match previous.checked_sub(1) {
            Some(before) => self.flow_mut(before).next = next,
            None => self.ages.first[age] = next,
        }
        match next.checked_sub(1) {
            Some(behind) => self.flow_mut(behind).previous = previous,
            None => self.ages.last[age] = previous,
        }
    }

    /// The flow of that age that was unused the longest.
    fn oldest(&mut self, age: usize, now_ms: u32) -> Option<u32> {
        for _ in 0..SETTLED {
            let number = self.ages.first[age].checked_sub(1)?;
            let flow = self.flow(number);
            if !is_later(flow.last_ms, flow.listed_ms) {
                return Some(number);
            }
            self.settle(number, age, now_ms);
        }
        self.ages.first[age].checked_sub(1)
    }

    /// Puts a flow that was used where it belongs, or at the end if that is far.
    fn settle(&mut self, number: u32, age: usize, now_ms: u32) {
        self.unlist(number);
        let last_ms = self.flow(number).last_ms;
        let mut place = self.ages.last[age];
        for _ in 0..SETTLED {
            match place.checked_sub(1) {
                Some(other) if is_later(self.flow(other).listed_ms, last_ms) => place = self.flow(other).previous,
                _ => {
                    self.flow_mut(number).listed_ms = last_ms;
                    return self.insert_behind(number, age, place);
                }
            }
        }
        self.flow_mut(number).listed_ms = now_ms;
        self.append(number, age);
    }

    /// Of the flows whose guarantee is over, the one whose time is over first, and how long it has.
    pub(super) fn first_to_go(&mut self, now_ms: u32, timing: &Timing) -> Option<(u32, i64)> {
        self.first_by(now_ms, |age, idle_ms| {
            (idle_ms >= timing.guarantees_ms[age]).then(|| i64::from(timing.timeouts_ms[age]) - i64::from(idle_ms))
        })
    }

    /// Of the oldest flow of each age, the one for which `left` gives the least.
    fn first_by(&mut self, now_ms: u32, left: impl Fn(usize, u32) -> Option<i64>) -> Option<(u32, i64)> {
        let mut first: Option<(u32, i64)> = None;
        for age in 0..AGES {
            let Some(number) = self.oldest(age, now_ms) else { continue };
            let Some(left_ms) = left(age, now_ms.wrapping_sub(self.flow(number).last_ms)) else { continue };
            if first.is_none_or(|(_, least_ms)| left_ms < least_ms) {
                first = Some((number, left_ms));
            }
        }
        first
    }

    /// Ends up to `most` flows whose time is over. False if there are no more.
    pub fn reap(&mut self, now_ms: u32, timing: &Timing, most: usize) -> bool {
        for _ in 0..most {
            match self.first_to_go(now_ms, timing) {
                Some((number, left_ms)) if left_ms <= 0 => self.remove(number),
                _ => return false,
            }
        }
        true
    }

    /// Sets the capacity, up to what the memory holds; flows beyond it end, those that were guaranteed last.
    pub fn set_capacity(&mut self, capacity: u32, now_ms: u32, timing: &Timing) {
        self.capacity = capacity.min(self.most());
        self.reap(now_ms, timing, self.size as usize);
        while self.size > self.capacity {
            let guaranteed = |age: usize, idle_ms: u32| Some(i64::from(timing.guarantees_ms[age]) - i64::from(idle_ms));
            let first = self.first_to_go(now_ms, timing).or_else(|| self.first_by(now_ms, guaranteed));
            let Some((number, _)) = first else { return };
            self.remove(number);
        }
    }
}

/// Whether `time` is after `other`, on a clock that wraps.
fn is_later(time_ms: u32, other_ms: u32) -> bool {
    time_ms.wrapping_sub(other_ms).cast_signed() > 0
}
