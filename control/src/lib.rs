// SPDX-License-Identifier: Apache-2.0
//! The control channel: what a running VM and its host say to each other.
//!
//! The channel is a stream of bytes (virtio-console on QEMU). Each message is one postcard value, COBS-encoded and ended
//! by a zero byte, at most [`MESSAGE_BYTES`] long. The VM speaks first, with [`FromVm::Ready`]; from then on each
//! [`ToVm`] gets exactly one answer, in order. What is too long or cannot be decoded is answered with
//! [`Failure::Malformed`] and counted. An empty message (a lone zero byte) is none: a host that takes the channel over from
//! another begins with one, which ends what that one left unfinished, and with [`ToVm::Hello`].
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

/// The version of these messages; grows with each incompatible change.
pub const PROTOCOL: u16 = 2;

/// Most bytes of an encoded message, the closing zero included.
pub const MESSAGE_BYTES: usize = 4096;

/// The name under which the machine itself answers `Read`: its handlers are [`MACHINE_HANDLERS`].
pub const MACHINE: &str = "machine";

/// What `machine.NAME` tells, all of them numbers; beside these `received_N` and `sent_N`, the frames of port N so far;
/// and where port N is a link's end, `link_up_N` (1 if its peer is there) and `link_down_N` (frames dropped because it was not).
pub const MACHINE_HANDLERS: &[(&str, &str)] = &[
    ("now_ns", "nanoseconds since the kernel's entry"),
    ("ready_ns", "nanoseconds from the kernel's entry until all ports were up"),
    ("first_out_ns", "nanoseconds from the kernel's entry until the first frame was sent; 0 if none was"),
    ("free_buffers", "packet buffers in the pool"),
    ("device_errors", "buffers that a NIC returned wrongly, packets without headroom for its header"),
    ("rounds", "rounds of the run loop"),
    ("sleeps", "times that the processor was halted for want of work"),
    ("malformed", "requests on this channel that could not be decoded"),
];

/// From the host to a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToVm<'a> {
    /// Answer with the same number: all answers before that one are to requests of somebody else.
    Hello {
        /// Any number.
        nonce: u32,
    },
    /// Answer with the value of a read handler.
    Read {
        /// The element's name, or [`MACHINE`].
        element: &'a str,
        /// The handler's name.
        handler: &'a str,
    },
    /// Call a write handler.
    Write {
        /// The element's name.
        element: &'a str,
        /// The handler's name.
        handler: &'a str,
        /// The value.
        value: &'a str,
    },
    /// Answer `Done`, then power off.
    PowerOff,
}

/// From a VM to its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromVm<'a> {
    /// The first message: all ports are up.
    Ready {
        /// [`PROTOCOL`].
        protocol: u16,
        /// Nanoseconds from the kernel's entry until all ports were up.
        ready_ns: u64,
        /// Nanoseconds from the kernel's entry until now: the control channel comes up after the ports.
        now_ns: u64,
    },
    /// The answer to `Hello`.
    Hello {
        /// [`PROTOCOL`].
        protocol: u16,
        /// The request's.
        nonce: u32,
    },
    /// The value of a read handler.
    Value(&'a str),
    /// The request was carried out.
    Done,
    /// The request failed.
    Failed(Failure),
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// No element of that name.
    NoElement,
    /// The element has no handler of that name and direction.
    NoHandler,
    /// The handler does not take that value.
    BadValue,
    /// The answer is longer than a message.
    TooLong,
    /// The element is running just now.
    Busy,
    /// The request could not be decoded.
    Malformed,
}

/// Encodes a message into `buffer`: the bytes to send, closing zero included. `None` if it does not fit.
pub fn encode<'b, T: Serialize>(message: &T, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    postcard::to_slice_cobs(message, buffer).ok().map(|encoded| &*encoded)
}

/// Decodes one message from `frame`, the bytes up to and with the closing zero (decoded in place).
pub fn decode<'b, T: Deserialize<'b>>(frame: &'b mut [u8]) -> Option<T> {
    postcard::from_bytes_cobs(frame).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_channel() {
        let mut buffer = [0; 64];
        let request = ToVm::Read { element: "filter", handler: "count" };
        let length = encode(&request, &mut buffer).unwrap().len();
        assert_eq!(buffer[..length].iter().position(|&byte| byte == 0), Some(length - 1));
        assert_eq!(decode::<ToVm>(&mut buffer[..length]), Some(request));
    }

    #[test]
    fn noise_and_overlong_messages_are_refused() {
        assert_eq!(decode::<ToVm>(&mut [9, 9, 9, 0]), None);
        assert_eq!(encode(&FromVm::Value("too long"), &mut [0; 4]), None);
    }
}
