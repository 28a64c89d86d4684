// SPDX-License-Identifier: Apache-2.0
//! What a pattern says about a packet, read off its syntax tree: slow, and independent of formulas and diagrams.

use super::ast::{Direction, Operator, Pattern, Primitive, Protocol, Subject};
use crate::Packet;

/// Whether `packet` matches. Without a whole IP header it is asked nothing and matches nothing but what is always true.
pub fn matches(pattern: &Pattern, packet: &Packet) -> bool {
    match pattern {
        Pattern::Constant(value) => *value,
        Pattern::Primitive(primitive) => packet.network().len() >= 20 && primitive_matches(primitive, packet),
        Pattern::Not(inner) => !matches(inner, packet),
        Pattern::All(parts) => parts.iter().all(|part| matches(part, packet)),
        Pattern::Any(parts) => parts.iter().any(|part| matches(part, packet)),
        Pattern::Choice(parts) => matches(&parts[if matches(&parts[0], packet) { 1 } else { 2 }], packet),
    }
}

fn primitive_matches(primitive: &Primitive, packet: &Packet) -> bool {
    let ip = packet.network();
    let protocol = ip[9];
    let protocol_matches = match primitive.protocol {
        None | Some(Protocol::Transport) => true,
        Some(Protocol::Number(number)) => protocol == number,
        Some(Protocol::TcpOrUdp) => protocol == 6 || protocol == 17,
    };
    if !protocol_matches {
        return false;
    }
    let later_fragment = ip[6] & 0x1f != 0 || ip[7] != 0;
    let transport: &[u8] = if later_fragment { &[] } else { packet.transport() };
    match primitive.subject {
        Subject::Nothing => true,
        Subject::Host(direction) => directed(primitive, direction, big_endian(&ip[12..16]), big_endian(&ip[16..20])),
        // This is about IPv4 packets.
        Subject::Host6(..) => false,
        Subject::State => holds(primitive, primitive.operator, packet.annotations().connection.into()),
        Subject::Port(_) if transport.len() < 4 => false,
        Subject::Port(direction) => {
            directed(primitive, direction, big_endian(&transport[..2]), big_endian(&transport[2..4]))
        }
        Subject::Protocol => holds(primitive, primitive.operator, protocol.into()),
        Subject::TcpFlags => transport.len() >= 14 && holds(primitive, primitive.operator, transport[13].into()),
        Subject::Fragment => holds(primitive, primitive.operator, big_endian(&ip[6..8]) & 0x3fff),
        Subject::Vlan => vlan(primitive, packet),
        Subject::Bits(bits) => {
            let header = if bits.transport { transport } else { ip };
            (bits_of(header, bits.first.into(), bits.count.into()))
                .is_some_and(|value| holds(primitive, primitive.operator, value))
        }
    }
}

fn vlan(primitive: &Primitive, packet: &Packet) -> bool {
    let Some(bytes) = packet.before_network::<6>() else { return false };
    let tagged = matches!((bytes[0], bytes[1]), (0x81, 0x00) | (0x88, 0xa8));
    tagged && holds(primitive, primitive.operator, big_endian(&bytes[2..4]) & 0xfff)
}

fn directed(primitive: &Primitive, direction: Direction, source: u32, destination: u32) -> bool {
    let operator = primitive.operator;
    match direction {
        Direction::Source => holds(primitive, operator, source),
        Direction::Destination => holds(primitive, operator, destination),
        _ => {
            let positive = if operator.is_negative() { operator.opposite() } else { operator };
            let (a, b) = (holds(primitive, positive, source), holds(primitive, positive, destination));
            (if direction == Direction::Both { a && b } else { a || b }) != operator.is_negative()
        }
    }
}

fn holds(primitive: &Primitive, operator: Operator, value: u32) -> bool {
    let value = value & primitive.mask.unwrap_or(u32::MAX);
    let (first, last) = primitive.value;
    match operator {
        Operator::Equal => (first..=last).contains(&value),
        Operator::NotEqual => !(first..=last).contains(&value),
        Operator::Less => value < first,
        Operator::LessOrEqual => value <= first,
        Operator::Greater => value > first,
        Operator::GreaterOrEqual => value >= first,
    }
}

/// `count` bits of `header` behind the first `first`; none unless all are there.
fn bits_of(header: &[u8], first: usize, count: usize) -> Option<u32> {
    (first..first + count).try_fold(0, |value, bit| {
        let byte = header.get(bit / 8)?;
        Some(value << 1 | u32::from(byte >> (7 - bit % 8) & 1))
    })
}

fn big_endian(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, &byte| value << 8 | u32::from(byte))
}
