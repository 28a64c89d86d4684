// SPDX-License-Identifier: Apache-2.0
//! What an element is: a [`Spec`], handlers, and one of six ways to treat packets.
//!
//! The compiler reads `SPEC.shape` and emits calls to the method of that shape's trait, all of them statically known:
//!
//! | shape | trait | a packet … |
//! | --- | --- | --- |
//! | `Action` | [`Action`] | goes on by output 0 or is dropped |
//! | `Route` | [`Route`] | goes on by one output or is dropped |
//! | `Push` | [`Push`] | becomes any number of packets on any outputs |
//! | `Store` | [`Store`] | waits until somebody pulls |
//! | `Source` | [`Source`] | is born here |
//! | `Sink` | [`Sink`] | ends here |

use crate::{Batch, Packet, PacketIo, Spec};
use core::fmt;

/// An element class. Its handlers are named in `SPEC.handlers`.
pub trait Element {
    /// Name, ports, arguments, handlers, documentation.
    const SPEC: Spec;

    /// Writes the value of the read handler `name` to `out`.
    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError>;

    /// Gives `value` to the write handler `name`.
    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let _ = (name, value);
        Err(HandlerError::Unknown)
    }
}

/// Why a handler call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerError {
    /// No element of that name.
    NoElement,
    /// The element has no handler of that name and direction.
    Unknown,
    /// The value is not one that the handler takes.
    BadValue,
    /// The answer does not fit the reply.
    TooLong,
}

impl From<fmt::Error> for HandlerError {
    fn from(_: fmt::Error) -> Self {
        HandlerError::TooLong
    }
}

/// What an [`Action`] decides about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// It ends here; the element has counted why.
    Drop,
}

/// One input, one output: the simple case.
pub trait Action: Element {
    /// Treats one packet in place.
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict;
}

/// Each packet leaves by at most one output.
pub trait Route: Element {
    /// The output that `packet`, which came in by `input`, leaves by; `None` drops it (the element has counted why).
    /// An output that is not connected drops it as well.
    fn route<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: &mut Packet) -> Option<usize>;
}

/// Where a [`Push`] element puts its packets.
pub trait Outputs {
    /// Number of outputs.
    const COUNT: usize;

    /// Sends `packet` by output `port`. An output that does not exist drops it.
    fn emit(&mut self, port: usize, packet: Packet);
}

/// Any number of packets on any outputs, at most one per output for each packet that comes in.
pub trait Push: Element {
    /// Treats a packet that came in by `input`.
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, packet: Packet, out: &mut O);
}

/// Push in, pull out: packets wait here.
pub trait Store: Element {
    /// Takes a packet in, or drops it (and counts why).
    fn store<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: Packet);

    /// The next packet, if one waits.
    fn pull<M: PacketIo>(&mut self, io: &mut M) -> Option<Packet>;
}

/// Packets begin here.
pub trait Source: Element {
    /// Adds to `batch` what is there now, up to its room and to `limit` packets.
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch);
}

/// Packets end here.
pub trait Sink: Element {
    /// Takes all packets of `batch`.
    fn consume<M: PacketIo>(&mut self, io: &mut M, batch: Batch);

    /// How many packets to pull for it now, where it stands at the end of a pull path.
    fn room<M: PacketIo>(&mut self, io: &mut M) -> usize {
        let _ = io;
        crate::BURST
    }
}

/// The wiring of one VM, as the compiler emits it.
pub trait Graph {
    /// The VM's ports in the order of its NICs and links.
    const PORTS: &'static [&'static str];

    /// Runs every task once: receives, pushes through, pulls, transmits. True if a packet moved.
    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool;

    /// Reads `element.handler`.
    fn read_handler(&self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError>;

    /// Writes `element.handler`.
    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError>;
}
