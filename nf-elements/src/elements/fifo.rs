// SPDX-License-Identifier: Apache-2.0
//! Packets that wait, and what Click's queues have in common: CAPACITY, the handlers, the message at the first overflow.

use super::handler_value::number;
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::{HandlerError, Packet, PacketIo};
use core::fmt;
use heapless::Deque;

/// The argument CAPACITY.
pub const CAPACITY: Argument =
    Argument { name: "CAPACITY", kind: ArgumentKind::Optional, doc: "most packets that wait; 1000 by default" };

/// The handlers of every queue.
pub const HANDLERS: &[Handler] = &[
    Handler { name: "length", kind: HandlerKind::Read, doc: "packets that wait now" },
    Handler { name: "highwater_length", kind: HandlerKind::Read, doc: "most packets that ever waited" },
    Handler { name: "capacity", kind: HandlerKind::ReadWrite, doc: "CAPACITY; can be lowered and raised again" },
    Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets dropped because the queue was full" },
    Handler { name: "reset_counts", kind: HandlerKind::Write, doc: "resets drops and highwater_length" },
    Handler { name: "reset", kind: HandlerKind::Write, doc: "drops all packets" },
];

/// Which packets stay when a queue shrinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Those at the front.
    First,
    /// Those at the back.
    Last,
}

/// Up to `CAPACITY` packets.
pub struct Fifo<const CAPACITY: usize> {
    packets: Deque<Packet, CAPACITY>,
    capacity: usize,
    highwater_length: usize,
    drops: u64,
    /// Whose it is; empty if nobody is to be told.
    name: &'static str,
}

impl<const CAPACITY: usize> Fifo<CAPACITY> {
    /// An empty one.
    pub const fn new() -> Self {
        const { assert!(CAPACITY > 0) };
        Fifo { packets: Deque::new(), capacity: CAPACITY, highwater_length: 0, drops: 0, name: "" }
    }

    /// Says whose it is.
    pub const fn set_name(&mut self, name: &'static str) {
        self.name = name;
    }

    /// How many packets wait.
    #[inline]
    pub fn waiting(&self) -> usize {
        self.packets.len()
    }

    /// Whether nothing more fits.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.packets.len() >= self.capacity
    }

    /// Appends a packet; gives it back, counted, when the queue is full.
    #[inline]
    pub fn push_back<M: PacketIo>(&mut self, io: &mut M, packet: Packet) -> Option<Packet> {
        if self.is_full() {
            self.overflow(io);
            return Some(packet);
        }
        let lost = self.packets.push_back(packet).err();
        self.note_length();
        lost
    }

    /// Appends a packet; gives back the first one, counted, when the queue is full.
    #[inline]
    pub fn push_back_over_front<M: PacketIo>(&mut self, io: &mut M, packet: Packet) -> Option<Packet> {
        let oldest = if self.is_full() { self.packets.pop_front() } else { None };
        if oldest.is_some() {
            self.overflow(io);
        }
        self.push_back(io, packet).or(oldest)
    }

    /// Puts a packet in front of all; gives back the last one, counted, when the queue is full.
    #[inline]
    pub fn push_front_over_back<M: PacketIo>(&mut self, io: &mut M, packet: Packet) -> Option<Packet> {
        let oldest = if self.is_full() { self.packets.pop_back() } else { None };
        if oldest.is_some() {
            self.overflow(io);
        }
        if self.is_full() {
            self.overflow(io);
            return Some(packet);
        }
        let lost = self.packets.push_front(packet).err();
        self.note_length();
        lost.or(oldest)
    }

    /// The first packet.
    #[inline]
    pub fn pop_front(&mut self) -> Option<Packet> {
        self.packets.pop_front()
    }

    #[inline]
    fn note_length(&mut self) {
        self.highwater_length = self.highwater_length.max(self.packets.len());
    }

    #[cold]
    fn overflow<M: PacketIo>(&mut self, io: &mut M) {
        if self.drops == 0 && !self.name.is_empty() && self.capacity > 0 {
            io.message(format_args!("{}: overflow", self.name));
        }
        self.drops += 1;
    }

    fn drop_beyond(&mut self, length: usize, keep: Keep) {
        while self.packets.len() > length {
            match keep {
                Keep::First => self.packets.pop_back(),
                Keep::Last => self.packets.pop_front(),
            };
            self.drops += 1;
        }
    }

    /// Reads one of [`HANDLERS`].
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "length" => write!(out, "{}", self.packets.len())?,
            "highwater_length" => write!(out, "{}", self.highwater_length)?,
            "capacity" => write!(out, "{}", self.capacity)?,
            "drops" => write!(out, "{}", self.drops)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Writes one of [`HANDLERS`].
    pub fn write_handler(&mut self, name: &str, value: &str, keep: Keep) -> Result<(), HandlerError> {
        match name {
            "capacity" => match number(value)? {
                capacity if capacity <= CAPACITY => {
                    self.capacity = capacity;
                    self.drop_beyond(capacity, keep);
                }
                _ => return Err(HandlerError::BadValue),
            },
            "reset_counts" => (self.drops, self.highwater_length) = (0, self.packets.len()),
            "reset" => self.drop_beyond(0, keep),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

/// Reads CAPACITY, and gives the instance of `class`, whose type has that parameter.
#[cfg(feature = "host")]
pub fn configure(
    class: &str,
    arguments: &mut crate::configure::Arguments,
    surroundings: &crate::configure::Surroundings,
) -> Option<crate::configure::Instance> {
    let capacity: u32 = arguments.optional("CAPACITY", 1000)?;
    if capacity == 0 {
        arguments.error_last("a queue for 0 packets", "at least 1");
        return None;
    }
    let expression = format!("{class}::<{capacity}>::new().named({:?})", surroundings.name);
    Some(crate::configure::Instance::new(format!("{class}<{capacity}>"), expression))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    fn filled<const CAPACITY: usize>(io: &mut ListIo, packets: u8) -> Fifo<CAPACITY> {
        let mut fifo = Fifo::new();
        fifo.set_name("q");
        for i in 0..packets {
            fifo.push_back(io, packet(&[i]));
        }
        fifo
    }

    fn drained<const CAPACITY: usize>(fifo: &mut Fifo<CAPACITY>) -> Vec<u8> {
        core::iter::from_fn(|| fifo.pop_front()).map(|packet| packet.data()[0]).collect()
    }

    fn read<const CAPACITY: usize>(fifo: &Fifo<CAPACITY>, name: &str) -> String {
        let mut text = String::new();
        fifo.read_handler(name, &mut text).unwrap();
        text
    }

    #[test]
    fn keeps_the_order_and_gives_back_what_comes_too_late() {
        let mut io = ListIo::new(0);
        let mut fifo = filled::<3>(&mut io, 4);
        assert_eq!(fifo.push_back(&mut io, packet(&[9])).unwrap().data(), [9]);
        assert_eq!((read(&fifo, "length"), read(&fifo, "drops"), fifo.is_full()), ("3".into(), "2".into(), true));
        assert_eq!(io.printed, ["q: overflow"]);
        assert_eq!(drained(&mut fifo), [0, 1, 2]);
        assert_eq!((read(&fifo, "length"), read(&fifo, "highwater_length")), ("0".into(), "3".into()));
        fifo.write_handler("reset_counts", "", Keep::First).unwrap();
        assert_eq!((read(&fifo, "drops"), read(&fifo, "highwater_length")), ("0".into(), "0".into()));
    }

    #[test]
    fn makes_room_at_either_end() {
        let mut io = ListIo::new(0);
        let mut fifo = filled::<3>(&mut io, 3);
        assert_eq!(fifo.push_back_over_front(&mut io, packet(&[8])).unwrap().data(), [0]);
        assert_eq!(fifo.push_front_over_back(&mut io, packet(&[9])).unwrap().data(), [8]);
        assert_eq!((read(&fifo, "drops"), drained(&mut fifo)), ("2".into(), vec![9, 1, 2]));
    }

    #[test]
    fn a_lowered_capacity_drops_at_one_end() {
        let mut io = ListIo::new(0);
        for (keep, kept) in [(Keep::First, [0, 1]), (Keep::Last, [2, 3])] {
            let mut fifo = filled::<4>(&mut io, 4);
            fifo.write_handler("capacity", "2", keep).unwrap();
            fifo.push_back(&mut io, packet(&[9]));
            assert_eq!((read(&fifo, "capacity"), read(&fifo, "drops")), ("2".into(), "3".into()));
            assert_eq!(fifo.write_handler("capacity", "5", keep), Err(HandlerError::BadValue));
            assert_eq!(drained(&mut fifo), kept);
        }
    }

    #[test]
    fn without_capacity_all_comes_back() {
        let mut io = ListIo::new(0);
        let mut fifo = filled::<2>(&mut io, 0);
        fifo.write_handler("capacity", "0", Keep::First).unwrap();
        assert!(fifo.push_back(&mut io, packet(&[1])).is_some());
        assert!(fifo.push_back_over_front(&mut io, packet(&[1])).is_some());
        assert!(fifo.push_front_over_back(&mut io, packet(&[1])).is_some());
        assert_eq!((read(&fifo, "drops"), io.printed.len()), ("3".into(), 0));
    }

    #[test]
    fn reset_drops_all_and_counts_them() {
        let mut fifo = filled::<4>(&mut ListIo::new(0), 3);
        fifo.write_handler("reset", "", Keep::First).unwrap();
        assert_eq!((read(&fifo, "length"), read(&fifo, "drops")), ("0".into(), "3".into()));
    }
}
