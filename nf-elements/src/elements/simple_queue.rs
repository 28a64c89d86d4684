// SPDX-License-Identifier: Apache-2.0
//! # SimpleQueue
//! `SimpleQueue([CAPACITY])` — stores packets first in, first out, and holds no source back.
//!
//! **Ports:** one push input; one pull output, and a second push output for what does not fit.
//!
//! **Description:** packets wait here until somebody pulls them. When CAPACITY packets wait (1000, unless given), a packet
//! that comes in leaves by output 1, or is dropped if that is not connected. Unlike a `Queue`, it does not tell a source
//! that it is full.
//!
//! **Notes:** the queue is bounded by CAPACITY for good: the handler `capacity` can lower it, and raise it again up to
//! what was configured. `drops` counts what did not fit, even if output 1 takes it. The packets that are dropped when the
//! capacity is lowered, and those that `reset` drops, count in `drops` too and do not leave by output 1, unlike in Click.
//! A waiting packet keeps its buffer, so a queue of more packets than the machine has buffers can starve its devices.
//! `NotifierQueue` and `QuickNoteQueue` are other names for it.
//!
//! **Handlers:** `length`, `highwater_length` (read), `capacity` (read, write), `drops` (drops), `reset_counts` (write:
//! sets `drops` to zero and `highwater_length` to the length), `reset` (write: drops all packets).
//!
//! **Example:** `FromDevice(lan) -> SimpleQueue(200) -> ToDevice(wan);`
//!
//! **See also:** `Queue`.

use super::fifo::{self, Fifo, Keep};
use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Spec, Store};
use core::fmt;

/// See the module's documentation.
pub struct SimpleQueue<const CAPACITY: usize = 1000> {
    fifo: Fifo<CAPACITY>,
}

impl<const CAPACITY: usize> SimpleQueue<CAPACITY> {
    /// An empty queue.
    pub const fn new() -> Self {
        SimpleQueue { fifo: Fifo::new() }
    }

    /// How many packets wait.
    #[inline]
    pub fn waiting(&self) -> usize {
        self.fifo.waiting()
    }

    /// As `self`, of the element of that name: it says so when it overflows for the first time.
    pub const fn named(mut self, name: &'static str) -> Self {
        self.fifo.set_name(name);
        self
    }
}

impl<const CAPACITY: usize> Default for SimpleQueue<CAPACITY> {
    fn default() -> Self {
        SimpleQueue::new()
    }
}

impl<const CAPACITY: usize> Element for SimpleQueue<CAPACITY> {
    const SPEC: Spec = Spec {
        class: "SimpleQueue",
        category: Category::Storage,
        summary: "stores packets first in, first out, and holds no source back",
        ports: "1/1-2",
        processing: "h/lh",
        shape: Shape::Store,
        arguments: &[fifo::CAPACITY],
        handlers: fifo::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.fifo.read_handler(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.fifo.write_handler(name, value, Keep::First)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SimpleQueue {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        fifo::configure("SimpleQueue", arguments, surroundings)
    }
}

impl<const CAPACITY: usize> Store for SimpleQueue<CAPACITY> {
    #[inline]
    fn store<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: Packet) -> Option<Packet> {
        self.fifo.push_back(io, packet)
    }

    #[inline]
    fn pull<M: PacketIo>(&mut self, _: &mut M) -> Option<Packet> {
        self.fifo.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    fn drained<const CAPACITY: usize>(queue: &mut SimpleQueue<CAPACITY>) -> Vec<u8> {
        core::iter::from_fn(|| queue.pull(&mut ListIo::new(0))).map(|packet| packet.data()[0]).collect()
    }

    #[test]
    fn first_in_first_out() {
        let (mut queue, mut io) = (SimpleQueue::<2>::new().named("q"), ListIo::new(0));
        let back: Vec<_> = (0..4).filter_map(|i| queue.store(&mut io, 0, packet(&[i]))).collect();
        assert_eq!((back.len(), back[0].data()[0], drained(&mut queue)), (2, 2, vec![0, 1]));
        assert_eq!(io.printed, ["q: overflow"]);
    }
}
