// SPDX-License-Identifier: Apache-2.0
//! The fields of an HTTP/1 message's head, read as leniently as the receivers that attackers aim at (RFC 9112 §5 is what they
//! should look like).
//!
//! In a response CR, LF, CR LF and LF CR each end a line; in a request LF or CR LF. A line that begins with a blank (or a zero
//! byte) continues the one before, except where, in a response, it looks like a field of its own. Blanks around names and values
//! do not count, zero bytes in them do not when names are compared. A line without a colon is a field without a name. One of the
//! fields' name may be broken over lines, too.

/// Which side's habits apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A client's request.
    Request,
    /// A server's response.
    Response,
}

/// What reads fields gets them in pieces: first the name, then the value, which may come in parts.
pub trait Fields {
    /// The next field's name.
    fn field_name(&mut self, name: &[u8]);
    /// A part of its value: a line's, without its end; blanks at both ends of the whole are not yet removed.
    fn field_value(&mut self, part: &[u8]);
    /// The field is complete.
    fn field_end(&mut self);
}

/// The head is not complete yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete;

/// Most lines that one field is continued over.
const FOLDS: usize = 128;

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn is_fold(byte: u8) -> bool {
    is_blank(byte) || byte == 0
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Reads the fields that `head` begins with, up to the empty line; how many bytes they and it take. Nothing is told of a head that
/// is not complete, unless `last`: then what is there is all.
///
/// # Errors
/// If the empty line is missing.
pub fn read(head: &[u8], side: Side, last: bool, fields: &mut impl Fields) -> Result<usize, Incomplete> {
    let end = pass(head, side, last, &mut Ignore)?;
    pass(head, side, last, fields)?;
    Ok(end)
}

/// Takes no notice.
struct Ignore;

impl Fields for Ignore {
    fn field_name(&mut self, _: &[u8]) {}
    fn field_value(&mut self, _: &[u8]) {}
    fn field_end(&mut self) {}
}

fn pass(head: &[u8], side: Side, last: bool, fields: &mut impl Fields) -> Result<usize, Incomplete> {
    let reader = Reader { head, side, last };
    let mut at = 0;
    if let Some(length) = reader.empty_line(0) {
        return Ok(length);
    }
    loop {
        if last && at == head.len() {
            return Ok(at);
        }
        at = reader.field(at, fields)?;
        if let Some(length) = reader.plain_end(at) {
            return Ok(at + length);
        }
        if at == head.len() && !last {
            return Err(Incomplete);
        }
    }
}

struct Reader<'a> {
    head: &'a [u8],
    side: Side,
    last: bool,
}

impl Reader<'_> {
    fn rest(&self, at: usize) -> &[u8] {
        self.head.get(at..).unwrap_or(&[])
    }

    fn starts(&self, at: usize, with: &[u8]) -> bool {
        self.rest(at).starts_with(with)
    }

    /// The length of the empty line that ends a head without fields.
    fn empty_line(&self, at: usize) -> Option<usize> {
        [&b"\r\n"[..], b"\n"].iter().find(|end| self.starts(at, end)).map(|end| end.len())
    }

    /// The length of the line end at `at`.
    fn plain_end(&self, at: usize) -> Option<usize> {
        let ends: &[&[u8]] = match self.side {
            Side::Response => &[b"\r\n", b"\n\r", b"\n", b"\r"],
            Side::Request => &[b"\r\n", b"\n"],
        };
        ends.iter().find(|end| self.starts(at, end)).map(|end| end.len())
    }

    /// The length of a mixture of line ends that still ends one line only.
    fn odd_end(&self, at: usize) -> Option<usize> {
        let ends_head = |at: usize| self.starts(at, b"\n") || self.starts(at, b"\r\n");
        if self.starts(at, b"\n\r\r\n") && ends_head(at + 4) {
            return Some(4);
        }
        if self.side == Side::Request {
            return (self.starts(at, b"\n\r") && self.starts(at + 2, b"\r\n")).then_some(2);
        }
        if !self.starts(at, b"\r\n\r") {
            return None;
        }
        let more = self.rest(at + 3).iter().take_while(|byte| is_blank(**byte) || **byte == b'\r').count();
        let end = at + 3 + more + usize::from(self.starts(at + 3 + more, b"\n"));
        (more > 0 && !ends_head(end)).then_some(end - at)
    }

    /// The place behind the field at `at`.
    fn field(&self, at: usize, fields: &mut impl Fields) -> Result<usize, Incomplete> {
        let colon = self.name(at);
        match colon {
            Some(colon) => {
                fields.field_name(trim(&self.head[at..colon]));
                let blanks = self.rest(colon + 1).iter().take_while(|byte| is_blank(**byte)).count();
                let after = self.value(colon + 1 + blanks, fields)?;
                fields.field_end();
                Ok(after)
            }
            None => {
                fields.field_name(b"");
                let after = self.value(at, fields)?;
                fields.field_end();
                Ok(after)
            }
        }
    }

    /// The place of the colon behind the name at `at`, if its line (or a line that continues it) has one.
    fn name(&self, at: usize) -> Option<usize> {
        let mut ended = None;
        for (place, &byte) in self.head.iter().enumerate().skip(at) {
            match (ended, byte) {
                (None, b':') => return Some(place),
                (None, b'\n') => ended = Some(b'\n'),
                (None, b'\r') if self.side == Side::Response => ended = Some(b'\r'),
                (None, _) => {}
                (Some(_), b' ') => ended = None,
                (Some(b'\r'), b'\n') => ended = Some(b'\n'),
                (Some(_), _) => return None,
            }
        }
        None
    }

    /// Tells the value at `at`; the place behind its last line's end.
    fn value(&self, mut at: usize, fields: &mut impl Fields) -> Result<usize, Incomplete> {
        let (mut empty, mut resume) = (true, None);
        for _ in 0..FOLDS {
            let (line, end) = self.line(at)?;
            // An empty line that continues a field may be the head's end instead: then it is read again.
            let keep = line.is_empty() && end.length == 1 && resume.is_some() && !self.starts(end.after, b"\n");
            fields.field_value(line);
            empty &= line.is_empty();
            let after = if keep { resume.unwrap_or(end.after) } else { end.after };
            let Some(fold) = end.fold else { return Ok(after) };
            if self.side == Side::Response && self.looks_like_field(fold + 1)? {
                return Ok(fold + 1);
            }
            if !empty {
                fields.field_value(&self.head[fold..=fold]);
            }
            (at, resume) = (fold + 1, Some(fold + 1));
        }
        Ok(at)
    }

    /// The line at `at`, without its end.
    fn line(&self, at: usize) -> Result<(&[u8], End), Incomplete> {
        let rest = self.rest(at);
        let ends = |byte: &u8| *byte == b'\n' || (*byte == b'\r' && self.side == Side::Response);
        let mut length = match rest.iter().position(ends) {
            Some(length) => length,
            None if self.last => {
                let after = self.head.len();
                return Ok((rest, End { after, length: 0, fold: None }));
            }
            None => return Err(Incomplete),
        };
        if self.side == Side::Request && length > 0 && rest[length - 1] == b'\r' {
            length -= 1;
        }
        Ok((&rest[..length], self.end(at + length)?))
    }

    /// The line end at `at`, and whether the next line continues this one.
    fn end(&self, at: usize) -> Result<End, Incomplete> {
        let plain = self.plain_end(at).unwrap_or(1);
        let folds = |length: usize| self.head.get(at + length).copied().is_some_and(is_fold);
        if folds(plain) {
            return Ok(End { after: at + plain, length: plain, fold: Some(at + plain) });
        }
        let length = self.odd_end(at).unwrap_or(plain);
        if at + length >= self.head.len() && !self.last {
            return Err(Incomplete);
        }
        if length != plain && self.side == Side::Request && folds(length) {
            return Ok(End { after: at + length, length, fold: Some(at + length) });
        }
        Ok(End { after: at + length, length, fold: None })
    }

    /// Whether a token and a colon stand at `at`.
    fn looks_like_field(&self, at: usize) -> Result<bool, Incomplete> {
        let rest = self.rest(at);
        let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
        let token = rest[blanks..].iter().take_while(|byte| is_token(**byte)).count();
        let more = rest[blanks + token..].iter().take_while(|byte| is_blank(**byte)).count();
        match rest.get(blanks + token + more) {
            None if !self.last => Err(Incomplete),
            next => Ok(token > 0 && next == Some(&b':')),
        }
    }
}

/// A line's end.
struct End {
    /// Where the next line begins.
    after: usize,
    /// Its length.
    length: usize,
    /// Where the byte stands that makes the next line a continuation.
    fold: Option<usize>,
}

/// Without blanks, line ends, vertical tabs and form feeds around it.
#[must_use]
pub fn trim(text: &[u8]) -> &[u8] {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c);
    let start = text.iter().position(|byte| !space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !space(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    #[derive(Default)]
    struct Seen(Vec<(String, String)>);

    impl Fields for Seen {
        fn field_name(&mut self, name: &[u8]) {
            self.0.push((String::from_utf8_lossy(name).into(), String::new()));
        }
        fn field_value(&mut self, part: &[u8]) {
            self.0.last_mut().unwrap().1.push_str(&String::from_utf8_lossy(part));
        }
        fn field_end(&mut self) {
            let value = &mut self.0.last_mut().unwrap().1;
            *value = String::from_utf8_lossy(trim(value.as_bytes())).into();
        }
    }

    fn fields(head: &[u8], side: Side) -> Option<(usize, String)> {
        let mut seen = Seen::default();
        let length = read(head, side, false, &mut seen).ok()?;
        let texts: Vec<String> = seen.0.iter().map(|(name, value)| std::format!("{name}={value}")).collect();
        Some((length, texts.join(";")))
    }

    #[test]
    fn a_plain_head() {
        for side in [Side::Request, Side::Response] {
            assert_eq!(fields(b"a: b\r\nc:d\r\n\r\nbody", side), Some((13, "a=b;c=d".into())));
            assert_eq!(fields(b"a: b\nc:d\n\nbody", side), Some((10, "a=b;c=d".into())));
            assert_eq!(fields(b"\r\nbody", side), Some((2, String::new())));
            assert_eq!(fields(b"a: b\r\nc:d\r\n", side), None);
            assert_eq!(fields(b"a: b\r\nc", side), None);
            assert_eq!(fields(b"a b\r\n:c\r\n\r\n", side), Some((11, "=a b;=c".into())));
        }
    }

    #[test]
    fn lines_continue() {
        assert_eq!(fields(b"a: b\r\n c\r\n\td\r\n\r\n", Side::Request), Some((16, "a=b c\td".into())));
        assert_eq!(fields(b"a:\r\n gzip\r\nx: y\r\n\r\n", Side::Response), Some((19, "a=gzip;x=y".into())));
        assert_eq!(fields(b"a: b\r\n c: d\r\n\r\n", Side::Response), Some((15, "a=b;c=d".into())));
        assert_eq!(fields(b"a\r\n :b\r\n\r\n", Side::Response), Some((10, "a=b".into())));
        assert_eq!(fields(b"a: b\r\n \r\n\r\n", Side::Response), Some((11, "a=b".into())));
    }

    #[test]
    fn servers_end_lines_in_any_way() {
        assert_eq!(fields(b"a: b\rc: d\r\n\nbody", Side::Response), Some((12, "a=b;c=d".into())));
        assert_eq!(fields(b"a: b\n\r\nbody", Side::Response), Some((7, "a=b".into())));
        assert_eq!(fields(b"a: b\n\r\r\nbody", Side::Response), Some((8, "a=b".into())));
        assert_eq!(fields(b"a: b\r\n\r \rc: d\r\n\r\n", Side::Response), Some((17, "a=b;c=d".into())));
        assert_eq!(fields(b"a: b\n\x0b\n\n4", Side::Response), Some((8, "a=b;=".into())));
    }

    #[test]
    fn what_is_there_may_be_all() {
        let mut seen = Seen::default();
        assert_eq!(read(b"a: b\r\nc: d", Side::Request, true, &mut seen), Ok(10));
        assert_eq!(seen.0[1], ("c".into(), "d".into()));
    }
}
