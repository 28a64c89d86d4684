// SPDX-License-Identifier: Apache-2.0
//! Words and quotation marks, as Click's configuration strings have them.
//!
//! Words are separated by white space and comments; `'…'`, `"…"` and `\<…>` hold a word together. In double quotes a
//! backslash has C's meaning, and `\<…>` are bytes in hexadecimal, which stands outside of quotes too. A byte above 127
//! becomes the character of that number.

use core::fmt::{self, Write};

/// Where the white space and comments that begin at `at` end.
pub fn skip_space(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_whitespace() || byte == b'\x0b' {
            at += 1;
        } else if is_comment(bytes, at) {
            at = skip_comment(bytes, at);
        } else {
            break;
        }
    }
    at
}

pub fn is_comment(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b'/') && matches!(bytes.get(at + 1), Some(b'/' | b'*'))
}

fn skip_comment(bytes: &[u8], at: usize) -> usize {
    let body = &bytes[at + 2..];
    let length = match bytes[at + 1] {
        b'/' => body.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map(|end| end + 1),
        _ => body.windows(2).position(|pair| pair == b"*/").map(|end| end + 2),
    };
    length.map_or(bytes.len(), |length| at + 2 + length)
}

/// Where the backslash sequence at `at` ends.
fn skip_backslash(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'<') => bytes[at..].iter().position(|&byte| byte == b'>').map_or(bytes.len(), |end| at + end + 1),
        Some(_) => at + 2,
        None => at + 1,
    }
}

/// Where the quoted string that begins at `at` ends: behind its last mark.
fn skip_quoted(bytes: &[u8], at: usize) -> usize {
    let mark = bytes[at];
    let mut at = at + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if mark == b'"' => at = skip_backslash(bytes, at),
            byte if byte == mark => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Takes the first word off `text`, quotation marks and all. Empty if there is none.
pub fn next_word<'a>(text: &mut &'a str) -> &'a str {
    let bytes = text.as_bytes();
    let start = skip_space(text, 0);
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => at = skip_quoted(bytes, at),
            b'\\' if bytes.get(at + 1) == Some(&b'<') => at = skip_backslash(bytes, at),
            _ if byte.is_ascii_whitespace() || byte == b'\x0b' || is_comment(bytes, at) => break,
            _ => at += 1,
        }
    }
    let (word, rest) = (&text[start..at], skip_space(text, at));
    *text = &text[rest..];
    word
}

/// Writes `text` without one level of quotation marks, without comments, and without white space around it.
pub fn unquote(text: &str, out: &mut dyn Write) -> fmt::Result {
    let bytes = text.as_bytes();
    let mut at = skip_space(text, 0);
    while at < bytes.len() {
        let gap = skip_space(text, at);
        if gap > at {
            let space = &text[at..gap];
            if gap < bytes.len() {
                out.write_str(if space.contains('/') { " " } else { space })?;
            }
            at = gap;
            continue;
        }
        match bytes[at] {
            b'\'' => {
                let end = skip_quoted(bytes, at);
                let inside = &text[at + 1..end];
                out.write_str(inside.strip_suffix('\'').unwrap_or(inside))?;
                at = end;
            }
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at = if bytes[at] == b'\\' { backslash(text, at, out)? } else { plain(text, at, b"\\\"", out)? };
                }
                at += 1;
            }
            b'\\' if bytes.get(at + 1) == Some(&b'<') => at = backslash(text, at, out)?,
            b'\\' | b'/' => {
                out.write_char(char::from(bytes[at]))?;
                at += 1;
            }
            _ => at = plain(text, at, b"\\\"'/ \t\r\n\x0b\x0c", out)?,
        }
    }
    Ok(())
}

/// Copies up to the next of `marks`; gives its place.
fn plain(text: &str, at: usize, marks: &[u8], out: &mut dyn Write) -> Result<usize, fmt::Error> {
    let run = text.as_bytes()[at..].iter().position(|byte| marks.contains(byte));
    let end = run.map_or(text.len(), |length| at + length);
    out.write_str(&text[at..end])?;
    Ok(end)
}

/// Writes what the backslash sequence at `at` stands for; gives the place behind it.
fn backslash(text: &str, at: usize, out: &mut dyn Write) -> Result<usize, fmt::Error> {
    let bytes = text.as_bytes();
    let Some(&kind) = bytes.get(at + 1) else {
        out.write_char('\\')?;
        return Ok(at + 1);
    };
    let escape = match kind {
        b'\r' if bytes.get(at + 2) == Some(&b'\n') => return Ok(at + 3),
        b'\r' | b'\n' => return Ok(at + 2),
        b'<' => return hexadecimal(bytes, at + 2, out),
        b'0'..=b'7' | b'x' => {
            let (start, radix, most) = if kind == b'x' { (at + 2, 16, usize::MAX) } else { (at + 1, 8, 3) };
            let digits = bytes[start..].iter().take(most).map_while(|&byte| char::from(byte).to_digit(radix));
            let (count, value) = digits.fold((0, 0u32), |(count, value), digit| {
                (count + 1, (value.wrapping_mul(radix).wrapping_add(digit)) & 0xff)
            });
            out.write_char(char::from(value as u8))?;
            return Ok(start + count);
        }
        b'a' => '\x07',
        b'b' => '\x08',
        b'f' => '\x0c',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\x0b',
        _ => text[at + 1..].chars().next().unwrap_or('\\'),
    };
    out.write_char(escape)?;
    Ok(at + 1 + escape.len_utf8().min(text[at + 1..].chars().next().map_or(1, char::len_utf8)))
}

/// Writes the bytes that `\<` begins, up to its `>`.
fn hexadecimal(bytes: &[u8], mut at: usize, out: &mut dyn Write) -> Result<usize, fmt::Error> {
    let mut high = None;
    while at < bytes.len() {
        if bytes[at] == b'>' {
            return Ok(at + 1);
        }
        if is_comment(bytes, at) {
            at = skip_comment(bytes, at);
            continue;
        }
        if let Some(digit) = char::from(bytes[at]).to_digit(16) {
            match high.take() {
                Some(high) => out.write_char(char::from((high * 16 + digit) as u8))?,
                None => high = Some(digit),
            }
        }
        at += 1;
    }
    Ok(bytes.len())
}

/// Writes `text` so that [`unquote`] of it in double quotes gives `text` again; the marks around it are the caller's.
pub fn escape(text: &str, out: &mut dyn Write) -> fmt::Result {
    for character in text.chars() {
        match character {
            '\\' | '"' | '$' => write!(out, "\\{character}")?,
            '\t' => out.write_str("\\t")?,
            '\r' => out.write_str("\\r")?,
            '\n' => out.write_str("\\n")?,
            '\0'..='\x1f' | '\x7f'..='\u{ff}' => write!(out, "\\{:03o}", u32::from(character))?,
            _ => out.write_char(character)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unquoted(text: &str) -> String {
        let mut out = String::new();
        unquote(text, &mut out).unwrap();
        out
    }

    #[test]
    fn words_end_at_space_and_comments() {
        let mut text = " a 'b c'd /* e */ \"f \\\" g\"\\<00 01>h // i\n j ";
        let words: Vec<_> =
            core::iter::repeat_with(|| next_word(&mut text)).take_while(|word| !word.is_empty()).collect();
        assert_eq!(words, ["a", "'b c'd", "\"f \\\" g\"\\<00 01>h", "j"]);
        for cut in ["'a", "\"a\\", "\\<0", "/*", "/", "//", "\\"] {
            let mut text = cut;
            next_word(&mut text);
            assert_eq!(text, "", "{cut}");
            unquoted(cut);
        }
    }

    #[test]
    fn quotation_marks_come_off_once() {
        assert_eq!(unquoted("\"\\n\" abc /* 123 */ '/* def */'"), "\n abc /* def */");
        assert_eq!(unquoted("  a   b  "), "a   b");
        assert_eq!(unquoted("  a /* x */   b // "), "a b");
        assert_eq!(unquoted("\"\\x41\\102\\$\\é\\<43 4/**/4>\"\\<45>\\n a/b"), "AB$éCDE\\n a/b");
        assert_eq!(unquoted("'\"'\"'\""), "\"'");
    }

    #[test]
    fn escaped_text_comes_back() {
        for text in ["", "a b", "\"\\$\t\r\n\0\x7f\u{e9}\u{20ac}'"] {
            let mut quoted = String::from("\"");
            escape(text, &mut quoted).unwrap();
            quoted.push('"');
            assert_eq!(unquoted(&quoted), text);
        }
    }
}
