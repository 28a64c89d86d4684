// SPDX-License-Identifier: Apache-2.0
//! # ARPResponder
//! `ARPResponder(IP/MASK [IP/MASK …] ETH, …)` — generates responses to ARP queries.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** ARP queries with their Ethernet header.
//!
//! **Description:** turns a query for an address in one of the IP/MASK into the reply that ETH has it, and sends that by
//! output 0. Of several IP/MASK the longest decides; of equal ones the last that was given. Everything else leaves by
//! output 1, or is dropped if that is not connected. Serves a host's own address, and proxy ARP (RFC 1027).
//!
//! **Notes:** the reply takes the query's buffer; of its annotations, port and VLAN stay. A query must be one between IPv4
//! and Ethernet, address lengths included, and a mask a prefix. The handler `add` finds room for 16 entries more than were configured.
//!
//! **Handlers:** `table` (read: a line per entry), `lookup` (read, with an IP address: its Ethernet address or nothing),
//! `add` (write: `IP/MASK [IP/MASK …] ETH`), `remove` (write: `IP/MASK`), `unanswered` (drops; 0 while output 1 is
//! connected).
//!
//! **Example:** `FromDevice(lan) -> Classifier(12/0806 20/0001) -> ARPResponder(192.0.2.1 02:00:00:00:00:01) ->
//! ToDevice(lan);`
//!
//! **See also:** `ARPQuerier`, `ARPFaker`.

use super::ether_header::note_mac_header;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::arp::{self, Arp, Operation, Repr};
use crate::wire::ethernet::{Address, HEADER_BYTES};
use crate::{Annotations, Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;
use core::net::Ipv4Addr;

/// An address or network, and the Ethernet address that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    network: u32,
    length: u8,
    ethernet: Address,
}

/// The mask of a prefix of `length`, 0 to 32.
const fn mask(length: u8) -> u32 {
    match length {
        0 => 0,
        _ => u32::MAX << ((32 - length as u32) & 31),
    }
}

impl Entry {
    #[inline]
    fn contains(&self, address: u32) -> bool {
        (address ^ self.network) & mask(self.length) == 0
    }
}

/// See the module's documentation. `N` is how many entries it holds at most.
pub struct ArpResponder<const N: usize = 16> {
    entries: [Entry; N],
    count: usize,
    diverts: bool,
    unanswered: u64,
}

impl<const N: usize> ArpResponder<N> {
    /// Answers for these: network and length of the prefix, Ethernet address; `diverts` if output 1 takes the rest. The
    /// prefixes are in order: none contains a later one.
    pub const fn new(given: &[(u32, u8, [u8; 6])], diverts: bool) -> Self {
        let mut entries = [Entry { network: 0, length: 0, ethernet: Address::from_bits(0) }; N];
        let mut count = 0;
        while count < given.len() && count < N {
            let (network, length, ethernet) = given[count];
            entries[count] = Entry { network: network & mask(length), length, ethernet: Address::new(ethernet) };
            count += 1;
        }
        ArpResponder { entries, count, diverts, unanswered: 0 }
    }

    #[inline]
    fn entries(&self) -> &[Entry] {
        self.entries.get(..self.count).unwrap_or(&[])
    }

    #[inline]
    fn look_up(&self, address: u32) -> Option<Address> {
        self.entries().iter().find(|entry| entry.contains(address)).map(|entry| entry.ethernet)
    }

    /// Adds an entry before the first that contains it; false if there is no room.
    fn add(&mut self, entry: Entry) -> bool {
        let same = |old: &Entry| (old.network, old.length) == (entry.network, entry.length);
        if let Some(index) = self.entries().iter().position(same) {
            self.entries[index] = entry;
            return true;
        }
        let wider = |old: &Entry| old.length < entry.length && old.contains(entry.network);
        let index = self.entries().iter().position(wider).unwrap_or(self.count);
        let Some(last) = self.entries.get_mut(self.count) else { return false };
        *last = entry;
        self.entries[index..=self.count].rotate_right(1);
        self.count += 1;
        true
    }

    /// Adds all entries of one argument, or none.
    fn add_all(&mut self, text: &str) -> Result<(), HandlerError> {
        let mut ethernet = None;
        for word in text.split_whitespace().filter(|word| prefix(word).is_none()) {
            let address = word.parse().map_err(|_| HandlerError::BadValue)?;
            if ethernet.replace(address).is_some() {
                return Err(HandlerError::BadValue);
            }
        }
        let ethernet = ethernet.ok_or(HandlerError::BadValue)?;
        let (entries, count) = (self.entries, self.count);
        let mut prefixes = text.split_whitespace().filter_map(prefix).peekable();
        let some = prefixes.peek().is_some();
        if some && prefixes.all(|(network, length)| self.add(Entry { network, length, ethernet })) {
            return Ok(());
        }
        (self.entries, self.count) = (entries, count);
        Err(HandlerError::BadValue)
    }

    fn remove(&mut self, (network, length): (u32, u8)) -> Result<(), HandlerError> {
        let same = |entry: &Entry| (entry.network, entry.length) == (network, length);
        let index = self.entries().iter().position(same).ok_or(HandlerError::BadValue)?;
        self.entries[index..self.count].rotate_left(1);
        self.count -= 1;
        Ok(())
    }
}

/// Reads `ADDRESS`, `ADDRESS/LENGTH` or `ADDRESS/MASK`: the network and its length.
fn prefix(text: &str) -> Option<(u32, u8)> {
    let (address, length) = text.split_once('/').unwrap_or((text, "32"));
    let length = match length.parse::<Ipv4Addr>().map(u32::from) {
        Ok(bits) if bits.leading_ones() == bits.count_ones() => bits.leading_ones() as u8,
        Ok(_) => return None,
        Err(_) => length.parse().ok().filter(|length| *length <= 32)?,
    };
    // Click takes addresses whose last bytes are left out: 18.26/16.
    let mut bytes = [0; 4];
    let short = text.contains('/') && address.split('.').count() < 4;
    if short {
        for (byte, digits) in bytes.iter_mut().zip(address.split('.')) {
            *byte = digits.parse().ok()?;
        }
    } else {
        bytes = address.parse::<Ipv4Addr>().ok()?.octets();
    }
    Some((u32::from_be_bytes(bytes) & mask(length), length))
}

impl<const N: usize> Element for ArpResponder<N> {
    const SPEC: Spec = Spec {
        class: "ARPResponder",
        category: Category::Arp,
        summary: "generates responses to ARP queries",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[Argument {
            name: "IP/MASK ETH",
            kind: ArgumentKind::List,
            doc: "addresses or networks and the Ethernet address that they have",
        }],
        handlers: &[
            Handler { name: "table", kind: HandlerKind::Read, doc: "the entries" },
            Handler { name: "lookup", kind: HandlerKind::Read, doc: "the Ethernet address of an IP address" },
            Handler { name: "add", kind: HandlerKind::Write, doc: "adds entries: IP/MASK [IP/MASK …] ETH" },
            Handler { name: "remove", kind: HandlerKind::Write, doc: "removes an entry: IP/MASK" },
            Handler { name: "unanswered", kind: HandlerKind::Drops, doc: "packets that are no query for an entry" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let (name, parameter) = name.split_once(' ').unwrap_or((name, ""));
        match name {
            "table" => {
                for Entry { network, length, ethernet } in self.entries() {
                    writeln!(out, "{}/{length} {ethernet}", Ipv4Addr::from(*network))?;
                }
            }
            "lookup" => {
                let address: Ipv4Addr = parameter.trim().parse().map_err(|_| HandlerError::BadValue)?;
                if let Some(ethernet) = self.look_up(address.into()) {
                    write!(out, "{ethernet}")?;
                }
            }
            "unanswered" => write!(out, "{}", self.unanswered)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "add" => self.add_all(value),
            "remove" => self.remove(prefix(value.trim()).ok_or(HandlerError::BadValue)?),
            _ => Err(HandlerError::Unknown),
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ArpResponder {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        const MOST: usize = 1024;
        let mut table = Box::new(ArpResponder::<MOST>::new(&[], false));
        let mut known = std::collections::HashSet::new();
        for (index, text) in arguments.rest() {
            for (network, length) in text.value.split_whitespace().filter_map(prefix) {
                if !known.insert((network, length)) {
                    let message = format!("multiple entries for {}/{length}", Ipv4Addr::from(network));
                    arguments.warn_at(index, format!("{message}: the last one counts"));
                }
            }
            if table.add_all(&text.value).is_err() {
                let wanted = "IP addresses or prefixes and one Ethernet address, like 192.0.2.0/24 02:00:00:00:00:01";
                arguments.error_at(index, 0..text.value.len(), format!("'{}'", text.value), Some(wanted.into()));
            }
        }
        let entries: Vec<_> = table
            .entries()
            .iter()
            .map(|entry| format!("({:#010x}, {}, {:?})", entry.network, entry.length, entry.ethernet.to_bytes()))
            .collect();
        let (places, diverts) = (entries.len() + 16, surroundings.outputs > 1);
        let expression = format!("ArpResponder::<{places}>::new(&[{}], {diverts})", entries.join(", "));
        Some(crate::configure::Instance::new(format!("ArpResponder<{places}>"), expression))
    }
}

impl<const N: usize> ArpResponder<N> {
    /// The reply to the query in `packet`, if it is one for an entry.
    #[inline]
    fn reply(&self, packet: &Packet) -> Option<[u8; arp::FRAME_BYTES]> {
        let query = Arp::in_frame(packet.data()).filter(|arp| arp.operation() == Operation::Request)?;
        let ethernet = self.look_up(query.target_protocol())?;
        let target = (query.sender_hardware(), query.sender_protocol());
        let reply = Repr { operation: Operation::Reply, sender: (ethernet, query.target_protocol()), target };
        Some(reply.frame(target.0))
    }
}

impl<const N: usize> Route for ArpResponder<N> {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        let Some(reply) = self.reply(packet) else {
            self.unanswered += u64::from(!self.diverts);
            return self.diverts.then_some(1);
        };
        packet.truncate(reply.len());
        packet.data_mut().copy_from_slice(&reply);
        let Annotations { port, vlan_tci, .. } = *packet.annotations();
        *packet.annotations_mut() = Annotations { port, vlan_tci, ..Annotations::NONE };
        note_mac_header(packet);
        packet.set_network(HEADER_BYTES, arp::MESSAGE_BYTES);
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    const ONE: [u8; 6] = [0, 1, 2, 3, 4, 5];
    const OTHER: [u8; 6] = [0, 1, 2, 3, 4, 6];

    fn query(address: u32) -> Packet {
        let sender = (Address::new([2; 6]), 0x0a00_0002);
        let query = Repr { operation: Operation::Request, sender, target: (Address::from_bits(0), address) };
        let mut packet = packet(&[query.frame(Address::BROADCAST).as_slice(), &[0; 18]].concat());
        (packet.annotations_mut().port, packet.annotations_mut().paint) = (3, 4);
        packet
    }

    #[test]
    fn answers_for_its_entries() {
        let (mut responder, mut io) = (ArpResponder::<4>::new(&[(0x0100_0000, 24, ONE)], false), ListIo::new(0));
        let mut asked = query(0x0100_0007);
        assert_eq!(responder.route(&mut io, 0, &mut asked), Some(0));
        let reply = Repr {
            operation: Operation::Reply,
            sender: (Address::new(ONE), 0x0100_0007),
            target: (Address::new([2; 6]), 0x0a00_0002),
        };
        assert_eq!(asked.data(), reply.frame(Address::new([2; 6])));
        assert_eq!((asked.annotations().port, asked.annotations().paint), (3, 0));
        assert_eq!(asked.network().len(), arp::MESSAGE_BYTES);
        for mut other in [query(0x0100_0107), packet(&reply.frame(Address::BROADCAST)), packet(&[0; 41])] {
            assert_eq!(responder.route(&mut io, 0, &mut other), None);
        }
        assert_eq!(read(&responder, "unanswered"), "3");
    }

    #[test]
    fn the_longest_prefix_decides_and_the_last_of_equals() {
        let mut responder = ArpResponder::<3>::new(&[], false);
        for entry in ["1.0.0/24 0:1:2:3:4:6", "1.0.0.2 00-01-02-03-04-05", "1.0.0.2 1.0.0.3 0:1:2:3:4:5"] {
            responder.write_handler("add", entry).unwrap();
        }
        let table = "1.0.0.2/32 00-01-02-03-04-05\n1.0.0.3/32 00-01-02-03-04-05\n1.0.0.0/24 00-01-02-03-04-06\n";
        assert_eq!(read(&responder, "table"), table);
        assert_eq!(responder.write_handler("add", "1.0.0.3 1.0.0.4 0:0:0:0:0:0"), Err(HandlerError::BadValue), "full");
        assert_eq!(read(&responder, "table"), table);
        responder.write_handler("remove", "1.0.0.2/255.255.255.255").unwrap();
        assert_eq!(responder.look_up(0x0100_0002), Some(Address::new(OTHER)));
        assert_eq!(read(&responder, "lookup 1.0.0.3"), "00-01-02-03-04-05");
        assert_eq!(read(&responder, "lookup 2.0.0.3"), "");
        for (name, value) in [("remove", "1.0.0.2"), ("add", "1.0.0.2"), ("add", "0:1:2:3:4:6"), ("add", "x")] {
            assert_eq!(responder.write_handler(name, value), Err(HandlerError::BadValue), "{name} {value}");
        }
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_are_entries() {
        use crate::configure::{Surroundings, configure};
        let arguments = ["10/8 0:1:2:3:4:5 10.0.0.1", "1.2.3.4/0.0.0.0 0:1:2:3:4:6"];
        let instance = configure::<ArpResponder>(&arguments, &Surroundings::default()).unwrap();
        assert_eq!(
            instance.expression,
            "ArpResponder::<19>::new(&[(0x0a000001, 32, [0, 1, 2, 3, 4, 5]), (0x0a000000, 8, [0, 1, 2, 3, 4, 5]), \
             (0x00000000, 0, [0, 1, 2, 3, 4, 6])], false)"
        );
        assert_eq!(configure::<ArpResponder>(&["10/8", "10/8 x"], &Surroundings::default()).unwrap_err().len(), 2);
    }
}
