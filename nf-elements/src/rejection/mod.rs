// SPDX-License-Identifier: Apache-2.0
//! What the sender of a packet is told that a rule rejects.

mod reset;

pub use reset::reset;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A TCP segment is reset; nothing else is answered.
    Reset,
    /// ICMP's Destination Unreachable (RFC 792) with a code, or that of ICMPv6 (RFC 4443 §3.1).
    Unreachable {
        /// Of ICMP.
        code: u8,
        /// Of ICMPv6.
        code6: u8,
    },
}

const fn unreachable(code: u8, code6: u8) -> Answer {
    Answer::Unreachable { code, code6 }
}

/// Names as nft(8) has them. What only one version of IP has stands for what comes nearest in the other one.
pub const NAMES: [(&str, Answer); 12] = [
    ("port-unreachable", unreachable(3, 4)),
    ("host-unreachable", unreachable(1, 3)),
    ("addr-unreachable", unreachable(1, 3)),
    ("net-unreachable", unreachable(0, 0)),
    ("no-route", unreachable(0, 0)),
    ("prot-unreachable", unreachable(2, 4)),
    ("net-prohibited", unreachable(9, 1)),
    ("host-prohibited", unreachable(10, 1)),
    ("admin-prohibited", unreachable(13, 1)),
    ("policy-fail", unreachable(13, 5)),
    ("reject-route", unreachable(13, 6)),
    ("tcp-reset", Answer::Reset),
];
