// SPDX-License-Identifier: Apache-2.0
//! What flows speak: recognised by what their first bytes look like, on any port (DNS over UDP: on port 53), and taken apart.

pub mod dns;
pub mod http;
pub mod tls;

use crate::rule::AppProtocol;

/// What the first bytes of a flow's side say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// It is this.
    Is(AppProtocol),
    /// More bytes are needed.
    More,
    /// It is nothing known.
    None,
}

/// Methods by which requests are recognised (RFC 9110 §9, RFC 5789, WebDAV's and others that are seen).
const METHODS: &[&[u8]] = &[
    b"GET",
    b"POST",
    b"HEAD",
    b"PUT",
    b"OPTIONS",
    b"DELETE",
    b"CONNECT",
    b"TRACE",
    b"PATCH",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"REPORT",
    b"SEARCH",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"NOTIFY",
    b"MERGE",
    b"TRACK",
];

/// Guesses from the bytes that one side began with.
#[must_use]
pub fn guess(bytes: &[u8], from_client: bool, port: u16) -> Guess {
    let trimmed = bytes.trim_ascii_start();
    if bytes.first() == Some(&22) {
        return tls::guess(bytes);
    }
    if port == 53 && bytes.len() > 2 {
        return if dns::looks_valid(&bytes[2..]) { Guess::Is(AppProtocol::Dns) } else { Guess::None };
    }
    if from_client {
        return request_guess(trimmed);
    }
    match trimmed.get(..4) {
        Some(word) if word.eq_ignore_ascii_case(b"http") => Guess::Is(AppProtocol::Http),
        Some(_) => Guess::None,
        None => Guess::More,
    }
}

fn request_guess(bytes: &[u8]) -> Guess {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    match bytes.iter().position(blank) {
        Some(end) if METHODS.iter().any(|method| bytes[..end].eq_ignore_ascii_case(method)) => {
            Guess::Is(AppProtocol::Http)
        }
        Some(_) => Guess::None,
        None if METHODS
            .iter()
            .any(|method| method.len() >= bytes.len() && method[..bytes.len()].eq_ignore_ascii_case(bytes)) =>
        {
            Guess::More
        }
        None => Guess::None,
    }
}
