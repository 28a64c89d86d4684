// SPDX-License-Identifier: Apache-2.0
//! How Click writes times.

use core::fmt;

/// A time in nanoseconds, shown in seconds with six digits behind the point, or nine where six do not tell all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp(pub u64);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanoseconds) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        if nanoseconds.is_multiple_of(1000) {
            write!(f, "{seconds}.{:06}", nanoseconds / 1000)
        } else {
            write!(f, "{seconds}.{nanoseconds:09}")
        }
    }
}

/// A span of time in nanoseconds, shown with its unit: `500ms`, `2.000000s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval(pub u64);

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1_000_000_000.. => write!(f, "{}s", Timestamp(self.0)),
            ns if ns.is_multiple_of(1_000_000) => write!(f, "{}ms", ns / 1_000_000),
            ns if ns.is_multiple_of(1000) => write!(f, "{}us", ns / 1000),
            ns => write!(f, "{ns}ns"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_digits_as_tell_all() {
        assert_eq!([0, 1_500_000_000, 7].map(|ns| Timestamp(ns).to_string()), ["0.000000", "1.500000", "0.000000007"]);
        let shown = [500_000_000, 20_000, 7, 2_000_000_000].map(|ns| Interval(ns).to_string());
        assert_eq!(shown, ["500ms", "20us", "7ns", "2.000000s"]);
    }
}
