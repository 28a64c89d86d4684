// SPDX-License-Identifier: Apache-2.0
//! # AggregateIP
//! `AggregateIP(FIELD [, INCREMENTAL, UNSHIFT_IP_ADDR])` — sets the aggregate annotation from a header's field.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** FIELD is a header (`ip`, `tcp`, `udp`, `icmp`, `ip proto N`, `tcpudp`, `transp` for any transport
//! header, `data` for what is behind those of TCP and UDP) and one of
//!
//! * a name: of `ip` vers, hl, tos, dscp, ecn, len, id, off, rf, df, mf, fragoff, ttl, proto, sum, src, dst; of `udp`
//!   sport, dport, len, sum; of `tcp` sport, dport, seq, ackno, hl, flags, fin, syn, rst, psh, ack, urg, win, sum, urp; of
//!   `icmp` type, code, sum; `sport` and `dport` alone are those of TCP or UDP;
//! * bytes: `[OFFSET:LENGTH]`, `[FIRST-LAST]`, `[OFFSET]`; in braces, bits;
//! * both, the bytes or bits counted from the start of what is named;
//!
//! then, if wanted, `/BITS`, the upper bits only, or `& MASK`, whose bits must stand together. The field must lie in a
//! word of 32 bits, counted from the start of the header.
//!
//! INCREMENTAL true puts the value behind the bits of the annotation that is there. UNSHIFT_IP_ADDR true leaves bits of
//! an address at their place. A packet without the field, such as a later fragment, leaves by output 1, or is dropped if
//! that is not connected.
//!
//! **Notes:** as in Click, the whole word must be in the packet.
//!
//! **Handlers:** `header`, `bit_offset`, `bit_length`, `field` (read), `no_field` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> AggregateIP(ip src/8) -> AggregateCounter -> Discard;`
//!
//! **See also:** `AggregateCounter`, `AggregateIPFlows`.

#[cfg(feature = "host")]
mod configuration;

use super::marked;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// What an offset counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// The IP header.
    Ip,
    /// The transport header, of packets of this protocol.
    Protocol(u8),
    /// The transport header of TCP or UDP.
    TcpOrUdp,
    /// Any transport header.
    Transport,
    /// What is behind the header of TCP or UDP.
    Payload,
}

impl fmt::Display for Header {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Header::Ip => "ip",
            Header::Protocol(1) => "icmp",
            Header::Protocol(2) => "igmp",
            Header::Protocol(4) => "ipip",
            Header::Protocol(6) => "tcp",
            Header::Protocol(17) => "udp",
            Header::Protocol(33) => "dccp",
            Header::Protocol(47) => "gre",
            Header::Protocol(132) => "sctp",
            Header::Protocol(number) => return write!(out, "ip proto {number}"),
            Header::TcpOrUdp => "tcpudp",
            Header::Transport => "transp",
            Header::Payload => "payload",
        })
    }
}

/// See the module's documentation.
pub struct AggregateIp {
    header: Header,
    /// Where the word begins.
    word: usize,
    shift: u32,
    mask: u32,
    incremental: bool,
    offset: u32,
    length: u32,
    field: &'static str,
    diverts: bool,
    no_field: u64,
}

impl AggregateIp {
    /// Takes the `length` bits (1 to 32) at bit `offset` of `header`, which are in one word; `field` is its text. Bits stay
    /// where they are if `unshift`; `diverts` if output 1 takes packets without them.
    pub const fn new(
        header: Header,
        offset: u32,
        length: u32,
        field: &'static str,
        incremental: bool,
        unshift: bool,
        diverts: bool,
    ) -> Self {
        let right = 31 - (offset + length - 1) % 32;
        let ones = u32::MAX >> (32 - length);
        let (shift, mask) = if unshift { (0, ones << right) } else { (right, ones) };
        let word = (offset / 32 * 4) as usize;
        AggregateIp { header, word, shift, mask, incremental, offset, length, field, diverts, no_field: 0 }
    }

    /// The field's value, if the packet has it.
    #[inline]
    fn value(&self, packet: &Packet) -> Option<u32> {
        let header = marked::header(packet)?;
        let protocol = header[9];
        let bytes = match self.header {
            Header::Ip => packet.network(),
            _ if marked::flags_and_offset(header) & 0x1fff != 0 => return None,
            Header::Protocol(wanted) if protocol == wanted => packet.transport(),
            Header::TcpOrUdp if matches!(protocol, 6 | 17) => packet.transport(),
            Header::Transport => packet.transport(),
            Header::Payload => {
                let transport = packet.transport();
                match protocol {
                    6 if transport.len() >= 20 => transport.get(usize::from(transport[12] >> 4) * 4..)?,
                    17 => transport.get(8..)?,
                    _ => return None,
                }
            }
            _ => return None,
        };
        let word = bytes.get(self.word..)?.first_chunk()?;
        Some(u32::from_be_bytes(*word) >> self.shift & self.mask)
    }
}

impl Element for AggregateIp {
    const SPEC: Spec = Spec {
        class: "AggregateIP",
        category: Category::Measurement,
        summary: "sets the aggregate annotation from a header's field",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "FIELD", kind: ArgumentKind::Required, doc: "the field, by name or offset and length" },
            Argument { name: "INCREMENTAL", kind: ArgumentKind::Keyword, doc: "add its bits? false by default" },
            Argument { name: "UNSHIFT_IP_ADDR", kind: ArgumentKind::Keyword, doc: "keep the place? false by default" },
        ],
        handlers: &[
            Handler { name: "header", kind: HandlerKind::Read, doc: "the header" },
            Handler { name: "bit_offset", kind: HandlerKind::Read, doc: "bits in front of the field" },
            Handler { name: "bit_length", kind: HandlerKind::Read, doc: "bits of the field" },
            Handler { name: "field", kind: HandlerKind::Read, doc: "the field" },
            Handler { name: "no_field", kind: HandlerKind::Drops, doc: "packets without the field" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "header" => write!(out, "{}", self.header)?,
            "bit_offset" => write!(out, "{}", self.offset)?,
            "bit_length" => write!(out, "{}", self.length)?,
            "field" => out.write_str(self.field)?,
            "no_field" => write!(out, "{}", self.no_field)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

impl Route for AggregateIp {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        if let Some(value) = self.value(packet) {
            let aggregate = &mut packet.annotations_mut().aggregate;
            let before = if self.incremental { aggregate.checked_shl(self.length).unwrap_or(0) } else { 0 };
            *aggregate = before.wrapping_add(value);
            return Some(0);
        }
        if self.diverts {
            return Some(1);
        }
        self.no_field += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::marked::datagram;
    use crate::testing::{ListIo, packet, read};

    fn aggregate(element: &mut AggregateIp, packet: &mut Packet) -> Option<u32> {
        element.route(&mut ListIo::new(0), 0, packet)?;
        Some(packet.annotations().aggregate)
    }

    fn udp() -> Packet {
        datagram(17, [1, 2, 3, 4], [5, 6, 7, 8], &[0, 10, 0, 20, 0, 12, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd])
    }

    #[test]
    fn takes_bits_of_each_header() {
        let new = |header, offset, length| AggregateIp::new(header, offset, length, "", false, false, false);
        for (mut element, value) in [
            (new(Header::Ip, 96, 32), 0x0102_0304),
            (new(Header::Ip, 100, 8), 0x10),
            (new(Header::TcpOrUdp, 16, 16), 20),
            (new(Header::Protocol(17), 0, 16), 10),
            (new(Header::Transport, 32, 16), 12),
            (new(Header::Payload, 8, 8), 0xbb),
            (AggregateIp::new(Header::Ip, 96, 8, "", false, true, false), 0x0100_0000),
        ] {
            assert_eq!(aggregate(&mut element, &mut udp()), Some(value));
        }
        let mut frame = udp();
        frame.annotations_mut().aggregate = 7;
        let mut incremental = AggregateIp::new(Header::Ip, 96, 8, "", true, false, false);
        assert_eq!(aggregate(&mut incremental, &mut frame), Some(0x701));
    }

    #[test]
    fn packets_without_the_field_are_counted() {
        let mut element = AggregateIp::new(Header::Protocol(6), 0, 16, "tcp sport", false, false, false);
        let mut later = datagram(6, [1; 4], [2; 4], &[0; 40]);
        later.data_mut()[7] = 1;
        let mut short = datagram(6, [1; 4], [2; 4], &[0; 3]);
        for bad in [&mut udp(), &mut later, &mut short, &mut packet(&[0x45; 60])] {
            assert_eq!(aggregate(&mut element, bad), None);
        }
        let shown = ["header", "bit_offset", "bit_length", "field", "no_field"].map(|name| read(&element, name));
        assert_eq!(shown, ["tcp", "0", "16", "tcp sport", "4"]);
        let mut diverts = AggregateIp::new(Header::Payload, 0, 8, "", false, false, true);
        assert_eq!(diverts.route(&mut ListIo::new(0), 0, &mut short), Some(1));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<AggregateIp>(arguments, &Surroundings::default());
        let expression =
            "AggregateIp::new(aggregate_ip::Header::Ip, 96, 8, \"ip src/8\", false, true, false)";
        assert_eq!(made(&["ip src/8", "UNSHIFT_IP_ADDR true"]).unwrap().expression, expression);
        for wrong in [["ip[2:4]", "INCREMENTAL false"], ["ip src", "INCREMENTAL true"], ["ip xy", "INCREMENTAL false"]] {
            assert_eq!(made(&wrong).unwrap_err().len(), 1, "{wrong:?}");
        }
    }
}
