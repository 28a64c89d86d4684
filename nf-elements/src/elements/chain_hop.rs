// SPDX-License-Identifier: Apache-2.0
//! # ChainHop
//! `ChainHop(SERVICE NAME [STATEFUL] PORT … [SPARE PORT …], …, CHAIN NAME NUMBER FROM TO [ONEWAY], … [, TO …, FLOWS,
//! TIMEOUT])` — sends frames along their service chains.
//!
//! **Ports:** an input and an output for each port of the VM, numbered from 0. Behind these, outputs lead to the function: one,
//! or a second one for frames that go back; inputs come from the function: one, or a second one for what it sends back. With
//! none of either the frames go straight on. Behind these an input for each TO.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** the compiler puts one around each function of a `chain` statement. A SERVICE is a neighbour: its ports are
//! those of its replicas, in their order; a network is one with one port. A CHAIN leads from the service FROM through this
//! VM to the service TO, and back, if it is not ONEWAY; NUMBER is the same in all VMs.
//!
//! A frame's chain and direction are in its annotation, which the links between VMs carry. A frame without one takes the
//! chain that can come in by its port, if there is only one. A frame that comes in by a port that is not of its chain is
//! dropped. What comes back from the function by one input goes on in its direction; where there are two inputs, the first
//! one's frames go forward and the second one's back, whatever they did before. Frames that the function made itself take
//! the first chain.
//!
//! Of a service's replicas the flow hash chooses one, by rendezvous hashing: all hops choose the same, for both directions of a
//! flow; a replica more or less moves only the flows that must move. SPARE replicas get no flows until they are asked for.
//! A flow stays with its replica of a STATEFUL service also then: FLOWS of them (8192 by default) are remembered, learned
//! from frames of both directions, until they are quiet for TIMEOUT (300 seconds). When the two buckets that
//! a flow can be in are full, the one that was quiet longest is forgotten.
//!
//! While nobody is at the other end of a replica's port, its flows go to the others as if it were not there, and come back when
//! it does; those of a STATEFUL service stay where they went, because what was known about them died with it. If all are down the
//! frames go where they would, and the link drops and counts them.
//!
//! The n-th TO says where the frames of its input go instead: `TO SERVICE NAME` to that service, on the first chain on which it
//! is next; `TO CHAIN NAME` on that chain, and all further frames of the flow that pass here with them; `TO PORT NUMBER`
//! by that port.
//!
//! **Notes:** at most 64 ports. Frames are never held back: what a port has no room for is dropped there.
//!
//! **Handlers:** `chains` (read: each with the frames that went forward and back), `services` (read: each replica with its
//! port, what it is there for, and the frames that went there), `replicas` (read: which take new flows; write:
//! `SERVICE NUMBER …`), `drain` (write: `SERVICE NUMBER` takes no new flows), `remove` (write: `SERVICE NUMBER` is gone, its flows
//! go elsewhere), `pinned` (read: remembered flows of each replica), `flows` (read: remembered flows), `evicted` (read: flows
//! forgotten for others), `rerouted` (read: frames that went to another replica because theirs was down), `clear` (write: forgets all), `no_chain`, `wrong_chain`, `no_way`, `no_replica` (drops).
//!
//! **Example:** `hop :: ChainHop(SERVICE lan 0, SERVICE wan 1, CHAIN web 1 lan wan);
//! FromDevice(lan) -> hop -> ToDevice(lan); FromDevice(wan) -> [1] hop [1] -> ToDevice(wan); hop[2] -> Counter -> [2] hop;`
//!
//! **See also:** `FlowDirector`, `ToService`, `ToChain`, `ToPort`.

#[cfg(feature = "host")]
mod configuration;
mod handlers;

use crate::chains::{Balance, FlowTable, Memory};
use crate::flow_table::{FlowKey, Guesses, Place, flow_hash, tick};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Ahead, Annotations, Batch, Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// Stands for no index.
const NONE: u8 = u8::MAX;

/// A neighbour: a network, or a service with its replicas.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// The ports of its replicas.
    pub ports: &'static [u8],
    /// The same as bits.
    pub mask: u64,
    /// The replicas, as bits, that take flows from the start.
    pub takers: u64,
    /// Whether flows stay with their replicas.
    pub stateful: bool,
    /// Its number among those with several replicas; 255 if it has one.
    pub balance: u8,
}

/// A chain that leads through here.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Its name.
    pub name: &'static str,
    /// Its number, from 1.
    pub number: u16,
    /// The services before and behind, by their indices.
    pub sides: [u8; 2],
    /// Whether nothing comes back.
    pub one_way: bool,
}

/// What a function may ask for.
#[derive(Clone, Copy, Debug)]
pub enum Wish {
    /// These annotations for frames that go forward and back; 0 where there is no way.
    Service([u16; 2]),
    /// That chain, for the whole flow.
    Chain(u16),
    /// That port, with these annotations.
    Port(u8, [u16; 2]),
}

/// What the chains say about this VM.
#[derive(Clone, Copy, Debug)]
pub struct Map {
    /// The neighbours.
    pub services: &'static [Service],
    /// The chains.
    pub chains: &'static [Chain],
    /// The index of the chain of each number; 255 where it does not pass here.
    pub by_number: &'static [u8],
    /// For each port the annotation of a frame that has none; 0 if it cannot be known.
    pub entries: &'static [u16],
    /// What the inputs behind those of the function ask for.
    pub wishes: &'static [Wish],
    /// Inputs and outputs of the function.
    pub function: [u8; 2],
    /// Whether flows are remembered.
    pub remembers: bool,
}

/// A chain's index and direction: 0 is forward.
#[derive(Clone, Copy)]
struct Way {
    chain: u8,
    backward: bool,
}

/// A frame's flow, if somebody looked: its name, its hash, and where it is in the table.
type Known = Option<(FlowKey, u64, Option<Place>)>;

/// See the module's documentation. `P` ports, `C` chains, `B` services with several replicas.
pub struct ChainHop<const P: usize = 1, const C: usize = 1, const B: usize = 0> {
    map: Map,
    balances: [Balance; B],
    /// For each of those the replicas that take new flows, and those that are gone.
    takers: [u64; B],
    gone: [u64; B],
    /// Whether the balances are computed.
    spread: bool,
    table: FlowTable,
    guesses: Guesses,
    /// When the last frame came, in ticks.
    now: u32,
    passed: [[u64; 2]; C],
    sent: [u64; P],
    no_chain: u64,
    wrong_chain: u64,
    no_way: u64,
    no_replica: u64,
    rerouted: u64,
}

impl<const P: usize, const C: usize, const B: usize> ChainHop<P, C, B> {
    /// A hop that remembers flows until they are quiet for `timeout` ticks.
    pub const fn new(map: Map, timeout: u32) -> Self {
        ChainHop {
            map,
            balances: [const { Balance::new() }; B],
            takers: [0; B],
            gone: [0; B],
            spread: false,
            table: FlowTable::new(timeout),
            guesses: Guesses::NONE,
            now: 0,
            passed: [[0; 2]; C],
            sent: [0; P],
            no_chain: 0,
            wrong_chain: 0,
            no_way: 0,
            no_replica: 0,
            rerouted: 0,
        }
    }

    /// Remembers flows in `memory`.
    pub fn lend<const BUCKETS: usize, const FLOWS: usize>(&mut self, memory: &'static mut [Memory<BUCKETS, FLOWS>]) {
        self.table.lend(memory);
    }

    /// Computes the balances once.
    #[cold]
    fn begin(&mut self) {
        for service in self.map.services.iter().filter(|service| service.balance != NONE) {
            let at = usize::from(service.balance);
            self.takers[at] = service.takers;
            self.balances[at].spread(service.takers);
        }
        self.spread = true;
    }

    /// The chain and direction of an annotation, if that chain passes here.
    #[inline(always)]
    fn way(&self, annotation: u16) -> Option<Way> {
        let chain = *self.map.by_number.get(usize::from(annotation & !Annotations::BACKWARD))?;
        let backward = annotation & Annotations::BACKWARD != 0;
        (chain != NONE).then_some(Way { chain, backward })
    }

    /// The index of the service that frames of that way come from (side 0) or go to (side 1).
    #[inline(always)]
    fn side(&self, way: Way, side: usize) -> usize {
        self.map.chains[usize::from(way.chain)].sides[side ^ usize::from(way.backward)].into()
    }

    #[inline(always)]
    fn annotation(&self, way: Way) -> u16 {
        self.map.chains[usize::from(way.chain)].number | if way.backward { Annotations::BACKWARD } else { 0 }
    }

    /// A frame comes in by `port`: the output that it leaves by.
    #[inline(always)]
    fn arrive<M: PacketIo>(&mut self, io: &M, port: usize, packet: &mut Packet) -> Option<usize> {
        let annotations = packet.annotations_mut();
        if annotations.chain == 0 {
            annotations.chain = self.map.entries[port];
        }
        let annotation = annotations.chain;
        if annotation == 0 {
            self.no_chain += 1;
            return None;
        }
        let Some(way) = self.way(annotation) else {
            self.wrong_chain += 1;
            return None;
        };
        let from = self.map.services[self.side(way, 0)];
        let barred = way.backward && self.map.chains[usize::from(way.chain)].one_way;
        if from.mask >> port & 1 == 0 || barred {
            self.wrong_chain += 1;
            return None;
        }
        if self.map.remembers {
            return self.arrive_remembered(io, port, from, way, packet);
        }
        if packet.annotations().flow_hash == 0 && B > 0 {
            packet.annotations_mut().flow_hash = flow_hash(FlowKey::of(packet.data()).hash());
        }
        match self.map.function[0] {
            0 => self.leave(io, way, packet, None),
            inputs => Some(P + usize::from(way.backward && inputs > 1)),
        }
    }

    /// The same where flows are remembered: that this one comes from that replica.
    fn arrive_remembered<M: PacketIo>(
        &mut self,
        io: &M,
        port: usize,
        from: Service,
        way: Way,
        packet: &mut Packet,
    ) -> Option<usize> {
        let key = FlowKey::of(packet.data());
        let (hash, mut place) = self.guesses.take(&self.table, &key, self.now);
        if packet.annotations().flow_hash == 0 {
            packet.annotations_mut().flow_hash = flow_hash(hash);
        }
        if from.stateful && from.balance != NONE {
            place = place.or_else(|| self.table.insert(&key, hash, self.now));
            let number = self.map.chains[usize::from(way.chain)].number;
            if let Some(place) = place {
                self.table.touch(place, self.now);
                let fate = self.table.memo_mut(place);
                if fate.chain != number {
                    (fate.chain, fate.ports) = (number, [0; 2]);
                }
                fate.ports[usize::from(way.backward)] = port as u8 + 1;
            }
        }
        match self.map.function[0] {
            0 => self.leave(io, way, packet, Some((key, hash, place))),
            inputs => Some(P + usize::from(way.backward && inputs > 1)),
        }
    }

    /// A frame comes back from the function by its output `output`: the port that it leaves by.
    #[inline(always)]
    fn depart<M: PacketIo>(&mut self, io: &M, output: usize, packet: &mut Packet) -> Option<usize> {
        let mut way = self.way_of(packet)?;
        if self.map.function[1] > 1 {
            way.backward = output == 1;
        }
        self.leave(io, way, packet, None)
    }

    /// The way of a frame that comes from the function.
    #[inline(always)]
    fn way_of(&mut self, packet: &Packet) -> Option<Way> {
        match packet.annotations().chain {
            0 => Some(Way { chain: 0, backward: false }),
            annotation => {
                let way = self.way(annotation);
                self.wrong_chain += u64::from(way.is_none());
                way
            }
        }
    }

    /// The port by which a frame of that way leaves. `known` is its flow, if somebody looked.
    #[inline(always)]
    fn leave<M: PacketIo>(&mut self, io: &M, mut way: Way, packet: &mut Packet, known: Known) -> Option<usize> {
        let mut found = None;
        if self.map.remembers {
            let (key, hash, place) = match known {
                Some(known) => known,
                None => {
                    let key = FlowKey::of(packet.data());
                    let (hash, place) = self.guesses.take(&self.table, &key, self.now);
                    (key, hash, place)
                }
            };
            if let Some(place) = place {
                self.table.touch(place, self.now);
                let divert = self.table.memo(place).divert;
                if divert != 0 {
                    way = self.diverted(way, divert);
                }
            }
            found = Some((key, hash, place));
        }
        let chain = self.map.chains[usize::from(way.chain)];
        if way.backward && chain.one_way {
            self.no_way += 1;
            return None;
        }
        let to = self.map.services[self.side(way, 1)];
        let port = match to.balance {
            NONE => usize::from(to.ports[0]),
            _ => self.replica(io, to, way, packet, found)?,
        };
        packet.annotations_mut().chain = self.annotation(way);
        self.passed[usize::from(way.chain)][usize::from(way.backward)] += 1;
        self.sent[port] += 1;
        Some(port)
    }

    /// A way on that chain instead, if it leads that way.
    fn diverted(&self, way: Way, number: u16) -> Way {
        match self.way(number) {
            Some(Way { chain, .. }) if !(way.backward && self.map.chains[usize::from(chain)].one_way) => {
                Way { chain, ..way }
            }
            _ => way,
        }
    }

    /// The port of the replica of `to` that a flow goes to.
    fn replica<M: PacketIo>(
        &mut self,
        io: &M,
        to: Service,
        way: Way,
        packet: &mut Packet,
        found: Known,
    ) -> Option<usize> {
        if !self.spread {
            self.begin();
        }
        // A frame that the function made has no hash yet.
        if packet.annotations().flow_hash == 0 {
            packet.annotations_mut().flow_hash = flow_hash(FlowKey::of(packet.data()).hash());
        }
        let at = usize::from(to.balance);
        let side = usize::from(!way.backward);
        let number = self.map.chains[usize::from(way.chain)].number;
        let mut pinned = None;
        if to.stateful
            && let Some((_, _, Some(place))) = found
        {
            let fate = self.table.memo(place);
            pinned = to.ports.iter().position(|port| *port + 1 == fate.ports[side]);
            pinned = pinned.filter(|replica| fate.chain == number && self.gone[at] >> replica & 1 == 0);
        }
        let hash = packet.annotations().flow_hash;
        let Some(replica) = pinned.or_else(|| self.balances[at].pick(hash)) else {
            self.no_replica += 1;
            return None;
        };
        let mut port = to.ports[replica];
        if !io.is_up(port.into()) {
            port = self.stand_in(io, to, hash).unwrap_or(port);
        } else if pinned.is_some() {
            return Some(port.into());
        }
        if to.stateful
            && let Some((key, hash, _)) = found
            && let Some(place) = self.table.insert(&key, hash, self.now)
        {
            let fate = self.table.memo_mut(place);
            if fate.chain != number {
                (fate.chain, fate.ports) = (number, [0; 2]);
            }
            fate.ports[side] = port + 1;
        }
        Some(port.into())
    }

    /// The port of another replica, for a flow whose own is down; none if all are. The link counts what is sent to it then.
    #[cold]
    fn stand_in<M: PacketIo>(&mut self, io: &M, to: Service, hash: u32) -> Option<u8> {
        let takers = self.takers[usize::from(to.balance)];
        let ports = to.ports.iter().enumerate().filter(|(replica, _)| takers >> replica & 1 == 1);
        let live = ports.filter(|(_, port)| io.is_up((**port).into())).fold(0, |live, (replica, _)| live | 1 << replica);
        let port = to.ports[Balance::stand_in(hash, live)?];
        self.rerouted += 1;
        Some(port)
    }

    /// The function asks for something.
    fn wish<M: PacketIo>(&mut self, io: &M, wish: usize, packet: &mut Packet) -> Option<usize> {
        let way = self.way_of(packet)?;
        match self.map.wishes[wish] {
            Wish::Service(annotations) => {
                let [same, other] = [way.backward, !way.backward].map(|backward| annotations[usize::from(backward)]);
                let way = self.way(if same != 0 { same } else { other })?;
                self.leave(io, way, packet, None)
            }
            Wish::Chain(number) => {
                let key = FlowKey::of(packet.data());
                let place = self.table.insert(&key, key.hash(), self.now);
                if let Some(place) = place {
                    self.table.memo_mut(place).divert = number;
                }
                let way = self.diverted(way, number);
                self.leave(io, way, packet, Some((key, key.hash(), place)))
            }
            Wish::Port(port, annotations) => {
                let [same, other] = [way.backward, !way.backward].map(|backward| annotations[usize::from(backward)]);
                packet.annotations_mut().chain = if same != 0 { same } else { other };
                self.sent[usize::from(port)] += 1;
                Some(port.into())
            }
        }
    }
}

impl<const P: usize, const C: usize, const B: usize> Element for ChainHop<P, C, B> {
    const SPEC: Spec = Spec {
        class: "ChainHop",
        category: Category::Chain,
        summary: "sends frames along their service chains",
        ports: "1-/1-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "SERVICE", kind: ArgumentKind::Keyword, doc: "a neighbour's name and its ports" },
            Argument { name: "CHAIN", kind: ArgumentKind::Keyword, doc: "a chain's name, number, and neighbours" },
            Argument { name: "TO", kind: ArgumentKind::Keyword, doc: "what frames of a further input want" },
            Argument { name: "FLOWS", kind: ArgumentKind::Keyword, doc: "flows to remember; 8192 by default" },
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

impl<const P: usize, const C: usize, const B: usize> Route for ChainHop<P, C, B> {
    #[inline(always)]
    fn route<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: &mut Packet) -> Option<usize> {
        if self.map.remembers {
            self.now = tick(io.now_ns());
        }
        let outputs = usize::from(self.map.function[1]);
        match input.checked_sub(P) {
            None => self.arrive(io, input, packet),
            Some(output) if output < outputs => self.depart(io, output, packet),
            Some(further) => self.wish(io, further - outputs, packet),
        }
    }
}

impl<const P: usize, const C: usize, const B: usize> Ahead for ChainHop<P, C, B> {
    fn ahead(&mut self, _: u64, batch: &Batch) {
        self.guesses.look(&self.table, batch, |packet| FlowKey::of(packet.data()));
    }
}

#[cfg(all(test, feature = "host"))]
mod tests;
