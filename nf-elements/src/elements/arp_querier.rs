// SPDX-License-Identifier: Apache-2.0
//! # ARPQuerier
//! `ARPQuerier(IP, ETH [, TABLE, BROADCAST, POLL_TIMEOUT, BROADCAST_POLL, CAPACITY, ENTRY_CAPACITY, ENTRY_PACKET_CAPACITY,
//! CAPACITY_SLIM_FACTOR, TIMEOUT])` — encapsulates IP packets in Ethernet headers found via ARP.
//!
//! **Ports:** push; input 0 takes IP packets, input 1 ARP replies with their Ethernet header; output 0 gives frames; queries
//! leave by output 1, or by output 0 if that is not connected.
//!
//! **Expects:** on input 0 the destination annotation, as `StaticIPLookup` or `GetIPAddress` sets it.
//!
//! **Description:** puts an Ethernet header in front of each IP packet, from ETH to the Ethernet address of its destination
//! annotation. If that is not known, the packet waits in a table and a query goes out for it, from IP and ETH: one per
//! address in a tenth of a second, and in two seconds after ten without a reply. A reply on input 1 sends what waits for it. An entry whose
//! last reply is POLL_TIMEOUT ago (a minute; 0 is never) is asked for again, at its known address unless BROADCAST_POLL is
//! true.
//!
//! Packets to 255.255.255.255 and BROADCAST go to all stations, those to IP groups to the group's address (RFC 1112 §6.4).
//! BROADCAST is the last address of IP's network, if IP is given with a prefix length. Packets to 0.0.0.0 are dropped, and a message says so
//! the first time; so are all while IP is 0.0.0.0.
//!
//! The other arguments bound the element's own table, as they do an `ARPTable`. With TABLE, which names an `ARPTable` or
//! another `ARPQuerier`, it uses that one's, and they have no effect.
//!
//! **Notes:** see `ARPTable` for its bounds. Packets that wait leave in order, at most 32 in one round of the machine; what
//! comes for the same address meanwhile waits behind them. A reply must be one between IPv4 and Ethernet, address lengths
//! included. With TABLE, read `table`, `count` and `length` at the table and write `insert` and `delete` there; the
//! querier's own are of a table that is empty. A packet without room for the header in front is dropped; Click would move
//! it.
//!
//! **Handlers:** `ipaddr`, `broadcast` (read, write), `table`, `stats`, `queries`, `responses`, `count`, `length` (read),
//! `drops`, `table_drops`, `bad_responses` (drops), `insert`, `delete`, `clear` (write).
//!
//! **Example:** `q :: ARPQuerier(192.0.2.1/24, 02:00:00:00:00:01); c :: Classifier(12/0806 20/0002, 12/0800, -);
//! FromDevice(lan) -> c; c[0] -> [1]q; c[1] -> Strip(14) -> CheckIPHeader -> GetIPAddress(16) -> q -> ToDevice(lan);
//! c[2] -> Discard;`
//!
//! **See also:** `ARPTable`, `ARPResponder`.

use super::arp_table::{self, Entries, HasEntries, Held, Limits, Place};
use super::ether_header::note_mac_header;
use crate::element::PushWith;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::arp::{self, Arp, Operation, Repr};
use crate::wire::ethernet::{Address, EtherType, HEADER_BYTES, field, set_addresses};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;
use core::net::Ipv4Addr;

/// See the module's documentation.
pub struct ArpQuerier {
    asker: Asker,
    entries: Entries,
}

/// All but the table.
struct Asker {
    name: &'static str,
    address: u32,
    ethernet: Address,
    broadcast: u32,
    poll_ns: u64,
    broadcast_poll: bool,
    warned: bool,
    queries: u64,
    responses: u64,
    drops: u64,
    bad_responses: u64,
    /// When the table that it uses has something to do.
    deadline_ns: Option<u64>,
}

impl ArpQuerier {
    /// Asks for `address` (its first byte uppermost) at `ethernet`; `poll_ns` is 0 for never.
    pub const fn new(
        name: &'static str,
        address: u32,
        ethernet: [u8; 6],
        broadcast: u32,
        poll_ns: u64,
        broadcast_poll: bool,
        limits: Limits,
    ) -> Self {
        let asker = Asker {
            name,
            address,
            ethernet: Address::new(ethernet),
            broadcast,
            poll_ns,
            broadcast_poll,
            warned: false,
            queries: 0,
            responses: 0,
            drops: 0,
            bad_responses: 0,
            deadline_ns: None,
        };
        ArpQuerier { asker, entries: Entries::new(limits) }
    }

    /// Takes the memory that its own table holds its entries in.
    pub fn lend(&mut self, memory: &'static mut [Place]) {
        self.entries.lend(memory);
    }
}

impl HasEntries for ArpQuerier {
    #[inline]
    fn entries(&mut self) -> &mut Entries {
        &mut self.entries
    }
}

impl Element for ArpQuerier {
    const SPEC: Spec = Spec {
        class: "ARPQuerier",
        category: Category::Arp,
        summary: "encapsulates IP packets in Ethernet headers found via ARP",
        ports: "2/1-2",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "IP", kind: ArgumentKind::Required, doc: "this host's address, or ADDRESS/LENGTH" },
            Argument { name: "ETH", kind: ArgumentKind::Required, doc: "this host's Ethernet address" },
            Argument { name: "TABLE", kind: ArgumentKind::Keyword, doc: "the ARPTable to use; its own by default" },
            Argument { name: "BROADCAST", kind: ArgumentKind::Keyword, doc: "IP's network's broadcast by default" },
            Argument { name: "POLL_TIMEOUT", kind: ArgumentKind::Keyword, doc: "when to ask again; 60 by default" },
            Argument { name: "BROADCAST_POLL", kind: ArgumentKind::Keyword, doc: "ask all then? false by default" },
            arp_table::CAPACITY,
            arp_table::ENTRY_CAPACITY,
            arp_table::ENTRY_PACKET_CAPACITY,
            arp_table::CAPACITY_SLIM_FACTOR,
            arp_table::TIMEOUT,
        ],
        handlers: &[
            Handler { name: "ipaddr", kind: HandlerKind::ReadWrite, doc: "IP" },
            Handler { name: "broadcast", kind: HandlerKind::ReadWrite, doc: "BROADCAST" },
            arp_table::TABLE_HANDLER,
            Handler { name: "stats", kind: HandlerKind::Read, doc: "packets dropped and queries sent, in words" },
            Handler { name: "queries", kind: HandlerKind::Read, doc: "queries sent" },
            Handler { name: "responses", kind: HandlerKind::Read, doc: "frames on input 1 that could hold a reply" },
            arp_table::COUNT_HANDLER,
            arp_table::LENGTH_HANDLER,
            Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets to 0.0.0.0, or without room in front" },
            Handler { name: "table_drops", kind: HandlerKind::Drops, doc: "packets that its own table dropped" },
            Handler { name: "bad_responses", kind: HandlerKind::Drops, doc: "frames on input 1 that are no reply" },
            arp_table::INSERT_HANDLER,
            arp_table::DELETE_HANDLER,
            arp_table::CLEAR_HANDLER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let Asker { address, broadcast, queries, responses, drops, bad_responses, .. } = &self.asker;
        match name {
            "ipaddr" => write!(out, "{}", Ipv4Addr::from(*address))?,
            "broadcast" => write!(out, "{}", Ipv4Addr::from(*broadcast))?,
            "table" => self.entries.write_table(out)?,
            "stats" => {
                let killed = drops + self.entries.drops();
                write!(out, "{killed} packets killed\n{queries} ARP queries sent\n")?;
            }
            "queries" => write!(out, "{queries}")?,
            "responses" => write!(out, "{responses}")?,
            "count" => write!(out, "{}", self.entries.count())?,
            "length" => write!(out, "{}", self.entries.length())?,
            "drops" => write!(out, "{drops}")?,
            "table_drops" => write!(out, "{}", self.entries.drops())?,
            "bad_responses" => write!(out, "{bad_responses}")?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let address = || value.trim().parse::<Ipv4Addr>().map(u32::from).map_err(|_| HandlerError::BadValue);
        match name {
            "ipaddr" => self.asker.address = address()?,
            "broadcast" => self.asker.broadcast = address()?,
            "clear" => {
                (self.asker.queries, self.asker.responses, self.asker.drops) = (0, 0, 0);
                self.entries.clear();
            }
            _ => self.entries.write_handler(name, value)?,
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.asker.deadline_ns
    }
}

impl Asker {
    /// Treats a packet that came in by `input`.
    #[inline]
    fn push<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        entries: &mut Entries,
        input: usize,
        packet: Packet,
        out: &mut O,
    ) {
        if input == 0 {
            self.encapsulate(io, entries, packet, out);
        } else {
            self.learn(io, entries, &packet);
            self.release(entries, out);
        }
    }

    #[inline]
    fn tick<M: PacketIo, O: Outputs>(&mut self, io: &mut M, entries: &mut Entries, out: &mut O) {
        entries.tick(io.now_ns());
        if entries.has_released() {
            self.release(entries, out);
        }
        self.deadline_ns = entries.deadline_ns();
    }

    #[inline]
    fn encapsulate<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        entries: &mut Entries,
        mut packet: Packet,
        out: &mut O,
    ) {
        if self.address == 0 || !packet.push_front(HEADER_BYTES) {
            self.drops += 1;
            return;
        }
        note_mac_header(&mut packet);
        let destination = u32::from_be_bytes(packet.annotations().destination_ipv4());
        let now_ns = io.now_ns();
        let found = match entries.look_up(destination, now_ns, self.poll_ns) {
            Some((ethernet, poll)) => {
                if poll {
                    let to = if self.broadcast_poll { Address::BROADCAST } else { ethernet };
                    self.ask(io, &packet, destination, to, out);
                }
                Some(ethernet)
            }
            None => self.without_asking(destination),
        };
        match found {
            Some(ethernet) => self.send(packet, ethernet, out),
            None => self.wait(io, entries, packet, destination, out),
        }
    }

    /// The Ethernet address of a destination that is all or a group.
    fn without_asking(&self, destination: u32) -> Option<Address> {
        if destination == u32::MAX || (destination == self.broadcast && destination != 0) {
            return Some(Address::BROADCAST);
        }
        let [_, b, c, d] = destination.to_be_bytes();
        (destination >> 28 == 0xe).then(|| Address::new([0x01, 0, 0x5e, b & 0x7f, c, d]))
    }

    /// Keeps a packet whose destination is not known, and asks for that.
    #[inline(never)]
    fn wait<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        entries: &mut Entries,
        packet: Packet,
        destination: u32,
        out: &mut O,
    ) {
        if destination == 0 {
            if !self.warned {
                let name = self.name;
                io.message(format_args!(
                    "{name} :: ARPQuerier: would query for 0.0.0.0; missing dest IP addr annotation?"
                ));
                self.warned = true;
            }
            self.drops += 1;
            return;
        }
        let annotations = *packet.annotations();
        if let Held::Ask = entries.hold(destination, packet, io.now_ns()) {
            self.query(io, &annotations, destination, Address::BROADCAST, out);
        }
    }

    #[inline(never)]
    fn ask<M: PacketIo, O: Outputs>(&mut self, io: &mut M, packet: &Packet, destination: u32, to: Address, out: &mut O) {
        let annotations = *packet.annotations();
        self.query(io, &annotations, destination, to, out);
    }

    /// Sends a query for `destination` to the station `to`, on behalf of a packet with these annotations.
    fn query<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        annotations: &crate::Annotations,
        destination: u32,
        to: Address,
        out: &mut O,
    ) {
        let sender = (self.ethernet, self.address);
        let query = Repr { operation: Operation::Request, sender, target: (Address::from_bits(0), destination) };
        let Some(mut packet) = io.allocate().and_then(|packet| filled(packet, &query.frame(to))) else {
            io.message(format_args!("in arp querier: cannot make packet!"));
            return;
        };
        packet.annotations_mut().timestamp_ns = annotations.timestamp_ns;
        packet.annotations_mut().vlan_tci = annotations.vlan_tci;
        self.queries += 1;
        out.emit(O::COUNT.saturating_sub(1), packet);
    }

    /// Sends a packet, whose header has its place, to the station `to`.
    #[inline]
    fn send<O: Outputs>(&mut self, mut packet: Packet, to: Address, out: &mut O) {
        if let Some(header) = packet.data_mut().first_chunk_mut::<HEADER_BYTES>() {
            set_addresses(header, to, self.ethernet);
            header[field::TYPE].copy_from_slice(&u16::from(EtherType::Ipv4).to_be_bytes());
        }
        out.emit(0, packet);
    }

    fn learn<M: PacketIo>(&mut self, io: &mut M, entries: &mut Entries, packet: &Packet) {
        self.responses += u64::from(packet.len() >= arp::FRAME_BYTES);
        match Arp::in_frame(packet.data()) {
            Some(reply) if reply.operation() == Operation::Reply && !reply.sender_hardware().is_group() => {
                entries.answer(reply.sender_protocol(), reply.sender_hardware(), io.now_ns());
            }
            _ => self.bad_responses += 1,
        }
    }

    /// Sends packets that have been answered, as many as there is room for.
    fn release<O: Outputs>(&mut self, entries: &mut Entries, out: &mut O) {
        while out.room(0) > 0
            && let Some((packet, ethernet)) = entries.take()
        {
            self.send(packet, ethernet, out);
        }
    }
}

/// A fresh packet with a frame of ARP, and its annotations.
pub fn filled(mut packet: Packet, frame: &[u8; arp::FRAME_BYTES]) -> Option<Packet> {
    if !packet.append(frame) {
        return None;
    }
    note_mac_header(&mut packet);
    packet.set_network(HEADER_BYTES, arp::MESSAGE_BYTES);
    Some(packet)
}

impl Push for ArpQuerier {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, packet: Packet, out: &mut O) {
        self.asker.push(io, &mut self.entries, input, packet, out);
    }

    #[inline]
    fn tick<M: PacketIo, O: Outputs>(&mut self, io: &mut M, out: &mut O) {
        self.asker.tick(io, &mut self.entries, out);
    }
}

impl<T: HasEntries> PushWith<(&mut T,)> for ArpQuerier {
    #[inline]
    fn push_with<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        (table,): (&mut T,),
        input: usize,
        packet: Packet,
        out: &mut O,
    ) {
        self.asker.push(io, table.entries(), input, packet, out);
    }

    #[inline]
    fn tick_with<M: PacketIo, O: Outputs>(&mut self, io: &mut M, (table,): (&mut T,), out: &mut O) {
        self.asker.tick(io, table.entries(), out);
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ArpQuerier {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Instance, Ipv4Prefix, Nanoseconds};
        let table = arguments.keyword_peer("TABLE", &["ARPTable", "ARPQuerier"]);
        let (limits, places) = arp_table::configure_limits(arguments);
        let broadcast: Option<Ipv4Addr> = arguments.keyword("BROADCAST");
        let poll = arguments.keyword("POLL_TIMEOUT").unwrap_or(Nanoseconds(60_000_000_000));
        let broadcast_poll = arguments.keyword("BROADCAST_POLL").unwrap_or(false);
        let address: Option<Ipv4Prefix> = arguments.required("IP");
        let ethernet: Option<Address> = arguments.required("ETH");
        let (address, ethernet) = (address?, ethernet?);
        let last = address.address | !address.mask();
        let broadcast = match broadcast {
            Some(broadcast) => broadcast.into(),
            None if last == address.address => u32::MAX,
            None => last,
        };
        let expression = format!(
            "ArpQuerier::new({:?}, {:#010x}, {:?}, {broadcast:#010x}, {}, {broadcast_poll}, {limits})",
            surroundings.name,
            address.address,
            ethernet.to_bytes(),
            poll.0,
        );
        // A query and the packet that it is for may meet on one output.
        let most = if surroundings.outputs > 1 { 1 } else { 2 };
        let instance = Instance::new("ArpQuerier", expression).ticking().emitting(most);
        Some(match table {
            Some(table) => instance.with_peers(vec![table]),
            None => instance.with_memory("arp_table::Place", "arp_table::Place::EMPTY", places),
        })
    }
}

#[cfg(test)]
mod tests;
