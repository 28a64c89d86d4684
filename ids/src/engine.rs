// SPDX-License-Identifier: Apache-2.0
//! The engine: packets in, alerts and verdicts out.

use crate::app::http::{Connection, Inflater};
use crate::defrag::{Datagram, Defragmenter, FragmentCounters};
use crate::detect::{Buffers, Detector, Findings, Payload, Sink, Subject, Track};
use crate::packet::{Packet, PacketError, TCP, UDP, flag};
use crate::rule::{AppProtocol, Buffer};
use crate::stream::{Flow, FlowTable, Key, Place, Pool, State, Window, tcp};
use crate::table::Rules;

mod matching;
mod reader;
mod tables;
mod turn;

pub use tables::Tables;
use turn::Turn;

/// Whether the engine stands beside the traffic or in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Beside: it looks at what the receiver has acknowledged, and stops nothing.
    Ids,
    /// In it: it looks at everything before it goes on, and stops what a rule says. TCP flows whose beginning it did not see are
    /// dropped, as in Suricata's stock configuration.
    Ips,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// It goes on by another way, as all that follows in its flow does.
    Divert,
    /// It is stopped.
    Drop,
    /// It is stopped, and its sender is told.
    Reject,
}

/// Memory lent to an engine. Each part may be empty: then what needs it is not done, and that is counted.
pub struct Memory<'m> {
    /// Flows, in buckets of eight.
    pub flows: &'m mut [Flow],
    /// Windows of TCP's sides that have data to wait with.
    pub windows: &'m mut [Window],
    /// HTTP connections within messages.
    pub connections: &'m mut [Connection],
    /// Decoders of compressed bodies.
    pub inflaters: &'m mut [Inflater],
    /// Datagrams being put together from fragments.
    pub datagrams: &'m mut [Datagram],
    /// A bit for each rule: [`Engine::mark_words`].
    pub marks: &'m mut [u64],
    /// What thresholds count.
    pub tracks: &'m mut [Track],
}

/// What the engine counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets seen.
    pub packets: u64,
    /// Packets that could not be taken apart.
    pub malformed: u64,
    /// Packets that belong to no flow because the table has no room.
    pub untracked: u64,
    /// Flows that gave way to others before they ended.
    pub evicted: u64,
    /// Flows begun.
    pub flows: u64,
    /// Bytes of TCP payload that found no place in a window.
    pub unplaced_bytes: u64,
    /// Bytes that were acknowledged and never seen.
    pub missing_bytes: u64,
    /// Flows whose application's messages were not read to their end, for want of memory or because they are too long.
    pub app_given_up: u64,
    /// Matches that raised an alert.
    pub alerts: u64,
    /// Rules whose work on a packet went over its bound.
    pub work_given_up: u64,
    /// Packets dropped.
    pub dropped: u64,
    /// About fragments.
    pub fragments: FragmentCounters,
}

/// The engine.
pub struct Engine<'m> {
    defragmenter: Defragmenter<'m>,
    inspector: Inspector<'m>,
}

/// Everything behind defragmentation.
pub(crate) struct Inspector<'m> {
    pub(crate) flows: FlowTable<'m>,
    pub(crate) windows: Pool<'m, Window>,
    pub(crate) connections: Pool<'m, Connection>,
    pub(crate) inflaters: Pool<'m, Inflater>,
    pub(crate) detector: Detector<'m>,
    pub(crate) counters: Counters,
    pub(crate) in_line: bool,
    hand: usize,
}

/// Flows looked at, with each packet, for one that has been silent for too long.
const SWEEP: usize = 2;

impl<'m> Engine<'m> {
    /// Words of [`Memory::marks`] for `rules`.
    #[must_use]
    pub const fn mark_words(rules: &Rules<'_>) -> usize {
        Detector::marks(rules.count)
    }

    /// An engine for `rules` with this memory; `seed`, with the time of the first packet, makes the flow table's buckets unforeseeable.
    #[must_use]
    pub fn new(rules: Rules<'m>, memory: Memory<'m>, mode: Mode, seed: u64) -> Self {
        let inspector = Inspector {
            flows: FlowTable::new(memory.flows, seed),
            windows: Pool::new(memory.windows),
            connections: Pool::new(memory.connections),
            inflaters: Pool::new(memory.inflaters),
            detector: Detector::new(rules, memory.marks, memory.tracks),
            counters: Counters::default(),
            in_line: mode == Mode::Ips,
            hand: 0,
        };
        Self { defragmenter: Defragmenter::new(memory.datagrams), inspector }
    }

    /// Looks at one packet, from its IP header on. Alerts go to `sink`.
    pub fn inspect(&mut self, packet: &[u8], now_ns: u64, sink: Sink<'_>) -> Verdict {
        let Self { defragmenter, inspector } = self;
        if inspector.counters.packets == 0 {
            inspector.flows.add_to_seed(now_ns);
        }
        inspector.counters.packets += 1;
        inspector.sweep(now_ns, sink);
        let parsed = match Packet::parse(packet) {
            Ok(parsed) => parsed,
            Err(PacketError::Version | PacketError::Truncated | PacketError::HeaderLength) => {
                inspector.counters.malformed += 1;
                return Verdict::Pass;
            }
        };
        let verdict = if parsed.fragment.is_some() {
            let alone = inspector.alone(&parsed, now_ns, sink);
            let whole = defragmenter.add(&parsed, now_ns).and_then(|datagram| Packet::parse(datagram).ok());
            match whole {
                Some(whole) if matches!(alone, Verdict::Pass | Verdict::Divert) => {
                    inspector.packet(&whole, true, now_ns, sink)
                }
                _ => alone,
            }
        } else {
            inspector.packet(&parsed, false, now_ns, sink)
        };
        inspector.counters.dropped += u64::from(matches!(verdict, Verdict::Drop | Verdict::Reject));
        verdict
    }

    /// Ends all flows: what still waits is looked at as it is.
    pub fn finish(&mut self, now_ns: u64, sink: Sink<'_>) {
        for index in 0..self.inspector.flows.capacity() {
            self.inspector.end(index, now_ns, sink);
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            fragments: self.defragmenter.counters,
            work_given_up: self.inspector.detector.given_up,
            ..self.inspector.counters
        }
    }
}

impl Inspector<'_> {
    /// Ends a few of the flows that have been silent for too long.
    fn sweep(&mut self, now_ns: u64, sink: Sink<'_>) {
        for _ in 0..SWEEP.min(self.flows.capacity()) {
            self.hand = if self.hand + 1 >= self.flows.capacity() { 0 } else { self.hand + 1 };
            if self.flows.is_over(self.hand, now_ns) {
                self.end(self.hand, now_ns, sink);
            }
        }
    }

    /// Matches a packet that belongs to no flow.
    fn alone(&mut self, packet: &Packet<'_>, now_ns: u64, sink: Sink<'_>) -> Verdict {
        let subject = Subject { number: Some(self.counters.packets), ..subject(packet, now_ns, self.in_line) };
        let payload = Payload { packet: packet.payload, in_stream: false, stream: None };
        let mut count = Counting { sink, alerts: 0 };
        let findings = self
            .detector
            .packet(&subject, &payload, &header_buffers(packet), &mut [0; 4], &mut |alert| count.alert(alert));
        self.counters.alerts += count.alerts;
        verdict(findings, self.in_line)
    }

    /// Matches a whole packet as a part of its flow.
    fn packet(&mut self, packet: &Packet<'_>, from_fragments: bool, now_ns: u64, sink: Sink<'_>) -> Verdict {
        let key = Key::of(packet);
        let Some((index, from)) = self.flow(&key, packet, now_ns, sink) else {
            self.counters.untracked += 1;
            return self.alone(packet, now_ns, sink);
        };
        let in_line = self.in_line;
        let flow = self.flows.get(index);
        flow.last_ns = now_ns;
        let first = !core::mem::replace(&mut flow.streams[from].seen, true);
        let meaning = match packet.tcp {
            Some(segment) => tcp::follow(flow, from, packet, &segment),
            None => {
                flow.state = if from == 1 { State::Established } else { flow.state };
                tcp::Meaning::default()
            }
        };
        if in_line && packet.protocol == TCP && !flow.followed {
            flow.dropped = true;
        }
        if flow.dropped || flow.passed {
            return if flow.dropped { Verdict::Drop } else { Verdict::Pass };
        }
        let diverted = flow.diverted;
        let subject = Subject {
            to_server: from == 0,
            in_flow: true,
            established: !matches!(flow.state, State::Free | State::New),
            first,
            from_fragments,
            app: flow.app,
            number: Some(self.counters.packets),
            flow: index as u32,
            ..subject(packet, now_ns, in_line)
        };
        let mut findings = self.matches(index, from, packet, meaning, subject, sink);
        findings.divert |= diverted;
        let flow = self.flows.get(index);
        flow.diverted = findings.divert;
        flow.dropped |= findings.drop && findings.whole_flow && in_line;
        flow.passed |= findings.pass && findings.whole_flow;
        if meaning.closes {
            self.end(index, now_ns, sink);
        }
        verdict(findings, in_line)
    }

    fn matches(
        &mut self,
        index: usize,
        from: usize,
        packet: &Packet<'_>,
        meaning: tcp::Meaning,
        subject: Subject<'_>,
        sink: Sink<'_>,
    ) -> Findings {
        let mut count = Counting { sink, alerts: 0 };
        let mut sink = |alert: &crate::Alert<'_>| count.alert(alert);
        let mut turn = Turn::new(self, index, from, subject, &mut sink);
        let in_stream = meaning.payload_at.is_some_and(|sequence| turn.receive(sequence, packet.payload));
        let is_dns = packet.protocol == UDP && turn.is_dns(packet);
        turn.packet(packet, in_stream);
        if packet.protocol == TCP {
            turn.stream(false);
        } else if is_dns {
            turn.dns(packet.payload);
        }
        let findings = turn.findings;
        self.counters.alerts += count.alerts;
        findings
    }

    /// The flow of a packet, and the end that the packet is from.
    fn flow(&mut self, key: &Key, packet: &Packet<'_>, now_ns: u64, sink: Sink<'_>) -> Option<(usize, usize)> {
        let index = match self.flows.find(key, now_ns) {
            Place::Found(index, from) if !self.is_reused(index, packet) => return Some((index, from)),
            Place::Found(index, _) => {
                self.end(index, now_ns, sink);
                index
            }
            Place::Evict(index) => {
                self.counters.evicted += 1;
                self.end(index, now_ns, sink);
                index
            }
            Place::Free(index) => index,
            Place::Full => return None,
        };
        self.counters.flows += 1;
        self.flows.begin(index, key, now_ns);
        Some((index, 0))
    }

    /// Whether a packet begins a new connection with the ports of one that is over.
    fn is_reused(&mut self, index: usize, packet: &Packet<'_>) -> bool {
        let begins = packet.tcp.is_some_and(|tcp| tcp.flags & (flag::SYN | flag::ACK | flag::RST) == flag::SYN);
        begins && matches!(self.flows.get(index).state, State::Closing | State::Reset)
    }

    /// Ends a flow: what waits of it is looked at, and its memory is given back.
    fn end(&mut self, index: usize, now_ns: u64, sink: Sink<'_>) {
        let in_line = self.in_line;
        let flow = self.flows.get(index);
        if flow.state == State::Free {
            return;
        }
        if !flow.dropped && !flow.passed && flow.protocol == TCP {
            for from in [0, 1] {
                let flow = self.flows.get(index);
                let (addresses, ports, six, app) = (flow.addresses, flow.ports, flow.six, flow.app);
                let length = if six { 16 } else { 4 };
                let subject = Subject {
                    addresses: [&addresses[from][..length], &addresses[1 - from][..length]],
                    ports: [ports[from], ports[1 - from]],
                    protocol: TCP,
                    packet: None,
                    to_server: from == 0,
                    in_flow: true,
                    established: flow.state != State::New,
                    first: false,
                    from_fragments: false,
                    app,
                    number: None,
                    now_ns,
                    flow: index as u32,
                    in_line,
                };
                let mut count = Counting { sink, alerts: 0 };
                let mut sink = |alert: &crate::Alert<'_>| count.alert(alert);
                Turn::new(self, index, from, subject, &mut sink).stream(true);
                self.counters.alerts += count.alerts;
            }
        }
        self.free(index);
    }

    fn free(&mut self, index: usize) {
        let flow = self.flows.get(index);
        flow.state = State::Free;
        for (from, stream) in flow.streams.iter().enumerate() {
            self.windows.give_back(stream.window, turn::owner(index, from));
        }
        self.connections.give_back(flow.http, turn::owner(index, 0));
    }
}

/// Hands alerts on and counts them.
struct Counting<'s, 'o> {
    sink: &'s mut (dyn FnMut(&crate::Alert<'_>) + 'o),
    alerts: u64,
}

impl Counting<'_, '_> {
    fn alert(&mut self, alert: &crate::Alert<'_>) {
        self.alerts += 1;
        (self.sink)(alert);
    }
}

fn verdict(findings: Findings, in_line: bool) -> Verdict {
    match findings {
        Findings { reject: true, .. } if in_line => Verdict::Reject,
        Findings { drop: true, .. } if in_line => Verdict::Drop,
        Findings { divert: true, pass: false, .. } => Verdict::Divert,
        _ => Verdict::Pass,
    }
}

/// A packet outside of any flow.
fn subject<'a>(packet: &'a Packet<'a>, now_ns: u64, in_line: bool) -> Subject<'a> {
    Subject {
        addresses: packet.addresses,
        ports: packet.ports,
        protocol: packet.protocol,
        packet: Some(packet),
        to_server: true,
        in_flow: false,
        established: false,
        first: true,
        from_fragments: false,
        app: AppProtocol::Unknown,
        number: None,
        now_ns,
        flow: u32::MAX,
        in_line,
    }
}

/// The buffers that are a packet's headers.
pub(crate) fn header_buffers<'a>(packet: &Packet<'a>) -> Buffers<'a> {
    let mut buffers = Buffers::none();
    let transport = Some(packet.transport).filter(|header| !header.is_empty());
    buffers.set(if packet.six { Buffer::Ipv6Header } else { Buffer::Ipv4Header }, Some(packet.ip));
    match packet.protocol {
        TCP => buffers.set(Buffer::TcpHeader, transport),
        UDP => buffers.set(Buffer::UdpHeader, transport),
        crate::packet::ICMP | crate::packet::ICMPV6 => buffers.set(Buffer::IcmpHeader, transport),
        _ => {}
    }
    buffers
}
