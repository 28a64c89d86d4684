// SPDX-License-Identifier: Apache-2.0
//! Requests and replies over the ring, and the watch events that come in between.
//!
//! Nothing here waits. [`Connection::advance`] moves what can be moved; a request that is out is found answered some time later,
//! or never. One reply is kept at a time: others come when it is taken, or its request is given up.

use super::client::{Token, Tokens};
use super::wire::{Broken, HEADER_BYTES, Header, Kind, PAYLOAD_MAX, Ring};
use crate::Pages;
use heapless::Vec;

/// Most requests that are out at a time.
pub const OUT_MOST: usize = 16;

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
    fn push(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let place = self.bytes.get_mut(self.length..).and_then(|rest| rest.get_mut(..bytes.len())).ok_or(Full)?;
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

/// A request has no more room, or what it is to say cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// What a request says, as it is being written.
pub struct Payload<'m>(&'m mut Message);

impl Payload<'_> {
    /// Adds text.
    pub fn text(&mut self, text: &str) -> Result<(), Full> {
        self.0.push(text.as_bytes())
    }

    /// Adds a number in decimal.
    pub fn number(&mut self, mut number: u32) -> Result<(), Full> {
        let (mut digits, mut first) = ([0; 10], 10);
        while number > 0 || first == 10 {
            first -= 1;
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.0.push(&digits[first..])
    }

    /// Ends a string.
    pub fn end(&mut self) -> Result<(), Full> {
        self.0.push(&[0])
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.0.length - HEADER_BYTES
    }
}

/// What a reply is, and what it says.
pub type Reply<'r> = (Kind, &'r [u8]);

/// A request's number; never 0, which watch events have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(u32);

/// The connection to xenstored.
pub struct Connection {
    ring: Ring,
    outgoing: Message,
    incoming: Message,
    /// Requests that are out.
    out: Vec<Number, OUT_MOST>,
    /// What has come is the reply to one of these.
    answered: bool,
    last_number: u32,
    /// The server was asked to begin anew.
    reconnecting: bool,
    /// The tokens of watches that have fired.
    fired: Tokens,
    /// Something has come or was taken since somebody asked.
    has_moved: bool,
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
            out: Vec::new(),
            answered: false,
            last_number: 0,
            reconnecting: false,
            fired: Tokens::default(),
            has_moved: false,
            strays: 0,
            losses: 0,
        }
    }

    /// Whether a request can begin: not too many are out, and no part of another one still has to go.
    pub fn is_free(&self) -> bool {
        self.outgoing.moved == self.outgoing.length && !self.out.is_full() && !self.reconnecting
    }

    /// Whether a reply is to come.
    pub fn awaits(&self) -> bool {
        self.outgoing.moved != self.outgoing.length || !self.out.is_empty() || self.reconnecting
    }

    /// Begins a request; `fill` writes what it says. [`is_free`](Self::is_free) holds.
    pub fn begin(
        &mut self,
        kind: Kind,
        transaction: u32,
        fill: impl FnOnce(&mut Payload) -> Result<(), Full>,
    ) -> Result<Number, Full> {
        self.outgoing.length = HEADER_BYTES;
        self.outgoing.moved = 0;
        if let Err(full) = fill(&mut Payload(&mut self.outgoing)) {
            self.outgoing.length = 0;
            return Err(full);
        }
        self.last_number = self.last_number.checked_add(1).unwrap_or(1);
        let length = (self.outgoing.length - HEADER_BYTES) as u32;
        let header = Header { kind, request: self.last_number, transaction, length };
        self.outgoing.bytes[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
        let number = Number(self.last_number);
        // There is room: not too many are out.
        let _ = self.out.push(number);
        Ok(number)
    }

    /// Gives `take` the reply to request `number`, if it is there: what it is and what it says, or nothing if the connection was lost.
    /// False if it may still come.
    pub fn take_reply(&mut self, number: Number, take: &mut dyn FnMut(Option<Reply<'_>>)) -> bool {
        if !self.out.contains(&number) {
            take(None);
            return true;
        }
        if !self.is_reply_to(number) {
            return false;
        }
        take(Some((self.incoming.header().kind, self.incoming.payload())));
        self.abandon(number);
        true
    }

    fn is_reply_to(&self, number: Number) -> bool {
        self.answered && self.incoming.header().request == number.0
    }

    /// Gives request `number` up: its reply, if it has not come, will be a stray.
    pub fn abandon(&mut self, number: Number) {
        if self.is_reply_to(number) {
            self.answered = false;
            self.incoming.length = 0;
            self.has_moved = true;
        }
        self.out.retain(|&out| out != number);
    }

    /// Whether a message has come, or a reply was taken, since this was asked last.
    pub fn take_moved(&mut self) -> bool {
        core::mem::take(&mut self.has_moved)
    }

    /// Takes the tokens of `wanted` that have fired.
    pub fn take_fired(&mut self, wanted: Tokens) -> Tokens {
        self.fired.take(wanted)
    }

    /// Writes and reads what can be.
    pub fn advance(&mut self) {
        if self.reconnecting || self.ring.is_reconnecting() {
            self.finish_reconnection();
        } else if self.ring.is_stopped() || self.exchange().is_err() {
            self.lose();
        }
    }

    fn exchange(&mut self) -> Result<(), Broken> {
        // Even if there is nothing to write, this checks the server's index.
        let written = self.ring.write(&self.outgoing.bytes[self.outgoing.moved..self.outgoing.length])?;
        self.outgoing.moved += written;
        while !self.answered && self.read()? > 0 {}
        Ok(())
    }

    /// Whether the server must be told of what [`advance`](Self::advance) did; it counts as told from then on.
    pub fn take_untold(&mut self) -> bool {
        self.ring.take_untold()
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

    /// Looks at a message that is all there: it is a watch event, or a reply that somebody waits for, or dropped.
    fn look(&mut self) {
        self.has_moved = true;
        let Header { kind, request, .. } = self.incoming.header();
        if kind == Kind::WatchEvent {
            match Token::of_event(self.incoming.payload()) {
                Some(token) => self.fired.insert(token),
                None => self.strays += 1,
            }
        } else if self.out.contains(&Number(request)) {
            self.answered = true;
            return;
        } else {
            self.strays += 1;
        }
        self.incoming.length = 0;
    }

    /// Begins anew, if the server can, or else goes on from where it stands. What is out is lost, and so may be watches: all fire, for
    /// everybody to look.
    #[cold]
    fn lose(&mut self) {
        self.losses += 1;
        self.reset();
        self.reconnecting = self.ring.reconnect();
        if !self.reconnecting {
            self.ring.take_up();
            self.fired = Tokens::ALL;
        }
    }

    #[cold]
    fn finish_reconnection(&mut self) {
        if !core::mem::replace(&mut self.reconnecting, true) {
            self.reset();
        }
        if self.ring.is_reconnecting() {
            return;
        }
        self.reconnecting = false;
        self.ring.take_up();
        self.fired = Tokens::ALL;
    }

    fn reset(&mut self) {
        self.out.clear();
        self.answered = false;
        self.outgoing.length = 0;
        self.outgoing.moved = 0;
        self.incoming.length = 0;
    }
}
