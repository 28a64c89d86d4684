// SPDX-License-Identifier: Apache-2.0
//! What a source's packets hold: DATA and LENGTH, which Click's sources share.

use super::handler_value::number;
use super::pacing::MOST_BYTES;
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::{HandlerError, Packet};
use core::fmt;

/// The argument DATA.
pub const DATA: Argument =
    Argument { name: "DATA", kind: ArgumentKind::Optional, doc: "the packets' bytes; 64 of text by default" };
/// The argument LENGTH.
pub const LENGTH: Argument =
    Argument { name: "LENGTH", kind: ArgumentKind::Keyword, doc: "bytes of a packet; DATA's by default" };
/// The handler `data`.
pub const DATA_HANDLER: Handler = Handler { name: "data", kind: HandlerKind::ReadWrite, doc: "DATA, byte by byte" };
/// The handler `length`.
pub const LENGTH_HANDLER: Handler =
    Handler { name: "length", kind: HandlerKind::ReadWrite, doc: "LENGTH; -1: as long as DATA" };

/// DATA, cut or repeated to LENGTH.
pub struct Payload {
    /// DATA, then DATA repeated.
    bytes: [u8; MOST_BYTES],
    /// Bytes of DATA.
    data: usize,
    /// LENGTH; DATA's length if negative.
    length: i32,
    /// Bytes of a packet.
    shown: usize,
}

impl Payload {
    /// Packets of `data`; what a buffer does not hold is cut off.
    pub const fn new(data: &[u8]) -> Self {
        let mut payload = Payload { bytes: [0; MOST_BYTES], data: 0, length: -1, shown: 0 };
        while payload.data < data.len() && payload.data < MOST_BYTES {
            payload.bytes[payload.data] = data[payload.data];
            payload.data += 1;
        }
        payload.with_length(-1)
    }

    /// As `self`, with this LENGTH.
    pub const fn with_length(mut self, length: i32) -> Self {
        self.set_length(length);
        self
    }

    const fn set_length(&mut self, length: i32) {
        self.length = length;
        self.shown = if length < 0 { self.data } else { length as usize };
        if self.data == 0 {
            self.shown = 0;
        } else if self.shown > MOST_BYTES {
            self.shown = MOST_BYTES;
        }
        let mut at = self.data;
        while at < self.shown {
            self.bytes[at] = self.bytes[at - self.data];
            at += 1;
        }
    }

    /// A packet's bytes.
    #[cfg(test)]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.shown]
    }

    /// Gives a fresh packet its bytes.
    #[inline]
    pub fn fill(&self, packet: &mut Packet) {
        // A fresh buffer holds MOST_BYTES.
        let _ = packet.append_front(&self.bytes, self.shown);
    }

    /// Reads `data` or `length`.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let data = &self.bytes[..self.data];
        match (name, core::str::from_utf8(data)) {
            ("data", Ok(text)) => out.write_str(text)?,
            ("data", Err(_)) => write!(out, "{}", data.escape_ascii())?,
            ("length", _) => write!(out, "{}", self.length)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Writes `data` or `length`.
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "data" => match self.bytes.get_mut(..value.len()) {
                Some(bytes) => {
                    bytes.copy_from_slice(value.as_bytes());
                    self.data = value.len();
                    self.set_length(self.length);
                }
                None => return Err(HandlerError::BadValue),
            },
            "length" => match number(value)? {
                length if length <= MOST_BYTES as i32 => self.set_length(length),
                _ => return Err(HandlerError::BadValue),
            },
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Reads DATA: see [`Payload::configured`].
    #[cfg(feature = "host")]
    pub fn configure_data(arguments: &mut crate::configure::Arguments) -> Option<Vec<u8>> {
        use crate::configure::Bytes;
        let Bytes(data) = arguments.optional("DATA", Bytes(DEFAULT_DATA.to_vec()))?;
        if data.len() > MOST_BYTES {
            arguments.error_last("a packet that no buffer holds", format!("at most {MOST_BYTES} bytes"));
        }
        Some(data)
    }

    /// Reads LENGTH, which fits `data`.
    #[cfg(feature = "host")]
    pub fn configure_length(arguments: &mut crate::configure::Arguments, data: Option<&[u8]>) -> Option<usize> {
        let length: usize = arguments.keyword("LENGTH")?;
        if length > MOST_BYTES {
            arguments.error_last("a packet that no buffer holds", format!("at most {MOST_BYTES} bytes"));
        } else if length > 0 && data.is_some_and(<[u8]>::is_empty) {
            arguments.error("LENGTH without DATA to repeat", Some("at least one byte of DATA".into()));
        }
        Some(length)
    }
}

/// What packets hold if nobody says it; no EtherType, so every stack drops them.
#[cfg(feature = "host")]
pub const DEFAULT_DATA: &[u8; 64] = b"Sluice made this packet to fill a frame of the shortest length.\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(payload: &Payload, name: &str) -> String {
        let mut text = String::new();
        payload.read_handler(name, &mut text).unwrap();
        text
    }

    #[test]
    fn data_is_cut_or_repeated_to_the_length() {
        let mut payload = Payload::new(b"abc");
        assert_eq!((payload.bytes(), read(&payload, "length")), (b"abc".as_slice(), "-1".into()));
        for (length, bytes) in [("2", "ab"), ("8", "abcabcab"), ("0", ""), ("-1", "abc")] {
            payload.write_handler("length", length).unwrap();
            assert_eq!((payload.bytes(), read(&payload, "data")), (bytes.as_bytes(), "abc".into()));
        }
        payload.write_handler("length", "5").unwrap();
        payload.write_handler("data", "xy").unwrap();
        assert_eq!(payload.bytes(), b"xyxyx");
    }

    #[test]
    fn a_buffer_bounds_it() {
        let mut payload = Payload::new(&[b'\xff'; MOST_BYTES + 1]).with_length(i32::MAX);
        assert_eq!(payload.bytes().len(), MOST_BYTES);
        assert!(read(&payload, "data").starts_with("\\xff\\xff"));
        assert_eq!(payload.write_handler("length", "1857"), Err(HandlerError::BadValue));
        assert_eq!(payload.write_handler("data", &"x".repeat(MOST_BYTES + 1)), Err(HandlerError::BadValue));
        payload.write_handler("data", "").unwrap();
        assert_eq!(payload.bytes(), b"");
    }
}
