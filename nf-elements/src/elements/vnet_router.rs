// SPDX-License-Identifier: Apache-2.0
//! # VnetRouter
//! `VnetRouter(INTERFACES, ROUTE … [, CACHE])` — routes frames by both addresses, as VNET/P does.
//!
//! **Ports:** one or more push inputs, as many push outputs. The first INTERFACES of them are virtual machines (interfaces), by
//! their numbers; those behind are other hosts (links), counted from 0 again.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** each ROUTE is `SOURCE-MAC DESTINATION-MAC TO FROM`. An address is a MAC, `not-MAC`, `any`, or `none` for routes that are
//! taken if nothing else fits. TO is `interface N` or `link N` (VNET's word `edge` is taken, too); FROM the same, or `interface any`,
//! `link any`, or `any`, the default. Of the routes that fit a frame the qualifiers of source and destination decide: exact–exact first,
//! then not–exact, exact–not, any–exact, exact–any, any–not, not–any, not–not, any–any, and those with `none`. Every route of the
//! best kind gets the frame, eight at most.
//!
//! There is room for 64 routes, or as many as are written here and 64 more. What was chosen is remembered by input and the 14 bytes of Ethernet
//! header, in CACHE places (1024 by default, a power of two; 0 for none); each change of the routes empties them.
//!
//! **Notes:** a frame does not leave where it came in, whatever a route says: links would echo each other's floods for ever.
//!
//! **Handlers:** `control` (write: VNET's commands `ADD ROUTE`, `DEL INDEX`), `routes` (read: a line per route with its index
//! and the frames that it took), `add` (write: a route), `remove` (write: an index), `cached` (read: frames whose routes were
//! remembered), `no_route`, `same_place`, `no_output`, `no_buffer`, `too_short` (drops).
//!
//! **Example:** `v :: VnetRouter(1, any any interface 0 link any, any any link 0 interface any); FromDevice(lan) -> v -> ToDevice(lan); FromDevice(wan) -> [1]v[1] -> ToDevice(wan);`
//!
//! **See also:** `EtherSwitch`, `UDPIPEncap`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::vnet::{Entry, Header, Place, Route, Table, cache};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;

/// See the module's documentation.
pub struct VnetRouter<const ROUTES: usize = 64> {
    interfaces: u8,
    outputs: u8,
    table: Table<ROUTES>,
    cache: &'static mut [Entry],
    cached: u64,
    drops: Drops,
}

/// Frames dropped, by reason.
#[derive(Default)]
struct Drops {
    no_route: u64,
    same_place: u64,
    no_output: u64,
    no_buffer: u64,
    too_short: u64,
}

impl<const ROUTES: usize> VnetRouter<ROUTES> {
    /// With `interfaces` interfaces among its `outputs` places, and these routes.
    pub const fn new(interfaces: u8, outputs: u8, routes: &[Route]) -> Self {
        let drops = Drops { no_route: 0, same_place: 0, no_output: 0, no_buffer: 0, too_short: 0 };
        VnetRouter { interfaces, outputs, table: Table::new(routes), cache: &mut [], cached: 0, drops }
    }

    /// Takes the cache's memory: a power of two of entries.
    pub fn lend(&mut self, memory: &'static mut [Entry]) {
        self.cache = memory;
    }

    #[inline]
    fn place(&self, input: u8) -> Place {
        if input < self.interfaces { Place::Interface(input) } else { Place::Link(input - self.interfaces) }
    }

    /// The output that leads to `place`, if there is one.
    #[inline]
    fn output(&self, place: Place) -> Option<usize> {
        let output = match place {
            Place::Interface(number) => (number < self.interfaces).then_some(u16::from(number)),
            Place::Link(number) => Some(u16::from(self.interfaces) + u16::from(number)),
        };
        output.filter(|&output| output < u16::from(self.outputs)).map(usize::from)
    }

    /// Sends the frame along all chosen routes: copies, and by the last one that leads somewhere itself.
    #[inline]
    fn spread<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, packet: Packet, out: &mut O) {
        let Some(bytes) = packet.data().first_chunk() else {
            self.drops.too_short += 1;
            return;
        };
        let header = Header::new(bytes, input as u8);
        let generation = self.table.generation();
        let chosen = match cache::find(self.cache, header, generation) {
            Some(chosen) => {
                self.cached += 1;
                chosen
            }
            None => {
                let (destination, source) = header.addresses();
                let chosen = self.table.choose(self.place(input as u8), source, destination);
                cache::remember(self.cache, header, generation, chosen);
                chosen
            }
        };
        let mut last = None;
        let mut none = true;
        for index in chosen.indices() {
            none = false;
            match self.table.take(index).map(|place| self.output(place)) {
                Some(Some(output)) if output == input => self.drops.same_place += 1,
                Some(Some(output)) => {
                    if let Some(before) = last.replace(output) {
                        self.copy(io, &packet, before, out);
                    }
                }
                _ => self.drops.no_output += 1,
            }
        }
        self.drops.no_route += u64::from(none);
        if let Some(output) = last {
            out.emit(output, packet);
        }
    }

    fn copy<M: PacketIo, O: Outputs>(&mut self, io: &mut M, packet: &Packet, output: usize, out: &mut O) {
        match io.allocate() {
            Some(mut copy) => {
                packet.copy_into(&mut copy);
                out.emit(output, copy);
            }
            None => self.drops.no_buffer += 1,
        }
    }

    fn add(&mut self, text: &str) -> Result<(), HandlerError> {
        let route: Route = text.parse().map_err(|_| HandlerError::BadValue)?;
        self.output(route.to).ok_or(HandlerError::BadValue)?;
        self.table.add(route).map(drop).ok_or(HandlerError::BadValue)
    }

    fn remove(&mut self, text: &str) -> Result<(), HandlerError> {
        let index = text.trim().parse().map_err(|_| HandlerError::BadValue)?;
        if self.table.remove(index) { Ok(()) } else { Err(HandlerError::BadValue) }
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
            Argument { name: "CACHE", kind: ArgumentKind::Keyword, doc: "places of the route cache; 1024 by default" },
        ],
        handlers: &[
            Handler { name: "control", kind: HandlerKind::Write, doc: "VNET's commands: ADD ROUTE, DEL INDEX" },
            Handler { name: "routes", kind: HandlerKind::Read, doc: "routes with their indices and counts" },
            Handler { name: "add", kind: HandlerKind::Write, doc: "adds a route" },
            Handler { name: "remove", kind: HandlerKind::Write, doc: "removes the route of an index" },
            Handler { name: "cached", kind: HandlerKind::Read, doc: "frames whose routes were remembered" },
            Handler { name: "no_route", kind: HandlerKind::Drops, doc: "frames that no route fits" },
            Handler { name: "same_place", kind: HandlerKind::Drops, doc: "routes that lead back" },
            Handler { name: "no_output", kind: HandlerKind::Drops, doc: "routes to where nothing is connected" },
            Handler { name: "no_buffer", kind: HandlerKind::Drops, doc: "copies without a free buffer" },
            Handler { name: "too_short", kind: HandlerKind::Drops, doc: "frames without an Ethernet header" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let drops = &self.drops;
        let value = match name {
            "routes" => {
                for (index, route, count) in self.table.routes() {
                    writeln!(out, "{index}: {route} {count}")?;
                }
                return Ok(());
            }
            "cached" => self.cached,
            "no_route" => drops.no_route,
            "same_place" => drops.same_place,
            "no_output" => drops.no_output,
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
            "control" => match value.trim().split_once(char::is_whitespace) {
                Some((command, route)) if command.eq_ignore_ascii_case("add") => self.add(route),
                Some((command, index)) if command.eq_ignore_ascii_case("del") => self.remove(index),
                _ => Err(HandlerError::BadValue),
            },
            _ => Err(HandlerError::Unknown),
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for VnetRouter {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        around: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::Instance;
        let interfaces: u8 = arguments.required("INTERFACES")?;
        if usize::from(interfaces) > around.outputs {
            let wanted = format!("0 to {}, the connected outputs", around.outputs);
            arguments.error_last(format!("{interfaces} interfaces"), wanted);
        }
        if around.inputs > around.outputs || around.outputs > 64 {
            arguments.error("inputs and outputs do not belong together", Some("as many outputs, at most 64".into()));
        }
        let places: usize = arguments.keyword("CACHE").unwrap_or(1024);
        if places != 0 && !places.is_power_of_two() || places > 1 << 20 {
            arguments.error_last(format!("a cache of {places}"), "0, or a power of two up to 1048576");
        }
        let mut routes = Vec::new();
        for (index, text) in arguments.rest() {
            match text.value.parse::<Route>() {
                Ok(route) => routes.push(route),
                Err(error) => {
                    let wanted = "a route like any 02:00:00:00:00:01 interface 0 any";
                    arguments.error_at(index, 0..text.value.len(), error.to_string(), Some(wanted.into()));
                }
            }
        }
        let room = 64 + routes.len();
        let routes: Vec<_> = routes.iter().map(expression).collect();
        let new = format!("VnetRouter::<{room}>::new({interfaces}, {}, &[{}])", around.outputs, routes.join(", "));
        let instance = Instance::new(format!("VnetRouter<{room}>"), new);
        let entry = "nf_elements::vnet::Entry";
        // A frame goes out of one output once for each route to it.
        let instance = if places == 0 { instance } else { instance.with_memory(entry, format!("{entry}::EMPTY"), places) };
        Some(instance.emitting(8))
    }
}

/// The expression that gives a route.
#[cfg(feature = "host")]
fn expression(route: &Route) -> String {
    use crate::vnet::{Qualifier, Source};
    let room = "nf_elements::vnet";
    let qualifier = |qualifier: Qualifier| {
        let address = |name: &str, address: crate::wire::ethernet::Address| {
            let new = format!("nf_elements::wire::ethernet::Address::new({:?})", address.to_bytes());
            format!("{room}::Qualifier::{name}({new})")
        };
        match qualifier {
            Qualifier::Exact(own) => address("Exact", own),
            Qualifier::Not(own) => address("Not", own),
            Qualifier::Any => format!("{room}::Qualifier::Any"),
            Qualifier::None => format!("{room}::Qualifier::None"),
        }
    };
    let place = |place: Place| format!("{room}::Place::{place:?}");
    let from = match route.from {
        Source::Place(from) => format!("{room}::Source::Place({})", place(from)),
        other => format!("{room}::Source::{other:?}"),
    };
    format!(
        "{room}::Route {{ source: {}, destination: {}, to: {}, from: {from} }}",
        qualifier(route.source),
        qualifier(route.destination),
        place(route.to)
    )
}

impl<const ROUTES: usize> Push for VnetRouter<ROUTES> {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, packet: Packet, out: &mut O) {
        self.spread(io, input, packet, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Collected, ListIo, packet, read};

    const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const B: [u8; 6] = [2, 0, 0, 0, 0, 2];

    fn router(cache: usize, routes: &[&str]) -> VnetRouter {
        let routes: Vec<Route> = routes.iter().map(|text| text.parse().unwrap()).collect();
        let mut router = VnetRouter::new(2, 4, &routes);
        router.lend(vec![Entry::EMPTY; cache].leak());
        router
    }

    /// The outputs that a frame of A to B leaves by.
    fn outputs(router: &mut VnetRouter, input: usize) -> Vec<usize> {
        let (mut io, mut out) = (ListIo::new(0), Collected::<4>::default());
        let frame = [&B, &A, [8, 0].as_slice(), b"payload"].concat();
        router.push(&mut io, input, packet(&frame), &mut out);
        assert!(out.0.iter().all(|(_, packet)| packet.data() == frame));
        out.0.into_iter().map(|(port, _)| port).collect()
    }

    #[test]
    fn every_best_route_gets_the_frame() {
        for cache in [0, 4] {
            let mut router = router(cache, &["any any link 0 any", "any 02:00:00:00:00:02 interface 1 any"]);
            for _ in 0..3 {
                assert_eq!(outputs(&mut router, 0), [1]);
            }
            router.write_handler("control", "ADD any 02-00-00-00-00-02 edge 1 interface 0").unwrap();
            assert_eq!((outputs(&mut router, 0), outputs(&mut router, 2)), (vec![1, 3], vec![1]));
            router.write_handler("control", "del 1").unwrap();
            router.write_handler("remove", "2").unwrap();
            assert_eq!(outputs(&mut router, 0), [2]);
            assert_eq!(read(&router, "routes"), "0: any any link 0 any 1\n");
            assert_eq!(read(&router, "cached"), if cache == 0 { "0" } else { "2" });
        }
    }

    #[test]
    fn what_goes_nowhere_is_counted() {
        let mut router = router(4, &["any any interface 0 interface any", "02:00:00:00:00:01 any link 9 link any"]);
        assert_eq!(outputs(&mut router, 0), [0; 0]);
        assert_eq!(outputs(&mut router, 3), [0; 0]);
        router.write_handler("remove", "1").unwrap();
        assert_eq!(outputs(&mut router, 3), [0; 0]);
        router.push(&mut ListIo::new(0), 0, packet(&[0; 13]), &mut Collected::<4>::default());
        let counts = ["same_place", "no_output", "no_route", "too_short"].map(|name| read(&router, name));
        assert_eq!(counts, ["1", "1", "1", "1"]);
    }

    #[test]
    fn bad_commands_change_nothing() {
        let mut router = router(4, &[]);
        for bad in ["", "ADD", "ADD any any", "ADD any any link 2", "ADD any any interface 2", "DEL", "DEL 0", "LIST 1"] {
            assert_eq!(router.write_handler("control", bad), Err(HandlerError::BadValue), "{bad}");
        }
        (0..64).for_each(|_| router.write_handler("add", "any any link 0").unwrap());
        assert_eq!(router.write_handler("add", "any any link 0"), Err(HandlerError::BadValue), "full");
    }

    #[test]
    fn without_a_buffer_the_last_still_gets_it() {
        let mut router = router(4, &["any any link 0 any", "any any link 1 any"]);
        let (mut io, mut out) = (ListIo::new(0), Collected::<4>::default());
        io.buffers = Some(0);
        router.push(&mut io, 0, packet(&[0; 14]), &mut out);
        assert_eq!(out.0.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [3]);
        assert_eq!(read(&router, "no_buffer"), "1");
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let two = Surroundings { inputs: 2, outputs: 2, ..Default::default() };
        let made = configure::<VnetRouter>(&["1", "any not-2:0:0:0:0:1 link 0 interface any"], &two).unwrap();
        assert_eq!(made.rust_type, "VnetRouter<65>");
        assert!(made.expression.contains("Not(nf_elements::wire::ethernet::Address::new([2, 0, 0, 0, 0, 1]))"));
        for wrong in [vec!["3"], vec!["1", "any link 0"], vec!["1", "CACHE 3"], vec![]] {
            assert_eq!(configure::<VnetRouter>(&wrong, &two).unwrap_err().len(), 1, "{wrong:?}");
        }
    }
}
