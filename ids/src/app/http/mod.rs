// SPDX-License-Identifier: Apache-2.0
//! HTTP/1 (RFC 9112) as receivers take it, not as senders should write it: each side's bytes become messages.
//!
//! Left out: HTTP/2 and HTTP/3; brotli and lzma; what follows a CONNECT that succeeded or a switch of protocols.

mod body;
mod fields;
mod inflate;
mod message;
mod response;
mod uri;

pub use body::{Parts, Tools};
pub use fields::Side;
pub use inflate::Inflater;
pub use message::Message;

use crate::stream::Piece;
use body::{Layers, contains};

/// What is told of messages.
pub trait Listener: Parts {
    /// The head of `message` is complete.
    fn head(&mut self, message: &Message);
}

/// Where a side's parser is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before or in a start line.
    Line,
    /// In the fields.
    Fields,
    /// In a body of which so many bytes are missing.
    Known(u64),
    /// In a body that the connection's end ends.
    UntilClose,
    /// Before or in the line with a chunk's length.
    ChunkLength,
    /// In a chunk of which so many bytes are missing.
    Chunk(u64),
    /// Behind a chunk's data.
    ChunkEnd,
    /// In the fields behind the last chunk.
    Trailer,
    /// Behind a message whose end is not certain yet.
    Finish,
    /// No HTTP any more.
    Tunnel,
}

/// One side of a connection.
struct Half {
    state: State,
    message: Message,
    layers: Layers,
}

impl Half {
    const EMPTY: Self = Self { state: State::Line, message: Message::EMPTY, layers: Layers::EMPTY };
}

/// Requests whose responses may still come, at most.
const PENDING: u32 = 32;

/// Both sides of a connection.
pub struct Connection {
    owner: u32,
    request: Half,
    response: Half,
    /// One bit for each request without a response yet, the oldest lowest: its method was HEAD.
    heads: u32,
    /// Its method was CONNECT.
    connects: u32,
    pending: u32,
    /// A body is matched as it comes, not when it is complete.
    pub eager: bool,
}

/// What the parser says when it is given data.
enum Progress {
    /// Go on with what is left.
    On(usize),
    /// More is needed.
    More,
}

impl Connection {
    /// A free one: all zeros.
    pub const EMPTY: Self =
        Self { owner: 0, request: Half::EMPTY, response: Half::EMPTY, heads: 0, connects: 0, pending: 0, eager: false };

    /// Takes what `data` holds of one side, told to be all that will come if `last`; how many bytes are done with.
    pub fn parse(
        &mut self,
        side: Side,
        data: &[u8],
        last: bool,
        tools: &mut Tools<'_, '_>,
        listener: &mut dyn Listener,
    ) -> usize {
        let mut taken = 0;
        loop {
            let rest = &data[taken..];
            let progress = match side {
                Side::Request => self.request_step(rest, last, tools, listener),
                Side::Response => self.response_step(rest, last, tools, listener),
            };
            match progress {
                Progress::On(count) => taken += count,
                Progress::More => break,
            }
        }
        self.match_waiting(side, last, listener);
        taken
    }

    /// Whether nothing of either side's message is kept.
    fn is_between(&self) -> bool {
        self.request.state == State::Line && self.response.state == State::Line && self.pending == 0
    }

    /// Whether a message of this side is under way.
    #[must_use]
    pub fn is_within(&self, side: Side) -> bool {
        let half = if side == Side::Request { &self.request } else { &self.response };
        !matches!(half.state, State::Line | State::Tunnel)
    }

    /// Matches what of a body has come, where that is not to wait for the rest.
    fn match_waiting(&mut self, side: Side, last: bool, listener: &mut dyn Listener) {
        let half = if side == Side::Request { &mut self.request } else { &mut self.response };
        if (self.eager || last) && half.message.has_new_body() {
            listener.body(&half.message, last);
            half.message.body_matched();
        }
    }

    fn request_step(
        &mut self,
        rest: &[u8],
        last: bool,
        tools: &mut Tools<'_, '_>,
        listener: &mut dyn Listener,
    ) -> Progress {
        match self.request.state {
            State::Line => self.request_start(rest, last),
            State::Fields => self.request_fields(rest, last, tools, listener),
            State::Finish => {
                self.request.finish(tools, listener);
                Progress::On(0)
            }
            State::UntilClose => self.request.until_close(rest, tools, listener),
            _ => self.request.body_step(rest, last, Side::Request, tools, listener),
        }
    }

    fn request_start(&mut self, rest: &[u8], last: bool) -> Progress {
        let Some(length) = line_length(rest, last) else { return Progress::More };
        let line = &rest[..length];
        if !is_ignorable(line) {
            self.request.message.clear();
            self.request.message.request_line(line);
            self.request.state = State::Fields;
        }
        Progress::On(length)
    }

    fn request_fields(
        &mut self,
        rest: &[u8],
        last: bool,
        tools: &mut Tools<'_, '_>,
        listener: &mut dyn Listener,
    ) -> Progress {
        let half = &mut self.request;
        let Ok(length) = fields::read(rest, Side::Request, last, &mut half.message) else { return Progress::More };
        half.message.raw_fields(&rest[..length]);
        half.message.complete_head();
        half.layers.set(&half.message, tools);
        listener.head(&half.message);
        half.state = if half.message.values(b"transfer-encoding").any(|value| contains(value, b"chunked")) {
            State::ChunkLength
        } else {
            match half.message.value(b"content-length").and_then(first_number) {
                Some(length) if length > 0 => State::Known(length),
                _ => State::Finish,
            }
        };
        let method = half.message.word(0);
        let (head, connect) = (method == b"HEAD", method == b"CONNECT");
        if connect {
            half.state = State::Tunnel;
        }
        if self.pending < PENDING {
            self.heads |= u32::from(head) << self.pending;
            self.connects |= u32::from(connect) << self.pending;
            self.pending += 1;
        }
        Progress::On(length)
    }

    /// Forgets the oldest request, whose response is complete.
    fn answered(&mut self) {
        (self.heads, self.connects) = (self.heads >> 1, self.connects >> 1);
        self.pending = self.pending.saturating_sub(1);
    }
}

impl Half {
    /// The message is complete: the rest of its body is matched.
    fn finish(&mut self, tools: &mut Tools<'_, '_>, listener: &mut dyn Listener) {
        if self.message.has_new_body() {
            listener.body(&self.message, true);
            self.message.body_matched();
        }
        self.layers.clear(tools);
        self.message.clear();
        self.state = State::Line;
    }

    fn feed(&mut self, data: &[u8], tools: &mut Tools<'_, '_>, listener: &mut dyn Listener) {
        self.layers.feed(data, &mut self.message, tools, listener);
    }

    fn until_close(&mut self, rest: &[u8], tools: &mut Tools<'_, '_>, listener: &mut dyn Listener) -> Progress {
        if rest.is_empty() {
            return Progress::More;
        }
        self.feed(rest, tools, listener);
        Progress::On(rest.len())
    }

    /// In a body or behind it.
    fn body_step(
        &mut self,
        rest: &[u8],
        last: bool,
        side: Side,
        tools: &mut Tools<'_, '_>,
        listener: &mut dyn Listener,
    ) -> Progress {
        match self.state {
            State::Tunnel if rest.is_empty() => Progress::More,
            State::Tunnel => Progress::On(rest.len()),
            State::Known(left) => {
                let (count, left) = self.some_of(rest, left, tools, listener);
                self.state = if left == 0 { State::Finish } else { State::Known(left) };
                if count == 0 { Progress::More } else { Progress::On(count) }
            }
            State::Chunk(left) => {
                let (count, left) = self.some_of(rest, left, tools, listener);
                self.state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
                if count == 0 { Progress::More } else { Progress::On(count) }
            }
            State::ChunkEnd => {
                let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { return Progress::More };
                self.state = State::ChunkLength;
                Progress::On(end + 1)
            }
            State::Trailer => {
                let mut trailer = Trailer;
                let Ok(length) = fields::read(rest, side, last, &mut trailer) else { return Progress::More };
                self.state = State::Finish;
                Progress::On(length)
            }
            _ => self.chunk_length(rest, last),
        }
    }

    fn some_of(
        &mut self,
        rest: &[u8],
        left: u64,
        tools: &mut Tools<'_, '_>,
        listener: &mut dyn Listener,
    ) -> (usize, u64) {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
        self.feed(&rest[..count], tools, listener);
        (count, left - count as u64)
    }

    /// Reads the line with a chunk's length (RFC 9112 §7.1). Where there is none, the body was not chunked after all, and what
    /// stands here is its first line.
    fn chunk_length(&mut self, rest: &[u8], last: bool) -> Progress {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            if is_no_length(rest) || (last && !rest.is_empty()) {
                self.state = State::UntilClose;
                return Progress::On(0);
            }
            return Progress::More;
        };
        let line = &rest[..=end];
        match chunk_length(line) {
            Chunk::None => {}
            Chunk::Bad => {
                self.state = State::UntilClose;
                return Progress::On(0);
            }
            Chunk::Length(0) => self.state = State::Trailer,
            Chunk::Length(length) => self.state = State::Chunk(length),
        }
        Progress::On(line.len())
    }
}

/// Takes no notice of the fields behind a body.
struct Trailer;

impl fields::Fields for Trailer {
    fn field_name(&mut self, _: &[u8]) {}
    fn field_value(&mut self, _: &[u8]) {}
    fn field_end(&mut self) {}
}

/// What a line says of a chunk's length.
enum Chunk {
    Length(u64),
    None,
    Bad,
}

fn is_control(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0x0b | 0x0c)
}

fn chunk_length(line: &[u8]) -> Chunk {
    let start = line.iter().position(|byte| !is_control(*byte)).unwrap_or(line.len());
    let text = &line[start..];
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    if text.is_empty() {
        return Chunk::None;
    }
    let length = core::str::from_utf8(&text[..digits]).ok().and_then(|digits| u64::from_str_radix(digits, 16).ok());
    match length {
        Some(length) if length <= 0x7fff_ffff => Chunk::Length(length),
        Some(_) => Chunk::None,
        None => Chunk::Bad,
    }
}

/// Whether what has come of a line already shows that no length stands there.
fn is_no_length(rest: &[u8]) -> bool {
    rest.iter().find(|byte| !is_control(**byte)).is_some_and(|byte| !byte.is_ascii_hexdigit())
}

/// The length of the line that `rest` begins with, with its LF.
fn line_length(rest: &[u8], last: bool) -> Option<usize> {
    let end = rest.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
    end.or((last && !rest.is_empty()).then_some(rest.len()))
}

/// Lines before a start line that count for nothing: empty ones.
fn is_ignorable(line: &[u8]) -> bool {
    matches!(line, b"\r\n" | b"\n" | b"\r" | b"")
}

/// The first digits of `value` as a number.
fn first_number(value: &[u8]) -> Option<u64> {
    let start = value.iter().position(u8::is_ascii_digit)?;
    let digits = value[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    core::str::from_utf8(&value[start..start + digits]).ok()?.parse().ok()
}

impl Piece for Connection {
    fn owner(&self) -> u32 {
        self.owner
    }

    fn hand_to(&mut self, owner: u32) {
        self.owner = owner;
        (self.heads, self.connects, self.pending, self.eager) = (0, 0, 0, false);
        for half in [&mut self.request, &mut self.response] {
            (half.state, half.layers) = (State::Line, Layers::EMPTY);
            half.message.clear();
        }
    }

    /// Between messages it knows nothing that the next ones need.
    fn is_idle(&self) -> bool {
        self.is_between()
    }
}
