// SPDX-License-Identifier: Apache-2.0
//! Xen's system time: nanoseconds since the host booted, from the TSC (`struct vcpu_time_info` of xen/include/public/xen.h).

use crate::Pages;
use core::sync::atomic::{AtomicU32, Ordering, fence};

/// Where `struct shared_info` has processor 0's `struct vcpu_time_info`, in 32-bit words, and where its fields are.
const FIRST: usize = 32 / 4;
const WORDS: usize = 8;
const VERSION: usize = 0;
const TSC_TIMESTAMP: usize = 2;
const SYSTEM_TIME: usize = 4;
const MULTIPLIER: usize = 6;
const SHIFT: usize = 7;
/// How often the hypervisor may be met writing before its words are taken as they are: it never takes so long.
const TRIES: usize = 1000;

/// What the hypervisor said of time, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeInfo {
    /// The TSC then, and the system time.
    tsc: u64,
    system_ns: u64,
    /// A tick's nanoseconds are `multiplier / 2^32 * 2^shift`.
    multiplier: u32,
    shift: i8,
}

impl TimeInfo {
    /// Reads what the hypervisor says.
    pub fn read(shared_info: &Pages) -> TimeInfo {
        let words: &[AtomicU32; WORDS] = shared_info.words()[FIRST..].first_chunk().expect("a page holds them");
        for _ in 0..TRIES {
            let version = words[VERSION].load(Ordering::Acquire);
            let info = TimeInfo::copy(words);
            // Pairs with the hypervisor's barriers: what was read lies between two equal versions.
            fence(Ordering::Acquire);
            if version & 1 == 0 && words[VERSION].load(Ordering::Relaxed) == version {
                return info;
            }
        }
        TimeInfo::copy(words)
    }

    fn copy(words: &[AtomicU32; WORDS]) -> TimeInfo {
        let word = |at: usize| words[at].load(Ordering::Relaxed);
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 1)) << 32;
        TimeInfo {
            tsc: long(TSC_TIMESTAMP),
            system_ns: long(SYSTEM_TIME),
            multiplier: word(MULTIPLIER),
            shift: word(SHIFT) as i8,
        }
    }

    /// The system time when the TSC is `tsc`.
    pub fn at(&self, tsc: u64) -> u64 {
        let ticks = tsc.saturating_sub(self.tsc);
        let ns = (u128::from(ticks) * u128::from(self.ns_per_tick())) >> 32;
        self.system_ns.wrapping_add(ns as u64)
    }

    /// Nanoseconds of a tick, times 2^32.
    pub fn ns_per_tick(&self) -> u64 {
        let multiplier = u64::from(self.multiplier);
        match self.shift {
            left @ 0..32 => multiplier << left,
            right @ -63..0 => multiplier >> -right,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_what_the_hypervisor_says_it_is() {
        let page = Pages::leaked(1);
        let write = |at: usize, value: u32| page.words()[FIRST + at].store(value, Ordering::Relaxed);
        // 2 GHz: a tick is half a nanosecond. Xen would say 0x8000_0000 and no shift, or either of the others.
        for (multiplier, shift) in [(0x8000_0000, 0i8), (0x4000_0000, 1), (0xffff_fffe, -1)] {
            write(VERSION, 4);
            write(TSC_TIMESTAMP, 1000);
            write(SYSTEM_TIME + 1, 1);
            write(MULTIPLIER, multiplier);
            write(SHIFT, u32::from(shift as u8) | 0xff << 8);
            let info = TimeInfo::read(&page);
            assert!((0x7fff_ffff..=0x8000_0000).contains(&info.ns_per_tick()));
            assert!(((1 << 32) + 499..=(1 << 32) + 500).contains(&info.at(2000)));
            assert_eq!(info.at(10), 1 << 32, "time does not run back");
        }
    }

    #[test]
    fn a_hypervisor_that_never_finishes_does_not_hold_us() {
        let page = Pages::leaked(1);
        page.words()[FIRST].store(1, Ordering::Relaxed);
        page.words()[FIRST + SHIFT].store(99, Ordering::Relaxed);
        assert_eq!(TimeInfo::read(&page).at(u64::MAX), 0);
    }
}
