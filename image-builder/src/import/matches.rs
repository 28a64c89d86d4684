// SPDX-License-Identifier: Apache-2.0
//! What a match asks, as a condition.

use super::expression::Condition;
use super::{Found, problem};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// IPv4 or IPv6 (4, 6), source or destination.
    Address(u8, &'static str),
    /// Of TCP, UDP, or both.
    Port(&'static str, &'static str),
    /// Of IPv4 (4), IPv6 (6), or both (0).
    Protocol(u8),
    /// Of ICMP, ICMPv6.
    Type(u8),
    /// The address family.
    Family,
    State,
    /// Flags of TCP: those that are looked at, and those of them that are set.
    Flags,
    /// The device that a packet came from, or leaves by.
    Device(bool),
}

impl Subject {
    /// The subject that two words name, and how many of them do.
    pub fn of(first: &str, second: &str) -> Option<(Subject, usize)> {
        let direction = match second {
            "saddr" | "sport" => "src",
            _ => "dst",
        };
        Some(match (first, second) {
            ("ip", "saddr" | "daddr") => (Subject::Address(4, direction), 2),
            ("ip6", "saddr" | "daddr") => (Subject::Address(6, direction), 2),
            ("tcp", "sport" | "dport") => (Subject::Port("tcp", direction), 2),
            ("udp", "sport" | "dport") => (Subject::Port("udp", direction), 2),
            ("th", "sport" | "dport") => (Subject::Port("", direction), 2),
            ("ip", "protocol") => (Subject::Protocol(4), 2),
            ("ip6", "nexthdr") => (Subject::Protocol(6), 2),
            ("meta", "l4proto") => (Subject::Protocol(0), 2),
            ("l4proto", _) => (Subject::Protocol(0), 1),
            ("icmp", "type") => (Subject::Type(4), 2),
            ("icmpv6", "type") => (Subject::Type(6), 2),
            ("meta", "nfproto") => (Subject::Family, 2),
            ("ct", "state") => (Subject::State, 2),
            ("iifname" | "iif", _) => (Subject::Device(true), 1),
            ("oifname" | "oif", _) => (Subject::Device(false), 1),
            ("meta", "iifname" | "iif") => (Subject::Device(true), 2),
            ("meta", "oifname" | "oif") => (Subject::Device(false), 2),
            _ => return None,
        })
    }

    /// What must hold for the field to be there.
    fn there(self) -> Condition {
        match self {
            Subject::Address(4, _) | Subject::Protocol(4) => Condition::test("ip vers 4"),
            Subject::Address(..) | Subject::Protocol(6) => Condition::test("ip vers 6"),
            Subject::Port("", _) => Condition::test("tcp or udp"),
            Subject::Port(protocol, _) => Condition::test(protocol),
            Subject::Flags => Condition::test("tcp"),
            Subject::Type(4) => Condition::test("icmp"),
            Subject::Type(_) => Condition::test("ip proto 58"),
            _ => Condition::Constant(true),
        }
    }

    /// The field has one of `values`, or with `negated` none of them, for packets from device `from` to device `to`.
    pub fn condition(self, negated: bool, values: &[String], devices: (&str, &str), line: usize) -> Found<Condition> {
        let tests = values.iter().map(|value| self.test(value, devices, line)).collect::<Found<Vec<_>>>()?;
        let any = Condition::any(tests);
        Ok(Condition::all([self.there(), if negated { any.not() } else { any }]))
    }

    fn test(self, value: &str, (from, to): (&str, &str), line: usize) -> Found<Condition> {
        match self {
            Subject::Address(4, direction) => address4(value, direction, line),
            Subject::Address(_, direction) => address6(value, direction, line),
            Subject::Port(protocol, direction) => {
                let (first, last) = range(value, port, line)?;
                let ports = if first == last { first.to_string() } else { format!("{first}-{last}") };
                Ok(Condition::test(format!("{protocol} {direction} port {ports}").trim_start()))
            }
            Subject::Protocol(_) => {
                let (first, last) = range(value, protocol, line)?;
                Ok(Condition::any((first..=last).map(|number| Condition::test(format!("ip proto {number}")))))
            }
            Subject::Type(family) => {
                let (first, last) = range(value, |word| icmp_type(family, word), line)?;
                let test = |number| {
                    if family == 4 {
                        format!("icmp type {number}")
                    } else {
                        format!("ip proto 58 && transp[0] == {number}")
                    }
                };
                Ok(Condition::any((first..=last).map(|number| Condition::test(test(number)))))
            }
            Subject::Family => match value {
                "ipv4" => Ok(Condition::test("ip vers 4")),
                "ipv6" => Ok(Condition::test("ip vers 6")),
                _ => problem(line, format!("no family: '{value}'; ipv4 and ipv6 are")),
            },
            Subject::State => match value {
                "new" | "established" | "related" | "invalid" | "untracked" => {
                    Ok(Condition::test(format!("state {value}")))
                }
                _ => problem(line, format!("no state of connections: '{value}'")),
            },
            Subject::Flags => flags(value, line),
            Subject::Device(comes) => {
                let device = if comes { from } else { to };
                let holds = value.strip_suffix('*').map_or(value == device, |start| device.starts_with(start));
                Ok(Condition::Constant(holds))
            }
        }
    }
}

/// `VALUE` or `FIRST-LAST`.
fn range(text: &str, one: impl Fn(&str) -> Option<u32>, line: usize) -> Found<(u32, u32)> {
    // Names have hyphens, too.
    let ends = one(text).map(|value| (value, value)).or_else(|| {
        let (first, last) = text.split_once('-')?;
        Some((one(first)?, one(last)?))
    });
    match ends {
        Some((first, last)) if first <= last => Ok((first, last)),
        _ => problem(line, format!("'{text}' is not supported here")),
    }
}

/// `MASK/SET`, names with commas.
fn flags(value: &str, line: usize) -> Found<Condition> {
    const NAMES: [&str; 6] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];
    let (mask, set) = value.split_once('/').unwrap_or((value, ""));
    let list = |text: &str| -> Found<Vec<&str>> {
        let names = text.split(',').filter(|name| !matches!(*name, "NONE" | ""));
        let mut all = Vec::new();
        for name in names {
            match NAMES.iter().find(|known| **known == name) {
                _ if name == "ALL" => all.extend(NAMES),
                Some(name) => all.push(name),
                None => return problem(line, format!("no flag of TCP: '{name}'")),
            }
        }
        Ok(all)
    };
    let (mask, set) = (list(mask)?, list(set)?);
    if set.iter().any(|name| !mask.contains(name)) {
        // What is set and not looked at is never so.
        return Ok(Condition::Constant(false));
    }
    Ok(Condition::all(mask.iter().map(|name| {
        let test = Condition::test(format!("tcp opt {}", name.to_lowercase()));
        if set.contains(name) { test } else { test.not() }
    })))
}

fn port(word: &str) -> Option<u32> {
    const NAMES: [(&str, u32); 14] = [
        ("ftp", 21),
        ("ssh", 22),
        ("telnet", 23),
        ("smtp", 25),
        ("domain", 53),
        ("http", 80),
        ("pop3", 110),
        ("ntp", 123),
        ("imap2", 143),
        ("snmp", 161),
        ("bgp", 179),
        ("https", 443),
        ("imaps", 993),
        ("pop3s", 995),
    ];
    let named = NAMES.iter().find(|name| name.0 == word).map(|name| name.1);
    named.or_else(|| word.parse().ok()).filter(|&port| port <= 0xffff)
}

fn protocol(word: &str) -> Option<u32> {
    const NAMES: [(&str, u32); 11] = [
        ("icmp", 1),
        ("igmp", 2),
        ("tcp", 6),
        ("udp", 17),
        ("gre", 47),
        ("esp", 50),
        ("ah", 51),
        ("ipv6-icmp", 58),
        ("icmpv6", 58),
        ("ospf", 89),
        ("sctp", 132),
    ];
    let named = NAMES.iter().find(|name| name.0 == word).map(|name| name.1);
    named.or_else(|| word.parse().ok()).filter(|&number| number <= 0xff)
}

/// RFC 792, RFC 4443, RFC 4861, as nft(8) calls them.
fn icmp_type(family: u8, word: &str) -> Option<u32> {
    const NAMES: [(&str, u32); 9] = [
        ("echo-reply", 0),
        ("destination-unreachable", 3),
        ("redirect", 5),
        ("echo-request", 8),
        ("router-advertisement", 9),
        ("router-solicitation", 10),
        ("time-exceeded", 11),
        ("parameter-problem", 12),
        ("timestamp-request", 13),
    ];
    const NAMES6: [(&str, u32); 9] = [
        ("destination-unreachable", 1),
        ("packet-too-big", 2),
        ("time-exceeded", 3),
        ("parameter-problem", 4),
        ("echo-request", 128),
        ("echo-reply", 129),
        ("nd-router-solicit", 133),
        ("nd-router-advert", 134),
        ("nd-neighbor-solicit", 135),
    ];
    let names = if family == 4 { NAMES } else { NAMES6 };
    let named = names.iter().find(|name| name.0 == word).map(|name| name.1);
    let advert = (family == 6 && word == "nd-neighbor-advert").then_some(136);
    named.or(advert).or_else(|| word.parse().ok()).filter(|&number| number <= 0xff)
}

/// An address, a prefix, or a range, which becomes prefixes.
fn address4(text: &str, direction: &str, line: usize) -> Found<Condition> {
    let net =
        |address: u32, length: u32| Condition::test(format!("{direction} net {}/{length}", Ipv4Addr::from(address)));
    let wrong = || problem(line, format!("'{text}' is no IPv4 address, prefix or range; names are not looked up"));
    let parse = |word: &str| word.parse::<Ipv4Addr>().ok().map(u32::from);
    if let Some((first, last)) = text.split_once('-') {
        return match (parse(first), parse(last)) {
            (Some(first), Some(last)) if first <= last => {
                Ok(Condition::any(prefixes(first, last).into_iter().map(|(a, l)| net(a, l))))
            }
            _ => wrong(),
        };
    }
    let (address, length) = text.split_once('/').unwrap_or((text, "32"));
    match (parse(address), length.parse::<u32>()) {
        (Some(address), Ok(length @ 0..=32)) => {
            Ok(net(address & u32::MAX.checked_shl(32 - length).unwrap_or(0), length))
        }
        _ => wrong(),
    }
}

/// The prefixes that make up a range.
fn prefixes(first: u32, last: u32) -> Vec<(u32, u32)> {
    let (mut prefixes, mut next) = (Vec::new(), u64::from(first));
    while next <= u64::from(last) {
        let mut bits = next.trailing_zeros().min(32);
        while next + (1 << bits) - 1 > u64::from(last) {
            bits -= 1;
        }
        prefixes.push((next as u32, 32 - bits));
        next += 1 << bits;
    }
    prefixes
}

fn address6(text: &str, direction: &str, line: usize) -> Found<Condition> {
    let (address, length) = text.split_once('/').unwrap_or((text, "128"));
    match (address.parse::<Ipv6Addr>(), length.parse::<u32>()) {
        (Ok(address), Ok(length @ 0..=128)) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            let address = Ipv6Addr::from(u128::from(address) & mask);
            Ok(Condition::test(format!("{direction} net {address}/{length}")))
        }
        _ => problem(line, format!("'{text}' is no IPv6 address or prefix; ranges of them are not supported")),
    }
}
