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
    decimal(&text[..end], unit_ns)
}

/// A rate in bytes per second, or with a unit of bits (`bps`, `kbps`, `Mbps`, `Gbps`) or of bytes (`Bps`, `kBps`, …).
pub fn bytes_per_second(text: &str) -> Result<u32, HandlerError> {
    let text = text.trim();
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let unit = text[end..].trim_end_matches("ps").trim_end_matches("/s");
    let (prefix, bits) = match unit.strip_suffix('b') {
        Some(prefix) => (prefix, 1),
        None => (unit.strip_suffix("baud").unwrap_or(unit.strip_suffix('B').unwrap_or(unit)), 8),
    };
    let scale = match prefix {
        "" => 1,
        "k" | "K" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        _ => return Err(HandlerError::BadValue),
    };
    // In hundredths of a bit, for what stands behind the point.
    let hundredths = decimal(&text[..end], 100 * scale * bits)?;
    u32::try_from(hundredths.saturating_add(400) / 800).map_err(|_| HandlerError::BadValue)
}

/// A fraction from 0 to 1, in units of 2⁻ᴮᴵᵀˢ; BITS is at most 28.
pub fn fraction<const BITS: u32>(text: &str) -> Result<u32, HandlerError> {
    const ONE: u64 = 1_000_000_000;
    match decimal(text, ONE)? {
        part @ 0..=ONE => Ok((((part << BITS) + ONE / 2) / ONE) as u32),
        _ => Err(HandlerError::BadValue),
    }
}

/// A number with or without digits behind a point, times `unit`.
fn decimal(text: &str, unit: u64) -> Result<u64, HandlerError> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return Err(HandlerError::BadValue);
    }
    let whole = if whole.is_empty() { 0 } else { number::<u64>(whole)? };
    let (mut sum, mut scale) = (0, unit);
    for digit in fraction.bytes().take(11) {
        scale /= 10;
        sum += u64::from(digit - b'0') * scale;
    }
    whole.checked_mul(unit).and_then(|product| product.checked_add(sum)).ok_or(HandlerError::BadValue)
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
    #[test]
    fn rates_and_fractions_are_clicks() {
        let rates = ["8", "8Mbps", "1.5 kbps", "2kB/s", "0.5MBps", "4Gb/s", "12b"].map(bytes_per_second);
        assert_eq!(rates, [8, 1_000_000, 188, 2000, 500_000, 500_000_000, 2].map(Ok));
        for wrong in ["", "Mbps", "-1", "1x", "1e3", "40Gbps"] {
            assert_eq!(bytes_per_second(wrong), Err(HandlerError::BadValue), "{wrong}");
        }
        assert_eq!(["0", "0.5", "1"].map(fraction::<16>), [0, 1 << 15, 1 << 16].map(Ok));
        assert_eq!(["1.1", "x", ""].map(fraction::<28>), [Err(HandlerError::BadValue); 3]);
    }
}
