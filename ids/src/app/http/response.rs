// SPDX-License-Identifier: Apache-2.0
//! The responses' side: which lines are start lines, and how a body ends (RFC 9112 §6.3).

use super::body::{Tools, contains};
use super::fields::{self, Side};
use super::message::is_space;
use super::{Connection, Listener, Progress, State, first_number, is_ignorable};

impl Connection {
    pub(super) fn response_step(
        &mut self,
        rest: &[u8],
        last: bool,
        tools: &mut Tools<'_, '_>,
        listener: &mut dyn Listener,
    ) -> Progress {
        match self.response.state {
            State::Line => self.response_start(rest, last, tools, listener),
            State::Fields => self.response_fields(rest, last, tools, listener),
            State::Finish => self.response_finish(rest, last, tools, listener),
            State::UntilClose => self.response.until_close(rest, tools, listener),
            _ => self.response.body_step(rest, last, Side::Response, tools, listener),
        }
    }

    /// A line that is no start line is body, as browsers see it, unless a start line follows.
    fn response_start(
        &mut self,
        rest: &[u8],
        last: bool,
        tools: &mut Tools<'_, '_>,
        listener: &mut dyn Listener,
    ) -> Progress {
        let Some(length) = line_length(rest, last) else { return Progress::More };
        let (line, after) = rest.split_at(length);
        if is_ignorable(line) {
            return Progress::On(length);
        }
        if is_start_line(line) {
            self.response.message.clear();
            self.response.message.response_line(line);
            self.response.state = State::Fields;
            return Progress::On(length);
        }
        let short = line.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')).count() <= 2;
        if after.len() > 1 && (after[0] == b'H' || short) {
            return Progress::On(length);
        }
        self.response.feed(line, tools, listener);
        if after.is_empty() {
            self.response.state = State::Finish;
        }
        Progress::On(length)
    }

    fn response_fields(
        &mut self,
        rest: &[u8],
        last: bool,
        tools: &mut Tools<'_, '_>,
        listener: &mut dyn Listener,
    ) -> Progress {
        let half = &mut self.response;
        let Ok(length) = fields::read(rest, Side::Response, last, &mut half.message) else { return Progress::More };
        half.message.raw_fields(&rest[..length]);
        half.message.complete_head();
        let message = &half.message;
        let chunked = message.values(b"transfer-encoding").any(|value| contains(value, b"chunked"));
        let coded = message.value(b"transfer-encoding").is_some();
        let given = message.value(b"content-length");
        let length_given = given.and_then(first_number);
        let status = message.status();
        if status == 100 && !coded && length_given.unwrap_or(0) == 0 {
            (half.state, _) = (State::Line, half.message.clear());
            return Progress::On(length);
        }
        half.layers.set(message, tools);
        listener.head(&half.message);
        let (head, connect) = (self.heads & 1 != 0, self.connects & 1 != 0);
        let bodiless = matches!(status, 100..=199 | 204 | 304) && !coded && given.is_none();
        self.response.state = if (connect && (200..300).contains(&status)) || (status == 101 && bodiless) {
            self.request.state = State::Tunnel;
            State::Tunnel
        } else if head || bodiless {
            State::Finish
        } else if chunked {
            State::ChunkLength
        } else {
            match (given, length_given) {
                (Some(_), Some(0)) => State::Finish,
                (Some(_), Some(length)) => State::Known(length),
                _ => State::UntilClose,
            }
        };
        Progress::On(length)
    }

    /// Behind a message: what is no start line still belongs to its body.
    fn response_finish(
        &mut self,
        rest: &[u8],
        last: bool,
        tools: &mut Tools<'_, '_>,
        listener: &mut dyn Listener,
    ) -> Progress {
        if !rest.is_empty() {
            let length = match rest.iter().position(|byte| *byte == b'\n') {
                Some(0) => rest.len(),
                Some(end) => end + 1,
                None if last => rest.len(),
                None => return Progress::More,
            };
            if !is_start_line(&rest[..length]) {
                self.response.feed(&rest[..length], tools, listener);
                return Progress::On(length);
            }
        }
        self.response.finish(tools, listener);
        self.answered();
        Progress::On(0)
    }
}

/// The length of the line that `rest` begins with: CR, LF or CR LF ends it.
fn line_length(rest: &[u8], last: bool) -> Option<usize> {
    let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return (last && !rest.is_empty()).then_some(rest.len());
    };
    match (rest[end], rest.get(end + 1)) {
        (b'\r', Some(b'\n')) => Some(end + 2),
        (b'\r', None) if !last => None,
        _ => Some(end + 1),
    }
}

/// Whether a line, behind blanks and zero bytes, begins with "http".
fn is_start_line(line: &[u8]) -> bool {
    let start = line.iter().position(|byte| !is_space(*byte) && *byte != 0).unwrap_or(line.len());
    line[start..].get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"http"))
}
