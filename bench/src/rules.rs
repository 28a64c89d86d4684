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
        self.nft_script_behind("", family, count)
    }

    /// The same of a firewall that lets the packets of known connections pass at once.
    pub fn stateful_nft_script(self, count: usize) -> String {
        self.nft_script_behind("  ct state established,related accept\n  ct state invalid drop\n", "ip", count)
    }

    fn nft_script_behind(self, first: &str, family: &str, count: usize) -> String {
        let mut script =
            format!("table {family} f {{\n chain c {{\n  type filter hook forward priority 0; policy drop;\n{first}");
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

/// What stands before the rules of a stateful firewall, as arguments of the element StatefulFilter.
pub const STATEFUL_ARGUMENTS: &str = "allow state established|related,\n    deny state invalid,\n    ";

/// The load's own destination port, so that a five-field rule cannot be refused by its last field alone.
const DESTINATION_PORT: u16 = 9;

fn source_port(index: usize) -> u32 {
    1024 + scattered(index) % 30_000
}

/// Fibonacci hashing: neighbouring rules have nothing in common that could be merged into a prefix or a range.
fn scattered(index: usize) -> u32 {
    (index as u32 + 1).wrapping_mul(0x9e37_79b1)
}

/// An address that never sends: the load's are in 10.0.0.0/8, these in 11.0.0.0 to 110.255.255.255, each once.
struct Host(usize);

impl std::fmt::Display for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d] = scattered(self.0).to_be_bytes();
        write!(formatter, "{}.{b}.{c}.{d}", 11 + a % 100)
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

    #[test]
    fn no_host_is_in_two_rules() {
        let hosts: std::collections::HashSet<String> = (0..1000).map(|index| Host(index).to_string()).collect();
        assert_eq!(hosts.len(), 1000);
    }
}
