// SPDX-License-Identifier: Apache-2.0
//! A packet made of the fields of a line.

use super::{Field, ICMP_TYPES, TCP_FLAGS, ip_options, options, unescaped};
use nf_elements::Packet;
use nf_elements::wire::checksum::Sum;
use std::net::Ipv4Addr;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const DCCP: u8 = 33;
const UDPLITE: u8 = 136;
/// The time to live where a dump does not say.
const TTL: u8 = 100;
/// Of IP and TCP without options.
const HEADER_BYTES: usize = 20;

/// Addresses and ports that a dump gives once for all its packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// The source address.
    pub source: u32,
    /// The destination address.
    pub destination: u32,
    /// The source port.
    pub source_port: u16,
    /// The destination port.
    pub destination_port: u16,
}

/// What a line says of a packet.
#[derive(Debug, Default)]
pub struct Line {
    timestamp_ns: u64,
    /// How many packets it stands for.
    pub count: u32,
    paint: u8,
    aggregate: u32,
    /// The header's bytes, fixed fields set as read; length and protocol come last.
    ip: [u8; 20],
    ip_options: Vec<u8>,
    /// With options; at least what they need.
    ip_header_bytes: usize,
    protocol: Option<u8>,
    ttl: Option<u8>,
    ip_bytes: Option<usize>,
    wire_bytes: Option<usize>,
    ports: [Option<u16>; 2],
    tcp: [u8; 20],
    tcp_options: Vec<u8>,
    tcp_header_bytes: usize,
    udp_bytes: Option<u16>,
    icmp: [u8; 8],
    payload: Vec<u8>,
    payload_bytes: Option<usize>,
}

impl Line {
    /// Takes the field `text`; false if it says nothing.
    pub fn take(&mut self, field: Field, text: &str) -> bool {
        text != "-" && self.try_take(field, text).is_some()
    }

    fn try_take(&mut self, field: Field, text: &str) -> Option<()> {
        match field {
            Field::Timestamp => self.timestamp_ns = nanoseconds(text)?,
            Field::TsSec => {
                let seconds_ns = number::<u64>(text)?.checked_mul(1_000_000_000)?;
                self.timestamp_ns = seconds_ns.checked_add(self.timestamp_ns % 1_000_000_000)?;
            }
            Field::TsUsec => {
                let fraction_ns = number::<u64>(text)?.checked_mul(1000)?;
                self.timestamp_ns = self.timestamp_ns.checked_add(fraction_ns)?;
            }
            Field::TsUsec1 => self.timestamp_ns = number::<u64>(text)?.checked_mul(1000)?,
            Field::Count => self.count = number(text)?,
            Field::Link | Field::Direction => {
                self.paint = match text {
                    ">" | "L" => 0,
                    "<" | "R" | "X" => 1,
                    _ => number(text)?,
                }
            }
            Field::Aggregate => self.aggregate = number(text)?,
            Field::WireLen => self.wire_bytes = Some(number(text)?),
            Field::Payload => self.payload = unescaped(text),
            Field::PayloadLen => self.payload_bytes = Some(number(text)?),
            Field::Sport => self.ports[0] = Some(number(text)?),
            Field::Dport => self.ports[1] = Some(number(text)?),
            Field::UdpLen => self.udp_bytes = Some(number(text)?),
            _ => return self.take_ip(field, text).or_else(|| self.take_transport(field, text)),
        }
        Some(())
    }

    fn take_ip(&mut self, field: Field, text: &str) -> Option<()> {
        match field {
            Field::IpSrc => self.ip[12..16].copy_from_slice(&text.parse::<Ipv4Addr>().ok()?.octets()),
            Field::IpDst => self.ip[16..20].copy_from_slice(&text.parse::<Ipv4Addr>().ok()?.octets()),
            Field::IpTos => self.ip[1] = number(text)?,
            Field::IpDscp => self.ip[1] = self.ip[1] & 3 | number::<u8>(text)? << 2,
            Field::IpEcn => {
                let names = ["no", "ect1", "ect2", "ce"];
                let ecn =
                    names.iter().position(|name| *name == text).or_else(|| number(text).filter(|ecn| *ecn < 4))?;
                self.ip[1] = self.ip[1] & 0xfc | ecn as u8;
            }
            Field::IpTtl => self.ttl = Some(number(text)?),
            Field::IpFrag | Field::IpFragoff => self.ip[6..8].copy_from_slice(&fragment(text)?.to_be_bytes()),
            Field::IpId => self.ip[4..6].copy_from_slice(&number::<u16>(text)?.to_be_bytes()),
            Field::IpSum => self.ip[10..12].copy_from_slice(&number::<u16>(text)?.to_be_bytes()),
            Field::IpProto => self.protocol = Some(protocol(text)?),
            Field::IpOpt => self.ip_options = ip_options::read(text)?,
            Field::IpHl => self.ip_header_bytes = header_bytes(text)?,
            Field::IpLen => self.ip_bytes = Some(number(text)?),
            _ => return None,
        }
        Some(())
    }

    fn take_transport(&mut self, field: Field, text: &str) -> Option<()> {
        match field {
            Field::TcpSeq => self.tcp[4..8].copy_from_slice(&number::<u32>(text)?.to_be_bytes()),
            Field::TcpAck => self.tcp[8..12].copy_from_slice(&number::<u32>(text)?.to_be_bytes()),
            Field::TcpFlags => {
                let [high, low] = flags(text)?.to_be_bytes();
                (self.tcp[12], self.tcp[13]) = (self.tcp[12] & 0xf0 | high, low);
            }
            Field::TcpWindow => self.tcp[14..16].copy_from_slice(&number::<u16>(text)?.to_be_bytes()),
            Field::TcpUrp => self.tcp[18..20].copy_from_slice(&number::<u16>(text)?.to_be_bytes()),
            Field::TcpOff => self.tcp_header_bytes = header_bytes(text)?,
            Field::TcpOpt => self.tcp_options = options::read(text)?,
            Field::IcmpType | Field::IcmpTypeName => {
                let named = ICMP_TYPES.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
                self.icmp[0] = named.or_else(|| number(text))?;
            }
            Field::IcmpCode => self.icmp[1] = number(text)?,
            Field::IcmpFlowid => self.icmp[4..6].copy_from_slice(&number::<u16>(text)?.to_be_bytes()),
            Field::IcmpSeq => self.icmp[6..8].copy_from_slice(&number::<u16>(text)?.to_be_bytes()),
            _ => return None,
        }
        Some(())
    }

    /// Makes the packet in `packet`, which is empty; with `checksums` it has all its bytes and right checksums.
    pub fn build(mut self, flow: Option<Flow>, default_protocol: u8, checksums: bool, packet: &mut Packet) {
        let protocol = self.protocol.unwrap_or(default_protocol);
        if let Some(flow) = flow {
            set_if_zero(&mut self.ip[12..16], &flow.source.to_be_bytes());
            set_if_zero(&mut self.ip[16..20], &flow.destination.to_be_bytes());
            self.ports = [self.ports[0].or(Some(flow.source_port)), self.ports[1].or(Some(flow.destination_port))];
        }
        let is_first = u16::from_be_bytes([self.ip[6], self.ip[7]]) & 0x1fff == 0;
        let mut transport = if is_first { self.transport(protocol) } else { Vec::new() };
        transport.extend(&self.payload);
        pad(&mut self.ip_options, self.ip_header_bytes);
        let header = HEADER_BYTES + self.ip_options.len();
        let said =
            self.payload_bytes.map(|bytes| (header + transport.len() - self.payload.len()).saturating_add(bytes));
        let length = self.ip_bytes.or(self.wire_bytes).or(said).unwrap_or(header + transport.len()).min(0xffff);
        let ip_length = (length as u16).to_be_bytes();
        if is_first && matches!(protocol, UDP | UDPLITE) && self.udp_bytes.is_none() {
            let bytes = (length.saturating_sub(header) as u16).to_be_bytes();
            transport[4..6].copy_from_slice(&bytes);
        }
        if checksums {
            transport.resize(length.saturating_sub(header).max(transport.len()), 0);
        }
        (self.ip[0], self.ip[8], self.ip[9]) = (0x40 | (header / 4) as u8, self.ttl.unwrap_or(TTL), protocol);
        self.ip[2..4].copy_from_slice(&ip_length);
        if checksums {
            self.set_checksums(protocol, &mut transport);
        }
        let _ = packet.append(&self.ip);
        let _ = packet.append(&self.ip_options);
        let room = packet.tailroom().min(transport.len());
        let _ = packet.append(&transport[..room]);
        packet.set_network(0, header);
        let annotations = packet.annotations_mut();
        annotations.timestamp_ns = self.timestamp_ns;
        (annotations.paint, annotations.aggregate) = (self.paint, self.aggregate);
        annotations.set_destination_ipv4([self.ip[16], self.ip[17], self.ip[18], self.ip[19]]);
    }

    /// The transport header.
    fn transport(&mut self, protocol: u8) -> Vec<u8> {
        let [source, destination] = self.ports.map(|port| port.unwrap_or(0).to_be_bytes());
        let mut bytes = match protocol {
            TCP => {
                pad(&mut self.tcp_options, self.tcp_header_bytes);
                let words = 5 + self.tcp_options.len() as u8 / 4;
                self.tcp[12] = words << 4 | self.tcp[12] & 0xf;
                [&self.tcp[..], &self.tcp_options].concat()
            }
            UDP | UDPLITE | DCCP => [[0; 4], [0; 4]].concat(),
            ICMP => return self.icmp.into(),
            _ => return Vec::new(),
        };
        bytes[..2].copy_from_slice(&source);
        bytes[2..4].copy_from_slice(&destination);
        if let (UDP | UDPLITE, Some(length)) = (protocol, self.udp_bytes) {
            bytes[4..6].copy_from_slice(&length.to_be_bytes());
        }
        bytes
    }

    fn set_checksums(&mut self, protocol: u8, transport: &mut [u8]) {
        let address = |bytes: &[u8]| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let (source, destination) = (address(&self.ip[12..16]), address(&self.ip[16..20]));
        self.ip[10..12].fill(0);
        let sum = Sum::new().with(&self.ip).with(&self.ip_options).checksum();
        self.ip[10..12].copy_from_slice(&sum.to_be_bytes());
        if u16::from_be_bytes([self.ip[6], self.ip[7]]) & 0x3fff != 0 {
            return;
        }
        let (place, pseudo_header) = match protocol {
            TCP => (16..18, true),
            UDP => (6..8, true),
            ICMP => (2..4, false),
            _ => return,
        };
        transport[place.clone()].fill(0);
        let mut sum = Sum::new();
        if pseudo_header {
            sum = sum.with_pseudo_header(source, destination, protocol, transport.len() as u16);
        }
        let sum = sum.with(transport).checksum();
        transport[place].copy_from_slice(&sum.to_be_bytes());
    }
}

/// The length of a header, of IP or TCP, in bytes.
fn header_bytes(text: &str) -> Option<usize> {
    number::<usize>(text).filter(|bytes| bytes % 4 == 0 && (HEADER_BYTES..=60).contains(bytes))
}

/// Makes options as long as a header of `bytes` wants them.
fn pad(options: &mut Vec<u8>, bytes: usize) {
    options.resize(options.len().max(bytes.saturating_sub(HEADER_BYTES)), 0);
}

fn set_if_zero(bytes: &mut [u8], to: &[u8]) {
    if bytes.iter().all(|byte| *byte == 0) {
        bytes.copy_from_slice(to);
    }
}

fn number<T: TryFrom<u64>>(text: &str) -> Option<T> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => text.parse::<u64>().ok()?,
    };
    T::try_from(number).ok()
}

/// A protocol: a number or one of the letters of dumps.
pub fn protocol(text: &str) -> Option<u8> {
    match text {
        "T" | "tcp" => Some(TCP),
        "U" | "udp" => Some(UDP),
        "I" | "icmp" => Some(ICMP),
        _ => number(text),
    }
}

/// Seconds with a fraction.
fn nanoseconds(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    number::<u64>(seconds)?.checked_mul(1_000_000_000)?.checked_add(digits.parse().ok()?)
}

/// The flags and offset of a fragment: a letter, or bytes and signs.
fn fragment(text: &str) -> Option<u16> {
    const DONT_FRAGMENT: u16 = 0x4000;
    const MORE_FRAGMENTS: u16 = 0x2000;
    match text {
        "." => return Some(0),
        "!" => return Some(DONT_FRAGMENT),
        "F" => return Some(MORE_FRAGMENTS),
        // Any offset.
        "f" => return Some(100),
        _ => {}
    }
    let digits = text.trim_end_matches(['+', '!']);
    let signs = &text[digits.len()..];
    let offset = number::<u16>(digits)? / 8;
    Some(
        offset
            | if signs.contains('+') { MORE_FRAGMENTS } else { 0 }
            | if signs.contains('!') { DONT_FRAGMENT } else { 0 },
    )
}

fn flags(text: &str) -> Option<u16> {
    if text == "." {
        return Some(0);
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return number(text).filter(|flags| *flags < 0x1000);
    }
    text.chars().try_fold(0, |flags, c| Some(flags | 1 << TCP_FLAGS.find(c)?))
}
