// SPDX-License-Identifier: Apache-2.0
//! One direction of a flow at one packet: what came is put in its place, and what is due is matched.

use super::matching::Matching;
use super::reader::Reader;
use super::{Counters, Inspector, header_buffers};
use crate::app::dns;
use crate::app::http::{Connection, Inflater};
use crate::detect::{Detector, Findings, Payload, Sink, Subject};
use crate::packet::Packet;
use crate::rule::AppProtocol;
use crate::stream::{Flow, Pool, WINDOW, Window, tcp};

/// Bytes of a stream that were matched and are kept, so that what lies across is found.
const KEEP: usize = 512;
/// Bytes of a stream that are worth matching while its application's message is not complete.
const CHUNK: usize = 2560;

/// The number by which a flow's side owns memory.
pub(super) fn owner(flow: usize, from: usize) -> u32 {
    (flow * 2 + from + 1) as u32
}

/// One direction at one packet.
pub(super) struct Turn<'t, 'm> {
    flow: &'t mut Flow,
    index: usize,
    from: usize,
    windows: &'t mut Pool<'m, Window>,
    connections: &'t mut Pool<'m, Connection>,
    inflaters: &'t mut Pool<'m, Inflater>,
    detector: &'t mut Detector<'m>,
    counters: &'t mut Counters,
    subject: Subject<'t>,
    in_line: bool,
    sink: Sink<'t>,
    /// What the matches said so far.
    pub findings: Findings,
}

impl<'t, 'm> Turn<'t, 'm> {
    pub fn new(all: &'t mut Inspector<'m>, index: usize, from: usize, subject: Subject<'t>, sink: Sink<'t>) -> Self {
        Self {
            flow: all.flows.get(index),
            index,
            from,
            windows: &mut all.windows,
            connections: &mut all.connections,
            inflaters: &mut all.inflaters,
            detector: &mut all.detector,
            counters: &mut all.counters,
            in_line: all.in_line,
            subject,
            sink,
            findings: Findings::default(),
        }
    }

    fn owner(&self) -> u32 {
        owner(self.index, self.from)
    }

    /// Puts a segment's payload into the stream; whether it is there now (or was before).
    pub fn receive(&mut self, sequence: u32, payload: &[u8]) -> bool {
        let owner = self.owner();
        let side = &mut self.flow.streams[self.from];
        if self.windows.get(side.window, owner).is_none() {
            side.window = self.windows.take(owner).unwrap_or(0);
            if let Some(window) = self.windows.get(side.window, owner) {
                window.start = side.next;
            }
        }
        let Some(window) = self.windows.get(side.window, owner) else {
            self.counters.unplaced_bytes += payload.len() as u64;
            return false;
        };
        let (mut new, mut lost) = window.insert(sequence, payload);
        if lost == payload.len() && tcp::at_or_after(side.acked, sequence) && tcp::at_or_after(sequence, window.start) {
            // The receiver has what lies between; it will not be seen here any more.
            self.counters.missing_bytes += u64::from(sequence.wrapping_sub(window.start)) - window.ready().len() as u64;
            let ready = window.ready().len();
            window.slide(ready);
            (window.start, (new, lost)) = (sequence, window.insert(sequence, payload));
        }
        self.counters.unplaced_bytes += lost as u64;
        new > 0 || lost == 0
    }

    /// Matches the packet by itself.
    pub fn packet(&mut self, packet: &Packet<'_>, in_stream: bool) {
        let payload = Payload { packet: packet.payload, in_stream, stream: None };
        let buffers = header_buffers(packet);
        let found = self.detector.packet(&self.subject, &payload, &buffers, &mut self.flow.bits, self.sink);
        self.findings.join(found);
    }

    /// Whether a UDP datagram is a message of DNS.
    pub fn is_dns(&mut self, packet: &Packet<'_>) -> bool {
        let is_dns = self.flow.ports[1] == 53 && dns::looks_valid(packet.payload);
        if is_dns {
            (self.flow.app, self.subject.app) = (AppProtocol::Dns, AppProtocol::Dns);
        }
        is_dns
    }

    /// Matches a message of DNS.
    pub fn dns(&mut self, message: &[u8]) {
        let mut matching = Matching {
            detector: self.detector,
            subject: self.subject,
            context: message,
            bits: &mut self.flow.bits,
            sink: self.sink,
            findings: &mut self.findings,
        };
        matching.dns(message);
    }

    /// Matches what is due of the stream; everything, if it ends here.
    pub fn stream(&mut self, last: bool) {
        loop {
            self.due(last);
            let (owner, side) = (self.owner(), &mut self.flow.streams[self.from]);
            let Some(window) = self.windows.get(side.window, owner) else { return };
            side.next = window.start.wrapping_add(window.ready().len() as u32);
            let behind = tcp::at_or_after(side.acked, side.next.wrapping_add(1));
            if !window.has_gap() || !(last || behind) {
                return;
            }
            self.counters.missing_bytes += window.skip_gap() as u64;
        }
    }

    /// Matches what is due of the bytes that are there without a gap.
    fn due(&mut self, last: bool) {
        let owner = self.owner();
        let Self { flow, windows, connections, inflaters, detector, counters, subject, sink, .. } = self;
        let Flow { streams, bits, app, http, ports, .. } = &mut **flow;
        let side = &mut streams[self.from];
        let mut reader = Reader {
            app,
            http,
            done: &mut side.app_done,
            connections,
            inflaters,
            owner: self::owner(self.index, 0),
            from: self.from,
            port: ports[1],
            eager: self.in_line,
            given_up: &mut counters.app_given_up,
        };
        let mut matching =
            Matching { detector, subject: *subject, context: &[], bits, sink: *sink, findings: &mut self.findings };
        let Some(window) = windows.get(side.window, owner) else {
            if last {
                reader.read(&[], true, false, &mut matching);
            }
            return;
        };
        let ready = window.ready().len();
        let acked = usize::try_from(side.acked.wrapping_sub(window.start).cast_signed()).unwrap_or(0);
        let limit = if self.in_line || last || window.is_full() { ready } else { acked.min(ready) };
        let (parsed, matched) = (usize::from(window.app).min(limit), usize::from(window.raw).min(limit));
        let data = &window.ready()[..limit];
        matching.context = data;
        let full = window.is_full() && parsed == 0;
        let taken = if parsed < limit || last { reader.read(&data[parsed..], last, full, &mut matching) } else { 0 };
        matching.subject.app = *reader.app;
        let due = self.in_line || last || limit - matched >= CHUNK || !reader.is_within();
        if due && matched < limit {
            let start = matched.saturating_sub(KEEP);
            matching.stream(&data[start..], matched - start);
            window.raw = limit as u16;
        }
        window.app = window.app.max((parsed + taken) as u16);
        make_room(window);
    }
}

/// Drops what is done with, except a rest that a match may begin in.
fn make_room(window: &mut Window) {
    let done = usize::from(window.app).min(usize::from(window.raw).saturating_sub(KEEP));
    if done >= WINDOW / 4 {
        window.slide(done);
    }
}
