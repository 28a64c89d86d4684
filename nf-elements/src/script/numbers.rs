// SPDX-License-Identifier: Apache-2.0
//! Numbers, truth values and times, as Click reads and writes them.

use core::fmt::{self, Write};

/// A whole number: decimal, `0x` hexadecimal, `0b` binary, or octal if it begins with `0`; `_` may stand between digits.
pub fn integer(text: &str) -> Option<i64> {
    let (negative, value) = match text.strip_prefix('-') {
        Some(rest) => (true, magnitude(rest)?),
        None => (false, unsigned(text)?),
    };
    if negative { 0i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
}

/// A whole number that is not negative.
pub fn unsigned(text: &str) -> Option<u64> {
    magnitude(text.strip_prefix('+').unwrap_or(text))
}

fn magnitude(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let (digits, radix) = match bytes {
        [b'0', b'x' | b'X', _, ..] => (&bytes[2..], 16),
        [b'0', b'b' | b'B', _, ..] => (&bytes[2..], 2),
        [b'0', ..] => (bytes, 8),
        _ => (bytes, 10),
    };
    let mut value = None;
    let mut after_digit = false;
    for &byte in digits {
        if byte == b'_' && after_digit {
            after_digit = false;
            continue;
        }
        let digit = char::from(byte).to_digit(radix)?;
        value = Some(value.unwrap_or(0u64).checked_mul(radix.into())?.checked_add(digit.into())?);
        after_digit = true;
    }
    value.filter(|_| after_digit)
}

/// A number with a fraction or an exponent.
pub fn float(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    (value.is_finite() || !text.contains(|c: char| c.is_ascii_digit())).then_some(value)
}

/// What remains of `left` divided by `right`, with the sign of `left`: C's `fmod`. (The operator needs a library that images
/// do not link.)
pub fn remainder(left: f64, right: f64) -> f64 {
    let (mut rest, divisor) = (left.abs(), right.abs());
    if !rest.is_finite() || divisor.is_nan() || divisor == 0.0 {
        return f64::NAN;
    }
    if divisor.is_infinite() {
        return left;
    }
    let mut multiple = divisor;
    while multiple <= rest / 2.0 {
        multiple *= 2.0;
    }
    // Each multiple is the divisor times a power of two, and each difference is exact.
    while multiple >= divisor {
        if rest >= multiple {
            rest -= multiple;
        }
        multiple /= 2.0;
    }
    if left < 0.0 { -rest } else { rest }
}

/// Writes `value` as C's `%.12g` does.
pub fn write_float(value: f64, out: &mut dyn Write) -> fmt::Result {
    if value.is_nan() {
        return out.write_str("nan");
    }
    if value.is_infinite() {
        return out.write_str(if value < 0.0 { "-inf" } else { "inf" });
    }
    let mut scientific = heapless::String::<32>::new();
    write!(scientific, "{:.11e}", if value < 0.0 { -value } else { value })?;
    let (mantissa, exponent) = scientific.split_once('e').ok_or(fmt::Error)?;
    let exponent: i32 = exponent.parse().map_err(|_| fmt::Error)?;
    let mut digits: heapless::String<16> = mantissa.chars().filter(|&digit| digit != '.').collect();
    digits.truncate(digits.trim_end_matches('0').len().max(1));
    if value.is_sign_negative() {
        out.write_char('-')?;
    }
    if !(-4..12).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        write!(out, "{first}{}{rest}e", if rest.is_empty() { "" } else { "." })?;
        return write!(out, "{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    }
    if exponent < 0 {
        return write!(out, "0.{:0>width$}{digits}", "", width = (-exponent - 1) as usize);
    }
    for place in 0..digits.len().max(exponent as usize + 1) {
        if place == exponent as usize + 1 {
            out.write_char('.')?;
        }
        out.write_char(digits.as_bytes().get(place).map_or('0', |&digit| char::from(digit)))?;
    }
    Ok(())
}

/// A truth value.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "y" | "true" | "yes" => Some(true),
        "0" | "f" | "n" | "false" | "no" => Some(false),
        _ => None,
    }
}

/// A time, in seconds or with a unit (`s`, `ms`, `us`, `ns`, `m`, `h`, `d`), in nanoseconds.
pub fn time_ns(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..split], text[split..].trim_start());
    let scale: u64 = match unit {
        "" | "s" | "sec" => 1_000_000_000,
        "ms" | "msec" => 1_000_000,
        "us" | "usec" => 1_000,
        "ns" | "nsec" => 1,
        "m" | "min" => 60_000_000_000,
        "h" | "hr" => 3_600_000_000_000,
        "d" | "day" => 86_400_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // From the last digit on: what is smaller than a nanosecond falls away.
    let part = fraction.bytes().rev().fold(0, |part, digit| (u64::from(digit - b'0') * scale + part) / 10);
    whole.checked_mul(scale)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_bases() {
        let cases = [("0", 0), ("-12", -12), ("+7", 7), ("0x1F", 31), ("0b101", 5), ("010", 8), ("1_000", 1000)];
        for (text, value) in cases {
            assert_eq!(integer(text), Some(value), "{text}");
        }
        assert_eq!(integer("-9223372036854775808"), Some(i64::MIN));
        for text in ["", "-", "0x", "08", "1_", "1__0", "_1", "9223372036854775808", "1.5", "a"] {
            assert_eq!(integer(text), None, "{text}");
        }
        assert_eq!((unsigned("18446744073709551615"), unsigned("-1")), (Some(u64::MAX), None));
    }

    #[test]
    fn fractions_are_written_as_c_does() {
        let cases = [
            (6.0, "6"),
            (0.1 + 0.2, "0.3"),
            (-2.5, "-2.5"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e12, "1e+12"),
            (123_456_789_012.0, "123456789012"),
            (1.25e100, "1.25e+100"),
            (1234.5, "1234.5"),
            (0.0, "0"),
            (100.0, "100"),
            (f64::INFINITY, "inf"),
        ];
        for (value, text) in cases {
            let mut out = String::new();
            write_float(value, &mut out).unwrap();
            assert_eq!(out, text);
        }
        assert_eq!((float("1e400"), float(".5"), float("x")), (None, Some(0.5), None));
    }

    #[test]
    fn remainders_are_those_of_the_operator() {
        for (left, right) in
            [(7.5, 2.0), (-7.5, 2.0), (1e300, 0.7), (0.3, 0.1), (5.0, f64::INFINITY), (3.0, 3.0), (1.0, 5e-324)]
        {
            assert_eq!(remainder(left, right), left % right, "{left} {right}");
        }
        assert!(remainder(1.0, 0.0).is_nan() && remainder(f64::INFINITY, 1.0).is_nan());
    }

    #[test]
    fn times_have_units() {
        let cases = [
            ("1", 1_000_000_000),
            ("0.1s", 100_000_000),
            ("20ms", 20_000_000),
            (".000001", 1000),
            ("2 m", 120_000_000_000),
        ];
        for (text, value) in cases {
            assert_eq!(time_ns(text), Some(value), "{text}");
        }
        assert!(["", ".", "s", "1.2.3", "-1", "1x", "99999999999999999999"].iter().all(|text| time_ns(text).is_none()));
    }
}
