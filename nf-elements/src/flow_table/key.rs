// SPDX-License-Identifier: Apache-2.0
//! Which flow a frame belongs to: addresses, ports and protocol, the same for a packet and those that answer it.
//!
//! Fragments are named without ports, so that all of a datagram go one way; frames without IP by their Ethernet addresses; ICMP
//! errors like the flow whose packet they quote. VLAN tags are passed over.

use crate::wire::ethernet::Address;
use crate::wire::ipv6::behind_extensions;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
/// IEEE 802.1Q and 802.1ad tags.
const ETHERTYPE_TAGS: [u16; 2] = [0x8100, 0x88a8];
/// Tags that are passed over.
const MOST_TAGS: usize = 2;

const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
/// Protocols whose headers begin with two ports: TCP, UDP, DCCP, SCTP, UDP-Lite.
const WITH_PORTS: [u8; 5] = [6, 17, 33, 132, 136];

/// The name of a flow: two ends, the lower one first, so that both directions have the same.
#[derive(Clone, Copy, Debug, Eq)]
#[repr(C)]
pub struct FlowKey {
    /// In the upper half the kind: `version << 16 | protocol`, or the EtherType where there is no IP. In the lower one the ports, the lower end's first.
    word: u64,
    /// Addresses, the lower end's first. Both of IPv4 are in the first word, for keys of IPv4 are compared most often; others have two
    /// words each, of which an Ethernet address takes the second.
    addresses: [u64; 4],
}

/// Kind and ports in one.
#[inline(always)]
fn word(kind: u32, ports: u32) -> u64 {
    u64::from(kind) << 32 | u64::from(ports)
}

/// The number that travels with a packet: never 0, which says that nobody computed it.
#[inline(always)]
pub fn flow_hash(hash: u64) -> u32 {
    ((hash >> 32) as u32).max(1)
}

/// Both halves of a product in one: the step of a hash.
#[inline(always)]
pub(super) const fn mix(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    (product >> 64) as u64 ^ product as u64
}

/// Keys of IPv4 differ in their first two words, or not at all.
impl PartialEq for FlowKey {
    #[inline(always)]
    fn eq(&self, other: &FlowKey) -> bool {
        let differs = (self.word ^ other.word) | (self.addresses[0] ^ other.addresses[0]);
        differs == 0 && (self.version() == 4 || self.addresses[1..] == other.addresses[1..])
    }
}

impl FlowKey {
    /// All bytes zero.
    pub const EMPTY: FlowKey = FlowKey { word: 0, addresses: [0; 4] };

    /// No flow, but a number.
    pub(super) fn of_number(number: u32) -> FlowKey {
        FlowKey { word: number.into(), ..FlowKey::EMPTY }
    }

    /// The number that it is.
    pub(super) fn number(&self) -> u32 {
        self.word as u32
    }

    /// The flow of an Ethernet frame.
    #[inline(always)]
    pub fn of(frame: &[u8]) -> FlowKey {
        frame.first_chunk().and_then(FlowKey::of_plain).unwrap_or_else(|| FlowKey::of_any(frame))
    }

    /// The flow of a frame that begins with this, if it is [plain](FlowKey::is_plain).
    #[inline(always)]
    fn of_plain(start: &[u8; 38]) -> Option<FlowKey> {
        FlowKey::is_plain(start).then(|| FlowKey::plain(start))
    }

    /// Whether a frame that begins with this is of TCP or UDP over IPv4, without a tag, options or fragments, as nearly all are.
    #[inline(always)]
    pub fn is_plain(start: &[u8; 38]) -> bool {
        start[12..15] == [0x08, 0x00, 0x45] && [start[20] & 0x3f, start[21]] == [0, 0] && matches!(start[23], 6 | 17)
    }

    /// The flow of such a frame.
    #[inline(always)]
    pub fn plain(start: &[u8; 38]) -> FlowKey {
        let word = |at: usize| u32::from_be_bytes([start[at], start[at + 1], start[at + 2], start[at + 3]]);
        FlowKey::ipv4(start[23], word(26), word(30), word(34))
    }

    /// The flow of an IPv4 or IPv6 packet; of what is neither, all are one flow.
    #[inline(never)]
    pub fn of_ip(packet: &[u8]) -> FlowKey {
        let found = match packet.first().map(|first| first >> 4) {
            Some(4) => of_ipv4(packet, true),
            Some(6) => of_ipv6(packet, true),
            _ => None,
        };
        found.unwrap_or(FlowKey::EMPTY)
    }

    /// Of IPv4 packets: the protocol, both addresses, source and destination port.
    #[inline(always)]
    fn ipv4(protocol: u8, source: u32, destination: u32, ports: u32) -> FlowKey {
        FlowKey::directed_v4(protocol, source, destination, ports).0
    }

    #[inline(always)]
    fn between(source: [u64; 2], destination: [u64; 2], ports: u32, kind: u32) -> FlowKey {
        FlowKey::directed(source, destination, ports, kind).0
    }

    #[inline(always)]
    fn directed(source: [u64; 2], destination: [u64; 2], ports: u32, kind: u32) -> (FlowKey, bool) {
        let upwards = (source, ports >> 16) <= (destination, ports & 0xffff);
        let ([low, high], ports) = match upwards {
            true => ([source, destination], ports),
            false => ([destination, source], ports.rotate_left(16)),
        };
        (FlowKey { word: word(kind, ports), addresses: [low[0], low[1], high[0], high[1]] }, upwards)
    }

    /// The flow of an IPv4 packet with `ports`, the source's in the upper half; whether it goes from the lower end to the higher.
    #[inline(always)]
    pub fn directed_v4(protocol: u8, source: u32, destination: u32, ports: u32) -> (FlowKey, bool) {
        let kind = 4 << 16 | u32::from(protocol);
        // As `directed` has it, in one comparison.
        let (from, to) = (
            u64::from(source) << 16 | u64::from(ports >> 16),
            u64::from(destination) << 16 | u64::from(ports & 0xffff),
        );
        let upwards = from <= to;
        let addresses = u64::from(source) << 32 | u64::from(destination);
        let (turn, turn_ports) = if upwards { (0, 0) } else { (32, 16) };
        let ports = ports.rotate_left(turn_ports);
        (FlowKey { word: word(kind, ports), addresses: [addresses.rotate_left(turn), 0, 0, 0] }, upwards)
    }

    /// The same of an IPv6 packet.
    pub fn directed_v6(protocol: u8, source: u128, destination: u128, ports: u32) -> (FlowKey, bool) {
        let kind = 6 << 16 | u32::from(protocol);
        FlowKey::directed(halves(source), halves(destination), ports, kind)
    }

    /// The flow between two ends; none if one is IPv4 and the other IPv6.
    pub fn new(protocol: u8, source: (IpAddr, u16), destination: (IpAddr, u16)) -> Option<FlowKey> {
        let ports = u32::from(source.1) << 16 | u32::from(destination.1);
        match (source.0, destination.0) {
            (IpAddr::V4(from), IpAddr::V4(to)) => Some(FlowKey::ipv4(protocol, from.to_bits(), to.to_bits(), ports)),
            (IpAddr::V6(from), IpAddr::V6(to)) => Some(FlowKey::between(
                halves(from.to_bits()),
                halves(to.to_bits()),
                ports,
                6 << 16 | u32::from(protocol),
            )),
            _ => None,
        }
    }

    #[inline(never)]
    fn of_any(frame: &[u8]) -> FlowKey {
        let mut at = 12;
        for _ in 0..MOST_TAGS {
            if ETHERTYPE_TAGS.contains(&short(frame, at)) {
                at += 4;
            }
        }
        let ethertype = short(frame, at);
        let packet = frame.get(at + 2..).unwrap_or(&[]);
        let found = match ethertype {
            ETHERTYPE_IPV4 => of_ipv4(packet, true),
            ETHERTYPE_IPV6 => of_ipv6(packet, true),
            _ => None,
        };
        found.unwrap_or_else(|| {
            let mut addresses = [0; 12];
            let length = frame.len().min(12);
            addresses[..length].copy_from_slice(&frame[..length]);
            let address = |at: usize| [0, u64::from(short(&addresses, at)) << 32 | u64::from(long(&addresses, at + 2))];
            FlowKey::between(address(6), address(0), 0, ethertype.into())
        })
    }

    /// The IP protocol.
    pub fn protocol(&self) -> u8 {
        self.kind() as u8
    }

    /// The same without ports, and whether what went upwards with them still does.
    pub fn without_ports(&self, upwards: bool) -> (FlowKey, bool) {
        let [(low, _), (high, _)] = self.ends();
        (FlowKey { word: word(self.kind(), 0), ..*self }, upwards || low == high)
    }

    fn kind(&self) -> u32 {
        (self.word >> 32) as u32
    }

    /// 4, 6, or 0 where there is no IP.
    #[inline(always)]
    fn version(&self) -> u64 {
        self.word >> 48
    }

    /// Both ends, the lower one first: the address as a number, and the port.
    fn ends(&self) -> [(u128, u16); 2] {
        let [first, second, third, fourth] = self.addresses.map(u128::from);
        let [low, high] = match self.version() {
            4 => [first >> 32, first & u128::from(u32::MAX)],
            _ => [first << 64 | second, third << 64 | fourth],
        };
        [(low, (self.word >> 16) as u16), (high, self.word as u16)]
    }

    /// A hash that is the same in every machine.
    #[inline(always)]
    pub fn hash(&self) -> u64 {
        const SEEDS: [u64; 4] =
            [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03, 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];
        let [first, second, third, fourth] = self.addresses;
        let mut hash = mix(first ^ SEEDS[0], SEEDS[1]);
        if self.version() != 4 {
            hash ^= mix(second ^ SEEDS[1], third ^ SEEDS[2]) ^ mix(fourth ^ SEEDS[3], SEEDS[0]);
        }
        mix(hash ^ SEEDS[2], self.word ^ SEEDS[0])
    }
}

/// The packet's flow, or that of the packet which it quotes, if it is an ICMP error and `quotes`.
fn of_ipv4(packet: &[u8], quotes: bool) -> Option<FlowKey> {
    let header: &[u8; 20] = packet.first_chunk()?;
    let length = usize::from(header[0] & 15) * 4;
    if header[0] >> 4 != 4 || length < 20 {
        return None;
    }
    let (protocol, transport) = (header[9], packet.get(length..).unwrap_or(&[]));
    let is_whole = [header[6] & 0x3f, header[7]] == [0, 0];
    // Destination unreachable, source quench, redirect, time exceeded, parameter problem: RFC 792.
    let is_error = protocol == ICMP && matches!(transport.first(), Some(3 | 4 | 5 | 11 | 12));
    if is_error
        && quotes
        && is_whole
        && let Some(quoted) = transport.get(8..).and_then(|quoted| of_ipv4(quoted, false))
    {
        return Some(quoted);
    }
    let ports = if is_whole { ports(protocol, transport) } else { 0 };
    Some(FlowKey::ipv4(protocol, long(header, 12), long(header, 16), ports))
}

/// The same of IPv6.
fn of_ipv6(packet: &[u8], quotes: bool) -> Option<FlowKey> {
    let header: &[u8; 40] = packet.first_chunk()?;
    if header[0] >> 4 != 6 {
        return None;
    }
    let (protocol, transport) = behind_extensions(header[6], &packet[40..]);
    // Errors have types below 128: RFC 4443 §2.1.
    if quotes
        && protocol == ICMPV6
        && transport.first().is_some_and(|kind| *kind < 128)
        && let Some(quoted) = transport.get(8..).and_then(|quoted| of_ipv6(quoted, false))
    {
        return Some(quoted);
    }
    let address = |at: usize| {
        let half = |at: usize| u64::from(long(header, at)) << 32 | u64::from(long(header, at + 4));
        [half(at), half(at + 8)]
    };
    let ports = ports(protocol, transport);
    Some(FlowKey::between(address(8), address(24), ports, 6 << 16 | u32::from(protocol)))
}

fn ports(protocol: u8, transport: &[u8]) -> u32 {
    match transport.first_chunk() {
        Some(&ports) if WITH_PORTS.contains(&protocol) => u32::from_be_bytes(ports),
        _ => 0,
    }
}

/// Two bytes, 0 behind the end.
fn short(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

/// Four bytes, 0 behind the end.
fn long(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

fn halves(address: u128) -> [u64; 2] {
    [(address >> 64) as u64, address as u64]
}

/// `ADDRESS PORT ADDRESS PORT PROTOCOL`; two Ethernet addresses and the EtherType where there is no IP.
impl fmt::Display for FlowKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (address, port) in self.ends() {
            match self.version() {
                4 => write!(out, "{} {port} ", Ipv4Addr::from_bits(address as u32))?,
                6 => write!(out, "{} {port} ", Ipv6Addr::from_bits(address))?,
                _ => {
                    let [_, _, bytes @ ..] = (address as u64).to_be_bytes();
                    write!(out, "{} ", Address::new(bytes))?;
                }
            }
        }
        match self.version() {
            0 => write!(out, "{:#06x}", self.kind()),
            _ => write!(out, "{}", self.protocol()),
        }
    }
}

#[cfg(test)]
mod tests;
