// SPDX-License-Identifier: Apache-2.0
//! # MixedQueue
//! `MixedQueue([CAPACITY])` — stores packets first in, first out, or last in, first out.
//!
//! **Ports:** two push inputs; one pull output, and a second push output for what does not fit.
//!
//! **Description:** packets wait here until somebody pulls them. One that comes in by input 0 waits behind all others, one by
//! input 1 before all others. When CAPACITY packets wait (1000, unless given), the packet at input 0 leaves by output 1 at
//! once, and a packet at input 1 drives out the one that waits at the back. Without output 1 they are dropped.
//!
//! **Notes:** the queue is bounded by CAPACITY for good: the handler `capacity` can lower it, and raise it again up to
//! what was configured. `drops` counts what did not fit, even if output 1 takes it. The packets that are dropped when the
//! capacity is lowered, and those that `reset` drops, count in `drops` too and do not leave by output 1, unlike in Click.
//! A waiting packet keeps its buffer, so a queue of more packets than the machine has buffers can starve its devices.
//!
//! **Handlers:** `length`, `highwater_length` (read), `capacity` (read, write), `drops` (drops), `reset_counts` (write:
//! sets `drops` to zero and `highwater_length` to the length), `reset` (write: drops all packets).
//!
//! **Example:** `q :: MixedQueue(9); FromDevice(lan) -> [0]q -> ToDevice(wan); FromDevice(wan) -> [1]q;`
//!
//! **See also:** `Queue`, `FrontDropQueue`.

use super::fifo::{self, Fifo, Keep};
use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Spec, Store};
use core::fmt;

/// See the module's documentation.
pub struct MixedQueue<const CAPACITY: usize = 1000> {
    fifo: Fifo<CAPACITY>,
}

impl<const CAPACITY: usize> MixedQueue<CAPACITY> {
    /// An empty queue.
    pub const fn new() -> Self {
        MixedQueue { fifo: Fifo::new() }
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

impl<const CAPACITY: usize> Default for MixedQueue<CAPACITY> {
    fn default() -> Self {
        MixedQueue::new()
    }
}

impl<const CAPACITY: usize> Element for MixedQueue<CAPACITY> {
    const SPEC: Spec = Spec {
        class: "MixedQueue",
        category: Category::Storage,
        summary: "stores packets first in, first out, or last in, first out",
        ports: "2/1-2",
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
impl crate::configure::Configure for MixedQueue {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        fifo::configure("MixedQueue", arguments, surroundings)
    }
}

impl<const CAPACITY: usize> Store for MixedQueue<CAPACITY> {
    #[inline]
    fn store<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: Packet) -> Option<Packet> {
        if input == 0 { self.fifo.push_back(io, packet) } else { self.fifo.push_front_over_back(io, packet) }
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

    fn drained<const CAPACITY: usize>(queue: &mut MixedQueue<CAPACITY>) -> Vec<u8> {
        core::iter::from_fn(|| queue.pull(&mut ListIo::new(0))).map(|packet| packet.data()[0]).collect()
    }

    #[test]
    fn input_1_goes_first_and_drives_out_the_last() {
        let (mut queue, mut io) = (MixedQueue::<5>::new(), ListIo::new(0));
        for (input, byte) in [(0, 1), (0, 2), (1, 3), (0, 4), (1, 5)] {
            assert!(queue.store(&mut io, input, packet(&[byte])).is_none());
        }
        assert_eq!(queue.store(&mut io, 0, packet(&[6])).unwrap().data(), [6]);
        assert_eq!(queue.store(&mut io, 1, packet(&[7])).unwrap().data(), [4]);
        assert_eq!(drained(&mut queue), [7, 5, 3, 1, 2]);
    }
}
