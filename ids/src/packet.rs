// SPDX-License-Identifier: Apache-2.0
//! A packet as the engine sees it: the IP header, its transport's header, the payload.
//!
//! IPv4 (RFC 791), IPv6 with its extension headers (RFC 8200 §4), TCP (RFC 9293 §3.1), UDP (RFC 768), ICMP (RFC 792, RFC 4443).
//! Checksums are not looked at: a packet that its receiver would drop for one can be matched, and never hides another.

/// The transport's protocol number (IANA): TCP.
pub const TCP: u8 = 6;
/// UDP.
pub const UDP: u8 = 17;
/// ICMP.
pub const ICMP: u8 = 1;
/// ICMP for IPv6.
pub const ICMPV6: u8 = 58;

/// TCP's flags (RFC 9293 §3.1).
pub mod flag {
    /// No more data from the sender.
    pub const FIN: u8 = 1;
    /// Synchronize sequence numbers.
    pub const SYN: u8 = 2;
    /// Reset the connection.
    pub const RST: u8 = 4;
    /// The acknowledgment field is significant.
    pub const ACK: u8 = 16;
    /// The urgent pointer is significant.
    pub const URG: u8 = 32;
}

/// Where a fragment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The datagram's identification.
    pub id: u32,
    /// Where the payload begins in the datagram's, in bytes.
    pub offset: u32,
    /// More fragments follow.
    pub more: bool,
}

/// The fields of TCP's header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tcp {
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgment number.
    pub acknowledgment: u32,
    /// Flags.
    pub flags: u8,
    /// Window.
    pub window: u16,
}

/// A packet taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// From the IP header on.
    pub bytes: &'a [u8],
    /// IPv6.
    pub six: bool,
    /// The IP header, with its options or extension headers.
    pub ip: &'a [u8],
    /// Source and destination: 4 or 16 bytes each.
    pub addresses: [&'a [u8]; 2],
    /// The transport's protocol.
    pub protocol: u8,
    /// Source and destination ports; 0 where there are none.
    pub ports: [u16; 2],
    /// The transport's header.
    pub transport: &'a [u8],
    /// What follows it.
    pub payload: &'a [u8],
    /// TCP's fields.
    pub tcp: Option<Tcp>,
    /// It is a fragment; then nothing is known of its transport.
    pub fragment: Option<Fragment>,
}

/// Why a packet cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketError {
    /// Neither IPv4 nor IPv6.
    Version,
    /// Shorter than its header says.
    Truncated,
    /// A header's length field is smaller than the header.
    HeaderLength,
}

fn half(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |two| u16::from_be_bytes([two[0], two[1]]))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from(half(bytes, at)) << 16 | u32::from(half(bytes, at + 2))
}

impl<'a> Packet<'a> {
    /// Takes apart `bytes`, which begin with an IP header; what lies behind the IP packet is ignored.
    ///
    /// # Errors
    /// If a header is cut short or lies.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PacketError> {
        match bytes.first().map(|first| first >> 4) {
            Some(4) => Self::four(bytes),
            Some(6) => Self::six(bytes),
            _ => Err(PacketError::Version),
        }
    }

    fn four(bytes: &'a [u8]) -> Result<Self, PacketError> {
        let header = usize::from(*bytes.first().ok_or(PacketError::Truncated)? & 15) * 4;
        let total = usize::from(half(bytes, 2));
        if header < 20 || total < header {
            return Err(PacketError::HeaderLength);
        }
        let bytes = bytes.get(..total).ok_or(PacketError::Truncated)?;
        let fragment = half(bytes, 6);
        let (more, offset) = (fragment & 0x2000 != 0, u32::from(fragment & 0x1fff) * 8);
        let fragment = (more || offset > 0).then(|| Fragment { id: half(bytes, 4).into(), offset, more });
        let addresses = [&bytes[12..16], &bytes[16..20]];
        Self::transport(bytes, header, addresses, bytes[9], fragment, false)
    }

    fn six(bytes: &'a [u8]) -> Result<Self, PacketError> {
        let total = 40 + usize::from(half(bytes, 4));
        let bytes = bytes.get(..total).ok_or(PacketError::Truncated)?;
        let (mut next, mut at, mut fragment) = (bytes[6], 40, None);
        // Hop-by-hop, routing, fragment, authentication, destination options (RFC 8200 §4.1).
        while matches!(next, 0 | 43 | 44 | 51 | 60) && fragment.is_none() {
            let head = bytes.get(at..at + 8).ok_or(PacketError::Truncated)?;
            let length = match next {
                44 => {
                    let field = half(head, 2);
                    let (more, offset) = (field & 1 != 0, u32::from(field & 0xfff8));
                    fragment = (more || offset > 0).then(|| Fragment { id: word(head, 4), offset, more });
                    8
                }
                51 => (usize::from(head[1]) + 2) * 4,
                _ => (usize::from(head[1]) + 1) * 8,
            };
            (next, at) = (head[0], at + length);
        }
        let addresses = [&bytes[8..24], &bytes[24..40]];
        Self::transport(bytes, at, addresses, next, fragment, true)
    }

    fn transport(
        bytes: &'a [u8],
        at: usize,
        addresses: [&'a [u8]; 2],
        protocol: u8,
        fragment: Option<Fragment>,
        six: bool,
    ) -> Result<Self, PacketError> {
        let rest = bytes.get(at..).ok_or(PacketError::Truncated)?;
        let ip = &bytes[..at];
        let plain = Packet {
            bytes,
            six,
            ip,
            addresses,
            protocol,
            ports: [0; 2],
            transport: &[],
            payload: rest,
            tcp: None,
            fragment,
        };
        if fragment.is_some() {
            return Ok(plain);
        }
        let header = match protocol {
            TCP => tcp_header(rest)?,
            UDP | ICMP | ICMPV6 => 8,
            _ => return Ok(plain),
        };
        let (transport, payload) = rest.split_at_checked(header).ok_or(PacketError::Truncated)?;
        let has_ports = matches!(protocol, TCP | UDP);
        let ports = if has_ports { [half(transport, 0), half(transport, 2)] } else { [0; 2] };
        let payload = if protocol == UDP { udp_payload(transport, payload)? } else { payload };
        let tcp = (protocol == TCP).then(|| Tcp {
            sequence: word(transport, 4),
            acknowledgment: word(transport, 8),
            flags: transport[13],
            window: half(transport, 14),
        });
        Ok(Packet { ports, transport, payload, tcp, ..plain })
    }

    /// A number of the packet's headers; `None` if it has no such field.
    #[must_use]
    pub fn field(&self, field: crate::rule::Field) -> Option<u32> {
        use crate::rule::Field as F;
        let four = |at: usize| (!self.six).then(|| u32::from(self.ip[at]));
        let icmp = matches!(self.protocol, ICMP | ICMPV6) && !self.transport.is_empty();
        match field {
            F::Dsize => u32::try_from(self.payload.len()).ok(),
            F::Ttl => Some(u32::from(self.ip[if self.six { 7 } else { 8 }])),
            F::Tos => four(1),
            F::Id => (!self.six).then(|| u32::from(half(self.ip, 4))),
            F::IpProtocol => Some(self.protocol.into()),
            F::FragmentOffset => Some(self.fragment.map_or(0, |fragment| fragment.offset / 8)),
            F::IcmpType => icmp.then(|| self.transport[0].into()),
            F::IcmpCode => icmp.then(|| self.transport[1].into()),
            F::IcmpId => (icmp && self.is_echo()).then(|| half(self.transport, 4).into()),
            F::IcmpSequence => (icmp && self.is_echo()).then(|| half(self.transport, 6).into()),
            F::Sequence => self.tcp.map(|tcp| tcp.sequence),
            F::Acknowledgment => self.tcp.map(|tcp| tcp.acknowledgment),
            F::Window => self.tcp.map(|tcp| tcp.window.into()),
        }
    }

    /// Whether the ICMP message has an identifier (echo, timestamp, information, address mask).
    fn is_echo(&self) -> bool {
        match self.protocol {
            ICMP => matches!(self.transport[0], 0 | 8 | 13..=18),
            _ => matches!(self.transport[0], 128 | 129),
        }
    }

    /// The bits of `fragbits`: 1 more fragments, 2 don't fragment, 4 reserved.
    #[must_use]
    pub fn fragment_bits(&self) -> u8 {
        if self.six {
            return u8::from(self.fragment.is_some_and(|fragment| fragment.more));
        }
        let bits = self.ip[6];
        u8::from(bits & 0x20 != 0) | u8::from(bits & 0x40 != 0) << 1 | u8::from(bits & 0x80 != 0) << 2
    }

    /// Whether the IPv4 header has an option of this type; 255: any.
    #[must_use]
    pub fn has_ip_option(&self, kind: u8) -> bool {
        let mut rest = if self.six { &[][..] } else { &self.ip[20..] };
        while let Some((&found, _)) = rest.split_first() {
            if kind == 255 || found == kind {
                return true;
            }
            let length = match found {
                0 => return false,
                1 => 1,
                _ => usize::from(rest.get(1).copied().unwrap_or(0)).max(2),
            };
            rest = rest.get(length..).unwrap_or(&[]);
        }
        false
    }
}

fn tcp_header(rest: &[u8]) -> Result<usize, PacketError> {
    let header = usize::from(rest.get(12).ok_or(PacketError::Truncated)? >> 4) * 4;
    if header < 20 { Err(PacketError::HeaderLength) } else { Ok(header) }
}

/// RFC 768: the length field covers the header; RFC 2675: 0 where it does not fit.
fn udp_payload<'a>(header: &[u8], payload: &'a [u8]) -> Result<&'a [u8], PacketError> {
    match usize::from(half(header, 4)) {
        0 => Ok(payload),
        length => payload.get(..length.checked_sub(8).ok_or(PacketError::HeaderLength)?).ok_or(PacketError::Truncated),
    }
}
