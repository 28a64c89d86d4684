// SPDX-License-Identifier: Apache-2.0
//! # EtherSwitch
//! `EtherSwitch([TIMEOUT, CAPACITY])` — learning, forwarding Ethernet switch.
//!
//! **Ports:** two or more push inputs, as many push outputs.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** input and output of one number belong to one LAN. The source address of each frame is learned:
//! frames to it go to that LAN alone (not at all, if they come from there) until it has been silent for TIMEOUT seconds
//! (300 by default). Frames to a group or an unknown address go to all LANs but their own. With TIMEOUT 0 nothing is
//! learned, as in a hub.
//!
//! The table has CAPACITY places (1024 by default; rounded up to a power of two, at least 8), and an address may lie in
//! any of 8 of them. When these hold other addresses, none of which has timed out, the address is not learned;
//! `not_learned` counts that, and frames to it are flooded. So a flood of invented addresses cannot drive out those
//! that are in use.
//!
//! **Notes:** three deviations from Click: the table is bounded; group addresses as sources are not learned; frames to
//! 01-80-C2-00-00-00 to -0F (spanning tree, pause, LLDP, …) are dropped, as IEEE 802.1Q §8.6.3 demands of a bridge. A
//! flood copies the frame for each LAN but the last; a LAN for which there is no free buffer gets none.
//!
//! **Handlers:** `table` (read: a line per address with its LAN, timed-out ones left out), `timeout` (read, write),
//! `drops` (read: the sum of the following), `same_lan`, `reserved`, `too_short`, `no_buffer` (drops), `not_learned`
//! (read).
//!
//! **Example:** `s :: EtherSwitch; FromDevice(lan) -> s -> ToDevice(lan); FromDevice(wan) -> [1]s[1] -> ToDevice(wan);`
//!
//! **See also:** `EtherMirror`.

mod table;

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet::{self, Address};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;
use table::Table;

/// See the module's documentation. `PLACES` is a power of two.
pub struct EtherSwitch<const PLACES: usize = 1024> {
    table: Table<PLACES>,
    timeout_s: u32,
    timeout_ns: u64,
    /// When the last frame came: what the handler `table` takes for now.
    latest_ns: u64,
    same_lan: u64,
    reserved: u64,
    too_short: u64,
    no_buffer: u64,
    not_learned: u64,
}

const fn nanoseconds(seconds: u32) -> u64 {
    seconds as u64 * 1_000_000_000
}

impl<const PLACES: usize> EtherSwitch<PLACES> {
    /// A switch that has learned nothing yet.
    pub const fn new(timeout_s: u32) -> Self {
        EtherSwitch {
            table: Table::new(),
            timeout_s,
            timeout_ns: nanoseconds(timeout_s),
            latest_ns: 0,
            same_lan: 0,
            reserved: 0,
            too_short: 0,
            no_buffer: 0,
            not_learned: 0,
        }
    }

    /// Counts a frame shorter than an Ethernet header.
    pub(super) fn count_short(&mut self) {
        self.too_short += 1;
    }

    /// Learns where `source` is; the LAN of `destination`, if that is known.
    #[inline(always)]
    pub(super) fn look_up(&mut self, source: Address, destination: Address, lan: usize, now_ns: u64) -> Option<usize> {
        if self.timeout_ns == 0 {
            return None;
        }
        self.latest_ns = now_ns;
        if !source.is_group() && !self.table.learn(source, lan, now_ns, self.timeout_ns) {
            self.not_learned += 1;
        }
        if destination.is_group() { None } else { self.table.find(destination, now_ns, self.timeout_ns) }
    }

    /// Sends `packet` to all LANs but `from`.
    pub(super) fn flood<M: PacketIo, O: Outputs>(&mut self, io: &mut M, from: usize, packet: Packet, out: &mut O) {
        let highest = O::COUNT.saturating_sub(1);
        let last = if from == highest { highest.saturating_sub(1) } else { highest };
        for lan in (0..last).filter(|lan| *lan != from) {
            self.copy(io, &packet, lan, out);
        }
        out.emit(last, packet);
    }

    /// Sends a copy of `packet` to `lan`.
    pub(super) fn copy<M: PacketIo, O: Outputs>(&mut self, io: &mut M, packet: &Packet, lan: usize, out: &mut O) {
        if let Some(mut copy) = io.allocate() {
            packet.copy_into(&mut copy);
            out.emit(lan, copy);
        } else {
            self.no_buffer += 1;
        }
    }
}

impl<const PLACES: usize> Element for EtherSwitch<PLACES> {
    const SPEC: Spec = Spec {
        class: "EtherSwitch",
        category: Category::Ethernet,
        summary: "learning, forwarding Ethernet switch",
        ports: "2-/2-",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument {
                name: "TIMEOUT",
                kind: ArgumentKind::Keyword,
                doc: "seconds an address is kept; 300 by default",
            },
            Argument { name: "CAPACITY", kind: ArgumentKind::Keyword, doc: "places for addresses; 1024 by default" },
        ],
        handlers: &[
            Handler { name: "table", kind: HandlerKind::Read, doc: "learned addresses, each with its LAN" },
            Handler { name: "timeout", kind: HandlerKind::ReadWrite, doc: "TIMEOUT" },
            Handler { name: "drops", kind: HandlerKind::Read, doc: "frames dropped for any reason" },
            Handler {
                name: "same_lan",
                kind: HandlerKind::Drops,
                doc: "frames to an address of the LAN they came from",
            },
            Handler { name: "reserved", kind: HandlerKind::Drops, doc: "frames to 01-80-C2-00-00-0x" },
            Handler { name: "too_short", kind: HandlerKind::Drops, doc: "frames shorter than an Ethernet header" },
            Handler { name: "no_buffer", kind: HandlerKind::Drops, doc: "copies of flooded frames without a buffer" },
            Handler { name: "not_learned", kind: HandlerKind::Read, doc: "frames whose source found no place" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "table" => {
                for (address, lan) in self.table.iter(self.latest_ns, self.timeout_ns) {
                    writeln!(out, "{address} {lan}")?;
                }
            }
            "timeout" => write!(out, "{}", self.timeout_s)?,
            "drops" => write!(out, "{}", self.same_lan + self.reserved + self.too_short + self.no_buffer)?,
            "same_lan" => write!(out, "{}", self.same_lan)?,
            "reserved" => write!(out, "{}", self.reserved)?,
            "too_short" => write!(out, "{}", self.too_short)?,
            "no_buffer" => write!(out, "{}", self.no_buffer)?,
            "not_learned" => write!(out, "{}", self.not_learned)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "timeout" => {
                self.timeout_s = value.trim().parse().map_err(|_| HandlerError::BadValue)?;
                self.timeout_ns = nanoseconds(self.timeout_s);
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

/// Reads TIMEOUT and CAPACITY: the number of places, and the timeout in seconds.
#[cfg(feature = "host")]
pub(super) fn configure(arguments: &mut crate::configure::Arguments) -> (u32, u64) {
    use crate::configure::Nanoseconds;
    let Nanoseconds(timeout_ns) = arguments.keyword("TIMEOUT").unwrap_or(Nanoseconds(300_000_000_000));
    if timeout_ns / 1_000_000_000 > u64::from(u32::MAX) {
        arguments.error_last("a TIMEOUT too long", "less than a century");
    }
    let capacity: u32 = arguments.keyword("CAPACITY").unwrap_or(1024);
    if !(1..=65536).contains(&capacity) {
        arguments.error_last(format!("'{capacity}'"), "1 to 65536 places");
    }
    (capacity.clamp(table::WINDOW as u32, 65536).next_power_of_two(), timeout_ns.div_ceil(1_000_000_000))
}

#[cfg(feature = "host")]
impl crate::configure::Configure for EtherSwitch {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (places, timeout) = configure(arguments);
        let (inputs, outputs) = (surroundings.inputs, surroundings.outputs);
        if inputs != outputs {
            let message = format!("an EtherSwitch with {inputs} inputs and {outputs} outputs");
            arguments.error(message, Some("each LAN connected both ways".into()));
        }
        let rust_type = format!("EtherSwitch<{places}>");
        Some(crate::configure::Instance::new(rust_type, format!("EtherSwitch::<{places}>::new({timeout})")))
    }
}

impl<const PLACES: usize> Push for EtherSwitch<PLACES> {
    // Always: a switch has few LANs, and a call with all that it saves and restores costs a third of the work.
    #[inline(always)]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, packet: Packet, out: &mut O) {
        let Some(header) = packet.data().first_chunk() else {
            self.too_short += 1;
            return;
        };
        let (destination, source) = ethernet::addresses(header);
        match self.look_up(source, destination, input, io.now_ns()) {
            Some(lan) if lan != input => out.emit(lan, packet),
            Some(_) => self.same_lan += 1,
            None if destination.is_reserved() => self.reserved += 1,
            None => self.flood(io, input, packet, out),
        }
    }
}

#[cfg(test)]
mod tests;
