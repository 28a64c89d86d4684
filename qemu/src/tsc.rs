// SPDX-License-Identifier: Apache-2.0
//! The host's TSC, which a guest under emulation sees as its own.

use quanta::Clock;
use std::time::{Duration, Instant};

/// How long the TSC is watched: what lies between two clock readings here is known to some 100 ns, so to 1 in 10^5.
const WATCH: Duration = Duration::from_millis(10);
/// A clock without a TSC counts nanoseconds.
const NANOSECONDS_KHZ: u64 = 1_000_000;

/// The TSC's frequency in kHz, measured; none if the processor has no steady one.
pub fn tsc_khz() -> Option<u64> {
    let clock = Clock::new();
    let (began, first) = (Instant::now(), clock.raw());
    std::thread::sleep(WATCH);
    let (elapsed, last) = (began.elapsed(), clock.raw());
    let khz = (u128::from(last - first) * 1_000_000 / elapsed.as_nanos()) as u64;
    (khz.abs_diff(NANOSECONDS_KHZ) > NANOSECONDS_KHZ / 2000).then_some(khz)
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_measurements_agree() {
        let (Some(first), Some(second)) = (super::tsc_khz(), super::tsc_khz()) else {
            return println!("skipped: this processor has no steady TSC");
        };
        assert!(first.abs_diff(second) < first / 100, "{first} kHz, then {second} kHz");
    }
}
