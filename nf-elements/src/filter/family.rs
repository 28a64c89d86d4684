// SPDX-License-Identifier: Apache-2.0
//! What a pattern says about IPv6 packets. Click's patterns are about IPv4; of IPv6, tests of protocols, ports, TCP flags, transport
//! headers and VLANs say the same, and those of the version, the traffic class and the hop limit (TTL) have another place. All others,
//! as of IPv4 addresses, hold for no IPv6 packet, and `not` of them for all.

use super::ast::{Bits, Pattern, Primitive, Subject};

/// The pattern for the words that [`Ip6Words`](super::Ip6Words) shows.
pub fn of_ipv6(pattern: &Pattern) -> Pattern {
    match pattern {
        Pattern::Constant(value) => Pattern::Constant(*value),
        Pattern::Primitive(primitive) => test(primitive).map_or(Pattern::Constant(false), Pattern::Primitive),
        Pattern::Not(inner) => Pattern::Not(Box::new(of_ipv6(inner))),
        Pattern::All(parts) => Pattern::All(parts.iter().map(of_ipv6).collect()),
        Pattern::Any(parts) => Pattern::Any(parts.iter().map(of_ipv6).collect()),
        Pattern::Choice(parts) => Pattern::Choice(Box::new(parts.each_ref().map(of_ipv6))),
    }
}

/// The test, where it is one of an IPv6 packet.
fn test(primitive: &Primitive) -> Option<Primitive> {
    let subject = match primitive.subject {
        Subject::Host(_) | Subject::Fragment => return None,
        // The next header may stand behind others, so no bits of it can be picked.
        Subject::Protocol if primitive.mask.is_some() => return None,
        Subject::Bits(bits) if !bits.transport => Subject::Bits(Bits { first: place(bits)?, ..bits }),
        subject => subject,
    };
    Some(Primitive { subject, ..*primitive })
}

/// Where bits of an IPv4 header (RFC 791 §3.1) are in an IPv6 header (RFC 8200 §3).
fn place(bits: Bits) -> Option<u16> {
    Some(match (bits.first, bits.count) {
        // Version.
        (0, 4) => 0,
        // Type of service, or its parts: traffic class.
        (8 | 14, 1..=8) if bits.first + u16::from(bits.count) <= 16 => bits.first - 4,
        // Time to live: hop limit.
        (64, 8) => 56,
        _ => return None,
    })
}
