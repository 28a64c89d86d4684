// SPDX-License-Identifier: Apache-2.0
//! # Queue
//! `Queue([CAPACITY])` — stores packets first in, first out.
//!
//! **Ports:** one push input; one pull output, and a second push output for what does not fit.
//!
//! **Description:** packets wait here until somebody pulls them. When CAPACITY packets wait (1000, unless given), a packet
//! that comes in leaves by output 1, or is dropped if that is not connected. A source that can wait, like `InfiniteSource`,
//! waits while the queue is full.
//!
//! **Notes:** the queue is bounded by CAPACITY for good: the handler `capacity` can lower it, and raise it again up to
//! what was configured. `drops` counts what did not fit, even if output 1 takes it. The packets that are dropped when the
//! capacity is lowered, and those that `reset` drops, count in `drops` too and do not leave by output 1, unlike in Click.
//! A waiting packet keeps its buffer, so a queue of more packets than the machine has buffers can starve its devices.
//! `FullNoteQueue`, `ThreadSafeQueue` and `MSQueue` are other names for it: one processor runs the whole configuration.
//!
//! **Handlers:** `length`, `highwater_length` (read), `capacity` (read, write), `drops` (drops), `reset_counts` (write:
//! sets `drops` to zero and `highwater_length` to the length), `reset` (write: drops all packets).
//!
//! **Example:** `FromDevice(lan) -> Queue(200) -> ToDevice(wan);`
//!
//! **See also:** `SimpleQueue`, `FrontDropQueue`, `MixedQueue`, `Unqueue`.

use super::fifo::{self, Fifo, Keep};
use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Spec, Store};
use core::fmt;

/// See the module's documentation.
pub struct Queue<const CAPACITY: usize = 1000> {
    fifo: Fifo<CAPACITY>,
}

impl<const CAPACITY: usize> Queue<CAPACITY> {
    /// An empty queue.
    pub const fn new() -> Self {
        Queue { fifo: Fifo::new() }
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

impl<const CAPACITY: usize> Default for Queue<CAPACITY> {
    fn default() -> Self {
        Queue::new()
    }
}

impl<const CAPACITY: usize> Element for Queue<CAPACITY> {
    const SPEC: Spec = Spec {
        class: "Queue",
        category: Category::Storage,
        summary: "stores packets first in, first out",
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
impl crate::configure::Configure for Queue {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        fifo::configure("Queue", arguments, surroundings)
    }
}

impl<const CAPACITY: usize> Store for Queue<CAPACITY> {
    #[inline]
    fn store<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: Packet) -> Option<Packet> {
        self.fifo.push_back(io, packet)
    }

    #[inline]
    fn pull<M: PacketIo>(&mut self, _: &mut M) -> Option<Packet> {
        self.fifo.pop_front()
    }

    #[inline]
    fn full(&self) -> bool {
        self.fifo.is_full()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    fn drained<const CAPACITY: usize>(queue: &mut Queue<CAPACITY>) -> Vec<u8> {
        core::iter::from_fn(|| queue.pull(&mut ListIo::new(0))).map(|packet| packet.data()[0]).collect()
    }

    #[test]
    fn first_in_first_out() {
        let (mut queue, mut io) = (Queue::<2>::new().named("q"), ListIo::new(0));
        let back: Vec<_> = (0..4).filter_map(|i| queue.store(&mut io, 0, packet(&[i]))).collect();
        assert_eq!((back.len(), back[0].data()[0], drained(&mut queue)), (2, 2, vec![0, 1]));
        assert_eq!(io.printed, ["q: overflow"]);
    }

    #[cfg(feature = "host")]
    #[test]
    fn capacity_becomes_part_of_the_type() {
        use crate::configure::{Surroundings, configure};
        let here = Surroundings { name: "q", ..Default::default() };
        let instance = configure::<Queue>(&["200"], &here).unwrap();
        assert_eq!(instance.rust_type, "Queue<200>");
        assert_eq!(instance.expression, r#"Queue::<200>::new().named("q")"#);
        assert_eq!(configure::<Queue>(&[], &here).unwrap().rust_type, "Queue<1000>");
        assert!(configure::<Queue>(&["0"], &here).is_err());
    }
}
