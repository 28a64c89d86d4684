// SPDX-License-Identifier: Apache-2.0
//! The highest rate at which a VM loses at most a given part of the frames (after RFC 2544 §26.1, with a tolerance: the
//! machine that measures is shared).

use anyhow::Result;

/// RFC 2544 wants no loss at all; a preempted generator makes that a matter of luck.
pub const LOSS_LIMIT: f64 = 0.005;

/// Bisects between `low`, known to be good, and `high`, with `trials` trials. `loss_at` measures one rate.
pub fn highest_rate(low: f64, high: f64, trials: usize, mut loss_at: impl FnMut(f64) -> Result<f64>) -> Result<f64> {
    let (mut good, mut bad) = (low, high);
    for _ in 0..trials {
        let rate = (good + bad) / 2.0;
        if loss_at(rate)? <= LOSS_LIMIT {
            good = rate;
        } else {
            bad = rate;
        }
    }
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_closes_in_on_the_limit() {
        let rate = highest_rate(0.0, 100.0, 10, |rate| Ok(if rate > 70.0 { 0.1 } else { 0.0 })).unwrap();
        assert!((69.8..=70.0).contains(&rate), "{rate}");
    }
}
