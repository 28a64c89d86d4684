// SPDX-License-Identifier: Apache-2.0
//! A rule's tests on buffers.

use super::matcher::Matcher;
use super::{Buffers, Match, Payload, Subject};
use crate::code::{Cursor, Op};
use crate::rule::{Buffer, condition};
use crate::table::{RuleView, RuleWord};

/// The tests on buffers.
pub(super) fn lists<'r>(
    rule: &RuleView<'r>,
    subject: &Subject<'_>,
    payload: &Payload<'_>,
    buffers: &Buffers<'_>,
    matcher: &mut Matcher<'r>,
) -> Match {
    let conditions = rule.word(RuleWord::Conditions);
    let mut tests = rule.lists();
    let mut how = Match::Packet;
    while let Some(op) = tests.next() {
        let Op::List(buffer) = op else { continue };
        let matched = match buffer {
            Buffer::Payload => match payload_list(conditions, subject, payload, tests, matcher) {
                Match::No => false,
                matched => {
                    how = matched;
                    true
                }
            },
            Buffer::HttpRequestHeader | Buffer::HttpResponseHeader => {
                buffers.get(buffer).is_some_and(|lines| each_line(lines).any(|line| matcher.list(tests, line, 0)))
            }
            _ => buffers.get(buffer).is_some_and(|bytes| in_buffer(buffer, bytes, buffers, tests, matcher)),
        };
        if !matched {
            return Match::No;
        }
    }
    how
}

/// A list over one buffer; of a body that was looked at before, the match must reach into what is new.
fn in_buffer<'r>(
    buffer: Buffer,
    bytes: &[u8],
    buffers: &Buffers<'_>,
    tests: Cursor<'r>,
    matcher: &mut Matcher<'r>,
) -> bool {
    let body = matches!(buffer, Buffer::HttpRequestBody | Buffer::HttpResponseBody | Buffer::FileData);
    matcher.end = 0;
    matcher.list(tests, bytes, 0) && (!body || buffers.seen == 0 || matcher.end == 0 || matcher.end > buffers.seen)
}

fn each_line(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
}

fn payload_list<'r>(
    conditions: u32,
    subject: &Subject<'_>,
    payload: &Payload<'_>,
    tests: Cursor<'r>,
    matcher: &mut Matcher<'r>,
) -> Match {
    if let Some((stream, seen)) = payload.stream {
        matcher.end = 0;
        let matched = matcher.list(tests, stream, 0) && (seen == 0 || matcher.end == 0 || matcher.end > seen);
        return if matched { Match::Stream } else { Match::No };
    }
    let about_stream = subject.protocol == crate::packet::TCP && conditions & condition::STREAM != 0;
    let elsewhere = payload.in_stream && conditions & condition::PACKET == 0;
    if payload.packet.is_empty() || about_stream && (elsewhere || conditions & condition::ONLY_STREAM != 0) {
        return Match::No;
    }
    if matcher.list(tests, payload.packet, 0) { Match::Packet } else { Match::No }
}
