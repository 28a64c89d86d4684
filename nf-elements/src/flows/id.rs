// SPDX-License-Identifier: Apache-2.0
//! A flow's addresses and ports.

use core::fmt;

/// Addresses and ports of a packet, as numbers. Which of them tell flows apart is the rewriter's choice; the others are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FlowId {
    /// Source address.
    pub source: u32,
    /// Destination address.
    pub destination: u32,
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
}

impl FlowId {
    /// All zero.
    pub const NONE: FlowId = FlowId { source: 0, destination: 0, source_port: 0, destination_port: 0 };

    /// The packets that answer.
    #[inline(always)]
    pub const fn reversed(self) -> Self {
        FlowId {
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: self.source_port,
        }
    }

    /// Both ports as they lie in a header, source first.
    #[inline(always)]
    pub(super) const fn ports(self) -> u32 {
        (self.source_port as u32) << 16 | self.destination_port as u32
    }

    /// Reads `SADDR SPORT DADDR DPORT`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let id = FlowId {
            source: words.next()?.parse::<core::net::Ipv4Addr>().ok()?.into(),
            source_port: words.next()?.parse().ok()?,
            destination: words.next()?.parse::<core::net::Ipv4Addr>().ok()?.into(),
            destination_port: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(id)
    }
}

/// As Click writes it: `(192.0.2.1, 1024, 198.51.100.1, 80)`.
impl fmt::Display for FlowId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, destination) = (Ipv4(self.source), Ipv4(self.destination));
        write!(out, "({source}, {}, {destination}, {})", self.source_port, self.destination_port)
    }
}

/// An address with dots.
pub struct Ipv4(pub u32);

impl fmt::Display for Ipv4 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0.to_be_bytes();
        write!(out, "{a}.{b}.{c}.{d}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let id = FlowId::parse(" 192.0.2.1 1024  198.51.100.1 80 ").unwrap();
        assert_eq!(id.to_string(), "(192.0.2.1, 1024, 198.51.100.1, 80)");
        assert_eq!(id.reversed().to_string(), "(198.51.100.1, 80, 192.0.2.1, 1024)");
        assert_eq!(id.reversed().reversed(), id);
        for wrong in ["", "192.0.2.1 1024 198.51.100.1", "192.0.2.1 65536 198.51.100.1 80", "1.2.3.4 1 1.2.3.4 1 1"] {
            assert_eq!(FlowId::parse(wrong), None, "{wrong}");
        }
    }
}
