// SPDX-License-Identifier: Apache-2.0
//! The group of rules that are candidates for a packet or a message, as the compiler laid them out.

use crate::rule::{Stage, protocol};
use crate::table::{NONE, Rules, Section, partition, word};

/// The "buffer" of the automaton over packets' own payload; the other one over payload is for streams.
pub const PACKET_PAYLOAD: u8 = 255;

/// One group.
pub struct Group<'a> {
    groups: &'a [u8],
    start: usize,
}

impl<'a> Group<'a> {
    /// For packets of this protocol and direction; `port` is the server's.
    pub fn of_packet(rules: Rules<'a>, number: u8, to_server: bool, port: u16) -> Option<Self> {
        let groups = rules.section(Section::Groups);
        let class = match super::header::protocol_bit(number) {
            protocol::TCP => 0,
            protocol::UDP => 1,
            protocol::ICMP => 2,
            _ => 3,
        };
        let ranges = word(groups, 4 * (2 * class + usize::from(!to_server))) as usize;
        let count = word(groups, ranges) as usize;
        let range = |index: usize| ranges + 4 + 8 * index;
        let after = partition(count, |index| word(groups, range(index)) <= u32::from(port));
        let start = word(groups, range(after.checked_sub(1)?) + 4) as usize;
        Some(Self { groups, start })
    }

    /// For messages.
    pub fn of_stage(rules: Rules<'a>, stage: Stage) -> Option<Self> {
        let groups = rules.section(Section::Groups);
        let start = word(groups, 4 * (8 + stage as usize - 1));
        (start != NONE && !groups.is_empty()).then_some(Self { groups, start: start as usize })
    }

    fn count(&self) -> usize {
        word(self.groups, self.start) as usize
    }

    /// Its automata and what they search.
    pub fn automata(&self) -> impl Iterator<Item = (u8, u32)> + use<'a> {
        let (groups, start) = (self.groups, self.start);
        (0..self.count()).map(move |index| {
            let at = start + 4 + 8 * index;
            (word(groups, at).to_le_bytes()[0], word(groups, at + 4))
        })
    }

    /// Its rules without a pattern.
    pub fn always(&self) -> impl Iterator<Item = u32> + use<'a> {
        let (groups, start) = (self.groups, self.start + 4 + 8 * self.count());
        let count = word(groups, start) as usize;
        (1..=count).map(move |index| word(groups, start + 4 * index))
    }
}
