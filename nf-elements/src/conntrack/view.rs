// SPDX-License-Identifier: Apache-2.0
//! What a packet says about its connection.

use super::tcp::Segment;
use crate::flow_table::FlowKey;
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv6::Ipv6;
use crate::wire::tcp::Tcp;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
/// Protocols but TCP and UDP whose headers begin with two ports: DCCP, SCTP, UDP-Lite.
const WITH_PORTS: [u8; 3] = [33, 132, 136];

/// Both ends of a packet, as its headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The connection, by its name.
    pub key: FlowKey,
    /// Whether the packet goes from the key's lower end to the higher.
    pub upwards: bool,
}

impl Ends {
    /// The same of a fragment, whose ports are not known.
    pub fn without_ports(&self) -> Ends {
        let (key, upwards) = self.key.without_ports(self.upwards);
        Ends { key, upwards }
    }
}

/// A packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Its ends; of a later fragment without ports.
    pub ends: Ends,
    /// What it says.
    pub message: Message,
    /// Which part of a datagram it is, if it is not all of it.
    pub fragment: Option<Fragment>,
}

/// What a packet says to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A TCP segment.
    Tcp(Segment),
    /// A datagram, of UDP or of a protocol of which only the addresses matter.
    Datagram,
    /// A question of ICMP, such as an echo request.
    Query,
    /// The answer to one.
    Answer,
    /// An ICMP error about a packet with these ends and, of TCP, this sequence number.
    Error {
        /// Those of the packet that is quoted.
        about: Ends,
        /// Of its header.
        sequence: Option<u32>,
    },
    /// Of the link itself: neighbours, routers, groups. It belongs to no connection.
    Local,
    /// A fragment that is not the first.
    Later,
}

/// A part of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The datagram's number.
    pub identification: u32,
    /// Its bytes: from, to behind. At most 65,535 + 65,535.
    pub bytes: (u32, u32),
    /// Whether others follow.
    pub more: bool,
}

/// A whole packet of TCP or UDP over IPv4 without options, as nearly all are: what a [`View`] of it says, read in one piece.
#[derive(Clone, Copy)]
pub struct Plain<'a> {
    /// Its ends.
    pub ends: Ends,
    /// Its header and data, of TCP.
    tcp: Option<Tcp<'a>>,
    /// Bytes of these.
    length: usize,
}

impl<'a> Plain<'a> {
    /// That of a packet, from its IP header on, if it is one whose headers do not contradict themselves.
    #[inline(always)]
    pub fn of(packet: &'a [u8]) -> Option<Plain<'a>> {
        const HEADER: usize = crate::wire::ipv4::HEADER_BYTES;
        let start: &[u8; HEADER + 8] = packet.first_chunk()?;
        let word = |at: usize| u32::from_be_bytes([start[at], start[at + 1], start[at + 2], start[at + 3]]);
        // Version 4, five words of header, and no fragment: RFC 791 §3.1.
        if word(0) >> 24 != 0x45 || word(4) & 0x3fff != 0 {
            return None;
        }
        let (protocol, length) = (start[9], (word(0) & 0xffff) as usize);
        let transport = packet.get(HEADER..length)?;
        let tcp = match protocol {
            TCP => Some(Tcp::new_checked(transport).ok()?),
            UDP if transport.len() >= 8 => None,
            _ => return None,
        };
        let (key, upwards) = FlowKey::directed_v4(protocol, word(12), word(16), word(20));
        Some(Plain { ends: Ends { key, upwards }, tcp, length: transport.len() })
    }

    /// The flags of the segment that it is; of UDP none.
    #[inline(always)]
    pub fn flags(&self) -> Option<u8> {
        self.tcp.map(|tcp| tcp.flags())
    }

    /// What it says.
    #[inline(always)]
    pub fn message(&self) -> Message {
        self.tcp.map_or(Message::Datagram, |tcp| Message::Tcp(Segment::of(&tcp, self.length)))
    }
}

/// What an IP header says.
struct Datagram<'a> {
    source: u128,
    destination: u128,
    is_v6: bool,
    protocol: u8,
    /// What is behind it, and may be cut off where it is quoted.
    transport: &'a [u8],
    fragment: Option<Fragment>,
}

impl View {
    /// That of a packet, from its IP header on. None if its headers contradict themselves or are not all there.
    #[inline(never)]
    pub fn of(packet: &[u8]) -> Option<View> {
        let datagram = Datagram::of(packet)?;
        let (message, ports) = match datagram.fragment {
            Some(fragment) if fragment.bytes.0 > 0 => (Message::Later, 0),
            _ => datagram.message()?,
        };
        Some(View { ends: datagram.ends(ports), message, fragment: datagram.fragment })
    }
}

impl<'a> Datagram<'a> {
    #[inline]
    fn of(packet: &'a [u8]) -> Option<Datagram<'a>> {
        match packet.first()? >> 4 {
            4 => Datagram::of_v4(packet),
            6 => Datagram::of_v6(packet),
            _ => None,
        }
    }

    #[inline]
    fn of_v4(packet: &'a [u8]) -> Option<Datagram<'a>> {
        let header = Ipv4::new_checked(packet).ok()?;
        let transport = header.payload();
        let first = u32::from(header.fragment_offset());
        let fragment = header.is_fragment().then(|| Fragment {
            identification: header.identification().into(),
            bytes: (first, first + transport.len() as u32),
            more: header.more_fragments(),
        });
        Some(Datagram {
            source: header.source().into(),
            destination: header.destination().into(),
            is_v6: false,
            protocol: header.protocol().into(),
            transport,
            fragment,
        })
    }

    fn of_v6(packet: &'a [u8]) -> Option<Datagram<'a>> {
        let header = Ipv6::new_checked(packet).ok()?;
        let upper = header.upper()?;
        let transport = &header.payload()[upper.offset - crate::wire::ipv6::HEADER_BYTES..];
        let fragment = upper.fragment.map(|said| Fragment {
            identification: said.identification,
            bytes: (said.offset.into(), u32::from(said.offset) + transport.len() as u32),
            more: said.more,
        });
        Some(Datagram {
            source: header.source(),
            destination: header.destination(),
            is_v6: true,
            protocol: upper.protocol.into(),
            transport,
            fragment,
        })
    }

    #[inline]
    fn ends(&self, ports: u32) -> Ends {
        let (key, upwards) = match self.is_v6 {
            false => FlowKey::directed_v4(self.protocol, self.source as u32, self.destination as u32, ports),
            true => FlowKey::directed_v6(self.protocol, self.source, self.destination, ports),
        };
        Ends { key, upwards }
    }

    /// What it says, and its ports.
    #[inline]
    fn message(&self) -> Option<(Message, u32)> {
        match self.protocol {
            TCP => {
                let tcp = Tcp::new_checked(self.transport).ok()?;
                Some((Message::Tcp(Segment::of(&tcp, self.transport.len())), ports(self.transport)?))
            }
            UDP => Some((Message::Datagram, ports(self.transport.first_chunk::<8>()?)?)),
            ICMP if !self.is_v6 => self.icmp(),
            ICMPV6 if self.is_v6 => self.icmp_v6(),
            protocol if WITH_PORTS.contains(&protocol) => Some((Message::Datagram, ports(self.transport)?)),
            _ => Some((Message::Datagram, 0)),
        }
    }

    /// RFC 792, RFC 950, RFC 1256.
    fn icmp(&self) -> Option<(Message, u32)> {
        let header: &[u8; 8] = self.transport.first_chunk()?;
        Some(match header[0] {
            8 | 13 | 15 | 17 => (Message::Query, identifier(header)),
            0 | 14 | 16 | 18 => (Message::Answer, identifier(header)),
            3 | 4 | 11 | 12 => (self.error(Datagram::quoted_v4(&self.transport[8..])?)?, 0),
            // A redirect is for hosts of this link, and so are routers' messages.
            5 | 9 | 10 => (Message::Local, 0),
            _ => return None,
        })
    }

    /// RFC 4443, RFC 4861, RFC 2710.
    fn icmp_v6(&self) -> Option<(Message, u32)> {
        let header: &[u8; 8] = self.transport.first_chunk()?;
        Some(match header[0] {
            128 => (Message::Query, identifier(header)),
            129 => (Message::Answer, identifier(header)),
            1..=4 => (self.error(Datagram::quoted_v6(&self.transport[8..])?)?, 0),
            130..=137 | 143 => (Message::Local, 0),
            _ => return None,
        })
    }

    fn error(&self, quoted: Datagram) -> Option<Message> {
        // It goes to who sent what it quotes.
        if quoted.source != self.destination {
            return None;
        }
        let ports = match quoted.protocol {
            ICMP | ICMPV6 => identifier(quoted.transport.first_chunk()?),
            protocol if protocol == TCP || protocol == UDP || WITH_PORTS.contains(&protocol) => {
                ports(quoted.transport)?
            }
            _ => 0,
        };
        let sequence =
            quoted.transport.get(4..8).and_then(|bytes| bytes.first_chunk()).copied().map(u32::from_be_bytes);
        let sequence = sequence.filter(|_| quoted.protocol == TCP);
        Some(Message::Error { about: quoted.ends(ports), sequence })
    }

    /// A header that an error quotes: of what is behind it eight bytes at least are there, and seldom all.
    fn quoted_v4(bytes: &'a [u8]) -> Option<Datagram<'a>> {
        let header: &[u8; 20] = bytes.first_chunk()?;
        let length = usize::from(header[0] & 15) * 4;
        let is_later = header[6] & 0x1f | header[7] != 0;
        if header[0] >> 4 != 4 || length < 20 || is_later {
            return None;
        }
        let address = |at: usize| Some(u32::from_be_bytes(*header[at..].first_chunk()?).into());
        Some(Datagram {
            source: address(12)?,
            destination: address(16)?,
            is_v6: false,
            protocol: header[9],
            transport: bytes.get(length..)?,
            fragment: None,
        })
    }

    /// The same of IPv6.
    fn quoted_v6(bytes: &'a [u8]) -> Option<Datagram<'a>> {
        let header: &[u8; 40] = bytes.first_chunk()?;
        if header[0] >> 4 != 6 {
            return None;
        }
        let (source, destination, _, next, _) = crate::wire::ipv6::header_fields(header);
        let (protocol, transport) = crate::wire::ipv6::behind_extensions(next, &bytes[40..]);
        Some(Datagram { source, destination, is_v6: true, protocol, transport, fragment: None })
    }
}

/// The two ports that `transport` begins with.
#[inline(always)]
fn ports(transport: &[u8]) -> Option<u32> {
    transport.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// The identifier of an ICMP question and its answer, in place of both ports.
fn identifier(header: &[u8; 8]) -> u32 {
    u32::from(u16::from_be_bytes([header[4], header[5]])) * 0x1_0001
}
