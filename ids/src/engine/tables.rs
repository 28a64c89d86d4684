// SPDX-License-Identifier: Apache-2.0
//! All memory of an engine in one piece.

use super::Memory;
use crate::app::http::{Connection, Inflater};
use crate::defrag::Datagram;
use crate::detect::Track;
use crate::stream::{Flow, Window};

/// Memory for an engine: so many flows, windows, HTTP connections (with as many decoders), datagrams, words of marks and tracks.
pub struct Tables<
    const FLOWS: usize,
    const WINDOWS: usize,
    const CONNECTIONS: usize,
    const DATAGRAMS: usize,
    const MARKS: usize,
    const TRACKS: usize,
> {
    flows: [Flow; FLOWS],
    windows: [Window; WINDOWS],
    connections: [Connection; CONNECTIONS],
    inflaters: [Inflater; CONNECTIONS],
    datagrams: [Datagram; DATAGRAMS],
    marks: [u64; MARKS],
    tracks: [Track; TRACKS],
}

impl<
    const FLOWS: usize,
    const WINDOWS: usize,
    const CONNECTIONS: usize,
    const DATAGRAMS: usize,
    const MARKS: usize,
    const TRACKS: usize,
> Tables<FLOWS, WINDOWS, CONNECTIONS, DATAGRAMS, MARKS, TRACKS>
{
    /// Unused: all zeros, so that it costs nothing in an image and nothing until it is used.
    pub const EMPTY: Self = Self {
        flows: [const { Flow::EMPTY }; FLOWS],
        windows: [const { Window::EMPTY }; WINDOWS],
        connections: [const { Connection::EMPTY }; CONNECTIONS],
        inflaters: [const { Inflater::EMPTY }; CONNECTIONS],
        datagrams: [const { Datagram::EMPTY }; DATAGRAMS],
        marks: [0; MARKS],
        tracks: [Track::EMPTY; TRACKS],
    };

    /// Lends it.
    pub fn memory(&mut self) -> Memory<'_> {
        Memory {
            flows: &mut self.flows,
            windows: &mut self.windows,
            connections: &mut self.connections,
            inflaters: &mut self.inflaters,
            datagrams: &mut self.datagrams,
            marks: &mut self.marks,
            tracks: &mut self.tracks,
        }
    }
}
