// SPDX-License-Identifier: Apache-2.0
//! TLS's first flight: the server's name in a client hello (RFC 8446 §4.1.2, RFC 6066 §3).

use super::Guess;
use crate::rule::AppProtocol;

/// What a client hello said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hello<'a> {
    /// The name that the client asked for, if it did.
    Complete(Option<&'a [u8]>),
    /// More bytes are needed.
    More,
    /// It is none.
    None,
}

/// Whether `bytes` begin a handshake record of TLS.
pub(super) fn guess(bytes: &[u8]) -> Guess {
    match bytes {
        [22, 3, 0..=4, _, _, 1 | 2, ..] => Guess::Is(AppProtocol::Tls),
        [_] | [_, 3] | [_, 3, 0..=4] | [_, 3, 0..=4, _] | [_, 3, 0..=4, _, _] => Guess::More,
        _ => Guess::None,
    }
}

/// Reads within bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// A part with its length before it.
    fn part(&mut self, bytes: usize) -> Option<Self> {
        let length = self.number(bytes)?;
        self.take(length).map(Reader)
    }
}

/// Most bytes of a hello that is spread over records.
const HELLO: usize = 16_384;

/// Reads the client hello that a flow's client began with. One that is spread over several records is put together in `scratch`.
pub fn client_hello<'a>(bytes: &'a [u8], scratch: &'a mut [u8; HELLO]) -> Hello<'a> {
    let mut records = Reader(bytes);
    let mut length = 0;
    loop {
        let wanted = if length >= 4 { 4 + Reader(&scratch[1..4]).number(3).unwrap_or(0) } else { usize::MAX };
        if length >= wanted {
            return hello(&scratch[..wanted]);
        }
        let (Some(kind), Some(_)) = (records.number(1), records.number(2)) else { return Hello::More };
        if kind != 22 || wanted != usize::MAX && wanted > HELLO {
            return Hello::None;
        }
        let Some(fragment) = records.part(2) else { return Hello::More };
        let Some(room) = scratch.get_mut(length..length + fragment.0.len()) else { return Hello::None };
        room.copy_from_slice(fragment.0);
        length += fragment.0.len();
        if scratch[0] != 1 {
            return Hello::None;
        }
    }
}

fn hello(message: &[u8]) -> Hello<'_> {
    let mut reader = Reader(message);
    reader.take(4);
    Hello::Complete(server_name(&mut reader))
}

fn server_name<'a>(hello: &mut Reader<'a>) -> Option<&'a [u8]> {
    hello.take(2 + 32)?;
    hello.part(1)?;
    hello.part(2)?;
    hello.part(1)?;
    let mut extensions = hello.part(2)?;
    loop {
        let kind = extensions.number(2)?;
        let mut extension = extensions.part(2)?;
        if kind == 0 {
            let mut names = extension.part(2)?;
            return (names.number(1)? == 0).then(|| names.part(2)).flatten().map(|name| name.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn sized(width: usize, body: &[u8]) -> Vec<u8> {
        let mut out = body.len().to_be_bytes()[8 - width..].to_vec();
        out.extend_from_slice(body);
        out
    }

    fn message() -> Vec<u8> {
        let name = [&[0][..], &sized(2, b"example.org")].concat();
        let extensions = [&[0, 23][..], &sized(2, b""), &[0, 0], &sized(2, &sized(2, &name))].concat();
        let body =
            [&[3, 3][..], &[7; 32], &sized(1, b"id"), &sized(2, b"\x13\x01"), &sized(1, b"\0"), &sized(2, &extensions)]
                .concat();
        [&[1][..], &sized(3, &body)].concat()
    }

    #[test]
    fn the_name_is_found_in_one_record_or_in_many() {
        let message = message();
        for size in [1, 7, 1000] {
            let records: Vec<u8> =
                message.chunks(size).flat_map(|part| [&[22, 3, 1][..], &sized(2, part)].concat()).collect();
            let mut scratch = [0; HELLO];
            assert_eq!(client_hello(&records, &mut scratch), Hello::Complete(Some(b"example.org")));
            for length in 0..records.len() {
                let mut scratch = [0; HELLO];
                assert_eq!(client_hello(&records[..length], &mut scratch), Hello::More, "{size} {length}");
            }
        }
    }

    #[test]
    fn what_is_no_hello_is_refused() {
        let mut scratch = [0; HELLO];
        assert_eq!(client_hello(b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", &mut scratch), Hello::None);
        assert_eq!(client_hello(b"\x17\x03\x01\x00\x04\x02\x00\x00\x00", &mut scratch), Hello::None);
        let mut short = message();
        short[41] = 0xff;
        let record = [&[22, 3, 1][..], &sized(2, &short)].concat();
        let mut scratch = [0; HELLO];
        assert_eq!(client_hello(&record, &mut scratch), Hello::Complete(None));
    }
}
