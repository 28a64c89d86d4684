// SPDX-License-Identifier: Apache-2.0
//! The links that are connections.

use crate::vnet::stream::{Ends, Place, Refused, Stream};
use crate::{Outputs, Packet, PacketIo};

/// Up to `STREAMS` connections, each of a link.
pub struct Streams<const STREAMS: usize> {
    streams: heapless::Vec<&'static mut Stream, STREAMS>,
    pub not_connected: u64,
    pub full: u64,
}

impl<const STREAMS: usize> Streams<STREAMS> {
    /// None as yet.
    pub const fn new() -> Self {
        Streams { streams: heapless::Vec::new(), not_connected: 0, full: 0 }
    }

    /// Makes one in each place.
    pub fn lend(&mut self, memory: &'static mut [Place]) {
        for stream in memory.iter_mut().filter_map(Stream::new) {
            // As many places as there may be are lent.
            let _ = self.streams.push(stream);
        }
    }

    /// Whether there is one that belongs to no link.
    pub fn has_room(&self) -> bool {
        self.streams.iter().any(|stream| stream.link().is_none())
    }

    /// Begins the connection of link `link`; false without room for it.
    pub fn begin(&mut self, link: usize, ends: Ends) -> bool {
        let free = self.streams.iter_mut().find(|stream| stream.link().is_none());
        free.map(|stream| stream.begin(link as u8, ends)).is_some()
    }

    /// Ends that of link `link`, if it has one.
    pub fn end(&mut self, link: usize) {
        if let Some(stream) = self.get_mut(link) {
            stream.end();
        }
    }

    /// That of link `link`.
    pub fn get(&self, link: usize) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.link().map(usize::from) == Some(link)).map(|stream| &**stream)
    }

    /// The same, to change.
    pub fn get_mut(&mut self, link: usize) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.link().map(usize::from) == Some(link)).map(|stream| &mut **stream)
    }

    /// Has a frame go out by link `link`: whether it does. If not, that is counted.
    pub fn send(&mut self, link: usize, frame: &[u8]) -> bool {
        match self.get_mut(link).map_or(Err(Refused::NotConnected), |stream| stream.send(frame)) {
            Ok(()) => return true,
            Err(Refused::NotConnected) => self.not_connected += 1,
            Err(Refused::Full) => self.full += 1,
        }
        false
    }

    /// Does what is due. Segments leave by output 0, frames by output 1 with their links' numbers as paint; `received` sees these.
    pub fn run<M, O>(&mut self, io: &mut M, out: &mut O, mut received: impl FnMut(usize, &Packet))
    where
        M: PacketIo,
        O: Outputs,
    {
        let now_ns = io.now_ns();
        for stream in self.streams.iter_mut().filter(|stream| stream.due_ns() <= now_ns) {
            let link = stream.link().unwrap_or(0);
            stream.run(io, out, |packet| {
                packet.annotations_mut().paint = link;
                received(link.into(), packet);
            });
        }
    }

    /// When there is something to do, if ever.
    pub fn deadline_ns(&self) -> Option<u64> {
        self.streams.iter().map(|stream| stream.due_ns()).min().filter(|due_ns| *due_ns != u64::MAX)
    }

    /// What all of them have counted.
    pub fn sum(&self, count: impl Fn(&Stream) -> u64) -> u64 {
        self.streams.iter().map(|stream| count(stream)).sum()
    }
}
