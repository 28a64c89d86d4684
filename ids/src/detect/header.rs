// SPDX-License-Identifier: Apache-2.0
//! What a rule demands of the packet and its flow, besides addresses and ports.

use super::{FLOWBIT_WORDS, Subject};
use crate::code::Op;
use crate::packet::Packet;
use crate::rule::{condition, protocol};
use crate::table::RuleView;

/// A protocol number as a bit of [`protocol`].
pub(super) fn protocol_bit(number: u8) -> u8 {
    match number {
        crate::packet::TCP => protocol::TCP,
        crate::packet::UDP => protocol::UDP,
        crate::packet::ICMP | crate::packet::ICMPV6 => protocol::ICMP,
        _ => protocol::OTHER,
    }
}

pub(super) fn conditions_hold(conditions: u32, subject: &Subject<'_>) -> bool {
    let unless = |bit: u32, holds: bool| conditions & bit == 0 || holds;
    let six = subject.addresses[0].len() == 16;
    let stateful = condition::TO_SERVER | condition::TO_CLIENT | condition::ESTABLISHED;
    unless(stateful, subject.in_flow || conditions & condition::STATELESS != 0)
        && unless(condition::TO_SERVER, subject.to_server)
        && unless(condition::TO_CLIENT, !subject.to_server)
        && unless(condition::ESTABLISHED, subject.established)
        && unless(condition::NOT_ESTABLISHED, !subject.established)
        && unless(condition::ONLY_FRAGMENT, subject.from_fragments)
        && unless(condition::NO_FRAGMENT, !subject.from_fragments)
        && unless(condition::ADDRESSES_ONLY, subject.first)
        && unless(condition::IPV4, !six)
        && unless(condition::IPV6, six)
}

/// The tests on the packet's headers and on flowbits.
pub(super) fn packet_tests(rule: &RuleView<'_>, subject: &Subject<'_>, bits: &[u64; FLOWBIT_WORDS]) -> bool {
    let mut satisfied = false;
    for op in rule.packet_tests() {
        if let Op::FlowBit { negated, bit, or, .. } = op {
            let holds = has_bit(bits, bit) != negated;
            if !holds && !or && !satisfied {
                return false;
            }
            satisfied = or && (holds || satisfied);
        } else if !subject.packet.is_some_and(|packet| packet_test(&op, packet)) {
            return false;
        }
    }
    true
}

fn packet_test(op: &Op<'_>, packet: &Packet<'_>) -> bool {
    match *op {
        Op::Number(field, range) => packet.field(field).is_some_and(|value| range.contains(value)),
        Op::TcpFlags { mode, flags, mask } => {
            packet.tcp.is_some_and(|tcp| flags_hold(mode, flags & mask, tcp.flags & mask))
        }
        Op::FragmentBits { mode, bits } => flags_hold(mode, bits, packet.fragment_bits()),
        Op::IpOption(kind) => packet.has_ip_option(kind),
        Op::SameIp => packet.addresses[0] == packet.addresses[1],
        _ => false,
    }
}

fn flags_hold(mode: u8, wanted: u8, found: u8) -> bool {
    match mode {
        b'+' => found & wanted == wanted,
        b'*' => found & wanted != 0,
        b'!' => found & wanted == 0,
        _ => found == wanted,
    }
}

fn has_bit(bits: &[u64; FLOWBIT_WORDS], bit: u16) -> bool {
    bits.get(usize::from(bit) / 64).is_some_and(|word| word >> (bit % 64) & 1 != 0)
}

pub(super) fn set_bit(bits: &mut [u64; FLOWBIT_WORDS], bit: u16, what: u8) {
    let Some(word) = bits.get_mut(usize::from(bit) / 64) else { return };
    let mask = 1 << (bit % 64);
    match what {
        0 => *word |= mask,
        1 => *word &= !mask,
        _ => *word ^= mask,
    }
}
