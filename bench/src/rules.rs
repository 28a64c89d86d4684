// SPDX-License-Identifier: Apache-2.0
//! The firewall that both sides run: N rules of which only the last, "allow all", matches the load.

use std::fmt::Write;

/// What each rule but the last looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    /// The source address.
    SourceHost,
    /// Protocol, both addresses and both ports.
    FiveField,
}

impl RuleKind {
    /// The word for it in file names.
    pub fn word(self) -> &'static str {
        match self {
            RuleKind::SourceHost => "src",
            RuleKind::FiveField => "five",
        }
    }

    /// A script for `nft` of `count` rules in the tables of `family` (`ip` when routing, `bridge` when bridging).
    pub fn nft_script(self, family: &str, count: usize) -> String {
        let mut script =
            format!("table {family} f {{\n chain c {{\n  type filter hook forward priority 0; policy drop;\n");
        for index in 0..count - 1 {
            let host = Host(index);
            let _ = match self {
                RuleKind::SourceHost => writeln!(script, "  ip saddr {host} drop"),
                RuleKind::FiveField => writeln!(
                    script,
                    "  ip saddr {host} ip daddr 10.0.1.2 udp sport {} udp dport {} drop",
                    source_port(index),
                    DESTINATION_PORT
                ),
            };
        }
        script + "  accept\n }\n}\n"
    }

    /// The same rules as arguments of the element IPFilter.
    pub fn click_arguments(self, count: usize) -> String {
        let mut arguments = String::new();
        for index in 0..count - 1 {
            let host = Host(index);
            let _ = match self {
                RuleKind::SourceHost => write!(arguments, "deny src host {host},\n    "),
                RuleKind::FiveField => write!(
                    arguments,
                    "deny udp && src host {host} && dst host 10.0.1.2 && src port {} && dst port {},\n    ",
                    source_port(index),
                    DESTINATION_PORT
                ),
            };
        }
        arguments + "allow all"
    }
}

/// The load's own destination port, so that a five-field rule cannot be refused by its last field alone.
const DESTINATION_PORT: u16 = 9;

fn source_port(index: usize) -> usize {
    1024 + index % 60_000
}

/// An address that never sends: 172.16.0.0/12, of which the load (10.0.0.0/8) has none.
struct Host(usize);

impl std::fmt::Display for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "172.16.{}.{}", self.0 / 250, self.0 % 250 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_get_the_same_number_of_rules() {
        for kind in [RuleKind::SourceHost, RuleKind::FiveField] {
            for count in [10, 100, 1000] {
                assert_eq!(kind.nft_script("ip", count).matches(" drop\n").count(), count - 1);
                assert_eq!(kind.click_arguments(count).split(',').count(), count);
                assert_eq!(kind.click_arguments(count).matches("deny").count(), count - 1);
            }
        }
    }
}
