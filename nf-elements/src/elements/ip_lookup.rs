// SPDX-License-Identifier: Apache-2.0
//! What Click's IP routing tables have in common (its `IPRouteTable`): arguments, handlers, the table.

use crate::routing::text::{Text, Written, read, show};
use crate::routing::{Change, Hop, Route, Table};
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::{HandlerError, PacketIo};
use core::fmt;

/// Routes that one `ctrl` can replace or remove, so that it can be undone.
const MOST_UNDONE: usize = 64;
/// Packets without a route that a message tells of.
const MOST_MESSAGES: u64 = 5;

/// The argument that each of the tables takes any number of.
pub const ROUTE: Argument = Argument { name: "ROUTE", kind: ArgumentKind::List, doc: "ADDR/MASK [GATEWAY] OUTPUT" };
/// The argument CAPACITY.
pub const CAPACITY: Argument = Argument {
    name: "CAPACITY",
    kind: ArgumentKind::Keyword,
    doc: "most routes; by default 1024 (256 for IPv6) more than are configured",
};

/// The handler `table`.
pub const TABLE: Handler =
    Handler { name: "table", kind: HandlerKind::Read, doc: "the routes, by address and length of the prefix" };
/// The handler `lookup`.
pub const LOOKUP: Handler = Handler {
    name: "lookup",
    kind: HandlerKind::Read,
    doc: "takes an address: its output and gateway; -1 without route",
};
/// The handler `no_route`.
pub const NO_ROUTE: Handler =
    Handler { name: "no_route", kind: HandlerKind::Drops, doc: "packets whose destination no route covers" };
/// The handler `add`.
pub const ADD: Handler =
    Handler { name: "add", kind: HandlerKind::Write, doc: "adds ADDR/MASK [GATEWAY] OUTPUT, if there is none yet" };
/// The handler `set`.
pub const SET: Handler =
    Handler { name: "set", kind: HandlerKind::Write, doc: "adds ADDR/MASK [GATEWAY] OUTPUT, or replaces it" };
/// The handler `remove`.
pub const REMOVE: Handler =
    Handler { name: "remove", kind: HandlerKind::Write, doc: "removes ADDR/MASK [[GATEWAY] OUTPUT]" };
/// The handler `ctrl`.
pub const CTRL: Handler =
    Handler { name: "ctrl", kind: HandlerKind::Write, doc: "lines of add, set, remove: all of them or none" };
/// The handler `flush`.
pub const FLUSH: Handler = Handler { name: "flush", kind: HandlerKind::Write, doc: "removes all routes" };

/// A command of `ctrl`.
#[derive(Clone, Copy, PartialEq)]
enum Command {
    Add,
    Set,
    Remove,
}

/// A routing table as an element has it.
pub struct Lookup<K: Text> {
    table: Table<K>,
    outputs: u16,
    no_route: u64,
}

impl<K: Text> Lookup<K> {
    /// The table in `data`, for an element of so many outputs.
    pub const fn new(data: &'static [u8], outputs: u16) -> Self {
        Lookup { table: Table::new(data), outputs, no_route: 0 }
    }

    /// Begins to work; see [`Table::lend`].
    pub fn lend(&mut self, memory: &'static mut [u8]) {
        self.table.lend(memory);
    }

    /// Where packets to `address` go. Without a route counts it, and tells the first few times, after `words`.
    #[inline(always)]
    pub fn find<M: PacketIo>(&mut self, io: &mut M, address: K, words: &str) -> Option<Hop<K>> {
        let hop = self.table.find(address);
        if hop.output == u16::MAX {
            self.without_route(io, address, words);
            return None;
        }
        Some(hop)
    }

    #[cold]
    fn without_route<M: PacketIo>(&mut self, io: &mut M, address: K, words: &str) {
        self.no_route += 1;
        if self.no_route <= MOST_MESSAGES && !words.is_empty() {
            io.message(format_args!("{words} {}", Shown(address)));
        }
    }

    /// The routes, by address and length of the prefix.
    pub fn routes(&self) -> impl Iterator<Item = (Route<K>, Hop<K>)> + '_ {
        self.table.routes()
    }

    /// Reads `table`, `lookup` or `no_route`.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name.split_once(' ').unwrap_or((name, "")) {
            ("table", _) => {
                for (route, hop) in self.table.routes() {
                    show(route, hop, out)?;
                    out.write_str("\n")?;
                }
            }
            ("lookup", address) => {
                let hop = self.table.find(K::address(address.trim()).ok_or(HandlerError::BadValue)?);
                match hop.output {
                    u16::MAX => write!(out, "-1")?,
                    output if hop.gateway == K::ZERO => write!(out, "{output}")?,
                    output => write!(out, "{output} {}", Shown(hop.gateway))?,
                }
            }
            ("no_route", _) => write!(out, "{}", self.no_route)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Writes `add`, `set`, `remove`, `ctrl` or `flush`.
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let done = match name {
            "add" => self.command(Command::Add, value).map(|_| ()),
            "set" => self.command(Command::Set, value).map(|_| ()),
            "remove" => self.command(Command::Remove, value).map(|_| ()),
            "ctrl" => self.control(value),
            "flush" => self.table.flush().ok(),
            _ => return Err(HandlerError::Unknown),
        };
        done.ok_or(HandlerError::BadValue)
    }

    /// Does one command. The route that it replaced or removed, if it did.
    fn command(&mut self, command: Command, text: &str) -> Option<Option<(Route<K>, Hop<K>)>> {
        let written: Written<K> = read(text)?;
        let (route, hop) = (written.route, written.hop());
        if hop.is_some_and(|hop| hop.output >= self.outputs) {
            return None;
        }
        let old = match (command, hop) {
            (Command::Remove, hop) => self.table.remove(route, hop).map(Some),
            (_, Some(hop)) => self.table.add(route, hop, K::REPLACES || command == Command::Set),
            (_, None) => Err(Change::Missing),
        };
        Some(old.ok()?.map(|hop| (route, hop)))
    }

    /// Does all commands of `text`, a line each, or none.
    fn control(&mut self, text: &str) -> Option<()> {
        let mut undone = heapless::Vec::<(usize, Route<K>, Hop<K>), MOST_UNDONE>::new();
        for (number, line) in text.lines().enumerate() {
            let Some((command, rest)) = split(line) else {
                if line.trim().is_empty() {
                    continue;
                }
                self.undo(text, number, undone);
                return None;
            };
            match self.command(command, rest) {
                Some(None) => {}
                Some(Some((route, hop))) if undone.push((number, route, hop)).is_ok() => {}
                Some(Some((route, hop))) => {
                    let _ = self.table.add(route, hop, true);
                    self.undo(text, number, undone);
                    return None;
                }
                None => {
                    self.undo(text, number, undone);
                    return None;
                }
            }
        }
        Some(())
    }

    /// Undoes the first `count` lines of `text`, of which `undone` replaced or removed routes.
    fn undo(&mut self, text: &str, count: usize, mut undone: heapless::Vec<(usize, Route<K>, Hop<K>), MOST_UNDONE>) {
        let total = text.lines().count();
        for (back, line) in text.lines().rev().skip(total - count).enumerate() {
            let number = count - 1 - back;
            // There was room for what was there before, so there is again.
            if let Some((_, route, hop)) = undone.last().copied().filter(|noted| noted.0 == number) {
                undone.pop();
                let _ = self.table.add(route, hop, true);
            } else if let Some(written) = split(line).and_then(|(_, rest)| read::<K>(rest)) {
                let _ = self.table.remove(written.route, None);
            }
        }
    }
}

/// A line of `ctrl`: the command, the rest.
fn split(line: &str) -> Option<(Command, &str)> {
    let line = line.trim();
    let (word, rest) = line.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((line, ""));
    let command = match word {
        "add" => Command::Add,
        "set" => Command::Set,
        "remove" => Command::Remove,
        _ => return None,
    };
    Some((command, rest))
}

/// An address as people write it.
struct Shown<K>(K);

impl<K: Text> fmt::Display for Shown<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

#[cfg(feature = "host")]
impl<K: Text + std::hash::Hash> Lookup<K> {
    /// Reads the arguments of the element `rust_type`; with `room` for so many routes more, or none if they never change.
    pub fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
        rust_type: &str,
        room: Option<usize>,
    ) -> Option<crate::configure::Instance> {
        let capacity: Option<u32> = room.and_then(|_| arguments.keyword("CAPACITY"));
        let outputs = surroundings.outputs.min(usize::from(u16::MAX)) as u16;
        let texts = arguments.rest();
        let mut routes = Vec::with_capacity(texts.len());
        for (index, text) in &texts {
            let all = 0..text.value.len();
            match read::<K>(&text.value).and_then(|written| Some((written.route, written.hop()?))) {
                Some((_, hop)) if hop.output >= outputs => {
                    let message = format!("output {} of an element with {outputs}", hop.output);
                    arguments.error_at(*index, all, message, Some("the number of a connected output".into()));
                }
                Some(route) => routes.push(route),
                None => {
                    let wanted = Some("ADDR/MASK [GATEWAY] OUTPUT".into());
                    arguments.error_at(*index, all, format!("'{}'", text.value), wanted);
                }
            }
        }
        let count = routes.len();
        if capacity.is_some_and(|capacity| (capacity as usize) < count) {
            arguments.error_last(format!("CAPACITY for fewer than {count} routes"), format!("at least {count}"));
        }
        if routes.len() < texts.len() {
            return None;
        }
        if K::REPLACES {
            // Of two routes with the same prefix the first is kept: let that be the later one.
            routes.reverse();
        }
        let room = room.map(|room| capacity.map_or(room, |capacity| (capacity as usize).saturating_sub(count)));
        let Some(baked) = crate::routing::bake::bake(routes, room) else {
            arguments.error("more than 65535 different next hops", None);
            return None;
        };
        let expression = format!("{rust_type}::new({{data}}, {outputs})");
        Some(crate::configure::Instance::new(rust_type, expression).with_data(baked.data).with_memory(
            "u8",
            "0",
            baked.memory,
        ))
    }
}

/// Declares an IPv4 routing element: its type, its class, what it says of a packet without a route, how many routes can be
/// added (`None` if it never changes), and its arguments and handlers.
macro_rules! ip_lookup {
    ($type:ident, $class:literal, $summary:literal, $words:literal, $room:expr, $arguments:expr, $handlers:expr) => {
        /// See the module's documentation.
        pub struct $type($crate::elements::ip_lookup::Lookup<u32>);

        impl $type {
            /// The table in `data`, which the host made, for an element of so many outputs.
            pub const fn new(data: &'static [u8], outputs: u16) -> Self {
                $type($crate::elements::ip_lookup::Lookup::new(data, outputs))
            }

            /// Begins to work, with the memory that changes need.
            pub fn lend(&mut self, memory: &'static mut [u8]) {
                self.0.lend(memory);
            }
        }

        impl $crate::Element for $type {
            const SPEC: $crate::Spec = $crate::Spec {
                class: $class,
                category: $crate::spec::Category::Routing,
                summary: $summary,
                ports: "1/-",
                processing: "h/h",
                shape: $crate::spec::Shape::Route,
                arguments: $arguments,
                handlers: $handlers,
            };

            fn read_handler(&self, name: &str, out: &mut dyn core::fmt::Write) -> Result<(), $crate::HandlerError> {
                self.0.read_handler(name, out)
            }

            fn write_handler(&mut self, name: &str, value: &str) -> Result<(), $crate::HandlerError> {
                if !Self::SPEC.handlers.iter().any(|handler| handler.name == name) {
                    return Err($crate::HandlerError::Unknown);
                }
                self.0.write_handler(name, value)
            }
        }

        #[cfg(feature = "host")]
        impl $crate::configure::Configure for $type {
            fn configure(
                arguments: &mut $crate::configure::Arguments,
                surroundings: &$crate::configure::Surroundings,
            ) -> Option<$crate::configure::Instance> {
                $crate::elements::ip_lookup::Lookup::<u32>::configure(arguments, surroundings, stringify!($type), $room)
            }
        }

        impl $crate::Route for $type {
            #[inline]
            fn route<M: $crate::PacketIo>(
                &mut self,
                io: &mut M,
                _: usize,
                packet: &mut $crate::Packet,
            ) -> Option<usize> {
                let address = u32::from_be_bytes(packet.annotations().destination_ipv4());
                let hop = self.0.find(io, address, $words)?;
                if hop.gateway != 0 {
                    packet.annotations_mut().set_destination_ipv4(hop.gateway.to_be_bytes());
                }
                Some(hop.output.into())
            }
        }
    };
}
pub(crate) use ip_lookup;

#[cfg(all(test, feature = "host"))]
mod tests;
