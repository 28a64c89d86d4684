// SPDX-License-Identifier: Apache-2.0
//! Which rules are candidates for which packets: groups by protocol, direction and port, and by stage.
//!
//! The section begins with a word for each protocol and direction, then one for each stage behind [`Stage::Packet`]. The former
//! point at ranges of ports: their number, then for each its first port and its group; the latter at a group. A group is: the
//! number of its automata, for each its buffer and place; the number of its rules without a pattern, and these.
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::vec::Vec;

use super::automaton::Builder;
use super::variant::Variant;
use crate::detect::PACKET_PAYLOAD;
use crate::rule::{Buffer, Stage, condition, protocol};
use crate::table::NONE;

/// Most groups for one protocol and direction; the ports with the fewest rules of their own share the last.
const GROUPS: usize = 16;
/// Words at the section's start.
const HEAD: usize = 8 + (Stage::ALL.len() - 1);

/// The sections that are made here.
#[derive(Default)]
pub struct Groups {
    /// Groups.
    pub bytes: Vec<u8>,
    /// Automata.
    pub automata: Vec<u8>,
    /// How many groups there are.
    pub count: usize,
    known: HashMap<(bool, Vec<u32>), u32>,
}

/// Makes the groups of all variants, whose places are the rules' indices.
pub fn build(variants: &[Variant]) -> Groups {
    let mut groups = Groups { bytes: std::vec![0; 4 * HEAD], ..Groups::default() };
    for (class, bit) in [protocol::TCP, protocol::UDP, protocol::ICMP, protocol::OTHER].into_iter().enumerate() {
        for (direction, flag) in [condition::TO_SERVER, condition::TO_CLIENT].into_iter().enumerate() {
            let of_class = |variant: &Variant| {
                let wanted = variant.conditions & (condition::TO_SERVER | condition::TO_CLIENT);
                variant.stage == Stage::Packet && variant.protocols() & bit != 0 && (wanted == 0 || wanted & flag != 0)
            };
            let ranges = ranges(variants, of_class, 1 - direction);
            let place = groups.write_ranges(&ranges, variants, bit == protocol::TCP);
            groups.set_head(2 * class + direction, place);
        }
    }
    for (index, stage) in Stage::ALL.iter().enumerate().skip(1) {
        let rules: Vec<u32> = indices(variants, |variant| variant.stage == *stage).collect();
        let place = if rules.is_empty() { NONE } else { groups.group(&rules, variants, false) };
        groups.set_head(8 + index - 1, place);
    }
    groups
}

fn indices(variants: &[Variant], wanted: impl Fn(&Variant) -> bool) -> impl Iterator<Item = u32> {
    (0..).zip(variants).filter(move |(_, variant)| wanted(variant)).map(|(index, _)| index)
}

/// The first port of each range, and the rules of that range; `end`: 0 the source's ports count, 1 the destination's.
fn ranges(variants: &[Variant], wanted: impl Fn(&Variant) -> bool, end: usize) -> Vec<(u32, Vec<u32>)> {
    let rules: Vec<u32> = indices(variants, wanted).collect();
    let ports = |rule: u32| &variants[rule as usize].draft.ports[end].four.0;
    let mut bounds = BTreeSet::from([0u128]);
    for rule in &rules {
        bounds.extend(ports(*rule).iter().flat_map(|(low, high)| [*low, high + 1]).filter(|bound| *bound <= 65_535));
    }
    let mut ranges: Vec<(u32, Vec<u32>)> = Vec::new();
    for bound in bounds {
        let holds = |rule: &&u32| ports(**rule).iter().any(|(low, high)| (*low..=*high).contains(&bound));
        let of_range: Vec<u32> = rules.iter().filter(holds).copied().collect();
        if ranges.last().is_none_or(|(_, last)| *last != of_range) {
            ranges.push((u32::try_from(bound).expect("a port"), of_range));
        }
    }
    merge(ranges)
}

/// Keeps the [`GROUPS`] - 1 largest sets of rules and joins the others.
fn merge(mut ranges: Vec<(u32, Vec<u32>)>) -> Vec<(u32, Vec<u32>)> {
    let mut sizes: BTreeMap<&Vec<u32>, usize> = BTreeMap::new();
    ranges.iter().for_each(|(_, rules)| *sizes.entry(rules).or_default() = rules.len());
    if sizes.len() <= GROUPS {
        return ranges;
    }
    let mut largest: Vec<&Vec<u32>> = sizes.into_keys().collect();
    largest.sort_by_key(|rules| std::cmp::Reverse(rules.len()));
    let kept: BTreeSet<Vec<u32>> = largest.into_iter().take(GROUPS - 1).cloned().collect();
    let others = ranges.iter().filter(|(_, rules)| !kept.contains(rules));
    let joined: BTreeSet<u32> = others.flat_map(|(_, rules)| rules.iter().copied()).collect();
    let joined: Vec<u32> = joined.into_iter().collect();
    for (_, rules) in ranges.iter_mut().filter(|(_, rules)| !kept.contains(rules)) {
        rules.clone_from(&joined);
    }
    ranges
}

/// The automata that a rule's pattern is part of: over payload, that of streams, that of packets, or both.
fn searched(buffer: Buffer, conditions: u32, tcp: bool) -> [Option<u8>; 2] {
    if buffer != Buffer::Payload {
        return [Some(buffer as u8), None];
    }
    let stream = tcp && conditions & condition::STREAM != 0;
    let packet = !stream || conditions & condition::PACKET != 0;
    [stream.then_some(buffer as u8), packet.then_some(PACKET_PAYLOAD)]
}

impl Groups {
    fn set_head(&mut self, index: usize, place: u32) {
        self.bytes[4 * index..4 * index + 4].copy_from_slice(&place.to_le_bytes());
    }

    fn word(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn place(&self) -> u32 {
        u32::try_from(self.bytes.len()).expect("sections of less than 4 GiB")
    }

    fn write_ranges(&mut self, ranges: &[(u32, Vec<u32>)], variants: &[Variant], tcp: bool) -> u32 {
        let groups: Vec<(u32, u32)> =
            ranges.iter().map(|(port, rules)| (*port, self.group(rules, variants, tcp))).collect();
        let place = self.place();
        self.word(u32::try_from(groups.len()).expect("at most 65,536"));
        for (port, group) in groups {
            self.word(port);
            self.word(group);
        }
        place
    }

    /// The place of the group of these rules, which is written if it is new.
    fn group(&mut self, rules: &[u32], variants: &[Variant], tcp: bool) -> u32 {
        let key = (tcp, rules.to_vec());
        if let Some(place) = self.known.get(&key) {
            return *place;
        }
        let (mut builders, mut always) = (BTreeMap::<u8, Builder>::new(), Vec::new());
        for rule in rules {
            let variant = &variants[*rule as usize];
            match &variant.fast {
                Some((buffer, bytes)) => {
                    let searched = searched(*buffer, variant.conditions, tcp);
                    searched
                        .into_iter()
                        .flatten()
                        .for_each(|it| builders.entry(it).or_insert_with(Builder::new).add(bytes, *rule));
                }
                None => always.push(*rule),
            }
        }
        let place = self.place();
        self.word(u32::try_from(builders.len()).expect("at most one for each buffer"));
        for (buffer, builder) in builders {
            let automaton = builder.write(&mut self.automata);
            self.word(u32::from(buffer));
            self.word(automaton);
        }
        self.word(u32::try_from(always.len()).expect("fewer than 2³² rules"));
        always.iter().for_each(|rule| self.word(*rule));
        self.count += 1;
        self.known.insert(key, place);
        place
    }
}
