// SPDX-License-Identifier: Apache-2.0
//! # FlowDirector
//! `FlowDirector(CHAIN PATTERN, …, [DEFAULT CHAIN,] CHAIN NAME NUMBER, … [, FLOWS, TIMEOUT])` — puts flows on service chains.
//!
//! **Ports:** input 0 with output 0 for frames that come in; input 1 with output 1, if connected, for frames that leave.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** sets the chain annotation of each frame that comes in, and its flow hash. A frame of a known flow gets the
//! flow's chain. Otherwise the first rule `CHAIN PATTERN` whose pattern matches says which (the language is that of
//! `IPClassifier`), or else DEFAULT, which also takes all that is not IP; the flow has it from then on. A frame that
//! nothing matches is dropped. From frames that leave it learns: their flows are on the chain that they have, so that
//! what answers takes it back.
//!
//! `CHAIN NAME NUMBER` says what the annotation of a chain is: its number, with a minus where frames come in at the chain's
//! end and go it back.
//!
//! It holds FLOWS flows (65536 by default), each until it is quiet for TIMEOUT (300 seconds). When both buckets
//! that a new one can be in are full, it takes the place of that which was quiet longest. Flows that the handler `add` put in stay.
//!
//! Of IPv6 packets, patterns with protocols, ports, TCP flags, VLANs, `ip tos`, `dscp`, `ecn` and `ttl` say the same as of IPv4; `ip6`
//! holds for all of them; tests of IPv4 addresses and of other fields hold for none.
//!
//! **Notes:** flows are found by addresses, ports and protocol, whatever the direction; fragments and protocols without
//! ports by addresses and protocol, what is not IP by Ethernet addresses. The table has twice as many places as flows, 56
//! bytes each.
//!
//! **Handlers:** `add` (write: `ADDRESS PORT ADDRESS PORT PROTOCOL CHAIN`), `remove` (write: the same without the chain), `clear`
//! (write: all but those that were added), `table` (read: flows with their chains, at most 256 or as many as the parameter
//! says), `flows`, `count`, `by_rule`, `learned`, `evicted` (read), `no_match` (drops).
//!
//! **Example:** `d :: FlowDirector(web tcp port 80, DEFAULT bulk, CHAIN web 1, CHAIN bulk 2);
//! FromDevice(lan) -> d -> Counter -> ToDevice(wan); FromDevice(wan) -> [1] d [1] -> ToDevice(lan);`
//!
//! **See also:** `ChainHop`, `IPClassifier`, `AggregateIPFlows`.

#[cfg(feature = "host")]
mod configuration;
mod handlers;

use crate::chains::{FlowTable, Memory};
use crate::filter::{Diagram, Ip6Words, IpWords};
use crate::flow_table::{FlowKey, Guesses, flow_hash, tick};
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::wire::ethernet::EtherType;
use crate::{Ahead, Annotations, Batch, Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// A chain that frames can take.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Its name.
    pub name: &'static str,
    /// The annotation of frames on it.
    pub annotation: u16,
}

/// Which flows take which chain.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The chains.
    pub chains: &'static [Chain],
    /// Finds the number of the rule that matches an IPv4 packet.
    pub diagram: &'static Diagram,
    /// The same of an IPv6 packet.
    pub diagram6: &'static Diagram,
    /// The annotation that each rule gives.
    pub annotations: &'static [u16],
    /// The annotation where no rule matches; 0 drops.
    pub default: u16,
}

/// See the module's documentation.
pub struct FlowDirector {
    rules: Rules,
    table: FlowTable,
    guesses: Guesses,
    /// When the last frame came, in ticks.
    now: u32,
    count: u64,
    by_rule: u64,
    learned: u64,
    no_match: u64,
}

impl FlowDirector {
    /// A director that holds flows until they are quiet for `timeout` ticks.
    pub const fn new(rules: Rules, timeout: u32) -> Self {
        FlowDirector {
            rules,
            table: FlowTable::new(timeout),
            guesses: Guesses::NONE,
            now: 0,
            count: 0,
            by_rule: 0,
            learned: 0,
            no_match: 0,
        }
    }

    /// Holds its flows in `memory`.
    pub fn lend<const BUCKETS: usize, const FLOWS: usize>(&mut self, memory: &'static mut [Memory<BUCKETS, FLOWS>]) {
        self.table.lend(memory);
    }

    /// A frame comes in: whether it has a chain now.
    #[inline(always)]
    fn enter(&mut self, packet: &mut Packet) -> bool {
        self.count += 1;
        let key = FlowKey::of(packet.data());
        let (hash, place) = self.guesses.take(&self.table, &key, self.now);
        let chain = match place {
            Some(place) => {
                self.table.touch(place, self.now);
                self.table.memo(place).chain
            }
            None => self.decide(&key, hash, packet),
        };
        let annotations = packet.annotations_mut();
        (annotations.chain, annotations.flow_hash) = (chain, flow_hash(hash));
        chain != 0
    }

    /// The chain of a new flow; 0 if there is none.
    #[inline(never)]
    fn decide(&mut self, key: &FlowKey, hash: u64, packet: &mut Packet) -> u16 {
        let chain = self.rule(packet).unwrap_or(self.rules.default);
        if chain == 0 {
            self.no_match += 1;
            return 0;
        }
        self.by_rule += 1;
        if let Some(place) = self.table.insert(key, hash, self.now) {
            self.table.memo_mut(place).chain = chain;
        }
        chain
    }

    /// The chain that the rules give an IP packet. What elements said about its headers stays as it is.
    fn rule(&self, packet: &mut Packet) -> Option<u16> {
        const ETHERNET_BYTES: usize = 14;
        const TAG_BYTES: usize = 4;
        const MOST_TAGS: usize = 2;
        let mut at = ETHERNET_BYTES;
        let ethertype = |packet: &Packet, at: usize| {
            let bytes = packet.data().get(at - 2..at)?.first_chunk()?;
            Some(EtherType::from(u16::from_be_bytes(*bytes)))
        };
        while at < ETHERNET_BYTES + MOST_TAGS * TAG_BYTES && ethertype(packet, at)?.is_tag() {
            at += TAG_BYTES;
        }
        let first = *packet.data().get(at)?;
        let leaf = match (ethertype(packet, at)?, first >> 4) {
            (EtherType::Ipv4, 4) => {
                let before = *packet.annotations();
                packet.set_network(at, usize::from(first & 15) * 4);
                let words = IpWords::new(packet, self.rules.diagram.transport);
                let leaf = words.map(|words| self.rules.diagram.walk(&words));
                *packet.annotations_mut() = before;
                leaf?
            }
            (EtherType::Ipv6, 6) => self.rules.diagram6.walk(&Ip6Words::new(packet.data(), at)?),
            _ => return None,
        };
        self.rules.annotations.get(usize::from(leaf)).copied()
    }

    /// A frame leaves: its flow is on the chain that it has, in the other direction.
    #[inline(always)]
    fn learn(&mut self, packet: &mut Packet) {
        let chain = packet.annotations().chain;
        if chain == 0 {
            return;
        }
        let back = chain ^ Annotations::BACKWARD;
        let key = FlowKey::of(packet.data());
        let (hash, place) = self.guesses.take(&self.table, &key, self.now);
        if let Some(place) = place.filter(|place| self.table.memo(*place).chain == back) {
            return self.table.touch(place, self.now);
        }
        // A chain of one way does not come in here.
        if !self.rules.chains.iter().any(|known| known.annotation == back) {
            return;
        }
        if let Some(place) = self.table.insert(&key, hash, self.now)
            && !self.table.memo(place).kept
        {
            self.table.memo_mut(place).chain = back;
            self.learned += 1;
        }
    }
}

impl Element for FlowDirector {
    const SPEC: Spec = Spec {
        class: "FlowDirector",
        category: Category::Chain,
        summary: "puts flows on service chains",
        ports: "1-2/1-2",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "RULE", kind: ArgumentKind::List, doc: "a chain's name and which packets take it" },
            Argument { name: "DEFAULT", kind: ArgumentKind::Keyword, doc: "the chain of all other packets" },
            Argument { name: "CHAIN", kind: ArgumentKind::Keyword, doc: "a chain's name and number" },
            Argument { name: "FLOWS", kind: ArgumentKind::Keyword, doc: "flows to hold; 65536 by default" },
            Argument { name: "TIMEOUT", kind: ArgumentKind::Keyword, doc: "seconds until a flow is forgotten; 300" },
        ],
        handlers: handlers::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.read(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.write(name, value)
    }
}

impl Route for FlowDirector {
    #[inline(always)]
    fn route<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: &mut Packet) -> Option<usize> {
        self.now = tick(io.now_ns());
        if input == 0 {
            return self.enter(packet).then_some(0);
        }
        self.learn(packet);
        Some(1)
    }
}

impl Ahead for FlowDirector {
    fn ahead(&mut self, _: u64, batch: &Batch) {
        self.guesses.look(&self.table, batch, |packet| FlowKey::of(packet.data()));
    }
}

#[cfg(all(test, feature = "host"))]
mod tests;
