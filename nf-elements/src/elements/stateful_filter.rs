// SPDX-License-Identifier: Apache-2.0
//! # StatefulFilter
//! `StatefulFilter(CONNTRACK, ACTION PATTERN, …)` — filters IPv4 and IPv6 packets by rules that know of connections.
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
//! Of IPv6 packets, addresses (`src net 2001:db8::/32`), protocols, ports, TCP flags, VLANs, `ip tos`, `dscp`, `ecn` and `ttl` are tested
//! like those of IPv4; `ip6` holds for all of them. Tests of IPv4 addresses hold for no IPv6 packet, and the other way round.
//!
//! **Handlers:** `rules` (read: how many), `program`, `program6` (read: the decisions, a node a line), `count` (read), `denied`, `no_match`,
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
    /// Filters by `decisions`, which `rules` rules became for IPv4 packets, and `decisions6` for IPv6 packets.
    pub const fn new(rules: u32, decisions: D, decisions6: &'static Diagram) -> Self {
        StatefulFilter { rules, decisions, decisions6, count: 0, drops: [0; DROPS.len()] }
    }

    /// The output of a packet, or why it has none.
    #[inline]
    fn decide(&self, packet: &Packet) -> Result<u16, usize> {
        let state = packet.annotations().connection;
        let leaf = match packet.network().first().map(|first| first >> 4) {
            Some(6) => Ip6Words::of(packet).map(|words| self.decisions6.walk(&words.with_state(state))),
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
        ],
        handlers: &[
            Handler { name: "rules", kind: HandlerKind::Read, doc: "number of rules" },
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
            "rules" => write!(out, "{}", self.rules)?,
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
impl crate::configure::Configure for StatefulFilter {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::filter::{compile_rules, of_ipv6, parse_tracked_rule};
        let tracker = arguments.required_peer("CONNTRACK", &["ConnTrack"]);
        let texts = arguments.rest();
        let mut rules = Vec::with_capacity(texts.len());
        for (index, text) in &texts {
            match parse_tracked_rule(&text.value, surroundings.outputs) {
                Ok(rule) => rules.push(rule),
                Err(errors) => arguments.pattern_errors(*index, errors),
            }
        }
        if texts.is_empty() {
            arguments.error("no rule", Some("StatefulFilter(CONNTRACK, ACTION PATTERN, …)".into()));
        }
        if rules.len() < texts.len().max(1) {
            return None;
        }
        let tables = compile_rules(rules.iter().map(|rule| (&rule.pattern, rule.action.leaf())));
        let patterns6: Vec<_> = rules.iter().map(|rule| of_ipv6(&rule.pattern)).collect();
        let tables6 = compile_rules(patterns6.iter().zip(&rules).map(|(pattern, rule)| (pattern, rule.action.leaf())));
        let (tables, tables6) = (arguments.compiled(tables)?, arguments.compiled(tables6)?);
        let rest = format!(", &{}", tables6.expression());
        Some(tables.instance_with("StatefulFilter", rules.len(), &rest).with_peers(vec![tracker?]))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests;
