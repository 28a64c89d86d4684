// SPDX-License-Identifier: Apache-2.0
//! Numbers in buffers: how the `byte_` keywords read, compare and jump.

use crate::code::Value;

/// The number that `value` describes, read from `buffer` at `offset` (from `at`, if relative), and where it ends.
pub fn read(value: &Value, offset: i64, buffer: &[u8], at: usize) -> Option<(u64, usize)> {
    let base = if value.relative { at as i64 } else { 0 };
    let start = usize::try_from(base.checked_add(offset)?).ok()?;
    let end = start.checked_add(usize::from(value.bytes))?;
    let bytes = buffer.get(start..end)?;
    let number = match value.base {
        0 => binary(bytes, value.little),
        _ if bytes.is_empty() => 0,
        base => digits(bytes, base.into())?,
    };
    Some((masked(number, value.mask), end))
}

fn binary(bytes: &[u8], little: bool) -> u64 {
    let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    if little { bytes.iter().rev().fold(0, join) } else { bytes.iter().fold(0, join) }
}

/// Digits behind blanks, up to the first byte that is none; at least one.
fn digits(bytes: &[u8], base: u32) -> Option<u64> {
    let text = bytes.trim_ascii_start();
    let text = if base == 16 { text.strip_prefix(b"0x").or(text.strip_prefix(b"0X")).unwrap_or(text) } else { text };
    let count = text.iter().take_while(|byte| char::from(**byte).is_digit(base)).count();
    let digit = |byte: &u8| u64::from(char::from(*byte).to_digit(base).unwrap_or(0));
    (count > 0).then(|| {
        text[..count].iter().fold(0, |number: u64, byte| number.wrapping_mul(base.into()).wrapping_add(digit(byte)))
    })
}

fn masked(number: u64, mask: u32) -> u64 {
    if mask == 0 { number } else { (number & u64::from(mask)) >> mask.trailing_zeros() }
}

/// Whether `found` compares with `with` as `operator` says.
pub fn compare(found: u64, operator: u8, with: u64) -> bool {
    match operator {
        b'<' => found < with,
        b'>' => found > with,
        b'l' => found <= with,
        b'g' => found >= with,
        b'&' => found & with != 0,
        b'^' => found ^ with != 0,
        _ => found == with,
    }
}

/// `found operator with`; `None` for a division by zero or a shift out of the number.
pub fn calculate(found: u64, operator: u8, with: u64) -> Option<u64> {
    let shift = u32::try_from(with).ok();
    match operator {
        b'+' => Some(found.wrapping_add(with)),
        b'-' => Some(found.wrapping_sub(with)),
        b'*' => Some(found.wrapping_mul(with)),
        b'/' => found.checked_div(with),
        b'<' => found.checked_shl(shift?),
        _ => found.checked_shr(shift?),
    }
}

/// What `byte_jump` read, and how it goes on from there.
pub struct Jump {
    /// The number.
    pub found: u64,
    /// Where it ended.
    pub end: usize,
    /// Times this.
    pub multiplier: u16,
    /// Rounded up to a multiple of four.
    pub align: bool,
    /// 0 from `end`, 1 from the buffer's start, 2 from its end (onwards: only `post` leads back, as in Suricata).
    pub from: u8,
    /// And this much more.
    pub post: i64,
}

impl Jump {
    /// Where it leads, if that is not behind the end of a buffer of `length` bytes; before its start is its start.
    pub fn target(&self, length: usize) -> Option<usize> {
        let far = self.found.checked_mul(self.multiplier.into())?;
        let far = if self.align { far.checked_next_multiple_of(4)? } else { far };
        let far = i64::try_from(far).ok()?;
        let place = match self.from {
            0 => (self.end as i64).checked_add(far)?,
            1 => far,
            _ => (length as i64).checked_add(far)?,
        };
        let place = usize::try_from(place.checked_add(self.post)?.max(0)).ok()?;
        (place <= length).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Number;

    const VALUE: Value =
        Value { bytes: 2, offset: Number::Constant(0), relative: false, little: false, base: 0, mask: 0 };

    #[test]
    fn numbers_are_read() {
        let buffer = b"\x01\x02 42z0x1f";
        assert_eq!(read(&VALUE, 0, buffer, 0), Some((0x102, 2)));
        assert_eq!(read(&Value { little: true, ..VALUE }, 0, buffer, 0), Some((0x201, 2)));
        assert_eq!(read(&Value { mask: 0xf00, ..VALUE }, 0, buffer, 0), Some((1, 2)));
        assert_eq!(read(&Value { bytes: 4, base: 10, ..VALUE }, 2, buffer, 0), Some((42, 6)));
        assert_eq!(read(&Value { bytes: 4, base: 16, relative: true, ..VALUE }, 0, buffer, 6), Some((31, 10)));
        assert_eq!(read(&VALUE, 9, buffer, 0), None);
        assert_eq!(read(&VALUE, -1, buffer, 0), None);
        assert_eq!(read(&Value { bytes: 1, base: 10, ..VALUE }, 0, b"x", 0), None);
    }

    #[test]
    fn jumps_stay_inside() {
        let jump = |found, from, post| Jump { found, end: 4, multiplier: 2, align: true, from, post }.target(20);
        assert_eq!(jump(3, 0, 0), Some(12));
        assert_eq!(jump(3, 1, 1), Some(9));
        assert_eq!(jump(3, 2, 0), None);
        assert_eq!(jump(3, 2, -10), Some(18));
        assert_eq!(jump(9, 0, 0), None);
        assert_eq!(jump(u64::MAX, 0, 0), None);
        assert_eq!(jump(0, 1, -1), Some(0));
    }
}
