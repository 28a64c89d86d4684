// SPDX-License-Identifier: Apache-2.0
//! # LookupIP6Route
//! `LookupIP6Route(ROUTE …[, CAPACITY N])` — looks up IPv6 routes.
//!
//! **Ports:** one push input, any number of push outputs.
//!
//! **Expects:** packets with the destination annotation set, as by `GetIP6Address`.
//!
//! **Description:** each ROUTE is `ADDR/MASK [GATEWAY] OUTPUT`. A packet leaves by the OUTPUT of the route that covers its
//! destination with the longest prefix; the destination becomes GATEWAY, if the route has one and it is not `::`. Of two
//! routes with the same prefix the later one counts.
//!
//! **Notes:** up to 31 routes are ranges, more are a Poptrie, made when the image is built. Masks must be prefixes.
//! `table` is sorted by address. When CAPACITY routes are there (256 more than configured, unless given), `add` fails.
//! `ctrl` takes any number of lines, Click's takes one; it does all of them or none, and replaces or removes at most 64
//! routes. `lookup` is not Click's.
//!
//! **Handlers:** `table` (read: the routes, a line each), `lookup` (read, with an address: its output and gateway, -1
//! without a route), `add`, `remove`, `ctrl` (write), `no_route` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> GetIP6Address(24) -> LookupIP6Route(2001:db8::/32 0, ::/0 fe80::1 0) ->
//! Discard;`
//!
//! **See also:** `GetIP6Address`, `RadixIPLookup`.

use super::ip_lookup::{CAPACITY, CTRL, LOOKUP, Lookup, NO_ROUTE, REMOVE, ROUTE, TABLE};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::wire::ipv6::Shown;
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct LookupIp6Route(Lookup<u128>);

impl LookupIp6Route {
    /// The table in `data`, which the host made, for an element of so many outputs.
    pub const fn new(data: &'static [u8], outputs: u16) -> Self {
        LookupIp6Route(Lookup::new(data, outputs))
    }

    /// Begins to work, with the memory that changes need.
    pub fn lend(&mut self, memory: &'static mut [u8]) {
        self.0.lend(memory);
    }
}

impl Element for LookupIp6Route {
    const SPEC: Spec = Spec {
        class: "LookupIP6Route",
        category: Category::Ip6,
        summary: "looks up IPv6 routes",
        ports: "1/-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[ROUTE, CAPACITY],
        handlers: &[
            TABLE,
            LOOKUP,
            Handler { name: "add", kind: HandlerKind::Write, doc: "adds ADDR/MASK [GATEWAY] OUTPUT, or replaces it" },
            REMOVE,
            CTRL,
            NO_ROUTE,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        if name != "table" {
            return self.0.read_handler(name, out);
        }
        for (index, (route, hop)) in self.0.routes().enumerate() {
            if index == 0 {
                out.write_str("# Active routes\n")?;
            }
            writeln!(out, "{}/{}\t{}\t{}", Shown(route.prefix), route.length, Shown(hop.gateway), hop.output)?;
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "add" | "remove" | "ctrl" => self.0.write_handler(name, value),
            _ => Err(HandlerError::Unknown),
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for LookupIp6Route {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Lookup::<u128>::configure(arguments, surroundings, "LookupIp6Route", Some(256))
    }
}

impl Route for LookupIp6Route {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let address = u128::from_be_bytes(packet.annotations().destination);
        let hop = self.0.find(io, address, "")?;
        if hop.gateway != 0 {
            packet.annotations_mut().destination = hop.gateway.to_be_bytes();
        }
        Some(hop.output.into())
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};
    use crate::testing::{ListIo, packet, read};

    const OUTPUTS: Surroundings = 
        Surroundings { name: "", inputs: 1, outputs: 2, ports: &[], hosts: &[], information: &[], stores: &[] };

    fn element(arguments: &[&str]) -> LookupIp6Route {
        let instance = configure::<LookupIp6Route>(arguments, &OUTPUTS).unwrap();
        let mut element = LookupIp6Route::new(instance.data.leak(), 2);
        element.lend(vec![0; instance.memory.map_or(0, |memory| memory.count)].leak());
        element
    }

    #[test]
    fn packets_go_to_their_gateway() {
        let mut element = element(&["2001:db8::/32 ::0 1", "2001:db8:1::/48 fe80::9 0", "2001:db8::/32 0"]);
        let mut to = |address: u128| {
            let mut packet = packet(&[0; 40]);
            packet.annotations_mut().destination = address.to_be_bytes();
            let output = element.route(&mut ListIo::new(0), 0, &mut packet);
            (output, u128::from_be_bytes(packet.annotations().destination))
        };
        let base = 0x2001_0db8 << 96;
        assert_eq!(to(base | 5), (Some(0), base | 5), "the later route counts");
        assert_eq!(to(base | 1 << 80), (Some(0), 0xfe80 << 112 | 9));
        assert_eq!(to(5), (None, 5));
        assert_eq!(read(&element, "no_route"), "1");
    }

    #[test]
    fn handlers_are_clicks() {
        let mut element = element(&["::/0 fe80::1 0"]);
        assert_eq!(element.write_handler("add", "::/0 1"), Ok(()));
        assert_eq!(element.write_handler("ctrl", "add ::1.0.0.1/128 fe80::2 1"), Ok(()));
        assert_eq!(read(&element, "table"), "# Active routes\n::/0\t::\t1\n::1.0.0.1/128\tfe80::2\t1\n");
        assert_eq!(read(&element, "lookup ::1.0.0.1"), "1 fe80::2");
        assert_eq!(element.write_handler("set", "::/0 1"), Err(HandlerError::Unknown));
        assert_eq!(element.write_handler("remove", "::/0"), Ok(()));
        assert_eq!(read(&element, "lookup ::5"), "-1");
    }
}
