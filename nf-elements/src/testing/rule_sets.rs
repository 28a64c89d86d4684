// SPDX-License-Identifier: Apache-2.0
//! Rule sets of any size in the manner of ClassBench (Taylor and Turner, "ClassBench: A Packet Classification Benchmark", INFOCOM
//! 2005), and headers that meet them: made from a seed, or read from ClassBench's own files.
//!
//! The flavours have that paper's traits: access lists name services at hosts; firewalls have many wildcards and ranges of ports;
//! chains of IP (as `ipchains` had) lie between. Prefixes nest: they are drawn from a few sites, these from a few providers.

use crate::conntrack::State;
use crate::filter::field::{DESTINATION, DESTINATION_PORT, FLAGS, NEAR, PROTOCOL, SOURCE, SOURCE_PORT, STATE};
use crate::filter::{DENIED, Words};
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

/// Numbers that look random, the same in each run (xorshift64*).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Those of a seed.
    pub const fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number from `first` to `last`.
    pub fn between(&mut self, first: u32, last: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let fraction = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        first + ((fraction * (u64::from(last - first) + 1)) >> 32) as u32
    }

    /// One of `choices`, each with a weight.
    fn weighted<T: Copy>(&mut self, choices: &[(u32, T)]) -> T {
        let mut left = self.between(0, choices.iter().map(|choice| choice.0).sum::<u32>() - 1);
        for (weight, choice) in choices {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *choice,
            }
        }
        choices[0].1
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.between(0, choices.len() as u32 - 1) as usize]
    }
}

/// What a set is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// Access lists.
    Acl,
    /// Firewalls.
    Fw,
    /// Chains of IP.
    Ipc,
}

/// How headers follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// Each meets any rule.
    Uniform,
    /// Runs of equal headers, as packets of flows come: few flows are long (Pareto).
    Flows,
}

/// A prefix: an address with zeros behind the first `length` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    address: u32,
    length: u32,
}

impl Prefix {
    const ALL: Prefix = Prefix { address: 0, length: 0 };

    fn new(address: u32, length: u32) -> Self {
        Prefix { address: address & Self::mask(length), length }
    }

    fn mask(length: u32) -> u32 {
        u32::MAX.checked_shl(32 - length).unwrap_or(0)
    }

    fn holds(self, address: u32) -> bool {
        address & Self::mask(self.length) == self.address
    }

    fn range(self) -> RangeInclusive<u32> {
        self.address..=self.address | !Self::mask(self.length)
    }
}

/// A rule over five fields, TCP's flags and the connection's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    source: Prefix,
    destination: Prefix,
    /// With [`ALL_PORTS`] if the protocol has none.
    source_ports: (u32, u32),
    destination_ports: (u32, u32),
    protocol: Option<u8>,
    /// Mask and value.
    flags: Option<(u8, u8)>,
    state: Option<State>,
}

const ALL_PORTS: (u32, u32) = (0, 0xffff);
const TCP: u8 = 6;
const UDP: u8 = 17;

impl Rule {
    /// Its pattern, in the language of `StatefulFilter`.
    pub fn pattern(&self) -> String {
        let net = |prefix: Prefix| format!("{}/{}", Ipv4Addr::from(prefix.address), prefix.length);
        let mut text = format!("src net {} and dst net {}", net(self.source), net(self.destination));
        if let Some(protocol) = self.protocol {
            let _ = write!(text, " and ip proto {protocol}");
        }
        for (direction, (first, last)) in [("src", self.source_ports), ("dst", self.destination_ports)] {
            if (first, last) != ALL_PORTS {
                let _ = write!(text, " and {direction} port {first}-{last}");
            }
        }
        if let Some((mask, value)) = self.flags {
            let _ = write!(text, " and tcp[13] & {mask} == {value}");
        }
        if let Some(state) = self.state {
            let _ = write!(text, " and state {}", if state == State::New { "new" } else { "established" });
        }
        text
    }

    /// Whether it holds for a header.
    pub fn holds(&self, header: &Header) -> bool {
        let word = |number: u8| header.0[usize::from(number)];
        let protocol = (word(PROTOCOL) >> 8) as u8;
        let ports = [(self.source_ports, SOURCE_PORT), (self.destination_ports, DESTINATION_PORT)];
        let in_ports = |((first, last), number)| {
            (first, last) == ALL_PORTS || (matches!(protocol, TCP | UDP) && (first..=last).contains(&word(number)))
        };
        self.source.holds(word(SOURCE))
            && self.destination.holds(word(DESTINATION))
            && self.protocol.is_none_or(|known| known == protocol)
            && ports.into_iter().all(in_ports)
            && self.flags.is_none_or(|(mask, value)| protocol == TCP && (word(FLAGS) >> 16) as u8 & mask == value)
            && self.state.is_none_or(|state| state as u32 == word(STATE))
    }

    /// A header for which it holds.
    fn header(&self, random: &mut Random) -> Header {
        let address =
            |random: &mut Random, prefix: Prefix| random.between(*prefix.range().start(), *prefix.range().end());
        let mut words = [0; NEAR];
        words[usize::from(SOURCE)] = address(random, self.source);
        words[usize::from(DESTINATION)] = address(random, self.destination);
        words[usize::from(SOURCE_PORT)] = random.between(self.source_ports.0, self.source_ports.1);
        words[usize::from(DESTINATION_PORT)] = random.between(self.destination_ports.0, self.destination_ports.1);
        let protocol = self.protocol.unwrap_or_else(|| random.one_of(&[TCP, UDP]));
        words[usize::from(PROTOCOL)] = u32::from(protocol) << 8 | 20;
        if protocol == TCP {
            let (mask, value) = self.flags.unwrap_or_default();
            let flags = random.one_of(&[0x02, 0x10, 0x18, 0x12]) & !u32::from(mask) | u32::from(value);
            words[usize::from(FLAGS)] = 0x5000_0000 | flags << 16;
        }
        words[usize::from(STATE)] =
            self.state.unwrap_or_else(|| random.one_of(&[State::New, State::Established])) as u32;
        Header(words)
    }

    /// A line of ClassBench: `@SRC/LEN DST/LEN LOW : HIGH LOW : HIGH PROTO/MASK FLAGS/MASK`. Ports of protocols without ports are
    /// left out, and of flags those that are not in TCP's byte 13.
    fn read(line: &str) -> Option<Rule> {
        let words: Vec<&str> = line.strip_prefix('@')?.split_whitespace().collect();
        let prefix = |word: &str| {
            let (address, length) = word.split_once('/')?;
            Some(Prefix::new(
                address.parse::<Ipv4Addr>().ok()?.to_bits(),
                length.parse().ok().filter(|&length| length <= 32)?,
            ))
        };
        let hexadecimal = |word: &str| u32::from_str_radix(word.strip_prefix("0x")?, 16).ok();
        let ports = |at: usize| Some((words.get(at)?.parse().ok()?, words.get(at + 2)?.parse().ok()?));
        let (protocol, mask) = words.get(8)?.split_once('/')?;
        let protocol = if hexadecimal(mask)? == 0 { None } else { Some(hexadecimal(protocol)? as u8) };
        let has_ports = matches!(protocol, None | Some(TCP | UDP));
        let flags = words.get(9).and_then(|word| word.split_once('/'));
        let flags = flags.and_then(|(value, mask)| Some((hexadecimal(mask)? as u8, hexadecimal(value)? as u8)));
        Some(Rule {
            source: prefix(words.first()?)?,
            destination: prefix(words.get(1)?)?,
            source_ports: if has_ports { ports(2)? } else { ALL_PORTS },
            destination_ports: if has_ports { ports(5)? } else { ALL_PORTS },
            protocol,
            flags: flags
                .filter(|flags| flags.0 != 0 && protocol == Some(TCP))
                .map(|(mask, value)| (mask, value & mask)),
            state: None,
        })
    }
}

/// What a classifier sees of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header([u32; NEAR]);

impl Header {
    /// Bytes of the packets of [`Header::packet`].
    pub const PACKET_BYTES: usize = 40;

    /// A packet of its connection, from the IP header on, there or `back`, without data: a datagram, or a segment with these flags, sequence
    /// and acknowledgment numbers. None of other protocols.
    pub fn packet(&self, back: bool, (flags, numbers): (u8, [u32; 2])) -> Option<[u8; Header::PACKET_BYTES]> {
        let word = |number: u8| self.0[usize::from(number)];
        let protocol = (word(PROTOCOL) >> 8) as u8;
        let (mut ends, mut ports) = ([word(SOURCE), word(DESTINATION)], [word(SOURCE_PORT), word(DESTINATION_PORT)]);
        if back {
            ends.reverse();
            ports.reverse();
        }
        let mut packet = [0; Header::PACKET_BYTES];
        let (ip, transport) = packet.split_at_mut(20);
        ip[..10].copy_from_slice(&[0x45, 0, 0, Header::PACKET_BYTES as u8, 0, 0, 0, 0, 64, protocol]);
        ip[12..].copy_from_slice(ends.map(u32::to_be_bytes).as_flattened());
        transport[..4].copy_from_slice(ports.map(|port| (port as u16).to_be_bytes()).as_flattened());
        match protocol {
            TCP => {
                transport[4..12].copy_from_slice(numbers.map(u32::to_be_bytes).as_flattened());
                transport[12..16].copy_from_slice(&[0x50, flags, 0x10, 0]);
            }
            UDP => transport[5] = 20,
            _ => return None,
        }
        Some(packet)
    }
}

impl Words for Header {
    #[inline]
    fn near(&self) -> &[u32; NEAR] {
        &self.0
    }

    fn far(&self, _: u16) -> u32 {
        0
    }
}

/// Rules in their order.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// The rules.
    pub rules: Vec<Rule>,
}

impl RuleSet {
    /// A set of ClassBench's. The number of the first line that is none, if there is one.
    pub fn read(text: &str) -> Result<RuleSet, usize> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let rules = lines.map(|(number, line)| Rule::read(line).ok_or(number + 1)).collect::<Result<_, _>>()?;
        Ok(RuleSet { rules })
    }

    /// A set of that flavour, always the same for a seed.
    pub fn generate(flavour: Flavour, count: usize, seed: u64) -> RuleSet {
        let mut maker = Maker::new(flavour, count, seed);
        let mut rules: Vec<Rule> = (0..count).map(|_| maker.rule()).collect();
        // The specific ones first, as people write them.
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.source.length.min(20) + rule.destination.length.min(20)));
        RuleSet { rules }
    }

    /// The rules as arguments of a filter. Every third one denies, the others name one of `outputs`.
    pub fn texts(&self, outputs: usize) -> impl Iterator<Item = String> {
        self.rules.iter().enumerate().map(move |(index, rule)| match self.leaf(index, outputs) {
            DENIED => format!("deny {}", rule.pattern()),
            output => format!("{output} {}", rule.pattern()),
        })
    }

    /// What becomes of a packet that meets rule `index` first.
    pub fn leaf(&self, index: usize, outputs: usize) -> u16 {
        if index % 3 == 2 { DENIED } else { (index % outputs) as u16 }
    }

    /// The first rule that holds: every one is asked.
    pub fn first(&self, header: &Header) -> Option<usize> {
        self.rules.iter().position(|rule| rule.holds(header))
    }

    /// `count` headers that meet rules.
    pub fn trace(&self, kind: Trace, count: usize, seed: u64) -> Vec<Header> {
        let mut random = Random::new(seed);
        let mut headers = Vec::with_capacity(count);
        while headers.len() < count {
            let rule = &self.rules[random.between(0, self.rules.len() as u32 - 1) as usize];
            let header = rule.header(&mut random);
            let run = match kind {
                Trace::Uniform => 1,
                // Pareto with a = 1: half of the flows have one packet, one in a thousand a thousand.
                Trace::Flows => (1024 / random.between(1, 1024)) as usize,
            };
            headers.extend(std::iter::repeat_n(header, run.min(count - headers.len())));
        }
        headers
    }
}

/// Makes rules of a flavour.
struct Maker {
    flavour: Flavour,
    random: Random,
    /// Prefixes of /16 to /24 that others lie in.
    sites: Vec<Prefix>,
    services: Vec<(u8, u32)>,
}

/// How prefixes are chosen: all addresses, a half of them, a site, a network in one, a host in one.
#[derive(Clone, Copy)]
enum Scope {
    All,
    Half,
    Site,
    Network,
    Host,
}

impl Maker {
    fn new(flavour: Flavour, count: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let providers: Vec<u32> = (0..16).map(|_| random.between(1, 223) << 24).collect();
        let sites = (0..16 + count / 64).map(|_| {
            let length = random.between(16, 24);
            Prefix::new(random.one_of(&providers) | random.between(0, 0xff_ffff), length)
        });
        let sites = sites.collect();
        let known =
            [(TCP, 80), (TCP, 443), (TCP, 22), (TCP, 25), (UDP, 53), (UDP, 123), (TCP, 1521), (TCP, 3306), (UDP, 161)];
        let others = (0..40).map(|index| (if index % 4 == 0 { UDP } else { TCP }, random.between(1024, 9999)));
        let services = known.into_iter().chain(others.collect::<Vec<_>>()).collect();
        Maker { flavour, random, sites, services }
    }

    fn rule(&mut self) -> Rule {
        let (source, destination) = self.scopes();
        let (source, destination) = (self.prefix(source), self.prefix(destination));
        let random = &mut self.random;
        let (protocol, port) = random.one_of(&self.services);
        let ranges = match self.flavour {
            Flavour::Acl => [(60, 0), (12, 1), (10, 2), (18, 3), (0, 4)],
            Flavour::Fw => [(45, 0), (12, 1), (10, 2), (15, 3), (18, 4)],
            Flavour::Ipc => [(50, 0), (8, 1), (8, 2), (24, 3), (10, 4)],
        };
        let mut rule = Rule {
            source,
            destination,
            source_ports: ALL_PORTS,
            destination_ports: ALL_PORTS,
            protocol: Some(protocol),
            flags: None,
            state: None,
        };
        match random.weighted(&ranges) {
            0 => rule.destination_ports = (port, port),
            1 => rule.destination_ports = (port, (port + random.between(1, 100)).min(0xffff)),
            2 => rule.destination_ports = (1024, 0xffff),
            3 => rule.protocol = random.weighted(&[(5, None), (2, Some(1)), (1, Some(50)), (2, Some(TCP))]),
            _ => rule.source_ports = random.weighted(&[(3, (port, port)), (2, (1024, 0xffff))]),
        }
        if rule.protocol == Some(TCP) {
            rule.flags = random.weighted(&[(8, None), (1, Some((0x12, 0x02))), (1, Some((0x10, 0x10)))]);
        }
        rule.state = random.weighted(&[(8, None), (1, Some(State::New)), (1, Some(State::Established))]);
        rule
    }

    fn scopes(&mut self) -> (Scope, Scope) {
        use Scope::*;
        let (sources, destinations): (&[_], &[_]) = match self.flavour {
            Flavour::Acl => {
                (&[(6, All), (2, Site), (42, Network), (50, Host)], &[(2, All), (2, Site), (36, Network), (60, Host)])
            }
            Flavour::Fw => (
                &[(30, All), (10, Half), (8, Site), (22, Network), (30, Host)],
                &[(25, All), (5, Half), (10, Site), (20, Network), (40, Host)],
            ),
            Flavour::Ipc => (
                &[(15, All), (2, Half), (10, Site), (35, Network), (38, Host)],
                &[(12, All), (1, Half), (10, Site), (35, Network), (42, Host)],
            ),
        };
        (self.random.weighted(sources), self.random.weighted(destinations))
    }

    fn prefix(&mut self, scope: Scope) -> Prefix {
        let site = self.random.one_of(&self.sites);
        let inside = self.random.between(*site.range().start(), *site.range().end());
        match scope {
            Scope::All => Prefix::ALL,
            Scope::Half => Prefix::new(inside, 1),
            Scope::Site => site,
            Scope::Network => Prefix::new(inside, self.random.between(site.length, 31)),
            Scope::Host => Prefix::new(inside, 32),
        }
    }
}
