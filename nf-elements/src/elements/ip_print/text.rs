// SPDX-License-Identifier: Apache-2.0
//! An IPv4 packet as a line of text: what tcpdump once printed, in Click's form of it.

use super::Fields;
use crate::Packet;
use crate::elements::marked;
use crate::elements::timestamp::Timestamp;
use core::fmt;
use core::net::Ipv4Addr;

/// A packet with a marked IP header, to show.
pub struct Shown<'a> {
    /// What of it.
    pub fields: &'a Fields,
    /// Whether numbers of an echo are in network order.
    pub swap: bool,
    /// The packet.
    pub packet: &'a Packet,
}


/// The marked header and what stands behind it.
struct Parts<'a> {
    header: &'a [u8; 20],
    /// From the transport header to the packet's end, cut at the total length.
    transport: &'a [u8],
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (fields, annotations) = (self.fields, self.packet.annotations());
        if !fields.label.is_empty() {
            write!(out, "{}: ", fields.label)?;
        }
        if fields.timestamp {
            write!(out, "{}: ", Timestamp(annotations.timestamp_ns))?;
        }
        match (fields.aggregate, fields.paint) {
            (true, true) => write!(out, "#{}.{}: ", annotations.aggregate, annotations.paint)?,
            (true, false) => write!(out, "#{}: ", annotations.aggregate)?,
            (false, true) => write!(out, "paint {}: ", annotations.paint)?,
            (false, false) => {}
        }
        let Some(header) = marked::header(self.packet) else { return out.write_str("truncated-ip") };
        let payload = marked::total_length(header) as i32 - marked::header_length(header) as i32;
        let transport = self.packet.transport();
        let parts = Parts { header, transport: &transport[..transport.len().min(payload.max(0) as usize)] };
        self.fields(out, header)?;
        match header[9] {
            6 => self.tcp(out, &parts)?,
            17 => udp(out, &parts)?,
            1 => self.icmp(out, &parts)?,
            protocol => write!(out, "{}: ip-proto-{protocol}", parts.pair())?,
        }
        let flags = marked::flags_and_offset(header);
        if flags & 0x3fff != 0 {
            let more = if flags & 0x2000 != 0 { "+" } else { "" };
            write!(out, " (frag {}:{payload}@{}{more})", word(header, 4), (flags & 0x1fff) << 3)?;
        }
        self.contents(out, &parts)
    }
}

impl Shown<'_> {
    /// The header's fields that were asked for.
    fn fields(&self, out: &mut fmt::Formatter<'_>, header: &[u8; 20]) -> fmt::Result {
        let wanted = [
            (self.fields.id, "id", word(header, 4)),
            (self.fields.ttl, "ttl", header[8].into()),
            (self.fields.tos, "tos", header[1].into()),
            (self.fields.length, "length", word(header, 2)),
        ];
        for (_, name, value) in wanted.iter().filter(|(wanted, ..)| *wanted) {
            write!(out, "{name} {value} ")?;
        }
        Ok(())
    }

    fn tcp(&self, out: &mut fmt::Formatter<'_>, parts: &Parts) -> fmt::Result {
        let tcp = parts.transport;
        if !parts.ports(out, "tcp")? {
            return Ok(());
        }
        let (Some(fixed), Some(&flags)) = (tcp.first_chunk::<14>(), tcp.get(13)) else {
            return out.write_str("truncated-tcp");
        };
        let total_length = marked::total_length(parts.header) as i32;
        let mut length = total_length - marked::header_length(parts.header) as i32 - i32::from(fixed[12] >> 4) * 4;
        // SYN and FIN take a sequence number each.
        length += i32::from(flags & 2 != 0) + i32::from(flags & 1 != 0);
        for (flag, letter) in [(2, "S"), (1, "F"), (4, "R"), (8, "P")] {
            if flags & flag != 0 {
                out.write_str(letter)?;
            }
        }
        if flags & 0x0f == 0 {
            out.write_str(".")?;
        }
        let sequence = double_word(fixed, 4);
        let end = sequence.wrapping_add_signed(length);
        write!(out, " {sequence}:{end}({length},{},{total_length})", self.packet.len())?;
        if flags & 0x10 != 0 {
            write!(out, " ack {}", double_word(fixed, 8))?;
        }
        match tcp.len() {
            ..16 => out.write_str("truncated-tcp"),
            _ => write!(out, " win {}", word(tcp, 14)),
        }
    }

    fn icmp(&self, out: &mut fmt::Formatter<'_>, parts: &Parts) -> fmt::Result {
        write!(out, "{}: ", parts.pair())?;
        if !parts.is_first() {
            return out.write_str("icmp");
        }
        let [message_type, code, ..] = *parts.transport else { return out.write_str("truncated-icmp") };
        match message_type {
            0 | 8 => {
                write!(out, "icmp {} ", if message_type == 8 { "echo" } else { "echo-reply" })?;
                let Some(echo) = parts.transport.first_chunk::<8>() else { return out.write_str("truncated-icmp") };
                let number = |at| if self.swap { word(echo, at) } else { word(echo, at).swap_bytes() };
                write!(out, "({}, {})", number(4), number(6))
            }
            3 => unreachable(out, parts.transport, code),
            _ => {
                out.write_str("icmp ")?;
                named(out, icmp_type(message_type), "type", message_type)?;
                if code != 0 || icmp_code(message_type, code).is_some() {
                    out.write_str(" ")?;
                    named(out, icmp_code(message_type, code), "code", code)?;
                }
                Ok(())
            }
        }
    }

    /// The bytes of the packet or of its payload, if they were asked for.
    fn contents(&self, out: &mut fmt::Formatter<'_>, parts: &Parts) -> fmt::Result {
        let Some(contents) = self.fields.contents else { return Ok(()) };
        let transport = self.packet.transport();
        let headers = match parts.header[9] {
            6 if parts.is_first() => transport.get(12).map_or(transport.len(), |offset| usize::from(offset >> 4) * 4),
            17 if parts.is_first() => 8,
            _ => 0,
        };
        let bytes = if self.fields.payload { transport.get(headers..).unwrap_or(&[]) } else { self.packet.data() };
        let bytes = &bytes[..bytes.len().min(self.fields.most_bytes)];
        let (line, group) = if contents == super::Contents::Hex { (24, 4) } else { (48, 8) };
        for (index, &byte) in bytes.iter().enumerate() {
            if index % line == 0 {
                out.write_str("\n  ")?;
            } else if index % group == 0 {
                out.write_str(" ")?;
            }
            match (contents, byte) {
                (super::Contents::Hex, _) => write!(out, "{byte:02x}")?,
                (super::Contents::Ascii, 32..=126) => write!(out, "{}", char::from(byte))?,
                (super::Contents::Ascii, _) => out.write_str(".")?,
            }
        }
        Ok(())
    }
}

/// Two addresses, and the ports behind them if they are known.
struct Pair<'a>(&'a [u8; 20], Option<(u16, u16)>);

impl fmt::Display for Pair<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, destination) =
            (Ipv4Addr::from(marked::source(self.0)), Ipv4Addr::from(marked::destination(self.0)));
        match self.1 {
            Some((from, to)) => write!(out, "{source}.{from} > {destination}.{to}"),
            None => write!(out, "{source} > {destination}"),
        }
    }
}

impl Parts<'_> {
    fn pair(&self) -> Pair<'_> {
        Pair(self.header, None)
    }

    /// Whether the transport header is here, and not in another fragment.
    fn is_first(&self) -> bool {
        marked::flags_and_offset(self.header) & 0x1fff == 0
    }

    /// Writes the addresses with their ports and a colon: true. Without ports writes what there is: false.
    fn ports(&self, out: &mut fmt::Formatter<'_>, protocol: &str) -> Result<bool, fmt::Error> {
        match (self.is_first(), self.transport.len()) {
            (false, _) => write!(out, "{}: {protocol}", self.pair())?,
            (true, ..4) => write!(out, "{}: truncated-{protocol}", self.pair())?,
            (true, _) => {
                let ports = (word(self.transport, 0), word(self.transport, 2));
                write!(out, "{}: ", Pair(self.header, Some(ports)))?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn udp(out: &mut fmt::Formatter<'_>, parts: &Parts) -> fmt::Result {
    if !parts.ports(out, "udp")? {
        return Ok(());
    }
    match parts.transport.len() {
        ..8 => out.write_str("truncated-udp"),
        _ => write!(out, "udp {}", word(parts.transport, 4)),
    }
}

/// A destination unreachable: of which packet, and why.
fn unreachable(out: &mut fmt::Formatter<'_>, message: &[u8], code: u8) -> fmt::Result {
    let quoted = message.get(8..).unwrap_or(&[]);
    let Some(header) = quoted.first_chunk::<20>() else {
        out.write_str("icmp unreachable ")?;
        named(out, icmp_code(3, code), "code", code)?;
        return out.write_str(" truncated-icmp");
    };
    write!(out, "icmp {} unreachable ", Ipv4Addr::from(marked::destination(header)))?;
    named(out, icmp_code(3, code), "code", code)?;
    match code {
        2 => {
            out.write_str(" ")?;
            named(out, protocol(header[9]), "", header[9])
        }
        3 => {
            out.write_str(" ")?;
            named(out, protocol(header[9]), "protocol", header[9])?;
            match quoted.get(marked::header_length(header)..).and_then(|udp| udp.first_chunk::<4>()) {
                Some(ports) => write!(out, "/{}", word(ports, 2)),
                None => out.write_str("truncated-icmp"),
            }
        }
        4 if word(message, 6) != 0 => write!(out, " (mtu {})", word(message, 6)),
        _ => Ok(()),
    }
}

/// The 16-bit number at `at`; 0 if it is not there, which callers have excluded.
fn word(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

fn double_word(bytes: &[u8; 14], at: usize) -> u32 {
    u32::from(word(bytes, at)) << 16 | u32::from(word(bytes, at + 2))
}

/// A number's name, or `kind` and the number.
fn named(out: &mut fmt::Formatter<'_>, name: Option<&str>, kind: &str, number: u8) -> fmt::Result {
    match (name, kind) {
        (Some(name), _) => out.write_str(name),
        (None, "") => write!(out, "{number}"),
        (None, _) => write!(out, "{kind} {number}"),
    }
}

fn protocol(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "icmp",
        2 => "igmp",
        4 => "ipip",
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        47 => "gre",
        132 => "sctp",
        _ => return None,
    })
}

/// The message type's name, of those that [`Shown::icmp`] does not show in another way.
fn icmp_type(number: u8) -> Option<&'static str> {
    Some(match number {
        4 => "sourcequench",
        5 => "redirect",
        9 => "routeradvert",
        10 => "routersolicit",
        11 => "timeexceeded",
        12 => "parameterproblem",
        13 => "timestamp",
        14 => "timestamp-reply",
        15 => "inforeq",
        16 => "inforeq-reply",
        17 => "maskreq",
        18 => "maskreq-reply",
        _ => return None,
    })
}

fn icmp_code(message_type: u8, code: u8) -> Option<&'static str> {
    const UNREACHABLE: [&str; 16] = [
        "net",
        "host",
        "protocol",
        "port",
        "needfrag",
        "srcroutefail",
        "netunknown",
        "hostunknown",
        "isolated",
        "netprohibited",
        "hostprohibited",
        "tosnet",
        "toshost",
        "filterprohibited",
        "hostprecedence",
        "precedencecutoff",
    ];
    let names: &[&'static str] = match message_type {
        3 => &UNREACHABLE,
        5 => &["net", "host", "tosnet", "toshost"],
        11 => &["transit", "reassembly"],
        12 => &["erroratptr", "missingopt", "length"],
        _ => &[],
    };
    names.get(usize::from(code)).copied()
}
