// SPDX-License-Identifier: Apache-2.0
//! The table of flows: bounded, one entry for both directions.
//!
//! A flow lives in one of the [`WAYS`] places of its bucket. Where all are taken, the first of these goes that applies: one that is
//! closed or has been silent for longer than its state's timeout; the oldest one that is half open (one direction seen). Established
//! flows never give way: then the new one is not followed, its packets are matched one by one, and that is counted.

use crate::detect::FLOWBIT_WORDS;
use crate::packet::Packet;
use crate::rule::AppProtocol;

/// Places of a bucket.
pub const WAYS: usize = 8;

const SECOND_NS: u64 = 1_000_000_000;

/// How far a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No flow.
    Free,
    /// Packets of one direction were seen.
    New,
    /// Packets of both (TCP: the handshake is complete).
    Established,
    /// TCP: one side has closed.
    Closing,
    /// TCP: a reset was seen; data that comes after it says that its receiver did not take it.
    Reset,
}

impl State {
    /// How long a flow may be silent, as in Suricata's stock configuration.
    const fn timeout_ns(self, tcp: bool) -> u64 {
        match (self, tcp) {
            (Self::Free, _) => 0,
            (Self::Reset, _) => 10 * SECOND_NS,
            (Self::New, true) => 60 * SECOND_NS,
            (Self::New, false) => 30 * SECOND_NS,
            (Self::Established, true) => 600 * SECOND_NS,
            (Self::Established, false) => 300 * SECOND_NS,
            (Self::Closing, _) => 60 * SECOND_NS,
        }
    }
}

/// What TCP's sides have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The window's number in the pool; 0: none.
    pub window: u32,
    /// The sequence number behind the last byte that came in order, or that was begun with.
    pub next: u32,
    /// The highest acknowledgment of the other side.
    pub acked: u32,
    /// A sequence number was seen.
    pub known: bool,
    /// Has sent FIN, which ended at `fin_at`.
    pub fin: bool,
    /// The sequence number behind the FIN.
    pub fin_at: u32,
    /// A packet of this direction was seen.
    pub seen: bool,
    /// Nothing more of this direction is given to the application's parser.
    pub app_done: bool,
}

impl Stream {
    const EMPTY: Self =
        Self { window: 0, next: 0, acked: 0, known: false, fin: false, fin_at: 0, seen: false, app_done: false };
}

/// One flow.
pub struct Flow {
    /// How far it is.
    pub state: State,
    /// IPv6.
    pub six: bool,
    /// IANA's number of the transport.
    pub protocol: u8,
    /// What it speaks.
    pub app: AppProtocol,
    /// Both directions are followed: the handshake was seen from its start.
    pub followed: bool,
    /// TCP's Fast Open was asked for.
    pub fast_open: bool,
    /// Dropped as a whole.
    pub dropped: bool,
    /// Let pass as a whole.
    pub passed: bool,
    /// Goes another way from now on.
    pub diverted: bool,
    /// Client and server.
    pub addresses: [[u8; 16]; 2],
    /// Client's and server's.
    pub ports: [u16; 2],
    /// When its last packet came.
    pub last_ns: u64,
    /// Flowbits.
    pub bits: [u64; FLOWBIT_WORDS],
    /// From the client, from the server.
    pub streams: [Stream; 2],
    /// The HTTP connection's number in the pool; 0: none.
    pub http: u32,
}

impl Flow {
    /// A free place: all zeros.
    pub const EMPTY: Self = Self {
        state: State::Free,
        six: false,
        protocol: 0,
        app: AppProtocol::Unknown,
        followed: false,
        fast_open: false,
        dropped: false,
        passed: false,
        diverted: false,
        addresses: [[0; 16]; 2],
        ports: [0; 2],
        last_ns: 0,
        bits: [0; FLOWBIT_WORDS],
        streams: [Stream::EMPTY; 2],
        http: 0,
    };

    /// An end's address: 4 or 16 bytes.
    #[must_use]
    pub fn address(&self, end: usize) -> &[u8] {
        &self.addresses[end][..if self.six { 16 } else { 4 }]
    }

    fn is(&self, key: &Key, from: usize) -> bool {
        self.addresses[from] == key.addresses[0]
            && self.addresses[1 - from] == key.addresses[1]
            && self.ports[from] == key.ports[0]
            && self.ports[1 - from] == key.ports[1]
            && self.protocol == key.protocol
            && self.six == key.six
    }

    fn is_over(&self, now_ns: u64) -> bool {
        let silent_ns = now_ns.saturating_sub(self.last_ns);
        silent_ns >= self.state.timeout_ns(self.protocol == crate::packet::TCP)
    }
}

/// What identifies a packet's flow and direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    addresses: [[u8; 16]; 2],
    ports: [u16; 2],
    protocol: u8,
    six: bool,
}

impl Key {
    /// Of a packet that is no fragment.
    #[must_use]
    pub fn of(packet: &Packet<'_>) -> Self {
        let padded = |address: &[u8]| {
            let mut padded = [0; 16];
            padded[..address.len()].copy_from_slice(address);
            padded
        };
        Self {
            addresses: packet.addresses.map(padded),
            ports: packet.ports,
            protocol: packet.protocol,
            six: packet.six,
        }
    }

    /// The same for both directions.
    fn hash(&self, seed: u64) -> u64 {
        let end = |index: usize| {
            let address = u128::from_le_bytes(self.addresses[index]);
            let folded = (address >> 64) as u64 ^ address as u64;
            (folded ^ seed ^ u64::from(self.ports[index]) << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        };
        let (one, other) = (end(0), end(1));
        let joined = (one ^ one >> 29).wrapping_add(other ^ other >> 29) ^ u64::from(self.protocol);
        joined.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
    }
}

/// Where a packet's flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Here; the packet is from this end: 0 the client, 1 the server.
    Found(usize, usize),
    /// Here there was another one, which must be ended before the new one begins.
    Evict(usize),
    /// Here is room.
    Free(usize),
    /// Nowhere.
    Full,
}

/// The table.
pub struct FlowTable<'m> {
    flows: &'m mut [Flow],
    seed: u64,
}

impl<'m> FlowTable<'m> {
    /// Over `flows`; `seed` makes buckets unforeseeable.
    pub fn new(flows: &'m mut [Flow], seed: u64) -> Self {
        Self { flows, seed }
    }

    /// Adds what nobody could know before; only while the table is empty.
    pub fn add_to_seed(&mut self, more: u64) {
        self.seed ^= more;
    }

    /// How many flows fit.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.flows.len()
    }

    /// One of them.
    pub fn get(&mut self, index: usize) -> &mut Flow {
        &mut self.flows[index]
    }

    /// Where the flow of `key` is, or can be.
    #[must_use]
    pub fn find(&self, key: &Key, now_ns: u64) -> Place {
        let Some(bucket) = usize::try_from(key.hash(self.seed)).unwrap_or(0).checked_rem(self.flows.len() / WAYS)
        else {
            return Place::Full;
        };
        let range = bucket * WAYS..(bucket + 1) * WAYS;
        for index in range.clone() {
            let flow = &self.flows[index];
            for from in [0, 1] {
                if flow.state != State::Free && flow.is(key, from) {
                    return Place::Found(index, from);
                }
            }
        }
        if let Some(free) = range.clone().find(|index| self.flows[*index].state == State::Free) {
            return Place::Free(free);
        }
        self.victim(range, now_ns).map_or(Place::Full, Place::Evict)
    }

    fn victim(&self, mut bucket: core::ops::Range<usize>, now_ns: u64) -> Option<usize> {
        if let Some(over) = bucket.clone().find(|index| self.flows[*index].is_over(now_ns)) {
            return Some(over);
        }
        let half_open = bucket.by_ref().filter(|index| self.flows[*index].state == State::New);
        half_open.min_by_key(|index| self.flows[*index].last_ns)
    }

    /// Begins the flow of `key` at `index`, from its client.
    pub fn begin(&mut self, index: usize, key: &Key, now_ns: u64) -> &mut Flow {
        self.flows[index] = Flow {
            state: State::New,
            six: key.six,
            protocol: key.protocol,
            addresses: key.addresses,
            ports: key.ports,
            last_ns: now_ns,
            ..Flow::EMPTY
        };
        &mut self.flows[index]
    }

    /// Whether the flow at `index` has been silent for too long.
    #[must_use]
    pub fn is_over(&self, index: usize, now_ns: u64) -> bool {
        self.flows[index].state != State::Free && self.flows[index].is_over(now_ns)
    }
}
