// SPDX-License-Identifier: Apache-2.0
//! DNS messages (RFC 1035 §4.1): the names that are asked for.

/// Bytes of a message's header.
const HEADER: usize = 12;
/// Most bytes of a name as text (RFC 1035 §3.1).
pub const NAME: usize = 255;
/// Most questions that are looked at.
const QUESTIONS: u16 = 16;

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

/// Whether `message` could be DNS: a known kind of query with a plausible number of questions.
#[must_use]
pub fn looks_valid(message: &[u8]) -> bool {
    let (Some(flags), Some(questions)) = (half(message, 2), half(message, 4)) else { return false };
    message.len() >= HEADER
        && matches!(flags >> 11 & 15, 0 | 1 | 2 | 4 | 5)
        && flags & 0x40 == 0
        && (1..=QUESTIONS).contains(&questions)
}

/// Whether it is an answer.
#[must_use]
pub fn is_response(message: &[u8]) -> bool {
    message.get(2).is_some_and(|flags| flags & 0x80 != 0)
}

/// Tells the name of each question, in the dotted form and as written.
pub fn each_query(message: &[u8], mut tell: impl FnMut(&[u8])) {
    let mut at = HEADER;
    for _ in 0..half(message, 4).unwrap_or(0).min(QUESTIONS) {
        let mut name = [0; NAME];
        let Some((length, after)) = read_name(message, at, &mut name) else { return };
        tell(&name[..length]);
        at = after + 4;
    }
}

/// The length of the name at `at` as text, and where it ends. Pointers (RFC 1035 §4.1.4) lead backwards only.
fn read_name(message: &[u8], at: usize, name: &mut [u8; NAME]) -> Option<(usize, usize)> {
    let (mut place, mut length, mut after, mut floor) = (at, 0, None, at);
    loop {
        let label = usize::from(*message.get(place)?);
        match label >> 6 {
            0 if label == 0 => return Some((length, after.unwrap_or(place + 1))),
            0 => {
                let bytes = message.get(place + 1..place + 1 + label)?;
                let dot = usize::from(length > 0);
                let room = name.get_mut(length..length + dot + label)?;
                room[..dot].fill(b'.');
                room[dot..].copy_from_slice(bytes);
                (length, place) = (length + dot + label, place + 1 + label);
            }
            3 => {
                let target = usize::from(half(message, place)? & 0x3fff);
                after = after.or(Some(place + 2));
                if target >= floor {
                    return None;
                }
                (floor, place) = (target, target);
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const QUERY: &[u8] = b"\x12\x34\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01\x03ftp\xc0\x10\x00\x01\x00\x01";

    fn names(message: &[u8]) -> Vec<Vec<u8>> {
        let mut names = Vec::new();
        each_query(message, |name| names.push(name.to_vec()));
        names
    }

    #[test]
    fn names_are_read() {
        assert!(looks_valid(QUERY));
        assert!(!is_response(QUERY));
        assert_eq!(names(QUERY), [&b"www.example.com"[..], b"ftp.example.com"]);
    }

    #[test]
    fn names_that_lie_end_the_reading() {
        let mut looping = QUERY.to_vec();
        looping[12..14].copy_from_slice(&[0xc0, 12]);
        assert!(names(&looping).is_empty());
        for length in 0..QUERY.len() {
            assert!(names(&QUERY[..length]).len() <= 2);
        }
        assert!(!looks_valid(&[0xff; 40]));
    }
}
