// SPDX-License-Identifier: Apache-2.0
//! A packet's fields as text.

use super::{Field, ICMP_TYPES, TCP_FLAGS, digest, ip_options, options};
use nf_elements::Packet;
use std::fmt::Write;
use std::net::Ipv4Addr;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const DCCP: u8 = 33;
const UDPLITE: u8 = 136;

/// What of a packet can be read: headers that are whole and sound.
pub struct View<'a> {
    packet: &'a Packet,
    /// The IP header and what follows, as far as the IP length goes; empty if there is none.
    ip: &'a [u8],
    header: usize,
    /// What follows the header of a first fragment.
    transport: &'a [u8],
    /// What is wrong with the headers.
    pub bad: Option<String>,
}

impl<'a> View<'a> {
    /// Looks at a packet; `careful` finds fault with packets shorter than they say.
    pub fn new(packet: &'a Packet, careful: bool) -> View<'a> {
        let mut view = View { packet, ip: &[], header: 0, transport: &[], bad: None };
        let network = packet.network();
        let Some(&first) = network.first() else {
            view.bad = Some("no IP header".into());
            return view;
        };
        let header = usize::from(first & 0xf) * 4;
        let length = number(network, 2, 2).map(|length| length as usize);
        view.bad = match length {
            _ if first >> 4 != 4 => Some(format!("IP version {}", first >> 4)),
            _ if header < 20 => Some(format!("IP header length {header}")),
            Some(length) if length < header => Some(format!("IP length {length}")),
            _ => None,
        };
        if view.bad.is_some() {
            return view;
        }
        let length = length.unwrap_or(network.len());
        if careful && network.len() < length {
            view.bad = Some(format!("truncated IP missing {}", length - network.len()));
        }
        (view.ip, view.header) = (&network[..length.min(network.len())], header);
        if number(network, 6, 2).is_some_and(|fragment| fragment & 0x1fff == 0) {
            view.transport = view.ip.get(header..).unwrap_or_default();
        }
        view
    }

    fn protocol(&self) -> Option<u8> {
        self.ip.get(9).copied()
    }

    fn ip(&self, at: usize, bytes: usize) -> Option<u32> {
        number(self.ip, at, bytes)
    }

    fn of(&self, protocols: &[u8], at: usize, bytes: usize) -> Option<u32> {
        let protocol = self.protocol().filter(|protocol| protocols.contains(protocol));
        protocol.and_then(|_| number(self.transport, at, bytes))
    }

    fn tcp(&self, at: usize, bytes: usize) -> Option<u32> {
        self.of(&[TCP], at, bytes)
    }

    fn tcp_header(&self) -> Option<usize> {
        self.tcp(12, 1).map(|offset| (offset as usize >> 4) * 4)
    }

    /// Where the payload begins, from the IP header on.
    fn payload_offset(&self) -> usize {
        let is_first = self.ip(6, 2).is_some_and(|fragment| fragment & 0x1fff == 0);
        self.header
            + match self.protocol() {
                Some(TCP) if is_first => self.tcp_header().filter(|length| *length >= 20).unwrap_or(20),
                Some(UDP | UDPLITE) if is_first => 8,
                _ => 0,
            }
    }

    fn payload(&self) -> Option<&[u8]> {
        if self.ip.is_empty() { Some(self.packet.data()) } else { self.ip.get(self.payload_offset()..) }
    }

    /// Writes the field, or `-` where it does not apply.
    pub fn write(&self, field: Field, out: &mut String) {
        let start = out.len();
        if self.try_write(field, out).is_none() {
            out.truncate(start);
            out.push('-');
        }
    }

    /// A string takes everything, so what `write!` says does not matter.
    fn try_write(&self, field: Field, out: &mut String) -> Option<()> {
        let annotations = self.packet.annotations();
        let (seconds, nanoseconds) =
            (annotations.timestamp_ns / 1_000_000_000, annotations.timestamp_ns % 1_000_000_000);
        let frame = || self.ethernet();
        let number: u64 = match field {
            // Only AdjustTimestamp makes times before 0.
            Field::Timestamp if annotations.timestamp_ns > i64::MAX as u64 => {
                let microseconds = annotations.timestamp_ns.wrapping_neg() / 1000;
                return write!(out, "-{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000).ok();
            }
            Field::Timestamp => return write!(out, "{seconds}.{:06}", nanoseconds / 1000).ok(),
            Field::FirstTimestamp => return write!(out, "0.000000").ok(),
            Field::TsSec => seconds,
            Field::TsUsec => nanoseconds / 1000,
            Field::TsUsec1 => annotations.timestamp_ns / 1000,
            Field::Count => 1,
            Field::Direction if annotations.paint < 2 => {
                return write!(out, "{}", ['>', '<'][usize::from(annotations.paint)]).ok();
            }
            Field::Link | Field::Direction => annotations.paint.into(),
            Field::Aggregate => annotations.aggregate.into(),
            Field::WireLen => self.packet.len() as u64,
            Field::EthDst => return write_address(&frame()?[..6], out),
            Field::EthSrc => return write_address(&frame()?[6..12], out),
            Field::EthType => return write!(out, "{:04X}", u16::from_be_bytes([frame()?[12], frame()?[13]])).ok(),
            Field::IpSrc => return write!(out, "{}", Ipv4Addr::from(self.ip(12, 4)?)).ok(),
            Field::IpDst => return write!(out, "{}", Ipv4Addr::from(self.ip(16, 4)?)).ok(),
            Field::IpTos => self.ip(1, 1)?.into(),
            Field::IpDscp => u64::from(self.ip(1, 1)? >> 2),
            Field::IpEcn => return write!(out, "{}", ["no", "ect1", "ect2", "ce"][self.ip(1, 1)? as usize & 3]).ok(),
            Field::IpTtl => self.ip(8, 1)?.into(),
            Field::IpFrag => return write!(out, "{}", fragment(self.ip(6, 2)?)).ok(),
            Field::IpFragoff => {
                let bits = self.ip(6, 2)?;
                let (more, dont) =
                    (if bits & 0x2000 != 0 { "+" } else { "" }, if bits & 0x4000 != 0 { "!" } else { "" });
                return write!(out, "{}{more}{dont}", (bits & 0x1fff) * 8).ok();
            }
            Field::IpId => self.ip(4, 2)?.into(),
            Field::IpSum => self.ip(10, 2)?.into(),
            Field::IpProto => match self.protocol()? {
                TCP => return write!(out, "T").ok(),
                UDP => return write!(out, "U").ok(),
                ICMP => return write!(out, "I").ok(),
                other => other.into(),
            },
            Field::IpHl => self.ip(0, 1).map(|_| self.header as u64)?,
            Field::IpLen if self.ip.is_empty() => self.packet.len() as u64,
            Field::IpLen => self.ip(2, 2)?.into(),
            Field::IpCaptureLen if self.ip.is_empty() => self.packet.len() as u64,
            Field::IpCaptureLen => self.ip.len() as u64,
            Field::IpOpt => {
                ip_options::write(self.ip.get(20..self.header)?, out);
                return Some(());
            }
            Field::Sport => self.of(&[TCP, UDP, DCCP, UDPLITE], 0, 2)?.into(),
            Field::Dport => self.of(&[TCP, UDP, DCCP, UDPLITE], 2, 2)?.into(),
            Field::TcpSeq => self.tcp(4, 4)?.into(),
            Field::TcpAck => self.tcp(8, 4)?.into(),
            Field::TcpOff => self.tcp_header()? as u64,
            Field::TcpFlags => return write!(out, "{}", flags(self.tcp(12, 2)? & 0x1ff)).ok(),
            Field::TcpWindow => self.tcp(14, 2)?.into(),
            Field::TcpUrp => self.tcp(18, 2)?.into(),
            Field::TcpOpt => {
                let options =
                    if self.tcp_header()? <= 20 { &[] } else { self.transport.get(20..self.tcp_header()?)? };
                if !options::write(options, out) {
                    out.push('?');
                }
                return Some(());
            }
            Field::UdpLen => self.of(&[UDP, UDPLITE], 4, 2)?.into(),
            Field::IcmpType => self.of(&[ICMP], 0, 1)?.into(),
            Field::IcmpCode => self.of(&[ICMP], 1, 1)?.into(),
            Field::IcmpTypeName => {
                let number = self.of(&[ICMP], 0, 1)?;
                match ICMP_TYPES.iter().find(|(_, known)| u32::from(*known) == number) {
                    Some((name, _)) => return write!(out, "{name}").ok(),
                    None => number.into(),
                }
            }
            Field::IcmpFlowid | Field::IcmpSeq => {
                // Only echos and their like have these.
                self.of(&[ICMP], 0, 1).filter(|kind| matches!(kind, 0 | 8 | 13..=18))?;
                self.of(&[ICMP], if field == Field::IcmpFlowid { 4 } else { 6 }, 2)?.into()
            }
            Field::PayloadLen if self.ip.is_empty() => self.packet.len() as u64,
            Field::PayloadLen => u64::from(self.ip(2, 2)?).saturating_sub(self.payload_offset() as u64),
            Field::Payload => {
                write_quoted(self.payload()?, out);
                return Some(());
            }
            Field::PayloadMd5 => {
                out.push_str(&digest::text(self.payload()?));
                return Some(());
            }
            Field::PayloadMd5Hex => {
                out.push_str(&digest::hex(self.payload()?));
                return Some(());
            }
        };
        write!(out, "{number}").ok()
    }

    /// The Ethernet header, if it is known where that is.
    fn ethernet(&self) -> Option<[u8; 14]> {
        let annotations = self.packet.annotations();
        let in_front = usize::from(annotations.network_offset).saturating_sub(self.packet.headroom());
        match annotations.mac_offset {
            0 if in_front < 14 => None,
            0 => self.packet.data().first_chunk().copied(),
            _ => self.packet.before_network::<14>().copied(),
        }
    }
}

fn number(bytes: &[u8], at: usize, count: usize) -> Option<u32> {
    Some(bytes.get(at..at + count)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// First or later fragment; whole, and perhaps not to be divided.
fn fragment(bits: u32) -> char {
    match (bits & 0x1fff, bits & 0x2000 != 0, bits & 0x4000 != 0) {
        (0, true, _) => 'F',
        (0, false, true) => '!',
        (0, false, false) => '.',
        _ => 'f',
    }
}

fn flags(bits: u32) -> String {
    const ACK: u32 = 0x10;
    const PSH: u32 = 0x08;
    match bits {
        0 => ".".into(),
        bits if bits == ACK | PSH => "PA".into(),
        bits => TCP_FLAGS.chars().enumerate().filter(|(bit, _)| bits & 1 << bit != 0).map(|(_, flag)| flag).collect(),
    }
}

fn write_address(bytes: &[u8], out: &mut String) -> Option<()> {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    out.push_str(&digits.join("-"));
    Some(())
}

/// In Click's quotation marks.
fn write_quoted(bytes: &[u8], out: &mut String) {
    out.push('"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' | b'$' => out.extend(['\\', byte as char]),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            b' '..=b'~' => out.push(byte as char),
            _ => {
                let _ = write!(out, "\\<{byte:02X}>");
            }
        }
    }
    out.push('"');
}
