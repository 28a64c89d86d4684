// SPDX-License-Identifier: Apache-2.0
//! A tap: copies of what passes a port or comes into an element, kept until the host takes them.
//!
//! The wiring is compiled for two machines: the plain one, for which a tap is nothing, and [`Tapped`], which runs while somebody
//! listens. So who does not listen does not pay.

use crate::cell::Once;
use control::{MESSAGE_BYTES, Mirrored};
use heapless::Vec;
use nf_elements::{Batch, Graph, Packet, PacketIo};

/// Bytes of copies that wait. What comes while there is no room is counted only.
const WAITING_BYTES: usize = 32 * 1024;
/// Bytes that one message takes.
const TAKEN_BYTES: usize = MESSAGE_BYTES - 64;
/// Most bytes of one packet, so that each copy fits a message.
const MOST_SNAP: usize = 2048;
/// A tap whose copies nobody takes for so long ends: its host is gone, and not just slow, as one is that is emulated.
const LEASE_NS: u64 = 30_000_000_000;

/// What is watched. All zero bytes at first, so that the tap takes no room in the image.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Watched {
    Nothing,
    Ports,
    Port(usize),
    Element(usize),
}

/// The tap of a VM.
pub struct Tap {
    watched: Watched,
    snap: usize,
    ends_ns: u64,
    lost: u64,
    waiting: Vec<u8, WAITING_BYTES>,
}

/// The only one.
static TAP: Once<Tap> = Once::new(Tap::off());

impl Tap {
    const fn off() -> Self {
        Tap { watched: Watched::Nothing, snap: 0, ends_ns: 0, lost: 0, waiting: Vec::new() }
    }

    /// The VM's tap, which is off. Panics the second time.
    pub fn get() -> &'static mut Tap {
        TAP.take()
    }

    /// Whether it listens.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.watched != Watched::Nothing
    }

    /// Listens at an element, or at a port of that name, or at all ports if there is no name. False if there is neither.
    pub fn listen<G: Graph>(&mut self, name: &str, snap: u16, now_ns: u64) -> bool {
        let element = G::ELEMENTS.iter().position(|(element, _)| *element == name).map(Watched::Element);
        let port = || G::PORTS.iter().position(|port| *port == name).map(Watched::Port);
        let watched = if name.is_empty() { Some(Watched::Ports) } else { element.or_else(port) };
        let watched = watched.unwrap_or(Watched::Nothing);
        self.waiting.clear();
        (self.watched, self.lost) = (watched, 0);
        (self.snap, self.ends_ns) = (usize::from(snap).min(MOST_SNAP), now_ns.saturating_add(LEASE_NS));
        self.is_on()
    }

    /// Listens no longer.
    pub fn end(&mut self) {
        self.watched = Watched::Nothing;
        self.waiting.clear();
    }

    /// Gives the oldest copies, as many as one message takes, and how many there was no room for so far.
    pub fn take<T>(&mut self, now_ns: u64, with: impl FnOnce(u64, &[u8]) -> T) -> T {
        self.ends_ns = now_ns.saturating_add(LEASE_NS);
        let mut end = 0;
        while let Some((_, rest)) = Mirrored::first(&self.waiting[end..]) {
            let next = self.waiting.len() - rest.len();
            if next > TAKEN_BYTES {
                break;
            }
            end = next;
        }
        let result = with(self.lost, &self.waiting[..end]);
        drop(self.waiting.drain(..end));
        result
    }

    fn keep(&mut self, packet: &Packet, now_ns: u64) {
        let data = packet.data();
        let bytes = &data[..data.len().min(self.snap)];
        let mut copy = [0; MOST_SNAP + Mirrored::HEADER_BYTES];
        let copy = Mirrored { time_ns: now_ns, length: data.len() as u32, bytes }.write(&mut copy);
        let kept = copy.is_some_and(|copy| self.waiting.extend_from_slice(copy).is_ok());
        self.lost += u64::from(!kept);
    }

    fn keep_all(&mut self, packets: &[Packet], now_ns: u64) {
        packets.iter().for_each(|packet| self.keep(packet, now_ns));
    }

    fn watches(&self, port: usize) -> bool {
        self.watched == Watched::Ports || self.watched == Watched::Port(port)
    }
}

/// A round of `graph` on `machine`, seen by `tap`. True if a packet moved.
#[cold]
#[inline(never)]
pub fn round<G: Graph, M: PacketIo>(graph: &mut G, machine: &mut M, tap: &mut Tap) -> bool {
    if machine.now_ns() > tap.ends_ns {
        tap.end();
    }
    graph.run(&mut Tapped { machine, tap })
}

/// A machine that shows its tap what passes.
struct Tapped<'a, M> {
    machine: &'a mut M,
    tap: &'a mut Tap,
}

impl<M: PacketIo> PacketIo for Tapped<'_, M> {
    const TAPS: bool = true;

    fn receive(&mut self, port: usize, batch: &mut Batch) {
        let before = batch.len();
        self.machine.receive(port, batch);
        if self.tap.watches(port) {
            self.tap.keep_all(&batch.iter().as_slice()[before..], self.machine.now_ns());
        }
    }

    fn transmit(&mut self, port: usize, batch: &mut Batch) {
        // What the device has no room for now is shown when it leaves.
        if self.tap.watches(port) {
            let leaving = batch.len().min(self.machine.transmit_room(port));
            self.tap.keep_all(&batch.iter().as_slice()[..leaving], self.machine.now_ns());
        }
        self.machine.transmit(port, batch);
    }

    fn transmit_room(&mut self, port: usize) -> usize {
        self.machine.transmit_room(port)
    }

    fn allocate(&mut self) -> Option<Packet> {
        self.machine.allocate()
    }

    fn now_ns(&self) -> u64 {
        self.machine.now_ns()
    }

    fn stop(&mut self) {
        self.machine.stop();
    }

    fn message(&mut self, text: core::fmt::Arguments<'_>) {
        self.machine.message(text);
    }

    #[inline(never)]
    fn tap(&mut self, element: usize, packet: &Packet) {
        if self.tap.watched == Watched::Element(element) {
            self.tap.keep(packet, self.machine.now_ns());
        }
    }

    #[inline(never)]
    fn tap_all(&mut self, element: usize, batch: &Batch) {
        batch.iter().for_each(|packet| self.tap(element, packet));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt;
    use nf_elements::HandlerError;
    use nf_elements::testing::ListIo;

    /// `lan -> e -> wan`.
    struct Wire;

    impl Graph for Wire {
        const PORTS: &'static [&'static str] = &["lan", "wan"];
        const ELEMENTS: &'static [(&'static str, &'static str)] = &[("d", "Idle"), ("e", "Null")];

        fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
            let mut batch = Batch::new();
            io.receive(0, &mut batch);
            if M::TAPS {
                io.tap_all(1, &batch);
            }
            io.transmit(1, &mut batch);
            true
        }

        fn read_handler(&mut self, _: &str, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
            Err(HandlerError::NoElement)
        }

        fn write_handler(&mut self, _: &str, _: &str, _: &str) -> Result<(), HandlerError> {
            Err(HandlerError::NoElement)
        }
    }

    /// Copies that a tap at `name` has after frames of these lengths, by length and bytes kept; and how many were lost.
    fn tapped(name: &str, snap: u16, frames: &[usize]) -> (std::vec::Vec<(u32, usize)>, u64) {
        let (mut tap, mut io) = (Tap::off(), ListIo::new(2));
        assert!(tap.listen::<Wire>(name, snap, 0));
        io.arriving[0].extend(frames.iter().map(|length| vec![7; *length]));
        while !io.arriving[0].is_empty() {
            round(&mut Wire, &mut io, &mut tap);
        }
        assert_eq!(io.sent[1].len(), frames.len(), "what is mirrored goes on");
        let (mut copies, mut lost) = (std::vec::Vec::new(), 0);
        loop {
            let before = copies.len();
            tap.take(0, |so_far, mut bytes| {
                assert!(bytes.len() <= TAKEN_BYTES);
                lost = so_far;
                while let Some((copy, rest)) = Mirrored::first(bytes) {
                    copies.push((copy.length, copy.bytes.len()));
                    bytes = rest;
                }
            });
            if copies.len() == before {
                return (copies, lost);
            }
        }
    }

    #[test]
    fn packets_are_mirrored_at_elements_and_ports() {
        assert_eq!(tapped("e", 20, &[60, 10]), (vec![(60, 20), (10, 10)], 0));
        assert_eq!(tapped("wan", 2048, &[60]), (vec![(60, 60)], 0));
        assert_eq!(tapped("d", 2048, &[60]), (vec![], 0));
        assert_eq!(tapped("", 2048, &[60]), (vec![(60, 60); 2], 0), "it comes in and leaves");
        assert!(!Tap::off().listen::<Wire>("f", 1, 0));
    }

    #[test]
    fn what_there_is_no_room_for_is_counted() {
        let (copies, lost) = tapped("e", 2048, &[1500; 40]);
        assert!((20..WAITING_BYTES / 1500 + 1).contains(&copies.len()), "{}", copies.len());
        assert_eq!(copies.len() as u64 + lost, 40);
    }

    #[test]
    fn a_tap_whose_host_is_gone_ends() {
        let (mut tap, mut io) = (Tap::off(), ListIo::new(2));
        assert!(tap.listen::<Wire>("e", 60, 0));
        for (now_ns, on) in [(LEASE_NS, true), (LEASE_NS + 1, false)] {
            io.now_ns = now_ns;
            round(&mut Wire, &mut io, &mut tap);
            assert_eq!(tap.is_on(), on);
        }
    }
}
