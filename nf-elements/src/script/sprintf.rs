// SPDX-License-Identifier: Apache-2.0
//! The function `sprintf`: C's conversions `d i u o x X s %` with their flags, width and precision.

use super::functions::Error;
use super::{Text, numbers, words};
use core::fmt::{self, Write};

const SYNTAX: Error = "syntax error";
const FULL: Error = "value too long";

/// What stands between `%` and the conversion's letter.
#[derive(Default)]
struct Layout {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternative: bool,
    width: usize,
    precision: Option<usize>,
    /// `h`: a 16-bit number.
    short: bool,
}

/// Writes the words behind the first in its format.
pub fn sprintf(arguments: &str, out: &mut dyn Write) -> Result<(), Error> {
    let mut rest = arguments;
    let mut format = Text::EMPTY;
    words::unquote(words::next_word(&mut rest), &mut format).map_err(|_| FULL)?;
    let mut format = &*format;
    while let Some(percent) = format.find('%') {
        out.write_str(&format[..percent]).map_err(|_| FULL)?;
        format = &format[percent + 1..];
        let layout = Layout::parse(&mut format, &mut rest)?;
        let letter = format.chars().next().ok_or(SYNTAX)?;
        format = &format[letter.len_utf8()..];
        convert(letter, &layout, &mut rest, out)?;
    }
    out.write_str(format).map_err(|_| FULL)?;
    if rest.is_empty() { Ok(()) } else { Err(SYNTAX) }
}

impl Layout {
    fn parse(format: &mut &str, words: &mut &str) -> Result<Layout, Error> {
        let mut layout = Layout::default();
        loop {
            match format.as_bytes().first() {
                Some(b'-') => layout.left = true,
                Some(b'0') => layout.zero = true,
                Some(b'+') => layout.plus = true,
                Some(b' ') => layout.space = true,
                Some(b'#') => layout.alternative = true,
                _ => break,
            }
            *format = &format[1..];
        }
        let width = count(format, words)?;
        layout.left |= width < 0;
        layout.width = width.unsigned_abs() as usize;
        if let Some(behind) = format.strip_prefix('.') {
            *format = behind;
            layout.precision = Some(usize::try_from(count(format, words)?).map_err(|_| SYNTAX)?);
        }
        let behind = format.trim_start_matches(['h', 'l', 'L', 'q']);
        layout.short = format[..format.len() - behind.len()].ends_with('h');
        *format = behind;
        Ok(layout)
    }

    /// Pads `body`, which has `sign` before it.
    fn pad(&self, sign: &str, body: &str, zero: bool, out: &mut dyn Write) -> fmt::Result {
        let padding = self.width.saturating_sub(sign.chars().count() + body.chars().count());
        let (before, zeros, behind) = match (self.left, zero) {
            (true, _) => (0, 0, padding),
            (false, true) => (0, padding, 0),
            (false, false) => (padding, 0, 0),
        };
        write!(out, "{:before$}{sign}{:0>zeros$}{body}{:behind$}", "", "", "")
    }
}

/// A width: digits, or `*` for the next word.
fn count(format: &mut &str, words: &mut &str) -> Result<i32, Error> {
    if let Some(behind) = format.strip_prefix('*') {
        *format = behind;
        let width = numbers::integer(words::next_word(words)).ok_or(SYNTAX)?;
        return i32::try_from(width).ok().filter(|width| width.unsigned_abs() <= 1000).ok_or(SYNTAX);
    }
    let behind = format.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &format[..format.len() - behind.len()];
    *format = behind;
    if digits.is_empty() { Ok(0) } else { digits.parse().ok().filter(|&width| width <= 1000).ok_or(SYNTAX) }
}

fn convert(letter: char, layout: &Layout, words: &mut &str, out: &mut dyn Write) -> Result<(), Error> {
    let written = match letter {
        '%' => out.write_char('%'),
        's' => {
            let mut text = Text::EMPTY;
            let word = words::next_word(words);
            words::unquote(word, &mut text).map_err(|_| FULL)?;
            if word.is_empty() {
                return Err(SYNTAX);
            }
            let length =
                layout.precision.and_then(|most| text.char_indices().nth(most)).map_or(text.len(), |(end, _)| end);
            layout.pad("", &text[..length], false, out)
        }
        'd' | 'i' => {
            let value = numbers::integer(words::next_word(words)).ok_or(SYNTAX)?;
            let value = if layout.short { i64::from(value as i16) } else { value };
            let sign = match (value < 0, layout.plus, layout.space) {
                (true, ..) => "-",
                (_, true, _) => "+",
                (_, _, true) => " ",
                _ => "",
            };
            number(layout, sign, letter, value.unsigned_abs(), out)
        }
        'u' | 'o' | 'x' | 'X' => {
            let value = numbers::unsigned(words::next_word(words)).ok_or(SYNTAX)?;
            let value = if layout.short { u64::from(value as u16) } else { value };
            let prefix = match (layout.alternative && value != 0, letter) {
                (true, 'o') => "0",
                (true, 'x') => "0x",
                (true, 'X') => "0X",
                _ => "",
            };
            number(layout, prefix, letter, value, out)
        }
        _ => return Err(SYNTAX),
    };
    written.map_err(|_| FULL)
}

fn number(layout: &Layout, sign: &str, letter: char, value: u64, out: &mut dyn Write) -> fmt::Result {
    let mut digits = Text::EMPTY;
    let least = layout.precision.unwrap_or(1);
    match letter {
        _ if value == 0 && least == 0 => {}
        'o' => write!(digits, "{value:0least$o}")?,
        'x' => write!(digits, "{value:0least$x}")?,
        'X' => write!(digits, "{value:0least$X}")?,
        _ => write!(digits, "{value:0least$}")?,
    }
    layout.pad(sign, &digits, layout.zero && layout.precision.is_none(), out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_cs() {
        let cases = [
            ("\"%05x\" 127", "0007f"),
            ("%d-%s-%% -5 \"a b\"", "-5-a b-%"),
            ("\"[%5d|%-5d|%+d|%*d]\" 1 2 3 4 5", "[    1|2    |+3|   5]"),
            ("\"%#x %X %o %.3d %hu\" 255 171 8 7 65537", "0xff AB 10 007 1"),
            ("\"%.2s|%6s\" hello x", "he|     x"),
            ("none", "none"),
        ];
        for (arguments, expected) in cases {
            let mut out = String::new();
            assert_eq!(sprintf(arguments, &mut out), Ok(()), "{arguments}");
            assert_eq!(out, expected);
        }
        for arguments in ["%d", "%d x", "%", "%k 1", "a b", "%9999d 1", "%u -1", "%*d 1"] {
            assert_eq!(sprintf(arguments, &mut String::new()), Err(SYNTAX), "{arguments}");
        }
    }
}
