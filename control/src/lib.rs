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
pub const PROTOCOL: u16 = 3;

/// Most bytes of an encoded message, the closing zero included.
pub const MESSAGE_BYTES: usize = 4096;

/// The name under which the machine itself answers `Read` and `Write`: its handlers are [`MACHINE_HANDLERS`].
pub const MACHINE: &str = "machine";

/// What `machine.NAME` tells: numbers, but for `mode`, which like the rates and the window can be written, too. Beside these `received_N` and `sent_N`, the frames of port N so far;
/// where port N is a link's end, `link_up_N` (1 if its peer is there), `link_down_N` (frames dropped because it was not) and
/// `link_bad_N` (how often its peer wrote an index or a descriptor that cannot be); if it shares its buffers with the peer, instead
/// of the last one `link_free_N` and `link_away_N` (those of its own that are free, and those that the peer has) and `link_copied_N`
/// (sent frames that lay elsewhere);
/// and where it is a vif of Xen's, `vif_up_N` (1 if its backend is connected), `vif_down_N` (frames dropped because it was not),
/// `vif_mtu_N`, `vif_connections_N` and `vif_breaks_N` (how often it was connected, and broke the protocol), `vif_offloads_N` (frames
/// dropped because they wanted an offload that was refused) and `vif_undelivered_N` (frames that the backend did not send).
pub const MACHINE_HANDLERS: &[(&str, &str)] = &[
    ("now_ns", "nanoseconds since the kernel's entry"),
    ("ready_ns", "nanoseconds from the kernel's entry until all ports were up"),
    ("first_out_ns", "nanoseconds from the kernel's entry until the first frame was sent; 0 if none was"),
    ("first_out_ran_ns", "nanoseconds that Xen had let this domain run until then; 0 elsewhere"),
    ("free_buffers", "packet buffers in the pool"),
    ("device_errors", "what a NIC returned wrongly, frames of chains in damaged envelopes, packets without headroom"),
    ("rounds", "rounds of the run loop"),
    ("sleeps", "times that the processor was halted for want of work"),
    ("mode", "what drives the run loop: adaptive, poll or interrupt"),
    ("polls", "1 if it polls now, 0 if interrupts wake it"),
    ("mode_switches", "how often that changed"),
    ("rate_pps", "frames received per second in the last window"),
    ("lower_pps", "the rate below which adaptive lets interrupts wake it (VNET/P's α_l)"),
    ("upper_pps", "the rate from which adaptive polls (α_u)"),
    ("window_ns", "nanoseconds that the rate is taken over, at least (ω)"),
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
        /// The element's name, or [`MACHINE`].
        element: &'a str,
        /// The handler's name.
        handler: &'a str,
        /// The value.
        value: &'a str,
    },
    /// Answer `Done`, then power off.
    PowerOff,
    /// Mirror what comes into an element, or passes a port: from now on, in place of what was mirrored before.
    Tap {
        /// The element's or port's name; all ports if it is empty.
        name: &'a str,
        /// Bytes of each packet that are enough.
        snap: u16,
    },
    /// Answer with what was mirrored and not taken yet, as much as there is room for. Who does not ask for seconds is taken
    /// for gone, and the tap ends; where there is none, the answer is [`Failure::NoHandler`].
    TakeTap,
    /// Mirror no longer.
    EndTap,
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
    /// The answer to `TakeTap`.
    Mirrored {
        /// Packets that were not kept, for want of room, since the tap began.
        lost: u64,
        /// [`Mirrored`] packets, one behind the other; none if there are none now.
        packets: &'a [u8],
    },
    /// The request failed.
    Failed(Failure),
}

/// A packet that a tap has mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mirrored<'a> {
    /// When, in nanoseconds since the kernel's entry.
    pub time_ns: u64,
    /// How long it was.
    pub length: u32,
    /// Its first bytes.
    pub bytes: &'a [u8],
}

impl<'a> Mirrored<'a> {
    /// Most bytes of one beside the packet's own.
    pub const HEADER_BYTES: usize = 10 + 5 + 5;

    /// Writes it into `buffer`. None if it does not fit.
    pub fn write<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        postcard::to_slice(self, buffer).ok().map(|written| &*written)
    }

    /// The first one in `bytes`, and what is behind it.
    pub fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        postcard::take_from_bytes(bytes).ok()
    }
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
    fn mirrored_packets_stand_one_behind_the_other() {
        let one = Mirrored { time_ns: u64::MAX, length: u32::MAX, bytes: &[7; 60] };
        let two = Mirrored { time_ns: 1, length: 2, bytes: &[] };
        let mut buffer = [0; Mirrored::HEADER_BYTES + 60];
        let bytes = [one.write(&mut buffer).unwrap().to_vec(), two.write(&mut [0; 20]).unwrap().to_vec()].concat();
        let (first, rest) = Mirrored::first(&bytes).unwrap();
        assert_eq!((first, Mirrored::first(rest)), (one, Some((two, &[][..]))));
        assert_eq!(Mirrored::first(&bytes[..10]), None);
        assert_eq!(one.write(&mut [0; 60]), None);
    }

    #[test]
    fn noise_and_overlong_messages_are_refused() {
        assert_eq!(decode::<ToVm>(&mut [9, 9, 9, 0]), None);
        assert_eq!(encode(&FromVm::Value("too long"), &mut [0; 4]), None);
    }
}
