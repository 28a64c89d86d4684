// SPDX-License-Identifier: Apache-2.0
//! What the rewriters share: a packet's flow is found or begun, its packet rewritten, the flow's time noted.

use super::ahead::Guesses;
use super::{Block, Entry, Flow, FlowId, FlowTable, Mappers, Specification, Timing, View, age};
use crate::{Packet, PacketIo, Route, RouteWith, Spec};

/// Most flows whose time is over that end with one packet.
const REAPED: usize = 32;

/// What makes a rewriter the one it is.
pub trait Kind: Sized {
    /// The element's specification.
    const SPEC: Spec;
    /// The type's name in an image.
    const RUST: &'static str;
    /// Itself, as it begins.
    const NEW: Self;

    /// Which map a packet's flow is in, and its name there; none for a packet that no flow has.
    fn identify(view: &View<'_>) -> Option<(u8, FlowId)>;

    /// Whether the name that [`Kind::identify`] gives is the one by which a flow is found, so that it can be looked ahead.
    const FOUND_BY_NAME: bool = true;

    /// The entry of a packet.
    #[inline(always)]
    fn find<const N: usize>(table: &FlowTable<N>, map: u8, id: &FlowId) -> Option<Entry> {
        table.find(map, id)
    }

    /// The map of a protocol's flows, if those have ports.
    fn map(_protocol: u8) -> Option<u8> {
        None
    }

    /// Whether a flow may begin with this packet.
    #[inline(always)]
    fn begins(_view: &View<'_>) -> bool {
        true
    }

    /// The flow's name, from the packet that begins it.
    fn name(id: FlowId) -> FlowId {
        id
    }

    /// The name of rewritten packets, from what a pattern made of `id`.
    fn complete(new: FlowId) -> FlowId {
        new
    }

    /// Whether a flow may have these names.
    fn accepts(_new: &FlowId) -> bool {
        true
    }

    /// A flow that begins.
    fn flow(map: u8, protocol: u8, id: FlowId, new: FlowId) -> Flow {
        Flow::new(map, protocol, id, new)
    }

    /// Rewrites a packet of `flow` and notes in it what was seen; its age from now on.
    fn rewrite(&mut self, flow: &mut Flow, direction: usize, view: &mut View<'_>) -> u8;

    /// The destination that a packet in `direction` has from now on, if it changed.
    #[inline(always)]
    fn destination(_direction: usize, new: &FlowId) -> Option<u32> {
        Some(new.destination)
    }

    /// See [`super::Mapping::mapped`].
    fn find_answer<const N: usize>(table: &FlowTable<N>, protocol: u8, id: &FlowId) -> Option<Entry> {
        let entry = table.find(0, id)?;
        let of = table.flow(entry.flow()).protocol;
        (of == 0 || of == protocol).then_some(entry)
    }

    /// What the packet `id` becomes, whose flow says `new` of those fields that it has.
    fn fill(new: FlowId, _id: &FlowId, _direction: usize) -> FlowId {
        new
    }

    /// Whether the handler `name` lists flows of that protocol; none if there is no such handler.
    fn lists(name: &str, _protocol: u8) -> Option<bool> {
        matches!(name, "table" | "mappings").then_some(true)
    }

    /// Writes a flow's packets in `direction` and what they become.
    fn describe(&self, flow: &Flow, direction: usize, out: &mut dyn core::fmt::Write) -> core::fmt::Result {
        write!(out, "{} => {}", flow.ids[direction & 1], flow.rewritten(direction))
    }

    /// The map in which the handler `name` looks flows up.
    fn looks_up(_name: &str) -> Option<u8> {
        None
    }

    /// Reads the arguments for timeouts and guarantees.
    #[cfg(feature = "host")]
    fn timing(arguments: &mut crate::configure::Arguments) -> Option<Timing>;
}

/// A rewriter with `N` inputs.
pub struct Rewriter<K, const N: usize> {
    pub(super) kind: K,
    pub(super) table: FlowTable<N>,
    pub(super) inputs: [Specification; N],
    /// Packets that began no flow because no address, port or place was left, by input.
    pub(super) failures: [u64; N],
    pub(super) outputs: usize,
    pub(super) timing: Timing,
    sets_destination: bool,
    pub(super) keeps_annotation: bool,
    pub(super) random: u64,
    /// The time of the packet that came last.
    pub(super) now_ms: u32,
    reap_at_ms: Option<u32>,
    pub(super) guesses: Guesses,
    pub(super) dropped: u64,
    pub(super) not_rewritable: u64,
}

impl<K: Kind, const N: usize> Rewriter<K, N> {
    /// A rewriter of at most `capacity` flows. DST_ANNO and REPLY_ANNO say which annotations it sets.
    pub const fn new(
        inputs: [Specification; N],
        outputs: usize,
        capacity: u32,
        timing: Timing,
        sets_destination: bool,
        keeps_annotation: bool,
    ) -> Self {
        Rewriter {
            kind: K::NEW,
            table: FlowTable::new(capacity),
            inputs,
            failures: [0; N],
            outputs,
            timing,
            sets_destination,
            keeps_annotation,
            random: 0,
            now_ms: 0,
            reap_at_ms: None,
            guesses: Guesses::NONE,
            dropped: 0,
            not_rewritable: 0,
        }
    }

    /// Gives it the memory for its flows.
    pub fn lend(&mut self, memory: &'static mut [Block]) {
        self.table.lend(memory);
    }

    /// Its flows.
    pub fn table(&self) -> &FlowTable<N> {
        &self.table
    }

    /// The output of a packet, rewritten if it is of a flow.
    #[inline]
    fn pass<M: PacketIo, P: Mappers>(
        &mut self,
        io: &mut M,
        mappers: P,
        input: usize,
        packet: &mut Packet,
    ) -> Option<usize> {
        self.tell_time(io.now_ns());
        let guess = self.guesses.take();
        let annotation = packet.annotations().paint;
        let Some(mut view) = View::new(packet.network_mut()) else { return self.pass_over(input) };
        let Some((map, id)) = K::identify(&view) else { return self.pass_over(input) };
        let guess = guess.filter(|entry| self.table.is(*entry, map, &id));
        let entry = match guess.or_else(|| K::find(&self.table, map, &id)) {
            Some(entry) => entry,
            None if !K::begins(&view) => return self.pass_over(input),
            None => match self.begin(mappers, input, map, view.protocol(), &id, annotation) {
                Ok(entry) => entry,
                Err(output) => return output,
            },
        };
        let (number, direction, now_ms) = (entry.flow(), entry.direction(), self.now_ms);
        let flow = self.table.flow_mut(number);
        let age = self.kind.rewrite(flow, direction, &mut view);
        let (new, output, reply) = (flow.rewritten(direction), flow.outputs[direction], flow.reply_annotation);
        self.table.touch(number, now_ms, age);
        if self.sets_destination
            && let Some(destination) = K::destination(direction, &new)
        {
            packet.annotations_mut().set_destination_ipv4(destination.to_be_bytes());
        }
        if self.keeps_annotation && direction == 1 {
            packet.annotations_mut().paint = reply;
        }
        Some(output.into())
    }

    /// A packet that no flow has.
    fn pass_over(&mut self, input: usize) -> Option<usize> {
        match self.inputs.get(input) {
            Some(Specification::Pass(output)) => Some(usize::from(*output)),
            _ => {
                self.not_rewritable += 1;
                None
            }
        }
    }

    #[inline(always)]
    pub(super) fn tell_time(&mut self, now_ns: u64) {
        self.now_ms = (now_ns / 1_000_000) as u32;
        match self.reap_at_ms {
            Some(at_ms) if at_ms.wrapping_sub(self.now_ms).cast_signed() > 0 => {}
            _ => self.reap(now_ns),
        }
    }

    /// At the first packet makes the hash and the choice of ports hard to guess; later ends flows whose time is over.
    #[cold]
    fn reap(&mut self, now_ns: u64) {
        if self.reap_at_ms.is_none() {
            self.table.seed(now_ns);
            self.random = now_ns ^ 0x9e37_79b9_7f4a_7c15;
        } else if self.timing.reap_ms > 0 && self.table.reap(self.now_ms, &self.timing, REAPED) {
            return;
        }
        let wait_ms = if self.timing.reap_ms > 0 { self.timing.reap_ms } else { u32::MAX / 4 };
        self.reap_at_ms = Some(self.now_ms.wrapping_add(wait_ms));
    }
}

impl<K: Kind, const N: usize> Route for Rewriter<K, N> {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: &mut Packet) -> Option<usize> {
        self.pass(io, (), input, packet)
    }
}

impl<K: Kind, P: Mappers, const N: usize> RouteWith<P> for Rewriter<K, N> {
    #[inline]
    fn route_with<M: PacketIo>(&mut self, io: &mut M, peers: P, input: usize, packet: &mut Packet) -> Option<usize> {
        self.pass(io, peers, input, packet)
    }
}

/// The age of UDP after one more packet in `direction`: three packets, one of them an answer, are a stream.
#[inline(always)]
pub(crate) fn udp_age(flow: &mut Flow, direction: usize) -> u8 {
    flow.state |= direction as u8;
    if flow.state < 6 {
        flow.state += 2;
    }
    if flow.state > 6 { age::STREAMING } else { age::PLAIN }
}
