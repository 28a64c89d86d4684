// SPDX-License-Identifier: Apache-2.0
//! What the engine is measured beside: automata alone, over packets' payload.

use super::groups::Group;
use crate::packet::Packet;
use crate::table::{Rules, Section};

/// Runs the automata of each packet's group over its payload, and nothing else; how often a pattern was found.
#[must_use]
pub fn search(rules: Rules<'_>, packet: &Packet<'_>, to_server: bool) -> usize {
    let port = packet.ports[usize::from(to_server)];
    let Some(group) = Group::of_packet(rules, packet.protocol, to_server, port) else { return 0 };
    let (automata, mut found) = (rules.section(Section::Automata), 0);
    for (_, automaton) in group.automata() {
        crate::automaton::scan(automata, automaton, packet.payload, |_| found += 1);
    }
    found
}
