// SPDX-License-Identifier: Apache-2.0
//! # StatefulFilter
//! `StatefulFilter(CONNTRACK, ACTION PATTERN, … [, FILE, CAPACITY, UNDECIDED])` — filters IPv4 and IPv6 packets by rules that know of connections.
//!
//! **Ports:** one input, any number of outputs, push.
//!
//! **Expects:** packets that the `ConnTrack` of that name has seen, with the network and transport header annotations.
//!
//! **Description:** rules and actions are those of `IPFilter`. Besides, a pattern can ask `state new`, `established`, `related`,
//! `invalid` or `untracked`, or for several: `state established|related`; `ConnTrack` says what they are. The first rule that matches
//! decides; a packet that none matches is dropped.
//!
//! A connection begins when a rule lets a new packet pass, and not before: what is denied leaves no trace, so that
//! no answer to it is taken for established. A later fragment goes where the first one of its datagram went, whatever the rules
//! say.
//!
//! What leaves by an output that UNDECIDED names (`UNDECIDED 1 2`) is left to another `StatefulFilter` behind it: no connection begins by
//! it. So elements can stand between rules, as a `RatedSplitter` does for a rule with a limit.
//!
//! Of IPv6 packets, addresses (`src net 2001:db8::/32`), protocols, ports, TCP flags, VLANs, `ip tos`, `dscp`, `ecn` and `ttl` are tested
//! like those of IPv4; `ip6` holds for all of them. Tests of IPv4 addresses hold for no IPv6 packet, and the other way round.
//!
//! FILE names a file of rules, one on a line, which stand in front of the others. With CAPACITY the rules are data (a decision tree) and not
//! code, and others can replace them while packets pass: `sluice ctl VM write FILTER.rules @FILE` compiles a file and sends it in pieces,
//! and behind the last one all packets are decided by the new rules, those of known connections as well, as by any rules: connections
//! themselves stay known. If anything is wrong the rules before stay. CAPACITY is in bytes, of which five-field rules take 50 to 90
//! each; twice as much memory is set aside, and none beside that is ever used. More than 4096 rules are data in any case.
//!
//! **Handlers:** `rules` (read: how many; write: a part of other rules), `state` (read: room for rules, and how far others have come), `program`, `program6` (read: the decisions, a node a line), `count` (read), `denied`, `no_match`,
//! `no_header`, `no_room` (drops: new connections that the tracker has no room for), `early_fragments` (drops: before the first of their
//! datagram, or behind one that did not pass), `bad_fragments` (drops: that overlap).
//!
//! **Example:** `ct :: ConnTrack; FromDevice(lan) -> CheckIPHeader(14) -> ct
//! -> StatefulFilter(ct, deny state invalid, allow state established|related, allow tcp dst port 80 && state new, deny all) -> Discard;`
//!
//! **See also:** `ConnTrack`, `IPFilter`, `IPClassifier`.

use super::ConnTrack;
use crate::conntrack::{Part, State};
use crate::filter::{DENIED, Decide, Diagram, Ip6Words, IpWords, NO_MATCH};
use crate::flow_table::tick;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, RouteWith, Spec};
use core::fmt;

/// See the module's documentation.
pub struct StatefulFilter<D = &'static Diagram> {
    rules: u32,
    decisions: D,
    decisions6: &'static Diagram,
    /// What is decided of packets of established connections, if that is the same for all: most packets are.
    established: Option<u16>,
    /// Outputs by which packets leave undecided, a bit each.
    undecided: u64,
    count: u64,
    drops: [u64; DROPS.len()],
}

/// Why packets are dropped.
const DROPS: [&str; 6] = ["denied", "no_match", "no_header", "no_room", "early_fragments", "bad_fragments"];
const BY_RULE: usize = 0;
const BY_NONE: usize = 1;
const NO_HEADER: usize = 2;
const NO_ROOM: usize = 3;
const EARLY: usize = 4;
const BAD: usize = 5;

impl<D: Decide> StatefulFilter<D> {
    /// Filters by `decisions`, which `rules` rules became for IPv4 packets, and `decisions6` for IPv6 packets. They say `established` of all
    /// packets of established connections, if it is one thing. What leaves by the outputs `undecided`, a bit each, is decided elsewhere.
    pub const fn new(
        rules: u32,
        decisions: D,
        decisions6: &'static Diagram,
        established: Option<u16>,
        undecided: u64,
    ) -> Self {
        StatefulFilter { rules, decisions, decisions6, established, undecided, count: 0, drops: [0; DROPS.len()] }
    }

    /// Keeps other rules in `memory`.
    pub fn lend(&mut self, memory: &'static mut [crate::filter::tree::Word]) {
        self.decisions.lend(memory);
    }

    /// The output of a packet, or why it has none.
    #[inline]
    fn decide(&self, packet: &Packet) -> Result<u16, usize> {
        let state = packet.annotations().connection;
        let leaf = match packet.network().first().map(|first| first >> 4) {
            // Whoever said so has seen the header.
            _ if state == State::Established as u8 && self.established.is_some() => self.established,
            Some(6) => Ip6Words::of(packet).map(|words| self.decisions.leaf6(self.decisions6, &words.with_state(state))),
            _ => IpWords::new(packet, self.decisions.diagram().transport)
                .map(|words| self.decisions.leaf(&words.with_state(state))),
        };
        match leaf {
            None => Err(NO_HEADER),
            Some(DENIED) => Err(BY_RULE),
            Some(NO_MATCH) => Err(BY_NONE),
            Some(output) => Ok(output),
        }
    }

    /// The output of a fragment behind the first, or why it has none.
    #[inline(never)]
    fn follow(tracker: &mut ConnTrack, packet: &Packet, now: u32) -> Result<u16, usize> {
        match tracker.tracker().follow(packet.network(), now) {
            Part::Follows(output, _) => Ok(output),
            Part::Early => Err(EARLY),
            Part::Bad => Err(BAD),
        }
    }
}

impl<D: Decide> Element for StatefulFilter<D> {
    const SPEC: Spec = Spec {
        class: "StatefulFilter",
        category: Category::Classification,
        summary: "filters IP packets by rules that know of connections",
        ports: "1/-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "CONNTRACK", kind: ArgumentKind::Required, doc: "the ConnTrack that packets came through" },
            Argument {
                name: "RULE",
                kind: ArgumentKind::List,
                doc: "'allow', 'deny', 'drop' or an output's number, then a pattern",
            },
            Argument { name: "FILE", kind: ArgumentKind::Keyword, doc: "a file of rules in front of these, one on a line" },
            Argument { name: "CAPACITY", kind: ArgumentKind::Keyword, doc: "bytes set aside for other rules; 0" },
            Argument { name: "UNDECIDED", kind: ArgumentKind::Keyword, doc: "outputs to filters that decide instead" },
        ],
        handlers: &[
            Handler { name: "rules", kind: HandlerKind::ReadWrite, doc: "number of rules; takes parts of others" },
            Handler { name: "state", kind: HandlerKind::Read, doc: "room for other rules, and how far they have come" },
            Handler { name: "program", kind: HandlerKind::Read, doc: "the decisions about IPv4 packets" },
            Handler { name: "program6", kind: HandlerKind::Read, doc: "the decisions about IPv6 packets" },
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets that came in" },
            Handler { name: DROPS[BY_RULE], kind: HandlerKind::Drops, doc: "packets that a rule denied" },
            Handler { name: DROPS[BY_NONE], kind: HandlerKind::Drops, doc: "packets that no rule matched" },
            Handler { name: DROPS[NO_HEADER], kind: HandlerKind::Drops, doc: "packets without an IP header" },
            Handler { name: DROPS[NO_ROOM], kind: HandlerKind::Drops, doc: "connections that there is no room for" },
            Handler { name: DROPS[EARLY], kind: HandlerKind::Drops, doc: "fragments before the first" },
            Handler { name: DROPS[BAD], kind: HandlerKind::Drops, doc: "fragments that overlap" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "rules" => write!(out, "{}", self.decisions.rules(self.rules))?,
            "state" => self.decisions.describe(out)?,
            "program" => write!(out, "{}", self.decisions.diagram())?,
            "program6" => write!(out, "{}", self.decisions6)?,
            "count" => write!(out, "{}", self.count)?,
            name => {
                let drops = DROPS.iter().position(|known| *known == name).ok_or(HandlerError::Unknown)?;
                write!(out, "{}", self.drops[drops])?;
            }
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "rules" => self.decisions.replace(value),
            _ => Err(HandlerError::Unknown),
        }
    }
}

impl<D: Decide> RouteWith<(&mut ConnTrack,)> for StatefulFilter<D> {
    #[inline]
    fn route_with<M: PacketIo>(
        &mut self,
        io: &mut M,
        (tracker,): (&mut ConnTrack,),
        _: usize,
        packet: &mut Packet,
    ) -> Option<usize> {
        self.count += 1;
        let state = packet.annotations().connection;
        let outcome = if state == State::Later as u8 {
            Self::follow(tracker, packet, tick(io.now_ns()))
        } else {
            self.decide(packet).and_then(|output| {
                if self.undecided.checked_shr(output.into()).unwrap_or(0) & 1 == 1 {
                    return Ok(output);
                }
                let (tracker, network, now) = (tracker.tracker(), packet.network(), tick(io.now_ns()));
                if state == State::New as u8 && !tracker.begin(network, now) {
                    return Err(NO_ROOM);
                }
                tracker.passed(network, output, now);
                Ok(output)
            })
        };
        match outcome {
            Ok(output) => Some(output.into()),
            Err(why) => {
                self.drops[why] += 1;
                None
            }
        }
    }
}

#[cfg(feature = "host")]
mod configuration;
#[cfg(all(test, feature = "host"))]
mod tests;
