// SPDX-License-Identifier: Apache-2.0
//! One HTTP/1 message as it is known so far: its start line, its fields, the part of its body that waits to be matched.

use super::fields::{self, Fields};
use super::uri;
use crate::detect::Buffers;
use crate::rule::Buffer;

/// Most bytes of a start line, and of the fields, that are kept.
pub const HEAD: usize = 8192;
/// Bytes of a body that are matched at once.
pub const BODY: usize = 16_384;
/// Bytes of the body that are kept when the next ones come, so that what lies across is found.
const KEEP: usize = 2048;
/// Most fields that are kept.
const FIELDS: usize = 64;
/// Most bytes of a normalized URI that are kept.
const URI: usize = 4096;
/// Most bytes of fields' names, with the line ends between them, that are kept.
const NAMES: usize = 1024;
/// Most bytes of a host's name that are kept.
const HOST: usize = 256;

/// A part of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    start: u16,
    end: u16,
}

impl Part {
    const EMPTY: Self = Self { start: 0, end: 0 };

    fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start.into()..self.end.into()).unwrap_or(&[])
    }
}

/// A message.
pub struct Message {
    /// Start line and fields as they came.
    raw: [u8; HEAD],
    raw_length: usize,
    line_length: usize,
    /// Method, URI, protocol; or protocol, status, reason.
    words: [Part; 3],
    /// Fields as `name: value` lines.
    text: [u8; HEAD],
    text_length: usize,
    names: [(Part, Part); FIELDS],
    fields: usize,
    uri: [u8; URI],
    uri_length: usize,
    host: [u8; HOST],
    host_length: usize,
    /// All names, each between line ends.
    list: [u8; NAMES],
    list_length: usize,
    /// The part of the body that waits.
    body: [u8; BODY],
    body_length: usize,
    /// How much of it was matched before.
    pub body_seen: usize,
    /// Bytes of body so far, decoded.
    pub body_total: u64,
}

impl Message {
    /// Nothing is known.
    pub const EMPTY: Self = Self {
        raw: [0; HEAD],
        raw_length: 0,
        line_length: 0,
        words: [Part::EMPTY; 3],
        text: [0; HEAD],
        text_length: 0,
        names: [(Part::EMPTY, Part::EMPTY); FIELDS],
        fields: 0,
        uri: [0; URI],
        uri_length: 0,
        host: [0; HOST],
        host_length: 0,
        list: [0; NAMES],
        list_length: 0,
        body: [0; BODY],
        body_length: 0,
        body_seen: 0,
        body_total: 0,
    };

    /// Forgets everything.
    pub fn clear(&mut self) {
        (self.raw_length, self.line_length, self.text_length, self.fields) = (0, 0, 0, 0);
        (self.uri_length, self.host_length, self.list_length) = (0, 0, 0);
        (self.body_length, self.body_seen, self.body_total) = (0, 0, 0);
        self.words = [Part::EMPTY; 3];
    }

    fn keep_raw(&mut self, bytes: &[u8]) -> Part {
        let start = self.raw_length;
        let count = bytes.len().min(HEAD - start);
        self.raw[start..start + count].copy_from_slice(&bytes[..count]);
        self.raw_length += count;
        Part { start: start as u16, end: self.raw_length as u16 }
    }

    /// Notes a request's line: a method, a URI, a protocol (which HTTP/0.9 lacks).
    pub fn request_line(&mut self, line: &[u8]) {
        let kept = self.keep_raw(line);
        self.line_length = self.raw_length;
        let line = kept.of(&self.raw);
        let start = line.iter().position(|byte| !is_space(*byte)).unwrap_or(line.len());
        let last = line.iter().rposition(|byte| !is_space(*byte)).map_or(start, |last| last + 1);
        let line = &line[..last];
        let method_end = find_space(line, start);
        let uri_start = skip_space(line, method_end);
        let blank = line[uri_start..].iter().rposition(|byte| is_space(*byte)).map(|at| uri_start + at);
        let protocol = blank.filter(|at| starts_with_http(&line[at + 1..]));
        let uri_end = protocol.map_or(last, |at| uri_start + fields::trim(&line[uri_start..at]).len());
        let part = |start: usize, end: usize| Part { start: start as u16, end: end.max(start) as u16 };
        self.words =
            [part(start, method_end), part(uri_start, uri_end), part(protocol.map_or(last, |at| at + 1), last)];
        self.uri_length = uri::normalize(self.words[1].of(&self.raw), &mut self.uri);
    }

    /// Notes a response's line: a protocol, a status, a reason.
    pub fn response_line(&mut self, line: &[u8]) {
        let kept = self.keep_raw(line);
        self.line_length = self.raw_length;
        let line = kept.of(&self.raw);
        let start = line.iter().position(|byte| !is_space(*byte) && *byte != 0).unwrap_or(line.len());
        let protocol_end = find_space(line, start);
        let status = skip_space(line, protocol_end);
        let status_end = find_space(line, status);
        let reason = skip_space(line, status_end);
        let part = |start: usize, end: usize| Part { start: start as u16, end: end.max(start) as u16 };
        self.words = [part(start, protocol_end), part(status, status_end), part(reason, line.len())];
    }

    /// Notes the fields as they came.
    pub fn raw_fields(&mut self, bytes: &[u8]) {
        self.keep_raw(bytes);
    }

    /// One of the start line's three words.
    #[must_use]
    pub fn word(&self, index: usize) -> &[u8] {
        self.words[index].of(&self.raw)
    }

    /// The status; 0 if it is no number.
    #[must_use]
    pub fn status(&self) -> u32 {
        core::str::from_utf8(self.word(1)).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// The values of all fields with this name, in order. Zero bytes in names do not count.
    pub fn values<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let same = move |found: &[u8]| {
            let mut letters = found.iter().filter(|byte| **byte != 0);
            name.iter().all(|byte| letters.next().is_some_and(|letter| letter.eq_ignore_ascii_case(byte)))
                && letters.next().is_none()
        };
        let fields = self.names[..self.fields].iter();
        fields.filter(move |(found, _)| same(found.of(&self.text))).map(|(_, value)| value.of(&self.text))
    }

    /// The value of the first field with this name.
    #[must_use]
    pub fn value<'a>(&'a self, name: &'a [u8]) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// What follows from the fields once they are complete: the host's name, the list of names.
    pub fn complete_head(&mut self) {
        self.keep_host();
        self.list_names();
    }

    /// Line end, name, line end, name, … and an empty line, as `http.header_names` has it.
    fn list_names(&mut self) {
        let Self { names, fields, text, list, list_length, .. } = self;
        let mut write = |bytes: &[u8]| {
            let count = bytes.len().min(NAMES - *list_length);
            list[*list_length..*list_length + count].copy_from_slice(&bytes[..count]);
            *list_length += count;
        };
        for (name, _) in &names[..*fields] {
            write(b"\r\n");
            write(name.of(text));
        }
        write(b"\r\n\r\n");
    }

    fn keep_host(&mut self) {
        let name = self.value(b"host").unwrap_or(&[]);
        let name = match name.iter().rposition(|byte| *byte == b':') {
            Some(colon) if name[colon + 1..].iter().all(u8::is_ascii_digit) => &name[..colon],
            _ => name,
        };
        let count = name.len().min(HOST);
        let mut host = [0; HOST];
        host[..count].copy_from_slice(&name[..count]);
        host[..count].make_ascii_lowercase();
        (self.host, self.host_length) = (host, count);
    }

    /// Appends decoded body as far as there is room; how much.
    pub fn append_body(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(BODY - self.body_length);
        self.body[self.body_length..self.body_length + count].copy_from_slice(&bytes[..count]);
        self.body_length += count;
        self.body_total += count as u64;
        count
    }

    /// Whether there is no more room for body.
    #[must_use]
    pub fn is_body_full(&self) -> bool {
        self.body_length == BODY
    }

    /// Whether body waits that was not matched yet.
    #[must_use]
    pub fn has_new_body(&self) -> bool {
        self.body_length > self.body_seen
    }

    /// Keeps the end of what was matched, and makes room.
    pub fn body_matched(&mut self) {
        let drop = if self.is_body_full() { self.body_length - KEEP } else { 0 };
        self.body.copy_within(drop..self.body_length, 0);
        self.body_length -= drop;
        self.body_seen = self.body_length;
    }

    /// The buffers of a request's head.
    #[must_use]
    pub fn request_buffers(&self) -> Buffers<'_> {
        let mut buffers = self.shared_buffers();
        buffers.set(Buffer::HttpMethod, Some(self.word(0)));
        buffers.set(Buffer::HttpUri, Some(&self.uri[..self.uri_length]));
        buffers.set(Buffer::HttpUriRaw, Some(self.word(1)));
        buffers.set(Buffer::HttpProtocol, Some(self.word(2)).filter(|word| !word.is_empty()));
        buffers.set(Buffer::HttpRequestHeader, Some(&self.text[..self.text_length]));
        buffers.set(Buffer::HttpHost, Some(&self.host[..self.host_length]).filter(|host| !host.is_empty()));
        buffers.set(Buffer::HttpHostRaw, self.value(b"host"));
        buffers.set(Buffer::HttpUserAgent, self.value(b"user-agent"));
        buffers.set(Buffer::HttpCookie, self.value(b"cookie"));
        buffers.set(Buffer::HttpReferer, self.value(b"referer"));
        buffers.set(Buffer::HttpAccept, self.value(b"accept"));
        buffers.set(Buffer::HttpAcceptEncoding, self.value(b"accept-encoding"));
        buffers.set(Buffer::HttpRequestLine, Some(fields::trim(&self.raw[..self.line_length])));
        buffers
    }

    /// The buffers of a response's head.
    #[must_use]
    pub fn response_buffers(&self) -> Buffers<'_> {
        let mut buffers = self.shared_buffers();
        buffers.set(Buffer::HttpProtocol, Some(self.word(0)));
        buffers.set(Buffer::HttpStatCode, Some(self.word(1)));
        buffers.set(Buffer::HttpStatMsg, Some(fields::trim(self.word(2))));
        buffers.set(Buffer::HttpResponseHeader, Some(&self.text[..self.text_length]));
        buffers.set(Buffer::HttpCookie, self.value(b"set-cookie"));
        buffers.set(Buffer::HttpServer, self.value(b"server"));
        buffers.set(Buffer::HttpLocation, self.value(b"location"));
        buffers.set(Buffer::HttpResponseLine, Some(fields::trim(&self.raw[..self.line_length])));
        buffers
    }

    fn shared_buffers(&self) -> Buffers<'_> {
        let mut buffers = Buffers::none();
        buffers.set(Buffer::HttpHeader, Some(&self.text[..self.text_length]));
        buffers.set(Buffer::HttpHeaderRaw, Some(&self.raw[self.line_length..self.raw_length]));
        buffers.set(Buffer::HttpContentType, self.value(b"content-type"));
        buffers.set(Buffer::HttpHeaderNames, Some(&self.list[..self.list_length]));
        buffers.set(Buffer::HttpConnection, self.value(b"connection"));
        buffers.set(Buffer::HttpContentLen, self.value(b"content-length"));
        buffers
    }

    /// The part of the body that waits.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body[..self.body_length]
    }
}

impl Message {
    fn write(&mut self, bytes: &[u8]) {
        let count = bytes.len().min(HEAD - self.text_length);
        self.text[self.text_length..self.text_length + count].copy_from_slice(&bytes[..count]);
        self.text_length += count;
    }
}

impl Fields for Message {
    fn field_name(&mut self, name: &[u8]) {
        let start = self.text_length as u16;
        self.write(name);
        let name = Part { start, end: self.text_length as u16 };
        self.write(b": ");
        let value = Part { start: self.text_length as u16, end: self.text_length as u16 };
        if let Some(field) = self.names.get_mut(self.fields) {
            *field = (name, value);
        }
    }

    fn field_value(&mut self, part: &[u8]) {
        self.write(part);
    }

    fn field_end(&mut self) {
        if let Some((_, value)) = self.names.get_mut(self.fields) {
            let start = usize::from(value.start);
            let text = &self.text[start..self.text_length];
            let trimmed = fields::trim(text);
            let lead = text.iter().position(|byte| !is_space(*byte)).unwrap_or(0);
            let length = trimmed.len();
            self.text.copy_within(start + lead..start + lead + length, start);
            self.text_length = start + length;
            value.end = self.text_length as u16;
            self.fields += 1;
        }
        self.write(b"\r\n");
    }
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

fn starts_with_http(word: &[u8]) -> bool {
    word.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"HTTP/"))
}

fn find_space(line: &[u8], from: usize) -> usize {
    line[from..].iter().position(|byte| is_space(*byte)).map_or(line.len(), |at| from + at)
}

fn skip_space(line: &[u8], from: usize) -> usize {
    line[from..].iter().position(|byte| !is_space(*byte)).map_or(line.len(), |at| from + at)
}
