// SPDX-License-Identifier: Apache-2.0
//! # ARPTable
//! `ARPTable([CAPACITY, ENTRY_CAPACITY, ENTRY_PACKET_CAPACITY, CAPACITY_SLIM_FACTOR, TIMEOUT])` — stores IP-to-Ethernet
//! mappings.
//!
//! **Ports:** none: `ARPQuerier`s use it by its name (their argument TABLE).
//!
//! **Description:** holds an entry for each IP address that was asked for, and the packets that wait for the answer. At most
//! ENTRY_CAPACITY entries: a new one displaces the one whose last reply is the oldest. At most CAPACITY packets (2048,
//! unless given): when there are more, the oldest are dropped until one part in CAPACITY_SLIM_FACTOR (2) of them is gone. At
//! most ENTRY_PACKET_CAPACITY packets for one entry (0, the default, is any number): one more is dropped. An entry that
//! got no reply for TIMEOUT (5 minutes; 0 is never) expires.
//!
//! **Notes:** Click's capacities have no bound if 0; here there are as many places as the larger of CAPACITY and
//! ENTRY_CAPACITY says, 2048 if one of them is 0 or not given, 65534 at most. A waiting packet keeps its buffer, so a CAPACITY beyond
//! the VM's buffers can starve its devices. Times are the machine's, not its timer's ticks. What the handler `insert` says
//! does not release waiting packets, only a reply does; `delete` makes an entry unknown, and it stays in the table.
//!
//! **Handlers:** `table` (read: a line per entry with address, 1 if it is known, Ethernet address and seconds since the
//! last reply), `count`, `length` (read: entries and packets in the table), `drops` (drops), `insert` (write: `IP ETH`),
//! `delete` (write: `IP`), `clear` (write).
//!
//! **Example:** `t :: ARPTable; q :: ARPQuerier(192.0.2.1, 02:00:00:00:00:01, TABLE t); FromDevice(lan) -> q -> ToDevice(lan);
//! FromDevice(wan) -> [1]q;`
//!
//! **See also:** `ARPQuerier`.

mod entries;

pub use entries::{Entries, Held, Limits, Place};

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// The argument CAPACITY.
pub const CAPACITY: Argument =
    Argument { name: "CAPACITY", kind: ArgumentKind::Keyword, doc: "packets that wait; 2048 by default" };
/// The argument ENTRY_CAPACITY.
pub const ENTRY_CAPACITY: Argument =
    Argument { name: "ENTRY_CAPACITY", kind: ArgumentKind::Keyword, doc: "addresses; as many as fit by default" };
/// The argument ENTRY_PACKET_CAPACITY.
pub const ENTRY_PACKET_CAPACITY: Argument =
    Argument { name: "ENTRY_PACKET_CAPACITY", kind: ArgumentKind::Keyword, doc: "packets per address; any by default" };
/// The argument CAPACITY_SLIM_FACTOR.
pub const CAPACITY_SLIM_FACTOR: Argument =
    Argument { name: "CAPACITY_SLIM_FACTOR", kind: ArgumentKind::Keyword, doc: "the part dropped if full; 2 by default" };
/// The argument TIMEOUT.
pub const TIMEOUT: Argument =
    Argument { name: "TIMEOUT", kind: ArgumentKind::Keyword, doc: "time after which an entry expires; 300 by default" };

/// The handler `table`.
pub const TABLE_HANDLER: Handler =
    Handler { name: "table", kind: HandlerKind::Read, doc: "entries: address, known?, Ethernet address, age" };
/// The handler `count`.
pub const COUNT_HANDLER: Handler = Handler { name: "count", kind: HandlerKind::Read, doc: "entries in the table" };
/// The handler `length`.
pub const LENGTH_HANDLER: Handler = Handler { name: "length", kind: HandlerKind::Read, doc: "packets that wait" };
/// The handler `insert`.
pub const INSERT_HANDLER: Handler = Handler { name: "insert", kind: HandlerKind::Write, doc: "adds an entry: IP ETH" };
/// The handler `delete`.
pub const DELETE_HANDLER: Handler =
    Handler { name: "delete", kind: HandlerKind::Write, doc: "makes the entry of an IP address unknown" };
/// The handler `clear`.
pub const CLEAR_HANDLER: Handler = Handler { name: "clear", kind: HandlerKind::Write, doc: "removes all entries" };

/// See the module's documentation.
pub struct ArpTable {
    entries: Entries,
}

impl ArpTable {
    /// A table of these limits.
    pub const fn new(limits: Limits) -> Self {
        ArpTable { entries: Entries::new(limits) }
    }

    /// Takes the memory that it holds its entries in.
    pub fn lend(&mut self, memory: &'static mut [Place]) {
        self.entries.lend(memory);
    }
}

/// An element that has a table, its own or for others.
pub trait HasEntries {
    /// The table.
    fn entries(&mut self) -> &mut Entries;
}

impl HasEntries for ArpTable {
    #[inline]
    fn entries(&mut self) -> &mut Entries {
        &mut self.entries
    }
}

impl Element for ArpTable {
    const SPEC: Spec = Spec {
        class: "ARPTable",
        category: Category::Arp,
        summary: "stores IP-to-Ethernet mappings",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[CAPACITY, ENTRY_CAPACITY, ENTRY_PACKET_CAPACITY, CAPACITY_SLIM_FACTOR, TIMEOUT],
        handlers: &[
            TABLE_HANDLER,
            Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets dropped for want of a reply or of room" },
            COUNT_HANDLER,
            LENGTH_HANDLER,
            INSERT_HANDLER,
            DELETE_HANDLER,
            CLEAR_HANDLER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "table" => self.entries.write_table(out)?,
            "drops" => write!(out, "{}", self.entries.drops())?,
            "count" => write!(out, "{}", self.entries.count())?,
            "length" => write!(out, "{}", self.entries.length())?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.entries.write_handler(name, value)
    }
}

/// Reads the arguments that bound a table: the expression of [`Limits`], and how many places there are.
#[cfg(feature = "host")]
pub fn configure_limits(arguments: &mut crate::configure::Arguments) -> (String, usize) {
    const MOST: u32 = 65534;
    let mut capacity = |name| {
        let capacity: Option<u32> = arguments.keyword(name);
        if capacity.is_some_and(|capacity| capacity > MOST) {
            arguments.error_last(format!("'{}'", capacity.unwrap_or(0)), format!("at most {MOST}"));
        }
        capacity
    };
    let packets = capacity("CAPACITY").unwrap_or(2048);
    let entries = capacity("ENTRY_CAPACITY").unwrap_or(0);
    let entry_packets = capacity("ENTRY_PACKET_CAPACITY").unwrap_or(0);
    let slim_factor: u32 = arguments.keyword("CAPACITY_SLIM_FACTOR").unwrap_or(2);
    if slim_factor == 0 {
        arguments.error_last("'0'", "at least 1");
    }
    let timeout: crate::configure::Nanoseconds =
        arguments.keyword("TIMEOUT").unwrap_or(crate::configure::Nanoseconds(300_000_000_000));
    let places = [packets, entries].map(|capacity| if capacity == 0 { 2048 } else { capacity });
    let limits = Limits { packets, entries, entry_packets, slim_factor, timeout_ns: timeout.0 };
    (format!("arp_table::{limits:?}"), places[0].max(places[1]) as usize)
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ArpTable {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (limits, places) = configure_limits(arguments);
        let instance = crate::configure::Instance::new("ArpTable", format!("ArpTable::new({limits})"));
        Some(instance.with_memory("arp_table::Place", "arp_table::Place::EMPTY", places))
    }
}

#[cfg(test)]
mod tests;
