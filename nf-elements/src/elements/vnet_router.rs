// SPDX-License-Identifier: Apache-2.0
//! # VnetRouter
//! `VnetRouter(INTERFACES, ROUTE … [, LINKS, CACHE])` — routes frames by both addresses, as VNET/P does.
//!
//! **Ports:** one or more push inputs, as many push outputs. The first INTERFACES of them are virtual machines (interfaces), by
//! their numbers; those behind are other hosts (links), counted from 0 again. With LINKS the first of these ports leads to that many
//! links, from 0 on, and each port behind it to one more.
//!
//! **Expects:** Ethernet frames; at the port of LINKS painted with their link's number.
//!
//! **Description:** each ROUTE is `SOURCE-MAC DESTINATION-MAC TO FROM`. An address is a MAC, `not-MAC`, `any`, or `none` for routes that are
//! taken if nothing else fits. TO is `interface N` or `link N` (VNET's word `edge` is taken, too); FROM the same, or `interface any`,
//! `link any`, or `any`, the default. Of the routes that fit a frame the qualifiers of source and destination decide: exact–exact first,
//! then not–exact, exact–not, any–exact, exact–any, any–not, not–any, not–not, any–any, and those with `none`. Every route of the
//! best kind gets the frame: each counts it, and each place that they lead to gets it once.
//!
//! Frames for one of LINKS are painted with its number: a `VnetLinks` behind that port sends each to its host, and paints those
//! that come. A port without LINKS is a link itself: with nothing between it and a NIC in promiscuous mode that is VNET's direct bridge,
//! without encapsulation on the same LAN.
//!
//! There is room for 64 routes, or as many as are written here and 64 more, and for 64 interfaces and links. What was chosen is
//! remembered by place and the 14 bytes of Ethernet header, in CACHE places (1024 by default, a power of two; 0 for none); each change of the routes empties them.
//!
//! `control` takes VNET's commands, one per line: `ADD ROUTE`, `DEL INDEX`. Reading it lists the routes with their indices and the frames that they
//! carried. Indices stay as they are while other routes come and go. Frames wait while a command is carried out, and none is lost.
//!
//! **Notes:** a frame does not leave where it came in, whatever a route says: links would echo each other's floods for ever. In VNET's
//! commands places have addresses, here numbers.
//!
//! **Handlers:** `control` (read, write), `routes` (read: as `control`), `add` (write: a route), `remove` (write: an index), `cached` (read: frames whose routes were
//! remembered), `no_route`, `same_place`, `no_link`, `no_buffer`, `too_short` (drops).
//!
//! **Example:** `v :: VnetRouter(1, any any interface 0 link any, any any link 0 interface any); FromDevice(lan) -> v -> ToDevice(lan); FromDevice(wan) -> [1]v[1] -> ToDevice(wan);`
//!
//! **See also:** `VnetLinks`, `EtherSwitch`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::vnet::{Entry, Header, Place, Route, Table, cache};
use crate::wire::ethernet::HEADER_BYTES;
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;

/// Most interfaces and links.
const MOST_PLACES: usize = 64;

/// See the module's documentation.
pub struct VnetRouter<const ROUTES: usize = 64> {
    places: Places,
    table: Table<ROUTES>,
    cache: &'static mut [Entry],
    cached: u64,
    drops: Drops,
}

/// Which ports lead to which interfaces and links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// Interfaces, each at a port.
    pub interfaces: u8,
    /// Links at the next port, if there are any.
    pub painted: u8,
    /// Links at a port each.
    pub plain: u8,
}

/// Frames dropped, by reason.
#[derive(Default)]
struct Drops {
    no_route: u64,
    same_place: u64,
    no_link: u64,
    no_buffer: u64,
    too_short: u64,
}

impl Places {
    /// How many there are.
    const fn count(self) -> u8 {
        self.interfaces + self.painted + self.plain
    }

    /// The number among all places of what frames with this paint that come in by `input` come from.
    #[inline]
    fn came(self, input: u8, paint: u8) -> Option<u8> {
        let number = match input.checked_sub(self.interfaces) {
            Some(0) if self.painted != 0 && paint >= self.painted => return None,
            Some(0) if self.painted != 0 => self.interfaces + paint,
            Some(_) => input.saturating_add(self.painted.saturating_sub(1)),
            None => input,
        };
        (number < self.count()).then_some(number)
    }

    /// The output that leads to a place of that number.
    #[inline]
    fn output(self, number: u8) -> usize {
        let behind = number.saturating_sub(self.interfaces + self.painted.saturating_sub(1));
        usize::from(number.min(self.interfaces) + if number < self.interfaces { 0 } else { behind })
    }

    #[inline]
    fn place(self, number: u8) -> Place {
        match number.checked_sub(self.interfaces) {
            None => Place::Interface(number),
            Some(link) => Place::Link(link),
        }
    }

    #[inline]
    fn number(self, place: Place) -> Option<u8> {
        match place {
            Place::Interface(number) => (number < self.interfaces).then_some(number),
            Place::Link(number) => self.interfaces.checked_add(number).filter(|&number| number < self.count()),
        }
    }
}

impl<const ROUTES: usize> VnetRouter<ROUTES> {
    /// Between `places`, of which there are at most 64, with these routes.
    pub const fn new(places: Places, routes: &[Route]) -> Self {
        assert!(places.count() as usize <= MOST_PLACES, "places are bits of a word");
        let drops = Drops { no_route: 0, same_place: 0, no_link: 0, no_buffer: 0, too_short: 0 };
        VnetRouter { places, table: Table::new(routes), cache: &mut [], cached: 0, drops }
    }

    /// Takes the cache's memory: a power of two of entries.
    pub fn lend(&mut self, memory: &'static mut [Entry]) {
        self.cache = memory;
    }

    /// The places that the frame goes to, by the bits of their numbers; `from` is the one that it came from.
    #[inline]
    fn destinations(&mut self, bytes: &[u8; HEADER_BYTES], from: u8) -> u64 {
        let header = Header::new(bytes, from);
        let generation = self.table.generation();
        let (destination, source) = header.addresses();
        let place = self.places.place(from);
        let chosen = match cache::find(self.cache, header, generation) {
            Some(chosen) => {
                self.cached += 1;
                chosen
            }
            None => {
                let chosen = self.table.choose(place, source, destination);
                cache::remember(self.cache, header, generation, chosen);
                chosen
            }
        };
        self.drops.no_route += u64::from(chosen.is_none());
        let (places, mut destinations) = (self.places, 0);
        self.table.take(chosen, (place, source, destination), |to| {
            destinations |= places.number(to).map_or(0, |number| 1 << number);
        });
        destinations
    }

    /// Sends the frame wherever its routes lead: copies, and to the last place itself.
    #[inline]
    fn spread<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, packet: Packet, out: &mut O) {
        let Some(bytes) = packet.data().first_chunk() else {
            self.drops.too_short += 1;
            return;
        };
        let Some(from) = self.places.came(input as u8, packet.annotations().paint) else {
            self.drops.no_link += 1;
            return;
        };
        let destinations = self.destinations(bytes, from);
        let mut left = destinations & !(1 << from);
        self.drops.same_place += u64::from(left != destinations);
        while left & left.wrapping_sub(1) != 0 {
            self.copy(io, &packet, left.trailing_zeros() as u8, out);
            left &= left - 1;
        }
        if left != 0 {
            self.send(packet, left.trailing_zeros() as u8, out);
        }
    }

    fn copy<M: PacketIo, O: Outputs>(&mut self, io: &mut M, packet: &Packet, to: u8, out: &mut O) {
        match io.allocate() {
            Some(mut copy) => {
                packet.copy_into(&mut copy);
                self.send(copy, to, out);
            }
            None => self.drops.no_buffer += 1,
        }
    }

    #[inline]
    fn send<O: Outputs>(&self, mut packet: Packet, to: u8, out: &mut O) {
        if self.places.painted != 0 {
            packet.annotations_mut().paint = to.saturating_sub(self.places.interfaces);
        }
        out.emit(self.places.output(to), packet);
    }

    fn add(&mut self, text: &str) -> Result<(), HandlerError> {
        let route: Route = text.parse().map_err(|_| HandlerError::BadValue)?;
        self.places.number(route.to).ok_or(HandlerError::BadValue)?;
        self.table.add(route).map(drop).ok_or(HandlerError::BadValue)
    }

    fn remove(&mut self, text: &str) -> Result<(), HandlerError> {
        let index = text.trim().parse().map_err(|_| HandlerError::BadValue)?;
        if self.table.remove(index) { Ok(()) } else { Err(HandlerError::BadValue) }
    }

    /// Carries out one of VNET's commands.
    fn command(&mut self, line: &str) -> Result<(), HandlerError> {
        match line.trim().split_once(char::is_whitespace) {
            Some((command, route)) if command.eq_ignore_ascii_case("add") => self.add(route),
            Some((command, index)) if command.eq_ignore_ascii_case("del") => self.remove(index),
            _ => Err(HandlerError::BadValue),
        }
    }
}

impl<const ROUTES: usize> Element for VnetRouter<ROUTES> {
    const SPEC: Spec = Spec {
        class: "VnetRouter",
        category: Category::Tunnel,
        summary: "routes frames by both addresses, as VNET/P does",
        ports: "1-/1-",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "INTERFACES", kind: ArgumentKind::Required, doc: "how many ports are virtual machines" },
            Argument { name: "ROUTE", kind: ArgumentKind::List, doc: "SOURCE-MAC DESTINATION-MAC TO FROM" },
            Argument { name: "LINKS", kind: ArgumentKind::Keyword, doc: "links at the first port behind the interfaces" },
            Argument { name: "CACHE", kind: ArgumentKind::Keyword, doc: "places of the route cache; 1024 by default" },
        ],
        handlers: &[
            Handler { name: "control", kind: HandlerKind::ReadWrite, doc: "ADD ROUTE, DEL INDEX; routes with their counts" },
            Handler { name: "routes", kind: HandlerKind::Read, doc: "routes with their indices and counts" },
            Handler { name: "add", kind: HandlerKind::Write, doc: "adds a route" },
            Handler { name: "remove", kind: HandlerKind::Write, doc: "removes the route of an index" },
            Handler { name: "cached", kind: HandlerKind::Read, doc: "frames whose routes were remembered" },
            Handler { name: "no_route", kind: HandlerKind::Drops, doc: "frames that no route fits" },
            Handler { name: "same_place", kind: HandlerKind::Drops, doc: "frames that a route leads back, though others may get them" },
            Handler { name: "no_link", kind: HandlerKind::Drops, doc: "frames painted with the number of no link" },
            Handler { name: "no_buffer", kind: HandlerKind::Drops, doc: "copies without a free buffer" },
            Handler { name: "too_short", kind: HandlerKind::Drops, doc: "frames without an Ethernet header" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let drops = &self.drops;
        let value = match name {
            "control" | "routes" => {
                for (index, route, count) in self.table.routes() {
                    writeln!(out, "{index}: {route} {count}")?;
                }
                return Ok(());
            }
            "cached" => self.cached,
            "no_route" => drops.no_route,
            "same_place" => drops.same_place,
            "no_link" => drops.no_link,
            "no_buffer" => drops.no_buffer,
            "too_short" => drops.too_short,
            _ => return Err(HandlerError::Unknown),
        };
        Ok(write!(out, "{value}")?)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "add" => self.add(value),
            "remove" => self.remove(value),
            "control" => value.trim().split('\n').try_fold((), |(), line| self.command(line)),
            _ => Err(HandlerError::Unknown),
        }
    }
}

#[cfg(feature = "host")]
mod configuration;

impl<const ROUTES: usize> Push for VnetRouter<ROUTES> {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, packet: Packet, out: &mut O) {
        self.spread(io, input, packet, out);
    }
}

#[cfg(test)]
mod tests;
