// SPDX-License-Identifier: Apache-2.0
//! # Queue
//! `Queue([CAPACITY])` — stores packets first in, first out.
//!
//! **Ports:** one push input, one pull output.
//!
//! **Description:** packets wait here until somebody pulls them. When CAPACITY packets wait (1000, unless given), a
//! packet that comes in is dropped.
//!
//! **Notes:** the queue is bounded by CAPACITY for good: the handler `capacity` can lower it, and raise it again up to
//! what was configured. The packets that it drops then (the last ones) and those that `reset` drops count in `drops`;
//! Click does not count them. A waiting packet keeps its buffer, so a queue of more packets than the VM has buffers can
//! starve its devices. Click's second output, for what does not fit, does not exist.
//!
//! **Handlers:** `length`, `highwater_length` (read), `capacity` (read, write), `drops` (drops), `reset_counts` (write:
//! sets `drops` to zero and `highwater_length` to the length), `reset` (write: drops all packets).
//!
//! **Example:** `FromDevice(lan) -> Queue(200) -> ToDevice(wan);`
//!
//! **See also:** `ToDevice`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Spec, Store};
use core::fmt;
use heapless::Deque;

/// See the module's documentation.
pub struct Queue<const CAPACITY: usize = 1000> {
    packets: Deque<Packet, CAPACITY>,
    capacity: usize,
    highwater_length: usize,
    drops: u64,
}

impl<const CAPACITY: usize> Queue<CAPACITY> {
    /// An empty queue.
    pub const fn new() -> Self {
        const { assert!(CAPACITY > 0) };
        Queue { packets: Deque::new(), capacity: CAPACITY, highwater_length: 0, drops: 0 }
    }

    fn drop_beyond(&mut self, length: usize) {
        while self.packets.len() > length {
            self.packets.pop_back();
            self.drops += 1;
        }
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
        ports: "1/1",
        processing: "h/l",
        shape: Shape::Store,
        arguments: &[Argument {
            name: "CAPACITY",
            kind: ArgumentKind::Optional,
            doc: "most packets that wait; 1000 by default",
        }],
        handlers: &[
            Handler { name: "length", kind: HandlerKind::Read, doc: "packets that wait now" },
            Handler { name: "highwater_length", kind: HandlerKind::Read, doc: "most packets that ever waited" },
            Handler {
                name: "capacity",
                kind: HandlerKind::ReadWrite,
                doc: "CAPACITY; can be lowered and raised again",
            },
            Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets dropped because the queue was full" },
            Handler { name: "reset_counts", kind: HandlerKind::Write, doc: "resets drops and highwater_length" },
            Handler { name: "reset", kind: HandlerKind::Write, doc: "drops all packets" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "length" => write!(out, "{}", self.packets.len())?,
            "highwater_length" => write!(out, "{}", self.highwater_length)?,
            "capacity" => write!(out, "{}", self.capacity)?,
            "drops" => write!(out, "{}", self.drops)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "capacity" => {
                let capacity = value.trim().parse().map_err(|_| HandlerError::BadValue)?;
                if capacity > CAPACITY {
                    return Err(HandlerError::BadValue);
                }
                self.capacity = capacity;
                self.drop_beyond(capacity);
            }
            "reset_counts" => (self.drops, self.highwater_length) = (0, self.packets.len()),
            "reset" => self.drop_beyond(0),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Queue {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let capacity: u32 = arguments.optional("CAPACITY", 1000)?;
        if capacity == 0 {
            arguments.error_last("a queue for 0 packets", "at least 1");
            return None;
        }
        let rust_type = format!("Queue<{capacity}>");
        Some(crate::configure::Instance::new(&rust_type, format!("Queue::<{capacity}>::new()")))
    }
}

impl<const CAPACITY: usize> Store for Queue<CAPACITY> {
    #[inline]
    fn store<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: Packet) -> Option<Packet> {
        if self.packets.len() >= self.capacity {
            self.drops += 1;
            return Some(packet);
        }
        // The capacity is at most the deque's own.
        let _ = self.packets.push_back(packet);
        self.highwater_length = self.highwater_length.max(self.packets.len());
        None
    }

    #[inline]
    fn pull<M: PacketIo>(&mut self, _: &mut M) -> Option<Packet> {
        self.packets.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    fn filled<const CAPACITY: usize>(packets: u8) -> Queue<CAPACITY> {
        let mut queue = Queue::new();
        for i in 0..packets {
            queue.store(&mut ListIo::new(0), 0, packet(&[i]));
        }
        queue
    }

    fn drained<const CAPACITY: usize>(queue: &mut Queue<CAPACITY>) -> Vec<u8> {
        core::iter::from_fn(|| queue.pull(&mut ListIo::new(0))).map(|packet| packet.data()[0]).collect()
    }

    #[test]
    fn keeps_the_order_and_drops_what_comes_too_late() {
        let mut queue = filled::<3>(5);
        assert_eq!((read(&queue, "length"), read(&queue, "drops")), ("3".into(), "2".into()));
        assert_eq!(drained(&mut queue), [0, 1, 2]);
        assert_eq!((read(&queue, "length"), read(&queue, "highwater_length")), ("0".into(), "3".into()));
        queue.write_handler("reset_counts", "").unwrap();
        assert_eq!((read(&queue, "drops"), read(&queue, "highwater_length")), ("0".into(), "0".into()));
    }

    #[test]
    fn a_lowered_capacity_drops_the_last() {
        let mut queue = filled::<4>(4);
        queue.write_handler("capacity", "2").unwrap();
        queue.store(&mut ListIo::new(0), 0, packet(&[9]));
        assert_eq!((read(&queue, "capacity"), read(&queue, "drops")), ("2".into(), "3".into()));
        assert_eq!(queue.write_handler("capacity", "5"), Err(HandlerError::BadValue));
        assert_eq!(drained(&mut queue), [0, 1]);
    }

    #[test]
    fn reset_drops_all_and_counts_them() {
        let mut queue = filled::<4>(3);
        queue.write_handler("reset", "").unwrap();
        assert_eq!((read(&queue, "length"), read(&queue, "drops")), ("0".into(), "3".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn capacity_becomes_part_of_the_type() {
        use crate::configure::{Surroundings, configure};
        let instance = configure::<Queue>(&["200"], &Surroundings::default()).unwrap();
        assert_eq!((instance.rust_type.as_str(), instance.expression.as_str()), ("Queue<200>", "Queue::<200>::new()"));
        assert_eq!(configure::<Queue>(&[], &Surroundings::default()).unwrap().rust_type, "Queue<1000>");
        assert!(configure::<Queue>(&["0"], &Surroundings::default()).is_err());
    }
}
