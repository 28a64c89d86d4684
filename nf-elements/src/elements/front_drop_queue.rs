// SPDX-License-Identifier: Apache-2.0
//! # FrontDropQueue
//! `FrontDropQueue([CAPACITY])` — stores packets first in, first out, and drops the oldest when full.
//!
//! **Ports:** one push input; one pull output, and a second push output for what does not fit.
//!
//! **Description:** packets wait here until somebody pulls them. When CAPACITY packets wait (1000, unless given) and one more
//! comes in, the packet that has waited longest leaves by output 1, or is dropped if that is not connected.
//!
//! **Notes:** the queue is bounded by CAPACITY for good: the handler `capacity` can lower it, and raise it again up to
//! what was configured. `drops` counts what did not fit, even if output 1 takes it. The packets that are dropped when the
//! capacity is lowered, and those that `reset` drops, count in `drops` too and do not leave by output 1, unlike in Click.
//! A waiting packet keeps its buffer, so a queue of more packets than the machine has buffers can starve its devices.
//! When the capacity is lowered, the oldest packets are dropped.
//!
//! **Handlers:** `length`, `highwater_length` (read), `capacity` (read, write), `drops` (drops), `reset_counts` (write:
//! sets `drops` to zero and `highwater_length` to the length), `reset` (write: drops all packets).
//!
//! **Example:** `FromDevice(lan) -> FrontDropQueue(200) -> ToDevice(wan);`
//!
//! **See also:** `Queue`, `MixedQueue`.

use super::fifo::{self, Fifo, Keep};
use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Spec, Store};
use core::fmt;

/// See the module's documentation.
pub struct FrontDropQueue<const CAPACITY: usize = 1000> {
    fifo: Fifo<CAPACITY>,
}

impl<const CAPACITY: usize> FrontDropQueue<CAPACITY> {
    /// An empty queue.
    pub const fn new() -> Self {
        FrontDropQueue { fifo: Fifo::new() }
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

impl<const CAPACITY: usize> Default for FrontDropQueue<CAPACITY> {
    fn default() -> Self {
        FrontDropQueue::new()
    }
}

impl<const CAPACITY: usize> Element for FrontDropQueue<CAPACITY> {
    const SPEC: Spec = Spec {
        class: "FrontDropQueue",
        category: Category::Storage,
        summary: "stores packets first in, first out, and drops the oldest when full",
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
        self.fifo.write_handler(name, value, Keep::Last)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for FrontDropQueue {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        fifo::configure("FrontDropQueue", arguments, surroundings)
    }
}

impl<const CAPACITY: usize> Store for FrontDropQueue<CAPACITY> {
    #[inline]
    fn store<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: Packet) -> Option<Packet> {
        self.fifo.push_back_over_front(io, packet)
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

    fn drained<const CAPACITY: usize>(queue: &mut FrontDropQueue<CAPACITY>) -> Vec<u8> {
        core::iter::from_fn(|| queue.pull(&mut ListIo::new(0))).map(|packet| packet.data()[0]).collect()
    }

    #[test]
    fn the_oldest_makes_room() {
        let (mut queue, mut io) = (FrontDropQueue::<2>::new(), ListIo::new(0));
        let back: Vec<_> = (0..4).filter_map(|i| queue.store(&mut io, 0, packet(&[i]))).collect();
        assert_eq!((back.len(), back[0].data()[0]), (2, 0));
        queue.write_handler("capacity", "1").unwrap();
        assert_eq!(drained(&mut queue), [3]);
    }
}
