// SPDX-License-Identifier: Apache-2.0
//! One request at a time over the ring, and the watch events that come in between.
//!
//! Nothing here waits. [`Connection::advance`] moves what can be moved; the request that is out is found answered some time later,
//! or never.

use super::client::{Token, Tokens};
use super::wire::{Broken, HEADER_BYTES, Header, Kind, PAYLOAD_MAX, Ring};
use crate::Pages;
use core::fmt;

/// A message that comes or goes, in bytes.
struct Message {
    bytes: [u8; HEADER_BYTES + PAYLOAD_MAX],
    /// How many of them there are, and how many of these are written to the ring.
    length: usize,
    moved: usize,
}

impl Message {
    const EMPTY: Message = Message { bytes: [0; HEADER_BYTES + PAYLOAD_MAX], length: 0, moved: 0 };

    /// Adds to what is behind the header; fails if there is no room.
    fn push(&mut self, bytes: &[u8]) -> fmt::Result {
        let place = self.bytes.get_mut(self.length..).and_then(|rest| rest.get_mut(..bytes.len())).ok_or(fmt::Error)?;
        place.copy_from_slice(bytes);
        self.length += bytes.len();
        Ok(())
    }

    fn header(&self) -> Header {
        Header::from_bytes(self.bytes.first_chunk().expect("a message begins with a header"))
    }

    fn payload(&self) -> &[u8] {
        self.bytes.get(HEADER_BYTES..self.length).unwrap_or(&[])
    }
}

/// What a request says, as it is being written: strings with or without the byte that ends them. Fails when there is no more room.
pub struct Payload<'m>(&'m mut Message);

impl Payload<'_> {
    /// Adds a string.
    pub fn text(&mut self, text: fmt::Arguments<'_>) -> fmt::Result {
        fmt::write(self, text)
    }

    /// Adds a string and the byte that ends it, which no string holds.
    pub fn string(&mut self, text: fmt::Arguments<'_>) -> fmt::Result {
        let start = self.0.length;
        self.text(text)?;
        if self.0.bytes[start..self.0.length].contains(&0) { Err(fmt::Error) } else { self.0.push(&[0]) }
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.0.length - HEADER_BYTES
    }

    /// Whether it begins with a slash.
    pub fn is_absolute(&self) -> bool {
        self.0.bytes[HEADER_BYTES] == b'/'
    }
}

impl fmt::Write for Payload<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push(text.as_bytes())
    }
}

/// What has become of the request that is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    None,
    /// This one waits for its reply.
    Out(Number),
    /// Its reply is the message that has come.
    Answered(Number),
    /// The connection was lost before it.
    Lost(Number),
}

/// A request's number; never 0, which watch events have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(u32);

/// The connection to xenstored.
pub struct Connection {
    ring: Ring,
    outgoing: Message,
    incoming: Message,
    request: Request,
    last_number: u32,
    /// The server was asked to begin anew.
    reconnecting: bool,
    /// The tokens of watches that have fired.
    fired: Tokens,
    /// Messages that nobody waited for or that were nonsense.
    pub strays: u64,
    /// How many times the server broke the protocol or began anew.
    pub losses: u64,
}

impl Connection {
    pub fn new(page: Pages) -> Connection {
        Connection {
            ring: Ring::new(page),
            outgoing: Message::EMPTY,
            incoming: Message::EMPTY,
            request: Request::None,
            last_number: 0,
            reconnecting: false,
            fired: Tokens::default(),
            strays: 0,
            losses: 0,
        }
    }

    /// Whether a request can begin: none is out, and no part of an abandoned one still has to go.
    pub fn is_free(&self) -> bool {
        self.request == Request::None && self.outgoing.moved == self.outgoing.length && !self.reconnecting
    }

    /// Begins a request; `fill` writes what it says. [`is_free`](Self::is_free) holds.
    pub fn begin(
        &mut self,
        kind: Kind,
        transaction: u32,
        fill: impl FnOnce(&mut Payload) -> fmt::Result,
    ) -> Result<Number, fmt::Error> {
        self.outgoing.length = HEADER_BYTES;
        self.outgoing.moved = 0;
        if let Err(error) = fill(&mut Payload(&mut self.outgoing)) {
            self.outgoing.length = 0;
            return Err(error);
        }
        self.last_number = self.last_number.checked_add(1).unwrap_or(1);
        let length = (self.outgoing.length - HEADER_BYTES) as u32;
        let header = Header { kind, request: self.last_number, transaction, length };
        self.outgoing.bytes[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
        let number = Number(self.last_number);
        self.request = Request::Out(number);
        Ok(number)
    }

    /// The reply to request `number`, if it is there: what it is and what it says, or nothing if the connection was lost.
    pub fn take_reply<T>(&mut self, number: Number, parse: impl FnOnce(Option<(Kind, &[u8])>) -> T) -> Option<T> {
        let reply = match self.request {
            Request::Answered(answered) if answered == number => {
                Some((self.incoming.header().kind, self.incoming.payload()))
            }
            Request::Out(out) if out == number => return None,
            _ => None,
        };
        let is_reply = reply.is_some();
        let value = parse(reply);
        if is_reply {
            self.incoming.length = 0;
        }
        self.request = Request::None;
        Some(value)
    }

    /// Gives request `number` up: its reply will be a stray.
    pub fn abandon(&mut self, number: Number) {
        match self.request {
            Request::Out(out) | Request::Lost(out) if out == number => self.request = Request::None,
            Request::Answered(answered) if answered == number => {
                self.request = Request::None;
                self.incoming.length = 0;
            }
            _ => {}
        }
    }

    /// Takes the tokens of `wanted` that have fired.
    pub fn take_fired(&mut self, wanted: Tokens) -> Tokens {
        self.fired.take(wanted)
    }

    /// Makes a token fire.
    pub fn fire(&mut self, token: Token) {
        self.fired.insert(token);
    }

    /// Writes and reads what can be. True if the server must be told.
    pub fn advance(&mut self) -> bool {
        if self.reconnecting || self.ring.is_reconnecting() {
            return self.finish_reconnection();
        }
        if self.ring.is_stopped() {
            return self.lose();
        }
        self.exchange().unwrap_or_else(|Broken| self.lose())
    }

    fn exchange(&mut self) -> Result<bool, Broken> {
        // Even if there is nothing to write, this checks the server's index.
        let written = self.ring.write(&self.outgoing.bytes[self.outgoing.moved..self.outgoing.length])?;
        self.outgoing.moved += written;
        let mut tell = written > 0;
        while !matches!(self.request, Request::Answered(_)) {
            let read = self.read()?;
            if read == 0 {
                break;
            }
            tell = true;
        }
        Ok(tell)
    }

    /// Reads a part of a message, and looks at the message if that was its end.
    fn read(&mut self) -> Result<usize, Broken> {
        let end = self.incoming_end()?;
        let read = self.ring.read(&mut self.incoming.bytes[self.incoming.length..end])?;
        self.incoming.length += read;
        if self.incoming.length >= HEADER_BYTES && self.incoming.length == self.incoming_end()? {
            self.look();
        }
        Ok(read)
    }

    /// Where the message that comes ends, as far as is known.
    fn incoming_end(&self) -> Result<usize, Broken> {
        if self.incoming.length < HEADER_BYTES {
            return Ok(HEADER_BYTES);
        }
        let length = self.incoming.header().length as usize;
        if length <= PAYLOAD_MAX { Ok(HEADER_BYTES + length) } else { Err(Broken) }
    }

    /// Looks at a message that is all there: it is a watch event, or the reply that somebody waits for, or dropped.
    fn look(&mut self) {
        let Header { kind, request, .. } = self.incoming.header();
        match self.request {
            Request::Out(number) if number.0 == request && kind != Kind::WatchEvent => {
                self.request = Request::Answered(number);
                return;
            }
            _ if kind == Kind::WatchEvent => match Token::of_event(self.incoming.payload()) {
                Some(token) => self.fired.insert(token),
                None => self.strays += 1,
            },
            _ => self.strays += 1,
        }
        self.incoming.length = 0;
    }

    /// Begins anew, if the server can, or else goes on from where it stands. What is out is lost, and so may be watches: all fire, for
    /// everybody to look.
    #[cold]
    fn lose(&mut self) -> bool {
        self.losses += 1;
        self.reset();
        self.reconnecting = self.ring.reconnect();
        if !self.reconnecting {
            self.ring.take_up();
            self.fired = Tokens::ALL;
        }
        true
    }

    #[cold]
    fn finish_reconnection(&mut self) -> bool {
        if !core::mem::replace(&mut self.reconnecting, true) {
            self.reset();
        }
        if self.ring.is_reconnecting() {
            return false;
        }
        self.reconnecting = false;
        self.ring.take_up();
        self.fired = Tokens::ALL;
        false
    }

    fn reset(&mut self) {
        if let Request::Out(number) | Request::Answered(number) = self.request {
            self.request = Request::Lost(number);
        }
        self.outgoing.length = 0;
        self.outgoing.moved = 0;
        self.incoming.length = 0;
    }
}
