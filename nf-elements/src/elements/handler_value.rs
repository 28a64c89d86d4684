// SPDX-License-Identifier: Apache-2.0
//! What a person writes to a handler: numbers, words for true and false, times.

use crate::HandlerError;
use core::str::FromStr;

/// A number, with white space around it.
pub fn number<T: FromStr>(text: &str) -> Result<T, HandlerError> {
    text.trim().parse().map_err(|_| HandlerError::BadValue)
}

/// Click's words for true and false.
pub fn boolean(text: &str) -> Result<bool, HandlerError> {
    match text.trim() {
        "true" | "yes" | "1" | "t" | "y" => Ok(true),
        "false" | "no" | "0" | "f" | "n" => Ok(false),
        _ => Err(HandlerError::BadValue),
    }
}

/// A time in seconds, or with a unit behind it (`min`, `s`, `ms`, `us`, `ns`), in nanoseconds.
pub fn nanoseconds(text: &str) -> Result<u64, HandlerError> {
    let text = text.trim();
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let unit_ns: u64 = match &text[end..] {
        "" | "s" | "sec" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "ms" | "msec" => 1_000_000,
        "us" | "usec" => 1000,
        "ns" | "nsec" => 1,
        _ => return Err(HandlerError::BadValue),
    };
    let (whole, fraction) = text[..end].trim().split_once('.').unwrap_or((text[..end].trim(), ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return Err(HandlerError::BadValue);
    }
    let whole = if whole.is_empty() { 0 } else { number::<u64>(whole)? };
    let (mut sum, mut scale) = (0, unit_ns);
    for digit in fraction.bytes().take(11) {
        scale /= 10;
        sum += u64::from(digit - b'0') * scale;
    }
    whole.checked_mul(unit_ns).and_then(|ns| ns.checked_add(sum)).ok_or(HandlerError::BadValue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_clicks() {
        assert_eq!(["yes", " f\n", "2"].map(boolean), [Ok(true), Ok(false), Err(HandlerError::BadValue)]);
        assert_eq!((number(" -3 "), number::<u8>("256")), (Ok(-3), Err(HandlerError::BadValue)));
        let times = ["1.5", ".25ms", "2 min", "7ns", "0.0000000019s"].map(|text| nanoseconds(text).unwrap());
        assert_eq!(times, [1_500_000_000, 250_000, 120_000_000_000, 7, 1]);
        for wrong in ["", ".", "s", "-1", "1.2.3", "1x", "20000000000", "+1", "1.-5"] {
            assert_eq!(nanoseconds(wrong), Err(HandlerError::BadValue), "{wrong}");
        }
    }
}
