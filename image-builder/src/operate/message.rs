// SPDX-License-Identifier: Apache-2.0
//! What commands and the manager of a run say to each other: a line of JSON each, over the socket in the run's folder.
//!
//! Each request carries the version and gets one answer, in order. A line that is too long ends the connection; one that is no
//! request of this version is answered with an error.

use super::sample::Sample;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io::{self, BufRead, Read, Write};

/// The socket in the run's folder.
pub const SOCKET: &str = "manager.sock";
/// The version of these messages.
pub const VERSION: u32 = 2;
/// Most bytes of a request, and of an answer.
pub const REQUEST_BYTES: u64 = 1 << 16;
pub const ANSWER_BYTES: u64 = 1 << 24;

/// A request.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    /// [`VERSION`].
    pub version: u32,
    /// What is asked.
    pub ask: Ask,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// The value of a handler.
    Read {
        /// The VM.
        vm: String,
        /// The element.
        element: String,
        /// The handler.
        handler: String,
    },
    /// A handler shall take a value.
    Write {
        /// The VM.
        vm: String,
        /// The element.
        element: String,
        /// The handler.
        handler: String,
        /// The value.
        value: String,
    },
    /// The counters of all VMs.
    Sample,
    /// Mirror what comes into an element, passes a port, or all ports.
    Tap {
        /// The VM.
        vm: String,
        /// The element or port; empty for all ports.
        name: String,
        /// Bytes of each packet that are enough.
        snap: u16,
    },
    /// What was mirrored since the last time.
    TakeTap {
        /// The VM.
        vm: String,
    },
    /// Mirror no longer.
    EndTap {
        /// The VM.
        vm: String,
    },
    /// A service shall have so many VMs. Asked again it says how far that is.
    Scale {
        /// The service.
        service: String,
        /// How many.
        replicas: usize,
    },
    /// Power all VMs off and end.
    Stop,
}

/// What is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is done, or is being done.
    Done,
    /// A handler's value.
    Value(String),
    /// The counters.
    Sample(Sample),
    /// What was mirrored.
    Mirrored {
        /// Packets that the VM had no room for, since the tap began.
        lost: u64,
        /// The others, in order.
        packets: Vec<Packet>,
    },
    /// A service has these VMs.
    Scaled {
        /// Which take new flows.
        vms: Vec<String>,
        /// Which still have flows, and leave with them.
        leaving: Vec<String>,
    },
    /// It cannot be, and why.
    Failed(String),
    /// The VM was asked, and does not do it; and why.
    Refused(String),
}

/// A packet that was mirrored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// When, in nanoseconds since the VM's kernel was entered.
    pub time_ns: u64,
    /// How long it was.
    pub length: u32,
    /// Its first bytes.
    pub bytes: Vec<u8>,
}

/// Sends `message` as a line.
pub fn send(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)
}

/// What has come.
#[derive(Debug)]
pub enum Came<T> {
    /// A message.
    Message(T),
    /// A line that is none, and why.
    Malformed(String),
    /// More than a message may have, or half a line: nothing that follows would make sense.
    Lost,
    /// The end.
    End,
}

/// The next message, of at most `limit` bytes.
pub fn receive<T: DeserializeOwned>(from: &mut impl BufRead, limit: u64) -> io::Result<Came<T>> {
    let mut line = Vec::new();
    from.take(limit).read_until(b'\n', &mut line)?;
    Ok(match line.last() {
        None => Came::End,
        Some(b'\n') => match serde_json::from_slice(&line) {
            Ok(message) => Came::Message(message),
            Err(error) => Came::Malformed(error.to_string()),
        },
        Some(_) => Came::Lost,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_socket_and_noise_does_not() {
        let mut line = Vec::new();
        send(&mut line, &Request { version: VERSION, ask: Ask::Stop }).unwrap();
        let text = [&line[..], b"{}\n", &[b'x'; 200]].concat();
        let mut from = &text[..];
        let came = receive::<Request>(&mut from, 100).unwrap();
        assert!(matches!(came, Came::Message(Request { version: VERSION, ask: Ask::Stop })), "{came:?}");
        assert!(matches!(receive::<Request>(&mut from, 100).unwrap(), Came::Malformed(_)));
        assert!(matches!(receive::<Request>(&mut from, 100).unwrap(), Came::Lost));
        assert!(matches!(receive::<Request>(&mut &b""[..], 100).unwrap(), Came::End));
    }
}
